"""The bulletin's numbers by key: ``bulletin.json``, for other programmes and for proof."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from renewal_gis.render import style
from renewal_gis.render.problems import list_checks
from renewal_gis.render.review import find_ranks, format_date, list_silent
from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renewal_gis.render.paper import Bulletin, Issue
    from renewal_gis.survey import Review, Survey


def write_json(bulletin: Bulletin, /) -> bytes:
    """Return the bulletin's record as JSON, UTF-8.

    ``rate`` is ``[numerator, denominator]`` as printed (342/465, not reduced) or null; ``expected`` is
    a share 0–1; ``pace_pp`` and ``change_pp`` are percentage points; what does not exist is null.
    """
    return (json.dumps(bulletin.record, ensure_ascii=False, indent=2) + "\n").encode()


def make_record(survey: Survey, kind: str, issue: Issue, /) -> dict[str, Any]:
    """Return what a survey says, by key: targets, changes, who did not report, supervision.

    Each row of ``targets`` has the keys of the contract and no other; what the ledger holds beside
    them stands in ``counts``. ``supervision`` holds the listings of the board and then the proposals
    (``state`` ``proposed``, ``number`` null).
    """
    review = survey.review
    record: dict[str, Any] = {
        "kind": kind,
        "issue": issue.number,
        "state": issue.state or None,
        "signed_by": issue.signed_by or None,
        "signed_on": issue.signed_on.isoformat() if issue.signed_on else None,
        "plan": survey.plan.id,
        "city": survey.plan.city,
        "as_of": survey.as_of.isoformat(),
        "since": review.since.isoformat() if review and review.since else None,
        "simulated": survey.simulated,
        "targets": _list_targets(survey),
        "counts": _list_counts(survey),
        "changes": [],
        "moves": [],
        "slipped": [],
        "not_reported": [],
        "agenda": [],
        "supervision": _list_board(survey),
        "findings": _count_findings(survey),
    }
    if review is not None:
        record |= _list_review(review)
        record["supervision"] = record["supervision"] + _list_proposals(review)
    return record


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
            "done": _count(row["done"]),
            "rate": _pair(row, row["rate"]),
            "expected": _number(row["expected"]),
            "pace_pp": _number(row["pace_pp"]),
            "light": row["light"] or None,
            "rank": ranks[row["target"]].get(row["unit"]),
        }
        for row in survey.progress.to_dict("records")
    ]


def _list_counts(survey: Survey) -> list[dict[str, Any]]:
    keys = ("ledger", "located", "unlocated", "base", "passed", "units")
    return [
        {"id": row["target"], "unit": row["unit"], **{key: _count(row[key]) for key in keys}}
        for row in survey.progress.to_dict("records")
    ]


def _list_board(survey: Survey) -> list[dict[str, Any]]:
    """The listings, with the keys of proposals as well, so that the list has one shape."""
    return [
        {
            **_pick(row, "number", "state", "unit", "programme", "subject", "reason"),
            **dict.fromkeys(("kind", "measure", "done", "base", "rate", "expected", "pace_pp")),
            "target": row["target_id"] or None,
            "days": int(row["days_overdue"]),
            "sites": [row["site_id"]] if row["site_id"] else [],
            **{key: format_date(row[key]) or None for key in ("opened", "deadline", "requested", "closed")},
            "extensions": int(row["extensions"]),
            "evidence": row["evidence"] or None,
            "escalation": row["measure"] or None,
        }
        for row in survey.supervised.to_dict("records")
    ]


def _list_proposals(review: Review) -> list[dict[str, Any]]:
    return [
        {
            "number": None,
            "state": "proposed",
            **_pick(row, "unit", "programme", "subject", "reason", "kind", "measure"),
            **{key: _count(row[key]) for key in ("done", "base", "days")},
            "rate": _pair(row, row["rate"]),
            "expected": _number(row["expected"]),
            "pace_pp": _number(row["pace_pp"]),
            "target": row["target"] or None,
            "sites": row["site_ids"].split("、") if row["site_ids"] else [],
            **dict.fromkeys(
                ("opened", "deadline", "requested", "closed", "extensions", "evidence", "escalation")
            ),
        }
        for row in review.proposals.to_dict("records")
    ]


def _count_findings(survey: Survey) -> dict[str, int]:
    weights = Counter(finding.severity for finding in list_checks(survey))
    return {severity.value: weights[severity] for severity in Severity}


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
        "agenda": [
            {
                **_pick(row, "kind", "subject", "name", "programme", "unit", "measure"),
                "due": format_date(row["due"]),
                "missing": _count(row["missing"]),
            }
            for row in review.agenda.to_dict("records")
        ],
    }


def _pick(row: Mapping[str, Any], *keys: str) -> dict[str, str]:
    return {key: str(row[key]) for key in keys}


def _count(value: Any) -> int | None:
    return int(value) if style.is_present(value) else None


def _number(value: Any) -> float | None:
    return float(value) if style.is_present(value) else None


def _pair(row: Mapping[str, Any], rate: Any) -> list[int] | None:
    # the fraction as it is printed: not reduced; where units are capped its numerator is not all that is done
    return [int(rate * int(row["base"])), int(row["base"])] if isinstance(rate, Fraction) else None
