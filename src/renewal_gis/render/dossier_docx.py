"""The dossier as docx: two pages of A4, every row of a set height, so that nothing runs over."""

# ruff: noqa: SLF001 -- python-docx gives no other way to what it has no words for (row heights, borders)
from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from renewal_gis import vocab
from renewal_gis.render.dossier import EVENT_HEADS, LISTING_HEADS, NEIGHBOUR_HEADS, STAGE_HEADS
from renewal_gis.render.fonts import BODY_FACE, HEADING_FACE, KAITI_FACE, LATIN_FACE, TITLE_FACE
from renewal_gis.render.office import declare_fonts, fix_times, narrow_margins, set_face
from renewal_gis.render.photos import measure_photo
from renewal_gis.render.typeset import drop_controls
from renewal_gis.render.workbook import measure_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document
    from docx.table import _Cell

    from renewal_gis.render.dossier import Dossier, ItemClass, Photo, Row

_PAGE_MM, _TOP_MM, _SIDE_MM, _BOTTOM_MM = (210.0, 297.0), 18.0, 20.0, 15.0
WIDTH_MM = 170.0
MAP_MM = (170.0, 88.0)
"""Size of the location map on paper."""
_SIZE, _SMALL, _TINY, _ROW_MM, _TWO_MM, _ITEM_MM = 9.0, 8.0, 6.0, 5.6, 7.6, 5.4
_HALF_EM_MM = 0.1764  # half the width of a Chinese letter for each point of size
_HEAD_FILL, _LABEL_FILL = "E9EEF4", "F4F6F9"
_PHOTO_MM = (84.0, 44.0)


def write_docx(dossier: Dossier, place: bytes | None, /) -> bytes:
    """Return a dossier as docx.

    Parameters
    ----------
    dossier
        The tree.
    place
        The location map, PNG of :data:`MAP_MM`; None where the site has no place.

    Returns
    -------
    bytes
        The file; the same dossier gives the same bytes.
    """
    document = docx.Document()
    _set_page(document, dossier)
    _write_title(document, dossier)
    _write_facts(document, dossier.facts)
    _write_place(document, place)
    _write_heading(document, "一、阶段与把关")
    _write_rows(document, STAGE_HEADS, dossier.stages, (24, 24, 76, 46))
    _write_note(document, dossier.phases)
    _write_heading(document, "二、改造内容")
    document.paragraphs[-1].paragraph_format.page_break_before = True
    _write_content(document, dossier.content, dossier.notes["content"])
    _write_heading(document, "三、改造前后")
    _write_photos(document, dossier.photos)
    _write_heading(document, "四、进度记录")
    _write_rows(document, EVENT_HEADS, dossier.events, (24, 108, 38), empty="台账没有进度记录")
    _write_note(document, dossier.notes["events"])
    _write_heading(document, "五、周边同时施工")
    _write_rows(document, NEIGHBOUR_HEADS, dossier.neighbours, (22, 34, 15, 39, 60))
    _write_note(document, dossier.notes["neighbours"])
    _write_heading(document, "六、挂牌督办")
    _write_rows(document, LISTING_HEADS, dossier.listings, (20, 90, 21, 21, 18), empty="无")
    declare_fonts(document)
    _set_properties(document, dossier)
    buffer = io.BytesIO()
    document.save(buffer)
    return fix_times(buffer.getvalue())


def _set_page(document: Document, dossier: Dossier) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Mm(_PAGE_MM[0]), Mm(_PAGE_MM[1])
    page.top_margin, page.bottom_margin = Mm(_TOP_MM), Mm(_BOTTOM_MM)
    page.left_margin = page.right_margin = Mm(_SIDE_MM)
    page.footer_distance = Mm(6)
    foot = page.footer.paragraphs[0]
    foot.paragraph_format.line_spacing = Pt(9)
    set_face(foot.add_run(drop_controls(_cut(dossier.foot, 7.0, WIDTH_MM * 1.95))), BODY_FACE.name, size=7.0)
    look = document.styles["Normal"]
    look.font.name, look.font.size = LATIN_FACE.name, Pt(_SIZE)
    fonts = look.element.get_or_add_rPr().get_or_add_rFonts()
    for slot in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(slot), None)
    fonts.set(qn("w:eastAsia"), BODY_FACE.name)
    shape = look.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(11.5)
    for name, face, size in (("Title", TITLE_FACE.name, 18.0), ("Heading 1", HEADING_FACE.name, 11.0)):
        _set_style(document.styles[name], face, size)


def _set_style(look: Any, face: str, size: float) -> None:
    look.font.name, look.font.size, look.font.bold = LATIN_FACE.name, Pt(size), False
    look.font.color.rgb = RGBColor(0, 0, 0)
    fonts = look.element.get_or_add_rPr().get_or_add_rFonts()
    for slot in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(slot), None)
    fonts.set(qn("w:eastAsia"), face)
    for border in list(look.element.iter(qn("w:pBdr"))):
        border.getparent().remove(border)
    shape = look.paragraph_format
    shape.space_before, shape.space_after = Pt(5), Pt(2)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(size * 1.35)


def _write_title(document: Document, dossier: Dossier) -> None:
    tags = document.add_paragraph()
    set_face(tags.add_run("\u3000".join(dossier.tags)), HEADING_FACE.name, size=10.0)
    title = document.add_paragraph(drop_controls(_cut(dossier.title, 18.0, WIDTH_MM)), style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = Pt(0)
    below = document.add_paragraph()
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    below.paragraph_format.line_spacing, below.paragraph_format.space_after = Pt(14), Pt(4)
    set_face(below.add_run(drop_controls(dossier.subtitle)), KAITI_FACE.name, size=10.5)


def _write_heading(document: Document, text: str) -> None:
    document.add_paragraph(text, style="Heading 1")


def _write_note(document: Document, text: str) -> None:
    if text:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(1)
        paragraph.paragraph_format.line_spacing = Pt(10)
        words = _cut(text, _SMALL, WIDTH_MM * 1.95)
        set_face(paragraph.add_run(drop_controls(words)), BODY_FACE.name, size=_SMALL)


# ------------------------------------------------------------------ tables of set heights
def _add_grid(document: Document, heights: Sequence[float], widths: Sequence[float]) -> list[list[_Cell]]:
    grid = document.add_table(rows=len(heights), cols=len(widths), style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    narrow_margins(grid)
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = Mm(width)
    for row, height_mm in zip(grid.rows, heights, strict=True):
        row.height, row.height_rule = Mm(height_mm), WD_ROW_HEIGHT_RULE.EXACTLY
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return [list(row.cells) for row in grid.rows]


def _fill(
    cell: _Cell,
    text: str,
    width_mm: float,
    *,
    label: bool = False,
    middle: bool = False,
    lines: int = 1,
    fill: str = "",
) -> None:
    cell.width, cell.vertical_alignment = Mm(width_mm), WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing = Pt(11.0 if lines == 1 else 9.6)
    size = _SIZE if lines == 1 else _SMALL
    if middle:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words = _cut(drop_controls(text), size, (width_mm - 2.0) * lines * (1.0 if lines == 1 else 0.95))
    set_face(paragraph.add_run(words), HEADING_FACE.name if label else BODY_FACE.name, size=size)
    if fill:
        shade = OxmlElement("w:shd")
        for key, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", fill)):
            shade.set(qn(key), value)
        cell._tc.get_or_add_tcPr().append(shade)


def _cut(text: str, size: float, width_mm: float) -> str:
    """As much of the text as fits a line of that width, with an ellipsis where it does not."""
    room = int(width_mm / (size * _HALF_EM_MM))
    if measure_width(text) <= room:
        return text
    while text and measure_width(text) > room - 2:
        text = text[:-1]
    return f"{text}…"


def _write_facts(document: Document, facts: Sequence[tuple[str, str]]) -> None:
    widths = (22.0, 63.0, 22.0, 63.0)
    cells = _add_grid(document, [_ROW_MM] * -(-len(facts) // 2), widths)
    for number, (label, value) in enumerate(facts):
        row, side = divmod(number, 2)
        _fill(cells[row][side * 2], label, widths[0], label=True, middle=True, fill=_LABEL_FILL)
        _fill(cells[row][side * 2 + 1], value, widths[1])


def _write_rows(
    document: Document, heads: Row, rows: Sequence[Row], widths: Sequence[float], *, empty: str = ""
) -> None:
    """Write a table; a row of which a cell does not fit one line has two."""
    if not rows:
        _write_note(document, empty)
        return
    wraps = [
        2 if any(_measure(text, _SIZE) > width - 2.0 for text, width in zip(row, widths, strict=True)) else 1
        for row in rows
    ]
    heights = [_ROW_MM, *(_ROW_MM if lines == 1 else _TWO_MM for lines in wraps)]
    cells = _add_grid(document, heights, widths)
    for cell, head, width in zip(cells[0], heads, widths, strict=True):
        _fill(cell, head, width, label=True, middle=True, fill=_HEAD_FILL)
    for line, row in zip(cells[1:], rows, strict=True):
        for place, (cell, text, width) in enumerate(zip(line, row, widths, strict=True)):
            wrap = 2 if _measure(text, _SIZE) > width - 2.0 else 1
            _fill(cell, text, width, middle=place == 0 or width < 30, lines=wrap)


def _measure(text: str, size: float) -> float:
    """Width of a text of one line, millimetres."""
    return measure_width(text) * size * _HALF_EM_MM


# ------------------------------------------------------------------ map, content, photographs
def _write_place(document: Document, place: bytes | None) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = Pt(5)
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    if place is None:
        words = "台账没有该项目的位置,无位置图"
        set_face(paragraph.add_run(words), KAITI_FACE.name, size=10.5)
        return
    picture = paragraph.add_run().add_picture(io.BytesIO(place), width=Mm(MAP_MM[0]))._inline
    picture.docPr.set("descr", "位置图:左为周边,右为所在区县")
    for side in ("distT", "distB", "distL", "distR"):
        picture.set(side, "0")


def _write_content(document: Document, classes: Sequence[ItemClass], note: str) -> None:
    if not classes:
        _write_note(document, "台账未填改造内容。")
        return
    across, width = 6, 26.0
    for each in classes:
        rows = -(-len(each.items) // across)
        cells = _add_grid(document, [_ITEM_MM] * rows, (14.0, *([width] * across)))
        _fill(cells[0][0].merge(cells[-1][0]), each.name, 14.0, label=True, middle=True, fill=_HEAD_FILL)
        for number in range(rows * across):
            row, column = divmod(number, across)
            item = each.items[number] if number < len(each.items) else None
            text = f"{item.sign}{item.name}" if item else ""
            fill = _LABEL_FILL if item and item.planned else ""
            _shrink(cells[row][column + 1], text, width, fill)
        _close_gap(document)
    _write_note(document, note)


def _shrink(cell: _Cell, text: str, width_mm: float, fill: str) -> None:
    """Write an item so that its whole name stands in the cell: smaller, then in two lines."""
    _fill(cell, "", width_mm, fill=fill)
    room = width_mm - 1.4
    size = next((size for size in (_SMALL, 7.0) if _measure(text, size) <= room), _TINY)
    paragraph = cell.paragraphs[0]
    if size == _TINY:
        paragraph.paragraph_format.line_spacing = Pt(7.0)
        text = _cut(text, size, room * 1.95)
    run = paragraph.add_run(drop_controls(text))
    set_face(run, BODY_FACE.name, size=size)
    # the signs are Chinese letters, not Latin ones
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")


def _close_gap(document: Document) -> None:
    """Word needs a paragraph between two tables: the smallest there is."""
    gap = document.add_paragraph()
    gap.paragraph_format.line_spacing = Pt(2)


def _write_photos(document: Document, photos: Sequence[Photo]) -> None:
    tall = _PHOTO_MM[1] if any(photo.content for photo in photos) else 16.0
    cells = _add_grid(document, [tall + 6.0], (WIDTH_MM / 2,) * 2)[0]
    for cell, photo in zip(cells, photos, strict=True):
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if photo.content:
            wide, high = measure_photo(photo.content)
            scale = min(_PHOTO_MM[0] / wide, (_PHOTO_MM[1] - 1.0) / high)
            paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
            run = paragraph.add_run()
            picture = run.add_picture(io.BytesIO(photo.content), width=Mm(wide * scale))._inline
            picture.docPr.set("descr", f"{photo.title}照片")
            words = cell.add_paragraph()
            words.alignment = WD_ALIGN_PARAGRAPH.CENTER
            set_face(words.add_run(photo.title), KAITI_FACE.name, size=_SMALL)
        else:
            text = _cut(drop_controls(f"{photo.title}\uff1a{photo.fault}"), _SIZE, WIDTH_MM * 0.9)
            set_face(paragraph.add_run(text), KAITI_FACE.name, size=_SIZE)


def _set_properties(document: Document, dossier: Dossier) -> None:
    """Fill the file's properties from the dossier: the clock has no part in it."""
    words, day = document.core_properties, dt.datetime.combine(dossier.as_of, dt.time())
    words.title, words.subject = drop_controls(dossier.title), drop_controls(dossier.site_id)
    words.author = words.last_modified_by = "renewal_gis"
    words.keywords, words.comments, words.language = ",".join(dossier.tags), "", "zh-CN"
    words.created = words.modified = words.last_printed = day
    words.revision = 1
    words.category = vocab.INTERNAL
