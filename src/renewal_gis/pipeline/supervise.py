"""What a person does on the board (挂牌督办), checked and then kept in the ledger as records."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.analysis.listings import (
    Matter,
    check_deed,
    check_extension,
    check_opening,
    find_listings,
    number_next,
    trace_listings,
)
from renewal_gis.errors import InputError, LedgerError, MissingFileError
from renewal_gis.ledger import open_ledger
from renewal_gis.pipeline.report import survey_for_report
from renewal_gis.vocab import CITY, Deed, RecordKind

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.core import SqlLedger
    from renewal_gis.plan import Plan

_TRIES = 5
"""How often a number is chosen anew where another clerk took it in the same moment."""


@dataclass(frozen=True)
class Entry:
    """Who does something on the board, on which day, and when it is recorded."""

    date: dt.date
    by: str
    at: Moment


def open_listing(
    ledger_path: str | Path,
    /,
    *,
    entry: Entry,
    deadline: dt.date,
    site_id: str = "",
    unit: str = "",
    target_id: str = "",
    programme: str = "",
    reason: str = "",
) -> str:
    """Put a matter on the board and return its number.

    Parameters
    ----------
    ledger_path
        The ledger; its plan says which units, targets and programmes there are.
    entry
        Day, clerk, and time of recording.
    deadline
        By when it must be put right.
    site_id
        A site; or
    unit, target_id
        a unit that lags in a target; or
    unit, programme
        a unit whose sites of a programme are stale.
    reason
        Why. Without it the reason and numbers of the proposal of that day are taken over, which the
        person confirms thereby.

    Raises
    ------
    InputError
        Nothing or too much is named, the site is not in the ledger, no proposal gives a reason, or as
        :func:`renewal_gis.analysis.listings.check_opening`.
    PlanError
        A unit, target or programme that the plan does not know.
    """
    with open_ledger(ledger_path) as ledger:
        plan = ledger.plan()
        matter, subject = _name_matter(ledger, plan, site_id, unit, target_id, programme)
        check_opening(_read(ledger), matter, plan, date=entry.date, deadline=deadline)
    case = {"reason": reason.strip()} if reason.strip() else _confirm(ledger_path, plan, matter, entry.date)
    body = {
        "action": Deed.OPEN.value,
        "site_id": matter.site_id,
        "unit": matter.unit,
        "target_id": matter.target_id,
        "programme": matter.programme,
        "subject": subject,
        "deadline": deadline.isoformat(),
        **case,
    }
    with open_ledger(ledger_path) as ledger:
        for left in reversed(range(_TRIES)):
            known = _read(ledger)
            check_opening(known, matter, plan, date=entry.date, deadline=deadline)
            number = number_next(known, year=entry.date.year)
            try:
                _write(ledger, number, body, entry, place=0)
            except LedgerError:
                if not left or number not in _read(ledger):
                    raise
            else:
                break
    return number


def extend_listing(
    ledger_path: str | Path, number: str, /, *, entry: Entry, deadline: dt.date, reason: str
) -> None:
    """Give a listing more time; a request for delisting made before is void then.

    Raises
    ------
    InputError
        No reason, a deadline that is not later, or as :func:`renewal_gis.analysis.listings.check_deed`.
    """
    _require(reason, "没有延期理由", "--reason")
    with open_ledger(ledger_path) as ledger:
        listing = check_deed(_read(ledger).get(number), Deed.EXTEND, number=number, date=entry.date)
        check_extension(listing, deadline=deadline)
        body = {"action": Deed.EXTEND.value, "deadline": deadline.isoformat(), "reason": reason.strip()}
        _write(ledger, number, body, entry)


def request_delisting(ledger_path: str | Path, number: str, /, *, entry: Entry, reason: str) -> None:
    """Note that the unit asks for delisting, and what it says has been done.

    Raises
    ------
    InputError
        Nothing is said, or as :func:`renewal_gis.analysis.listings.check_deed`.
    """
    _require(reason, "没有写明整改情况", "--reason")
    with open_ledger(ledger_path) as ledger:
        check_deed(_read(ledger).get(number), Deed.REQUEST, number=number, date=entry.date)
        _write(ledger, number, {"action": Deed.REQUEST.value, "reason": reason.strip()}, entry)


def delist(
    ledger_path: str | Path, number: str, /, *, entry: Entry, text: str = "", file: Path | None = None
) -> None:
    """Take a matter off the board, on evidence: a text, a file, or both.

    Of a file its name, size and SHA-256 are kept, so that it can be proved later; the file itself
    stays where it is.

    Raises
    ------
    InputError
        No evidence, an empty file, or as :func:`renewal_gis.analysis.listings.check_deed`.
    MissingFileError
        No such file.
    """
    if not text.strip() and file is None:
        raise InputError(
            "没有摘牌依据", place=number, remedy="用 --evidence 写明核查情况,或用 --file 附上验收材料"
        )
    evidence: dict[str, Any] = {"text": text.strip()}
    if file is not None:
        evidence |= _weigh(file)
    with open_ledger(ledger_path) as ledger:
        check_deed(_read(ledger).get(number), Deed.DELIST, number=number, date=entry.date)
        _write(ledger, number, {"action": Deed.DELIST.value, "evidence": evidence}, entry)


def look_at_board(
    ledger_path: str | Path, /, *, as_of: dt.date, known_at: Moment | None = None
) -> pd.DataFrame:
    """Return SUPERVISED at the end of a day, as known now or as known at a past time."""
    with open_ledger(ledger_path) as ledger:
        records = ledger.records(RecordKind.SUPERVISION, known_at=known_at)
        return find_listings(records, ledger.plan().supervision, as_of=as_of)


def _read(ledger: SqlLedger) -> dict[str, Any]:
    return trace_listings(ledger.records(RecordKind.SUPERVISION))


def _write(
    ledger: SqlLedger, number: str, body: dict[str, Any], entry: Entry, *, place: int | None = None
) -> None:
    if place is None:
        # the number of records so far is part of the key: of two clerks at once only one goes through
        place = Counter(ledger.records(RecordKind.SUPERVISION)["subject"])[number]
    ledger.add_record(
        RecordKind.SUPERVISION,
        subject=number,
        date=entry.date,
        body=body,
        by=entry.by,
        at=entry.at,
        key=f"supervision:{number}:{place}",
    )


def _require(text: str, message: str, place: str) -> None:
    if not text.strip():
        raise InputError(message, place=place, remedy="请写明,一并记入台账")


def _weigh(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise MissingFileError("找不到摘牌依据的文件", place=str(file), remedy="请核对文件名")
    content = file.read_bytes()
    if not content:
        raise InputError("摘牌依据的文件是空的", place=str(file), remedy="请附上有内容的材料")
    return {"file": file.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _name_matter(
    ledger: SqlLedger, plan: Plan, site_id: str, unit: str, target_id: str, programme: str
) -> tuple[Matter, str]:
    """Return what is to be listed, and its name."""
    if sum(map(bool, (site_id, target_id, programme))) != 1:
        raise InputError(
            "挂牌的事项不明", place="supervise open", remedy="写明 --site、--target、--programme 之一"
        )
    if site_id:
        return _name_site(ledger, plan, site_id, unit)
    if not unit:
        raise InputError("没有写明责任单位", place="--unit", remedy=f"写全称;未分解的目标写“{CITY}”")
    if target_id:
        target = plan.target(target_id)
        return Matter(unit, target.programme, target_id=target.id), target.indicator
    return Matter(unit, programme), plan.programme(programme).name


def _name_site(ledger: SqlLedger, plan: Plan, site_id: str, unit: str) -> tuple[Matter, str]:
    sites = ledger.sites()
    if site_id not in sites.index:
        raise InputError(
            f"台账中没有项目“{site_id}”", place="--site", remedy="请核对编号(ledger history 编号)"
        )
    row = sites.loc[site_id]
    declared = unit or str(row["declared_unit"] or "")
    if declared not in {known.name for known in plan.units}:
        raise InputError(
            f"项目“{site_id}”的责任单位“{declared}”不在方案中",
            place="--unit",
            remedy="用 --unit 写明责任单位全称",
        )
    return Matter(declared, str(row["programme"]), site_id=site_id), str(row["name"])


def _confirm(ledger_path: str | Path, plan: Plan, matter: Matter, day: dt.date) -> dict[str, Any]:
    """Return reason and numbers of the proposal that the person confirms by opening the listing."""
    survey = survey_for_report(plan, ledger_path, as_of=day, tell=lambda _: None)
    proposals = [] if survey.review is None else survey.review.proposals.to_dict("records")
    for row in proposals:
        same = (row["unit"], row["programme"], row["target"]) == (
            matter.unit,
            matter.programme,
            matter.target_id,
        )
        if same and not matter.site_id:
            return {"reason": _tell(row), "proposal": _keep(row)}
    raise InputError(
        f"{day} 没有相应的挂牌建议",
        place="supervise open",
        remedy="用 --reason 写明理由(supervise list 可看建议)",
    )


def _tell(row: dict[str, Any]) -> str:
    if not isinstance(row["rate"], Fraction):
        return f"{row['base']}个{row['reason']}(最长{row['days']}天)"
    rate, expected = float(row["rate"]), float(row["expected"])
    return f"{row['reason']}({row['done']}/{row['base']}={rate:.1%},序时进度{expected:.1%})"


def _keep(row: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a proposal as plain values, fractions as pairs."""
    kept: dict[str, Any] = {"kind": row["kind"], "sites": str(row["site_ids"])}
    for key in ("done", "base", "days"):
        kept[key] = None if pd.isna(row[key]) else int(row[key])
    for key in ("rate", "expected", "pace_pp"):
        value = row[key]
        kept[key] = [value.numerator, value.denominator] if isinstance(value, Fraction) else None
    return kept
