"""Ways through the network, bounded in length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.network import Network

SOURCES_PER_ROUND = 256
CELL_M = 4000.0


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
    Sources are taken cell by cell and see only the nodes within the limit, so that the work grows with the
    city and not with its square.
    """
    cell = np.floor(source_xy / CELL_M).astype(np.int64)
    result = np.full(len(source), np.inf)
    _, group = np.unique(cell, axis=0, return_inverse=True)
    for number in range(int(group.max(initial=-1)) + 1):
        rows = np.flatnonzero(group == number)
        low, high = source_xy[rows].min(axis=0) - limit_m, source_xy[rows].max(axis=0) + limit_m
        node = np.flatnonzero(((network.xy >= low) & (network.xy <= high)).all(axis=1))
        result[rows] = _measure_cell(network, node, source[rows], street[rows], along_m[rows], limit_m)
    return result


def _measure_cell(
    network: Network, node: Ints, source: Ints, street: Ints, along_m: Floats, limit_m: float
) -> Floats:
    """Bounded ways within the part of the network that the given nodes span."""
    part = network.matrix[node][:, node]
    place = np.full(len(network.xy), len(node), np.int64)
    place[node] = np.arange(len(node))
    start, end = place[network.from_node[street]], place[network.to_node[street]]
    unique, row = np.unique(place[source], return_inverse=True)
    result = np.full(len(source), np.inf)
    for begin in range(0, len(unique), SOURCES_PER_ROUND):
        found = dijkstra(
            part, directed=False, indices=unique[begin : begin + SOURCES_PER_ROUND], limit=limit_m
        )
        # one column more for nodes outside the part, which are out of reach
        found = np.concatenate([found, np.full((len(found), 1), np.inf)], axis=1)
        here = np.flatnonzero((row >= begin) & (row < begin + SOURCES_PER_ROUND))
        of = row[here] - begin
        rest = network.length_m[street[here]] - along_m[here]
        result[here] = np.minimum(found[of, start[here]] + along_m[here], found[of, end[here]] + rest)
    result[result > limit_m] = np.inf
    return result
