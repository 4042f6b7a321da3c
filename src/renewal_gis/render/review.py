"""What a bulletin says beyond the state of a day: ranking, changes, silence, slipped dates."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from renewal_gis import vocab
from renewal_gis.render import style
from renewal_gis.render.paper import Column, Paragraph, Table, make_paragraph, make_table, plain_value
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.vocab import Move, Stage

if TYPE_CHECKING:
    import pandas as pd

    from renewal_gis.plan import Plan
    from renewal_gis.render.paper import Value
    from renewal_gis.survey import Review, Survey

PERIODS = {"weekly": "本周", "monthly": "本月", "supervision": "本期"}
NEXT_PERIODS = {"weekly": "下周", "monthly": "下月", "supervision": "下期"}
LISTED_ROWS = 30
"""Rows of a list of sites that a paper shows; it says how many there are in all."""
_NAMED = 5


def find_ranks(review: Review | None, target: str, /) -> dict[str, int]:
    """Return the rank of each unit that is ranked for a target."""
    if review is None:
        return {}
    rows = review.ranking[(review.ranking["target"] == target) & review.ranking["rank"].notna()]
    return {str(unit): int(rank) for unit, rank in zip(rows["unit"], rows["rank"], strict=True)}


# ------------------------------------------------------------------ ranking
def tell_ranking(review: Review, target: str, /) -> str:
    """Return each track from the first to the last with ranks and rates; then who is not ranked."""
    return _tell_tracks(review.ranking[review.ranking["target"] == target])


def _tell_tracks(rows: pd.DataFrame) -> str:
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
    if not style.is_present(rows[0]["base"]):  # over several targets there is no fraction to show
        mark = f"第{rank}名" if len(rows) == 1 else f"并列第{rank}名"
        return f"{mark}{'、'.join(row['unit'] for row in rows)}({percent})"
    shares = [style.format_fraction(row["done"], row["base"]) for row in rows]
    if len(rows) == 1:
        return f"第{rank}名{rows[0]['unit']}({shares[0]}\uff0c{percent})"
    listed = "、".join(f"{row['unit']}({share})" for row, share in zip(rows, shares, strict=True))
    return f"并列第{rank}名{listed}({percent})"


def tell_sums(survey: Survey, /) -> list[tuple[str, str]]:
    """Return the rankings over several targets: of programmes that have more than one, and the composite."""
    if survey.review is None:
        return []
    heads = Counter(
        target.programme
        for target in survey.plan.targets
        if target.breakdown and not (target.parent or target.subset_of)
    )
    ranking = survey.review.ranking
    told = []
    for programme in survey.plan.programmes:
        if heads[programme.id] > 1:
            rows = ranking[(ranking["target"] == "") & (ranking["programme"] == programme.id)]
            told.append((f"{programme.name}(各项平均)", _tell_tracks(rows)))
    if len(survey.review.composite):
        told.append(("综合排名", _tell_tracks(survey.review.composite) + tell_weights(survey.plan)))
    return told


def tell_weights(plan: Plan, /) -> str:
    """Return how the composite ranking weighs its targets, and who says so."""
    rule = plan.ranking
    words = "、".join(f"{plan.target(name).indicator}{weight:g}" for name, weight in rule.weights.items())
    source = f"({rule.source})" if rule.source else ""
    return f"综合完成率为有任务各项完成率的加权平均,权重:{words}{source}。"


# ------------------------------------------------------------------ changes and silence
def tell_changes(survey: Survey, review: Review, kind: str, /) -> list[Paragraph]:
    """Return what changed since the day of comparison, and who did not report."""
    if review.since is None:
        return [make_paragraph("台账在比较日期尚无进度记录,不作比较。")]
    period = PERIODS[kind]
    return [
        make_paragraph(_tell_counts(review), f"进度变化。较{style.format_day(review.since)},"),
        make_paragraph(_tell_moves(survey, review), f"{period}动态。"),
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


def tell_slips(review: Review, period: str, /) -> str:
    """Return how many planned dates have slipped, by how much, and whose."""
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
    rows = [(set_punctuation(row["indicator"]), *(plain_value(row[key]) for key in keys)) for row in city]
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
            format_date(row["last_date"]) or vocab.NO_TASK, plain_value(row["days_since"]),
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
