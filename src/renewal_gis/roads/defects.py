"""Digitising faults in road data: places to mend on the drawing board, not in the city."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import ops

from renewal_gis.geo.geometry import hash_lines, require_metric
from renewal_gis.roads.levels import judge_crossings
from renewal_gis.roads.network import build_streets
from renewal_gis.roads.pieces import Pieces, cut_pieces, pair_segments, project_points
from renewal_gis.vocab import DefectKind

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints

logger = logging.getLogger(__name__)

REACH_M = 2.25
"""What is further apart than this is taken for what it is drawn as."""
TOUCH_M = 0.02
"""Nearer than this a line touches the other one but is not broken there."""
NEAR_WAY_M = 20.0
"""Places joined by a way shorter than this are parts of one junction."""
BEND_DEG = 30.0
FOLD_DEG = 150.0
AIM_M = 0.01
AIM_SHARE = 0.045
"""An end aims at a place if it would miss it by less than this, or than this share of the way there."""
DOUBLE_MIN_M = 8.0
DOUBLE_JOINED_M = 1.25
"""Lines that share an end may bulge apart by this and still be one street drawn twice."""

REPAIRS = {
    DefectKind.UNDERSHOOT: "延长端点 {size:.2f} 米接到相邻道路,并在接点处打断",
    DefectKind.OVERSHOOT: "在交点处打断,删去过头的 {size:.2f} 米",
    DefectKind.UNSNAPPED_CROSSING: "在交点处打断两条线,形成路口;确为立体交叉的请标注桥梁、隧道或层",
    DefectKind.DUPLICATE: "与相邻线重复(最大相距 {size:.2f} 米),删去其中一条",
    DefectKind.SPLIT_NODE: "把相距 {size:.2f} 米的节点并为一个",
}


@dataclass(frozen=True)
class _Spots:
    """Faults found so far: place, kind, size and the two streets (``other`` is -1 where there is none)."""

    xy: Floats
    size: Floats
    street: Ints
    other: Ints

    def take(self, keep: Flags | Ints) -> _Spots:
        return _Spots(self.xy[keep], self.size[keep], self.street[keep], self.other[keep])


def find_defects(roads: gpd.GeoDataFrame, /, *, reach_m: float = REACH_M) -> gpd.GeoDataFrame:
    """Places where the lines of a network were drawn wrongly, one point each.

    Parameters
    ----------
    roads
        Lines in a projected CRS in metres, or streets as :func:`build_streets` makes them. ``bridge``,
        ``tunnel`` and ``layer`` keep roads of different level apart.
    reach_m
        Largest fault that is looked for, metres.

    Returns
    -------
    GeoDataFrame
        DEFECTS: ``kind`` (undershoot, overshoot, unsnapped_crossing, duplicate, split_node),
        ``size_m`` (how far apart what should meet is; 0 for a crossing), ``repair``, ``street_id``
        and ``other_id`` of the streets concerned; a point where the fault is.

    Raises
    ------
    CrsError
        ``roads`` has no CRS or not one in metres.

    Notes
    -----
    Roads of different level never count, nor do carriageways side by side further apart than
    ``reach_m``. A crossing whose level nobody wrote down is judged by its surroundings
    (:func:`renewal_gis.roads.levels.judge_crossings`). These are proposals to the editor of the
    data; nothing is mended here, and none of them is a missing road.
    """
    require_metric(roads, name="路网")
    streets = roads if "from_node" in roads.columns else build_streets(roads)
    ids = streets.index.to_numpy()
    if len(streets) == 0:
        return _make_table({}, ids, roads.crs)
    pieces = cut_pieces(streets)
    a, b = pairs = pair_segments(pieces, reach_m=reach_m)
    same = pieces.level[pieces.street[a]] == pieces.level[pieces.street[b]]
    doubles = _join(_find_doubles(pieces, streets, a[same], b[same], reach_m), _find_folds(pieces, streets))
    free = same & ~np.isin(pieces.street[a], doubles.street) & ~np.isin(pieces.street[b], doubles.street)
    a, b = a[free], b[free]
    past, crossings = _find_crossings(pieces, a, b, reach_m)
    overshoots, passed = _sort_overshoots(pieces, past, reach_m)
    overshoots = _join(overshoots, _find_stubs(pieces, doubles, reach_m))
    undershoots, splits = _find_short_ends(pieces, np.concatenate([past.street, doubles.street]), reach_m)
    crossed, crossings = _sort_crossings(pieces, crossings, reach_m)
    splits = _thin(_join(passed, splits, crossed, _find_split_nodes(pieces, a, b, reach_m)), reach_m)
    splits = _drop_near(splits, undershoots, reach_m)
    crossings = _drop_near(_drop_near(crossings, splits, 2 * reach_m), overshoots, 2 * reach_m)
    drawn_twice = np.asarray(streets.geometry.values)[doubles.street]
    undershoots, overshoots, splits, crossings = (
        _drop_beside(spots, drawn_twice, 2 * reach_m) for spots in (undershoots, overshoots, splits, crossings)
    )
    crossings = _judge_levels(pieces, streets, crossings, *pairs)
    found = {
        DefectKind.UNDERSHOOT: undershoots,
        DefectKind.OVERSHOOT: overshoots,
        DefectKind.UNSNAPPED_CROSSING: crossings,
        DefectKind.DUPLICATE: doubles if streets is roads else _join(doubles, _find_exact(roads)),
        DefectKind.SPLIT_NODE: splits,
    }
    return _make_table(found, ids, roads.crs)


def _find_exact(roads: gpd.GeoDataFrame) -> _Spots:
    """Lines drawn twice vertex by vertex, which building the streets has already merged."""
    lines = np.asarray(roads.geometry.values)
    lines = lines[(shapely.get_type_id(lines) == 1) & ~shapely.is_empty(lines)]
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    if len(lines) == 0 or not np.isfinite(xy).all():
        return _empty()
    key = hash_lines(xy, np.bincount(owner, minlength=len(lines)), node_m=0.01)
    again = lines[pd.Series(key).duplicated().to_numpy()]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(again, 0.5, normalized=True)).reshape(-1, 2)
    none = np.full(len(again), -1, dtype=np.int64)
    return _Spots(middle, np.zeros(len(again)), none, none)


def mark_doubles(lines: gpd.GeoDataFrame, /) -> gpd.GeoDataFrame:
    """DEFECTS of lines that are known to be drawn twice, at their middles."""
    middle = shapely.line_interpolate_point(np.asarray(lines.geometry.values), 0.5, normalized=True)
    none = np.full(len(lines), -1, dtype=np.int64)
    spots = _Spots(shapely.get_coordinates(middle), np.zeros(len(lines)), none, none)
    return _make_table({DefectKind.DUPLICATE: spots}, none, lines.crs)


def find_plain_crossings(
    roads: gpd.GeoDataFrame, /, *, reach_m: float = REACH_M
) -> tuple[gpd.GeoDataFrame, Pieces, _Spots]:
    """Streets, their segments, and every crossing without a node that is no overshoot, of whatever level.

    What :mod:`renewal_gis.roads.levels` is trained on.
    """
    streets = build_streets(roads)
    pieces = cut_pieces(streets)
    _, crossings = _find_crossings(pieces, *pair_segments(pieces, reach_m=reach_m), reach_m)
    return streets, pieces, crossings


def _make_table(found: dict[DefectKind, _Spots], ids: np.ndarray, crs: Any) -> gpd.GeoDataFrame:
    """One table of all kinds; a touch that is not broken counts as an unsnapped crossing."""
    kinds: list[str] = []
    for kind, spots in found.items():
        touch = kind in (DefectKind.UNDERSHOOT, DefectKind.OVERSHOOT)
        kinds += [DefectKind.UNSNAPPED_CROSSING if touch and size < TOUCH_M else kind for size in spots.size]
    spots = _join(*found.values())
    return gpd.GeoDataFrame(
        {
            "kind": pd.Series([str(kind) for kind in kinds], dtype=object),
            "size_m": np.round(spots.size, 3),
            "repair": pd.Series(
                [REPAIRS[DefectKind(kind)].format(size=size) for kind, size in zip(kinds, spots.size, strict=True)],
                dtype=object,
            ),
            "street_id": _name_streets(spots.street, ids),
            "other_id": _name_streets(spots.other, ids),
        },
        geometry=shapely.points(spots.xy) if len(kinds) else [],
        crs=crs,
    )


def _name_streets(street: Ints, ids: np.ndarray) -> np.ndarray:
    return np.array([ids[k] if k >= 0 else -1 for k in street.tolist()], dtype=np.int64)


def _empty() -> _Spots:
    none = np.empty(0, dtype=np.int64)
    return _Spots(np.empty((0, 2)), np.empty(0), none, none)


def _join(*parts: _Spots) -> _Spots:
    parts = parts or (_empty(),)
    return _Spots(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("xy", "size", "street", "other")))


def _drop_near(spots: _Spots, others: _Spots, distance_m: float) -> _Spots:
    """Leave out what lies beside a fault that was found before: one place, one fault."""
    if len(spots.xy) == 0 or len(others.xy) == 0:
        return spots
    tree = shapely.STRtree(shapely.points(others.xy))
    hit, _ = tree.query(shapely.points(spots.xy), predicate="dwithin", distance=distance_m)
    return spots.take(~np.isin(np.arange(len(spots.xy)), hit))


def _drop_beside(spots: _Spots, lines: np.ndarray, distance_m: float) -> _Spots:
    """Leave out what lies on a line that is drawn twice: it goes with the line."""
    if len(spots.xy) == 0 or len(lines) == 0:
        return spots
    hit, _ = shapely.STRtree(lines).query(shapely.points(spots.xy), predicate="dwithin", distance=distance_m)
    return spots.take(~np.isin(np.arange(len(spots.xy)), hit))


def _thin(spots: _Spots, distance_m: float) -> _Spots:
    """Keep the first of faults that lie within a distance of each other."""
    if len(spots.xy) == 0:
        return spots
    points = shapely.points(spots.xy)
    first, second = shapely.STRtree(points).query(points, predicate="dwithin", distance=distance_m)
    keep = np.ones(len(points), dtype=bool)
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        if one < other and keep[one]:
            keep[other] = False
    return spots.take(keep)


# ------------------------------------------------------------------ duplicates
def _find_doubles(pieces: Pieces, streets: gpd.GeoDataFrame, a: Ints, b: Ints, reach_m: float) -> _Spots:
    """Streets that run along other ones for their whole length, less than ``reach_m`` apart."""
    side = pieces.second - pieces.first
    size = np.hypot(*side.T)
    unit = side / np.where(size > 0, size, 1.0)[:, None]
    parallel = np.abs((unit[a] * unit[b]).sum(axis=1)) > np.cos(np.radians(20.0))
    a, b = a[parallel], b[parallel]
    middle = (pieces.first + pieces.second) / 2
    covered = np.zeros(len(size), dtype=bool)
    for one, other in ((a, b), (b, a)):
        apart, _ = project_points(middle[one], pieces.first[other], pieces.second[other])
        covered[one[apart <= reach_m]] = True
    share = np.bincount(pieces.street[covered], weights=size[covered], minlength=len(pieces.length)) / pieces.length
    suspects = np.flatnonzero((share > 0.4) & (pieces.length >= DOUBLE_MIN_M))
    order = np.lexsort((-suspects, pieces.length[suspects], _count_ties(pieces, suspects)))
    return _confirm_doubles(pieces, streets, suspects[order], reach_m)


def _count_ties(pieces: Pieces, street: Ints) -> Ints:
    """How firmly a street hangs in the network: other street ends at its own two."""
    return pieces.degree[pieces.start[street]] + pieces.degree[pieces.end[street]]


def _confirm_doubles(pieces: Pieces, streets: gpd.GeoDataFrame, suspects: Ints, reach_m: float) -> _Spots:
    """Walk the suspects, the loosest first, and keep those that others, not yet kept, cover all along."""
    lines = np.asarray(streets.geometry.values)
    steps = np.linspace(0.04, 0.96, 12)
    near, other = shapely.STRtree(lines).query(lines[suspects], predicate="dwithin", distance=reach_m)
    gone: set[int] = set()
    found: list[tuple[Floats, float, int, int]] = []
    for place, street in enumerate(suspects.tolist()):
        rest = [k for k in other[near == place].tolist() if k != street and k not in gone]
        rest = [k for k in rest if pieces.level[k] == pieces.level[street]]
        if not rest:
            continue
        points = shapely.line_interpolate_point(lines[street], steps, normalized=True)
        apart = shapely.distance(points[:, None], lines[rest][None, :])
        widest = float(apart.min(axis=1).max())
        main = rest[int(apart.mean(axis=0).argmin())]
        ends = {pieces.start[street], pieces.end[street]}
        joined = bool(ends & {pieces.start[main], pieces.end[main]})
        if widest <= (DOUBLE_JOINED_M if joined else reach_m):
            gone.add(street)
            middle = shapely.get_coordinates(shapely.line_interpolate_point(lines[street], 0.5, normalized=True))[0]
            found.append((middle, widest, street, main))
    if not found:
        return _empty()
    xy, size, street, main = zip(*found, strict=True)
    return _Spots(np.array(xy), np.array(size), np.array(street), np.array(main))


def _find_folds(pieces: Pieces, streets: gpd.GeoDataFrame) -> _Spots:
    """Streets that turn about and run back along themselves: drawn twice, with an end in common."""
    side = pieces.second - pieces.first
    unit = side / np.maximum(np.hypot(*side.T), 1e-12)[:, None]
    fold = (pieces.street[1:] == pieces.street[:-1]) & (
        (unit[1:] * unit[:-1]).sum(axis=1) < np.cos(np.radians(FOLD_DEG))
    )
    lines = np.asarray(streets.geometry.values)
    found: list[tuple[Floats, float, int]] = []
    for segment in (np.flatnonzero(fold) + 1).tolist():
        street, turn = int(pieces.street[segment]), float(pieces.along[segment])
        arm = min(turn, float(pieces.length[street]) - turn)
        if arm < DOUBLE_MIN_M:
            continue
        out = shapely.line_interpolate_point(lines[street], turn - arm * np.linspace(0.04, 0.96, 12))
        back = ops.substring(lines[street], turn, turn + arm)
        widest = float(shapely.distance(out, back).max())
        if widest <= DOUBLE_JOINED_M:
            found.append((shapely.get_coordinates(out[6])[0], widest, street))
    if not found:
        return _empty()
    xy, size, street_of = zip(*found, strict=True)
    return _Spots(np.array(xy), np.array(size), np.array(street_of), np.array(street_of))


# ------------------------------------------------------------------ crossings and overshoots
def _find_crossings(pieces: Pieces, a: Ints, b: Ints, reach_m: float) -> tuple[_Spots, _Spots]:
    """Where streets cross without a node: just past a dead end (overshoots), and elsewhere."""
    p, r = pieces.first[a], pieces.second[a] - pieces.first[a]
    q, s = pieces.first[b], pieces.second[b] - pieces.first[b]
    size_r, size_s = np.hypot(*r.T), np.hypot(*s.T)
    cross = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    slanted = np.abs(cross) > 1e-9 * size_r * size_s
    safe = np.where(slanted, cross, 1.0)
    gap = q - p
    on_a = (gap[:, 0] * s[:, 1] - gap[:, 1] * s[:, 0]) / safe * size_r
    on_b = (gap[:, 0] * r[:, 1] - gap[:, 1] * r[:, 0]) / safe * size_s
    slack = 1e-6
    hit = slanted & (on_a >= -slack) & (on_a <= size_r + slack) & (on_b >= -slack) & (on_b <= size_s + slack)
    a, b, on_a, on_b = a[hit], b[hit], on_a[hit], on_b[hit]
    xy = p[hit] + r[hit] * (on_a / np.maximum(size_r[hit], 1e-12))[:, None]
    street, other = pieces.street[a], pieces.street[b]
    along, along_other = pieces.along[a] + on_a, pieces.along[b] + on_b
    apart = pieces.way_between(street, along, other, along_other) > 2 * reach_m
    street, other, along, along_other, xy = (x[apart] for x in (street, other, along, along_other, xy))
    return _split_overshoots(pieces, street, along, other, along_other, xy, reach_m)


def _split_overshoots(
    pieces: Pieces, street: Ints, along: Floats, other: Ints, along_other: Floats, xy: Floats, reach_m: float
) -> tuple[_Spots, _Spots]:
    past = np.full(len(street), np.inf)
    loose = street.copy()
    for own, place in ((street, along), (other, along_other)):
        for node, way in ((pieces.start[own], place), (pieces.end[own], pieces.length[own] - place)):
            nearer = (pieces.degree[node] == 1) & (way < past)
            past = np.where(nearer, way, past)
            loose = np.where(nearer, own, loose)
    over = past <= reach_m
    spots = _Spots(xy, np.maximum(past, 0.0), loose, np.where(loose == street, other, street))
    overshoots = _thin(spots.take(over), 1e-3)
    _, first = np.unique(overshoots.street, return_index=True)
    plain = _Spots(xy[~over], np.zeros(int((~over).sum())), street[~over], other[~over])
    return overshoots.take(first), _thin(plain, 1e-3)


def _judge_levels(
    pieces: Pieces, streets: gpd.GeoDataFrame, crossings: _Spots, a: Ints, b: Ints
) -> _Spots:
    """Leave out crossings on two levels; those that say so themselves help to judge the others."""
    apart = pieces.level[pieces.street[a]] != pieces.level[pieces.street[b]]
    _, told = _find_crossings(pieces, a[apart], b[apart], 0.0)
    every = _join(crossings, told)
    tagged = np.arange(len(every.xy)) >= len(crossings.xy)
    return every.take(judge_crossings(streets, pieces, every.xy, every.street, every.other, tagged))


def _sort_overshoots(pieces: Pieces, past: _Spots, reach_m: float) -> tuple[_Spots, _Spots]:
    """An end drawn past a street crosses it where it once met it; one pulled off its node crosses beside it."""
    nearest = _measure_vertex(pieces, past.xy, past.other, reach_m)
    beside = (nearest > np.maximum(AIM_M, AIM_SHARE * past.size)) & (nearest <= reach_m)
    return past.take(~beside), past.take(beside)


def _measure_vertex(pieces: Pieces, xy: Floats, street: Ints, reach_m: float) -> Floats:
    """Distance from places to the nearest vertex of a street, infinite beyond ``reach_m``."""
    nearest = np.full(len(xy), np.inf)
    if len(xy):
        k, segment = pieces.tree.query(shapely.points(xy), predicate="dwithin", distance=reach_m)
        mine = pieces.street[segment] == street[k]
        k, segment = k[mine], segment[mine]
        ends = np.stack([pieces.first[segment], pieces.second[segment]], axis=1) - xy[k][:, None, :]
        np.minimum.at(nearest, k, np.hypot(ends[..., 0], ends[..., 1]).min(axis=1))
    return np.where(nearest <= reach_m, nearest, np.inf)


def _sort_crossings(pieces: Pieces, spots: _Spots, reach_m: float) -> tuple[_Spots, _Spots]:
    """A crossing where both streets have a vertex was one node once; else it never was."""
    near = _measure_vertex(pieces, spots.xy, spots.street, reach_m)
    near_other = _measure_vertex(pieces, spots.xy, spots.other, reach_m)
    split = np.isfinite(near) & np.isfinite(near_other)
    apart = np.where(split, near + near_other, 0.0)
    return _Spots(spots.xy, apart, spots.street, spots.other).take(split), spots.take(~split)


def _find_stubs(pieces: Pieces, doubles: _Spots, reach_m: float) -> _Spots:
    """Dead ends so short that they are the rest of a line drawn past its junction."""
    start_free, end_free = pieces.degree[pieces.start] == 1, pieces.degree[pieces.end] == 1
    short = (pieces.length <= reach_m) & (start_free ^ end_free)
    stub = np.setdiff1d(np.flatnonzero(short), doubles.street)
    joint = np.where(start_free[stub], pieces.end[stub], pieces.start[stub])
    stub, joint = stub[pieces.degree[joint] >= 3], joint[pieces.degree[joint] >= 3]
    return _Spots(pieces.node_xy[joint], pieces.length[stub], stub, np.full(len(stub), -1))


# ------------------------------------------------------------------ ends that stop short
def _find_short_ends(pieces: Pieces, taken: Ints, reach_m: float) -> tuple[_Spots, _Spots]:
    """Dead ends just short of another street: undershoots, and ends pulled off their node."""
    street = np.concatenate([np.arange(len(pieces.length))] * 2)
    node = np.concatenate([pieces.start, pieces.end])
    loose = (pieces.degree[node] == 1) & ~np.isin(street, taken)
    at_start = np.r_[np.ones(len(pieces.length), bool), np.zeros(len(pieces.length), bool)][loose]
    street, node = street[loose], node[loose]
    tip = pieces.node_xy[node]
    k, segment = pieces.tree.query(shapely.points(tip), predicate="dwithin", distance=reach_m)
    other = pieces.street[segment]
    fit = (other != street[k]) & (pieces.level[other] == pieces.level[street[k]]) & ~np.isin(other, taken)
    k, segment, other = k[fit], segment[fit], other[fit]
    apart, on = project_points(tip[k], pieces.first[segment], pieces.second[segment])
    own_along = np.where(at_start[k], 0.0, pieces.length[street[k]])
    way = pieces.way_between(street[k], own_along, other, pieces.along[segment] + on)
    beside = way < np.maximum(NEAR_WAY_M, 2.2 * pieces.length[street[k]])
    k, segment, other, apart = (x[~(beside & (way < 60.0))] for x in (k, segment, other, apart))
    order = np.lexsort((apart, k))
    k, best = k[order], order
    first = np.r_[True, k[1:] != k[:-1]] if len(k) else np.empty(0, bool)
    k, best = k[first], best[first]
    heading = _head_out(pieces, street[k], at_start[k])
    return _sort_short_ends(pieces, tip[k], heading, node[k], street[k], segment[best], apart[best], reach_m)


def _head_out(pieces: Pieces, street: Ints, at_start: Flags) -> Floats:
    """Unit vector in which each street runs out of its end, over its last segment."""
    begin = np.searchsorted(pieces.street, street, side="left")
    final = np.searchsorted(pieces.street, street, side="right") - 1
    out = np.where(
        at_start[:, None],
        pieces.first[begin] - pieces.second[begin],
        pieces.second[final] - pieces.first[final],
    )
    return out / np.maximum(np.hypot(*out.T), 1e-12)[:, None]


def _sort_short_ends(
    pieces: Pieces,
    tip: Floats,
    heading: Floats,
    node: Ints,
    street: Ints,
    segment: Ints,
    apart: Floats,
    reach_m: float,
) -> tuple[_Spots, _Spots]:
    """An end that aims at the street, or at its vertex, stopped short of it; one that misses was pulled off."""
    other = pieces.street[segment]
    ends = np.stack([pieces.first[segment], pieces.second[segment]], axis=1)
    to_ends = ends - tip[:, None, :]
    far = np.hypot(to_ends[..., 0], to_ends[..., 1])
    pick = far.argmin(axis=1)
    rows = np.arange(len(tip))
    to_vertex, far = to_ends[rows, pick], far[rows, pick]
    miss = np.abs(heading[:, 0] * to_vertex[:, 1] - heading[:, 1] * to_vertex[:, 0])
    aims = ((to_vertex * heading).sum(axis=1) >= 0) & (miss <= np.maximum(AIM_M, AIM_SHARE * far))
    at_vertex = far <= reach_m
    side = ends[:, 1] - ends[:, 0]
    turn = heading[:, 0] * side[:, 1] - heading[:, 1] * side[:, 0]
    gap = ends[:, 0] - tip
    safe = np.where(np.abs(turn) > 1e-9, turn, 1.0)
    ahead = (gap[:, 0] * side[:, 1] - gap[:, 1] * side[:, 0]) / safe
    reaches = (np.abs(turn) > 1e-9) & (ahead >= -1e-6) & (ahead <= 1.25 * reach_m)
    split = (at_vertex & ~aims) | (at_vertex & _is_loose(pieces, other, ends[rows, pick])) | ~reaches
    split &= apart > TOUCH_M
    size = np.where(split & at_vertex, far, np.where(reaches & ~split, np.maximum(ahead, apart), apart))
    spots = _Spots(tip, np.where(apart <= TOUCH_M, 0.0, size), street, other)
    return spots.take(~split), _thin(spots.take(split), reach_m)


def _is_loose(pieces: Pieces, street: Ints, xy: Floats) -> Flags:
    """Whether a vertex of a street is a dead end of it."""
    loose = np.zeros(len(street), dtype=bool)
    for node in (pieces.start[street], pieces.end[street]):
        there = np.hypot(*(pieces.node_xy[node] - xy).T) <= TOUCH_M
        loose |= there & (pieces.degree[node] == 1)
    return loose


# ------------------------------------------------------------------ split nodes
def _find_split_nodes(pieces: Pieces, a: Ints, b: Ints, reach_m: float) -> _Spots:
    """Junctions or corners of different streets that nearly coincide but are not joined nearby."""
    size = np.hypot(*(pieces.second - pieces.first).T)
    ends = ((pieces.first, np.zeros(len(size))), (pieces.second, size))
    corner = _find_corners(pieces)
    found = []
    for left, (xy_a, on_a) in enumerate(ends):
        for right, (xy_b, on_b) in enumerate(ends):
            apart = np.hypot(*(xy_a[a] - xy_b[b]).T)
            near = (apart <= reach_m) & (apart > TOUCH_M) & corner[left][a] & corner[right][b]
            one, other = a[near], b[near]
            street, along = pieces.street[one], pieces.along[one] + on_a[one]
            street_b, along_b = pieces.street[other], pieces.along[other] + on_b[other]
            free = ~_joined_nearby(pieces, street, along, street_b, along_b)
            xy = (xy_a[one] + xy_b[other]) / 2
            found.append(_Spots(xy[free], apart[near][free], street[free], street_b[free]))
    return _thin(_join(*found), reach_m)


def _find_corners(pieces: Pieces) -> tuple[Flags, Flags]:
    """Which segments begin, and which end, at a junction or at a sharp bend of their street."""
    side = pieces.second - pieces.first
    unit = side / np.maximum(np.hypot(*side.T), 1e-12)[:, None]
    same = pieces.street[1:] == pieces.street[:-1]
    bend = same & ((unit[1:] * unit[:-1]).sum(axis=1) < np.cos(np.radians(BEND_DEG)))
    start_node, end_node = pieces.start[pieces.street], pieces.end[pieces.street]
    begins = np.r_[True, ~same] & (pieces.degree[start_node] >= 2)
    finishes = np.r_[~same, True] & (pieces.degree[end_node] >= 2)
    return begins | np.r_[False, bend], finishes | np.r_[bend, False]


def _joined_nearby(pieces: Pieces, a: Ints, along_a: Floats, b: Ints, along_b: Floats) -> Flags:
    """Whether two places are joined over a shared node, or over one short street between their nodes."""
    joined = pieces.way_between(a, along_a, b, along_b) <= NEAR_WAY_M
    short = pieces.length <= NEAR_WAY_M
    total = len(pieces.degree)
    bridges = np.unique(_pair_key(pieces.start[short], pieces.end[short], total))
    node_a, way_a = pieces.near_node(a, along_a)
    node_b, way_b = pieces.near_node(b, along_b)
    over = np.isin(_pair_key(node_a, node_b, total), bridges) | (node_a == node_b)
    return joined | (over & (way_a + way_b <= NEAR_WAY_M))


def _pair_key(one: Ints, other: Ints, total: int) -> Ints:
    return np.minimum(one, other) * total + np.maximum(one, other)
