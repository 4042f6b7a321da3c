"""The bulletin as office files: docx in the page of an official document; xlsx is in :mod:`workbook`."""

# ruff: noqa: SLF001 -- python-docx gives no other way to what it has no words for (fonts, fields, merged cells)
from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from renewal_gis.errors import PublishError
from renewal_gis.render import style
from renewal_gis.render.fonts import BODY_FACE, FACES, HEADING_FACE, KAITI_FACE, LATIN_FACE, TITLE_FACE
from renewal_gis.render.paper import CENTERED, Paragraph, Table, format_value
from renewal_gis.render.typeset import drop_controls
from renewal_gis.render.workbook import measure_width, write_findings, write_xlsx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docx.document import Document
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph as DocxParagraph

    from renewal_gis.render.paper import Block, Bulletin, Column

# GB/T 9704-2012: A4, top 37 mm, left 28 mm, type area 156 x 225 mm, 22 lines of 28 characters, size 3
_PAGE_MM, _TOP_MM, _LEFT_MM, _TYPE_MM = (210.0, 297.0), 37.0, 28.0, (156.0, 225.0)
_SIZE_2, _SIZE_3, _SIZE_4, _SIZE_5, _SIZE_5_SMALL = 22.0, 16.0, 14.0, 10.5, 9.0
_LINE_PT, _SMALL_LINE_PT = 28.9, 12.5
_SMALL_LINE_LETTERS = 48
"""Chinese letters of the small size that the type area is wide."""
_TOGETHER = 3
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)

__all__ = ["write_docx", "write_findings", "write_xlsx"]


# ------------------------------------------------------------------ docx
def write_docx(bulletin: Bulletin, figures: Mapping[str, bytes], /) -> bytes:
    """Return the bulletin as a docx: A4 by GB/T 9704, real headings, repeated table heads, page numbers.

    Parameters
    ----------
    bulletin
        The tree.
    figures
        PNG by the key of its slot; set at the width of the type area, 156 mm.

    Returns
    -------
    bytes
        The file; the same bulletin gives the same bytes.

    Raises
    ------
    PublishError
        A slot of the bulletin has no figure.
    """
    document = docx.Document()
    _set_page(document)
    _set_styles(document)
    _write_opening(document, bulletin)
    body = [section for section in bulletin.sections if not section.annex]
    for section in body:
        document.add_paragraph(drop_controls(section.heading), style="Heading 1")
        _write_blocks(document, section.blocks, figures)
    _list_annexes(document, bulletin.annexes())
    _write_footnotes(document, bulletin.footnotes)
    for section in bulletin.sections[len(body) :]:
        _open_annex(document, section.heading)
        _write_blocks(document, section.blocks, figures)
    declare_fonts(document)
    _set_properties(document, bulletin)
    buffer = io.BytesIO()
    document.save(buffer)
    return fix_times(buffer.getvalue())


def _write_blocks(document: Document, blocks: Sequence[Block], figures: Mapping[str, bytes]) -> None:
    for block in blocks:
        if isinstance(block, Paragraph):
            _write_paragraph(document, block)
        elif isinstance(block, Table):
            _write_table(document, block)
        else:
            _write_figure(document, figures, block.key, block.caption)


def _list_annexes(document: Document, names: Sequence[str]) -> None:
    """The list of annexes stands one line below the text, names under each other."""
    # nor may it stand alone on a page: the last words of the text go with it
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph().paragraph_format.keep_with_next = True
    for number, name in enumerate(names, 1):
        lead = "附件\uff1a" if number == 1 else "\u3000\u3000\u3000"
        paragraph = document.add_paragraph(f"{lead}{number}. {drop_controls(name)}")
        _indent(paragraph._p.get_or_add_pPr())
        # only the head of the list holds on to the text: a list held whole leaves half a page empty
        paragraph.paragraph_format.keep_with_next = number < min(3, len(names))


def _open_annex(document: Document, heading: str) -> None:
    paragraph = document.add_paragraph(drop_controls(heading), style="Heading 1")
    paragraph.paragraph_format.page_break_before = True
    paragraph.paragraph_format.space_before = Pt(0)
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "0")
    indent.set(qn("w:firstLine"), "0")


def _set_page(document: Document) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Mm(_PAGE_MM[0]), Mm(_PAGE_MM[1])
    page.top_margin, page.left_margin = Mm(_TOP_MM), Mm(_LEFT_MM)
    page.bottom_margin = Mm(_PAGE_MM[1] - _TOP_MM - _TYPE_MM[1])
    page.right_margin = Mm(_PAGE_MM[0] - _LEFT_MM - _TYPE_MM[0])
    page.footer_distance = Mm(24)  # the number's line ends 7 mm below the type area
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (page.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (page.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        indent = paragraph.paragraph_format
        indent.left_indent = indent.right_indent = Pt(_SIZE_4)
        for kind, text in (("text", "— "), ("begin", ""), ("code", "PAGE"), ("end", ""), ("text", " —")):
            _add_field_part(paragraph, kind, text)


def _add_field_part(paragraph: DocxParagraph, kind: str, text: str) -> None:
    run = paragraph.add_run(text if kind == "text" else "")
    run.font.size = Pt(_SIZE_4)
    if kind == "code":
        code = OxmlElement("w:instrText")
        code.set(qn("xml:space"), "preserve")
        code.text = text
        run._r.append(code)
    elif kind in {"begin", "end"}:
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        run._r.append(mark)


def _set_styles(document: Document) -> None:
    """Body 仿宋 size 3, level 1 黑体, level 2 楷体, title 小标宋 size 2; all in black."""
    looks = (
        ("Normal", BODY_FACE.name, _SIZE_3), ("Title", TITLE_FACE.name, _SIZE_2),
        ("Heading 1", HEADING_FACE.name, _SIZE_3), ("Heading 2", KAITI_FACE.name, _SIZE_3),
        ("Caption", HEADING_FACE.name, _SIZE_5),
    )  # fmt: skip
    for name, face, size in looks:
        look = document.styles[name]
        look.font.name, look.font.size, look.font.bold, look.font.italic = (
            LATIN_FACE.name,
            Pt(size),
            False,
            False,
        )
        look.font.color.rgb = RGBColor(0, 0, 0)
        fonts = look.element.get_or_add_rPr().get_or_add_rFonts()
        for slot in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(slot), None)
        fonts.set(qn("w:eastAsia"), face)
        fonts.set(qn("w:ascii"), LATIN_FACE.name)
        fonts.set(qn("w:hAnsi"), LATIN_FACE.name)
        shape = look.paragraph_format
        shape.space_before = shape.space_after = Pt(0)
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(_LINE_PT)
    for border in document.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
        break
    document.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.styles["Title"].paragraph_format.line_spacing = Pt(36)
    document.styles["Caption"].paragraph_format.space_before = Pt(6)
    for name in ("Heading 1", "Heading 2"):
        document.styles[name].paragraph_format.space_before = Pt(8)
        _indent(document.styles[name].element.get_or_add_pPr())
        document.styles[name].paragraph_format.keep_with_next = True


def _indent(properties: Any) -> None:
    """Indent the first line by two characters, whatever the size."""
    indent = properties.get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "200")
    indent.set(qn("w:firstLine"), str(int(2 * _SIZE_3 * 20)))


def _write_opening(document: Document, bulletin: Bulletin) -> None:
    tags = document.add_paragraph()
    tags.alignment = WD_ALIGN_PARAGRAPH.LEFT
    set_face(tags.add_run("\u3000".join(bulletin.tags)), HEADING_FACE.name)
    document.add_paragraph(drop_controls(bulletin.title), style="Title")
    for line in bulletin.header_lines:
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        set_face(paragraph.add_run(drop_controls(line)), KAITI_FACE.name)
    document.add_paragraph()


def set_face(run: Any, face: str, *, size: float = 0.0) -> None:
    """Set the Chinese face of a run, and its size in points."""
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    if size:
        run.font.size = Pt(size)


def _write_paragraph(document: Document, block: Paragraph) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT  # stretched lines tear the fractions apart
    _indent(paragraph._p.get_or_add_pPr())
    if block.lead:
        set_face(paragraph.add_run(drop_controls(block.lead)), KAITI_FACE.name)
    paragraph.add_run(drop_controls(block.text))


def _write_figure(document: Document, figures: Mapping[str, bytes], key: str, caption: str) -> None:
    if key not in figures:
        raise PublishError(f"缺少图件“{key}”", place="write_docx", remedy="先用 printmap 绘制,以同名的键传入")
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    picture = paragraph.add_run().add_picture(io.BytesIO(figures[key]), width=Mm(_TYPE_MM[0]))._inline
    for side in ("distT", "distB", "distL", "distR"):
        picture.set(side, "0")  # without it some programs leave 3 mm at either side
    picture.docPr.set("descr", drop_controls(caption))
    below = document.add_paragraph(drop_controls(caption), style="Caption")
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _write_table(document: Document, table: Table) -> None:
    caption = document.add_paragraph(drop_controls(table.title), style="Caption")
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    grid = document.add_table(rows=len(table.rows) + 1, cols=len(table.columns), style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, spec in zip(grid.columns, table.columns, strict=True):
        column.width = Mm(spec.width_mm)
    narrow_margins(grid)
    rows = [row.cells for row in grid.rows]
    for cell, column in zip(rows[0], table.columns, strict=True):
        # the unit of a long head stands in a line of its own
        _fill_cell(
            cell,
            column.name.replace("\uff08", "\n\uff08"),
            column,
            face=HEADING_FACE.name,
            middle=True,
            fill="E9EEF4",
        )
    for number, (cells, values) in enumerate(zip(rows[1:], table.rows, strict=True)):
        face = HEADING_FACE.name if number in table.strong else BODY_FACE.name
        for cell, value, column in zip(cells, values, table.columns, strict=True):
            look = style.LIGHTS.get(str(value)) if column.kind == "light" else None
            fill = look.background.lstrip("#") if look else ""
            _fill_cell(cell, format_value(value, column.kind), column, face=face, fill=fill)
    _merge_equal(rows[1:], table)
    _hold_rows(grid, noted=bool(table.notes))
    for note in table.notes:
        _write_small(document, f"注\uff1a{note}")


def narrow_margins(grid: Any) -> None:
    """Leave half a millimetre at the sides of a table's cells."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "28")  # half a millimetre, in twentieths of a point
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    grid._tbl.tblPr.append(margins)


def _fill_cell(
    cell: _Cell, text: str, column: Column, *, face: str, middle: bool = False, fill: str = ""
) -> None:
    cell.width, cell.vertical_alignment = Mm(column.width_mm), WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing = Pt(13)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    if middle or column.kind in CENTERED or column.merge:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    set_face(paragraph.add_run(drop_controls(text)), face, size=_SIZE_5_SMALL)
    if fill:
        shade = OxmlElement("w:shd")
        for key, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", fill)):
            shade.set(qn(key), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _merge_equal(rows: Sequence[Sequence[_Cell]], table: Table) -> None:
    for place, column in enumerate(table.columns):
        values = [row[place] for row in table.rows]
        start = 0
        for stop in range(1, len(values) + 1) if column.merge else ():
            if stop < len(values) and values[stop] == values[start]:
                continue
            for cells in rows[start + 1 : stop]:
                cells[place].paragraphs[0].clear()
            if stop - start > 1:
                _span_rows([cells[place] for cells in rows[start:stop]])
            start = stop


def _span_rows(cells: Sequence[_Cell]) -> None:
    for place, cell in enumerate(cells):
        mark = OxmlElement("w:vMerge")
        mark.set(qn("w:val"), "continue" if place else "restart")
        cell._tc.get_or_add_tcPr().insert_element_before(mark, "w:tcBorders", "w:shd", "w:noWrap", "w:vAlign")


def _hold_rows(grid: Any, *, noted: bool) -> None:
    """The head comes again on each page; no row is torn, no head or note stands alone."""
    last = len(grid.rows) - 1
    for number, row in enumerate(grid.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        if number < _TOGETHER or last - number < (_TOGETHER if noted else 0):
            row.cells[0].paragraphs[0].paragraph_format.keep_with_next = True


def _write_small(document: Document, text: str, *, hold: bool = False) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(_SMALL_LINE_PT)
    paragraph.paragraph_format.keep_with_next = hold
    set_face(paragraph.add_run(drop_controls(text)), BODY_FACE.name, size=_SIZE_5_SMALL)


def _write_footnotes(document: Document, notes: Sequence[str]) -> None:
    """Short notes share a line; the last ones stay together, so that none is left on a page alone."""
    document.add_paragraph("口径说明", style="Heading 1")
    lines = [""]
    for number, note in enumerate(notes, 1):
        joined = f"{lines[-1]}\u3000{number}. {note}".lstrip("\u3000")
        if lines[-1] and measure_width(joined) > 2 * _SMALL_LINE_LETTERS:
            lines.append(f"{number}. {note}")
        else:
            lines[-1] = joined
    for place, line in enumerate(lines):
        _write_small(document, line, hold=len(lines) - _TOGETHER <= place < len(lines) - 1)


def declare_fonts(document: Document) -> None:
    """Name the free faces that may stand in for the office's, in the table of fonts."""
    part = next(
        part for part in document.part.package.iter_parts() if str(part.partname) == "/word/fontTable.xml"
    )
    entries = "".join(
        f'<w:font w:name="{face.name}"><w:altName w:val="{";".join(face.substitutes)}"/></w:font>'
        for face in FACES
    )
    part._blob = part.blob.replace(b"</w:fonts>", f"{entries}</w:fonts>".encode())


def _set_properties(document: Document, bulletin: Bulletin) -> None:
    """Fill the file's properties from the bulletin: the clock has no part in it."""
    words, day = document.core_properties, dt.datetime.combine(bulletin.as_of, dt.time())
    words.title, words.subject = drop_controls(bulletin.title), "".join(bulletin.header_lines)
    words.author = words.last_modified_by = "renewal_gis"
    words.keywords, words.comments, words.language = ",".join(bulletin.tags), "", "zh-CN"
    words.created = words.modified = words.last_printed = day
    words.revision = 1


def fix_times(content: bytes) -> bytes:
    """Pack the same parts again with the same hour, so that equal content is equal bytes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return buffer.getvalue()
