"""Streets that were drawn twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from shapely import ops

from renewal_gis.geo.geometry import hash_lines
from renewal_gis.roads.pieces import Pieces, project_points
from renewal_gis.roads.spots import Spots, make_none

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Floats, Ints

FOLD_DEG = 150.0
LEAST_M = 8.0
"""Shorter streets lie along others by the nature of junctions."""
JOINED_M = 1.25
"""Lines that share an end may bulge apart by this and still be one street drawn twice."""


def find_doubles(pieces: Pieces, streets: gpd.GeoDataFrame, a: Ints, b: Ints, reach_m: float) -> Spots:
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
    share = (
        np.bincount(pieces.street[covered], weights=size[covered], minlength=len(pieces.length))
        / pieces.length
    )
    suspects = np.flatnonzero((share > 0.4) & (pieces.length >= LEAST_M))
    order = np.lexsort((-suspects, pieces.length[suspects], _count_ties(pieces, suspects)))
    return _confirm_doubles(pieces, streets, suspects[order], reach_m)


def _count_ties(pieces: Pieces, street: Ints) -> Ints:
    """How firmly a street hangs in the network: other street ends at its own two."""
    return pieces.degree[pieces.start[street]] + pieces.degree[pieces.end[street]]


def _confirm_doubles(pieces: Pieces, streets: gpd.GeoDataFrame, suspects: Ints, reach_m: float) -> Spots:
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
        if widest <= (JOINED_M if joined else reach_m):
            gone.add(street)
            middle = shapely.get_coordinates(
                shapely.line_interpolate_point(lines[street], 0.5, normalized=True)
            )[0]
            found.append((middle, widest, street, main))
    if not found:
        return make_none()
    xy, size, street, main = zip(*found, strict=True)
    return Spots(np.array(xy), np.array(size), np.array(street), np.array(main))


def find_folds(pieces: Pieces, streets: gpd.GeoDataFrame) -> Spots:
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
        if arm < LEAST_M:
            continue
        out = shapely.line_interpolate_point(lines[street], turn - arm * np.linspace(0.04, 0.96, 12))
        back = ops.substring(lines[street], turn, turn + arm)
        widest = float(shapely.distance(out, back).max())
        if widest <= JOINED_M:
            found.append((shapely.get_coordinates(out[6])[0], widest, street))
    if not found:
        return make_none()
    xy, size, street_of = zip(*found, strict=True)
    return Spots(np.array(xy), np.array(size), np.array(street_of), np.array(street_of))


def find_exact(roads: gpd.GeoDataFrame) -> Spots:
    """Lines drawn twice vertex by vertex, which building the streets has already merged."""
    lines = np.asarray(roads.geometry.values)
    lines = lines[(shapely.get_type_id(lines) == 1) & ~shapely.is_empty(lines)]
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    if len(lines) == 0 or not np.isfinite(xy).all():
        return make_none()
    key = hash_lines(xy, np.bincount(owner, minlength=len(lines)), node_m=0.01)
    again = lines[pd.Series(key).duplicated().to_numpy()]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(again, 0.5, normalized=True)).reshape(
        -1, 2
    )
    none = np.full(len(again), -1, dtype=np.int64)
    return Spots(middle, np.zeros(len(again)), none, none)
