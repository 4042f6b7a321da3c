"""One cell at a time: what an office typed, as a value with its precision and assumption.

Nothing is guessed in silence. Every reader returns a :class:`Cell`; ``assumption`` is empty when the
value stood there as we keep it, and says in words what was assumed when it did not.
"""

from __future__ import annotations

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
    if text.isascii() and text.isprintable():
        return text.strip()
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
    text = _as_text(value)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if text.isprintable():  # most cells; the walk over characters is thirty times slower
        return text.replace(" ", "")
    return "".join(char for char in text if not char.isspace() and not is_unprintable(char))


def _as_text(value: object) -> str:  # noqa: PLR0911  # each form has its own way out
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


def unwrap_text(text: str) -> str:
    """Return what stands in ``="…"`` or behind an apostrophe: ways to make spreadsheets keep zeros.

    Examples
    --------
    >>> unwrap_text('="0012"'), unwrap_text("'0012"), unwrap_text("A-01")
    ('0012', '0012', 'A-01')
    """
    if match := re.fullmatch(r'="([^"]*)"', text):
        return match[1]
    return text[1:] if re.fullmatch(r"'[\w-]+", text) else text


def read_text(value: object) -> Cell:
    """Read free text; full-width letters and control characters are repaired."""
    raw = _as_text(value)
    text = fold_text(raw)
    if not text:
        return BLANK
    if text == raw:  # the same object: a million names need no second copy
        return Cell(raw)
    tidy = raw.replace("\u3000", " ").replace("\r\n", "\n").strip()
    return Cell(text, assumption="" if text == tidy else "去除全角或控制字符")


def read_id(value: object) -> Cell:
    """Read an identifier as text: leading zeros stay, blanks inside go.

    A number of more than 15 digits that a spreadsheet kept as a number has lost digits: unread.
    """
    if isinstance(value, float) and abs(value) >= 1e15:
        return UNREAD
    raw = _as_text(value)
    text = unwrap_text(squeeze(raw))
    if text.lower() in BLANK_WORDS or text.lower() in OPEN_WORDS:
        return BLANK
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        return UNREAD
    if text == raw:
        return Cell(raw)
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
    r"(约|近|共|大约|合计)?([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)((?:[^\d.][^.]*?)?)(左右|余|多|以上|\+)?"
)


def read_number(value: object, *, dimension: str, header_factor: float = 1.0) -> Cell:  # noqa: PLR0911  # each form has its own way out
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
    if dimension == "money":
        text = re.sub(r"^(?:人民币|rmb|cny|[¥$￥])|[整正]$", "", text, flags=re.IGNORECASE)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return _read_chinese_quantity(text, dimension, header_factor)
    prefix, digits, unit, suffix = match.groups()
    factor = header_factor if not unit else UNITS[dimension].get(unit.lower())
    if factor is None:
        return UNREAD
    amount = float(digits) * factor
    plain = raw == digits and not (prefix or unit or suffix)
    return _quantity(amount, dimension, "" if plain else _tell(amount, approximate=bool(prefix or suffix)))


def _read_chinese_quantity(text: str, dimension: str, header_factor: float) -> Cell:
    """Read ``一百二十户`` or ``伍佰万元``."""
    match = re.fullmatch(
        r"(.+?)((?:万|亿)?[^零〇一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟两]*)", text
    )
    number = parse_chinese_number(match[1]) if match else None
    factor = UNITS[dimension].get(match[2].lower()) if match and match[2] else header_factor
    if number is None or factor is None:
        return UNREAD
    return _quantity(number * factor, dimension, f"{number * factor:.12g}")


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


def read_share(value: object, *, percent_column: bool | None = None) -> Cell:  # noqa: PLR0911  # each form has its own way out
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
    if match := re.fullmatch(r"百分之([一二三四五六七八九十百零〇]+)", text):
        whole = parse_chinese_number(match[1])
        return UNREAD if whole is None else _share(whole / 100, f"{whole}%")
    match = re.fullmatch(r"(约|近|完成|已完成)?([+-]?\d+(?:\.\d+)?)(%)?(左右)?", text)
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
