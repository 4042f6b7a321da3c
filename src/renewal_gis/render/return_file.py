"""The office's own workbook sent back: faulty cells coloured, a reason and a remedy in each, nothing live in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from renewal_gis.errors import InputError
from renewal_gis.findings import Report
from renewal_gis.intake.grids import NO_RESULT, ORIGIN_LABEL, OWN_SHEETS, read_grid
from renewal_gis.intake.mapping import OWN_HEADER
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from renewal_gis.findings import Finding
    from renewal_gis.intake import Intake
    from renewal_gis.intake.gate import Admitted
    from renewal_gis.intake.layout import Grid

HELD = "held"
FILLS = {HELD: "F4B6B6", Severity.ERROR: "F4B6B6", Severity.WARNING: "FCE0A6", Severity.INFO: "D6E6F5"}
"""Red: the row is held back. Orange: to be mended or checked. Blue: was read so, please look."""
MAX_COMMENTS = 5_000
"""More make a workbook that office programs open slowly; the words stand in the row's own column anyway."""
MAX_TEXT = 2_000
LISTED_ROWS = 30
_TITLE = next(iter(OWN_SHEETS))
_NO_RECORD = frozenset({"total-row", "footer-row", "heading-row", "header-repeated"})
"""Told in the summary only: nothing is to be done about these lines."""
_OWN_WIDTH, _LINE_PT = 60, 15
_EDGE = Side(style="thin", color="A6A6A6")


@dataclass(frozen=True)
class _Paper:
    """One sheet to be written on, and where the office's lines stand in it."""

    sheet: Worksheet
    row_of: Mapping[int, int]
    own: int
    columns: Mapping[str, int]
    positions: Sequence[int]


def write_return(admitted: Admitted, intake: Intake, /) -> bytes:
    """Return the office's workbook with what is wrong in it, to be mended and sent again.

    Parameters
    ----------
    admitted
        A workbook or text table that passed the gate; text tables and the old binary format become xlsx.
    intake
        What was read of it.

    Returns
    -------
    bytes
        An xlsx of the same sheets. The last column is ``核对意见``, the sheet ``核对汇总`` is added;
        the intake knows both and passes over them, so that the file can be sent again as it is.
        Formulas are replaced by what they showed; no cell is live.

    Raises
    ------
    InputError
        Not a table.
    """
    notes = intake.notes
    if admitted.kind not in ("xlsx", "xls", "text") or "head" not in notes:
        raise InputError(
            "回执文件只用于表格(xlsx、xls、csv)", place=admitted.name, remedy="图形文件的意见见 --json 或屏幕"
        )
    book, paper = _open_paper(admitted, notes)
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for finding in intake.findings:
        if finding.code in _NO_RECORD or finding.row is None or finding.row not in paper.row_of:
            continue
        if finding.row > notes["head"][1]:
            by_row[finding.row].append(finding)
    held = {row.row for row in intake.quarantine}
    _write_opinions(paper, by_row, held, head=notes["head"])
    _freeze_text(book)
    _write_summary(book, admitted, intake)
    sink = io.BytesIO()
    book.save(sink)
    return _settle_times(sink.getvalue())


def _settle_times(content: bytes) -> bytes:
    """Pack the parts with one fixed hour, so that the same file and the same faults give the same bytes."""
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(
                    rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", part
                )
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, part)
    return sink.getvalue()


# ------------------------------------------------------------------ the office's sheet
def _open_paper(admitted: Admitted, notes: Mapping[str, Any]) -> tuple[Workbook, _Paper]:
    if admitted.kind == "xlsx":
        book = load_workbook(io.BytesIO(admitted.path.read_bytes()), data_only=True, keep_links=False)
        for name in OWN_SHEETS & set(book.sheetnames):
            del book[name]
        sheet = book[notes["sheet"]]
        _mark_formulas(sheet, read_grid(admitted, sheet=notes["sheet"], report=Report()))
        row_of: Mapping[int, int] = {row: row for row in range(1, sheet.max_row + 1)}
    else:
        book, sheet, row_of = _copy_cells(admitted, str(notes["sheet"]))
    own = _find_own(sheet, row_of, notes["head"])
    return book, _Paper(sheet, row_of, own, notes["columns"], notes["positions"])


def _mark_formulas(sheet: Worksheet, grid: Grid) -> None:
    """Say in the cells whose formulas have no result that they have none; left blank they would pass as blank."""
    for row, place in grid.uncached:
        _put_text(sheet.cell(row + 1, place + 1), NO_RESULT)


def _copy_cells(admitted: Admitted, name: str) -> tuple[Workbook, Worksheet, dict[int, int]]:
    """Return a new workbook with the cells of a text table or of an old workbook, text as text."""
    grid = read_grid(admitted, sheet=name, report=Report())
    book = Workbook()
    sheet = book.active
    sheet.title = (name or "台账")[:31]
    widths: dict[int, int] = {}
    for row, cells in enumerate(grid.cells, start=1):
        for place, value in enumerate(cells, start=1):
            if value is None or value == "":
                continue
            cell = sheet.cell(row, place)
            if isinstance(value, str):
                _put_text(cell, value)
                cell.number_format = "@"  # so that zeros in front and dates stay as they were written
            else:
                cell.value = value
            widths[place] = max(widths.get(place, 8), min(_measure(str(value)) + 2, 40))
    for place, width in widths.items():
        sheet.column_dimensions[get_column_letter(place)].width = width
    for (r0, c0), (r1, c1) in grid.merged:
        sheet.merge_cells(start_row=r0 + 1, start_column=c0 + 1, end_row=r1 + 1, end_column=c1 + 1)
    return book, sheet, {grid.line(k): k + 1 for k in range(len(grid.cells))}


def _find_own(sheet: Worksheet, row_of: Mapping[int, int], head: tuple[int, int]) -> int:
    """Return the place of our own column: where it stood in a file that comes back, else behind the last one."""
    last = 0
    for line in range(head[0], head[1] + 1):
        for cell in sheet[row_of.get(line, line)]:
            if cell.value == OWN_HEADER:
                return int(cell.column)
            if cell.value not in (None, ""):
                last = max(last, int(cell.column))
    return max(last, min(sheet.max_column, last + 20)) + 1


def _write_opinions(
    paper: _Paper, by_row: Mapping[int, list[Finding]], held: set[int], *, head: tuple[int, int]
) -> None:
    sheet = paper.sheet
    sheet.column_dimensions[get_column_letter(paper.own)].width = _OWN_WIDTH
    for row in range(1, sheet.max_row + 1):  # what an earlier return said
        if sheet.cell(row, paper.own).value not in (None, OWN_HEADER):
            sheet.cell(row, paper.own).value = None
    title = sheet.cell(paper.row_of.get(head[1], head[1]), paper.own)
    _put_text(title, OWN_HEADER)
    title.font, title.fill = Font(bold=True), PatternFill("solid", fgColor="D9D9D9")
    title.alignment = Alignment(horizontal="center", vertical="center")
    written = 0
    for line, findings in sorted(by_row.items()):
        row = paper.row_of[line]
        mark = sheet.cell(row, paper.own)
        findings.sort(key=lambda finding: list(Severity).index(finding.severity))
        words = [*(["本行已隔离,未入台账。"] if line in held else []), *map(_tell, findings)]
        _put_text(mark, "\n".join(dict.fromkeys(words)))
        mark.alignment = Alignment(wrap_text=True, vertical="top")
        _make_room(sheet, row, dict.fromkeys(words))
        _fill(mark, HELD if line in held else min((f.severity for f in findings), key=list(Severity).index))
        for cell, told in _find_cells(paper, findings).items():
            target = sheet.cell(row, cell)
            _fill(target, HELD if line in held else min((f.severity for f in told), key=list(Severity).index))
            if written < MAX_COMMENTS and not _is_covered(target):
                note = Comment("\n".join(dict.fromkeys(map(_tell, told)))[:MAX_TEXT], "核对")
                note.width, note.height = 320, 120
                target.comment = note
                written += 1


def _find_cells(paper: _Paper, findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    """Return which cells of a row the findings speak of, by column from 1."""
    found: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.field in paper.columns:
            found[paper.columns[finding.field] + 1].append(finding)
        elif finding.code.startswith("id-") and "编号" in paper.columns:
            found[paper.columns["编号"] + 1].append(finding)
        elif finding.code == "name-missing" and "项目名称" in paper.columns:
            found[paper.columns["项目名称"] + 1].append(finding)
        elif finding.code.startswith(("location-", "geometry-")):
            for place in paper.positions:
                found[place + 1].append(finding)
    return found


def _make_room(sheet: Worksheet, row: int, words: Iterable[str]) -> None:
    """Make a row high enough for the words; office programs do not do it for a row that has a height."""
    lines = sum(-(-_measure(word) // (_OWN_WIDTH - 2)) for word in words)
    wanted = min(lines * _LINE_PT, 300)
    sheet.row_dimensions[row].height = max(sheet.row_dimensions[row].height or 0, wanted, _LINE_PT)


def _is_covered(cell: Any) -> bool:
    """Tell whether a cell lies under a merged one, where no comment can stand."""
    return type(cell).__name__ == "MergedCell"


def _tell(finding: Finding) -> str:
    return f"【{finding.severity.zh}】{finding.text}。办法:{finding.remedy}"


def _fill(cell: Any, weight: str) -> None:
    cell.fill = PatternFill("solid", fgColor=FILLS[weight])


def _put_text(cell: Any, text: str) -> None:
    """Write text that stays text: the type is set by hand, since a leading ``=`` would make a formula of it."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[: MAX_TEXT * 10]
    cell.data_type = "s"


def _freeze_text(book: Workbook) -> None:
    """Make sure that no cell of any sheet is live, and no link leads out."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
                if getattr(cell, "hyperlink", None) is not None:
                    cell.hyperlink = None


def _measure(text: str) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text)


# ------------------------------------------------------------------ the summary
def _write_summary(book: Workbook, admitted: Admitted, intake: Intake) -> None:
    sheet = book.create_sheet(_TITLE)
    for letter, width in zip("ABCDE", (10, 12, 56, 24, 44), strict=True):
        sheet.column_dimensions[letter].width = width
    _put_text(sheet["A1"], _TITLE)
    sheet["A1"].font = Font(bold=True, size=16)
    origin = str(intake.frame["source_file"].iloc[0]) if len(intake.frame) else admitted.name
    facts: list[tuple[str, str | int]] = [
        (ORIGIN_LABEL, origin),
        ("工作表", str(intake.notes["sheet"]) or "(无)"),
        ("读到", intake.read),
        ("接收", intake.accepted),
        ("修复", intake.repaired),
        ("隔离", intake.quarantined),
        ("未上图", len(intake.withheld)),
    ]
    for row, (label, value) in enumerate(facts, start=2):
        _put_text(sheet.cell(row, 1), label)
        sheet.cell(row, 1).font = Font(bold=True)
        if isinstance(value, int):
            sheet.cell(row, 2).value = value
            sheet.cell(row, 2).alignment = Alignment(horizontal="left")
        else:
            _put_text(sheet.cell(row, 2), value)
    start = len(facts) + 3
    _put_text(
        sheet.cell(start - 1, 1),
        "读到 = 接收 + 修复 + 隔离。请在原工作表中按“核对意见”改正后原样报回;“核对意见”列和本表不作为数据。",
    )
    _write_rules(sheet, start, list(intake.findings))
    sheet.freeze_panes = sheet.cell(start + 1, 1)
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _write_rules(sheet: Worksheet, start: int, findings: Sequence[Finding]) -> None:
    edge = Border(_EDGE, _EDGE, _EDGE, _EDGE)
    for place, word in enumerate(("级别", "处数", "意见(首例)", "行", "处理办法"), start=1):
        head = sheet.cell(start, place)
        _put_text(head, word)
        head.font, head.fill, head.border = Font(bold=True), PatternFill("solid", fgColor="D9D9D9"), edge
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.code].append(finding)
    order = sorted(grouped.values(), key=lambda part: (list(Severity).index(part[0].severity), -len(part)))
    for row, part in enumerate(order, start=start + 1):
        lines = [str(f.row) for f in part if f.row is not None]
        shown = "、".join(lines[:LISTED_ROWS]) + (f" 等 {len(lines)} 行" if len(lines) > LISTED_ROWS else "")
        cells: tuple[str | int, ...] = (part[0].severity.zh, len(part), part[0].text, shown, part[0].remedy)
        for place, value in enumerate(cells, start=1):
            cell: Cell = sheet.cell(row, place)
            if isinstance(value, int):
                cell.value = value
            else:
                _put_text(cell, value)
            cell.alignment, cell.border = Alignment(wrap_text=True, vertical="top"), edge
        _fill(sheet.cell(row, 1), part[0].severity)
