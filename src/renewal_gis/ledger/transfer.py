"""A whole ledger from one place to another: every row, every id, every seal."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.errors import LedgerError
from renewal_gis.files import write_whole
from renewal_gis.ledger import is_server, open_ledger
from renewal_gis.ledger.base import EVENT_COLUMNS, RECORD_COLUMNS, SITE_TYPES, hash_values
from renewal_gis.ledger.tables import insert_into

if TYPE_CHECKING:
    from renewal_gis.ledger.core import SqlLedger
    from renewal_gis.ledger.writing import Connection

TABLES: dict[str, tuple[str, ...]] = {
    "ledger_plan": ("fid", "sha256", "body", "folder", "recorded_at", "recorded_by"),
    "site": ("fid", "geom", "site_id", *SITE_TYPES, "row_hash", "first_recorded_at", "recorded_at", "recorded_by"),
    "site_change": ("fid", "site_id", "old", "old_hash", "new_hash", "recorded_at", "recorded_by"),
    "status_event": ("seq", *EVENT_COLUMNS, "chain"),
    "office_record": ("seq", *RECORD_COLUMNS, "chain"),
    "import_log": ("fid", "kind", "files", "added", "changed", "unchanged", "vanished", "recorded_at", "recorded_by"),
}  # fmt: skip
"""All that a ledger holds, by table."""


def copy_ledger(source: SqlLedger, target: SqlLedger, /) -> dict[str, int]:
    """Copy all that a ledger holds into an empty one, in one transaction.

    Returns
    -------
    dict
        Rows copied, by table.

    Raises
    ------
    LedgerError
        The target is not empty, or does not hold the same afterwards.
    """
    counts: dict[str, int] = {}
    with source.reading() as old:
        with target.writing() as new:
            for table, names in TABLES.items():
                if new.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None:  # noqa: S608  # fixed names
                    raise LedgerError("目标台账不是空的", place=target.name, remedy="请给出一个新的台账")
                # row by row: a large ledger need not stand in memory
                new.executemany(insert_into(table, names), old.execute(_read(table)))
                counts[table] = int(new.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            _set_counters(target, new)
            last = old.execute("SELECT max(recorded_at) FROM site").fetchone()[0]
            target.touch_layer(new, last or "1970-01-01T00:00:00.000")
        before = seal_rows(old)
    with target.reading() as new:
        after = seal_rows(new)
    wrong = [table for table in TABLES if before[table] != after[table]]
    if wrong:
        raise LedgerError(f"搬移后内容不同:{'、'.join(wrong)}", place=target.name, remedy="请勿使用该副本")
    return counts


def _read(table: str) -> str:
    names = TABLES[table]
    return f"SELECT {', '.join(names)} FROM {table} ORDER BY {names[0]}"  # noqa: S608  # fixed names


def _set_counters(target: SqlLedger, base: Connection) -> None:
    """Let a server number new rows after the copied ones; SQLite does so by itself."""
    if not is_server_ledger(target):
        return
    for table in (table for table, names in TABLES.items() if names[0] == "fid"):
        base.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'fid'), max(fid)) FROM {table} HAVING max(fid) > 0"  # noqa: S608  # fixed names
        )


def is_server_ledger(ledger: SqlLedger, /) -> bool:
    """Return whether a ledger is kept on a server."""
    return type(ledger).__module__.endswith("postgis")


def seal_rows(base: Connection, /) -> dict[str, str]:
    """Return a fingerprint of each table's rows in their order; equal ledgers have equal ones."""
    return {table: _seal_table(base, table) for table in TABLES}


def _seal_table(base: Connection, table: str) -> str:
    seal = hashlib.sha256()
    for row in base.execute(_read(table)):
        plain = (value.hex() if isinstance(value, bytes) else value for value in row)
        seal.update(hash_values(plain).encode())
    return seal.hexdigest()


def copy_to_file(ledger: SqlLedger, path: str | Path, /) -> Path:
    """Write a ledger as a GeoPackage of its own, whole or not at all, and prove it.

    Raises
    ------
    LedgerError, PublishError
        The copy could not be written or does not verify.
    """

    def make(draft: Path) -> None:
        with open_ledger(draft, create=True) as copy:
            copy_ledger(ledger, copy)
            _refuse_faulty(copy)

    write_whole(Path(path), make)
    return Path(path)


def move_ledger(source: SqlLedger, place: str, /) -> dict[str, int]:
    """Copy a whole ledger to a file or a server, where no ledger may be yet.

    Raises
    ------
    LedgerError
        There is one, or the copy does not verify.
    """
    if not is_server(place):
        if Path(place).exists():
            raise LedgerError("文件已存在,不覆盖", place=place, remedy="请给出新的文件名,或先移开旧文件")
        copy_to_file(source, place)
        return source.count_rows()
    with open_ledger(place, create=True) as target:
        counts = copy_ledger(source, target)
        _refuse_faulty(target)
    return counts


def _refuse_faulty(ledger: SqlLedger) -> None:
    wrong = [finding for finding in ledger.verify() if finding.code != "ledger-unsafe"]
    if wrong:
        raise LedgerError(
            f"没有通过核验:{wrong[0].text}等 {len(wrong)} 处",
            place=ledger.name,
            remedy="请先用 ledger verify 查明",
        )


def back_up(ledger: SqlLedger, path: Path, /) -> Path:
    """Write a backup: a GeoPackage with all that the ledger holds, proved before it is put in place.

    Raises
    ------
    LedgerError, PublishError
        The ledger does not verify, a backup of that name is there, or the disk is full.
    """
    if path.exists():
        raise LedgerError("文件已存在,不覆盖", place=str(path), remedy="请给每份备份一个新名字,如写上日期")
    _refuse_faulty(ledger)
    return ledger.snapshot_to(path)


def restore(backup: Path, place: str, /, *, replace: bool = False) -> dict[str, int]:
    """Bring a backup back as the ledger; it is proved before and after.

    Parameters
    ----------
    backup
        What :func:`back_up` wrote.
    place
        Where the ledger shall be: a file, or a server's empty schema.
    replace
        Replace the file that is there. A server's ledger is never replaced.

    Raises
    ------
    MissingFileError, LedgerError, PublishError
        There is no backup, it does not verify, or a ledger is in its place.
    """
    with open_ledger(backup) as kept:
        _refuse_faulty(kept)
        if is_server(place):
            return move_ledger(kept, place)
        if Path(place).exists() and not replace:
            raise LedgerError(
                "已有台账,不覆盖", place=place, remedy="确需替换请加 --replace,并先备份现有台账"
            )
        _settle_journal(Path(place))
        kept.snapshot_to(place)
        counts = kept.count_rows()
    with open_ledger(place) as restored:
        _refuse_faulty(restored)
        if restored.count_rows() != counts:
            raise LedgerError("恢复后的台账与备份不同", place=place, remedy="请检查磁盘")
    return counts


def _settle_journal(path: Path) -> None:
    """Let a transaction that was cut off be rolled back now: its journal must not meet the new file."""
    if path.exists():
        with suppress(LedgerError), open_ledger(path) as old:
            old.count_rows()
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
