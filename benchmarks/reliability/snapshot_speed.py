"""How long a past day takes: ``ledger snapshot --as-of`` on a large ledger, the whole command.

    python benchmarks/reliability/snapshot_speed.py                       # 50,000 sites, 500,000 events
    python benchmarks/reliability/snapshot_speed.py --sites 500 --events 5000

At most 2 s on any day, from the start of the process to its last line. With ``--corrections 1`` one
event was corrected, which takes the longer way.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from lab import BY, Result, read_options, room

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 2.0
DAYS = ("2021-03-31", "2021-09-30", "2021-12-31")


def make_ledger(path: Path, *, sites: int, events: int, corrections: int) -> None:
    """Fill a ledger with compounds that climb through their stages, and notes."""
    import datetime as dt

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import shapely

    from renewal_gis import toytown
    from renewal_gis.ledger import open_ledger

    plan, at = toytown.make_plan(), "2021-12-31T09:00:00+08:00"
    pattern = toytown.make_sites().iloc[[0]]
    frame = pattern.loc[pattern.index.repeat(sites)].copy()
    frame.index = pd.Index([f"S-{k:06d}" for k in range(sites)], name="site_id")
    dice = np.random.default_rng(1)
    points = shapely.points(113.97 + dice.random(sites) * 0.04, 36.545 + dice.random(sites) * 0.018)
    frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=points, crs="EPSG:4490")
    stages = [str(stage) for stage in plan.programme("old_compound").stages[1:]]
    each = events // sites
    days = pd.Timestamp("2021-01-05") + pd.to_timedelta(
        np.sort(dice.integers(0, 355, (sites, each)), axis=1).ravel(), unit="D"
    )
    staged = np.tile([*stages, *[""] * max(0, each - len(stages))][:each], sites)
    diary = pd.DataFrame(
        {
            "site_id": np.repeat(frame.index.to_numpy(), each),
            "kind": np.where(staged == "", "note", "stage"),
            "stage": staged,
            "date": days,
            "recorded_at": "",
            "recorded_by": BY,
            "note": np.where(staged == "", "现场核查", ""),
            "corrects": "",
            "source_file": "",
            "source_row": pd.array([pd.NA] * (each * sites), dtype="Int64"),
            "key": [f"e{k}" for k in range(each * sites)],
        }
    )
    diary.index = pd.Index(diary["key"], name="event_id")
    with open_ledger(path, create=True) as book:
        book.set_plan(plan, at=at, by=BY)
        book.import_sites(frame, at=at, by=BY)
        book.import_events(diary, at=at, by=BY)
        if corrections:
            first = book.history("S-000000").index[0]
            day = dt.date(2021, 12, 30)
            book.add_event("S-000000", corrects=first, note="误记", date=day, by=BY, at=at)


def main() -> int:
    """Make the ledger and look at three days."""
    options = read_options(__doc__ or "", sites=50_000, events=500_000, repeat=3, corrections=0)
    result = Result("snapshot speed")
    with room() as folder:
        ledger = folder / "l.gpkg"
        start = time.perf_counter()
        make_ledger(ledger, sites=options.sites, events=options.events, corrections=options.corrections)
        result.figures = {
            "sites": options.sites,
            "events": options.events,
            "made_in_s": round(time.perf_counter() - start, 1),
        }
        for day in DAYS:
            times = []
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            for _ in range(options.repeat):
                start = time.perf_counter()
                command = [
                    sys.executable,
                    "-m",
                    "renewal_gis",
                    "ledger",
                    "snapshot",
                    "--ledger",
                    str(ledger),
                    "--as-of",
                    day,
                ]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                times.append(time.perf_counter() - start)
                result.expect(
                    done.stdout.count("\n") == options.sites + 1,
                    f"{day}: {done.stdout.count(chr(10))} lines {done.stderr[-200:]}",
                )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            result.figures[day] = {
                "median_s": round(sorted(times)[len(times) // 2], 2),
                "best_s": round(min(times), 2),
                "cpu_s": round(spent / len(times), 2),
            }
            result.expect(min(times) <= LIMIT_S, f"{day}: {min(times):.2f} s at best")
    return result.tell()


if __name__ == "__main__":
    sys.exit(main())
