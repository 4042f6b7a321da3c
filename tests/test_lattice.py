"""The lattice says the same as exact geometry, or that it does not know."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from renewal_gis.analysis.locate import MANY, assign_districts
from renewal_gis.geo.lattice import OUTSIDE, UNSURE, build_lattice, find_labels

METRIC = "EPSG:4547"


def ask(outlines, xy, **kwargs):
    xy = np.asarray(xy, dtype=float)
    cells = build_lattice(np.asarray(outlines, dtype=object), points=len(xy), **kwargs)
    return find_labels(cells, xy[:, 0], xy[:, 1])


def test_squares_side_by_side():
    squares = [box(0, 0, 10, 10), box(10, 0, 20, 10)]
    assert ask(squares, [(5, 5), (15, 5), (25, 5), (5, -1)]).tolist() == [0, 1, OUTSIDE, OUTSIDE]


def test_points_on_edges_and_corners_are_left_to_geometry():
    squares = [box(0, 0, 10, 10), box(10, 0, 20, 10)]
    on = [(10, 5), (0, 3), (5, 10), (10, 10), (0, 0), (20, 0)]
    assert ask(squares, on).tolist() == [UNSURE] * len(on)


def test_holes_islands_and_parts():
    ring = Polygon(box(0, 0, 30, 30).exterior, [box(10, 10, 20, 20).exterior])
    island = box(14, 14, 16, 16)
    parts = MultiPolygon([box(40, 0, 50, 10), box(40, 20, 50, 30)])
    points = [(5, 15), (12, 12), (15, 15), (45, 5), (45, 15), (45, 25)]
    assert ask([ring, island, parts], points).tolist() == [0, OUTSIDE, 1, 2, OUTSIDE, 2]


def test_overlaps_are_left_to_geometry():
    assert ask([box(0, 0, 10, 10), box(5, 0, 15, 10)], [(2, 5), (7, 5), (12, 5)]).tolist() == [0, UNSURE, 1]


def test_no_place_and_no_outlines():
    assert ask([box(0, 0, 1, 1)], [(np.nan, 0.5), (0.5, np.inf)]).tolist() == [OUTSIDE, OUTSIDE]
    assert ask([], [(0, 0)]).tolist() == [OUTSIDE]
    assert ask([box(0, 0, 1, 1)], np.empty((0, 2))).tolist() == []


def test_near_a_border_counts_as_on_it():
    square = [box(0, 0, 1000, 1000)]
    points = [(0.5, 500), (-0.5, 500), (1000.9, 1000.9), (2, 500), (-2, 500), (500, 998)]
    assert ask(square, points, border=1.0).tolist()[:2] == [UNSURE, UNSURE]
    assert ask(square, points, border=1.0).tolist()[3:] == [0, OUTSIDE, 0]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.sampled_from([1.0, 1e-3, 4e6]))
def test_agrees_with_shapely_wherever_it_is_sure(seed, count, size):
    random = np.random.default_rng(seed)
    corners = random.uniform(0, size, (count, 2))
    patches = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(corners)))
    patches = patches[random.random(len(patches)) < 0.8]  # gaps between outlines
    own = shapely.get_coordinates(patches)
    xy = np.vstack([random.uniform(-0.5 * size, 1.5 * size, (3000, 2)), own])
    found = ask(patches, xy)
    holds = np.zeros(len(xy), dtype=int)
    truth = np.full(len(xy), OUTSIDE)
    for k, patch in enumerate(patches):
        inside = shapely.intersects_xy(patch, xy[:, 0], xy[:, 1])
        holds += inside
        truth[inside] = k
    sure = found != UNSURE
    assert (found[sure] == truth[sure]).all()
    assert (holds[sure] <= 1).all()
    assert sure[:3000].mean() > 0.99  # it may not dodge the question


@pytest.fixture(scope="module")
def crowd():
    """More rows than are placed one by one: points, and one each of the rarer things."""
    random = np.random.default_rng(7)
    xy = random.uniform(-200, 2200, (MANY + 10, 2))
    shapes = shapely.points(xy).astype(object)
    shapes[0] = None
    shapes[1] = shapely.Point()
    shapes[2] = shapely.LineString([(800, 500), (1600, 500)])
    shapes[3] = box(700, 100, 1100, 200)
    shapes[4] = shapely.Point(1000, 500)
    shapes[5] = shapely.Point(1000, 1000)
    shapes[6] = shapely.MultiPoint([(100, 100), (300, 100)])
    return gpd.GeoDataFrame(index=[f"S{k}" for k in range(len(shapes))], geometry=shapes, crs=METRIC)


def test_many_rows_get_the_same_values_as_few(crowd):
    boxes = [box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000), box(0, 1000, 1000, 2000)]
    names = {"code": ["03", "02", "01"], "name": ["丙区", "乙区", "甲区"]}
    districts = gpd.GeoDataFrame(names, geometry=boxes, crs=METRIC)
    together = assign_districts(crowd, districts)
    half = len(crowd) // 2
    for part in (crowd.iloc[:half], crowd.iloc[half:]):
        alone = assign_districts(part, districts)
        for column in alone.columns:
            ours = together.loc[part.index, column].to_numpy(dtype=alone[column].to_numpy().dtype)
            np.testing.assert_array_equal(ours, alone[column].to_numpy())
    assert together.loc["S2", "located_district"] == "02"
    assert together.loc["S4", "placement"] == "border"
    assert together["placement"].value_counts()["unlocated"] == 2


def test_the_join_alone_measures_no_distance(crowd):
    one = {"code": ["01"], "name": ["甲区"]}
    districts = gpd.GeoDataFrame(one, geometry=[box(0, 0, 1000, 1000)], crs=METRIC)
    placed = assign_districts(crowd, districts, distances=False)
    out = placed["placement"] == "outside"
    assert out.any()
    assert placed.loc[out, "distance_m"].isna().all()
    assert (placed.loc[placed["placement"] == "inside", "distance_m"] == 0).all()
