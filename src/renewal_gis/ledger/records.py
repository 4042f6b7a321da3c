"""Office records: what was listed for supervision, what was issued, which sites became others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import LedgerError
from renewal_gis.ledger.base import RECORD_COLUMNS, chain_row, format_moment, hash_values, make_record_id
from renewal_gis.ledger.tables import RECORD_INSERT
from renewal_gis.vocab import RecordKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from renewal_gis.ledger.base import Moment
    from renewal_gis.ledger.writing import Connection

_SAID = ("record_id", "kind", "subject", "date", "body")
# every name put into a statement below is one of our own columns, never a value
_READ_SAME = f"SELECT {', '.join(_SAID)} FROM office_record WHERE key = ?"  # noqa: S608
_READ = f"SELECT {', '.join(RECORD_COLUMNS)} FROM office_record"  # noqa: S608


def make_record(  # one argument for each thing that a record says
    kind: str,
    *,
    subject: str,
    date: dt.date,
    body: Mapping[str, Any],
    by: str,
    at: Moment,
    key: str | None = None,
) -> dict[str, Any]:
    """Return an office record as a row of plain values; its body is canonical JSON.

    Raises
    ------
    LedgerError
        A kind that is not in :class:`renewal_gis.vocab.RecordKind`, or a body that is not JSON.
    """
    kinds = [str(known) for known in RecordKind]
    if kind not in kinds:
        raise LedgerError(f"公文类别“{kind}”不认识", remedy=f"可用的有 {'、'.join(kinds)}")
    try:
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LedgerError(f"公文内容不能写成 JSON:{error}", remedy="请只用文字、数字、列表和字典") from error
    moment, day = format_moment(at), date.isoformat()[:10]
    own = key or "hand:" + hash_values([kind, subject, day, text, by, moment])
    values = (make_record_id(own), str(kind), subject, day, text, moment, by, own)
    return dict(zip(RECORD_COLUMNS, values, strict=True))


def append_record(base: Connection, row: Mapping[str, Any]) -> str:
    """Add a record at the end, sealed with what stands before it; the same key is one record.

    Raises
    ------
    LedgerError
        The key belongs to a record that says something else.
    """
    found = base.execute(_READ_SAME, (row["key"],)).fetchone()
    if found is not None:
        if tuple(found[1:]) != tuple(row[name] for name in _SAID[1:]):
            raise LedgerError(f"幂等键“{row['key']}”已属于另一份公文 {found[0]}", remedy="请换一个键")
        return str(found[0])
    last = base.execute("SELECT seq, chain FROM office_record ORDER BY seq DESC LIMIT 1").fetchone()
    seq, seal = last or (0, "")
    values = [row[name] for name in RECORD_COLUMNS]
    base.execute(RECORD_INSERT, [seq + 1, *values, chain_row(seal, values)])
    return str(row["record_id"])


def read_records(
    base: Connection, kind: str | None = None, *, subject: str | None = None, known_at: Moment | None = None
) -> list[dict[str, Any]]:
    """Return records as rows in the order of recording, their bodies as dictionaries."""
    asked = {
        "kind = ?": kind,
        "subject = ?": subject,
        "recorded_at <= ?": None if known_at is None else format_moment(known_at),
    }
    terms = [term for term, value in asked.items() if value is not None]
    where = f" WHERE {' AND '.join(terms)}" if terms else ""
    values = [value for value in asked.values() if value is not None]
    rows = base.execute(f"{_READ}{where} ORDER BY seq", values).fetchall()
    return [
        named | {"body": json.loads(named["body"])}
        for named in (dict(zip(RECORD_COLUMNS, row, strict=True)) for row in rows)
    ]
