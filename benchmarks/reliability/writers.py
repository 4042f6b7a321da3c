"""Four writers and a reader, each a process of its own, on one ledger.

    python benchmarks/reliability/writers.py                 # 60 s
    python benchmarks/reliability/writers.py --seconds 5

Nothing acknowledged may be lost, no writer may wait 5 s, the reader may never fail or see a number of
events that is smaller than before.
"""

from __future__ import annotations

import json
import sys
import time

from lab import Forked, Result, choose_place, look, make_ledger, read_options, room, warm_up, write_event

LONGEST_S = 5.0


def write_long(ledger: str, name: str, until: float) -> None:
    """Record events until the time is over, and say how long the slowest took."""
    longest = 0.0
    number = 0
    while time.time() < until:
        start = time.perf_counter()
        write_event(ledger, f"{name}-{number}", site=f"A-{number % 12 + 1:02d}")
        longest = max(longest, time.perf_counter() - start)
        number += 1
    print(json.dumps({"longest": longest}))


def read_long(ledger: str, until: float) -> None:
    """Look at the ledger until the time is over; a failure ends the process with its text."""
    from renewal_gis.ledger import open_ledger

    looks, seen, longest = 0, 0, 0.0
    while time.time() < until:
        start = time.perf_counter()
        with open_ledger(ledger) as book:
            book.sites()
            found = len(book.events())
        longest = max(longest, time.perf_counter() - start)
        if found < seen:
            raise ArithmeticError(f"{seen} events, then {found}")
        seen, looks = found, looks + 1
    print(json.dumps({"looks": looks, "longest": longest}))


def run_writers(seconds: float, writers: int, *, server: str = "") -> Result:
    """Let them write and read, and count what is there afterwards."""
    result = Result("writers" + (" on a server" if server else ""))
    with room() as folder:
        ledger = choose_place(folder, server)
        make_ledger(ledger)
        before = len(look(ledger)[0])
        until = time.time() + seconds
        pens = [Forked(lambda name=f"w{k}": write_long(ledger, name, until)) for k in range(writers)]
        eye = Forked(lambda: read_long(ledger, until))
        longest, acknowledged = 0.0, []
        for pen in pens:
            code = pen.finish(kill=False)
            lines = pen.lines()
            result.expect(code == 0, f"a writer failed: {pen.said[-300:]!r}")
            acknowledged += [line[3:] for line in lines if line.startswith("ok ")]
            longest = max([longest, *(json.loads(line)["longest"] for line in lines if line.startswith("{"))])
        code = eye.finish(kill=False)
        result.expect(code == 0, f"the reader failed: {eye.said[-300:]!r}")
        told = [json.loads(line) for line in eye.lines() if line.startswith("{")]
        ids, faults = look(ledger)
        lost = set(acknowledged) - set(ids)
        result.expect(not lost, f"{len(lost)} acknowledged events lost")
        result.expect(len(ids) - before == len(acknowledged), "events that nobody acknowledged")
        result.expect(len(set(acknowledged)) == len(acknowledged), "one id for two events")
        result.expect(not faults, f"{faults}")
        result.expect(longest < LONGEST_S, f"a writer waited {longest:.1f} s")
        result.expect(all(entry["looks"] > 0 for entry in told), "the reader never came in")
        result.figures = {
            "seconds": seconds,
            "writers": writers,
            "acknowledged": len(acknowledged),
            "lost": len(lost),
            "events_per_s": round(len(acknowledged) / seconds, 1),
            "longest_wait_s": round(longest, 2),
            "reader": told[0] if told else {},
        }
    return result


def main() -> int:
    """Run the suite."""
    options = read_options(__doc__ or "", seconds=60.0, writers=4)
    warm_up()
    return run_writers(options.seconds, options.writers, server=options.server).tell()


if __name__ == "__main__":
    sys.exit(main())
