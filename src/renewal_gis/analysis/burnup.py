"""How every target grew, week by week, beside the share that was due."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from renewal_gis.analysis.progress import check_together, count_sites, expect_share, list_units
from renewal_gis.schema import BURNUP, REACHED, check_frame
from renewal_gis.vocab import CITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renewal_gis.analysis.progress import Counted
    from renewal_gis.plan import Plan, Target

WEEK = dt.timedelta(days=7)


def trace_progress(
    sites: pd.DataFrame, located: pd.DataFrame, reached: pd.DataFrame, plan: Plan, *, as_of: dt.date
) -> pd.DataFrame:
    """Return what was done of every target at the end of each week, and what was due.

    Parameters
    ----------
    sites, located, reached, plan
        As in :func:`renewal_gis.analysis.progress.measure_progress`.
    as_of
        The last day that is known; later weeks hold the due share only.

    Returns
    -------
    DataFrame
        BURNUP, by target and unit in the plan's order and by date: from the day the count begins
        (the first point of the target's curves, else the day of signature) every seven days to the
        deadline, and ``as_of`` and the deadline themselves. Units without a task have no rows.

    Raises
    ------
    SchemaError
        Frames that do not keep their contracts, or do not belong together.

    Notes
    -----
    A stage that was given back with a reason is not in REACHED, so that the curve is what is known
    at ``as_of``, not what was printed at the time; signed bulletins hold the latter.
    """
    check_together(sites, located)
    check_frame(reached, REACHED)
    day = as_of.date() if isinstance(as_of, dt.datetime) else as_of
    rows: list[dict[str, Any]] = []
    for target in plan.targets:
        counted = count_sites(sites, located, reached, plan, target)
        days = _list_days(target, plan, day)
        ledger = counted.tally()
        for unit in list_units(target, plan):
            base = _find_base(target, unit, ledger[unit])
            if base:
                rows += _list_rows(target, plan, unit, base=base, days=days, as_of=day, counted=counted)
    frame = pd.DataFrame(rows, columns=list(BURNUP.columns))
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[ns]")
    return frame.astype({"done": "Int64", "counted": "Int64", "base": "Int64", "expected": "float64"})


def _list_days(target: Target, plan: Plan, as_of: dt.date) -> list[dt.date]:
    start = min((curve.points[0][0] for curve in target.curves), default=plan.signed)
    stop = max(target.deadline, start)
    weeks = {start + WEEK * number for number in range((stop - start).days // 7 + 1)}
    return sorted(weeks | {stop} | ({as_of} if start <= as_of <= stop else set()))


def _find_base(target: Target, unit: str, ledger: int) -> int | None:
    if target.task is None:
        return ledger
    return target.task if unit == CITY else target.breakdown.get(unit)


def _list_rows(
    target: Target, plan: Plan, unit: str, *,
    base: int, days: list[dt.date], as_of: dt.date, counted: Counted,
) -> list[dict[str, Any]]:  # fmt: skip
    done = _sum_by_day(counted, unit, days)
    full = done
    if unit == CITY and target.cap_units:
        parts = [
            np.minimum(_sum_by_day(counted, name, days), task) for name, task in target.breakdown.items()
        ]
        full = np.sum(parts, axis=0)
    rows = []
    for each, number, capped in zip(days, done, full, strict=True):
        share = expect_share(target, plan, unit, each)
        rows.append(
            {
                "target": target.id,
                "unit": unit,
                "date": each,
                "done": int(number) if each <= as_of else None,
                "counted": int(capped) if each <= as_of else None,
                "expected": np.nan if share is None else float(share),
                "base": base,
            }
        )
    return rows


def _sum_by_day(counted: Counted, unit: str, days: list[dt.date]) -> NDArray[np.int64]:
    """Weights of the unit's sites that were done at the end of each day."""
    mine = ~np.isnat(counted.done_on)
    if unit != CITY:
        mine &= counted.unit == unit
    order = np.argsort(counted.done_on[mine], kind="stable")
    sums = np.concatenate([[0], np.cumsum(counted.weight[mine][order])])
    ends = np.array(days, dtype="datetime64[ns]")
    return np.asarray(sums[np.searchsorted(counted.done_on[mine][order], ends, side="right")], dtype=np.int64)
