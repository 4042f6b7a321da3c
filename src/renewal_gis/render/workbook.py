"""The bulletin's tables and the findings as workbooks: numbers as numbers, words as words, no formula."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import TYPE_CHECKING, Any

import xlsxwriter

from renewal_gis.render import style
from renewal_gis.render.bulletin import CENTERED, format_value
from renewal_gis.render.typeset import drop_controls
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renewal_gis.findings import Finding
    from renewal_gis.render.bulletin import Bulletin, Column, Table, Value

_EXCEL_CELL, _SHEET_NAME = 32_767, 31
_NUMBER_FORMATS = {"count": "0", "percent": "0.0%", "points": f"+0.0;{style.MINUS}0.0;0.0"}
_FINDING_COLUMNS = (
    ("序号", 6), ("程度", 8), ("代码", 20), ("问题", 52), ("文件", 28), ("工作表", 12), ("行号", 8),
    ("字段", 14), ("原值", 22), ("项目编号", 14), ("处理办法", 48),
)  # fmt: skip
_SEVERITY_FILLS = {Severity.ERROR: "#F8D9C6", Severity.WARNING: "#FBF3D0", Severity.INFO: "#EEF2F6"}


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
        sheet.set_column(0, 0, 6)
        sheet.set_column(1, 1, 110)
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        for row, note in enumerate(bulletin.footnotes):
            sheet.write_number(row, 0, row + 1)
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


def _write_sheet(book: xlsxwriter.Workbook, bulletin: Bulletin, table: Table) -> None:
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", "", table.title)[:_SHEET_NAME])
    last = len(table.columns) - 1
    title = book.add_format({"bold": True, "font_size": 14, "align": "center"})
    sheet.merge_range(0, 0, 0, last, _clip(table.title), title)
    words = [*bulletin.header_lines, *bulletin.tags]
    sheet.merge_range(1, 0, 1, last, _clip("\u3000".join(words)), book.add_format({"align": "center"}))
    head = book.add_format(
        {
            "bold": True,
            "border": 1,
            "bg_color": "#E9EEF4",
            "text_wrap": True,
            "align": "center",
            "valign": "vcenter",
        }
    )
    for place, column in enumerate(table.columns):
        sheet.write_string(2, place, column.name, head)
        sheet.set_column(place, place, max(8.0, column.width_mm * 0.62))
    formats = {
        (c.kind, strong): _make_format(book, c.kind, strong)
        for c in table.columns
        for strong in (True, False)
    }
    for row, values in enumerate(table.rows):
        for place, (value, column) in enumerate(zip(values, table.columns, strict=True)):
            _write_value(sheet, (row + 3, place), value, column, formats[column.kind, row in table.strong])
    end = len(table.rows) + 2
    for row, note in enumerate(table.notes, end + 1):
        sheet.write_string(row, 0, _clip(f"注\uff1a{note}"))
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(2)
    sheet.print_area(0, 0, end + len(table.notes), last)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")


def _make_format(book: xlsxwriter.Workbook, kind: str, strong: bool) -> Any:  # noqa: FBT001
    look = {"border": 1, "valign": "vcenter", "bold": strong, "text_wrap": kind == "text"}
    if kind in CENTERED:
        look["align"] = "center"
    if kind in _NUMBER_FORMATS:
        look["num_format"] = _NUMBER_FORMATS[kind]
    return book.add_format(look)


def _write_value(sheet: Any, place: tuple[int, int], value: Value, column: Column, look: Any) -> None:
    if value is None or isinstance(value, str) or column.kind not in _NUMBER_FORMATS:
        sheet.write_string(*place, _clip(format_value(value, column.kind)), look)
    else:
        sheet.write_number(*place, float(value), look)


def write_findings(findings: Iterable[Finding], /, *, as_of: dt.date | None = None) -> bytes:
    """Return all findings as a workbook, errors first, for the office to filter and mend.

    Values stand as text, exactly as the office wrote them: what looks like a formula stays text.

    Parameters
    ----------
    findings
        Any number, none as well.
    as_of
        Day written into the file's properties.
    """
    weights = list(Severity)
    ordered = sorted(findings, key=lambda finding: weights.index(finding.severity))
    buffer = io.BytesIO()
    with _open_workbook(buffer, as_of, "核查清单") as book:
        sheet = book.add_worksheet("核查清单")
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#E9EEF4", "align": "center"})
        for place, (name, width) in enumerate(_FINDING_COLUMNS):
            sheet.write_string(0, place, name, head)
            sheet.set_column(place, place, width)
        looks = {
            key: book.add_format({"bg_color": color, "valign": "top", "text_wrap": True, "border": 4})
            for key, color in _SEVERITY_FILLS.items()
        }
        plain = book.add_format({"valign": "top", "text_wrap": True, "border": 4})
        for row, finding in enumerate(ordered, 1):
            _write_finding(sheet, row, finding, plain, looks[finding.severity])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(ordered), 1), len(_FINDING_COLUMNS) - 1)
        sheet.repeat_rows(0)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.print_area(0, 0, max(len(ordered), 1), len(_FINDING_COLUMNS) - 1)
    return buffer.getvalue()


def _write_finding(sheet: Any, row: int, finding: Finding, plain: Any, weight: Any) -> None:
    words = (
        finding.severity.zh, finding.code, finding.text, finding.file, finding.sheet, finding.row,
        finding.field, finding.value, finding.site_id, finding.remedy,
    )  # fmt: skip
    sheet.write_number(row, 0, row, plain)
    for place, word in enumerate(words, 1):
        look = weight if place == 1 else plain
        if isinstance(word, int):
            sheet.write_number(row, place, word, look)
        elif word:
            sheet.write_string(row, place, _clip(str(word)), look)
        else:
            sheet.write_blank(row, place, None, look)
