"""What a line of a sheet is: a record, a header again, a total, a heading between records, a footer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from renewal_gis.intake.cells import UNITS, fold_text, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TOTAL = re.compile(
    r"^(?:[一二三四五六七八九十\d]+[、.])?(?:全市|本市|全县|全区|总)?(合计|小计|总计|共计|累计|汇总|本页合计|总数)(?:[::(].*)?$"
)
_FOOTER = re.compile(
    r"^(填表人|填报人|制表人?|审核人?|审批人?|负责人|主要领导|联系人|联系电话|电话|填报单位|填报日期|填报时间|报送单位|报送时间|日期|注|说明|备注|填表说明|注意|附注|单位负责人|经办人|(?:单位)?\(?盖章\)?|第\d+页|共\d+页)[\s]*[::()、..]|^注\d*[::]|^\*+注|^第\d+页"
)
_TITLE_UNIT = re.compile(r"^(单位|计量单位|填报单位|填报时间|截至|截止)[::]")
_HEADING = re.compile(
    r"^[((]?(?:[一二三四五六七八九十百]+|第[一二三四五六七八九十\d]+(?:批|类|部分|组|阶段)|\d+)[、..))]?"
)
_UNIT_LINE = re.compile(r"(?:计量|金额|面积|长度)?单位[::]\s*([^\s;;))]+)")


def kind_of(
    values: Mapping[int, Any],
    headers: Sequence[str],
    *,
    id_place: int | None = None,
    is_header: Callable[[object], bool],
) -> str:
    """Return what a line below the header is.

    Parameters
    ----------
    values
        Place → cell.
    headers
        The header's texts by place.
    id_place
        Where the ids stand. A line with an id is a record, whatever its other cells say.
    is_header
        Tells whether a text is the name of a column.

    Returns
    -------
    str
        ``record``, ``blank``, ``header`` (the same header again), ``other header``, ``total``,
        ``subtotal``, ``heading`` or ``footer``.
    """
    filled = [(place, value) for place, value in values.items() if value is not None and value != ""]
    first: list[tuple[int, str]] = []
    for place, value in filled:  # three words tell; the rest of a long row need not be looked at
        word = squeeze(value)
        if word:
            first.append((place, word))
        if len(first) == 3:
            break
    if not first:
        return "blank"
    if all(place < len(headers) and word == squeeze(headers[place]) for place, word in first):
        return "header"
    if len(first) == 3 and all(is_header(word) for _, word in first):
        return "other header"
    return _kind_of_words(filled, first, len(headers), id_place)


def _kind_of_words(
    filled: Sequence[tuple[int, Any]], first: Sequence[tuple[int, str]], width: int, id_place: int | None
) -> str:
    named = next((word for place, word in first if place == id_place), "")
    if named and first[0][0] == id_place and len(filled) > 1 and not _TOTAL.match(named):
        return "footer" if len(filled) <= max(2, width // 3) and _is_footer(named) else "record"
    for _, word in first:
        if match := _TOTAL.match(word):
            return "subtotal" if match[1] in ("小计", "本页合计") else "total"
    if len(filled) <= max(2, width // 3) and _is_footer(first[0][1]):
        return "footer"
    alone = len(filled) == 1 and first[0][0] == 0 and width > 3
    return "heading" if alone and _is_heading(first[0][1]) else "record"


def _is_footer(word: str) -> bool:
    return bool(_FOOTER.match(word) or _TITLE_UNIT.match(word))


def _is_heading(word: str) -> bool:
    """Tell a heading (一、甲区; 第二批) from an id that stands alone in its row."""
    match = _HEADING.match(word)
    rest = word[match.end() :] if match else ""
    marked = bool(match) and (match[0].startswith("第") or match[0][-1] in "、..))") if match else False
    chinese = sum("\u4e00" <= char <= "\u9fff" for char in word)
    plain = chinese >= 2 and not any(char.isascii() and char.isalnum() for char in word)
    return plain or (marked and (not rest or "\u4e00" <= rest[0] <= "\u9fff"))


def read_unit_line(lines: Sequence[Sequence[Any]], /) -> dict[str, str]:
    """Return the units that the lines above a header state (``单位:万元、平方米``), by dimension.

    A word that is a unit of several dimensions, or a second unit of one dimension, is left out.
    """
    units: dict[str, str] = {}
    twice: set[str] = set()
    for line in lines:
        for cell in line:
            match = _UNIT_LINE.search(fold_text(cell))
            for word in re.split(r"[、,,/]", match[1].strip("()")) if match else ():
                fitting = [dimension for dimension, known in UNITS.items() if squeeze(word).lower() in known]
                if len(fitting) == 1:
                    twice |= {fitting[0]} if units.get(fitting[0], word) != word else set()
                    units[fitting[0]] = word
    return {dimension: word for dimension, word in units.items() if dimension not in twice}
