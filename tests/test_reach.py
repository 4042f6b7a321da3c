"""Straight-line reach: areas by strips, areas with geometry, and the truth."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from renewal_gis.analysis.reach import measure_reach
from renewal_gis.errors import CrsError, InputError

METRIC = "EPSG:4547"
DISC = np.pi * 500**2


def frame(*shapes, crs=METRIC):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def cover(sites, districts, **kwargs):
    return measure_reach(frame(*sites), frame(*districts), reach_m=500, **kwargs)["covered_m2"].to_numpy()


@pytest.mark.parametrize("geometry", [False, True])
def test_one_disc(geometry):
    whole = [box(-1000, -1000, 1000, 1000)]
    assert cover([Point(0, 0)], whole, geometry=geometry) == pytest.approx([DISC], rel=1e-9)
    # on a corner of four squares, a quarter each
    quarters = [
        box(-1000, -1000, 0, 0),
        box(0, -1000, 1000, 0),
        box(-1000, 0, 0, 1000),
        box(0, 0, 1000, 1000),
    ]
    assert cover([Point(0, 0)], quarters, geometry=geometry) == pytest.approx([DISC / 4] * 4, rel=1e-4)


@pytest.mark.parametrize("geometry", [False, True])
def test_two_discs_that_meet(geometry):
    # centres one radius apart: the lens is 2 r² (π/3 - √3/4)
    lens = 2 * 500**2 * (np.pi / 3 - np.sqrt(3) / 4)
    found = cover([Point(0, 0), Point(500, 0)], [box(-2000, -2000, 2000, 2000)], geometry=geometry)
    assert found == pytest.approx([2 * DISC - lens], rel=1e-3)


@pytest.mark.parametrize("geometry", [False, True])
def test_holes_stay_open_and_twins_count_once(geometry):
    ring = Polygon(box(-1000, -1000, 1000, 1000).exterior, [box(-100, -100, 100, 100).exterior])
    found = cover([Point(0, 0), Point(0, 0)], [ring], geometry=geometry)
    assert found == pytest.approx([DISC - 200 * 200], rel=1e-4)


@pytest.mark.parametrize("geometry", [False, True])
def test_nothing_to_measure(geometry):
    square = box(0, 0, 1000, 1000)
    assert cover([], [square], geometry=geometry).tolist() == [0.0]
    assert cover([None, Point()], [square], geometry=geometry).tolist() == [0.0]
    assert cover([Point(5000, 5000)], [square], geometry=geometry).tolist() == [0.0]
    assert cover([Point(0, 0)], [], geometry=geometry).tolist() == []


def test_shares_and_geometry():
    table = measure_reach(frame(Point(0, 0)), frame(box(0, 0, 1000, 1000)), reach_m=500, geometry=True)
    assert table["area_m2"].tolist() == [1e6]
    assert table["share"].tolist() == pytest.approx([DISC / 4e6], rel=1e-4)
    assert table.geometry.iloc[0].within(box(0, 0, 1000, 1000).buffer(1e-6))
    assert table.crs == METRIC


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 2**32 - 1), st.integers(30, 150))
def test_districts_add_up_and_keep_to_the_truth(seed, count):
    random = np.random.default_rng(seed)
    points = shapely.points(random.uniform(0, 20_000, (count, 2)))
    seeds = shapely.multipoints(random.uniform(0, 20_000, (8, 2)))
    city = box(1000, 1000, 19_000, 19_000)
    districts = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds)), city)
    found = cover(points, districts)
    assert found.sum() == pytest.approx(cover(points, [city])[0], rel=1e-9)
    exact = shapely.union_all(shapely.buffer(points, 500, quad_segs=64))
    truth = shapely.area(shapely.intersection(exact, districts))
    assert np.abs(found - truth).max() < 0.02 * DISC
    drawn = cover(points, districts, geometry=True)
    assert np.abs(drawn - truth).max() < 0.02 * DISC


@settings(deadline=None, max_examples=15)
@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_moving_everything_changes_little(dx, dy):
    sites = [Point(100, 100), Point(700, 300), Point(2500, 2500)]
    districts = [box(0, 0, 1000, 3000), box(1000, 0, 3000, 3000)]
    here = cover(sites, districts)
    there = cover(
        [shapely.transform(s, lambda xy: np.add(xy, (dx, dy))) for s in sites],
        [shapely.transform(d, lambda xy: np.add(xy, (dx, dy))) for d in districts],
    )
    assert there == pytest.approx(here, rel=2e-3)


def test_bad_calls_are_refused():
    square = frame(box(0, 0, 1000, 1000))
    with pytest.raises(CrsError):
        measure_reach(frame(Point(114, 36), crs=4490), square, reach_m=500)
    with pytest.raises(CrsError, match="不同"):
        measure_reach(frame(Point(0, 0), crs=4548), square, reach_m=500)
    with pytest.raises(InputError, match="服务半径"):
        measure_reach(frame(Point(0, 0)), square, reach_m=0)
    with pytest.raises(InputError, match="不是点"):
        measure_reach(frame(LineString([(0, 0), (1, 1)])), square, reach_m=500)
