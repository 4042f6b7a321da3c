import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis.roads.blocks import trace_blocks
from renewal_gis.roads.candidates import END, JUNCTION, STREET, Candidates, propose_links
from renewal_gis.roads.ladders import find_ladders, measure_ladders
from renewal_gis.roads.link_features import measure_line, measure_split, measure_target, measure_whole
from renewal_gis.roads.network import build_streets
from renewal_gis.roads.rivalry import measure_rivalry, pick_alternatives
from renewal_gis.roads.scene import look_around, make_scene, make_tips
from renewal_gis.roads.segments import cut_segments
from renewal_gis.roads.strokes import peel_trees, trace_strokes
from renewal_gis.roads.tip_features import clear_rays, measure_stub, rank_in_city
from test_network import X, Y, roads

SQUARE = [(50, 0), (100, 0), (100, 100), (0, 100), (0, 0), (50, 0)]


def look(lines, **columns):
    """Scene and dead ends of lines given by offsets in metres."""
    scene = make_scene(build_streets(roads(lines, **columns)))
    return scene, make_tips(scene, np.flatnonzero(scene.network.degree == 1))


def tip_at(scene, tips, x, y):
    found = np.flatnonzero(np.hypot(*(tips.xy + scene.origin - [X + x, Y + y]).T) < 0.1)
    assert len(found) == 1
    return int(found[0])


def one(scene, tips, tip, xy, *, kind=STREET, street=-1, node=-1, partner=-1):
    """One candidate from a dead end to a place on a street."""
    target = np.array([[X + xy[0], Y + xy[1]]]) - scene.origin
    if street < 0:
        middle = scene.first + (scene.second - scene.first) / 2
        street = int(scene.street[np.argmin(np.hypot(*(middle - target).T))])
    steps = np.linspace(0, scene.length_m[street], 4001)
    points = scene.point_along(np.full(len(steps), street), steps)
    along = steps[np.argmin(np.hypot(*(points - target).T))]
    number = np.array
    return Candidates(
        number([tip]), number([kind]), target, number([street]), number([along]),
        number([node]), number([partner]), number([0]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("distance", "expected"), [(0, (0, 0)), (3, (3, 0)), (4, (4, 0)), (6, (4, 2)), (99, (4, 3)), (-5, (0, 0))]
)
def test_points_along_a_bent_street(distance, expected):
    scene, _ = look([[(0, 90), (9, 90)], [(0, 0), (4, 0), (4, 3)], [(0, 50), (9, 50)]])
    street = int(np.flatnonzero(np.isclose(scene.length_m, 7))[0])
    found = scene.point_along(np.array([street]), np.array([float(distance)])) + scene.origin
    assert found[0] - [X, Y] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(
        st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=5, unique=True),
        min_size=1,
        max_size=6,
    ),
    share=st.floats(0, 1),
)
def test_points_along_are_those_of_shapely(lines, share):
    streets = build_streets(roads(lines))
    scene = make_scene(streets)
    every = np.arange(len(streets))
    found = scene.point_along(every, share * scene.length_m) + scene.origin
    want = shapely.get_coordinates(shapely.line_interpolate_point(streets.geometry, share, normalized=True))
    assert found == pytest.approx(want, abs=1e-6)


def test_boxes_meet_segments_that_lie_within_reach_and_no_others():
    streets = build_streets(roads([[(0, 0), (100, 0)], [(0, 3), (100, 3)], [(0, 8), (100, 8)]]))
    cut = cut_segments(streets)
    assert [pair.tolist() for pair in cut.pair_boxes(reach_m=2.25)] == [[], []]
    a, b = cut.pair_boxes(reach_m=3.5)
    assert {frozenset(pair) for pair in zip(a.tolist(), b.tolist(), strict=True)} == {frozenset({0, 1})}
    spot = np.array([[X + 50, Y + 5.0]])
    _, near = cut.meet_boxes(spot - 2.5, spot + 2.5)
    assert near.tolist() == [1]


def test_blocks_of_a_square():
    scene, _ = look([SQUARE, [(50, 0), (50, 40)]])
    blocks = trace_blocks(scene)
    assert sorted(blocks.area_m2.tolist()) == pytest.approx([-10_000, 10_000])
    inside = int(np.argmax(blocks.area_m2))
    # the outline inside runs along the stub and back
    assert blocks.length_m[inside] == pytest.approx(480)
    assert blocks.tips[inside] == 1


def test_blocks_of_a_grid_add_up():
    lines = [
        [(i * 10, k * 10), (i * 10 + 10 * a, k * 10 + 10 * (1 - a))]
        for i in range(5)
        for k in range(5)
        for a in (0, 1)
    ]
    scene, _ = look(lines)
    blocks = trace_blocks(scene)
    # a corner of 5 × 5 lines makes 4 × 4 blocks of 10 m
    assert np.sort(blocks.area_m2)[1:].tolist() == pytest.approx([100] * 16)
    assert blocks.area_m2.sum() == pytest.approx(0)


@pytest.mark.parametrize(("target", "part"), [(50, 5000), (20, 4100), (70, 4400)])
def test_a_link_divides_its_block(target, part):
    scene, tips = look([SQUARE, [(50, 0), (50, 40)]])
    cand = one(scene, tips, 0, (target, 100))
    split = measure_split(scene, tips, cand, trace_blocks(scene), np.zeros(1))
    # beside the stub a strip of 50 × 40, above it a trapezium 60 high: 50 and 50, 50 and 20, 50 and 30 wide
    assert np.exp(split["part_less"][0]) == pytest.approx(part, rel=1e-3)
    assert np.exp(split["part_more"][0]) == pytest.approx(10_000 - part, rel=1e-3)
    assert split["same_block"][0] == 1
    # 40 m back, along the outline to the target
    assert np.exp(split["way_round_log"][0]) - 1 == pytest.approx(
        40 + 50 + 100 + min(target, 100 - target), rel=1e-2
    )


def test_a_target_on_another_block_has_no_parts():
    scene, tips = look([SQUARE, [(50, 0), (50, -40)], [(0, -100), (100, -100)]])
    cand = one(scene, tips, tip_at(scene, tips, 50, -40), (50, 100))
    split = measure_split(scene, tips, cand, trace_blocks(scene), np.zeros(len(tips.node)))
    assert split["same_block"][0] == 0
    assert np.isnan(split["part_less"][0])


CROSS = [[(0, 0), (0, 50)], [(0, 0), (0, -100)], [(0, 0), (80, 0)], [(0, 0), (-80, 10)]]


def test_a_stub_and_what_lies_behind_it():
    scene, tips = look(
        [*CROSS, [(0, -100), (30, -180)]], highway=["residential", "tertiary", "a", "b", "tertiary"]
    )
    stub = measure_stub(scene, tips, trace_strokes(scene), peel_trees(scene.network))
    tip = tip_at(scene, tips, 0, 50)
    assert np.exp(stub["stub_log"][tip]) - 1 == pytest.approx(50)
    assert stub["straight"][tip] == 1
    assert stub["back_degree"][tip] == 4
    # (0, -100) bends by 20 degrees: the first 20 m of the street behind run straight on
    assert stub["back_turn"][tip] == pytest.approx(0, abs=1e-3)
    assert np.exp(stub["back_stroke_log"][tip]) - 1 == pytest.approx(100 + np.hypot(30, 80))
    assert stub["back_rank"][tip] == 4


def test_trees_are_peeled_round_by_round():
    # a square, a branch of 30 m from it, and two twigs of 10 and 20 m at the branch's end
    lines = [SQUARE, [(50, 0), (50, -30)], [(50, -30), (40, -30)], [(50, -30), (70, -30)]]
    scene, tips = look(lines)
    trees = peel_trees(scene.network)
    fork = int(np.argmin(np.hypot(*(scene.network.xy + scene.origin - [X + 50, Y - 30]).T)))
    root = int(np.argmin(np.hypot(*(scene.network.xy + scene.origin - [X + 50, Y]).T)))
    assert trees.round[tips.node].tolist() == [1, 1]
    assert (trees.round[fork], trees.hanging_m[fork], trees.tips[fork]) == (2, 30, 2)
    assert (trees.round[root], trees.hanging_m[root], trees.tips[root]) == (0, 60, 2)


def test_rays_meet_the_nearest_street():
    scene, tips = look(
        [[(0, 0), (0, 50)], [(-200, 90), (200, 90)], [(-200, 120), (200, 120)], [(70, -20), (70, 80)]]
    )
    tip = tip_at(scene, tips, 0, 50)
    view = look_around(scene, tips, reach_m=100.0)
    clear = clear_rays(view, len(tips.node), reach_m=100.0)[tip]
    assert clear[0] == pytest.approx(40)
    assert clear[45] == pytest.approx(70)  # to the right
    assert clear[30] == 100  # nothing behind but its own street
    second = (view.hit_tip == tip) & (view.hit_ray == 0) & (view.hit_order == 1)
    assert view.hit_m[second].tolist() == pytest.approx([70])


def test_candidates_of_a_t_junction():
    scene, tips = look([[(0, 0), (0, 50)], [(-200, 90), (200, 90)]])
    view = look_around(scene, tips, reach_m=300.0)
    cand = propose_links(scene, tips, view, reach_m=300.0)
    own = cand.take(cand.tip == tip_at(scene, tips, 0, 50))
    on_street = own.take(own.kind == STREET)
    nearest = np.hypot(*(on_street.xy + scene.origin - [X, Y + 90]).T).min()
    assert nearest < 0.1
    length = np.hypot(*(own.xy - tips.xy[own.tip]).T)
    assert (length <= 300).all()


def test_facing_ends_are_paired_both_ways():
    scene, tips = look([[(0, 0), (100, 0)], [(160, 0), (300, 0)]])
    view = look_around(scene, tips, reach_m=300.0)
    pairs = propose_links(scene, tips, view, reach_m=300.0)
    pairs = pairs.take(pairs.kind == END)
    facing = {tip_at(scene, tips, 100, 0), tip_at(scene, tips, 160, 0)}
    assert {(a, b) for a, b in zip(pairs.tip.tolist(), pairs.partner.tolist(), strict=True)} == {
        tuple(sorted(facing)), tuple(sorted(facing, reverse=True)),
    }  # fmt: skip


def test_the_line_of_a_link():
    scene, tips = look([[(0, 0), (0, 50)], [(-200, 90), (200, 90)]])
    tip = tip_at(scene, tips, 0, 50)
    cand = one(scene, tips, tip, (40, 90))
    line = measure_line(scene, tips, cand, np.full((len(tips.node), 60), 80.0))
    assert np.exp(line["length_log"][0]) - 1 == pytest.approx(np.hypot(40, 40))
    assert line["turn_25"][0] == pytest.approx(45)
    assert line["incidence"][0] == pytest.approx(45)
    assert line["aside_m"][0] == pytest.approx(40)
    assert np.isnan(line["facing_25"][0])
    whole = measure_whole(scene, tips, cand)
    assert np.exp(whole["whole_log"][0]) - 1 == pytest.approx(50 + np.hypot(40, 40))


def test_the_arm_opposite_a_junction():
    # a street comes from the south; north of the junction at (0, 90) an arm goes on
    lines = [[(0, 0), (0, 50)], [(-200, 90), (0, 90)], [(0, 90), (150, 90)], [(0, 90), (0, 200)]]
    scene, tips = look(lines)
    node = int(np.flatnonzero(scene.network.degree == 3)[0])
    cand = one(scene, tips, tip_at(scene, tips, 0, 50), (0, 90), kind=JUNCTION, node=node)
    target = measure_target(scene, tips, cand, trace_strokes(scene))
    assert target["node_opposite"][0] == pytest.approx(0, abs=1e-6)
    assert target["node_beside"][0] == pytest.approx(90)
    assert np.exp(target["next_near_log"][0]) - 1 == pytest.approx(0, abs=0.1)


def test_parallels_of_a_stub():
    # a back street with a through parallel 60 m to the right and a dead one 40 m to the left
    lines = [
        [(-100, 0), (-40, 0)], [(-40, 0), (0, 0)], [(0, 0), (60, 0)], [(60, 0), (120, 0)],
        [(0, 0), (0, 50)], [(60, 0), (60, 120)], [(-40, 0), (-40, 30)], [(0, 120), (60, 120)], [(60, 120), (120, 120)],
    ]  # fmt: skip
    scene, tips = look(lines)
    tip = tip_at(scene, tips, 0, 50)
    ladders = find_ladders(scene, tips, trace_strokes(scene))
    found = measure_ladders(scene, tips, ladders)
    assert found["ladders"][tip] == 2
    assert (found["ladder_near_m"][tip], found["ladder_far_m"][tip]) == pytest.approx((40, 60))
    assert (found["ladder_near_dead"][tip], found["ladder_far_dead"][tip]) == (1, 0)


def test_quantiles_are_within_groups():
    values, group = np.array([5.0, 1.0, 3.0, 9.0]), np.array([0, 0, 1, 0])
    assert rank_in_city(values, group).tolist() == pytest.approx([0.5, 1 / 6, 0.5, 5 / 6])


def make_rivals():
    """Dead ends 0 and 1 face each other; 0 has a street too, 10 m from the street that 2 aims at."""
    number = np.array
    xy = number([[100.0, 0.0], [0.0, 0.0], [0.0, 80.0], [10.0, 80.0]])
    cand = Candidates(
        number([0, 1, 0, 2]), number([END, END, STREET, STREET]), xy, np.zeros(4, int), np.zeros(4),
        number([7, 8, -1, -1]), number([1, 0, -1, -1]), np.zeros(4, int),
    )  # fmt: skip
    return number([[0.0, 0.0], [100.0, 0.0], [10.0, 160.0]]), cand


def test_rivals_know_each_other():
    tip_xy, cand = make_rivals()
    found = measure_rivalry(tip_xy, cand, np.array([2.0, 2.0, 1.0, -1.0]))
    assert found["first_place"].tolist() == [0, 0, 1, 0]
    assert found["first_margin"].tolist() == [1, 14, -1, 11]
    assert found["partner_place"][:2].tolist() == [0, 0]
    assert found["partner_rival"][:2].tolist() == [-12, 1]
    assert found["aimed_best"].tolist() == [-12, -12, -1, 1]
    assert found["around_best"].tolist() == [2, 2, 2, 2]


def test_an_alternative_leads_elsewhere_and_waits_for_the_first():
    tip_xy, cand = make_rivals()
    score = np.array([0.6, 0.6, 0.5, 0.3])
    rows, scores = pick_alternatives(tip_xy, cand, score, np.array([0, 3]))
    assert rows.tolist() == [2]
    assert scores.tolist() == pytest.approx([0.5 * 0.4])
