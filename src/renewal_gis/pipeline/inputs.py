"""All that a plan's sources say, read before anything is written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from renewal_gis import toytown
from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.intake.events import read_events
from renewal_gis.intake.roads import read_roads
from renewal_gis.intake.tables import read_sites
from renewal_gis.intake.vectors import read_layer
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from renewal_gis.findings import Finding
    from renewal_gis.plan import Plan, Role

LOG = logging.getLogger(__name__)

LAYER_COLUMNS: dict[Role, tuple[str, ...]] = {
    "units": ("code", "name"),
    "barriers": ("kind", "name"),
    "land": ("land_id", "households"),
    "facilities": ("facility", "name"),
    "water": ("name",),
    "planned": (),
    "buildings": (),
}


@dataclass(frozen=True)
class Inputs:
    """The sources of one project, as frames in EPSG:4490.

    ``sites`` and ``events`` are what the files say; the ledger knows more. ``balance`` holds, for each
    table read, what was read, accepted, repaired and quarantined.
    """

    sites: gpd.GeoDataFrame
    events: pd.DataFrame
    units: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    planned: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    land: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    balance: dict[str, dict[str, int]]
    paths: tuple[Path, ...]


def load_inputs(plan: Plan, /) -> Inputs:
    """Read every source that the plan names.

    Raises
    ------
    MissingFileError
        A file is not there; all missing ones are named at once.
    InputError
        A file cannot be taken, or the plan names no units.
    """
    paths = _check_paths(plan)
    findings: list[Finding] = []
    balance: dict[str, dict[str, int]] = {}
    sites = _read_sites(plan, findings, balance)
    events = _read_events(plan, sites, findings, balance)
    roads = _read_roads(plan, findings, balance)
    layers = {role: _read_layers(plan, role) for role in LAYER_COLUMNS}
    return Inputs(
        sites=sites,
        events=events,
        units=_complete_units(plan, layers["units"]),
        roads=roads,
        barriers=layers["barriers"],
        planned=layers["planned"],
        buildings=layers["buildings"],
        land=layers["land"],
        facilities=layers["facilities"],
        findings=tuple(findings),
        balance=balance,
        paths=paths,
    )


def load_backdrop(plan: Plan, /, *, more: Iterable[Role] = ()) -> Inputs:
    """Read only what the ledger does not hold and a printed map shows: units, roads, rivers and railways.

    Parameters
    ----------
    plan
        Names the files.
    more
        Other layers that are read as well, such as ``land`` and ``facilities``; the rest is empty.

    Raises
    ------
    MissingFileError, InputError
        As in :func:`load_inputs`.
    """
    roles: tuple[Role, ...] = ("units", "roads", "barriers", *more)
    kept = plan.model_copy(update={"sources": tuple(s for s in plan.sources if s.role in roles)})
    paths = _check_paths(kept)
    findings: list[Finding] = []
    balance: dict[str, dict[str, int]] = {}
    layers = {role: _read_layers(kept, role) for role in LAYER_COLUMNS}
    return Inputs(
        sites=_stack([], ()),
        events=pd.DataFrame(),
        units=_complete_units(plan, layers["units"]),
        roads=_read_roads(kept, findings, balance),
        barriers=layers["barriers"],
        planned=layers["planned"],
        buildings=layers["buildings"],
        land=layers["land"],
        facilities=layers["facilities"],
        findings=(),
        balance=balance,
        paths=paths,
    )


def take_toytown() -> Inputs:
    """Return the toy town as if it had been read from files."""
    nothing = _stack([], ())
    return Inputs(
        sites=toytown.make_sites(),
        events=toytown.make_events(),
        units=toytown.make_units(),
        roads=toytown.make_roads(),
        barriers=toytown.make_barriers(),
        planned=nothing,
        buildings=nothing,
        land=toytown.make_land(),
        facilities=toytown.make_facilities(),
        findings=(),
        balance={},
        paths=(),
    )


def _check_paths(plan: Plan) -> tuple[Path, ...]:
    paths = [plan.path_of(name) for s in plan.sources for name in (s.path, s.geometry) if name]
    missing = [
        str(path)
        for path in paths
        if not (path.is_file() or (path.suffix.lower() == ".gdb" and path.is_dir()))
    ]
    if missing:
        raise MissingFileError(
            f"方案 sources 所列的文件不存在:{'、'.join(missing)}",
            place=f"方案 {plan.id}({plan.folder})",
            remedy="补上文件,或修改方案中的 path(相对于方案文件)",
        )
    return tuple(paths)


def _read_sites(plan: Plan, findings: list[Finding], balance: dict[str, dict[str, int]]) -> gpd.GeoDataFrame:
    frames = []
    for source in plan.sources_of("sites"):
        intake = read_sites(plan, source)
        frames.append(intake.frame)
        findings.extend(intake.findings)
        balance[plan.path_of(source.path).name] = _count(intake)
    if not frames:
        raise InputError(
            "方案没有列出台账", place=plan.id, remedy="在 [[sources]] 中写明 role = sites 的文件"
        )
    sites = pd.concat(frames)
    twice = sites.index[sites.index.duplicated()]
    if len(twice):
        raise InputError(
            f"编号“{twice[0]}”在两个文件中都有", place=plan.id, remedy="各专项的编号不得重复,请重新赋码"
        )
    return gpd.GeoDataFrame(sites, geometry="geometry", crs=STORED_CRS)


def _read_events(
    plan: Plan, sites: gpd.GeoDataFrame, findings: list[Finding], balance: dict[str, dict[str, int]]
) -> pd.DataFrame:
    frames = []
    for source in plan.sources_of("events"):
        intake = read_events(plan, source, sites)
        frames.append(intake.frame)
        findings.extend(intake.findings)
        balance[plan.path_of(source.path).name] = _count(intake)
    return pd.concat(frames) if frames else pd.DataFrame()


def _read_roads(plan: Plan, findings: list[Finding], balance: dict[str, dict[str, int]]) -> gpd.GeoDataFrame:
    frames = []
    for source in plan.sources_of("roads"):
        intake = read_roads(
            plan.path_of(source.path),
            crs=source.declared_crs,
            layer=source.sheet or None,
            columns=plan.columns,
        )
        frames.append(intake.frame.to_crs(STORED_CRS))
        findings.extend(intake.findings)
        balance[plan.path_of(source.path).name] = _count(intake)
    return _stack(frames, ("highway",))


def _count(intake: object) -> dict[str, int]:
    return {key: int(getattr(intake, key)) for key in ("read", "accepted", "repaired", "quarantined")}


def _read_layers(plan: Plan, role: Role) -> gpd.GeoDataFrame:
    frames = []
    for source in plan.sources_of(role):
        path = plan.path_of(source.path)
        frame = read_layer(path, crs=source.declared_crs, layer=source.sheet or None).to_crs(STORED_CRS)
        missing = [column for column in LAYER_COLUMNS[role] if column not in frame.columns]
        if missing:
            raise InputError(
                f"缺少列 {'、'.join(missing)}(现有:{'、'.join(map(str, frame.columns))})",
                place=str(path),
                remedy="补上该列",
            )
        frames.append(frame)
    return _stack(frames, LAYER_COLUMNS[role])


def _stack(frames: list[gpd.GeoDataFrame], columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    if not frames:
        return gpd.GeoDataFrame({column: [] for column in columns}, geometry=[], crs=STORED_CRS)
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=STORED_CRS)


def _complete_units(plan: Plan, layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Join the polygons to the plan's administrative units; every one must have a polygon."""
    admin = [unit for unit in plan.units if unit.kind != "functional_zone"]
    shapes = layer.assign(code=layer["code"].astype(str)).set_index("code")
    missing = [unit.name for unit in admin if unit.code not in shapes.index]
    if missing:
        raise InputError(
            f"区县界线缺少 {'、'.join(missing)}",
            place=plan.id,
            remedy="核对 units 文件的 code 列与方案的代码",
        )
    core = set(plan.groups[plan.tracks[0].group]) if plan.tracks else set()
    frame = pd.DataFrame(
        {
            "name": [unit.name for unit in admin],
            "kind": [str(unit.kind) for unit in admin],
            "core": [unit.name in core for unit in admin],
        },
        index=pd.Index([unit.code for unit in admin], name="code"),
    )
    return gpd.GeoDataFrame(frame, geometry=shapes.geometry.reindex(frame.index), crs=STORED_CRS)
