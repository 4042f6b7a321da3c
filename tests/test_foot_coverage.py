"""Coverage on foot, before and after links."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, Point, box

from renewal_gis import toytown
from renewal_gis.analysis.foot_coverage import measure_foot_coverage
from renewal_gis.roads.network import build_streets
from renewal_gis.schema import COVERAGE, STORED_CRS, check_frame

X0, Y0 = toytown.ORIGIN
CRS = toytown.METRIC_CRS


def frame(shapes, **columns):
    lines = gpd.GeoSeries(shapes, crs=CRS).translate(X0, Y0)
    return gpd.GeoDataFrame(columns, geometry=lines, crs=CRS)


@pytest.fixture
def town():
    """A river between two parallel streets; the clinic is south of it, the homes north of it."""
    plan = toytown.make_plan()
    streets = build_streets(
        frame(
            [
                LineString([(0, 0), (1000, 0)]),
                LineString([(0, 0), (0, 200)]),
                LineString([(0, 200), (1000, 200)]),
                LineString([(1000, 0), (1000, 150)]),
            ],
            highway=["residential"] * 4,
        )
    )
    units = gpd.GeoDataFrame(
        {"name": ["甲区"], "kind": ["district"], "core": [True]},
        index=["990101"],
        geometry=frame([box(-100, -100, 2000, 2000)]).geometry.array,
        crs=CRS,
    ).to_crs(STORED_CRS)
    return {
        "plan": plan,
        "streets": streets,
        "units": units.rename_axis("code"),
        # 100 × 40 m, north of the north street, at its east end
        "land": frame([box(900, 200, 1000, 240)], land_id=["L1"], households=[100]).to_crs(STORED_CRS),
        "facilities": frame([Point(1000, 0)], facility=["clinic"], name=["站"]).to_crs(STORED_CRS),
        "links": frame([LineString([(1000, 150), (1000, 200)])], rank=[1]),
    }


def measure(town, **changes):
    words = {name: value for name, value in town.items() if name != "links"} | changes
    plan = words.pop("plan")
    return measure_foot_coverage(
        words["land"], words["facilities"], words["units"], words["streets"], plan, links=words.get("links")
    )


def pick(rows, facility="clinic", unit="全市", scenario="before"):
    found = rows[(rows["facility"] == facility) & (rows["unit"] == unit) & (rows["scenario"] == scenario)]
    assert len(found) == 1
    return found.iloc[0]


def test_the_river_is_not_walked_through(town):
    found = measure(town)
    check_frame(found.rows, COVERAGE)
    # as the crow flies 200 m, on foot 1000 + 200 + 1000
    assert pick(found.rows)["household_share"] == 0.0
    assert set(found.rows["measure"]) == {"network"}
    assert set(found.rows["scenario"]) == {"before"}
    assert found.gains.empty
    assert found.plots.loc[town["land"].index[0], "clinic"] == 0.0
    assert found.plots["met"].tolist() == [0]


def test_a_link_brings_everybody_within_reach(town):
    found = measure(town, links=town["links"])
    # clinic (1000, 0), north over the link 200 m, west at most 100 m, into the plot at most 40 m: 340 < 500
    after = pick(found.rows, scenario="after")
    assert after["household_share"] == 1.0
    assert after["households_covered"] == pytest.approx(100)
    assert pick(found.rows)["household_share"] == 0.0
    assert found.gains["rank"].tolist() == [1]
    assert found.gains["facility"].tolist() == ["clinic"]
    assert found.gains["households"].tolist() == pytest.approx([100])
    assert found.gains["land_m2"].tolist() == pytest.approx([4000], rel=1e-3)


def test_half_of_a_plot(town):
    # homes along the south street from x = 400 to 600; reach 500 m from (1000, 0) ends at x = 500
    land = frame([box(400, -10, 600, 0)], land_id=["L1"], households=[10]).to_crs(STORED_CRS)
    assert pick(measure(town, land=land).rows)["land_share"] == pytest.approx(0.5, abs=0.1)


def test_a_park_is_entered_from_its_edge(town):
    park = frame([box(0, 240, 900, 900)], facility=["park"], name=["园"]).to_crs(STORED_CRS)
    assert pick(measure(town, facilities=park).rows, "park")["land_share"] == 1.0


def test_small_plots_and_unknown_households_and_no_land(town):
    tiny = frame([box(900.5, -3, 901, -2)], land_id=["L1"], households=[None]).to_crs(STORED_CRS)
    row = pick(measure(town, land=tiny).rows)
    assert row["land_share"] == 1.0
    assert np.isnan(row["household_share"])
    none = pick(measure(town, land=town["land"].iloc[:0]).rows)
    assert np.isnan(none["land_share"])


def test_districts_add_up_in_the_toy_town():
    plan, land, facilities = toytown.make_plan(), toytown.make_land(), toytown.make_facilities()
    streets = build_streets(toytown.make_roads().to_crs(plan.crs_metric))
    rows = measure_foot_coverage(land, facilities, toytown.make_units(), streets, plan).rows
    for _, kind in rows.groupby("facility"):
        parts = kind[kind["unit"] != "全市"]
        whole = kind[kind["unit"] == "全市"].iloc[0]
        assert parts["land_covered_m2"].sum() == pytest.approx(whole["land_covered_m2"])
        assert 0 < whole["land_share"] < 1
