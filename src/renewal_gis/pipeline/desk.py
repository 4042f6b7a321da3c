"""What a clerk does with one file: look at it, send it back, take it into the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError, RenewalError
from renewal_gis.files import write_bytes
from renewal_gis.intake.districts import read_districts
from renewal_gis.intake.events import read_events
from renewal_gis.intake.gate import admit
from renewal_gis.intake.roads import read_roads
from renewal_gis.intake.tables import read_sites
from renewal_gis.ledger import open_ledger
from renewal_gis.pipeline.kept import keep_findings
from renewal_gis.pipeline.originals import find_archive, keep_originals
from renewal_gis.plan import Source

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import pandas as pd

    from renewal_gis.findings import Finding
    from renewal_gis.plan import Plan, Role


@dataclass(frozen=True)
class Balance:
    """What became of one file: ``accepted + repaired + quarantined == read``.

    ``unlocated`` of the taken rows have no usable place. ``sha256`` is that of the file's content;
    ``refused`` says why the file could not be taken at all, and is empty where it was.
    """

    file: str
    read: int
    accepted: int
    repaired: int
    quarantined: int
    findings: tuple[Finding, ...]
    unlocated: int = 0
    sha256: str = ""
    refused: str = ""


def find_source(
    plan: Plan, path: Path, /, *, role: Role = "sites", programme: str = "", layer: str = ""
) -> Source:
    """Return how a file is to be read: as the plan names it, else as the caller says.

    Parameters
    ----------
    plan
        A source of the same file name lends its programme, sheet, geometry and CRS.
    path
        The file.
    role, programme
        Used where the plan does not name the file.
    layer
        The sheet or layer; goes before the plan's.

    Raises
    ------
    PlanError
        The plan has no such programme.
    """
    if programme:
        plan.programme(programme)
    place = str(path.absolute())
    chosen = {"sheet": layer} if layer else {}
    for source in plan.sources:
        if plan.path_of(source.path).name == path.name and source.role == role:
            return source.model_copy(update={"path": place} | chosen)
    return Source(role=role, path=place, programme=programme, simulated=False, attribution="", sheet=layer)


def check_file(
    plan: Plan, path: Path, /, *, return_to: Path | None = None, role: Role = "sites", **how: str
) -> Balance:
    """Read a file through the whole gate and say what is wrong with it.

    Parameters
    ----------
    plan, path
        As in :func:`find_source`.
    return_to
        Takes the office's workbook with what is wrong in it; nothing is written if None.
    role
        ``sites``, ``events``, ``units`` or ``roads``.
    **how
        ``programme`` and ``layer`` of :func:`find_source`. Events are checked against the sites of the
        plan's sources; where there are none, every id passes as a site of ``programme``.

    Raises
    ------
    InputError, MissingFileError, CrsError
        The file cannot be taken at all.
    """
    layer = how.get("layer") or None
    if role == "roads":
        intake: Any = read_roads(path, columns=plan.columns, layer=layer)
    elif role == "units":
        intake = read_districts(path, plan, layer=layer)
    else:
        source = find_source(plan, path, role=role, **how)
        intake = read_sites(plan, source) if role == "sites" else _check_events(plan, source)
    if return_to is not None:
        from renewal_gis.render.return_file import write_return  # noqa: PLC0415  # only where one is asked for

        if role not in ("sites", "events"):
            raise InputError("回执文件只用于项目表和进度表", place=path.name, remedy="去掉 --return-file")
        write_bytes(return_to, write_return(admit(path), intake))
    return _weigh(path, intake)


def try_file(plan: Plan, path: Path, /, **how: Any) -> Balance:
    """Return :func:`check_file`, or a balance that says why the file was refused, with its hash where it has one."""
    try:
        return check_file(plan, path, **how)
    except RenewalError as error:
        return Balance(path.name, 0, 0, 0, 0, (), sha256=_hash_refused(path), refused=str(error))


def _hash_refused(path: Path) -> str:
    """Return the hash of what was refused: whoever disputes it can be shown which bytes it was."""
    import hashlib  # noqa: PLC0415

    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_events(plan: Plan, source: Source) -> Any:
    import pandas as pd  # noqa: PLC0415

    frames = [read_sites(plan, other).frame for other in plan.sources_of("sites")]
    if frames:
        return read_events(plan, source, pd.concat(frames))
    if not source.programme:
        raise InputError(
            "方案没有列出项目台账,进度记录无从核对编号",
            place=source.path,
            remedy="用 --programme 指明专项,或在方案的 sources 中列出台账",
        )
    return read_events(plan, source, None)


def import_files(
    paths: tuple[Path, ...],
    ledger_path: str | Path,
    /,
    *,
    plan: Plan | None,
    at: dt.datetime,
    by: str,
    **how: Any,
) -> list[Balance]:
    """Take files of sites or events into a ledger; the same file twice changes nothing.

    What is read is kept beside the ledger as it came (:mod:`renewal_gis.pipeline.originals`), before the
    ledger is written to.

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
        ``role``, ``programme`` and ``layer`` of :func:`find_source`.

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
        hashes = _archive(plan, paths, ledger_path, how)
        balances = []
        for path, intake in taken:
            intake.frame.attrs["originals"] = hashes
            keep = ledger.import_events if how.get("role") == "events" else ledger.import_sites
            result = keep(intake.frame, at=at, by=by)
            balances.append(_weigh(path, intake, tuple(result.findings)))
        found = [finding for balance in balances for finding in balance.findings]
        keep_findings(ledger, found, subjects={path.name for path in paths}, at=at, by=by)
    return balances


def _archive(
    plan: Plan, paths: tuple[Path, ...], ledger_path: str | Path, how: dict[str, Any]
) -> dict[str, str]:
    """Keep the files and their companions beside the ledger, and return their hashes by name."""
    folder = find_archive(ledger_path)
    if folder is None:
        return {path.name: admit(path).sha256 for path in paths}
    sources = [find_source(plan, path, **how) for path in paths]
    companions = [plan.path_of(source.geometry) for source in sources if source.geometry]
    return keep_originals([*paths, *companions], folder)


def _read(plan: Plan, path: Path, known: pd.DataFrame, **how: Any) -> Any:
    source = find_source(plan, path, **how)
    return read_events(plan, source, known) if how.get("role") == "events" else read_sites(plan, source)


def _weigh(path: Path, intake: Any, more: tuple[Finding, ...] = ()) -> Balance:
    counts = (intake.read, intake.accepted, intake.repaired, intake.quarantined)
    balance = Balance(path.name, *counts, findings=(*intake.findings, *more))
    return replace(
        balance,
        unlocated=len(getattr(intake, "withheld", ())),
        sha256=str(getattr(intake, "notes", {}).get("sha256", "")) or admit(path).sha256,
    )
