"""One cell at a time: what an office typed, as a value with its precision and assumption.

Nothing is guessed in silence. Every reader returns a :class:`Cell`; ``assumption`` is empty when the
value stood there as we keep it, and says in words what was assumed when it did not.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

BLANK_WORDS = frozenset({"", "/", "\\", "-", "--", "—", "——", "无", "暂无", "空", "n/a", "#n/a", "无数据"})
OPEN_WORDS = frozenset(
    {
        "待定",
        "未定",
        "暂定",
        "不详",
        "未知",
        "待补",
        "待核实",
        "tbd",
        "?",
        "**",
        "#value!",
        "#ref!",
        "#div/0!",
        "#name?",
    }
)

_DIGITS = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0", "两": "2"}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_TENS = {"十": 10, "百": 100, "千": 1000}
_EPOCH = dt.date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell was read as.

    ``status`` is ``ok``, ``blank`` (nothing was said) or ``unread`` (something was said that we
    cannot take). ``precision`` is ``day``, ``ten_days``, ``month``, ``quarter``, ``half``, ``year``.
    """

    value: Any = None
    status: str = "ok"
    assumption: str = ""
    precision: str = ""


BLANK = Cell(None, "blank")
UNREAD = Cell(None, "unread")


def fold_text(value: object) -> str:
    """Return text with full-width letters and digits made plain, control characters and outer blanks gone."""
    text = _as_text(value)
    text = "".join(_fold_char(char) for char in text)
    return re.sub(r"[ \t\r\f\v]*\n[ \t\r\f\v]*", "\n", text).strip()


def _fold_char(char: str) -> str:
    code = ord(char)
    if 0xFF10 <= code <= 0xFF19 or 0xFF21 <= code <= 0xFF3A or 0xFF41 <= code <= 0xFF5A:
        return chr(code - 0xFEE0)
    if char == "\u3000":
        return " "
    if char in "\n\t":
        return char
    return "" if is_unprintable(char) else char


def is_unprintable(char: str) -> bool:
    """Tell whether a character must not be stored: controls, surrogates, non-characters, marks of direction."""
    code = ord(char)
    hidden = (
        0x200B <= code <= 0x200F or 0x202A <= code <= 0x202E or 0x2060 <= code <= 0x2069 or code == 0xFEFF
    )
    return hidden or (unicodedata.category(char) in ("Cc", "Cs", "Cn") and char not in "\n\t\r")


def squeeze(value: object) -> str:
    """Return text for comparison: NFKC, no white space at all, no invisible characters."""
    text = unicodedata.normalize("NFKC", _as_text(value))
    return "".join(char for char in text if not char.isspace() and not is_unprintable(char))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def read_text(value: object) -> Cell:
    """Read free text; full-width letters and control characters are repaired."""
    raw = _as_text(value)
    text = fold_text(raw)
    if not text:
        return BLANK
    tidy = raw.replace("\u3000", " ").replace("\r\n", "\n").strip()
    return Cell(text, assumption="" if text == tidy else "去除全角或控制字符")


def read_id(value: object) -> Cell:
    """Read an identifier as text: leading zeros stay, blanks inside go.

    A number of more than 15 digits that a spreadsheet kept as a number has lost digits: unread.
    """
    if isinstance(value, float) and abs(value) >= 1e15:
        return UNREAD
    raw = _as_text(value)
    text = squeeze(raw)
    if not text:
        return BLANK
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        return UNREAD
    return Cell(text, assumption="" if text == raw.strip() else "全角改半角、去空白(NFKC)")


def parse_chinese_number(text: str) -> int | None:
    """Return the value of a Chinese numeral (``二〇二一``, ``三十一``, ``一百二``), or None."""
    text = text.translate(_FORMAL)
    if not text or any(char not in _DIGITS and char not in _TENS and char not in "廿卅" for char in text):
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(_DIGITS[char] for char in text))
    total, digit = 0, 0
    for char in text.replace("廿", "二十").replace("卅", "三十"):
        if char in _TENS:
            total += (digit or 1) * _TENS[char]
            digit = 0
        else:
            digit = int(_DIGITS[char])
    return total + digit


_CN_RUN = re.compile(r"[〇零○一二三四五六七八九十廿卅]+(?=[年月日号季旬])|(?<=第)[一二三四]")


def read_date(value: object) -> Cell:
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


def _date_of_text(text: str) -> Cell:
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


UNITS: dict[str, dict[str, float]] = {
    "area": {
        "平方米": 1,
        "平米": 1,
        "m2": 1,
        "㎡": 1,
        "平方": 1,
        "万平方米": 1e4,
        "万平米": 1e4,
        "万平": 1e4,
        "万m2": 1e4,
        "万方": 1e4,
        "公顷": 1e4,
        "ha": 1e4,
        "亩": 2000 / 3,
        "平方公里": 1e6,
        "平方千米": 1e6,
        "km2": 1e6,
    },
    "money": {
        "万元": 1,
        "万": 1,
        "万人民币": 1,
        "元": 1e-4,
        "千元": 0.1,
        "百万元": 100,
        "亿元": 1e4,
        "亿": 1e4,
    },
    "length": {"米": 1, "m": 1, "公里": 1000, "千米": 1000, "km": 1000, "里": 500},
    "count": {
        "户": 1,
        "栋": 1,
        "幢": 1,
        "座": 1,
        "个": 1,
        "套": 1,
        "处": 1,
        "条": 1,
        "间": 1,
        "人": 1,
        "万户": 1e4,
        "万套": 1e4,
    },
}
"""What a unit word multiplies by, towards m², 万元, m and pieces."""

_NUMBER = re.compile(
    r"(约|近|共|大约|合计)?([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)([^\d.]*?)(左右|余|多|以上|\+)?"
)


def read_number(value: object, *, dimension: str, header_factor: float = 1.0) -> Cell:
    """Read a quantity.

    Parameters
    ----------
    value
        The cell.
    dimension
        Key of :data:`UNITS`; ``count`` takes whole numbers only. Negative quantities are unread.
    header_factor
        What the unit in the header multiplies by; a unit in the cell overrides it.
    """
    if value is None or isinstance(value, bool):
        return BLANK if value is None else UNREAD
    if isinstance(value, (int, float)):
        if isinstance(value, float) and math.isnan(value):
            return BLANK
        return _quantity(float(value) * header_factor, dimension, "")
    if isinstance(value, (dt.date, dt.datetime)):
        return UNREAD
    raw = str(value).strip()
    text = squeeze(raw).replace(",", "").replace("'", "")
    if text.lower() in BLANK_WORDS:
        return BLANK
    match = _NUMBER.fullmatch(text)
    if match is None:
        number = parse_chinese_number(re.sub(r"[户栋幢座个套处条间]$", "", text))
        return UNREAD if number is None else _quantity(number * header_factor, dimension, str(number))
    prefix, digits, unit, suffix = match.groups()
    factor = header_factor if not unit else UNITS[dimension].get(unit.lower())
    if factor is None:
        return UNREAD
    amount = float(digits) * factor
    plain = raw == digits and not (prefix or unit or suffix)
    return _quantity(amount, dimension, "" if plain else _tell(amount, approximate=bool(prefix or suffix)))


def _tell(amount: float, *, approximate: bool) -> str:
    return f"{amount:.12g}" + ("(约数)" if approximate else "")


def _quantity(amount: float, dimension: str, assumption: str) -> Cell:
    if not math.isfinite(amount) or amount < 0:
        return UNREAD
    if dimension == "count":
        if abs(amount - round(amount)) > 1e-6:
            return UNREAD
        return Cell(round(amount), assumption=assumption)
    return Cell(amount, assumption=assumption)


def read_share(value: object, *, percent_column: bool | None = None) -> Cell:
    """Read a share as 0–1 from ``85%``, ``85``, ``0.85`` or ``六成``.

    Parameters
    ----------
    value
        The cell.
    percent_column
        Whether bare numbers of this column are percents; None if the column does not tell, so that
        a number up to 1 is a share and a greater one a percent.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return BLANK
    raw = value if isinstance(value, str) else repr(value)
    text = squeeze(raw)
    if text.lower() in BLANK_WORDS:
        return BLANK
    if match := re.fullmatch(r"约?([一二三四五六七八九十])成([一二三四五六七八九半])?", text):
        tenths = (parse_chinese_number(match[1]) or 0) + (
            0.5 if match[2] == "半" else 0.1 * (parse_chinese_number(match[2] or "〇") or 0)
        )
        return _share(tenths / 10, f"{tenths * 10:g}%")
    match = re.fullmatch(r"(约|近)?([+-]?\d+(?:\.\d+)?)(%)?(左右)?", text)
    if match is None:
        return UNREAD
    number = float(match[2])
    if match[3]:
        return _share(number / 100, "" if raw.strip() == f"{match[2]}%" else f"{number:g}%")
    if percent_column and 0 < number < 1:
        return _share(number, f"{number * 100:g}%(该列为百分数)")
    if percent_column or (percent_column is None and number > 1):
        return _share(number / 100, "")
    return _share(number, "")


def _share(share: float, assumption: str) -> Cell:
    return Cell(round(share, 12), assumption=assumption) if 0 <= share <= 1 else UNREAD
