"""A ledger over any SQL database: the protocol's methods, each one transaction."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from renewal_gis.errors import LedgerError, PlanError
from renewal_gis.findings import Report
from renewal_gis.ledger.base import (
    RECORD_COLUMNS,
    ImportResult,
    Moment,
    format_moment,
    hash_values,
    make_event_id,
)
from renewal_gis.ledger.frames import (
    drop_later,
    events_of_rows,
    list_event_rows,
    list_site_rows,
    restore_sites,
    sites_of_rows,
    stages_of_rows,
)
from renewal_gis.ledger.proofs import verify_container
from renewal_gis.ledger.records import append_record, make_record, read_records
from renewal_gis.ledger.writing import (
    READ_EVENTS,
    READ_SITES,
    SITE_FIELDS,
    Connection,
    append_events,
    check_event,
    find_same,
    write_events,
    write_sites,
)
from renewal_gis.plan import Plan
from renewal_gis.schema import EVENTS, SITES, check_frame
from renewal_gis.vocab import EventKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    import geopandas as gpd


class SqlLedger(ABC):
    """See :class:`renewal_gis.ledger.base.Ledger`. A class because it holds a connection.

    Parameters
    ----------
    base
        An open connection.
    name
        What the ledger is called in messages.
    """

    def __init__(self, base: Connection, *, name: str) -> None:
        self.name = name
        self._base = base
        self._plan: Plan | None = None

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """Hold the write lock; what is written inside is kept whole or not at all."""

    def __enter__(self) -> Self:
        """Lend the ledger."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the ledger."""
        raise NotImplementedError

    def set_plan(self, plan: Plan, *, at: Moment, by: str) -> bool:
        """Store a plan; True if it differs from the one in force. Earlier plans stay in the ledger."""
        body = plan.model_dump_json()
        seal = hash_values([body, str(plan.folder)])
        with self._writing() as base:
            last = base.execute("SELECT sha256 FROM ledger_plan ORDER BY fid DESC LIMIT 1").fetchone()
            if last is not None and last[0] == seal:
                return False
            base.execute(
                "INSERT INTO ledger_plan (sha256, body, folder, recorded_at, recorded_by) VALUES (?,?,?,?,?)",
                (seal, body, str(plan.folder), format_moment(at), by),
            )
        self._plan = plan
        return True

    def plan(self) -> Plan:
        """Return the plan in force.

        Raises
        ------
        LedgerError
            None was stored.
        """
        if self._plan is None:
            last = self._base.execute(
                "SELECT body, folder FROM ledger_plan ORDER BY fid DESC LIMIT 1"
            ).fetchone()
            if last is None:
                raise LedgerError(
                    "台账中没有方案", place=self.name, remedy="先用 ledger init --plan 写入方案"
                )
            try:
                self._plan = Plan(**json.loads(last[0]), folder=Path(last[1]))
            except ValueError as error:
                raise PlanError(f"台账中的方案无法读取:{error}", remedy="请重新写入方案") from error
        return self._plan

    def import_sites(self, frame: gpd.GeoDataFrame, *, at: Moment, by: str) -> ImportResult:
        """Take a SITES frame in.

        Rows whose content is known already change nothing. Old values of changed rows go into
        ``site_change``. Rows that vanished from a file of the same name stay and are reported.

        Parameters
        ----------
        frame
            SITES, EPSG:4490, one row per site.
        at, by
            When and by whom it is recorded.

        Raises
        ------
        SchemaError, CrsError
            Not a SITES frame.
        LedgerError
            An id is blank or stands twice; the ledger could not be written.
        """
        check_frame(frame, SITES)
        if frame.index.has_duplicates or (frame.index.astype(str) == "").any():
            raise LedgerError("编号为空或重复", remedy="先经 intake 读入,重复的编号会被隔离")
        rows = list_site_rows(frame)
        with self._writing() as base:
            added, changed, vanished = write_sites(base, rows, moment=format_moment(at), by=by)
        report = Report()
        for site_id in vanished:
            report.add("site-vanished", site_id=site_id, value=site_id)
        return ImportResult(added, changed, len(rows) - added - changed, tuple(vanished), report)

    def import_events(self, frame: pd.DataFrame, *, at: Moment, by: str) -> ImportResult:
        """Take an EVENTS frame in; an event whose key is known already is not taken twice.

        Parameters
        ----------
        frame
            EVENTS; a blank ``recorded_at`` or ``recorded_by`` becomes ``at`` or ``by``.
        at, by
            When and by whom it is recorded.

        Raises
        ------
        SchemaError
            Not an EVENTS frame.
        LedgerError
            An event of a site that the ledger does not have; the ledger could not be written.
        """
        check_frame(frame, EVENTS)
        moment = format_moment(at)
        rows = list_event_rows(frame, at=moment, by=by)
        with self._writing() as base:
            added = write_events(base, rows, moment=moment, by=by)
        return ImportResult(added, 0, len(rows) - added)

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
        """Write one event and return its id after it is durable.

        Parameters
        ----------
        site_id
            A site of the ledger.
        date
            The day of the fact.
        by, at
            Who records it, and when.
        stage
            The stage reached, in the programme's vocabulary.
        note
            A remark; alone it makes a note.
        corrects
            The event that was wrong. With ``stage`` it is replaced, without it is withdrawn.
        key
            The caller's own key: the same key twice is one event.
        reason
            Why a stage goes backwards; without it that is refused.

        Raises
        ------
        LedgerError
            Unknown site, stage or event; backwards without a reason; the key belongs to another
            event; the ledger could not be written.
        """
        kind = EventKind.CORRECTION if corrects else EventKind.STAGE if stage else EventKind.NOTE
        if kind == EventKind.NOTE and not note:
            raise LedgerError("没有阶段、说明或更正对象", remedy="请给出 stage、note 或 corrects")
        moment, day = format_moment(at), date.isoformat()[:10]
        own = key or "hand:" + hash_values([site_id, stage, day, note, corrects, reason, by, moment])
        row = {
            "event_id": make_event_id(own),
            "site_id": site_id,
            "kind": str(kind),
            "stage": stage,
            "date": day,
            "recorded_at": moment,
            "recorded_by": by,
            "note": note,
            "reason": reason,
            "corrects": corrects,
            "source_file": "",
            "source_row": None,
            "key": own,
        }
        plan = self.plan() if stage else None
        with self._writing() as base:
            known = find_same(base, row)
            if known:
                return known
            check_event(base, row, plan)
            append_events(base, [row])
        return str(row["event_id"])

    def sites(self, *, known_at: Moment | None = None) -> gpd.GeoDataFrame:
        """Return SITES in EPSG:4490, as known now or as known at a past time."""
        found = self._base.execute(READ_SITES).fetchall()
        rows = [dict(zip(SITE_FIELDS, row, strict=True)) for row in found]
        if known_at is not None:
            moment = format_moment(known_at)
            changes = self._base.execute(
                "SELECT site_id, old, recorded_at FROM site_change WHERE recorded_at > ? ORDER BY fid",
                (moment,),
            )
            rows = restore_sites(rows, changes.fetchall(), moment)
        return sites_of_rows(rows)

    def events(self, *, as_of: dt.date | None = None, known_at: Moment | None = None) -> pd.DataFrame:
        """Return EVENTS in the order of recording.

        Parameters
        ----------
        as_of
            Facts up to this day only; corrections of such facts come along whenever they were made.
        known_at
            What had been recorded by then.
        """
        if known_at is None:
            found = self._base.execute(f"{READ_EVENTS} ORDER BY seq")
        else:
            moment = format_moment(known_at)
            found = self._base.execute(f"{READ_EVENTS} WHERE recorded_at <= ? ORDER BY seq", (moment,))
        frame = events_of_rows(found.fetchall())
        return frame if as_of is None else drop_later(frame, as_of)

    def stage_events(self, *, as_of: dt.date | None = None, known_at: Moment | None = None) -> pd.DataFrame:
        """Return what :func:`renewal_gis.ledger.history.find_reached` needs of EVENTS, and no more.

        Half a million events are read in a second, which the whole frame is not.

        Parameters
        ----------
        as_of, known_at
            As in :meth:`events`.

        Returns
        -------
        DataFrame
            EVENTS if anything was ever corrected or given back; else ``site_id``, ``stage`` and
            the first ``date`` of each.
        """
        base = self._base
        moment = "9999" if known_at is None else format_moment(known_at)
        odd = "SELECT 1 FROM status_event WHERE kind = 'correction' OR reason <> '' LIMIT 1"
        if base.execute(odd).fetchone() is not None:
            return self.events(as_of=as_of, known_at=known_at)
        last = "9999" if as_of is None else as_of.isoformat()[:10]
        found = base.execute(
            "SELECT site_id, stage, min(date) FROM status_event INDEXED BY status_event_by_site "
            "WHERE kind = 'stage' AND date <= ? AND recorded_at <= ? GROUP BY site_id, stage",
            (last, moment),
        )
        return stages_of_rows(found.fetchall())

    def history(self, site_id: str) -> pd.DataFrame:
        """Return all events of one site, in the order in which they were recorded.

        Raises
        ------
        LedgerError
            The ledger has no such site.
        """
        if self._base.execute("SELECT 1 FROM site WHERE site_id = ?", (site_id,)).fetchone() is None:
            raise LedgerError(f"台账中没有编号“{site_id}”", place=self.name, remedy="请核对编号")
        found = self._base.execute(f"{READ_EVENTS} WHERE site_id = ? ORDER BY seq", (site_id,))
        return events_of_rows(found.fetchall())

    def changes(self, site_id: str | None = None) -> pd.DataFrame:
        """Return the old values of rows that an import changed, oldest first: ``old`` is JSON."""
        names = ["site_id", "old", "recorded_at", "recorded_by"]
        text = "SELECT site_id, old, recorded_at, recorded_by FROM site_change"
        if site_id is None:
            found = self._base.execute(f"{text} ORDER BY fid")
        else:
            found = self._base.execute(f"{text} WHERE site_id = ? ORDER BY fid", (site_id,))
        return pd.DataFrame(found.fetchall(), columns=names)

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
        """Write one office record and return its id after it is durable.

        Parameters
        ----------
        kind
            A :class:`renewal_gis.vocab.RecordKind`.
        subject
            What it is about, such as the number of a listing.
        date
            The day of the fact.
        body
            What it says; kept as canonical JSON.
        by, at
            Who records it, and when.
        key
            The caller's own key: the same key with the same content is one record.

        Raises
        ------
        LedgerError
            An unknown kind, a body that is not JSON, a key of another record, or the ledger could
            not be written.
        """
        row = make_record(kind, subject=subject, date=date, body=body, by=by, at=at, key=key)
        with self._writing() as base:
            return append_record(base, row)

    def records(
        self, kind: str | None = None, *, subject: str | None = None, known_at: Moment | None = None
    ) -> pd.DataFrame:
        """Return office records in the order of recording.

        Parameters
        ----------
        kind, subject
            Only these.
        known_at
            What had been recorded by then.

        Returns
        -------
        DataFrame
            On ``record_id``: ``kind``, ``subject``, ``date`` (datetime64), ``body`` (dict),
            ``recorded_at``, ``recorded_by``, ``key``.
        """
        rows = read_records(self._base, kind, subject=subject, known_at=known_at)
        frame = pd.DataFrame(rows, columns=list(RECORD_COLUMNS)).set_index("record_id")
        frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d").astype("datetime64[ns]")
        return frame

    def verify(self) -> Report:
        """Prove hashes, counts and order; an empty report means that all holds."""
        return verify_container(self._base)
