"""What a candidate looks like: its line, its target, the block it would divide, its rivals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from renewal_gis.geo.geometry import index_ranges, measure_turn, scale_to_unit
from renewal_gis.roads.blocks import find_corner
from renewal_gis.roads.candidates import END, JUNCTION
from renewal_gis.roads.scene import RAY_STEP_DEG, RAYS
from renewal_gis.roads.strokes import list_half_edges
from renewal_gis.roads.tip_features import find_length_quantile, leave_half_edge

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.blocks import Blocks
    from renewal_gis.roads.candidates import Candidates
    from renewal_gis.roads.scene import Scene, Tips
    from renewal_gis.roads.strokes import Strokes
    from renewal_gis.roads.tip_features import Measures

TANGENT_M = 12.0
NO_TURN = 180.0


def measure_line(scene: Scene, tips: Tips, cand: Candidates, clear: Floats, /) -> Measures:
    """Length and direction of the link against the dead end and the street it meets: cheap measures."""
    gap = cand.xy - tips.xy[cand.tip]
    length = np.hypot(*gap.T)
    ahead = tips.ahead[cand.tip]
    turns = [measure_turn(ahead[:, k], gap) for k in range(3)]
    signed = [_turn_left_of(ahead[:, k], gap) for k in range(2)]
    bend = _turn_left_of(ahead[:, 2], ahead[:, 0])
    tangent = _find_tangent(scene, cand)
    incidence = measure_turn(tangent, gap)
    partner = np.maximum(cand.partner, 0)
    is_end = cand.kind == END
    facing = [np.where(is_end, measure_turn(tips.ahead[partner, k], -gap), np.nan) for k in range(3)]
    ray = np.round(signed[1] / RAY_STEP_DEG).astype(np.int64)
    street = tips.street[cand.tip]
    return {
        "kind": cand.kind.astype(float),
        "length_log": np.log(length + 1.0),
        "turn_8": turns[0],
        "turn_25": turns[1],
        "turn_70": turns[2],
        # a street that curves goes on curving: the turn counted along the curve of its last 70 m
        "turn_on_curve": signed[0] * np.sign(bend),
        "turn_against_arc": np.abs(signed[0] - np.clip(bend * length / 70.0, -60.0, 60.0)),
        "aside_m": length * np.sin(np.radians(np.minimum(turns[1], 90.0))),
        "incidence": np.where(is_end, 90.0, np.minimum(incidence, 180.0 - incidence)),
        "facing_8": facing[0],
        "facing_25": facing[1],
        "facing_70": facing[2],
        "crossed": cand.crossed.astype(float),
        "target_rank": scene.rank[cand.street],
        "target_ramp": scene.ramp[cand.street].astype(float),
        "rank_step": scene.rank[cand.street] - scene.rank[street],
        "target_degree": np.where(cand.node >= 0, scene.network.degree[np.maximum(cand.node, 0)], 0.0),
        "length_to_clear": length / np.maximum(clear[cand.tip, ray % RAYS], 1.0),
        "length_to_least": length
        / np.maximum(clear[:, np.r_[0:11, RAYS - 10 : RAYS]].min(axis=1), 1.0)[cand.tip],
    }


def _turn_left_of(first: Floats, second: Floats) -> Floats:
    """Signed angle from the first to the second vector, degrees to 0.001°, positive to the left."""
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    angle: Floats = np.round(np.degrees(np.arctan2(cross, (first * second).sum(1))), 3)
    return angle


def _find_tangent(scene: Scene, cand: Candidates) -> Floats:
    """Direction of the street met, over 12 m to each side of the target."""
    length = scene.length_m[cand.street]
    before = scene.point_along(cand.street, np.maximum(cand.along_m - TANGENT_M, 0.0))
    after = scene.point_along(cand.street, np.minimum(cand.along_m + TANGENT_M, length))
    return scale_to_unit(after - before)


def measure_sides(tips: Tips, cand: Candidates, clear: Floats, /) -> Measures:
    """Room beside the link: distance to the next street at angles from it, metres."""
    gap = cand.xy - tips.xy[cand.tip]
    angle = _turn_left_of(tips.ahead[cand.tip, 1], gap)
    ray = np.round(angle / RAY_STEP_DEG).astype(np.int64)
    sides: Measures = {}
    for step, name in ((3, "18"), (7, "42"), (11, "66"), (15, "90")):
        left, right = clear[cand.tip, (ray + step) % RAYS], clear[cand.tip, (ray - step) % RAYS]
        sides[f"side_{name}_min"], sides[f"side_{name}_max"] = (
            np.minimum(left, right),
            np.maximum(left, right),
        )
    return sides


def measure_target(scene: Scene, tips: Tips, cand: Candidates, strokes: Strokes, /) -> Measures:
    """The junction the link would make: arms opposite and beside it, distance to the next ones."""
    network = scene.network
    length = scene.length_m[cand.street]
    start, end = network.from_node[cand.street], network.to_node[cand.street]
    to_start, to_end = cand.along_m, length - cand.along_m
    near_first = to_start <= to_end
    near, far = np.where(near_first, start, end), np.where(near_first, end, start)
    way = cand.xy - tips.xy[cand.tip]
    result = {
        "target_street_log": np.log(length + 1.0),
        "next_near_log": np.log(np.minimum(to_start, to_end) + 1.0),
        "next_far_log": np.log(np.maximum(to_start, to_end) + 1.0),
        "next_share": np.divide(
            np.minimum(to_start, to_end), length, out=np.zeros(len(length)), where=length > 0
        ),
    }
    for name, node in (("near", near), ("far", far)):
        opposite, beside, number = _match_arms(scene, strokes, node, cand.street, way)
        result[f"{name}_opposite"], result[f"{name}_beside"] = opposite, beside
        result[f"{name}_degree"] = network.degree[node].astype(float)
        result[f"{name}_arms"] = number
    at_node = cand.kind == JUNCTION
    opposite, beside, _ = _match_arms(scene, strokes, np.maximum(cand.node, 0), np.full(len(cand), -1), way)
    result["node_opposite"] = np.where(at_node, opposite, np.nan)
    result["node_beside"] = np.where(at_node, beside, np.nan)
    ladder = np.minimum(to_start, to_end)
    result["bend_at"] = _measure_bend(scene, cand)
    result["opposite_offset"] = np.where(result["near_opposite"] < 30.0, ladder, 300.0)
    return result


def _match_arms(
    scene: Scene, strokes: Strokes, node: Ints, street: Ints, way: Floats
) -> tuple[Floats, Floats, Floats]:
    """At each node, apart from ``street``: least turn from the link's way into an arm, and from its way back."""
    network = scene.network
    order, indptr = list_half_edges(network)
    count = network.degree[node]
    row = np.repeat(np.arange(len(node)), count)
    half = order[index_ranges(indptr[node], count)]
    keep = half >> 1 != street[row]
    row, half = row[keep], half[keep]
    turn = measure_turn(strokes.leaving[half], way[row])
    opposite, beside = np.full(len(node), NO_TURN), np.full(len(node), NO_TURN)
    np.minimum.at(opposite, row, turn)
    np.minimum.at(beside, row, 180.0 - turn)
    return opposite, beside, np.bincount(row, minlength=len(node)).astype(float)


def _measure_bend(scene: Scene, cand: Candidates) -> Floats:
    """How much the street met turns within 25 m to each side of the target, degrees."""
    length = scene.length_m[cand.street]
    before = scene.point_along(cand.street, np.maximum(cand.along_m - 25.0, 0.0))
    after = scene.point_along(cand.street, np.minimum(cand.along_m + 25.0, length))
    inner = (cand.along_m > 5.0) & (cand.along_m < length - 5.0)
    return np.where(inner, measure_turn(cand.xy - before, after - cand.xy), 0.0)


def measure_split(scene: Scene, tips: Tips, cand: Candidates, blocks: Blocks, around: Floats, /) -> Measures:
    """The two parts into which the link divides its block: areas, outlines, shapes, dead ends left in them."""
    block, same, walked_m, walked_m2, walked_tips = _measure_walk(scene, tips, cand, blocks)
    total_m, total_m2 = blocks.length_m[block], 2.0 * blocks.area_m2[block]
    tip_xy = tips.xy[cand.tip]
    closing = cand.xy[:, 0] * tip_xy[:, 1] - cand.xy[:, 1] * tip_xy[:, 0]
    first_area = (walked_m2 + closing) / 2.0
    second_area = total_m2 / 2.0 - first_area
    gap = np.hypot(*(cand.xy - tip_xy).T)
    ways = np.maximum(np.stack([walked_m, total_m - walked_m]), 0.0)
    outlines = ways + gap
    areas = np.stack([first_area, second_area])
    areas = np.where(areas < 0, np.inf, np.maximum(areas, 1.0))
    less = np.minimum(*areas)
    more = np.maximum(*areas)
    with np.errstate(invalid="ignore"):
        shape = np.where(np.isfinite(areas), 4 * np.pi * areas / np.maximum(outlines, 1.0) ** 2, 0.0)
    small = np.argmin(areas, axis=0)
    row = np.arange(len(cand))
    blank = np.where(same, 0.0, np.nan)
    capped = np.log(np.minimum(np.stack([less, more]), 1e8))
    return {
        "same_block": same.astype(float),
        "part_less": capped[0] + blank,
        "part_more": capped[1] + blank,
        "part_share": np.exp(capped[0] - capped[1]) + blank,
        "part_less_ratio": capped[0] - around[cand.tip] + blank,
        "part_more_ratio": capped[1] - around[cand.tip] + blank,
        "part_shape_small": shape[small, row] + blank,
        "part_shape_large": shape[1 - small, row] + blank,
        "way_round_log": np.log(ways.min(axis=0) + 1.0) + blank,
        "way_round_far_log": np.log(ways.max(axis=0) + 1.0) + blank,
        "round_ratio": ways.min(axis=0) / (gap + 10.0) + blank,
        "part_tips": np.minimum(walked_tips, blocks.tips[block] - walked_tips) + blank,
    }


def _measure_walk(
    scene: Scene, tips: Tips, cand: Candidates, blocks: Blocks
) -> tuple[Ints, Flags, Floats, Floats, Floats]:
    """Block of each dead end, whether the target lies on it, and the walk there with the block to the left.

    The walk is told by its length, twice the area it sweeps and the dead ends it passes.
    """
    leave = leave_half_edge(tips)[cand.tip]
    along, part_m, part_m2 = _find_walk(scene, tips, cand, blocks)
    block = blocks.block[leave]
    walked_m = blocks.before_m[along] + part_m - blocks.before_m[leave]
    walked_m2 = blocks.before_m2[along] + part_m2 - blocks.before_m2[leave]
    walked_tips = blocks.before_tips[along] - blocks.before_tips[leave]
    wrapped = walked_m < 0
    return (
        block,
        blocks.block[along] == block,
        walked_m + wrapped * blocks.length_m[block],
        walked_m2 + wrapped * 2.0 * blocks.area_m2[block],
        walked_tips + wrapped * blocks.tips[block],
    )


def _find_walk(scene: Scene, tips: Tips, cand: Candidates, blocks: Blocks) -> tuple[Ints, Floats, Floats]:
    """Half-edge on whose left the link arrives, how far along it, and twice the area swept so far."""
    street = cand.street
    back = tips.xy[cand.tip] - cand.xy
    tangent = _find_tangent(scene, cand)
    left = tangent[:, 0] * back[:, 1] - tangent[:, 1] * back[:, 0] >= 0
    half = np.where(left, 2 * street, 2 * street + 1)
    swept = _sweep_to(scene, blocks, cand)
    part_m = np.where(left, cand.along_m, scene.length_m[street] - cand.along_m)
    part_m2 = np.where(left, swept, swept - blocks.swept_m2[street])
    at_node = cand.node >= 0
    corner = find_corner(blocks, scene, np.maximum(cand.node, 0), back)
    return (
        np.where(at_node, corner, half),
        np.where(at_node, 0.0, part_m),
        np.where(at_node, 0.0, part_m2),
    )


def _sweep_to(scene: Scene, blocks: Blocks, cand: Candidates) -> Floats:
    """Twice the area swept along the target street from its first vertex to the target."""
    segment = scene.find_segment(cand.street, cand.along_m)
    first = scene.first[segment]
    return blocks.swept_before_m2[segment] + first[:, 0] * cand.xy[:, 1] - first[:, 1] * cand.xy[:, 0]


def measure_whole(scene: Scene, tips: Tips, cand: Candidates, /) -> Measures:
    """The street that the link would complete, against the city's streets of that class."""
    street = tips.street[cand.tip]
    partner = np.maximum(cand.partner, 0)
    is_end = cand.kind == END
    gap = np.hypot(*(cand.xy - tips.xy[cand.tip]).T)
    stub = scene.length_m[street]
    other = np.where(is_end, scene.length_m[tips.street[partner]], 0.0)
    whole = stub + gap + other
    return {
        "whole_log": np.log(whole + 1.0),
        "whole_quantile": find_length_quantile(scene, street, whole),
        "link_share": gap / np.maximum(whole, 1.0),
        "other_stub_log": np.where(is_end, np.log(other + 1.0), np.nan),
    }


def measure_rivals(tips: Tips, cand: Candidates, line: Measures, /) -> Measures:
    """How the candidate compares with others of the same dead end, and with those that aim at its target."""
    size = len(tips.node)
    length = np.exp(line["length_log"])
    strain = (line["turn_25"] + 10.0) * (length + 20.0) * (1.0 + line["crossed"])
    facing = np.where(cand.kind == END, line["facing_25"], 0.0)
    strain = strain * (1.0 + np.where(cand.kind == END, facing / 30.0 - 0.5, 0.0))
    result = {
        "strain_log": np.log(strain),
        "rivals": np.bincount(cand.tip, minlength=size)[cand.tip].astype(float),
    }
    for name, values in (("length", length), ("strain", strain)):
        best = np.full(size, np.inf)
        np.minimum.at(best, cand.tip, values)
        result[f"{name}_to_best"] = values / best[cand.tip]
    ends = cand.kind == END
    best_end = np.full(size, 1e6)
    np.minimum.at(best_end, cand.tip[ends], strain[ends])
    result["best_end_log"] = np.log(best_end)[cand.tip]
    result["partner_best_log"] = np.where(ends, np.log(best_end)[np.maximum(cand.partner, 0)], np.nan)
    other = best_end[cand.tip]
    result["strain_to_end"] = np.log(strain / other)
    near = cKDTree(cand.xy).query_ball_point(cand.xy, 12.0, return_length=True) if len(cand) else np.zeros(0)
    result["aimed_at"] = np.asarray(near, float)
    return result
