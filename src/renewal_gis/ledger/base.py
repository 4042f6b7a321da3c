"""What every ledger can do, whatever it is stored in, and how its values are written as text."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from renewal_gis.errors import LedgerError
from renewal_gis.findings import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import geopandas as gpd
    import pandas as pd

    from renewal_gis.plan import Plan

Moment = dt.datetime | dt.date | str
"""A time of recording: aware or naive (then local) datetime, a day (then its end), or ISO 8601 text."""

SITE_TYPES: dict[str, str] = {
    "name": "TEXT",
    "programme": "TEXT",
    "category": "TEXT",
    "declared_unit": "TEXT",
    "township": "TEXT",
    "address": "TEXT",
    "households": "INTEGER",
    "buildings": "INTEGER",
    "dwellings": "INTEGER",
    "floor_area_m2": "DOUBLE",
    "investment_wan": "DOUBLE",
    "length_m": "DOUBLE",
    "leader": "TEXT",
    "task_force": "TEXT",
    "contractor": "TEXT",
    "planned_start": "DATE",
    "planned_finish": "DATE",
    "actual_start": "DATE",
    "actual_finish": "DATE",
    "consulted_share": "DOUBLE",
    "satisfied_share": "DOUBLE",
    "content_items": "TEXT",
    "notes": "TEXT",
    "source_file": "TEXT",
    "source_row": "INTEGER",
    "simulated": "BOOLEAN",
    "photo_before": "TEXT",
    "photo_after": "TEXT",
}
"""Columns of a site in the order in which they are stored, with their SQL types."""

LATER_COLUMNS = ("photo_before", "photo_after")
"""Columns that older ledgers had not. Sealed only where filled in, so that the older seals still hold."""

PROVENANCE = ("source_file", "source_row")
"""Columns that say where a row came from; they do not make it another row."""

EVENT_COLUMNS = (
    "event_id",
    "site_id",
    "kind",
    "stage",
    "date",
    "recorded_at",
    "recorded_by",
    "note",
    "reason",
    "corrects",
    "source_file",
    "source_row",
    "key",
)
"""Columns of an event in the order in which they are chained."""

RECORD_COLUMNS = ("record_id", "kind", "subject", "date", "body", "recorded_at", "recorded_by", "key")
"""Columns of an office record in the order in which they are chained."""


@dataclass(frozen=True)
class ImportResult:
    """What an import did: ``added + changed + unchanged`` is what was given."""

    added: int
    changed: int
    unchanged: int
    vanished: tuple[str, ...] = ()
    findings: Report = field(default_factory=Report)


class Ledger(Protocol):
    """The protocol of all ledgers. ``at`` is when something is recorded and ``by`` is who records it."""

    def set_plan(self, plan: Plan, *, at: Moment, by: str) -> bool:
        """Store a plan; True if it differs from the one in force."""

    def plan(self) -> Plan:
        """Return the plan in force."""

    def import_sites(self, frame: gpd.GeoDataFrame, *, at: Moment, by: str) -> ImportResult:
        """Take a SITES frame in; old values of changed rows are kept."""

    def import_events(self, frame: pd.DataFrame, *, at: Moment, by: str) -> ImportResult:
        """Take an EVENTS frame in; an event that is there already is not taken twice."""

    def add_event(  # noqa: PLR0913  # one argument for each thing that an entry says
        self,
        site_id: str,
        *,
        date: dt.date,
        by: str,
        at: Moment,
        stage: str = "",
        note: str = "",
        corrects: str = "",
        key: str | None = None,
        reason: str = "",
    ) -> str:
        """Write one event and return its id after it is durable."""

    def sites(self, *, known_at: Moment | None = None) -> gpd.GeoDataFrame:
        """Return SITES, as known now or as known then."""

    def events(self, *, as_of: dt.date | None = None, known_at: Moment | None = None) -> pd.DataFrame:
        """Return EVENTS up to a day, as known now or as known then."""

    def history(self, site_id: str) -> pd.DataFrame:
        """Return all events of one site, in the order in which they were recorded."""

    def changes(self, site_id: str | None = None) -> pd.DataFrame:
        """Return the old values of rows that an import changed."""

    def add_record(  # one argument for each thing that a record says
        self,
        kind: str,
        *,
        subject: str,
        date: dt.date,
        body: Mapping[str, Any],
        by: str,
        at: Moment,
        key: str | None = None,
    ) -> str:
        """Write one office record and return its id after it is durable."""

    def records(
        self, kind: str | None = None, *, subject: str | None = None, known_at: Moment | None = None
    ) -> pd.DataFrame:
        """Return office records in the order of recording."""

    def snapshot_to(self, path: str | Path) -> Path:
        """Write a consistent copy for other programs."""

    def verify(self) -> Report:
        """Prove hashes, counts and order; an empty report means that all holds."""

    def close(self) -> None:
        """Let go of the ledger."""

    def __enter__(self) -> Self:
        """Lend the ledger."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


def format_moment(at: Moment, /) -> str:
    """Return a time of recording as sortable text in UTC.

    Raises
    ------
    LedgerError
        Not a time.

    Examples
    --------
    >>> format_moment("2021-09-30T18:00:00+08:00")
    '2021-09-30T10:00:00.000000Z'
    """
    if isinstance(at, str):
        at = _parse_moment(at)
    if not isinstance(at, dt.datetime):
        at = dt.datetime.combine(at, dt.time.max)
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parse_moment(text: str) -> dt.datetime | dt.date:
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise LedgerError(
            f"时间“{text[:40]}”无法识别", remedy="请写成 2021-09-30T18:00:00+08:00 的形式"
        ) from error


_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def hash_values(values: Iterable[Any], /) -> str:
    """Return the fingerprint of a row of plain values."""
    return hashlib.sha256(_WRITE(list(values)).encode("utf-8", "surrogatepass")).hexdigest()


def hash_site(site: Mapping[str, Any], /) -> str:
    """Return the fingerprint of a stored site: its id, its shape and all columns but its provenance."""
    shape = bytes(site["geom"]).hex() if site["geom"] else None
    unsealed = (*PROVENANCE, *LATER_COLUMNS)
    first = [site[name] for name in SITE_TYPES if name not in unsealed]
    later = [[name, site[name]] for name in LATER_COLUMNS if site[name]]
    return hash_values([shape, site["site_id"], *first, *later])


def chain_row(before: str, values: Sequence[Any], /) -> str:
    """Return the seal of a row: it covers the row and the seal before it, so that order is proved."""
    return hash_values([before, *values])


def make_event_id(key: str, /) -> str:
    """Return the id of the event with this key; the same key is the same event in any ledger."""
    return f"E{_digest(key)}"


def make_record_id(key: str, /) -> str:
    """Return the id of the office record with this key."""
    return f"R{_digest(key)}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
