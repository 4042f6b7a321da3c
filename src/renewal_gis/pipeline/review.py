"""Two days of one ledger compared, units ranked, cases proposed: what bulletins add to a survey."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING, Literal

import pandas as pd

from renewal_gis.analysis.changes import (
    check_span,
    compare_progress,
    find_completed,
    list_moves,
    list_reports,
    list_slips,
)
from renewal_gis.analysis.progress import measure_progress
from renewal_gis.analysis.ranking import rank_units, tell_rules
from renewal_gis.analysis.supervision import propose_supervision
from renewal_gis.errors import InputError
from renewal_gis.ledger.history import find_reached, find_stages
from renewal_gis.schema import Frame
from renewal_gis.schema_review import CHANGES, MOVES, REPORTS, SLIPS
from renewal_gis.survey import Review

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from renewal_gis.plan import Plan

Kind = Literal["weekly", "monthly"]


def choose_since(as_of: dt.date, kind: Kind = "weekly") -> dt.date:
    """Return the day to compare with: a week before, or the same day of the month before.

    The last day of a month is compared with the last day of the month before.
    """
    if kind == "weekly":
        return as_of - dt.timedelta(days=7)
    last = as_of.replace(day=1) - dt.timedelta(days=1)
    at_end = as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]
    return last if at_end else last.replace(day=min(as_of.day, last.day))


def check_day(events: pd.DataFrame, day: dt.date, *, name: str) -> None:
    """Refuse a day on which the ledger says nothing yet: zeros would look like a result.

    Parameters
    ----------
    events
        EVENTS.
    day
        The day asked for.
    name
        What the caller calls it.

    Raises
    ------
    InputError
        The ledger has no entry up to that day.
    """
    if events.empty:
        raise InputError("台账没有进度记录", place=name, remedy="先导入进度记录(ledger import --role events)")
    first = events["date"].min().date()
    if day < first:
        raise InputError(
            f"{day} 早于台账的第一条记录 {first}", place=name, remedy=f"请用 {first} 或其后的日期"
        )


def review_days(
    plan: Plan,
    sites: gpd.GeoDataFrame,
    located: pd.DataFrame,
    events: pd.DataFrame,
    *,
    as_of: dt.date,
    since: dt.date | None = None,
    kind: Kind = "weekly",
    force_majeure: Iterable[str] = (),
) -> Review | None:
    """Return what a bulletin adds to the state of a day.

    Parameters
    ----------
    plan, sites, located
        The plan, the ledger and where its sites lie.
    events
        EVENTS up to ``as_of``.
    as_of
        The day.
    since
        The earlier day; by default that of :func:`choose_since`, if the ledger reaches back so far.
    kind
        ``weekly`` or ``monthly``.
    force_majeure
        Units that are not ranked.

    Returns
    -------
    Review or None
        None if the ledger has no entry up to ``as_of``.

    Raises
    ------
    InputError
        The span does not run forwards, or begins before the first entry.
    PlanError
        A unit that the plan does not know.
    """
    if since is not None:
        check_span(since, as_of)
        check_day(events, since, name="since")
    if events.empty:
        return None
    since = since or choose_since(as_of, kind)
    known = since >= events["date"].min().date()
    reached = find_reached(events, plan, sites, as_of=as_of)
    done = find_completed(reached)
    progress = measure_progress(sites, located, reached, plan, as_of=as_of)
    frames = {name: _make_empty(frame) for name, frame in _SPAN_FRAMES.items()}
    if known:
        stages = find_stages(reached, plan, sites)
        past = find_reached(events, plan, sites, as_of=since)
        before = measure_progress(sites, located, past, plan, as_of=since)
        frames = {
            "changes": compare_progress(progress, before),
            "moves": list_moves(sites, located, reached, past),
            "slips": list_slips(sites, located, stages, completed=done, since=since, as_of=as_of),
            "reports": list_reports(sites, located, stages, events, plan, since=since, as_of=as_of),
        }
    return Review(
        since=since if known else None,
        ranking=rank_units(progress, plan, force_majeure=force_majeure),
        rules=tell_rules(plan),
        proposals=propose_supervision(progress, sites, located, events, plan, completed=done, as_of=as_of),
        **frames,
    )


_SPAN_FRAMES = {"changes": CHANGES, "moves": MOVES, "slips": SLIPS, "reports": REPORTS}


def _make_empty(contract: Frame) -> pd.DataFrame:
    return pd.DataFrame(columns=list(contract.columns))
