"""Dates in all the forms in which offices write them: a value, its precision, and what was assumed."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re

from renewal_gis.intake.cells import (
    BLANK,
    BLANK_WORDS,
    OPEN_WORDS,
    UNREAD,
    Cell,
    parse_chinese_number,
    squeeze,
)

_EPOCH = dt.date(1899, 12, 30)
_CN_RUN = re.compile(r"[〇零○一二三四五六七八九十廿卅]+(?=[年月日号季旬])|(?<=第)[一二三四]")


def read_date(value: object) -> Cell:  # noqa: PLR0911  # each form has its own way out
    """Read a date in any of the forms that offices use; a period stands for its last day.

    The last day is taken because a fact "in September" is certain only when September has ended.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return BLANK
    if isinstance(value, dt.datetime):
        return _day(value.year, value.month, value.day)
    if isinstance(value, dt.date):
        return _day(value.year, value.month, value.day)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _date_of_number(float(value))
    text = squeeze(value)
    if text.lower() in BLANK_WORDS:
        return BLANK
    if text.lower() in OPEN_WORDS:
        return UNREAD
    return _date_of_text(text)


def read_time(value: object, /) -> dt.time | None:
    """Return the time of day that a date cell carries, or None."""
    if isinstance(value, dt.datetime):
        return value.time() if value.time() != dt.time() else None
    match = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", str(value or ""))
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return None
    return dt.time(int(match[1]), int(match[2]), int(match[3] or 0))


def _day(year: int, month: int, day: int, assumption: str = "") -> Cell:
    try:
        made = dt.date(year, month, day)
    except ValueError:
        return UNREAD
    return Cell(made, assumption=assumption, precision="day") if 1949 <= year <= 2100 else UNREAD


def _date_of_number(number: float) -> Cell:
    if 20_000 <= number <= 80_000:
        made = _EPOCH + dt.timedelta(days=int(number))
        return Cell(made, assumption=f"{made}(表格日期序号)", precision="day")
    if number.is_integer():
        return _date_of_text(str(int(number)))
    # 2021.1 may have been typed as 2021.10, whose last zero the spreadsheet drops
    year, month = int(number), round((number - int(number)) * 10)
    exact = abs(number - int(number) - month / 10) < 1e-9
    if 1949 <= year <= 2100 and exact and 2 <= month <= 9:
        return _end_of_month(year, month)
    text = f"{number:.2f}"
    if 1949 <= year <= 2100 and not exact and text[-2:] in {f"{m:02d}" for m in range(1, 13)}:
        return _end_of_month(year, int(text[-2:]))
    return UNREAD


def _end_of_month(year: int, month: int, *, precision: str = "month") -> Cell:
    if not (1 <= month <= 12 and 1949 <= year <= 2100):
        return UNREAD
    made = dt.date(year, month, calendar.monthrange(year, month)[1])
    word = {"month": "月末", "quarter": "季末", "half": "半年末", "year": "年末"}[precision]
    return Cell(made, assumption=f"{made}({word})", precision=precision)


_DAY = re.compile(
    r"(\d{4}|\d{2})[年./\-](\d{1,2})[月./\-](\d{1,2})[日号]?(?:[T]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_MONTH = re.compile(r"(\d{4}|\d{2})[年./\-](\d{1,2})月?份?(底|末|初|上旬|中旬|下旬)?")
_QUARTER = re.compile(r"(\d{4}|\d{2})年?第?(?:([1-4])季度?末?|[Qq]([1-4]))")
_HALF = re.compile(r"(\d{4})年?(上半年|下半年)")
_YEAR = re.compile(r"(\d{4})年?(底|末|内)?|(\d{4})年度")


def _date_of_text(text: str) -> Cell:  # noqa: PLR0911  # each form has its own way out
    text = _CN_RUN.sub(lambda m: str(parse_chinese_number(m[0])), text)
    if match := _DAY.fullmatch(text):
        year, short = _full_year(match[1])
        cell = _day(year, int(match[2]), int(match[3]))
        return _with_short_year(cell, short=short)
    if match := re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?:\.0)?", text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{1,2})[/\-](\d{1,2})[/\-](\d{4})", text):
        return _day_month_year(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return _date_of_number(float(text))
    if match := _QUARTER.fullmatch(text):
        year, _ = _full_year(match[1])
        return _end_of_month(year, 3 * int(match[2] or match[3]), precision="quarter")
    if match := _HALF.fullmatch(text):
        return _end_of_month(int(match[1]), 6 if match[2] == "上半年" else 12, precision="half")
    if match := _MONTH.fullmatch(text):
        return _part_of_month(match)
    if match := re.fullmatch(r"(\d{4})(0[1-9]|1[0-2])", text):
        return _end_of_month(int(match[1]), int(match[2]))
    if match := _YEAR.fullmatch(text):
        return _end_of_month(int(match[1] or match[3]), 12, precision="year")
    return UNREAD


def _full_year(text: str) -> tuple[int, bool]:
    return (2000 + int(text), True) if len(text) == 2 else (int(text), False)


def _with_short_year(cell: Cell, *, short: bool) -> Cell:
    if not short or cell.status != "ok" or cell.assumption:
        return cell
    return Cell(cell.value, assumption=f"{cell.value}(两位年份)", precision=cell.precision)


def _day_month_year(first: int, second: int, year: int) -> Cell:
    if first > 12 >= second:
        return _day(year, second, first, f"{year}-{second:02d}-{first:02d}(日/月/年)")
    if second > 12 >= first:
        return _day(year, first, second, f"{year}-{first:02d}-{second:02d}(月/日/年)")
    return UNREAD  # either order would do, so neither is taken


def _part_of_month(match: re.Match[str]) -> Cell:
    year, _ = _full_year(match[1])
    month, part = int(match[2]), match[3]
    if part in ("初", "上旬", "中旬"):
        day = 20 if part == "中旬" else 10
        cell = _day(year, month, day)
        return cell if cell.status != "ok" else Cell(cell.value, "ok", f"{cell.value}({part}末)", "ten_days")
    return _end_of_month(year, month)
