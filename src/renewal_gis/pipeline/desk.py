"""What a clerk does with one file: look at it, take it into the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError
from renewal_gis.intake.districts import read_districts
from renewal_gis.intake.events import read_events
from renewal_gis.intake.roads import read_roads
from renewal_gis.intake.tables import read_sites
from renewal_gis.ledger import open_ledger
from renewal_gis.plan import Source

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import pandas as pd

    from renewal_gis.findings import Finding
    from renewal_gis.plan import Plan, Role


@dataclass(frozen=True)
class Balance:
    """What became of one file: ``accepted + repaired + quarantined == read``."""

    file: str
    read: int
    accepted: int
    repaired: int
    quarantined: int
    findings: tuple[Finding, ...]


def find_source(plan: Plan, path: Path, /, *, role: Role = "sites", programme: str = "") -> Source:
    """Return how a file is to be read: as the plan names it, else as the caller says.

    Parameters
    ----------
    plan
        A source of the same file name lends its programme, sheet, geometry and CRS.
    path
        The file.
    role, programme
        Used where the plan does not name the file.

    Raises
    ------
    PlanError
        The plan has no such programme.
    """
    if programme:
        plan.programme(programme)
    place = str(path.absolute())
    for source in plan.sources:
        if plan.path_of(source.path).name == path.name and source.role == role:
            return source.model_copy(update={"path": place})
    return Source(role=role, path=place, programme=programme, simulated=False, attribution="")


def check_file(plan: Plan, path: Path, /, *, role: Role = "sites", programme: str = "") -> Balance:
    """Read a file through the whole gate and say what is wrong with it; nothing is kept.

    Parameters
    ----------
    plan, path, role, programme
        As in :func:`find_source`; ``role`` is ``sites``, ``units`` or ``roads``.

    Raises
    ------
    InputError, MissingFileError, CrsError
        The file cannot be taken at all.
    """
    if role == "roads":
        return _weigh(path, read_roads(path, columns=plan.columns))
    if role == "units":
        return _weigh(path, read_districts(path, plan))
    return _weigh(path, read_sites(plan, find_source(plan, path, role=role, programme=programme)))


def import_files(
    paths: tuple[Path, ...], ledger_path: str | Path, /, *, plan: Plan | None, at: dt.datetime, by: str, **how: Any
) -> list[Balance]:
    """Take files of sites or events into a ledger; the same file twice changes nothing.

    Parameters
    ----------
    paths
        Files, sites before their events. All are read before the first is taken.
    ledger_path
        The ledger; with a plan, made if it is not there.
    plan
        Kept in the ledger; None for the one that the ledger has.
    at, by
        When and by whom it is recorded.
    **how
        ``role`` and ``programme`` of :func:`find_source`.

    Raises
    ------
    InputError, MissingFileError, LedgerError
        A file cannot be taken, or the ledger cannot.
    """
    if how.get("role", "sites") not in ("sites", "events"):
        raise InputError(f"用途“{how['role']}”不能入台账", remedy="台账只收 sites 和 events")
    with open_ledger(ledger_path, create=plan is not None) as ledger:
        if plan is None:
            plan = ledger.plan()
        else:
            ledger.set_plan(plan, at=at, by=by)
        known = ledger.sites(retired=True)
        taken = [(path, _read(plan, path, known, **how)) for path in paths]
        balances = []
        for path, intake in taken:
            keep = ledger.import_events if how.get("role") == "events" else ledger.import_sites
            result = keep(intake.frame, at=at, by=by)
            balances.append(_weigh(path, intake, tuple(result.findings)))
    return balances


def _read(plan: Plan, path: Path, known: pd.DataFrame, *, role: Role = "sites", programme: str = "") -> Any:
    source = find_source(plan, path, role=role, programme=programme)
    return read_events(plan, source, known) if role == "events" else read_sites(plan, source)


def _weigh(path: Path, intake: Any, more: tuple[Finding, ...] = ()) -> Balance:
    counts = (intake.read, intake.accepted, intake.repaired, intake.quarantined)
    return Balance(path.name, *counts, findings=(*intake.findings, *more))
