"""What a bulletin says of the days ahead (下周重点)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from renewal_gis import vocab
from renewal_gis.render import style
from renewal_gis.render.paper import Column, Paragraph, Table, make_paragraph, make_table
from renewal_gis.render.review import LISTED_ROWS, list_silent
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.vocab import Due, Light

if TYPE_CHECKING:
    from renewal_gis.render.paper import Value
    from renewal_gis.survey import Review, Survey

_NAMED = 5


def tell_agenda(survey: Survey, review: Review, /) -> list[Paragraph]:
    """Return what falls due, which targets need a hand, and who is to be reminded."""
    agenda = review.agenda
    rows: dict[str, list[dict[str, Any]]] = {
        due.value: agenda[agenda["kind"] == due.value].to_dict("records") for due in Due
    }
    told = [
        ("目标到期。", _tell_targets(rows[Due.CHECKPOINT])),
        ("督办件到期。", _tell_listings(rows[Due.LISTING])),
        ("计划节点。", _tell_sites(survey, rows[Due.START], rows[Due.FINISH])),
        ("重点调度。", _tell_lagging(survey)),
        ("催报。", "、".join(row["unit"] for row in list_silent(review)) if review.since else ""),
    ]
    texts = [make_paragraph(f"{text}。", lead) for lead, text in told if text]
    return texts or [make_paragraph("没有到期的目标、督办件和计划节点。")]


def _tell_targets(rows: list[dict[str, Any]]) -> str:
    words = []
    for name in dict.fromkeys((row["name"], row["due"]) for row in rows):
        part = [row for row in rows if (row["name"], row["due"]) == name]
        short = "、".join(f"{row['unit']}{row['missing']}{row['measure']}" for row in part)
        words.append(f"{style.format_day(name[1].date())}“{name[0]}”到期,尚缺:{short}")
    return ";".join(words)


def _tell_listings(rows: list[dict[str, Any]]) -> str:
    return "、".join(
        f"{row['subject']}号({row['unit']},{style.format_day(row['due'].date())})" for row in rows
    )


def _tell_sites(survey: Survey, starts: list[dict[str, Any]], ends: list[dict[str, Any]]) -> str:
    names = {programme.id: programme.short for programme in survey.plan.programmes}
    parts = []
    for word, rows in (("计划开工而尚未开工的", starts), ("计划完工而尚未完工的", ends)):
        counts = Counter(names[row["programme"]] for row in rows)
        listed = "、".join(f"{name}{count}" for name, count in counts.items())
        if rows:
            parts.append(f"{word}{len(rows)}个({listed})")
    return ",".join(parts)


def _tell_lagging(survey: Survey) -> str:
    """The targets of the whole city that lag furthest, with who leads them."""
    rows = survey.progress
    red = rows[(rows["unit"] == vocab.CITY) & (rows["light"] == Light.RED.value)].to_dict("records")
    red.sort(key=lambda row: row["pace_pp"])
    return ";".join(
        f"{row['indicator']}({survey.plan.programme(row['programme']).lead}牵头,"
        f"{style.tell_pace(row['pace_pp'])})"
        for row in red[:_NAMED]
    )


def make_agenda_table(review: Review, period: str, /) -> list[Table]:
    """Return what falls due by day, targets and listings first; none if the text has told all of it."""
    if review.agenda["kind"].isin([Due.CHECKPOINT.value, Due.LISTING.value]).all():
        return []
    columns = (
        Column("类别", "text", 22, merge=True), Column("日期", "text", 20), Column("编号", "text", 26),
        Column("名称", "text", 48), Column("单位", "text", 26), Column("尚缺", "text", 14),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = [
        (
            Due(row["kind"]).zh, f"{row['due']:%Y-%m-%d}", row["subject"], set_punctuation(row["name"]),
            row["unit"] or vocab.NO_TASK, f"{row['missing']}{row['measure']}",
        )
        for row in review.agenda.head(LISTED_ROWS).to_dict("records")
    ]  # fmt: skip
    total = len(review.agenda)
    notes = [f"共{total}项,列前{LISTED_ROWS}项。"] if total > LISTED_ROWS else []
    return [make_table("agenda", f"{period}到期事项表", columns, rows, notes=notes)] if rows else []
