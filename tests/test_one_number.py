"""One build of the bundled project: every number in docx, xlsx, html, json and map is the same."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
import zlib
from fractions import Fraction
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from conftest import HANDAN
from renewal_gis.pipeline.inputs import load_inputs
from renewal_gis.pipeline.report import survey_for_report
from renewal_gis.pipeline.supervise import Entry, open_listing
from renewal_gis.pipeline.survey import keep_inputs
from renewal_gis.plan import load_plan
from renewal_gis.publish import render_bulletin
from renewal_gis.render import style
from renewal_gis.render.webmap import pages
from renewal_gis.render.webmap.codec import unpack_text
from renewal_gis.vocab import Light

DAY = dt.date(2021, 9, 30)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
NUMBER = re.compile(r"[+\u2212-]?\d+(?:\.\d+)?%?")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005"
    "fe02fe0def46b80000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    plan = load_plan(HANDAN)
    ledger = tmp_path_factory.mktemp("ledger") / "ledger.gpkg"
    keep_inputs(load_inputs(plan), ledger, plan, at=dt.datetime(2022, 1, 1, tzinfo=dt.UTC), by="测试")
    entry = Entry(dt.date(2021, 9, 24), "测试", dt.datetime(2022, 1, 1, tzinfo=dt.UTC))
    open_listing(ledger, entry=entry, deadline=dt.date(2021, 9, 28), unit="磁县", target_id="T04")
    return survey_for_report(plan, ledger, as_of=DAY, tell=lambda _: None)


@pytest.fixture(scope="module")
def weekly(survey):
    return render_bulletin(survey, kind="weekly", figure=PNG)


@pytest.fixture(scope="module", params=["weekly", "monthly", "supervision"])
def forms(survey, request):
    made = render_bulletin(survey, kind=request.param, figure=PNG)
    return {name.rpartition(".")[2]: content for name, content in made.items()}


def read_part(content, name):
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return ET.fromstring(parts.read(name))


def read_docx(content):
    """Tables by title, as rows of cells, and the text outside of tables; from the XML itself."""
    body = read_part(content, "word/document.xml").find(f"{W}body")
    tables, words, last = {}, [], ""
    for child in body:
        if child.tag == f"{W}tbl":
            rows = [
                ["".join(t.text or "" for t in cell.iter(f"{W}t")) for cell in row.iter(f"{W}tc")]
                for row in child.iter(f"{W}tr")
            ]
            tables[last] = rows
        else:
            last = "".join(t.text or "" for t in child.iter(f"{W}t"))
            words.append(last)
    return tables, "\n".join(words)


def read_xlsx(content):
    """Sheets by title (cell A1), as rows of raw values from the XML itself; no formula anywhere."""
    shared = [
        "".join(t.text or "" for t in item.iter(f"{S}t"))
        for item in read_part(content, "xl/sharedStrings.xml")
    ]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    sheets = {}
    for name in names:
        sheet = read_part(content, name)
        assert not list(sheet.iter(f"{S}f"))
        rows = []
        for row in sheet.iter(f"{S}row"):
            cells = []
            for cell in row.iter(f"{S}c"):
                value = cell.find(f"{S}v")
                text = "" if value is None else value.text
                cells.append(shared[int(text)] if cell.get("t") == "s" else Fraction(text) if text else "")
            rows.append(cells)
        sheets[rows[0][0]] = rows
    return sheets


class Page(HTMLParser):
    """Tables by caption, and the text outside of tables."""

    def __init__(self) -> None:
        super().__init__()
        self.tables, self.words, self.place, self.skip = {}, [], "", False
        self.rows, self.cell, self.caption = [], None, ""

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.place, self.rows, self.caption = "table", [], ""
        elif tag in {"td", "th"}:
            self.cell = ""
        elif tag == "tr":
            self.rows.append([])
        elif tag == "style":
            self.skip = True

    def handle_endtag(self, tag):
        if tag == "table":
            self.tables[self.caption], self.place = self.rows, ""
        elif tag in {"td", "th"}:
            self.rows[-1].append(self.cell)
            self.cell = None
        elif tag == "style":
            self.skip = False

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data
        elif self.place:
            self.caption += data.strip()
        elif not self.skip:
            self.words.append(data)


def read_html(content):
    page = Page()
    page.feed(content.decode())
    return page.tables, "\n".join(page.words)


def write_number(value, shown):
    """A raw number of a workbook as the paper shows it beside it."""
    if shown.endswith("%"):
        return style.format_percent(value)
    if "." in shown:
        return style.format_points(value)
    return style.format_change(value) if shown[:1] in "+\u2212" else style.format_count(int(value))


def test_every_cell_of_every_table_is_the_same(forms):
    on_paper, _ = read_docx(forms["docx"])
    on_page, _ = read_html(forms["html"])
    in_book = read_xlsx(forms["xlsx"])
    assert set(on_paper) == set(on_page)
    assert {*on_page, "1"} >= {str(title) for title in in_book if title in on_page} == set(on_page)
    cells = 0
    for title, rows in on_page.items():
        sheet = in_book[title][3 : 3 + len(rows) - 1]
        for told, drawn, raw in zip(rows[1:], on_paper[title][1:], sheet, strict=True):
            for k, shown in enumerate(told):
                # equal words that follow each other are one cell on paper: numbers never are
                assert drawn[k] in ({shown, ""} if k == 0 else {shown}), title
                value = raw[k]
                assert shown == (value if isinstance(value, str) else write_number(value, shown)), title
                cells += 1
    assert cells > 300


def test_every_number_of_the_text_is_the_same(forms):
    _, on_paper = read_docx(forms["docx"])
    _, on_page = read_html(forms["html"])
    # the paper lists its annexes with numbers and joins short notes in one line
    keep = [line for line in on_page.splitlines() if line.strip()]
    assert len(keep) > 20
    for line in keep:
        if not line.startswith("图1"):
            assert line.strip() in on_paper.replace("\u3000", " ") or line.strip() in on_paper, line
    assert len(NUMBER.findall(" ".join(keep))) > 60


def test_the_json_holds_the_numbers_of_the_tables(forms, survey):
    record = json.loads(forms["json"])
    on_page, _ = read_html(forms["html"])
    shown = {row[0]: row[2:] for row in on_page["目标任务进展情况表"][1:]}
    names = {target.id: target.indicator for target in survey.plan.targets}
    held = {(row["id"], row["unit"]): row for row in record["counts"]}
    seen = 0
    for row in record["targets"]:
        if row["unit"] != "全市":
            continue
        key = next(k for k in shown if style and names[row["id"]].replace("(", "（").replace(")", "）") in k)
        task, ledger, done, rate, expected, pace, light = shown[key]
        assert [task, done] == [style.format_count(row["task"]), style.format_count(row["done"])]
        assert ledger == style.format_count(held[row["id"], "全市"]["ledger"])
        assert rate == style.format_percent(Fraction(*row["rate"]))
        assert expected == style.format_percent(row["expected"])
        assert pace == style.format_points(row["pace_pp"])
        lights = {None: {"—", "未到"}, "green": {"●正常"}, "slight": {"○略滞后"}, "yellow": {"▲滞后"},
                  "red": {"■严重滞后"}}  # fmt: skip
        assert light in lights[row["light"]] or light[1:] in {w[1:] for w in lights[row["light"]]}
        seen += 1
    assert seen == 16


def read_map(page):
    """The data of the page's script, out of its compressed blocks."""
    for block in re.findall(r"[A-Za-z0-9+/=]{200,}", page):
        try:
            text = unpack_text(block)
        except (ValueError, zlib.error, OSError):
            continue
        if b'"numbers"' in text:
            return json.loads(text)
    return json.loads(re.search(r'(\{"[^\n]*"numbers".*\})', page).group(1))


def test_the_map_says_what_the_bulletin_says(survey, weekly):
    record = json.loads(weekly["bulletin.json"])
    told = read_map(pages.write_index(survey))
    place = {tuple(key): k for k, key in enumerate(told["keys"])}
    day = told["days"].index(DAY.isoformat())
    lights = ["", *(light.value for light in Light)]
    numbers = told["numbers"]
    assert len(place) == len(record["targets"])
    for row in record["targets"]:
        k = place[row["id"], row["unit"]]
        shown = {name: column[k][day] for name, column in numbers.items()}
        assert shown["done"] == row["done"]
        assert ([shown["counted"], shown["base"]] if row["rate"] else None) == row["rate"]
        for key, value in (
            ("rate", Fraction(*row["rate"]) * 100 if row["rate"] else None),
            ("expected", None if row["expected"] is None else row["expected"] * 100), ("pace_pp", row["pace_pp"]),
        ):  # fmt: skip
            # the map holds tenths of a per cent, the paper prints one decimal
            assert shown[key] == (None if value is None else round(style.round_half_up(value) * 10)), key
        assert lights[shown["light"]] == (row["light"] or "")


def test_again_the_same_bytes(forms, survey):
    kind = json.loads(forms["json"])["kind"]
    again = render_bulletin(survey, kind=kind, figure=PNG)
    assert {name.rpartition(".")[2]: content for name, content in again.items()} == forms
