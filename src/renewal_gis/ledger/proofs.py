"""Proof that a ledger holds what was written into it, in the order in which it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from renewal_gis.ledger.base import EVENT_COLUMNS, RECORD_COLUMNS, SITE_TYPES, chain_row, hash_site
from renewal_gis.vocab import RecordKind

if TYPE_CHECKING:
    from renewal_gis.findings import Report
    from renewal_gis.ledger.writing import Connection


def verify_rows(base: Connection, report: Report, /) -> Report:
    """Add to a report what does not hold in the rows of a ledger, and return it.

    Checked are the fingerprint of every site, the chains of seals over all events and office records,
    and that every event, correction, merging and splitting has its object.
    """
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
    seal = ""
    known: set[Any] = set()
    sites = {site_id for (site_id,) in base.execute("SELECT site_id FROM site")}
    text = f"SELECT chain, {', '.join(EVENT_COLUMNS)} FROM status_event ORDER BY seq"  # noqa: S608  # fixed names
    for chain, *values in base.execute(text):
        event = dict(zip(EVENT_COLUMNS, values, strict=True))
        seal = chain_row(seal, values)
        if chain != seal:
            report.add("ledger-altered", value=f"记录 {event['event_id']}", site_id=event["site_id"])
            seal = chain
        if event["site_id"] not in sites or (event["corrects"] and event["corrects"] not in known):
            report.add("ledger-altered", value=f"记录 {event['event_id']} 没有对象", site_id=event["site_id"])
        known.add(event["event_id"])


def _verify_records(base: Connection, report: Report) -> None:
    seal = ""
    sites = {site_id for (site_id,) in base.execute("SELECT site_id FROM site")}
    text = f"SELECT chain, {', '.join(RECORD_COLUMNS)} FROM office_record ORDER BY seq"  # noqa: S608  # fixed names
    for chain, *values in base.execute(text):
        seal = chain_row(seal, values)
        if chain != seal:
            report.add("ledger-altered", value=f"公文 {values[0]}")
            seal = chain
        if values[1] == RecordKind.LINEAGE:
            body = json.loads(values[4])
            for site_id in {*body.get("parents", ()), *body.get("children", ())} - sites:
                report.add("ledger-altered", value=f"公文 {values[0]} 没有对象 {site_id}", site_id=site_id)


def verify_end(report: Report, given: int, last: int) -> None:
    """Add to a report that rows are missing after the last one: more were numbered than are there."""
    if given > last:
        report.add("ledger-altered", value=f"末尾缺记录:编到 {given},存有到 {last}")
