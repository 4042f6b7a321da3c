"""Which crossings without a node are roads on two levels, judged where nobody wrote it down."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.pieces import Pieces

RANKS = {"motorway": 5.0, "trunk": 4.0, "primary": 3.0, "secondary": 2.0, "tertiary": 1.0}
AROUND_M = (45.0, 300.0)
"""Reaches within which other crossings and junctions tell whether the weightier road is raised."""
BESIDE_M = 60.0
FEATURES = (
    "top_rank",
    "low_rank",
    "ramps",
    "log_near_m",
    "log_far_m",
    "log_long_m",
    "beside",
    "more",
    "less",
    *(
        f"{what}_{reach:.0f}"
        for reach in AROUND_M
        for what in ("level_nodes", "level_crossings", "raised_crossings")
    ),
)
ENOUGH, TRUSTED_SHARE = 5, 0.8
FEW_STREETS = 100
"""In a smaller network there is not enough around a crossing to judge by."""
LIKELY = 0.25
"""Least probability of one level at which a crossing is called a fault."""


def judge_crossings(
    streets: gpd.GeoDataFrame,
    pieces: Pieces,
    xy: Floats,
    street: Ints,
    other: Ints,
    tagged: Flags,
    /,
) -> Flags:
    """Whether crossings without a node are faults (True) or roads on two levels.

    Parameters
    ----------
    streets, pieces
        The network as frame and as segments.
    xy
        Shape (n, 2): all crossings without a node.
    street, other
        Shape (n,): numbers of the two streets of each.
    tagged
        Shape (n,): whether the data puts the two on different levels.

    Returns
    -------
    ndarray
        Shape (n,), bool; never True where ``tagged``.

    Notes
    -----
    A small forest of decision trees judges by classes, ramps, distances to junctions, and by how the
    weightier road crosses others nearby. It was trained on crossings of street networks whose
    junctions had been dissolved; the recipe is ``scripts/train_levels.py``. Where nearly all crossings
    that look like two levels are tagged so, the data is taken at its word: one that is not tagged is
    a fault, whatever it looks like. So is one of minor streets, and any in a network of less than
    :data:`FEW_STREETS` streets. A motorway never crosses on one level.
    """
    if tagged.all():
        return np.zeros(len(xy), dtype=bool)
    plain = streets["highway"].astype(str).to_numpy() != "motorway"
    possible = plain[street] & plain[other] & ~tagged
    rows = measure_crossings(streets, pieces, xy, street, other)
    raised = (evaluate_trees(rows, load_trees()) < LIKELY) & ~_is_minor(rows)
    if len(streets) < FEW_STREETS:
        return possible
    if raised.sum() >= ENOUGH and tagged[raised].mean() >= TRUSTED_SHARE:
        return possible
    return possible & ~raised


def _is_minor(rows: Floats) -> Flags:
    """Crossings of minor streets: nobody builds a bridge there, and if so, tags it."""
    top, ramps = (rows[:, FEATURES.index(name)] for name in ("top_rank", "ramps"))
    return (top <= RANKS["tertiary"]) & (ramps == 0)


def measure_crossings(
    streets: gpd.GeoDataFrame, pieces: Pieces, xy: Floats, street: Ints, other: Ints, /
) -> Floats:
    """What surrounds each crossing: shape (n, len(FEATURES)), in the order of :data:`FEATURES`."""
    words = streets["highway"].astype(str)
    code, _ = pd.factorize(words)
    rank = words.str.removesuffix("_link").map(RANKS).fillna(0.0).to_numpy(float)
    ramp = words.str.endswith("_link").to_numpy(float)
    swap = rank[street] < rank[other]
    top, low = np.where(swap, other, street), np.where(swap, street, other)
    points = shapely.points(xy)
    lines = np.asarray(streets.geometry.values)
    along = [shapely.line_locate_point(lines[own], points) for own in (street, other)]
    sides = [
        np.sort(np.stack([way, pieces.length[own] - way], axis=1), axis=1)
        for own, way in zip((street, other), along, strict=True)
    ]
    count = np.bincount(np.r_[street, other], minlength=len(lines))
    tree = shapely.STRtree(points)
    beside = (
        np.bincount(tree.query(points, predicate="dwithin", distance=BESIDE_M)[0], minlength=len(points)) - 1
    )
    columns = [
        rank[top],
        rank[low],
        ramp[top] + ramp[low],
        np.log1p(np.minimum(sides[0][:, 0], sides[1][:, 0])),
        np.log1p(np.maximum(sides[0][:, 0], sides[1][:, 0])),
        np.log1p(sides[0][:, 1] + sides[1][:, 1]),
        np.minimum(beside, 6),
        np.minimum(np.maximum(count[top], count[low]) - 1, 6),
        np.minimum(np.minimum(count[top], count[low]) - 1, 4),
        *_look_around(pieces, points, code, np.stack([street, other]), np.stack([top, low])),
    ]
    return np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)


def _look_around(pieces: Pieces, points: np.ndarray, code: Ints, pair: Ints, ranked: Ints) -> list[Floats]:
    """Per reach: junctions of the weightier class, those with the lesser one, and crossings without node.

    ``code`` numbers the class of each street; ``pair`` and ``ranked`` (2, n) are the streets of each
    crossing, the latter with the weightier one first.
    """
    (class_a, class_b), (top, low) = code[pair], code[ranked]
    tree = shapely.STRtree(points)
    arms = np.zeros((len(pieces.degree), int(code.max()) + 1), dtype=np.int16)
    np.add.at(arms, (pieces.start, code), 1)
    np.add.at(arms, (pieces.end, code), 1)
    nodes = shapely.STRtree(shapely.points(pieces.node_xy))
    found: list[Floats] = []
    size = len(points)
    for reach in AROUND_M:
        k, node = nodes.query(points, predicate="dwithin", distance=reach)
        mine = (pieces.degree[node] >= 3) & (arms[node, top[k]] >= 2)
        alike = top[k] == low[k]
        both = mine & np.where(alike, arms[node, top[k]] >= 3, arms[node, low[k]] >= 1)
        k2, crossing = tree.query(points, predicate="dwithin", distance=reach)
        same = (k2 != crossing) & ((class_a[crossing] == top[k2]) | (class_b[crossing] == top[k2]))
        found += [np.log1p(np.bincount(rows, minlength=size)) for rows in (k[mine], k[both], k2[same])]
    return found


@lru_cache(maxsize=1)
def load_trees() -> dict[str, np.ndarray]:
    """The forest as flat arrays: ``feature`` (-1 at a leaf), ``threshold``, ``left``, ``right``, ``value``, ``roots``."""
    text = resources.files("renewal_gis.data").joinpath("levels.json").read_text(encoding="utf-8")
    return {name: np.asarray(values) for name, values in json.loads(text)["trees"].items()}


def evaluate_trees(rows: Floats, trees: dict[str, np.ndarray], /) -> Floats:
    """Probability per row, shape (n,): the logistic of the sum of one leaf per tree."""
    place = np.tile(trees["roots"], (len(rows), 1))
    every = np.arange(len(rows))[:, None]
    while (inner := trees["feature"][place] >= 0).any():
        asked = np.where(inner, trees["feature"][place], 0)
        goes_left = rows[every, asked] <= trees["threshold"][place]
        place = np.where(inner, np.where(goes_left, trees["left"][place], trees["right"][place]), place)
    total = trees["value"][place].sum(axis=1)
    chance: Floats = 1.0 / (1.0 + np.exp(-total))
    return chance
