"""Workbooks and text tables → :class:`renewal_gis.intake.layout.Grid`, cell for cell."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # the gate's rule on DOCTYPE is applied to every part below

from renewal_gis.errors import InputError
from renewal_gis.intake.archives import check_contents
from renewal_gis.intake.gate import is_encrypted
from renewal_gis.intake.layout import Grid, Place

if TYPE_CHECKING:
    from pathlib import Path

    from renewal_gis.findings import Report
    from renewal_gis.intake.gate import Admitted

MAX_CELLS = 60_000_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


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
        return _read_workbook(admitted, sheet)
    if admitted.kind == "text":
        return _read_text(admitted, report)
    raise InputError(
        f"内容是 {admitted.kind} 格式(format),不是表格",
        place=admitted.name,
        remedy="表格请用 xlsx、xls 或 csv",
    )


def _read_workbook(admitted: Admitted, wanted: str) -> Grid:
    import python_calamine as calamine  # noqa: PLC0415  # only tables need it

    bodies: dict[str, bytes] = {}
    if admitted.kind == "xlsx":
        check_contents(admitted.path)
        bodies = _read_sheets(admitted)
    try:
        book = calamine.CalamineWorkbook.from_path(str(admitted.path))
        name = _choose_sheet(book, wanted, place=admitted.name)
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
    uncached = _find_uncached(admitted.path, name, bodies)
    cells = _show_errors(admitted.path, name, bodies, cells)
    return Grid(admitted.name, name, cells, merged, uncached)


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


def _choose_sheet(book: Any, wanted: str, *, place: str) -> str:
    names = list(book.sheet_names)
    if wanted:
        if wanted not in names:
            raise InputError(f"没有工作表“{wanted}”", place=place, remedy=f"可用:{'、'.join(names)}")
        return wanted
    shown = [str(sheet.name) for sheet in book.sheets_metadata if str(sheet.visible).endswith(".Visible")]
    filled = [name for name in shown or names if len(names) == 1 or _has_cells(book, name)]
    if len(filled) != 1:
        raise InputError(
            f"有多个工作表(layer):{'、'.join(filled)}" if filled else "工作簿是空的",
            place=place,
            remedy="请在方案的 sources 中用 sheet 指明一个" if filled else "请填写后再报",
        )
    return str(filled[0])


def _has_cells(book: Any, name: str) -> bool:
    sheet = book.get_sheet_by_name(name)
    return bool(sheet.height and sheet.width)


_FORMULA = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(<v>[^<]|<is>)?'
)


_VALUE = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>/]*>\s*<(?:v|is|f)\b')


def _read_sheets(admitted: Admitted) -> dict[str, bytes]:
    """Return the sheets' XML, after a look at how far their cells reach: the reader fills the whole rectangle."""
    with zipfile.ZipFile(admitted.path) as archive:
        parts = [
            name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")
        ]
        bodies = {part: archive.read(part) for part in parts}
    for body in bodies.values():
        rows = columns = 0
        for letters, row in _VALUE.findall(body):
            rows, columns = max(rows, int(row)), max(columns, _column_number(letters) + 1)
        if rows * columns > MAX_CELLS:
            raise InputError(
                f"工作表大小(size)为 {rows}×{columns},超过上限",
                place=admitted.name,
                remedy="请删去远处的零星单元格后另存",
            )
    return bodies


_ERROR = re.compile(rb'<c\b(?=[^>]*?\bt="e")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>.*?<v>([^<]*)</v>')


def _show_errors(path: Path, sheet: str, bodies: dict[str, bytes], cells: list[list[Any]]) -> list[list[Any]]:
    """Put back what failed formulas show (``#DIV/0!``); the reader takes them for blanks."""
    if not any(b't="e"' in body for body in bodies.values()):
        return cells
    try:
        with zipfile.ZipFile(path) as archive:
            body = bodies.get(_part_of_sheet(archive, sheet), b"")
    except (KeyError, zipfile.BadZipFile, ET.ParseError, OSError, ValueError):
        return cells
    for letters, line, word in _ERROR.findall(body):
        row, column = int(line) - 1, _column_number(letters)
        if row < len(cells) and column < len(cells[row]) and cells[row][column] in ("", None):
            cells[row][column] = word.decode("ascii", "replace")
    return cells


def _find_uncached(path: Path, sheet: str, bodies: dict[str, bytes]) -> frozenset[Place]:
    """Return the cells that hold a formula but no value: no reader can know what they show."""
    if not any(b"<f" in body for body in bodies.values()):
        return frozenset()
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part_of_sheet(archive, sheet)
    except (KeyError, zipfile.BadZipFile, ET.ParseError, OSError, ValueError):
        return frozenset()
    found = _FORMULA.findall(bodies.get(part, b""))
    return frozenset((int(row) - 1, _column_number(letters)) for letters, row, value in found if not value)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _part_of_sheet(archive: zipfile.ZipFile, sheet: str) -> str:
    book = _parse(archive.read("xl/workbook.xml"))
    wanted = next((s.get(_REL) for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet), None)
    for link in _parse(archive.read("xl/_rels/workbook.xml.rels")):
        if link.get("Id") == wanted:
            target = str(link.get("Target"))
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _parse(body: bytes) -> ET.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("DOCTYPE")
    return ET.fromstring(body)  # noqa: S314  # no DOCTYPE, so no entities


def decode(body: bytes, /, *, place: str) -> tuple[str, str]:
    """Return text and its encoding, by evidence: a mark, strict UTF-8, else GB18030, else Big5.

    Raises
    ------
    InputError
        The bytes are text in none of them.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return _decode_as(body, encoding, place), encoding
    for encoding in ("utf-8", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\ufffd" not in text and not any("\ue000" <= char <= "\uf8ff" for char in text[:100_000]):
            return text, encoding
    return _decode_as(body, "big5", place), "big5"


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
    return Grid(admitted.name, "", rows, ragged=_find_ragged(rows), line_numbers=numbers)


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
