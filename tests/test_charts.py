"""Charts for paper: steady bytes, no missing letter, clear refusals."""

from __future__ import annotations

import io
import logging
import warnings

import pytest
from PIL import Image

from renewal_gis.errors import InputError, PlanError, PublishError
from renewal_gis.render import charts, curves
from renewal_gis.render.canvas import Paper
from samples import make_progress, make_survey


@pytest.fixture(scope="module")
def survey():
    return make_survey()


SVG = Paper(file_format="svg")
DRAW = {
    "progress": charts.draw_progress,
    "pace": charts.draw_pace,
    "targets": charts.draw_targets,
    "burnup": curves.draw_burnup,
}


@pytest.mark.parametrize("name", DRAW)
def test_width_and_resolution(survey, name):
    picture = Image.open(io.BytesIO(DRAW[name](survey)))
    assert picture.width == pytest.approx(156 / 25.4 * 300, abs=1)
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("name", DRAW)
def test_no_letter_is_missing(survey, name, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        DRAW[name](survey, paper=SVG)
    assert "font" not in caplog.text.lower()


def test_progress_says_the_numbers(survey):
    text = charts.draw_progress(survey, paper=SVG).decode()
    for word in (
        "主城区组",
        "县组",
        "甲区",
        "2/3个",
        "66.7%",
        "■严重滞后",
        "模拟数据",
        "内部使用",
        "序时进度",
    ):
        assert word in text, word


def test_targets_say_the_numbers(survey):
    text = charts.draw_targets(survey, paper=SVG).decode()
    for word in ("老旧小区改造完成", "3/6个", "50.0%", "其中，精品样板街巷", "●正常", "▲滞后"):
        assert word in text, word


def test_targets_of_a_unit(survey):
    text = charts.draw_targets(survey, unit="甲区", paper=SVG).decode()
    assert "甲区“示例更新行动”各项指标进度" in text
    assert "精品样板街巷" not in text


def test_more_than_everything_is_drawn_as_it_is():
    rows = [("T1", "全市", 2, 3, 3, None, ""), ("T1", "甲区", 2, 3, 3, None, "")]
    text = charts.draw_progress(make_survey(progress=make_progress(rows)), paper=SVG).decode()
    assert "150.0%" in text
    assert ">150%<" in text


def test_units_without_task_are_named():
    rows = [("T1", "全市", 2, 2, 1, None, ""), ("T1", "甲区", 2, 2, 1, None, "")]
    text = charts.draw_progress(make_survey(progress=make_progress(rows)), paper=SVG).decode()
    assert "无任务单位：乙区、丙县。" in text


def test_bars_are_told_apart_in_grey():
    faces = set(charts._LOOKS.values())
    assert len(faces) == 4


def test_refusals(survey):
    with pytest.raises(InputError, match="没有分解到单位"):
        charts.draw_progress(survey, target_id="T2")
    with pytest.raises(PlanError, match="没有责任单位"):
        charts.draw_targets(survey, unit="戊县")
    with pytest.raises(PublishError, match="gif"):
        charts.draw_pace(survey, paper=Paper(file_format="gif"))
    bare = make_survey(progress=make_progress([("T1", "全市", 6, 6, 3, None, "")]))
    with pytest.raises(InputError, match="丙县没有分解到单位的任务"):
        charts.draw_targets(bare, unit="丙县")


# ------------------------------------------------------------------ pace
def test_pace_says_points_and_shares(survey):
    text = charts.draw_pace(survey, paper=SVG).decode()
    # 3/6 = 50.0 %, due 14/15 = 93.3 %: 43.3 points behind
    for word in ("50.0%/93.3%", "\u221243.3", "■严重滞后", "示例市“示例更新行动”各项指标进度偏差"):
        assert word in text, word
    assert "不设序时进度而未列：打通“断头路”。" in text


def test_pace_of_one_target_compares_its_units(survey):
    text = charts.draw_pace(survey, target_id="T1", unit="甲区", paper=SVG).decode()
    # 甲区 2/3, due 1: 33.3 behind; 乙区 1/2: 50.0; 丙县 0 of 60 %: 60.0
    for word in ("\u221233.3", "\u221250.0", "\u221260.0", "老旧小区改造完成：各单位进度偏差"):
        assert word in text, word
    assert text.index("\u221233.3") < text.index("\u221250.0")


def test_pace_without_anything_due_is_refused():
    bare = make_survey(progress=make_progress([("T5", "全市", None, 1, 0, None, "")]))
    with pytest.raises(InputError, match="不设序时进度"):
        charts.draw_pace(bare)


def test_a_unit_that_stands_out_must_have_the_task(survey):
    rows = [("T1", "全市", 2, 2, 1, None, ""), ("T1", "甲区", 2, 2, 1, None, "")]
    with pytest.raises(InputError, match="丙县没有"):
        charts.draw_progress(make_survey(progress=make_progress(rows)), unit="丙县")


# ------------------------------------------------------------------ burn-up
def test_burnup_ends_at_the_rate_of_the_day(survey):
    text = curves.draw_burnup(survey, paper=SVG).decode()
    for word in ("老旧小区改造完成", "3/6个", "50.0%", "序时进度（应完成）", "模拟数据"):
        assert word in text, word


def test_burnup_of_one_target_and_unit(survey):
    text = curves.draw_burnup(survey, target_id="T1", unit="甲区", paper=SVG).decode()
    assert "2/3个" in text
    assert "旱厕清理" not in text
    with pytest.raises(InputError, match="没有分解到单位"):
        curves.draw_burnup(survey, target_id="T2", unit="甲区")
