"""Faults of drawing, put into the finished network on purpose, as every real file has them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.ops import linemerge, substring

from simulation.geometry import GRID_M, Joint, Line, count_joints, find_joints, in_city, make_rng

FAULTS = {"undershoot": 26, "overshoot": 14, "duplicate": 9, "unsnapped": 14}
MINOR = ("residential", "living_street")


def spoil(pieces: list[Line]) -> list[Line]:
    """Return the pieces with ends too short or too long, lines drawn twice and crossings not cut."""
    rng = make_rng("faults")
    spoiled = list(pieces)
    stems = _stems(pieces)
    order = iter(rng.permutation(len(stems)).tolist())
    for _ in range(FAULTS["undershoot"]):
        i = stems[next(order)]
        line = pieces[i].geometry
        spoiled[i] = replace(pieces[i], geometry=substring(line, 0, line.length - rng.uniform(0.25, 1.8)))
    for _ in range(FAULTS["overshoot"]):
        i = stems[next(order)]
        points = np.asarray(pieces[i].geometry.coords)
        way = (points[-1] - points[-2]) / np.hypot(*(points[-1] - points[-2]))
        longer = LineString(np.vstack([points[:-1], points[-1] + way * rng.uniform(0.4, 1.8)]))
        spoiled[i] = replace(pieces[i], geometry=longer)
    for _ in range(FAULTS["duplicate"]):
        twice = pieces[stems[next(order)]]
        spoiled.append(
            replace(twice, geometry=shapely.affinity.translate(twice.geometry, *rng.uniform(-0.35, 0.35, 2)))
        )
    return _unsnap(spoiled, FAULTS["unsnapped"], rng)


def _stems(pieces: list[Line]) -> list[int]:
    """Return the pieces whose last end meets, square on, a street that passes through."""
    joints = find_joints(pieces)
    degree = count_joints(joints)
    at: dict[Joint, list[int]] = defaultdict(list)
    for i, ends in enumerate(joints):
        for end in ends:
            at[end].append(i)
    stems = []
    for i, (piece, (_, last)) in enumerate(zip(pieces, joints, strict=True)):
        if (
            piece.highway in MINOR
            and degree[last] == 3
            and piece.geometry.length > 60
            and in_city(piece, 5000)
        ):
            names = {pieces[k].name for k in at[last] if k != i}
            if len(names) == 1 and piece.name not in names:
                stems.append(i)
    return stems


def _unsnap(pieces: list[Line], count: int, rng: np.random.Generator) -> list[Line]:
    """Join both roads of some crossings so that they pass over each other without a node."""
    at: dict[Joint, list[int]] = defaultdict(list)
    for i, ends in enumerate(find_joints(pieces)):
        if pieces[i].highway in {"residential", "living_street", "tertiary"} and in_city(pieces[i], 4500):
            for end in ends:
                at[end].append(i)
    gone: set[int] = set()
    merged: list[Line] = []
    crossings = sorted(key for key, own in at.items() if len(own) == 4)
    for place in rng.permutation(len(crossings)).tolist():
        own = at[crossings[place]]
        names = [pieces[i].name for i in own]
        pairs = [[i for i in own if pieces[i].name == name] for name in sorted(set(names))]
        if (
            len(merged) >= 2 * count
            or len(pairs) != 2
            or gone & set(own)
            or any(len(pair) != 2 for pair in pairs)
        ):
            continue
        joined = [linemerge([pieces[i].geometry for i in pair]) for pair in pairs]
        if all(isinstance(line, LineString) for line in joined):
            through = [_without(line, crossings[place]) for line in joined]
            if through[0].crosses(through[1]):
                gone |= set(own)
                merged += [
                    replace(pieces[pair[0]], geometry=line) for pair, line in zip(pairs, through, strict=True)
                ]
    return [piece for i, piece in enumerate(pieces) if i not in gone] + merged


def _without(line: LineString, joint: Joint) -> LineString:
    """Return the line without its vertex at a junction: it then passes there as if nothing were."""
    points = np.asarray(line.coords)
    there = (np.rint(points / GRID_M) == np.array(joint)).all(axis=1)
    return LineString(points[~there])
