"""The tables of the status page: numbers of every week, entries, listings, gates, photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from renewal_gis.render import style
from renewal_gis.render.webmap import looks
from renewal_gis.render.webmap.photos import gather_photos
from renewal_gis.render.webmap.words import say
from renewal_gis.vocab import CITY, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from renewal_gis.plan import Plan
    from renewal_gis.survey import Survey

_COUNTS = ("base", "done", "counted", "unlocated", "passed", "units")
_TENTHS = ("rate", "expected", "pace_pp")
_LIGHTS = ("", *(light for light in style.LIGHTS))
_BREACH = "gate-breached"
_NOT_STARTED = [stage.value for stage in Stage].index(Stage.NOT_STARTED.value)


def gather_data(survey: Survey, *, lang: str = "zh") -> dict[str, Any]:
    """Return what the panel, the slider and the sheet of the status page show, ready for JSON."""
    plan = survey.plan
    classes, no_task, no_split = looks.completion_classes()
    leads = _lead_targets(plan)
    names = {stage.value: stage.en if lang == "en" else stage.zh for stage in Stage}
    return {
        "lang": lang,
        "simulated": survey.simulated,
        "programmes": [
            {
                "id": programme.id, "name": programme.name, "short": programme.short, "lead": programme.lead,
                "family": programme.family, "measure": programme.measure,
                "stages": [stage.value for stage in programme.stages],
                "symbol": looks.symbol_words(style.find_symbol(programme.id)),
                "lead_target": leads.get(programme.id, ""),
            }
            for programme in plan.programmes
        ],
        "targets": [
            {
                "id": target.id, "programme": target.programme, "indicator": target.indicator,
                "deadline": target.deadline.isoformat(), "deadline_text": target.deadline_text,
                "striving": target.striving, "measure": target.measure, "basis": target.basis,
            }
            for target in plan.targets
        ],
        **gather_weeks(survey),
        "units": [unit.name for unit in plan.units],
        "stages": names,
        "groupOf": {stage.value: style.find_stage_group(stage.value).id for stage in Stage},
        "groups": [{**group, "name": say(group["name"], lang)} for group in looks.group_words()],
        "lights": {
            code: {**light, "name": say(light["name"], lang)} for code, light in looks.light_words().items()
        },
        "classes": [{**known, "name": say(known["name"], lang)} for known in classes],
        "noTask": no_task, "noSplit": no_split,
        "first": _first_target(plan, survey.progress),
        "ranks": _list_ranks(survey),
        "supervised": _list_supervised(survey),
        "events": _list_events(survey),
        "gates": [
            {"programme": gate.programme, "stage": gate.stage.value, "text": gate.text} for gate in plan.gates
        ],
        "breaches": _list_breaches(survey),
        "photos": gather_photos(survey.sites),
    }  # fmt: skip


def _lead_targets(plan: Plan) -> dict[str, str]:
    """Return the target that stands for each programme: its first that has no parent."""
    leads: dict[str, str] = {}
    for target in plan.targets:
        if not target.parent and not target.subset_of:
            leads.setdefault(target.programme, target.id)
    return leads


def _first_target(plan: Plan, progress: pd.DataFrame) -> str:
    """Return the target that the page opens with: the first that is broken down by unit."""
    split = set(progress.loc[progress["unit"] != CITY, "target"]) if len(progress) else set()
    return next((target.id for target in plan.targets if target.id in split), plan.targets[0].id)


# ------------------------------------------------------------------ numbers, week by week
def gather_weeks(survey: Survey) -> dict[str, Any]:
    """Return the numbers of each week: ``days``, ``keys`` (target, unit) and one table of values a column.

    Shares and points are whole tenths of a per cent, rounded here from the exact numbers as every other
    product rounds them, so that the page only writes them.
    """
    days = [week.day.isoformat() for week in survey.weeks]
    frames = [week.progress for week in survey.weeks]
    if not days or days[-1] != survey.as_of.isoformat():
        days, frames = [*days, survey.as_of.isoformat()], [*frames, survey.progress]
    keys = list(
        dict.fromkeys(key for frame in frames for key in zip(frame["target"], frame["unit"], strict=True))
    )
    place = {key: k for k, key in enumerate(keys)}
    columns = {name: _spread(frames, name, place, _plain(name)) for name in (*_COUNTS, *_TENTHS, "light")}
    classes = _spread(frames, "rate", place, looks.find_class_place)
    return {"days": days, "keys": [list(key) for key in keys], "numbers": {**columns, "class": classes}}


def _spread(
    frames: list[pd.DataFrame], name: str, place: dict[Any, int], write: Callable[[Any], Any]
) -> list[list[Any]]:
    """Return one column of PROGRESS by row key, then by week; None where a week has no such row."""
    table: list[list[Any]] = [[None] * len(frames) for _ in place]
    for week, frame in enumerate(frames):
        values = frame[name] if name in frame else [None] * len(frame)
        for target, unit, value in zip(frame["target"], frame["unit"], values, strict=True):
            table[place[target, unit]][week] = write(value)
    return table


def _plain(name: str) -> Callable[[Any], Any]:
    """Return how a column is written: counts as they are, shares and points as whole tenths."""
    if name == "light":
        return lambda value: _LIGHTS.index(value or "")
    if name in _COUNTS:
        return lambda value: int(value) if style.is_present(value) else None
    hundred = 1 if name == "pace_pp" else 100
    return lambda value: round(style.round_half_up(value * hundred) * 10) if style.is_present(value) else None


def list_moves(survey: Survey, reached: pd.DataFrame) -> list[list[Any]]:
    """Return where a site's stage in some week is not the last one whose day has come.

    Parameters
    ----------
    survey
        With its weeks.
    reached
        Days of the stages as the page has them: columns ``r:<stage>``, one row a site.

    Returns
    -------
    list
        ``[week, row of the site, stage]``: stages that were given back since, and nothing else.
    """
    codes = pd.Index([stage.value for stage in Stage])
    ladder, days = _spread_ladders(survey, reached, codes)
    found: list[list[Any]] = []
    for number, week in enumerate(survey.weeks):
        known = week.stages.index.equals(survey.sites.index)
        stages = week.stages if known else week.stages.reindex(survey.sites.index)
        told = codes.get_indexer(stages.to_numpy(dtype=object))
        come = days <= np.datetime64(week.day)  # NaT compares false
        last = np.where(come, np.arange(1, days.shape[1] + 1), 0).max(axis=1, initial=0)
        seen = np.where(last > 0, ladder[np.arange(len(last)), last - 1], _NOT_STARTED)
        found += [[number, int(row), str(codes[told[row]])] for row in np.flatnonzero(told != seen)]
    return found


def _spread_ladders(
    survey: Survey, reached: pd.DataFrame, codes: pd.Index[Any]
) -> tuple[NDArray[np.int64], NDArray[np.datetime64]]:
    """Return, by site and by place in its programme's order, the number of the stage and its day."""
    programmes = survey.sites["programme"].to_numpy(dtype=object)
    deep = max(len(programme.stages) for programme in survey.plan.programmes)
    ladder = np.zeros((len(programmes), deep), dtype=np.int64)
    days = np.full(ladder.shape, np.datetime64("NaT", "ns"))
    for programme in survey.plan.programmes:
        mine = programmes == programme.id
        for place, stage in enumerate(programme.stages):
            ladder[mine, place] = codes.get_loc(stage.value)
            if f"r:{stage.value}" in reached:
                days[mine, place] = reached[f"r:{stage.value}"].to_numpy(dtype="datetime64[ns]")[mine]
    return ladder, days


# ------------------------------------------------------------------ what is told of units and sites
def _list_ranks(survey: Survey) -> list[list[Any]]:
    """Return target, unit, track, rank and whether it is shared, at the survey's day."""
    if survey.review is None:
        return []
    rows = survey.review.ranking.to_dict("records")
    return [
        [row["target"], row["unit"], row["track"], int(row["rank"]), bool(row["tied"])]
        for row in rows
        if style.is_present(row["rank"])
    ]


def _list_supervised(survey: Survey) -> list[dict[str, str]]:
    rows = survey.supervised.to_dict("records")
    return [
        {
            "number": str(row["number"]), "site": str(row["site_id"] or ""), "unit": str(row["unit"] or ""),
            "reason": str(row["reason"] or ""), "state": str(row["state"]),
            "opened": _day(row["opened"]), "deadline": _day(row["deadline"]),
        }
        for row in rows
    ]  # fmt: skip


def _list_events(survey: Survey) -> dict[str, list[list[str]]]:
    """Return the entries of each site, oldest first: day, kind, stage, note, by whom."""
    if not len(survey.events):
        return {}
    events = survey.events.sort_values(["site_id", "date"], kind="stable")
    columns = [
        events[name].fillna("").astype(str) if name in events else pd.Series("", index=events.index)
        for name in ("site_id", "kind", "stage", "note", "recorded_by")
    ]
    days = pd.to_datetime(events["date"]).dt.strftime("%Y-%m-%d")
    found: dict[str, list[list[str]]] = {}
    for site, kind, stage, note, by, day in zip(*columns, days, strict=True):
        found.setdefault(site, []).append([day, kind, stage, note, by])
    return found


def _list_breaches(survey: Survey) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in _breaches(survey):
        found.setdefault(str(finding.site_id), []).append(finding.text)
    return found


def _breaches(survey: Survey) -> Iterable[Any]:
    return (each for each in survey.findings if each.code == _BREACH and each.site_id)


def _day(value: Any) -> str:
    return "" if value is None or pd.isna(value) else pd.Timestamp(value).date().isoformat()
