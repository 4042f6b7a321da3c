"""Proof that a ledger holds what was written into it, in the order in which it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renewal_gis.findings import Report
from renewal_gis.ledger.base import EVENT_COLUMNS, RECORD_COLUMNS, SITE_TYPES, chain_row, hash_site
from renewal_gis.ledger.container import APPEND_ONLY

if TYPE_CHECKING:
    from renewal_gis.ledger.writing import Connection


def verify_container(base: Connection, /) -> Report:
    """Return what does not hold in a GeoPackage ledger.

    Checked are SQLite's own integrity, the triggers that forbid changes, the fingerprint of every
    site, the chain of seals over all events, and that every event and correction has its object.
    """
    report = Report()
    sound = base.execute("PRAGMA integrity_check").fetchone()[0]
    if sound != "ok":
        report.add("ledger-damaged", value=str(sound)[:80])
        return report
    triggers = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            if f"{table}_no_{verb}" not in triggers:
                report.add("ledger-unguarded", value=f"{table}_no_{verb}")
    _verify_sites(base, report)
    _verify_events(base, report)
    _verify_records(base, report)
    return report


def _verify_sites(base: Connection, report: Report) -> None:
    names = ("row_hash", "geom", "site_id", *SITE_TYPES)
    for values in base.execute(f"SELECT {', '.join(names)} FROM site ORDER BY fid"):  # noqa: S608  # fixed names
        site = dict(zip(names, values, strict=True))
        if hash_site(site) != site["row_hash"]:
            report.add("ledger-altered", value=f"项目 {site['site_id']}", site_id=site["site_id"])
    for (site_id,) in base.execute(
        "SELECT DISTINCT c.site_id FROM site_change c LEFT JOIN site s USING (site_id) WHERE s.site_id IS NULL"
    ):
        report.add("ledger-altered", value=f"项目 {site_id} 不见了", site_id=site_id)


def _verify_events(base: Connection, report: Report) -> None:
    seal, last = "", 0
    known: set[Any] = set()
    sites = {site_id for (site_id,) in base.execute("SELECT site_id FROM site")}
    text = f"SELECT seq, chain, {', '.join(EVENT_COLUMNS)} FROM status_event ORDER BY seq"  # noqa: S608  # fixed names
    for seq, chain, *values in base.execute(text):
        event = dict(zip(EVENT_COLUMNS, values, strict=True))
        seal = chain_row(seal, values)
        if chain != seal:
            report.add("ledger-altered", value=f"记录 {event['event_id']}", site_id=event["site_id"])
            seal = chain
        if event["site_id"] not in sites or (event["corrects"] and event["corrects"] not in known):
            report.add("ledger-altered", value=f"记录 {event['event_id']} 没有对象", site_id=event["site_id"])
        known.add(event["event_id"])
        last = seq
    _verify_end(base, report, "status_event", last)


def _verify_records(base: Connection, report: Report) -> None:
    seal, last = "", 0
    text = f"SELECT seq, chain, {', '.join(RECORD_COLUMNS)} FROM office_record ORDER BY seq"  # noqa: S608  # fixed names
    for seq, chain, *values in base.execute(text):
        seal = chain_row(seal, values)
        if chain != seal:
            report.add("ledger-altered", value=f"公文 {values[0]}")
            seal = chain
        last = seq
    _verify_end(base, report, "office_record", last)


def _verify_end(base: Connection, report: Report, table: str, last: int) -> None:
    given = base.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    if given and given[0] != last:
        report.add("ledger-altered", value=f"末尾缺记录:编到 {given[0]},存有到 {last}")
