import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from renewal_gis.errors import CrsError
from renewal_gis.geo import geometry

coordinate = st.integers(-10_000, 10_000)
points = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=12, unique=True)


def frame(crs):
    return gpd.GeoDataFrame(geometry=[shapely.Point(1, 2)], crs=crs)


def test_metric_frames_pass():
    geometry.require_metric(frame("EPSG:4547"))


@pytest.mark.parametrize(
    ("crs", "message"), [(None, "没有坐标系"), ("EPSG:4490", "以度为单位"), ("EPSG:2263", "不以米为单位")]
)
def test_other_frames_are_refused(crs, message):
    with pytest.raises(CrsError, match=message):
        geometry.require_metric(frame(crs))


def test_points_in_one_cell_are_one_node():
    xy = np.array([[0.0, 0.0], [10.0, 0.0], [0.004, 0.0], [10.0, 0.02]])
    number, nodes = geometry.number_nodes(xy, node_m=0.01)
    assert number.tolist() == [0, 1, 0, 2]
    assert nodes.tolist() == [[0.0, 0.0], [10.0, 0.0], [10.0, 0.02]]


def test_no_points_make_no_nodes():
    number, nodes = geometry.number_nodes(np.empty((0, 2)), node_m=0.01)
    assert len(number) == 0
    assert nodes.shape == (0, 2)


@given(points, st.integers(1, 40_000_000))
def test_keys_tell_points_apart_wherever_they_lie(values, east):
    xy = np.array(values, float) + np.array([east, 4_000_000.0])
    assert len(np.unique(geometry.key_points(xy, node_m=0.01))) == len(values)


@given(points)
def test_a_line_and_its_reverse_have_one_hash(values):
    xy = np.array(values, float)
    both = np.concatenate([xy, xy[::-1]])
    first, second = geometry.hash_lines(both, np.array([len(xy), len(xy)]), node_m=0.01)
    assert first == second


def test_other_lines_have_another_hash():
    line = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]
    other = [[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]]
    shorter = [[0.0, 0.0], [2.0, 0.0]]
    found = geometry.hash_lines(np.array(line + other + shorter), np.array([3, 3, 2]), node_m=0.01)
    assert len(set(found.tolist())) == 3


def test_ranges_follow_one_another():
    assert geometry.index_ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]


def test_bearings_count_from_north_clockwise():
    vectors = np.array([[0.0, 2.0], [3.0, 0.0], [0.0, -1.0], [-1.0, 0.0], [-1.0, 1.0]])
    assert geometry.measure_bearing(vectors).tolist() == pytest.approx([0, 90, 180, 270, 315])


def test_turns_are_unsigned():
    east = np.array([[1.0, 0.0]] * 4)
    other = np.array([[2.0, 0.0], [0.0, -5.0], [-1.0, 0.0], [0.0, 0.0]])
    assert geometry.measure_turn(east, other).tolist() == pytest.approx([0, 90, 180, 90])


def test_null_vectors_stay_null():
    found = geometry.scale_to_unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert found.tolist() == [[0.6, 0.8], [0.0, 0.0]]


def test_joined_points_are_lines():
    lines = geometry.join_points(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
    assert lines[0].length == 5


def test_web_mercator_is_no_measure():
    with pytest.raises(CrsError, match=r"路网.*网络墨卡托"):
        geometry.require_metric(frame("EPSG:3857"), name="路网")


def test_ends_of_lines():
    lines = np.array([shapely.LineString([(0, 0), (1, 0), (2, 5)]), shapely.LineString([(7, 7), (8, 9)])])
    first, last = geometry.read_ends(lines)
    assert first.tolist() == [[0, 0], [7, 7]]
    assert last.tolist() == [[2, 5], [8, 9]]
    assert [len(ends) for ends in geometry.read_ends(lines[:0])] == [0, 0]
