"""Train the forest that tells faulty crossings from roads on two levels.

    python scripts/train_levels.py ROADS… -o src/renewal_gis/data/levels.json
    python scripts/train_levels.py ROADS… --judge     each city by a forest that never saw it

Recipe. In each network the level columns are dropped. Crossings without a node that the network has of
its own are roads on two levels (the mapped data joins nearly all others); four-armed junctions dissolved
by ``benchmarks/digitising_faults.py`` (150 places, seeds 101–104) are faults. Both sides weigh the same.
LightGBM, 120 trees of 12 leaves, learning rate 0.06, seed 7, one thread. The trees are written as plain
arrays: nothing is pickled, and LightGBM is not needed to use them.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from digitising_faults import build, run
from renewal_gis.geo.crs import choose_local_metric
from renewal_gis.intake.roads import read_roads
from renewal_gis.roads import levels
from renewal_gis.roads.defects import find_plain_crossings
from renewal_gis.roads.levels import FEATURES, LIKELY, measure_crossings

if TYPE_CHECKING:
    import geopandas as gpd

SEEDS = (101, 102, 103, 104)
PLANTED = ("unsnapped_crossing", "other_level")
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 12,
    "learning_rate": 0.06,
    "min_child_samples": 30,
    "lambda_l2": 5.0,
    "seed": 7,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
TREES = 120


def measure_network(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features of a network's faults (planted) and of its own crossings."""
    roads = read_roads(path).frame[["highway", "geometry"]]
    if roads.crs.is_geographic:
        roads = roads.to_crs(choose_local_metric(roads))
    natural, _ = measure_all(roads)
    planted = []
    for seed in SEEDS:
        case = build(roads, n=150, seed=seed)
        rows, points = measure_all(case.damaged[["highway", "geometry"]])
        places = case.truth.loc[case.truth["kind"].isin(PLANTED)].geometry.to_numpy()
        if len(places):
            hit, _ = shapely.STRtree(places).query(points, predicate="dwithin", distance=1.0)
            planted.append(rows[np.unique(hit)])
    return np.vstack(planted) if planted else np.empty((0, len(FEATURES))), natural


def measure_all(roads: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Features and points of all crossings without a node."""
    streets, pieces, spots = find_plain_crossings(roads)
    return measure_crossings(streets, pieces, spots.xy, spots.street, spots.other), shapely.points(spots.xy)


def flatten_trees(model: lgb.Booster) -> dict[str, list[float]]:
    """The forest as flat arrays, as ``renewal_gis.roads.levels.evaluate_trees`` reads them."""
    trees: dict[str, list[Any]] = {k: [] for k in ("feature", "threshold", "left", "right", "value", "roots")}

    def lay(node: dict[str, Any]) -> int:
        place = len(trees["feature"])
        leaf = "leaf_value" in node
        trees["feature"].append(-1 if leaf else int(node["split_feature"]))
        trees["threshold"].append(0.0 if leaf else round(float(node["threshold"]), 5))
        trees["value"].append(round(float(node["leaf_value"]), 5) if leaf else 0.0)
        for side in ("left", "right"):
            trees[side].append(-1)
        if not leaf:
            trees["left"][place] = lay(node["left_child"])
            trees["right"][place] = lay(node["right_child"])
        return place

    for tree in model.dump_model()["tree_info"]:
        trees["roots"].append(lay(tree["tree_structure"]))
    return trees


def train(sets: list[tuple[np.ndarray, np.ndarray]]) -> lgb.Booster:
    """A forest from features of faults and of roads on two levels."""
    faults, levels = np.vstack([one for one, _ in sets]), np.vstack([two for _, two in sets])
    rows, label = np.vstack([faults, levels]), np.r_[np.ones(len(faults)), np.zeros(len(levels))]
    weight = np.where(label == 1, 0.5 / len(faults), 0.5 / len(levels)) * len(label)
    return lgb.train(SETTINGS, lgb.Dataset(rows, label, weight=weight), TREES)


def judge(paths: list[Path], sets: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Plant faults in each network (seed 51) and find them with a forest trained on the others."""
    for left_out, path in enumerate(paths):
        model = train([one for k, one in enumerate(sets) if k != left_out])
        trees = {name: np.asarray(values) for name, values in flatten_trees(model).items()}
        levels.load_trees = lambda trees=trees: trees
        for row in run(path, n=80, seed=51, raw=False):
            sys.stdout.write(f"{row}\n")


def main() -> None:
    """Train on all networks; tell how each would fare without itself."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roads", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--judge", action="store_true")
    options = parser.parse_args()
    sets = [measure_network(path) for path in options.roads]
    if options.judge:
        judge(options.roads, sets)
        return
    report = {}
    for left_out, path in enumerate(options.roads):
        model = train([one for k, one in enumerate(sets) if k != left_out])
        faults, levels = sets[left_out]
        found = float((model.predict(faults) >= LIKELY).mean()) if len(faults) else None
        false = float((model.predict(levels) >= LIKELY).mean()) if len(levels) else None
        report[path.stem] = {"faults": len(faults), "found": found, "levels": len(levels), "false": false}
        sys.stdout.write(f"{path.stem}: {report[path.stem]}\n")
    card = {
        "what": "probability that a crossing without a node is a digitising fault, not two levels",
        "features": FEATURES,
        "trained_on": "© OpenStreetMap contributors, ODbL",
        "left_out": report,
        "trees": flatten_trees(train(sets)),
    }
    if options.output:
        options.output.write_text(json.dumps(card, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
