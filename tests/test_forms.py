"""docx, xlsx, html and json of one bulletin say the same numbers."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import docx
import openpyxl
import pytest
from PIL import Image

from renewal_gis import toytown
from renewal_gis.errors import PublishError
from renewal_gis.pipeline.inputs import take_toytown
from renewal_gis.pipeline.review import Scope
from renewal_gis.pipeline.survey import keep_inputs, survey_ledger
from renewal_gis.publish import render_bulletin
from renewal_gis.render import style
from renewal_gis.render.bulletin import build_bulletin
from renewal_gis.render.bulletin_html import write_html
from renewal_gis.render.paper import Issue, format_value
from samples import AS_OF


def make_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "white").save(buffer, "PNG")
    return buffer.getvalue()


PNG = make_picture()


def look(tmp_path_factory, *, as_of, **scope):
    plan, inputs = toytown.make_plan(), take_toytown()
    ledger = tmp_path_factory.mktemp("ledger") / "ledger.gpkg"
    keep_inputs(inputs, ledger, plan, at=AS_OF, by="测试")
    return survey_ledger(plan, inputs, ledger, tell=lambda _: None, as_of=as_of, scope=Scope(**scope))


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return look(tmp_path_factory, as_of=AS_OF)


@pytest.fixture(scope="module")
def tree(survey):
    return build_bulletin(survey)


@pytest.fixture(scope="module")
def forms(survey):
    return render_bulletin(survey, kind="weekly", figure=PNG)


class Page(HTMLParser):
    """Tables by key, their cells as text; and what the page would ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self.tags: set[str] = set()
        self.open = False

    def handle_starttag(self, tag, attrs):
        words = dict(attrs)
        self.tags.add(tag)
        self.asked += [words[key] for key in ("src", "href") if key in words]
        if tag == "table":
            self.rows = self.tables.setdefault(words["id"], [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.open = True

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.open = False

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1] += data


def read_html(content):
    page = Page()
    page.feed(content.decode())
    return page


def write_rows(table):
    return [[format_value(v, c.kind) for v, c in zip(row, table.columns, strict=True)] for row in table.rows]


def test_the_files_of_a_bulletin(forms):
    assert list(forms) == [
        "bulletin.json", "weekly-2021-09-30.docx", "weekly-2021-09-30.xlsx", "weekly-2021-09-30.html",
    ]  # fmt: skip


def test_sections_and_annexes(tree):
    assert [section.heading for section in tree.sections if not section.annex] == [
        "一、总体进展", "二、大排队", "三、本周变化与未报送单位", "四、存在问题", "五、挂牌督办", "六、下周重点",
    ]  # fmt: skip
    assert tree.annexes()[-4:] == (
        "本周变化情况表、本周项目动态表", "本周报送情况表", "挂牌督办建议表（拟）、长期未更新项目表", "核查问题汇总表",
    )  # fmt: skip
    for table in tree.tables():
        assert sum(column.width_mm for column in table.columns) == 156, table.key


def test_every_table_is_the_same_in_docx_xlsx_and_html(tree, forms):
    page = read_html(forms["weekly-2021-09-30.html"])
    paper = docx.Document(io.BytesIO(forms["weekly-2021-09-30.docx"]))
    book = openpyxl.load_workbook(io.BytesIO(forms["weekly-2021-09-30.xlsx"]))
    tables = tree.tables()
    assert len(paper.tables) == len(tables) == len(book.worksheets) - 1 == len(page.tables)
    for table, on_paper, sheet in zip(tables, paper.tables, book.worksheets, strict=False):
        written = write_rows(table)
        assert page.tables[table.key][1:] == written, table.key
        merged = [place for place, column in enumerate(table.columns) if column.merge]
        for texts, row in zip(written, on_paper.rows[1:], strict=True):
            cells = [cell.text for cell in row.cells]
            assert [t for k, t in enumerate(texts) if k not in merged] == [
                t for k, t in enumerate(cells) if k not in merged
            ]
        cells = sheet.iter_rows(4, 3 + len(written), max_col=len(table.columns), values_only=True)
        for values, row in zip(table.rows, cells, strict=True):
            for value, cell, column in zip(values, row, table.columns, strict=True):
                if value is None or isinstance(value, str):
                    assert cell == format_value(value, column.kind)
                else:
                    assert cell == pytest.approx(float(value), rel=1e-15, abs=0)  # xlsx keeps 16 digits


def test_the_json_holds_the_numbers_of_the_tables(tree, forms):
    record = json.loads(forms["bulletin.json"])
    city = [row for row in record["targets"] if row["unit"] == "全市"]
    shown = {
        row[0].replace("其中，", "").split("（台账口径）")[0]: row for row in write_rows(tree.tables()[0])
    }
    assert len(city) == len(shown) == 5
    held = {row["id"]: row["ledger"] for row in record["counts"] if row["unit"] == "全市"}
    for row in city:
        row |= {"ledger": held[row["id"]]}
        _, measure, task, ledger, done, rate, expected, pace, light = shown[row["indicator"]]
        assert [measure, task, ledger, done] == [row["measure"], *(
            style.format_count(row[key]) for key in ("task", "ledger", "done"))]  # fmt: skip
        assert rate == style.format_percent(row["rate"][0] / row["rate"][1])
        assert expected == style.format_percent(row["expected"])
        assert pace == style.format_points(row["pace_pp"])
        assert light == format_value(row["light"] or "", "light")
    units = {row["unit"]: row for row in record["targets"] if row["id"] == "T1"}
    for row in write_rows(next(table for table in tree.tables() if table.key == "units-T1")):
        assert row[2] == style.format_count(units[row[1]]["rank"])
        assert [row[3], row[5]] == [str(units[row[1]][key]) for key in ("task", "done")]
    changes = {row["indicator"]: row for row in record["changes"] if row["unit"] == "全市"}
    for row in write_rows(next(table for table in tree.tables() if table.key == "changes")):
        entry = changes[row[0]]
        assert row[2:5] == [
            str(entry["done_before"]),
            str(entry["done"]),
            style.format_change(entry["change"]),
        ]
        assert row[7] == style.format_points(entry["change_pp"])
    proposals = [row for row in record["supervision"] if row["target"]]
    table = next(table for table in tree.tables() if table.key == "proposals")
    assert [(row[1], row[3], row[4]) for row in table.rows] == [
        (row["unit"], row["rate"][1], row["done"]) for row in proposals
    ]


def test_every_number_of_the_text_is_in_docx_and_html(tree, forms):
    paper = docx.Document(io.BytesIO(forms["weekly-2021-09-30.docx"]))
    on_paper = "".join(paragraph.text for paragraph in paper.paragraphs)
    page = re.sub(r"<[^>]+>", "", forms["weekly-2021-09-30.html"].decode())
    for section in tree.sections:
        for block in section.blocks if not section.annex else ():
            assert block.lead + block.text in on_paper
            assert block.lead + block.text in page


def test_the_week_in_words(tree):
    text = "".join(block.lead + block.text for block in tree.sections[2].blocks)
    # A-02 was completed on 09-30; one of six compounds is 16.7 points
    assert "较2021年9月23日，老旧小区改造完成增加1个（提高16.7个百分点）；其余4项指标没有变化。" in text
    assert "新开工0个项目，新完工1个项目（老旧小区1），新验收0个项目。" in text
    # 乙区's last entry is A-05's of 09-12, 丙县's A-06 of 07-01
    assert "本周未报送2个单位：丙县（91天未更新）、乙区（18天未更新）。" in text


def test_the_ranking_in_words(tree):
    text = "".join(block.text for block in tree.sections[1].blocks)
    assert (
        "主城区组：第1名甲区（2/3，66.7%）；第2名乙区（1/2，50.0%）。县组：第1名丙县（0/1，0.0%）。" in text
    )


def test_force_majeure_and_month(tmp_path_factory):
    survey = look(tmp_path_factory, as_of=AS_OF, kind="monthly", force_majeure=["甲区"])
    tree = build_bulletin(survey, kind="monthly", issue=Issue(9))
    assert tree.title.endswith("月调度通报")
    assert "第9期" in tree.header_lines[0]
    text = "".join(block.text for block in tree.sections[1].blocks)
    assert "第1名乙区" in text
    assert "因不可抗力暂不排名：甲区。" in text
    assert tree.record["since"] == "2021-08-31"


def test_the_page_asks_for_nothing(forms):
    page = read_html(forms["weekly-2021-09-30.html"])
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.asked
    assert all(address.startswith("data:image/png;base64,") for address in page.asked)


def test_what_an_office_wrote_is_escaped(survey):
    sites = survey.sites.copy()
    slips = survey.review.slips
    assert slips.empty
    row = {"site_id": "A-03", "name": "<script>alert(1)</script>", "programme": "old_compound", "unit": "甲区",
           "stage": "started", "planned_finish": sites["planned_finish"].iloc[0], "days_late": 1, "new": True}  # fmt: skip
    review = dataclasses.replace(survey.review, slips=slips.from_records([row]))
    page = write_html(build_bulletin(dataclasses.replace(survey, review=review)), {"status": PNG}).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page


def test_a_missing_figure_is_refused(tree):
    with pytest.raises(PublishError, match="缺少图件“status”"):
        write_html(tree, {})


def test_again_the_same_bytes(survey, forms):
    assert render_bulletin(survey, kind="weekly", figure=PNG) == forms


def test_the_annexes_are_listed_before_the_notes_and_do_not_stand_alone(forms):
    paper = docx.Document(io.BytesIO(forms["weekly-2021-09-30.docx"]))
    texts = [paragraph.text for paragraph in paper.paragraphs]
    first = next(k for k, text in enumerate(texts) if text.startswith("附件："))
    assert first < texts.index("口径说明")
    assert all(p.paragraph_format.keep_with_next for p in paper.paragraphs[first - 2 : first + 2])
    last = texts.index("附件1") - 1
    assert [bool(p.paragraph_format.keep_with_next) for p in paper.paragraphs[last - 2 : last + 1]] == [
        True, True, False,
    ]  # fmt: skip
