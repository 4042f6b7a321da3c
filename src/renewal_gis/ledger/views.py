"""What every ledger over an SQL database can be asked, each question answered from one state."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import LedgerError, PlanError
from renewal_gis.ledger.lineage import read_lineage
from renewal_gis.ledger.proofs import verify_rows
from renewal_gis.ledger.relate import list_history
from renewal_gis.ledger.standing import list_standings
from renewal_gis.ledger.tables import SEALED
from renewal_gis.ledger.writing import check_site, judge_entry
from renewal_gis.plan import Plan

if TYPE_CHECKING:
    import datetime as dt
    from contextlib import AbstractContextManager

    import geopandas as gpd
    import pandas as pd

    from renewal_gis.findings import Finding, Report
    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.lineage import Lineage
    from renewal_gis.ledger.standing import Standing
    from renewal_gis.ledger.writing import Connection


class LedgerViews(ABC):
    """The asking half of :class:`renewal_gis.ledger.core.SqlLedger`.

    Frames are made by :mod:`renewal_gis.ledger.reading`, which is loaded when one is asked for: an entry
    from the terminal needs no pandas.

    Parameters
    ----------
    name
        What the ledger is called in messages.
    """

    def __init__(self, *, name: str) -> None:
        self.name = name
        self._plan: Plan | None = None

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """See one state of the ledger, whatever others write meanwhile."""

    @abstractmethod
    def check_storage(self, base: Connection, /) -> Report:
        """Return what is wrong with what the tables are stored in: damage, missing guards, lost ends."""

    def has_plan(self) -> bool:
        """Return whether a plan is stored."""
        with self.reading() as base:
            return base.execute("SELECT 1 FROM ledger_plan LIMIT 1").fetchone() is not None

    def plan(self) -> Plan:
        """Return the plan in force.

        Raises
        ------
        LedgerError
            None was stored.
        """
        if self._plan is None:
            with self.reading() as base:
                last = base.execute(
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

    def judge_event(self, event_id: str) -> list[Finding]:
        """Return which gates of the plan an event passed without what they ask for; the event stands.

        Raises
        ------
        LedgerError
            The ledger has no such event, or no plan.
        """
        plan = self.plan()
        with self.reading() as base:
            return judge_entry(base, event_id, plan)

    def lineage(self, *, known_at: Moment | None = None) -> Lineage:
        """Return which sites became which others, as known now or as known then."""
        with self.reading() as base:
            return read_lineage(base, known_at=known_at)

    def sites(
        self, *, as_of: dt.date | None = None, known_at: Moment | None = None, retired: bool = False
    ) -> gpd.GeoDataFrame:
        """Return SITES in EPSG:4490.

        Parameters
        ----------
        as_of
            Which of the sites that were merged or split count: those of that day; without it, of the last.
        known_at
            As known at a past time.
        retired
            Give the sites that do not count as well.
        """
        from renewal_gis.ledger.reading import read_sites  # noqa: PLC0415  # see the class

        with self.reading() as base:
            return read_sites(base, as_of=as_of, known_at=known_at, retired=retired)

    def events(self, *, as_of: dt.date | None = None, known_at: Moment | None = None) -> pd.DataFrame:
        """Return EVENTS in the order of recording; then what merged or split sites inherit.

        Parameters
        ----------
        as_of
            Facts up to this day only; corrections of such facts come along whenever they were made.
        known_at
            What had been recorded by then.
        """
        from renewal_gis.ledger.reading import read_events  # noqa: PLC0415  # see the class

        plan = self.plan() if self.has_plan() else None
        with self.reading() as base:
            return read_events(base, plan, as_of=as_of, known_at=known_at)

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
            EVENTS if anything was ever corrected, given back, merged or split; else ``site_id``,
            ``stage`` and the first ``date`` of each.
        """
        from renewal_gis.ledger.reading import read_stage_events  # noqa: PLC0415  # see the class

        plan = self.plan() if self.has_plan() else None
        with self.reading() as base:
            return read_stage_events(base, plan, as_of=as_of, known_at=known_at)

    def standings(self, *, as_of: dt.date, known_at: Moment | None = None) -> list[Standing]:
        """Return where each site stood on a day; see :func:`renewal_gis.ledger.standing.list_standings`."""
        plan = self.plan()
        with self.reading() as base:
            return list_standings(base, plan, as_of=as_of, known_at=known_at)

    def history(self, site_id: str) -> pd.DataFrame:
        """Return all events of a site and of those it came from, in the order in which they were recorded.

        Raises
        ------
        LedgerError
            The ledger has no such site.
        """
        from renewal_gis.ledger.reading import read_history  # noqa: PLC0415  # see the class

        with self.reading() as base:
            check_site(base, site_id, self.name)
            return read_history(base, site_id)

    def diary(self, site_id: str) -> list[dict[str, Any]]:
        """Return the history of a site as plain entries; see :func:`renewal_gis.ledger.relate.list_history`.

        Raises
        ------
        LedgerError
            The ledger has no such site.
        """
        with self.reading() as base:
            check_site(base, site_id, self.name)
            return list_history(base, site_id)

    def changes(self, site_id: str | None = None) -> pd.DataFrame:
        """Return the old values of rows that an import changed, oldest first: ``old`` is JSON."""
        from renewal_gis.ledger.reading import read_changes  # noqa: PLC0415  # see the class

        with self.reading() as base:
            return read_changes(base, site_id)

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
        from renewal_gis.ledger.reading import read_record_frame  # noqa: PLC0415  # see the class

        with self.reading() as base:
            return read_record_frame(base, kind, subject=subject, known_at=known_at)

    def count_rows(self) -> dict[str, int]:
        """Return how many rows each table holds that a user counts: sites, events, office records."""
        with self.reading() as base:
            return {
                table: int(base.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # fixed names
                for table in ("site", *SEALED)
            }

    def verify(self) -> Report:
        """Prove hashes, counts and order; an empty report means that all holds."""
        with self.reading() as base:
            report = self.check_storage(base)
            return report if any(f.code == "ledger-damaged" for f in report) else verify_rows(base, report)
