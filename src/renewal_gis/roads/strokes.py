"""How streets go on beyond their nodes, and which of them hang on the network by one node only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.geo.geometry import index_ranges, measure_turn, scale_to_unit

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.network import Network
    from renewal_gis.roads.scene import Scene

LOOK_M = 20.0
STRAIGHT_DEG = 35.0
STROKE_STEPS = 6


@dataclass(frozen=True)
class Strokes:
    """Half-edges: 2e leaves the first node of street e, 2e + 1 its last.

    ``leaving`` (2m, 2) is the direction in which it leaves; ``onward`` the half-edge that continues it
    most straightly beyond its far node (-1 at a dead end), ``turn_deg`` by how much that turns, and
    ``stroke_m`` the length of what follows as long as it goes straight on.
    """

    leaving: Floats
    onward: Ints
    turn_deg: Floats
    stroke_m: Floats


def trace_strokes(scene: Scene, /) -> Strokes:
    """Straightest continuation of every street beyond each of its nodes."""
    network = scene.network
    leaving = _measure_leaving(scene)
    size = len(network.from_node)
    order, indptr = list_half_edges(network)
    far = np.empty(2 * size, np.int64)
    far[0::2], far[1::2] = network.to_node, network.from_node
    count = network.degree[far]
    row = np.repeat(np.arange(2 * size), count)
    other = order[index_ranges(indptr[far], count)]
    keep = other != (row ^ 1)
    row, other = row[keep], other[keep]
    turn = 180.0 - measure_turn(leaving[row ^ 1], leaving[other])
    rank = np.lexsort((turn, row))
    row, other, turn = row[rank], other[rank], turn[rank]
    fresh = np.r_[True, row[1:] != row[:-1]][: len(row)]
    onward, best = np.full(2 * size, -1, np.int64), np.full(2 * size, 180.0)
    onward[row[fresh]], best[row[fresh]] = other[fresh], turn[fresh]
    return Strokes(leaving, onward, best, _sum_strokes(onward, best, np.repeat(scene.length_m, 2)))


def _measure_leaving(scene: Scene) -> Floats:
    network, size = scene.network, len(scene.length_m)
    span = np.minimum(LOOK_M, scene.length_m)
    street = np.arange(size)
    leaving = np.empty((2 * size, 2))
    leaving[0::2] = scene.point_along(street, span) - network.xy[network.from_node]
    leaving[1::2] = scene.point_along(street, scene.length_m - span) - network.xy[network.to_node]
    return scale_to_unit(leaving)


def _sum_strokes(onward: Ints, turn: Floats, length: Floats) -> Floats:
    stroke = np.zeros(len(onward))
    at = np.arange(len(onward))
    going = np.ones(len(onward), bool)
    for _ in range(STROKE_STEPS):
        going &= (turn[at] <= STRAIGHT_DEG) & (onward[at] >= 0)
        at = np.where(going, onward[at], at)
        stroke += np.where(going, length[at], 0.0)
    return stroke


def list_half_edges(network: Network, /) -> tuple[Ints, Ints]:
    """Half-edges by the node they leave: those of node k are ``order[indptr[k]:indptr[k + 1]]``."""
    size = len(network.from_node)
    node = np.empty(2 * size, np.int64)
    node[0::2], node[1::2] = network.from_node, network.to_node
    return np.argsort(node, kind="stable"), network.indptr


@dataclass(frozen=True)
class Trees:
    """What is left over when dead-end streets are peeled off round by round.

    ``round`` (n,) is the round in which a node went (0 = never: it lies on a loop or between loops);
    ``hanging_m`` and ``tips`` are the length and the dead ends of all that hung on the node.
    """

    round: Ints
    hanging_m: Floats
    tips: Floats


def peel_trees(network: Network, /, *, rounds: int = 12) -> Trees:
    """Peel dead-end streets off the network, at most ``rounds`` times."""
    degree = network.degree.copy()
    gone = np.zeros(len(network.from_node), bool)
    peeled = np.zeros(len(degree), np.int64)
    hanging, tips = np.zeros(len(degree)), (degree == 1).astype(float)
    for number in range(1, rounds + 1):
        node = np.flatnonzero(degree == 1)
        if len(node) == 0:
            break
        peeled[node] = number
        count = network.degree[node]
        slot = index_ranges(network.indptr[node], count)
        live = ~gone[network.edge[slot]]
        owner = np.repeat(node, count)[live]
        street, onto = network.edge[slot][live], network.neighbour[slot][live]
        # a lone street between two dead ends is met from both sides: count it once
        street, first = np.unique(street, return_index=True)
        owner, onto = owner[first], onto[first]
        gone[street] = True
        np.add.at(hanging, onto, hanging[owner] + network.length_m[street])
        np.add.at(tips, onto, tips[owner])
        np.subtract.at(degree, owner, 1)
        np.subtract.at(degree, onto, 1)
    return Trees(peeled, hanging, tips)
