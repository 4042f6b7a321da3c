"""Where plan, ledger and geometry disagree. Nothing is overruled: every difference is a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.analysis.progress import check_together, list_tasks
from renewal_gis.findings import Finding, make_finding
from renewal_gis.gates import trace_rows
from renewal_gis.vocab import CITY, Placement, UnitKind

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from renewal_gis.plan import Plan, Target


def reconcile(sites: gpd.GeoDataFrame, located: pd.DataFrame, plan: Plan) -> list[Finding]:
    """Return what disagrees between the plan, the ledger and the geometry.

    Parameters
    ----------
    sites
        SITES, EPSG:4490.
    located
        LOCATED of the same sites.
    plan
        Units, targets and their groups.

    Returns
    -------
    list of Finding
        By site first, in the ledger's order, then by target: ``location-missing``,
        ``location-outside``, ``unit-disagrees``, ``unit-unplaced``, ``scope-outside``,
        ``task-leader-missing``, ``weight-missing``, ``ledger-differs``.

    Raises
    ------
    SchemaError
        Frames that do not keep their contracts.

    Notes
    -----
    Functional zones are never compared with polygons: a site that declares one lies in some
    district by law. A target that is a share of another (``parent``) is not compared with the
    ledger, nor is a minimum that the ledger exceeds.

    Examples
    --------
    >>> from renewal_gis import toytown
    >>> from renewal_gis.analysis.locate import locate_sites
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> found = reconcile(sites, locate_sites(sites, toytown.make_units(), plan), plan)
    >>> [(finding.code, finding.site_id) for finding in found]
    [('location-missing', 'A-04')]
    """
    check_together(sites, located)
    at = located.reindex(sites.index)
    teller = _Teller(trace_rows(sites))
    found = [
        _check_places(sites, at, teller),
        _check_units(sites, at, plan, teller),
        _check_scopes(sites, at, plan, teller),
        _check_duties(sites, teller),
        _check_weights(sites, plan, teller),
    ]
    order = {site_id: place for place, site_id in enumerate(sites.index)}
    by_site = sorted((f for group in found for f in group), key=lambda f: order[f.site_id])
    return [*by_site, *_check_tasks(sites, at, plan)]


@dataclass(frozen=True)
class _Teller:
    """Makes findings that name the file and row of a site."""

    origins: dict[str, tuple[str, int | None]]

    def tell(self, code: str, site_id: str, **words: str) -> Finding:
        """Make one finding about a site."""
        file, row = self.origins[site_id]
        return make_finding(code, file=file, row=row, site_id=str(site_id), **words)


def _check_places(sites: gpd.GeoDataFrame, at: pd.DataFrame, teller: _Teller) -> list[Finding]:
    unlocated = sites.index[at["placement"] == Placement.UNLOCATED.value]
    found = [teller.tell("location-missing", site_id, field="位置") for site_id in unlocated]
    out = at["placement"] == Placement.OUTSIDE.value
    middles = shapely.centroid(np.asarray(sites.geometry.array, dtype=object)[out.to_numpy()])
    for site_id, middle, away_m in zip(sites.index[out], middles, at.loc[out, "distance_m"], strict=True):
        value = f"{middle.x:.5f}, {middle.y:.5f},距最近区县 {away_m:.0f} 米"
        found.append(teller.tell("location-outside", site_id, field="位置", value=value))
    return found


def _check_units(sites: pd.DataFrame, at: pd.DataFrame, plan: Plan, teller: _Teller) -> list[Finding]:
    """Compare declared administrative units with the district; tell which sites have no unit at all."""
    kinds = {unit.name: unit.kind for unit in plan.units}
    found = []
    for site_id, declared, lies, placement, shares, managing in zip(
        sites.index,
        sites["declared_unit"].fillna(""),
        at["located_name"],
        at["placement"],
        at["shares"],
        at["managing_unit"],
        strict=True,
    ):
        if not managing:
            found.append(teller.tell("unit-unplaced", site_id, field="责任单位", value=str(declared)))
        comparable = kinds.get(declared, UnitKind.FUNCTIONAL_ZONE) != UnitKind.FUNCTIONAL_ZONE and lies
        if not comparable or declared == lies:
            continue
        # on a border the code decides, so either side may be declared
        if placement == Placement.BORDER.value and declared in _names_in(shares):
            continue
        words = f"{lies}({shares})" if ";" in shares else lies
        found.append(teller.tell("unit-disagrees", site_id, field="责任单位", value=declared, new=words))
    return found


def _names_in(shares: str) -> set[str]:
    return {part.rpartition(" ")[0] for part in shares.split(";")}


def _check_scopes(sites: pd.DataFrame, at: pd.DataFrame, plan: Plan, teller: _Teller) -> list[Finding]:
    """Find sites whose unit is in the group of no target that could count them."""
    found = []
    for site_id, programme, category, unit in zip(
        sites.index, sites["programme"], sites["category"], at["managing_unit"], strict=True
    ):
        targets = [t for t in plan.targets if t.programme == programme and t.category in {"", category}]
        if not unit or not targets or any(unit in plan.groups[target.group] for target in targets):
            continue
        ids = "、".join(target.id for target in targets)
        found.append(teller.tell("scope-outside", site_id, field=ids, value=unit))
    return found


def _check_duties(sites: pd.DataFrame, teller: _Teller) -> list[Finding]:
    found = []
    for site_id, leader, force in zip(sites.index, sites["leader"], sites["task_force"], strict=True):
        missing = [word for word, name in (("分包领导", leader), ("推进专班", force)) if _is_blank(name)]
        if missing:
            found.append(teller.tell("task-leader-missing", site_id, field="、".join(missing)))
    return found


def _is_blank(name: object) -> bool:
    return not (isinstance(name, str) and name.strip())


def _check_weights(sites: pd.DataFrame, plan: Plan, teller: _Teller) -> list[Finding]:
    by_dwellings = {target.programme for target in plan.targets if target.weight == "dwellings"}
    blank = sites.index[sites["programme"].isin(by_dwellings) & sites["dwellings"].isna()]
    return [teller.tell("weight-missing", site_id, field="套数") for site_id in blank]


def _check_tasks(sites: pd.DataFrame, at: pd.DataFrame, plan: Plan) -> list[Finding]:
    found = []
    for target in plan.targets:
        if target.task is None or target.parent:
            continue
        for unit, task, ledger in list_tasks(sites, at, plan, target=target.id):
            if task is not None and _is_different(target, task, ledger):
                where = target.id if unit == CITY else f"{target.id} {unit}"
                number = f"{task} {target.measure}"
                found.append(
                    make_finding(
                        "ledger-differs", field=where, value=number, new=f"{ledger} {target.measure}"
                    )
                )
    return found


def _is_different(target: Target, task: int, ledger: int) -> bool:
    # a derived task is a minimum, which the ledger may exceed
    return ledger < task if target.basis == "derived" else ledger != task
