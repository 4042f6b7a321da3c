"""One command for any data: files of any format to one page, and the page in a real browser."""

from __future__ import annotations

import csv
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from renewal_gis.cli import main
from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.geo.crs import wgs84_to_gcj02
from renewal_gis.intake.places import list_layers, read_places
from renewal_gis.pipeline.layers import run_map, split_name
from renewal_gis.render.webmap.classes import make_legend
from renewal_gis.render.webmap.layers import MapLayer, write_layers

HOME = (114.5, 36.6)


def make_points(count: int = 6) -> gpd.GeoDataFrame:
    """Points in a row; every other one is finished, the last says nothing."""
    words = [("完成", "施工")[k % 2] for k in range(count - 1)] + [None]
    table = {
        "名称": [f"小区{k}" for k in range(count)],
        "状态": words,
        "户数": [10 * k for k in range(count)],
    }
    spots = [shapely.Point(HOME[0] + k / 100, HOME[1]) for k in range(count)]
    return gpd.GeoDataFrame(table, geometry=spots, crs=4490)


def make_roads() -> gpd.GeoDataFrame:
    lines = [shapely.LineString([(114.5, 36.5 + k / 100), (114.56, 36.52 + k / 100)]) for k in range(3)]
    return gpd.GeoDataFrame(
        {"名称": ["和平路", "中心路", ""], "等级": ["主干", "次干", "支路"]}, geometry=lines, crs=4490
    )


def make_areas() -> gpd.GeoDataFrame:
    hole = [(114.52, 36.62), (114.54, 36.62), (114.54, 36.64), (114.52, 36.64)]
    ring = [(114.5, 36.6), (114.56, 36.6), (114.56, 36.66), (114.5, 36.66)]
    return gpd.GeoDataFrame(
        {"名称": ["片区"], "状态": ["施工"]}, geometry=[shapely.Polygon(ring, [hole])], crs=4490
    )


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *words: runner.invoke(main, ["map", *map(str, words)])


@pytest.fixture
def folder(tmp_path):
    """A folder of shapefiles as an office has it: GBK, metres, an area with a hole."""
    make_points().to_crs(4547).to_file(tmp_path / "小区.shp", encoding="GBK")
    make_roads().to_file(tmp_path / "roads.shp", encoding="GBK")
    make_areas().to_file(tmp_path / "area.shp", encoding="GBK")
    return tmp_path


# ------------------------------------------------------------------ names and files
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a.shp", ("", "a.shp")),
        ("道路=a.shp", ("道路", "a.shp")),
        ("C:\\x\\a.shp", ("", "C:\\x\\a.shp")),
        ("C:\\x=y\\a.shp", ("C:\\x=y\\a.shp"[:0], "C:\\x=y\\a.shp")),
        ("/data/x=1/a.shp", ("", "/data/x=1/a.shp")),
        ("路=C:\\x\\a.shp", ("路", "C:\\x\\a.shp")),
        ("a=b=c.shp", ("a", "b=c.shp")),
    ],
)
def test_a_name_stands_before_the_first_sign(word, expected):
    assert split_name(word) == expected


def test_a_file_that_is_there_is_a_file(tmp_path, monkeypatch):
    make_points().to_file(tmp_path / "a=b.geojson", driver="GeoJSON")
    monkeypatch.chdir(tmp_path)
    assert split_name("a=b.geojson") == ("", "a=b.geojson")


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet", ".kml", ".fgb", ".csv", ".xlsx"])
def test_every_format_gives_the_same_points(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    points = make_points()
    table = pd.DataFrame(points.drop(columns="geometry")).assign(经度=points.geometry.x, 纬度=36.6)
    if suffix == ".parquet":
        points.to_parquet(path)
    elif suffix == ".csv":
        table.to_csv(path, index=False, encoding="gbk")
    elif suffix == ".xlsx":
        table.to_excel(path, index=False)
    elif suffix == ".kml":
        points.rename(columns={"名称": "Name"}).to_crs(4326).to_file(path, driver="KML")
    else:
        points.to_crs(4326 if suffix == ".geojson" else 4490).to_file(path)
    frame = read_places(path, crs="EPSG:4490").frame
    assert len(frame) == 6
    # some formats put features in an order of their own
    assert sorted(shapely.get_x(frame.geometry)) == pytest.approx([114.5 + k / 100 for k in range(6)])
    assert frame.crs.to_epsg() == 4490


def test_a_table_may_hold_wkt_or_both_coordinates_in_a_cell(tmp_path):
    (tmp_path / "w.csv").write_text("名称,WKT\n甲,POINT (114.5 36.6)\n乙,坏\n", encoding="utf-8")
    (tmp_path / "p.csv").write_text('名称,坐标\n甲,"114.5,36.6"\n', encoding="utf-8")
    wkt, pair = (read_places(tmp_path / f"{name}.csv", crs="EPSG:4490") for name in "wp")
    assert [shape and shape.wkt for shape in wkt.frame.geometry] == ["POINT (114.5 36.6)", None]
    assert [finding.row for finding in wkt.findings] == [2]
    assert pair.frame.geometry.iloc[0].wkt == "POINT (114.5 36.6)"


def test_a_shifted_datum_is_taken_back(tmp_path):
    lon, lat = (float(v) for v in wgs84_to_gcj02(*HOME))
    (tmp_path / "g.csv").write_text(f"名称,经度,纬度\n甲,{lon!r},{lat!r}\n", encoding="utf-8")
    point = read_places(tmp_path / "g.csv", crs="GCJ-02").frame.geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx(HOME, abs=1e-8)


def test_every_layer_of_a_geopackage_is_one_of_the_map(tmp_path):
    make_points().to_file(tmp_path / "a.gpkg", layer="点")
    make_roads().to_file(tmp_path / "a.gpkg", layer="线", mode="a")
    assert list_layers(tmp_path / "a.gpkg") == ["点", "线"]
    summary = run_map([str(tmp_path / "a.gpkg")], tmp_path / "m.html")
    assert [(layer.name, layer.read) for layer in summary.layers] == [("点", 6), ("线", 3)]


# ------------------------------------------------------------------ what is refused, and how
def test_a_file_without_a_system_is_refused_with_the_remedy(tmp_path, run):
    make_points().to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.prj").unlink()
    told = run(tmp_path / "a.shp", "-o", tmp_path / "m.html")
    assert told.exit_code == 2
    assert "--crs" in told.output
    assert not (tmp_path / "m.html").exists()
    told = run(tmp_path / "a.shp", "-o", tmp_path / "m.html", "--crs", "EPSG:4490")
    assert told.exit_code == 0, told.output


def test_what_a_file_says_goes_before_the_option(folder):
    # the points are in EPSG:4547 and say so: the option is for files that say nothing
    assert read_places(folder / "小区.shp", crs="EPSG:4490").crs == "EPSG:4547"


def test_an_old_datum_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("名称,X坐标,Y坐标\n甲,500000,4000000\n", encoding="utf-8")
    with pytest.raises(CrsError, match="参数"):
        read_places(tmp_path / "a.csv", crs="EPSG:2437")


def test_a_column_missing_everywhere_is_refused_by_name(folder, run):
    told = run(folder, "-o", folder / "m.html", "--label", "没有的列")
    assert told.exit_code == 2
    assert "没有的列" in told.output
    assert "名称" in told.output
    assert "等级" in told.output


def test_a_column_missing_from_one_layer_is_left_away_there(folder, run):
    told = run(folder, "-o", folder / "m.html", "--status", "状态", "--popup", "户数,等级", "--json")
    assert told.exit_code == 0, told.output
    assert {row["name"]: row["drawn"] for row in json.loads(told.output)["layers"]} == {
        "area": 1,
        "roads": 3,
        "小区": 6,
    }


def test_the_output_is_a_page(folder, run):
    told = run(folder / "roads.shp", "-o", folder / "m.pdf")
    assert (told.exit_code, ".html" in told.output) == (2, True)


def test_rows_without_a_place_are_counted_and_said(tmp_path, run):
    points = make_points()
    points.loc[2, "geometry"] = None
    points.loc[3, "geometry"] = shapely.Point(np.nan, np.nan)
    points.to_parquet(tmp_path / "a.parquet")
    told = run(tmp_path / "a.parquet", "-o", tmp_path / "m.html")
    assert told.exit_code == 0, told.output
    assert "6 行,上图 4,2 行没有可用的图形" in told.output


def test_the_same_files_give_the_same_bytes(folder, run):
    for name in ("a.html", "b.html"):
        assert run(folder, "-o", folder / name, "--title", "图").exit_code == 0
    assert (folder / "a.html").read_bytes() == (folder / "b.html").read_bytes()


# ------------------------------------------------------------------ classes
def test_words_are_classes_by_frequency():
    frames = [
        pd.DataFrame({"a": ["乙", "甲", "甲", None, " "]}),
        pd.DataFrame({"b": [1]}),
        pd.DataFrame({"a": ["乙"]}),
    ]
    legend = make_legend(frames, "a")
    # two each: the tie goes by the word (乙 U+4E59 before 甲 U+7532)
    assert legend.classes == (("0", "乙"), ("1", "甲"), ("none", "(空)"))
    assert [list(codes) if codes is not None else None for codes in legend.codes] == [
        ["0", "1", "1", "none", "none"],
        None,
        ["0"],
    ]


def test_rare_words_are_one_class():
    legend = make_legend([pd.DataFrame({"a": [f"w{k:02}" for k in range(11)]})], "a")
    assert legend.classes[-1] == ("other", "其他(3 类)")
    assert len(legend.classes) == 9


def test_numbers_are_five_classes_of_equal_size():
    legend = make_legend([pd.DataFrame({"a": [*range(100), None]})], "a")
    assert legend.numeric
    assert [name for _, name in legend.classes] == [
        "0 – 19.8", "19.8 – 39.6", "39.6 – 59.4", "59.4 – 79.2", "79.2 – 99", "(空)",
    ]  # fmt: skip
    assert [list(legend.codes[0]).count(code) for code, _ in legend.classes] == [20, 20, 20, 20, 20, 1]


def test_few_numbers_are_words():
    assert not make_legend([pd.DataFrame({"a": [1, 2, 3, 1]})], "a").numeric


def test_no_layer_is_refused():
    with pytest.raises(SchemaError, match="没有图层"):
        write_layers([], title="空")


# ------------------------------------------------------------------ the page
@pytest.fixture(scope="module")
def text():
    layers = [
        MapLayer("小区", make_points()),
        MapLayer("道路", make_roads()),
        MapLayer("片区", make_areas()),
    ]
    return write_layers(layers, title="示例", label="名称", status="状态", popup=["户数", "等级"])


def test_the_page_asks_nothing_and_draws_every_layer(text, visit):
    seen = visit(text).wait_ready()
    assert "default-src 'none'" in text
    assert "img-src data: blob:;" in text
    layers = {layer["name"]: layer["drawn"] for layer in seen.page.evaluate("renewal.layers")}
    assert layers == {"小区": 6, "道路": 3, "片区": 1}
    assert seen.page.evaluate("[renewal.visible, renewal.total]") == [10, 10]
    assert seen.page.evaluate("performance.getEntriesByName('renewal-ready').length") == 1
    seen.check_quiet()


def test_the_legend_counts_and_switches_classes(text, visit):
    page = visit(text).wait_ready().page
    rows = page.evaluate(
        "Array.from(document.querySelectorAll('#rg-legend label'), n => [n.querySelector('.name').textContent, n.querySelector('small').textContent])"
    )
    # 完成: points 0, 2, 4; 施工: points 1, 3 and the area; the roads have no such column
    assert rows == [["完成", "3"], ["施工", "3"], ["(空)", "1"]]
    page.click("#rg-legend label:has-text('完成') input")
    assert page.evaluate("renewal.visible") == 7
    assert page.text_content("#count") == "显示 7 个要素"


def test_the_script_filters_by_layer_status_and_column(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    assert page.evaluate("renewal.filter({status: '施工'})") == 3
    assert page.evaluate("renewal.filter({layer: '小区', status: ['施工', '完成']})") == 5
    assert page.evaluate("renewal.filter({户数: 30})") == 1
    assert page.evaluate("renewal.filter({等级: '主干'})") == 1
    assert page.evaluate("renewal.filter({没有: 1})") == 0
    assert page.evaluate("renewal.filter({})") == 10
    seen.check_quiet()


def test_a_click_tells_the_chosen_columns(text, visit):
    page = visit(text).wait_ready().page
    page.fill("#rg-find", "xq4")  # 小区4 by its pinyin initials
    page.keyboard.press("Enter")
    assert page.inner_text(".rg-card-popup h2") == "小区4"
    assert page.inner_text(".rg-card-popup dl").split() == ["户数", "40"]
    page.keyboard.press("Escape")
    point = page.evaluate(
        """() => { const at = renewal.map.latLngToContainerPoint(L.latLng(36.6, 114.51)), box = renewal.map.getContainer().getBoundingClientRect();
        return [at.x + box.x, at.y + box.y]; }"""
    )
    if page.query_selector(".leaflet-popup-close-button"):
        page.click(".leaflet-popup-close-button")
    page.evaluate("renewal.map.setView([36.6, 114.51], 15, {animate: false})")
    page.evaluate("renewal.map._packedCanvas.redrawNow()")
    box = page.evaluate(
        "(b => [b.x + b.width / 2, b.y + b.height / 2])(renewal.map.getContainer().getBoundingClientRect())"
    )
    page.mouse.click(*box)
    page.locator(".rg-card-popup h2", has_text="小区1").wait_for()
    assert point


def test_the_table_sorts_and_goes_to_the_map(text, visit):
    page = visit(text).wait_ready().page
    page.click(".rg-columns th:has-text('户数')")
    page.click(".rg-columns th:has-text('户数')")
    first = page.evaluate(
        "Array.from(document.querySelector('.rg-columns tbody tr').cells, c => c.textContent)"
    )
    assert first == ["小区5", "", "50"]
    page.click(".rg-columns tbody tr >> nth=0")
    assert page.inner_text(".rg-card-popup h2") == "小区5"
    page.select_option("#pick-layer", label="道路")
    assert page.inner_text(".rg-columns thead").split() == ["名称", "等级"]


def test_the_table_is_taken_away_as_it_is_filtered(text, visit, tmp_path):
    page = visit(text).wait_ready().page
    page.evaluate("renewal.filter({status: '施工'})")
    with page.expect_download() as download:
        page.click("#take")
    download.value.save_as(tmp_path / "a.csv")
    rows = list(csv.reader((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["名称", "状态", "户数"]
    assert sorted(rows[1:]) == [["小区1", "施工", "10"], ["小区3", "施工", "30"]]


def test_the_link_keeps_layers_and_classes(text, visit):
    seen = visit(text, fragment="#12/36.6/114.5?h=1+9+x&o=0+zz").wait_ready()
    # the roads are off, 完成 is off: 10 - 3 - 3
    assert seen.page.evaluate("renewal.visible") == 4
    assert seen.page.evaluate("renewal.map.getZoom()") == 12
    seen.check_quiet()


def test_an_empty_layer_and_one_point_alone(visit):
    nothing = make_points()[:0]
    seen = visit(
        write_layers([MapLayer("空", nothing), MapLayer("一", make_points(1))], title="一点")
    ).wait_ready()
    assert seen.page.evaluate("[renewal.visible, renewal.total]") == [1, 1]
    assert seen.page.evaluate("renewal.map.getZoom()") <= 19
    seen.check_quiet()


def test_simulated_rows_are_marked():
    points = make_points().assign(simulated=True)
    assert "模拟数据" in write_layers([MapLayer("a", points)], title="a")


def test_columns_of_any_kind_travel():
    odd = make_points(3).assign(
        列表=[[1, 2], None, {"a": 1}], 真=[True, False, None], 大=[2**60, 1, 2], 细=[0.123456789, 1e-9, np.nan],
        日=pd.to_datetime(["2021-01-01", None, "2021-01-03"]), 时=pd.to_datetime(["2021-01-01 08:00"] * 3),
    )  # fmt: skip
    assert write_layers([MapLayer("a", odd)], title="a")
