"""A bulletin as one frozen tree: what docx, xlsx, html and json are written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from renewal_gis import vocab
from renewal_gis.render import style
from renewal_gis.render.typeset import set_punctuation

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    Value = str | int | Fraction | None
    Block: TypeAlias = "Paragraph | Table | FigureSlot"
Kind = Literal["text", "count", "change", "percent", "points", "light"]
PENDING = "pending"
"""Value of a light where the share that is due has not begun to grow."""
CENTERED = frozenset({"count", "change", "percent", "points", "light"})
"""Kinds of columns whose values stand in the middle."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading, how its values are written, width on paper."""

    name: str
    kind: Kind
    width_mm: float
    merge: bool = False
    """Whether equal values that follow each other are one cell on paper."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of raw values; ``strong`` are the numbers of the rows that carry a sum."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()
    strong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``lead`` is its opening words, set in another face."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class FigureSlot:
    """A place for a picture of that key, with its caption, and its name in a list."""

    key: str
    caption: str
    title: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it; an annex begins a page of its own."""

    heading: str
    blocks: tuple[Block, ...]
    annex: bool = False


@dataclass(frozen=True, slots=True)
class Issue:
    """Number and state of a bulletin: none for a preview, a draft, or signed by someone on a day."""

    number: int | None = None
    state: Literal["", "draft", "signed"] = ""
    signed_by: str = ""
    signed_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Bulletin:
    """The whole paper. Texts carry full-width punctuation; numbers are raw until they are written.

    ``record`` holds the same numbers by key, for ``bulletin.json``.
    """

    title: str
    header_lines: tuple[str, ...]
    tags: tuple[str, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]
    as_of: dt.date
    record: Mapping[str, Any] = field(default_factory=dict)

    def annexes(self) -> tuple[str, ...]:
        """Return the names of the annexes in their order."""
        return tuple(
            "、".join(block.title for block in section.blocks if not isinstance(block, Paragraph))
            for section in self.sections
            if section.annex
        )

    def tables(self) -> tuple[Table, ...]:
        """Return the tables in the order of the paper."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, Table))

    def figures(self) -> tuple[FigureSlot, ...]:
        """Return the figure slots in the order of the paper."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, FigureSlot))


def make_table(
    key: str, title: str, columns: Sequence[Column], rows: Sequence[tuple[Value, ...]], *,
    notes: Sequence[str] = (), strong: tuple[int, ...] = (),
) -> Table:  # fmt: skip
    """Return a table whose words carry full-width punctuation."""
    heads = (Column(set_punctuation(c.name), c.kind, c.width_mm, c.merge) for c in columns)
    texts = tuple(set_punctuation(note) for note in notes)
    return Table(key, set_punctuation(title), tuple(heads), tuple(rows), texts, strong)


def plain_value(value: Any, /) -> Value:
    """Return a value of a frame as the tree holds it: words, an exact number, or None."""
    if isinstance(value, (str, Fraction)):
        return value
    return int(value) if style.is_present(value) else None


def make_paragraph(text: str, lead: str = "") -> Paragraph:
    """Return running text with full-width punctuation."""
    return Paragraph(set_punctuation(text), set_punctuation(lead))


def format_value(value: Value, kind: Kind, /) -> str:
    """Return a table value as it is read: “61.1%”, “+3.2”, “▲滞后”, “—”."""
    if kind == "text":
        return str(value)
    if kind == "light":
        if value == PENDING:
            return vocab.NOT_DUE
        look = style.LIGHTS.get(str(value))
        return f"{look.sign}{look.name}" if look else vocab.NO_TASK
    if isinstance(value, str):
        return value
    formats = {
        "count": style.format_count,
        "change": style.format_change,
        "percent": style.format_percent,
        "points": style.format_points,
    }
    return formats[kind](value)
