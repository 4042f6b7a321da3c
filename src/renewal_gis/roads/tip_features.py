"""What a dead end looks like by itself and among its neighbours: one number per dead end and measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from renewal_gis.geo.geometry import measure_turn
from renewal_gis.roads.scene import RAYS

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.blocks import Blocks
    from renewal_gis.roads.scene import Scene, Tips, View
    from renewal_gis.roads.strokes import Strokes, Trees

Measures = dict[str, "Floats"]
NEIGHBOURS = 12
AROUND_M = 400.0
RATE_M, RATE_WEIGHT = 600.0, 10.0


def clear_rays(view: View, size: int, /, *, reach_m: float) -> Floats:
    """Distance to the first street on each ray, ``reach_m`` where there is none; shape (size, RAYS)."""
    clear = np.full(size * RAYS, reach_m)
    first = view.hit_order == 0
    clear[view.hit_tip[first] * RAYS + view.hit_ray[first]] = view.hit_m[first]
    return clear.reshape(size, RAYS)


def leave_half_edge(tips: Tips) -> Ints:
    """Half-edge that leaves each dead end along its own street."""
    half: Ints = 2 * tips.street + tips.at_end
    return half


def measure_stub(scene: Scene, tips: Tips, strokes: Strokes, trees: Trees, /) -> Measures:
    """Class, length and shape of the dead-end street, and what lies behind it."""
    network, street = scene.network, tips.street
    back = np.where(tips.at_end, network.from_node[street], network.to_node[street])
    half = leave_half_edge(tips)
    onward = strokes.onward[half]
    behind = np.where(onward >= 0, onward >> 1, street)
    chord = np.hypot(*(network.xy[back] - tips.xy).T)
    length = scene.length_m[street]
    strongest = np.full(len(network.degree), -2.0)
    np.maximum.at(strongest, network.from_node, scene.rank)
    np.maximum.at(strongest, network.to_node, scene.rank)
    return {
        "rank": scene.rank[street],
        "ramp": scene.ramp[street].astype(float),
        "stub_log": np.log(length + 1.0),
        "straight": np.divide(chord, length, out=np.ones(len(length)), where=length > 0),
        "bend_near": measure_turn(tips.ahead[:, 0], tips.ahead[:, 1]),
        "bend_far": measure_turn(tips.ahead[:, 1], tips.ahead[:, 2]),
        "back_degree": network.degree[back].astype(float),
        "back_turn": strokes.turn_deg[half],
        "back_stroke_log": np.log(strokes.stroke_m[half] + 1.0),
        "back_rank": np.where(onward >= 0, scene.rank[behind], -2.0),
        "back_rank_max": strongest[back],
        "tree_round": trees.round[back].astype(float),
        "tree_log": np.log(trees.hanging_m[back] + 1.0),
        "tree_tips": trees.tips[back],
    }


def measure_room(clear: Floats, /) -> Measures:
    """How far it is to the next street in each direction, metres."""
    names = {2: "12", 5: "30", 8: "48", 11: "66", 15: "90", 20: "120", 25: "150"}
    room: Measures = {"clear_0": clear[:, 0]}
    for ray, name in names.items():
        left, right = clear[:, ray], clear[:, RAYS - ray]
        room[f"clear_{name}_min"], room[f"clear_{name}_max"] = (
            np.minimum(left, right),
            np.maximum(left, right),
        )
    front = np.r_[0:16, RAYS - 15 : RAYS]
    room["clear_front"] = clear[:, front].mean(axis=1)
    room["clear_least"] = clear[:, front].min(axis=1)
    room["open_share"] = (clear >= clear.max(initial=0.0)).mean(axis=1)
    return room


def measure_surroundings(scene: Scene, tips: Tips, view: View, blocks: Blocks, /) -> Measures:
    """Streets around: how much, how well ordered, of what class; the size of blocks."""
    size = len(tips.node)
    side = scene.second[view.segment] - scene.first[view.segment]
    length = np.hypot(*side.T)
    fourfold = 4.0 * np.arctan2(side[:, 1], side[:, 0])
    total = np.bincount(view.tip, weights=length, minlength=size)
    safe = np.maximum(total, 1e-9)
    cosine = np.bincount(view.tip, weights=length * np.cos(fourfold), minlength=size) / safe
    sine = np.bincount(view.tip, weights=length * np.sin(fourfold), minlength=size) / safe
    own = 4.0 * np.arctan2(tips.ahead[:, 1, 1], tips.ahead[:, 1, 0])
    middle = (scene.first[view.segment] + scene.second[view.segment]) / 2.0 - tips.xy[view.tip]
    close = length * (np.hypot(*middle.T) < 100.0)
    rank = scene.rank[scene.street[view.segment]]
    area = np.log(np.maximum(np.abs(blocks.area_m2), 10.0))
    street = scene.street[view.segment]
    own_block = blocks.block[leave_half_edge(tips)]
    sums, weights = np.zeros(size), np.full(size, 1e-9)
    for half in (2 * street, 2 * street + 1):
        other = blocks.block[half] != own_block[view.tip]
        sums += np.bincount(view.tip, weights=length * other * area[blocks.block[half]], minlength=size)
        weights += np.bincount(view.tip, weights=length * other, minlength=size)
    block_area = area[own_block]
    around = sums / weights
    outside = blocks.area_m2[own_block] < 0
    perimeter = blocks.length_m[own_block]
    return {
        "streets_log": np.log(total + 1.0),
        "streets_near_log": np.log(np.bincount(view.tip, weights=close, minlength=size) + 1.0),
        "order": np.hypot(cosine, sine),
        "in_grid": np.cos(own) * cosine + np.sin(own) * sine,
        "rank_around": np.bincount(view.tip, weights=length * rank, minlength=size) / safe,
        "block_log": np.where(outside, 20.0, block_area),
        "block_ratio": np.where(outside, 10.0, block_area - around),
        "block_around": around,
        "block_round": np.where(
            outside, 0.0, 4 * np.pi * np.exp(block_area) / np.maximum(perimeter, 1.0) ** 2
        ),
        "block_tips": blocks.tips[own_block],
        "block_tips_per_km": blocks.tips[own_block] / np.maximum(perimeter, 1.0) * 1000.0,
    }


def measure_neighbours(scene: Scene, tips: Tips, stub: Measures, /) -> Measures:
    """Nodes and other dead ends nearby, the dead end itself left out."""
    network, size = scene.network, len(tips.node)
    result: Measures = {}
    counts = []
    for degree in (1, 3, 4):
        match = network.degree >= 4 if degree == 4 else network.degree == degree
        xy = network.xy[match]
        number = (
            cKDTree(xy).query_ball_point(tips.xy, AROUND_M, return_length=True) if len(xy) else np.zeros(size)
        )
        counts.append(np.asarray(number, float) - (degree == 1))
    total = np.maximum(sum(counts), 1.0)
    result["ends_around"], result["ends_share"] = counts[0], counts[0] / total
    result["crossroads_share"] = counts[2] / np.maximum(counts[1] + counts[2], 1.0)
    result["nodes_around"] = total
    many = min(NEIGHBOURS + 1, size)
    distance, index = cKDTree(tips.xy).query(tips.xy, k=many)
    distance, index = distance.reshape(size, -1)[:, 1:], index.reshape(size, -1)[:, 1:]
    if many < 2:
        distance, index = np.full((size, 1), 1e4), np.zeros((size, 1), np.int64)
    weight = 1.0 / (distance + 100.0)
    weight /= weight.sum(axis=1, keepdims=True)
    result["next_end_log"] = np.log(distance[:, 0] + 1.0)
    result["ends_reach_log"] = np.log(distance[:, -1] + 1.0)
    for name in ("stub_log", "straight", "tree_round", "bend_far", "rank"):
        near = stub[name][index]
        mean = (weight * near).sum(axis=1)
        result[f"{name}_near"] = mean
        if name == "stub_log":
            result["stub_log_beside"] = stub[name] - mean
    same = stub["rank"][index] == stub["rank"][:, None]
    result["same_class_near"] = (weight * same).sum(axis=1)
    return result


def rank_in_city(values: Floats, group: Ints | Flags, /) -> Floats:
    """Quantile 0–1 of each value within its group (ties by order of value and row)."""
    order = np.lexsort((values, group))
    sizes = np.bincount(np.asarray(group, np.int64))
    start = np.cumsum(sizes) - sizes
    ordered = np.asarray(group, np.int64)[order]
    quantile = np.empty(len(values))
    quantile[order] = (np.arange(len(values)) - start[ordered] + 0.5) / sizes[ordered]
    return quantile


def measure_quantiles(scene: Scene, tips: Tips, measures: Measures, /) -> Measures:
    """Where the dead end stands among those of its city, and among the city's streets of its class."""
    rank = np.round(measures["rank"]).astype(np.int64) + 2
    everyone = np.zeros(len(rank), np.int64)
    result = {
        "stub_quantile": rank_in_city(measures["stub_log"], rank),
        "block_quantile": rank_in_city(measures["block_log"], everyone),
        "clear_quantile": rank_in_city(measures["clear_0"], everyone),
        "ends_quantile": rank_in_city(measures["ends_share"], everyone),
        "streets_quantile": rank_in_city(measures["streets_log"], everyone),
    }
    result["stub_among_streets"] = find_length_quantile(scene, tips.street, scene.length_m[tips.street])
    return result


def find_length_quantile(scene: Scene, street: Ints, length_m: Floats, /) -> Floats:
    """Share of the city's streets of the same class, joined at both ends, that are shorter (0–1)."""
    network = scene.network
    inner = (network.degree[network.from_node] > 1) & (network.degree[network.to_node] > 1)
    quantile = np.full(len(street), 0.5)
    for rank in np.unique(scene.rank[street]):
        known = np.sort(scene.length_m[inner & (scene.rank == rank)])
        rows = scene.rank[street] == rank
        if len(known):
            quantile[rows] = np.searchsorted(known, length_m[rows]) / len(known)
    return quantile


def measure_end_rates(scene: Scene, tips: Tips, /) -> Measures:
    """Share of street ends of the class that are dead: in the city, and within 600 m, drawn to the city's share.

    The dead end itself is left out of both counts.
    """
    network = scene.network
    node = np.r_[network.from_node, network.to_node]
    rank = np.r_[scene.rank, scene.rank]
    dead = network.degree[node] == 1
    city, near = np.zeros(len(tips.node)), np.zeros(len(tips.node))
    own = scene.rank[tips.street]
    for value in np.unique(own):
        rows = np.flatnonzero(own == value)
        ends, points = rank == value, tips.xy[rows]
        number, total = max(int((ends & dead).sum()) - 1, 0), max(int(ends.sum()) - 1, 1)
        city[rows] = number / total
        around = cKDTree(network.xy[node[ends]]).query_ball_point(points, RATE_M, return_length=True)
        around_dead = cKDTree(network.xy[node[ends & dead]]).query_ball_point(
            points, RATE_M, return_length=True
        )
        near[rows] = (around_dead - 1 + RATE_WEIGHT * city[rows]) / (around - 1 + RATE_WEIGHT)
    return {"end_rate_near": near, "end_rate_step": near - city}
