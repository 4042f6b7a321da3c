"""The diary read as of a day: which stage a site had reached, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from renewal_gis.schema import REACHED
from renewal_gis.vocab import EventKind, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from renewal_gis.plan import Plan


def settle_events(events: pd.DataFrame, /) -> pd.DataFrame:
    """Return the stage events that hold, corrections applied.

    Parameters
    ----------
    events
        EVENTS in the order of recording.

    Returns
    -------
    DataFrame
        Rows of ``events`` with a stage: what was withdrawn is gone, what was replaced has the
        stage and date of its last correction. A correction of a correction works alike.
    """
    staged = events[(events["stage"] != "").to_numpy()]
    fixes = events[(events["kind"] == EventKind.CORRECTION).to_numpy()]
    if fixes.empty:
        return staged
    last = dict(
        zip(fixes["corrects"], fixes.index, strict=True)
    )  # of several corrections the last recorded counts
    roots = [
        event_id
        for event_id, target in zip(events.index, events["corrects"], strict=True)
        if not target or target not in events.index
    ]
    stage_of = events["stage"].to_dict()
    final = {root: _follow(root, last) for root in roots}
    kept = [(root, end) for root, end in final.items() if stage_of[end] != ""]
    ends = events.loc[[end for _, end in kept]]
    order = pd.Index([root for root, _ in kept])
    return ends.iloc[np.argsort(events.index.get_indexer(order), kind="stable")]


def _follow(event_id: str, last: Mapping[str, str]) -> str:
    seen = {event_id}
    while event_id in last and last[event_id] not in seen:
        event_id = last[event_id]
        seen.add(event_id)
    return event_id


def find_reached(events: pd.DataFrame, plan: Plan, sites: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return for each site and stage the first day on which it, or a later one, was reached.

    Parameters
    ----------
    events
        EVENTS; corrections are applied.
    plan
        The order of the stages, per programme.
    sites
        SITES; events of other sites are left out.
    as_of
        The last day that counts.

    Returns
    -------
    DataFrame
        REACHED, by site and stage order; ``not_started`` is not a stage that is reached. A stage
        that was given back with a stated reason does not count until it is reached again.

    Examples
    --------
    >>> from renewal_gis import toytown
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> reached = find_reached(toytown.make_events(), plan, sites, as_of=dt.date(2021, 9, 30))
    >>> reached[reached["site_id"] == "A-10"]["stage"].tolist()
    ['started', 'cleared']
    """
    order = _stage_order(plan)
    held = settle_events(events)
    held = held[
        (held["date"] <= pd.Timestamp(as_of)).to_numpy() & held["site_id"].isin(sites.index).to_numpy()
    ]
    programme = sites["programme"].to_dict()
    ranks = np.array(
        [order.get((programme[s], st), -1) for s, st in zip(held["site_id"], held["stage"], strict=True)],
        dtype=int,
    )
    base = pd.DataFrame(
        {"site_id": held["site_id"].to_numpy(), "rank": ranks, "date": held["date"].to_numpy()}
    )
    reason = held["reason"].to_numpy() if "reason" in held.columns else np.full(len(held), "")
    base = _drop_given_back(base[ranks >= 0], reason[ranks >= 0])
    return _spread(base[base["rank"] > 0], plan, sites)


def _stage_order(plan: Plan) -> dict[tuple[str, str], int]:
    return {(p.id, str(stage)): rank for p in plan.programmes for rank, stage in enumerate(p.stages)}


def _drop_given_back(
    base: pd.DataFrame, reason: np.ndarray[tuple[int], np.dtype[np.object_]]
) -> pd.DataFrame:
    """Return the events without those that a later step back, with its reason, took away."""
    backward = base.loc[[bool(word) for word in reason], "site_id"].unique()
    if len(backward) == 0:
        return base
    base = base.assign(reason=reason)
    parts = [base[~base["site_id"].isin(backward)]]
    for _, rows in base[base["site_id"].isin(backward)].groupby("site_id", sort=False):
        kept: list[int] = []
        rank_of = rows["rank"].to_dict()
        for place, row in rows.sort_values("date", kind="stable").iterrows():
            if row["reason"]:
                kept = [k for k in kept if rank_of[k] <= row["rank"]]
            kept.append(place)
        parts.append(rows.loc[kept])
    return pd.concat(parts).drop(columns="reason")


def _spread(base: pd.DataFrame, plan: Plan, sites: pd.DataFrame) -> pd.DataFrame:
    """Return REACHED: a later stage implies the earlier ones, at the latest on its own day."""
    if base.empty:
        empty = {
            name: pd.Series(dtype="datetime64[ns]" if name == "date" else "str") for name in REACHED.columns
        }
        return pd.DataFrame(empty)
    first = base.groupby(["site_id", "rank"], sort=False)["date"].min().unstack("rank")  # noqa: PD010  # each pair stands once
    first = first.reindex(columns=range(1, int(first.columns.max()) + 1))
    days = first.to_numpy(dtype="datetime64[ns]").astype("int64")
    missing = np.iinfo("int64").max
    days = np.where(first.isna().to_numpy(), missing, days)
    days = np.minimum.accumulate(days[:, ::-1], axis=1)[:, ::-1]
    place, rank = np.nonzero(days != missing)
    programme = sites["programme"].to_dict()
    names = {p.id: [str(stage) for stage in p.stages] for p in plan.programmes}
    ids = first.index.to_numpy()[place]
    stages = [names[programme[site_id]][r + 1] for site_id, r in zip(ids, rank, strict=True)]
    made = pd.DataFrame({"site_id": ids, "stage": stages, "date": days[place, rank].astype("datetime64[ns]")})
    made["place"] = sites.index.get_indexer(made["site_id"])
    made["rank"] = rank
    return made.sort_values(["place", "rank"], kind="stable", ignore_index=True)[list(REACHED.columns)]


def find_stages(reached: pd.DataFrame, plan: Plan, sites: pd.DataFrame, /) -> pd.DataFrame:
    """Return where each site stands: the last stage it reached, and since when.

    Parameters
    ----------
    reached
        REACHED.
    plan, sites
        As in :func:`find_reached`.

    Returns
    -------
    DataFrame
        ``stage``, ``stage_date`` on the index of ``sites``; ``not_started`` and NaT where nothing is reached.
    """
    order = _stage_order(plan)
    programme = sites["programme"].to_dict()
    known = reached[reached["site_id"].isin(sites.index).to_numpy()]
    rank = [order[programme[s], st] for s, st in zip(known["site_id"], known["stage"], strict=True)]
    last = (
        known.assign(rank=rank)
        .sort_values("rank", kind="stable")
        .drop_duplicates("site_id", keep="last")
        .set_index("site_id")
    )
    made = last.reindex(sites.index)
    stage = made["stage"].fillna(str(Stage.NOT_STARTED)).astype("str")
    return pd.DataFrame(
        {"stage": stage.to_numpy(), "stage_date": made["date"].astype("datetime64[ns]").to_numpy()},
        index=sites.index,
    )


def find_first_days(events: pd.DataFrame, plan: Plan, programme: str) -> dict[str, dt.date]:
    """Return when the one site whose events these are first reached each stage, in their order."""
    if events.empty:
        return {}
    site_id = str(events["site_id"].iloc[0])
    sites = pd.DataFrame({"programme": [programme]}, index=pd.Index([site_id], name="site_id"))
    reached = find_reached(events, plan, sites, as_of=dt.date.max.replace(year=2200))
    return {stage: date.date() for stage, date in zip(reached["stage"], reached["date"], strict=True)}


def find_current(events: pd.DataFrame, plan: Plan, programme: str, *, as_of: dt.date) -> str:
    """Return the stage of the one site whose events these are; empty if it reached none."""
    if events.empty:
        return ""
    site_id = str(events["site_id"].iloc[0])
    sites = pd.DataFrame({"programme": [programme]}, index=pd.Index([site_id], name="site_id"))
    reached = find_reached(events, plan, sites, as_of=as_of)
    return "" if reached.empty else str(reached["stage"].iloc[-1])
