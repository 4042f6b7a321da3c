"""Every place where a dead end could be joined on: other dead ends, streets ahead, junctions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from renewal_gis.geo.geometry import index_ranges, measure_turn
from renewal_gis.roads.scene import RAY_STEP_DEG, RAYS

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.scene import Scene, Tips, View

END, STREET, JUNCTION = 0, 1, 2
FACING_DEG = 75.0
FAN_DEG = (84.0, 60.0, 42.0)
CONE_DEG = 75.0
NODES_PER_TIP = 6
BASE_SPACING_M, SPACING_SHARE = 7.0, 0.10


@dataclass(frozen=True)
class Candidates:
    """Possible links, one row each.

    ``tip`` is the dead end, ``kind`` END, STREET or JUNCTION, ``xy`` the target, ``street`` and
    ``along_m`` where on which street it lies, ``node`` and ``partner`` the node and dead end met
    (-1 where none), ``crossed`` the number of streets in between. A pair of dead ends has two rows.
    """

    tip: Ints
    kind: Ints
    xy: Floats
    street: Ints
    along_m: Floats
    node: Ints
    partner: Ints
    crossed: Ints

    def __len__(self) -> int:
        return len(self.tip)

    def take(self, index: Ints | Flags) -> Candidates:
        """The rows asked for."""
        return Candidates(*(getattr(self, field.name)[index] for field in fields(self)))


def propose_links(scene: Scene, tips: Tips, view: View, /, *, reach_m: float) -> Candidates:
    """All candidates within ``reach_m`` of each dead end, ordered by dead end."""
    pairs = _meet_ends(scene, tips, view, reach_m)
    nodes = _meet_junctions(scene, tips, view, reach_m)
    hits = _meet_streets(scene, view)
    hits = hits.take(~_near_nodes(tips, hits, nodes))
    rows = [pairs, nodes, hits]
    joined = Candidates(*(np.concatenate([getattr(r, f.name) for r in rows]) for f in fields(Candidates)))
    return joined.take(np.lexsort((joined.kind, joined.tip)))


def _meet_ends(scene: Scene, tips: Tips, view: View, reach_m: float) -> Candidates:
    """Pairs of dead ends that face each other, in both directions."""
    pair = cKDTree(tips.xy).query_pairs(reach_m, output_type="ndarray").astype(np.int64).reshape(-1, 2)
    a, b = np.r_[pair[:, 0], pair[:, 1]], np.r_[pair[:, 1], pair[:, 0]]
    gap = tips.xy[b] - tips.xy[a]
    distance = np.hypot(*gap.T)
    near = distance < 1e-6
    turn_a = np.minimum(measure_turn(tips.ahead[a, 1], gap), measure_turn(tips.ahead[a, 0], gap))
    turn_b = np.minimum(measure_turn(tips.ahead[b, 1], -gap), measure_turn(tips.ahead[b, 0], -gap))
    limit = np.where(distance < 30.0, 100.0, FACING_DEG)
    keep = (turn_a <= limit) & (turn_b <= limit) & ~near & (tips.street[a] != tips.street[b])
    a, b, gap = a[keep], b[keep], gap[keep]
    crossed = count_crossings(tips, view, a, gap, slack_m=2.0)
    keep = crossed <= 2
    a, b, crossed = a[keep], b[keep], crossed[keep]
    street = tips.street[b]
    along = np.where(tips.at_end[b], scene.length_m[street], 0.0)
    return Candidates(a, np.full(len(a), END), tips.xy[b], street, along, tips.node[b], b, crossed)


def _meet_junctions(scene: Scene, tips: Tips, view: View, reach_m: float) -> Candidates:
    """The nodes with other streets in a cone ahead, the straightest few."""
    network = scene.network
    node = np.flatnonzero(network.degree >= 2)
    close = cKDTree(network.xy[node]).query_ball_point(tips.xy, reach_m, return_sorted=True)
    count = np.array([len(c) for c in close], np.int64)
    tip = np.repeat(np.arange(len(close)), count)
    target = (
        node[np.concatenate([np.asarray(c, np.int64) for c in close])] if len(tip) else np.empty(0, np.int64)
    )
    gap = network.xy[target] - tips.xy[tip]
    distance = np.hypot(*gap.T)
    turn = np.minimum(measure_turn(tips.ahead[tip, 1], gap), measure_turn(tips.ahead[tip, 0], gap))
    street = tips.street[tip]
    own = (network.from_node[street] == target) | (network.to_node[street] == target)
    keep = (turn <= CONE_DEG) & ~own
    tip, target, gap, distance, turn = tip[keep], target[keep], gap[keep], distance[keep], turn[keep]
    crossed = count_crossings(tips, view, tip, gap, slack_m=4.0 + 0.05 * distance)
    strain = (turn + 12.0) * (distance + 25.0) * (1.0 + crossed)
    keep = crossed <= 2
    tip, target, crossed, strain = tip[keep], target[keep], crossed[keep], strain[keep]
    order = np.lexsort((strain, tip))
    tip, target, crossed = tip[order], target[order], crossed[order]
    place = np.arange(len(tip)) - np.searchsorted(tip, tip)
    keep = place < NODES_PER_TIP
    tip, target, crossed = tip[keep], target[keep], crossed[keep]
    met = _strongest_street(scene, target)
    along = np.where(network.to_node[met] == target, scene.length_m[met], 0.0)
    none = np.full(len(tip), -1)
    return Candidates(tip, np.full(len(tip), JUNCTION), network.xy[target], met, along, target, none, crossed)


def _strongest_street(scene: Scene, node: Ints) -> Ints:
    """The street of highest class at each node."""
    network = scene.network
    owner = np.repeat(np.arange(len(network.degree)), network.degree)
    order = np.lexsort((-scene.rank[network.edge], owner))
    met: Ints = network.edge[order][network.indptr[node]]
    return met


def _meet_streets(scene: Scene, view: View) -> Candidates:
    """Where the fan of rays meets streets: nearer ones in a wide fan, those behind them in a narrow one."""
    turn = np.abs((view.hit_ray * RAY_STEP_DEG + 180.0) % 360.0 - 180.0)
    widest = np.asarray(FAN_DEG)[np.minimum(view.hit_order, len(FAN_DEG) - 1)]
    keep = np.flatnonzero((turn <= widest) & (view.hit_order < len(FAN_DEG)))
    tip, segment, turn = view.hit_tip[keep], view.hit_segment[keep], turn[keep]
    street, along, crossed, distance = (
        scene.street[segment],
        view.hit_along_m[keep],
        view.hit_order[keep],
        view.hit_m[keep],
    )
    # one per stretch of a street that the tolerance of a proposal cannot tell apart, the straightest
    order = np.lexsort((turn, street, tip))
    fresh = np.r_[True, (np.diff(street[order]) != 0) | (np.diff(tip[order]) != 0)][: len(order)]
    straightest = order[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    base = np.empty(len(order), np.int64)
    base[order] = straightest
    spacing = BASE_SPACING_M + SPACING_SHARE * distance[base]
    cell = np.round((along - along[base]) / spacing).astype(np.int64)
    order = np.lexsort((turn, cell, street, tip))
    fresh = np.r_[
        True, (np.diff(cell[order]) != 0) | (np.diff(street[order]) != 0) | (np.diff(tip[order]) != 0)
    ]
    pick = order[fresh[: len(order)]]
    none = np.full(len(pick), -1)
    xy = scene.point_along(street[pick], along[pick])
    return Candidates(
        tip[pick], np.full(len(pick), STREET), xy, street[pick], along[pick], none, none, crossed[pick]
    )


def _near_nodes(tips: Tips, hits: Candidates, nodes: Candidates) -> Flags:
    """Street targets that a proposed junction of the same dead end stands for."""
    place = np.searchsorted(nodes.tip, hits.tip)
    count = np.searchsorted(nodes.tip, hits.tip, side="right") - place
    row = np.repeat(np.arange(len(hits)), count)
    index = index_ranges(place, count)
    distance = np.hypot(*(hits.xy - tips.xy[hits.tip]).T)
    apart = np.hypot(*(nodes.xy[index] - hits.xy[row]).T)
    close = apart < 0.5 * (BASE_SPACING_M + SPACING_SHARE * distance[row])
    return np.bincount(row, weights=close, minlength=len(hits)) > 0


def count_crossings(tips: Tips, view: View, tip: Ints, gap: Floats, /, *, slack_m: Floats | float) -> Ints:
    """Streets met on the way, after the nearest of the rays: an estimate that asks no geometry engine.

    Parameters
    ----------
    tips, view
        The dead ends and what their rays meet.
    tip, gap
        Dead end and vector to the target of each row, (n,) and (n, 2).
    slack_m
        Streets met within this distance before the target are not counted.
    """
    ahead = tips.ahead[tip, 1]
    forward = (gap * ahead).sum(1)
    left = gap[:, 1] * ahead[:, 0] - gap[:, 0] * ahead[:, 1]
    angle = np.degrees(np.arctan2(left, forward)) / RAY_STEP_DEG
    want = np.hypot(*gap.T) - slack_m
    span = 4096.0
    key = (view.hit_tip * RAYS + view.hit_ray) * span + view.hit_m
    counts = []
    for ray in (np.floor(angle).astype(np.int64) % RAYS, np.ceil(angle).astype(np.int64) % RAYS):
        base = (tip * RAYS + ray) * span
        counts.append(np.searchsorted(key, base + np.maximum(want, 0.0)) - np.searchsorted(key, base))
    crossed: Ints = np.minimum(*counts).astype(np.int64)
    return crossed
