"""The plan's gates as rules: what must hold when a site reaches a stage."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import SchemaError
from renewal_gis.findings import Finding, make_finding
from renewal_gis.schema import REACHED, check_frame

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pandas as pd

    from renewal_gis.plan import Plan
    from renewal_gis.rules import Gate

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
    >>> import pandas as pd
    >>> from renewal_gis import toytown
    >>> plan, sites = toytown.make_plan(), toytown.make_sites()
    >>> reached = pd.DataFrame(
    ...     {"site_id": ["A-06"], "stage": ["consulted"], "date": [pd.Timestamp("2021-07-01")]}
    ... )
    >>> [breach.text for breach in check_gates(sites, reached, plan, as_of=dt.date(2021, 9, 30))]
    ['不符合方案要求:征求意见的居民达到 80% 以上(现为 70%;依据:虚构)']
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
    days = dates.astype("datetime64[ns]")
    if as_of is None:
        return days.notna()
    return days < dt.datetime.combine(as_of, dt.time()) + dt.timedelta(days=1)


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
        shares = _list_numbers(sites.loc[passed.index], gate.field)
        yield from ((site_id, words) for site_id, share in shares if (words := _judge_share(gate, share)))
        return
    after = gate.after.value if gate.after else ""
    for site_id, day, first in zip(
        passed.index,
        passed[gate.stage.value],
        passed[after] if after in passed.columns else [None] * len(passed),
        strict=True,
    ):
        told = reported is None or not after or (site_id, after) in reported
        before = first.date() if first is not None and first == first else None  # noqa: PLR0124  # NaT is not itself
        words = _judge_days(gate, day.date(), before if told else None)
        if words:
            yield site_id, words


def _list_numbers(sites: pd.DataFrame, name: str) -> Iterator[tuple[str, float | None]]:
    if name not in sites.columns:
        yield from ((site_id, None) for site_id in sites.index)
        return
    numbers = sites[name].astype("Float64").to_numpy(dtype=float, na_value=math.nan)
    for site_id, number in zip(sites.index, numbers, strict=True):
        yield site_id, None if math.isnan(number) else float(number)


def _judge_share(gate: Gate, share: float | None) -> str:
    if share is None:
        return "该数值未填"
    return f"现为 {share * 100:.4g}%" if share < gate.threshold - ROUNDING else ""


def _judge_days(gate: Gate, day: dt.date, before: dt.date | None) -> str:
    label = gate.after.zh if gate.after else ""
    if before is None or before > day:
        return f"{day} {gate.stage.zh},此前没有“{label}”的记录"
    if gate.kind == "min_days_since" and (day - before).days < gate.threshold:
        return f"“{label}”{before},{gate.stage.zh} {day},仅 {(day - before).days} 天"
    return ""


def check_passage(
    site_id: str,
    site: Mapping[str, Any],
    plan: Plan,
    /,
    *,
    days: Mapping[str, str],
    fresh: Collection[str],
    reported: Collection[str],
) -> list[Finding]:
    """Return which gates one site passed without what they ask for, when an entry is made.

    Parameters
    ----------
    site_id, site
        The site and its values: ``programme``, ``leader``, ``task_force``, the fields of the gates.
    plan
        Its ``gates``.
    days
        When the site first reached each stage, as ISO texts.
    fresh
        The stages that the entry brought; other gates were passed before.
    reported
        The stages that an office reported itself.

    Returns
    -------
    list of Finding
        ``gate-breached``, ``task-leader-missing``, ``task-leader-several``. The fact stands all the same.

    Examples
    --------
    >>> from renewal_gis import toytown
    >>> site = {"programme": "old_compound", "leader": "张某", "task_force": "示例专班", "consulted_share": 0.9}
    >>> days = {"consulted": "2021-04-05", "started": "2021-04-05"}
    >>> found = check_passage("A-01", site, toytown.make_plan(), days=days, fresh=["started"], reported=["started"])
    >>> [breach.text for breach in found]
    ['不符合方案要求:开工前办理施工许可证(2021-04-05 已开工,此前没有“手续办结”的记录;依据:虚构)']
    """
    origin = (str(site.get("source_file") or ""), site.get("source_row"))
    found = [finding for finding in _check_leaders(site_id, site, origin) if fresh]
    for gate in plan.gates:
        stage = gate.stage.value
        if gate.programme != site["programme"] or stage not in fresh or stage not in days:
            continue
        if gate.kind == "min_share":
            words = _judge_share(gate, site.get(gate.field))
        else:
            after = gate.after.value if gate.after else ""
            first = days.get(after) if after in reported else None
            before = None if first is None else dt.date.fromisoformat(first)
            words = _judge_days(gate, dt.date.fromisoformat(days[stage]), before)
        if words:
            found.append(_tell(origin, site_id, gate, words))
    return found


_SEVERAL = re.compile(r"[、,,;;/\n]")


def _check_leaders(
    site_id: str, site: Mapping[str, Any], origin: tuple[str, int | None]
) -> Iterator[Finding]:
    """Yield what is wrong with the one leader and the one task force that each task must have."""
    where: dict[str, Any] = {"file": origin[0], "row": origin[1], "site_id": site_id}
    told = {"分包领导": site.get("leader"), "推进专班": site.get("task_force")}
    missing = [label for label, name in told.items() if not str(name or "").strip()]
    if missing:
        yield make_finding("task-leader-missing", field="、".join(missing), **where)
    for label, name in told.items():
        if _SEVERAL.search(str(name or "").strip()):
            yield make_finding("task-leader-several", field=label, value=str(name), **where)


def _tell(origin: tuple[str, int | None], site_id: str, gate: Gate, words: str) -> Finding:
    return make_finding(
        "gate-breached",
        file=origin[0],
        row=origin[1],
        field=gate.field or gate.stage.zh,
        value=f"{gate.text}({words};依据:{gate.source})",
        site_id=str(site_id),
    )


def trace_rows(sites: pd.DataFrame) -> dict[str, tuple[str, int | None]]:
    """Return the source file and row of each site, empty and None where they are not known."""
    files = sites["source_file"] if "source_file" in sites.columns else [None] * len(sites)
    rows = _list_numbers(sites, "source_row")
    return {
        site_id: (file if isinstance(file, str) else "", None if row is None else int(row))
        for (site_id, row), file in zip(rows, files, strict=True)
    }
