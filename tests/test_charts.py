"""Charts for paper: steady bytes, no missing letter, clear refusals."""

from __future__ import annotations

import io
import logging
import warnings

import pytest
from PIL import Image

from renewal_gis.errors import InputError, PlanError, PublishError
from renewal_gis.render import charts
from samples import make_progress, make_survey


@pytest.fixture(scope="module")
def survey():
    return make_survey()


DRAW = {"progress": charts.draw_progress, "pace": charts.draw_pace}


@pytest.mark.parametrize("name", DRAW)
def test_width_and_resolution(survey, name):
    picture = Image.open(io.BytesIO(DRAW[name](survey)))
    assert picture.width == pytest.approx(156 / 25.4 * 300, abs=1)
    assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("file_format", ["png", "pdf", "svg"])
def test_again_the_same_bytes(survey, name, file_format):
    first = DRAW[name](survey, file_format=file_format, dpi=100)
    assert first == DRAW[name](survey, file_format=file_format, dpi=100)


@pytest.mark.parametrize("name", DRAW)
def test_no_letter_is_missing(survey, name, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        DRAW[name](survey, file_format="svg")
    assert "font" not in caplog.text.lower()


def test_progress_says_the_numbers(survey):
    text = charts.draw_progress(survey, file_format="svg").decode()
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


def test_pace_says_the_numbers(survey):
    text = charts.draw_pace(survey, file_format="svg").decode()
    for word in ("老旧小区改造完成", "3/6个", "50.0%", "其中，精品样板街巷", "●正常", "▲滞后"):
        assert word in text, word


def test_pace_of_a_unit(survey):
    text = charts.draw_pace(survey, unit="甲区", file_format="svg").decode()
    assert "甲区“示例更新行动”各项指标进度" in text
    assert "精品样板街巷" not in text


def test_more_than_everything_is_drawn_as_it_is():
    rows = [("T1", "全市", 2, 3, 3, None, ""), ("T1", "甲区", 2, 3, 3, None, "")]
    text = charts.draw_progress(make_survey(progress=make_progress(rows)), file_format="svg").decode()
    assert "150.0%" in text
    assert ">150%<" in text


def test_units_without_task_are_named():
    rows = [("T1", "全市", 2, 2, 1, None, ""), ("T1", "甲区", 2, 2, 1, None, "")]
    text = charts.draw_progress(make_survey(progress=make_progress(rows)), file_format="svg").decode()
    assert "无任务单位：乙区、丙县。" in text


def test_bars_are_told_apart_in_grey():
    faces = set(charts._LOOKS.values())
    assert len(faces) == 4


def test_refusals(survey):
    with pytest.raises(InputError, match="没有分解到单位"):
        charts.draw_progress(survey, target_id="T2")
    with pytest.raises(PlanError, match="没有责任单位"):
        charts.draw_pace(survey, unit="戊县")
    with pytest.raises(PublishError, match="gif"):
        charts.draw_pace(survey, file_format="gif")
    bare = make_survey(progress=make_progress([("T1", "全市", 6, 6, 3, None, "")]))
    with pytest.raises(InputError, match="丙县没有分解到单位的任务"):
        charts.draw_pace(bare, unit="丙县")
