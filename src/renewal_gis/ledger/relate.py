"""Merging and splitting of sites, as functions over an open transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from renewal_gis.errors import LedgerError
from renewal_gis.findings import make_finding
from renewal_gis.ledger.base import EVENT_COLUMNS, SITE_TYPES, format_moment, hash_site
from renewal_gis.ledger.lineage import read_lineage
from renewal_gis.ledger.records import append_record, make_record
from renewal_gis.ledger.writing import (
    READ_EVENTS,
    READ_SITES,
    SITE_FIELDS,
    begin_tally,
    end_tally,
    write_sites,
)
from renewal_gis.vocab import RecordKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from renewal_gis.findings import Finding
    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.writing import Connection, Row


@dataclass(frozen=True)
class Kin:
    """What becomes what: several sites one (``merge``), or one site several (``split``).

    ``shares`` are the parts of a split, in the order of ``children`` and in any unit; without them
    the parts are equal, and a finding says so.
    """

    action: Literal["merge", "split"]
    parents: tuple[str, ...]
    children: tuple[str, ...]
    shares: tuple[Fraction, ...] = ()
    reason: str = ""


def write_link(
    base: Connection, kin: Kin, *, date: dt.date, by: str, at: Moment, key: str | None
) -> tuple[str, list[Finding]]:
    """Record a merging or splitting, make the rows of new sites that are not there, and weigh the totals.

    Raises
    ------
    LedgerError
        What :func:`check_kin` refuses; a key of another record.
    """
    told = {"action": kin.action, "parents": list(kin.parents), "children": list(kin.children)}
    known = _find_link(base, key, told)
    if known:
        return known, []
    _check_shape(kin)
    rows = check_kin(base, kin.parents, kin.children, date.isoformat()[:10])
    made = _list_missing(base, kin.children)
    found: list[Finding] = []
    if kin.action == "merge":
        born = [merge_rows(rows, kin.children[0])]
        found += [*_tell_differences(rows, kin.children[0])] if made else []
    else:
        parts = kin.shares or (Fraction(1),) * len(kin.children)
        born = split_row(rows[0], kin.children, [part / sum(parts) for part in parts])
        if made and not kin.shares:
            found.append(make_finding("split-even", site_id=kin.parents[0], value="、".join(kin.children)))
    fresh = [row for row in born if row["site_id"] in made]
    if fresh:
        tally, moment = begin_tally(base), format_moment(at)
        write_sites(base, fresh, tally, moment=moment, by=by)
        end_tally(base, tally, moment=moment, by=by, originals={})
    body = told | {"made": made, "reason": kin.reason}
    record = make_record(
        str(RecordKind.LINEAGE), subject=kin.children[0], date=date, body=body, by=by, at=at, key=key
    )
    return append_record(base, record), [*found, *weigh_kin(base, kin.parents, kin.children)]


def _find_link(base: Connection, key: str | None, told: dict[str, Any]) -> str:
    found = base.execute("SELECT record_id, body FROM office_record WHERE key = ?", (key or "",)).fetchone()
    if found is None:
        return ""
    body = json.loads(found[1])
    if any(body.get(name) != value for name, value in told.items()):
        raise LedgerError(f"幂等键“{key}”已属于另一份公文 {found[0]}", remedy="请换一个键")
    return str(found[0])


def _check_shape(kin: Kin) -> None:
    few, many = ("children", "parents") if kin.action == "merge" else ("parents", "children")
    if len(getattr(kin, few)) != 1 or len(getattr(kin, many)) < 2:
        raise LedgerError(
            "合并须有两个以上原项目和一个新编号,拆分须有一个原项目和两个以上新编号", remedy="请补全编号"
        )
    if kin.shares and (len(kin.shares) != len(kin.children) or min(kin.shares) <= 0):
        raise LedgerError("份额须与新编号一一对应,且都大于零", remedy="如 --shares 3:2")


def withdraw_link(
    base: Connection, record_id: str, *, date: dt.date, by: str, at: Moment, reason: str
) -> str:
    """Record that a merging or splitting was wrong; the old sites count again, the rows it made do not.

    Raises
    ------
    LedgerError
        There is no such link, it was withdrawn already, or its new sites became others since.
    """
    lineage = read_lineage(base)
    link = next((link for link in lineage.links if link.record_id == record_id), None)
    if link is None:
        raise LedgerError(f"没有合并或拆分“{record_id}”", remedy="用 ledger history 查看其编号")
    later = [end.tell() for child in link.children if (end := lineage.find_end(child)) is not None]
    if later:
        raise LedgerError(f"其后已有:{later[0]}", remedy="请先撤销后一次合并或拆分")
    body = {"action": "withdraw", "corrects": record_id, "reason": reason}
    record = make_record(
        str(RecordKind.LINEAGE), subject=link.children[0], date=date, body=body, by=by, at=at,
        key=f"withdraw:{record_id}",
    )  # fmt: skip
    return append_record(base, record)


QUANTITIES = ("households", "buildings", "dwellings", "floor_area_m2", "investment_wan", "length_m")
"""Columns that add up."""

_SHARES = ("consulted_share", "satisfied_share")
_ALIKE = {"category": "类别", "declared_unit": "责任单位", "township": "街道(乡镇)"}
_EARLIEST = ("planned_start", "actual_start")
_LATEST = ("planned_finish", "actual_finish")
_LISTS = ("name", "address", "leader", "task_force", "contractor", "content_items", "notes")


def check_kin(base: Connection, parents: Sequence[str], children: Sequence[str], day: str) -> list[Row]:
    """Return the rows of the parents, or refuse what cannot be merged or split.

    Raises
    ------
    LedgerError
        An id stands twice, is not in the ledger, has become others already, or belongs to another
        programme; the day lies before a parent came to be.
    """
    if len({*parents, *children}) < len(parents) + len(children):
        raise LedgerError("编号重复:新项目须用新的编号", remedy="一项目一编号,合并或拆分后请另行赋码")
    rows = _read_rows(base, parents)
    lineage = read_lineage(base)
    missing = [parent for parent in parents if parent not in rows or parent in lineage.void]
    if missing:
        raise LedgerError(f"台账中没有编号“{missing[0]}”", remedy="请核对编号")
    for site_id in (*parents, *children):
        end = lineage.find_end(site_id)
        if end is not None:
            raise LedgerError(f"“{site_id}”已不再单列:{end.tell()}", remedy="请用现在的编号")
    for parent in parents:
        origin = lineage.find_origin(parent)
        if origin is not None and origin.date > day:
            raise LedgerError(f"{day} 早于“{parent}”的来历:{origin.tell()}", remedy="请核对日期")
    taken = [child for child in children if lineage.find_origin(child) is not None]
    if taken:
        raise LedgerError(f"“{taken[0]}”已另有来历", place=taken[0], remedy="请换一个编号")
    known = _read_rows(base, children)
    programmes = {row["programme"] for row in (*rows.values(), *known.values())}
    if len(programmes) > 1:
        raise LedgerError(f"分属不同专项:{'、'.join(sorted(programmes))}", remedy="只能合并同一专项的项目")
    return [rows[parent] for parent in parents]


def _read_rows(base: Connection, sites: Sequence[str]) -> dict[str, Row]:
    text = READ_SITES.replace("ORDER BY", "WHERE site_id = ? ORDER BY")
    found = (base.execute(text, (site_id,)).fetchone() for site_id in sites)
    return {row[0]: dict(zip(SITE_FIELDS, row, strict=True)) for row in found if row is not None}


def _list_missing(base: Connection, children: Sequence[str]) -> list[str]:
    """Return the children that the ledger has no living row of; a merging or splitting makes them."""
    void = read_lineage(base).void
    known = _read_rows(base, children)
    return [child for child in children if child not in known or child in void]


def merge_rows(rows: Sequence[Row], into: str) -> Row:
    """Return the row of several sites together.

    Quantities are added, shares take the lowest (each part has to pass the gate), spans of time the
    outermost, shapes are united; words that differ are listed. A quantity that one part lacks is the
    sum of the others, as it was in the totals before.
    """
    made: Row = dict(rows[0])
    for name in QUANTITIES:
        known = [row[name] for row in rows if row[name] is not None]
        made[name] = sum(known) if known else None
    for name in _SHARES:
        made[name] = None if any(row[name] is None for row in rows) else min(row[name] for row in rows)
    for names, choose in ((_EARLIEST, min), (_LATEST, max)):
        for name in names:
            days = [row[name] for row in rows if row[name]]
            made[name] = (
                choose(days) if days and (name != "actual_finish" or len(days) == len(rows)) else None
            )
    for name in _LISTS:
        made[name] = "、".join(dict.fromkeys(str(row[name]) for row in rows if row[name]))
    for name in _ALIKE:
        told = {row[name] for row in rows}
        made[name] = told.pop() if len(told) == 1 else ""
    made["simulated"] = max(row["simulated"] or 0 for row in rows)
    made["geom"] = _unite([row["geom"] for row in rows])
    return _seal(made, into)


def _tell_differences(rows: Sequence[Row], site_id: str) -> Iterator[Finding]:
    for name, label in _ALIKE.items():
        told = dict.fromkeys(str(row[name] or "空") for row in rows)
        if len(told) > 1:
            yield make_finding("lineage-differs", site_id=site_id, field=label, value="、".join(told))


def split_row(row: Row, into: Sequence[str], shares: Sequence[Fraction]) -> list[Row]:
    """Return the rows of a site's parts; the parts of each quantity add up to it exactly.

    Whole numbers are divided by largest remainder, the first part first at a tie. Every part keeps the
    shape and the words of the whole until its own row is sent in.
    """
    parts: list[Row] = [dict(row) for _ in into]
    for name in QUANTITIES:
        if row[name] is not None:
            for part, value in zip(parts, _divide(row[name], shares), strict=True):
                part[name] = value
    return [_seal(part, site_id) for part, site_id in zip(parts, into, strict=True)]


def _divide(value: float, shares: Sequence[Fraction]) -> list[Any]:
    if not isinstance(value, int):
        parts = [float(value * share) for share in shares[:-1]]
        return [*parts, value - sum(parts)]
    exact = [value * share for share in shares]
    whole = [int(part) for part in exact]
    order = sorted(range(len(shares)), key=lambda k: (whole[k] - exact[k], k))
    for k in order[: value - sum(whole)]:
        whole[k] += 1
    return whole


def _unite(blobs: Sequence[bytes | None]) -> bytes | None:
    import shapely  # noqa: PLC0415  # only a merging needs shapes

    from renewal_gis.ledger.blobs import read_blobs, write_blobs  # noqa: PLC0415

    shapes = [shape for shape in read_blobs(blobs) if shape is not None]
    return write_blobs([shapely.union_all(shapes)])[0] if shapes else None


def _seal(row: Row, site_id: str) -> Row:
    made: Row = {name: row[name] for name in ("geom", *SITE_TYPES)}
    made |= {"site_id": site_id, "source_file": "", "source_row": None}
    return made | {"row_hash": hash_site(made)}


def weigh_kin(base: Connection, parents: Sequence[str], children: Sequence[str]) -> list[Finding]:
    """Return the quantities whose total is not the same before and after."""
    old, new = (list(_read_rows(base, sites).values()) for sites in (parents, children))
    found = []
    for name in QUANTITIES:
        before, after = (sum(row[name] or 0 for row in rows) for rows in (old, new))
        if abs(before - after) > 1e-6 * max(1.0, abs(before)):
            told = {"field": name, "value": f"{before:g}", "new": f"{after:g}"}
            found.append(make_finding("lineage-total", site_id=children[0], **told))
    return found


def list_history(base: Connection, site_id: str) -> list[dict[str, Any]]:
    """Return all events of a site and of those it came from, and how it came to be and became others.

    Events stand in the order of recording; a merging or splitting stands among them by the time at
    which it was recorded, as an entry whose ``kind`` is ``merge`` or ``split``.
    """
    lineage = read_lineage(base)
    family = [*lineage.list_ancestors(site_id), site_id]
    marks = ", ".join("?" * len(family))
    found = base.execute(f"{READ_EVENTS} WHERE site_id IN ({marks}) ORDER BY seq", family).fetchall()
    entries = [dict(zip(EVENT_COLUMNS, row, strict=True)) for row in found]
    for link in lineage.links:
        if not {*link.parents, *link.children} & {*family}:
            continue
        entry: dict[str, Any] = dict.fromkeys(EVENT_COLUMNS, "")
        names = ("date", "recorded_at", "recorded_by", "reason")
        entry |= {name: getattr(link, name) for name in names}
        entry |= {"event_id": link.record_id, "kind": link.action, "note": link.tell(), "source_row": None}
        entry["site_id"] = site_id if site_id in (*link.parents, *link.children) else link.children[0]
        later = (k for k, other in enumerate(entries) if other["recorded_at"] > link.recorded_at)
        entries.insert(next(later, len(entries)), entry)
    return entries
