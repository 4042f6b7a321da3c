"""Sites as files for other programs."""

import csv
import io
import json

import geopandas as gpd
import openpyxl
import pytest
import shapely

from renewal_gis import toytown
from renewal_gis.errors import InputError
from renewal_gis.render.exports import (
    clean_text,
    export_sites,
    export_table,
    guard_cell,
    name_file,
    write_csv,
)


@pytest.mark.parametrize(
    "name", ["../../x", "..\\x", "/etc/cron.d/x", "C:\\x", "CON", "nul.html", "", "…", "长" * 300, "a\x00b"]
)
def test_file_names_lead_nowhere(tmp_path, name):
    made = name_file(name, key="A-01", suffix=".txt")
    assert (tmp_path / made).resolve().parent == tmp_path.resolve()
    assert len(made.encode()) < 200
    assert made.split("-")[0].lower() not in ("con", "nul")


def test_file_names_that_look_alike_stay_apart():
    names = {
        name_file(name, key=key, suffix=".txt").casefold()
        for name, key in [("a/b", "1"), ("a:b", "2"), ("A/B", "3"), ("a/b", "4")]
    }
    assert len(names) == 4


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\uff1d1+1"])
def test_no_cell_is_a_formula(text):
    assert guard_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-3.5", "+2", "12%", "和平小区"])
def test_numbers_and_names_stay(text):
    assert guard_cell(text) == text


def test_controls_go():
    assert clean_text("甲\x0b乙\ud800") == "甲乙"
    assert clean_text(None) == ""


def test_every_format_reads_back(tmp_path):
    sites = toytown.make_sites()
    sites.loc["A-01", "name"] = "=HYPERLINK(1)\x07"
    paths = {path.suffix: path for path in export_sites(sites, tmp_path)}
    rows = list(csv.reader(io.StringIO(paths[".csv"].read_text(encoding="utf-8-sig"))))
    assert (rows[0][0], rows[1][0], rows[1][1]) == ("site_id", "A-01", "'=HYPERLINK(1)")
    book = openpyxl.load_workbook(paths[".xlsx"])
    assert [book.active.cell(2, 2).value, book.active.cell(2, 2).data_type] == ["=HYPERLINK(1)", "s"]
    features = json.loads(paths[".geojson"].read_text(encoding="utf-8"))["features"]
    assert len(features) == 12
    layer = gpd.read_file(paths[".gpkg"])
    assert layer.crs.to_epsg() == 4490
    assert layer["site_id"].tolist() == sites.index.tolist()


def test_standard_output_has_no_mark_and_begins_with_the_id():
    text = write_csv(toytown.make_sites().iloc[:0])
    assert text.startswith("site_id,")
    assert shapely.from_wkt(list(csv.reader(io.StringIO(write_csv(toytown.make_sites()))))[1][-1]).is_valid


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match="不支持的输出格式"):
        export_table(toytown.make_sites(), tmp_path / "a.docx")
