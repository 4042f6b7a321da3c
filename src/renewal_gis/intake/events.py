"""Progress reports as offices send them → EVENTS."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.findings import Report
from renewal_gis.intake import Intake
from renewal_gis.intake.cells import read_id, read_text
from renewal_gis.intake.dates import read_date, read_time
from renewal_gis.intake.gate import Admitted, admit
from renewal_gis.intake.grids import read_grid
from renewal_gis.intake.layout import Table, find_table
from renewal_gis.intake.mapping import EVENT_COLUMNS, find_stage, simplify
from renewal_gis.intake.records import Fates, describe_table
from renewal_gis.schema import EVENTS
from renewal_gis.vocab import EventKind, Stage

if TYPE_CHECKING:
    from renewal_gis.plan import Plan, Source

StagesOf = Callable[[str], Mapping[str, str]]
"""Site id → label or code of a stage → its code, in the order of the stages."""


def read_events(
    plan: Plan, source: Source, sites: pd.DataFrame | None, *, received: dt.date | None = None
) -> Intake:
    """Return the events of one of the plan's sources.

    Parameters
    ----------
    plan
        Its stages, per programme.
    source
        csv or workbook: 编号, 日期, 阶段, 填报单位, 填报人, 说明.
    sites
        SITES; events of other sites are held back. None takes every id for a site of the source's
        programme, to look at a file before there is a ledger.
    received
        The last day that an event may bear; the file's own date if None.

    Returns
    -------
    Intake
        ``frame`` is an EVENTS frame, ``recorded_at`` empty: the ledger fills it. A row without a
        stage is a note. ``key`` depends on site, stage, date and note only, so that the same
        report in another file is the same event.

    Raises
    ------
    MissingFileError, InputError
        No such file; damaged; a needed column is missing.
    """
    programmes: Mapping[str, str] = (
        _AnySite(source.programme)
        if sites is None
        else dict(zip(sites.index, sites["programme"], strict=True))
    )
    words = {programme.id: list_stage_words(programme.stages) for programme in plan.programmes}
    admitted = admit(plan.path_of(source.path))
    return read_event_file(
        admitted,
        known=programmes,
        stages_of=lambda site_id: words.get(programmes[site_id], {}),
        # a file cannot report what came after it was written; a date before the plan is no date of writing
        received=received or (admitted.modified if admitted.modified >= plan.signed else dt.date.max),
        extra=plan.columns,
        sheet=source.sheet,
    )


class _AnySite(dict[str, str]):
    """Every id there is, each a site of one programme."""

    def __init__(self, programme: str) -> None:
        super().__init__()
        self.programme = programme

    def __contains__(self, key: object) -> bool:
        return bool(key)

    def __missing__(self, key: str) -> str:
        return self.programme


STAGE_WORDS = {
    "consulted": ("征求意见完成", "完成意见征求"),
    "publicised": ("公示完成", "公示期满"),
    "reviewed": ("通过会审", "市级会审通过"),
    "permitted": ("手续齐全", "已办手续", "取得施工许可"),
    "started": ("在建", "施工中", "正在施工", "启动实施"),
    "works_completed": ("完工", "已完工", "竣工", "已竣工", "完成改造", "施工完成"),
    "accepted": ("已验收", "通过验收", "竣工验收", "验收通过"),
    "cleared": ("清理完成", "完成清理"),
    "opened": ("打通", "已通车", "通车"),
}
"""What offices write for a stage beside its label."""


def list_stage_words(stages: Sequence[str]) -> dict[str, str]:
    """Return every way to write a programme's stages, in their order."""
    words: dict[str, str] = {}
    for stage in stages:
        label = Stage(stage).zh
        for word in (label, stage, label.removeprefix("已"), f"已{label}", *STAGE_WORDS.get(str(stage), ())):
            words.setdefault(simplify(word), str(stage))
    return words


def read_event_file(
    admitted: Admitted,
    /,
    *,
    known: Collection[str],
    stages_of: StagesOf,
    received: dt.date,
    extra: Mapping[str, Sequence[str]],
    sheet: str = "",
) -> Intake:
    """Return the events of a file that passed the gate; see :func:`read_events`."""
    report = Report()
    grid = read_grid(admitted, sheet=sheet, report=report)
    table = find_table(grid, EVENT_COLUMNS, extra=extra, needed=("site_id", "date", "stage"), report=report)
    fates = Fates(table, report)
    for row in sorted(table.ragged):
        fates.hold("row-ragged", row)
    rows = [
        _read_row(fates, row, known=known, stages_of=stages_of, received=received)
        for row in range(len(table.rows))
    ]
    _hold_disorder(fates, rows, stages_of)
    same = _find_doubles(fates, rows)
    _tell_repeats(fates, rows, same)
    kept = [row for row in range(len(rows)) if row not in fates.held and row not in same]
    frame = _make_frame(table, [rows[row] for row in kept], kept)
    repaired = {row for row in fates.repaired if row not in fates.held}
    return Intake(
        frame,
        report,
        len(rows),
        accepted=len(rows) - len(repaired) - len(fates.held),
        repaired=len(repaired),
        quarantined=len(fates.held),
        quarantine=fates.originals(fates.held),
        fields=table.headers,
        notes={
            "sha256": admitted.sha256,
            "modified": admitted.modified,
            "kind": admitted.kind,
            "doubles": len(same),
        }
        | describe_table(table),
    )


def _read_row(
    fates: Fates, row: int, *, known: Collection[str], stages_of: StagesOf, received: dt.date
) -> dict[str, Any]:
    table = fates.table
    raw = {
        name: _raw(table, row, name) for name in ("site_id", "date", "stage", "unit", "recorded_by", "note")
    }
    site_id = read_id(raw["site_id"]).value or ""
    made = {"site_id": site_id, "stage": "", "date": None} | {
        name: read_text(raw[name]).value or "" for name in ("unit", "recorded_by", "note")
    }
    if not site_id:
        fates.hold("id-missing", row)
    elif site_id not in known:
        fates.hold("event-unknown-site", row, column="编号", value=site_id, site_id=site_id)
    made["time"] = read_time(raw["date"])
    made["date"] = _read_day(fates, row, raw["date"], received, site_id)
    word = read_text(raw["stage"]).value or ""
    if word and row not in fates.held:
        made["stage"] = find_stage(word, stages_of(site_id))
        if not made["stage"]:
            fates.hold("stage-unknown", row, column="阶段", value=word, site_id=site_id)
    if not word and not made["note"]:
        fates.hold("row-refused", row, value="没有阶段,也没有说明", site_id=site_id)
    return made


def _raw(table: Table, row: int, name: str) -> Any:
    place = table.column_of(name)
    return None if place is None else table.rows[row].get(place)


def _read_day(fates: Fates, row: int, raw: Any, received: dt.date, site_id: str) -> dt.date | None:
    cell = read_date(raw)
    if cell.status != "ok":
        fates.hold("event-date-missing", row, column="日期", value=raw, site_id=site_id)
        return None
    day: dt.date = cell.value
    if day > received:
        fates.hold("event-future", row, column="日期", value=day, new=str(received), site_id=site_id)
    elif cell.assumption:
        fates.repair("date-assumed", row, column="日期", value=raw, new=cell.assumption, site_id=site_id)
    return day


def _hold_disorder(fates: Fates, rows: Sequence[dict[str, Any]], stages_of: StagesOf) -> None:
    """Hold back the fewest events whose dates contradict the order of the stages."""
    by_site: dict[str, list[int]] = {}
    for row, event in enumerate(rows):
        if row not in fates.held and event["stage"]:
            by_site.setdefault(event["site_id"], []).append(row)
    for site_id, places in by_site.items():
        order = {code: rank for rank, code in enumerate(dict.fromkeys(stages_of(site_id).values()))}
        timed = all(rows[row]["time"] is not None for row in places)
        moments = {row: (rows[row]["date"], rows[row]["time"] if timed else dt.time()) for row in places}
        places.sort(key=lambda row: (order[rows[row]["stage"]], moments[row]))
        keep = set(_longest_rise([moments[row] for row in places]))
        for k, row in enumerate(places):
            if k not in keep:
                fates.hold(
                    "event-order",
                    row,
                    column="日期",
                    value=f"{name_stage(rows[row]['stage'])} {rows[row]['date']}",
                    site_id=site_id,
                )


def name_stage(code: str) -> str:
    """Return a stage in words; what is no code of ours is a word already."""
    return Stage(code).zh if code in set(Stage) else code


def _longest_rise(days: Sequence[tuple[dt.date, dt.time]]) -> list[int]:
    """Return the places of a longest sequence that never falls."""
    best = [1] * len(days)
    before = [-1] * len(days)
    for k in range(len(days)):
        for j in range(k):
            if days[j] <= days[k] and best[j] + 1 > best[k]:
                best[k], before[k] = best[j] + 1, j
    place = max(range(len(days)), key=lambda k: best[k], default=-1)
    chain = []
    while place >= 0:
        chain.append(place)
        place = before[place]
    return chain[::-1]


def make_key(site_id: str, stage: str, date: dt.date | None, note: str) -> str:
    """Return the key of an event: the same report, from whichever file, is the same event."""
    return hashlib.sha256("\x1f".join((site_id, stage, str(date or ""), note)).encode()).hexdigest()[:32]


def _name_event(key: str) -> str:
    """Return the id that every ledger gives to the event with this key."""
    return "E" + hashlib.sha256(key.encode()).hexdigest()[:16]


def _find_doubles(fates: Fates, rows: Sequence[dict[str, Any]]) -> set[int]:
    first: dict[str, int] = {}
    doubles: set[int] = set()
    for row, event in enumerate(rows):
        if row in fates.held:
            continue
        event["key"] = make_key(event["site_id"], event["stage"], event["date"], event["note"])
        if event["key"] in first:
            doubles.add(row)
            fates.note(
                "event-duplicate", row, value=fates.table.lines[first[event["key"]]], site_id=event["site_id"]
            )
        first.setdefault(event["key"], row)
    return doubles


def _tell_repeats(fates: Fates, rows: Sequence[dict[str, Any]], same: set[int]) -> None:
    """Tell stages that a site reached before, and stages of one site with one and the same time."""
    first: dict[tuple[str, str], int] = {}
    moments: dict[tuple[Any, ...], int] = {}
    for row, event in enumerate(rows):
        if row in fates.held or row in same or not event["stage"]:
            continue
        before = first.setdefault((event["site_id"], event["stage"]), row)
        if before != row:
            words = f"{event['date']},第 {fates.table.lines[before]} 行为 {rows[before]['date']}"
            fates.note("event-repeated", row, value=words, site_id=event["site_id"])
        moment = (event["site_id"], event["date"], event["time"])
        if event["time"] is not None and moments.setdefault(moment, row) != row:
            words = f"{event['date']} {event['time']},第 {fates.table.lines[moments[moment]]} 行"
            fates.note("event-same-time", row, value=words, site_id=event["site_id"])


def _make_frame(table: Table, events: Sequence[dict[str, Any]], places: Sequence[int]) -> pd.DataFrame:
    made = {
        "site_id": [event["site_id"] for event in events],
        "kind": [str(EventKind.STAGE if event["stage"] else EventKind.NOTE) for event in events],
        "stage": [event["stage"] for event in events],
        "date": pd.to_datetime(pd.Series([event["date"] for event in events], dtype=object))
        .astype("datetime64[ns]")
        .to_numpy(),
        "recorded_at": "",
        "recorded_by": [
            "/".join(word for word in (event["unit"], event["recorded_by"]) if word) for event in events
        ],
        "note": [event["note"] for event in events],
        "corrects": "",
        "source_file": table.origin or table.file,
        "source_row": pd.array([table.lines[row] for row in places], dtype="Int64"),
        "key": [event["key"] for event in events],
    }
    index = pd.Index([_name_event(event["key"]) for event in events], name=EVENTS.index, dtype="str")
    return pd.DataFrame(made, index=index)
