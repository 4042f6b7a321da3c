"""The coverage command: page, workbook, layers, numbers."""

from __future__ import annotations

import json
from importlib import resources

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from click.testing import CliRunner

from renewal_gis import toytown
from renewal_gis.cli import main


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A plan of one city with its layers in files, and a ledger of the toy town."""
    folder = tmp_path_factory.mktemp("town")
    units = toytown.make_units().reset_index()
    units.to_file(folder / "units.geojson")
    toytown.make_land().to_file(folder / "land.geojson")
    toytown.make_facilities().to_file(folder / "facilities.geojson")
    toytown.make_roads().to_parquet(folder / "roads.parquet")
    plan = folder / "plan.toml"
    text = (resources.files("renewal_gis") / "data/toytown.toml").read_text(encoding="utf-8")
    rows = "".join(
        f'[[sources]]\nrole = "{role}"\npath = "{name}"\nsimulated = true\nattribution = "虚构"\n'
        for role, name in (("units", "units.geojson"),)
    )
    plan.write_text(text + rows, encoding="utf-8")
    return folder


def run(town, *words):
    return CliRunner().invoke(
        main, ["coverage", "--plan", str(town / "plan.toml"), "--as-of", "2021-09-30", *words]
    )


def test_files_stand_in_for_the_plans_own(town, tmp_path):
    told = run(
        town, "--land", str(town / "land.geojson"), "--facilities", str(town / "facilities.geojson"),
        "--roads", str(town / "roads.parquet"), "-o", str(tmp_path / "out"),
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"coverage.html", "coverage.xlsx", "coverage.gpkg", "coverage.json"}
    record = json.loads((tmp_path / "out/coverage.json").read_text(encoding="utf-8"))
    ways = {(row["measure"], row["scenario"]) for row in record["coverage"]}
    assert {("straight", "before"), ("network", "before")} <= ways
    assert record["white_spots"] is None
    sheets = openpyxl.load_workbook(tmp_path / "out/coverage.xlsx")
    first = sheets["各指标覆盖率"]
    city = [
        row for row in first.iter_rows(min_row=4, values_only=True) if row[2] == "全市" and row[3] == "直线"
    ]
    shares = {
        row["facility_name"]: row["land_share"]
        for row in record["coverage"]
        if row["unit"] == "全市" and row["measure"] == "straight"
    }
    assert {row[0]: row[5] for row in city} == pytest.approx(shares)
    plots = gpd.read_file(tmp_path / "out/coverage.gpkg", layer="plots")
    assert {"clinic", "park", "met"} <= set(plots.columns)
    assert plots.crs.to_epsg() == 4490


def test_with_a_ledger_programmes_are_measured(town, tmp_path):
    ledger = tmp_path / "ledger.gpkg"
    demo = CliRunner().invoke(main, ["demo", "--ledger", str(ledger), "-o", str(tmp_path / "demo")])
    assert demo.exit_code == 0, demo.output
    told = run(
        town, "--land", str(town / "land.geojson"), "--facilities", str(town / "facilities.geojson"),
        "--ledger", str(ledger), "-o", str(tmp_path / "out"), "--json",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    record = json.loads(told.stdout)
    city = {row["programme"]: row for row in record["programmes"] if row["level"] == "city"}
    assert city["old_compound"]["sites"] > 0
    # no roads were given: nobody walks
    assert {row["measure"] for row in record["coverage"]} == {"straight"}
    layers = dict(pyogrio.list_layers(tmp_path / "out/coverage.gpkg"))
    assert "hexagons" in layers


def test_refusals(town, tmp_path):
    told = run(town, "-o", str(tmp_path / "out"))
    assert told.exit_code == 2
    assert "没有设施图层" in told.stderr
    told = run(town, "--facilities", str(town / "none.geojson"), "-o", str(tmp_path / "out"))
    assert told.exit_code == 2
    assert "none.geojson" in told.stderr
    assert not (tmp_path / "out").exists()
