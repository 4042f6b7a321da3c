from __future__ import annotations

import dataclasses
import datetime as dt
import io
import zipfile

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from PIL import Image

from renewal_gis.errors import PublishError
from renewal_gis.findings import make_finding
from renewal_gis.render import bulletin, office
from renewal_gis.render import paper as tree
from samples import AS_OF, make_survey


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), "#88AACC").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def weekly():
    return bulletin.build_bulletin(make_survey())


@pytest.fixture(scope="module")
def figures():
    return {"status": _picture()}


@pytest.fixture(scope="module")
def paper(weekly, figures):
    return docx.Document(io.BytesIO(office.write_docx(weekly, figures)))


@pytest.fixture(scope="module")
def book(weekly):
    return openpyxl.load_workbook(io.BytesIO(office.write_xlsx(weekly)))


def test_page_is_that_of_an_official_document(paper):
    page = paper.sections[0]
    size = (page.page_width.mm, page.page_height.mm, page.top_margin.mm, page.left_margin.mm)
    assert size == pytest.approx((210, 297, 37, 28), abs=0.02)
    assert page.page_width.mm - page.left_margin.mm - page.right_margin.mm == pytest.approx(156, abs=0.05)
    assert page.page_height.mm - page.top_margin.mm - page.bottom_margin.mm == pytest.approx(225, abs=0.05)


@pytest.mark.parametrize(
    ("name", "face", "size"),
    [
        ("Normal", "仿宋", 16),
        ("Title", "方正小标宋简体", 22),
        ("Heading 1", "黑体", 16),
        ("Caption", "黑体", 10.5),
    ],
)
def test_styles_name_their_chinese_face(paper, name, face, size):
    look = paper.styles[name]
    assert look.element.rPr.rFonts.get(qn("w:eastAsia")) == face
    assert look.element.rPr.rFonts.get(qn("w:eastAsiaTheme")) is None
    assert look.font.size.pt == size


def test_free_faces_may_stand_in(weekly, figures):
    with zipfile.ZipFile(io.BytesIO(office.write_docx(weekly, figures))) as parts:
        table = parts.read("word/fontTable.xml").decode()
    assert 'w:name="仿宋"' in table
    assert "Noto Serif CJK SC" in table


def test_headings_are_headings(paper, weekly):
    heads = [p.text for p in paper.paragraphs if p.style.name == "Heading 1"]
    names = [section.heading for section in weekly.sections]
    assert heads == [*names[:3], "口径说明", *names[3:]]
    assert [p.text for p in paper.paragraphs if p.style.name == "Title"] == [weekly.title]
    assert paper.paragraphs[0].text == "内部使用\u3000模拟数据"


def test_tables_hold_the_values_of_the_tree(paper, weekly):
    for drawn, table in zip(paper.tables, weekly.tables(), strict=True):
        assert [cell.text.replace("\n", "") for cell in drawn.rows[0].cells] == [
            column.name for column in table.columns
        ]
        for row, values in zip(drawn.rows[1:], table.rows, strict=True):
            written = [tree.format_value(v, c.kind) for v, c in zip(values, table.columns, strict=True)]
            assert [
                cell.text for cell, column in zip(row.cells, table.columns, strict=True) if not column.merge
            ] == [word for word, column in zip(written, table.columns, strict=True) if not column.merge]


def test_table_head_is_repeated_and_rows_are_not_torn(paper):
    for table in paper.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_equal_groups_are_one_cell(paper):
    cells = [row._tr.tc_lst[0] for row in paper.tables[1].rows]
    assert [cell.vMerge for cell in cells] == [None, None, "restart", "continue", None]
    assert paper.tables[1].rows[2].cells[0].text == "主城区组"


def test_figure_is_156_mm_wide_with_caption(paper, weekly):
    assert [shape.width.mm for shape in paper.inline_shapes] == pytest.approx([156], abs=0.01)
    captions = [p.text for p in paper.paragraphs if p.style.name == "Caption"]
    assert weekly.figures()[0].caption in captions


def test_annexes_are_listed_and_begin_a_page(paper, weekly):
    texts = [p.text for p in paper.paragraphs]
    assert "附件：1. 目标任务进展情况表" in texts
    assert f"\u3000\u3000\u3000{len(weekly.annexes())}. 核查问题汇总表" in texts
    starts = [p for p in paper.paragraphs if p.paragraph_format.page_break_before]
    assert [p.text for p in starts] == ["附件1", "附件2", "附件3", "附件4"]


def test_pages_are_numbered_on_both_sides(paper):
    page = paper.sections[0]
    for footer in (page.footer, page.even_page_footer):
        assert "PAGE" in footer._element.xml
    assert paper.settings.odd_and_even_pages_header_footer


def test_a_missing_figure_is_refused(weekly):
    with pytest.raises(PublishError, match="status"):
        office.write_docx(weekly, {})


def test_docx_has_no_clock(weekly, figures):
    content = office.write_docx(weekly, figures)
    assert content == office.write_docx(weekly, figures)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = docx.Document(io.BytesIO(content)).core_properties
    assert properties.created.date() == properties.modified.date() == AS_OF


def test_control_characters_do_no_harm(weekly, figures):
    odd = dataclasses.replace(weekly, title="甲\x00\x0b乙", footnotes=("丙\x1f丁",))
    texts = [p.text for p in docx.Document(io.BytesIO(office.write_docx(odd, figures))).paragraphs]
    assert "甲乙" in texts
    assert "1. 丙丁" in texts


# ------------------------------------------------------------------ workbooks
def test_one_sheet_a_table(book, weekly):
    assert book.sheetnames == [*(table.title for table in weekly.tables()), "口径说明"]


def test_numbers_are_numbers(book):
    row = [cell.value for cell in book.worksheets[0][4]]
    assert row[:6] == ["老旧小区改造完成", "个", 6, 6, 3, 0.5]
    assert row[6] == pytest.approx(14 / 15)
    assert row[7] == pytest.approx(-130 / 3)  # 50 − 93.33…
    assert book.worksheets[0]["F4"].number_format == "0.0%"


def test_what_is_missing_is_a_dash(book):
    assert [cell.value for cell in book.worksheets[0][8]][2:] == ["—", 1, 0, 0, "—", "—", "—"]


def test_sheets_are_ready_to_print(book):
    for sheet in book.worksheets[:-1]:
        assert sheet.freeze_panes == "A4"
        assert sheet.print_area.startswith(f"'{sheet.title}'!$A$1:$")
        assert sheet.print_title_rows == "$3:$3"


def test_a_light_colours_its_cell(book):
    assert book.worksheets[0]["I4"].value == "■严重滞后"
    assert book.worksheets[0]["I4"].fill.fgColor.rgb == "FFF8D9C6"


def test_two_tables_of_one_name_get_two_sheets(weekly):
    twice = dataclasses.replace(weekly, sections=(*weekly.sections, weekly.sections[3]))
    names = openpyxl.load_workbook(io.BytesIO(office.write_xlsx(twice))).sheetnames
    assert len(set(names)) == len(names) == 5


def test_xlsx_has_no_clock(weekly):
    first = office.write_xlsx(weekly)
    assert first == office.write_xlsx(weekly)
    with zipfile.ZipFile(io.BytesIO(first)) as parts:
        assert {entry.date_time[:3] for entry in parts.infolist()} == {(1980, 1, 1)}
        assert b"2021-09-30T00:00:00Z" in parts.read("docProps/core.xml")


def _read(findings):
    return openpyxl.load_workbook(io.BytesIO(office.write_findings(findings, as_of=AS_OF))).active


def test_findings_say_where_errors_first():
    found = [
        make_finding("location-missing", file="a.xlsx", sheet="台账", row=6, site_id="A-04"),
        make_finding("header-missing", file="b.xlsx", field="编号"),
    ]
    sheet = _read(found)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [
        "序号", "程度", "代码", "问题", "文件", "工作表", "行号", "字段", "原值", "项目编号", "处理办法",
    ]  # fmt: skip
    assert [row[1] for row in rows[1:]] == ["错误", "警告"]
    assert rows[2][4:10] == ["a.xlsx", "台账", 6, None, None, "A-04"]
    assert rows[1][3] == "缺少必需列“编号”"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:K3"


@pytest.mark.parametrize(
    "value", ["=cmd|'/c calc'!A1", "+1+1", "@SUM(A1)", "{=1}", "https://a.cn", "00123", "甲\x00乙"]
)
def test_what_the_office_wrote_stays_text(value):
    cell = _read([make_finding("date-unread", field="x", value=value)])["I2"]
    assert (cell.data_type, cell.value) == ("s", value.replace("\x00", ""))
    assert cell.hyperlink is None


def test_no_finding_gives_an_empty_list():
    assert _read([]).max_row == 1


def test_findings_have_no_clock():
    found = [make_finding("id-missing", file="a.xlsx", row=k) for k in range(3)]
    assert office.write_findings(found) == office.write_findings(found)
    day = office.write_findings(found, as_of=dt.date(2021, 1, 2))
    with zipfile.ZipFile(io.BytesIO(day)) as parts:
        assert b"2021-01-02T00:00:00Z" in parts.read("docProps/core.xml")
