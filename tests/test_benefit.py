"""What a link brings is counted from the network, not guessed."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from renewal_gis.errors import CrsError
from renewal_gis.roads.benefit import measure_benefit
from renewal_gis.roads.network import build_streets, make_network
from renewal_gis.roads.trips import Crossings, bound_trips, list_sides

METRIC = "EPSG:4547"


def make_streets(lines, highway="residential"):
    classes = highway if isinstance(highway, list) else [highway] * len(lines)
    shapes = [shapely.LineString(line) for line in lines]
    return build_streets(gpd.GeoDataFrame({"highway": classes}, geometry=shapes, crs=METRIC))


# 一个 U 形:底边 1000 米,两臂各 400 米,臂端相距 1000 米;底边上有一段支路,免得合并成一条
LADDER = [
    [(0, 0), (0, 200)], [(0, 200), (0, 400)], [(0, 0), (500, 0)], [(500, 0), (1000, 0)],
    [(1000, 0), (1000, 200)], [(1000, 200), (1000, 400)], [(0, 200), (-100, 200)],
    [(1000, 200), (1100, 200)], [(500, 0), (500, -100)],
]  # fmt: skip


def node_at(streets, xy):
    network = make_network(streets)
    return int(np.hypot(*(network.xy - xy).T).argmin())


def make_link(streets, tip, target, **columns):
    line = shapely.LineString([tip, target])
    street = int(streets.distance(shapely.Point(target)).idxmin())
    own = int(streets.distance(shapely.Point(tip)).idxmin())
    row = {
        "score": 0.8, "kind": "end_to_end", "length_m": line.length, "network_m": 1800.0, "detour_ratio": 1.8,
        "from_node": node_at(streets, tip), "to_node": node_at(streets, target), "from_street": own,
        "to_street": street, "barriers": "", "planned": False, "building": False, "reasons": "理由",
    } | columns  # fmt: skip
    return gpd.GeoDataFrame({k: [v] for k, v in row.items()}, geometry=[line], crs=METRIC)


def stack(*links):
    import pandas as pd

    return gpd.GeoDataFrame(pd.concat(links, ignore_index=True), crs=METRIC)


@pytest.fixture
def ladder():
    return make_streets(LADDER)


def test_saved_metres_are_the_present_way_less_the_link(ladder):
    link = make_link(ladder, (0, 400), (1000, 400))
    out = measure_benefit(link, ladder)
    # 现状 400 + 1000 + 400 = 1800 米,打通 1000 米
    assert out["saved_m"].iloc[0] == pytest.approx(800)
    assert "打通后少绕 800 米" in out["reasons"].iloc[0]


def test_an_end_without_any_way_round_saves_at_least_the_limit(ladder):
    out = measure_benefit(make_link(ladder, (0, 400), (1000, 400), network_m=np.inf), ladder)
    assert out["saved_m"].iloc[0] == pytest.approx(3000 - 1000)
    assert "至少少绕" in out["reasons"].iloc[0]


def exact_trips(streets, link, cutoff=2500.0):
    """Count every pair whose shortest way within the cutoff would run over the link."""
    ways = dijkstra(make_network(streets).matrix, directed=False)
    ways[ways > cutoff] = np.inf
    tip, length = int(link["from_node"].iloc[0]), float(link["length_m"].iloc[0])
    target = int(link["to_node"].iloc[0])
    over = ways[:, [tip]] + length + ways[[target], :]
    return int(((over < ways) & (over <= cutoff)).sum())


def test_trips_lie_near_the_counted_betweenness(ladder):
    link = make_link(ladder, (0, 400), (1000, 400))
    # 左臂三点与右臂三点:逐对核算得出的数目
    exact = exact_trips(ladder, link)
    assert exact > 0
    assert measure_benefit(link, ladder)["benefit"].iloc[0] == pytest.approx(exact, rel=0.5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 500))
def test_the_bounds_hold_the_counted_betweenness(seed):
    rng = np.random.default_rng(seed)
    lines = []
    for x in range(6):
        for y in range(6):
            here = (x * 200, y * 200)
            if x < 5 and rng.random() < 0.75:
                lines.append([here, ((x + 1) * 200, y * 200)])
            if y < 5 and rng.random() < 0.75:
                lines.append([here, (x * 200, (y + 1) * 200)])
    streets = make_streets([*lines, [(1000, 1000), (1300, 1000)]])
    network = make_network(streets)
    target = network.xy[int(rng.integers(len(network.xy)))]
    link = make_link(streets, (1300, 1000), tuple(target), network_m=np.inf)
    if link["length_m"].iloc[0] < 1:
        return
    street = link["to_street"].to_numpy()
    along = np.array([streets.geometry.iloc[street[0]].project(shapely.Point(target))])
    tip = link["from_node"].to_numpy()
    length = link["length_m"].to_numpy()
    ((_, one, other),) = list_sides(network, Crossings(tip, network.xy[tip], street, along, length))
    least, most = bound_trips(one, other, length)
    assert least[0] <= exact_trips(streets, link) <= most[0]


def test_households_near_the_link_that_gain_are_counted(ladder):
    land = gpd.GeoDataFrame(
        {"households": [300, 70, None]},
        geometry=[
            shapely.box(-10, 390, 10, 410),
            shapely.box(490, -110, 510, -90),
            shapely.box(990, 390, 1010, 410),
        ],
        crs=METRIC,
    )
    out = measure_benefit(make_link(ladder, (0, 400), (1000, 400)), ladder, land=land)
    # 左端 300 户受益;中间 70 户绕行不变;右端户数未填
    assert out["households"].iloc[0] == 300
    assert "约 300 户受益" in out["reasons"].iloc[0]


def test_sites_that_gain_are_counted_and_those_without_place_left_alone(ladder):
    sites = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.Point(0, 399), None], crs=METRIC)
    out = measure_benefit(make_link(ladder, (0, 400), (1000, 400)), ladder, sites=sites)
    assert out["sites_near"].iloc[0] == 1


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"building": True}),
        ({}, {"barriers": "滏阳河(河道)"}),
        ({"planned": True}, {}),
        ({"score": 0.9}, {"score": 0.5}),
        ({"network_m": 2500.0}, {"network_m": 1100.0}),
    ],
)
def test_what_raises_and_what_lowers_the_priority(ladder, better, worse):
    links = stack(*(make_link(ladder, (0, 400), (1000, 400), **which) for which in (worse, better)))
    out = measure_benefit(links, ladder)
    assert out["rank"].tolist() == [1, 2]
    first = out.iloc[0]
    assert all(first[key] == value for key, value in better.items())
    assert out["priority"].iloc[0] > out["priority"].iloc[1]
    assert out["priority"].between(0, 1).all()


def test_a_link_over_a_river_is_a_candidate_for_a_bridge(ladder):
    out = measure_benefit(make_link(ladder, (0, 400), (1000, 400), barriers="滏阳河(河道)"), ladder)
    assert "桥梁(或下穿)候选" in out["reasons"].iloc[0]


def test_a_main_road_comes_before_a_lane():
    main = make_streets(LADDER, "primary")
    lane = make_streets(LADDER, "residential")
    link = [measure_benefit(make_link(s, (0, 400), (1000, 400)), s)["priority"].iloc[0] for s in (main, lane)]
    assert link[0] > link[1]


def test_no_links_give_an_empty_table(ladder):
    out = measure_benefit(make_link(ladder, (0, 400), (1000, 400))[:0], ladder)
    assert len(out) == 0
    assert {"saved_m", "benefit", "priority", "rank"} <= set(out.columns)


def test_the_callers_links_stay_as_they_were(ladder):
    link = make_link(ladder, (0, 400), (1000, 400))
    before = link.copy()
    measure_benefit(link, ladder)
    assert list(link.columns) == list(before.columns)
    assert link["reasons"].tolist() == before["reasons"].tolist()


def test_degrees_are_refused(ladder):
    with pytest.raises(CrsError, match="拟打通路段"):
        measure_benefit(make_link(ladder, (0, 400), (1000, 400)).to_crs("EPSG:4490"), ladder)
