"""Our gap detector and its peers on the same damaged street networks, one table.

    python benchmarks/gaps.py ROADS… [--n 400] [--seeds 0] [--methods ours extend_lines …] [--markdown OUT.md]

ROADS are any files that ``renewal_gis.intake.roads.read_roads`` takes. ``severed_links.build`` takes pieces
of 15–250 m out of ``n`` streets of each, half of them from the middle of a street, half from its end; every
method proposes links with a score, and ``severed_links.score`` holds them against the pieces. Natural dead
ends that are real gaps count as false: the figures compare methods, they are no precision in the field.

Methods
    ours            ``renewal_gis.pipeline.gaps.run_gaps``, GeoParquet to GeoParquet
    nearest         dead end to the nearest other street within 250 m
    josm            the rule of JOSM's validator: a dead end within 10 m of a street that is not reached by a
                    way of less than four times that
    josm_wide       the same with 250 m
    extend_lines    ``momepy.extend_lines``, 250 m
    close_gaps      ``momepy.close_gaps``, 50 m
    pgrouting       ``pgr_analyzeGraph`` flags dead ends and proposes no link, so it has no score; it is
                    listed where ``psql`` with the extension is reachable through ``PGROUTING_DSN``

Each runs in a process of its own: ``seconds`` is the call alone for the peers and file to file for ours,
``peak_mb`` the whole process. ``ece`` is the expected calibration error over ten equal bins of all links.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from severed_links import build, end_nodes, match, score

if TYPE_CHECKING:
    from collections.abc import Callable

REACH_M = 250.0
COLUMNS = {
    "recall_N": "recall@N",
    "recall_5N": "recall@5N",
    "ap": "AP",
    "recall_N_middle": "middle",
    "recall_N_end": "end",
    "first_100": "first 100",
    "ece": "ECE",
    "seconds": "s",
    "peak_mb": "MB",
}


def find_ends(roads: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the dead ends, the row of each one's street, and its node."""
    (start, end), xy = end_nodes(roads.geometry.values)
    degree = np.bincount(np.r_[start, end], minlength=len(xy))
    own = np.full(len(xy), -1)
    own[start], own[end] = np.arange(len(start)), np.arange(len(end))
    node = np.flatnonzero(degree == 1)
    return shapely.points(xy[node]), own[node], node


def make_links(lines: np.ndarray, values: np.ndarray, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Links with their scores."""
    return gpd.GeoDataFrame({"score": np.asarray(values, float)}, geometry=lines, crs=roads.crs)


def link_nearest(roads: gpd.GeoDataFrame, reach_m: float = REACH_M) -> gpd.GeoDataFrame:
    """Each dead end to the nearest street but its own, the nearer the better."""
    points, own, _ = find_ends(roads)
    lines = np.asarray(roads.geometry.values)
    tip, other = shapely.STRtree(lines).query(points, predicate="dwithin", distance=reach_m)
    tip, other = tip[own[tip] != other], other[own[tip] != other]
    apart = shapely.distance(points[tip], lines[other])
    order = np.lexsort((apart, tip))
    tip, first = np.unique(tip[order], return_index=True)
    pick = order[first]
    return make_links(shapely.shortest_line(points[tip], lines[other[pick]]), -apart[pick], roads)


def link_like_josm(roads: gpd.GeoDataFrame, reach_m: float = 10.0) -> gpd.GeoDataFrame:
    """The nearest street, unless a way of less than four times ``reach_m`` leads there already."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    links = link_nearest(roads, reach_m)
    lines = np.asarray(roads.geometry.values)
    (start, end), xy = end_nodes(lines)
    length = shapely.length(lines)
    graph = csr_matrix((length, (start, end)), shape=(len(xy), len(xy)))
    _, _, node = find_ends(roads)
    heads = shapely.get_coordinates(shapely.get_point(links.geometry.values, 0))
    source = node[shapely.STRtree(shapely.points(xy[node])).nearest(shapely.points(heads))]
    feet = shapely.get_point(links.geometry.values, -1)
    street = shapely.STRtree(lines).nearest(feet)
    along = shapely.line_locate_point(lines[street], feet)
    keep = np.ones(len(links), bool)
    for begin in range(0, len(links), 256):
        part = slice(begin, begin + 256)
        ways = dijkstra(graph, directed=False, indices=source[part], limit=4 * reach_m)
        rows = np.arange(len(ways))
        there = np.minimum(
            ways[rows, start[street[part]]] + along[part],
            ways[rows, end[street[part]]] + length[street[part]] - along[part],
        )
        keep[part] = there > 4 * reach_m
    return links[keep].reset_index(drop=True)


def link_by_extending(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The pieces that momepy adds to the lines."""
    import momepy

    extended = momepy.extend_lines(roads, REACH_M)
    pieces = []
    for before, after in zip(roads.geometry, extended.geometry, strict=True):
        old, new = shapely.get_coordinates(before), shapely.get_coordinates(after)
        if len(new) == len(old):
            continue
        if not (new[0] == old[0]).all() and len(new) > 1:
            pieces.append(new[:2])
        if not (new[-1] == old[-1]).all():
            pieces.append(new[-2:])
    lines = shapely.linestrings(np.array(pieces))
    return make_links(lines, -shapely.length(lines), roads)


def link_by_closing(roads: gpd.GeoDataFrame, reach_m: float = 50.0) -> gpd.GeoDataFrame:
    """The pairs of line ends that momepy moves together, where one of them was a dead end."""
    import momepy

    closed = np.asarray(momepy.close_gaps(roads, reach_m))
    lines = np.asarray(roads.geometry.values)
    new = shapely.get_coordinates(np.r_[shapely.get_point(closed, 0), shapely.get_point(closed, -1)])
    _, group = np.unique(np.round(new * 100).astype(np.int64), axis=0, return_inverse=True)
    (start, end), xy = end_nodes(lines)
    table = pd.DataFrame({"node": np.r_[start, end], "group": group.reshape(-1)}).drop_duplicates()
    dead = set(find_ends(roads)[2].tolist())
    pairs = set()
    for nodes in table.groupby("group")["node"]:
        members = nodes[1].to_numpy()
        for one in members:
            others = members[members != one]
            if one in dead and len(others):
                near = others[np.hypot(*(xy[others] - xy[one]).T).argmin()]
                pairs.add((min(one, near), max(one, near)))
    lines = shapely.linestrings(np.array([[xy[a], xy[b]] for a, b in sorted(pairs)]))
    return make_links(lines, -shapely.length(lines), roads)


PEERS: dict[str, Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]] = {
    "nearest": link_nearest,
    "josm": link_like_josm,
    "josm_wide": lambda roads: link_like_josm(roads, REACH_M),
    "extend_lines": link_by_extending,
    "close_gaps": link_by_closing,
}
METHODS = ("ours", *PEERS)


def run_one(method: str, folder: Path) -> dict[str, object]:
    """Run and score one method on a case; called in a process of its own."""
    warnings.filterwarnings("ignore")
    truth = gpd.read_parquet(folder / "truth.parquet")
    if method == "ours":
        from renewal_gis.pipeline.gaps import run_gaps

        began = time.perf_counter()
        run_gaps(folder / "damaged.parquet", folder / "ours.parquet")
        seconds = time.perf_counter() - began
        links = gpd.read_parquet(folder / "ours.parquet")
    else:
        roads = gpd.read_parquet(folder / "damaged.parquet")
        began = time.perf_counter()
        links = PEERS[method](roads)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        **score(links, truth),
        "first_100": measure_first(links, truth, 100),
        "ece": measure_calibration(links, truth) if method == "ours" else None,
        "seconds": round(seconds, 2),
        "peak_mb": round(peak),
    }


def measure_first(links: gpd.GeoDataFrame, truth: gpd.GeoDataFrame, size: int) -> float:
    """Share of true links among the first ``size`` by score."""
    if len(links) == 0:
        return 0.0
    hit, _ = match(links, truth)
    return round(float((hit[:size] >= 0).mean()), 3)


def measure_calibration(links: gpd.GeoDataFrame, truth: gpd.GeoDataFrame) -> float:
    """Expected calibration error over ten equal-width bins of all links."""
    hit, _ = match(links, truth)
    chance = np.sort(links["score"].to_numpy())[::-1]
    place = np.clip((chance * 10).astype(int), 0, 9)
    size = np.bincount(place, minlength=10)
    gap = np.abs(
        np.bincount(place, weights=chance, minlength=10) - np.bincount(place, weights=hit >= 0, minlength=10)
    )
    return round(float(gap.sum() / max(size.sum(), 1)), 4)


def make_case(path: Path, *, n: int, seed: int, folder: Path) -> None:
    """Write a damaged network and what was taken out of it."""
    from renewal_gis.geo.crs import choose_local_metric
    from renewal_gis.intake.roads import read_roads

    roads = read_roads(path).frame
    roads = roads.to_crs(choose_local_metric(roads)) if roads.crs.is_geographic else roads
    case = build(roads, n, seed)
    case.damaged.to_parquet(folder / "damaged.parquet")
    case.truth.to_parquet(folder / "truth.parquet")


def run_all(paths: list[Path], *, n: int, seeds: list[int], methods: list[str]) -> pd.DataFrame:
    """Every method on every network and seed."""
    rows = []
    for path in paths:
        for seed in seeds:
            with tempfile.TemporaryDirectory() as scratch:
                make_case(path, n=n, seed=seed, folder=Path(scratch))
                for method in methods:
                    command = [sys.executable, __file__, "--one", method, scratch]
                    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
                    rows.append(
                        {"network": path.stem, "seed": seed, "method": method} | json.loads(done.stdout)
                    )
                    sys.stderr.write(f"{path.stem} {seed} {method} {rows[-1]['ap']}\n")
    return pd.DataFrame(rows)


def tell_pgrouting() -> str:
    """Whether pgRouting could be asked."""
    dsn = os.environ.get("PGROUTING_DSN")
    if not dsn:
        return "pgRouting: not asked (PGROUTING_DSN is not set); it flags dead ends and proposes no links"
    query = "SELECT extversion FROM pg_extension WHERE extname = 'pgrouting'"
    done = subprocess.run(["psql", dsn, "-Atc", query], capture_output=True, text=True, check=False)
    return f"pgRouting {done.stdout.strip() or 'not installed'}: flags dead ends, proposes no links, no score"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roads", nargs="*", type=Path)
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(run_one(options.one[0], Path(options.one[1]))))
        return
    table = run_all(options.roads, n=options.n, seeds=options.seeds, methods=options.methods)
    table = table[["network", "seed", "method", "n_truth", "n_cand", *COLUMNS]].rename(columns=COLUMNS)
    sys.stdout.write(table.to_string(index=False, na_rep="") + "\n" + tell_pgrouting() + "\n")
    if options.markdown:
        head = "| " + " | ".join(table.columns) + " |\n|" + "---|" * len(table.columns) + "\n"
        body = "".join(
            "| " + " | ".join("" if pd.isna(value) else str(value) for value in row) + " |\n"
            for row in table.itertuples(index=False)
        )
        options.markdown.write_text(head + body, encoding="utf-8")


if __name__ == "__main__":
    main()
