"""What might be put on the board (拟挂牌): proposals with their numbers; a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from renewal_gis.schema import EVENTS, PROGRESS, check_frame
from renewal_gis.schema_review import PROPOSALS
from renewal_gis.vocab import CITY, Ground, Light

if TYPE_CHECKING:
    import datetime as dt

    from renewal_gis.plan import Plan, Target

    Row = dict[str, Any]


def propose_supervision(
    progress: pd.DataFrame,
    sites: pd.DataFrame,
    located: pd.DataFrame,
    events: pd.DataFrame,
    plan: Plan,
    *,
    completed: set[str],
    as_of: dt.date,
    stale_days: int | None = None,
) -> pd.DataFrame:
    """Return what the rules would put on the board, each with its reason and numbers.

    Parameters
    ----------
    progress
        PROGRESS at ``as_of``.
    sites, located, events
        SITES, LOCATED, EVENTS.
    plan
        The targets.
    completed
        Ids of the sites whose works are done.
    as_of
        The day, at its end.
    stale_days
        More days than this without an entry make a site stale; by default what the plan says.

    Returns
    -------
    DataFrame
        PROPOSALS: missed deadlines, then red lights, then stale sites (one row a unit and
        programme). A target that is broken down is proposed by unit; one that is not, for the city.
        A part of another target is not proposed for its light where the whole is for the same unit.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.

    Notes
    -----
    A striving target (力争) is never proposed, nor a site that counts for striving targets only. The
    list is a proposal: it must not be published before a person has confirmed it.
    """
    check_frame(progress, PROGRESS)
    check_frame(events, EVENTS)
    limit = plan.supervision.stale_days if stale_days is None else stale_days
    rows = [
        *_propose_targets(progress, plan, as_of),
        *_propose_stale(sites, located, events, plan, completed=completed, as_of=as_of, limit=limit),
    ]
    order = list(Ground)
    rows.sort(key=lambda row: order.index(row["kind"]))
    frame = pd.DataFrame(rows, columns=list(PROPOSALS.columns))
    frame["kind"] = pd.Series([row["kind"].value for row in rows], index=frame.index, dtype=object)
    for column in ("done", "base", "days"):
        frame[column] = frame[column].astype("Int64")
    for column in ("rate", "expected", "pace_pp"):
        frame[column] = pd.Series([row[column] for row in rows], index=frame.index, dtype=object)
    return frame


def _propose_targets(progress: pd.DataFrame, plan: Plan, as_of: dt.date) -> list[Row]:
    rows: list[Row] = []
    for target in plan.targets:
        part = progress[progress["target"] == target.id]
        if target.striving or part.empty:
            continue
        by_unit = part[part["unit"] != CITY]
        for row in (by_unit if len(by_unit) else part).to_dict("records"):
            if row["rate"] is None or row["light"] != Light.RED:
                continue
            missed = as_of > target.deadline and row["rate"] < 1
            rows.append(_make_row(target, row, Ground.MISSED if missed else Ground.RED, as_of))
    # a part that lags says no more than the whole that lags; a deadline missed is a case of its own
    proposed = {(row["target"], row["unit"]) for row in rows}
    return [
        row
        for row in rows
        if row["kind"] is Ground.MISSED or (plan.target(row["target"]).parent, row["unit"]) not in proposed
    ]


def _make_row(target: Target, row: Row, kind: Ground, as_of: dt.date) -> Row:
    missed = kind is Ground.MISSED
    return {
        **{
            key: row[key]
            for key in ("unit", "programme", "measure", "done", "base", "rate", "expected", "pace_pp")
        },
        "target": target.id,
        "kind": kind,
        "subject": target.indicator,
        "days": (as_of - target.deadline).days if missed else None,
        "site_ids": "",
        "reason": f"{target.deadline_text}时限已过,未完成" if missed else "滞后序时进度,亮灯为严重滞后",
    }


def _propose_stale(
    sites: pd.DataFrame,
    located: pd.DataFrame,
    events: pd.DataFrame,
    plan: Plan,
    *,
    completed: set[str],
    as_of: dt.date,
    limit: int,
) -> list[Row]:
    day = pd.Timestamp(as_of)
    unit = located["managing_unit"].reindex(sites.index).fillna("").astype(str)
    known = events[(events["date"] <= day).to_numpy()]
    last = known.groupby("site_id")["date"].max().reindex(sites.index)
    due = pd.to_datetime(sites["planned_start"]).fillna(pd.Timestamp(plan.signed))
    # before its planned start a site need not be heard of
    days = (day - last.fillna(due)).dt.days
    stale = (days > limit) & (due <= day) & ~sites.index.isin(list(completed)) & (unit != "")
    stale &= _find_binding(sites, unit, plan)
    found = pd.DataFrame({"unit": unit, "programme": sites["programme"], "days": days})[stale]
    order = [each.name for each in plan.units]
    rows: list[Row] = []
    for programme in plan.programmes:
        mine = found[found["programme"] == programme.id]
        for name in sorted(mine["unit"].unique(), key=order.index):
            part = mine[mine["unit"] == name]
            rows.append(
                {
                    "unit": name, "target": "", "programme": programme.id, "kind": Ground.STALE,
                    "subject": programme.name, "measure": "个", "done": None, "base": len(part), "rate": None,
                    "expected": None, "pace_pp": None, "days": int(part["days"].max()),
                    "site_ids": "、".join(sorted(part.index)),
                    "reason": f"未完工项目超过{limit}天没有进度记录",
                }
            )  # fmt: skip
    return rows


def _find_binding(
    sites: pd.DataFrame, unit: pd.Series, plan: Plan
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which sites count for a target that is more than striving."""
    binding = np.zeros(len(sites), dtype=bool)
    for target in plan.targets:
        if not target.striving:
            mine = (sites["programme"] == target.programme) & unit.isin(plan.groups[target.group])
            if target.category:
                mine &= sites["category"] == target.category
            binding |= mine.to_numpy(dtype=bool)
    return binding
