"""Streets as straight segments, and which of them come close to which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.geo.geometry import read_ends
from renewal_gis.roads.segments import Segments, cut_segments

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Flags, Floats, Ints

SPECIAL = -1


@dataclass(frozen=True)
class Pieces:
    """Segments of streets in flat arrays, metres.

    ``first``, ``second`` (n, 2) are the ends of the segments, ``street`` (n,) the street of each and
    ``along`` (n,) how far from the street's start it begins. Per street: ``length``, ``start`` and
    ``end`` node, ``level`` (equal numbers: equal bridge, tunnel and layer) and ``raised`` (bridge,
    tunnel or a layer other than 0). Per node: ``node_xy`` and ``degree``.
    """

    first: Floats
    second: Floats
    street: Ints
    along: Floats
    length: Floats
    start: Ints
    end: Ints
    level: Ints
    raised: Flags
    node_xy: Floats
    degree: Ints
    segments: Segments

    def near_node(self, street: Ints, along: Floats) -> tuple[Ints, Floats]:
        """The nearer end node of a place on a street, and how far it is along the street."""
        from_end = self.length[street] - along
        at_start = along <= from_end
        return np.where(at_start, self.start[street], self.end[street]), np.where(at_start, along, from_end)

    def way_between(self, a: Ints, along_a: Floats, b: Ints, along_b: Floats) -> Floats:
        """Shortest way between places on two streets over a node that both have, metres; else infinite."""
        best = np.full(len(a), np.inf)
        for node_a, way_a in ((self.start[a], along_a), (self.end[a], self.length[a] - along_a)):
            for node_b, way_b in ((self.start[b], along_b), (self.end[b], self.length[b] - along_b)):
                best = np.where(node_a == node_b, np.minimum(best, way_a + way_b), best)
        return best


def cut_pieces(streets: gpd.GeoDataFrame, /, *, segments: Segments | None = None) -> Pieces:
    """Segments of a frame that :func:`renewal_gis.roads.network.build_streets` made, with nodes and levels."""
    cut = segments or cut_segments(streets)
    start, end = (streets[side].to_numpy(np.int64) for side in ("from_node", "to_node"))
    degree = np.bincount(np.r_[start, end])
    node_xy = np.empty((len(degree), 2))
    node_xy[start], node_xy[end] = read_ends(np.asarray(streets.geometry.values))
    level, raised = read_levels(streets)
    step = np.hypot(*(cut.second - cut.first).T)
    length: Floats = np.bincount(cut.street, weights=step, minlength=len(streets)).astype(float)
    return Pieces(
        cut.first, cut.second, cut.street, cut.along, length, start, end, level, raised, node_xy, degree, cut
    )


def read_levels(streets: gpd.GeoDataFrame, /) -> tuple[Ints, Flags]:
    """Number of the level that each street lies on, and whether it is off the ground."""
    level = np.zeros(len(streets), dtype=np.int64)
    raised = np.zeros(len(streets), dtype=bool)
    for factor, column in ((2, "bridge"), (2, "tunnel"), (64, "layer")):
        if column in streets:
            value = streets[column].to_numpy().astype(np.int64)
            level = level * factor + value
            raised |= value != 0
    return level, raised


def find_segments(pieces: Pieces, xy: Floats, /, *, reach_m: float) -> tuple[Ints, Ints, Floats, Floats]:
    """Segments within reach of each point: row of the point, segment, distance, place of the foot along it."""
    row, segment = pieces.segments.meet_boxes(xy - reach_m, xy + reach_m)
    apart, on = project_points(xy[row], pieces.first[segment], pieces.second[segment])
    near = apart <= reach_m
    return row[near], segment[near], apart[near], on[near]


def project_points(points: Floats, first: Floats, second: Floats, /) -> tuple[Floats, Floats]:
    """Distance from points to segments, row by row, and how far along the segment the foot lies, metres."""
    side = second - first
    size = np.hypot(*side.T)
    safe = np.where(size > 0, size, 1.0)
    along = np.clip(((points - first) * side).sum(axis=1) / safe, 0.0, size)
    foot = first + side * (along / safe)[:, None]
    return np.hypot(*(points - foot).T), along
