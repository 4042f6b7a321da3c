"""What a bulletin says of supervision (挂牌督办): the board, what was done on it, what is proposed."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis import vocab
from renewal_gis.render import style
from renewal_gis.render.paper import Column, Paragraph, Table, make_paragraph, make_table, plain_value
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.vocab import Deed, Ground, ListingState

if TYPE_CHECKING:
    from renewal_gis.render.paper import Value
    from renewal_gis.survey import Review, Survey

_NAMED_SITES = 10
_STANDING = (ListingState.OPEN, ListingState.EXTENDED, ListingState.REQUESTED, ListingState.OVERDUE)


# ------------------------------------------------------------------ the board in words
def tell_board(survey: Survey, review: Review, period: str, /) -> list[Paragraph]:
    """Return what was opened, what stands and what was delisted in the period."""
    board = survey.supervised
    if board.empty:
        return [make_paragraph("截至目前没有督办件。", "督办件。")]
    deeds = Counter(review.deeds["deed"])
    states = Counter(board["state"])
    standing = sum(states[state.value] for state in _STANDING)
    parts = "、".join(f"{state.zh}{states[state.value]}件" for state in _STANDING if states[state.value])
    opening = (
        f"{period}新增挂牌{deeds[Deed.OPEN]}件、延期{deeds[Deed.EXTEND]}件、申请摘牌{deeds[Deed.REQUEST]}件、"
        f"摘牌{deeds[Deed.DELIST]}件;在办{standing}件"
        + (f"({parts})" if parts else "")
        + f",累计挂牌{len(board)}件,已摘牌{states[ListingState.DELISTED]}件。"
    )
    return [make_paragraph(opening, "督办件。"), *_tell_late(board)]


def _tell_late(board: pd.DataFrame) -> list[Paragraph]:
    late = board[board["state"] == ListingState.OVERDUE.value].to_dict("records")
    words = [
        f"{row['number']}号{row['unit']}“{row['subject']}”逾期{row['days_overdue']}天"
        + (f",{row['measure']}" if row["measure"] else "")
        for row in late
    ]
    return [make_paragraph(";".join(words) + "。", "逾期督办件。")] if words else []


def list_board_bodies(
    survey: Survey, review: Review, period: str, /
) -> list[tuple[str, list[Paragraph | Table]]]:
    """Return the sections of the bulletin on supervision (挂牌督办通报)."""
    board = survey.supervised
    by_number = {row["number"]: row for row in board.to_dict("records")}

    def tell(deed: Deed) -> list[Paragraph | Table]:
        rows = review.deeds[review.deeds["deed"] == deed.value].to_dict("records")
        told = [make_paragraph(*_tell_deed(row, by_number[row["number"]])) for row in rows]
        return list(told) or [make_paragraph(f"{period}没有{deed.zh}的督办件。")]

    return [
        ("总体情况", [*tell_board(survey, review, period)]),
        ("新增挂牌", tell(Deed.OPEN)),
        ("延期", tell(Deed.EXTEND)),
        ("申请摘牌与摘牌", [*tell(Deed.REQUEST), *tell(Deed.DELIST)]),
        (set_punctuation("挂牌督办建议(拟)"), [*tell_proposals(review)]),
    ]


def _tell_deed(deed: dict[str, Any], listing: dict[str, Any]) -> tuple[str, str]:
    words = f"{style.format_day(deed['date'].date())}{Deed(deed['deed']).zh}"
    if not pd.isna(deed["deadline"]):
        words += f",整改时限{style.format_day(deed['deadline'].date())}"
    text = f"{listing['unit']}“{listing['subject']}”,{words}:{deed['words']}。"
    return text.replace("。。", "。"), f"{deed['number']}号。"


# ------------------------------------------------------------------ tables of the board
def make_board_tables(survey: Survey, review: Review | None, period: str, /) -> list[Table]:
    """Return the board as it stands, and what was done on it in the period."""
    board = survey.supervised
    if board.empty:
        return []
    columns = (
        Column("编号", "text", 15), Column("单位", "text", 17), Column("事项", "text", 24),
        Column("理由", "text", 32), Column("挂牌日期", "text", 16), Column("整改时限", "text", 16),
        Column("状态", "text", 10), Column("逾期天数", "count", 8), Column("措施或依据", "text", 18),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [
        (
            row["number"], row["unit"], *(set_punctuation(row[key]) for key in ("subject", "reason")),
            f"{row['opened']:%Y-%m-%d}", f"{row['deadline']:%Y-%m-%d}", ListingState(row["state"]).zh,
            int(row["days_overdue"]), set_punctuation(row["measure"] or row["evidence"]) or vocab.NO_TASK,
        )
        for row in board.to_dict("records")
    ]  # fmt: skip
    rule = survey.plan.supervision
    steps = ";".join(f"满{step.days}天,{step.measure}" for step in rule.escalation)
    notes = [
        "一件一号,号不重用;整改时限次日起计逾期,时限内申请摘牌的不计。" + (f"逾期{steps}。" if steps else "")
    ]
    tables = [make_table("board", "挂牌督办件一览表", columns, rows, notes=notes)]
    deeds = [] if review is None else review.deeds.to_dict("records")
    heads = (
        Column("日期", "text", 20), Column("编号", "text", 18), Column("办理", "text", 18),
        Column("时限", "text", 20), Column("理由、情况或依据", "text", 60), Column("经办人", "text", 20),
    )  # fmt: skip
    lines: list[tuple[Value, ...]] = [
        (
            f"{row['date']:%Y-%m-%d}", row["number"], Deed(row["deed"]).zh,
            f"{row['deadline']:%Y-%m-%d}" if style.is_present(row["deadline"]) else vocab.NO_TASK,
            set_punctuation(row["words"]), row["by"],
        )
        for row in deeds
    ]  # fmt: skip
    return [*tables, make_table("deeds", f"{period}督办办理情况表", heads, lines)] if lines else tables


# ------------------------------------------------------------------ proposals
def tell_proposals(review: Review, /) -> list[Paragraph]:
    """Return what the rules propose to put on the board, in words."""
    proposals = review.proposals
    if proposals.empty:
        return [make_paragraph("按规则没有拟挂牌事项。", "挂牌建议。")]
    counts = Counter(proposals["kind"])
    parts = ",".join(f"{ground.zh}{counts[ground.value]}件" for ground in Ground)
    opening = f"按规则提出{len(proposals)}件({parts}),均为建议,经人工确认后方可挂牌。"
    texts = [make_paragraph(opening, "挂牌建议。")]
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
    return f"{row['unit']}({tell_fraction(row)})"


def tell_fraction(row: dict[str, Any], /) -> str:
    """Return the fraction that a rate is taken of, “11/18”: where units are capped, not all that is done."""
    counted = row["rate"] * int(row["base"]) if isinstance(row["rate"], Fraction) else row["done"]
    return style.format_fraction(int(counted) if style.is_present(counted) else None, row["base"])


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
            *(plain_value(row[key]) for key in keys),
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
