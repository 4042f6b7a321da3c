"""The bulletin as one offline page: no script, no request, every word escaped."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from renewal_gis.errors import PublishError
from renewal_gis.render import style
from renewal_gis.render.paper import CENTERED, FigureSlot, Paragraph, format_value
from renewal_gis.render.typeset import drop_controls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renewal_gis.render.paper import Block, Bulletin, Table

_LOOK = """
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; line-height: 1.8;
  color: #1b2430; background: #fff;
  font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; }
h1 { text-align: center; font-size: 1.6rem; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #c3c8cf; }
p { margin: .4rem 0; }
.day { text-align: center; }
.tags span { border: 1px solid; padding: .1rem .5rem; margin-right: .5rem; font-size: .85rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; line-height: 1.4; margin: .5rem 0; }
caption { font-weight: bold; padding: .5rem; }
th, td { border: 1px solid #9aa5b1; padding: .25rem .4rem; }
th { background: #e9eef4; }
td.mid { text-align: center; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.sum td { font-weight: bold; }
.note { font-size: .8rem; color: #5f6b7a; }
figure { margin: 1rem 0; text-align: center; }
figure img { max-width: 100%; height: auto; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def write_html(bulletin: Bulletin, figures: Mapping[str, bytes], /) -> bytes:
    """Return the bulletin as an HTML page that opens anywhere and asks for nothing.

    Parameters
    ----------
    bulletin
        The tree.
    figures
        PNG by the key of its slot.

    Returns
    -------
    bytes
        UTF-8; the same bulletin gives the same bytes.

    Raises
    ------
    PublishError
        A slot of the bulletin has no figure.
    """
    parts = [
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_clean(bulletin.title)}</title>\n<style>{_LOOK}</style>\n</head>\n<body>",
        f'<p class="tags">{"".join(f"<span>{_clean(tag)}</span>" for tag in bulletin.tags)}</p>',
        f"<h1>{_clean(bulletin.title)}</h1>",
        *(f'<p class="day">{_clean(line)}</p>' for line in bulletin.header_lines),
    ]
    body = [section for section in bulletin.sections if not section.annex]
    for section in body:
        parts.append(f"<h2>{_clean(section.heading)}</h2>")
        parts += [_write_block(block, figures) for block in section.blocks]
    notes = "".join(f"<li>{_clean(note)}</li>" for note in bulletin.footnotes)
    parts.append(f'<h2>口径说明</h2>\n<ol class="note">{notes}</ol>')
    for section in bulletin.sections[len(body) :]:
        parts.append(f"<h2>{_clean(section.heading)}</h2>")
        parts += [_write_block(block, figures) for block in section.blocks]
    return "\n".join([*parts, "</body>\n</html>\n"]).encode()


def _clean(text: str) -> str:
    return escape(drop_controls(text))


def _write_block(block: Block, figures: Mapping[str, bytes]) -> str:
    if isinstance(block, Paragraph):
        lead = f"<b>{_clean(block.lead)}</b>" if block.lead else ""
        return f"<p>{lead}{_clean(block.text)}</p>"
    if isinstance(block, FigureSlot):
        if block.key not in figures:
            raise PublishError(f"缺少图件“{block.key}”", place="write_html", remedy="先绘制,以同名的键传入")
        content = base64.b64encode(figures[block.key]).decode()
        caption = _clean(block.caption)
        picture = f'<img alt="{caption}" src="data:image/png;base64,{content}">'
        return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"
    return _write_table(block)


def _write_table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{_clean(column.name)}</th>' for column in table.columns)
    lines = []
    for number, row in enumerate(table.rows):
        cells = []
        for value, column in zip(row, table.columns, strict=True):
            look = style.LIGHTS.get(str(value)) if column.kind == "light" else None
            ground = f' style="background:{look.background}"' if look else ""
            place = ' class="mid"' if column.kind in CENTERED else ""
            cells.append(f"<td{place}{ground}>{_clean(format_value(value, column.kind))}</td>")
        mark = ' class="sum"' if number in table.strong else ""
        lines.append(f"<tr{mark}>{''.join(cells)}</tr>")
    notes = "".join(f'\n<p class="note">注\uff1a{_clean(note)}</p>' for note in table.notes)
    rows = "\n".join(lines)
    return (
        f'<div class="wide"><table id="{_clean(table.key)}"><caption>{_clean(table.title)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>{notes}"
    )
