"""The status page: any week, filters, the sheet, other languages, what the public may see."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import os
import re

import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image, ImageChops, ImageStat

from conftest import HANDAN, ROOT
from renewal_gis import toytown
from renewal_gis.cli import main
from renewal_gis.errors import InputError, PlanError
from renewal_gis.pipeline.inputs import take_toytown
from renewal_gis.pipeline.survey import keep_inputs, survey_ledger
from renewal_gis.pipeline.weeks import trace_weeks
from renewal_gis.publish import Look, publish_survey
from renewal_gis.render import style
from renewal_gis.render.webmap.assets import read_asset
from renewal_gis.render.webmap.codec import decode_features, unpack_text
from renewal_gis.render.webmap.index import write_index
from renewal_gis.render.webmap.photos import gather_photos, list_beside
from renewal_gis.render.webmap.public import CELL_DEG, coarsen_places, take_public
from renewal_gis.render.webmap.words import read_words

AT = dt.datetime(2021, 10, 20, tzinfo=dt.UTC)
ROWS = (
    "Array.from(document.querySelectorAll('#units tbody tr'), r => Array.from(r.cells, c => c.textContent))"
)
SCRIPTS = ("layer.js", "page.js", "search.js", "tools.js", "status.js", "status_filter.js", "status_more.js",
           "status_panel.js", "status_unit.js", "status_list.js", "status_sheet.js", "status_week.js")  # fmt: skip
SECRETS = {
    "leader": "李四领导", "task_force": "秘密专班", "contractor": "某某施工公司", "notes": "电话13900001111",
    "address": "光明路77号", "source_file": "内部台账.xlsx",
}  # fmt: skip


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    """Look at the toy town's ledger as of a day."""
    plan, inputs = toytown.make_plan(), take_toytown()
    ledger = tmp_path_factory.mktemp("town") / "ledger.gpkg"
    keep_inputs(inputs, ledger, plan, at=AT, by="test")

    def look_at(day: dt.date):
        return survey_ledger(plan, inputs, ledger, as_of=day, tell=lambda _: None)

    return look_at


@pytest.fixture(scope="module")
def survey(look):
    today = look(dt.date(2021, 9, 30))
    return dataclasses.replace(today, weeks=trace_weeks(today))


@pytest.fixture(scope="module")
def text(survey):
    return write_index(survey)


def _expected_rows(progress: pd.DataFrame, target: str) -> list[list[str]]:
    """The panel's rows from PROGRESS, written by the rules of every other product."""
    rows = progress[progress["target"] == target].to_dict("records")
    return [
        [
            row["unit"], style.format_count(row["base"]), style.format_count(row["counted"]),
            style.format_percent(row["rate"]), style.format_percent(row["expected"]), style.format_points(row["pace_pp"]),
            style.LIGHTS[row["light"]].sign if row["light"] else "未到" if row["expected"] == 0 else "",
        ]
        for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize(
    "day", ["2021-09-30", "2021-09-16", "2021-08-05", "2021-06-17", "2021-04-08", "2021-03-04"]
)
def test_the_numbers_of_any_week_are_those_of_a_survey_of_that_day(text, look, visit, day):
    seen = visit(text).wait_ready()
    page = seen.page
    assert page.evaluate(f"renewal.asOf('{day}')") == day
    that_day = look(dt.date.fromisoformat(day))
    for target in toytown.make_plan().targets:
        page.evaluate(f"RG.status.chooseTarget('{target.id}')")
        assert page.evaluate(ROWS) == _expected_rows(that_day.progress, target.id), target.id
    # the map's stages too: those that are done, and those that have not begun
    stages = that_day.sites["stage"]
    groups = stages.map(lambda stage: style.find_stage_group(stage).id)
    for group in ("done", "under_way", "not_started"):
        assert page.evaluate(f"renewal.filter({{stage: '{group}'}})") == int((groups == group).sum())
    assert page.evaluate("document.querySelector('.rg-head .when b').textContent") == style.format_day(
        dt.date.fromisoformat(day)
    )
    seen.check_quiet()


def test_a_day_between_two_weeks_shows_the_week_before(text, visit):
    page = visit(text).wait_ready().page
    assert page.evaluate("renewal.asOf('2021-09-29')") == "2021-09-23"
    assert page.evaluate("renewal.asOf('2030-01-01')") == "2021-09-30"
    assert page.evaluate("renewal.asOf('2000-01-01')") is None


def test_stages_that_were_given_back_are_told_week_by_week(survey, visit):
    # in the week of 2021-08-05 site A-01 was said to be accepted; that was taken back before the next
    weeks = list(survey.weeks)
    place = [week.day for week in weeks].index(dt.date(2021, 8, 5))
    stages = weeks[place].stages.copy()
    stages["A-01"] = "accepted"
    weeks[place] = dataclasses.replace(weeks[place], stages=stages)
    page = visit(write_index(dataclasses.replace(survey, weeks=tuple(weeks)))).wait_ready().page
    told = "(() => { const s = RG.status.sites; for (let i = 0; i < s.data.count; i++) if (s.get(i, 'site_id') === 'A-01') return s.get(i, 'stage'); })()"
    page.evaluate("renewal.asOf('2021-08-05')")
    assert page.evaluate(told) == "accepted"
    page.evaluate("renewal.asOf('2021-08-12')")
    assert page.evaluate(told) == survey.weeks[place + 1].stages["A-01"]


def test_the_slider_moves_and_plays(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    page.focus("#week-at")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#week-day").startswith("2021-09-23")
    page.keyboard.press("Home")
    page.click("#week-play")
    page.wait_for_timeout(900)
    assert page.evaluate("RG.status.now.week") >= 1
    page.click("#week-play")
    week = page.evaluate("RG.status.now.week")
    page.wait_for_timeout(800)
    assert page.evaluate("RG.status.now.week") == week
    fragment = "#" + page.url.split("#")[1]
    again = visit(text, fragment=fragment).wait_ready()
    assert again.page.evaluate("RG.status.now.week") == week
    seen.check_quiet()


def test_the_further_filters_count(survey, visit):
    sites = survey.sites.copy()
    sites["township"] = ["东街"] * 5 + ["西街"] * 7
    sites.loc["A-03", "planned_finish"] = pd.Timestamp("2021-10-31")
    supervised = pd.DataFrame([
        {"number": "督1", "site_id": "A-03", "unit": "甲区", "reason": "滞后", "opened": pd.Timestamp("2021-09-01"),
         "deadline": pd.Timestamp("2021-09-20"), "state": "overdue"},
        {"number": "督2", "site_id": "A-04", "unit": "乙区", "reason": "滞后", "opened": pd.Timestamp("2021-08-01"),
         "deadline": pd.Timestamp("2021-09-20"), "state": "delisted"},
    ])  # fmt: skip
    seen = visit(write_index(dataclasses.replace(survey, sites=sites, supervised=supervised))).wait_ready()
    page = seen.page
    assert page.evaluate("renewal.filter({street: '东街'})") == 5
    assert page.evaluate("renewal.filter({month: '2021-10'})") == 1
    assert page.evaluate("renewal.filter({month: '2021-09'})") == 11
    assert page.evaluate("renewal.filter({listed: 'open'})") == 1
    assert page.evaluate("renewal.filter({listed: 'ever'})") == 2
    leads = {"old_compound": "T1"}
    red = survey.progress[(survey.progress["target"] == "T1") & (survey.progress["light"] == "red")]["unit"]
    mine = survey.sites[
        (survey.sites["programme"] == "old_compound") & survey.sites["managing_unit"].isin(red)
    ]
    assert leads
    assert page.evaluate("renewal.filter({light: 'red', programme: 'old_compound'})") == len(mine)
    page.evaluate("renewal.filter({})")
    page.click("#more")
    page.select_option("#pick-street", "西街")
    assert page.inner_text("#tab-list small") == "7"
    page.evaluate("renewal.filter({})")
    page.click("#tab-list")
    page.click(".rg-item[data-site='2']")
    assert "督1" in page.inner_text("#rg-sheet")
    seen.check_quiet()


def test_the_sheet_tells_stages_gates_and_entries_up_to_the_day(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    page.click("#tab-list")
    page.click(".rg-item >> nth=0")
    sheet = page.inner_text("#rg-sheet")
    assert "把关条件" in sheet
    assert "进展记录" in sheet
    assert "2021-08-20" in sheet
    # looking back to 2021-06-17, A-01 was under way: its completion of 2021-08-20 is not told
    page.evaluate("renewal.asOf('2021-06-17')")
    sheet = page.inner_text("#rg-sheet")
    assert "2021-08-20" not in sheet
    assert "2021-04-05" in sheet
    assert page.inner_text(".rg-steps .now") == "已开工\n2021-04-05"
    seen.check_quiet()


def test_targets_of_a_unit_with_ranks_and_what_is_late(text, survey, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    page.select_option("#pick-unit", "甲区")
    page.click("#tab-goals")
    rows = page.evaluate(
        "Array.from(document.querySelectorAll('#goals tbody tr'), r => Array.from(r.cells, c => c.textContent))"
    )
    mine = survey.progress[survey.progress["unit"] == "甲区"].to_dict("records")
    assert [row[1:4] for row in rows] == [
        [
            style.format_fraction(row["counted"], row["base"]),
            style.format_percent(row["rate"]),
            style.format_points(row["pace_pp"]),
        ]
        for row in mine
    ]
    ranks = survey.review.ranking
    first = ranks[(ranks["unit"] == "甲区") & (ranks["target"] == mine[0]["target"])]["rank"].iloc[0]
    assert rows[0][4].endswith(f"第{first}")
    assert "逾期未完工" in page.inner_text("#goals")
    seen.check_quiet()


def test_districts_by_pace(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    page.select_option("#pick-shade", "pace")
    assert "严重滞后" in page.inner_text("#rg-legend")
    assert page.evaluate("RG.status.districts.looks.polygon.looks.length") == 6
    page.wait_for_timeout(350)
    fragment = "#" + page.url.split("#")[1]
    assert visit(text, fragment=fragment).wait_ready().page.input_value("#pick-shade") == "pace"
    seen.check_quiet()


def test_the_list_is_sorted_and_follows_the_map(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    page.click("#tab-list")
    names = "Array.from(document.querySelectorAll('.rg-item .what'), n => n.textContent)"
    assert page.evaluate(names)[0] == "纺织厂家属院"
    page.select_option(".rg-sorter select", "name")
    # by pinyin: 丙县… (bing), 仓门巷 (cang), 东风… (dong)
    assert page.evaluate(names)[:3] == ["丙县一中家属院", "仓门巷", "东风小区"]
    page.evaluate("RG.status.openSite(4, 0)")
    assert page.inner_text(".rg-item[aria-selected=true] .what") == "界桥小区"
    seen.check_quiet()


# ------------------------------------------------------------------ languages
def test_every_word_of_the_scripts_is_in_the_dictionary():
    said = {
        json.loads(found)
        for name in SCRIPTS
        for found in re.findall(r'RG\.say\(\s*("(?:[^"\\]|\\.)*")', read_asset(name))
    }
    chinese = {word for word in said if re.search(r"[\u4e00-\u9fff]", word)}
    assert len(chinese) > 100
    assert chinese - set(read_words("en")) == set()


def test_no_chinese_of_ours_is_left_outside_the_dictionary():
    for name in SCRIPTS:
        bare = re.sub(r"/\*.*?\*/", "", read_asset(name), flags=re.DOTALL)
        bare = re.sub(r'RG\.say\(\s*"(?:[^"\\]|\\.)*"', "", bare)
        rest = [
            line.strip()
            for line in bare.splitlines()
            if re.search(r"[\u4e00-\u9fff]", line) and "CITY = " not in line and "BOUNDS = " not in line
        ]
        assert rest == [], name


def test_the_english_page_speaks_english(survey, visit):
    seen = visit(write_index(survey, lang="en")).wait_ready()
    page = seen.page
    assert page.evaluate("document.documentElement.lang") == "en"
    # all that is left in Chinese comes from the plan and the ledger
    own = page.evaluate(
        "Array.from(document.querySelectorAll('#tabs button, .rg-filter button, .rg-legend label, #units th'), n => n.textContent).join(' ')"
    )
    assert not re.search(r"[\u4e00-\u9fff]", own), own
    page.evaluate("RG.status.openSite(0, 0)")
    heads = page.evaluate(
        "Array.from(document.querySelectorAll('#rg-sheet h3, #rg-sheet dt'), n => n.textContent).join(' ')"
    )
    assert not re.search(r"[\u4e00-\u9fff]", heads), heads
    seen.check_quiet()


def test_other_languages_are_refused(survey):
    with pytest.raises(InputError, match="fr"):
        write_index(survey, lang="fr")


# ------------------------------------------------------------------ the public
@pytest.fixture(scope="module")
def open_survey(survey):
    sites = survey.sites.copy()
    for column, value in SECRETS.items():
        sites[column] = value
    events = survey.events.copy()
    events["note"], events["recorded_by"] = "经办人王五", "王五"
    plan = survey.plan.model_copy(update={"map_approval_no": "测S(2021)001号"})
    return dataclasses.replace(survey, sites=sites, events=events, plan=plan)


def test_the_public_page_holds_nothing_private(open_survey, visit):
    text = write_index(open_survey, profile="public")
    blocks = re.findall(r'<script type="application/octet-stream"[^>]*>([^<]+)', text)
    whole = text.encode() + b"".join(unpack_text(block.strip()) for block in blocks)
    for secret in (*SECRETS.values(), "王五"):
        assert secret.encode() not in whole
        assert json.dumps(secret).encode() not in whole
    assert "审图号:测S(2021)001号" in text
    assert "内部使用" not in text.split("<script")[0]
    internal = write_index(open_survey)
    inside = b"".join(
        unpack_text(block.strip())
        for block in re.findall(r'<script type="application/octet-stream"[^>]*>([^<]+)', internal)
    )
    assert all(
        secret.encode() in inside for secret in SECRETS.values()
    )  # the search itself finds what is there
    seen = visit(text).wait_ready()
    assert "审图号:测S(2021)001号" in seen.page.inner_text(".rg-head")
    seen.page.evaluate("RG.status.openSite(0, 0)")
    with seen.page.expect_download() as waiting:
        seen.page.click("#take")
    heads = next(csv.reader(waiting.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert "分包领导" not in heads
    seen.check_quiet()


def test_the_public_page_moves_every_place_to_the_middle_of_its_cell(open_survey):
    text = write_index(open_survey, profile="public")
    blocks = [unpack_text(b.strip()) for b in re.findall(r'octet-stream"[^>]*>([^<]+)', text)]
    layers = [decode_features(block) for block in blocks if block[:4] == b"RGL1"]
    shapes = next(shapes for shapes, columns in layers if "site_id" in columns)
    for shape in filter(None, shapes):
        steps = np.array([shape.x, shape.y]) / CELL_DEG - 0.5
        assert np.allclose(steps, np.round(steps), atol=1e-3)


def test_places_are_coarsened_by_rule():
    # 114.5012 / 0.005 = 22900.24 → cell 22900 → middle 114.5025; 36.6049 / 0.005 = 7320.98 → 36.6025
    shapes = np.array([shapely.Point(114.5012, 36.6049), None, shapely.Point()], dtype=object)
    out = coarsen_places(shapes)
    assert (round(out[0].x, 6), round(out[0].y, 6)) == (114.5025, 36.6025)
    assert out[1] is None
    assert out[2] is None


def test_a_public_page_needs_an_approval_number(survey):
    with pytest.raises(PlanError, match="审图号"):
        take_public(survey)
    with pytest.raises(InputError, match="版本"):
        write_index(survey, profile="secret")


def test_a_public_build_writes_the_public_page_and_nothing_else(open_survey, tmp_path):
    ledger = tmp_path / "office" / "ledger.gpkg"
    keep_inputs(take_toytown(), ledger, toytown.make_plan(), at=AT, by="test")
    out = tmp_path / "public"
    publish_survey(
        open_survey, out, inputs=[], ledger_path=ledger, tell=lambda _: None, look=Look("en", "public")
    )
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert files == ["manifest.json", "maps/index.html"]
    written = b"".join((out / name).read_bytes() for name in files)
    assert not any(secret.encode() in written for secret in SECRETS.values())


def test_the_command_refuses_a_public_build_without_an_approval_number(tmp_path):
    done = CliRunner().invoke(
        main, ["build", str(HANDAN), "--profile", "public", "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 2
    assert "审图号" in done.output
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------ photographs
def test_photographs_travel_small_and_within_the_budget(survey, tmp_path, visit):
    for name, size in (("a.png", (2000, 1000)), ("b.png", (300, 300))):
        Image.new("RGB", size, "green").save(tmp_path / name)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    sites = survey.sites.copy()
    sites["photo_before"], sites["photo_after"] = "", ""
    sites.loc["A-01", ["photo_before", "photo_after"]] = [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    sites.loc["A-02", "photo_before"] = str(tmp_path / "broken.jpg")
    sites.loc["A-03", "photo_before"] = str(tmp_path / "missing.jpg")
    assert set(gather_photos(sites)) == {"A-01"}
    link = gather_photos(sites, budget=0)["A-01"]["photo_before"]
    beside = list_beside(sites, budget=0)
    assert re.fullmatch(r"photos/[0-9a-f]{16}\.jpg", link)
    assert len(beside) == 2
    assert beside[link].startswith(b"\xff\xd8")
    assert list_beside(sites) == {}  # all of them have room
    seen = visit(write_index(dataclasses.replace(survey, sites=sites))).wait_ready()
    seen.page.evaluate("RG.status.openSite(0, 0)")
    sizes = "Promise.all(Array.from(document.querySelectorAll('.rg-photos img'), i => i.decode().then(() => [i.naturalWidth, i.naturalHeight])))"
    assert seen.page.evaluate(sizes) == [[640, 320], [300, 300]]
    seen.check_quiet()


# ------------------------------------------------------------------ paper, screens, looks
def test_on_paper_the_map_fills_the_sheet_and_the_screen_comes_back(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    before = page.evaluate("JSON.stringify([renewal.map.getCenter(), renewal.map.getZoom()])")
    page.emulate_media(media="print")
    page.wait_for_timeout(100)
    # without the panel the map is as wide as the sheet, and what one sees of it is painted
    assert page.evaluate("renewal.map.getSize().x === document.body.clientWidth")
    painted = """(() => { const c = renewal.map._packedCanvas, s = c.screen(), r = c._ratio,
        d = c._base.brush.getImageData((s.left + s.right) / 2 * r, (s.top + s.bottom) / 2 * r, 4, 4).data;
        return d[3] > 0; })()"""
    assert page.evaluate(painted)
    assert page.is_hidden(".rg-side")
    assert page.is_hidden("#week")
    page.emulate_media(media="screen")
    page.wait_for_timeout(100)
    assert page.evaluate("JSON.stringify([renewal.map.getCenter(), renewal.map.getZoom()])") == before
    seen.check_quiet()


BOXES = """() => {
  const boxes = Array.from(document.querySelectorAll(
    '.rg-filter > *, .rg-views, .rg-north, .rg-legend, .rg-corner, .rg-sheet, #week, .leaflet-control-zoom, .leaflet-control-scale'))
    .filter(n => n.offsetParent !== null && getComputedStyle(n).display !== 'none')
    .map(n => [n.className || n.id, n.getBoundingClientRect()]).filter(b => b[1].width > 0);
  const bad = [];
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, p] = boxes[i], [b, q] = boxes[j];
    if (p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1) bad.push([a, b]);
  }
  for (const [name, box] of boxes) if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1) bad.push([name, 'cut']);
  return bad;
}"""


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (1280, 800), (1024, 768)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_overlaps_or_is_cut(survey, text, visit, size, lang):
    seen = visit(text if lang == "zh" else write_index(survey, lang=lang), size=size).wait_ready()
    page = seen.page
    assert page.evaluate(BOXES) == []
    page.evaluate("RG.status.openSite(0, 0)")
    assert page.evaluate(BOXES) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    seen.check_quiet()


SMALL = (320, 200)
LOOKS = {"light": "index_light.png", "dark": "index_dark.png"}


@pytest.mark.parametrize("theme", LOOKS)
def test_the_page_looks_as_it_did(text, visit, theme, tmp_path):
    """Against a picture kept at a quarter of its size, so that fonts of another machine do not matter.

    Tolerance: 4 of 255 on the average, and no more than 2 % of the pixels off by more than 60.
    To keep a new look: RENEWAL_KEEP_LOOKS=1 pytest tests/test_webmap_index.py
    """
    seen = visit(text, size=(1280, 800)).wait_ready()
    if theme == "dark":
        seen.page.click("#rg-theme")
    while not seen.page.evaluate("renewal.map._packedCanvas.isSettled()"):
        seen.page.wait_for_timeout(20)
    seen.page.mouse.move(1270, 790)
    seen.page.screenshot(path=tmp_path / "now.png")
    now = Image.open(tmp_path / "now.png").convert("RGB").resize(SMALL, Image.Resampling.BOX)
    kept = ROOT / "tests" / "looks" / LOOKS[theme]
    if os.environ.get("RENEWAL_KEEP_LOOKS"):
        kept.parent.mkdir(exist_ok=True)
        now.save(kept, optimize=True)
    off = ImageChops.difference(now, Image.open(kept).convert("RGB")).convert("L")
    far = sum(off.histogram()[61:]) / (SMALL[0] * SMALL[1])
    assert ImageStat.Stat(off).mean[0] <= 4, f"mean {ImageStat.Stat(off).mean[0]:.1f}"
    assert far <= 0.02, f"{far:.1%}"


def test_a_photograph_without_room_is_linked(survey, tmp_path, visit, monkeypatch):
    Image.new("RGB", (300, 300), "green").save(tmp_path / "a.png")
    sites = survey.sites.copy()
    sites["photo_before"], sites["photo_after"] = "", ""
    sites.loc["A-01", "photo_before"] = str(tmp_path / "a.png")
    monkeypatch.setattr(gather_photos, "__kwdefaults__", {"budget": 0})
    text = write_index(dataclasses.replace(survey, sites=sites))
    assert str(tmp_path) not in text  # no path of this machine travels along
    seen = visit(text).wait_ready()
    seen.page.evaluate("RG.status.openSite(0, 0)")
    assert seen.page.get_attribute(".rg-photos a", "href") == next(iter(list_beside(sites, budget=0)))
    seen.check_quiet()
