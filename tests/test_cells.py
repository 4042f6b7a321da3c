"""One cell at a time."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renewal_gis.intake.cells import (
    fold_text,
    parse_chinese_number,
    read_id,
    read_number,
    read_share,
    read_text,
    squeeze,
)
from renewal_gis.intake.dates import read_date
from renewal_gis.intake.positions import read_coordinate, split_pair


@pytest.mark.parametrize(
    ("raw", "day", "precision"),
    [
        (dt.datetime(2021, 9, 30, 8, tzinfo=dt.UTC), "2021-09-30", "day"),
        (dt.date(2021, 9, 30), "2021-09-30", "day"),
        ("2021-09-30", "2021-09-30", "day"),
        ("2021-09-30 17:05:00", "2021-09-30", "day"),
        ("2021.9.30", "2021-09-30", "day"),
        ("2021年9月30日", "2021-09-30", "day"),
        ("\uff12\uff10\uff12\uff11\uff0d\uff10\uff19\uff0d\uff13\uff10", "2021-09-30", "day"),
        ("21.9.30", "2021-09-30", "day"),
        ("20210930", "2021-09-30", "day"),
        (20210930.0, "2021-09-30", "day"),
        (44469.0, "2021-09-30", "day"),
        ("44469", "2021-09-30", "day"),
        ("9/30/2021", "2021-09-30", "day"),
        ("二〇二一年九月三十日", "2021-09-30", "day"),
        ("二〇二一年九月", "2021-09-30", "month"),
        ("2021年9月底", "2021-09-30", "month"),
        ("2021/9", "2021-09-30", "month"),
        (2021.9, "2021-09-30", "month"),
        (2021.12, "2021-12-31", "month"),
        ("2021年10月上旬", "2021-10-10", "ten_days"),
        ("2021年三季度", "2021-09-30", "quarter"),
        ("2021年第四季度", "2021-12-31", "quarter"),
        ("2021年上半年", "2021-06-30", "half"),
        ("2021年底", "2021-12-31", "year"),
        ("2020年2月", "2020-02-29", "month"),
    ],
)
def test_read_date_takes_what_offices_write(raw, day, precision):
    cell = read_date(raw)
    assert (str(cell.value), cell.precision, cell.status) == (day, precision, "ok")


@pytest.mark.parametrize(
    "raw", ["2021-9-31", "待定", "尽快", "3/4/2021", 2021.1, "2021.09.30-2021.12.31", "1021-01-01", True]
)
def test_read_date_leaves_what_it_cannot_know(raw):
    assert read_date(raw).status == "unread"


@pytest.mark.parametrize("raw", [None, "", " ", "/", "—", "无", math.nan])
def test_read_date_knows_a_blank(raw):
    assert read_date(raw).status == "blank"


def test_read_date_says_what_it_assumed():
    assert read_date("2021年9月").assumption == "2021-09-30(月末)"
    assert read_date("21.9.30").assumption == "2021-09-30(两位年份)"
    assert read_date("2021.9.30").assumption == ""


@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)))
def test_read_date_reads_every_day_back(day):
    for text in (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}",
    ):
        assert read_date(text).value == day


@pytest.mark.parametrize(
    ("raw", "dimension", "value"),
    [
        (12.5, "area", 12.5),
        ("12.5", "area", 12.5),
        ("\uff11\uff12\uff0e\uff15", "area", 12.5),
        ("12.5万平方米", "area", 125_000.0),
        ("1,234㎡", "area", 1234.0),
        ("2公顷", "area", 20_000.0),
        ("1.2亿元", "money", 12_000.0),
        ("5000元", "money", 0.5),
        ("1.2公里", "length", 1200.0),
        ("约300户", "count", 300),
        ("三十二", "count", 32),
        (7.0, "count", 7),
    ],
)
def test_read_number_knows_units(raw, dimension, value):
    assert read_number(raw, dimension=dimension).value == pytest.approx(value)


def test_a_unit_in_the_cell_goes_before_the_one_in_the_header():
    assert read_number("3", dimension="area", header_factor=1e4).value == 30_000
    assert read_number("3平方米", dimension="area", header_factor=1e4).value == 3


@pytest.mark.parametrize(
    ("raw", "dimension"),
    [
        ("-3", "area"),
        ("12m", "count"),
        ("双向六车道", "length"),
        (12.5, "count"),
        ("100-120", "count"),
        (True, "count"),
        (math.inf, "area"),
    ],
)
def test_read_number_leaves_what_it_cannot_know(raw, dimension):
    assert read_number(raw, dimension=dimension).status == "unread"


@pytest.mark.parametrize(
    ("raw", "percents", "share"),
    [
        ("85%", None, 0.85),
        ("\uff18\uff15\uff05", None, 0.85),
        (85.0, None, 0.85),
        (0.85, None, 0.85),
        (0.85, True, 0.85),
        (1.0, True, 0.01),
        (1.0, None, 1.0),
        ("约六成", None, 0.6),
        ("八成五", None, 0.85),
    ],
)
def test_read_share(raw, percents, share):
    assert read_share(raw, percent_column=percents).value == pytest.approx(share)


@pytest.mark.parametrize("raw", [120.0, -5.0, "100%+", "多数"])
def test_a_share_beyond_one_is_not_clamped(raw):
    assert read_share(raw, percent_column=True).status == "unread"


def test_ids_stay_text():
    assert read_id("00310001").value == "00310001"
    assert read_id(310.0).value == "310"
    assert read_id("13040300000000000012").value == "13040300000000000012"
    assert read_id("\uff28\uff24\uff0d\uff10\uff11").value == "HD-01"
    assert read_id(" \u3000 ").status == "blank"


@pytest.mark.parametrize("raw", [1.304e19, "1.30403E+19"])
def test_an_id_that_lost_digits_is_not_taken(raw):
    assert read_id(raw).status == "unread"


def test_text_keeps_chinese_punctuation_and_loses_controls():
    assert read_text("和平小区\uff08东院\uff09").value == "和平小区\uff08东院\uff09"
    assert read_text("和平小区\uff08东院\uff09").assumption == ""
    assert read_text("甲\x0b乙\ud800").value == "甲乙"
    assert read_text("甲\x0b乙").assumption != ""
    assert read_text("NA").value == "NA"


def test_squeeze_and_fold_agree_on_blanks():
    assert squeeze(" 丛\u3000台 区\u200b") == "丛台区".replace("丛台", "丛台")
    assert fold_text(None) == ""
    assert fold_text(3.0) == "3"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("二〇二一", 2021),
        ("三十一", 31),
        ("十", 10),
        ("一百二十", 120),
        ("廿三", 23),
        ("甲", None),
        ("", None),
    ],
)
def test_parse_chinese_number(text, number):
    assert parse_chinese_number(text) == number


@given(st.floats(-180, 180, allow_nan=False))
def test_degrees_minutes_seconds_read_back(value):
    whole = abs(value)
    degrees = int(whole)
    minutes = int((whole - degrees) * 60)
    seconds = round((whole - degrees - minutes / 60) * 3600, 4)
    if seconds >= 60:
        return
    sign = "-" if value < 0 else ""
    read, how = read_coordinate(f"{sign}{degrees}°{minutes}′{seconds:.4f}″")
    assert how == "dms"
    assert read == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("114度27分38.5秒", 114.460694),
        ("E114°27'38.5\"", 114.460694),
        ("114 27 38.5", 114.460694),
        ("114-27-38.5", 114.460694),
        ("东经114.46", 114.46),
        ("114°27.642′", 114.4607),
        (114.46, 114.46),
    ],
)
def test_read_coordinate(raw, value):
    assert read_coordinate(raw)[0] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    ("raw", "how"),
    [("待定", "blank"), (None, "blank"), ("114°75′", "unread"), ("村东头", "unread"), (math.nan, "unread")],
)
def test_read_coordinate_without_a_number(raw, how):
    value, found = read_coordinate(raw)
    assert math.isnan(value)
    assert found == how


@pytest.mark.parametrize(
    "raw", ["114.46,36.54", "114.46\uff0c36.54", "(114.46, 36.54)", "114.46 36.54", "114.46;36.54"]
)
def test_split_pair(raw):
    assert [read_coordinate(part)[0] for part in split_pair(raw)] == [114.46, 36.54]


def test_split_pair_of_something_else():
    assert split_pair("村东头") == ("", "")
