"""Land and households within reach of facilities."""

from __future__ import annotations

import math
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis import toytown
from renewal_gis.analysis.coverage import measure_coverage, reach_areas
from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.geo.discs import draw_discs
from renewal_gis.schema import COVERAGE, STORED_CRS, check_frame

X0, Y0 = toytown.ORIGIN


def place(shapes, **columns):
    moved = [shapely.transform(shape, lambda xy: xy + np.array([X0, Y0])) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=toytown.METRIC_CRS).to_crs(STORED_CRS)


def measure(land=None, facilities=None, units=None):
    rows = measure_coverage(
        toytown.make_land() if land is None else land,
        toytown.make_facilities() if facilities is None else facilities,
        toytown.make_units() if units is None else units,
        toytown.make_plan(),
    )
    return rows.set_index(["facility", "unit"])


def clinics(*points):
    return place(
        [shapely.Point(p) for p in points], facility=["clinic"] * len(points), name=[""] * len(points)
    )


def test_toy_town_by_hand():
    rows = measure()
    check_frame(rows.reset_index(), COVERAGE)
    # L1 lies wholly within 500 m of the first clinic; of L2 the part above y = 820 within x = 220 … 780:
    # the integral of sqrt(500² - x²) - 320 over -280 … 280
    part_m2 = 280 * math.sqrt(500**2 - 280**2) + 500**2 * math.asin(280 / 500) - 320 * 560
    west = rows.loc[("clinic", "甲区")]
    assert west["land_m2"] == pytest.approx(2 * 560**2)
    assert west["land_covered_m2"] == pytest.approx(560**2 + part_m2, rel=2e-5)
    assert west["households"] == pytest.approx(2100)
    assert west["households_covered"] == pytest.approx(1200 + 900 * part_m2 / 560**2, rel=2e-5)
    # L3 (1420 … 2080) crosses into 丙县 by 80 of its 660 m, and all of it is near the second clinic
    east = rows.loc[("clinic", "丙县")]
    assert east["land_covered_m2"] == pytest.approx(80 * 560, rel=1e-6)
    assert east["household_share"] == pytest.approx((700 * 80 / 660) / (700 * 80 / 660 + 400), rel=1e-6)
    assert rows.loc[("clinic", "乙区"), "land_share"] == pytest.approx(1.0, abs=1e-9)
    assert rows.loc[("park", "乙区"), "land_share"] == 0


def test_rows_stand_in_the_plans_order():
    rows = measure().reset_index()
    assert rows["unit"].tolist() == ["全市", "甲区", "乙区", "丙县"] * 2
    assert rows["facility"].tolist() == ["clinic"] * 4 + ["park"] * 4
    assert rows["facility_name"].iloc[0] == "卫生服务站"
    assert rows["reach_m"].unique().tolist() == [500.0]


def test_districts_add_up_to_the_city():
    sums = ["land_m2", "land_covered_m2", "households", "households_covered"]
    for _, rows in measure().groupby(level=0):
        assert rows[sums].iloc[1:].sum().tolist() == pytest.approx(rows[sums].iloc[0].tolist(), rel=1e-12)


def test_no_facility_covers_nothing():
    rows = measure(facilities=clinics())
    assert rows["land_share"].tolist() == [0.0] * 8
    assert rows["household_share"].tolist() == [0.0] * 8


def test_no_land_cannot_be_computed():
    rows = measure(land=toytown.make_land().iloc[:2])
    assert rows.loc[("clinic", "乙区"), ["land_m2", "land_share", "household_share"]].isna().all()
    assert rows.loc[("clinic", "全市"), "land_m2"] == pytest.approx(2 * 560**2)
    nothing = measure(land=toytown.make_land().iloc[:0])
    assert nothing["land_share"].isna().all()
    assert len(nothing) == 8


def test_households_that_nobody_knows_are_left_out():
    land = toytown.make_land()
    land.loc[0, "households"] = pd.NA
    row = measure(land=land).loc[("clinic", "甲区")]
    assert row["households"] == pytest.approx(900)
    assert row["land_m2"] == pytest.approx(2 * 560**2)
    row = measure(land=land.drop(columns="households")).loc[("clinic", "甲区")]
    assert math.isnan(row["household_share"])
    assert row["land_share"] > 0


def test_overlapping_reaches_count_once():
    one, two = measure(facilities=clinics((500, 500))), measure(facilities=clinics((500, 500), (500, 500)))
    pd.testing.assert_frame_equal(one, two)


def test_land_across_a_border_and_outside():
    land = place(
        [shapely.box(900, 100, 1100, 200), shapely.box(3100, 100, 3200, 200)],
        households=pd.array([100, 100], "Int64"),
    )
    rows = measure(land=land, facilities=clinics((1000, 150)))
    assert rows.loc[("clinic", "甲区"), "households"] == pytest.approx(50, rel=1e-5)
    assert rows.loc[("clinic", "全市"), "households"] == pytest.approx(100)
    assert rows.loc[("clinic", "全市"), "land_share"] == pytest.approx(1)


def test_overlapping_districts_do_not_double_the_land():
    units = toytown.make_units()
    wide = place([shapely.box(900, 0, 2000, 2000)])
    units.loc["990102", "geometry"] = wide.geometry.iloc[0]
    land = place([shapely.box(850, 100, 1050, 200)], households=pd.array([100], "Int64"))
    rows = measure(land=land, facilities=clinics((950, 150)), units=units)
    assert rows.loc[("clinic", "全市"), "land_m2"] == pytest.approx(20_000, rel=1e-6)


def test_facility_without_place_is_left_out(caplog):
    facilities = clinics((500, 500), (1700, 500))
    facilities.loc[1, "geometry"] = None
    rows = measure(facilities=facilities)
    assert rows.loc[("clinic", "乙区"), "land_share"] == 0
    assert "1 处设施没有位置" in caplog.text


def test_parks_may_be_areas():
    rows = measure(
        land=place([shapely.box(700, 0, 900, 100)], households=pd.array([10], "Int64")),
        facilities=place([shapely.box(0, 0, 300, 100)], facility=["park"], name=[""]),
    )
    # 500 m beyond the park's edge at x = 300
    assert rows.loc[("park", "甲区"), "land_share"] == pytest.approx(0.5, abs=1e-3)


def test_frames_are_checked():
    with pytest.raises(SchemaError, match="缺少列 facility"):
        measure(facilities=toytown.make_facilities().drop(columns="facility"))
    with pytest.raises(SchemaError, match="UNITS 缺少列"):
        measure(units=toytown.make_units().drop(columns="kind"))
    with pytest.raises(CrsError, match="没有坐标系"):
        measure(land=toytown.make_land().set_crs(None, allow_override=True))


def test_discs_have_the_area_of_circles():
    disc = draw_discs(np.array([shapely.Point(0, 0)], dtype=object), 500.0)[0]
    assert disc.area == pytest.approx(math.pi * 500**2, rel=1e-9)
    radii = np.hypot(*shapely.get_coordinates(disc).T)
    assert abs(radii - 500).max() < 0.11
    assert abs(disc.exterior.distance(shapely.Point(0, 0)) - 500) < 0.11


def test_reach_areas_are_dissolved():
    areas = reach_areas(toytown.make_facilities(), toytown.make_plan())
    assert areas["facility"].tolist() == ["clinic", "park"]
    assert areas.crs.to_string() == STORED_CRS
    metric = areas.to_crs(toytown.METRIC_CRS)
    assert metric.area.tolist() == pytest.approx([2 * math.pi * 500**2, math.pi * 500**2], rel=1e-6)
    assert metric.is_valid.all()
    only = reach_areas(clinics((500, 500), (600, 500)), toytown.make_plan())
    assert only.geom_type.tolist() == ["Polygon"]
    assert reach_areas(clinics(), toytown.make_plan()).empty


PLACES = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2000)), max_size=8)


@settings(max_examples=30, deadline=None)
@given(PLACES, PLACES)
def test_shares_are_shares_and_more_facilities_cover_no_less(first, more):
    few, many = measure(facilities=clinics(*first)), measure(facilities=clinics(*first, *more))
    for rows in (few, many):
        shares = rows[["land_share", "household_share"]].to_numpy(dtype=float)
        assert ((shares >= 0) & (shares <= 1)).all()
    assert (many["land_covered_m2"] >= few["land_covered_m2"] - 1e-3).all()
    same = measure(facilities=clinics(*first, *more).iloc[::-1])
    pd.testing.assert_frame_equal(same, many, rtol=1e-9)


def test_five_thousand_facilities_in_seconds():
    rng = np.random.default_rng(3)
    places = clinics(*rng.uniform(0, [60_000, 40_000], (5000, 2)))
    corners = rng.uniform(0, [60_000, 40_000], (1000, 2))
    land = place(
        [shapely.box(x, y, x + 200, y + 150) for x, y in corners], households=pd.array([50] * 1000, "Int64")
    )
    units = toytown.make_units()
    units["geometry"] = place(
        [shapely.box(20_000 * k, 0, 20_000 * (k + 1), 41_000) for k in range(3)]
    ).geometry.array
    start = time.perf_counter()
    row = measure(land=land, facilities=places, units=units).loc[("clinic", "全市")]
    assert time.perf_counter() - start < 10
    # with 5000 discs at random in 60 km x 40 km, exp(-5000 x pi x 0.25 / 2400) = 19.5 % stays uncovered
    assert row["land_share"] == pytest.approx(0.805, abs=0.03)
