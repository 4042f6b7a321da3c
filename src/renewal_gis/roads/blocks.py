"""The blocks between streets, and how a link would divide them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.scene import Scene


@dataclass(frozen=True)
class Blocks:
    """Faces of the street graph, walked with the face to the left.

    Half-edge 2e runs along street e, 2e + 1 against it. ``block`` is the face of each half-edge, ``before_m``,
    ``before_m2`` and ``before_tips`` what was walked before it, from the face's first half-edge on (length;
    twice the swept area; dead ends). ``length_m``, ``area_m2`` (negative for the outside of a connected part)
    and ``tips`` are per face. ``swept_m2`` is twice the area swept along each street from the origin, and
    ``swept_before_m2`` the same up to each segment. ``order``, ``angle`` list half-edges by node and angle.
    """

    block: Ints
    before_m: Floats
    before_m2: Floats
    before_tips: Floats
    length_m: Floats
    area_m2: Floats
    tips: Floats
    swept_m2: Floats
    swept_before_m2: Floats
    order: Ints
    angle: Floats


def trace_blocks(scene: Scene, /) -> Blocks:
    """All faces of the street graph; crossings without a node do not part them."""
    network, size = scene.network, len(scene.length_m)
    order, angle = _sort_around_nodes(scene)
    onward = _turn_left(network.indptr, network.degree, order)
    block, place = _walk_faces(onward)
    cross = scene.first[:, 0] * scene.second[:, 1] - scene.first[:, 1] * scene.second[:, 0]
    total = np.cumsum(cross)
    swept = np.add.reduceat(cross, scene.begin - np.arange(size)) if size else np.empty(0)
    swept_before = np.r_[0.0, total[:-1]][: len(total)]
    swept_before = swept_before - swept_before[(scene.begin - np.arange(size))[scene.street]]
    both = np.empty(2 * size)
    both[0::2], both[1::2] = swept, -swept
    arrives = np.empty(2 * size, np.int64)
    arrives[0::2], arrives[1::2] = network.to_node, network.from_node
    tip = (network.degree[arrives] == 1).astype(float)
    length = np.repeat(scene.length_m, 2)
    walk = np.lexsort((place, block))
    number = int(block.max(initial=-1)) + 1
    before_m, before_m2, before_tips = (_sum_before(values, block, walk) for values in (length, both, tip))
    sum_m, sum_m2, sum_tips = (
        np.asarray(np.bincount(block, weights=v, minlength=number), float) for v in (length, both, tip)
    )
    return Blocks(
        block=block,
        before_m=before_m,
        before_m2=before_m2,
        before_tips=before_tips,
        length_m=sum_m,
        area_m2=sum_m2 / 2.0,
        tips=sum_tips,
        swept_m2=swept,
        swept_before_m2=swept_before,
        order=order,
        angle=angle,
    )


def _sort_around_nodes(scene: Scene) -> tuple[Ints, Floats]:
    """Half-edges by node and angle, and the angle of each in that order, radians."""
    size = len(scene.length_m)
    last = scene.begin + scene.count - 1
    out = np.empty((2 * size, 2))
    out[0::2] = scene.xy[np.minimum(scene.begin + 1, len(scene.xy) - 1)] - scene.xy[scene.begin]
    out[1::2] = scene.xy[last - 1] - scene.xy[last]
    node = np.empty(2 * size, np.int64)
    node[0::2], node[1::2] = scene.network.from_node, scene.network.to_node
    angle = np.arctan2(out[:, 1], out[:, 0])
    order = np.lexsort((angle, node))
    return order, angle[order]


def _turn_left(indptr: Ints, degree: Ints, order: Ints) -> Ints:
    """Half-edge that follows each with the face kept to the left: clockwise of its way back."""
    node = np.repeat(np.arange(len(degree)), degree)
    slot = np.arange(len(order))
    previous = np.where(slot == indptr[node], indptr[node] + degree[node] - 1, slot - 1)
    clockwise = np.empty(len(order), np.int64)
    clockwise[order] = order[previous]
    onward: Ints = clockwise[np.arange(len(order)) ^ 1]
    return onward


def _walk_faces(onward: Ints) -> tuple[Ints, Ints]:
    """Number of the face of each half-edge, and its place on the walk from the lowest one.

    Pointer jumping: the smallest half-edge within 2**k steps is known after k rounds, then the steps to
    it; the longest walk of a city takes 15 rounds or so.
    """
    size = len(onward)
    lowest, reach = np.arange(size), onward.copy()
    for _ in range(max(size.bit_length(), 1)):
        further = np.minimum(lowest, lowest[reach])
        if np.array_equal(further, lowest):
            break
        lowest, reach = further, reach[reach]
    first = lowest == np.arange(size)
    name = np.cumsum(first) - 1
    # steps until the walk is back at its lowest half-edge
    jump = np.where(first[onward], np.arange(size), onward)
    steps = (~first[onward]).astype(np.int64)
    while True:
        further = jump[jump]
        if np.array_equal(further, jump):
            break
        steps = steps + steps[jump]
        jump = further
    return name[lowest], -steps


def _sum_before(values: Floats, block: Ints, walk: Ints) -> Floats:
    """Running sum along each face's walk, without the half-edge itself."""
    total = np.cumsum(values[walk]) - values[walk]
    ordered = block[walk]
    fresh = np.r_[True, ordered[1:] != ordered[:-1]][: len(walk)]
    start = np.flatnonzero(fresh)
    result = np.empty(len(values))
    result[walk] = total - np.repeat(total[start], np.diff(np.r_[start, len(walk)]))
    return result


def find_corner(blocks: Blocks, scene: Scene, node: Ints, gap: Floats, /) -> Ints:
    """Half-edge leaving each node whose left-hand corner a line in direction ``gap`` runs into."""
    network = scene.network
    span = 8.0
    owner = np.repeat(np.arange(len(network.degree)), network.degree)
    key = owner * span + blocks.angle
    want = node * span + np.arctan2(gap[:, 1], gap[:, 0])
    slot = np.searchsorted(key, want, side="right") - 1
    slot = np.where(slot < network.indptr[node], network.indptr[node] + network.degree[node] - 1, slot)
    corner: Ints = blocks.order[slot]
    return corner
