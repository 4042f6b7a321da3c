"""What a bulletin says beyond the state of a day: ranking, changes, silence, slipped dates, proposals."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

from renewal_gis import vocab
from renewal_gis.render import style
from renewal_gis.render.paper import Column, Paragraph, Table, make_paragraph, make_table
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.vocab import Ground, Move, Stage

if TYPE_CHECKING:
    import pandas as pd

    from renewal_gis.render.paper import Value
    from renewal_gis.survey import Review, Survey

PERIODS = {"weekly": "本周", "monthly": "本月"}
LISTED_ROWS = 30
"""Rows of a list of sites that a paper shows; it says how many there are in all."""
_NAMED, _NAMED_SITES = 5, 10


def find_ranks(review: Review | None, target: str, /) -> dict[str, int]:
    """Return the rank of each unit that is ranked for a target."""
    if review is None:
        return {}
    rows = review.ranking[(review.ranking["target"] == target) & review.ranking["rank"].notna()]
    return {str(unit): int(rank) for unit, rank in zip(rows["unit"], rows["rank"], strict=True)}


# ------------------------------------------------------------------ ranking
def tell_ranking(review: Review, target: str, /) -> str:
    """Return each track from the first to the last with ranks and rates; then who is not ranked."""
    rows = review.ranking[review.ranking["target"] == target]
    sentences, idle, excused = [], [], []
    for track, part in rows.groupby("track", sort=False):
        records = part.to_dict("records")
        ranked = [row for row in records if style.is_present(row["rank"])]
        idle += [row["unit"] for row in records if row not in ranked and not row["force_majeure"]]
        excused += [row["unit"] for row in records if row["force_majeure"]]
        if ranked:
            places = [_tell_place(int(r), list(tie)) for r, tie in groupby(ranked, lambda row: row["rank"])]
            sentences.append(f"{track}:{';'.join(places)}。")
    if idle:
        sentences.append(f"无任务单位不参与排名:{'、'.join(idle)}。")
    if excused:
        sentences.append(f"因不可抗力暂不排名:{'、'.join(excused)}。")
    return "".join(sentences)


def _tell_place(rank: int, rows: list[dict[str, Any]]) -> str:
    percent = style.format_percent(rows[0]["rate"])
    shares = [style.format_fraction(row["done"], row["base"]) for row in rows]
    if len(rows) == 1:
        return f"第{rank}名{rows[0]['unit']}({shares[0]}\uff0c{percent})"
    listed = "、".join(f"{row['unit']}({share})" for row, share in zip(rows, shares, strict=True))
    return f"并列第{rank}名{listed}({percent})"


# ------------------------------------------------------------------ changes and silence
def tell_changes(survey: Survey, review: Review, kind: str, /) -> list[Paragraph]:
    """Return what changed since the day of comparison, what slipped, and who did not report."""
    if review.since is None:
        return [make_paragraph("台账在比较日期尚无进度记录,不作比较。")]
    period = PERIODS[kind]
    return [
        make_paragraph(_tell_counts(review), f"进度变化。较{style.format_day(review.since)},"),
        make_paragraph(_tell_moves(survey, review), f"{period}动态。"),
        make_paragraph(_tell_slips(review, period), "逾期项目。"),
        make_paragraph(_tell_silence(review, period), "未报送单位。"),
    ]


def _tell_counts(review: Review) -> str:
    city = review.changes[review.changes["unit"] == vocab.CITY].to_dict("records")
    moved = [row for row in city if row["change"] != 0]
    words = [
        f"{row['indicator']}{'增加' if row['change'] > 0 else '减少'}{abs(int(row['change']))}{row['measure']}"
        f"({_tell_points(row['change_pp'])})"
        for row in moved
    ]
    rest = len(city) - len(moved)
    tail = f"其余{rest}项指标没有变化" if moved and rest else ""
    return ";".join(filter(None, [*words, tail])) + "。" if moved else "各项指标没有变化。"


def _tell_points(change_pp: Any) -> str:
    if not style.is_present(change_pp):
        return "无完成率"
    word = "提高" if change_pp > 0 else "下降"
    return f"{word}{style.format_points(change_pp).lstrip(f'+{style.MINUS}')}个百分点"


def _tell_moves(survey: Survey, review: Review) -> str:
    names = {programme.id: programme.short for programme in survey.plan.programmes}
    parts = []
    for move in Move:
        counts = Counter(review.moves.loc[review.moves["kind"] == move, "programme"])
        listed = "、".join(f"{names[key]}{counts[key]}" for key in names if counts[key])
        if counts or move is not Move.WITHDRAWN:
            parts.append(f"{move.zh}{counts.total()}个项目" + (f"({listed})" if listed else ""))
    return ",".join(parts) + "。"


def _tell_slips(review: Review, period: str) -> str:
    slips = review.slips
    if slips.empty:
        return "没有计划完工日期已过而未完工的项目。"
    fresh = int(slips["new"].sum())
    units = Counter(unit or "责任单位不明" for unit in slips["unit"]).most_common(_NAMED)
    most = "、".join(f"{unit}{count}个" for unit, count in units)
    return (
        f"计划完工日期已过而未完工的项目共{len(slips)}个,其中{period}到期{fresh}个;"
        f"最长逾期{int(slips['days_late'].max())}天。较多的单位:{most}。"
    )


def _tell_silence(review: Review, period: str) -> str:
    reports = review.reports
    silent = list_silent(review)
    words = [
        f"{row['unit']}("
        + (f"{row['days_since']}天未更新" if row["days_since"] is not None else "从未报送")
        + ")"
        for row in silent
    ]
    text = (
        f"{period}未报送{len(silent)}个单位:{'、'.join(words)}。" if silent else f"{period}各单位均已报送。"
    )
    spared = reports.loc[reports["reported"] & (reports["entries"] == 0), "unit"]
    return text + (f"项目已全部办结、不需报送:{'、'.join(spared)}。" if len(spared) else "")


def list_silent(review: Review, /) -> list[dict[str, Any]]:
    """Return the units that owed a report and gave none, those silent longest first."""
    rows = review.reports[~review.reports["reported"].astype(bool)].to_dict("records")
    found = [
        {
            "unit": row["unit"],
            "open_sites": int(row["open_sites"]),
            "last_date": format_date(row["last_date"]) or None,
            "days_since": int(row["days_since"]) if style.is_present(row["days_since"]) else None,
        }
        for row in rows
    ]
    never = max((row["days_since"] or 0 for row in found), default=0) + 1
    return sorted(found, key=lambda row: -(never if row["days_since"] is None else row["days_since"]))


def format_date(day: pd.Timestamp | None, /) -> str:
    """Return “2021-09-30”, or nothing for a day that is not known."""
    return f"{day:%Y-%m-%d}" if day is not None and style.is_present(day) else ""


def make_change_tables(survey: Survey, review: Review, kind: str, /) -> list[Table]:
    """Return the changes of the city by target, and the sites that moved by programme."""
    if review.since is None:
        return []
    period = PERIODS[kind]
    columns = (
        Column("指标", "text", 52), Column("单位", "text", 10), Column("上期完成", "count", 14),
        Column("本期完成", "count", 14), Column("增减", "change", 12), Column("上期完成率", "percent", 18),
        Column("本期完成率", "percent", 18), Column("增减(百分点)", "points", 18),
    )  # fmt: skip
    keys = ("measure", "done_before", "done", "change", "rate_before", "rate", "change_pp")
    city = review.changes[review.changes["unit"] == vocab.CITY].to_dict("records")
    rows = [(set_punctuation(row["indicator"]), *(_plain(row[key]) for key in keys)) for row in city]
    note = f"上期为{style.format_day(review.since)},本期为{style.format_day(survey.as_of)}。"
    tables = [make_table("changes", f"{period}变化情况表", columns, rows, notes=[note])]
    counts = Counter(zip(review.moves["programme"], review.moves["kind"], strict=True))
    heads = (Column("专项", "text", 76), *(Column(move.zh, "count", 20) for move in Move))
    body: list[tuple[Value, ...]] = [
        (set_punctuation(programme.name), *(counts[programme.id, move.value] for move in Move))
        for programme in survey.plan.programmes
    ]
    totals = Counter(review.moves["kind"])
    total: tuple[Value, ...] = ("合计", *(totals[move.value] for move in Move))
    title = f"{period}项目动态表"
    return [*tables, make_table("moves", title, heads, [*body, total], strong=(len(body),))]


def _plain(value: Any) -> Value:
    """A value of a frame as the tree holds it: words, exact numbers, or None."""
    if isinstance(value, (str, Fraction)):
        return value
    return int(value) if style.is_present(value) else None


def make_report_tables(survey: Survey, review: Review, kind: str, /) -> list[Table]:
    """Return who reported, and the sites whose planned finish has passed."""
    if review.since is None:
        return []
    period = PERIODS[kind]
    columns = (
        Column("单位", "text", 50), Column("台账项目", "count", 20), Column("在办项目", "count", 20),
        Column(f"{period}记录", "count", 20), Column("最近记录", "text", 26), Column("距今天数", "count", 20),
    )  # fmt: skip
    rows = [
        (
            row["unit"], int(row["sites"]), int(row["open_sites"]), int(row["entries"]),
            format_date(row["last_date"]) or vocab.NO_TASK, _plain(row["days_since"]),
        )
        for row in review.reports.to_dict("records")
    ]  # fmt: skip
    return [make_table("reports", f"{period}报送情况表", columns, rows), *_make_slip_table(survey, review)]


def _make_slip_table(survey: Survey, review: Review) -> list[Table]:
    columns = (
        Column("编号", "text", 24), Column("项目名称", "text", 44), Column("单位", "text", 26),
        Column("专项", "text", 20), Column("阶段", "text", 16), Column("计划完工", "text", 16),
        Column("逾期天数", "count", 10),
    )  # fmt: skip
    names = {programme.id: programme.short for programme in survey.plan.programmes}
    rows = [
        (
            row["site_id"], row["name"], row["unit"] or vocab.NO_TASK, names[row["programme"]],
            Stage(row["stage"]).zh, format_date(row["planned_finish"]), int(row["days_late"]),
        )
        for row in review.slips.head(LISTED_ROWS).to_dict("records")
    ]  # fmt: skip
    total = len(review.slips)
    notes = [f"共{total}个,列逾期最长的{LISTED_ROWS}个。"] if total > LISTED_ROWS else []
    return [make_table("slips", "逾期项目清单", columns, rows, notes=notes)] if rows else []


# ------------------------------------------------------------------ supervision
def tell_proposals(review: Review, /) -> list[Paragraph]:
    """Return what the rules propose to put on the board, in words."""
    proposals = review.proposals
    if proposals.empty:
        return [make_paragraph("按规则没有拟挂牌事项。")]
    counts = Counter(proposals["kind"])
    parts = ",".join(f"{ground.zh}{counts[ground.value]}件" for ground in Ground)
    texts = [make_paragraph(f"按规则提出{len(proposals)}件({parts}),均为建议,经人工确认后方可挂牌。")]
    for ground in (Ground.MISSED, Ground.RED):
        part = proposals[proposals["kind"] == ground.value]
        words = [
            f"{subject}:{'、'.join(_tell_case(row) for row in rows)}"
            for subject, rows in groupby(part.to_dict("records"), lambda row: row["subject"])
        ]
        if words:
            texts.append(make_paragraph(f"{';'.join(words)}。", f"{ground.zh}。"))
    return texts


def _tell_case(row: dict[str, Any]) -> str:
    return f"{row['unit']}({style.format_fraction(row['done'], row['base'])})"


def make_proposal_tables(survey: Survey, review: Review, /) -> list[Table]:
    """Return the proposals by target, and the sites that were not updated for long."""
    stale = review.proposals["kind"] == Ground.STALE.value
    cases = review.proposals[~stale].to_dict("records")
    columns = (
        Column("理由", "text", 20, merge=True), Column("单位", "text", 22), Column("事项", "text", 40),
        Column("任务数", "count", 12), Column("完成数", "count", 12), Column("完成率", "percent", 13),
        Column("序时进度", "percent", 13), Column("偏差(百分点)", "points", 14),
        Column("逾期天数", "count", 10),
    )  # fmt: skip
    keys = ("base", "done", "rate", "expected", "pace_pp", "days")
    rows = [
        (
            Ground(row["kind"]).zh,
            row["unit"],
            set_punctuation(row["subject"]),
            *(_plain(row[key]) for key in keys),
        )
        for row in cases
    ]
    note = "本表为建议,经人工确认后方可挂牌;“力争”目标不据此挂牌;单位为“全市”的,任务未分解到单位。"
    tables = [make_table("proposals", "挂牌督办建议表(拟)", columns, rows, notes=[note])] if rows else []
    waiting: list[tuple[Value, ...]] = [
        (_name(survey, row), row["unit"], int(row["base"]), int(row["days"]), _shorten(row["site_ids"]))
        for row in review.proposals[stale].to_dict("records")
    ]
    heads = (
        Column("专项", "text", 20, merge=True), Column("单位", "text", 24), Column("项目数", "count", 13),
        Column("最长天数", "count", 14), Column("项目编号", "text", 85),
    )  # fmt: skip
    reasons = review.proposals.loc[stale, "reason"].unique()
    notes = [f"{reason}。" for reason in reasons]
    if waiting:
        tables.append(make_table("stale", "长期未更新项目表", heads, waiting, notes=notes))
    return tables


def _shorten(site_ids: str) -> str:
    names = site_ids.split("、")
    return "、".join(names[:_NAMED_SITES]) + ("等" if len(names) > _NAMED_SITES else "")


def _name(survey: Survey, row: dict[str, Any]) -> str:
    return survey.plan.programme(str(row["programme"])).short
