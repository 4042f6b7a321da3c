"""Points in districts: ours beside geopandas.sjoin and, where installed, sedonadb, on the same points.

    python benchmarks/locate.py --points 10000000 [--cells 5000] [--districts FILE]

Each engine runs in a process of its own (peak memory is the process's own), all on the same seeded
points. ``--cells N`` takes N Voronoi cells of about 98 vertices instead of the districts. *arrays* is
:mod:`renewal_gis.geo.lattice` on coordinates, *frames* is ``assign_districts`` on GeoDataFrames, which
must first read the coordinates out of ten million geometry objects, as sjoin must. ``agree`` counts
the points on which an engine and prepared shapely differ, ten thousand of them on vertices of borders.
Prints one Markdown table; medians of ``--repeat`` runs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

BOUNDARIES = Path(__file__).parent.parent / "data/boundaries"
ENGINES = ("arrays", "frames", "sjoin", "sedonadb")


def make_districts(words: argparse.Namespace) -> gpd.GeoDataFrame:
    """Return the districts asked for, in degrees."""
    if not words.cells:
        path = words.districts or min(BOUNDARIES.glob("*.geojson"))
        return gpd.read_file(path)[["code", "name", "geometry"]]
    random = np.random.default_rng(1)
    seeds = random.uniform(0, 1, (words.cells, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    # about 98 vertices each, as a township has
    cells = shapely.intersection(
        shapely.segmentize(cells, 0.045 / np.sqrt(words.cells)), shapely.box(0, 0, 1, 1)
    )
    codes = [f"{k:06d}" for k in range(len(cells))]
    return gpd.GeoDataFrame({"code": codes, "name": codes}, geometry=cells, crs=4490)


def make_points(districts: gpd.GeoDataFrame, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return seeded points over the bounds, the first ten thousand on vertices of the outlines."""
    random = np.random.default_rng(0)
    left, low, right, high = districts.total_bounds
    x, y = random.uniform(left, right, count), random.uniform(low, high, count)
    corners = shapely.get_coordinates(districts.geometry.array)
    some = random.integers(0, len(corners), min(10_000, count))
    x[: len(some)], y[: len(some)] = corners[some].T
    return x, y


def run_engine(engine: str, words: argparse.Namespace) -> dict[str, Any]:
    """Time one engine in this process."""
    districts = make_districts(words)
    x, y = make_points(districts, words.points)
    outlines = np.asarray(districts.geometry.array)
    held = None if engine == "arrays" else gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4490)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = []
    for _ in range(words.repeat if engine in ("arrays", "frames") else 1):
        begin = time.perf_counter()
        code = JOINS[engine](districts, outlines, x, y, held)
        times.append(time.perf_counter() - begin)
    if engine == "arrays":  # rows of the districts, as sjoin's index_right; the codes are for the judge
        code = np.append(districts["code"].to_numpy(dtype=object), "")[code]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "engine": engine,
        "seconds": statistics.median(times),
        "extra_mb": after - before,
        "disagree": count_differences(np.asarray(code), districts, x, y),
    }


def join_arrays(_districts: Any, outlines: Any, x: Any, y: Any, _: Any) -> Any:
    """Place coordinates; what the lattice leaves open goes to prepared geometry."""
    from renewal_gis.geo.lattice import UNSURE, build_lattice, find_labels

    label = find_labels(build_lattice(outlines, points=len(x)), x, y)
    open_ = np.flatnonzero(label == UNSURE)
    tree = shapely.STRtree(shapely.points(x[open_], y[open_]))
    district, point = tree.query(outlines, predicate="intersects")
    order = np.argsort(-district, kind="stable")  # the smallest code wins
    label[open_] = -1
    label[open_[point[order]]] = district[order]
    return label


def join_frames(districts: Any, _outlines: Any, _x: Any, _y: Any, held: Any) -> Any:
    """Place a GeoDataFrame."""
    from renewal_gis import assign_districts

    return assign_districts(held, districts, distances=False)["located_district"]


def join_sjoin(districts: Any, _outlines: Any, _x: Any, _y: Any, held: Any) -> Any:
    """Join with geopandas; of several matches the smallest code."""
    met = gpd.sjoin(held, districts[["code", "geometry"]], how="left", predicate="intersects")
    return (
        met["code"].fillna("").groupby(level=0).min() if met.index.has_duplicates else met["code"].fillna("")
    )


def join_sedonadb(districts: Any, _outlines: Any, _x: Any, _y: Any, held: Any) -> Any:
    """Join with sedonadb."""
    import sedonadb

    base = sedonadb.connect()
    numbered = held.assign(row=np.arange(len(held)))
    base.create_data_frame(numbered).to_view("points")
    base.create_data_frame(districts[["code", "geometry"]]).to_view("districts")
    met = base.sql(
        "SELECT p.row, min(d.code) AS code FROM points p JOIN districts d ON ST_Intersects(d.geometry, p.geometry) GROUP BY p.row"
    ).to_pandas()
    code = np.full(len(held), "", dtype=object)
    code[met["row"].to_numpy()] = met["code"].to_numpy()
    return code


JOINS = {"arrays": join_arrays, "frames": join_frames, "sjoin": join_sjoin, "sedonadb": join_sedonadb}


def count_differences(code: Any, districts: gpd.GeoDataFrame, x: Any, y: Any) -> int:
    """Count the points on which an engine and prepared shapely differ."""
    truth = np.full(len(x), "", dtype=object)
    for name, outline in sorted(zip(districts["code"], districts.geometry, strict=True), reverse=True):
        shapely.prepare(outline)
        left, low, right, high = outline.bounds
        near = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))
        truth[near[shapely.intersects_xy(outline, x[near], y[near])]] = name
    return int((np.asarray(code, dtype=object) != truth).sum())


def main() -> int:
    """Run the engines one after the other and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--cells", type=int, default=0)
    parser.add_argument("--districts", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engine", choices=ENGINES)
    words = parser.parse_args()
    if words.engine:
        print(json.dumps(run_engine(words.engine, words)))
        return 0
    rows = []
    for engine in ENGINES:
        told = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--engine", engine],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            print(f"{engine}: {told.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        rows.append(json.loads(told.stdout))
    slowest = next(row["seconds"] for row in rows if row["engine"] == "sjoin")
    print("| engine | s | against sjoin | more memory, MB | disagree |\n|---|---|---|---|---|")
    for row in rows:
        ratio = slowest / row["seconds"]
        print(
            f"| {row['engine']} | {row['seconds']:.3f} | {ratio:.1f}× | {row['extra_mb']:.0f} | {row['disagree']} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
