"""A disk of 16 MB that is full: never success with an unreadable file, no leftovers, the ledger intact.

    python benchmarks/reliability/disk_full.py               # mounts a tmpfs: needs root
    python benchmarks/reliability/disk_full.py --limit 12000    # instead a limit on the size of any file, in bytes

Exit code 77 where mounting is not allowed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from lab import Forked as _Forked
from lab import (
    Result,
    call,
    list_leftovers,
    look,
    make_ledger,
    read_options,
    room,
    seal,
    warm_up,
    write_event,
)

if TYPE_CHECKING:
    from pathlib import Path

SKIPPED = 77
SIZE_MB = 16
SUFFIXES = (".csv", ".xlsx", ".geojson", ".gpkg", ".parquet", ".shp.zip")


def is_readable(path: Path) -> bool:
    """Return whether a file of sites reads back, with its twelve rows."""
    import csv
    import io
    import json
    import zipfile

    import geopandas as gpd
    import openpyxl

    name = path.name
    if name.endswith(".csv"):
        return len(list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))) == 13
    if name.endswith(".xlsx"):
        return openpyxl.load_workbook(path).active.max_row == 13
    if name.endswith(".geojson"):
        return len(json.loads(path.read_text(encoding="utf-8"))["features"]) == 12
    if name.endswith(".zip"):
        return zipfile.ZipFile(path).testzip() is None
    return len(gpd.read_parquet(path) if name.endswith(".parquet") else gpd.read_file(path)) == 12


def fill(folder: Path, *, free: int) -> Path:
    """Take all space but ``free`` bytes."""
    stone = folder / "stone"
    space = os.statvfs(folder)
    stone.write_bytes(b"\0" * max(0, space.f_bavail * space.f_frsize - free))
    return stone


def try_exports(result: Result, ledger: Path, disk: Path, *, free: int, limit: int) -> None:
    """Export over an old file in each format."""
    for suffix in SUFFIXES:
        target = disk / f"out/sites{suffix}"
        before = seal(target)
        child = _Forked(lambda target=target: _limited(limit, "export", ledger, target), scratch=disk)
        code = child.finish(kill=False)
        told = any(line.startswith("ok ") for line in child.lines())
        result.expect("Traceback" not in child.said.decode(errors="replace"), f"{suffix} {free}: traceback")
        result.expect(code != 3, f"{suffix} {free}: {child.said[-300:]!r}")
        result.expect(not told or is_readable(target), f"{suffix} {free}: told as done and not readable")
        result.expect(told or seal(target) == before, f"{suffix} {free}: refused, and yet changed")
        result.expect(told == (code == 0), f"{suffix} {free}: exit code {code}, said ok: {told}")
        result.figures["done" if told else "refused"] = (
            int(result.figures.get("done" if told else "refused", 0)) + 1
        )  # type: ignore[call-overload]


def _limited(limit: int, verb: str, ledger: Path, target: Path) -> None:
    import resource

    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        os._exit(call("ledger", verb, "--ledger", ledger, "-o", target))
    except Exception as error:  # noqa: BLE001  # anything but a refusal is what is looked for
        sys.stdout.write(f"FAILED {type(error).__name__}: {error}\n")
        os._exit(3)


def try_events(result: Result, ledger: Path, *, limit: int) -> None:
    """Record events until the disk takes no more, and one after it has space again."""
    before = set(look(ledger)[0])

    def write_all() -> None:
        import resource

        if limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for number in range(2000):
            if write_event(ledger, f"full-{limit}-{number}") != 0:
                break

    child = _Forked(write_all)
    child.finish(kill=False)
    result.expect("FAILED" not in child.said.decode(errors="replace"), f"events: {child.said[-300:]!r}")
    acknowledged = {line[3:] for line in child.lines() if line.startswith("ok ")}
    result.figures["acknowledged"] = len(acknowledged)
    result.figures["events_refused"] = "错误" in child.said.decode(errors="replace")
    ids, faults = look(ledger)
    result.expect(not faults, f"the ledger: {faults}")
    result.expect(set(ids) == before | acknowledged, "events lost, or there without an answer")


def run_on(disk: Path, *, limit: int) -> Result:
    """Fill the disk to several degrees and write."""
    result = Result("disk full" if not limit else "file size limited")
    (disk / "out").mkdir()
    ledger = disk / "l.gpkg"
    make_ledger(ledger)
    for suffix in SUFFIXES:
        _Forked(
            lambda suffix=suffix: call(
                "ledger", "export", "--ledger", ledger, "-o", disk / f"out/sites{suffix}"
            )
        ).finish(kill=False)
    for free in (0, 4096, 20_000, 70_000, 150_000) if not limit else (limit,):
        stone = fill(disk, free=free) if not limit else None
        try_exports(result, ledger, disk, free=free, limit=limit)
        if stone is not None:
            stone.unlink()
    stone = fill(disk, free=60_000) if not limit else None
    try_events(result, ledger, limit=limit and ledger.stat().st_size + 50_000)
    if stone is not None:
        stone.unlink()
    result.expect(
        _Forked(lambda: write_event(ledger, "after")).finish(kill=False) == 0,
        "not to be written to afterwards",
    )
    left = list_leftovers(disk)
    result.expect(not left, f"{len(left)} leftovers, such as {left[:3]}")
    return result


def main() -> int:
    """Run on a tmpfs, or under a limit."""
    options = read_options(__doc__ or "", limit=0)
    warm_up()
    with room() as folder:
        if options.limit:
            return _run_limited(folder / str(options.limit), options.limit)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode != 0:
            print(f"mounting is not allowed: {mounted.stderr.strip()}")
            return SKIPPED
        try:
            return run_on(folder, limit=0).tell()
        finally:
            subprocess.run(["umount", str(folder)], check=True)


def _run_limited(folder: Path, size: int) -> int:
    folder.mkdir()
    return run_on(folder, limit=size).tell()


if __name__ == "__main__":
    sys.exit(main())
