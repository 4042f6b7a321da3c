"""The weekly bulletin as one frozen tree; docx, xlsx and others are writers of the same tree."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from renewal_gis import vocab
from renewal_gis.findings import RULES
from renewal_gis.render import style
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.render.wording import (
    BASIS_WORDS,
    count_lights,
    list_footnotes,
    mark_part,
    sort_track,
    tell_target,
    tell_tracks,
)
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from fractions import Fraction

    from renewal_gis.plan import Plan, Target
    from renewal_gis.survey import Survey

    Value = str | int | Fraction | None
    Block: TypeAlias = "Paragraph | Table | FigureSlot"
Kind = Literal["text", "count", "percent", "points", "light"]
_NUMERALS = "一二三四五六七八九十"
CENTERED = frozenset({"count", "percent", "points", "light"})
"""Kinds of columns whose values stand in the middle."""
STATUS_FIGURE = "status"
"""Key of the figure slot that takes :func:`renewal_gis.render.printmap.draw_status`."""


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
class Bulletin:
    """The whole paper. Texts carry full-width punctuation; numbers are raw until they are written."""

    title: str
    header_lines: tuple[str, ...]
    tags: tuple[str, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]
    as_of: dt.date

    def annexes(self) -> tuple[str, ...]:
        """Return the names of the annexes in their order."""
        return tuple(
            block.title
            for section in self.sections
            if section.annex
            for block in section.blocks
            if not isinstance(block, Paragraph)
        )

    def tables(self) -> tuple[Table, ...]:
        """Return the tables in the order of the paper."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, Table))

    def figures(self) -> tuple[FigureSlot, ...]:
        """Return the figure slots in the order of the paper."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(block for block in blocks if isinstance(block, FigureSlot))


def format_value(value: Value, kind: Kind, /) -> str:
    """Return a table value as it is read: “61.1%”, “+3.2”, “▲滞后”, “—”."""
    if kind == "text":
        return str(value)
    if kind == "light":
        look = style.LIGHTS.get(str(value))
        return f"{look.sign}{look.name}" if look else vocab.NO_TASK
    if isinstance(value, str):
        return value
    formats = {"count": style.format_count, "percent": style.format_percent, "points": style.format_points}
    return formats[kind](value)


def build_weekly(survey: Survey, /, *, issue: int | None = None) -> Bulletin:
    """Return the weekly bulletin of a survey.

    Parameters
    ----------
    survey
        What is reported, as of its day.
    issue
        Number of the issue (第N期); without it a blank is left for the hand.

    Returns
    -------
    Bulletin
        Title, progress in words, units by track, findings, the readings in force; as annexes one
        table of targets, one table by unit for each target that is broken down, the status figure's
        place, and the findings by kind.

    Notes
    -----
    Numbers are those of ``survey.progress``; nothing is counted again here.
    """
    number = f"第{issue}期" if issue is not None else "第\u3000\u3000期"
    bodies: list[tuple[str, list[Block]]] = [
        ("总体进展", _tell_progress(survey)),
        ("各单位进展", _tell_units(survey)),
        ("数据核查", [_tell_findings(survey)]),
    ]
    sections = [Section(f"{_NUMERALS[k]}、{name}", tuple(blocks)) for k, (name, blocks) in enumerate(bodies)]
    annexes: list[Block] = [_make_target_table(survey), *_make_unit_tables(survey)]
    annexes += [_place_figure(survey), *_make_finding_table(survey)]
    sections += [Section(f"附件{k}", (block,), annex=True) for k, block in enumerate(annexes, 1)]
    tags = (vocab.INTERNAL, *((vocab.SIMULATED,) if survey.simulated else ()))
    return Bulletin(
        title=f"全市“{survey.plan.short}”工作周通报",
        header_lines=(set_punctuation(f"({number},截至{style.format_day(survey.as_of)})"),),
        tags=tags,
        sections=tuple(sections),
        footnotes=tuple(set_punctuation(note) for note in list_footnotes(survey)),
        as_of=survey.as_of,
    )


# ------------------------------------------------------------------ progress in words
def _pick_rows(survey: Survey, *, target: str = "", unit: str = "") -> dict[str, dict[str, Any]]:
    """Rows of one unit by target, or of one target by unit."""
    key, column, wanted = ("unit", "target", target) if target else ("target", "unit", unit)
    rows = survey.progress[survey.progress[column] == wanted].to_dict("records")
    return {str(row[key]): {str(name): value for name, value in row.items()} for row in rows}


def _list_targets(survey: Survey, rows: dict[str, dict[str, Any]]) -> list[Target]:
    """Targets with a row, by programme."""
    order = [programme.id for programme in survey.plan.programmes]
    targets = [target for target in survey.plan.targets if target.id in rows]
    return sorted(targets, key=lambda target: order.index(target.programme))


def _tell_progress(survey: Survey) -> list[Block]:
    rows = _pick_rows(survey, unit=vocab.CITY)
    summary = count_lights(rows)
    blocks: list[Block] = [Paragraph(set_punctuation(summary))] if summary else []
    for programme, targets in groupby(_list_targets(survey, rows), lambda target: target.programme):
        words = ";".join(mark_part(target) + tell_target(target, rows[target.id]) for target in targets)
        name = survey.plan.programme(programme).name
        blocks.append(Paragraph(set_punctuation(f"{words}。"), set_punctuation(f"{name}。")))
    return blocks


def _list_broken_down(survey: Survey) -> list[tuple[Target, dict[str, dict[str, Any]]]]:
    """Targets that have rows by unit, with those rows; parts of other targets stand with the whole."""
    pairs = [(target, _pick_rows(survey, target=target.id)) for target in survey.plan.targets]
    return [
        (target, rows) for target, rows in pairs if target.breakdown and not target.parent and len(rows) > 1
    ]


def _tell_units(survey: Survey) -> list[Block]:
    blocks: list[Block] = [
        Paragraph(set_punctuation(tell_tracks(survey.plan, rows)), set_punctuation(f"{target.indicator}。"))
        for target, rows in _list_broken_down(survey)
    ]
    return blocks or [Paragraph(set_punctuation("各项任务均未分解到单位,只列全市数。"))]


# ------------------------------------------------------------------ tables
_NUMBER_KEYS = ("task", "ledger", "done", "rate", "expected", "pace_pp")
_NUMBER_COLUMNS = (
    Column("任务数", "count", 12), Column("台账数", "count", 12), Column("完成数", "count", 12),
    Column("完成率", "percent", 13.5), Column("序时进度", "percent", 15),
    Column("偏差(百分点)", "points", 17.5), Column("亮灯", "light", 18),
)  # fmt: skip


def _make_target_table(survey: Survey) -> Table:
    rows = _pick_rows(survey, unit=vocab.CITY)
    columns = (Column("指标", "text", 47), Column("单位", "text", 9), *_NUMBER_COLUMNS)
    body: list[tuple[Value, ...]] = []
    notes = []
    for target in _list_targets(survey, rows):
        name = set_punctuation(f"{mark_part(target)}{target.indicator}{BASIS_WORDS[target.basis]}")
        body.append((name, target.measure, *_list_numbers(rows[target.id])))
        if target.subset_of:
            whole = survey.plan.target(target.subset_of).indicator
            notes.append(f"“{target.indicator}”含在“{whole}”之内,不可相加。")
    return _make_table("targets", "目标任务进展情况表", columns, body, notes=notes)


def _make_table(
    key: str, title: str, columns: Sequence[Column], rows: Sequence[tuple[Value, ...]], *,
    notes: Sequence[str] = (), strong: tuple[int, ...] = (),
) -> Table:  # fmt: skip
    heads = (Column(set_punctuation(c.name), c.kind, c.width_mm, c.merge) for c in columns)
    texts = tuple(set_punctuation(note) for note in notes)
    return Table(key, set_punctuation(title), tuple(heads), tuple(rows), texts, strong)


def _list_numbers(row: dict[str, Any] | None) -> tuple[Value, ...]:
    """Task, ledger, done, rate, expected, pace and light of a PROGRESS row; None for what is missing."""
    if row is None:
        return (None,) * (len(_NUMBER_KEYS) + 1)
    values = {key: row[key] if style.is_present(row[key]) else None for key in _NUMBER_KEYS}
    counts = {
        key: int(value) for key, value in values.items() if key in _NUMBER_KEYS[:3] and value is not None
    }
    return (*(values | counts).values(), str(row["light"]))


def _make_unit_tables(survey: Survey) -> list[Table]:
    return [_make_unit_table(survey, target, rows) for target, rows in _list_broken_down(survey)]


def _make_unit_table(survey: Survey, target: Target, rows: dict[str, dict[str, Any]]) -> Table:
    """Units by track, the furthest first, those without a task last; the city on top."""
    plan = survey.plan
    children = [t for t in plan.targets if t.parent == target.id and t.breakdown]
    nodes = [t for t in children if t.milestone == target.milestone]
    due = {unit: task for child in nodes for unit, task in child.breakdown.items()}
    order = [("合计", vocab.CITY), *((track.name, unit) for track, unit in _walk_tracks(plan, rows))]
    body = [
        (set_punctuation(track), unit, *((due.get(unit),) if nodes else ()),
         *_list_numbers(rows.get(unit)))
        for track, unit in order
    ]  # fmt: skip
    columns = [Column("组别", "text", 20, merge=True), Column("单位", "text", 22 if nodes else 36)]
    columns += [Column("节点任务", "count", 14)] if nodes else []
    idle = [unit for _, unit in order if rows.get(unit) is None]
    notes = [f"节点任务:{child.indicator}。" for child in nodes]
    notes += [f"无任务单位:{'、'.join(idle)},以“{vocab.NO_TASK}”表示,不参与比较。"] if idle else []
    title = f"{target.indicator}分单位情况表"
    return _make_table(
        f"units-{target.id}", title, (*columns, *_NUMBER_COLUMNS), body, notes=notes, strong=(0,)
    )


def _walk_tracks(plan: Plan, rows: dict[str, dict[str, Any]]) -> list[tuple[Any, str]]:
    return [
        (track, unit)
        for track in plan.tracks
        for units in sort_track(plan.groups[track.group], rows)
        for unit in units
    ]


# ------------------------------------------------------------------ figure, findings
def _place_figure(survey: Survey) -> FigureSlot:
    words = [vocab.INTERNAL, *([vocab.SIMULATED] if survey.simulated else [])]
    caption = f"图1\u3000{survey.plan.city}“{survey.plan.short}”项目分布与进展(示意图,{','.join(words)})"
    return FigureSlot(STATUS_FIGURE, set_punctuation(caption), "项目分布与进展图")


def _tell_findings(survey: Survey) -> Paragraph:
    if not survey.findings:
        return Paragraph(set_punctuation("台账、位置和进度记录未发现问题。"))
    weights = Counter(finding.severity for finding in survey.findings)
    parts = ",".join(f"{severity.zh}{weights[severity]}条" for severity in Severity)
    words = f"台账、位置和进度记录共核查出{len(survey.findings)}条({parts}),分类汇总见附件,逐条见核查清单。"
    return Paragraph(set_punctuation(words))


def _make_finding_table(survey: Survey) -> list[Table]:
    """One table of findings by rule, the weightiest first; none if there is nothing."""
    counts = Counter(finding.code for finding in survey.findings)
    severities = list(Severity)
    codes = sorted(counts, key=lambda code: (severities.index(RULES[code].severity), -counts[code], code))
    rows: list[tuple[Value, ...]] = [
        (RULES[code].severity.zh, set_punctuation(_blank(RULES[code].text)), counts[code],
         set_punctuation(RULES[code].remedy))
        for code in codes
    ]  # fmt: skip
    columns = (
        Column("程度", "text", 13, merge=True), Column("问题", "text", 67),
        Column("条数", "count", 13), Column("处理办法", "text", 63),
    )  # fmt: skip
    return [_make_table("findings", "核查问题汇总表", columns, rows)] if rows else []


def _blank(template: str) -> str:
    return re.sub(r"\{\w+\}", "…", template)
