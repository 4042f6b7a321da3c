"""What the imports found stays in the ledger, so that a bulletin made later knows it as a build does."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from renewal_gis.findings import Finding
from renewal_gis.ledger.base import format_moment
from renewal_gis.vocab import RecordKind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.core import SqlLedger
    from renewal_gis.plan import Plan

LEDGER = "ledger"
"""Subject of what the ledger itself found, which belongs to no file."""


def list_ledger_files(plan: Plan, /) -> set[str]:
    """Return the names of the files of a plan whose rows go into the ledger, and of their geometry."""
    kinds = {"sites", "events"}
    return {
        plan.path_of(name).name
        for source in plan.sources
        for name in (source.path, source.geometry)
        if name and source.role in kinds
    }


def keep_findings(
    ledger: SqlLedger, findings: Iterable[Finding], /, *, subjects: Iterable[str], at: Moment, by: str
) -> None:
    """Keep what an import found, file by file; a file without findings clears what it had before.

    Parameters
    ----------
    ledger
        Open for writing.
    findings
        What was found.
    subjects
        The files that were read. What was found before in other files stays.
    at, by
        When and by whom it is recorded.
    """
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings:
        said = {key: value for key, value in asdict(finding).items() if value not in ("", None)}
        by_file[finding.file or LEDGER].append(said)
    known = {subject: body["findings"] for subject, body in _read_bodies(ledger, None)}
    day = _day_of(at)
    for subject in sorted({*subjects, *by_file}):
        found = by_file.get(subject, [])
        if known.get(subject, []) != found:
            ledger.add_record(
                RecordKind.INTAKE, subject=subject, date=day, body={"findings": found}, by=by, at=at
            )


def read_findings(ledger: SqlLedger, /, *, known_at: Moment | None = None) -> tuple[Finding, ...]:
    """Return what the latest import of each file found."""
    latest = dict(_read_bodies(ledger, known_at))
    return tuple(_make(said) for body in latest.values() for said in body["findings"])


def _read_bodies(ledger: SqlLedger, known_at: Moment | None) -> list[tuple[str, dict[str, Any]]]:
    records = ledger.records(RecordKind.INTAKE, known_at=known_at)
    return list(zip(records["subject"], records["body"], strict=True))


def _make(said: dict[str, Any]) -> Finding:
    return Finding(**{**said, "severity": Severity(said["severity"])})


def _day_of(at: Moment) -> dt.date:
    return dt.date.fromisoformat(format_moment(at)[:10])
