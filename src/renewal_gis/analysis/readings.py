"""Which readings of the plan mattered: those whose alternative would have printed another number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renewal_gis.analysis.progress import measure_progress
from renewal_gis.schema import PROGRESS, check_frame

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    import pandas as pd

    from renewal_gis.findings import Finding
    from renewal_gis.plan import Option, Plan, Switch, Target

_TOLD = ("task", "ledger", "done", "counted", "rate", "expected", "light")
"""Columns of PROGRESS that a bulletin prints."""


def list_readings(
    sites: pd.DataFrame,
    located: pd.DataFrame,
    reached: pd.DataFrame,
    plan: Plan,
    progress: pd.DataFrame,
    *,
    findings: Sequence[Finding],
    as_of: dt.date,
) -> tuple[str, ...]:
    """Return the footnotes of the readings that mattered on a day.

    Parameters
    ----------
    sites, located, reached, plan, as_of
        As in :func:`renewal_gis.analysis.progress.measure_progress`.
    progress
        PROGRESS of the same day.
    findings
        What disagrees in the ledger: some readings matter only where a row does.

    Returns
    -------
    tuple of str
        In the plan's order. A switch that says nothing of ``when`` matters if another of its options
        changes a number that a bulletin prints, or if it has no other.

    Raises
    ------
    SchemaError
        A frame that does not keep its contract.
    """
    check_frame(progress, PROGRESS)
    told = {(row["target"], row["unit"]): _pick(row) for row in progress.to_dict("records")}

    def differs(option: Option) -> bool:
        other = _select(plan.read_otherwise(option), {key.partition(".")[0] for key in option.set})
        rows = measure_progress(sites, located, reached, other, as_of=as_of).to_dict("records")
        return any(told.get((row["target"], row["unit"])) != _pick(row) for row in rows)

    return tuple(
        switch.chosen.footnote
        for switch in plan.switches
        if (_is_told(switch, plan, findings) if switch.when else _is_open(switch, differs))
    )


def _pick(row: dict[str, object]) -> list[str]:
    return [str(row[key]) for key in _TOLD]


def _select(plan: Plan, ids: set[str]) -> Plan:
    """Keep some targets and the wholes that they are parts of: the rest need not be counted again."""
    wanted = ids | {plan.target(name).parent for name in ids}
    targets: tuple[Target, ...] = tuple(target for target in plan.targets if target.id in wanted)
    return plan.model_copy(update={"targets": targets})


def _is_open(switch: Switch, differs: Callable[[Option], bool]) -> bool:
    others = [option for option in switch.options if option.value != switch.value]
    return not others or any(differs(option) for option in others if option.set)


def _is_told(switch: Switch, plan: Plan, findings: Sequence[Finding]) -> bool:
    kind, _, name = switch.when.partition(":")
    if kind == "finding":
        return any(finding.code == name for finding in findings)
    if kind == "gate":
        texts = tuple(gate.text for gate in plan.gates if gate.id == name)
        return any(
            finding.code == "gate-breached" and finding.value.startswith(texts) for finding in findings
        )
    return kind == "always"
