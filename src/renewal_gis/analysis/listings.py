"""The board (挂牌督办): listings told from the records of what people did, and what may be done next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis.errors import InputError, SchemaError
from renewal_gis.schema_review import DEEDS, SUPERVISED
from renewal_gis.vocab import CITY, Deed, ListingState

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from renewal_gis.plan import Plan
    from renewal_gis.rules import SupervisionRule

RECORD_FIELDS = ("subject", "date", "body", "recorded_by")
"""Columns of the office records that this room reads."""


@dataclass(frozen=True)
class Matter:
    """What a listing is about: a site, a target of a unit, or the stale sites of a unit's programme."""

    unit: str
    programme: str
    site_id: str = ""
    target_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What may stand on the board only once at a time."""
        return ("", self.site_id) if self.site_id else (self.unit, self.target_id or self.programme)


@dataclass(frozen=True)
class Listing:
    """One listing as its records tell it so far."""

    number: str
    matter: Matter
    subject: str
    reason: str
    opened: dt.date
    deadline: dt.date
    last: dt.date
    """Day of the latest record: nothing may be dated before it."""
    extensions: int = 0
    requested: dt.date | None = None
    closed: dt.date | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def trace_listings(records: pd.DataFrame, /, *, as_of: dt.date | None = None) -> dict[str, Listing]:
    """Return the listings by number, in the order in which they were opened.

    Parameters
    ----------
    records
        Office records of kind ``supervision`` in the order of recording: ``subject`` (the number),
        ``date``, ``body``, ``recorded_by``.
    as_of
        Later days are left out; without it all count.

    Raises
    ------
    SchemaError
        A column is missing, or a record continues a listing that none opened.
    """
    _check_records(records)
    found: dict[str, Listing] = {}
    for number, day, body in zip(records["subject"], records["date"], records["body"], strict=True):
        date = pd.Timestamp(day).date()
        if as_of is not None and date > as_of:
            continue
        if body["action"] == Deed.OPEN:
            found[number] = _open(number, date, body)
        elif number in found:
            found[number] = _continue(found[number], date, body)
        else:
            raise SchemaError(f"督办记录“{number}”没有挂牌记录", remedy="请核验台账(ledger verify)")
    return found


def _check_records(records: pd.DataFrame) -> None:
    missing = [name for name in RECORD_FIELDS if name not in records.columns]
    if missing:
        raise SchemaError(f"督办记录缺少列 {'、'.join(missing)}", remedy="请用台账的 records 取得")


def _open(number: str, date: dt.date, body: Mapping[str, Any]) -> Listing:
    matter = Matter(body["unit"], body["programme"], body.get("site_id", ""), body.get("target_id", ""))
    deadline = pd.Timestamp(body["deadline"]).date()
    return Listing(number, matter, body["subject"], body["reason"], date, deadline, last=date)


def _continue(listing: Listing, date: dt.date, body: Mapping[str, Any]) -> Listing:
    listing = replace(listing, last=date)
    if body["action"] == Deed.EXTEND:
        # more time means that the works did not pass: what was asked for before is void
        deadline = pd.Timestamp(body["deadline"]).date()
        return replace(listing, deadline=deadline, extensions=listing.extensions + 1, requested=None)
    if body["action"] == Deed.REQUEST:
        return replace(listing, requested=date)
    return replace(listing, closed=date, evidence=body["evidence"])


def find_listings(records: pd.DataFrame, rule: SupervisionRule, /, *, as_of: dt.date) -> pd.DataFrame:
    """Return how every listing stands at the end of a day.

    Parameters
    ----------
    records
        As in :func:`trace_listings`.
    rule
        What follows when a listing stays overdue.
    as_of
        The day; later records are not looked at.

    Returns
    -------
    DataFrame
        SUPERVISED, in the order of opening.

    Notes
    -----
    A listing is overdue from the day after its deadline, unless delisting was requested by then. A
    request that came late leaves it overdue until it is delisted. Extending voids an earlier request.

    Examples
    --------
    >>> import datetime as dt
    >>> from renewal_gis.rules import SupervisionRule
    >>> body = {"action": "open", "unit": "甲区", "programme": "old_compound", "target_id": "T1",
    ...         "subject": "老旧小区改造完成", "reason": "滞后", "deadline": "2021-10-15"}
    >>> records = pd.DataFrame([["2021-001", pd.Timestamp("2021-10-01"), body, "张某"]],
    ...                        columns=["subject", "date", "body", "recorded_by"])
    >>> rows = find_listings(records, SupervisionRule(), as_of=dt.date(2021, 10, 18))
    >>> rows[["number", "state", "days_overdue"]].values.tolist()
    [['2021-001', 'overdue', 3]]
    """
    rows = [_tell(listing, rule, as_of) for listing in trace_listings(records, as_of=as_of).values()]
    frame = pd.DataFrame(rows, columns=list(SUPERVISED.columns))
    for name in ("opened", "deadline", "requested", "closed"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[ns]")
    return frame.astype({"extensions": int, "days_overdue": int})


def _tell(listing: Listing, rule: SupervisionRule, as_of: dt.date) -> dict[str, Any]:
    stop = listing.closed or as_of
    in_time = listing.requested is not None and listing.requested <= listing.deadline
    days = 0 if in_time else max((stop - listing.deadline).days, 0)
    matter = listing.matter
    measures = [
        step.measure for step in sorted(rule.escalation, key=lambda step: step.days) if days >= step.days
    ]
    return {
        "number": listing.number,
        "site_id": matter.site_id,
        "unit": matter.unit,
        "target_id": matter.target_id,
        "programme": matter.programme,
        "subject": listing.subject,
        "reason": listing.reason,
        "opened": listing.opened,
        "deadline": listing.deadline,
        "state": _find_state(listing, late=days > 0).value,
        "extensions": listing.extensions,
        "requested": listing.requested,
        "closed": listing.closed,
        "evidence": tell_evidence(listing.evidence),
        "days_overdue": days,
        "measure": measures[-1] if measures and listing.closed is None else "",
    }


def _find_state(listing: Listing, *, late: bool) -> ListingState:
    if listing.closed is not None:
        return ListingState.DELISTED
    if late:
        return ListingState.OVERDUE
    if listing.requested is not None:
        return ListingState.REQUESTED
    return ListingState.EXTENDED if listing.extensions else ListingState.OPEN


def tell_evidence(evidence: Mapping[str, Any], /) -> str:
    """Return evidence in words: the text, then the file with the head of its hash."""
    parts = [evidence.get("text", "")]
    if evidence.get("file"):
        parts.append(f"{evidence['file']}(sha256 {evidence['sha256'][:8]}…)")
    return ";".join(filter(None, parts))


def list_deeds(records: pd.DataFrame, /, *, since: dt.date, as_of: dt.date) -> pd.DataFrame:
    """Return what people did on the board after ``since`` and up to ``as_of``: DEEDS, as recorded."""
    _check_records(records)
    span = (records["date"] > pd.Timestamp(since)) & (records["date"] <= pd.Timestamp(as_of))
    part = records[span]
    bodies = list(part["body"])
    return pd.DataFrame(
        {
            "number": part["subject"].to_numpy(),
            "deed": [body["action"] for body in bodies],
            "date": part["date"].to_numpy(),
            "deadline": pd.to_datetime([body.get("deadline") for body in bodies]),
            "words": [_tell_words(body) for body in bodies],
            "by": part["recorded_by"].to_numpy(),
        },
        columns=list(DEEDS.columns),
    )


def _tell_words(body: Mapping[str, Any]) -> str:
    return str(body.get("reason") or tell_evidence(body.get("evidence", {})))


def drop_listed(proposals: pd.DataFrame, listings: pd.DataFrame, /) -> pd.DataFrame:
    """Return PROPOSALS without the matters that stand on the board already (SUPERVISED)."""
    standing = listings[listings["state"] != ListingState.DELISTED.value]
    taken = {
        (unit, target or programme)
        for unit, target, programme, site in zip(
            standing["unit"], standing["target_id"], standing["programme"], standing["site_id"], strict=True
        )
        if not site
    }
    keys = zip(proposals["unit"], proposals["target"], proposals["programme"], strict=True)
    kept = [(unit, target or programme) not in taken for unit, target, programme in keys]
    return proposals[kept].reset_index(drop=True)


# ------------------------------------------------------------------ what may be done
def number_next(listings: Mapping[str, Listing], /, *, year: int) -> str:
    """Return the next number of a year, “2021-003”: one above the highest, so that none is used twice."""
    taken = [int(number.partition("-")[2]) for number in listings if number.startswith(f"{year}-")]
    return f"{year}-{max(taken, default=0) + 1:03d}"


def check_opening(
    listings: Mapping[str, Listing], matter: Matter, plan: Plan, /, *, date: dt.date, deadline: dt.date
) -> None:
    """Refuse a listing that may not be opened.

    Raises
    ------
    PlanError
        A unit, target or programme that the plan does not know.
    InputError
        The unit has no task in the target, the deadline is not after the day, or the same matter
        stands on the board already.
    """
    if matter.unit != CITY:
        plan.unit(matter.unit)
    plan.programme(matter.programme)
    if matter.target_id:
        target = plan.target(matter.target_id)
        members = target.breakdown or dict.fromkeys(plan.groups[target.group])
        if matter.unit != CITY and matter.unit not in members:
            raise InputError(
                f"“{matter.unit}”在目标 {target.id}“{target.indicator}”中没有任务",
                place="--unit",
                remedy=f"有任务的单位:{'、'.join(members)}",
            )
    if deadline <= date:
        raise InputError(
            f"整改时限 {deadline} 不晚于挂牌日期 {date}", place="--deadline", remedy="时限应在挂牌之后"
        )
    for known in listings.values():
        if known.closed is None and known.matter.key == matter.key:
            raise InputError(
                f"同一事项已挂牌,编号 {known.number}({known.opened} 挂牌,时限 {known.deadline})",
                place=known.subject,
                remedy="一件一号:请用 supervise extend 延期,或先摘牌",
            )


def check_deed(listing: Listing | None, deed: Deed, /, *, number: str, date: dt.date) -> Listing:
    """Return the listing that a deed continues, or refuse the deed.

    Raises
    ------
    InputError
        No such number; it is delisted already; the day is before the latest record of it; delisting
        is asked for twice, or done before it was asked for.
    """
    if listing is None:
        raise InputError(
            f"没有编号为“{number}”的督办件", place="NUMBER", remedy="用 supervise list 查看全部编号"
        )
    if listing.closed is not None:
        raise InputError(f"{number} 已于 {listing.closed} 摘牌", place="NUMBER", remedy="再次挂牌请另立新号")
    if date < listing.last:
        what = "挂牌日期" if listing.last == listing.opened else "上一次办理的日期"
        raise InputError(f"日期 {date} 早于{what} {listing.last}", place="--date", remedy="请核对日期")
    if deed is Deed.REQUEST and listing.requested is not None:
        raise InputError(
            f"{number} 已于 {listing.requested} 申请摘牌",
            place="NUMBER",
            remedy="核查通过的用 supervise delist 摘牌",
        )
    if deed is Deed.DELIST and listing.requested is None:
        raise InputError(
            f"{number} 尚未申请摘牌", place="NUMBER", remedy="先由责任单位申请:supervise request-delisting"
        )
    return listing


def check_extension(listing: Listing, /, *, deadline: dt.date) -> None:
    """Refuse a new deadline that is not later than the one in force.

    Raises
    ------
    InputError
        The deadline does not move forwards.
    """
    if deadline <= listing.deadline:
        raise InputError(
            f"新时限 {deadline} 不晚于现行时限 {listing.deadline}", place="--deadline", remedy="延期只能向后"
        )
