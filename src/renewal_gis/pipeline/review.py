"""Two days of one ledger compared, units ranked, cases proposed: what bulletins add to a survey."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from renewal_gis.analysis.agenda import list_agenda
from renewal_gis.analysis.changes import (
    check_span,
    compare_progress,
    find_completed,
    list_moves,
    list_reports,
    list_slips,
)
from renewal_gis.analysis.listings import drop_listed, find_listings, list_deeds
from renewal_gis.analysis.progress import measure_progress
from renewal_gis.analysis.ranking import rank_composite, rank_units, tell_rules
from renewal_gis.analysis.supervision import propose_supervision
from renewal_gis.errors import InputError
from renewal_gis.ledger.history import find_reached, find_stages
from renewal_gis.schema import make_empty
from renewal_gis.schema_review import CHANGES, DEEDS, MOVES, RANKING, REPORTS, SLIPS, SUPERVISED
from renewal_gis.survey import Review

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from renewal_gis.ledger.base import Moment
    from renewal_gis.plan import Plan

Kind = Literal["weekly", "monthly", "supervision"]


@dataclass(frozen=True)
class Scope:
    """What a bulletin looks back on, and what it leaves out.

    Parameters
    ----------
    since
        The earlier day; by default that of :func:`choose_since`, if the ledger reaches back so far.
    kind
        ``weekly``, ``monthly`` or ``supervision``.
    force_majeure
        Units that are not ranked.
    known_at
        Look at the ledger as it was known at that time; None for all that it knows.
    """

    since: dt.date | None = None
    kind: Kind = "weekly"
    force_majeure: tuple[str, ...] = ()
    known_at: Moment | None = None


WEEKLY = Scope()


@dataclass(frozen=True)
class Day:
    """A city on one day: the plan in force, the ledger, where its sites lie and how far they are.

    ``whole`` is the plan with its revisions, for the earlier day.
    """

    whole: Plan
    as_of: dt.date
    sites: gpd.GeoDataFrame
    located: pd.DataFrame
    events: pd.DataFrame
    reached: pd.DataFrame
    progress: pd.DataFrame

    @property
    def plan(self) -> Plan:
        """The plan with the tasks in force on the day."""
        return self.whole.in_force(self.as_of)


def measure_day(
    plan: Plan, sites: gpd.GeoDataFrame, located: pd.DataFrame, events: pd.DataFrame, *, as_of: dt.date
) -> Day:
    """Return the state of a day."""
    in_force = plan.in_force(as_of)
    reached = find_reached(events, in_force, sites, as_of=as_of)
    progress = measure_progress(sites, located, reached, in_force, as_of=as_of)
    return Day(plan, as_of, sites, located, events, reached, progress)


def choose_since(as_of: dt.date, kind: Kind = "weekly") -> dt.date:
    """Return the day to compare with: a week before, or (monthly, supervision) the same day of the month before.

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
        raise InputError(
            "台账没有进度记录,完成数无从统计(不等于零)",
            place=name,
            remedy="先导入进度记录:方案 sources 中 role = events 的文件,或 ledger import --role events、ledger event",
        )
    first = events["date"].min().date()
    if day < first:
        raise InputError(
            f"{day} 早于台账的第一条记录 {first}", place=name, remedy=f"请用 {first} 或其后的日期"
        )


def review_day(day: Day, /, *, scope: Scope = WEEKLY, records: pd.DataFrame | None = None) -> Review | None:
    """Return what a bulletin adds to the state of a day.

    Parameters
    ----------
    day
        The state.
    scope
        What it looks back on.
    records
        Office records of kind ``supervision``, as the ledger keeps them.

    Returns
    -------
    Review or None
        None if the ledger has no entry up to the day.

    Raises
    ------
    InputError
        The span does not run forwards, or begins before the first entry.
    PlanError
        A unit that the plan does not know.
    """
    if scope.since is not None:
        check_span(scope.since, day.as_of)
        check_day(day.events, scope.since, name="since")
    if day.events.empty:
        return None
    plan, since = day.plan, scope.since or choose_since(day.as_of, scope.kind)
    known = since >= day.events["date"].min().date()
    done = find_completed(day.reached)
    stages = find_stages(day.reached, plan, day.sites)
    board, deeds = _look_at_board(records, plan, since=since, as_of=day.as_of)
    proposals = propose_supervision(
        day.progress, day.sites, day.located, day.events, plan, completed=done, as_of=day.as_of
    )
    excused, weights = scope.force_majeure, plan.ranking.weights
    return Review(
        since=since if known else None,
        ranking=rank_units(day.progress, plan, force_majeure=excused),
        rules=tell_rules(plan),
        proposals=drop_listed(proposals, board),
        agenda=list_agenda(
            day.progress,
            day.sites.join(day.located[["managing_unit"]]).join(stages),
            board,
            plan,
            completed=done,
            as_of=day.as_of,
            until=choose_until(day.as_of, scope.kind),
        ),
        composite=rank_composite(day.progress, plan, weights=weights, force_majeure=excused)
        if weights
        else make_empty(RANKING),
        deeds=deeds,
        **(
            _compare(day, stages, done, since)
            if known
            else {k: make_empty(v) for k, v in _SPAN_FRAMES.items()}
        ),
    )


def choose_until(as_of: dt.date, kind: Kind = "weekly") -> dt.date:
    """Return the last day of the period that follows: a week, or (monthly, supervision) a month later."""
    if kind == "weekly":
        return as_of + dt.timedelta(days=7)
    year, month = divmod(as_of.year * 12 + as_of.month, 12)  # months count from 0, so this is the next one
    last = calendar.monthrange(year, month + 1)[1]
    at_end = as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]
    return dt.date(year, month + 1, last if at_end else min(as_of.day, last))


def _look_at_board(
    records: pd.DataFrame | None, plan: Plan, *, since: dt.date, as_of: dt.date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if records is None:
        return make_empty(SUPERVISED), make_empty(DEEDS)
    board = find_listings(records, plan.supervision, as_of=as_of)
    return board, list_deeds(records, since=since, as_of=as_of)


def _compare(day: Day, stages: pd.DataFrame, done: set[str], since: dt.date) -> dict[str, pd.DataFrame]:
    """Compare the day with the earlier one, whose tasks may have been others."""
    sites, located, plan = day.sites, day.located, day.plan
    before = measure_day(day.whole, sites, located, day.events, as_of=since)
    return {
        "changes": compare_progress(day.progress, before.progress),
        "moves": list_moves(sites, located, day.reached, before.reached),
        "slips": list_slips(sites, located, stages, completed=done, since=since, as_of=day.as_of),
        "reports": list_reports(sites, located, stages, day.events, plan, since=since, as_of=day.as_of),
    }


_SPAN_FRAMES = {"changes": CHANGES, "moves": MOVES, "slips": SLIPS, "reports": REPORTS}
