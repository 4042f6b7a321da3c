"""Digitising faults are found where they are, and nothing else is."""

import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from renewal_gis.errors import CrsError
from renewal_gis.roads.defects import find_defects
from renewal_gis.roads.levels import FEATURES, evaluate_trees, load_trees
from renewal_gis.roads.network import build_streets

METRIC = "EPSG:4547"
AWAY = (500_000.0, 4_050_000.0)


def make_roads(lines, highway="residential", **columns):
    shapes = [shapely.LineString(np.asarray(line, float) + AWAY) for line in lines]
    classes = highway if isinstance(highway, list) else [highway] * len(lines)
    return gpd.GeoDataFrame({"highway": classes, **columns}, geometry=shapes, crs=METRIC)


def make_grid(side=5, step=100.0):
    """A town of square blocks, every street cut at its junctions."""
    lines = []
    for k in range(side):
        for j in range(side - 1):
            lines.append([(j * step, k * step), ((j + 1) * step, k * step)])
            lines.append([(k * step, j * step), (k * step, (j + 1) * step)])
    return lines


def tell(found):
    xy = shapely.get_coordinates(found.geometry.values) - AWAY
    return [(kind, *np.round(place, 2).tolist()) for kind, place in zip(found["kind"], xy, strict=True)]


def with_stub(*lines):
    return make_roads([*make_grid(), *lines])


def test_a_sound_town_has_none():
    assert len(find_defects(make_roads(make_grid()))) == 0


def test_an_end_that_stops_short_is_an_undershoot():
    # 支路由 (420,350) 向西伸到 301.2,离 x=300 的路 1.2 米;它越过 x=400 处的路,那是另一处
    found = find_defects(with_stub([(420, 350), (301.2, 350)]))
    assert ("undershoot", 301.2, 350.0) in tell(found)
    short = found[found["kind"] == "undershoot"].iloc[0]
    assert short["size_m"] == pytest.approx(1.2)
    assert "1.20 米" in short["repair"]


def test_an_end_three_metres_short_is_a_cul_de_sac():
    found = find_defects(make_roads([*make_grid(), [(450, 350), (303.0, 350)]]))
    assert "undershoot" not in set(found["kind"])


def test_an_end_that_touches_without_a_node_is_an_unsnapped_crossing():
    found = find_defects(with_stub([(350, 350), (300, 350)]))
    assert tell(found) == [("unsnapped_crossing", 300.0, 350.0)]


@pytest.mark.parametrize("with_node", [True, False])
def test_a_line_drawn_past_its_junction_is_an_overshoot(with_node):
    stem = [(350, 350), (300, 350), (298.7, 350)] if with_node else [(350, 350), (298.7, 350)]
    lines = make_grid()
    lines.remove([(300.0, 300.0), (300.0, 400.0)])
    found = find_defects(make_roads([*lines, [(300, 300), (300, 350)], [(300, 350), (300, 400)], stem]))
    assert tell(found) == [("overshoot", 300.0, 350.0)]
    assert found["size_m"].iloc[0] == pytest.approx(1.3)


def test_an_arm_pulled_off_its_node_is_a_split_node():
    lines = make_grid()
    lines.remove([(200.0, 200.0), (300.0, 200.0)])
    found = find_defects(make_roads([*lines, [(200.4, 200.3), (300, 200)]]))
    assert [kind for kind, *_ in tell(found)] == ["split_node"]
    assert found["size_m"].iloc[0] == pytest.approx(0.5)


def test_two_arms_pulled_off_together_are_one_split_node():
    lines = make_grid()
    for line in ([(200.0, 200.0), (300.0, 200.0)], [(200.0, 200.0), (200.0, 300.0)]):
        lines.remove(line)
    moved = (200.9, 200.9)
    found = find_defects(make_roads([*lines, [moved, (300, 200)], [moved, (200, 300)]]))
    assert [kind for kind, *_ in tell(found)] == ["split_node"]


def test_a_street_drawn_twice_is_a_duplicate_and_nothing_more():
    found = find_defects(with_stub([(205, 200.6), (295, 200.4)]))
    assert [kind for kind, *_ in tell(found)] == ["duplicate"]
    assert found["size_m"].iloc[0] == pytest.approx(0.6, abs=0.05)


def test_a_street_drawn_there_and_back_is_a_duplicate():
    # 断头支路画了两遍,共用两端,合并后自行折返
    found = find_defects(with_stub([(400, 350), (600, 350)], [(400, 350), (500, 350.3), (600, 350)]))
    assert "duplicate" in set(found["kind"])


def test_carriageways_side_by_side_are_two_roads():
    found = find_defects(
        make_roads([[(0, 0), (400, 0)], [(0, 3), (400, 3)], [(0, 0), (0, 3)], [(400, 0), (400, 3)]])
    )
    assert len(found) == 0


def crossing_town(**columns):
    """Two streets through a block without a node at (250, 250)."""
    lines = [*make_grid(), [(200, 250), (300, 250)], [(250, 200), (250, 300)]]
    lines = [line for line in lines if line not in (
        [(200.0, 200.0), (300.0, 200.0)], [(200.0, 300.0), (300.0, 300.0)],
        [(200.0, 200.0), (200.0, 300.0)], [(300.0, 200.0), (300.0, 300.0)],
    )]  # fmt: skip
    for x in (200, 300):
        lines += [[(x, 200), (x, 250)], [(x, 250), (x, 300)], [(200, x), (250, x)], [(250, x), (300, x)]]
    full = {name: [values] * (len(lines)) for name, values in columns.items()}
    return lines, full


def test_streets_that_cross_without_a_node_are_told():
    lines, _ = crossing_town()
    assert tell(find_defects(make_roads(lines))) == [("unsnapped_crossing", 250.0, 250.0)]


@pytest.mark.parametrize("highway", ["residential", "primary", "trunk_link"])
def test_two_lines_that_cross_are_enough(highway):
    roads = make_roads([[(0, 0), (200, 0)], [(100, -90), (100, 90)]], highway=highway)
    assert tell(find_defects(roads)) == [("unsnapped_crossing", 100.0, 0.0)]


@pytest.mark.parametrize(
    ("column", "value", "ground"), [("bridge", True, False), ("tunnel", True, False), ("layer", 1, 0)]
)
def test_roads_on_two_levels_may_cross(column, value, ground):
    lines, _ = crossing_town()
    values = [value if line == [(200, 250), (300, 250)] else ground for line in lines]
    assert len(find_defects(make_roads(lines, **{column: values}))) == 0


def test_a_motorway_never_crosses_on_one_level():
    lines, _ = crossing_town()
    classes = ["motorway" if line == [(200, 250), (300, 250)] else "residential" for line in lines]
    assert "unsnapped_crossing" not in set(find_defects(make_roads(lines, highway=classes))["kind"])


def test_streets_already_built_give_the_same():
    lines, _ = crossing_town()
    roads = make_roads(lines)
    left, right = find_defects(roads), find_defects(build_streets(roads))
    assert tell(left) == tell(right)


def test_an_empty_network_has_none():
    found = find_defects(make_roads([])[:0].set_crs(METRIC))
    assert len(found) == 0
    assert {"kind", "size_m", "repair"} <= set(found.columns)


def test_degrees_are_refused():
    with pytest.raises(CrsError, match="不能量距离"):
        find_defects(make_roads(make_grid()).to_crs("EPSG:4490"))


@settings(max_examples=20, deadline=None)
@given(turn=st.floats(0, 360), dx=st.floats(-3e4, 3e4), seed=st.integers(0, 99))
def test_moving_turning_and_shuffling_change_nothing(turn, dx, seed):
    lines, _ = crossing_town()
    roads = make_roads([*lines, [(460, 350), (401.2, 350)], [(105, 100.6), (195, 100.4)]])
    moved = roads.set_geometry(roads.rotate(turn, origin=AWAY).translate(dx, 0))
    moved = moved.iloc[np.random.default_rng(seed).permutation(len(moved))].reset_index(drop=True)
    assert sorted(find_defects(moved)["kind"]) == sorted(find_defects(roads)["kind"])


def test_the_forest_is_added_up_as_written():
    trees = {
        "feature": np.array([0, -1, -1, -1]), "threshold": np.array([1.5, 0, 0, 0]), "left": np.array([1, -1, -1, -1]),
        "right": np.array([2, -1, -1, -1]), "value": np.array([0.0, 2.0, -2.0, 0.5]), "roots": np.array([0, 3]),
    }  # fmt: skip
    chance = evaluate_trees(np.array([[1.0], [2.0]]), trees)
    # 2+0.5 与 -2+0.5 的逻辑函数值
    assert chance == pytest.approx([1 / (1 + np.exp(-2.5)), 1 / (1 + np.exp(1.5))])


def test_the_shipped_forest_asks_for_known_features():
    trees = load_trees()
    assert trees["feature"].max() < len(FEATURES)
    assert len(trees["roots"]) > 0


def test_planted_faults_are_found(shared):
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import digitising_faults as bench

    rows = bench.run(shared / "data" / "roads" / "jinan_osm_mtrajrec_wgs84.parquet", n=40, seed=11, raw=False)
    whole = next(row for row in rows if row["kind"] == "all")
    assert whole["recall"] >= 0.95
    assert whole["precision"] >= 0.93
    assert sum(row.get("decoys_hit", 0) for row in rows) <= 3
