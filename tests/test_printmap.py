from __future__ import annotations

import io
import re
from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from renewal_gis.errors import InputError, MissingFileError, PlanError, PublishError
from renewal_gis.render import canvas, clusters, fonts, legend, printmap, scene
from renewal_gis.render.canvas import PAPERS, Paper
from renewal_gis.render.labels import Label, place_labels
from samples import make_progress, make_survey

SVG = Paper(file_format="svg")


@pytest.fixture(scope="module")
def survey():
    return make_survey()


@pytest.fixture(scope="module")
def svg(survey) -> str:
    return printmap.draw_status(survey, paper=SVG).decode()


def _texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_png_is_156_mm_wide_at_300_dpi(survey):
    image = Image.open(io.BytesIO(printmap.draw_status(survey)))
    assert image.width == pytest.approx(156 / 25.4 * 300, abs=1)
    assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "示例市“示例更新行动”项目分布与进展",
        "截至2021年9月30日，老旧小区改造完成 3/6 个（50.0%），滞后序时进度43.3个百分点",
        "模拟数据",
        "内部使用",
        "北",
        "甲区",
        "66.7%",
        "注：线状项目的点线为未启动和前期，虚线为施工，实线为完成；另有 1 个项目台账无位置，计入总数，未上图。",
        "资料来源：项目台账、道路：模拟数据。",
        "行政区域界线为示意，不作法定依据；投影 EPSG:4547。",
    ],
)
def test_svg_says_it_as_text(svg, text):
    assert text in _texts(svg)


def test_real_data_is_not_called_simulated():
    real = make_survey(simulated=False, sources=("项目台账",))
    assert "模拟数据" not in _texts(printmap.draw_status(real, paper=SVG).decode())


def test_no_letter_is_missing(svg):
    from fontTools.ttLib import TTFont

    known = TTFont(fonts.find_font()).getBestCmap()
    letters = {letter for text in _texts(svg) for letter in text if not letter.isspace()}
    assert {letter for letter in letters if ord(letter) not in known} == set()


def test_settings_and_frames_stay_as_they_were(survey):
    settings_before, sites_before = dict(mpl.rcParams), survey.sites.copy()
    printmap.draw_status(survey, paper=Paper(dpi=50))
    assert dict(mpl.rcParams) == settings_before
    assert survey.sites.equals(sites_before)


def test_a_unit_without_task_shows_a_dash():
    rows = [
        ("T1", "全市", 5, 5, 3, None, ""),
        ("T1", "甲区", 3, 3, 2, None, ""),
        ("T1", "乙区", 2, 2, 1, None, ""),
    ]
    svg = printmap.draw_status(make_survey(progress=make_progress(rows)), paper=SVG).decode()
    assert "—" in _texts(svg)
    assert "0.0%" not in _texts(svg)


def test_sites_without_any_place_still_give_a_map(survey):
    empty = survey.sites.set_geometry([None] * len(survey.sites), crs=survey.sites.crs)
    svg = printmap.draw_status(make_survey(sites=empty), paper=SVG).decode()
    assert any("另有 12 个项目台账无位置，计入总数，未上图" in text for text in _texts(svg))


def test_no_site_at_all_still_gives_a_map(survey):
    assert printmap.draw_status(make_survey(sites=survey.sites.iloc[:0]), paper=Paper(dpi=50))


def test_a_core_that_is_small_gets_an_inset(survey):
    units = survey.units.copy()
    units.loc["990121", "geometry"] = shapely.affinity.scale(units.geometry.iloc[2], 20, 20, origin="center")
    svg = printmap.draw_status(make_survey(units=units), paper=SVG).decode()
    assert "局部图" in _texts(svg)
    assert "局部图" not in _texts(printmap.draw_status(survey, paper=SVG).decode())


def test_target_is_the_one_broken_down_or_the_one_named(survey):
    assert scene.choose_target(survey).id == "T1"
    assert scene.choose_target(survey, target_id="T4").id == "T4"
    with pytest.raises(PlanError, match="T99"):
        printmap.draw_status(survey, target_id="T99")


def test_an_unknown_format_is_refused(survey):
    with pytest.raises(PublishError, match="bmp"):
        printmap.draw_status(survey, paper=Paper(file_format="bmp"))


def test_a_missing_font_says_what_to_install(monkeypatch):
    monkeypatch.setattr(fonts, "_PACKAGE", "no_such_font_package")
    with pytest.raises(MissingFileError, match="pip install"):
        fonts.find_font()


@pytest.mark.parametrize(
    ("length", "rounded"), [(34, 20), (50, 50), (99.9, 50), (100, 100), (0.3, 0.2), (23_800, 20_000)]
)
def test_scale_bars_are_round(length, rounded):
    assert legend.round_scale(length) == pytest.approx(rounded)


def test_scale_bar_is_true_in_metres():
    with canvas.use_house_style():
        sheet = canvas.make_sheet(Paper(100.0), height_mm=50)
        panel = canvas.add_panel(sheet, (0, 0, 100, 50), view=(0, 0, 10_000, 5_000))
        assert panel.scale == pytest.approx(100)  # 10 km on 100 mm
        legend.draw_scale_bar(panel, (500, 500))
        words = [text.get_text() for text in panel.axes.texts]
    assert words[-1] == "2 km"  # 22 % of the panel is 2.2 km
    spans = [patch.get_path().get_extents() for patch in panel.axes.artists or panel.axes.patches]
    assert max(span.x1 for span in spans) - min(span.x0 for span in spans) == pytest.approx(2000)


def test_views_are_widened_about_their_middle():
    assert canvas.fit_view((0, 0, 10, 10), 2.0) == (-5, 0, 15, 10)
    assert canvas.fit_view((0, 0, 40, 10), 2.0) == (0, -5, 40, 15)


# ------------------------------------------------------------------ many sites at one place
def test_spots_within_reach_share_a_place_through_chains():
    spots = np.array([[0, 0], [9, 0], [18, 0], [100, 0]], dtype=float)
    assert clusters.group_places(spots, within_m=10).tolist() == [0, 0, 0, 1]
    assert clusters.group_places(np.empty((0, 2)), within_m=10).tolist() == []


def test_bubbles_count_every_site_once_and_stand_side_by_side():
    spots = np.array([[0, 0]] * 8 + [[4, 0]] * 2 + [[500, 500]], dtype=float)
    programmes = np.array(["a"] * 8 + ["b"] * 2 + ["a"], dtype=object)
    bubbles = clusters.make_bubbles(spots, programmes, mark_m=10, size_of=lambda _: 1.0, within_m=20)
    assert sorted((each.programme, each.count) for each in bubbles) == [("a", 1), ("a", 8), ("b", 2)]
    assert sorted(k for each in bubbles for k in each.sites) == list(range(11))
    alone = next(each for each in bubbles if each.count == 1)
    assert (alone.x, alone.y, alone.width_m) == (500, 500, 10)
    many, few = (next(each for each in bubbles if each.count == count) for count in (8, 2))
    assert abs(many.x - few.x) == pytest.approx((many.width_m + few.width_m) / 2)
    assert many.width_m > few.width_m > 10


def test_a_crowd_outside_the_inset_is_one_mark_with_its_number(survey):
    units = survey.units.copy()
    units.loc["990121", "geometry"] = shapely.affinity.scale(units.geometry.iloc[2], 20, 20, origin="center")
    sites = pd.concat([survey.sites, *[survey.sites.loc[["A-06"]]] * 36])
    away = shapely.affinity.translate(survey.sites.geometry["A-06"], 0.1, 0.08)
    sites["geometry"] = [away if name == "A-06" else shape for name, shape in sites.geometry.items()]
    texts = _texts(printmap.draw_status(make_survey(units=units, sites=sites), paper=SVG).decode())
    assert "37" in texts
    assert any("带数字的符号为该处多个项目" in text for text in texts)


# ------------------------------------------------------------------ names that do not collide
def _boxes(labels, places):
    return {
        each.key: shapely.box(
            places[each.key][0] - each.width_m / 2, places[each.key][1] - each.height_m / 2,
            places[each.key][0] + each.width_m / 2, places[each.key][1] + each.height_m / 2,
        )
        for each in labels
    }  # fmt: skip


NO_MARKS = np.empty((0, 2))


def test_a_label_stands_in_the_middle_of_its_area():
    label = Label("a", 20, 10, shapely.box(0, 0, 100, 100))
    assert place_labels([label], marks=NO_MARKS)["a"] == pytest.approx((50, 50), abs=3)


def test_a_label_keeps_off_marks_and_taken_boxes():
    label = Label("a", 20, 10, shapely.box(0, 0, 200, 100))
    marks = np.array([[100.0, 50.0], [98.0, 52.0], [102.0, 48.0]])
    box = _boxes([label], place_labels([label], marks=marks, mark_m=2))["a"]
    assert not shapely.intersects_xy(box.buffer(2), *marks.T).any()
    taken = (0.0, 0.0, 120.0, 100.0)
    box = _boxes([label], place_labels([label], marks=NO_MARKS, taken=[taken]))["a"]
    assert not box.intersects(shapely.box(*taken))


def test_a_label_that_fits_nowhere_is_still_placed():
    labels = [Label(key, 90, 90, shapely.box(0, 0, 100, 100)) for key in "ab"]
    assert set(place_labels(labels, marks=NO_MARKS)) == {"a", "b"}


@settings(max_examples=20, deadline=None)
@given(
    widths=st.lists(st.floats(60, 400), min_size=2, max_size=6),
    marks=st.lists(st.tuples(st.floats(0, 1500), st.floats(0, 200)), max_size=20),
    turn=st.randoms(use_true_random=False),
)
def test_labels_never_touch_where_there_is_room_and_order_does_not_matter(widths, marks, turn):
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    labels = [Label(f"u{k}", 50, 20, shapely.box(edges[k], 0, edges[k + 1], 200)) for k in range(len(widths))]
    spots = np.array(marks, dtype=float).reshape(-1, 2)
    places = place_labels(labels, marks=spots)
    boxes = list(_boxes(labels, places).values())
    assert all(one.intersection(other).area == 0 for k, one in enumerate(boxes) for other in boxes[:k])
    shuffled = turn.sample(labels, len(labels))
    assert place_labels(shuffled, marks=spots) == places


def test_rates_colour_the_units(survey):
    view = scene.set_scene(survey, survey.plan.target("T1"))
    assert view.rows["甲区"]["rate"] == Fraction(2, 3)


# ------------------------------------------------------------------ pages and units
@pytest.mark.parametrize(("name", "size_mm"), [("A4", (210, 297)), ("A3", (297, 420))])
def test_whole_pages_have_their_size(survey, name, size_mm):
    paper = PAPERS[name]
    image = Image.open(
        io.BytesIO(printmap.draw_status(survey, paper=Paper(*size_mm, paper.margin_mm, dpi=60)))
    )
    assert image.size == pytest.approx([side / 25.4 * 60 for side in size_mm], abs=1)
    assert (paper.width_mm, paper.height_mm, paper.dpi) == (*size_mm, 300)


def test_a_page_keeps_its_margin(survey):
    paper = Paper(210.0, 297.0, 10.0, dpi=60)
    image = np.asarray(Image.open(io.BytesIO(printmap.draw_status(survey, paper=paper))).convert("L"))
    rim = round(9 / 25.4 * 60)
    assert (image[:rim] > 250).all()
    assert (image[:, :rim] > 250).all()
    assert (image[:, -rim:] > 250).all()


def test_zoom_enlarges_text_and_keeps_the_scale_bar_true():
    with canvas.use_house_style():
        sheet = canvas.make_sheet(Paper(200.0, zoom=2.0), height_mm=50)
        assert sheet.width_mm == pytest.approx(100)
        panel = canvas.add_panel(sheet, (0, 0, 100, 50), view=(0, 0, 10_000, 5_000))
        canvas.put_text(panel, (0, 0), "北", size=8.0)
        assert panel.axes.texts[-1].get_fontsize() == pytest.approx(16.0)
        assert panel.scale == pytest.approx(100)
        box = panel.axes.get_window_extent()
    assert box.width / sheet.figure.dpi * 25.4 == pytest.approx(200)


def test_a_unit_is_shown_with_its_own_sites(survey):
    texts = _texts(printmap.draw_status(survey, unit="甲区", paper=SVG).decode())
    assert "甲区“示例更新行动”项目分布与进展" in texts
    assert any("老旧小区改造完成 2/3 个（66.7%）" in text for text in texts)
    assert any("图中为甲区管理的项目" in text for text in texts)
    # 3 compounds, 1 alley and 1 toilet are declared by it; no road
    assert "断头路" not in texts


def test_a_unit_without_the_task_says_so(survey):
    rows = [("T1", "全市", 2, 2, 1, None, ""), ("T1", "甲区", 2, 2, 1, None, "")]
    bare = make_survey(progress=make_progress(rows))
    texts = _texts(printmap.draw_status(bare, unit="丙县", paper=SVG).decode())
    assert any("丙县无“老旧小区改造完成”任务" in text for text in texts)


def test_a_unit_that_cannot_be_drawn_is_refused(survey):
    with pytest.raises(PlanError, match="戊县"):
        printmap.draw_status(survey, unit="戊县")
    bare = make_survey(
        units=survey.units.iloc[:2], sites=survey.sites[survey.sites["declared_unit"] != "丙县"]
    )
    with pytest.raises(InputError, match="没有界线"):
        printmap.draw_status(bare, unit="丙县")


def test_a_unit_without_outline_is_shown_around_its_sites(survey):
    texts = _texts(
        printmap.draw_status(make_survey(units=survey.units.iloc[:2]), unit="丙县", paper=SVG).decode()
    )
    assert any("该单位未绘界线" in text for text in texts)


def test_the_location_map_speaks_of_places_only(survey):
    texts = _texts(printmap.draw_location(survey, paper=SVG).decode())
    assert "示例市“示例更新行动”项目位置图" in texts
    assert "截至2021年9月30日，台账项目 12 个" in texts
    assert not any("完成率" in text or text == "66.7%" for text in texts)


# ------------------------------------------------------------------ lines of text
@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="甲乙（）,。12%ab《》", max_size=40), width=st.floats(8, 60))
def test_wrapping_loses_nothing(text, width):
    lines = legend.wrap_text(text, 7.0, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(canvas.measure_text(line, 7.0)[0] <= width or len(line) == 1 for line in lines)


def test_numbers_and_brackets_stay_whole():
    # 7 points are 2.47 mm: 10 letters fit 25 mm
    assert legend.wrap_text("老旧小区在今年的10月1日前", 7.0, 21.5) == ["老旧小区在今年的", "10月1日前"]
    assert legend.wrap_text("老旧小区改造完成（推算）", 7.0, 23.0) == ["老旧小区改造完成", "（推算）"]
