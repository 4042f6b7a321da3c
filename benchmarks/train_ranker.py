"""Train the ranker of missing links on severed street networks and write the model file.

    python benchmarks/train_ranker.py            train on all networks, write src/renewal_gis/roads/ranker.npz
    python benchmarks/train_ranker.py --judge    leave one city out and print the figures of the city left out

Recipe. Networks: those of the reference folder (``RENEWAL_SHARED``), © OpenStreetMap contributors, ODbL. Each is
damaged by ``severed_links.build`` with the seeds below; a candidate is true if both its ends lie within the
benchmark's tolerance of a severed gap. Three forests of trees that ask one question per level (CatBoost,
Apache 2.0, needed for training only: ``pip install catboost``):

filter   cheap measures, all candidates; drops those it gives less than 0.15 %.
first    all measures; one forest for each big city left out, so that its verdicts on that city's candidates are
         those on a city never seen; what ships is the mean of these forests.
second   all measures and the first verdict on the candidate, its rivals and its neighbours.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import pathlib
import tempfile
import time
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from catboost import CatBoostClassifier
from scipy.spatial import cKDTree

import severed_links
from renewal_gis.geo.geometry import join_points
from renewal_gis.intake.roads import read_roads
from renewal_gis.roads.candidates import Candidates, propose_links
from renewal_gis.roads.dead_ends import find_dead_ends
from renewal_gis.roads.features import measure_cheaply, measure_fully, measure_setting
from renewal_gis.roads.links import choose_links, find_open_ends, propose_plausible
from renewal_gis.roads.network import build_streets
from renewal_gis.roads.ranker import (
    Forest,
    merge_forests,
    pack_forest,
    read_forest,
    stack_measures,
    sum_trees,
    to_share,
)
from renewal_gis.roads.rivalry import level_pairs, measure_rivalry
from renewal_gis.roads.scene import look_around, make_scene, make_tips

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = pathlib.Path(os.environ.get("RENEWAL_SHARED", ROOT.parent / "shared"))
BIG = {
    "wuhan": "wuhan_8989.parquet",
    "douala": "douala_809.parquet",
    "auckland": "auckland_869.parquet",
    "jinan": "jinan_osm_mtrajrec_wgs84.parquet",
}
# too small to be left out or to keep 300 m from the edge of the data
SMALL = {"futian": "shenzhen_futian_osmnx_2023.graphml", "nanshan": "shenzhen_nanshan_20210317.osm"}
LEFT_OUT = (
    "service",
    "track",
    "footway",
    "path",
    "steps",
    "cycleway",
    "corridor",
    "construction",
    "proposed",
)
SEEDS, JUDGE_SEEDS = (1, 2, 3), (101, 102)
MODEL = ROOT / "src" / "renewal_gis" / "roads" / "ranker.npz"
REACH_M = 300.0
KEEP_SHARE = 0.0015
SEED = 20211001


@dataclass
class Sample:
    """One damaged network: candidates, their measures (rows of the table), which severed gap each hits."""

    tip_xy: np.ndarray
    origin: np.ndarray
    cand: Candidates
    table: np.ndarray
    names: tuple[str, ...]
    hit: np.ndarray
    truth: gpd.GeoDataFrame


# ------------------------------------------------------------------ data
def load_network(file):
    """Streets of a network in metres, without what is no street for cars."""
    path = SHARED / "data" / "roads" / file
    roads = read_roads(path).frame if path.suffix != ".parquet" else gpd.read_parquet(path)
    if not roads.crs.is_projected:
        roads = roads.to_crs(roads.estimate_utm_crs())
    roads = roads[~roads["highway"].astype(str).isin(LEFT_OUT)]
    return build_streets(roads[["highway", "geometry"]]).reset_index(drop=True)[["highway", "geometry"]]


def damage(network, city, seed):
    """A severed case; fewer cuts, nearer to the edge, in the small networks."""
    return (
        severed_links.build(network, 400, seed)
        if city in BIG
        else severed_links.build(network, 60, seed, edge=80.0)
    )


def look_at(case):
    """Scene, dead ends and what may be proposed for them."""
    streets = build_streets(case.damaged)
    ends = find_dead_ends(streets)
    scene = make_scene(streets)
    tips = make_tips(scene, ends["node"].to_numpy(np.int64))
    return scene, tips, find_open_ends(ends)


def find_hits(origin, tip_xy, cand, truth):
    """Number of the severed gap that each candidate hits, -1 for none; the benchmark's tolerance."""
    ends = severed_links.ends(truth.geometry.values) - origin
    tolerance = 10.0 + 0.15 * truth["gap"].to_numpy()
    start = tip_xy[cand.tip]
    tree = cKDTree(start)
    hit, least = np.full(len(cand), -1), np.full(len(cand), 1.0)
    for number, (gap, reach) in enumerate(zip(ends, tolerance, strict=True)):
        for one, other in ((0, 1), (1, 0)):
            rows = np.array(tree.query_ball_point(gap[one], reach), np.int64)
            error = (
                np.maximum(np.hypot(*(cand.xy[rows] - gap[other]).T), np.hypot(*(start[rows] - gap[one]).T))
                / reach
            )
            closer = error <= least[rows]
            hit[rows[closer]], least[rows[closer]] = number, error[closer]
    return hit


def make_sample(case):
    scene, tips, open_ends = look_at(case)
    cand, setting = propose_plausible(scene, tips, open_ends, reach_m=REACH_M, keep_share=KEEP_SHARE)
    measures = measure_fully(scene, tips, cand, setting)
    names = tuple(measures)
    table = stack_measures(measures, names)
    return Sample(
        tips.xy,
        scene.origin,
        cand,
        table,
        names,
        find_hits(scene.origin, tips.xy, cand, case.truth),
        case.truth,
    )


# ------------------------------------------------------------------ forests
def fit(table, true, names, *, trees, rate, weight=None, seed=SEED):
    model = CatBoostClassifier(
        iterations=trees, depth=6, learning_rate=rate, l2_leaf_reg=5, rsm=0.3, bootstrap_type="Bernoulli",
        subsample=0.6, border_count=64, random_seed=seed, thread_count=1, verbose=0, allow_writing_files=False,
    )  # fmt: skip
    model.fit(table.T, true.astype(int), sample_weight=weight)
    return to_forest(model, names)


def to_forest(model, names):
    """Tables of a CatBoost model of symmetric trees."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        told = json.loads(pathlib.Path(folder, "model.json").read_text())
    scale, bias = told["scale_and_bias"]
    trees = told["oblivious_trees"]
    feature, border = np.zeros((len(trees), 6), np.int64), np.full((len(trees), 6), np.inf, np.float32)
    leaf = np.zeros((len(trees), 64), np.float32)
    for number, tree in enumerate(trees):
        values = np.array(tree["leaf_values"]) * scale
        leaf[number] = np.tile(values, 64 // len(values))
        for level, split in enumerate(tree["splits"] or []):
            feature[number, level], border[number, level] = split["float_feature_index"], split["border"]
    return Forest(tuple(names), feature, border, leaf, float(bias[0]))


def train_filter(networks):
    """The small model that rules out hopeless candidates, each city of equal weight."""
    tables, true, weights = [], [], []
    for city, network in networks.items():
        if city not in BIG:
            continue
        case = damage(network, city, 1000)
        scene, tips, _ = look_at(case)
        view = look_around(scene, tips, reach_m=REACH_M)
        setting = measure_setting(scene, tips, view, reach_m=REACH_M)
        cand = propose_links(scene, tips, view, reach_m=REACH_M)
        measures = measure_cheaply(scene, tips, cand, setting)
        tables.append(stack_measures(measures, tuple(measures)))
        true.append(find_hits(scene.origin, tips.xy, cand, case.truth) >= 0)
        weights.append(np.full(len(cand), 1e5 / len(cand)))
    table = np.concatenate(tables, axis=1)
    return fit(
        table, np.concatenate(true), tuple(measures), trees=60, rate=0.2, weight=np.concatenate(weights)
    )


def train_first(samples, *, trees=350):
    table = np.concatenate([sample.table for sample in samples], axis=1)
    return fit(
        table,
        np.concatenate([sample.hit >= 0 for sample in samples]),
        samples[0].names,
        trees=trees,
        rate=0.09,
    )


def measures_of(sample):
    return dict(zip(sample.names, sample.table, strict=True))


def judge_first(forest, sample):
    return level_pairs(sample.cand, sum_trees(forest, measures_of(sample)))


def add_rivalry(sample, first):
    rivalry = measure_rivalry(sample.tip_xy, sample.cand, first)
    return measures_of(sample) | rivalry


def train_second(samples, firsts, *, trees=300):
    """``firsts`` are verdicts of forests that have not seen the sample's city."""
    every = [add_rivalry(sample, first) for sample, first in zip(samples, firsts, strict=True)]
    names = tuple(every[0])
    table = np.concatenate([stack_measures(measures, names) for measures in every], axis=1)
    true = np.concatenate([sample.hit >= 0 for sample in samples])
    return merge_forests([fit(table, true, names, trees=trees, rate=0.06, seed=SEED + k) for k in range(3)])


def train_both(samples, cities):
    """First forests, one for each city left out, and the second forest on their verdicts."""
    small = [sample for city in SMALL for sample in samples[city]]
    forests = {}
    for city in cities:
        others = [sample for other in cities if other != city for sample in samples[other]]
        forests[city] = train_first(others + small)
        log(f"first without {city}: {sum(len(s.hit) for s in others + small)} rows")
    seen = [(sample, judge_first(forests[city], sample)) for city in cities for sample in samples[city]]
    second = train_second([sample for sample, _ in seen], [first for _, first in seen])
    return merge_forests(list(forests.values())), second


# ------------------------------------------------------------------ judging
def score_links(first, second, sample):
    """The benchmark's figures for one sample."""
    verdict = judge_first(first, sample)
    odds = level_pairs(sample.cand, sum_trees(second, add_rivalry(sample, verdict)))
    rows, scores, _ = choose_links(sample.tip_xy, sample.cand, to_share(odds))
    lines = join_points(
        sample.tip_xy[sample.cand.tip[rows]] + sample.origin, sample.cand.xy[rows] + sample.origin
    )
    links = gpd.GeoDataFrame({"score": scores}, geometry=lines, crs=sample.truth.crs)
    figures = severed_links.score(links, sample.truth)
    true = severed_links.match(links, sample.truth)[0] >= 0
    bins = np.minimum((scores * 10).astype(int), 9)
    gaps = [
        abs(scores[bins == k].mean() - true[bins == k].mean()) * (bins == k).mean() for k in np.unique(bins)
    ]
    return figures | {
        "first_100": round(float(true[:100].mean()), 3),
        "calibration": round(float(sum(gaps)), 3),
    }


SHOWN = (
    "recall_N",
    "ap",
    "recall_5N",
    "recall_N_end",
    "recall_N_middle",
    "first_100",
    "calibration",
    "n_cand",
)


def show(label, figures):
    print(f"{label:16s}" + "".join(f"{name} {figures[name]:.3f}  " for name in SHOWN), flush=True)


def judge(samples, judged):
    """Each big city left out of everything but the filter."""
    rows = []
    for city in BIG:
        first, second = train_both(samples, [other for other in BIG if other != city])
        for sample in judged[city]:
            rows.append(score_links(first, second, sample))
            show(city, rows[-1])
    show("mean", {name: np.mean([row[name] for row in rows]) for name in SHOWN})
    return rows


def log(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--judge", action="store_true", help="leave one city out instead of writing the model"
    )
    parser.add_argument(
        "--keep-filter", action="store_true", help="use the filter that the model file already has"
    )
    options = parser.parse_args()
    networks = {city: load_network(file) for city, file in itertools.chain(BIG.items(), SMALL.items())}
    with np.load(MODEL) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    if not (options.keep_filter or options.judge):
        # the samples are drawn through the filter in the model file: it comes first, the rest follows
        kept |= pack_forest(train_filter(networks), "filter")
        np.savez_compressed(MODEL, **kept)
        read_forest.cache_clear()
    log("filter ready")
    samples = {
        city: [make_sample(damage(net, city, seed)) for seed in SEEDS] for city, net in networks.items()
    }
    log("samples ready")
    if options.judge:
        judge(
            samples,
            {city: [make_sample(damage(networks[city], city, seed)) for seed in JUDGE_SEEDS] for city in BIG},
        )
        return
    first, second = train_both(samples, list(BIG))
    np.savez_compressed(MODEL, **kept | pack_forest(first, "first") | pack_forest(second, "second"))
    log(f"written {MODEL.name}")


if __name__ == "__main__":
    main()
