"""From a plan and a ledger to a survey that bulletins and figures are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renewal_gis.ledger import open_ledger
from renewal_gis.pipeline.inputs import load_backdrop
from renewal_gis.pipeline.review import check_day
from renewal_gis.pipeline.survey import survey_ledger

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from renewal_gis.pipeline.review import Kind
    from renewal_gis.plan import Plan
    from renewal_gis.survey import Survey


def survey_for_report(
    plan: Plan,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    since: dt.date | None = None,
    kind: Kind = "weekly",
    force_majeure: Iterable[str] = (),
) -> Survey:
    """Look at a ledger for a bulletin or figure.

    Parameters
    ----------
    plan, ledger_path, as_of, tell, since, kind, force_majeure
        As in :func:`renewal_gis.pipeline.survey.survey_ledger`.

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
    names = [plan.unit(name).name for name in force_majeure]
    with open_ledger(ledger_path) as ledger:
        check_day(ledger.events(), as_of, name="as_of")
    return survey_ledger(
        plan,
        load_backdrop(plan),
        ledger_path,
        as_of=as_of,
        tell=tell,
        since=since,
        kind=kind,
        force_majeure=names,
    )
