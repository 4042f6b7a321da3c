"""Time and memory of the gap detector as the network grows to a million segments.

    python benchmarks/scale_gaps.py ROADS [--tiles 1 2 4 8 11] [--csv OUT.csv]

ROADS (any file that ``renewal_gis.intake.roads.read_roads`` takes) is laid side by side on a square grid,
each copy 1 km from the next, written as GeoParquet, and run file to file in a process of its own.
``exponent`` is the slope of log seconds over log segments against the smallest run: 1 is linear.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

SPACE_M = 1000.0


def lay_tiles(roads: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Copies of a network on a grid."""
    west, south, east, north = roads.total_bounds
    side = math.ceil(math.sqrt(count))
    copies = []
    for k in range(count):
        row, column = divmod(k, side)
        move = (column * (east - west + SPACE_M), row * (north - south + SPACE_M))
        copies.append(roads.set_geometry(roads.translate(*move)))
    return gpd.GeoDataFrame(pd.concat(copies, ignore_index=True), crs=roads.crs)


def run_one(path: Path) -> dict[str, float]:
    """Run file to file and tell time, memory and counts; called in a process of its own."""
    from renewal_gis.pipeline.gaps import run_gaps

    began = time.perf_counter()
    summary = run_gaps(path, path.with_name("links.parquet"))
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "segments": summary.read,
        "streets": summary.streets,
        "links": summary.links,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roads", type=Path)
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 2, 4, 8, 11])
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(run_one(options.roads)))
        return
    from renewal_gis.geo.crs import choose_local_metric
    from renewal_gis.intake.roads import read_roads

    roads = read_roads(options.roads).frame
    roads = roads.to_crs(choose_local_metric(roads)) if roads.crs.is_geographic else roads
    rows = []
    for count in options.tiles:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "roads.parquet"
            lay_tiles(roads, count).to_parquet(path)
            command = [sys.executable, __file__, str(path), "--one"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = {"tiles": count, **json.loads(done.stdout)}
        first = rows[0] if rows else row
        grown = row["segments"] / first["segments"]
        row["exponent"] = (
            round(float(np.log(row["seconds"] / first["seconds"]) / np.log(grown)), 2) if grown > 1 else 1.0
        )
        rows.append(row)
        sys.stderr.write(f"{row}\n")
    sys.stdout.write(pd.DataFrame(rows).to_string(index=False) + "\n")
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
