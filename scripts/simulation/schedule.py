"""When what happened: the stages of every site with their dates, and the notes in between."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulation import words
from simulation.gazetteer import SURNAMES
from simulation.geometry import make_rng

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulation.roster import Site

LABELS = {
    "consulted": "已征求意见", "publicised": "已公示", "reviewed": "会审通过", "permitted": "手续办结", "started": "已开工",
    "basically_built": "基本建成", "works_completed": "改造完成", "accepted": "验收合格", "cleared": "已清理", "opened": "已打通",
}  # fmt: skip
LAST_DAY = dt.date(2021, 12, 31)
CHECKPOINT = dt.date(2021, 9, 30)
SHORT_PUBLICITY = 6
STALE_UNITS = {"磁县": dt.date(2021, 9, 3), "峰峰矿区": dt.date(2021, 10, 29)}


@dataclass(frozen=True)
class Entry:
    """One line of the diary; a note has no stage."""

    site_id: str
    day: dt.date
    stage: str
    unit: str
    by: str
    text: str


def schedule_sites(sites: list[Site]) -> list[Entry]:
    """Return the diary of all sites; the dates of works are also kept in the sites' words."""
    groups: dict[tuple[str, str], list[Site]] = {}
    for site in sites:
        key = (
            site.unit
            if site.programme
            in {"old_compound", "back_alley", "dry_toilet", "stalled_building", "urban_village"}
            else site.category
        )
        groups.setdefault((site.programme, key), []).append(site)
    entries: list[Entry] = []
    for (programme, key), own in groups.items():
        rng = make_rng("schedule", programme, key)
        for site, done in zip(own, _done_days(programme, key, len(own), rng), strict=True):
            stages = _STEPS[programme](site, done, rng)
            stages = [(day, stage) for day, stage in stages if day <= LAST_DAY]
            site.words["stages"] = {stage: day for day, stage in stages}
            entries += _write(site, stages, rng)
    return sorted(entries, key=lambda entry: (entry.day, entry.site_id, entry.stage == "", entry.stage))


def _counts(programme: str, key: str, count: int) -> tuple[int, int]:
    if programme == "back_alley":
        return words.ALLEYS[key][2:]
    tables = {
        "old_compound": words.COMPOUNDS,
        "dry_toilet": words.TOILETS,
        "stalled_building": words.STALLED,
        "urban_village": words.VILLAGES,
    }
    if programme in tables:
        return tables[programme][key][1:]
    by_category = {
        ("shanty_area", "new_start"): (3, 5),
        ("shanty_area", "basic"): (12, 18),
        ("dead_end_road", ""): (3, 6),
    }
    return by_category.get((programme, key), (count // 2, count - 2))


def _done_days(programme: str, key: str, count: int, rng: np.random.Generator) -> list[dt.date | None]:
    by_autumn, by_year = _counts(programme, key, count)
    first = {"old_compound": dt.date(2021, 6, 4), "urban_village": dt.date(2021, 4, 8)}.get(
        programme, dt.date(2021, 5, 6)
    )
    span = (CHECKPOINT - first).days
    early = [first + dt.timedelta(days=int(span * share)) for share in np.sort(rng.beta(2.2, 1.5, by_autumn))]
    late = [
        CHECKPOINT + dt.timedelta(days=int(day)) for day in np.sort(rng.integers(4, 84, by_year - by_autumn))
    ]
    days: list[dt.date | None] = [*map(_workday, early), *map(_workday, late), *([None] * (count - by_year))]
    return [days[i] for i in rng.permutation(count).tolist()]


def _workday(day: dt.date) -> dt.date:
    back = {5: 1, 6: 2}.get(day.weekday(), 0)
    return day - dt.timedelta(days=back)


def _day(month: int, day: int, rng: np.random.Generator, span: int) -> dt.date:
    return _workday(dt.date(2021, month, day) + dt.timedelta(days=int(rng.integers(0, span + 1))))


def _before(done: dt.date | None, first: dt.date, low: int, high: int, rng: np.random.Generator) -> dt.date:
    """Return a start so many days before completion, not before ``first``; of unfinished works a late one."""
    if done is None:
        return _workday(first + dt.timedelta(days=int(rng.integers(40, 170))))
    return _workday(max(first, done - dt.timedelta(days=int(rng.integers(low, high)))))


def _compound(site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    asked, shown = _day(1, 5, rng, 14), _day(1, 21, rng, 1)
    short = int(site.site_id[-3:]) % 73 == 21
    review = shown + dt.timedelta(days=3 if short else int(rng.integers(6, 9)))
    start = _before(done, dt.date(2021, 4, 2), 55, 130, rng)
    permit = min(_day(3, 1, rng, 29), start)
    stages = [
        (asked, "consulted"),
        (shown, "publicised"),
        (review, "reviewed"),
        (permit, "permitted"),
        (start, "started"),
    ]
    if done is not None:
        stages.append((done, "works_completed"))
        opened = dt.date(2021, 10, 11) + dt.timedelta(days=int(rng.integers(0, 46)))
        accepted = _workday(max(opened, done + dt.timedelta(days=int(rng.integers(9, 30)))))
        if rng.random() < 0.93:
            stages.append((accepted, "accepted"))
    return stages


def _alley(_site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    stages = [(_before(done, dt.date(2021, 3, 18), 25, 75, rng), "started")]
    if done is not None:
        stages.append((done, "works_completed"))
        if rng.random() < 0.9:
            stages.append((_workday(done + dt.timedelta(days=int(rng.integers(8, 40)))), "accepted"))
    return stages


def _shanty(site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    if site.category == "new_start":
        return [(done, "started")] if done else []
    # begun in an earlier year; the diary of this year opens with the fact
    site.words["start"] = _workday(dt.date(2019, 9, 1) + dt.timedelta(days=int(rng.integers(0, 330))))
    first = [(dt.date(2021, 1, 8), "started")]
    return [*first, (done, "basically_built")] if done else first


def _village(_site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    if done is None:
        return []
    finish = _workday(done + dt.timedelta(days=int(rng.integers(150, 330))))
    return [(done, "started"), (finish, "works_completed")]


def _feature(_site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    start = (_before(done, dt.date(2021, 3, 22), 60, 150, rng), "started")
    return [start, (done, "works_completed")] if done else [start]


def _cleared(site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    low, high = (60, 160) if site.programme == "stalled_building" else (15, 50)
    start = (_before(done, dt.date(2021, 3, 22), low, high, rng), "started")
    return [start, (done, "cleared")] if done else [start]


def _opened(_site: Site, done: dt.date | None, rng: np.random.Generator) -> list[tuple[dt.date, str]]:
    start = _before(done, dt.date(2021, 3, 25), 70, 140, rng)
    permit = _workday(max(dt.date(2021, 1, 11), start - dt.timedelta(days=int(rng.integers(5, 30)))))
    stages = [(permit, "permitted"), (start, "started")]
    return [*stages, (done, "opened")] if done else stages


_STEPS = {
    "old_compound": _compound, "shanty_area": _shanty, "urban_village": _village, "back_alley": _alley,
    "feature_street": _feature, "dry_toilet": _cleared, "stalled_building": _cleared, "dead_end_road": _opened,
}  # fmt: skip


def _write(site: Site, stages: list[tuple[dt.date, str]], rng: np.random.Generator) -> Iterable[Entry]:
    by = f"{surname_for(site.unit, rng)}××"
    entries = [Entry(site.site_id, day, LABELS[stage], site.unit, by, "") for day, stage in stages]
    days = {stage: day for day, stage in stages}
    start = days.get("started")
    if start is None:
        return entries
    last = max(days.values()) if len(days) > 1 and max(days.values()) > start else LAST_DAY
    last = min(last, STALE_UNITS.get(site.unit, LAST_DAY)) if last == LAST_DAY else last
    texts = words.PROGRESS_NOTES[site.programme]
    day = start + dt.timedelta(days=int(rng.integers(14, 35)))
    while day < last:
        entries.append(
            Entry(site.site_id, _workday(day), "", site.unit, by, str(texts[int(rng.integers(len(texts)))]))
        )
        day += dt.timedelta(days=int(rng.integers(24, 60)))
    return entries


def surname_for(unit: str, rng: np.random.Generator) -> str:
    """Return one of the three surnames that report for a unit."""
    start = sum(map(ord, unit)) % (len(SURNAMES) - 3)
    return SURNAMES[start + int(rng.integers(3))]
