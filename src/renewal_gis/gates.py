"""The plan's gates as rules: what must hold when a site reaches a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from renewal_gis.errors import SchemaError
from renewal_gis.findings import Finding, make_finding
from renewal_gis.schema import REACHED, check_frame

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from renewal_gis.plan import Gate, Plan

ROUNDING = 1e-9
"""A share that was typed as a percentage may miss its threshold by a rounding of this size."""


def check_gates(
    sites: pd.DataFrame,
    reached: pd.DataFrame,
    plan: Plan,
    *,
    as_of: dt.date | None = None,
    events: pd.DataFrame | None = None,
) -> list[Finding]:
    """Return the sites that passed a gate of the plan without what it asks for.

    Parameters
    ----------
    sites
        SITES, with the optional columns that the gates look at (``consulted_share`` …).
    reached
        REACHED.
    plan
        Its ``gates``.
    as_of
        Later dates are left out; without it, all of REACHED and of EVENTS counts.
    events
        EVENTS. With them a stage counts as passed only if it was reported itself; without them, if
        REACHED dates it before the next one or on the same day.

    Returns
    -------
    list of Finding
        ``gate-breached``, by gate in the plan's order and by site in the ledger's.

    Raises
    ------
    SchemaError
        Frames that do not keep their contracts.

    Notes
    -----
    A gate is looked at once its stage is reached. "At least" includes the number itself; days are
    calendar days, the first not counted. A value that nobody filled in is a breach as well, and so
    told apart. A breach here is a question to the office, not a verdict.

    Examples
    --------
    >>> import datetime as dt
    >>> from renewal_gis import toytown
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> reached = pd.DataFrame(
    ...     {"site_id": ["A-06"], "stage": ["consulted"], "date": [pd.Timestamp("2021-07-01")]}
    ... )
    >>> [breach.text for breach in check_gates(sites, reached, plan, as_of=dt.date(2021, 9, 30))]
    ['不符合方案要求:征求意见的居民达到 80% 以上(现为 70%)']
    """
    check_frame(reached, REACHED)
    missing = [column for column in ("programme",) if column not in sites.columns]
    if missing:
        raise SchemaError(f"SITES 缺少列 {'、'.join(missing)}", remedy="请用 intake 读入的台账")
    known = reached[_is_by(reached["date"], as_of)]
    days = known.pivot_table(index="site_id", columns="stage", values="date", aggfunc="min")
    reported = None if events is None else _list_reported(events, as_of)
    origins = trace_rows(sites)
    found: list[Finding] = []
    for gate in plan.gates:
        at_gate = days.reindex(sites.index[sites["programme"] == gate.programme])
        if gate.stage.value in at_gate.columns:
            passed = at_gate[at_gate[gate.stage.value].notna()]
            found += [
                _tell(origins[site_id], site_id, gate, words)
                for site_id, words in _judge(gate, sites, passed, reported)
            ]
    return found


def _is_by(dates: pd.Series, as_of: dt.date | None) -> pd.Series:
    days = pd.to_datetime(dates)
    if as_of is None:
        return days.notna()
    return days < pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1)


def _list_reported(events: pd.DataFrame, as_of: dt.date | None) -> set[tuple[str, str]]:
    """List site and stage of each stage that an office reported itself, corrections left out."""
    corrected = set(events["corrects"]) - {""}
    kept = events[events["stage"].ne("") & ~events.index.isin(corrected) & _is_by(events["date"], as_of)]
    return set(zip(kept["site_id"], kept["stage"], strict=True))


def _judge(
    gate: Gate, sites: pd.DataFrame, passed: pd.DataFrame, reported: set[tuple[str, str]] | None
) -> Iterator[tuple[str, str]]:
    """Yield site and what is wrong, for the sites that passed the gate's stage."""
    if gate.kind == "min_share":
        yield from _judge_shares(gate, sites, passed)
        return
    here = passed[gate.stage.value]
    before = passed.get(gate.after.value if gate.after else "", pd.Series(pd.NaT, index=passed.index))
    for site_id, day, first in zip(passed.index, here, before, strict=True):
        told = reported is None or gate.after is None or (site_id, gate.after.value) in reported
        label = gate.after.zh if gate.after else ""
        if pd.isna(first) or not told or first > day:
            yield site_id, f"{day:%Y-%m-%d} {gate.stage.zh},此前没有“{label}”的记录"
        elif gate.kind == "min_days_since" and (day - first).days < gate.threshold:
            yield (
                site_id,
                f"“{label}”{first:%Y-%m-%d},{gate.stage.zh} {day:%Y-%m-%d},仅 {(day - first).days} 天",
            )


def _judge_shares(gate: Gate, sites: pd.DataFrame, passed: pd.DataFrame) -> Iterator[tuple[str, str]]:
    if gate.field in sites.columns:
        shares = sites.loc[passed.index, gate.field].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    else:
        shares = np.full(len(passed), np.nan)
    for site_id, share in zip(passed.index, shares, strict=True):
        if np.isnan(share):
            yield site_id, "该数值未填"
        elif share < gate.threshold - ROUNDING:
            yield site_id, f"现为 {share * 100:.4g}%"


def _tell(origin: tuple[str, int | None], site_id: str, gate: Gate, words: str) -> Finding:
    return make_finding(
        "gate-breached",
        file=origin[0],
        row=origin[1],
        field=gate.field or gate.stage.zh,
        value=f"{gate.text}({words})",
        site_id=str(site_id),
    )


def trace_rows(sites: pd.DataFrame) -> dict[str, tuple[str, int | None]]:
    """Return the source file and row of each site, empty and None where they are not known."""
    blank = pd.Series([None] * len(sites), index=sites.index, dtype=object)
    files = sites.get("source_file", blank)
    rows = sites.get("source_row", blank).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    return {
        site_id: (file if isinstance(file, str) else "", None if np.isnan(row) else int(row))
        for site_id, file, row in zip(sites.index, files, rows, strict=True)
    }
