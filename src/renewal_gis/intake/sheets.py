"""What the XML of a workbook's sheets tells and its reader does not: formulas, faults, formats, hidden lines."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # the parts were searched for DOCTYPE before

from renewal_gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renewal_gis.findings import Report
    from renewal_gis.intake.gate import Admitted
    from renewal_gis.intake.layout import Place

_VALUE = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>/]*>\s*<(?:v|is|f)\b')
_FORMULA = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(<v>[^<]|<is>)?'
)
_ERROR = re.compile(rb'<c\b(?=[^>]*?\bt="e")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>.*?<v>([^<]*)</v>')
_STYLED = re.compile(
    rb'<c\b(?=[^>]*?\br="([A-Z]{1,3})(\d{1,7})")(?=[^>]*?\bs="(\d+)")(?![^>]*?\bt="(?!n"))[^>]*>'
)
_HIDDEN_ROW = re.compile(rb'<row\b[^>]*?\bhidden="(?:1|true)"[^>]*?>\s*<c\b')
_HIDDEN_COLUMN = re.compile(rb'<col\b(?=[^>]*?\bhidden="(?:1|true)")[^>]*?/>')


@dataclass(frozen=True)
class SheetParts:
    """The XML of a workbook's sheets by part name, which sheet is which part, and its styles."""

    file: str
    bodies: Mapping[str, bytes]
    part_of: Mapping[str, str]
    styles: bytes

    def body(self, sheet: str) -> bytes:
        """Return a sheet's XML; empty if it cannot be found."""
        return self.bodies.get(self.part_of.get(sheet, ""), b"")


def read_parts(admitted: Admitted, /, *, most_cells: int) -> SheetParts:
    """Return the sheets' XML, after a look at how far their cells reach: the reader fills the whole rectangle.

    Raises
    ------
    InputError
        A sheet reaches over more than ``most_cells``.
    """
    with zipfile.ZipFile(admitted.path) as archive:
        names = archive.namelist()
        bodies = {
            name: _drop_prefix(archive.read(name))
            for name in names
            if name.startswith("xl/worksheets/") and name.endswith(".xml")
        }
        styles = archive.read("xl/styles.xml") if "xl/styles.xml" in names else b""
        part_of = _find_parts(archive)
    for body in bodies.values():
        rows = columns = 0
        for letters, row in _VALUE.findall(body):
            rows, columns = max(rows, int(row)), max(columns, _column_number(letters) + 1)
        if rows * columns > most_cells:
            raise InputError(
                f"工作表大小(size)为 {rows}×{columns},超过上限",
                place=admitted.name,
                remedy="请删去远处的零星单元格后另存",
            )
    return SheetParts(admitted.name, bodies, part_of, styles)


def _find_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    try:
        book = _parse(archive.read("xl/workbook.xml"))
        links = {
            link.get("Id"): str(link.get("Target"))
            for link in _parse(archive.read("xl/_rels/workbook.xml.rels"))
        }
    except (KeyError, ET.ParseError, ValueError):
        return {}
    targets = {
        str(sheet.get("name")): next((links.get(v, "") for k, v in sheet.items() if k.endswith("}id")), "")
        for sheet in book.iter()
        if _local(sheet) == "sheet"
    }
    return {
        name: target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        for name, target in targets.items()
    }


def _local(element: ET.Element) -> str:
    """Return a tag without its namespace: strict workbooks have another one."""
    return str(element.tag).rsplit("}", 1)[-1]


def _drop_prefix(body: bytes) -> bytes:
    """Return a sheet's XML with plain tags, if it writes them with a prefix (``<x:c>``)."""
    match = re.search(rb"<(\w+):worksheet\b", body[:4000])
    if match is None:
        return body
    return body.replace(b"<" + match[1] + b":", b"<").replace(b"</" + match[1] + b":", b"</")


def _parse(body: bytes) -> ET.Element:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("DOCTYPE")
    return ET.fromstring(body)  # noqa: S314  # no DOCTYPE, so no entities


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def find_uncached(parts: SheetParts, sheet: str, /) -> frozenset[Place]:
    """Return the cells that hold a formula but no value: no reader can know what they show."""
    body = parts.body(sheet)
    found = _FORMULA.findall(body) if b"<f" in body else ()
    return frozenset((int(row) - 1, _column_number(letters)) for letters, row, value in found if not value)


def show_errors(parts: SheetParts, sheet: str, cells: list[list[Any]], /) -> None:
    """Put back what failed formulas show (``#DIV/0!``); the reader takes them for blanks.

    ``cells`` is the reader's fresh list and is changed in place.
    """
    body = parts.body(sheet)
    for letters, line, word in _ERROR.findall(body) if b't="e"' in body else ():
        row, column = int(line) - 1, _column_number(letters)
        if row < len(cells) and column < len(cells[row]) and cells[row][column] in ("", None):
            cells[row][column] = word.decode("ascii", "replace")


def pad_numbers(parts: SheetParts, sheet: str, cells: list[list[Any]], report: Report, /) -> None:
    """Turn numbers that the sheet shows with leading zeros into the text that is shown.

    ``cells`` is the reader's fresh list and is changed in place.
    """
    widths = _find_padded_styles(parts.styles)
    for row, column, style in _find_styled(parts.body(sheet)) if widths else ():
        width = widths.get(style)
        if width is None or row >= len(cells) or column >= len(cells[row]):
            continue
        value = cells[row][column]
        if isinstance(value, (int, float)) and float(value).is_integer() and 0 <= value < 10**15:
            shown = f"{int(value):0{width}d}"
            if shown != str(int(value)):
                cells[row][column] = shown
                report.add(
                    "id-padded", file=parts.file, sheet=sheet, row=row + 1, value=int(value), new=shown
                )


def _find_styled(body: bytes) -> Iterator[tuple[int, int, int]]:
    for letters, line, style in _STYLED.findall(body):
        yield int(line) - 1, _column_number(letters), int(style)


def _find_padded_styles(styles: bytes) -> dict[int, int]:
    """Return the cell styles whose number format is nothing but zeros, with their width."""
    try:
        root = _parse(styles) if styles else None
    except (ET.ParseError, ValueError):
        return {}
    if root is None:
        return {}
    codes = {
        node.get("numFmtId"): str(node.get("formatCode")) for node in root.iter() if _local(node) == "numFmt"
    }
    cell_styles = next((node for node in root if _local(node) == "cellXfs"), None)
    return {
        place: len(code)
        for place, node in enumerate(cell_styles if cell_styles is not None else ())
        if re.fullmatch(r"0{2,}", code := codes.get(node.get("numFmtId"), ""))
    }


def tell_hidden(parts: SheetParts, sheet: str, report: Report, /) -> None:
    """Say how many rows and columns of a sheet are hidden; they are read like all others."""
    body = parts.body(sheet)
    if b"hidden=" not in body:
        return
    count = len(_HIDDEN_ROW.findall(body)) + len(_HIDDEN_COLUMN.findall(body))
    if count:
        report.add("rows-hidden", file=parts.file, sheet=sheet, value=count)
