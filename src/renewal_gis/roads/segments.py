"""Streets cut into their straight pieces, and a tree that tells which of them are near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import STRtree

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Floats, Ints

GROWN_M = 1.125
"""Boxes in the tree are larger by this on each side, so that those that meet lie within twice as much."""


@dataclass(frozen=True)
class Segments:
    """Straight pieces of streets in order, metres.

    ``first``, ``second`` (n, 2) are their ends, ``street`` (n,) the row of the street of each, ``along``
    (n,) how far from the street's start it begins; ``tree`` holds the box of each, grown.
    """

    first: Floats
    second: Floats
    street: Ints
    along: Floats
    tree: STRtree

    def meet_boxes(self, low: Floats, high: Floats) -> tuple[Ints, Ints]:
        """Rows of boxes ``low`` … ``high`` (k, 2), and the segments whose boxes meet them."""
        low, high = low + GROWN_M, high - GROWN_M
        box, segment = self.tree.query(shapely.linestrings(np.stack([low, high], axis=1)))
        return box.astype(np.int64), segment.astype(np.int64)

    def pair_boxes(self, *, reach_m: float) -> tuple[Ints, Ints]:
        """Pairs of segments of different streets whose boxes come within ``reach_m``, each pair once."""
        if reach_m == 2 * GROWN_M:
            a, b = self.tree.query(self.tree.geometries)
        else:
            low, high = np.minimum(self.first, self.second), np.maximum(self.first, self.second)
            a, b = self.meet_boxes(low - reach_m, high + reach_m)
        keep = (a < b) & (self.street[a] != self.street[b])
        return a[keep], b[keep]


def cut_segments(streets: gpd.GeoDataFrame, /) -> Segments:
    """Segments of a frame that :func:`renewal_gis.roads.network.build_streets` made."""
    xy, owner = shapely.get_coordinates(np.asarray(streets.geometry.values), return_index=True)
    inner = np.flatnonzero(owner[1:] == owner[:-1])
    first, second, street = xy[inner], xy[inner + 1], owner[inner].astype(np.int64)
    step = np.hypot(*(second - first).T)
    total = np.cumsum(step) - step
    begin = np.flatnonzero(np.r_[True, street[1:] != street[:-1]][: len(street)])
    along = total - np.repeat(total[begin], np.diff(np.r_[begin, len(street)]))
    low, high = np.minimum(first, second) - GROWN_M, np.maximum(first, second) + GROWN_M
    # a diagonal has the same box as the rectangle and is quicker to make
    tree = STRtree(shapely.linestrings(np.stack([low, high], axis=1)))
    return Segments(first, second, street, along, tree)
