"""Who stands where (大排队): units of one track against each other, exactly, ties side by side."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.errors import InputError
from renewal_gis.schema import PROGRESS, check_frame
from renewal_gis.schema_review import RANKING
from renewal_gis.vocab import CITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renewal_gis.plan import Plan

    Row = dict[str, Any]

COMPOSITE = "composite"
"""Name under which :func:`rank_composite` stands in RANKING, where a target's id stands otherwise."""


def rank_units(progress: pd.DataFrame, plan: Plan, *, force_majeure: Iterable[str] = ()) -> pd.DataFrame:
    """Return the ranking of every target that is broken down by unit, and of every programme.

    Parameters
    ----------
    progress
        PROGRESS.
    plan
        The tracks; units are ranked within their track only.
    force_majeure
        Full names of units that are not ranked this time (不可抗力); they stay in the list.

    Returns
    -------
    DataFrame
        RANKING, in the plan's order of targets, then programmes (``target`` is empty), by track and
        rank. Within a track every unit has a row: those without a task, and those under force
        majeure, come last and have no rank.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.
    PlanError
        A unit that the plan does not know.

    Notes
    -----
    Rates are compared as fractions, before any rounding: what prints alike need not tie. Ties take
    the same rank and the next one counts on (1, 2, 2, 4). A programme is ranked by the mean of the
    rates of its targets that are broken down and are neither part nor subset of another one.

    Examples
    --------
    >>> import pandas as pd
    >>> from renewal_gis import toytown
    >>> from renewal_gis.analysis.locate import locate_sites
    >>> from renewal_gis.analysis.progress import measure_progress
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> located = locate_sites(sites, toytown.make_units(), plan)
    >>> reached = pd.DataFrame(
    ...     {"site_id": ["A-01"], "stage": ["works_completed"], "date": [pd.Timestamp("2021-08-20")]}
    ... )
    >>> import datetime as dt
    >>> progress = measure_progress(sites, located, reached, plan, as_of=dt.date(2021, 9, 30))
    >>> rows = rank_units(progress, plan)
    >>> rows.loc[rows["target"] == "T1", ["track", "unit", "rank"]].values.tolist()
    [['主城区组', '甲区', 1], ['主城区组', '乙区', 2], ['县组', '丙县', 1]]
    """
    check_frame(progress, PROGRESS)
    excused = {plan.unit(name).name for name in force_majeure}
    rows: list[Row] = []
    for target in plan.targets:
        if target.breakdown:
            key = {"target": target.id, "programme": target.programme, "indicator": target.indicator}
            rows += _rank_tracks(_pick_rates(progress, {target.id: Fraction(1)}), plan, key, excused)
    for programme in plan.programmes:
        heads = [
            target.id
            for target in plan.targets
            if target.programme == programme.id
            and target.breakdown
            and not (target.parent or target.subset_of)
        ]
        if heads:
            key = {"target": "", "programme": programme.id, "indicator": programme.name}
            rates = _pick_rates(progress, dict.fromkeys(heads, Fraction(1)))
            rows += _rank_tracks(rates, plan, key, excused)
    return _make_frame(rows)


def rank_composite(
    progress: pd.DataFrame, plan: Plan, *, weights: Mapping[str, float], force_majeure: Iterable[str] = ()
) -> pd.DataFrame:
    """Return one ranking over several targets.

    Parameters
    ----------
    progress, plan, force_majeure
        As in :func:`rank_units`.
    weights
        Weight by target id, above 0.

    Returns
    -------
    DataFrame
        RANKING with ``target`` :data:`COMPOSITE`; the rate is the weighted mean over those targets
        for which the unit has a task.

    Raises
    ------
    InputError
        No weight, or one that is not above 0.
    PlanError
        A target or unit that the plan does not know.
    """
    check_frame(progress, PROGRESS)
    exact = {plan.target(name).id: Fraction(str(weight)) for name, weight in weights.items()}
    if not exact or min(exact.values()) <= 0:
        raise InputError("综合排名的权重须大于 0", place="weights", remedy="为每个目标写明大于 0 的权重")
    excused = {plan.unit(name).name for name in force_majeure}
    key = {"target": COMPOSITE, "programme": "", "indicator": "综合"}
    return _make_frame(_rank_tracks(_pick_rates(progress, exact), plan, key, excused))


def _make_frame(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(RANKING.columns))
    for column in ("done", "base", "rank"):
        frame[column] = frame[column].astype("Int64")
    frame["rate"] = pd.Series([row["rate"] for row in rows], index=frame.index, dtype=object)
    return frame


def _pick_rates(progress: pd.DataFrame, weights: Mapping[str, Fraction]) -> dict[str, Row]:
    """Weighted mean of the rates, and sums of the counts where there is but one target, by unit."""
    rows = progress[progress["target"].isin(list(weights)) & (progress["unit"] != CITY)]
    found: dict[str, Row] = {}
    for unit, part in rows.groupby("unit", sort=False):
        held = [
            (weights[target], rate)
            for target, rate in zip(part["target"], part["rate"], strict=True)
            if isinstance(rate, Fraction)
        ]
        if held:
            rate = sum((weight * rate for weight, rate in held), Fraction(0)) / sum(w for w, _ in held)
            single = len(weights) == 1
            found[str(unit)] = {
                "done": part["done"].iloc[0] if single else None,
                "base": part["base"].iloc[0] if single else None,
                "rate": rate,
            }
    return found


def _rank_tracks(rates: Mapping[str, Row], plan: Plan, key: Row, excused: set[str]) -> list[Row]:
    rows: list[Row] = []
    for track in plan.tracks:
        units = plan.groups[track.group]
        ranked = [unit for unit in units if unit in rates and unit not in excused]
        scores = [rates[unit]["rate"] for unit in ranked]
        order = sorted(range(len(ranked)), key=lambda place: (-scores[place], place))
        rows += [
            {
                **key, "track": track.name, "unit": ranked[place], **rates[ranked[place]],
                "rank": 1 + sum(other > scores[place] for other in scores),
                "tied": scores.count(scores[place]) > 1, "force_majeure": False,
            }
            for place in order
        ]  # fmt: skip
        empty = {"done": None, "base": None, "rate": None}
        rows += [
            {
                **key, "track": track.name, "unit": unit, **rates.get(unit, empty),
                "rank": None, "tied": False, "force_majeure": unit in excused,
            }
            for unit in units
            if unit not in ranked
        ]  # fmt: skip
    return rows


def tell_rules(plan: Plan, /) -> tuple[str, ...]:
    """Return the rules of the ranking, to be printed below it."""
    tracks = "、".join(track.name for track in plan.tracks)
    return (
        f"分{tracks}分别排名,组间不比较。",
        "按未舍入的完成率由高到低,完成率相同的名次并列,其后名次顺延(如1、2、2、4)。",
        "无任务单位、因不可抗力暂不排名的单位不参与排名,单独列出。",
    )
