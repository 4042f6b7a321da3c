"""Straight-line coverage by district: ours beside geopandas, on the same sites.

    python benchmarks/coverage.py [--sites 5000 50000] [--districts FILE]

*dissolve + overlay* is what the textbooks do: buffer, dissolve, overlay, area by district. *geometry*
is ``measure_reach(geometry=True)``, *areas* is ``measure_reach()``. Half of the sites stand in sixty
clusters, half anywhere in the bounds; seeded. *Worst* is the largest relative error of a district
against the union of 1,024-gons cut by the districts. Prints one Markdown table; medians of three runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from renewal_gis.analysis.reach import measure_reach

if TYPE_CHECKING:
    from collections.abc import Callable

BOUNDARIES = Path(__file__).parent.parent / "data/boundaries"
REACH_M = 500.0


def make_sites(districts: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Return seeded sites."""
    random = np.random.default_rng(count)
    low, high = districts.total_bounds[:2], districts.total_bounds[2:]
    centres = random.uniform(low, high, (60, 2))[random.integers(0, 60, count)]
    near = centres + random.normal(0, 3000, (count, 2))
    xy = np.where(random.random((count, 1)) < 0.5, near, random.uniform(low, high, (count, 2)))
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), crs=districts.crs)


def overlay(sites: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> np.ndarray:
    """Return areas as geopandas gives them."""
    reached = gpd.GeoDataFrame(geometry=[sites.buffer(REACH_M).union_all()], crs=sites.crs)
    cut = gpd.overlay(districts[["code", "geometry"]], reached)
    return (
        cut.set_index("code")
        .area.groupby(level=0)
        .sum()
        .reindex(districts["code"], fill_value=0.0)
        .to_numpy()
    )


def find_truth(sites: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> np.ndarray:
    """Return areas under circles that are as good as true."""
    discs = sites.buffer(REACH_M, quad_segs=256)
    return shapely.area(shapely.intersection(discs.union_all(), districts.geometry.array))


def take_time(work: Callable[[], np.ndarray], repeat: int) -> tuple[float, np.ndarray]:
    """Return the median time and the answer."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), answer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, nargs="+", default=[5000, 50_000])
    parser.add_argument("--districts", type=Path, default=min(BOUNDARIES.glob("*.geojson")))
    parser.add_argument("--crs", default="EPSG:4547")
    words = parser.parse_args()
    districts = gpd.read_file(words.districts).to_crs(words.crs)
    print("| sites | way | s | against overlay | worst |\n|---|---|---|---|---|")
    for count in words.sites:
        sites = make_sites(districts, count)
        truth = find_truth(sites, districts)
        ways: dict[str, Callable[[], np.ndarray]] = {
            "dissolve + overlay": lambda sites=sites: overlay(sites, districts),
            "geometry": lambda sites=sites: measure_reach(sites, districts, reach_m=REACH_M, geometry=True)[
                "covered_m2"
            ].to_numpy(),
            "areas": lambda sites=sites: measure_reach(sites, districts, reach_m=REACH_M)[
                "covered_m2"
            ].to_numpy(),
        }
        slow = 0.0
        for way, work in ways.items():
            seconds, found = take_time(work, 1 if way.startswith("dissolve") and count > 10_000 else 3)
            slow = slow or seconds
            worst = np.abs(found / truth - 1).max()
            print(f"| {count} | {way} | {seconds:.3f} | {slow / seconds:.1f}× | {worst:.1e} |", flush=True)


if __name__ == "__main__":
    main()
