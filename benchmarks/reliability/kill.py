"""SIGKILL at random moments while events, imports, exports and whole builds are written.

    python benchmarks/reliability/kill.py                        # 200 kills each path
    python benchmarks/reliability/kill.py --kills 5 --only event,import --server postgresql://user@/base

Nothing that was answered with ``ok`` may be lost, nothing may be half there, every output is the old
or the new one, and what a killed run leaves behind is gone after the next run.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from lab import (
    Forked,
    Result,
    call,
    choose_place,
    list_leftovers,
    look,
    make_ledger,
    read_options,
    room,
    seal,
    warm_up,
    write_event,
)

SUFFIXES = (".csv", ".xlsx", ".geojson", ".gpkg", ".parquet", ".shp.zip")


def kill_events(kills: int, dice: random.Random, *, server: str = "") -> Result:
    """Kill a process that records one event after the other."""
    result = Result("kill event" + (" on a server" if server else ""))
    with room() as folder:
        ledger = choose_place(folder, server)
        make_ledger(ledger)
        known = len(look(ledger)[0])
        acknowledged: set[str] = set()
        unanswered = 0
        for number in range(kills):
            names = (f"k{number}-{k}" for k in range(10_000))
            child = Forked(lambda names=names: [write_event(ledger, name) for name in names])
            child.wait_for(b"ok ")
            time.sleep(dice.random() * 0.06)
            child.finish(kill=True)
            fresh = {line[3:] for line in child.lines() if line.startswith("ok ")}
            result.expect(
                not any("FAILED" in line for line in child.lines()), f"{number}: {child.said[-200:]!r}"
            )
            acknowledged |= fresh
            ids, faults = look(ledger)
            lost = acknowledged - set(ids)
            result.expect(not lost, f"{number}: {len(lost)} acknowledged events lost")
            result.expect(not faults, f"{number}: {faults}")
            # one may have been durable before its answer came out
            beyond = len(ids) - known - len(fresh)
            result.expect(0 <= beyond <= 1, f"{number}: {beyond} events that nobody asked for")
            unanswered += beyond
            known = len(ids)
        Forked(lambda: write_event(ledger, "last")).finish(kill=False)
        leftovers = list_leftovers(folder)
        result.expect(not leftovers, f"leftovers {leftovers}")
        result.figures = {
            "kills": kills,
            "acknowledged": len(acknowledged),
            "lost": 0,
            "unanswered": unanswered,
        }
    return result


def write_sheet(path: Path, *, households: int, rows: int) -> None:
    """Write a county's table; every row says the same number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "编号,名称,责任单位,户数,经度,纬度\n"
    body = "".join(
        f"K-{k:05d},小区{k},甲区,{households},{113.98 + k % 100 * 1e-4:.4f},{36.55 + k // 100 * 1e-4:.4f}\n"
        for k in range(rows)
    )
    path.write_text(head + body, encoding="utf-8-sig")


def kill_imports(kills: int, dice: random.Random, *, server: str = "", rows: int = 400) -> Result:
    """Kill an import of a table that says 100 or 200 in every row."""
    from renewal_gis import toytown
    from renewal_gis.ledger import open_ledger

    result = Result("kill import" + (" on a server" if server else ""))
    with room() as folder:
        ledger, plan = choose_place(folder, server), Path(toytown.__file__).parent / "data" / "toytown.toml"
        make_ledger(ledger)
        sheets = []
        for households in (100, 200):
            sheets.append(folder / str(households) / "小区.csv")
            write_sheet(sheets[-1], households=households, rows=rows)
        words = ("--programme", "old_compound", "--plan", plan, "--ledger", ledger, "--by", "试验")

        def import_sheet(number: int) -> int:
            return call("ledger", "import", sheets[number % 2], *words)

        scratch = folder / "tmp-files"
        scratch.mkdir()
        start = time.perf_counter()
        Forked(lambda: import_sheet(0), scratch=scratch).finish(kill=False)
        usual = time.perf_counter() - start
        seen = []
        for number in range(1, kills + 1):
            child = Forked(lambda number=number: import_sheet(number), scratch=scratch)
            time.sleep(usual * dice.uniform(0.3, 1.1))
            child.finish(kill=True)
            done = any(line.startswith("小区.csv") for line in child.lines())
            _, faults = look(ledger)
            result.expect(not faults, f"{number}: {faults}")
            with open_ledger(ledger) as book:
                sites = book.sites()
            county = sites[sites.index.str.startswith("K-")]
            found = county["households"].value_counts().to_dict()
            result.expect(len(found) == 1 and sum(found.values()) == rows, f"{number}: half a change {found}")
            new = list(found) == [200 if number % 2 else 100]
            result.expect(new or not done, f"{number}: told as done and not there")
            seen.append(new)
        Forked(lambda: import_sheet(0), scratch=scratch).finish(kill=False)
        left = [path for path in list_leftovers(folder) if Path(path) != scratch]
        result.expect(not left, f"{len(left)} leftovers, such as {left[:2]}")
        result.figures = {
            "kills": kills,
            "rows": rows,
            "whole_new": sum(seen),
            "whole_old": len(seen) - sum(seen),
        }
    return result


def kill_exports(kills: int, dice: random.Random) -> Result:
    """Kill an export over an older one, in each format by turns."""
    result = Result("kill export")
    with room() as folder:
        scratch = folder / "tmp-files"
        scratch.mkdir()
        ledgers = []
        for name in ("甲", "乙"):
            ledgers.append(folder / f"{name}.gpkg")
            make_ledger(ledgers[-1], name=name)
        outputs = folder / "outputs"

        def export(which: int, suffix: str) -> int:
            return call("ledger", "export", "--ledger", ledgers[which], "-o", outputs / f"sites{suffix}")

        seals, usual = {}, {}
        for suffix in SUFFIXES:
            for which in (1, 0):
                start = time.perf_counter()
                code = Forked(lambda which=which, suffix=suffix: export(which, suffix)).finish(kill=False)
                result.expect(code == 0, f"{suffix} is not written")
                usual[suffix] = time.perf_counter() - start
                seals[suffix, which] = seal(outputs / f"sites{suffix}")
            result.expect(seals[suffix, 0] != seals[suffix, 1], f"{suffix}: both ledgers look alike")
        new = 0
        for number in range(kills):
            suffix, which = SUFFIXES[number % len(SUFFIXES)], number // len(SUFFIXES) % 2
            work = lambda which=which, suffix=suffix: export(which, suffix)  # noqa: E731
            child = Forked(work, scratch=scratch)
            time.sleep(usual[suffix] * dice.uniform(0.2, 1.05))
            child.finish(kill=True)
            found = seal(outputs / f"sites{suffix}")
            result.expect(
                found in (seals[suffix, 0], seals[suffix, 1]), f"{number}: {suffix} neither old nor new"
            )
            told = any(line.startswith("ok ") for line in child.lines())
            result.expect(
                not told or found == seals[suffix, which], f"{number}: {suffix} told as done and not there"
            )
            new += found == seals[suffix, which]
        Forked(lambda: export(0, ".csv"), scratch=scratch).finish(kill=False)
        left = list_leftovers(outputs)
        result.expect(not left, f"{len(left)} leftovers, such as {left[:2]}")
        result.figures = {"kills": kills, "formats": len(SUFFIXES), "new_or_same": new}
    return result


def kill_builds(kills: int, dice: random.Random) -> Result:
    """Kill whole builds of the toy town, every second one while the files are put in place."""
    from renewal_gis.publish import check_outputs

    result = Result("kill build")
    with room() as folder:
        ledger, outputs = folder / "l.gpkg", folder / "outputs"
        days = ("2021-09-30", "2021-06-30")

        def build(which: int) -> int:
            return call("demo", "--as-of", days[which], "--ledger", ledger, "-o", outputs)

        seals: list[dict[str, str]] = []
        for which in (1, 0):
            start = time.perf_counter()
            code = Forked(lambda which=which: build(which)).finish(kill=False)
            result.expect(code == 0, f"the build of {days[which]} ended with {code}")
            usual = time.perf_counter() - start
            seals.insert(0, list_seals(outputs))
        mixed = 0
        for number in range(kills):
            which = (number + 1) % 2
            child = Forked(lambda which=which: build(which))
            if number % 2:
                child.wait_for("写出成果".encode())
                time.sleep(dice.random() * 0.1)
            else:
                time.sleep(dice.random() * usual)
            child.finish(kill=True)
            now = list_seals(outputs)
            for name, found in now.items():
                known = {known[name] for known in seals if name in known}
                result.expect(found in known, f"{number}: {name} neither old nor new")
            whole = any(all(now.get(name) == one for name, one in known.items()) for known in seals)
            told = any(finding.severity == "error" for finding in check_outputs(outputs))
            # the old manifest beside files that are all new is told as well: it is no longer theirs
            result.expect(whole or told, f"{number}: a mixture that nobody is told of")
            mixed += not whole
            result.expect(not look(ledger)[1], f"{number}: the ledger is damaged")
        Forked(lambda: build(0)).finish(kill=False)
        result.expect(list_seals(outputs) | seals[0] == list_seals(outputs), "the last build is not whole")
        left = list_leftovers(outputs)
        result.expect(not left, f"{len(left)} leftovers, such as {left[:2]}")
        result.figures = {"kills": kills, "mixtures_all_told": mixed}
    return result


def list_seals(folder: Path) -> dict[str, str]:
    """Return the fingerprint of each product, without the manifest, drafts and ledger."""
    return {
        path.relative_to(folder).as_posix(): seal(path)
        for path in folder.rglob("*")
        if path.is_file() and ".writing-" not in str(path) and path.name != "manifest.json"
    }


PATHS = {"event": kill_events, "import": kill_imports, "export": kill_exports, "build": kill_builds}


def main() -> int:
    """Run the paths asked for."""
    options = read_options(__doc__ or "", kills=200, seed=1)
    warm_up()
    names = options.only.split(",") if options.only else list(PATHS)
    codes = []
    for name in names:
        dice = random.Random(f"{name}{options.seed}")
        where = {"server": options.server} if name in ("event", "import") else {}
        codes.append(PATHS[name](options.kills, dice, **where).tell())
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
