"""A power cut, simulated: what had not been forced to the disk is lost, wholly or in part.

    python benchmarks/reliability/power_cut.py               # 150 cuts each path; needs strace, no root
    python benchmarks/reliability/power_cut.py --cuts 10

The real commands run under strace. Their file operations are then replayed up to a random moment onto
an imagined disk: what was fsynced is there; of the writes after it a random subset, some torn at 512
bytes; of the renames, creations and removals in a folder a random beginning of those after the folder's
last fsync. On the result every acknowledged event must be found, and every output old or new. Two
controls (a ledger without fsync, a file replaced without fsync) show that the simulation finds losses.
Exit code 77 without strace.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab import Result, call, look, make_ledger, read_options, room, seal, warm_up, write_event

if TYPE_CHECKING:
    from collections.abc import Callable

SKIPPED = 77
CALLS = "openat,close,write,pwrite64,writev,lseek,fsync,fdatasync,ftruncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,dup,dup2,dup3,copy_file_range,sendfile,link,symlink"
SECTOR = 512
_LINE = re.compile(r"^\d+\s+(\w+)\((.*)\)\s+=\s+(-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass
class Inode:
    """A file's content that is on the disk for certain, and the changes that are not."""

    sure: bytearray = field(default_factory=bytearray)
    open: list[tuple[str, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        """Make all changes sure."""
        for change in self.open:
            self.apply(self.sure, change)
        self.open.clear()

    @staticmethod
    def apply(content: bytearray, change: tuple[str, int, bytes]) -> None:
        """Write, or set the length."""
        kind, place, body = change
        if kind == "length":
            del content[place:]
            content.extend(bytes(place - len(content)))
            return
        content.extend(bytes(max(0, place - len(content))))
        content[place : place + len(body)] = body

    def survive(self, dice: random.Random) -> bytes:
        """Return what a power cut leaves."""
        content = bytearray(self.sure)
        prefix = dice.random() < 0.3
        stop = dice.randrange(len(self.open) + 1)
        for number, change in enumerate(self.open):
            if prefix and number >= stop:
                break
            if not prefix and dice.random() < 0.5:
                continue
            kind, place, body = change
            if kind == "write" and len(body) > SECTOR and dice.random() < 0.15:
                torn = body[: SECTOR * dice.randrange(1, len(body) // SECTOR + 1)]
                self.apply(content, (kind, place, torn))
            else:
                self.apply(content, change)
        return bytes(content)


@dataclass
class Disk:
    """Files by path; the changes of each folder that its own fsync has not made sure yet."""

    base: str
    now: dict[str, Inode] = field(default_factory=dict)
    sure: dict[str, Inode] = field(default_factory=dict)
    pending: list[tuple[str, str, Inode | None]] = field(default_factory=list)
    said: bytes = b""

    def enter(self, path: str, inode: Inode | None) -> None:
        """Make a name point to a file, or to nothing."""
        if inode is None:
            self.now.pop(path, None)
        else:
            self.now[path] = inode
        self.pending.append((str(Path(path).parent), path, inode))

    def sync_folder(self, folder: str) -> None:
        """Make all changes of a folder sure."""
        for parent, path, inode in self.pending:
            if parent == folder:
                self._settle(path, inode)
        self.pending = [entry for entry in self.pending if entry[0] != folder]

    def _settle(self, path: str, inode: Inode | None) -> None:
        if inode is None:
            self.sure.pop(path, None)
        else:
            self.sure[path] = inode

    def survive(self, target: Path, dice: random.Random) -> None:
        """Write what a power cut leaves below another folder."""
        names = dict(self.sure)
        for folder in {parent for parent, _, _ in self.pending}:
            entries = [entry for entry in self.pending if entry[0] == folder]
            for _, path, inode in entries[: dice.randrange(len(entries) + 1)]:
                names.pop(path, None) if inode is None else names.__setitem__(path, inode)
        for path, inode in names.items():
            place = target / Path(path).relative_to(self.base)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(inode.survive(dice))


def unhex(text: str) -> bytes:
    r"""Return the bytes of strace's ``\x41\x42``."""
    return bytes.fromhex(text.replace("\\x", ""))


def trace(work: list[str], folder: Path) -> list[tuple[str, str, int]]:
    """Run this script's own work under strace and return its system calls: name, arguments, result."""
    log = folder.with_suffix(".strace")
    command = ["strace", "-f", "-y", "-xx", "-s", "40000000", "-e", f"trace={CALLS}", "-o", str(log)]
    done = subprocess.run(
        [*command, sys.executable, __file__, *work], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-500:] + done.stderr[-1500:])
    calls, halves = [], {}
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            whole = line.rstrip("\n")
            task, _, rest = whole.partition(" ")
            if whole.endswith("<unfinished ...>"):
                halves[task] = whole[: -len("<unfinished ...>")].rstrip()
                continue
            if "resumed>" in rest and task in halves:
                whole = halves.pop(task) + rest.split("resumed>", 1)[1].lstrip(",")
            match = _LINE.match(whole)
            if match and int(match[3]) >= 0:
                calls.append((match[1], match[2], int(match[3])))
    log.unlink()
    return calls


class Replay:
    """Plays system calls onto an imagined disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.files: dict[int, tuple[str, Inode]] = {}
        self.folders: dict[int, str] = {}
        self.places: dict[int, int] = {}

    def play(self, name: str, words: str, result: int) -> None:
        """Do one call."""
        handle = int(found[0]) if (found := re.match(r"\d+", words)) else -1
        if name in ("write", "pwrite64") and handle in self.files:
            self._write(name, words, handle, result)
        elif name == "write" and handle == 1:
            self.disk.said += b"".join(unhex(part) for part in _TEXT.findall(words))[:result]
        elif name in ("fsync", "fdatasync"):
            if handle in self.files:
                self.files[handle][1].sync()
            elif handle in self.folders:
                self.disk.sync_folder(self.folders[handle])
        elif name == "lseek":
            self.places[handle] = result
        elif name == "ftruncate" and handle in self.files:
            self.files[handle][1].open.append(("length", int(words.rsplit(",", 1)[1]), b""))
        elif name == "close":
            self.files.pop(handle, None)
            self.folders.pop(handle, None)
        elif name in ("openat", "unlink", "unlinkat", "rename", "renameat", "renameat2"):
            self._name(name, words, result)
        elif handle in self.files and name == "sendfile":
            self._copy(words, handle, result)
        elif handle in self.files and name in ("writev", "fallocate", "copy_file_range", "dup", "dup2"):
            raise NotImplementedError(name)

    def _write(self, name: str, words: str, handle: int, result: int) -> None:
        body = b"".join(unhex(part) for part in _TEXT.findall(words))[:result]
        place = int(words.rsplit(",", 1)[1]) if name == "pwrite64" else self.places.get(handle, 0)
        self.files[handle][1].open.append(("write", place, body))
        if name == "write":
            self.places[handle] = place + result

    def _copy(self, words: str, handle: int, result: int) -> None:
        """A whole file handed over within the system: ``sendfile(to, from, [offset] => [end], count)``."""
        source = unhex(re.findall(r"<((?:\\x[0-9a-f]{2})+)>", words)[1]).decode()
        start = int(found[1]) if (found := re.search(r"\[(\d+)\]", words)) else 0
        inode = self.disk.now.get(source)
        if inode is None:
            body = Path(source).read_bytes()
        else:
            whole = Inode(bytearray(inode.sure), list(inode.open))
            whole.sync()
            body = bytes(whole.sure)
        place = self.places.get(handle, 0)
        self.files[handle][1].open.append(("write", place, body[start : start + result]))
        self.places[handle] = place + result

    def _name(self, name: str, words: str, result: int) -> None:
        paths = [unhex(part).decode() for part in _TEXT.findall(words)]
        anchors = [unhex(part).decode() for part in re.findall(r"<((?:\\x[0-9a-f]{2})+)>", words)]
        if name in ("unlinkat", "openat") and paths and not paths[0].startswith("/") and anchors:
            paths[0] = f"{anchors[0]}/{paths[0]}"
        if not paths or not paths[0].startswith(self.disk.base):
            self.files.pop(result, None)
            return
        path = paths[0]
        if name == "openat":
            self._open(path, words, result)
        elif name.startswith("rename"):
            inode = self.disk.now.get(path)
            if inode is not None:
                self.disk.enter(paths[1], inode)
                self.disk.enter(path, None)
        elif "AT_REMOVEDIR" not in words:
            self.disk.enter(path, None)

    def _open(self, path: str, words: str, handle: int) -> None:
        self.places[handle] = 0
        if "O_DIRECTORY" in words or (path not in self.disk.now and "O_CREAT" not in words):
            self.folders[handle] = path
            return
        if path not in self.disk.now:
            self.disk.enter(path, Inode())
        inode = self.disk.now[path]
        if "O_TRUNC" in words:
            inode.open.append(("length", 0, b""))
        self.files[handle] = (path, inode)


def cut(
    work: str,
    prepare: Callable[[Path], None],
    check: Callable[[Path, str, str], list[str]],
    *,
    cuts: int,
    seed: int,
) -> tuple[int, list[str], int]:
    """Return how many cuts lost something, what, and how many file operations there were."""
    dice = random.Random(f"{work}{seed}")
    bad, told = 0, []
    with room() as outer:
        folder = outer / "disk"
        folder.mkdir()
        prepare(folder)
        begin = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        calls = trace(["work", work, str(folder)], folder)
        first = next(
            k
            for k, entry in enumerate(calls)
            if str(folder) in unhex("".join(_TEXT.findall(entry[1])[:1])).decode("utf-8", "replace")
        )
        all_said = play(calls, folder, begin).said.decode()
        moments = sorted(dice.randrange(first, len(calls) + 1) for _ in range(cuts))
        for number, moment in enumerate(moments):
            disk = play(calls[:moment], folder, begin)
            left = outer / f"left{number}"
            left.mkdir()
            disk.survive(left, dice)
            faults = check(left, disk.said.decode("utf-8", "replace"), all_said)
            bad += bool(faults)
            told += [f"cut {number}: {fault}" for fault in faults]
            shutil.rmtree(left)
    return bad, told, len(calls) - first


def play(calls: list[tuple[str, str, int]], folder: Path, begin: dict[Path, bytes]) -> Disk:
    """Return the imagined disk after some calls."""
    disk = Disk(str(folder))
    for path, content in begin.items():
        disk.now[str(path)] = disk.sure[str(path)] = Inode(bytearray(content))
    replay = Replay(disk)
    for entry in calls:
        replay.play(*entry)
    return disk


# ------------------------------------------------------------------ what is done, and what must hold
EVENTS = 12


def work_events(folder: Path) -> None:
    """Record events by the command line."""
    for number in range(EVENTS):
        write_event(folder / "l.gpkg", f"p{number}")


def work_import(folder: Path) -> None:
    """Import a table."""
    from renewal_gis import toytown

    plan = Path(toytown.__file__).parent / "data" / "toytown.toml"
    words = ("--programme", "old_compound", "--plan", plan, "--ledger", folder / "l.gpkg", "--by", "试验")
    call("ledger", "import", folder / "小区.csv", *words)


def work_export(folder: Path) -> None:
    """Export over older files in four formats."""
    for suffix in (".csv", ".gpkg", ".parquet", ".shp.zip"):
        call("ledger", "export", "--ledger", folder / "l.gpkg", "-o", folder / f"sites{suffix}")


def work_loose_ledger(folder: Path) -> None:
    """The control: SQLite without fsync."""
    with contextlib.closing(sqlite3.connect(folder / "l.gpkg", isolation_level=None)) as base:
        base.execute("PRAGMA synchronous=OFF")
        for number in range(EVENTS):
            base.execute("INSERT INTO ledger_meta (name, value) VALUES (?, ?)", (f"p{number}", "x" * 3000))
            print(f"ok p{number}", flush=True)


def work_loose_file(folder: Path) -> None:
    """The control: a file replaced in one step, but without fsync."""
    for number in range(EVENTS):
        draft = folder / "draft"
        draft.write_bytes(f"{number:04d}\n".encode() * 4000)
        draft.replace(folder / "file.txt")
        print(f"ok {number}", flush=True)


def prepare_ledger(folder: Path) -> None:
    """Make a ledger, a county's table, and old outputs of other content."""
    from kill import write_sheet

    make_ledger(folder / "l.gpkg")
    write_sheet(folder / "小区.csv", households=100, rows=200)
    old = folder.parent / "old.gpkg"
    make_ledger(old, name="旧")
    with contextlib.redirect_stdout(io.StringIO()):
        for suffix in (".csv", ".gpkg", ".parquet", ".shp.zip"):
            call("ledger", "export", "--ledger", old, "-o", folder / f"sites{suffix}")
    (folder / "file.txt").write_bytes(b"old\n" * 5000)


def check_events(left: Path, said: str, _all: str) -> list[str]:
    """Every event that was answered is there, and the ledger is sound."""
    ids, faults = look(left / "l.gpkg")
    lost = {line[3:] for line in said.splitlines() if line.startswith("ok ")} - set(ids)
    return [*faults, *([f"{len(lost)} acknowledged events lost"] if lost else [])]


def check_import(left: Path, said: str, _all: str) -> list[str]:
    """All rows or none; all if it was answered."""
    _, faults = look(left / "l.gpkg")
    with contextlib.closing(sqlite3.connect(left / "l.gpkg")) as base:
        count = base.execute("SELECT count(*) FROM site WHERE site_id LIKE 'K-%'").fetchone()[0]
    if count not in (0, 200) or (said.startswith("小区.csv") and count != 200):
        faults.append(f"{count} rows of 200, told: {said[:30]!r}")
    return faults


class CheckExport:
    """Each output is the old or the new one; the new one if it was answered."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, str]] = {}

    def prepare(self, folder: Path) -> None:
        """Make the folder, and learn both versions of each output."""
        prepare_ledger(folder)
        other = folder.parent / "new"
        other.mkdir()
        shutil.copy(folder / "l.gpkg", other / "l.gpkg")
        with contextlib.redirect_stdout(io.StringIO()):
            work_export(other)
        for path in folder.glob("sites.*"):
            self.known[path.name] = (seal(path), seal(other / path.name))

    def __call__(self, left: Path, said: str, _all: str) -> list[str]:
        """Compare."""
        told = {Path(line[3:]).name for line in said.splitlines() if line.startswith("ok ")}
        faults = []
        for name, (old, new) in self.known.items():
            found = seal(left / name)
            if found not in ((new,) if name in told else (old, new)):
                faults.append(f"{name} is {'not the new one' if name in told else 'neither old nor new'}")
        return faults


def check_loose_ledger(left: Path, said: str, _all: str) -> list[str]:
    """As for events."""
    acknowledged = {line[3:] for line in said.splitlines() if line.startswith("ok ")}
    try:
        with contextlib.closing(sqlite3.connect(left / "l.gpkg")) as base:
            found = {name for (name,) in base.execute("SELECT name FROM ledger_meta")}
            sound = base.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if sound == "ok" and acknowledged <= found else ["lost"]


def check_loose_file(left: Path, said: str, _all: str) -> list[str]:
    """The file is one of those that were written, not older than the last answer."""
    path = left / "file.txt"
    content = path.read_bytes() if path.is_file() else b""
    answered = [int(line[3:]) for line in said.splitlines() if line.startswith("ok ")]
    versions = [b"old\n" * 5000, *(f"{number:04d}\n".encode() * 4000 for number in range(EVENTS))]
    if content not in versions:
        return ["neither old nor new"]
    return [] if not answered or versions.index(content) - 1 >= max(answered) else ["older than answered"]


def main() -> int:
    """Cut every path."""
    options = read_options(__doc__ or "", cuts=150, seed=1)
    if shutil.which("strace") is None:
        print("strace is not installed")
        return SKIPPED
    warm_up()
    exports = CheckExport()
    paths = {
        "events": (prepare_ledger, check_events, True),
        "import": (prepare_ledger, check_import, True),
        "export": (exports.prepare, exports, True),
        "loose_ledger": (prepare_ledger, check_loose_ledger, False),
        "loose_file": (prepare_ledger, check_loose_file, False),
    }
    result = Result("power cut")
    for name in options.only.split(",") if options.only else paths:
        prepare, check, ours = paths[name]
        bad, told, count = cut(name, prepare, check, cuts=options.cuts, seed=options.seed)
        result.figures[name] = f"{options.cuts - bad}/{options.cuts} whole, {count} operations"
        if ours:
            result.faults += [f"{name}: {fault}" for fault in told]
        else:
            result.expect(bad, f"{name}: the control lost nothing, so the simulation proves nothing")
    return result.tell()


WORKS = {
    "events": work_events,
    "import": work_import,
    "export": work_export,
    "loose_ledger": work_loose_ledger,
    "loose_file": work_loose_file,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        WORKS[sys.argv[2]](Path(sys.argv[3]))
        sys.exit(0)
    sys.exit(main())
