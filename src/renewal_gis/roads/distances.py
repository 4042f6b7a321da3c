"""Ways through the network, bounded in length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from renewal_gis.geo.geometry import index_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.network import Network

SOURCES_PER_ROUND = 256
CELL_M = 4000.0
"""Small enough that a search does not visit half a city, large enough that cutting the network out is cheap."""


@dataclass(frozen=True)
class Part:
    """The nodes of a network within a box, in rising order, and the distances between neighbours among them."""

    node: Ints
    matrix: csr_matrix

    def find_ways(self, source: Ints, *, limit_m: float) -> Floats:
        """Ways from each source node to the nodes of the part, metres, infinite beyond the limit.

        The last column, for nodes elsewhere, is infinite; so is the row of a source elsewhere.
        """
        place = self.place(source)
        ways = np.full((len(source), len(self.node) + 1), np.inf)
        here = np.flatnonzero(place < len(self.node))
        if len(here):
            # the matrix holds both directions, so that searching it one way is enough
            ways[here, :-1] = dijkstra(self.matrix, indices=place[here], limit=limit_m)
        return ways

    def place(self, node: Ints) -> Ints:
        """Column of each node; the last one for nodes elsewhere."""
        slot = np.searchsorted(self.node, node)
        slot[slot == len(self.node)] = 0
        found: Ints = np.where(self.node[slot] == node, slot, len(self.node))
        return found


def list_parts(network: Network, xy: Floats, /, *, reach_m: float) -> Iterator[tuple[Ints, Part]]:
    """Rows of ``xy`` cell by cell, each cell with the part of the network that is within reach of it.

    Parameters
    ----------
    network
        The graph.
    xy
        Shape (n, 2), in the network's system.
    reach_m
        No way from a row of ``xy`` that is of interest leads further away than this, metres.

    Notes
    -----
    The nodes of a cell are found by bisection in strips, so that the work grows with the city and not with
    its square.
    """
    strip = np.floor(network.xy[:, 0] / CELL_M).astype(np.int64)
    order = np.lexsort((network.xy[:, 1], strip))
    strip, north = strip[order], network.xy[order, 1]
    scratch = np.full(len(network.xy), -1, np.int64)
    cell = np.floor(xy / CELL_M).astype(np.int64)
    by_cell = np.lexsort((cell[:, 1], cell[:, 0]))
    fresh = (np.diff(cell[by_cell], axis=0) != 0).any(axis=1)
    for rows in np.split(by_cell, np.flatnonzero(fresh) + 1):
        if len(rows) == 0:
            continue
        low, high = xy[rows].min(axis=0) - reach_m, xy[rows].max(axis=0) + reach_m
        found = []
        for number in range(int(low[0] // CELL_M), int(high[0] // CELL_M) + 1):
            begin, end = np.searchsorted(strip, (number, number + 1))
            first = begin + np.searchsorted(north[begin:end], low[1])
            last = begin + np.searchsorted(north[begin:end], high[1], side="right")
            found.append(order[first:last])
        node = np.sort(np.concatenate(found))
        node = node[(network.xy[node, 0] >= low[0]) & (network.xy[node, 0] <= high[0])]
        yield rows, _cut_part(network.matrix, node, scratch)


def _cut_part(matrix: csr_matrix, node: Ints, scratch: Ints) -> Part:
    """Rows and columns of some nodes; ``scratch`` (one number per node, all -1) is left as it was."""
    scratch[node] = np.arange(len(node))
    count = matrix.indptr[node + 1] - matrix.indptr[node]
    slot = index_ranges(matrix.indptr[node], count)
    column = scratch[matrix.indices[slot]]
    scratch[node] = -1
    inside = column >= 0
    row = np.repeat(np.arange(len(node)), count)[inside]
    pointer = np.r_[0, np.cumsum(np.bincount(row, minlength=len(node)))]
    size = (len(node), len(node))
    return Part(node, csr_matrix((matrix.data[slot][inside], column[inside], pointer), shape=size))


def measure_detours(
    network: Network,
    source: Ints,
    street: Ints,
    along_m: Floats,
    source_xy: Floats,
    /,
    *,
    limit_m: float,
) -> Floats:
    """Length of the present way from a node to a point on a street, metres; infinite beyond the limit.

    Parameters
    ----------
    network
        The graph.
    source, source_xy
        Node of each row, and its coordinates in the network's system, (n,) and (n, 2).
    street, along_m
        Street of each target and the distance from its first vertex, metres.
    limit_m
        Ways longer than this are not looked for.

    Notes
    -----
    Streets count both ways: this is the way of a walker or a rule-breaking bicycle, not of a car.
    """
    result = np.full(len(source), np.inf)
    for rows, part in list_parts(network, source_xy, reach_m=limit_m):
        unique, of = np.unique(source[rows], return_inverse=True)
        start, end = (part.place(node[street[rows]]) for node in (network.from_node, network.to_node))
        rest = network.length_m[street[rows]] - along_m[rows]
        for begin in range(0, len(unique), SOURCES_PER_ROUND):
            ways = part.find_ways(unique[begin : begin + SOURCES_PER_ROUND], limit_m=limit_m)
            here = np.flatnonzero((of >= begin) & (of < begin + SOURCES_PER_ROUND))
            own = of[here] - begin
            by_start, by_end = ways[own, start[here]] + along_m[rows[here]], ways[own, end[here]] + rest[here]
            result[rows[here]] = np.minimum(by_start, by_end)
    result[result > limit_m] = np.inf
    return result
