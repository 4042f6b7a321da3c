"""Distances on foot."""

from __future__ import annotations

import itertools

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from renewal_gis.analysis.walking import (
    build_walks,
    find_stops,
    measure_walks,
    open_links,
    pass_links,
    spread_walks,
)
from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.roads.network import build_streets

METRIC = "EPSG:4547"


def make_streets(*lines, highway="residential"):
    return build_streets(
        gpd.GeoDataFrame({"highway": [highway] * len(lines)}, geometry=list(lines), crs=METRIC)
    )


def walk(streets, facilities, places, *, limit_m=1000.0, off_m=200.0, links=None):
    walks = build_walks(streets)
    sources = find_stops(walks, np.array(facilities, dtype=object), off_m=off_m)
    stops = find_stops(walks, np.array(places, dtype=object), off_m=off_m)
    if links is not None:
        opened, tips = open_links(walks, np.array(links, dtype=object))
        node_m, doors = pass_links(opened, sources, tips, limit_m=limit_m)
        return measure_walks(opened, node_m, stops, doors).tolist()
    return measure_walks(walks, spread_walks(walks, sources, limit_m=limit_m), stops, sources).tolist()


LADDER = (
    LineString([(0, 0), (400, 0)]),
    LineString([(0, 100), (400, 100)]),
    LineString([(0, 0), (0, 100)]),
)
"""Two streets of 400 m side by side, joined at their west ends only."""


def test_the_way_round_counts_not_the_crow():
    # from (400, 0) west, north and east again: 400 + 100 + 400
    assert walk(make_streets(*LADDER), [Point(400, 0)], [Point(400, 100)]) == [900.0]


def test_places_enter_at_the_nearest_point_of_a_street():
    # 30 m south of the street at x = 250, facility 20 m north of it at x = 100
    assert walk(make_streets(*LADDER), [Point(100, 20)], [Point(250, -30)]) == [20 + 150 + 30]


def test_the_nearest_of_several_and_of_both_ends():
    found = walk(make_streets(*LADDER), [Point(0, 50), Point(390, 0)], [Point(10, 0), Point(380, 0)])
    assert found == [60.0, 10.0]


def test_beyond_the_limit_or_off_the_network_is_infinite():
    streets = make_streets(*LADDER, LineString([(-50, 0), (0, 0)]))
    assert walk(streets, [Point(400, 0)], [Point(-50, 0)], limit_m=300) == [np.inf]
    assert walk(streets, [Point(400, 0)], [Point(200, 1000)]) == [np.inf]
    assert walk(streets, [Point(200, 1000)], [Point(200, 0)]) == [np.inf]
    assert walk(streets, [], [Point(200, 0)]) == [np.inf]
    assert walk(streets, [Point(200, 0)], []) == []


def test_motorways_are_not_walked_and_one_way_streets_are_both_ways():
    lines = [LineString([(0, 0), (300, 0)]), LineString([(0, 0), (0, 500), (300, 500), (300, 0)])]
    roads = gpd.GeoDataFrame(
        {"highway": ["motorway", "residential"], "oneway": ["no", "yes"]}, geometry=lines, crs=METRIC
    )
    assert walk(build_streets(roads), [Point(300, 400)], [Point(300, 100)]) == [300.0]
    assert walk(build_streets(roads), [Point(0, 1)], [Point(300, 1)], limit_m=2000) == [499 + 300 + 499]


def test_of_two_streets_between_the_same_ends_the_shorter_is_walked():
    bow = LineString([(0, 0), (50, 80), (100, 0)])
    lines = [
        LineString([(-100, 0), (0, 0)]),
        bow,
        LineString([(0, 0), (100, 0)]),
        LineString([(100, 0), (200, 0)]),
    ]
    assert walk(make_streets(*lines), [Point(-100, 0)], [Point(200, 0)]) == [300.0]


def test_a_link_shortens_the_way_where_it_meets_streets():
    # from the east end of the south street straight north to the middle of a street of 600 m
    streets = make_streets(
        *LADDER[:2], LADDER[2], LineString([(400, 100), (600, 100)]), LineString([(400, 100), (400, 200)])
    )
    link = [LineString([(400, 0), (500, 100)])]
    assert walk(streets, [Point(400, 0)], [Point(500, 100)]) == [1000.0]
    assert walk(streets, [Point(400, 0)], [Point(500, 100)], links=link) == pytest.approx([100 * 2**0.5])
    assert walk(streets, [Point(400, 0)], [Point(590, 100)], links=link) == pytest.approx([100 * 2**0.5 + 90])
    assert walk(streets, [Point(400, 0)], [Point(0, 0)], links=link) == [400.0]
    assert walk(streets, [Point(400, 0)], [Point(500, 100)], links=[]) == [1000.0]


def test_two_links_that_meet_the_same_street():
    # three streets one above the other, joined nowhere; both links meet the one in the middle
    streets = make_streets(*[LineString([(0, y), (1000, y)]) for y in (0, 100, 200)])
    links = [LineString([(400, 0), (400, 100)]), LineString([(500, 100), (500, 200)])]
    found = walk(streets, [Point(300, 0)], [Point(450, 100), Point(600, 200)], links=links)
    assert found == pytest.approx([100 + 100 + 50, 100 + 100 + 100 + 100 + 100])
    assert walk(streets, [Point(300, 0)], [Point(450, 100)]) == [np.inf]


def test_bad_calls_are_refused():
    streets = make_streets(*LADDER)
    with pytest.raises(CrsError):
        build_walks(streets.set_crs(4490, allow_override=True))
    with pytest.raises(SchemaError, match="build_streets"):
        build_walks(streets.drop(columns="from_node"))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_agrees_with_networkx_on_split_streets(seed):
    random = np.random.default_rng(seed)
    side = 5
    grid = [
        LineString([(100 * i, 100 * j), (100 * i + 100, 100 * j)])
        for i in range(side)
        for j in range(side + 1)
    ]
    grid += [
        LineString([(100 * i, 100 * j), (100 * i, 100 * j + 100)])
        for i in range(side + 1)
        for j in range(side)
    ]
    kept = [line for line in grid if random.random() < 0.7]
    streets = make_streets(*kept)
    facilities = shapely.points(random.uniform(0, 500, (3, 2)))
    places = shapely.points(random.uniform(0, 500, (10, 2)))
    found = walk(streets, facilities, places, limit_m=5000)
    graph, net = nx.Graph(), shapely.MultiLineString(kept)
    spots = [(shapely.shortest_line(p, net).coords[1], p.distance(net)) for p in [*facilities, *places]]
    for line in kept:
        a, b = line.coords
        on = [s for s, _ in spots if line.distance(Point(s)) < 1e-6]
        chain = sorted({a, b, *on}, key=lambda c: Point(a).distance(Point(c)))
        for one, two in itertools.pairwise(chain):
            graph.add_edge(one, two, weight=Point(one).distance(Point(two)))
    for k, (spot, off) in enumerate(spots[3:]):
        ways = [
            nx.shortest_path_length(graph, spot, other, "weight") + off + away
            for other, away in spots[:3]
            if spot in graph and other in graph and nx.has_path(graph, spot, other)
        ]
        assert found[k] == pytest.approx(min(ways, default=np.inf), abs=1e-6)
