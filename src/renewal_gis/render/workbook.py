"""The bulletin's tables and the findings as workbooks: numbers as numbers, words as words, no formula."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xlsxwriter

from renewal_gis.render import style
from renewal_gis.render.paper import CENTERED, format_value
from renewal_gis.render.typeset import drop_controls, set_punctuation
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from renewal_gis.findings import Finding
    from renewal_gis.render.paper import Bulletin, Column, Table, Value

_EXCEL_CELL, _SHEET_NAME = 32_767, 31
_NUMBER_FORMATS = {
    "count": "0",
    "change": f"+0;{style.MINUS}0;0",
    "percent": "0.0%",
    "points": f"+0.0;{style.MINUS}0.0;0.0",
}
_WIDTHS, _LINE_PT, _PAD = (7, 48), 15.0, 2
_FIRST = 3
_FINDING_COLUMNS = (
    "序号", "程度", "代码", "问题", "文件", "工作表", "行号", "字段", "原值", "项目编号", "处理办法",
)  # fmt: skip
_SEVERITY_FILLS = {Severity.ERROR: "#F8D9C6", Severity.WARNING: "#FBF3D0", Severity.INFO: "#EEF2F6"}
_HEAD = {"bold": True, "border": 1, "bg_color": "#E9EEF4", "align": "center", "valign": "vcenter"}
_A3, _A4 = 8, 9


def write_xlsx(bulletin: Bulletin, /) -> bytes:
    """Return the bulletin's tables as a workbook: one sheet a table, and one of footnotes.

    Rates are numbers shown as percent, counts are numbers, no cell holds a formula. Title and day
    stand in rows 1 and 2, the head in row 3, frozen and repeated on each printed page.
    """
    buffer = io.BytesIO()
    with _open_workbook(buffer, bulletin.as_of, bulletin.title) as book:
        for table in bulletin.tables():
            _write_sheet(book, bulletin, table)
        sheet = book.add_worksheet("口径说明")
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.set_column(0, 0, 6)
        sheet.set_column(1, 1, 2 * _WIDTHS[1])
        for row, note in enumerate(bulletin.footnotes):
            sheet.set_row(row, _LINE_PT * math.ceil(measure_width(note) / (2 * _WIDTHS[1] - _PAD)))
            sheet.write_number(row, 0, row + 1, wrap)
            sheet.write_string(row, 1, _clip(note), wrap)
    return buffer.getvalue()


def _open_workbook(buffer: io.BytesIO, day: dt.date | None, title: str) -> xlsxwriter.Workbook:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    created = dt.datetime.combine(day or dt.date(1980, 1, 1), dt.time())
    book.set_properties({"title": drop_controls(title), "author": "renewal_gis", "created": created})
    return book


def _clip(text: str) -> str:
    return drop_controls(text)[:_EXCEL_CELL]


def measure_width(text: str) -> int:
    """Width in columns of a terminal: a Chinese letter takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def _fit_sheet(sheet: Any, lines: Sequence[Sequence[str]], *, first: int) -> None:
    """Make columns as wide as their texts, within bounds, and rows as high as the folded texts need."""
    widths = [
        min(max(_WIDTHS[0], *map(measure_width, texts)), _WIDTHS[1]) for texts in zip(*lines, strict=True)
    ]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width + _PAD)
    for row, texts in enumerate(lines, first):
        folds = max(math.ceil(measure_width(text) / width) for text, width in zip(texts, widths, strict=True))
        sheet.set_row(row, _LINE_PT * min(max(folds, 1), 20) + 3)


def _name_sheet(book: xlsxwriter.Workbook, title: str) -> str:
    """A name that Excel takes and that no other sheet has."""
    name = re.sub(r"[\[\]:*?/\\]", "", title)[:_SHEET_NAME]
    taken = {sheet.get_name() for sheet in book.worksheets()}
    return name if name not in taken else f"{name[: _SHEET_NAME - 3]}_{len(taken) + 1}"


def _write_sheet(book: xlsxwriter.Workbook, bulletin: Bulletin, table: Table) -> None:
    sheet = book.add_worksheet(_name_sheet(book, table.title))
    last, end = len(table.columns) - 1, len(table.rows) + _FIRST - 1
    title = book.add_format({"bold": True, "font_size": 14, "align": "center"})
    words = "\u3000".join([*bulletin.header_lines, *bulletin.tags])
    sheet.merge_range(0, 0, 0, last, _clip(table.title), title)
    sheet.merge_range(1, 0, 1, last, _clip(words), book.add_format({"align": "center"}))
    head = book.add_format(_HEAD)
    for place, column in enumerate(table.columns):
        sheet.write_string(_FIRST - 1, place, _clip(column.name), head)
    texts = [[format_value(v, c.kind) for v, c in zip(row, table.columns, strict=True)] for row in table.rows]
    _fit_sheet(sheet, [[column.name for column in table.columns], *texts], first=_FIRST - 1)
    looks: dict[tuple[str, bool, str], Any] = {}
    for row, values in enumerate(table.rows):
        for place, (value, column) in enumerate(zip(values, table.columns, strict=True)):
            light = str(value) if column.kind == "light" else ""
            key = (column.kind, row in table.strong, light)
            if key not in looks:
                looks[key] = _make_format(book, *key)
            _write_value(sheet, (row + _FIRST, place), value, column, looks[key])
    for row, note in enumerate(table.notes, end + 1):
        sheet.write_string(row, 0, _clip(f"注\uff1a{note}"))
    sheet.freeze_panes(_FIRST, 0)
    sheet.repeat_rows(_FIRST - 1)
    sheet.print_area(0, 0, end + len(table.notes), last)
    _set_print(sheet, _A4)


def _set_print(sheet: Any, paper: int) -> None:
    sheet.set_paper(paper)
    sheet.set_landscape()
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")


def _make_format(book: xlsxwriter.Workbook, kind: str, strong: bool, light: str) -> Any:  # noqa: FBT001
    look: dict[str, Any] = {"border": 1, "valign": "vcenter", "bold": strong, "text_wrap": kind == "text"}
    if kind in CENTERED:
        look["align"] = "center"
    if kind in _NUMBER_FORMATS:
        look["num_format"] = _NUMBER_FORMATS[kind]
    if light in style.LIGHTS:
        look["bg_color"] = style.LIGHTS[light].background
    return book.add_format(look)


def _write_value(sheet: Any, place: tuple[int, int], value: Value, column: Column, look: Any) -> None:
    if value is None or isinstance(value, str) or column.kind not in _NUMBER_FORMATS:
        sheet.write_string(*place, _clip(format_value(value, column.kind)), look)
    else:
        sheet.write_number(*place, float(value), look)


@dataclass(frozen=True)
class Sheet:
    """A plain list for a workbook: name, heads, rows of words and numbers."""

    name: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[str | int | None]]


def write_findings(
    findings: Iterable[Finding], /, *, as_of: dt.date | None = None, more: Sequence[Sheet] = ()
) -> bytes:
    """Return all findings as a workbook, errors first, for the office to filter and mend.

    Values stand as text, exactly as the office wrote them: what looks like a formula stays text.

    Parameters
    ----------
    findings
        Any number, none as well.
    as_of
        Day written into the file's properties.
    more
        Further lists, each on a sheet of its own.
    """
    weights = list(Severity)
    ordered = sorted(findings, key=lambda finding: weights.index(finding.severity))
    buffer = io.BytesIO()
    with _open_workbook(buffer, as_of, "核查清单") as book:
        sheet = book.add_worksheet("核查清单")
        head = book.add_format(_HEAD)
        for place, name in enumerate(_FINDING_COLUMNS):
            sheet.write_string(0, place, name, head)
        common = {"valign": "top", "text_wrap": True, "border": 4}
        looks = {key: book.add_format({**common, "bg_color": fill}) for key, fill in _SEVERITY_FILLS.items()}
        plain = book.add_format(common)
        lines = [_list_cells(row, finding) for row, finding in enumerate(ordered, 1)]
        _fit_sheet(sheet, [_FINDING_COLUMNS, *([str(cell) for cell in line] for line in lines)], first=0)
        for row, (finding, line) in enumerate(zip(ordered, lines, strict=True), 1):
            for place, cell in enumerate(line):
                _write_cell(sheet, (row, place), cell, looks[finding.severity] if place == 1 else plain)
        last = (max(len(ordered), 1), len(_FINDING_COLUMNS) - 1)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, *last)
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, *last)
        _set_print(sheet, _A3)
        for each in more:
            _write_list(book, each)
    return buffer.getvalue()


def _write_list(book: xlsxwriter.Workbook, content: Sheet) -> None:
    """Write a long list: words as words, numbers as numbers, head frozen and with a filter."""
    sheet = book.add_worksheet(content.name)
    head = book.add_format(_HEAD)
    for place, name in enumerate(content.heads):
        sheet.write_string(0, place, name, head)
    for row, cells in enumerate(content.rows, 1):
        for place, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, place, cell)
            elif cell:
                sheet.write_string(row, place, _clip(cell))
    # the first rows tell how wide the columns are: measuring a hundred thousand takes longer than writing
    sample = [content.heads, *([str(cell or "") for cell in cells] for cells in content.rows[:500])]
    for place, texts in enumerate(zip(*sample, strict=True)):
        sheet.set_column(place, place, min(max(map(measure_width, texts)), _WIDTHS[1]) + _PAD)
    last = (max(len(content.rows), 1), len(content.heads) - 1)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, *last)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, *last)
    _set_print(sheet, _A3)


def _list_cells(number: int, finding: Finding) -> list[str | int]:
    row = "" if finding.row is None else finding.row
    return [
        number, finding.severity.zh, finding.code, set_punctuation(finding.text), finding.file, finding.sheet,
        row, finding.field, finding.value, finding.site_id, set_punctuation(finding.remedy),
    ]  # fmt: skip


def _write_cell(sheet: Any, place: tuple[int, int], cell: str | int, look: Any) -> None:
    if isinstance(cell, int):
        sheet.write_number(*place, cell, look)
    elif cell:
        sheet.write_string(*place, _clip(str(cell)), look)
    else:
        sheet.write_blank(*place, None, look)
