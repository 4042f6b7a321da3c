"""What each programme has renewed, by area; what no list holds."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from renewal_gis import toytown
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.programme_coverage import (
    draw_hexagons,
    find_white_spots,
    measure_programmes,
    name_hexagons,
)
from renewal_gis.ledger.history import find_reached
from renewal_gis.schema import PROGRAMME_COVERAGE, STORED_CRS, check_frame

X0, Y0 = toytown.ORIGIN


@pytest.fixture
def town():
    plan, sites = toytown.make_plan(), toytown.make_sites()
    reached = find_reached(toytown.make_events(), plan, sites, as_of=dt.date(2021, 9, 30))
    return sites.join(locate_sites(sites, toytown.make_units(), plan)), reached, plan


def test_levels_add_up_to_the_city(town):
    rows = measure_programmes(*town)
    check_frame(rows, PROGRAMME_COVERAGE)
    for _, programme in rows.groupby("programme"):
        sums = programme.groupby("level")[["sites", "done", "households", "households_done"]].sum()
        assert (sums == sums.loc["city"]).all(axis=None)


def test_counts_of_the_toy_town(town):
    sites, reached, plan = town
    rows = measure_programmes(*town)
    city = rows[rows["level"] == "city"].set_index("programme")
    for programme in ("old_compound", "dry_toilet"):
        milestone = next(t.milestone for t in plan.targets if t.programme == programme)
        ids = sites.index[sites["programme"] == programme]
        done = reached[(reached["stage"] == milestone) & reached["site_id"].isin(ids)]["site_id"]
        assert city.loc[programme, "sites"] == len(ids)
        assert city.loc[programme, "done"] == done.nunique()
        assert city.loc[programme, "share"] == done.nunique() / len(ids)


def test_unknown_households_are_not_nought(town):
    sites, reached, plan = town
    rows = measure_programmes(sites.assign(households=np.nan), reached, plan)
    assert rows["household_share"].isna().all()


def test_no_sites(town):
    sites, reached, plan = town
    assert measure_programmes(sites.iloc[:0], reached, plan).empty


def test_hexagons_are_drawn_where_the_sites_are(town):
    sites, _, plan = town
    drawn = draw_hexagons(measure_programmes(*town), plan)
    names = name_hexagons(sites, plan)
    assert (names == "").sum() == sites.geometry.isna().sum()
    shape = dict(zip(drawn["area"], drawn.geometry, strict=True))
    middle = sites.geometry.to_crs(plan.crs_metric).centroid.to_crs(STORED_CRS)
    for site_id, name in names[names != ""].items():
        assert shape[name].buffer(1e-7).covers(middle[site_id])
    assert drawn.to_crs(plan.crs_metric).area.round().unique().tolist() == [round(1000**2 * 3**0.5 / 2)]


@settings(deadline=None, max_examples=30)
@given(st.floats(-5e4, 5e4), st.floats(-5e4, 5e4))
def test_every_point_lies_in_its_hexagon(dx, dy):
    plan = toytown.make_plan()
    here = gpd.GeoDataFrame(geometry=[Point(X0 + dx, Y0 + dy)], crs=plan.crs_metric).to_crs(STORED_CRS)
    column, row = (int(part) for part in name_hexagons(here, plan)[0].split(","))
    middle = Point(1000 * (column + row / 2), 1.5 * 1000 / 3**0.5 * row)
    assert middle.distance(Point(X0 + dx, Y0 + dy)) <= 1000 / 3**0.5 + 0.01


def make_land(**columns):
    plots = [box(0, 0, 100, 100), box(200, 0, 300, 100), box(400, 0, 500, 100)]
    moved = [shapely.transform(plot, lambda xy: xy + np.array([X0, Y0])) for plot in plots]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=toytown.METRIC_CRS).to_crs(STORED_CRS)


def test_white_spots_are_old_and_in_no_list(town):
    sites, _, plan = town
    land = make_land(year_built=[1998, 1985, 2010])
    listed = sites.iloc[:1].set_geometry([land.geometry.iloc[0]], crs=STORED_CRS)
    spots = find_white_spots(land, listed, plan)
    assert spots.index.tolist() == [1]


def test_land_without_age_tells_nothing(town):
    sites, _, plan = town
    assert find_white_spots(make_land(), sites, plan) is None
    assert find_white_spots(make_land(year_built=[None, None, None]), sites, plan) is None
