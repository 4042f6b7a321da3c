"""The bulletin of a survey: which sections, paragraphs and tables it has, and what they say."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from renewal_gis import vocab
from renewal_gis.findings import RULES
from renewal_gis.render import agenda, board, problems, style
from renewal_gis.render import review as reviewing
from renewal_gis.render.bulletin_json import make_record
from renewal_gis.render.paper import (
    PENDING,
    Bulletin,
    Column,
    FigureSlot,
    Issue,
    Section,
    Table,
    make_paragraph,
    make_table,
    plain_value,
)
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.render.wording import (
    BASIS_WORDS,
    count_lights,
    list_footnotes,
    mark_part,
    sort_track,
    tell_passed,
    tell_target,
    tell_tracks,
)
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.plan import Plan, Target
    from renewal_gis.render.paper import Block, Value
    from renewal_gis.survey import Survey

Kind = Literal["weekly", "monthly", "supervision"]
PREVIEW = Issue()
_NUMERALS = "一二三四五六七八九十"
_TITLES = {"weekly": "周通报", "monthly": "月调度通报", "supervision": "挂牌督办通报"}
STATUS_FIGURE = "status"
"""Key of the figure slot that takes :func:`renewal_gis.render.printmap.draw_status`."""


def build_bulletin(survey: Survey, /, *, kind: Kind = "weekly", issue: Issue = PREVIEW) -> Bulletin:
    """Return the bulletin of a survey.

    Parameters
    ----------
    survey
        What is reported, as of its day.
    kind
        ``weekly`` (周通报), ``monthly`` (月调度) or ``supervision`` (挂牌督办通报).
    issue
        Number (第N期) and state; without a number a blank is left for the hand.

    Returns
    -------
    Bulletin
        Title; progress in words, ranking by track, changes and who did not report, problems,
        supervision, what comes next; the readings that mattered; as annexes the tables and the
        figure's place. Without ``survey.review`` there is neither ranking nor comparison nor proposal.
        The bulletin on supervision tells of the board instead.

    Notes
    -----
    Numbers are those of ``survey.progress``, ``survey.review`` and ``survey.supervised``; nothing is
    counted again here.
    """
    sections = [
        Section(f"{_NUMERALS[k]}、{name}", tuple(blocks))
        for k, (name, blocks) in enumerate(_list_bodies(survey, kind))
    ]
    annexes = (tuple(blocks) for blocks in _list_annexes(survey, kind) if blocks)
    sections += [Section(f"附件{k}", blocks, annex=True) for k, blocks in enumerate(annexes, 1)]
    tags = (vocab.INTERNAL, *((vocab.SIMULATED,) if survey.simulated else ()))
    return Bulletin(
        title=f"全市“{survey.plan.short}”工作{_TITLES[kind]}",
        header_lines=_write_header(survey, issue),
        tags=(*tags, vocab.DRAFT) if issue.state == "draft" else tags,
        sections=tuple(sections),
        footnotes=tuple(set_punctuation(note) for note in list_footnotes(survey)),
        as_of=survey.as_of,
        record=make_record(survey, kind, issue),
    )


def _write_header(survey: Survey, issue: Issue) -> tuple[str, ...]:
    number = f"第{issue.number}期" if issue.number is not None else "第\u3000\u3000期"
    lines = [f"({number},截至{style.format_day(survey.as_of)})"]
    if issue.signed_on is not None:
        lines.append(f"签发:{issue.signed_by}\u3000{style.format_day(issue.signed_on)}")
    return tuple(set_punctuation(line) for line in lines)


def _list_bodies(survey: Survey, kind: Kind) -> list[tuple[str, list[Block]]]:
    review = survey.review
    if review is None:
        return [
            ("总体进展", _tell_progress(survey)),
            ("各单位进展", _tell_units(survey)),
            ("存在问题", [*problems.tell_problems(survey, None, "", monthly=False)]),
        ]
    period = reviewing.PERIODS[kind]
    if kind == "supervision":
        return [(name, [*blocks]) for name, blocks in board.list_board_bodies(survey, review, period)]
    supervision = [*board.tell_board(survey, review, period), *board.tell_proposals(review)]
    return [
        ("总体进展", _tell_progress(survey)),
        ("大排队", _tell_units(survey)),
        (f"{period}变化与未报送单位", [*reviewing.tell_changes(survey, review, kind)]),
        ("存在问题", [*problems.tell_problems(survey, review, period, monthly=kind == "monthly")]),
        ("挂牌督办", [*supervision]),
        (f"{reviewing.NEXT_PERIODS[kind]}重点", [*agenda.tell_agenda(survey, review)]),
    ]


def _list_annexes(survey: Survey, kind: Kind) -> list[Sequence[Block]]:
    review = survey.review
    boards: list[Sequence[Block]] = []
    if review is not None:
        boards = [
            board.make_board_tables(survey, review, reviewing.PERIODS[kind]),
            board.make_proposal_tables(survey, review),
        ]
    if kind == "supervision":
        return [*boards, [_make_target_table(survey)]]
    units = [[table] for table in _make_unit_tables(survey)]
    groups: list[Sequence[Block]] = [[_make_target_table(survey)], *units, _make_composite(survey)]
    groups.append([_place_figure(survey)])
    if review is not None:
        groups += [
            reviewing.make_change_tables(survey, review, kind),
            reviewing.make_report_tables(survey, review, kind),
            *boards,
            agenda.make_agenda_table(review, reviewing.NEXT_PERIODS[kind]),
        ]
    return [*groups, _make_finding_table(survey)]


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
    blocks: list[Block] = [make_paragraph(summary)] if summary else []
    for programme, targets in groupby(_list_targets(survey, rows), lambda target: target.programme):
        words = ";".join(mark_part(target) + tell_target(target, rows[target.id]) for target in targets)
        name = survey.plan.programme(programme).name
        blocks.append(make_paragraph(f"{words}。", f"{name}。"))
    return blocks


def _list_broken_down(survey: Survey) -> list[tuple[Target, dict[str, dict[str, Any]]]]:
    """Targets that have rows by unit, with those rows; parts of other targets stand with the whole."""
    pairs = [(target, _pick_rows(survey, target=target.id)) for target in survey.plan.targets]
    return [
        (target, rows) for target, rows in pairs if target.breakdown and not target.parent and len(rows) > 1
    ]


def _tell_units(survey: Survey) -> list[Block]:
    blocks: list[Block] = []
    for target, rows in _list_broken_down(survey):
        ranking = reviewing.tell_ranking(survey.review, target.id) if survey.review else ""
        blocks.append(make_paragraph(ranking or tell_tracks(survey.plan, rows), f"{target.indicator}。"))
    blocks += [make_paragraph(text, f"{name}。") for name, text in reviewing.tell_sums(survey)]
    return blocks or [make_paragraph("各项任务均未分解到单位,只列全市数。")]


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
        passed = tell_passed(target, rows[target.id])
        notes += [f"{target.indicator}:{passed}。"] if passed else []
        if target.cap_units:
            notes.append(f"“{target.indicator}”全市完成率中,各单位以任务数为限,完成数照实。")
    return make_table("targets", "目标任务进展情况表", columns, body, notes=notes)


def _list_numbers(row: dict[str, Any] | None) -> tuple[Value, ...]:
    """Task, ledger, done, rate, expected, pace and light of a PROGRESS row; None for what is missing."""
    if row is None:
        return (None,) * (len(_NUMBER_KEYS) + 1)
    values = {key: row[key] if style.is_present(row[key]) else None for key in _NUMBER_KEYS}
    counts = {
        key: int(value) for key, value in values.items() if key in _NUMBER_KEYS[:3] and value is not None
    }
    light = PENDING if not row["light"] and values["expected"] == 0 else str(row["light"])
    return (*(values | counts).values(), light)


def _make_unit_tables(survey: Survey) -> list[Table]:
    return [_make_unit_table(survey, target, rows) for target, rows in _list_broken_down(survey)]


def _make_unit_table(survey: Survey, target: Target, rows: dict[str, dict[str, Any]]) -> Table:
    """Units by track, the furthest first, those without a task last; the city on top."""
    plan = survey.plan
    children = [t for t in plan.targets if t.parent == target.id and t.breakdown]
    nodes = [t for t in children if t.milestone == target.milestone]
    due = {unit: task for child in nodes for unit, task in child.breakdown.items()}
    order = [("合计", vocab.CITY), *((track.name, unit) for track, unit in _walk_tracks(plan, rows))]
    ranks = reviewing.find_ranks(survey.review, target.id)
    body = [
        (set_punctuation(track), unit, *((ranks.get(unit),) if ranks else ()),
         *((due.get(unit),) if nodes else ()), *_list_numbers(rows.get(unit)))
        for track, unit in order
    ]  # fmt: skip
    name_mm = 36.0 - (14.0 if nodes else 0.0) - (6.0 if ranks else 0.0)
    columns = [Column("组别", "text", 16 if ranks else 20, merge=True), Column("单位", "text", name_mm)]
    columns += [Column("名次", "count", 10)] if ranks else []
    columns += [Column("节点任务", "count", 14)] if nodes else []
    idle = [unit for _, unit in order if rows.get(unit) is None]
    notes = [f"节点任务:{child.indicator}。" for child in nodes]
    notes += [f"无任务单位:{'、'.join(idle)},以“{vocab.NO_TASK}”表示,不参与比较。"] if idle else []
    notes += [f"排名:{''.join(survey.review.rules)}"] if survey.review and ranks else []
    title = f"{target.indicator}分单位情况表"
    return make_table(
        f"units-{target.id}", title, (*columns, *_NUMBER_COLUMNS), body, notes=notes, strong=(0,)
    )


def _make_composite(survey: Survey) -> list[Table]:
    """The ranking over several targets, if the plan weighs them."""
    if survey.review is None or survey.review.composite.empty:
        return []
    columns = (
        Column("组别", "text", 36, merge=True), Column("单位", "text", 60), Column("名次", "count", 20),
        Column("综合完成率", "percent", 40),
    )  # fmt: skip
    rows = [
        (row["track"], row["unit"], *(plain_value(row[key]) for key in ("rank", "rate")))
        for row in survey.review.composite.to_dict("records")
    ]
    notes = [reviewing.tell_weights(survey.plan), *survey.review.rules]
    return [make_table("composite", "综合排名表", columns, rows, notes=notes)]


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


def _make_finding_table(survey: Survey) -> list[Table]:
    """One table of findings by rule, the weightiest first; none if there is nothing."""
    counts = Counter(finding.code for finding in problems.list_checks(survey))
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
    return [make_table("findings", "核查问题汇总表", columns, rows)] if rows else []


def _blank(template: str) -> str:
    return re.sub(r"\{\w+\}", "…", template)
