"""From a file of roads to the dead-end roads worth opening, file to file or frame to frame."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import CrsError, InputError
from renewal_gis.files import write_whole
from renewal_gis.findings import Finding, Report, make_finding
from renewal_gis.geo.crs import choose_local_metric, name_crs, read_crs, require_metric, to_metric
from renewal_gis.intake.roads import read_roads
from renewal_gis.intake.vectors import read_layer
from renewal_gis.roads.benefit import measure_benefit
from renewal_gis.roads.dead_ends import find_dead_ends
from renewal_gis.roads.defects import find_defects, mark_doubles
from renewal_gis.roads.edges import looks_like_edges
from renewal_gis.roads.links import judge_dead_ends, suggest_links
from renewal_gis.roads.network import build_streets
from renewal_gis.roads.segments import cut_segments
from renewal_gis.roads.verify import DEAD_END_PROGRAMME, match_ledger, verify_opened
from renewal_gis.schema import LINKS
from renewal_gis.vocab import SUSPECTED, Stage

if TYPE_CHECKING:
    from pyproj import CRS

    from renewal_gis.plan import Plan

logger = logging.getLogger(__name__)

SITE_IDS = ("site_id", "编号", "项目编号")
DEAD_END_WORD = "断头路"
LAYERS = ("links", "dead_ends", "defects", "streets")


@dataclass(frozen=True)
class GapsResult:
    """What the road network tells: streets, their dead ends, missing links, faults of the data.

    Frames are in ``crs_metric``, by the contracts DEAD_ENDS, LINKS and DEFECTS.
    """

    streets: gpd.GeoDataFrame
    dead_ends: gpd.GeoDataFrame
    links: gpd.GeoDataFrame
    defects: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    crs_metric: str


@dataclass(frozen=True)
class GapsSummary:
    """What :func:`run_gaps` did, in numbers that a terminal can show."""

    outputs: tuple[str, ...]
    crs: str
    crs_metric: str
    read: int
    accepted: int
    repaired: int
    quarantined: int
    streets: int
    dead_ends: dict[str, int]
    links: int
    links_likely: int
    defects: dict[str, int]
    findings: tuple[Finding, ...]
    seconds: float
    note: str = SUSPECTED

    def to_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def find_gaps(  # noqa: PLR0913 - each piece of evidence is optional and has its own name
    roads: gpd.GeoDataFrame,
    /,
    *,
    crs_metric: object = None,
    study_area: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    planned: gpd.GeoDataFrame | None = None,
    sites: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
    districts: gpd.GeoDataFrame | None = None,
    reach_m: float = 300.0,
) -> GapsResult:
    """Missing links of a road network, ranked by what opening them would bring.

    Parameters
    ----------
    roads
        ROADS in any reference system.
    crs_metric
        Projection to measure in. Without it roads that are already in metres are measured as they
        are, and roads in degrees in a local transverse Mercator (:func:`choose_metric`).
    study_area
        Polygons within which the roads are complete: ends at their edge are no candidates. Without
        them the hull of the roads stands in.
    barriers
        Rivers and railways (``kind``, ``name``).
    planned
        Centrelines of planned roads.
    sites
        SITES; ``households`` near a link count as gain, rows of the programme dead_end_road are
        matched to links.
    buildings
        Outlines that a road would have to go through.
    land
        Residential land with ``households``.
    districts
        UNITS, for the column ``district``.
    reach_m
        Longest link that is proposed, metres.

    Returns
    -------
    GapsResult
        Frames in the metric system.

    Raises
    ------
    CrsError
        A frame without a reference system, or none fits the data.

    Notes
    -----
    Links are 疑似, for a visit on the site. ``score`` is calibrated on streets cut out of known
    networks; it is not a precision in the field.
    """
    metric = choose_metric(roads, crs_metric)
    area, walls, plans, houses, homes = (
        None if frame is None or len(frame) == 0 else to_metric(frame, metric)
        for frame in (study_area, barriers, planned, buildings, land)
    )
    works = None if sites is None or len(sites) == 0 else to_metric(sites, metric)
    streets = build_streets(_move(roads, metric))
    segments = cut_segments(streets)
    # the defects need nothing of the links: the second core looks for them meanwhile
    with ThreadPoolExecutor(max_workers=1) as second_core:
        faults = second_core.submit(find_defects, streets, segments=segments)
        ends = find_dead_ends(streets, study_area=area)
        links = suggest_links(
            streets,
            ends,
            reach_m=reach_m,
            barriers=walls,
            planned=plans,
            buildings=houses,
            segments=segments,
        )
        ends = judge_dead_ends(ends, links)
        links = measure_benefit(links, streets, sites=_drop_roads(works), land=homes)
        defects = faults.result()
    links, ends, defects = (_name_districts(frame, districts) for frame in (links, ends, defects))
    links["ledger_site"] = "" if works is None else match_ledger(links, works)
    links = links[[*LINKS.columns, *(name for name in links.columns if name not in LINKS.columns)]]
    findings = () if works is None else verify_opened(streets, _pick_opened(works))
    if looks_like_edges(streets):
        findings = (make_finding("road-edges"), *findings)
    logger.info(
        "道路 %d,断头 %d,疑似缺失路段 %d,数据缺陷 %d", len(streets), len(ends), len(links), len(defects)
    )
    return GapsResult(streets, ends, links, defects, findings, name_metric(metric))


def choose_metric(frame: gpd.GeoDataFrame, crs_metric: object = None, /) -> CRS:
    """The projection in which a frame is measured.

    Parameters
    ----------
    frame
        Any frame with a reference system.
    crs_metric
        The projection that the plan or the caller wants; None leaves the choice to the data.

    Returns
    -------
    CRS
        The one wanted; else the frame's own if lengths may be measured in it; else a local
        transverse Mercator centred on the data.

    Raises
    ------
    CrsError
        The projection wanted is not metric, or was not made for where the data lies.
    """
    if frame.crs is None:
        raise CrsError("道路没有坐标系", remedy="用 set_crs 声明坐标系,不可猜测")
    if crs_metric is not None:
        metric = require_metric(crs_metric)
        _check_place(frame, metric)
        return metric
    try:
        return require_metric(frame.crs)
    except CrsError:
        return choose_local_metric(frame)


def _check_place(frame: gpd.GeoDataFrame, metric: CRS) -> None:
    """Refuse a projection whose own area of use is far from the data: its metres would not be metres."""
    use = metric.area_of_use
    if use is None or len(frame) == 0:
        return
    west, south, east, north = frame.total_bounds
    centre = gpd.GeoSeries([shapely.Point((west + east) / 2, (south + north) / 2)], crs=frame.crs)
    spot = centre.to_crs("EPSG:4326").iloc[0]
    if not (use.west - 1.5 <= spot.x <= use.east + 1.5 and use.south - 3 <= spot.y <= use.north + 3):
        raise CrsError(
            f"道路位于 {spot.x:.2f}, {spot.y:.2f},不在 {name_crs(metric)} 的适用范围内",
            remedy="请用适合该地的米制投影(--crs),或不指定而由程序选定",
        )


def _move(frame: gpd.GeoDataFrame, metric: CRS) -> gpd.GeoDataFrame:
    """In metres, but untouched where it is so already: a round trip would unsnap shared ends."""
    return frame if frame.crs == metric else to_metric(frame, metric)


def name_metric(metric: CRS, /) -> str:
    """A projection's code, else a name that tells what it is."""
    name = name_crs(metric)
    if name.lower() in ("unknown", "unnamed") and metric.coordinate_operation is not None:
        return metric.coordinate_operation.name
    return name


def _drop_roads(works: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Sites other than the dead-end roads themselves, which would count as their own gain."""
    if works is None or "programme" not in works:
        return works
    return works[(works["programme"] != DEAD_END_PROGRAMME).to_numpy(bool)]


def _pick_opened(works: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Ledger rows of dead-end roads that have reached the stage opened, where stages are told."""
    if "stage" not in works or "programme" not in works:
        return works[:0]
    return works[
        ((works["programme"] == DEAD_END_PROGRAMME) & (works["stage"] == Stage.OPENED)).to_numpy(bool)
    ]


def _name_districts(frame: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Give each row the district of its middle; the first one where two claim it, none where none does."""
    names = np.full(len(frame), "", dtype=object)
    if districts is not None and len(districts):
        shapes = np.asarray(frame.geometry.values)
        lines = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
        middle = shapes.copy()
        middle[lines] = shapely.line_interpolate_point(shapes[lines], 0.5, normalized=True)
        areas = np.asarray(to_metric(districts, frame.crs).geometry.values)
        row, district = shapely.STRtree(areas).query(middle, predicate="intersects")
        order = np.lexsort((district, row))
        row, first = np.unique(row[order], return_index=True)
        names[row] = districts["name"].to_numpy(dtype=object)[district[order][first]]
    return frame.assign(district=names)


def run_gaps(  # noqa: PLR0913 - one option of the command each
    roads_path: str | Path,
    out_path: str | Path,
    /,
    *,
    plan: Plan | None = None,
    crs: str | None = None,
    layer: str | None = None,
    study_area: str | Path | None = None,
    barriers: str | Path | None = None,
    planned: str | Path | None = None,
    sites: str | Path | None = None,
    buildings: str | Path | None = None,
    reach_m: float = 300.0,
) -> GapsSummary:
    """Find the gaps of a road file and write them, whole or not at all.

    Parameters
    ----------
    roads_path
        Any file that :func:`renewal_gis.intake.roads.read_roads` takes.
    out_path
        ``.parquet`` for the links; ``.gpkg`` for the layers links, dead_ends, defects, streets; without
        a suffix both. In the reference system of the roads.
    plan
        Measured in its ``crs_metric``; its ``columns`` name the offices' headers.
    crs
        Reference system of a file that declares none, and projection to measure in if it is one.
    layer
        Layer of a road file that has several.
    study_area, barriers, planned, sites, buildings
        Files of evidence as in :func:`find_gaps`.
    reach_m
        Longest link that is proposed, metres.

    Returns
    -------
    GapsSummary
        Counts, the projection measured in, seconds.

    Raises
    ------
    InputError, CrsError
        A file that cannot be taken; no projection fits.
    PublishError
        The output could not be written.
    """
    began = time.perf_counter()
    targets = _name_outputs(Path(out_path))
    intake = read_roads(roads_path, crs=crs, layer=layer, columns=plan.columns if plan else None)
    extra = {
        role: read_layer(path)
        for role, path in (
            *(("study_area", study_area), ("barriers", barriers), ("planned", planned)),
            *(("sites", sites), ("buildings", buildings)),
        )
        if path is not None
    }
    extra["planned"] = _join_planned(intake.planned, extra.get("planned"))
    if "sites" in extra:
        extra["sites"] = _name_sites(extra["sites"], plan)
    result = find_gaps(
        intake.frame,
        crs_metric=_pick_metric(intake.frame, plan, crs),
        reach_m=reach_m,
        **extra,
    )
    result = _add_doubles(result, intake.doubles)
    for target in targets:
        _write_result(result, target, intake.frame.crs)
    return _summarise(result, intake, targets, seconds=time.perf_counter() - began)


def _name_sites(sites: gpd.GeoDataFrame, plan: Plan | None) -> gpd.GeoDataFrame:
    """Sites of a file by their ids, with programme and stage in the ledger's words where offices wrote their own."""
    named = sites.copy()
    header = next((name for name in SITE_IDS if name in named), None)
    if header is not None:
        named.index = pd.Index(named[header].astype(str), name="site_id")
    stages = {stage.zh: stage.value for stage in Stage}
    programmes = {DEAD_END_WORD: DEAD_END_PROGRAMME}
    if plan is not None:
        programmes |= {word: one.id for one in plan.programmes for word in (one.name, one.short)}
    for column, header, words in (("programme", "项目类别", programmes), ("stage", "状态", stages)):
        source = next((name for name in (column, header) if name in named), None)
        if source is not None:
            told = named[source].astype(object)
            named[column] = told.map(words).fillna(told)
    return named


def _add_doubles(result: GapsResult, doubles: gpd.GeoDataFrame) -> GapsResult:
    """Lines that intake merged because they were drawn twice are faults of the data all the same."""
    if len(doubles) == 0:
        return result
    told = mark_doubles(doubles.to_crs(result.streets.crs))
    defects = pd.concat([result.defects, told], ignore_index=True)
    return replace(result, defects=gpd.GeoDataFrame(defects, crs=result.streets.crs))


def _pick_metric(roads: gpd.GeoDataFrame, plan: Plan | None, crs: str | None) -> object:
    """The projection named by the caller, else by the plan for roads in degrees, else none."""
    if crs is not None and read_crs(crs).is_projected:
        return crs
    return plan.crs_metric if plan is not None and roads.crs.is_geographic else None


def _join_planned(own: gpd.GeoDataFrame, given: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Planned roads of the road file itself and of a file of their own."""
    frames = [
        frame[["geometry"]].to_crs(own.crs) for frame in (own, given) if frame is not None and len(frame)
    ]
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=own.crs) if frames else None


def _name_outputs(out_path: Path) -> tuple[Path, ...]:
    suffix = out_path.suffix.lower()
    if suffix in (".parquet", ".gpkg"):
        return (out_path,)
    if suffix:
        raise InputError(
            f"不支持的输出格式“{suffix}”", place=str(out_path), remedy="用 .gpkg、.parquet,或不写后缀"
        )
    return out_path.with_name(out_path.name + ".parquet"), out_path.with_name(out_path.name + ".gpkg")


def _write_result(result: GapsResult, target: Path, crs: CRS) -> None:
    frames = {name: getattr(result, name) for name in LAYERS}
    if target.suffix.lower() == ".parquet":
        links = _move_back(frames["links"], crs)
        write_whole(target, lambda path: links.to_parquet(path, compression="zstd"))
        return
    moved = {name: _move_back(frame, crs) for name, frame in frames.items()}

    def write_layers(path: Path) -> None:
        for name, frame in moved.items():
            kind = "Point" if name in ("dead_ends", "defects") else "LineString"
            frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio", geometry_type=kind)

    write_whole(target, write_layers)


def _move_back(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    return frame if frame.crs == crs else frame.to_crs(crs)


def _summarise(result: GapsResult, intake: Any, targets: tuple[Path, ...], *, seconds: float) -> GapsSummary:
    report = Report(list(intake.findings))
    report.extend(result.findings)
    return GapsSummary(
        outputs=tuple(str(target) for target in targets),
        crs=name_metric(intake.frame.crs),
        crs_metric=result.crs_metric,
        read=intake.read,
        accepted=intake.accepted,
        repaired=intake.repaired,
        quarantined=intake.quarantined,
        streets=len(result.streets),
        dead_ends=_count(result.dead_ends["verdict"]),
        links=len(result.links),
        links_likely=int((result.links["score"] >= 0.5).sum()),
        defects=_count(result.defects["kind"]),
        findings=tuple(report),
        seconds=round(seconds, 2),
    )


def _count(values: pd.Series) -> dict[str, int]:
    return {str(key): int(count) for key, count in values.astype(str).value_counts().sort_index().items()}
