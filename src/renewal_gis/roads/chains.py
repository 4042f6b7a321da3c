"""Lines as flat arrays: cut where they share a vertex, joined where nothing branches off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from renewal_gis.geo.geometry import hash_lines, index_ranges, key_points, number_nodes

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Lines:
    """Polylines in flat arrays.

    ``xy`` holds all vertices, ``count`` the number of each line's vertices and ``row`` the number of the
    input row that a line came from.
    """

    xy: Floats
    count: Ints
    row: Ints

    @property
    def start(self) -> Ints:
        """First vertex of each line."""
        start: Ints = np.cumsum(self.count) - self.count
        return start

    def take(self, keep: Flags) -> Lines:
        """Only the lines flagged."""
        index = np.repeat(keep, self.count)
        return Lines(self.xy[index], self.count[keep], self.row[keep])


def flatten_lines(geometry: np.ndarray, /) -> Lines:
    """Single lines out of any geometries; everything that is not a line, or is null or empty, is left out."""
    parts, row = geometry, np.arange(len(geometry))
    if (shapely.get_type_id(parts) != 1).any():
        parts, row = shapely.get_parts(geometry, return_index=True)
        kind = shapely.get_type_id(parts)
        keep = (kind == 1) | (kind == 2)
        parts, row = parts[keep], row[keep]
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    fine = np.isfinite(xy).all(axis=1)
    xy, owner = xy[fine], owner[fine]
    count = np.bincount(owner, minlength=len(parts)).astype(np.int64)
    lines = Lines(xy, count, row.astype(np.int64))
    return lines.take(count >= 2)


def drop_repeats(lines: Lines, /, *, node_m: float) -> Lines:
    """Without vertices that repeat the one before, and without lines that have no length."""
    if len(lines.xy) == 0:
        return lines
    step = np.abs(np.diff(lines.xy, axis=0)).max(axis=1)
    keep = np.r_[True, step > node_m / 2]
    keep[lines.start] = True
    last = lines.start + lines.count - 1
    keep[last] = True
    owner = np.repeat(np.arange(len(lines.count)), lines.count)
    thinned = Lines(
        lines.xy[keep], np.bincount(owner[keep], minlength=len(lines.count)).astype(np.int64), lines.row
    )
    return thinned.take(measure_lines(thinned) > node_m)


def measure_lines(lines: Lines, /) -> Floats:
    """Length of each line in metres."""
    if len(lines.xy) == 0:
        return np.empty(0)
    step = np.r_[0.0, np.hypot(*np.diff(lines.xy, axis=0).T)]
    step[lines.start] = 0.0
    length: Floats = np.add.reduceat(step, lines.start)
    return length


def drop_doubles(lines: Lines, /, *, node_m: float) -> Lines:
    """Each line once, whichever way it was drawn; the first one stays."""
    if len(lines.count) == 0:
        return lines
    _, first = np.unique(hash_lines(lines.xy, lines.count, node_m=node_m), return_index=True)
    keep = np.zeros(len(lines.count), bool)
    keep[first] = True
    return lines.take(keep)


def split_lines(lines: Lines, level: Ints, /, *, node_m: float) -> Lines:
    """Lines cut at each inner vertex that they share with an end of another, or with another on their level.

    Parameters
    ----------
    lines
        Lines in metres.
    level
        One number per line; inner vertices of lines of different level stay uncut (a bridge over a road).
    node_m
        Grid in which vertices count as one, metres.
    """
    if len(lines.count) == 0:
        return lines
    key = key_points(lines.xy, node_m=node_m)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    fresh = np.r_[True, ordered[1:] != ordered[:-1]]
    place = np.empty(len(key), np.int64)
    place[order] = np.cumsum(fresh) - 1
    size = np.bincount(place)
    start, last = lines.start, lines.start + lines.count - 1
    is_end = np.zeros(len(key), bool)
    is_end[start] = is_end[last] = True
    if len(size) == len(key) or not ((size[place] > 1) & ~is_end).any():
        return lines
    has_end = np.bincount(place, weights=is_end) > 0
    per_vertex = np.repeat(level, lines.count)
    low, high = np.full(len(size), per_vertex.max()), np.full(len(size), per_vertex.min())
    np.minimum.at(low, place, per_vertex)
    np.maximum.at(high, place, per_vertex)
    cut = ~is_end & (size[place] > 1) & (has_end[place] | (low[place] == high[place]))
    return _cut_at(lines, np.flatnonzero(cut))


def _cut_at(lines: Lines, vertex: Ints) -> Lines:
    """Cut before and after each given inner vertex, which both pieces keep."""
    if len(vertex) == 0:
        return lines
    owner = np.repeat(np.arange(len(lines.count)), lines.count)
    begin = np.sort(np.r_[lines.start, vertex])
    own = owner[begin]
    last = lines.start + lines.count - 1
    final = np.r_[own[1:] != own[:-1], True]
    end = np.where(final, last[own], np.r_[begin[1:], 0])
    count = end - begin + 1
    return Lines(lines.xy[index_ranges(begin, count)], count, lines.row[own])


def join_lines(lines: Lines, group: Ints, /, *, node_m: float) -> tuple[Lines, Ints, Ints]:
    """Lines joined through every node where exactly two of the same group meet.

    Parameters
    ----------
    lines
        Lines in metres.
    group
        One number per line: only lines of equal group are joined.
    node_m
        Grid in which ends count as one node, metres.

    Returns
    -------
    joined
        The chains; ``row`` is the input row of the chain's first-numbered member, whose direction it keeps.
    chain
        Shape (m,): the chain that each input line went into.
    place
        Shape (m,): its position inside the chain.
    """
    size = len(lines.count)
    if size == 0:
        return lines, np.empty(0, np.int64), np.empty(0, np.int64)
    partner = _find_partners(lines, group, node_m)
    head, steps = _rank_chain(partner)
    order, forward = _order_members(head, steps)
    return _gather_chains(lines, head, order, forward)


def _find_partners(lines: Lines, group: Ints, node_m: float) -> Ints:
    """Half-edge 2e (start of line e) or 2e+1 (its end) → the one it continues into, else -1."""
    size = len(lines.count)
    ends = np.empty((2 * size, 2))
    ends[0::2], ends[1::2] = lines.xy[lines.start], lines.xy[lines.start + lines.count - 1]
    node, _ = number_nodes(ends, node_m=node_m)
    order = np.argsort(node, kind="stable")
    degree = np.bincount(node)
    first = np.cumsum(degree) - degree
    two = np.flatnonzero(degree == 2)
    a, b = order[first[two]], order[first[two] + 1]
    fit = (a >> 1 != b >> 1) & (group[a >> 1] == group[b >> 1])
    partner = np.full(2 * size, -1, np.int64)
    partner[a[fit]], partner[b[fit]] = b[fit], a[fit]
    return partner


def _rank_chain(partner: Ints) -> tuple[Ints, Ints]:
    """Per half-edge taken as the way in: the last way in of its walk, and the steps to get there.

    Pointer jumping: every half-edge learns where 2**k steps lead, so long chains cost no more rounds than
    their length has digits. Rings are opened at their lowest line first.
    """
    partner = _open_rings(partner)
    size = len(partner)
    own = np.arange(size)
    onward = partner[own ^ 1]
    reach = np.where(onward < 0, own, onward)
    steps = (onward >= 0).astype(np.int64)
    while True:
        further = reach[reach]
        if np.array_equal(further, reach):
            return reach, steps
        steps = steps + steps[reach]
        reach = further


def _open_rings(partner: Ints) -> Ints:
    """Cut each closed walk before its lowest line."""
    size = len(partner) // 2
    bound = np.flatnonzero(partner >= 0)
    if len(bound) == 0:
        return partner
    pairs = coo_matrix((np.ones(len(bound), np.int8), (bound >> 1, partner[bound] >> 1)), shape=(size, size))
    number, label = connected_components(pairs, directed=False)
    free = np.bincount(label, weights=(partner.reshape(-1, 2) < 0).sum(1), minlength=number)
    ring = np.flatnonzero(free == 0)
    if len(ring) == 0:
        return partner
    lowest = np.full(number, size, np.int64)
    np.minimum.at(lowest, label, np.arange(size))
    opened = partner.copy()
    half = 2 * lowest[ring]
    other = opened[half]
    opened[half] = -1
    opened[other] = -1
    return opened


def _order_members(head: Ints, steps: Ints) -> tuple[Ints, Flags]:
    """Lines in chain order, and whether each runs forwards in its chain.

    A chain can be walked two ways; the walk in which its lowest line runs forwards is kept, so that
    one-way streets keep their direction.
    """
    size = len(head) // 2
    line = np.arange(size)
    # two walks of one chain end at its two tips: the smaller tip names the chain
    name = np.minimum(head[0::2] ^ 1, head[1::2] ^ 1)
    lowest = np.full(2 * size, size, np.int64)
    np.minimum.at(lowest, name, line)
    goal = head[2 * lowest[name]]
    forward = head[0::2] == goal
    # a walk of one line that ends where it began cannot tell the two ways apart
    left = np.where(forward, steps[0::2], steps[1::2])
    order = np.lexsort((-left, lowest[name]))
    return order, forward


def _gather_chains(lines: Lines, head: Ints, order: Ints, forward: Flags) -> tuple[Lines, Ints, Ints]:
    """Vertices of the chains, the shared vertex once."""
    name = np.minimum(head[0::2] ^ 1, head[1::2] ^ 1)[order]
    fresh = np.r_[True, name[1:] != name[:-1]]
    number = np.cumsum(fresh) - 1
    first = np.flatnonzero(fresh)
    chain, place = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    chain[order] = number
    place[order] = np.arange(len(order)) - first[number]
    size = lines.count[order] - ~fresh
    step = np.where(forward[order], 1, -1)
    begin = np.where(forward[order], lines.start[order], lines.start[order] + lines.count[order] - 1)
    begin = begin + np.where(fresh, 0, step)
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    index = np.repeat(begin, size) + np.repeat(step, size) * within
    count = np.add.reduceat(size, first)
    lowest = np.minimum.reduceat(order, first)
    return Lines(lines.xy[index], count, lines.row[lowest]), chain, place
