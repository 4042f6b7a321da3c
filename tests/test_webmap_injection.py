"""Hostile words in every place where a page shows what it was given: nothing runs, nothing breaks, all shows as written."""

from __future__ import annotations

import csv
import dataclasses
import io
import urllib.parse

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from renewal_gis.render.webmap.layers import MapLayer, write_layers
from renewal_gis.render.webmap.pages import write_coverage, write_gaps, write_index
from renewal_gis.schema import STORED_CRS
from samples import make_survey

PAYLOADS = [
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    "</title><script>window.hit=1</script>",
    "</style><style>*{display:none}</style>",
    "${window.hit=1}",
    "`+(window.hit=1)+`",
    "back\\slash\\",
    "\\`${window.hit=1}\\u0022",
    "javascript:window.hit=1",
    "<a href='javascript:window.hit=1' id=evil>x</a>",
    "\"'><svg onload=window.hit=1>",
    "\u202eRTL\u2066\u200f",
    "bell\x07esc\x1b\u2028\u2029\ufeff",
    "<!--<script>",
    '=HYPERLINK("javascript:window.hit=1","x")',
    "__proto__",
    "constructor",
    "长" * 10_000,
]
ALL = " ".join(PAYLOADS[:-1])
# whatever a page might write or ask when it opens
SPY = """
window.deeds = [];
for (const [owner, name] of [[Storage.prototype, 'setItem'], [IDBFactory.prototype, 'open'], [window, 'fetch'],
    [XMLHttpRequest.prototype, 'send'], [Navigator.prototype, 'sendBeacon'], [window, 'open'], [window, 'alert'],
    [window, 'prompt'], [window, 'confirm'], [Geolocation.prototype, 'getCurrentPosition']]) {
  const real = owner[name];
  owner[name] = function () { window.deeds.push(name); return real.apply(this, arguments); };
}
for (const name of ['Worker', 'WebSocket', 'EventSource']) { window[name] = function () { window.deeds.push(name); }; }
Object.defineProperty(Document.prototype, 'cookie', {set() { window.deeds.push('cookie'); }, get() { return ''; }});
"""
POINTS = [shapely.Point(114.40 + k / 100, 36.55) for k in range(len(PAYLOADS))]


def make_survey_of_evil():
    """A survey whose every word from outside is hostile; row k of every frame carries payload k."""
    survey = make_survey()
    frame = {"geometry": POINTS, "crs": STORED_CRS}
    sites = survey.sites
    rows = sites.iloc[[k % len(sites) for k in range(len(PAYLOADS))]].copy()
    rows.index = pd.Index([f"E-{k:02}" for k in range(len(PAYLOADS))], name=sites.index.name)
    for column in ("name", "township", "address", "leader", "task_force", "contractor", "content_items", "notes", "source_file", "photo_before", "photo_after"):  # fmt: skip
        rows[column] = PAYLOADS
    rows = gpd.GeoDataFrame(rows.drop(columns=rows.geometry.name), **frame)
    count = len(PAYLOADS)
    ends = gpd.GeoDataFrame({"street_id": PAYLOADS, "highway": PAYLOADS, "verdict": ["candidate"] * count, "reason": PAYLOADS,
        "name": PAYLOADS, "stub_m": [9.0] * count, "district": PAYLOADS}, **frame)  # fmt: skip
    lines = [shapely.LineString([point.coords[0], (point.x + 0.002, point.y + 0.002)]) for point in POINTS]
    links = gpd.GeoDataFrame({"rank": range(1, count + 1), "score": [0.5] * count, "kind": ["end_to_end"] * count,
        "length_m": [9.0] * count, "network_m": [99.0] * count, "detour_ratio": [9.0] * count, "saved_m": [90.0] * count,
        "benefit": [1.0] * count, "priority": [0.5] * count, "barriers": PAYLOADS, "planned": [False] * count,
        "district": PAYLOADS, "reasons": PAYLOADS, "name": PAYLOADS, "ledger_site": PAYLOADS},
        geometry=lines, crs=STORED_CRS)  # fmt: skip
    defects = gpd.GeoDataFrame({"kind": ["duplicate"] * count, "size_m": [0.5] * count, "repair": PAYLOADS, "district": PAYLOADS}, **frame)  # fmt: skip
    facilities = gpd.GeoDataFrame({"facility": PAYLOADS, "name": PAYLOADS}, **frame)
    land = gpd.GeoDataFrame({"land_id": PAYLOADS, "name": PAYLOADS, "households": [1] * count},
        geometry=[point.buffer(0.003) for point in POINTS], crs=STORED_CRS)  # fmt: skip
    table = pd.DataFrame({"facility": PAYLOADS, "facility_name": PAYLOADS, "reach_m": 500.0, "unit": "全市", "land_m2": 1e4,
        "land_covered_m2": 5e3, "land_share": 0.5, "households": 2.0, "households_covered": 1.0, "household_share": 0.5})  # fmt: skip
    table = pd.concat([table, table.assign(unit=table["facility"])], ignore_index=True)
    areas = gpd.GeoDataFrame({"facility": PAYLOADS, "facility_name": PAYLOADS, "reach_m": 500.0}, geometry=land.geometry, crs=STORED_CRS)  # fmt: skip
    streets = survey.streets.copy()
    streets["name"] = (PAYLOADS * len(streets))[: len(streets)]
    return dataclasses.replace(
        survey, sites=rows, links=links, dead_ends=ends, defects=defects, facilities=facilities, land=land,
        coverage=table, reach_areas=areas, streets=streets, sources=tuple(PAYLOADS),
        plan=survey.plan.model_copy(update={"city": ALL, "short": ALL}),
    )  # fmt: skip


def make_map_of_evil() -> str:
    """Layers, columns, words and names all hostile."""
    table = {"名称": PAYLOADS, "状态": PAYLOADS, **dict.fromkeys(PAYLOADS[:-1], PAYLOADS)}
    points = gpd.GeoDataFrame(table, geometry=POINTS, crs=STORED_CRS)
    more = [MapLayer(word, points[["名称", "状态", "geometry"]][:1]) for word in PAYLOADS]
    return write_layers(
        [MapLayer("点", points), *more], title=ALL, label="名称", status="状态", sources=PAYLOADS
    )


WRITERS = {
    "index": lambda: write_index(make_survey_of_evil()),
    "gaps": lambda: write_gaps(make_survey_of_evil()),
    "coverage": lambda: write_coverage(make_survey_of_evil()),
    "map": make_map_of_evil,
}


@pytest.fixture(scope="module")
def texts():
    return {name: write() for name, write in WRITERS.items()}


def clean(word: str) -> str:
    """What markup can hold of a word: an HTML parser has no control characters."""
    return "".join(sign for sign in word if sign >= " " and sign != "\x7f").strip()


def check_harmless(seen) -> None:
    page = seen.page
    assert page.evaluate("window.hit") is None
    assert page.evaluate("window.deeds") == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.evaluate("Object.prototype.hit === undefined && ({}).geometry === undefined")
    assert page.query_selector("#evil") is None
    seen.check_quiet()


@pytest.mark.parametrize("name", WRITERS)
def test_opening_searching_and_picturing_run_write_and_ask_nothing(name, texts, visit):
    seen = visit(texts[name], before=SPY).wait_ready()
    title = seen.page.evaluate("document.title")
    for word in PAYLOADS[:-1]:
        assert clean(word) in clean(title)
        assert clean(word) in clean(seen.page.text_content("h1"))
    for word in PAYLOADS:
        assert clean(word) in clean(seen.page.text_content(".rg-foot .src"))
    check_harmless(seen)
    page = seen.page
    for word in PAYLOADS:
        page.fill("#rg-find", word[:12].strip("\u2028\u2029\ufeff"))
        hits = page.evaluate(
            "Array.from(document.querySelectorAll('#rg-hits [role=option] span'), n => n.textContent)"
        )
        assert any(word in hit for hit in hits), (word[:40], hits[:3])
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.click("#rg-picture")
    saved = download.value.suggested_filename
    assert saved.endswith(".png")
    assert not set('\\/:*?"<>|') & set(saved)
    check_harmless(seen)


@pytest.mark.parametrize("name", ["index", "gaps"])
def test_lists_and_sheets_show_every_word_as_written(name, texts, visit):
    seen = visit(texts[name], before=SPY).wait_ready()
    page = seen.page
    tabs = {"index": ["list"], "gaps": ["links", "dead_ends", "defects"]}[name]
    for tab in tabs:
        page.click(f"#tab-{tab}")
        items = page.query_selector_all(".rg-item")
        assert len(items) == len(PAYLOADS)
        shown = set()
        for item in items:
            item.evaluate("node => node.click()")
            text = page.text_content("#rg-sheet")
            shown |= {word for word in PAYLOADS if word in text}
        assert shown == set(PAYLOADS)
    check_harmless(seen)


def test_tables_of_coverage_show_every_word_as_written(texts, visit):
    seen = visit(texts["coverage"], before=SPY).wait_ready()
    page = seen.page
    names = page.evaluate("Array.from(document.querySelectorAll('#progs .name'), n => n.textContent)")
    assert names == PAYLOADS
    for k, word in enumerate(PAYLOADS):
        page.evaluate(f"document.querySelectorAll('#progs .rg-prog')[{k}].click()")
        assert page.evaluate("document.querySelectorAll('#units tbody tr')[1].cells[0].textContent") == word
        assert word in page.text_content("#count")
    check_harmless(seen)


def test_layers_legend_table_and_popups_show_every_word_as_written(texts, visit):
    seen = visit(texts["map"], before=SPY).wait_ready()
    page = seen.page
    layers = page.evaluate("Array.from(document.querySelectorAll('.rg-layer .name'), n => n.textContent)")
    assert layers == ["点", *PAYLOADS]
    options = page.evaluate("Array.from(document.querySelectorAll('#pick-layer option'), n => n.textContent)")
    assert options == layers
    # the eight most frequent words have a class of their own
    legend = page.evaluate("Array.from(document.querySelectorAll('#rg-legend .name'), n => n.textContent)")
    assert len(legend) == 8 + 1
    assert set(legend[:-1]) <= {word.strip() for word in PAYLOADS}
    heads = page.evaluate("Array.from(document.querySelectorAll('.rg-columns th'), n => n.textContent)")
    assert heads == ["名称", "状态", *PAYLOADS[:-1]]
    rows = page.evaluate(
        "Array.from(document.querySelectorAll('.rg-columns tbody tr'), r => Array.from(r.cells, c => c.textContent))"
    )
    assert sorted(row[0] for row in rows) == sorted(PAYLOADS)
    assert all(cell == row[0] for row in rows for cell in row)
    for row in page.query_selector_all(".rg-columns tbody tr"):
        word = row.evaluate("node => { node.click(); return node.cells[0].textContent; }")
        popup = page.query_selector_all(".rg-card-popup")[-1]  # the one before is still fading
        assert popup.query_selector("h2").text_content() == word
        told = popup.evaluate("n => Array.from(n.querySelectorAll('dt, dd'), m => m.textContent)")
        assert told[0::2] == ["状态", *PAYLOADS[:-1]]
        assert set(told[1::2]) == {word}
        box = popup.bounding_box()
        assert box["width"] <= 360
        assert box["height"] <= 460
    check_harmless(seen)


@pytest.mark.parametrize("name", ["index", "map"])
def test_tooltips_show_every_word_as_written(name, texts, visit):
    seen = visit(texts[name], before=SPY).wait_ready()
    page = seen.page
    for k, word in enumerate(PAYLOADS):
        page.evaluate(f"renewal.map.setView([36.55, {114.40 + k / 100}], 16, {{animate: false}})")
        page.evaluate("renewal.map._packedCanvas.redrawNow()")
        box = page.evaluate(
            "(b => [b.x + b.width / 2, b.y + b.height / 2])(renewal.map.getContainer().getBoundingClientRect())"
        )
        page.mouse.move(box[0] + 200, box[1] + 120)
        page.mouse.move(*box)
        page.wait_for_selector(".rg-tip:not([hidden])")
        assert page.text_content(".rg-tip b") == word
    assert page.query_selector(".rg-tip").bounding_box()["width"] <= 302
    check_harmless(seen)


@pytest.mark.parametrize("name", WRITERS)
def test_a_hostile_link_does_nothing(name, texts, visit):
    keys = ("d", "tab", "f", "t", "u", "w", "p", "g", "s", "h", "o", "m", "by", "x")
    words = "&".join(f"{key}={urllib.parse.quote(ALL)}" for key in keys)
    for fragment in ("#12/36.55/114.45?" + words, "#<img src=x onerror=window.hit=1>/1/2?" + ALL):
        seen = visit(texts[name], before=SPY, fragment=fragment).wait_ready()
        check_harmless(seen)


@pytest.mark.parametrize("name", ["index", "map"])
def test_the_exported_table_holds_every_word_and_no_formula(name, texts, visit, tmp_path):
    seen = visit(texts[name], before=SPY).wait_ready()
    page = seen.page
    if name == "index":
        page.click("#tab-list")
    with page.expect_download() as download:
        page.click("#take")
    download.value.save_as(tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = {cell for row in rows for cell in row}
    for word in PAYLOADS:
        assert (f"'{word}" if word[0] in "=+-@" else word) in cells
    assert not any(cell[:1] in ("=", "@", "+") for cell in cells)
    check_harmless(seen)
