"""Workbooks and text tables → :class:`renewal_gis.intake.layout.Grid`, cell for cell."""

from __future__ import annotations

import contextlib
import csv
import io
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError
from renewal_gis.intake.archives import check_contents
from renewal_gis.intake.gate import find_wide_encoding, is_encrypted
from renewal_gis.intake.layout import Grid
from renewal_gis.intake.sheets import (
    SheetParts,
    find_uncached,
    pad_numbers,
    read_parts,
    show_errors,
    tell_hidden,
)

if TYPE_CHECKING:
    from renewal_gis.findings import Report
    from renewal_gis.intake.gate import Admitted

MAX_CELLS = 60_000_000
OWN_SHEETS = frozenset({"核对汇总"})
"""Sheets that a return file carries beside the office's own; they are no data."""
NO_RESULT = "(公式没有结果)"
"""What a return file shows where a formula had no result."""
ORIGIN_LABEL = "原文件"
"""What stands before the name of the original in that sheet."""


def read_grid(admitted: Admitted, /, *, sheet: str = "", report: Report) -> Grid:
    """Return the cells of a workbook's sheet or of a text table.

    Parameters
    ----------
    admitted
        A file that passed the gate; ``xlsx``, ``xls`` or ``text``.
    sheet
        The sheet's name; may be empty if the workbook has one sheet with content.
    report
        Takes the encoding that was found.

    Raises
    ------
    InputError
        Damaged, protected by a password, or of several sheets of which none was named.
    """
    if admitted.kind in ("xlsx", "xls"):
        return _read_workbook(admitted, sheet, report)
    if admitted.kind == "text":
        return _read_text(admitted, report)
    raise InputError(
        f"内容是 {admitted.kind} 格式(format),不是表格",
        place=admitted.name,
        remedy="表格请用 xlsx、xls 或 csv",
    )


def _read_workbook(admitted: Admitted, wanted: str, report: Report) -> Grid:
    import python_calamine as calamine  # noqa: PLC0415  # only tables need it

    parts: SheetParts | None = None
    if admitted.kind == "xlsx":
        check_contents(admitted.path)
        parts = read_parts(admitted, most_cells=MAX_CELLS)
    try:
        # by content, not by name: WPS saves xlsx under .xls and .et
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(admitted.path.read_bytes()))
        name = _choose_sheet(book, wanted, report, place=admitted.name)
        sheet = book.get_sheet_by_name(name)
        _check_size(sheet, place=admitted.name)
        cells = sheet.to_python(skip_empty_area=False)
        merged = [((a, b), (c, d)) for (a, b), (c, d) in (sheet.merged_cell_ranges or ())]
    except InputError:
        raise
    except BaseException as error:  # the reader's panics are not Exceptions
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise _tell_workbook_fault(error, admitted) from None
    if parts is None:
        return Grid(admitted.name, name, cells, merged)
    show_errors(parts, name, cells)
    pad_numbers(parts, name, cells, report)
    tell_hidden(parts, name, report)
    origin = _find_origin(book)
    uncached = find_uncached(parts, name) | (_find_marked(cells) if origin else frozenset())
    return Grid(admitted.name, name, cells, merged, uncached, origin=origin)


def _check_size(sheet: Any, *, place: str) -> None:
    if sheet.total_height * sheet.total_width > MAX_CELLS:
        size = f"{sheet.total_height}×{sheet.total_width}"
        raise InputError(f"工作表大小(size)为 {size},超过上限", place=place, remedy="请删去空白行列后另存")


def _tell_workbook_fault(error: BaseException, admitted: Admitted) -> InputError:
    text = f"{type(error).__name__} {error}"
    if "assword" in text or is_encrypted(admitted.path):
        return InputError("工作簿有密码(password,加密)", place=admitted.name, remedy="请去掉密码后再报")
    return InputError(
        f"工作簿损坏或不完整(corrupt):{str(error)[:120]}",
        place=admitted.name,
        remedy="请用 WPS 或 Excel 打开、另存后再报",
    )


def _choose_sheet(book: Any, wanted: str, report: Report, *, place: str) -> str:
    names = list(book.sheet_names)
    if wanted:
        if wanted not in names:
            raise InputError(f"没有工作表“{wanted}”", place=place, remedy=f"可用:{'、'.join(names)}")
        return wanted
    shown = [str(sheet.name) for sheet in book.sheets_metadata if str(sheet.visible).endswith(".Visible")]
    shown = [name for name in shown if name not in OWN_SHEETS]
    filled = [name for name in shown or names if len(names) == 1 or _has_cells(book, name)]
    if len(filled) != 1:
        raise InputError(
            f"有多个工作表(layer):{'、'.join(filled)}" if filled else "工作簿是空的",
            place=place,
            remedy="请在方案的 sources 中用 sheet 指明一个" if filled else "请填写后再报",
        )
    for name in names:
        if name not in shown and name not in OWN_SHEETS and _has_cells(book, name):
            report.add("sheet-hidden", file=place, sheet=name, value=name)
    return str(filled[0])


def _find_marked(cells: list[list[Any]]) -> frozenset[tuple[int, int]]:
    """Return the cells that a return file marked as formulas without a result, and blank them."""
    found = frozenset(
        (r, c) for r, row in enumerate(cells) for c, value in enumerate(row) if value == NO_RESULT
    )
    for row, place in found:
        cells[row][place] = ""
    return found


def _find_origin(book: Any) -> str:
    """Return the name of the file that a return file was made from: its rows are that file's rows."""
    for name in OWN_SHEETS & set(book.sheet_names):
        for row in book.get_sheet_by_name(name).to_python()[:20]:
            if len(row) > 1 and row[0] == ORIGIN_LABEL:
                return str(row[1])[:200]
    return ""


def _has_cells(book: Any, name: str) -> bool:
    sheet = book.get_sheet_by_name(name)
    return bool(sheet.height and sheet.width)


def decode(body: bytes, /, *, place: str) -> tuple[str, str]:
    """Return text and its encoding, by evidence: a mark, strict UTF-8, else GB18030, else Big5.

    Raises
    ------
    InputError
        The bytes are text in none of them.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        return _refuse_garbled(_decode_as(body, "utf-8-sig", place).lstrip("\ufeff"), place), "utf-8-sig"
    wide = find_wide_encoding(body[:4096])
    if wide:
        return _decode_as(body, wide, place).lstrip("\ufeff"), wide
    with contextlib.suppress(UnicodeDecodeError):
        return _refuse_garbled(body.decode("utf-8"), place), "utf-8"
    with contextlib.suppress(UnicodeDecodeError):
        text = body.decode("gb18030").lstrip("\ufeff")
        if not any("\ue000" <= char <= "\uf8ff" for char in text[:100_000]):
            return text, "gb18030"
    return _decode_as(body, "big5", place), "big5"


def _refuse_garbled(text: str, place: str) -> str:
    """Refuse text most of whose foreign characters were lost in an earlier conversion."""
    lost = text.count("\ufffd")
    if lost > 3 and lost > 0.05 * sum(not char.isascii() for char in text[:1_000_000]):
        raise InputError(
            f"文字已成乱码(encoding,{lost} 个字符在转换中丢失)",
            place=place,
            remedy="请从原文件重新另存为 UTF-8",
        )
    return text


def _decode_as(body: bytes, encoding: str, place: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"编码(encoding)无法识别:{error.reason},第 {error.start} 字节",
            place=place,
            remedy="请另存为 UTF-8 的 csv 或 xlsx",
        ) from error


def _read_text(admitted: Admitted, report: Report) -> Grid:
    text, encoding = decode(admitted.path.read_bytes(), place=admitted.name)
    if encoding not in ("utf-8", "utf-8-sig"):
        report.add("encoding-found", file=admitted.name, value=encoding.upper())
    if "\0" in text:
        raise InputError("文件损坏:含有空字节", place=admitted.name, remedy="请重新导出")
    delimiter = _find_delimiter(text)
    rows: list[list[str]] = []
    numbers: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    last = 0
    try:
        for row in reader:
            rows.append(row)
            numbers.append(last + 1)
            last = reader.line_num
    except csv.Error as error:
        raise InputError(
            f"csv 第 {last + 1} 行无法解析:{error}", place=admitted.name, remedy="请检查引号,或另存为 xlsx"
        ) from error
    if text and not text.endswith(("\n", "\r")):
        report.add("file-unended", file=admitted.name, row=numbers[-1] if numbers else None)
    ragged = _find_ragged(rows) | _find_cut(rows, text)
    return Grid(admitted.name, "", rows, ragged=ragged, line_numbers=numbers)


def _find_delimiter(text: str) -> str:
    head = "\n".join(text.splitlines()[:20])
    counts = {mark: head.count(mark) for mark in (",", "\t", ";", "|")}
    return max(counts, key=lambda mark: (counts[mark], mark == ","))


def _find_ragged(rows: list[list[str]]) -> frozenset[int]:
    """Return the rows that have more filled fields than the header has columns, or cut short by a stray comma."""
    widths = [len(row) for row in rows[:200] if any(cell.strip() for cell in row)]
    if not widths:
        return frozenset()
    usual = max(set(widths), key=widths.count)
    return frozenset(
        k for k, row in enumerate(rows) if len(row) > usual and any(cell.strip() for cell in row[usual:])
    )


def _find_cut(rows: list[list[str]], text: str) -> frozenset[int]:
    """Return the last row if the file breaks off in it: no line end, and fewer fields than the row before."""
    filled = [k for k, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if len(filled) < 3 or text.endswith(("\n", "\r")):
        return frozenset()
    last, before = filled[-1], filled[-2]
    return frozenset({last}) if 1 < len(rows[last]) < len(rows[before]) else frozenset()
