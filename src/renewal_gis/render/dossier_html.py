"""The dossier as one offline page that prints on two sheets: no script, no request, every word escaped."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from renewal_gis.render.dossier import EVENT_HEADS, LISTING_HEADS, NEIGHBOUR_HEADS, STAGE_HEADS
from renewal_gis.render.typeset import drop_controls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.render.dossier import Dossier, ItemClass, Photo, Row

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_SHORT = 10
"""A cell of so few letters, such as a date, is not broken."""
_LOOK = """
@page { size: A4; margin: 0; }
* { box-sizing: border-box; }
body { margin: 0; background: #e7ebf0; color: #1b2430; font-size: 12px; line-height: 1.45;
  font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; }
section { width: 210mm; max-width: 100%; min-height: 297mm; margin: 6mm auto; padding: 12mm 18mm;
  background: #fff; break-after: page; position: relative; }
h1 { text-align: center; font-size: 22px; margin: 2mm 0 0; }
h2 { font-size: 14px; margin: 3.5mm 0 1.5mm; }
.day { text-align: center; margin: 0 0 2mm; color: #5f6b7a; }
.tags span { border: 1px solid; padding: 0 .5em; margin-right: .6em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #9aa5b1; padding: 1.1mm 1.4mm; text-align: left; vertical-align: middle;
  overflow-wrap: anywhere; }
th { background: #e9eef4; font-weight: 600; white-space: nowrap; }
td.mid { white-space: nowrap; }
.facts th { width: 13%; background: #f4f6f9; } .facts td { width: 37%; }
.content { display: grid; grid-template-columns: repeat(6, 1fr); border: 1px solid #9aa5b1; margin-bottom: 1mm; }
.content b { grid-column: 1 / -1; background: #e9eef4; padding: .4mm 1.4mm; }
.content span { padding: .5mm 1.2mm; font-size: 11px; } .content .on { background: #f4f6f9; }
.photos { display: grid; grid-template-columns: 1fr 1fr; gap: 3mm; }
figure { margin: 0; text-align: center; } figure img { max-width: 100%; max-height: 52mm; }
.map img { width: 100%; max-height: none; margin-top: 2mm; }
.none { border: 1px dashed #9aa5b1; padding: 5mm 2mm; color: #5f6b7a; }
.note, footer { color: #5f6b7a; font-size: 10.5px; margin: 1mm 0; }
@media print { body { background: #fff; } section { margin: 0; height: 297mm; overflow: hidden; }
  section:last-child { break-after: auto; } }
@media (max-width: 700px) { section { padding: 4mm; min-height: 0; }
  .content { grid-template-columns: repeat(2, 1fr); } }
"""


def write_html(dossier: Dossier, place: bytes | None, /) -> bytes:
    """Return a dossier as an HTML page that opens anywhere and asks for nothing.

    Parameters
    ----------
    dossier
        The tree.
    place
        The location map, PNG; None where the site has no place.

    Returns
    -------
    bytes
        UTF-8; the same dossier gives the same bytes.
    """
    tags = "".join(f"<span>{_clean(tag)}</span>" for tag in dossier.tags)
    first = [
        f'<p class="tags">{tags}</p>',
        f'<h1>{_clean(dossier.title)}</h1>\n<p class="day">{_clean(dossier.subtitle)}</p>',
        _write_facts(dossier.facts),
        _write_place(place),
        "<h2>一、阶段与把关</h2>",
        _write_rows("stages", STAGE_HEADS, dossier.stages),
        _write_note(dossier.phases),
    ]
    second = [
        "<h2>二、改造内容</h2>",
        "".join(map(_write_class, dossier.content)) or '<p class="note">台账未填改造内容。</p>',
        _write_note(dossier.notes["content"]),
        f'<h2>三、改造前后</h2>\n<div class="photos">{"".join(map(_write_photo, dossier.photos))}</div>',
        "<h2>四、进度记录</h2>",
        _write_rows("events", EVENT_HEADS, dossier.events, empty="台账没有进度记录"),
        _write_note(dossier.notes["events"]),
        "<h2>五、周边同时施工</h2>",
        _write_rows("neighbours", NEIGHBOUR_HEADS, dossier.neighbours),
        _write_note(dossier.notes["neighbours"]),
        "<h2>六、挂牌督办</h2>",
        _write_rows("listings", LISTING_HEADS, dossier.listings, empty="无"),
        f"<footer>{_clean(dossier.foot)}</footer>",
    ]
    head = (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_clean(dossier.title)} {_clean(dossier.site_id)}</title>\n<style>{_LOOK}</style>\n</head>\n<body>"
    )
    pages = ["\n".join(["<section>", *filter(None, page), "</section>"]) for page in (first, second)]
    return "\n".join([head, *pages, "</body>\n</html>\n"]).encode()


def _clean(text: str) -> str:
    return escape(drop_controls(text))


def _write_facts(facts: Sequence[tuple[str, str]]) -> str:
    cells = [f'<th scope="row">{_clean(label)}</th><td>{_clean(value)}</td>' for label, value in facts]
    rows = "\n".join(f"<tr>{''.join(cells[place : place + 2])}</tr>" for place in range(0, len(cells), 2))
    return f'<div class="wide"><table class="facts" id="facts"><tbody>\n{rows}\n</tbody></table></div>'


def _write_rows(key: str, heads: Row, rows: Sequence[Row], *, empty: str = "") -> str:
    if not rows:
        return _write_note(empty)
    head = "".join(f'<th scope="col">{_clean(name)}</th>' for name in heads)
    lines = []
    for row in rows:
        marks = (' class="mid"' if len(cell) <= _SHORT else "" for cell in row)
        cells = "".join(f"<td{mark}>{_clean(cell)}</td>" for mark, cell in zip(marks, row, strict=True))
        lines.append(f"<tr>{cells}</tr>")
    body = "\n".join(lines)
    return f'<div class="wide"><table id="{key}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _write_note(text: str) -> str:
    return f'<p class="note">{_clean(text)}</p>' if text else ""


def _write_place(place: bytes | None) -> str:
    if place is None:
        return '<p class="none">台账没有该项目的位置\uff0c无位置图</p>'
    picture = _embed(place, "png", "位置图\uff1a左为周边\uff0c右为所在区县")
    return f'<figure class="map">{picture}</figure>'


def _embed(content: bytes, kind: str, words: str) -> str:
    return f'<img alt="{_clean(words)}" src="data:image/{kind};base64,{base64.b64encode(content).decode()}">'


def _write_class(each: ItemClass) -> str:
    marks = [' class="on"' if item.planned else "" for item in each.items]
    items = "".join(
        f"<span{mark}>{item.sign}{_clean(item.name)}</span>"
        for mark, item in zip(marks, each.items, strict=True)
    )
    return f'<div class="content"><b>{_clean(each.name)}</b>{items}</div>\n'


def _write_photo(photo: Photo) -> str:
    if not photo.content:
        return f'<figure class="none">{_clean(photo.title)}\uff1a{_clean(photo.fault)}</figure>'
    picture = _embed(photo.content, "jpeg", f"{photo.title}照片")
    return f"<figure>{picture}<figcaption>{_clean(photo.title)}</figcaption></figure>"
