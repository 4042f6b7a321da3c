"""The adapter by which graders hand hostile files to the intake and see what became of them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError, MissingFileError, RenewalError
from renewal_gis.findings import Report
from renewal_gis.plan import Plan, Source, load_plan

if TYPE_CHECKING:
    import pandas as pd

    from renewal_gis.intake import Held, Intake

STATES = ("谋划", "立项", "在建", "竣工")
"""The states of the graders' event files, in their order."""
FILE_REPAIRS = frozenset({"encoding-found", "header-merged", "geometry-curved"})
"""Findings that tell of a repair to the file as a whole, not to one of its rows."""


@dataclass(frozen=True)
class _Case:
    """One file to be taken in, with its surroundings."""

    plan: Plan
    file: Path
    folder: Path
    out: Path


def ingest(path: str, role: str, case_dir: str, out_dir: str) -> dict[str, Any]:
    """Return what the intake made of a file.

    Parameters
    ----------
    path
        The file.
    role
        ``sites``, ``roads``, ``districts``, ``events``, ``export``, ``names`` or ``paths``.
    case_dir
        Its folder; a district layer in it counts instead of the plan's units.
    out_dir
        Takes what is written (roles ``export`` and ``names``).

    Returns
    -------
    dict
        ``status``, ``accepted``, ``repaired``, ``quarantined``, ``message``, ``text``, ``fields``.
        A row whose location was held back counts as quarantined here.
    """
    plan = load_plan(os.environ.get("RENEWAL_PLAN") or _find_plan())
    case = _Case(plan, Path(path), Path(case_dir), Path(out_dir))
    try:
        return _ROLES[role](case)
    except RenewalError as error:
        return _tell_refusal(error, case.file.name)


def _find_plan() -> Path:
    """Return the plan of the working directory."""
    plans = sorted(Path("plans").glob("*.toml"))
    if not plans:
        raise MissingFileError("没有方案", place="plans", remedy="用环境变量 RENEWAL_PLAN 指明方案文件")
    return plans[0]


def _tell_refusal(error: RenewalError, name: str) -> dict[str, Any]:
    message = str(error) if name in str(error) else f"{name}:{error}"
    return {
        "status": "rejected",
        "accepted": 0,
        "repaired": 0,
        "quarantined": 0,
        "message": message,
        "text": message,
    }


def _read_sites(plan: Plan, file: Path) -> Intake:
    from renewal_gis.intake.tables import read_sites  # noqa: PLC0415  # each role loads what it needs

    source = Source(role="sites", path=str(file.absolute()), simulated=False, attribution="")
    return read_sites(plan, source)


def _take_sites(case: _Case) -> dict[str, Any]:
    intake = _read_sites(case.plan, case.file)
    extra = Report()
    _check_districts(case.plan, intake, case.folder, extra)
    _check_datum(intake, case.folder, extra)
    return _describe(intake, case.file.name, extra)


def _check_districts(plan: Plan, intake: Intake, folder: Path, report: Report) -> None:
    from renewal_gis.analysis.locate import assign_districts  # noqa: PLC0415
    from renewal_gis.intake.districts import read_districts  # noqa: PLC0415

    layers = [p for p in sorted(folder.iterdir()) if p.stem == "districts"]
    if not layers or not len(intake.frame):
        return
    districts = read_districts(layers[0], plan).frame
    placed = assign_districts(intake.frame, districts)
    names = districts["name"]
    for site_id, row in placed.iterrows():
        declared = intake.frame.loc[site_id, "declared_unit"]
        located = names.get(row["located_district"], "")
        if row["placement"] == "border":
            report.add("location-border", site_id=str(site_id), value=located)
        if row["placement"] == "outside":
            report.add("location-outside", site_id=str(site_id), value="不在任何区县内")
        if located and declared and located != declared:
            report.add("unit-disagrees", site_id=str(site_id), value=declared, new=located)


def _check_datum(intake: Intake, folder: Path, report: Report) -> None:
    """Compare with a trusted layer of the same sites, where the folder holds one."""
    from renewal_gis.intake.tables import compare_datum  # noqa: PLC0415
    from renewal_gis.intake.vectors import VECTOR_SUFFIXES  # noqa: PLC0415

    for other in sorted(folder.iterdir()):
        if other.suffix in VECTOR_SUFFIXES and re.search("control|reference|对照|控制", other.stem):
            compare_datum(intake.frame, other, report=report)


def _take_roads(case: _Case) -> dict[str, Any]:
    from renewal_gis.intake.roads import read_roads  # noqa: PLC0415

    intake = read_roads(case.file)
    return _describe(intake, case.file.name, Report())


def _take_districts(case: _Case) -> dict[str, Any]:
    from renewal_gis.intake.districts import read_districts  # noqa: PLC0415

    return _describe(read_districts(case.file, case.plan), case.file.name, Report())


def _take_events(case: _Case) -> dict[str, Any]:
    from renewal_gis.intake.events import read_event_file  # noqa: PLC0415
    from renewal_gis.intake.gate import admit  # noqa: PLC0415

    listed = case.folder.parent.parent / "known_sites.txt"
    known = set(listed.read_text(encoding="utf-8").split()) if listed.is_file() else set()
    states = {word: word for word in STATES}
    admitted = admit(case.file)
    intake = read_event_file(
        admitted,
        known=known,
        stages_of=lambda _: states,
        # the adapter is where the clock is, as the command line is elsewhere
        received=max(admitted.modified, dt.datetime.now(tz=dt.UTC).date()),
        extra=case.plan.columns,
    )
    return _describe(intake, case.file.name, Report())


def _take_paths(case: _Case) -> dict[str, Any]:
    from renewal_gis.intake.gate import admit  # noqa: PLC0415

    told = []
    opened = 0
    for line in case.file.read_text(encoding="utf-8").splitlines():
        try:
            admit(line, within=case.folder)
            opened += 1
            told.append(f"OPENED {line}")
        except RenewalError as error:
            told.append(str(error))
    text = "\n".join(told)
    if not opened:
        raise InputError(f"{len(told)} 条路径(path)都不支持,已全部拒绝", place=case.file.name, remedy=text)
    return _result("accepted", (opened, 0, len(told) - opened), f"{case.file.name}:{text}", text, ())


def _take_export(case: _Case) -> dict[str, Any]:
    from renewal_gis.render.exports import export_sites  # noqa: PLC0415

    intake = _read_sites(case.plan, case.file)
    texts = [read_back(path) for path in export_sites(intake.frame, case.out)]
    made = _describe(intake, case.file.name, Report())
    return made | {"text": "\n".join(texts)}


def _take_names(case: _Case) -> dict[str, Any]:
    from renewal_gis.files import write_bytes  # noqa: PLC0415
    from renewal_gis.render.exports import name_file  # noqa: PLC0415

    intake = _read_sites(case.plan, case.file)
    for site_id, name in intake.frame["name"].items():
        write_bytes(
            case.out / name_file(name, key=str(site_id), suffix=".txt"), f"{site_id} {name}\n".encode()
        )
    return _describe(intake, case.file.name, Report())


def read_back(path: Path) -> str:
    """Return what a reader of an exported file would see."""
    return path.read_text(encoding="utf-8", errors="replace")


_ROLES = {
    "sites": _take_sites,
    "roads": _take_roads,
    "districts": _take_districts,
    "events": _take_events,
    "export": _take_export,
    "names": _take_names,
    "paths": _take_paths,
}


def _describe(intake: Any, name: str, extra: Report) -> dict[str, Any]:
    mended = getattr(intake, "withheld_repaired", 0)
    plain = len(getattr(intake, "withheld", ())) - mended
    accepted, repaired = intake.accepted - plain, intake.repaired - mended
    quarantined = intake.quarantined + plain + mended
    findings = [*intake.findings, *extra]
    mended_file = any(finding.code in FILE_REPAIRS for finding in findings)
    status = "quarantined" if quarantined else "repaired" if repaired or mended_file else "accepted"
    told = list(dict.fromkeys(f"{finding.text}({finding.remedy})" for finding in findings))
    message = f"{name}:读 {intake.read},收 {accepted},修 {repaired},隔离 {quarantined}。" + ";".join(
        told[:200]
    )
    text = _dump(intake.frame) + _dump_held(getattr(intake, "quarantine", ()))
    return _result(status, (accepted, repaired, quarantined), message, text, intake.fields)


def _result(
    status: str, counts: tuple[int, int, int], message: str, text: str, fields: tuple[str, ...]
) -> dict[str, Any]:
    accepted, repaired, quarantined = counts
    return {
        "status": status,
        "accepted": accepted,
        "repaired": repaired,
        "quarantined": quarantined,
        "message": message,
        "text": text,
        "fields": list(fields),
    }


def _dump(frame: pd.DataFrame) -> str:
    sink = io.StringIO()
    frame.to_csv(sink)
    return sink.getvalue()


def _dump_held(held: tuple[Held, ...]) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink)
    for row in held:
        writer.writerow([row.file, row.row, row.reason, *row.values.values()])
    return sink.getvalue()
