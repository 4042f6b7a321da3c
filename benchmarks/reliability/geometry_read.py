"""Reading geometry while a write transaction is open in the same process.

    python benchmarks/reliability/geometry_read.py

Each way of reading is tried while this process holds the ledger's write lock; then another process
asks for the lock. It must be refused, and after the commit nothing may be lost. The raw ways (GDAL on
the live file, or plain ``open`` and ``close``) are tried as well, to show that they drop the lock: a
closed descriptor takes all POSIX locks of its process along.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import warnings
from typing import TYPE_CHECKING

from lab import Result, look, make_ledger, read_options, room

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTRUDER = """
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], timeout=0.2, isolation_level=None)
try:
    base.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    print("refused")
else:
    base.execute("ROLLBACK")
    print("let in")
"""


def read_raw_pyogrio(path: Path, _book: object) -> None:
    """GDAL on the live ledger."""
    import geopandas as gpd

    gpd.read_file(path, layer="site", engine="pyogrio")


def read_raw_fiona(path: Path, _book: object) -> None:
    """GDAL on the live ledger, through the other library."""
    import fiona

    with fiona.open(path, layer="site") as layer:
        list(layer)


def read_raw_bytes(path: Path, _book: object) -> None:
    """Hash the live ledger."""
    path.read_bytes()


def read_own(_path: Path, book: object) -> None:
    """The sites as the ledger gives them, with geometry."""
    if len(book.sites().geometry.dropna()) != 11:  # type: ignore[attr-defined]
        raise ArithmeticError("geometry missing")


def read_own_twice(path: Path, _book: object) -> None:
    """A second ledger object in the same process reads the sites."""
    from renewal_gis.ledger import open_ledger

    with open_ledger(path) as other:
        read_own(path, other)


def read_snapshot(path: Path, _book: object) -> None:
    """GDAL, pyogrio and fiona, on a snapshot."""
    from renewal_gis.ledger import open_ledger

    with open_ledger(path) as other:
        copy = other.snapshot_to(path.with_name("snapshot.gpkg"))
    read_raw_pyogrio(copy, None)
    read_raw_fiona(copy, None)


def read_manifest(path: Path, _book: object) -> None:
    """What a build says of the ledger in its manifest."""
    from renewal_gis.publish import describe_ledger

    describe_ledger(path, path.parent)


OURS = (read_own, read_own_twice, read_snapshot, read_manifest)
RAW = (read_raw_pyogrio, read_raw_fiona, read_raw_bytes)


def try_reading(read: Callable[[Path, object], None]) -> tuple[bool, bool]:
    """Return whether the lock was kept, and whether all is there after the commit."""
    import subprocess

    from renewal_gis.ledger import open_ledger

    with room() as folder:
        ledger = folder / "l.gpkg"
        make_ledger(ledger)
        before = len(look(ledger)[0])
        with (
            open_ledger(ledger) as book,
            contextlib.closing(sqlite3.connect(ledger, isolation_level=None)) as pen,
        ):
            pen.execute("PRAGMA synchronous=EXTRA")
            pen.execute("BEGIN IMMEDIATE")
            pen.execute("INSERT INTO ledger_meta (name, value) VALUES ('trial', '1')")
            read(ledger, book)
            command = [sys.executable, "-c", INTRUDER, str(ledger)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            pen.execute("COMMIT")
            kept = pen.execute("SELECT count(*) FROM ledger_meta WHERE name = 'trial'").fetchone()[0] == 1
        ids, faults = look(ledger)
        return said == "refused", kept and not faults and len(ids) == before


def main() -> int:
    """Try every way of reading."""
    options = read_options(__doc__ or "", rounds=3)
    warnings.simplefilter("ignore")
    result = Result("geometry read")
    for read in (*OURS, *RAW):
        tries = [try_reading(read) for _ in range(options.rounds)]
        kept = sum(lock for lock, _ in tries)
        result.figures[read.__name__] = f"lock kept {kept}/{len(tries)}"
        if read in OURS:
            result.expect(kept == len(tries), f"{read.__name__} drops the lock")
            result.expect(all(whole for _, whole in tries), f"{read.__name__}: something is lost")
        else:
            # if this ever holds, the rule that GDAL never opens the live ledger can be thought over
            result.expect(kept < len(tries), f"{read.__name__} was expected to drop the lock, and kept it")
    return result.tell()


if __name__ == "__main__":
    sys.exit(main())
