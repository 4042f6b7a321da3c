"""The bulletin's numbers by key: ``bulletin.json``, for other programmes and for proof."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from renewal_gis.render import style
from renewal_gis.render.review import find_ranks, format_date, list_silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renewal_gis.render.paper import Bulletin
    from renewal_gis.survey import Review, Survey


def write_json(bulletin: Bulletin, /) -> bytes:
    """Return the bulletin's record as JSON, UTF-8.

    ``rate`` is ``[numerator, denominator]`` as printed (342/465, not reduced) or null; ``expected`` is
    a share 0–1; ``pace_pp`` and ``change_pp`` are percentage points; what does not exist is null.
    """
    return (json.dumps(bulletin.record, ensure_ascii=False, indent=2) + "\n").encode()


def make_record(survey: Survey, kind: str, /) -> dict[str, Any]:
    """Return what a survey says, by key: targets, changes, who did not report, proposals."""
    review = survey.review
    record: dict[str, Any] = {
        "kind": kind,
        "plan": survey.plan.id,
        "city": survey.plan.city,
        "as_of": survey.as_of.isoformat(),
        "since": review.since.isoformat() if review and review.since else None,
        "simulated": survey.simulated,
        "targets": _list_targets(survey),
        "changes": [],
        "moves": [],
        "slipped": [],
        "not_reported": [],
        "supervision": [],
    }
    return {**record, **(_list_review(review) if review else {})}


def _list_targets(survey: Survey) -> list[dict[str, Any]]:
    ranks = {target.id: find_ranks(survey.review, target.id) for target in survey.plan.targets}
    return [
        {
            "id": row["target"],
            "programme": row["programme"],
            "indicator": row["indicator"],
            "unit": row["unit"],
            "measure": row["measure"],
            "task": _count(row["task"]),
            "ledger": _count(row["ledger"]),
            "done": _count(row["done"]),
            "base": _count(row["base"]),
            "rate": _pair(row, row["rate"]),
            "expected": _number(row["expected"]),
            "pace_pp": _number(row["pace_pp"]),
            "light": row["light"] or None,
            "rank": ranks[row["target"]].get(row["unit"]),
        }
        for row in survey.progress.to_dict("records")
    ]


def _list_review(review: Review) -> dict[str, Any]:
    return {
        "changes": [
            {
                **_pick(row, "target", "indicator", "unit", "measure"),
                **{key: _count(row[key]) for key in ("done_before", "done", "change")},
                "change_pp": _number(row["change_pp"]),
            }
            for row in review.changes.to_dict("records")
        ],
        "moves": [
            {
                **_pick(row, "site_id", "name", "programme", "unit", "kind", "stage"),
                "date": format_date(row["date"]),
            }
            for row in review.moves.to_dict("records")
        ],
        "slipped": [
            {
                **_pick(row, "site_id", "name", "programme", "unit", "stage"),
                "planned_finish": format_date(row["planned_finish"]),
                "days_late": int(row["days_late"]),
                "new": bool(row["new"]),
            }
            for row in review.slips.to_dict("records")
        ],
        "not_reported": list_silent(review) if review.since else [],
        "supervision": [
            {
                **_pick(row, "unit", "programme", "kind", "subject", "measure", "reason"),
                "target": row["target"] or None,
                **{key: _count(row[key]) for key in ("done", "base", "days")},
                "rate": _pair(row, row["rate"]),
                "expected": _number(row["expected"]),
                "pace_pp": _number(row["pace_pp"]),
                "sites": row["site_ids"].split("、") if row["site_ids"] else [],
            }
            for row in review.proposals.to_dict("records")
        ],
    }


def _pick(row: Mapping[str, Any], *keys: str) -> dict[str, str]:
    return {key: str(row[key]) for key in keys}


def _count(value: Any) -> int | None:
    return int(value) if style.is_present(value) else None


def _number(value: Any) -> float | None:
    return float(value) if style.is_present(value) else None


def _pair(row: Mapping[str, Any], rate: Any) -> list[int] | None:
    return [int(row["done"]), int(row["base"])] if isinstance(rate, Fraction) else None
