"""Ends that stop short of their street, and nodes that came apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.roads.pieces import find_segments
from renewal_gis.roads.spots import AIM_M, AIM_SHARE, TOUCH_M, Spots, join_spots, thin_spots

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.pieces import Pieces

NEAR_WAY_M = 20.0
"""Places joined by a way shorter than this are parts of one junction."""
LONGEST_LOOP_M = 60.0
BEND_DEG = 30.0


def find_short_ends(pieces: Pieces, lines: np.ndarray, taken: Ints, reach_m: float) -> tuple[Spots, Spots]:
    """Dead ends just short of another street: undershoots, and ends pulled off their node."""
    street = np.concatenate([np.arange(len(pieces.length))] * 2)
    node = np.concatenate([pieces.start, pieces.end])
    loose = (pieces.degree[node] == 1) & ~np.isin(street, taken)
    at_start = np.r_[np.ones(len(pieces.length), bool), np.zeros(len(pieces.length), bool)][loose]
    street, node = street[loose], node[loose]
    tip = pieces.node_xy[node]
    k, segment, apart, on = find_segments(pieces, tip, reach_m=reach_m)
    other = pieces.street[segment]
    fit = (other != street[k]) & (pieces.level[other] == pieces.level[street[k]]) & ~np.isin(other, taken)
    k, segment, other, apart, on = k[fit], segment[fit], other[fit], apart[fit], on[fit]
    own_along = np.where(at_start[k], 0.0, pieces.length[street[k]])
    way = pieces.way_between(street[k], own_along, other, pieces.along[segment] + on)
    apart_way = ~_run_beside(lines, street[k], other, way, reach_m)
    k, segment, apart = k[apart_way], segment[apart_way], apart[apart_way]
    order = np.lexsort((apart, k))
    k, best = k[order], order
    first = np.r_[True, k[1:] != k[:-1]] if len(k) else np.empty(0, bool)
    k, best = k[first], best[first]
    heading = _head_out(pieces, street[k], at_start[k])
    return _sort_short_ends(pieces, tip[k], heading, street[k], segment[best], apart[best], reach_m)


def _run_beside(lines: np.ndarray, street: Ints, other: Ints, way: Floats, reach_m: float) -> Flags:
    """Whether a short street runs beside the one it leaves, so that its end is near it by nature."""
    beside = way < NEAR_WAY_M
    unsure = np.flatnonzero((way < LONGEST_LOOP_M) & ~beside)
    if len(unsure):
        inner = shapely.line_interpolate_point(
            lines[street[unsure], None], [0.25, 0.5, 0.75], normalized=True
        )
        beside[unsure] = (shapely.distance(inner, lines[other[unsure], None]) <= 2 * reach_m).all(axis=1)
    return beside


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
    street: Ints,
    segment: Ints,
    apart: Floats,
    reach_m: float,
) -> tuple[Spots, Spots]:
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
    split &= at_vertex | (apart > TOUCH_M)
    size = np.where(split & at_vertex, far, np.where(reaches & ~split, np.maximum(ahead, apart), apart))
    spots = Spots(tip, np.where((apart <= TOUCH_M) & ~split, 0.0, size), street, other)
    return spots.take(~split), thin_spots(spots.take(split), reach_m)


def _is_loose(pieces: Pieces, street: Ints, xy: Floats) -> Flags:
    """Whether a vertex of a street is a dead end of it."""
    loose = np.zeros(len(street), dtype=bool)
    for node in (pieces.start[street], pieces.end[street]):
        there = np.hypot(*(pieces.node_xy[node] - xy).T) <= TOUCH_M
        loose |= there & (pieces.degree[node] == 1)
    return loose


def find_split_nodes(pieces: Pieces, a: Ints, b: Ints, reach_m: float) -> Spots:
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
            found.append(Spots(xy[free], apart[near][free], street[free], street_b[free]))
    return thin_spots(join_spots(*found), reach_m)


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
