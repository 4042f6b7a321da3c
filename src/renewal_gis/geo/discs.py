"""Discs of one radius on the plane: as polygons, and the area of their union under outlines.

The plane is cut into level strips. In each strip a disc is as wide as it is on average there, so that
the area of a single disc is exact; overlapping spans are merged by one sort. The covered area of an
outline is then a sum over pieces of its edges: the covered length to the left of each, times its rise (Green's
theorem, strip by strip), so that nothing is ever intersected. Outlines that tile the plane
share each edge with opposite signs: their areas add up to that of their union.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.geo.geometry import spread_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Shapes = NDArray[np.object_]

QUAD_SEGS = 32
"""Discs are polygons of 4 × 32 sides with the area of the true circle, unless said otherwise."""


def draw_discs(shapes: Shapes, reach_m: float, /, *, quad_segs: int = QUAD_SEGS) -> Shapes:
    """Return what lies within reach of each shape, metric; around a point, a disc of true area.

    Notes
    -----
    A regular polygon of n corners on radius R has the area n/2 · R² · sin(2π/n). R is stretched so
    that this is π · reach².
    """
    angle = np.pi / (2 * quad_segs)
    stretch = np.sqrt(angle / np.sin(angle))
    return np.asarray(shapely.buffer(shapes, reach_m * stretch, quad_segs=quad_segs), dtype=object)


def measure_union(x: Floats, y: Floats, outlines: Shapes, /, *, reach_m: float, strips: int) -> Floats:
    """Return for each outline the area that lies within reach of any of n points.

    Parameters
    ----------
    x, y
        Shape (n,), metres, finite; n ≥ 1.
    outlines
        m valid polygons or multipolygons.
    reach_m
        The radius of the discs.
    strips
        Level strips in one radius. The error of the union shrinks as their number to the power 1.5.

    Returns
    -------
    array
        Shape (m,), square metres. A single disc within an outline is exact.
    """
    height = reach_m / strips
    low = float(y.min()) - reach_m
    row, start, end = _cut_discs(x, y, reach_m, height, low)
    edge_row, edge_x, owner, rise = _cut_edges(outlines, height, low, reach_m / 4)
    within = (edge_row >= 0) & (edge_row <= row.max())
    edge_row, edge_x, owner, rise = edge_row[within], edge_x[within], owner[within], rise[within]
    # all rows on one line, one after the other, so that one sort and one search serve them all
    left = float(start.min()) - 1.0
    wide = float(end.max()) - left + 1.0
    start, end = _merge_spans(start - left + row * wide, end - left + row * wide)
    inside = np.clip(edge_x - left, 0.0, wide) + edge_row * wide
    # of all rows before, every outline counts as much in as out
    return np.asarray(np.bincount(owner, rise * _measure_left(start, end, inside), len(outlines)) * height)


def _cut_discs(x: Floats, y: Floats, radius: float, height: float, low: float) -> tuple[Ints, Floats, Floats]:
    """Return the strip of each slice of a disc, and where the slice begins and ends."""
    first = np.floor((y - radius - low) / height).astype(np.int64)
    row, disc = spread_ranges(first, np.floor((y + radius - low) / height).astype(np.int64))
    lower = np.clip((low + row * height - y[disc]) / radius, -1.0, 1.0)
    upper = np.clip((low + (row + 1) * height - y[disc]) / radius, -1.0, 1.0)
    half = (_integrate_chord(upper) - _integrate_chord(lower)) * radius**2 / height
    return row, x[disc] - half, x[disc] + half


def _integrate_chord(share: Floats) -> Floats:
    """Return the integral of √(1 - t²)."""
    return np.asarray(0.5 * (share * np.sqrt(1.0 - share**2) + np.arcsin(share)))


def _merge_spans(start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Return the union of spans on one line, from left to right."""
    order = np.argsort(start)
    start, reach = start[order], np.maximum.accumulate(end[order])
    first = np.flatnonzero(np.concatenate([[True], start[1:] > reach[:-1]]))
    return start[first], reach[np.append(first[1:], len(start)) - 1]


def _measure_left(start: Floats, end: Floats, at: Floats) -> Floats:
    """Return the length of the spans to the left of each place."""
    before = np.concatenate([[0.0], np.cumsum(end - start)])
    count = np.searchsorted(start, at, side="right")
    beyond = np.where(count > 0, np.maximum(end[count - 1] - at, 0.0), 0.0)
    return np.asarray(before[count] - beyond)


def _cut_edges(outlines: Shapes, height: float, low: float, step: float) -> tuple[Ints, Floats, Ints, Floats]:
    """Cut edges along the strips, and level ones into steps, so that no piece is long.

    Returns
    -------
    arrays
        Of each piece the strip, x of its middle, its outline, and its rise: above 0 where one walks
        out of the outline from left to right.
    """
    parts, outline = shapely.get_parts(shapely.orient_polygons(outlines), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = np.flatnonzero((ring[:-1] == ring[1:]) & (xy[:-1, 1] != xy[1:, 1]))
    owner = outline[part[ring[same]]]
    (x0, y0), (x1, y1) = xy[same].T, xy[same + 1].T
    y0, y1 = (y0 - low) / height, (y1 - low) / height
    lower, upper = np.minimum(y0, y1), np.maximum(y0, y1)
    row, edge = spread_ranges(np.floor(lower).astype(np.int64), np.ceil(upper).astype(np.int64) - 1)
    bottom, top = np.maximum(row, lower[edge]), np.minimum(row + 1, upper[edge])
    slope = ((x1 - x0) / (y1 - y0))[edge]
    count = np.maximum(np.ceil(np.abs(slope * (top - bottom)) / step).astype(np.int64), 1)
    part_of, piece = spread_ranges(np.zeros(len(row), dtype=np.int64), count - 1)
    share = (part_of + 0.5) / count[piece]
    middle = bottom[piece] + share * (top - bottom)[piece]
    edge = edge[piece]
    x = x0[edge] + (middle - y0[edge]) * slope[piece]
    rise = (top - bottom)[piece] / count[piece] * np.where(y1 > y0, 1.0, -1.0)[edge]
    return row[piece], x, owner[edge], rise
