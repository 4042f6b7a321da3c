"""The whole weekly package from a ledger: docx, xlsx, html, json and four figures, timed step by step.

    python benchmarks/report.py [--sites 1500 50000] [--plan plans/handan-2021.toml] [--as-of 2021-09-30]

For each size a ledger is simulated (模拟数据): sites spread over the programmes and units of the plan as the
tasks are, each with the entries of its stages up to a random day of the year, imported as an office would.
The import is not timed. What is timed is one process that looks at the ledger, writes the weekly bulletin and
draws ``status``, ``progress``, ``pace`` and ``burnup`` at 156 mm; ``peak_mb`` is the whole process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.ledger import open_ledger
from renewal_gis.ledger.base import SITE_TYPES
from renewal_gis.pipeline.inputs import load_backdrop
from renewal_gis.plan import Plan, load_plan
from renewal_gis.schema import STORED_CRS

LIMITS = {1500: (15.0, None), 50000: (60.0, 2048.0)}
"""Seconds and megabytes that the package must stay within, by number of sites."""
_PER_SITE_M = 60.0


def simulate_sites(plan: Plan, units: gpd.GeoDataFrame, size: int, seed: int = 0) -> gpd.GeoDataFrame:
    """Sites of all programmes, scattered over their units; compounds carry a footprint, alleys a line."""
    rng = np.random.default_rng(seed)
    share = {"old_compound": 0.4, "back_alley": 0.42, "dry_toilet": 0.06, "shanty_area": 0.04}
    weights = np.array([share.get(programme.id, 0.02) for programme in plan.programmes])
    pick = rng.choice(len(plan.programmes), size, p=weights / weights.sum())
    areas = dict(zip(units["name"], units.geometry, strict=True))
    frame, shapes = [], []
    for number, place in enumerate(pick):
        programme = plan.programmes[place]
        members = [name for name in plan.groups[programme.responsible_group] if name in areas]
        unit = members[rng.integers(len(members))]
        middle = areas[unit].representative_point()
        spot = shapely.Point(middle.x + rng.normal(0, 0.03), middle.y + rng.normal(0, 0.03))
        kind = programme.geometry[0]
        size_deg = _PER_SITE_M / 111_000
        shape = {
            "point": spot,
            "line": shapely.LineString([(spot.x, spot.y), (spot.x + 3 * size_deg, spot.y + size_deg)]),
            "polygon": shapely.box(spot.x, spot.y, spot.x + size_deg, spot.y + size_deg),
        }[kind]
        start = dt.date(2021, 3, 15) + dt.timedelta(days=int(rng.integers(120)))
        frame.append(
            {
                "name": f"模拟项目{number:05d}",
                "programme": programme.id,
                "category": programme.categories[rng.integers(len(programme.categories))].id
                if programme.categories
                else "",
                "declared_unit": unit,
                "dwellings": int(rng.integers(40, 400)),
                "households": int(rng.integers(40, 400)),
                "leader": "张某",
                "task_force": "专班",
                "planned_start": pd.Timestamp(start),
                "planned_finish": pd.Timestamp(start + dt.timedelta(days=150)),
                "consulted_share": 0.9,
                "satisfied_share": 0.9,
                "source_row": number + 5,
            }
        )
        shapes.append(shape)
    table = pd.DataFrame(frame, index=pd.Index([f"S-{k:05d}" for k in range(size)], name="site_id"))
    for column, kind in SITE_TYPES.items():
        if column not in table:
            empty = {"TEXT": "", "DATE": pd.NaT}.get(kind)
            table[column] = empty
        if kind == "INTEGER":
            table[column] = table[column].astype("Int64")
        elif kind == "DOUBLE":
            table[column] = table[column].astype("Float64")
        elif kind == "DATE":
            table[column] = pd.to_datetime(table[column])
    table["simulated"], table["source_file"] = True, "模拟"
    return gpd.GeoDataFrame(table, geometry=shapes, crs=STORED_CRS)


def simulate_events(plan: Plan, sites: gpd.GeoDataFrame, seed: int = 0) -> pd.DataFrame:
    """The entries of each site: its stages in order, as far as it came."""
    rng = np.random.default_rng(seed)
    rows = []
    for site_id, programme in zip(sites.index, sites["programme"], strict=True):
        stages = plan.programme(programme).stages[1:]
        day = dt.date(2021, 1, 5) + dt.timedelta(days=int(rng.integers(60)))
        for stage in stages[: rng.integers(len(stages) + 1)]:
            rows.append((site_id, stage.value, pd.Timestamp(day)))
            day += dt.timedelta(days=int(rng.integers(8, 60)))
    ids, stages, days = zip(*rows, strict=True)
    size = len(rows)
    words = dict.fromkeys(("note", "corrects", "recorded_at"), "")
    return pd.DataFrame(
        {
            "site_id": ids, "kind": "stage", "stage": stages, "date": list(days), "recorded_by": "模拟", **words,
            "source_file": "模拟", "source_row": pd.array(range(2, size + 2), dtype="Int64"),
            "key": [f"sim-{k}" for k in range(size)],
        },
        index=pd.Index([f"E{k:06d}" for k in range(size)], name="event_id"),
    )  # fmt: skip


def make_ledger(plan: Plan, path: Path, size: int) -> int:
    """Put a simulated city into a ledger and return the number of entries."""
    sites = simulate_sites(plan, load_backdrop(plan).units, size)
    events = simulate_events(plan, sites)
    at = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
    with open_ledger(path, create=True) as ledger:
        ledger.set_plan(plan, at=at, by="模拟")
        ledger.import_sites(sites, at=at, by="模拟")
        ledger.import_events(events, at=at, by="模拟")
    return len(events)


def time_package(plan_path: Path, ledger: Path, as_of: dt.date, folder: Path) -> dict[str, float]:
    """Make the package and return seconds by step and the peak of memory; in a process of its own."""
    begun = time.perf_counter()
    from renewal_gis.pipeline.issues import Order, publish_issue
    from renewal_gis.pipeline.report import survey_for_report
    from renewal_gis.plan import load_plan as load
    from renewal_gis.publish import write_forms
    from renewal_gis.render import charts, curves, printmap
    from renewal_gis.render.bulletin import STATUS_FIGURE, build_bulletin

    del Order, publish_issue  # what the command imports is part of its time
    steps = {"import": time.perf_counter() - begun}

    def note(name: str, since: float) -> float:
        steps[name] = time.perf_counter() - since
        return time.perf_counter()

    since = time.perf_counter()
    survey = survey_for_report(load(plan_path), ledger, as_of=as_of, tell=lambda _: None)
    since = note("survey", since)
    figures = {"status": printmap.draw_status(survey)}
    since = note("status", since)
    for name, draw in (
        ("progress", charts.draw_progress), ("pace", charts.draw_pace), ("burnup", curves.draw_burnup),
    ):  # fmt: skip
        figures[name] = draw(survey)
        since = note(name, since)
    forms = write_forms(build_bulletin(survey), {STATUS_FIGURE: figures["status"]})
    note("bulletin", since)
    for name, content in {**forms, **{f"{name}.png": content for name, content in figures.items()}}.items():
        (folder / name).write_bytes(content)
    steps["total"] = time.perf_counter() - begun
    steps["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return steps


def main() -> None:
    """Print one row a size; end with 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sites", type=int, nargs="+", default=[1500, 50000])
    parser.add_argument("--plan", type=Path, default=Path("plans/handan-2021.toml"))
    parser.add_argument("--as-of", type=dt.date.fromisoformat, default=dt.date(2021, 9, 30))
    parser.add_argument(
        "--ledger", type=Path, help="a ledger that is there already, instead of a simulated one"
    )
    parser.add_argument("--keep", type=Path, help="keep the simulated ledgers in this folder")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        print(json.dumps(time_package(asked.plan, asked.ledger, asked.as_of, asked.worker)))
        return
    kept = True
    for size in asked.sites:
        with tempfile.TemporaryDirectory() as scratch:
            folder = asked.keep or Path(scratch)
            ledger = asked.ledger or folder / f"simulated-{size}.gpkg"
            if not ledger.exists():
                print(
                    f"{size} 个模拟项目,{make_ledger(load_plan(asked.plan), ledger, size)} 条记录", flush=True
                )
            words = [
                sys.executable,
                __file__,
                "--plan",
                asked.plan,
                "--as-of",
                asked.as_of,
                "--ledger",
                ledger,
            ]
            told = subprocess.run(
                [*map(str, words), "--worker", scratch], check=True, capture_output=True, text=True
            )
            steps = json.loads(told.stdout)
            print(
                f"{size:6d} " + "  ".join(f"{name} {value:.1f}" for name, value in steps.items()), flush=True
            )
            seconds, megabytes = LIMITS.get(size, (None, None))
            kept &= seconds is None or steps["total"] <= seconds
            kept &= megabytes is None or steps["peak_mb"] <= megabytes
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
