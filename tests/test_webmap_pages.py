"""The planner's pages in a real browser without a network."""

from __future__ import annotations

import csv
import dataclasses
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from renewal_gis import toytown
from renewal_gis.render.webmap.codec import decode_features, unpack_text
from renewal_gis.render.webmap.index import gather_sites, layer_sites
from renewal_gis.render.webmap.pages import write_coverage, write_gaps, write_index
from renewal_gis.schema import STORED_CRS
from samples import make_survey

if TYPE_CHECKING:
    from renewal_gis.survey import Survey

EVIL = "<img src=x onerror=window.hit=1></script><script>window.hit=1</script>`${window.hit=1}`\\"
PAGES = {"index": write_index, "gaps": write_gaps, "coverage": write_coverage}


def _place(columns: dict, shapes: list) -> gpd.GeoDataFrame:
    """Shapes in metres from the toy town's corner, in degrees."""
    moved = [shapely.affinity.translate(shape, *toytown.ORIGIN) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=toytown.METRIC_CRS).to_crs(STORED_CRS)


def make_whole_survey(**changes) -> Survey:
    """The toy town with something in every layer."""
    sites = make_survey().sites.copy()
    sites["managing_unit"] = sites["declared_unit"]
    reached = make_survey().events[["site_id", "stage", "date"]].reset_index(drop=True)
    links = _place(
        {
            "rank": [1, 2], "score": [0.9, 0.4], "kind": ["end_to_end", "end_to_street"], "length_m": [220.0, 90.0],
            "network_m": [1640.0, np.inf], "detour_ratio": [7.4545, np.inf], "saved_m": [1420.0, np.inf],
            "benefit": [1.0, 0.2], "priority": [0.8, 0.25], "barriers": ["示例河", ""], "planned": [True, False],
            "district": ["乙区", "甲区"], "reasons": ["两端相向;同为支路", "接入道路"], "name": ["中心路", ""],
            "ledger_site": ["A-12", ""],
        },
        [shapely.LineString([(1180, 800), (1400, 800)]), shapely.LineString([(700, 500), (700, 590)])],
    )  # fmt: skip
    dead_ends = _place(
        {
            "street_id": [3, 4], "highway": ["tertiary", "service"], "verdict": ["candidate", "sheet_edge"],
            "reason": ["前方 220 m 有路", "数据边缘"], "name": ["中心路", ""], "stub_m": [380.0, 20.0],
            "district": ["乙区", "丙县"],
        },
        [shapely.Point(1180, 800), shapely.Point(2900, 200)],
    )  # fmt: skip
    defects = _place(
        {"kind": ["duplicate"], "size_m": [0.5], "repair": ["删去其一"], "district": ["甲区"]},
        [shapely.Point(800, 1400)],
    )
    reach = _place(
        {"facility": ["clinic", "park"], "facility_name": ["卫生服务站", "公园"], "reach_m": [500.0, 500.0]},
        [shapely.Point(500, 500).buffer(500), shapely.Point(600, 1100).buffer(500)],
    )
    values = {
        "sites": sites, "reached": reached, "links": links, "dead_ends": dead_ends, "defects": defects,
        "reach_areas": reach, "coverage": _coverage(),
        "backdrop": {
            "water": toytown.make_barriers(),
            "rail": _place({"name": ["示例铁路"]}, [shapely.LineString([(0, 1600), (3000, 1600)])]),
        },
    }  # fmt: skip
    return make_survey(**{**values, **changes})


def _coverage() -> pd.DataFrame:
    rows = []
    for facility, name in (("clinic", "卫生服务站"), ("park", "公园")):
        for unit, land, covered, homes, homes_covered in (
            ("全市", 400_000.0, 300_000.0, 3200.0, 2000.0),
            ("甲区", 200_000.0, 200_000.0, 2100.0, 1500.0),
            ("丙县", np.nan, np.nan, np.nan, np.nan),
        ):
            rows.append(
                (
                    facility,
                    name,
                    500.0,
                    unit,
                    land,
                    covered,
                    covered / land,
                    homes,
                    homes_covered,
                    homes_covered / homes,
                )
            )
    columns = ["facility", "facility_name", "reach_m", "unit", "land_m2", "land_covered_m2", "land_share"]
    return pd.DataFrame(rows, columns=[*columns, "households", "households_covered", "household_share"])


@pytest.fixture(scope="module")
def survey():
    return make_whole_survey()


@pytest.fixture(scope="module")
def texts(survey):
    return {name: write(survey) for name, write in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_and_every_layer_draws(texts, visit, name):
    seen = visit(texts[name]).wait_ready()
    layers = {layer["name"]: layer["drawn"] for layer in seen.page.evaluate("window.renewal.layers")}
    ground = {"districts", "water", "roads", "rail", "borders"}
    own = {
        "index": {"sites"},
        "gaps": {"links", "dead_ends", "defects"},
        "coverage": {"land", "reach", "facilities"},
    }
    assert set(layers) == ground | own[name]
    assert all(drawn > 0 for drawn in layers.values()), layers
    assert seen.page.evaluate("performance.getEntriesByName('renewal-ready').length") == 1
    assert seen.page.evaluate("getComputedStyle(document.querySelector('.rg-side')).width") == "384px"
    seen.check_quiet()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_must(texts, name):
    text = texts[name]
    for words in (
        "截至 <b>2021年9月30日</b>",
        "内部使用",
        "模拟数据",
        "示意,不作法定依据",
        "数据来源:项目台账:模拟数据",
    ):
        assert words in text
    assert ("疑似,待现场核实" in text) == (name == "gaps")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_on_rerun(survey, texts, name):
    assert PAGES[name](survey) == texts[name]


def test_a_page_draws_without_decompression_stream(texts, visit):
    seen = visit(texts["coverage"], before="delete window.DecompressionStream").wait_ready()
    assert all(layer["drawn"] for layer in seen.page.evaluate("window.renewal.layers"))
    seen.check_quiet()


def test_the_numbers_on_the_page_are_those_of_the_survey(texts, visit):
    page = visit(texts["index"]).wait_ready().page
    rows = page.evaluate(
        "Array.from(document.querySelectorAll('#units tbody tr'), r => Array.from(r.cells, c => c.textContent))"
    )
    # T1: 3 of 6, due 14/15 = 93.3 %, 50 − 93.3 = −43.3; 甲区 2 of 3, due all; 丙县 0 of 1, due 3/5
    assert rows[0] == ["全市", "6", "3", "50.0%", "93.3%", "\u221243.3", "■"]
    assert rows[1] == ["甲区", "3", "2", "66.7%", "100.0%", "\u221233.3", "■"]
    assert rows[3] == ["丙县", "1", "0", "0.0%", "60.0%", "\u221260.0", "■"]
    assert page.inner_text("#card .big") == "50.0%"
    assert page.evaluate("[renewal.visible, renewal.total]") == [12, 12]
    assert "1 个无位置" in page.inner_text("#count")


def test_filters_count_sites(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    assert page.evaluate("renewal.filter({programme: 'back_alley'})") == 3
    assert page.evaluate("renewal.filter({unit: '乙区'})") == 6
    # done: and the cleared A-10
    assert page.evaluate("renewal.filter({stage: 'done'})") == 5
    assert page.evaluate("renewal.filter({stage: 'done', programme: ['old_compound'], unit: '甲区'})") == 2
    assert page.evaluate("renewal.filter({})") == 12
    page.click("[data-group=done]")
    assert page.inner_text("#tab-list small") == "7"
    page.click("#count button")
    assert page.inner_text("#tab-list small") == "12"
    seen.check_quiet()


def test_a_site_opens_from_the_list_and_the_search(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    page.click("#tab-list")
    page.click(".rg-item >> nth=0")
    assert page.inner_text("#rg-sheet h2") == "纺织厂家属院"
    steps = page.evaluate(
        "Array.from(document.querySelectorAll('.rg-steps li'), s => [s.className, s.textContent])"
    )
    assert steps[5] == ["past", "已开工2021-04-05"]
    assert steps[6] == ["past now", "改造完成2021-08-20"]
    page.keyboard.press("Escape")
    assert page.is_hidden("#rg-sheet")
    page.fill("#rg-find", "dfxq")  # 东风小区 by its pinyin initials
    page.keyboard.press("Enter")
    assert page.inner_text("#rg-sheet h2") == "东风小区"
    seen.check_quiet()


def test_a_click_on_the_map_opens_the_site_below(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    # A-11 is a point: 1800 m east, 250 m north of the corner
    spot = _place({}, [shapely.Point(1800, 250)]).geometry.iloc[0]
    page.evaluate(f"renewal.map.setView([{spot.y}, {spot.x}], 17, {{animate: false}})")
    box = page.locator(".folium-map").bounding_box()
    page.wait_for_timeout(50)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".rg-tip:not([hidden])")
    assert "南关旱厕" in page.inner_text(".rg-tip")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.inner_text("#rg-sheet h2") == "南关旱厕"
    seen.check_quiet()


def test_every_control_of_the_index_works(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    # rows are written anew on every change: count them, then find each again
    for selector in (".rg-prog", ".rg-prog input", ".rg-legend input", "#units th"):
        for k in range(page.locator(selector).count()):
            page.locator(selector).nth(k).click()
            page.locator(selector).nth(k).click()
    page.locator(".rg-prog").nth(1).click()
    page.select_option("#card select", "T3")
    assert page.inner_text("#card .big") == "100.0%"
    page.select_option("#pick-unit", "乙区")
    page.click("#rg-home")
    page.click("#rg-theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.click(".rg-legend .fold")
    seen.check_quiet()


def test_the_planners_lists_of_the_week(texts, visit):
    # as of Thursday 2021-09-30 the week is 09-27 to 10-03; all are planned to finish on 09-30 and to start on 04-01;
    # seven are not done, of which have not begun
    page = visit(texts["index"]).wait_ready().page
    assert page.evaluate("renewal.filter({watch: 'finish'})") == 7
    assert page.evaluate("renewal.filter({watch: 'start'})") == 0
    assert page.evaluate("renewal.filter({watch: 'late-start'})") == 4
    assert page.evaluate("renewal.filter({watch: 'late-finish'})") == 0
    assert page.evaluate("renewal.filter({watch: 'unlocated'})") == 1


def test_the_table_leaves_as_csv_without_live_formulas(survey, visit):
    sites = survey.sites.copy()
    sites.loc["A-01", "name"] = '=HYPERLINK("http://x","y")'
    sites.loc["A-02", "name"] = "一,二"
    seen = visit(write_index(dataclasses.replace(survey, sites=sites))).wait_ready()
    seen.page.evaluate("renewal.filter({unit: '甲区', programme: 'old_compound'})")
    with seen.page.expect_download() as waiting:
        seen.page.click("#take")
    assert waiting.value.suggested_filename == "项目清单-2021-09-30-模拟数据.csv"
    raw = waiting.value.path().read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert [row[:2] for row in rows] == [
        ["编号", "项目名称"],
        ["A-01", '\'=HYPERLINK("http://x","y")'],
        ["A-02", "一,二"],
        ["A-03", "建设里小区"],
    ]
    seen.check_quiet()


def test_the_view_leaves_as_a_picture(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    with seen.page.expect_download() as waiting:
        seen.page.click("#rg-picture")
    data = waiting.value.path().read_bytes()
    assert data.startswith(b"\x89PNG")
    # twice the map's width: 1280 without the panel of 384
    assert int.from_bytes(data[16:20], "big") == 2 * 896
    seen.check_quiet()


def test_a_link_leads_back_to_the_view(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    page.evaluate("renewal.filter({unit: '乙区', stage: ['done', 'under_way']})")
    page.evaluate("renewal.map.setView([36.55, 114.0], 15, {animate: false})")
    page.wait_for_timeout(350)
    fragment = "#" + page.url.split("#")[1]
    assert re.match(r"#15\.00/36\.5(5000|4999|4998)/11[34]\.\d{5}\?t=T1&u=", fragment)
    again = visit(texts["index"], fragment=fragment).wait_ready()
    assert again.page.evaluate("[renewal.map.getZoom(), renewal.visible]") == [
        15,
        page.evaluate("renewal.visible"),
    ]
    again.check_quiet()


@pytest.mark.parametrize(
    "fragment",
    ["#x", "#99/1e9/1?t=%3Cimg%3E&u=x&p=constructor&g=__proto__&s=%00&w=1", f"#10/36/114?s={'A' * 9999}"],
)
def test_a_strange_link_does_no_harm(texts, visit, fragment):
    seen = visit(texts["index"], fragment=fragment).wait_ready()
    assert seen.page.evaluate("window.hit") is None
    seen.check_quiet()


def test_a_drag_leaves_what_a_fresh_drawing_shows(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    page.evaluate("renewal.map.setView([36.55, 114.0], 14, {animate: false})")
    # names find their place anew on every drawing: they are left out of the comparison
    page.evaluate("Object.values(RG.page.layers).forEach(layer => { layer.labelsOff = true; })")
    page.evaluate("renewal.map._packedCanvas.redrawNow()")
    page.mouse.move(1100, 600)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(1100 - 25 * step, 600 - 12 * step)
    page.mouse.up()
    while not page.evaluate("renewal.map._packedCanvas.isSettled()"):  # the map glides on for a while
        page.wait_for_timeout(100)
    page.wait_for_timeout(400)
    shot = (
        "(() => { const c = renewal.map._packedCanvas; return c._base.toDataURL() + c._top.toDataURL(); })()"
    )
    left = page.evaluate(shot)
    page.evaluate("renewal.map._packedCanvas._tiles.kept.clear()")
    page.evaluate("renewal.map._packedCanvas.redraw()")
    while not page.evaluate("renewal.map._packedCanvas.isSettled()"):
        page.wait_for_timeout(20)
    assert page.evaluate(shot) == left
    assert page.evaluate("renewal.layers.find(l => l.name === 'roads').drawn") > 0
    seen.check_quiet()


def test_measuring_tells_the_length(texts, visit):
    seen = visit(texts["index"]).wait_ready()
    page = seen.page
    page.click("#rg-measure")
    # 200 pixels at zoom 14, 36.55° N: 200 · 2π · 6378137 · cos / (256 · 2^14) = 1535 m (on Leaflet's sphere of 6371 km: 1533)
    page.evaluate("renewal.map.setView([36.55, 114.0], 14, {animate: false})")
    page.mouse.click(700, 400)
    page.mouse.click(900, 400)
    assert page.inner_text(".rg-length") == "约 1.53 km"
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)  # Leaflet lets labels fade
    assert page.query_selector(".rg-length") is None
    seen.check_quiet()


def test_days_after_the_page_are_not_told(survey):
    sites = survey.sites.copy()
    sites["actual_start"] = pd.to_datetime(["2021-09-30", "2021-10-01", *["2021-11-04"] * 10])
    known = dataclasses.replace(survey, sites=sites)
    layer = layer_sites(known, gather_sites(known))
    _, columns = decode_features(unpack_text(layer.block))
    told = dict(zip(columns["site_id"], columns["actual_start"], strict=True))
    assert told["A-01"] == 18900  # days from 1970-01-01 to 2021-09-30
    assert [value for key, value in told.items() if key != "A-01"] == [None] * 11


def test_the_gaps_page_links_list_and_map(texts, visit):
    seen = visit(texts["gaps"]).wait_ready()
    page = seen.page
    assert page.evaluate("Array.from(document.querySelectorAll('.rg-item .what'), n => n.textContent)") == [
        "中心路",
        "端点接入道路",
    ]
    page.click(".rg-item >> nth=0")
    sheet = page.inner_text("#rg-sheet")
    for words in ("第 1 位", "220 m", "1.6 km", "7.5 倍", "示例河", "A-12", "同为支路", "疑似,待现场核实"):
        assert words in sheet
    page.click("#tab-dead_ends")
    page.click(".rg-item >> nth=0")
    assert "疑似断头路" in page.inner_text("#rg-sheet")
    page.click("#tab-defects")
    page.click(".rg-item >> nth=0")
    assert "删去其一" in page.inner_text("#rg-sheet")
    assert page.evaluate("renewal.filter({district: '甲区', show: ['end_to_street']})") == 1
    # in 乙区 (1000 to 2000 m): link 1 and the end of 中心路; the end at 2900 m lies in 丙县, the defect in 甲区
    assert page.evaluate("renewal.filter({district: '乙区'})") == 2
    assert page.evaluate("renewal.filter({})") == 5
    seen.check_quiet()


def test_the_coverage_page_shows_shares_by_district(texts, visit):
    seen = visit(texts["coverage"]).wait_ready()
    page = seen.page
    assert page.inner_text("#card .big") == "75.0%"
    rows = page.evaluate(
        "Array.from(document.querySelectorAll('#units tbody tr'), r => Array.from(r.cells, c => c.textContent))"
    )
    assert rows == [
        ["全市", "40.0", "30.0", "75.0%"],
        ["甲区", "20.0", "20.0", "100.0%"],
        ["丙县", "—", "—", "—"],
    ]
    page.click("#card .rg-tabs button >> nth=1")
    assert page.inner_text("#card .big") == "62.5%"
    assert page.evaluate("renewal.filter({facility: 'park'})") == 1
    seen.check_quiet()


def _poison(survey: Survey) -> Survey:
    sites = survey.sites.copy()
    for column in (
        "name",
        "township",
        "address",
        "leader",
        "notes",
        "task_force",
        "contractor",
        "content_items",
        "source_file",
    ):
        sites[column] = EVIL
    plan = survey.plan.model_copy(update={"city": EVIL, "short": EVIL})
    named = {}
    for name, column in (
        ("links", "name"),
        ("dead_ends", "reason"),
        ("defects", "repair"),
        ("facilities", "name"),
        ("land", "name"),
        ("streets", "name"),
    ):
        frame = getattr(survey, name).copy()
        frame[column] = EVIL
        named[name] = frame
    return dataclasses.replace(survey, sites=sites, plan=plan, sources=(EVIL,), **named)


@pytest.mark.parametrize("name", PAGES)
def test_words_of_the_ledger_run_nothing_and_show_as_written(survey, visit, name):
    seen = visit(PAGES[name](_poison(survey))).wait_ready()
    page = seen.page
    assert EVIL in page.inner_text("h1")
    assert EVIL in page.inner_text(".rg-foot")
    if name == "index":
        page.click("#tab-list")
    if name != "coverage":
        page.click(".rg-item >> nth=0")
        assert EVIL in page.text_content("#rg-sheet h2")
    page.fill("#rg-find", "img")
    assert EVIL in page.text_content("#rg-hits")
    assert page.evaluate("window.hit") is None
    seen.check_quiet()


@pytest.mark.parametrize("name", PAGES)
def test_a_bare_survey_still_makes_a_page(visit, name):
    seen = visit(PAGES[name](make_survey())).wait_ready()
    seen.check_quiet()


def test_an_empty_ledger_still_makes_a_page(survey, visit):
    bare = dataclasses.replace(survey, sites=survey.sites.iloc[:0], progress=survey.progress.iloc[:0])
    seen = visit(write_index(bare)).wait_ready()
    assert seen.page.evaluate("[renewal.visible, renewal.total]") == [0, 0]
    seen.check_quiet()
