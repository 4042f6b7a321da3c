"""The weekly bulletin as one frozen tree; docx, xlsx and others are writers of the same tree."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from renewal_gis import vocab
from renewal_gis.findings import RULES
from renewal_gis.render import style
from renewal_gis.render.typeset import join_sources, set_punctuation
from renewal_gis.vocab import Severity, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from fractions import Fraction

    from renewal_gis.plan import Plan, Target
    from renewal_gis.survey import Survey

    Value = str | int | Fraction | None
Kind = Literal["text", "count", "percent", "points", "light"]
_NUMERALS = "一二三四五六七八九十"
_DONE_WORDS = {
    Stage.STARTED: "已启动",
    Stage.BASICALLY_BUILT: "已基本建成",
    Stage.WORKS_COMPLETED: "已完工",
    Stage.ACCEPTED: "已验收",
    Stage.CLEARED: "已清理",
    Stage.OPENED: "已打通",
}
_BASIS_WORDS = {"explicit": "", "derived": "(推算)", "ledger": "(台账口径)"}
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
    """A place for a picture of that key."""

    key: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    blocks: tuple[Paragraph | Table | FigureSlot, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """The whole paper. Texts carry full-width punctuation; numbers are raw until they are written."""

    title: str
    header_lines: tuple[str, ...]
    tags: tuple[str, ...]
    sections: tuple[Section, ...]
    footnotes: tuple[str, ...]
    as_of: dt.date

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
        Title, progress in words, one table of targets, one table by unit for each target that is
        broken down, the status figure's place, findings, and the readings in force.

    Notes
    -----
    Numbers are those of ``survey.progress``; nothing is counted again here.
    """
    plan = survey.plan
    number = f"第{issue}期" if issue is not None else "第\u3000\u3000期"
    bodies = [
        ("总体进展", _tell_progress(survey)),
        ("各单位进展", _make_unit_tables(survey)),
        ("项目分布", _place_figure(survey)),
        ("数据核查", _tell_findings(survey)),
    ]
    sections = [
        Section(f"{_NUMERALS[place]}、{name}", tuple(blocks)) for place, (name, blocks) in enumerate(bodies)
    ]
    tags = (vocab.INTERNAL, *((vocab.SIMULATED,) if survey.simulated else ()))
    return Bulletin(
        title=f"全市“{plan.short}”工作周通报",
        header_lines=(set_punctuation(f"({number},截至{style.format_day(survey.as_of)})"),),
        tags=tags,
        sections=tuple(sections),
        footnotes=tuple(set_punctuation(note) for note in _list_footnotes(survey)),
        as_of=survey.as_of,
    )


# ------------------------------------------------------------------ progress in words
def _pick_rows(survey: Survey, *, target: str = "", unit: str = "") -> dict[str, dict[str, Any]]:
    """Rows of one unit by target, or of one target by unit."""
    key, column, wanted = ("unit", "target", target) if target else ("target", "unit", unit)
    rows = survey.progress[survey.progress[column] == wanted].to_dict("records")
    return {str(row[key]): {str(name): value for name, value in row.items()} for row in rows}


def _tell_progress(survey: Survey) -> list[Paragraph | Table | FigureSlot]:
    rows = _pick_rows(survey, unit=vocab.CITY)
    blocks: list[Paragraph | Table | FigureSlot] = []
    order: list[Target] = []
    summary = _count_lights(rows)
    if summary:
        blocks.append(Paragraph(set_punctuation(summary)))
    for programme in survey.plan.programmes:
        targets = [t for t in survey.plan.targets if t.programme == programme.id and t.id in rows]
        words = ";".join(_mark_part(t) + tell_target(t, rows[t.id]) for t in targets)
        if targets:
            blocks.append(Paragraph(set_punctuation(f"{words}。"), set_punctuation(f"{programme.name}。")))
            order += targets
    return [*blocks, _make_target_table(survey.plan, order, rows)]


def _count_lights(rows: dict[str, dict[str, Any]]) -> str:
    """How many targets of the whole city show which light, in words."""
    lights = Counter(str(row["light"]) for row in rows.values() if row["light"])
    if not lights:
        return ""
    words = "、".join(f"{light.zh}{lights[light.value]}项" for light in vocab.Light)
    return f"全市{len(rows)}项指标中,设序时进度的{lights.total()}项,其中{words}。"


def _mark_part(target: Target) -> str:
    return "其中," if target.parent or target.subset_of else ""


def tell_target(target: Target, row: dict[str, Any], /) -> str:
    """Return one target's progress in the words of a notice, with half-width punctuation.

    For instance ``老旧小区改造完成:共465个,已完工284个(284/465=61.1%),序时进度76.3%,滞后序时进度15.2个百分点``.

    Parameters
    ----------
    target
        The target.
    row
        Its row of PROGRESS.
    """
    measure = target.measure
    if style.is_present(row["task"]):
        opening = f"共{style.format_count(row['task'])}{measure}{_BASIS_WORDS[str(row['basis'])]}"
    else:
        opening = f"方案未定任务数,台账共{style.format_count(row['ledger'])}{measure}"
    share = ""
    if style.is_present(row["rate"]):
        fraction = style.format_fraction(row["done"], row["base"])
        share = f"({fraction}={style.format_percent(row['rate'])})"
    done_word = _DONE_WORDS.get(target.milestone, target.milestone.zh)
    parts = [f"{target.indicator}:{opening}", f"{done_word}{style.format_count(row['done'])}{measure}{share}"]
    if style.is_present(row["expected"]) and row["expected"] == 0:
        parts.append("未到序时起算日")
    elif style.is_present(row["expected"]):
        parts += [f"序时进度{style.format_percent(row['expected'])}", style.tell_pace(row["pace_pp"])]
    elif target.striving:
        parts.append("力争目标,不设序时进度")
    return ",".join(parts)


# ------------------------------------------------------------------ tables
_NUMBER_KEYS = ("task", "ledger", "done", "rate", "expected", "pace_pp")
_NUMBER_COLUMNS = (
    Column("任务数", "count", 12), Column("台账数", "count", 12), Column("完成数", "count", 12),
    Column("完成率", "percent", 14), Column("序时进度", "percent", 15),
    Column("偏差(百分点)", "points", 16.5), Column("亮灯", "light", 18.5),
)  # fmt: skip


def _make_target_table(plan: Plan, targets: Sequence[Target], rows: dict[str, dict[str, Any]]) -> Table:
    columns = (Column("指标", "text", 47), Column("单位", "text", 9), *_NUMBER_COLUMNS)
    body: list[tuple[Value, ...]] = []
    notes = []
    for target in targets:
        name = set_punctuation(f"{_mark_part(target)}{target.indicator}{_BASIS_WORDS[target.basis]}")
        body.append((name, target.measure, *_list_numbers(rows[target.id])))
        if target.subset_of:
            whole = plan.target(target.subset_of).indicator
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


def _make_unit_tables(survey: Survey) -> list[Paragraph | Table | FigureSlot]:
    tables: list[Paragraph | Table | FigureSlot] = []
    for target in survey.plan.targets:
        rows = _pick_rows(survey, target=target.id)
        if target.breakdown and not target.parent and len(rows) > 1:
            tables.append(_make_unit_table(survey, target, rows))
    return tables or [Paragraph(set_punctuation("各项任务均未分解到单位,只列全市数。"))]


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
    columns = [Column("组别", "text", 20, merge=True), Column("单位", "text", 24 if nodes else 36)]
    columns += [Column("节点任务", "count", 12)] if nodes else []
    idle = [unit for _, unit in order if rows.get(unit) is None]
    notes = [f"节点任务:{child.indicator}。" for child in nodes]
    notes += [f"无任务单位:{'、'.join(idle)},以“{vocab.NO_TASK}”表示,不参与比较。"] if idle else []
    title = f"{target.indicator}分单位情况表"
    return _make_table(
        f"units-{target.id}", title, (*columns, *_NUMBER_COLUMNS), body, notes=notes, strong=(0,)
    )


def _walk_tracks(plan: Plan, rows: dict[str, dict[str, Any]]) -> list[tuple[Any, str]]:
    walked = []
    for track in plan.tracks:
        units = plan.groups[track.group]
        with_task = [unit for unit in units if unit in rows and style.is_present(rows[unit]["rate"])]
        with_task.sort(key=lambda unit: (-rows[unit]["rate"], units.index(unit)))
        walked += [(track, unit) for unit in (*with_task, *(u for u in units if u not in with_task))]
    return walked


# ------------------------------------------------------------------ figure, findings, readings
def _place_figure(survey: Survey) -> list[Paragraph | Table | FigureSlot]:
    words = [vocab.INTERNAL, *([vocab.SIMULATED] if survey.simulated else [])]
    caption = f"图1 {survey.plan.city}“{survey.plan.short}”项目分布与进展(示意图,{','.join(words)})"
    return [FigureSlot(STATUS_FIGURE, set_punctuation(caption))]


def _tell_findings(survey: Survey) -> list[Paragraph | Table | FigureSlot]:
    if not survey.findings:
        return [Paragraph(set_punctuation("台账、位置和进度记录未发现问题。"))]
    weights = Counter(finding.severity for finding in survey.findings)
    parts = ",".join(f"{severity.zh}{weights[severity]}条" for severity in Severity)
    words = f"台账、位置和进度记录共核查出{len(survey.findings)}条({parts}),按类汇总如下,逐条见核查清单。"
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
    return [Paragraph(set_punctuation(words)), _make_table("findings", "核查问题汇总表", columns, rows)]


def _blank(template: str) -> str:
    return re.sub(r"\{\w+\}", "…", template)


def _list_footnotes(survey: Survey) -> list[str]:
    """What the numbers mean: readings in force, rounding, lights, sources."""
    plan, rule = survey.plan, survey.plan.lights
    document = f"《{plan.title}》" + (f"及附件《{plan.annex}》" if plan.annex else "")
    notes = [
        f"任务数据{document};完成率=完成数/任务数,方案未定任务数的按台账数计并注明“台账口径”。",
        "百分率四舍五入保留一位小数,比较先后按未舍入的分数;完成率超过100%的照实列示。",
        _tell_lights(rule.slight_pp, rule.red_pp),
        *plan.footnotes(),
        f"资料来源:{join_sources(survey.sources)}。",
    ]
    if survey.simulated:
        notes.append(f"本期所用台账、进度、道路等为{vocab.SIMULATED},不反映任何单位的实际工作。")
    return notes


def _tell_lights(slight_pp: float, red_pp: float) -> str:
    light, slight, red = vocab.Light, f"{slight_pp:g}", f"{red_pp:g}"
    return (
        f"亮灯:达到序时进度为{light.GREEN.zh};滞后不超过{slight}个百分点为{light.SLIGHT.zh},"
        f"超过{slight}至{red}个百分点为{light.YELLOW.zh},超过{red}个百分点为{light.RED.zh}。"
    )
