"""Datums and projections."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod
from shapely.geometry import Point, box

from renewal_gis.errors import CrsError
from renewal_gis.geo import crs

# inside of the box by 0.02°, since the published shift jumps at its edge
LON = st.floats(72.03, 137.81)
LAT = st.floats(0.86, 55.80)
GEOD = Geod(ellps="WGS84")

# (WGS-84, GCJ-02), from the test tables of public implementations of the formula
PUBLISHED = [
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]


@pytest.mark.parametrize(("wgs", "gcj"), PUBLISHED)
def test_gcj02_matches_published_pairs(wgs, gcj):
    np.testing.assert_allclose(crs.wgs84_to_gcj02(*wgs), gcj, rtol=0, atol=1e-8)
    np.testing.assert_allclose(crs.gcj02_to_wgs84(*gcj), wgs, rtol=0, atol=1e-8)


def test_bd09_matches_published_pairs():
    np.testing.assert_allclose(
        crs.gcj02_to_bd09(116.404, 39.915), (116.41036949371029, 39.92133699351022), rtol=0, atol=1e-10
    )
    np.testing.assert_allclose(
        crs.bd09_to_gcj02(116.41036949371029, 39.92133699351022), (116.404, 39.915), rtol=0, atol=1e-9
    )


def test_gcj02_at_origin_by_hand():
    # at 105°E 35°N every sine and every product vanishes: 300 m east, 100 m south
    lon, lat = crs.wgs84_to_gcj02(105.0, 35.0)
    a, e2 = 6378245.0, 0.00669342162296594323
    w = 1 - e2 * np.sin(np.radians(35)) ** 2
    assert lon - 105 == pytest.approx(np.degrees(300 / (a / np.sqrt(w) * np.cos(np.radians(35)))), abs=1e-12)
    assert lat - 35 == pytest.approx(np.degrees(-100 / (a * (1 - e2) / w**1.5)), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(LON, LAT)
def test_gcj02_round_trip_below_a_millimetre(lon, lat):
    back = crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(lon, lat))
    np.testing.assert_allclose(back, (lon, lat), rtol=0, atol=1e-9)
    assert abs(GEOD.inv(lon, lat, float(back[0]), float(back[1]))[2]) < 1e-3


@settings(max_examples=200, deadline=None)
@given(LON, LAT)
def test_bd09_round_trip_below_a_millimetre(lon, lat):
    back = crs.bd09_to_wgs84(*crs.wgs84_to_bd09(lon, lat))
    assert abs(GEOD.inv(lon, lat, float(back[0]), float(back[1]))[2]) < 1e-3


def test_shift_in_the_north_china_plain_is_half_a_kilometre():
    lon, lat = np.meshgrid(np.linspace(113.5, 115.4, 9), np.linspace(36.1, 37.0, 9))
    there = crs.wgs84_to_gcj02(lon, lat)
    shift_m = GEOD.inv(lon, lat, *there)[2]
    assert there[0].shape == (9, 9)
    assert 480 < shift_m.min() < shift_m.max() < 640


def test_outside_the_box_nothing_moves():
    lon, lat = crs.wgs84_to_gcj02([2.35, 116.0], [48.85, 40.0])
    assert (lon[0], lat[0]) == (2.35, 48.85)
    assert lon[1] != 116.0
    assert tuple(map(float, crs.gcj02_to_wgs84(2.35, 48.85))) == (2.35, 48.85)


def test_gaps_stay_gaps_and_do_not_disturb_neighbours():
    lon, lat = crs.gcj02_to_wgs84([np.nan, 114.5], [36.6, 36.6])
    alone = crs.gcj02_to_wgs84(114.5, 36.6)
    assert np.isnan(lon[0])
    assert (lon[1], lat[1]) == (alone[0], alone[1])
    assert crs.gcj02_to_wgs84([], [])[0].shape == (0,)


def test_caller_arrays_are_not_written_to():
    lon, lat = np.array([114.5]), np.array([36.6])
    crs.gcj02_to_wgs84(lon, lat)
    crs.bd09_to_gcj02(lon, lat)
    assert (lon[0], lat[0]) == (114.5, 36.6)


@pytest.mark.parametrize("name", ["EPSG:4547", "EPSG:4526", "EPSG:32650"])
def test_metric_systems_pass(name):
    assert crs.require_metric(name) == CRS(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "没有坐标系"),
        ("EPSG:4490", "以度为单位"),
        ("EPSG:3857", "网络墨卡托"),
        ("EPSG:2263", "不以米为单位"),
        ("EPSG:99999999", "不认识坐标系"),
    ],
)
def test_other_systems_are_refused(name, message):
    with pytest.raises(CrsError, match=message):
        crs.require_metric(name)


def test_to_metric_measures_a_degree_of_latitude():
    frame = gpd.GeoDataFrame(geometry=[Point(114, 36), Point(114, 37)], crs="EPSG:4490")
    metric = crs.to_metric(frame, "EPSG:4547")
    # the meridian arc from 36° to 37°N is 110,968 m (GRS 80)
    assert metric.geometry.iloc[0].distance(metric.geometry.iloc[1]) == pytest.approx(110968, abs=2)
    assert metric.geometry.iloc[0].x == pytest.approx(500000, abs=1e-3)
    assert frame.crs == "EPSG:4490"


def test_to_metric_refuses_a_frame_without_system():
    with pytest.raises(CrsError, match="没有坐标系"):
        crs.to_metric(gpd.GeoDataFrame(geometry=[Point(0, 0)]), "EPSG:4547")


@pytest.mark.parametrize("old", ["EPSG:2436", "EPSG:2383", "EPSG:4214", "EPSG:4610"])
def test_old_datums_are_refused(old):
    frame = gpd.GeoDataFrame(geometry=[Point(500000, 4050000)], crs=old)
    with pytest.raises(CrsError, match="旧基准"):
        crs.to_metric(frame, "EPSG:4547")


def test_old_datum_onto_itself_passes():
    crs.check_datum("EPSG:2436", target="EPSG:4214")


def test_transformer_takes_longitude_first():
    x, y = crs.make_transformer("EPSG:4490", "EPSG:4547").transform(114.0, 36.0)
    assert x == pytest.approx(500000, abs=1e-3)
    assert y == pytest.approx(3_985_750, abs=300)


def test_local_metric_is_centred_and_repeats():
    first = crs.choose_local_metric((114.10, 36.3, 114.9, 36.9))
    again = crs.choose_local_metric((114.13, 36.31, 114.88, 36.92))
    assert first == again
    assert crs.require_metric(first) == first
    assert "114.5E 37N" in first.name


def test_local_metric_of_a_frame_measures_truly():
    frame = gpd.GeoDataFrame(geometry=[box(114.3, 36.5, 114.6, 36.7)], crs="EPSG:4326")
    metric = frame.to_crs(crs.choose_local_metric(frame))
    true_m2 = abs(GEOD.geometry_area_perimeter(frame.geometry.iloc[0].segmentize(0.001))[0])
    assert metric.area.iloc[0] == pytest.approx(true_m2, rel=1e-4)
    from_metric = crs.choose_local_metric(metric)
    assert "114.5E 37N" in from_metric.name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((0.0, 0.0, 500000.0, 4000000.0), "不是经纬度"),
        ((100.0, 30.0, 115.0, 31.0), "没有适用的单一米制投影"),
        (gpd.GeoDataFrame(geometry=[], crs="EPSG:4490"), "没有坐标"),
        (gpd.GeoDataFrame(geometry=[Point(114, 36)]), "没有坐标系"),
    ],
)
def test_local_metric_refuses(data, message):
    with pytest.raises(CrsError, match=message):
        crs.choose_local_metric(data)
