"""What the suites share: the real command line in a process of its own, ledgers to try it on, one line of result."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY, BY = "2021-10-08", "试验"


@dataclass
class Result:
    """What a suite found: figures, and faults that make it fail."""

    name: str
    figures: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def expect(self, holds: object, fault: str) -> None:
        """Keep a fault unless the condition holds."""
        if not holds:
            self.faults.append(fault)

    def tell(self) -> int:
        """Print one line of JSON and return the exit code."""
        shown = {"suite": self.name, **self.figures, "faults": self.faults[:10], "ok": not self.faults}
        print(json.dumps(shown, ensure_ascii=False), flush=True)
        return 1 if self.faults else 0


def read_options(text: str, **numbers: float) -> argparse.Namespace:
    """Read ``--name N`` for each number, and ``--only A,B``."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument(
        "--server", default="", help="postgresql://… : a ledger on a server instead of a file"
    )
    parser.add_argument("--only", default="", help="names of the paths, with commas; all if absent")
    return parser.parse_args()


def warm_up() -> None:
    """Import what the commands need, so that a forked command spends its time on its work."""
    import renewal_gis.cli
    import renewal_gis.ledger.history
    import renewal_gis.pipeline.desk
    import renewal_gis.pipeline.survey
    import renewal_gis.publish
    import renewal_gis.render.exports

    with contextlib.suppress(ImportError):
        import renewal_gis.render.charts
        import renewal_gis.render.layers
        import renewal_gis.render.office
        import renewal_gis.render.printmap
        import renewal_gis.render.webmap.pages  # noqa: F401


def call(*words: object) -> int:
    """Run one command in this process and return its exit code."""
    from renewal_gis.cli import main

    try:
        code = main.main([str(word) for word in words], standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    return code if isinstance(code, int) else 0


def run(*words: object, **how: object) -> subprocess.CompletedProcess[str]:
    """Run one command as a user does, in a new process."""
    command = [sys.executable, "-m", "renewal_gis", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload]


class Forked:
    """A process forked from this one, with everything imported, that does some work; what it says is kept."""

    def __init__(self, work: Callable[[], object], *, scratch: Path | None = None) -> None:
        self._read, write = os.pipe()
        self.said = b""
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._work(work, write, scratch)
        os.close(write)

    def _work(self, work: Callable[[], object], write: int, scratch: Path | None) -> None:
        try:
            os.dup2(write, 1)
            os.dup2(write, 2)
            sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", 0), write_through=True, encoding="utf-8")
            sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", 0), write_through=True, encoding="utf-8")
            if scratch is not None:
                tempfile.tempdir = str(scratch)
            work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, the parent shall read it
            os.write(write, f"FAILED {type(error).__name__}: {error}\n".encode())
            os._exit(3)
        os._exit(0)

    def wait_for(self, word: bytes, *, seconds: float = 60.0) -> bool:
        """Wait until it has said a word, or has ended; False if it never said it."""
        import select

        end = time.monotonic() + seconds
        while word not in self.said and time.monotonic() < end:
            ready, _, _ = select.select([self._read], [], [], 0.05)
            if ready:
                part = os.read(self._read, 65536)
                if not part:
                    break
                self.said += part
        return word in self.said

    def finish(self, *, kill: bool) -> int:
        """Kill it or let it end, read the rest of what it said, and return how it ended."""
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 9)
        while part := os.read(self._read, 65536):
            self.said += part
        os.close(self._read)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def lines(self) -> list[str]:
        """Return what it said, without a last line that was cut."""
        text = self.said.decode("utf-8", "replace")
        return text[: text.rfind("\n") + 1].splitlines()


def choose_place(folder: Path, server: str) -> str:
    """Return where a new ledger shall be: a file, or a schema of its own on a server."""
    if not server:
        return str(folder / "l.gpkg")
    mark = "&" if "?" in server else "?"
    return f"{server}{mark}schema=trial{os.getpid()}{folder.name[-6:].lower().replace('_', 'x')}"


def make_ledger(path: Path | str, *, name: str = "") -> None:
    """Make the toy town's ledger; ``name`` marks the sites, so that two ledgers differ."""
    from renewal_gis import toytown
    from renewal_gis.ledger import open_ledger

    sites = toytown.make_sites()
    sites["notes"] = name
    at = "2021-10-08T09:00:00+08:00"
    with open_ledger(path, create=True) as book:
        book.set_plan(toytown.make_plan(), at=at, by=BY)
        book.import_sites(sites, at=at, by=BY)
        book.import_events(toytown.make_events(), at=at, by=BY)


def write_event(ledger: Path | str, key: str, *, site: str = "A-09") -> int:
    """Record a note through the command line; it says ``ok <id>`` once the note is durable."""
    words = ("--site", site, "--note", "核查", "--date", DAY, "--by", BY, "--key", key)
    return call("ledger", "event", "--ledger", ledger, *words)


def look(ledger: Path | str) -> tuple[list[str], list[str]]:
    """Return the ids of all events, and what is wrong with the ledger by its own proof."""
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger) as book:
        # a trial's server may run without fsync: that is its owner's choice, and told elsewhere
        faults = [finding.text for finding in book.verify() if finding.code != "ledger-unsafe"]
        ids = [str(number) for number in book.events().index]
    if "://" not in str(ledger):
        with contextlib.closing(sqlite3.connect(ledger)) as base:
            sound = base.execute("PRAGMA integrity_check").fetchone()[0]
            faults += [] if sound == "ok" else [str(sound)[:200]]
    return ids, faults


def seal(path: Path) -> str:
    """Return the fingerprint of a file, or nothing if it is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def list_leftovers(*folders: Path) -> list[str]:
    """Return drafts and private copies that lie about."""
    found = []
    for folder in folders:
        for pattern in (".writing-*", "intake-*", "*-journal", "tmp*"):
            found += [str(path) for path in folder.rglob(pattern)]
    return sorted(found)


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """Lend an empty folder."""
    with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
        yield Path(folder)


def peak_of(command: list[str], **how: object) -> tuple[float, float, subprocess.CompletedProcess[bytes]]:
    """Run a command and return its seconds, and the peak of memory of it and its children together, in MB."""
    start, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **how)  # type: ignore[call-overload]
        while process.poll() is None:
            peak = max(peak, sum(_resident_mb(pid) for pid in _family(process.pid)))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        out.seek(0)
        done = subprocess.CompletedProcess(command, process.returncode, out.read(), b"")
    return seconds, peak, done


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _resident_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0
