"""Whether a layer draws the two edges of each road instead of its centreline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.roads.network import make_network

if TYPE_CHECKING:
    import geopandas as gpd

LEAST_STREETS = 10
JOINED_SHARE = 0.3
"""In a street network more street ends than this meet two others; edges of roads seldom meet at all."""
PARALLEL_SHARE = 0.5
WIDTHS_M = (3.0, 60.0)
PARALLEL_DEG = 8.0
SAMPLE = 2000


def looks_like_edges(streets: gpd.GeoDataFrame, /) -> bool:
    """Whether most lines run beside another one and hardly any meet, as kerb lines of drawings do.

    Parameters
    ----------
    streets
        Frame made by ``build_streets``, projected CRS in metres.

    Returns
    -------
    bool
        False for fewer than 10 streets: too little to tell by.

    Notes
    -----
    A warning to look at the drawing; it must not be used to refuse a file.
    """
    if len(streets) < LEAST_STREETS:
        return False
    network = make_network(streets)
    ends = np.r_[network.from_node, network.to_node]
    ring = np.tile(network.from_node == network.to_node, 2)
    if ((network.degree[ends] >= 3) & ~ring).mean() >= JOINED_SHARE:
        return False
    return measure_parallels(streets) >= PARALLEL_SHARE


def measure_parallels(streets: gpd.GeoDataFrame, /) -> float:
    """Share of straight pieces of streets that have another street beside them, 3–60 m away (0–1)."""
    lines = np.asarray(streets.geometry.values)
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    inner = np.flatnonzero(owner[1:] == owner[:-1])
    first, second, own = xy[inner], xy[inner + 1], owner[inner]
    size = np.hypot(*(second - first).T)
    long = np.flatnonzero(size > WIDTHS_M[0])
    picked = long[:: max(len(long) // SAMPLE, 1)]
    if len(picked) == 0:
        return 0.0
    ahead = (second - first) / np.maximum(size, 1e-12)[:, None]
    pieces = shapely.linestrings(np.stack([first, second], axis=1))
    middle = shapely.points((first[picked] + second[picked]) / 2)
    k, near = shapely.STRtree(pieces).query(middle, predicate="dwithin", distance=WIDTHS_M[1])
    apart = shapely.distance(middle[k], pieces[near])
    along = np.abs((ahead[picked[k]] * ahead[near]).sum(axis=1)) >= np.cos(np.radians(PARALLEL_DEG))
    # beside, not ahead: the nearest point lies square to the piece's own direction
    foot = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(middle[k], pieces[near]), -1))
    side = foot - shapely.get_coordinates(middle)[k]
    square = np.abs((side * ahead[picked[k]]).sum(axis=1)) <= 0.5 * np.maximum(apart, 1e-9)
    beside = along & square & (apart >= WIDTHS_M[0]) & (own[picked[k]] != own[near])
    return float(len(np.unique(k[beside])) / len(picked))
