"""Plant digitising faults in a real street network, and score who finds them.

    python benchmarks/digitising_faults.py ROADS… [--n 60] [--seeds 0 1] [--raw] [--csv OUT.csv]

ROADS is any file that ``renewal_gis.intake.roads.read_roads`` takes. For each network and seed, ``n``
faults of each kind and ``n`` decoys of each kind are planted, at least 80 m from each other:

    undershoot           an arm of a junction trimmed by 0.05–2 m
    overshoot            the stem of a T-junction drawn 0.05–2 m past it, without or with a node
    unsnapped_crossing   the node of a four-armed junction dissolved, both streets run through
    duplicate            a street drawn again 0.05–1.5 m beside, ends free or shared, jittered
    split_node           some arms of a junction moved 0.05–2 m away together, any direction

    decoys: the same dissolved crossings tagged as bridge, tunnel or layer; carriageways 3–8 m apart,
    joined at their ends; cul-de-sacs that end 3–15 m short of a street.

A finding hits a fault when it lies within 4 m of it (of the copied line for a duplicate) and its kind is
the planted one. ``precision`` counts every other finding as false except those that the intact network
has too (within 4 m): they are the network's own. ``decoys_hit`` counts decoys with any finding within
4 m. Figures compare detectors on planted faults; real faults are as they are.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops

from renewal_gis.geo.crs import choose_local_metric
from renewal_gis.intake.roads import read_roads
from renewal_gis.roads.defects import find_defects
from renewal_gis.roads.network import build_streets, make_network

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("undershoot", "overshoot", "unsnapped_crossing", "duplicate", "split_node")
DECOYS = ("other_level", "carriageway", "cul_de_sac")
HIT_M = 4.0
APART_M = 80.0
SIZES_M = (0.05, 2.0)
TAGS = ({"bridge": True}, {"tunnel": True}, {"layer": 1}, {"bridge": True, "layer": 1})


@dataclass
class Case:
    """A damaged network, what was planted in it, and the network before."""

    damaged: gpd.GeoDataFrame
    truth: gpd.GeoDataFrame
    intact: gpd.GeoDataFrame


@dataclass
class Sheet:
    """A network under the planter's hands: lines by number, arms by node."""

    lines: list[np.ndarray]
    tags: list[dict[str, object]]
    start: np.ndarray
    end: np.ndarray
    node_xy: np.ndarray
    degree: np.ndarray
    arms: Callable[[int], list[int]]
    rng: np.random.Generator
    used: set[int] = field(default_factory=set)
    places: list[np.ndarray] = field(default_factory=list)
    truth: list[dict[str, object]] = field(default_factory=list)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The lines as they were when first asked for."""
        return shapely.STRtree([shapely.linestrings(xy) for xy in self.lines if len(xy) > 1])

    def is_free(self, xy: np.ndarray, streets: list[int]) -> bool:
        """Whether nothing was planted near a place or on these streets."""
        clear = not self.places or np.hypot(*(np.array(self.places) - xy).T).min() > APART_M
        return clear and not self.used.intersection(streets)

    def note(
        self, kind: str, size: float, geometry: shapely.Geometry, xy: np.ndarray, streets: list[int]
    ) -> None:
        """Write down what was planted."""
        self.places.append(np.asarray(xy))
        self.used.update(streets)
        self.truth.append({"kind": kind, "size_m": size, "geometry": geometry})

    def draw_size(self) -> float:
        """A fault's size, log-uniform."""
        return float(np.exp(self.rng.uniform(*np.log(SIZES_M))))

    def arm_at(self, street: int, node: int) -> np.ndarray:
        """Vertices of a street running into a node."""
        return self.lines[street] if self.end[street] == node else self.lines[street][::-1]

    def put_arm(self, street: int, node: int, xy: np.ndarray) -> None:
        """Replace a street by vertices that run into a node."""
        self.lines[street] = xy if self.end[street] == node else xy[::-1]


def build(roads: gpd.GeoDataFrame, *, n: int = 60, seed: int = 0, raw: bool = False) -> Case:
    """A network with ``n`` faults of each kind and ``n`` decoys of each kind, where they fit.

    ``raw`` cuts the damaged network at every vertex, as some exports are.
    """
    streets = build_streets(roads)
    sheet = lay_out(streets, np.random.default_rng(seed))
    planters = (
        ("undershoot", plant_undershoot),
        ("overshoot", plant_overshoot),
        ("split_node", plant_split),
        ("unsnapped_crossing", plant_crossing),
        ("other_level", plant_level),
        ("duplicate", plant_double),
        ("carriageway", plant_carriageway),
        ("cul_de_sac", plant_cul_de_sac),
    )
    for kind, plant in planters:
        fill(sheet, kind, plant, n)
    damaged = collect(sheet, streets, raw=raw)
    truth = gpd.GeoDataFrame(
        sheet.truth, columns=["kind", "size_m", "geometry"], geometry="geometry", crs=streets.crs
    )
    intact = streets.drop(columns=["from_node", "to_node", "length_m"])
    return Case(damaged, truth, intact)


def lay_out(streets: gpd.GeoDataFrame, rng: np.random.Generator) -> Sheet:
    """A sheet of streets."""
    net = make_network(streets)
    columns = [c for c in ("highway", "name", "bridge", "tunnel", "layer") if c in streets]
    return Sheet(
        [shapely.get_coordinates(line) for line in streets.geometry],
        streets[columns].to_dict("records"),
        net.from_node,
        net.to_node,
        net.xy,
        net.degree,
        lambda node: net.edge[net.indptr[node] : net.indptr[node + 1]].tolist(),
        rng,
    )


def fill(sheet: Sheet, kind: str, plant: Callable[[Sheet, int], bool], n: int) -> None:
    """Plant ``n`` of a kind at places in random order."""
    by_street = kind in ("duplicate", "carriageway", "cul_de_sac")
    total = len(sheet.start) if by_street else len(sheet.degree)
    done = 0
    for place in sheet.rng.permutation(total).tolist():
        done += plant(sheet, place)
        if done == n:
            return


def is_plain(sheet: Sheet, street: int) -> bool:
    """Whether a street lies on the ground and is no loop."""
    tags = sheet.tags[street]
    raised = bool(tags.get("bridge")) or bool(tags.get("tunnel")) or bool(tags.get("layer"))
    return not raised and sheet.start[street] != sheet.end[street]


def arms_of(sheet: Sheet, node: int, *, shortest_m: float = 15.0) -> list[int]:
    """Arms of a junction, or nothing if one is short, a loop, off the ground or already used."""
    arms = sheet.arms(node)
    if len(set(arms)) != len(arms) or not sheet.is_free(sheet.node_xy[node], arms):
        return []
    lengths = [np.hypot(*np.diff(sheet.lines[arm], axis=0).T).sum() for arm in arms]
    plain = all(is_plain(sheet, arm) for arm in arms)
    return arms if plain and min(lengths, default=0.0) >= shortest_m else []


def bearing_in(sheet: Sheet, arm: int, node: int) -> np.ndarray:
    """Unit vector with which an arm runs into its node."""
    xy = sheet.arm_at(arm, node)
    side = xy[-1] - xy[-2]
    return side / np.hypot(*side)


def plant_undershoot(sheet: Sheet, node: int) -> bool:
    """Trim one arm."""
    arms = arms_of(sheet, node) if sheet.degree[node] in (3, 4) else []
    if not arms:
        return False
    arm, size = int(sheet.rng.choice(arms)), sheet.draw_size()
    xy = sheet.arm_at(arm, node)
    line = shapely.linestrings(xy)
    cut = shapely.get_coordinates(shapely.ops.substring(line, 0, shapely.length(line) - size))
    others = [bearing_in(sheet, other, node) for other in arms if other != arm]
    if (
        max(float(np.dot(cut[-1] - cut[-2], other) / np.hypot(*(cut[-1] - cut[-2]))) for other in others)
        > 0.9
    ):
        return False  # it would lie along another arm
    sheet.put_arm(arm, node, cut)
    sheet.note("undershoot", size, shapely.Point(cut[-1]), sheet.node_xy[node], arms)
    return True


def plant_overshoot(sheet: Sheet, node: int) -> bool:
    """Draw the stem of a T-junction past it."""
    arms = arms_of(sheet, node) if sheet.degree[node] == 3 else []
    if not arms:
        return False
    into = {arm: bearing_in(sheet, arm, node) for arm in arms}
    stem = min(arms, key=lambda arm: sum(abs(float(into[arm] @ into[k])) for k in arms if k != arm))
    through = [arm for arm in arms if arm != stem]
    if float(into[through[0]] @ into[through[1]]) > -0.7 or abs(float(into[stem] @ into[through[0]])) > 0.8:
        return False
    size = sheet.draw_size()
    xy = sheet.arm_at(stem, node)
    tip = xy[-1] + into[stem] * size
    with_node = sheet.rng.random() < 0.5
    sheet.put_arm(stem, node, np.vstack([xy, tip]) if with_node else np.vstack([xy[:-1], tip]))
    sheet.note("overshoot", size, shapely.Point(xy[-1]), xy[-1], arms)
    return True


def plant_split(sheet: Sheet, node: int) -> bool:
    """Move some arms of a junction away together."""
    arms = arms_of(sheet, node) if sheet.degree[node] in (3, 4, 5) else []
    if not arms:
        return False
    size, turn = sheet.draw_size(), sheet.rng.uniform(0, 2 * np.pi)
    moved = sheet.rng.permutation(arms)[: int(sheet.rng.integers(1, len(arms)))].tolist()
    for arm in moved:
        xy = sheet.arm_at(arm, node).copy()
        xy[-1] += size * np.array([np.cos(turn), np.sin(turn)])
        sheet.put_arm(arm, node, xy)
    sheet.note("split_node", size, shapely.Point(sheet.node_xy[node]), sheet.node_xy[node], arms)
    return True


def dissolve(sheet: Sheet, node: int) -> tuple[list[int], int, int, np.ndarray] | None:
    """Run both streets of a four-armed junction through it; the streets that carry them, and where they cross."""
    arms = arms_of(sheet, node) if sheet.degree[node] == 4 else []
    if not arms:
        return None
    into = [bearing_in(sheet, arm, node) for arm in arms]
    mate = min((1, 2, 3), key=lambda k: float(into[0] @ into[k]))
    one, two = (k for k in (1, 2, 3) if k != mate)
    straight = float(into[0] @ into[mate]) < -0.8 and float(into[one] @ into[two]) < -0.8
    pairs = ((arms[0], arms[mate]), (arms[one], arms[two]))
    alike = all(sheet.tags[k]["highway"] == sheet.tags[m]["highway"] for k, m in pairs)
    if not straight or not alike or abs(float(into[0] @ into[one])) > 0.8:
        return None
    joined = [run_through(sheet, node, k, m) for k, m in pairs]
    if any(len(xy) == 0 for xy in joined):
        return None
    meets = shapely.get_coordinates(shapely.intersection(*[shapely.linestrings(xy) for xy in joined]))
    if len(meets) != 1:
        return None
    for (k, m), xy in zip(pairs, joined, strict=True):
        sheet.lines[k], sheet.lines[m] = xy, np.empty((0, 2))
    return arms, pairs[0][0], pairs[1][0], meets[0]


def run_through(sheet: Sheet, node: int, one: int, two: int) -> np.ndarray:
    """Vertices of two arms as one street past their node, which goes; nothing if the street bends there."""
    before, after = sheet.arm_at(one, node)[:-1], sheet.arm_at(two, node)[::-1][1:]
    chord = shapely.linestrings(np.stack([before[-1], after[0]]))
    if shapely.distance(chord, shapely.Point(sheet.node_xy[node])) <= 1.0:
        return np.vstack([before, after])
    return np.empty((0, 2))


def plant_crossing(sheet: Sheet, node: int) -> bool:
    """Dissolve the node of a crossing."""
    done = dissolve(sheet, node)
    if done is None:
        return False
    sheet.note("unsnapped_crossing", 0.0, shapely.Point(done[3]), done[3], done[0])
    return True


def plant_level(sheet: Sheet, node: int) -> bool:
    """Dissolve the node of a crossing and say that one street passes over or under."""
    done = dissolve(sheet, node)
    if done is None:
        return False
    arms, one, two, meet = done
    over = one if sheet.rng.random() < 0.5 else two
    sheet.tags[over] = {**sheet.tags[over], **TAGS[int(sheet.rng.integers(len(TAGS)))]}
    sheet.note("other_level", 0.0, shapely.Point(meet), meet, arms)
    return True


def plant_double(sheet: Sheet, street: int) -> bool:
    """Draw a street again a little beside."""
    xy = sheet.lines[street]
    if len(xy) < 2 or not is_plain(sheet, street):
        return False
    line = shapely.linestrings(xy)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(line, 0.5, normalized=True))[0]
    if not 25 <= shapely.length(line) <= 400 or not sheet.is_free(middle, [street]):
        return False
    size = float(np.exp(sheet.rng.uniform(*np.log((0.05, 1.5)))))
    if sheet.rng.random() < 0.5:
        copy = shapely.get_coordinates(
            shapely.offset_curve(line, size if sheet.rng.random() < 0.5 else -size)
        )
    else:
        dense = shapely.get_coordinates(shapely.segmentize(line, 20.0))
        copy = dense + np.clip(sheet.rng.normal(0, size / 2, dense.shape), -size * 0.7, size * 0.7)
        if sheet.rng.random() < 0.5:
            copy[0], copy[-1] = dense[0], dense[-1]
    if len(copy) < 2:
        return False
    sheet.lines.append(copy)
    sheet.tags.append(dict(sheet.tags[street]))
    sheet.note("duplicate", size, shapely.linestrings(copy), middle, [street])
    return True


def plant_carriageway(sheet: Sheet, street: int) -> bool:
    """Draw a second carriageway that leaves and meets the first at its ends."""
    xy = sheet.lines[street]
    if len(xy) < 2 or not is_plain(sheet, street):
        return False
    line = shapely.linestrings(xy)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(line, 0.5, normalized=True))[0]
    if not 60 <= shapely.length(line) <= 400 or not sheet.is_free(middle, [street]):
        return False
    size = float(sheet.rng.uniform(3.0, 8.0))
    part = shapely.ops.substring(line, 12.0, shapely.length(line) - 12.0)
    beside = shapely.get_coordinates(shapely.offset_curve(part, size if sheet.rng.random() < 0.5 else -size))
    if len(beside) < 2:
        return False
    second = np.vstack([xy[:1], beside, xy[-1:]])
    if len(sheet.tree.query(shapely.linestrings(beside), predicate="intersects")):
        return False
    sheet.lines.append(second)
    sheet.tags.append(dict(sheet.tags[street]))
    sheet.note("carriageway", size, line, middle, [street])
    return True


def plant_cul_de_sac(sheet: Sheet, street: int) -> bool:
    """Branch off a street towards another one and stop 3–15 m short of it."""
    xy = sheet.lines[street]
    if len(xy) < 2 or not is_plain(sheet, street):
        return False
    line = shapely.linestrings(xy)
    if not 60 <= shapely.length(line) <= 400:
        return False
    root = shapely.get_coordinates(shapely.line_interpolate_point(line, 0.5, normalized=True))[0]
    if not sheet.is_free(root, [street]):
        return False
    tree = sheet.tree
    ahead = (
        shapely.get_coordinates(shapely.line_interpolate_point(line, 0.5 + 1e-3, normalized=True))[0] - root
    )
    normal = np.array([-ahead[1], ahead[0]]) / np.hypot(*ahead) * (1 if sheet.rng.random() < 0.5 else -1)
    ray = shapely.linestrings(np.stack([root + normal * 1.0, root + normal * 150.0]))
    hits = tree.query(ray, predicate="intersects")
    if len(hits) == 0:
        return False
    meets = shapely.get_coordinates(shapely.intersection(ray, tree.geometries[hits]))
    reach = np.hypot(*(meets - root).T).min()
    size = float(sheet.rng.uniform(3.0, 15.0))
    tip = root + normal * (reach - size)
    if reach - size < 15 or len(tree.query(shapely.Point(tip), predicate="dwithin", distance=3.0)):
        return False
    half = shapely.length(line) / 2
    first = shapely.get_coordinates(shapely.ops.substring(line, 0, half))
    second = shapely.get_coordinates(shapely.ops.substring(line, half, 2 * half))
    root = first[-1]
    second[0] = root
    sheet.lines[street] = first
    sheet.lines += [second, np.stack([root, tip])]
    sheet.tags += [dict(sheet.tags[street]), dict(sheet.tags[street])]
    sheet.note("cul_de_sac", size, shapely.Point(tip), tip, [street])
    return True


def collect(sheet: Sheet, streets: gpd.GeoDataFrame, *, raw: bool) -> gpd.GeoDataFrame:
    """The sheet as a frame in random order, with level columns."""
    keep = [k for k, xy in enumerate(sheet.lines) if len(xy) > 1]
    tags = pd.DataFrame([sheet.tags[k] for k in keep])
    for column in ("bridge", "tunnel"):
        tags[column] = tags.get(column, pd.Series(False, index=tags.index)).fillna(False).astype(bool)
    tags["layer"] = tags.get("layer", pd.Series(0, index=tags.index)).fillna(0).astype(int)
    frame = gpd.GeoDataFrame(
        tags, geometry=[shapely.linestrings(sheet.lines[k]) for k in keep], crs=streets.crs
    )
    if raw:
        xy, owner = shapely.get_coordinates(np.asarray(frame.geometry.values), return_index=True)
        inner = np.flatnonzero(owner[1:] == owner[:-1])
        parts = shapely.linestrings(np.stack([xy[inner], xy[inner + 1]], axis=1))
        frame = gpd.GeoDataFrame(
            tags.iloc[owner[inner]].reset_index(drop=True), geometry=parts, crs=streets.crs
        )
    return frame.iloc[sheet.rng.permutation(len(frame))].reset_index(drop=True)


def score(found: gpd.GeoDataFrame, case: Case, own: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Recall and precision by kind, and how many decoys were hit.

    ``own`` are the findings of the same detector in the intact network.
    """
    truth = case.truth
    points = np.asarray(found.geometry.values)
    near, fault = shapely.STRtree(np.asarray(truth.geometry.values)).query(
        points, predicate="dwithin", distance=HIT_M
    )
    right = found["kind"].to_numpy()[near] == truth["kind"].to_numpy()[fault]
    own_near = np.zeros(len(found), bool)
    if len(own):
        hit, _ = shapely.STRtree(np.asarray(own.geometry.values)).query(
            points, predicate="dwithin", distance=HIT_M
        )
        own_near[hit] = True
    rows: list[dict[str, object]] = []
    seen = np.unique(fault[right])
    good = np.isin(np.arange(len(found)), near[right])
    placed = np.unique(fault)
    for kind in (*KINDS, "all"):
        faults = np.flatnonzero(truth["kind"].isin(KINDS) if kind == "all" else truth["kind"] == kind)
        mine = np.ones(len(found), bool) if kind == "all" else (found["kind"] == kind).to_numpy()
        false = mine & ~good
        tp = len(np.intersect1d(seen, faults))
        new = int((false & ~own_near).sum())
        rows.append(
            {
                "kind": kind,
                "planted": len(faults),
                "recall": round(tp / max(len(faults), 1), 4),
                "placed": round(len(np.intersect1d(placed, faults)) / max(len(faults), 1), 4),
                "precision": round(tp / max(tp + new, 1), 4),
                "false": new,
                "own": int((false & own_near).sum()),
            }
        )
    for kind in DECOYS:
        decoys = np.flatnonzero(truth["kind"] == kind)
        rows.append({"kind": kind, "planted": len(decoys), "decoys_hit": len(np.intersect1d(placed, decoys))})
    return rows


def run(path: Path, *, n: int, seed: int, raw: bool) -> list[dict[str, object]]:
    """Plant, detect and score one network."""
    roads = read_roads(path).frame
    if roads.crs.is_geographic:
        roads = roads.to_crs(choose_local_metric(roads))
    case = build(roads, n=n, seed=seed, raw=raw)
    began = time.perf_counter()
    found = find_defects(case.damaged)
    seconds = time.perf_counter() - began
    own = find_defects(case.intact)
    head = {"network": path.stem, "seed": seed, "raw": raw, "seconds": round(seconds, 2)}
    return [{**head, **row} for row in score(found, case, own)]


def main() -> None:
    """Score every network and seed, and print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roads", nargs="+", type=Path)
    parser.add_argument("--n", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    rows = [
        row
        for path in options.roads
        for seed in options.seeds
        for row in run(path, n=options.n, seed=seed, raw=options.raw)
    ]
    sys.stdout.write(pd.DataFrame(rows).to_string(index=False, na_rep="") + "\n")
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
