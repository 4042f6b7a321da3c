import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis.errors import CrsError
from renewal_gis.roads.distances import measure_detours
from renewal_gis.roads.network import build_streets, clean_words, make_network

METRIC = "EPSG:4547"
X, Y = 500_000.0, 4_000_000.0


def roads(lines, **columns):
    """Lines given by offsets in metres from a point in the belt."""
    shapes = [shapely.LineString([(X + x, Y + y) for x, y in line]) for line in lines]
    columns.setdefault("highway", ["residential"] * len(lines))
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=METRIC)


def lengths(streets):
    return sorted(streets["length_m"].round(6).tolist())


def test_pieces_of_one_street_are_joined():
    streets = build_streets(roads([[(0, 0), (10, 0)], [(30, 0), (10, 0)], [(30, 0), (30, 5)]]))
    assert lengths(streets) == [35]
    assert streets.index.name == "street_id"
    assert streets.crs.to_string() == METRIC


def test_a_junction_ends_a_street():
    streets = build_streets(roads([[(0, 0), (10, 0)], [(10, 0), (30, 0)], [(10, 0), (10, 5)]]))
    assert lengths(streets) == [5, 10, 20]
    assert sorted(make_network(streets).degree.tolist()) == [1, 1, 1, 3]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("highway", ["residential", "tertiary"]),
        ("bridge", [False, True]),
        ("bridge", ["", "viaduct"]),
        ("tunnel", ["no", "yes"]),
        ("layer", [0, 1]),
    ],
)
def test_unequal_pieces_stay_apart(column, values):
    streets = build_streets(roads([[(0, 0), (10, 0)], [(10, 0), (30, 0)]], **{column: values}))
    assert lengths(streets) == [10, 20]
    assert sorted(make_network(streets).degree.tolist()) == [1, 1, 2]


def test_class_words_are_cleaned():
    words = ["['residential', 'service']", None, "  tertiary "]
    lines = [[(0, 0), (10, 0)], [(10, 0), (20, 0)], [(20, 0), (30, 0)]]
    streets = build_streets(roads(lines, highway=words))
    assert streets["highway"].tolist() == ["residential", "road", "tertiary"]


def test_lists_of_class_words_give_their_first():
    for several in (["residential", "service"], ("residential", "service"), np.array(["residential", "x"])):
        words = pd.Series([several, None, "tertiary", []], dtype=object)
        assert clean_words(words, default="road").tolist() == ["residential", "road", "tertiary", "road"]


def test_doubles_reversed_lines_and_points_of_no_length_go():
    line = [(0, 0), (10, 0), (10, 20)]
    streets = build_streets(roads([line, line[::-1], [(4, 4), (4, 4)], line]))
    assert lengths(streets) == [30]


def test_what_is_no_line_is_left_out():
    frame = roads([[(0, 0), (10, 0)]])
    odd = gpd.GeoDataFrame(
        {"highway": ["a"] * 5},
        geometry=[
            None,
            shapely.Point(X, Y),
            shapely.LineString(),
            shapely.MultiLineString([[(X, Y + 50), (X + 7, Y + 50)], [(X, Y + 90), (X + 8, Y + 90)]]),
            shapely.LineString([(X, Y + 200, 3), (X + 9, Y + 200, 4)]),
        ],
        crs=METRIC,
    )
    streets = build_streets(
        gpd.GeoDataFrame(np.concatenate([frame, odd]), columns=["highway", "geometry"], crs=METRIC)
    )
    assert lengths(streets) == [7, 8, 9, 10]
    assert not streets.has_z.any()


def test_a_line_is_cut_where_another_ends_on_its_vertex():
    streets = build_streets(roads([[(0, 0), (10, 0), (30, 0)], [(10, 0), (10, 5)]]))
    assert lengths(streets) == [5, 10, 20]


def test_lines_that_share_an_inner_vertex_are_cut_unless_on_other_levels():
    lines = [[(0, 0), (10, 0), (30, 0)], [(10, -4), (10, 0), (10, 5)]]
    assert lengths(build_streets(roads(lines))) == [4, 5, 10, 20]
    assert lengths(build_streets(roads(lines, layer=[0, 1]))) == [9, 30]


def test_lines_that_merely_cross_are_not_cut():
    assert lengths(build_streets(roads([[(0, 0), (30, 0)], [(10, -4), (10, 5)]]))) == [9, 30]


def test_a_ring_is_one_street():
    streets = build_streets(roads([[(0, 0), (10, 0)], [(10, 0), (10, 10)], [(10, 10), (0, 0)]]))
    assert len(streets) == 1
    assert streets["from_node"].tolist() == streets["to_node"].tolist()


def test_attributes_follow_the_longest_named_part():
    streets = build_streets(
        roads(
            [[(0, 0), (10, 0)], [(10, 0), (30, 0)], [(30, 0), (35, 0)]],
            name=["短街", None, "尾巷"],
            noexit=[None, None, "yes"],
        )
    )
    assert streets["name"].tolist() == ["短街"]
    assert streets["noexit"].tolist() == [True]


def test_direction_of_the_first_piece_is_kept():
    streets = build_streets(roads([[(10, 0), (0, 0)], [(10, 0), (30, 0)]]))
    assert shapely.get_coordinates(streets.geometry)[0].tolist() == [X + 30, Y]


@pytest.mark.parametrize("frame", [roads([]), roads([[(0, 0), (0, 0)]])])
def test_nothing_makes_an_empty_frame(frame):
    streets = build_streets(frame)
    assert len(streets) == 0
    assert {"highway", "length_m", "from_node", "to_node"} <= set(streets.columns)
    assert len(make_network(streets).degree) == 0


def test_degrees_are_refused():
    with pytest.raises(CrsError, match="度"):
        build_streets(roads([[(0, 0), (1, 0)]]).set_crs("EPSG:4490", allow_override=True))


def test_the_callers_frame_stays_as_it_was():
    frame = roads([[(0, 0), (10, 0)], [(10, 0), (30, 0)]])
    before = frame.copy()
    build_streets(frame)
    assert frame.equals(before)


grid_lines = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), min_size=1, max_size=30, unique=True
)


@settings(max_examples=40, deadline=None)
@given(grid_lines, st.randoms(use_true_random=False))
def test_moving_turning_and_shuffling_change_no_count(cells, random):
    lines = [[(x * 100, y * 100), (x * 100 + 100 * a, y * 100 + 100 * (not a))] for x, y, a in cells]
    streets = build_streets(roads(lines))
    moved = [
        [(5000 - y, 300 + x) for x, y in (line if random.random() < 0.5 else line[::-1])] for line in lines
    ]
    random.shuffle(moved)
    other = build_streets(roads(moved))
    assert lengths(other) == lengths(streets)
    first, second = make_network(streets), make_network(other)
    assert sorted(first.degree.tolist()) == sorted(second.degree.tolist())
    assert first.degree.sum() == 2 * len(streets)
    assert streets["length_m"].sum() == pytest.approx(100 * len(lines))
    assert np.allclose(streets.length, streets["length_m"])


def test_components_and_matrix():
    lines = [[(0, 0), (10, 0)], [(10, 0), (30, 0)], [(10, 0), (10, 5)], [(100, 0), (120, 0)]]
    network = make_network(build_streets(roads(lines)))
    assert len(set(network.component.tolist())) == 2
    assert network.matrix.sum() == 2 * (10 + 20 + 5 + 20)


def test_detours_are_shortest_ways_within_the_limit():
    # a square of 100 m; from its corner to 30 m along the far side: 100 + 100 + 30 against 100 + 70
    lines = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(0, 100), (100, 100)], [(0, 0), (0, 100)]]
    classes = ["a", "b", "c", "d"]
    streets = build_streets(roads(lines, highway=classes))
    network = make_network(streets)
    corner = network.from_node[0]
    for limit, expected in ((1000.0, 130.0), (120.0, np.inf)):
        found = measure_detours(
            network, np.array([corner]), np.array([2]), np.array([30.0]), network.xy[[corner]], limit_m=limit
        )
        assert found.tolist() == [expected]
