"""Attribution of sites to districts and units."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from renewal_gis import toytown
from renewal_gis.analysis.locate import assign_districts, locate_sites
from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.schema import LOCATED, check_frame

METRIC = "EPSG:4547"


@pytest.fixture
def districts():
    # two rows of two squares of 1 km; codes against the order of the rows
    boxes = [
        box(0, 0, 1000, 1000),
        box(1000, 0, 2000, 1000),
        box(0, 1000, 1000, 2000),
        box(1000, 1000, 2000, 2000),
    ]
    frame = {"code": ["04", "03", "02", "01"], "name": ["丁区", "丙区", "乙区", "甲区"]}
    return gpd.GeoDataFrame(frame, geometry=boxes, crs=METRIC)


def make_sites(*shapes):
    ids = pd.Index([f"S{k}" for k in range(len(shapes))], name="site_id")
    return gpd.GeoDataFrame(geometry=list(shapes), index=ids, crs=METRIC)


def place(districts, *shapes, **kwargs):
    return assign_districts(make_sites(*shapes), districts, **kwargs)


def test_points_inside_on_borders_and_corners(districts):
    placed = place(
        districts, Point(500, 500), Point(1000, 500), Point(1000, 1000), Point(0, 500), Point(2500, 500)
    )
    assert placed["located_district"].tolist() == ["04", "03", "01", "04", ""]
    assert placed["placement"].tolist() == ["inside", "border", "border", "inside", "outside"]
    assert placed["share"].tolist() == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert placed["distance_m"].tolist() == [0.0, 0.0, 0.0, 0.0, 500.0]
    assert placed["shares"].tolist()[1] == "丁区 1;丙区 1"
    assert placed["shares"].tolist()[4] == ""


def test_lines_and_areas_go_to_the_largest_share(districts):
    placed = place(
        districts,
        LineString([(800, 500), (1600, 500)]),  # 200 m of 800 m in 丁区, 600 m in 丙区
        box(700, 100, 1100, 200),  # 3/4 in 丁区
        box(900, 100, 1100, 200),  # halves: the smaller code
        box(900, 900, 1100, 1100),  # quarters
        LineString([(1000, 100), (1000, 900)]),  # along the border
        box(1900, 100, 2300, 200),  # a quarter in 丙区, the rest outside
    )
    assert placed["located_district"].tolist() == ["03", "04", "03", "01", "03", "03"]
    assert placed["placement"].tolist() == [
        "largest_share", "largest_share", "border", "border", "border", "largest_share",
    ]  # fmt: skip
    assert placed["share"].tolist() == pytest.approx([0.75, 0.75, 0.5, 0.25, 1.0, 0.25])
    assert placed["shares"].iloc[0] == "丙区 0.75;丁区 0.25"
    assert placed["shares"].iloc[5] == "丙区 0.25"


def test_area_that_touches_a_border_from_inside_is_inside(districts):
    placed = place(districts, box(900, 100, 1000, 200), box(2000, 100, 2100, 200))
    assert placed["placement"].tolist() == ["inside", "outside"]
    assert placed["distance_m"].tolist() == [0.0, 0.0]
    assert placed["shares"].iloc[0] == "丁区 1"


def test_rows_without_location_are_kept(districts):
    placed = place(districts, None, Point(), Polygon(), Point(np.nan, np.nan), Point(500, 500))
    assert placed["placement"].tolist() == ["unlocated"] * 4 + ["inside"]
    assert placed["located_district"].tolist() == [""] * 4 + ["04"]
    assert placed["distance_m"].isna().tolist() == [True] * 4 + [False]


def test_odd_shapes(districts):
    bow_tie = Polygon([(100, 100), (300, 300), (300, 100), (100, 300)])
    flat = Polygon([(100, 100), (200, 100), (300, 100)])
    placed = place(
        districts, bow_tie, flat, MultiPoint([(100, 100), (300, 100)]), LineString([(5, 5), (5, 5)])
    )
    assert placed["placement"].tolist() == ["inside"] * 4
    assert placed["located_district"].tolist() == ["04"] * 4


def test_index_and_order_are_kept_and_callers_frames_untouched(districts):
    sites = make_sites(Point(500, 500), Point(1500, 500), None)
    sites.index = pd.Index(["b", "a", "b"], name="site_id")
    before = sites.copy(), districts.copy()
    placed = assign_districts(sites, districts)
    pd.testing.assert_index_equal(placed.index, sites.index)
    assert placed["located_district"].tolist() == ["04", "03", ""]
    assert sites.geom_equals(before[0]).sum() == 2
    assert list(districts.columns) == list(before[1].columns)


def test_no_sites(districts):
    placed = assign_districts(make_sites(), districts)
    assert placed.empty
    assert list(placed.columns) == ["located_district", "placement", "share", "distance_m", "shares"]


def test_overlapping_districts_give_one_answer(districts):
    twice = pd.concat([districts, districts.iloc[[0]].assign(code="00", name="重区")])
    placed = assign_districts(make_sites(Point(500, 500)), twice)
    assert placed["located_district"].tolist() == ["00"]
    assert placed["placement"].tolist() == ["border"]


def test_degrees_are_measured_on_the_plane():
    # one degree wide districts at 60°N; a site 500 m east of their eastern edge
    outlines = gpd.GeoDataFrame(
        {"code": ["1"], "name": ["北"]}, geometry=[box(20, 60, 21, 61)], crs="EPSG:4490"
    )
    degree_m = 55_800.0  # of longitude at 60°N
    sites = gpd.GeoDataFrame(geometry=[Point(21 + 500 / degree_m, 60.5)], crs="EPSG:4490")
    placed = assign_districts(sites, outlines)
    assert placed["placement"].tolist() == ["outside"]
    # at 60.5°N a degree is 54,972 m
    assert placed["distance_m"].iloc[0] == pytest.approx(500 / degree_m * 54_972, abs=2)


def test_border_in_degrees_is_exact():
    outlines = gpd.GeoDataFrame(
        {"code": ["2", "1"], "name": ["西", "东"]},
        geometry=[box(114, 36, 115, 37), box(115, 36, 116, 37)],
        crs="EPSG:4490",
    )
    shapes = [Point(115, 36.5), box(114.9, 36.4, 115, 36.6), Point(115 - 5e-8, 36.5), Point(115 - 5e-6, 36.5)]
    sites = gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4490")
    assert assign_districts(sites, outlines)["placement"].tolist() == ["border", "inside", "inside", "inside"]
    near = assign_districts(sites, outlines, border=1e-7)
    assert near["placement"].tolist() == ["border", "inside", "border", "inside"]
    assert near["located_district"].tolist() == ["1", "2", "1", "2"]


def test_systems_must_agree(districts):
    sites = make_sites(Point(500, 500))
    with pytest.raises(CrsError, match="坐标系不同"):
        assign_districts(sites.set_crs("EPSG:4548", allow_override=True), districts)
    with pytest.raises(CrsError, match="没有坐标系"):
        assign_districts(gpd.GeoDataFrame(geometry=[Point(0, 0)]), districts)


def test_districts_need_code_and_name(districts):
    with pytest.raises(SchemaError, match="name 或 code"):
        assign_districts(make_sites(Point(0, 0)), districts.drop(columns="name"))
    with pytest.raises(SchemaError, match="“04”重复"):
        assign_districts(make_sites(Point(0, 0)), districts.assign(code="04"))


COORD = st.floats(-300, 2300)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(COORD, COORD, st.floats(1, 600), st.floats(1, 600)), min_size=1, max_size=12))
def test_every_site_has_one_answer_and_moving_changes_none(boxes):
    frame = {"code": ["1", "2"], "name": ["甲", "乙"]}
    outlines = gpd.GeoDataFrame(frame, geometry=[box(0, 0, 1000, 2000), box(1000, 0, 2000, 2000)], crs=METRIC)
    sites = make_sites(*(box(x, y, x + w, y + h) for x, y, w, h in boxes))
    placed = assign_districts(sites, outlines)
    assert len(placed) == len(sites)
    assert placed["share"].between(0, 1).all()
    assert (placed["located_district"].isin(["1", "2"]) == (placed["placement"] != "outside")).all()
    turned = assign_districts(sites.iloc[::-1], outlines.iloc[::-1])
    pd.testing.assert_frame_equal(turned.iloc[::-1], placed)
    # a move by a power of two loses no digits that matter here
    far = (4096, -8192)
    moved = assign_districts(
        sites.set_geometry(sites.translate(*far)), outlines.set_geometry(outlines.translate(*far))
    )
    clear = placed["share"].between(0.01, 0.49) | placed["share"].between(0.51, 0.99) | (placed["share"] == 1)
    assert (moved["located_district"] == placed["located_district"])[clear].all()


def test_agrees_with_shapely_on_many_points(districts):
    rng = np.random.default_rng(7)
    xy = rng.integers(-2, 23, size=(4000, 2)) * 100.0  # many on borders and corners
    placed = assign_districts(make_sites(*map(Point, xy)), districts)
    order = districts.sort_values("code")
    hit = np.array([shapely.intersects(shape, shapely.points(xy)) for shape in order.geometry])
    first = np.where(hit.any(axis=0), order["code"].to_numpy()[hit.argmax(axis=0)], "")
    assert (placed["located_district"].to_numpy() == first).all()
    assert ((placed["placement"] == "border").to_numpy() == (hit.sum(axis=0) > 1)).all()


# the toy town: whose is it


def test_toy_town_is_located():
    located = locate_sites(toytown.make_sites(), toytown.make_units(), toytown.make_plan())
    check_frame(located, LOCATED)
    assert located.index.name == "site_id"
    # 100 m of its 400 m lie in 甲区
    assert located.loc["A-05", ["located_name", "placement"]].tolist() == ["乙区", "largest_share"]
    assert located.loc["A-05", "share"] == pytest.approx(0.75, abs=1e-4)
    assert located.loc["A-10", ["located_name", "placement"]].tolist() == ["甲区", "border"]
    assert located.loc["A-04", ["located_name", "placement", "managing_unit"]].tolist() == [
        "",
        "unlocated",
        "乙区",
    ]
    assert (located["placement"] == "inside").sum() == 9


def test_managing_unit_is_declared_else_township_else_district():
    words = toytown.make_plan().model_dump()
    words["units"] = [
        *words["units"],
        {"code": "99", "name": "示例新区", "kind": "functional_zone", "townships": ("新镇",)},
    ]
    plan = type(toytown.make_plan())(**words, folder=".")
    sites = (
        toytown.make_sites()
        .iloc[:5]
        .assign(declared_unit=["丙县", "", "", "", "无此区"], township=["新镇", "新镇 ", "", "", None])
    )
    located = locate_sites(sites, toytown.make_units(), plan)
    assert located["managing_unit"].tolist() == ["丙县", "示例新区", "甲区", "", "乙区"]
    assert located["located_name"].tolist() == ["甲区", "甲区", "甲区", "", "乙区"]


def test_locating_needs_the_columns():
    sites = toytown.make_sites().drop(columns="township")
    with pytest.raises(SchemaError, match="township"):
        locate_sites(sites, toytown.make_units(), toytown.make_plan())
