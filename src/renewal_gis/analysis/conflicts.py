"""Works that meet in space and time (一路多挖), and what might be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import SchemaError
from renewal_gis.geo.crs import to_metric
from renewal_gis.schema import CONFLICTS
from renewal_gis.vocab import COMPLETED_STAGES, ConflictPlan, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from renewal_gis.plan import Plan

    Days = NDArray[np.datetime64]

TOGETHER_SHARE = 0.5
"""Two works are better done as one where they share at least this part of the shorter one's days."""
_NEEDED = (
    "name",
    "programme",
    "planned_start",
    "planned_finish",
    "actual_start",
    "actual_finish",
    "content_items",
)
_DAY = np.timedelta64(1, "D")
_OVER = frozenset({*(stage.value for stage in COMPLETED_STAGES), Stage.ACCEPTED.value})


@dataclass(frozen=True)
class _Work:
    """One site's works: when, whether they have begun, what is dug and what is laid on top."""

    site_id: str
    name: str
    start: np.datetime64
    finish: np.datetime64
    begun: bool
    underground: tuple[str, ...]
    surface: tuple[str, ...]

    @property
    def days(self) -> int:
        """How long the works last, both ends counted."""
        return int((self.finish - self.start) / _DAY) + 1


def find_conflicts(
    sites: gpd.GeoDataFrame, plan: Plan, *, as_of: dt.date, near_m: float | None = None
) -> pd.DataFrame:
    """Return the pairs of works of different programmes that meet in space and time.

    Parameters
    ----------
    sites
        SITES; with a column ``stage``, works that are done by ``as_of`` are left out.
    plan
        Its ``conflicts`` say which programmes dig, how near is near, and which content is pipes or
        paving; its ``crs_metric`` is what distances are measured in.
    as_of
        The day from which one looks ahead: an overlap that is over by then is left out.
    near_m
        How near two works are at the same place, metres; by default the plan's.

    Returns
    -------
    DataFrame
        CONFLICTS, by first day of the overlap, then by ids. The work that starts first is ``site_a``.

    Raises
    ------
    SchemaError
        A column of SITES is missing.
    CrsError
        Sites without reference system, or a plan without a metric one.

    Notes
    -----
    Works last from the actual start, else the planned one, to the actual finish, else the planned
    one, whole days, both ends counted. What has not begun cannot begin before ``as_of``, what is not
    done cannot end before it. Sites without place or dates meet nobody. Pairs of one programme are
    left out: one bureau plans them together. The proposal is for the offices' talk; it decides nothing.

    Examples
    --------
    >>> import datetime as dt
    >>> from renewal_gis import toytown
    >>> found = find_conflicts(
    ...     toytown.make_sites(), toytown.make_plan(), as_of=dt.date(2021, 4, 1), near_m=120
    ... )
    >>> found[["site_a", "site_b", "distance_m", "overlap_days"]].round(1).values.tolist()[0]
    ['A-03', 'A-12', 0.0, 183]
    """
    missing = [column for column in _NEEDED if column not in sites.columns]
    if missing:
        raise SchemaError(f"SITES 缺少列 {'、'.join(missing)}", remedy="请用 intake 读入的台账")
    day = np.datetime64(as_of, "D")
    part = sites[_find_open(sites, plan)]
    part = part.assign(**_find_window(part, day))
    part = part[part["start"].notna() & part["finish"].notna()]
    shapes = np.asarray(to_metric(part.geometry, plan.crs_metric).array, dtype=object)
    reach_m = plan.conflicts.near_m if near_m is None else near_m
    pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=reach_m)
    pairs = pairs[:, pairs[0] < pairs[1]]
    pairs = pairs[:, _meet_in_time(part, pairs, day)]
    works = _list_works(part, plan)
    rows = [_make_row(works[a], works[b], shapely.distance(shapes[a], shapes[b])) for a, b in pairs.T]
    rows.sort(key=lambda row: (row["overlap_start"], row["site_a"], row["site_b"]))
    return _make_frame(rows)


def _find_open(sites: gpd.GeoDataFrame, plan: Plan) -> NDArray[np.bool_]:
    """Which sites dig, have a place, and are not done."""
    shapes = np.asarray(sites.geometry.array, dtype=object)
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    digging = plan.conflicts.programmes or tuple(programme.id for programme in plan.programmes)
    mine = sites["programme"].isin(digging).to_numpy()
    done = sites["stage"].isin(_OVER).to_numpy() if "stage" in sites.columns else np.zeros(len(sites), bool)
    return np.asarray(placed & mine & ~done, dtype=bool)


def _find_window(part: gpd.GeoDataFrame, day: np.datetime64) -> dict[str, pd.Series]:
    """First and last day of each site's works, as one knows on that day."""
    last = pd.Timestamp(day)
    dates = {name: pd.to_datetime(part[name]).dt.normalize() for name in _NEEDED[2:6]}
    begun = dates["actual_start"].where(dates["actual_start"] <= last)
    ended = dates["actual_finish"].where(dates["actual_finish"] <= last)
    start = begun.fillna(dates["planned_start"].clip(lower=last))
    finish = ended.fillna(dates["planned_finish"].clip(lower=last))
    return {"start": start, "finish": finish.where(finish >= start, start), "begun": begun.notna()}


def _meet_in_time(part: gpd.GeoDataFrame, pairs: NDArray[np.intp], day: np.datetime64) -> NDArray[np.bool_]:
    """Which pairs are of two programmes, share a day, and share one that is not past."""
    start, finish = part["start"].to_numpy(), part["finish"].to_numpy()
    programme = part["programme"].to_numpy()
    first = np.maximum(start[pairs[0]], start[pairs[1]])
    last = np.minimum(finish[pairs[0]], finish[pairs[1]])
    apart = programme[pairs[0]] != programme[pairs[1]]
    return np.asarray(apart & (first <= last) & (last >= day), dtype=bool)


def _list_works(part: gpd.GeoDataFrame, plan: Plan) -> list[_Work]:
    rule = plan.conflicts
    columns = ("name", "start", "finish", "begun", "content_items")
    return [
        _Work(
            site_id=str(site_id),
            name=str(name),
            start=np.datetime64(start, "D"),
            finish=np.datetime64(finish, "D"),
            begun=bool(begun),
            underground=_pick_items(items, rule.underground),
            surface=_pick_items(items, rule.surface),
        )
        for site_id, name, start, finish, begun, items in zip(
            part.index, *(part[column] for column in columns), strict=True
        )
    ]


def _pick_items(items: object, words: Sequence[str]) -> tuple[str, ...]:
    listed = items.split("、") if isinstance(items, str) else []
    return tuple(item for item in listed if any(word in item for word in words))


def _make_row(one: _Work, two: _Work, distance_m: float) -> dict[str, object]:
    first, second = sorted((one, two), key=lambda work: (work.start, work.site_id))
    start, finish = max(one.start, two.start), min(one.finish, two.finish)
    days = int((finish - start) / _DAY) + 1
    kind, words = _propose(first, second, days)
    return {
        "site_a": first.site_id,
        "site_b": second.site_id,
        "distance_m": round(float(distance_m), 1),
        "overlap_start": pd.Timestamp(start),
        "overlap_finish": pd.Timestamp(finish),
        "overlap_days": days,
        "proposal": f"{kind.zh}:{words}",
    }


def _propose(first: _Work, second: _Work, days: int) -> tuple[ConflictPlan, str]:
    """Pipes before paving; one site where most of the days are shared; else the later one waits.

    What has begun is not moved.
    """
    for pipes, paving in ((first, second), (second, first)):
        if pipes.underground and paving.surface and not paving.underground:
            items = "、".join(pipes.underground[:3])
            return (
                ConflictPlan.UNDERGROUND_FIRST,
                f"“{pipes.name}”的{items}先行,“{paving.name}”的{'、'.join(paving.surface[:2])}在其完工之后恢复",
            )
    if (first.begun and second.begun) or days >= TOGETHER_SHARE * min(first.days, second.days):
        words = (
            "共用围挡和便道,一次开挖,管线一并入地"
            if first.underground and second.underground
            else "共用围挡和便道,一次开挖"
        )
        return ConflictPlan.TOGETHER, words
    kept, moved = (second, first) if second.begun else (first, second)
    return ConflictPlan.STAGGER, f"“{moved.name}”改在“{kept.name}”{_tell_day(kept.finish)}完工之后开工"


def _tell_day(day: np.datetime64) -> str:
    date = pd.Timestamp(day)
    return f"{date.month}月{date.day}日"


def _make_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(CONFLICTS.columns))
    frame["distance_m"] = frame["distance_m"].astype("float64")
    frame["overlap_days"] = frame["overlap_days"].astype("int64")
    for column in ("overlap_start", "overlap_finish"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[ns]")
    return frame
