import geopandas as gpd
import numpy as np
import pytest
import shapely

from renewal_gis.errors import CrsError
from renewal_gis.roads.candidates import Candidates
from renewal_gis.roads.dead_ends import find_dead_ends
from renewal_gis.roads.links import judge_dead_ends, level_pairs, pick_links, suggest_links
from renewal_gis.roads.network import build_streets
from test_dead_ends import town
from test_network import METRIC, X, Y, roads


def cut_town(**columns):
    """The grid without one block of one street: two ends that face each other over 100 m."""
    lines = []
    for i in range(11):
        for k in range(10):
            if (i, k) != (5, 5):
                lines.append([(i * 100, k * 100), (i * 100, k * 100 + 100)])
            lines.append([(k * 100, i * 100), (k * 100 + 100, i * 100)])
    # what is left of the block: 20 m on either side
    lines += [[(500, 500), (500, 520)], [(500, 580), (500, 600)]]
    values = {name: [""] * (len(lines) - 2) + list(pair) for name, pair in columns.items()}
    return build_streets(roads(lines, **values))


def layer(*shapes, **columns):
    moved = [shapely.transform(shape, lambda xy: xy + np.array([X, Y])) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=METRIC)


def test_two_facing_ends_are_joined_first():
    links = suggest_links(cut_town())
    first = links.iloc[0]
    assert first["kind"] == "end_to_end"
    assert first["score"] > 0.5
    assert first["length_m"] == pytest.approx(60)
    # back 20 m, one block aside, one block on, one aside, 20 m on
    assert first["network_m"] == pytest.approx(340)
    assert first["detour_ratio"] == pytest.approx(340 / 60)
    assert "60 米" in first["reasons"]
    assert "340 米" in first["reasons"]
    ends = sorted(xy[1] - Y for xy in first.geometry.coords)
    assert ends == pytest.approx([520, 580])


def test_names_on_both_sides_count():
    score = {
        pair: suggest_links(cut_town(name=pair)).iloc[0]["score"]
        for pair in [("", ""), ("人民路", ""), ("人民路", "人民路"), ("人民路", "和平路")]
    }
    assert score["人民路", ""] == score["", ""] == suggest_links(cut_town()).iloc[0]["score"]
    assert score["人民路", "和平路"] < score["", ""] < score["人民路", "人民路"]
    assert "同名“人民路”" in suggest_links(cut_town(name=("人民路", "人民路"))).iloc[0]["reasons"]


def test_a_pair_uses_up_both_ends():
    links = suggest_links(cut_town())
    assert len(links) == 1


def test_a_stub_goes_on_to_the_street_ahead():
    links = suggest_links(town([(500, 500), (500, 500.0), (530, 560)]))
    assert set(links["kind"]) <= {"end_to_street", "end_to_junction"}
    assert (links["to_street"] != links["from_street"]).all()


def test_scores_fall_and_are_shares():
    rng = np.random.default_rng(5)
    stubs = [[(x * 100, y * 100), (x * 100 + 30, y * 100 + 40)] for x, y in rng.integers(2, 8, (12, 2))]
    links = suggest_links(town(*stubs))
    assert links["score"].between(0, 1).all()
    assert links["score"].is_monotonic_decreasing
    assert links["from_node"].is_unique


def test_layers_are_named():
    river = layer(shapely.LineString([(400, 550), (600, 550)]), kind=["river"], name=["示例河"])
    plan = layer(shapely.LineString([(505, 500), (505, 600)]))
    house = layer(shapely.box(495, 545, 505, 555))
    first = suggest_links(cut_town(), barriers=river, planned=plan, buildings=house).iloc[0]
    assert first["barriers"] == "示例河(河道)"
    assert first["planned"]
    assert first["building"]
    assert "跨越示例河(河道),需建桥或下穿" in first["reasons"]
    without = suggest_links(cut_town()).iloc[0]
    assert (without["barriers"], bool(without["planned"]), bool(without["building"])) == ("", False, False)
    assert without["score"] == first["score"]


def test_a_plan_elsewhere_does_not_match():
    aside = layer(shapely.LineString([(530, 500), (530, 600)]))
    across = layer(shapely.LineString([(400, 550), (600, 550)]))
    for plan in (aside, across):
        assert not suggest_links(cut_town(), planned=plan)["planned"].any()


def test_only_open_ends_get_links():
    streets = cut_town()
    ends = find_dead_ends(streets)
    ends["verdict"] = "exempt"
    links = suggest_links(streets, ends)
    assert len(links) == 0
    assert {"score", "kind", "reasons", "network_m"} <= set(links.columns)


def test_reach_is_kept():
    assert len(suggest_links(cut_town(), reach_m=50.0).query("length_m > 50")) == 0


@pytest.mark.parametrize("lines", [[], [[(0, 0), (100, 0)]], [[(0, 0), (100, 0)], [(0, 0), (50, 90)]]])
def test_next_to_nothing_is_no_crash(lines):
    streets = build_streets(roads(lines))
    links = suggest_links(streets)
    assert (links["length_m"] <= 300).all()
    assert len(judge_dead_ends(find_dead_ends(streets), links)) == len(find_dead_ends(streets))


def test_two_ends_with_nothing_else_can_be_joined():
    links = suggest_links(build_streets(roads([[(0, 0), (100, 0)], [(140, 0), (300, 0)]])))
    assert np.isinf(links["network_m"]).all()
    assert links["reasons"].str.contains("不连通").all()


def test_degrees_and_foreign_layers_are_refused():
    streets = cut_town()
    with pytest.raises(CrsError, match="度"):
        suggest_links(streets.set_crs("EPSG:4490", allow_override=True))
    with pytest.raises(CrsError, match="不同"):
        suggest_links(streets, barriers=layer(shapely.Point(0, 0)).to_crs("EPSG:4526"))


def test_turning_and_moving_the_town_changes_no_score():
    streets = cut_town()
    turned = streets.copy()
    turned["geometry"] = streets.rotate(90, origin=(X, Y)).translate(1000, -2000)
    one, other = suggest_links(streets), suggest_links(turned)
    assert one["score"].tolist() == pytest.approx(other["score"].tolist(), abs=0.02)


def make_candidates(tip, partner):
    size = len(tip)
    numbers = np.zeros(size, np.int64)
    kind = np.where(np.array(partner) >= 0, 0, 1)
    return Candidates(
        np.array(tip), kind, np.zeros((size, 2)), numbers, np.zeros(size), numbers, np.array(partner), numbers
    )


def test_each_end_is_used_once():
    cand = make_candidates([0, 1, 0, 2, 1], [1, 0, -1, -1, -1])
    assert pick_links(cand, np.array([0.9, 0.9, 0.8, 0.3, 0.7])).tolist() == [0, 3]
    assert pick_links(cand, np.array([0.5, 0.5, 0.8, 0.3, 0.7])).tolist() == [2, 4, 3]


def test_both_rows_of_a_pair_carry_their_mean():
    cand = make_candidates([0, 1, 0, 2], [1, 0, -1, -1])
    assert level_pairs(cand, np.array([1.0, 3.0, 5.0, 7.0])).tolist() == [2, 2, 5, 7]


def test_ends_without_a_likely_link_are_cul_de_sacs():
    streets = cut_town()
    ends = find_dead_ends(streets)
    links = suggest_links(streets, ends)
    judged = judge_dead_ends(ends, links)
    assert judged["verdict"].tolist() == ["candidate", "candidate"]
    assert (judged["score"] == links["score"].iloc[0]).all()
    closed = judge_dead_ends(ends, links.assign(score=0.04))
    assert closed["verdict"].tolist() == ["cul_de_sac", "cul_de_sac"]
    assert "0.04" in closed["reason"][0]
    alone = judge_dead_ends(ends, links.iloc[:0])
    assert "没有可接" in alone["reason"][0]
    assert ends["verdict"].tolist() == ["candidate", "candidate"]
