"""Streets beside a dead-end street: do its parallels go through?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.geo.geometry import index_ranges, measure_turn
from renewal_gis.roads.strokes import list_half_edges

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.candidates import Candidates
    from renewal_gis.roads.scene import Scene, Tips
    from renewal_gis.roads.strokes import Strokes
    from renewal_gis.roads.tip_features import Measures

PARALLEL_DEG = 35.0
SIDE_DEG = (40.0, 140.0)
STEPS = 3
NONE_M = 600.0
LATERAL_M = 300.0


@dataclass(frozen=True)
class Ladder:
    """The first street on one side that leaves the same back street in the same direction.

    Per dead end: ``half`` (half-edge of that street, -1 where there is none) and ``aside_m``, how far along the
    back street it leaves.
    """

    half: Ints
    aside_m: Floats


def find_ladders(scene: Scene, tips: Tips, strokes: Strokes, /) -> tuple[Ladder, Ladder]:
    """Parallel street to the left and to the right of each dead-end street."""
    network = scene.network
    leave = 2 * tips.street + tips.at_end
    back = np.where(tips.at_end, network.from_node[tips.street], network.to_node[tips.street])
    way = strokes.leaving[leave ^ 1]
    row, half = _list_arms(scene, back)
    turn = measure_turn(strokes.leaving[half], way[row])
    cross = way[row, 0] * strokes.leaving[half, 1] - way[row, 1] * strokes.leaving[half, 0]
    side = (turn > SIDE_DEG[0]) & (turn < SIDE_DEG[1]) & (half >> 1 != tips.street[row])
    return tuple(  # type: ignore[return-value]
        _walk_aside(scene, strokes, way, _take_best(row, half, np.abs(turn - 90.0), side & flank, len(back)))
        for flank in (cross > 0, cross <= 0)
    )


def _list_arms(scene: Scene, node: Ints) -> tuple[Ints, Ints]:
    """Half-edges that leave each node: number of the row, half-edge."""
    network = scene.network
    order, indptr = list_half_edges(network)
    count = network.degree[node]
    return np.repeat(np.arange(len(node)), count), order[index_ranges(indptr[node], count)]


def _take_best(row: Ints, half: Ints, cost: Floats, keep: np.ndarray, size: int) -> Ints:
    """Half-edge of least cost in each row, -1 where none is kept."""
    row, half, cost = row[keep], half[keep], cost[keep]
    order = np.lexsort((cost, row))
    best = np.full(size, -1, np.int64)
    best[row[order[::-1]]] = half[order[::-1]]
    return best


def _walk_aside(scene: Scene, strokes: Strokes, way: Floats, first: Ints) -> Ladder:
    """Along the back street, at most three junctions far, to the first arm that runs like ``way``."""
    network = scene.network
    far = np.empty(2 * len(network.from_node), np.int64)
    far[0::2], far[1::2] = network.to_node, network.from_node
    found, aside = np.full(len(first), -1, np.int64), np.full(len(first), LATERAL_M)
    at, walked = first.copy(), np.zeros(len(first))
    for _ in range(STEPS):
        going = np.flatnonzero((at >= 0) & (found < 0))
        if len(going) == 0:
            break
        walked[going] += scene.length_m[at[going] >> 1]
        row, half = _list_arms(scene, far[at[going]])
        turn = measure_turn(strokes.leaving[half], way[going[row]])
        fit = (turn < PARALLEL_DEG) & (half != at[going[row]] ^ 1)
        best = _take_best(row, half, turn, fit, len(going))
        hit = best >= 0
        found[going[hit]], aside[going[hit]] = best[hit], walked[going[hit]]
        at[going] = strokes.onward[at[going]]
        at[walked > LATERAL_M] = -1
    return Ladder(found, np.minimum(aside, LATERAL_M))


def measure_ladders(scene: Scene, tips: Tips, ladders: tuple[Ladder, Ladder], /) -> Measures:
    """The nearer and the further parallel of each dead-end street: distance, length, whether it is dead too."""
    network = scene.network
    far = np.empty(2 * len(network.from_node), np.int64)
    far[0::2], far[1::2] = network.to_node, network.from_node
    columns = []
    for ladder in ladders:
        known = ladder.half >= 0
        half = np.maximum(ladder.half, 0)
        length = np.where(known, scene.length_m[half >> 1], np.nan)
        dead = np.where(known, (network.degree[far[half]] == 1).astype(float), np.nan)
        rank = np.where(known, scene.rank[half >> 1] - scene.rank[tips.street], np.nan)
        columns.append(np.stack([np.where(known, ladder.aside_m, np.nan), length, dead, rank]))
    first, second = columns
    swap = np.nan_to_num(second[0], nan=1e9) < np.nan_to_num(first[0], nan=1e9)
    nearer, further = np.where(swap, second, first), np.where(swap, first, second)
    stub = scene.length_m[tips.street]
    result: Measures = {"ladders": np.sum([ladder.half >= 0 for ladder in ladders], axis=0).astype(float)}
    for name, column in (("near", nearer), ("far", further)):
        result[f"ladder_{name}_m"] = column[0]
        result[f"ladder_{name}_log"] = np.log(column[1] / (stub + 1.0) + 1e-3)
        result[f"ladder_{name}_dead"] = column[2]
        result[f"ladder_{name}_rank"] = column[3]
    return result


def measure_rungs(scene: Scene, tips: Tips, cand: Candidates, ladders: tuple[Ladder, Ladder], /) -> Measures:
    """The completed street against its parallels: length, and how far apart they end compared with their start."""
    network = scene.network
    far = np.empty(2 * len(network.from_node), np.int64)
    far[0::2], far[1::2] = network.to_node, network.from_node
    gap = np.hypot(*(cand.xy - tips.xy[cand.tip]).T)
    whole = scene.length_m[tips.street[cand.tip]] + gap
    lengths, offsets = [], []
    for ladder in ladders:
        half, aside = ladder.half[cand.tip], ladder.aside_m[cand.tip]
        known = (half >= 0) & (network.degree[far[np.maximum(half, 0)]] > 1)
        end = network.xy[far[np.maximum(half, 0)]]
        apart = np.hypot(*(end - cand.xy).T)
        lengths.append(
            np.where(
                known,
                np.abs(np.log((whole + 1.0) / (scene.length_m[np.maximum(half, 0) >> 1] + 1.0))),
                np.nan,
            )
        )
        offsets.append(np.where(known, np.abs(apart - aside) / (aside + 20.0), np.nan))
    return {
        "rung_length": np.fmin(*lengths),
        "rung_length_other": np.fmax(*lengths),
        "rung_offset": np.fmin(*offsets),
        "rung_offset_other": np.fmax(*offsets),
    }
