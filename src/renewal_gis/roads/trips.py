"""Who would go over a link: the junctions on both sides that gain by it, and the trips between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.roads.distances import list_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.distances import Part
    from renewal_gis.roads.network import Network

CUTOFF_M = 2500.0
"""Longest trip that counts, after the growing strategy of Vybornova et al. (2023)."""
LINKS_PER_ROUND = 128
SPAN_M = 4 * CUTOFF_M
"""Wider than any distance here, so that one sorted list can hold the distances of many links."""


@dataclass(frozen=True)
class Crossings:
    """Links as the network meets them, one row each.

    ``tip`` and ``tip_xy`` are the dead end; ``street`` and ``along_m`` where on which street the target
    lies; ``length_m`` the length of the link.
    """

    tip: Ints
    tip_xy: Floats
    street: Ints
    along_m: Floats
    length_m: Floats


@dataclass(frozen=True)
class Side:
    """Nodes on one side of links that would reach the other side's end sooner over the link, one row each.

    ``link`` (rising) is the row of the link, ``node`` the node, ``near_m`` its way to the link's end on its
    own side, ``far_m`` its present way to the other end, at most the cutoff.
    """

    link: Ints
    node: Ints
    near_m: Floats
    far_m: Floats


def list_sides(network: Network, links: Crossings, /) -> Iterator[tuple[Ints, Side, Side]]:
    """Rows of the links, a few at a time, with who gains on the dead end's side and on the target's.

    ``link`` of both sides counts within the rows.
    """
    reach_m = CUTOFF_M + float(links.length_m.max(initial=0.0))
    for rows, part in list_parts(network, links.tip_xy, reach_m=reach_m):
        for begin in range(0, len(rows), LINKS_PER_ROUND):
            some = rows[begin : begin + LINKS_PER_ROUND]
            yield some, *_find_sides(network, part, links, some)


def _find_sides(network: Network, part: Part, links: Crossings, rows: Ints) -> tuple[Side, Side]:
    street, along = links.street[rows], links.along_m[rows]
    rest = network.length_m[street] - along
    start, end = network.from_node[street], network.to_node[street]
    # a target at one end of its street needs no search from the other end
    wanted = np.stack([links.tip[rows], np.where(rest <= 0, end, start), np.where(along <= 0, start, end)])
    extra = np.stack([np.where(rest <= 0, 0.0, along), np.where(along <= 0, 0.0, rest)])
    unique, of = np.unique(wanted, return_inverse=True)
    ways = part.find_ways(unique, limit_m=CUTOFF_M)[:, :-1]
    of_tip, of_start, of_end = of.reshape(wanted.shape)
    from_tip = ways[of_tip]
    from_target = np.minimum(ways[of_start] + extra[0][:, None], ways[of_end] + extra[1][:, None])
    length = links.length_m[rows][:, None]
    return (
        _take_side(part.node, from_tip, from_target, length),
        _take_side(part.node, from_target, from_tip, length),
    )


def _take_side(node: Ints, near: Floats, far: Floats, length_m: Floats) -> Side:
    over = near + length_m
    link, column = np.nonzero((over < far) & (over <= CUTOFF_M))
    return Side(link, node[column], near[link, column], np.minimum(far[link, column], CUTOFF_M))


def bound_trips(one: Side, other: Side, length_m: Floats, /) -> tuple[Floats, Floats]:
    """Sure bounds of how many pairs of nodes have their shortest way over each link, two arrays (n,).

    Parameters
    ----------
    one, other
        Who gains on both sides of the links.
    length_m
        Length of each link, metres, (n,).

    Notes
    -----
    A pair (s, t) with s on the tip's side and t on the target's takes at least
    max(d(s, target) − d(t, target), d(t, tip) − d(s, tip)) today, by the triangle inequality: where
    the way over the link is shorter than that, the pair certainly gains. Where it exceeds the cutoff
    it never counts.
    """
    size = len(length_m)
    left_one = CUTOFF_M - length_m[one.link] - one.near_m
    left_other = CUTOFF_M - length_m[other.link] - other.near_m
    half_one = (one.far_m - one.near_m - length_m[one.link]) / 2
    half_other = (other.far_m - other.near_m - length_m[other.link]) / 2
    most = _sum_counts(one, other, left_one, size, up_to=True)
    sure_one = _sum_counts(one, other, np.minimum(half_one, left_one), size, up_to=False)
    sure_other = _sum_counts(other, one, np.minimum(half_other, left_other), size, up_to=False)
    # the link's own two ends gain, or there would be no sides
    least = np.where(most > 0, np.maximum(np.maximum(sure_one, sure_other), 1.0), 0.0)
    return least, most


def _sum_counts(asking: Side, asked: Side, limit_m: Floats, size: int, *, up_to: bool) -> Floats:
    """Per link, over all rows of one side: how many of the other side are nearer than the row's limit."""
    ordered = np.sort(asked.link * SPAN_M + asked.near_m)
    begin = np.searchsorted(asked.link, asking.link)
    wanted = asking.link * SPAN_M + limit_m
    place = np.searchsorted(ordered, wanted, side="right") if up_to else np.searchsorted(ordered, wanted)
    number = place - begin
    total: Floats = np.bincount(asking.link, weights=number, minlength=size).astype(float)
    return total
