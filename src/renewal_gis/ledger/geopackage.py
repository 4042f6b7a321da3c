"""The ledger in one GeoPackage file, written through sqlite3 only.

GDAL must never open the live file: inside a process that holds a transaction it drops SQLite's
locks, and changes that were acknowledged are lost. Other programs get a snapshot.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.errors import LedgerError, MissingFileError
from renewal_gis.files import make_folder, stand_in_line, write_whole
from renewal_gis.findings import Report
from renewal_gis.ledger.container import APPLICATION_ID, create_tables, upgrade_tables
from renewal_gis.ledger.core import SqlLedger
from renewal_gis.ledger.proofs import verify_end
from renewal_gis.ledger.rtree import register_functions
from renewal_gis.ledger.tables import APPEND_ONLY, FORMAT, SEALED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renewal_gis.ledger.writing import Connection

BUSY_MS = 30_000
"""How long a writer waits for another."""


def open_file(path: str | Path, /, *, create: bool = False) -> GeoPackageLedger:
    """Return the ledger in a file.

    Parameters
    ----------
    path
        ``.gpkg`` file.
    create
        Make it if it is not there.

    Raises
    ------
    MissingFileError
        There is none and ``create`` is not set.
    LedgerError
        The file is something else, damaged, or from a later version.
    """
    path = Path(path)
    if not path.exists() and not create:
        raise MissingFileError("找不到台账", place=str(path), remedy="先用 ledger init 建立台账")
    if create:
        make_folder(path.parent)
    try:
        base = _connect(path)
    except sqlite3.Error as error:
        raise LedgerError(
            f"台账无法打开:{error}", place=str(path), remedy="请核对路径和权限,或用备份恢复"
        ) from error
    try:
        if create and base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            with _hold_lock(base):
                create_tables(base)
        _check_kind(base, path)
    except sqlite3.DatabaseError as error:
        base.close()
        busy = "locked" in str(error) or "busy" in str(error)
        raise LedgerError(
            "台账正被占用" if busy else f"台账无法打开:{error}",
            place=str(path),
            remedy="请稍后重试" if busy else "请用备份恢复,或换一个路径",
        ) from error
    except LedgerError:
        base.close()
        raise
    return GeoPackageLedger(path, base)


def _connect(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
    base.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    base.execute("PRAGMA synchronous=EXTRA")
    base.execute("PRAGMA foreign_keys=ON")
    register_functions(base)
    return base


def _check_kind(base: sqlite3.Connection, path: Path) -> None:
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if base.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID or "ledger_meta" not in tables:
        raise LedgerError("不是本软件的台账", place=str(path), remedy="请给出 ledger init 建立的 .gpkg")
    found = base.execute("SELECT value FROM ledger_meta WHERE name = 'format'").fetchone()
    if found == ("1",):
        with _hold_lock(base):
            # another program may have done it while we waited
            if base.execute("SELECT value FROM ledger_meta WHERE name = 'format'").fetchone() == ("1",):
                upgrade_tables(base)
    elif found is None or found[0] != FORMAT:
        raise LedgerError(
            f"台账版本为 {found and found[0]},本软件为 {FORMAT}", place=str(path), remedy="请升级本软件"
        )
    if base.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
        # another program may have switched it; a write-ahead log is not safe on shared folders
        base.execute("PRAGMA journal_mode=DELETE")


@contextlib.contextmanager
def _hold(base: sqlite3.Connection, begin: str, failure: str) -> Iterator[sqlite3.Connection]:
    """Run what is inside as one transaction; SQLite's own errors never reach the caller."""
    try:
        base.execute(begin)
    except sqlite3.Error as error:
        raise LedgerError(f"台账正被占用或无法读取:{error}", remedy="请稍后重试") from error
    try:
        yield base
        base.execute("COMMIT")
    except BaseException as error:
        with contextlib.suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise LedgerError(
                f"{failure}:{error}", remedy="请检查磁盘空间和权限后重试;台账保持原样"
            ) from error
        raise


def _hold_lock(base: sqlite3.Connection) -> contextlib.AbstractContextManager[sqlite3.Connection]:
    return _hold(base, "BEGIN IMMEDIATE", "台账没有写入")


class GeoPackageLedger(SqlLedger):
    """A ledger in a file; see :class:`renewal_gis.ledger.base.Ledger`."""

    def __init__(self, path: Path, base: sqlite3.Connection) -> None:
        super().__init__(name=str(path))
        self.path = path
        self._file = base
        self._inode = path.stat().st_ino

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; what is written inside is kept whole or not at all."""
        # SQLite's waiters poll and may starve: the line keeps the turns fair, the lock keeps the ledger safe
        turn = stand_in_line(f"ledger-{self._inode}", wait_s=BUSY_MS / 1000)
        with turn, _hold_lock(self._file) as base:
            # a restored backup is another file of the same name: what is written into the old one is lost
            if not self.path.exists() or self.path.stat().st_ino != self._inode:
                raise LedgerError("台账文件已被替换或移走", place=self.name, remedy="请重新打开后再试")
            yield base

    def reading(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        """See one state of the ledger, whatever others write meanwhile."""
        return _hold(self._file, "BEGIN", "台账没有读出")

    def touch_layer(self, base: Connection, moment: str, /) -> None:
        """Keep the layer's bounds, to which other programs zoom."""
        bounds = base.execute(
            "SELECT min(ST_MinX(geom)), min(ST_MinY(geom)), max(ST_MaxX(geom)), max(ST_MaxY(geom)) FROM site"
        ).fetchone()
        base.execute(
            "UPDATE gpkg_contents SET last_change = ?, min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = 'site'",
            (moment[:23] + "Z", *bounds),
        )

    def check_storage(self, base: Connection, /) -> Report:
        """Return damage, missing triggers and rows that are missing at the end."""
        report = Report()
        sound = base.execute("PRAGMA integrity_check").fetchone()[0]
        if sound != "ok":
            report.add("ledger-damaged", value=str(sound)[:80])
            return report
        triggers = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        for table in APPEND_ONLY:
            for verb in ("update", "delete"):
                if f"{table}_no_{verb}" not in triggers:
                    report.add("ledger-unguarded", value=f"{table}_no_{verb}")
        given = dict(base.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        for table in SEALED:
            last = base.execute(f"SELECT max(seq) FROM {table}").fetchone()[0]  # noqa: S608  # fixed names
            verify_end(report, given.get(table, 0), last or 0)
        return report

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def snapshot_to(self, path: str | Path, /) -> Path:
        """Write a consistent copy, whole or not at all, for QGIS and other programs.

        Raises
        ------
        LedgerError, PublishError
            The copy could not be written, or does not pass SQLite's own check.
        """
        write_whole(Path(path), self._copy_to)
        return Path(path)

    def _copy_to(self, draft: Path) -> None:
        try:
            with contextlib.closing(sqlite3.connect(draft)) as copy:
                self._file.backup(copy)
                sound = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            raise LedgerError(
                f"副本没有写成:{error}", place=draft.name, remedy="请检查磁盘空间和权限"
            ) from error
        if sound != "ok":
            raise LedgerError("副本没有通过检查", place=draft.name, remedy="请检查磁盘后重试")
