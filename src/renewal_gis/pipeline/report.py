"""From a plan and a ledger to a survey that bulletins and figures are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from renewal_gis.pipeline.inputs import load_backdrop
from renewal_gis.pipeline.parts import look_at_reach, look_at_roads
from renewal_gis.pipeline.review import Scope
from renewal_gis.pipeline.survey import survey_ledger

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from renewal_gis.ledger.base import Moment
    from renewal_gis.pipeline.review import Kind
    from renewal_gis.plan import Plan, Role
    from renewal_gis.survey import Survey

Part = Literal["roads", "reach"]
_ROLES: dict[Part, tuple[Role, ...]] = {
    "roads": ("planned", "buildings", "land"),
    "reach": ("land", "facilities"),
}


def survey_for_report(
    plan: Plan,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    since: dt.date | None = None,
    kind: Kind = "weekly",
    force_majeure: Iterable[str] = (),
    known_at: Moment | None = None,
) -> Survey:
    """Look at a ledger for a bulletin or figure.

    Parameters
    ----------
    plan, ledger_path, as_of, tell
        As in :func:`renewal_gis.pipeline.survey.survey_ledger`.
    since, kind, force_majeure, known_at
        As in :class:`renewal_gis.pipeline.review.Scope`.

    Raises
    ------
    InputError
        The ledger has no entry up to ``as_of`` (zeros would look like a result), or ``since`` is
        before its first entry or not before ``as_of``.
    PlanError
        A unit that the plan does not know.
    MissingFileError
        No such ledger, or a file of the plan is not there.
    """
    names = tuple(plan.unit(name).name for name in force_majeure)
    scope = Scope(since=since, kind=kind, force_majeure=names, known_at=known_at)
    return survey_ledger(plan, load_backdrop(plan), ledger_path, as_of=as_of, tell=tell, scope=scope)


def survey_for_figure(
    plan: Plan,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    parts: Iterable[Part] = (),
) -> Survey:
    """Look at a ledger for a figure or dossier, and at what else they show.

    Parameters
    ----------
    plan, ledger_path, as_of, tell
        As in :func:`renewal_gis.pipeline.survey.survey_ledger`.
    parts
        What is looked at beside the ledger: ``roads`` (dead ends, links), ``reach`` (coverage).

    Raises
    ------
    InputError
        The ledger has no entry up to ``as_of``.
    MissingFileError
        No such ledger, or a file of the plan is not there.
    """
    wanted = set(parts)
    roles = dict.fromkeys(role for part, needs in _ROLES.items() if part in wanted for role in needs)
    inputs = load_backdrop(plan, more=roles)
    survey = survey_ledger(plan, inputs, ledger_path, as_of=as_of, tell=tell)
    if "roads" in wanted:
        tell("分析路网")
        survey = look_at_roads(survey, inputs)
    if "reach" in wanted:
        tell("计算覆盖率")
        survey = look_at_reach(survey, inputs)
    return survey
