"""What an import and an entry write, as functions over an open transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from renewal_gis.errors import LedgerError, PlanError
from renewal_gis.gates import check_passage
from renewal_gis.ledger.base import EVENT_COLUMNS, SITE_TYPES, chain_row
from renewal_gis.ledger.diary import find_days, keep_counting, read_entries
from renewal_gis.ledger.lineage import LAST_DAY, inherit_entries, read_lineage
from renewal_gis.ledger.tables import EVENT_INSERT, insert_into
from renewal_gis.vocab import EventKind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renewal_gis.findings import Finding
    from renewal_gis.ledger.diary import Entry
    from renewal_gis.plan import Plan

Row = dict[str, Any]

# every name put into a statement below is one of our own columns, never a value
_STORED = ", ".join(SITE_TYPES)
_OLD = ("geom", *SITE_TYPES, "row_hash", "recorded_at", "recorded_by")
_READ_OLD = f"SELECT {', '.join(_OLD)} FROM site WHERE site_id = ?"  # noqa: S608
_INSERT_SITE = insert_into(
    "site", ("site_id", "geom", *SITE_TYPES, "row_hash", "first_recorded_at", "recorded_at", "recorded_by")
)
_UPDATE_SITE = f"UPDATE site SET geom = ?, {' = ?, '.join(SITE_TYPES)} = ?, row_hash = ?, recorded_at = ?, recorded_by = ? WHERE site_id = ?"  # noqa: S608
_SAME = ("event_id", "site_id", "kind", "stage", "date", "note", "corrects")
_READ_SAME = f"SELECT {', '.join(_SAME)} FROM status_event WHERE key = ?"  # noqa: S608
READ_EVENTS = f"SELECT {', '.join(EVENT_COLUMNS)} FROM status_event"  # noqa: S608
READ_SITES = f"SELECT site_id, geom, {_STORED}, first_recorded_at, recorded_at FROM site ORDER BY fid"  # noqa: S608
SITE_FIELDS = ("site_id", "geom", *SITE_TYPES, "first_recorded_at", "recorded_at")


_BACKWARDS = "确需退回请用 reason 说明原因,或用更正撤回前一条"


class Connection(Protocol):
    """The part of a database connection that we use; marks in statements are ``?``."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Any:
        """Run a statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run a statement for each row."""


@dataclass
class Tally:
    """What an import of sites has done so far."""

    known: dict[str, str]
    added: int = 0
    changed: int = 0
    given: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


def begin_tally(base: Connection) -> Tally:
    """Return a tally of nothing, knowing what the ledger holds."""
    return Tally(dict(base.execute("SELECT site_id, row_hash FROM site").fetchall()))


def write_sites(base: Connection, rows: list[Row], tally: Tally, *, moment: str, by: str) -> None:
    """Write the rows that are new or changed, the old values of the changed ones first; count them."""
    known = tally.known
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
    tally.added += len(added)
    tally.changed += len(changed)
    tally.given.update(row["site_id"] for row in rows)
    tally.files.update(row["source_file"] for row in rows)


def end_tally(
    base: Connection, tally: Tally, *, moment: str, by: str, originals: Mapping[str, str]
) -> list[str]:
    """Log the import, if it changed anything, and return the ids that the same files no longer hold."""
    files = sorted(tally.files)
    vanished = find_vanished(base, files, tally.given)
    if tally.added or tally.changed:
        unchanged = len(tally.given) - tally.added - tally.changed
        counts = (tally.added, tally.changed, unchanged, len(vanished))
        log_import(base, "sites", name_originals(files, originals), counts, moment=moment, by=by)
    return vanished


def name_originals(files: Iterable[str], originals: Mapping[str, str]) -> list[str]:
    """Return file names, each with the fingerprint of the original that is kept, where there is one."""
    return [f"{file} sha256:{originals[file]}" if file in originals else file for file in files]


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


def log_import(
    base: Connection, kind: str, files: list[str], counts: tuple[int, int, int, int], *, moment: str, by: str
) -> None:
    """Write down that something was imported: added, changed, unchanged, vanished."""
    base.execute(
        "INSERT INTO import_log (kind, files, added, changed, unchanged, vanished, recorded_at, recorded_by) VALUES (?,?,?,?,?,?,?,?)",
        (kind, "、".join(files), *counts, moment, by),
    )


def write_events(
    base: Connection, rows: list[Row], *, moment: str, by: str, originals: Mapping[str, str]
) -> int:
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
        log_import(base, "events", name_originals(files, originals), counts, moment=moment, by=by)
    return len(fresh)


def find_backwards(base: Connection, rows: Iterable[Row], plan: Plan) -> list[tuple[Row, str]]:
    """Return the stages in a file that run backwards without a reason, each with the stage before it.

    An import is history and is kept as it is; an entry by hand would be refused. The days of one site
    are looked at in their order, at the same day the lower stage first.
    """
    home = dict(base.execute("SELECT site_id, programme FROM site").fetchall())
    ranks = {p.id: {str(stage): rank for rank, stage in enumerate(p.stages)} for p in plan.programmes}
    staged = [
        (row["site_id"], row["date"], ranks.get(home[row["site_id"]], {}).get(row["stage"], 0), k, row)
        for k, row in enumerate(rows)
        if row["kind"] == EventKind.STAGE
    ]
    found: list[tuple[Row, str]] = []
    site, top, before = "", 0, ""
    for site_id, _, rank, _, row in sorted(staged):
        if site_id != site:
            site, top, before = site_id, 0, ""
        if 0 < rank < top and not row["reason"]:
            found.append((row, before))
        if rank > top or row["reason"]:
            top, before = rank, row["stage"]
    return found


def append_events(base: Connection, rows: list[Row]) -> None:
    """Add events at the end of the diary, each sealed with what stands before it."""
    last = base.execute("SELECT seq, chain FROM status_event ORDER BY seq DESC LIMIT 1").fetchone()
    end, seal = last or (0, "")
    sealed = []
    for seq, row in enumerate(rows, end + 1):
        values = [row[name] for name in EVENT_COLUMNS]
        seal = chain_row(seal, values)
        sealed.append([seq, *values, seal])
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


def check_site(base: Connection, site_id: str, place: str = "") -> str:
    """Return the programme of a site, or refuse one that the ledger does not have.

    Raises
    ------
    LedgerError
        There is no such site.
    """
    found = base.execute("SELECT programme FROM site WHERE site_id = ?", (site_id,)).fetchone()
    if found is None:
        raise LedgerError(f"台账中没有编号“{site_id}”", place=place, remedy="请核对编号")
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
    programme = check_site(base, row["site_id"])
    if row["corrects"]:
        target = base.execute(
            "SELECT site_id FROM status_event WHERE event_id = ?", (row["corrects"],)
        ).fetchone()
        if target is None or target[0] != row["site_id"]:
            raise LedgerError(
                f"项目“{row['site_id']}”没有记录“{row['corrects']}”",
                remedy="用 ledger history 查看该项目的记录",
            )
    else:
        _check_living(base, row)
    if row["stage"] and plan is not None:
        _check_direction(base, row, plan, programme)


def _check_living(base: Connection, row: Row) -> None:
    lineage = read_lineage(base)
    link = lineage.find_end(row["site_id"])
    if link is not None and row["date"] > link.date:
        raise LedgerError(
            f"“{row['site_id']}”已不再单列:{link.tell()}", remedy=f"请记到 {'、'.join(link.children)}"
        )
    if row["site_id"] in lineage.void:
        raise LedgerError(f"“{row['site_id']}”的合并或拆分已撤销", remedy="请记到原来的编号")


def read_walk(base: Connection, site_id: str, stages: Sequence[str]) -> list[Entry]:
    """Return what says where a site stands: what it took over, then its own entries."""
    entries = read_entries(base, [site_id])[site_id]
    lineage = read_lineage(base)
    if lineage.find_origin(site_id) is None:
        return entries
    return [*inherit_entries(base, lineage, lambda _: stages).get(site_id, []), *entries]


def _check_direction(base: Connection, row: Row, plan: Plan, programme_id: str) -> None:
    programme = plan.programme(programme_id)
    try:
        place = programme.order_of(row["stage"])
    except PlanError as error:
        raise LedgerError(error.message, remedy=error.remedy) from error
    if row["corrects"] or row["reason"]:
        return
    stages = [str(stage) for stage in programme.stages]
    walk = read_walk(base, row["site_id"], stages)
    day = row["date"]
    current = list(find_days(walk, stages, as_of=day))[-1:]
    if current and programme.order_of(current[0]) > place:
        raise LedgerError(
            f"阶段由“{Stage(current[0]).zh}”退回“{Stage(row['stage']).zh}”",
            place=row["site_id"],
            remedy=_BACKWARDS,
        )
    first = find_days(walk, stages, as_of=LAST_DAY)
    later = [stage for stage in first if programme.order_of(stage) < place and first[stage] > day]
    if later:
        raise LedgerError(
            f"“{Stage(row['stage']).zh}”的日期 {day} 早于已登记的“{Stage(later[-1]).zh}”({first[later[-1]]}),等于退回",
            place=row["site_id"],
            remedy=_BACKWARDS,
        )


def judge_entry(base: Connection, event_id: str, plan: Plan) -> list[Finding]:
    """Return which gates an event passed without what they ask for.

    Raises
    ------
    LedgerError
        The ledger has no such event.
    """
    found = base.execute(
        "SELECT site_id, stage, date FROM status_event WHERE event_id = ?", (event_id,)
    ).fetchone()
    if found is None:
        raise LedgerError(f"没有记录“{event_id}”", remedy="请核对记录编号")
    site_id, stage, day = found
    if not stage:
        return []
    names = (
        "programme",
        "leader",
        "task_force",
        "source_file",
        "source_row",
        "consulted_share",
        "satisfied_share",
    )
    text = f"SELECT {', '.join(names)} FROM site WHERE site_id = ?"  # noqa: S608  # fixed names
    site = dict(zip(names, base.execute(text, (site_id,)).fetchone(), strict=True))
    stages = [str(known) for known in plan.programme(site["programme"]).stages]
    walk = read_walk(base, site_id, stages)
    days = find_days(walk, stages, as_of=day)
    before = find_days([entry for entry in walk if entry.event_id != event_id], stages, as_of=day)
    fresh = {known for known in days if known not in before or known == stage}
    reported = {entry.stage for entry in keep_counting(walk, stages, as_of=day)}
    return check_passage(site_id, site, plan, days=days, fresh=fresh, reported=reported)
