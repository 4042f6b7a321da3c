"""What an import and an entry write, as functions over an open transaction."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd

from renewal_gis.errors import LedgerError, PlanError
from renewal_gis.ledger.base import EVENT_COLUMNS, SITE_TYPES, chain_row
from renewal_gis.ledger.container import EVENT_INSERT, read_blobs
from renewal_gis.ledger.frames import events_of_rows
from renewal_gis.ledger.history import find_first_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from renewal_gis.plan import Plan

Row = dict[str, Any]

# every name put into a statement below is one of our own columns, never a value
_STORED = ", ".join(SITE_TYPES)
_OLD = ("geom", *SITE_TYPES, "row_hash", "recorded_at", "recorded_by")
_READ_OLD = f"SELECT {', '.join(_OLD)} FROM site WHERE site_id = ?"  # noqa: S608
_INSERT_SITE = f"INSERT INTO site (site_id, geom, {_STORED}, row_hash, first_recorded_at, recorded_at, recorded_by) VALUES ({','.join('?' * (len(SITE_TYPES) + 6))})"  # noqa: S608
_UPDATE_SITE = f"UPDATE site SET geom = ?, {' = ?, '.join(SITE_TYPES)} = ?, row_hash = ?, recorded_at = ?, recorded_by = ? WHERE site_id = ?"  # noqa: S608
_SAME = ("event_id", "site_id", "kind", "stage", "date", "note", "corrects")
_READ_SAME = f"SELECT {', '.join(_SAME)} FROM status_event WHERE key = ?"  # noqa: S608
READ_EVENTS = f"SELECT {', '.join(EVENT_COLUMNS)} FROM status_event"  # noqa: S608
READ_SITES = f"SELECT site_id, geom, {_STORED}, first_recorded_at, recorded_at FROM site ORDER BY fid"  # noqa: S608
SITE_FIELDS = ("site_id", "geom", *SITE_TYPES, "first_recorded_at", "recorded_at")


_FAR = dt.date(2200, 1, 1)
_BACKWARDS = "确需退回请用 reason 说明原因,或用更正撤回前一条"


class Connection(Protocol):
    """The part of a database connection that we use; marks in statements are ``?``."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Any:
        """Run a statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run a statement for each row."""


def write_sites(base: Connection, rows: list[Row], *, moment: str, by: str) -> tuple[int, int, list[str]]:
    """Write the rows that are new or changed, the old values of the changed ones first.

    Returns
    -------
    int, int, list of str
        Added, changed, and the ids that the same files no longer hold.
    """
    known = dict(base.execute("SELECT site_id, row_hash FROM site").fetchall())
    added = [row for row in rows if row["site_id"] not in known]
    changed = [row for row in rows if known.get(row["site_id"], row["row_hash"]) != row["row_hash"]]
    for row in changed:
        _keep_old(base, row, moment, by)
    names = ("geom", *SITE_TYPES, "row_hash")
    base.executemany(
        _INSERT_SITE,
        ([row["site_id"], *(row[name] for name in names), moment, moment, by] for row in added),
    )
    base.executemany(
        _UPDATE_SITE, ([*(row[name] for name in names), moment, by, row["site_id"]] for row in changed)
    )
    files = sorted({row["source_file"] for row in rows})
    vanished = find_vanished(base, files, {row["site_id"] for row in rows})
    if added or changed:
        touch_layer(base, moment)
        counts = (len(added), len(changed), len(rows) - len(added) - len(changed), len(vanished))
        log_import(base, "sites", files, counts, moment=moment, by=by)
    return len(added), len(changed), vanished


def _keep_old(base: Connection, row: Row, moment: str, by: str) -> None:
    old = dict(zip(_OLD, base.execute(_READ_OLD, (row["site_id"],)).fetchone(), strict=True))
    old["geom"] = None if old["geom"] is None else bytes(old["geom"]).hex()
    base.execute(
        "INSERT INTO site_change (site_id, old, old_hash, new_hash, recorded_at, recorded_by) VALUES (?,?,?,?,?,?)",
        (
            row["site_id"],
            json.dumps(old, ensure_ascii=False),
            old["row_hash"],
            row["row_hash"],
            moment,
            by,
        ),
    )


def find_vanished(base: Connection, files: list[str], given: set[str]) -> list[str]:
    """Return the sites that came from these files and are not among the given ones."""
    wanted = set(files)
    found = base.execute("SELECT site_id, source_file FROM site ORDER BY site_id").fetchall()
    return [site_id for site_id, file in found if file in wanted and site_id not in given]


def touch_layer(base: Connection, moment: str) -> None:
    """Keep the layer's bounds, to which other programs zoom."""
    shapes = read_blobs([blob for (blob,) in base.execute("SELECT geom FROM site WHERE geom IS NOT NULL")])
    bounds = [float(side) for side in gpd.GeoSeries(shapes).total_bounds] if len(shapes) else [None] * 4
    base.execute(
        "UPDATE gpkg_contents SET last_change = ?, min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = 'site'",
        (moment[:23] + "Z", *bounds),
    )


def log_import(
    base: Connection, kind: str, files: list[str], counts: tuple[int, int, int, int], *, moment: str, by: str
) -> None:
    """Write down that something was imported: added, changed, unchanged, vanished."""
    base.execute(
        "INSERT INTO import_log (kind, files, added, changed, unchanged, vanished, recorded_at, recorded_by) VALUES (?,?,?,?,?,?,?,?)",
        (kind, "、".join(files), *counts, moment, by),
    )


def write_events(base: Connection, rows: list[Row], *, moment: str, by: str) -> int:
    """Write the events whose keys are new and return how many they were.

    Raises
    ------
    LedgerError
        An event of a site that the ledger does not have.
    """
    known = {key for (key,) in base.execute("SELECT key FROM status_event")}
    sites = {site_id for (site_id,) in base.execute("SELECT site_id FROM site")}
    first: dict[str, Row] = {}
    for row in rows:
        if row["key"] not in known:
            first.setdefault(row["key"], row)
    fresh = list(first.values())
    strangers = sorted({row["site_id"] for row in fresh} - sites)
    if strangers:
        raise LedgerError(
            f"编号“{strangers[0]}”等 {len(strangers)} 个不在台账中", remedy="先导入项目,再导入进度"
        )
    append_events(base, fresh)
    if fresh:
        files = sorted({row["source_file"] for row in fresh})
        counts = (len(fresh), 0, len(rows) - len(fresh), 0)
        log_import(base, "events", files, counts, moment=moment, by=by)
    return len(fresh)


def append_events(base: Connection, rows: list[Row]) -> None:
    """Add events at the end of the diary, each sealed with what stands before it."""
    last = base.execute("SELECT chain FROM status_event ORDER BY seq DESC LIMIT 1").fetchone()
    seal = last[0] if last else ""
    sealed = []
    for row in rows:
        values = [row[name] for name in EVENT_COLUMNS]
        seal = chain_row(seal, values)
        sealed.append([*values, seal])
    base.executemany(EVENT_INSERT, sealed)


def find_same(base: Connection, row: Row) -> str:
    """Return the id of the event with this key, or an empty text.

    Raises
    ------
    LedgerError
        The key belongs to an event that says something else.
    """
    found = base.execute(_READ_SAME, (row["key"],)).fetchone()
    if found is None:
        return ""
    if tuple(found[1:]) != tuple(row[name] for name in _SAME[1:]):
        raise LedgerError(f"幂等键“{row['key']}”已属于另一条记录 {found[0]}", remedy="请换一个键")
    return str(found[0])


def check_event(base: Connection, row: Row, plan: Plan | None) -> None:
    """Refuse an event without its object, or a stage that the programme does not know or runs backwards to.

    Parameters
    ----------
    base
        The ledger.
    row
        The event.
    plan
        The plan in force; needed for events with a stage.

    Raises
    ------
    LedgerError
        See above.
    """
    found = base.execute("SELECT programme FROM site WHERE site_id = ?", (row["site_id"],)).fetchone()
    if found is None:
        raise LedgerError(f"台账中没有编号“{row['site_id']}”", remedy="请核对编号")
    if row["corrects"]:
        target = base.execute(
            "SELECT site_id FROM status_event WHERE event_id = ?", (row["corrects"],)
        ).fetchone()
        if target is None or target[0] != row["site_id"]:
            raise LedgerError(
                f"项目“{row['site_id']}”没有记录“{row['corrects']}”",
                remedy="用 ledger history 查看该项目的记录",
            )
    if row["stage"] and plan is not None:
        _check_direction(base, row, plan, str(found[0]))


def _check_direction(base: Connection, row: Row, plan: Plan, programme_id: str) -> None:
    programme = plan.programme(programme_id)
    try:
        place = programme.order_of(row["stage"])
    except PlanError as error:
        raise LedgerError(error.message, remedy=error.remedy) from error
    if row["corrects"] or row["reason"]:
        return
    events = events_of_rows(
        base.execute(f"{READ_EVENTS} WHERE site_id = ? ORDER BY seq", (row["site_id"],)).fetchall()
    )
    day = dt.date.fromisoformat(row["date"])
    current = list(find_first_days(events, plan, programme_id, as_of=day))[-1:]
    if current and programme.order_of(current[0]) > place:
        raise LedgerError(
            f"阶段由“{current[0]}”退回“{row['stage']}”", place=row["site_id"], remedy=_BACKWARDS
        )
    first = find_first_days(events, plan, programme_id, as_of=_FAR)
    later = [stage for stage in first if programme.order_of(stage) < place and first[stage] > day]
    if later:
        raise LedgerError(
            f"“{row['stage']}”的日期 {day} 早于已登记的“{later[-1]}”({first[later[-1]]}),等于退回",
            place=row["site_id"],
            remedy=_BACKWARDS,
        )
