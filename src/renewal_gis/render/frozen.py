"""A bulletin's tree as JSON text and back: what a signed issue is kept as, number for number."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError
from renewal_gis.render.paper import Bulletin, Column, FigureSlot, Paragraph, Section, Table

if TYPE_CHECKING:
    from renewal_gis.render.paper import Block, Value

_VERSION = 1


def freeze_tree(bulletin: Bulletin, /) -> str:
    """Return the tree as JSON text; exact numbers stay exact, keys stay in their order."""
    words: dict[str, Any] = {
        "version": _VERSION,
        "title": bulletin.title,
        "header_lines": list(bulletin.header_lines),
        "tags": list(bulletin.tags),
        "sections": [
            {"heading": s.heading, "annex": s.annex, "blocks": [_freeze_block(block) for block in s.blocks]}
            for s in bulletin.sections
        ],
        "footnotes": list(bulletin.footnotes),
        "as_of": bulletin.as_of.isoformat(),
        "record": bulletin.record,
    }
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def thaw_tree(text: str, /) -> Bulletin:
    """Return the tree that :func:`freeze_tree` wrote.

    Raises
    ------
    InputError
        Not such a text, or one of a later version.
    """
    try:
        words = json.loads(text)
        if words["version"] != _VERSION:
            raise InputError(
                f"通报快照的版本 {words['version']} 不认识", remedy="请升级 renewal_gis 后重新生成"
            )
        return Bulletin(
            title=words["title"],
            header_lines=tuple(words["header_lines"]),
            tags=tuple(words["tags"]),
            sections=tuple(
                Section(s["heading"], tuple(_thaw_block(block) for block in s["blocks"]), annex=s["annex"])
                for s in words["sections"]
            ),
            footnotes=tuple(words["footnotes"]),
            as_of=dt.date.fromisoformat(words["as_of"]),
            record=words["record"],
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(f"通报快照读不出来({error})", remedy="请核验台账(ledger verify)") from error


def _freeze_block(block: Block) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"paragraph": block.text, "lead": block.lead}
    if isinstance(block, FigureSlot):
        return {"figure": block.key, "caption": block.caption, "title": block.title}
    return {
        "table": block.key,
        "title": block.title,
        "columns": [[c.name, c.kind, c.width_mm, c.merge] for c in block.columns],
        "rows": [[_freeze_value(value) for value in row] for row in block.rows],
        "notes": list(block.notes),
        "strong": list(block.strong),
    }


def _thaw_block(words: dict[str, Any]) -> Block:
    if "paragraph" in words:
        return Paragraph(words["paragraph"], words["lead"])
    if "figure" in words:
        return FigureSlot(words["figure"], words["caption"], words["title"])
    return Table(
        words["table"],
        words["title"],
        tuple(Column(name, kind, width, merge) for name, kind, width, merge in words["columns"]),
        tuple(tuple(_thaw_value(value) for value in row) for row in words["rows"]),
        tuple(words["notes"]),
        tuple(words["strong"]),
    )


def _freeze_value(value: Value) -> Any:
    return [value.numerator, value.denominator] if isinstance(value, Fraction) else value


def _thaw_value(value: Any) -> Value:
    return Fraction(*value) if isinstance(value, list) else value
