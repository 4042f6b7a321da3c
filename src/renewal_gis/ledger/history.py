"""The diary read as of a day: which stage a site had reached, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from renewal_gis.schema import REACHED
from renewal_gis.vocab import EventKind, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

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
    if "kind" not in events.columns:  # a lean frame: stage events only, nothing was ever corrected
        return events
    staged = events[(events["stage"] != "").to_numpy()]
    fixes = events[(events["kind"] == EventKind.CORRECTION).to_numpy()]
    if fixes.empty:
        return staged if len(staged) < len(events) else events
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
    >>> import datetime as dt
    >>> from renewal_gis import toytown
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> reached = find_reached(toytown.make_events(), plan, sites, as_of=dt.date(2021, 9, 30))
    >>> reached[reached["site_id"] == "A-10"]["stage"].tolist()
    ['started', 'cleared']
    """
    held = settle_events(events)
    ranks = _Ranks.of(plan, sites)
    place = np.asarray(sites.index.get_indexer(held["site_id"]))
    day = held["date"].to_numpy(dtype="datetime64[ns]").astype("int64")
    rank = ranks.find(place, held["stage"])
    counts = (rank >= 0) & (day <= pd.Timestamp(as_of).value)
    if "reason" in held.columns and (held["reason"] != "").any():
        counts = _drop_given_back(place, rank, day, (held["reason"] != "").to_numpy(), counts)
    days = np.full((len(sites), ranks.depth), _NEVER)
    np.minimum.at(days, (place[counts], rank[counts]), day[counts])
    days = np.minimum.accumulate(days[:, ::-1], axis=1)[:, ::-1]  # a later stage implies the earlier ones
    where, which = np.nonzero(days[:, 1:] != _NEVER)
    made = {
        "site_id": sites.index.take(where),
        "stage": pd.array(ranks.names[ranks.programme[where], which + 1], dtype="str"),
        "date": days[where, which + 1].astype("datetime64[ns]"),
    }
    return pd.DataFrame(made)[list(REACHED.columns)]


_NEVER = np.iinfo("int64").max


@dataclass(frozen=True)
class _Ranks:
    """Which place a stage has in a site's programme, as tables of numbers."""

    programme: NDArray[np.int64]
    names: NDArray[np.object_]
    order: dict[str, dict[str, int]]
    ids: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan, sites: pd.DataFrame) -> _Ranks:
        code, ids = pd.factorize(sites["programme"])
        depth = max((len(programme.stages) for programme in plan.programmes), default=1)
        names = np.full((len(ids) + 1, depth), "", dtype=object)
        order = {p.id: {str(stage): rank for rank, stage in enumerate(p.stages)} for p in plan.programmes}
        for row, programme in enumerate(ids):
            for stage, rank in order.get(str(programme), {}).items():
                names[row, rank] = stage
        return cls(np.asarray(code), names, order, tuple(str(programme) for programme in ids))

    @property
    def depth(self) -> int:
        return int(self.names.shape[1])

    def find(self, place: NDArray[np.int64], stage: pd.Series) -> NDArray[np.int64]:
        """Return the rank of each stage at its site; -1 where site or stage is not known."""
        code, words = pd.factorize(stage)
        table = np.full((len(self.ids) + 1, len(words) + 1), -1)
        for row, programme in enumerate(self.ids):
            for column, word in enumerate(words):
                table[row, column] = self.order.get(programme, {}).get(str(word), -1)
        if not len(self.programme):
            return np.full(len(place), -1)
        return np.where(place < 0, -1, table[self.programme[place], np.asarray(code)])


def _drop_given_back(
    place: NDArray[np.int64],
    rank: NDArray[np.int64],
    day: NDArray[np.int64],
    reasoned: NDArray[np.bool_],
    counts: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return which events count, without those that a later step back, with its reason, took away."""
    counts = counts.copy()
    for site in np.unique(place[reasoned & counts]):
        rows = np.flatnonzero((place == site) & counts)
        kept: list[int] = []
        for row in rows[np.argsort(day[rows], kind="stable")]:
            if reasoned[row]:
                kept = [k for k in kept if rank[k] <= rank[row]]
            kept.append(int(row))
        counts[rows] = False
        counts[kept] = True
    return counts


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
    ranks = _Ranks.of(plan, sites)
    place = np.asarray(sites.index.get_indexer(reached["site_id"]))
    rank = ranks.find(place, reached["stage"])
    best = np.full(len(sites), -1)
    np.maximum.at(best, place[rank >= 0], rank[rank >= 0])
    last = np.flatnonzero((rank >= 0) & (rank == best[place]))
    day = np.full(len(sites), np.datetime64("NaT", "ns"))
    day[place[last]] = reached["date"].to_numpy(dtype="datetime64[ns]")[last]
    stage = np.where(best >= 0, ranks.names[ranks.programme, best], str(Stage.NOT_STARTED))
    return pd.DataFrame({"stage": pd.array(stage, dtype="str"), "stage_date": day}, index=sites.index)


def find_first_days(
    events: pd.DataFrame, plan: Plan, programme: str, *, as_of: dt.date
) -> dict[str, dt.date]:
    """Return when the one site whose events these are first reached each stage, in their order."""
    if events.empty:
        return {}
    site_id = str(events["site_id"].iloc[0])
    sites = pd.DataFrame({"programme": [programme]}, index=pd.Index([site_id], name="site_id"))
    reached = find_reached(events, plan, sites, as_of=as_of)
    return {stage: date.date() for stage, date in zip(reached["stage"], reached["date"], strict=True)}
