"""Whose a site is: the district it lies in, and the unit that answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.geo import lattice
from renewal_gis.geo.crs import choose_local_metric, name_crs, read_crs, to_metric
from renewal_gis.schema import UNITS, check_frame
from renewal_gis.vocab import Placement, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pyproj import CRS

    from renewal_gis.plan import Plan

    Shapes = NDArray[np.object_]
    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Projector = Callable[[Shapes], Shapes]

TIE = 1e-6
"""Shares that differ by less than this count as equal."""
BORDER_DEG = 1e-7
"""Boundaries are kept to this resolution (1 cm): a point nearer to a border lies on it."""


MANY = 50_000
"""Rows from which a lattice pays."""
COLUMNS = ["located_district", "placement", "share", "distance_m", "shares"]


@dataclass(frozen=True)
class _Scene:
    """What sites are placed in: the districts, the systems (given and metric), and how to measure."""

    codes: Shapes
    names: Shapes
    outlines: Shapes
    systems: tuple[CRS, object]
    border: float
    distances: bool


@dataclass(frozen=True)
class _Pairs:
    """Sites and districts that meet, and how much of the site (m², m, or 1) they share."""

    site: Ints
    district: Ints
    amount: Floats


def assign_districts(
    sites: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    crs_metric: object = None,
    border: float = 0.0,
    distances: bool = True,
) -> pd.DataFrame:
    """Return the one district of each site, and how it was found.

    Parameters
    ----------
    sites
        Points, lines, areas, or nothing; any index.
    districts
        Areas with ``name`` and ``code`` (a column, or the index), in the same reference system.
    crs_metric
        Where shares and distances are measured if the frames are in degrees; by default a local
        projection centred on the districts.
    border
        How near to a border a point counts as on it, in the unit of the frames' system.
    distances
        False leaves ``distance_m`` of what lies outside at NaN: the join alone, for large tables.

    Returns
    -------
    DataFrame
        One row a site, on the sites' index: ``located_district`` (code, or empty), ``placement``
        (:class:`~renewal_gis.vocab.Placement`), ``share`` (0–1 of the site that lies in that
        district), ``distance_m`` (to the nearest district, 0 within one, NaN without a location),
        ``shares`` (every district that the site meets, with its share, largest first).

    Raises
    ------
    CrsError
        A frame without a reference system, or two different ones.
    SchemaError
        Districts without code or name, or a code twice.

    Notes
    -----
    A line or area goes to the district that holds most of it; several points in one go by their
    centroid. Points on a border, and equal shares, go to the smallest code. What meets are the
    outlines as given, in their own system; shares are measured on the plane. The bundled
    boundaries are for orientation: the answer is no evidence in a dispute over a border.
    More than 50,000 rows are placed by a lattice of cells (:mod:`renewal_gis.geo.lattice`), with the
    same values; the columns of text are then categorical, for memory.

    Examples
    --------
    >>> from renewal_gis import toytown
    >>> placed = assign_districts(toytown.make_sites(), toytown.make_units())
    >>> placed.loc[["A-01", "A-04", "A-05"], ["located_district", "placement"]]
            located_district      placement
    site_id
    A-01              990101         inside
    A-04                          unlocated
    A-05              990102  largest_share
    """
    crs = _check_same_crs(sites, districts)
    codes, names = _read_districts(districts)
    outlines = mend_shapes(np.asarray(districts.geometry.array))
    shapes = np.asarray(sites.geometry.array)
    target = _choose_metric(districts, crs, crs_metric)
    scene = _Scene(codes, names, outlines, (crs, target), border, distances)
    answer = _place(shapes, scene) if len(shapes) <= MANY else _place_many(shapes, scene)
    answer.index = sites.index
    return answer


def _place(shapes: Shapes, scene: _Scene) -> pd.DataFrame:
    crs, target = scene.systems
    shapes = mend_shapes(shapes)
    known = _find_known(shapes)
    whole = _measure(_project(shapes, crs, target))
    single = known & (whole <= 0)
    shapes[single] = shapely.centroid(shapes[single])
    whole[single] = 1.0
    met = [
        _pair_points(shapes, scene.outlines, np.flatnonzero(single), scene.border),
        _pair_parts(
            shapes, scene.outlines, np.flatnonzero(known & ~single), lambda s: _project(s, crs, target)
        ),
    ]
    pairs = _Pairs(*(np.concatenate([getattr(m, k) for m in met]) for k in ("site", "district", "amount")))
    answer = _decide(pairs, whole, known, scene.codes, scene.names)
    answer["distance_m"] = np.where(known, 0.0, np.nan)
    out = np.flatnonzero(answer["placement"] == Placement.OUTSIDE.value)
    answer.loc[out, "distance_m"] = _measure_distance(shapes[out], scene)
    return answer[COLUMNS]


def _place_many(shapes: Shapes, scene: _Scene) -> pd.DataFrame:
    """Place points that surely lie in one district by a lattice, and the others one by one."""
    x, y = _read_points(shapes)
    sides = np.ptp(np.reshape(shapely.total_bounds(scene.outlines), (2, 2)), axis=0)
    flat = np.isin(shapely.get_type_id(scene.outlines), (3, 6)).all()
    if not flat or not (sides > 1000 * scene.border).all():
        label = np.full(len(shapes), lattice.UNSURE)
    else:
        cells = lattice.build_lattice(scene.outlines, points=len(shapes), border=scene.border)
        label = lattice.find_labels(cells, x, y)
    # lines, areas and blanks have no x: they are not outside, they are not points
    out = np.flatnonzero(label == lattice.OUTSIDE)
    label[out[~(np.isfinite(x[out]) & np.isfinite(y[out]))]] = lattice.UNSURE
    rest = np.flatnonzero(label == lattice.UNSURE)
    parts = [_place(shapes[some], scene) for some in np.array_split(rest, len(rest) // 500_000 + 1)]
    others = pd.concat(parts, ignore_index=True)
    out = np.flatnonzero(label == lattice.OUTSIDE)
    distance_m = _fill(0.0, len(label), rest, others["distance_m"])
    distance_m[out] = _measure_distance(shapes[out], scene) if scene.distances else np.nan
    inside = (Placement.INSIDE.value,) * len(scene.codes)
    columns = {
        "located_district": _merge(label, rest, (*scene.codes, ""), others["located_district"]),
        "placement": _merge(label, rest, (*inside, Placement.OUTSIDE.value), others["placement"]),
        "share": _fill(1.0, len(label), rest, others["share"]),
        "distance_m": distance_m,
        "shares": _merge(label, rest, (*(f"{name} 1" for name in scene.names), ""), others["shares"]),
    }
    columns["share"][out] = 0.0
    return pd.DataFrame(columns, copy=False)[COLUMNS]


def _read_points(shapes: Shapes) -> tuple[Floats, Floats]:
    """Return x and y; NaN for what is missing, empty or no point."""
    x, y = np.empty(len(shapes)), np.empty(len(shapes))

    def read(part: slice) -> None:
        some = shapes[part]
        try:
            shapely.get_x(some, out=x[part])
            shapely.get_y(some, out=y[part])
        except shapely.errors.GEOSException:  # raised by an empty point
            filled = ~shapely.is_empty(some)
            for get, values in ((shapely.get_x, x), (shapely.get_y, y)):
                values[part] = np.nan
                get(some, out=values[part], where=filled)

    lattice.share_out(read, len(shapes))
    return x, y


def _merge(
    label: NDArray[np.integer], rest: Ints, words: tuple[str, ...], others: pd.Series
) -> pd.Categorical:
    """Return the word of each label, the last one for ``OUTSIDE``, and the rest's own words."""
    texts = list(dict.fromkeys([*words, *others]))
    place = {text: k for k, text in enumerate(texts)}
    numbers = np.array([place[word] for word in words], dtype=np.min_scalar_type(-len(texts)))
    codes = numbers.take(label, mode="wrap")
    codes[rest] = others.map(place).to_numpy()
    return pd.Categorical.from_codes(codes, categories=texts)


def _fill(value: float, size: int, rest: Ints, others: pd.Series) -> Floats:
    answer = np.full(size, value)
    answer[rest] = others
    return answer


def locate_sites(sites: gpd.GeoDataFrame, units: gpd.GeoDataFrame, plan: Plan) -> pd.DataFrame:
    """Return a LOCATED frame: the district of each site and its managing unit.

    Parameters
    ----------
    sites
        SITES, EPSG:4490.
    units
        UNITS, EPSG:4490.
    plan
        Names the responsible units, the townships that functional zones govern, and the metric
        projection.

    Returns
    -------
    DataFrame
        LOCATED, on the sites' index and in their order, one row a site.

    Raises
    ------
    CrsError, SchemaError
        Frames that do not keep their contracts.

    Notes
    -----
    The managing unit is the declared one; where none is declared, the functional zone that
    governs the township; else the district in which the site lies; else empty. Polygons of
    functional zones are never used: there are none that could be relied on.
    """
    check_frame(units, UNITS)
    wanted = [column for column in ("declared_unit", "township") if column not in sites.columns]
    if wanted:
        raise SchemaError(f"SITES 缺少列 {'、'.join(wanted)}", remedy="请用 intake 读入的台账")
    answer = assign_districts(sites, units, crs_metric=plan.crs_metric, border=BORDER_DEG)
    names = dict(zip(units.index, units["name"], strict=True))
    answer["located_name"] = [names.get(code, "") for code in answer["located_district"]]
    answer["managing_unit"] = _name_managing_unit(sites, answer["located_name"], plan)
    answer.index.name = sites.index.name
    return answer[
        ["located_district", "located_name", "placement", "share", "shares", "distance_m", "managing_unit"]
    ]


def _name_managing_unit(sites: gpd.GeoDataFrame, located_name: pd.Series, plan: Plan) -> Shapes:
    units = {unit.name for unit in plan.units}
    zones = {
        township: unit.name
        for unit in plan.units
        if unit.kind == UnitKind.FUNCTIONAL_ZONE
        for township in unit.townships
    }
    declared = sites["declared_unit"].fillna("").astype(str).str.strip()
    towns = sites["township"].fillna("").astype(str).str.strip()
    governed = np.array([zones.get(town, "") for town in towns], dtype=object)
    lying = located_name.where(located_name.isin(units), "").to_numpy(dtype=object)
    named = declared.where(declared.isin(units), "").to_numpy(dtype=object)
    undeclared = np.where(governed != "", governed, lying)
    answer: Shapes = np.where(named != "", named, undeclared)
    return answer


def _check_same_crs(sites: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> CRS:
    ours, theirs = read_crs(sites.crs), read_crs(districts.crs)
    if ours != theirs:
        raise CrsError(
            f"项目为 {name_crs(ours)},区县为 {name_crs(theirs)},坐标系不同",
            remedy="先用 to_crs 转换到同一坐标系",
        )
    return ours


def _read_districts(districts: gpd.GeoDataFrame) -> tuple[Shapes, Shapes]:
    codes = districts["code"] if "code" in districts.columns else districts.index.to_series()
    if "name" not in districts.columns or not codes.notna().all():
        raise SchemaError("区县图层缺少 name 或 code", remedy="应有列 code(或以其为索引)与 name")
    if codes.duplicated().any():
        twice = codes[codes.duplicated()].iloc[0]
        raise SchemaError(f"区县代码“{twice}”重复", remedy="请先按代码合并图形")
    return codes.astype(str).to_numpy(dtype=object), districts["name"].astype(str).to_numpy(dtype=object)


def mend_shapes(shapes: Shapes) -> Shapes:
    """Return a copy in which no outline crosses itself, for intersections would fail on it."""
    mended = shapes.astype(object).copy()
    broken = _find_known(mended) & ~shapely.is_valid(mended)
    mended[broken] = shapely.make_valid(mended[broken])
    return mended


def _find_known(shapes: Shapes) -> Flags:
    known: Flags = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    known[owner[~np.isfinite(xy).all(axis=1)]] = False
    return known


def _choose_metric(districts: gpd.GeoDataFrame, crs: CRS, crs_metric: object) -> object:
    if not crs.is_geographic:
        return crs
    return choose_local_metric(districts) if crs_metric is None else crs_metric


def _project(shapes: Shapes, crs: CRS, target: object) -> Shapes:
    if target is crs:
        return shapes
    return np.asarray(to_metric(gpd.GeoSeries(shapes, crs=crs), target).array, dtype=object)


def _measure(shapes: Shapes) -> Floats:
    """Return the area of areas, the length of lines, 0 for all else."""
    dimension = shapely.get_dimensions(shapes)
    amount = np.where(dimension == 2, shapely.area(shapes), shapely.length(shapes))
    return np.nan_to_num(amount)


def _pair_points(shapes: Shapes, outlines: Shapes, which: Ints, border: float) -> _Pairs:
    tree = shapely.STRtree(shapes[which])
    # the query prepares its inputs: the few large outlines, not the many points
    if border > 0:
        district, site = tree.query(outlines, predicate="dwithin", distance=border)
    else:
        district, site = tree.query(outlines, predicate="intersects")
    return _Pairs(which[site], district, np.ones(len(site)))


def _pair_parts(shapes: Shapes, outlines: Shapes, which: Ints, project: Projector) -> _Pairs:
    tree = shapely.STRtree(shapes[which])
    district, site = tree.query(outlines, predicate="intersects")
    inner = np.zeros((len(outlines), len(which)), dtype=bool)
    inner[tuple(tree.query(outlines, predicate="covers"))] = True
    held = inner[district, site]
    parts = shapes[which[site]]
    parts[~held] = shapely.intersection(parts[~held], outlines[district[~held]])
    kind = shapely.get_dimensions(shapes[which[site]])
    amount = np.where(shapely.get_dimensions(parts) == kind, _measure(project(parts)), 0.0)
    some = amount > 0
    return _Pairs(which[site[some]], district[some], amount[some])


def _decide(pairs: _Pairs, whole: Floats, known: Flags, codes: Shapes, names: Shapes) -> pd.DataFrame:
    share = np.minimum(pairs.amount / whole[pairs.site], 1.0)
    size, order = len(known), np.argsort(codes)
    rank = np.argsort(order)
    best = np.zeros(size)
    np.maximum.at(best, pairs.site, share)
    tied = share >= best[pairs.site] - TIE
    winner = np.full(size, len(codes))
    np.minimum.at(winner, pairs.site[tied], rank[pairs.district[tied]])
    rivals = np.bincount(pairs.site[tied], minlength=size)
    placement = np.select(
        [~known, rivals == 0, rivals > 1, best >= 1.0 - TIE],
        [Placement.UNLOCATED.value, Placement.OUTSIDE.value, Placement.BORDER.value, Placement.INSIDE.value],
        Placement.LARGEST_SHARE.value,
    )
    by_rank = np.append(codes[order], "")
    return pd.DataFrame(
        {
            "located_district": by_rank[winner],
            "placement": placement.astype(object),
            "share": np.where(best >= 1.0 - TIE, 1.0, best),
            "shares": _tell_shares(pairs, share, names, size),
        }
    )


def _tell_shares(pairs: _Pairs, share: Floats, names: Shapes, size: int) -> Shapes:
    told = np.full(size, "", dtype=object)
    for k in np.lexsort((pairs.district, -share, pairs.site)):
        site = pairs.site[k]
        words = f"{names[pairs.district[k]]} {share[k]:.3g}"
        told[site] = f"{told[site]};{words}" if told[site] else words
    return told


def _measure_distance(shapes: Shapes, scene: _Scene) -> Floats:
    """Return how far shapes outside of all districts are from the nearest one; NaN if not asked for."""
    distance_m = np.full(len(shapes), np.nan)
    if scene.distances and len(shapes) and len(scene.outlines):
        # what is outside is nearest to an edge, and a tree of short edges is quick to search
        tree = shapely.STRtree(_cut_edges(_project(scene.outlines, *scene.systems)))
        (site, _), near_m = tree.query_nearest(
            _project(shapes, *scene.systems), return_distance=True, all_matches=False
        )
        distance_m[site] = near_m
    return distance_m


def _cut_edges(outlines: Shapes) -> Shapes:
    rings = shapely.get_rings(shapely.get_parts(outlines))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = np.flatnonzero(ring[:-1] == ring[1:])
    return np.asarray(shapely.linestrings(np.stack([xy[same], xy[same + 1]], axis=1)), dtype=object)
