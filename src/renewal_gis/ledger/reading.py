"""What a ledger holds as frames: functions over an open transaction of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.ledger.base import EVENT_COLUMNS, RECORD_COLUMNS, format_moment
from renewal_gis.ledger.diary import EVER
from renewal_gis.ledger.frames import drop_later, events_of_rows, restore_sites, sites_of_rows, stages_of_rows
from renewal_gis.ledger.lineage import LAST_DAY, Lineage, inherit_entries, read_lineage
from renewal_gis.ledger.records import read_records
from renewal_gis.ledger.writing import READ_EVENTS, READ_SITES, SITE_FIELDS
from renewal_gis.vocab import EventKind

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd

    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.writing import Connection
    from renewal_gis.plan import Plan


def read_sites(
    base: Connection, *, as_of: dt.date | None, known_at: Moment | None, retired: bool
) -> gpd.GeoDataFrame:
    """Return SITES; see :meth:`renewal_gis.ledger.core.SqlLedger.sites`."""
    rows = [dict(zip(SITE_FIELDS, row, strict=True)) for row in base.execute(READ_SITES).fetchall()]
    if known_at is not None:
        moment = format_moment(known_at)
        changes = base.execute(
            "SELECT site_id, old, recorded_at FROM site_change WHERE recorded_at > ? ORDER BY fid", (moment,)
        )
        rows = restore_sites(rows, changes.fetchall(), moment)
    if not retired:
        hidden = read_lineage(base, known_at=known_at).list_hidden(_last(as_of))
        rows = [row for row in rows if row["site_id"] not in hidden]
    return sites_of_rows(rows)


def _last(as_of: dt.date | None) -> str:
    return LAST_DAY if as_of is None else as_of.isoformat()[:10]


def read_events(
    base: Connection, plan: Plan | None, *, as_of: dt.date | None, known_at: Moment | None
) -> pd.DataFrame:
    """Return EVENTS; see :meth:`renewal_gis.ledger.core.SqlLedger.events`."""
    moment = EVER if known_at is None else format_moment(known_at)
    found = base.execute(f"{READ_EVENTS} WHERE recorded_at <= ? ORDER BY seq", (moment,)).fetchall()
    lineage = read_lineage(base, known_at=known_at)
    if lineage.links and plan is not None:
        found += _list_inherited(base, plan, lineage, as_of=_last(as_of), moment=moment)
    frame = events_of_rows(found)
    return frame if as_of is None else drop_later(frame, as_of)


def _list_inherited(
    base: Connection, plan: Plan, lineage: Lineage, *, as_of: str, moment: str
) -> list[tuple[Any, ...]]:
    """Return what new sites take over, as rows of events."""
    programmes = dict(base.execute("SELECT site_id, programme FROM site").fetchall())
    given = inherit_entries(
        base,
        lineage,
        lambda site: [str(stage) for stage in plan.programme(programmes[site]).stages],
        as_of=as_of,
        moment=moment,
    )
    links = {link.record_id: link for link in lineage.links}
    rows = []
    for entry in (entry for entries in given.values() for entry in entries):
        link = links[entry.event_id.partition(":")[0]]
        row: dict[str, Any] = dict.fromkeys(EVENT_COLUMNS, "") | entry._asdict()
        row |= {
            "kind": str(EventKind.STAGE),
            "recorded_at": link.recorded_at,
            "recorded_by": link.recorded_by,
        }
        row |= {"note": f"承自 {'、'.join(link.parents)}", "source_row": None, "key": entry.event_id}
        rows.append(tuple(row[name] for name in EVENT_COLUMNS))
    return rows


def read_stage_events(
    base: Connection, plan: Plan | None, *, as_of: dt.date | None, known_at: Moment | None
) -> pd.DataFrame:
    """Return lean EVENTS; see :meth:`renewal_gis.ledger.core.SqlLedger.stage_events`."""
    odd = "SELECT 1 FROM status_event WHERE kind = 'correction' OR reason <> '' LIMIT 1"
    if base.execute(odd).fetchone() is not None or read_lineage(base, known_at=known_at).links:
        return read_events(base, plan, as_of=as_of, known_at=known_at)
    moment = EVER if known_at is None else format_moment(known_at)
    found = base.execute(
        "SELECT site_id, stage, min(date) FROM status_event INDEXED BY status_event_by_site "
        "WHERE kind = 'stage' AND date <= ? AND recorded_at <= ? GROUP BY site_id, stage",
        (_last(as_of), moment),
    )
    return stages_of_rows(found.fetchall())


def read_history(base: Connection, site_id: str) -> pd.DataFrame:
    """Return all events of a site and of those it came from, in the order in which they were recorded."""
    family = [*read_lineage(base).list_ancestors(site_id), site_id]
    marks = ", ".join("?" * len(family))
    found = base.execute(f"{READ_EVENTS} WHERE site_id IN ({marks}) ORDER BY seq", family)
    return events_of_rows(found.fetchall())


def read_changes(base: Connection, site_id: str | None) -> pd.DataFrame:
    """Return the old values of rows that an import changed, oldest first: ``old`` is JSON."""
    names = ["site_id", "old", "recorded_at", "recorded_by"]
    text = "SELECT site_id, old, recorded_at, recorded_by FROM site_change"
    if site_id is None:
        found = base.execute(f"{text} ORDER BY fid")
    else:
        found = base.execute(f"{text} WHERE site_id = ? ORDER BY fid", (site_id,))
    return pd.DataFrame(found.fetchall(), columns=names)


def read_record_frame(
    base: Connection, kind: str | None, *, subject: str | None, known_at: Moment | None
) -> pd.DataFrame:
    """Return office records; see :meth:`renewal_gis.ledger.core.SqlLedger.records`."""
    rows = read_records(base, kind, subject=subject, known_at=known_at)
    frame = pd.DataFrame(rows, columns=list(RECORD_COLUMNS)).set_index("record_id")
    frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d").astype("datetime64[ns]")
    return frame
