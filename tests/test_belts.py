"""Gauss–Krüger belts."""

from __future__ import annotations

import pytest
from pyproj import CRS

from renewal_gis.errors import CrsError
from renewal_gis.geo import belts


@pytest.mark.parametrize("zone", range(25, 46))
def test_three_degree_belts_agree_with_the_registry(zone):
    for prefixed in (True, False):
        belt = belts.make_belt(3 * zone, prefixed=prefixed)
        values = {p.name: p.value for p in CRS(belt.epsg).coordinate_operation.params}
        assert values["Longitude of natural origin"] == 3 * zone
        assert values["False easting"] == (zone * 1_000_000 + 500_000 if prefixed else 500_000)


@pytest.mark.parametrize("zone", range(13, 24))
def test_six_degree_belts_agree_with_the_registry(zone):
    for prefixed in (True, False):
        belt = belts.make_belt(6 * zone - 3, width_deg=6, prefixed=prefixed)
        values = {p.name: p.value for p in CRS(belt.epsg).coordinate_operation.params}
        assert values["Longitude of natural origin"] == 6 * zone - 3
        assert values["False easting"] == (zone * 1_000_000 + 500_000 if prefixed else 500_000)


def test_belt_is_found_by_magnitude():
    assert belts.find_belt([38_500_000, 38_520_000], [4.05e6, 4.06e6]).epsg == 4526
    assert belts.find_belt([20_400_000], [4.05e6]).epsg == 4498  # 117°E, 6° wide
    assert belts.find_belt([500_000], [4.05e6], central_deg=114).epsg == 4547
    assert belts.find_belt([500_000], [4.05e6], central_deg=117, width_deg=6).epsg == 4509


@pytest.mark.parametrize(
    ("x", "y", "kwargs", "message"),
    [
        ([500_000.0], [4.05e6], {}, "不带带号"),
        ([38_500_000.0], [4.05e6], {"central_deg": 117}, "声明的中央经线"),
        ([38_500_000.0, 39_400_000.0], [4.05e6, 4.05e6], {}, "多个投影带"),
        ([4.05e6], [500_000.0], {"central_deg": 114}, "颠倒"),
        ([4.05e6], [38_500_000.0], {}, "颠倒"),
        ([114.5], [-36.6], {"central_deg": 114}, "颠倒"),
        ([8_500_000.0], [4.05e6], {}, "既不是带号坐标"),
        ([], [], {}, "没有坐标"),
    ],
)
def test_belt_is_refused(x, y, kwargs, message):
    with pytest.raises(CrsError, match=message):
        belts.find_belt(x, y, **kwargs)


def test_no_such_belt():
    with pytest.raises(CrsError, match="没有中央经线"):
        belts.make_belt(115)


def test_declared_system_and_eastings_must_agree():
    belts.check_belt("EPSG:4547", [512_000.0], [4.05e6])
    belts.check_belt("EPSG:4526", [38_512_000.0], [4.05e6])
    belts.check_belt("EPSG:4490", [114.5], [36.6])
    with pytest.raises(CrsError, match="不带带号,坐标为带号 38"):
        belts.check_belt("EPSG:4547", [38_512_000.0], [4.05e6])
    with pytest.raises(CrsError, match="带号 38,坐标为带号 39"):
        belts.check_belt("EPSG:4526", [39_512_000.0], [4.05e6])
    with pytest.raises(CrsError, match="带号 38,坐标为不带带号"):
        belts.check_belt("EPSG:4526", [512_000.0], [4.05e6])
