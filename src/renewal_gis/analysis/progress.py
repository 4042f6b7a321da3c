"""How far every target is: counts, exact rates, the share that is due, and a light."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from renewal_gis.errors import SchemaError
from renewal_gis.plan import Curve
from renewal_gis.schema import LOCATED, PROGRESS, REACHED, check_frame
from renewal_gis.vocab import CITY, NO_TASK, Light, Placement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renewal_gis.plan import Plan, Target
    from renewal_gis.rules import LightRule

    Tally = Counter[str]

WEEK = dt.timedelta(days=7)


def measure_progress(
    sites: pd.DataFrame, located: pd.DataFrame, reached: pd.DataFrame, plan: Plan, *, as_of: dt.date
) -> pd.DataFrame:
    """Return how far every target is on a day, for the city and for units that have a task.

    Parameters
    ----------
    sites
        SITES; geometry is not looked at.
    located
        LOCATED of the same sites.
    reached
        REACHED; later dates than ``as_of`` are left out.
    plan
        The targets, their curves and the rules of the lights.
    as_of
        The day, at its end.

    Returns
    -------
    DataFrame
        PROGRESS: one row for 全市 a target, then one for each unit of the target's group where the
        plan breaks the task down. In the plan's order.

    Raises
    ------
    SchemaError
        Frames that do not keep their contracts, or do not belong together.

    Notes
    -----
    A site counts for its managing unit, if that is in the target's group; 1, or its dwellings.
    Sites whose unit nobody knows count for the city only, so that no row is lost:
    units + unknown = city. Rates are exact and may exceed 1, but where the plan caps the units
    (``cap_units``) the city's rate takes no unit for more than its task: two streets in one county do
    not stand in for none in another. Without a task number the ledger is the base (台账口径). The due
    share of the city is the mean of the units' by their tasks. As long as nothing is due there is no
    light. Nothing is split pro rata. Subsets and parents must not be added up.

    Examples
    --------
    >>> import datetime as dt
    >>> from renewal_gis import toytown
    >>> from renewal_gis.analysis.locate import locate_sites
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> located = locate_sites(sites, toytown.make_units(), plan)
    >>> reached = pd.DataFrame(
    ...     {"site_id": ["A-01"], "stage": ["works_completed"], "date": [pd.Timestamp("2021-08-20")]}
    ... )
    >>> rows = measure_progress(sites, located, reached, plan, as_of=dt.date(2021, 9, 30))
    >>> rows.loc[1, ["target", "unit", "rate", "expected"]].tolist()
    ['T1', '甲区', Fraction(1, 3), Fraction(1, 1)]
    """
    check_together(sites, located)
    check_frame(reached, REACHED)
    day = _as_day(as_of)
    rows: list[dict[str, Any]] = []
    for target in plan.targets:
        counts = _sum_up(count_sites(sites, located, reached, plan, target), target, plan, day)
        rows += [_make_row(counts, unit, day) for unit in list_units(target, plan)]
    frame = pd.DataFrame(rows, columns=list(PROGRESS.columns))
    for column in ("task", "ledger", "located", "unlocated", "done", "counted", "base", "passed", "units"):
        frame[column] = frame[column].astype("Int64")
    for column in ("rate", "expected", "pace_pp"):
        # astype keeps None where a plain constructor would turn it into NaN
        frame[column] = pd.Series([row[column] for row in rows], index=frame.index, dtype=object)
    return frame


def list_rows(
    sites: pd.DataFrame,
    located: pd.DataFrame,
    reached: pd.DataFrame,
    plan: Plan,
    *,
    target: str,
    unit: str = CITY,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return the ledger rows behind one number of :func:`measure_progress`.

    Parameters
    ----------
    sites, located, reached, plan, as_of
        As in :func:`measure_progress`.
    target
        Its id.
    unit
        Full name of a unit, 全市, or empty for the sites whose unit nobody knows.

    Returns
    -------
    DataFrame
        Index ``site_id``, sorted; ``unit``, ``weight`` (1, or dwellings), ``located`` (bool),
        ``done`` (bool), ``done_on`` (NaT if not by ``as_of``). The sums of ``weight`` are the numbers
        ``ledger``, ``located`` and ``done`` of PROGRESS.
    """
    check_together(sites, located)
    check_frame(reached, REACHED)
    counted = count_sites(sites, located, reached, plan, plan.target(target))
    done = counted.find_done(_as_day(as_of))
    frame = pd.DataFrame(
        {
            "unit": counted.unit,
            "weight": counted.weight,
            "located": counted.located,
            "done": done,
            "done_on": pd.Series(counted.done_on).where(done).to_numpy(),
        },
        index=pd.Index(counted.site_id, name="site_id"),
    )
    return (frame if unit == CITY else frame[frame["unit"] == unit]).sort_index()


def list_tasks(
    sites: pd.DataFrame, located: pd.DataFrame, plan: Plan, *, target: str
) -> list[tuple[str, int | None, int]]:
    """Return unit (全市 first), task and ledger count of each row that a target has in PROGRESS.

    Parameters
    ----------
    sites, located, plan
        As in :func:`measure_progress`; see :func:`check_together`.
    target
        Its id.
    """
    goal = plan.target(target)
    nothing = pd.DataFrame({"site_id": [], "stage": [], "date": pd.to_datetime([])})
    counted = count_sites(sites, located, nothing, plan, goal)
    ledger = counted.tally()
    return [
        (unit, goal.task if unit == CITY else goal.breakdown.get(unit), ledger[unit])
        for unit in list_units(goal, plan)
    ]


def table_by_unit(progress: pd.DataFrame, plan: Plan, *, value: str = "rate") -> pd.DataFrame:
    """Return one column of PROGRESS as a wide table: units down, targets across.

    Parameters
    ----------
    progress
        PROGRESS.
    plan
        Gives the order of units and targets.
    value
        The column to show.

    Returns
    -------
    DataFrame
        Index 全市 and all units of the plan, columns the target ids; “—” where there is no task.

    Raises
    ------
    SchemaError
        No such column.
    """
    if value not in progress.columns:
        raise SchemaError(f"PROGRESS 没有列“{value}”", remedy=f"可用:{'、'.join(PROGRESS.columns)}")
    names = [CITY, *(unit.name for unit in plan.units)]
    table = pd.DataFrame(NO_TASK, index=pd.Index(names, name="unit"), columns=[t.id for t in plan.targets])
    table = table.astype(object)
    for target, unit, shown in zip(progress["target"], progress["unit"], progress[value], strict=True):
        if shown is not None and shown is not pd.NA and shown != "":
            table.loc[unit, target] = shown
    return table


@dataclass(frozen=True)
class Counted:
    """The sites that count for one target."""

    site_id: NDArray[np.object_]
    unit: NDArray[np.object_]
    weight: NDArray[np.int64]
    located: NDArray[np.bool_]
    done_on: NDArray[np.datetime64]
    until: dt.date | None

    def find_done(self, day: dt.date) -> NDArray[np.bool_]:
        """Which sites had reached the milestone at the end of a day, and not after a checkpoint."""
        last = day if self.until is None else min(day, self.until)
        done: NDArray[np.bool_] = self.done_on <= np.datetime64(last)  # NaT compares false
        return done

    def tally(self, which: NDArray[np.bool_] | None = None) -> Tally:
        """Sum the weights of some sites, or of all, by unit and for the city."""
        units, weights = (self.unit, self.weight) if which is None else (self.unit[which], self.weight[which])
        sums = pd.Series(weights).groupby(units).sum()
        tally = Counter({str(unit): int(number) for unit, number in sums.items()})
        tally[CITY] = int(weights.sum())
        return tally


def count_sites(
    sites: pd.DataFrame, located: pd.DataFrame, reached: pd.DataFrame, plan: Plan, target: Target
) -> Counted:
    """Return the sites that count for a target, each once; arguments as in :func:`measure_progress`."""
    unit = located["managing_unit"].reindex(sites.index).fillna("").astype(str)
    # a site of no known unit counts for the whole, but for none of its parts: parts would count it twice
    whole = not target.parent or plan.target(target.parent).group == target.group
    members = [*plan.groups[target.group], *([""] if whole else [])]
    mine = (sites["programme"] == target.programme) & unit.isin(members)
    if target.category:
        mine &= sites["category"] == target.category
    ids = sites.index[mine]
    if target.weight == "dwellings":
        weight = sites.loc[mine, "dwellings"].fillna(0).to_numpy(dtype=np.int64)
    else:
        weight = np.ones(len(ids), dtype=np.int64)
    hits = reached[reached["stage"] == target.milestone.value]
    first = hits.groupby("site_id")["date"].min().reindex(ids)
    return Counted(
        site_id=ids.to_numpy(dtype=object),
        unit=unit[mine].to_numpy(dtype=object),
        weight=weight,
        located=(located["placement"].reindex(ids) != Placement.UNLOCATED.value).to_numpy(dtype=bool),
        done_on=pd.to_datetime(first).to_numpy(dtype="datetime64[ns]"),
        until=target.deadline if target.checkpoint else None,
    )


def check_together(sites: pd.DataFrame, located: pd.DataFrame) -> None:
    """Refuse a ledger and its locations if they do not belong together.

    Raises
    ------
    SchemaError
        A column is missing, an id stands twice, or a site has no row in LOCATED.
    """
    check_frame(located, LOCATED)
    missing = [column for column in ("programme", "category", "dwellings") if column not in sites.columns]
    if missing:
        raise SchemaError(f"SITES 缺少列 {'、'.join(missing)}", remedy="请用 intake 读入的台账")
    if not sites.index.is_unique:
        twice = sites.index[sites.index.duplicated()][0]
        raise SchemaError(f"SITES 的编号“{twice}”重复", remedy="请先隔离重复的行")
    if (located.index.get_indexer(sites.index) < 0).any():
        raise SchemaError("LOCATED 与 SITES 的编号不一致", remedy="请对同一份台账调用 locate_sites")


def list_units(target: Target, plan: Plan) -> list[str]:
    """Return the units that a target has a row for: 全市, and those it is broken down to."""
    if not target.breakdown:
        return [CITY]
    members = set(plan.groups[target.group])
    return [CITY, *(unit.name for unit in plan.units if unit.name in members)]


@dataclass(frozen=True)
class _Counts:
    """The sums of one target: the ledger, what is located, and what is done on the days that matter."""

    target: Target
    plan: Plan
    ledger: Tally
    located: Tally
    done: dict[dt.date, Tally]

    def base(self, unit: str) -> int | None:
        """Return what the rate of a unit is taken of: its task, else the ledger (台账口径)."""
        if self.target.task is None:
            return self.ledger[unit]
        return self.target.task if unit == CITY else self.target.breakdown.get(unit)

    def counted(self, unit: str, day: dt.date) -> int:
        """Return what of the done counts for the rate: all, but in a capped city no unit above its task."""
        done = self.done[day]
        if unit != CITY or not self.target.cap_units:
            return done[unit]
        return sum(min(done[name], task) for name, task in self.target.breakdown.items())

    def rate(self, unit: str, day: dt.date) -> Fraction | None:
        """Return the rate of a unit on a day, None without a task."""
        base = self.base(unit)
        return Fraction(self.counted(unit, day), base) if base else None

    def passed(self, day: dt.date) -> int:
        """Return how many units have done their own task."""
        return sum(self.done[day][name] >= task for name, task in self._duties)

    def units(self) -> int:
        """Return how many units have a task of their own."""
        return len(self._duties)

    @property
    def _duties(self) -> list[tuple[str, int]]:
        return [(name, task) for name, task in self.target.breakdown.items() if task]


def _sum_up(counted: Counted, target: Target, plan: Plan, day: dt.date) -> _Counts:
    days = [day - WEEK * back for back in range(plan.lights.streak)]
    done = {each: counted.tally(counted.find_done(each)) for each in days}
    return _Counts(target, plan, counted.tally(), counted.tally(counted.located), done)


def _make_row(counts: _Counts, unit: str, day: dt.date) -> dict[str, Any]:
    target, rate = counts.target, counts.rate(unit, day)
    expected = expect_share(target, counts.plan, unit, day) if rate is not None else None
    pace_pp = None if rate is None or expected is None else (rate - expected) * 100
    split = unit == CITY and counts.units() > 0
    return {
        "target": target.id,
        "programme": target.programme,
        "indicator": target.indicator,
        "unit": unit,
        "measure": target.measure,
        "task": target.task if unit == CITY else target.breakdown.get(unit),
        "ledger": counts.ledger[unit],
        "located": counts.located[unit],
        "unlocated": counts.ledger[unit] - counts.located[unit],
        "done": counts.done[day][unit],
        "counted": counts.counted(unit, day),
        "base": counts.base(unit),
        "rate": rate,
        "expected": expected,
        "pace_pp": pace_pp,
        "light": _find_light(counts, unit, day),
        "basis": target.basis,
        "passed": counts.passed(day) if split else None,
        "units": counts.units() if split else None,
    }


def expect_share(target: Target, plan: Plan, unit: str, day: dt.date) -> Fraction | None:
    """Return the share due at the end of a day, exactly; None if striving, or if units differ untold."""
    if target.striving:
        return None
    if not target.curves:
        return Curve(group=target.group, points=((plan.signed, 0.0), (target.deadline, 1.0))).share_at(day)
    if len(target.curves) == 1:
        return target.curves[0].share_at(day)
    if unit != CITY:
        own = [curve for curve in target.curves if unit in plan.groups[curve.group]]
        return own[0].share_at(day) if own else None
    parts = [(task, expect_share(target, plan, name, day)) for name, task in target.breakdown.items()]
    total = sum(task for task, _ in parts)
    if not total or any(share is None for _, share in parts):
        return None
    return sum((task * share for task, share in parts if share is not None), Fraction(0)) / total


def _find_light(counts: _Counts, unit: str, day: dt.date) -> str:
    """Return the light of a day; weeks in a row behind, and missed deadlines, turn it red."""
    light = _light_of_day(counts, unit, day)
    if light is Light.YELLOW:
        before = [_light_of_day(counts, unit, week) for week in counts.done if week < day]
        if all(past in {Light.YELLOW, Light.RED} for past in before):
            return Light.RED.value
    return light.value if light else ""


def _light_of_day(counts: _Counts, unit: str, day: dt.date) -> Light | None:
    """Return the light of a day by itself; None where nothing is due, or not yet."""
    rate = counts.rate(unit, day)
    share = expect_share(counts.target, counts.plan, unit, day)
    if rate is None or not share:
        return None
    if day > counts.target.deadline and _is_missed(counts, unit, day):
        return Light.RED
    return grade_pace((rate - share) * 100, counts.plan.lights)


def _is_missed(counts: _Counts, unit: str, day: dt.date) -> bool:
    """Tell whether a passed deadline was missed; by every unit's own task where the plan says so."""
    target = counts.target
    by_unit = unit == CITY and target.check == "per_unit" and target.breakdown
    rates = [counts.rate(name, day) for name in (target.breakdown if by_unit else [unit])]
    return any(rate is not None and rate < 1 for rate in rates)


def grade_pace(pace_pp: Fraction, rule: LightRule, /) -> Light:
    """Return the light of a pace, by itself: without the weeks before and without the deadline.

    Parameters
    ----------
    pace_pp
        Actual minus due share, percentage points.
    rule
        The plan's thresholds. A lag equal to a threshold keeps the milder light.
    """
    lag = -pace_pp
    if lag <= 0:
        return Light.GREEN
    if lag <= Fraction(str(rule.slight_pp)):
        return Light.SLIGHT
    return Light.YELLOW if lag <= Fraction(str(rule.red_pp)) else Light.RED


def _as_day(as_of: dt.date) -> dt.date:
    # a timestamp is a date too, but cannot be compared with one
    return as_of.date() if isinstance(as_of, dt.datetime) else as_of
