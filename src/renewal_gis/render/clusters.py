"""Many marks at one place become a few with numbers: for maps on which a town is a dot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_GROWTH, _LEGIBLE, _CELLS = 0.3, 1.45, 4


@dataclass(frozen=True, slots=True)
class Bubble:
    """Sites of one programme at one place: the mark's middle, its diameter (map metres), how many.

    ``sites`` are positions in the arrays given.
    """

    programme: str
    x: float
    y: float
    width_m: float
    sites: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many sites the mark stands for."""
        return len(self.sites)


def group_places(spots: NDArray[np.float64], *, within_m: float) -> NDArray[np.int_]:
    """Return the number of the place of each spot: spots within reach of one another share one.

    Parameters
    ----------
    spots
        Shape (n, 2), map metres.
    within_m
        How near two spots are one place; chains count.

    Returns
    -------
    ndarray
        Shape (n,), numbered from 0 by first appearance.
    """
    if len(spots) == 0:
        return np.empty(0, dtype=int)
    # crowds are thinned to one point a small cell, else every spot of a town would meet every other
    cells = np.floor(spots / (within_m / _CELLS)).astype(np.int64)
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    cell = cell.ravel()
    sums = np.column_stack([np.bincount(cell, weights=axis) for axis in spots.T])
    points = np.asarray(shapely.points(sums / np.bincount(cell)[:, None]), dtype=object)
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=within_m)
    links = coo_array((np.ones(near.shape[1], dtype=bool), (near[0], near[1])), shape=(len(points),) * 2)
    places = connected_components(links, directed=False)[1][cell]
    _, first, number = np.unique(places, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[number.ravel()], dtype=int)


def _grow(count: int) -> float:
    """Much slower than the count, but never too small for the number."""
    return 1.0 if count == 1 else max(_LEGIBLE, count**_GROWTH)


def make_bubbles(
    spots: NDArray[np.float64],
    programmes: NDArray[np.object_],
    *,
    mark_m: float,
    size_of: Callable[[str], float],
    within_m: float,
) -> list[Bubble]:
    """Return one mark for each programme at each place, side by side, the largest in the middle.

    Parameters
    ----------
    spots
        Shape (n, 2), map metres.
    programmes
        Programme of each spot.
    mark_m
        Diameter of the mark of a single site, map metres; it grows with the count, much slower
        than the count itself, so the number must be written on it.
    size_of
        A programme's own size against the ordinary mark.
    within_m
        How near two spots are one place.
    """
    places = group_places(spots, within_m=within_m)
    bubbles: list[Bubble] = []
    for place in range(places.max(initial=-1) + 1):
        members = np.flatnonzero(places == place)
        counts = Counter(programmes[k] for k in members)
        ranked = sorted(counts, key=lambda each: (-counts[each], each))
        row = [*ranked[1::2][::-1], *ranked[0::2]]  # the largest in the middle, the rest to both sides
        widths = [mark_m * size_of(each) * _grow(counts[each]) for each in row]
        x = float(spots[members, 0].mean()) - sum(widths) / 2
        for programme, width in zip(row, widths, strict=True):
            own = tuple(int(k) for k in members if programmes[k] == programme)
            bubbles.append(Bubble(programme, x + width / 2, float(spots[members, 1].mean()), width, own))
            x += width
    return bubbles
