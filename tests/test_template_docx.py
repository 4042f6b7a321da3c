"""A template of the office, filled; and what is said where it cannot be."""

from __future__ import annotations

import io

import docx
import pytest
from PIL import Image

from renewal_gis.errors import MissingFileError, PublishError
from renewal_gis.render import bulletin
from renewal_gis.render.template_docx import fill_template, make_context
from samples import make_survey

pytest.importorskip("docxtpl", reason="没有安装 docxtpl(extra office)")


@pytest.fixture(scope="module")
def tree():
    return bulletin.build_bulletin(make_survey())


@pytest.fixture(scope="module")
def figures():
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(buffer, "PNG")
    return {"status": buffer.getvalue()}


def write(path, *lines):
    paper = docx.Document()
    for line in lines:
        paper.add_paragraph(line)
    paper.save(path)
    return path


def test_a_template_is_filled(tmp_path, tree, figures):
    template = write(
        tmp_path / "模板.docx",
        "某市某局文件", "{{ title }}", "{{ header_lines[0] }}",
        "{%p for section in sections %}", "{{ section.heading }}",
        "{%p for paragraph in section.paragraphs %}", "{{ paragraph.lead }}{{ paragraph.text }}",
        "{%p endfor %}", "{%p endfor %}",
        "老旧小区完成率{{ tables.targets.rows[0][5] }}", "{{ figures.status }}", "{{ record.plan }} <&>",
    )  # fmt: skip
    content = fill_template(tree, figures, template)
    paper = docx.Document(io.BytesIO(content))
    texts = [paragraph.text for paragraph in paper.paragraphs]
    assert texts[:3] == ["某市某局文件", tree.title, tree.header_lines[0]]
    assert "老旧小区完成率50.0%" in texts
    assert any(text.startswith("城镇老旧小区改造。老旧小区改造完成：共6个") for text in texts)
    assert len(paper.inline_shapes) == 1
    assert fill_template(tree, figures, template) == content


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{{ titel }}", "'titel' is undefined"),
        ("{{ tables.nothing.rows }}", "nothing"),
        ("{{ title", "模板不能用"),
        ("{{ ''.__class__.__mro__ }}", "模板"),
    ],
)
def test_a_template_that_cannot_be_filled_says_why(tmp_path, tree, figures, line, words):
    with pytest.raises(PublishError, match=words):
        fill_template(tree, figures, write(tmp_path / "t.docx", line))


def test_what_is_no_docx_is_refused(tmp_path, tree, figures):
    (tmp_path / "t.docx").write_bytes(b"no zip")
    with pytest.raises(PublishError, match="模板不能用"):
        fill_template(tree, figures, tmp_path / "t.docx")
    with pytest.raises(MissingFileError, match="找不到模板"):
        fill_template(tree, figures, tmp_path / "none.docx")


def test_the_context_is_what_the_manual_says(tree):
    context = make_context(tree)
    assert sorted(context) == [
        "annex_sections", "annexes", "as_of", "footnotes", "header_lines", "record", "sections", "tables",
        "tags", "title",
    ]  # fmt: skip
    assert context["tables"]["targets"]["rows"][0][0] == "老旧小区改造完成"
