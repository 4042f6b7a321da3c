"""What falls due after a day (下周重点): targets, listings, planned starts and finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.schema import PROGRESS, check_frame
from renewal_gis.schema_review import AGENDA, SUPERVISED
from renewal_gis.vocab import CITY, Due, ListingState, Stage

if TYPE_CHECKING:
    import datetime as dt

    from renewal_gis.plan import Plan

_BEFORE_WORKS = (
    Stage.NOT_STARTED, Stage.CONSULTED, Stage.PUBLICISED, Stage.REVIEWED, Stage.PERMITTED,
)  # fmt: skip


def list_agenda(
    progress: pd.DataFrame,
    staged: pd.DataFrame,
    listings: pd.DataFrame,
    plan: Plan,
    *,
    completed: set[str],
    as_of: dt.date,
    until: dt.date,
) -> pd.DataFrame:
    """Return what falls due after ``as_of`` and up to ``until``.

    Parameters
    ----------
    progress
        PROGRESS at ``as_of``.
    staged
        SITES with ``managing_unit`` and ``stage``.
    listings
        SUPERVISED at ``as_of``.
    plan
        The targets and their deadlines.
    completed
        Ids of the sites whose works are done.
    as_of, until
        The span: the first day is left out, the last is in it.

    Returns
    -------
    DataFrame
        AGENDA: targets that are not reached yet (by unit where they are broken down), listings that
        are not delisted, sites that should start and have not, sites that should be finished and are
        not; each by day. Striving targets are not in it.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.
    """
    check_frame(progress, PROGRESS)
    check_frame(listings, SUPERVISED)
    first, last = pd.Timestamp(as_of), pd.Timestamp(until)
    rows = [
        *_list_targets(progress, plan, as_of, until),
        *_list_listings(listings, first, last),
        *_list_sites(staged, "planned_start", Due.START, first, last),
        *_list_sites(staged[~staged.index.isin(list(completed))], "planned_finish", Due.FINISH, first, last),
    ]
    order = list(Due)
    rows.sort(key=lambda row: (order.index(row["kind"]), row["due"]))  # stable: the plan's order within a day
    frame = pd.DataFrame(rows, columns=list(AGENDA.columns))
    frame["kind"] = pd.Series([row["kind"].value for row in rows], index=frame.index, dtype=object)
    frame["due"] = pd.to_datetime(frame["due"]).astype("datetime64[ns]")
    frame["missing"] = frame["missing"].astype("Int64")
    return frame


def _list_targets(progress: pd.DataFrame, plan: Plan, as_of: dt.date, until: dt.date) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for target in plan.targets:
        if target.striving or not as_of < target.deadline <= until:
            continue
        part = progress[progress["target"] == target.id]
        units = part[part["unit"] != CITY]
        rows += [
            {
                "kind": Due.CHECKPOINT, "due": pd.Timestamp(target.deadline), "subject": target.id,
                "name": target.indicator, "programme": target.programme, "unit": row["unit"],
                "missing": int(row["base"]) - int(row["counted"]), "measure": target.measure,
            }
            for row in (units if len(units) else part).to_dict("records")
            if row["rate"] is not None and row["rate"] < 1
        ]  # fmt: skip
    return rows


def _list_listings(listings: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> list[dict[str, Any]]:
    due = listings[
        (listings["deadline"] > first)
        & (listings["deadline"] <= last)
        & (listings["state"] != ListingState.DELISTED.value)
    ]
    return [
        {
            "kind": Due.LISTING, "due": row["deadline"], "subject": row["number"], "name": row["subject"],
            "programme": row["programme"], "unit": row["unit"], "missing": 1, "measure": "件",
        }
        for row in due.to_dict("records")
    ]  # fmt: skip


def _list_sites(
    staged: pd.DataFrame, column: str, kind: Due, first: pd.Timestamp, last: pd.Timestamp
) -> list[dict[str, Any]]:
    days = pd.to_datetime(staged[column])
    due = (days > first) & (days <= last)
    if kind is Due.START:
        due &= staged["stage"].isin([stage.value for stage in _BEFORE_WORKS])
    part = staged[due].sort_index()
    return [
        {
            "kind": kind, "due": day, "subject": site_id, "name": name, "programme": programme,
            "unit": unit, "missing": 1, "measure": "个",
        }
        for site_id, day, name, programme, unit in zip(
            part.index, days[part.index], part["name"], part["programme"],
            part["managing_unit"].fillna(""), strict=True,
        )
    ]  # fmt: skip
