"""Sites as files for other programs."""

import csv
import io
import json

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pyogrio
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


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".geojson", ".gpkg", ".parquet", ".shp.zip"])
def test_the_same_sites_give_the_same_bytes(tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        assert len(export_table(toytown.make_sites(), path)) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_numbers_dates_and_marks_keep_their_types(tmp_path):
    export_table(toytown.make_sites(), tmp_path / "a.gpkg")
    info = pyogrio.read_info(tmp_path / "a.gpkg")
    types = dict(zip(info["fields"], info["ogr_types"], strict=True))
    assert [types[name] for name in ("户数", "投资_万元", "计划开工", "模拟数据", "名称")] == [
        "OFTInteger64", "OFTReal", "OFTDate", "OFTInteger", "OFTString",
    ]  # fmt: skip


def test_geoparquet_answers_a_window_from_its_bounds(tmp_path):
    path = tmp_path / "a.parquet"
    export_table(toytown.make_sites(), path)
    meta = json.loads(pq.read_metadata(path).metadata[b"geo"])
    assert meta["version"] == "1.1.0"
    assert "covering" in meta["columns"]["geometry"]
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"
    whole = gpd.read_parquet(path)
    place = whole.set_index("site_id").geometry["A-11"]
    found = gpd.read_parquet(path, bbox=(place.x - 1e-4, place.y - 1e-4, place.x + 1e-4, place.y + 1e-4))
    assert found["site_id"].tolist() == ["A-11"]
    assert len(whole) == 12


def test_a_text_that_no_cell_holds_is_told_and_not_cut(tmp_path):
    sites = toytown.make_sites()
    sites.loc["A-01", "notes"] = "长" * 40_000
    report = export_table(sites, tmp_path / "a.xlsx")
    assert [(finding.code, finding.site_id, finding.field) for finding in report] == [
        ("export-changed", "A-01", "备注")
    ]
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["台账", "说明"]
    assert "长长" not in str(book["台账"].cell(2, [c.value for c in book["台账"][1]].index("备注") + 1).value)


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match="不支持的输出格式"):
        export_table(toytown.make_sites(), tmp_path / "a.docx")
