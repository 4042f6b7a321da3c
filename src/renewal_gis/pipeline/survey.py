"""From the plan and its sources to the Survey, step by step."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from renewal_gis.analysis.burnup import trace_progress
from renewal_gis.analysis.conflicts import find_conflicts
from renewal_gis.analysis.coverage import measure_coverage, reach_areas
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.progress import measure_progress
from renewal_gis.analysis.reconcile import reconcile
from renewal_gis.errors import InputError
from renewal_gis.gates import check_gates
from renewal_gis.ledger import open_ledger
from renewal_gis.ledger.history import find_reached, find_stages
from renewal_gis.pipeline.gaps import find_gaps
from renewal_gis.pipeline.review import review_days
from renewal_gis.schema import COVERAGE, STORED_CRS
from renewal_gis.survey import Survey
from renewal_gis.vocab import SIMULATED

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from renewal_gis.findings import Finding
    from renewal_gis.pipeline.gaps import GapsResult
    from renewal_gis.pipeline.inputs import Inputs
    from renewal_gis.pipeline.review import Kind
    from renewal_gis.plan import Plan

LOG = logging.getLogger(__name__)


def keep_inputs(
    inputs: Inputs, ledger_path: str | Path, plan: Plan, *, at: dt.datetime, by: str
) -> tuple[Finding, ...]:
    """Bring the sources into the ledger; a second time changes nothing.

    Parameters
    ----------
    inputs
        What the sources say.
    ledger_path
        The ledger, a file or a server's address; made if it is not there.
    plan
        Kept in the ledger, so that later calls need no plan file.
    at, by
        When and by whom it is recorded.

    Returns
    -------
    tuple of Finding
        What the ledger found odd, such as rows that have vanished from their file.
    """
    findings: list[Finding] = []
    with open_ledger(ledger_path, create=True) as ledger:
        ledger.set_plan(plan, at=at, by=by)
        findings.extend(ledger.import_sites(inputs.sites, at=at, by=by).findings)
        if len(inputs.events):
            findings.extend(ledger.import_events(inputs.events, at=at, by=by).findings)
    return tuple(findings)


def survey_city(
    plan: Plan,
    inputs: Inputs,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    findings: tuple[Finding, ...] = (),
    since: dt.date | None = None,
) -> Survey:
    """Look at a city as of one day.

    Parameters
    ----------
    plan, inputs
        The plan and what its sources say (roads, land and facilities come from there).
    ledger_path
        The ledger; sites and events come from there.
    as_of
        The day; later events are not looked at.
    tell
        Is told the name of each step as it begins.
    findings
        What :func:`keep_inputs` found, to be told with the rest.
    since
        The day that the bulletin compares with; by default a week before.

    Raises
    ------
    InputError
        The ledger is empty, or ``since`` is not between its first entry and ``as_of``.
    """
    survey = survey_ledger(plan, inputs, ledger_path, as_of=as_of, since=since, tell=tell)
    tell("分析路网")
    gaps = _find_city_gaps(plan, inputs, survey.sites)
    tell("计算覆盖率")
    return replace(
        survey,
        coverage=measure_coverage(inputs.land, inputs.facilities, inputs.units, plan),
        reach_areas=reach_areas(inputs.facilities, plan),
        streets=gaps.streets.to_crs(STORED_CRS),
        dead_ends=gaps.dead_ends.to_crs(STORED_CRS),
        links=gaps.links.to_crs(STORED_CRS),
        defects=gaps.defects.to_crs(STORED_CRS),
        findings=_drop_repeats([*inputs.findings, *findings, *survey.findings, *gaps.findings]),
    )


def survey_ledger(
    plan: Plan,
    inputs: Inputs,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    since: dt.date | None = None,
    kind: Kind = "weekly",
    force_majeure: Iterable[str] = (),
) -> Survey:
    """Look at the ledger as of one day: progress, ranking and changes, without roads and coverage.

    Parameters
    ----------
    plan, inputs, ledger_path, as_of, tell
        As in :func:`survey_city`.
    since, kind, force_majeure
        As in :func:`renewal_gis.pipeline.review.review_days`.

    Returns
    -------
    Survey
        Streets are the roads as they were read; what is measured of roads and land is empty.

    Raises
    ------
    InputError
        As in :func:`survey_city`.
    """
    tell("读取台账")
    sites, events = _read_ledger(ledger_path, as_of)
    reached = find_reached(events, plan, sites, as_of=as_of)
    tell("定位与核对")
    located = locate_sites(sites, inputs.units, plan)
    checks = [
        *reconcile(sites, located, plan),
        *check_gates(sites, reached, plan, as_of=as_of, events=events),
    ]
    simulated = any(source.simulated for source in plan.sources) or bool(sites["simulated"].any())
    tell("计算进度")
    staged = sites.join(located).join(find_stages(reached, plan, sites))
    nothing = gpd.GeoDataFrame(geometry=[], crs=STORED_CRS)
    return Survey(
        plan=plan,
        as_of=as_of,
        sites=staged,
        events=events,
        reached=reached,
        units=inputs.units,
        progress=measure_progress(sites, located, reached, plan, as_of=as_of),
        coverage=pd.DataFrame(columns=list(COVERAGE.columns)),
        reach_areas=nothing,
        streets=inputs.roads,
        dead_ends=nothing,
        links=nothing,
        defects=nothing,
        backdrop=_split_backdrop(inputs.barriers),
        land=inputs.land,
        facilities=inputs.facilities,
        findings=_drop_repeats(checks),
        sources=tuple(dict.fromkeys(source.attribution for source in plan.sources)) or (SIMULATED,),
        simulated=simulated,
        review=review_days(
            plan, sites, located, events, as_of=as_of, since=since, kind=kind, force_majeure=force_majeure
        ),
        conflicts=find_conflicts(staged, plan, as_of=as_of),
        burnup=trace_progress(sites, located, reached, plan, as_of=as_of),
    )


def _read_ledger(path: str | Path, as_of: dt.date) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    with open_ledger(path) as ledger:
        sites, events = _hide_later(ledger.sites(), as_of), ledger.events(as_of=as_of)
    if sites.empty:
        raise InputError("台账是空的", place=str(path), remedy="先导入项目")
    return sites, events


def _hide_later(sites: gpd.GeoDataFrame, as_of: dt.date) -> gpd.GeoDataFrame:
    """Blank the actual dates that lie after the day: on that day nobody knew them."""
    columns = ("actual_start", "actual_finish")
    last = pd.Timestamp(as_of)
    return sites.assign(**{column: sites[column].where(sites[column] <= last) for column in columns})


def _find_city_gaps(plan: Plan, inputs: Inputs, sites: gpd.GeoDataFrame) -> GapsResult:
    return find_gaps(
        inputs.roads,
        crs_metric=plan.crs_metric,
        barriers=inputs.barriers if len(inputs.barriers) else None,
        planned=inputs.planned if len(inputs.planned) else None,
        buildings=inputs.buildings if len(inputs.buildings) else None,
        sites=sites,
        land=inputs.land if len(inputs.land) else None,
        districts=inputs.units,
    )


def _drop_repeats(findings: list[Finding]) -> tuple[Finding, ...]:
    """Tell each fault of a row once, where the intake and the survey both met it; the later knows the site."""
    once = {(f.code, f.file, f.row, f.value) if f.row else id(f): f for f in findings}
    return tuple(once.values())


def _split_backdrop(barriers: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    kinds = barriers["kind"] if len(barriers) else pd.Series([], dtype=object)
    return {
        "water": barriers.loc[kinds == "river"].reset_index(drop=True),
        "rail": barriers.loc[kinds == "railway"].reset_index(drop=True),
    }
