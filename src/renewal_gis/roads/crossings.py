"""Streets that cross without a node, and ends drawn past the street they should join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.roads.pieces import find_segments
from renewal_gis.roads.spots import AIM_M, AIM_SHARE, Spots, thin_spots

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.pieces import Pieces


def find_crossings(pieces: Pieces, a: Ints, b: Ints, reach_m: float) -> tuple[Spots, Spots]:
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
    street, other, xy = street[apart], other[apart], xy[apart]
    return _split_overshoots(pieces, street, along[apart], other, along_other[apart], xy, reach_m)


def _split_overshoots(
    pieces: Pieces, street: Ints, along: Floats, other: Ints, along_other: Floats, xy: Floats, reach_m: float
) -> tuple[Spots, Spots]:
    past = np.full(len(street), np.inf)
    loose = street.copy()
    for own, place in ((street, along), (other, along_other)):
        for node, way in ((pieces.start[own], place), (pieces.end[own], pieces.length[own] - place)):
            nearer = (pieces.degree[node] == 1) & (way < past)
            past = np.where(nearer, way, past)
            loose = np.where(nearer, own, loose)
    over = past <= reach_m
    spots = Spots(xy, np.maximum(past, 0.0), loose, np.where(loose == street, other, street))
    overshoots = thin_spots(spots.take(over), 1e-3)
    _, first = np.unique(overshoots.street, return_index=True)
    plain = Spots(xy[~over], np.zeros(int((~over).sum())), street[~over], other[~over])
    return overshoots.take(first), thin_spots(plain, 1e-3)


def sort_overshoots(pieces: Pieces, past: Spots, reach_m: float) -> tuple[Spots, Spots]:
    """An end drawn past a street crosses it where it once met it; one pulled off its node crosses beside it."""
    nearest = _measure_vertex(pieces, past.xy, past.other, reach_m)
    beside = (nearest > np.maximum(AIM_M, AIM_SHARE * past.size)) & (nearest <= reach_m)
    return past.take(~beside), past.take(beside)


def _measure_vertex(pieces: Pieces, xy: Floats, street: Ints, reach_m: float) -> Floats:
    """Distance from places to the nearest vertex of a street, infinite beyond ``reach_m``."""
    nearest = np.full(len(xy), np.inf)
    if len(xy):
        k, segment, _, _ = find_segments(pieces, xy, reach_m=reach_m)
        mine = pieces.street[segment] == street[k]
        k, segment = k[mine], segment[mine]
        ends = np.stack([pieces.first[segment], pieces.second[segment]], axis=1) - xy[k][:, None, :]
        np.minimum.at(nearest, k, np.hypot(ends[..., 0], ends[..., 1]).min(axis=1))
    return np.where(nearest <= reach_m, nearest, np.inf)


def sort_crossings(pieces: Pieces, spots: Spots, reach_m: float) -> tuple[Spots, Spots]:
    """A crossing where both streets have a vertex was one node once; else it never was."""
    near = _measure_vertex(pieces, spots.xy, spots.street, reach_m)
    near_other = _measure_vertex(pieces, spots.xy, spots.other, reach_m)
    split = np.isfinite(near) & np.isfinite(near_other)
    apart = np.where(split, near + near_other, 0.0)
    return Spots(spots.xy, apart, spots.street, spots.other).take(split), spots.take(~split)


def find_stubs(pieces: Pieces, doubles: Spots, reach_m: float) -> Spots:
    """Dead ends so short that they are the rest of a line drawn past its junction."""
    start_free, end_free = pieces.degree[pieces.start] == 1, pieces.degree[pieces.end] == 1
    short = (pieces.length <= reach_m) & (start_free ^ end_free)
    stub = np.setdiff1d(np.flatnonzero(short), doubles.street)
    joint = np.where(start_free[stub], pieces.end[stub], pieces.start[stub])
    stub, joint = stub[pieces.degree[joint] >= 3], joint[pieces.degree[joint] >= 3]
    return Spots(pieces.node_xy[joint], pieces.length[stub], stub, np.full(len(stub), -1))
