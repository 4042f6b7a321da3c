"""The office's own docx template, filled with a bulletin (docxtpl)."""

from __future__ import annotations

import io
import zipfile
from importlib import util
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import MissingFileError, PublishError
from renewal_gis.render.office import fix_times
from renewal_gis.render.paper import Paragraph, format_value
from renewal_gis.render.typeset import drop_controls

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renewal_gis.render.paper import Bulletin, Table

_WIDTH_MM = 156.0


def fill_template(bulletin: Bulletin, figures: Mapping[str, bytes], template: Path, /) -> bytes:
    """Return the office's template filled with a bulletin.

    Parameters
    ----------
    bulletin
        The tree.
    figures
        PNG by the key of its slot.
    template
        A docx with ``{{ … }}``, ``{%p … %}`` and ``{%tr … %}`` as docxtpl reads them; what it may name
        is what :func:`make_context` returns.

    Returns
    -------
    bytes
        The file; the same bulletin and template give the same bytes.

    Raises
    ------
    MissingFileError
        No such template.
    PublishError
        Not a docx, a key that the bulletin does not have, a faulty expression, or docxtpl is missing.
    """
    if not template.is_file():
        raise MissingFileError("找不到模板", place=str(template), remedy="请给出 .docx 文件")
    if util.find_spec("docxtpl") is None:
        raise PublishError(
            "没有安装 docxtpl", place="--template", remedy='请安装:pip install "renewal-gis[office]"'
        )
    from docx.opc.exceptions import PackageNotFoundError  # noqa: PLC0415
    from docx.shared import Mm  # noqa: PLC0415
    from docxtpl import DocxTemplate, InlineImage  # noqa: PLC0415  # only who brings a template needs it
    from jinja2 import StrictUndefined, TemplateError, UndefinedError  # noqa: PLC0415
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415  # a template is a file from outside

    context = make_context(bulletin)
    try:
        document = DocxTemplate(str(template))
        document.init_docx()
        context["figures"] = {
            key: InlineImage(document, io.BytesIO(content), width=Mm(_WIDTH_MM))
            for key, content in figures.items()
        }
        document.render(context, SandboxedEnvironment(undefined=StrictUndefined), autoescape=True)
    except UndefinedError as error:
        raise PublishError(
            f"模板要的内容通报中没有:{error}",
            place=str(template),
            remedy=f"可用的有 {'、'.join(sorted({*context, 'figures'}))},详见 docs/bulletin.md",
        ) from error
    except (TemplateError, PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise PublishError(
            f"模板不能用:{error}", place=str(template), remedy="请用 Word 另存为 .docx,并核对花括号"
        ) from error
    buffer = io.BytesIO()
    document.save(buffer)
    return fix_times(buffer.getvalue())


def make_context(bulletin: Bulletin, /) -> dict[str, Any]:
    """Return what a template may name.

    Returns
    -------
    dict
        ``title``, ``header_lines``, ``tags``, ``as_of`` (``2021-09-30``), ``footnotes``, ``annexes``;
        ``sections`` and ``annex_sections`` (each with ``heading`` and ``paragraphs`` of ``lead`` and
        ``text``); ``tables`` by key (each with ``title``, ``columns``, ``rows`` of printed texts and
        ``notes``); ``record``, the numbers of ``bulletin.json``. ``figures`` by key is added when a
        template is filled.
    """
    sections = [
        {
            "heading": drop_controls(section.heading),
            "paragraphs": [
                {"lead": drop_controls(block.lead), "text": drop_controls(block.text)}
                for block in section.blocks
                if isinstance(block, Paragraph)
            ],
            "annex": section.annex,
        }
        for section in bulletin.sections
    ]
    return {
        "title": drop_controls(bulletin.title),
        "header_lines": [drop_controls(line) for line in bulletin.header_lines],
        "tags": list(bulletin.tags),
        "as_of": bulletin.as_of.isoformat(),
        "sections": [section for section in sections if not section["annex"]],
        "annex_sections": [section for section in sections if section["annex"]],
        "annexes": [drop_controls(name) for name in bulletin.annexes()],
        "footnotes": [drop_controls(note) for note in bulletin.footnotes],
        "tables": {table.key: _print_table(table) for table in bulletin.tables()},
        "record": dict(bulletin.record),
    }


def _print_table(table: Table) -> dict[str, Any]:
    return {
        "title": drop_controls(table.title),
        "columns": [drop_controls(column.name) for column in table.columns],
        "rows": [
            [drop_controls(format_value(v, c.kind)) for v, c in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
        "notes": [drop_controls(note) for note in table.notes],
    }
