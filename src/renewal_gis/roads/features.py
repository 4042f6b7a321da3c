"""The table of measures that the ranker reads: one row per candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.roads.blocks import Blocks, trace_blocks
from renewal_gis.roads.candidates import END
from renewal_gis.roads.ladders import Ladder, find_ladders, measure_ladders, measure_rungs
from renewal_gis.roads.link_features import (
    measure_line,
    measure_rivals,
    measure_sides,
    measure_split,
    measure_target,
    measure_whole,
)
from renewal_gis.roads.strokes import Strokes, Trees, peel_trees, trace_strokes
from renewal_gis.roads.tip_features import (
    clear_rays,
    measure_end_rates,
    measure_neighbours,
    measure_quantiles,
    measure_room,
    measure_stub,
    measure_surroundings,
)

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats
    from renewal_gis.roads.candidates import Candidates
    from renewal_gis.roads.scene import Scene, Tips, View
    from renewal_gis.roads.tip_features import Measures

OF_PARTNER = (
    "stub_log",
    "rank",
    "tree_round",
    "tree_log",
    "straight",
    "back_degree",
    "back_turn",
    "clear_0",
    "block_log",
)
FOR_FILTER = ("rank", "stub_log", "clear_0", "clear_front", "ends_share", "tree_round")


@dataclass(frozen=True)
class Setting:
    """All that is measured once per network: the graph's parts and one table per dead end."""

    strokes: Strokes
    trees: Trees
    blocks: Blocks
    ladders: tuple[Ladder, Ladder]
    clear: Floats
    tip: Measures


def measure_setting(scene: Scene, tips: Tips, view: View, /, *, reach_m: float) -> Setting:
    """All that is measured once per network."""
    strokes, trees, blocks = trace_strokes(scene), peel_trees(scene.network), trace_blocks(scene)
    clear = clear_rays(view, len(tips.node), reach_m=reach_m)
    tip = measure_stub(scene, tips, strokes, trees)
    tip |= measure_room(clear)
    tip |= measure_surroundings(scene, tips, view, blocks)
    tip |= measure_neighbours(scene, tips, tip)
    tip |= measure_quantiles(scene, tips, tip)
    tip |= measure_end_rates(scene, tips)
    ladders = find_ladders(scene, tips, strokes)
    tip |= measure_ladders(scene, tips, ladders)
    return Setting(strokes, trees, blocks, ladders, clear, tip)


def measure_cheaply(scene: Scene, tips: Tips, cand: Candidates, setting: Setting, /) -> Measures:
    """The few measures that tell most hopeless candidates from the rest."""
    measures = measure_line(scene, tips, cand, setting.clear)
    measures |= measure_rivals(tips, cand, measures)
    return measures | {name: setting.tip[name][cand.tip] for name in FOR_FILTER}


def measure_fully(scene: Scene, tips: Tips, cand: Candidates, setting: Setting, /) -> Measures:
    """All measures of each candidate."""
    measures = measure_line(scene, tips, cand, setting.clear)
    measures |= measure_rivals(tips, cand, measures)
    measures |= measure_sides(tips, cand, setting.clear)
    measures |= measure_target(scene, tips, cand, setting.strokes)
    measures |= measure_split(scene, tips, cand, setting.blocks, setting.tip["block_around"])
    measures |= measure_whole(scene, tips, cand)
    measures |= measure_rungs(scene, tips, cand, setting.ladders)
    partner, is_end = np.maximum(cand.partner, 0), cand.kind == END
    for name in OF_PARTNER:
        measures[f"other_{name}"] = np.where(is_end, setting.tip[name][partner], np.nan)
    return measures | {name: values[cand.tip] for name, values in setting.tip.items()}
