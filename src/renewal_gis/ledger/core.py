"""A ledger over any SQL database: the protocol's methods that write, each one transaction."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

from renewal_gis.errors import LedgerError
from renewal_gis.findings import Report
from renewal_gis.ledger.base import ImportResult, Moment, format_moment, hash_values, make_event_id
from renewal_gis.ledger.lineage import read_lineage
from renewal_gis.ledger.records import append_record, make_record
from renewal_gis.ledger.relate import withdraw_link, write_link
from renewal_gis.ledger.views import LedgerViews
from renewal_gis.ledger.writing import (
    append_events,
    begin_tally,
    check_event,
    end_tally,
    find_backwards,
    find_same,
    write_events,
    write_sites,
)
from renewal_gis.schema import EVENTS, SITES, check_frame
from renewal_gis.vocab import EventKind, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    import geopandas as gpd
    import pandas as pd

    from renewal_gis.findings import Finding
    from renewal_gis.ledger.relate import Kin
    from renewal_gis.ledger.writing import Connection
    from renewal_gis.plan import Plan


SLICE = 50_000
"""Sites that are turned into rows at a time."""


class SqlLedger(LedgerViews):
    """See :class:`renewal_gis.ledger.base.Ledger`. A class because it holds a connection."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """Hold the write lock; what is written inside is kept whole or not at all."""

    @abstractmethod
    def touch_layer(self, base: Connection, moment: str, /) -> None:
        """Tell other programs that the layer of sites has changed; inside a transaction of writing."""

    @abstractmethod
    def snapshot_to(self, path: str | Path, /) -> Path:
        """Write a consistent copy as a GeoPackage, whole or not at all, for QGIS and other programs.

        Raises
        ------
        LedgerError, PublishError
            The copy could not be written, or does not pass SQLite's own check.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the ledger."""

    def __enter__(self) -> Self:
        """Lend the ledger."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def set_plan(self, plan: Plan, *, at: Moment, by: str) -> bool:
        """Store a plan; True if it differs from the one in force. Earlier plans stay in the ledger."""
        body = plan.model_dump_json()
        seal = hash_values([body, str(plan.folder)])
        with self.writing() as base:
            last = base.execute("SELECT sha256 FROM ledger_plan ORDER BY fid DESC LIMIT 1").fetchone()
            if last is not None and last[0] == seal:
                return False
            base.execute(
                "INSERT INTO ledger_plan (sha256, body, folder, recorded_at, recorded_by) VALUES (?,?,?,?,?)",
                (seal, body, str(plan.folder), format_moment(at), by),
            )
        self._plan = plan
        return True

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
        from renewal_gis.ledger.frames import list_site_rows  # noqa: PLC0415  # see the class

        check_frame(frame, SITES)
        if frame.index.has_duplicates or (frame.index.astype(str) == "").any():
            raise LedgerError("编号为空或重复", remedy="先经 intake 读入,重复的编号会被隔离")
        moment = format_moment(at)
        with self.writing() as base:
            tally = begin_tally(base)
            for start in range(0, len(frame), SLICE):  # so that a million rows do not stand in memory twice
                rows = list_site_rows(frame.iloc[start : start + SLICE])
                write_sites(base, rows, tally, moment=moment, by=by)
            originals = frame.attrs.get("originals", {})
            vanished = end_tally(base, tally, moment=moment, by=by, originals=originals)
            if tally.added or tally.changed:
                self.touch_layer(base, moment)
            lineage = read_lineage(base)
        report = Report()
        gone = {site: link for link in lineage.links for site in link.parents}
        for site_id in (site for site in vanished if site not in gone):
            report.add("site-vanished", site_id=site_id, value=site_id)
        for site_id in (site for site in gone if site in tally.given):
            report.add("site-retired", site_id=site_id, value=gone[site_id].tell())
        unchanged = len(frame) - tally.added - tally.changed
        return ImportResult(tally.added, tally.changed, unchanged, tuple(vanished), report)

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
        from renewal_gis.ledger.frames import list_event_rows  # noqa: PLC0415  # see the class

        check_frame(frame, EVENTS)
        moment = format_moment(at)
        rows = list_event_rows(frame, at=moment, by=by)
        plan = self.plan() if self.has_plan() else None
        with self.writing() as base:
            originals = frame.attrs.get("originals", {})
            added = write_events(base, rows, moment=moment, by=by, originals=originals)
            lineage = read_lineage(base)
            back = [] if plan is None else find_backwards(base, rows, plan)
        report = Report()
        for row, before in back:
            place = {"file": row["source_file"], "row": row["source_row"], "site_id": row["site_id"]}
            report.add("stage-backwards", value=Stage(before).zh, new=Stage(row["stage"]).zh, **place)
        ends = {site: link for link in lineage.links for site in link.parents}
        for row in rows:
            link = ends.get(row["site_id"])
            if link is not None and row["date"] > link.date:
                report.add("site-retired", site_id=row["site_id"], value=link.tell())
        return ImportResult(added, 0, len(rows) - added, findings=report)

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
            Unknown site, stage or event; a site that became another; backwards without a reason; the
            key belongs to another event; the ledger could not be written.
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
        with self.writing() as base:
            known = find_same(base, row)
            if known:
                return known
            check_event(base, row, plan)
            append_events(base, [row])
        return str(row["event_id"])

    def relate(
        self, kin: Kin, *, date: dt.date, by: str, at: Moment, key: str | None = None
    ) -> tuple[str, list[Finding]]:
        """Merge or split sites; see :func:`renewal_gis.ledger.relate.write_link`."""
        self.plan()  # what the new sites inherit is read in the plan's order of stages
        with self.writing() as base:
            made = write_link(base, kin, date=date, by=by, at=at, key=key)
            self.touch_layer(base, format_moment(at))
        return made

    def undo_relation(self, record_id: str, *, date: dt.date, by: str, at: Moment, reason: str = "") -> str:
        """Withdraw a merging or splitting; see :func:`renewal_gis.ledger.relate.withdraw_link`."""
        with self.writing() as base:
            return withdraw_link(base, record_id, date=date, by=by, at=at, reason=reason)

    def add_record(
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
        with self.writing() as base:
            return append_record(base, row)
