"""Which outline each of many points lies in: a lattice of labelled cells answers nearly all of them.

A cell that no edge crosses lies wholly in one outline or in none, so its points need one look-up.
In a row of cells, those that edges do cross stand together in *runs*. Going along a row from the
left, where nothing is, each edge that is crossed enters an outline or leaves it; so a point inside a
run is placed by the edges of that run alone. What floating-point numbers cannot decide for certain
(Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997: the bound of ``orient2d``), and what
lies in two outlines, stays ``UNSURE`` for exact geometry.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis.geo.geometry import spread_ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Labels = NDArray[Any]
    Shapes = NDArray[np.object_]

OUTSIDE, UNSURE = -1, -2
"""Labels of what lies in no outline, and of what must be looked at exactly."""
SLACK = 1e-6
"""Share of a cell by which edges are thought thicker, so that rounding never hides a crossing."""
ROUNDING = 4e-16
"""Error bound of the orientation of three points, as a share of its two products (Shewchuk: 3.33e-16)."""
CHUNK = 1 << 16
"""Points placed at once: what they need stays in the processor's cache."""
FINEST = 4096
"""Most cells along one side: the table is then 32 MB."""


@dataclass(frozen=True)
class Edges:
    """e directed edges, the outline on their left; ``turn`` is +1 where a walk to the right enters it."""

    ends: Floats
    owner: Ints
    turn: Ints


@dataclass(frozen=True)
class Runs:
    """r runs of crossed cells in the order of the table.

    ``start`` is the first cell; ``holders`` and ``code`` (the sum of outline numbers, counted from 1)
    say what lies to the left of the run; ``edge[begin[k]:begin[k + 1]]`` are the edges in run k.
    """

    start: Ints
    holders: Ints
    code: Ints
    begin: Ints
    edge: Ints


@dataclass(frozen=True)
class Lattice:
    """Cells over the bounds of some outlines, with outside cells around them.

    ``label`` holds for each cell the row of the outline that covers it, or ``OUTSIDE``, or ``UNSURE``;
    ``origin`` is the corner of cell (0, 0) and ``per_unit`` the cells along one unit of x and of y.
    """

    label: Labels
    origin: tuple[float, float]
    per_unit: tuple[float, float]
    edges: Edges
    runs: Runs
    border: float


def build_lattice(outlines: Shapes, /, *, points: int, border: float = 0.0) -> Lattice:
    """Return the lattice of some outlines.

    Parameters
    ----------
    outlines
        n valid polygons or multipolygons in one plane, none of them missing; they may overlap.
    points
        How many points will be asked for: more points pay for finer cells.
    border
        Points nearer than this to an edge are ``UNSURE``, in the unit of the coordinates.
    """
    edges = _list_edges(outlines)
    left, low, right, high = shapely.total_bounds(outlines) if len(edges.owner) else (0.0, 0.0, 1.0, 1.0)
    wide, tall = max(right - left, 1e-300), max(high - low, 1e-300)
    side = _choose_side(len(edges.owner), points)
    # edges reach a little beyond the bounds; the outermost cells must stay free of them
    margin = min(2 + int(np.ceil(border / min(wide, tall) * side)), side // 4)
    per_unit = ((side - 2 * margin) / wide, (side - 2 * margin) / tall)
    origin = (float(left) - margin / per_unit[0], float(low) - margin / per_unit[1])
    scaled = (edges.ends - np.array(origin * 2)) * np.array(per_unit * 2)
    rows, edge, near, far = _cut_strips(scaled, SLACK + border * max(per_unit))
    crossed = np.zeros(side * side, dtype=bool)
    columns, strip = spread_ranges(near, far)
    crossed[rows[strip] * side + columns] = True
    runs, label = _walk_rows(crossed, side, (rows, edge, near, far), scaled, edges)
    return Lattice(label.reshape(side, side), origin, per_unit, edges, runs, border)


def find_labels(lattice: Lattice, x: Floats, y: Floats, /) -> Labels:
    """Return for each of n points the row of the outline that it lies in, ``OUTSIDE`` or ``UNSURE``.

    Parameters
    ----------
    lattice
        From :func:`build_lattice`.
    x, y
        Shape (n,), in the plane of the outlines; NaN lies outside.
    """
    answer = np.empty(len(x), dtype=lattice.label.dtype)
    cells = np.empty(len(x), dtype=np.int32)

    def look_up(part: slice) -> None:
        cells[part] = _find_cells(lattice, x[part], y[part])
        lattice.label.take(cells[part], out=answer[part], mode="clip")

    def place(part: slice) -> None:
        which = rest[part]
        answer[which] = _place_in_runs(lattice, cells[which], x[which], y[which])

    share_out(look_up, len(x), CHUNK)
    rest = np.flatnonzero(answer == UNSURE)
    share_out(place, len(rest), CHUNK // 4)
    return answer


def share_out(work: Callable[[slice], None], size: int, chunk: int = CHUNK) -> None:
    """Do the work on all chunks of an array, on as many cores as there are; numpy and shapely let go of the lock."""
    parts = [slice(start, start + chunk) for start in range(0, size, chunk)]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1, max(1, len(parts) // 2))) as pool:
        list(pool.map(work, parts))


def _find_cells(lattice: Lattice, x: Floats, y: Floats) -> NDArray[np.int32]:
    rows, columns = lattice.label.shape
    (left, low), (across, up) = lattice.origin, lattice.per_unit
    # fmax and fmin send what lies beyond, and NaN, into the outer ring
    column = np.subtract(x, left)
    column *= across
    np.fmin(np.fmax(column, 0.0, out=column), columns - 1.0, out=column)
    row = np.subtract(y, low)
    row *= up
    np.fmin(np.fmax(row, 0.0, out=row), rows - 1.0, out=row)
    cells = row.astype(np.int32)
    cells *= np.int32(columns)
    cells += column.astype(np.int32)
    return cells


def _place_in_runs(lattice: Lattice, cells: NDArray[np.int32], x: Floats, y: Floats) -> Labels:
    runs, edges = lattice.runs, lattice.edges
    run = np.searchsorted(runs.start, cells, side="right") - 1
    counts = runs.begin[run + 1] - runs.begin[run]
    point = np.repeat(np.arange(len(cells)), counts)
    begin = np.cumsum(counts) - counts
    edge = runs.edge[runs.begin[run][point] + np.arange(len(point)) - begin[point]]
    x0, y0, x1, y1 = edges.ends[edge].T
    px, py = x[point], y[point]
    one, two = (x0 - px) * (y1 - py), (y0 - py) * (x1 - px)
    turn = edges.turn[edge]
    # the point is to the right of the edge if the walk along the edge has it on that side
    passed = ((y0 <= py) != (y1 <= py)) & ((one - two) * turn > 0)
    doubt = ROUNDING * (np.abs(one) + np.abs(two)) + lattice.border * np.hypot(x1 - x0, y1 - y0)
    near = (np.abs(one - two) <= doubt) & (np.minimum(y0, y1) - lattice.border <= py)
    near &= np.maximum(y0, y1) + lattice.border >= py
    if lattice.border > 0:
        near |= np.minimum(np.hypot(x0 - px, y0 - py), np.hypot(x1 - px, y1 - py)) <= lattice.border
    size = len(cells)
    step = turn * passed
    holders = runs.holders[run] + np.bincount(point, step, size).astype(np.int64)
    code = runs.code[run] + np.bincount(point, step * (edges.owner[edge] + 1), size).astype(np.int64)
    found = np.select([holders == 0, holders == 1], [OUTSIDE, code - 1], UNSURE)
    found[point[near]] = UNSURE
    return found.astype(lattice.label.dtype)


def _choose_side(edges: int, points: int) -> int:
    # no more cells than points, and enough that few are crossed
    wanted = min(6.0 * np.sqrt(edges + 1.0) + 512.0, np.sqrt(points + 1.0) + 64.0)
    return int(2 ** np.clip(np.ceil(np.log2(wanted)), 6, np.log2(FINEST)))


def _list_edges(outlines: Shapes) -> Edges:
    parts, outline = shapely.get_parts(shapely.orient_polygons(outlines), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    # level edges never cross a row, but points may lie on them
    same = np.flatnonzero((ring[:-1] == ring[1:]) & (xy[:-1] != xy[1:]).any(axis=1))
    ends = np.hstack([xy[same], xy[same + 1]])
    turn = np.sign(ends[:, 1] - ends[:, 3]).astype(np.int64)
    return Edges(ends, outline[part[ring[same]]].astype(np.int64), turn)


def _cut_strips(edges: Floats, thick: float) -> tuple[Ints, Ints, Ints, Ints]:
    """Return row, edge, first and last column of each piece of an edge in one row; in units of cells."""
    x0, y0, x1, y1 = np.where((edges[:, 1] <= edges[:, 3])[:, None], edges, edges[:, [2, 3, 0, 1]]).T
    rows, edge = spread_ranges(np.floor(y0 - thick).astype(np.int64), np.floor(y1 + thick).astype(np.int64))
    x0, y0, x1, y1 = x0[edge], y0[edge], x1[edge], y1[edge]
    with np.errstate(divide="ignore", invalid="ignore"):
        enter = np.clip((rows - thick - y0) / (y1 - y0), 0.0, 1.0)
        leave = np.clip((rows + 1 + thick - y0) / (y1 - y0), 0.0, 1.0)
    level = y1 <= y0
    from_x = x0 + np.where(level, 0.0, enter) * (x1 - x0)
    to_x = x0 + np.where(level, 1.0, leave) * (x1 - x0)
    near = np.floor(np.minimum(from_x, to_x) - thick).astype(np.int64)
    return rows, edge, near, np.floor(np.maximum(from_x, to_x) + thick).astype(np.int64)


def _walk_rows(
    crossed: NDArray[np.bool_],
    side: int,
    strips: tuple[Ints, Ints, Ints, Ints],
    scaled: Floats,
    edges: Edges,
) -> tuple[Runs, Labels]:
    rows, edge, near, _ = strips
    cells = np.flatnonzero(crossed)
    first = np.flatnonzero(np.diff(cells, prepend=-2) > 1)
    start = cells[first]
    length = np.diff(np.append(first, len(cells)))
    # the cells of a strip stand together, so its first one tells the run
    run = np.searchsorted(start, rows * side + near, side="right") - 1
    y0, y1, middle = scaled[edge, 1], scaled[edge, 3], rows + 0.5
    over = (y0 <= middle) != (y1 <= middle)
    turn = edges.turn[edge] * over
    size = len(start)
    holders = np.cumsum(np.bincount(run, turn, size).astype(np.int64))
    code = np.cumsum(np.bincount(run, turn * (edges.owner[edge] + 1), size).astype(np.int64))
    order = np.argsort(run, kind="stable")
    begin = np.concatenate([[0], np.cumsum(np.bincount(run, minlength=size))])
    before = np.concatenate([[0], holders])[:-1], np.concatenate([[0], code])[:-1]
    after = np.select([holders == 0, holders == 1], [OUTSIDE, code - 1], UNSURE)
    kind = np.int16 if len(edges.owner) == 0 or edges.owner.max() < np.iinfo(np.int16).max else np.int32
    # the table in one stroke: a run, what follows it, the next run …
    labels = np.full(2 * size + 1, OUTSIDE, dtype=kind)
    labels[1::2], labels[2::2] = UNSURE, after
    gaps = np.diff(np.concatenate([start, [len(crossed)]])) - length
    lengths = np.empty(2 * size + 1, dtype=np.int64)
    lengths[0] = start[0] if size else len(crossed)
    lengths[1::2], lengths[2::2] = length, gaps
    return Runs(start, *before, begin, edge[order]), np.repeat(labels, lengths)
