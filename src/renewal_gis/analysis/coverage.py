"""Who has a facility near: shares of residential land and of households within reach."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.analysis.locate import mend_shapes
from renewal_gis.errors import SchemaError
from renewal_gis.geo.crs import to_metric
from renewal_gis.geo.discs import draw_discs
from renewal_gis.schema import COVERAGE, STORED_CRS, UNITS, check_frame
from renewal_gis.vocab import CITY, Measure, Scenario

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renewal_gis.plan import Plan
    from renewal_gis.rules import Facility

    Shapes = NDArray[np.object_]
    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pieces:
    """Residential land cut along the districts: metric areas, and the plot and district of each."""

    shape: Shapes
    plot: Ints
    district: Ints
    area_m2: Floats
    households: Floats


def measure_coverage(
    land: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, units: gpd.GeoDataFrame, plan: Plan
) -> pd.DataFrame:
    """Return how much residential land, and how many households, lie within reach of facilities.

    Parameters
    ----------
    land
        Residential land: areas, with ``households`` where they are known.
    facilities
        ``facility`` (a code of the plan) and geometry.
    units
        UNITS, EPSG:4490.
    plan
        The facility types with their reach, and the metric projection.

    Returns
    -------
    DataFrame
        COVERAGE: for each facility type a row for 全市, then one for each district. Districts
        add up to the city. A type without any facility covers nothing (0); a district without
        residential land, or without known households, has NaN (无法计算).

    Raises
    ------
    CrsError, SchemaError
        A frame without reference system or columns.

    Notes
    -----
    Reach is a straight line: nobody walks through rivers and walls, so that the shares are upper
    bounds of what can be walked. Households are spread evenly over their land. Land outside of
    all districts is left out and counted in the log; land drawn twice counts twice. Discs are
    128-gons of the circle's area: their outline is within 0.1 m of a circle of 500 m.

    Examples
    --------
    >>> from renewal_gis import toytown
    >>> rows = measure_coverage(
    ...     toytown.make_land(), toytown.make_facilities(), toytown.make_units(), toytown.make_plan()
    ... )
    >>> rows.loc[rows["unit"] == "丙县", "household_share"].round(3).tolist()
    [0.175, 0.0]
    """
    check_frame(units, UNITS)
    check_facilities(facilities)
    pieces = cut_land(land, units, plan)
    points = to_metric(facilities, plan.crs_metric)
    rows = []
    for kind in plan.facilities:
        covered_m2 = _measure_covered(pieces, shapes_of(points, kind), kind.reach_m)
        rows += list_rows(kind, pieces, covered_m2, units)
    return pd.DataFrame(rows, columns=list(COVERAGE.columns))


def reach_areas(facilities: gpd.GeoDataFrame, plan: Plan) -> gpd.GeoDataFrame:
    """Return what lies within reach of each type of facility, dissolved.

    Parameters
    ----------
    facilities
        ``facility`` (a code of the plan) and geometry.
    plan
        The facility types with their reach, and the metric projection.

    Returns
    -------
    GeoDataFrame
        ``facility``, ``facility_name``, ``reach_m`` and one (multi)polygon for each type of which
        there is a facility; EPSG:4490, in the plan's order.

    Raises
    ------
    CrsError, SchemaError
        A frame without reference system or columns.

    Notes
    -----
    For drawing. The outline is that of :func:`measure_coverage`.
    """
    check_facilities(facilities)
    points = to_metric(facilities, plan.crs_metric)
    kinds = [(kind, shapes_of(points, kind)) for kind in plan.facilities]
    kinds = [(kind, shapes) for kind, shapes in kinds if len(shapes)]
    frame = pd.DataFrame(
        {
            "facility": [kind.id for kind, _ in kinds],
            "facility_name": [kind.name for kind, _ in kinds],
            "reach_m": [kind.reach_m for kind, _ in kinds],
        }
    )
    areas = [shapely.union_all(draw_discs(shapes, kind.reach_m)) for kind, shapes in kinds]
    return gpd.GeoDataFrame(frame, geometry=areas, crs=plan.crs_metric).to_crs(STORED_CRS)


def check_facilities(facilities: gpd.GeoDataFrame) -> None:
    """Refuse facilities that do not say what they are."""
    if "facility" not in facilities.columns:
        raise SchemaError("设施图层缺少列 facility", remedy="应有列 facility(方案中的设施代码)与 name")


def shapes_of(points: gpd.GeoDataFrame, kind: Facility) -> Shapes:
    """Return the places of one type; those without any are counted in the log."""
    shapes = np.asarray(points.geometry.array, dtype=object)[(points["facility"] == kind.id).to_numpy()]
    known: Shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    small = (shapely.get_dimensions(known) == 2) & (shapely.area(known) < kind.min_area_m2)
    if small.any():
        log.warning("%s:%d 处不足 %g 平方米,未计入", kind.name, small.sum(), kind.min_area_m2)
    if len(known) < len(shapes):
        log.warning("%s:%d 处设施没有位置,未计入", kind.name, len(shapes) - len(known))
    return known[~small]


def cut_land(land: gpd.GeoDataFrame, units: gpd.GeoDataFrame, plan: Plan) -> Pieces:
    """Return land cut along the districts; what lies outside of all is counted in the log."""
    plots = mend_shapes(np.asarray(to_metric(land.geometry, plan.crs_metric).array, dtype=object))
    outlines = mend_shapes(np.asarray(to_metric(units.geometry, plan.crs_metric).array, dtype=object))
    tree = shapely.STRtree(plots)
    owners: dict[int, int] = {}
    for district, plot in zip(*tree.query(outlines, predicate="covers"), strict=True):
        owners[plot] = min(district, owners.get(plot, district))
    meets: dict[int, list[int]] = {}
    for district, plot in zip(*tree.query(outlines, predicate="intersects"), strict=True):
        if plot not in owners:
            meets.setdefault(plot, []).append(district)
    parts = [(plots[plot], plot, district) for plot, district in owners.items()]
    for plot, districts in meets.items():
        parts += [(part, plot, k) for k, part in _share_out(plots[plot], outlines, sorted(districts))]
    parts.sort(key=lambda part: (part[1], part[2]))
    return _weigh_pieces(parts, plots, land)


def _share_out(plot: shapely.Geometry, outlines: Shapes, districts: list[int]) -> list[tuple[int, object]]:
    """Cut a plot along districts; where districts overlap, the first takes it, so that sums hold."""
    shares, rest = [], plot
    for district in districts:
        shares.append((district, shapely.intersection(rest, outlines[district])))
        rest = shapely.difference(rest, outlines[district])
    return shares


def _weigh_pieces(parts: list[tuple[object, int, int]], plots: Shapes, land: gpd.GeoDataFrame) -> Pieces:
    shape = np.array([part for part, _, _ in parts], dtype=object)
    owner = np.array([plot for _, plot, _ in parts], dtype=np.intp)
    area_m2, whole_m2 = shapely.area(shape), shapely.area(plots)
    lost = int((whole_m2 > 0).sum()) - len(np.unique(owner[area_m2 > 0]))
    if lost:
        log.warning("%d 块居住用地在各区县范围以外,未计入", lost)
    known = land.get("households", pd.Series(pd.NA, index=land.index))
    households = known.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        part_of = np.nan_to_num(area_m2 / whole_m2[owner])
    district = np.array([district for _, _, district in parts], dtype=np.intp)
    return Pieces(shape, owner, district, area_m2, households[owner] * part_of)


def _measure_covered(pieces: Pieces, facilities: Shapes, reach_m: float) -> Floats:
    """Return the area of each piece within reach of any facility, m²."""
    covered_m2 = np.zeros(len(pieces.shape))
    if not len(facilities) or not len(pieces.shape):
        return covered_m2
    discs = draw_discs(facilities, reach_m)
    tree = shapely.STRtree(pieces.shape)
    areas = shapely.get_parts(shapely.union_all(discs))
    inside = np.zeros(len(pieces.shape), dtype=bool)
    inside[tree.query(areas, predicate="covers")[1]] = True
    covered_m2[inside] = pieces.area_m2[inside]
    # the union is large and these pieces are small: only the discs near each are cut with it
    near: dict[int, list[int]] = {}
    for disc, piece in zip(*tree.query(discs, predicate="intersects"), strict=True):
        if not inside[piece]:
            near.setdefault(piece, []).append(disc)
    for piece, those in near.items():
        reached = shapely.union_all(shapely.intersection(discs[those], pieces.shape[piece]))
        covered_m2[piece] = min(shapely.area(reached), pieces.area_m2[piece])
    return covered_m2


def list_rows(
    kind: Facility, pieces: Pieces, covered_m2: Floats, units: gpd.GeoDataFrame
) -> list[dict[str, object]]:
    """Return a row of COVERAGE for 全市 and for each district, in a straight line, as things are now."""
    size = len(units)
    with np.errstate(invalid="ignore", divide="ignore"):
        part_of = np.nan_to_num(covered_m2 / pieces.area_m2)
    households = np.nan_to_num(pieces.households)
    sums = [
        np.bincount(pieces.district, weights=values, minlength=size)
        for values in (pieces.area_m2, covered_m2, households, households * part_of)
    ]
    table = np.column_stack(sums) if size else np.zeros((0, 4))
    return [
        _make_row(kind, unit, numbers)
        for unit, numbers in zip([CITY, *units["name"]], [table.sum(axis=0), *table], strict=True)
    ]


def _make_row(kind: Facility, unit: str, numbers: Floats) -> dict[str, object]:
    land_m2, covered_m2, households, reached = (float(number) for number in numbers)
    has_land, has_households = land_m2 > 0, households > 0
    return {
        "facility": kind.id,
        "facility_name": kind.name,
        "reach_m": kind.reach_m,
        "unit": unit,
        "land_m2": land_m2 if has_land else np.nan,
        "land_covered_m2": covered_m2 if has_land else np.nan,
        "land_share": min(covered_m2 / land_m2, 1.0) if has_land else np.nan,
        "households": households if has_households else np.nan,
        "households_covered": reached if has_households else np.nan,
        "household_share": min(reached / households, 1.0) if has_households else np.nan,
        "measure": Measure.STRAIGHT.value,
        "scenario": Scenario.BEFORE.value,
    }
