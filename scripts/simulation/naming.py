"""Streets that go straight on share a name: pieces between blocks joined to ways, and a name for each."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.ops import linemerge

from simulation import gazetteer
from simulation.geometry import Line, make_rng

STRAIGHT_DEG = 24.0
MEET_M = 0.6
UNNAMED = ("service", "unclassified")


def name_streets(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """Return the streets with a name each, and the ways: what has one name, as one line.

    街 runs from north to south, 路 from east to west; alleys have a fuller form.
    """
    rng = make_rng("names")
    wide = [f"{word}{tail}" for tail in ("", "北", "南", "东", "西", "中") for word in gazetteer.WORDS]
    narrow = [f"{word}{tail}" for tail in gazetteer.ALLEY_ENDS for word in rng.permutation(gazetteer.WORDS)]
    narrow += [
        f"{word}{number}{tail}"
        for number in "一二三四五六"
        for tail in ("条", "道巷")
        for word in gazetteer.WORDS
    ]
    pools = {"wide": iter(wide * 40), "narrow": iter(narrow * 6)}
    named, ways = list(lines), []
    for group in _join(lines):
        first = lines[group[0]]
        way = linemerge([lines[i].geometry for i in group]) if len(group) > 1 else first.geometry
        (x0, y0), (x1, y1) = first.geometry.coords[0], first.geometry.coords[-1]
        if first.highway == "tertiary":
            name = next(pools["wide"]) + ("街" if abs(y1 - y0) > abs(x1 - x0) else "路")
        elif first.highway == "residential" and len(group) == 1 and rng.random() < 0.25:
            name = ""
        else:
            name = str(next(pools["narrow"]))
        for i in group:
            named[i] = replace(lines[i], name=name)
        if name and isinstance(way, LineString):
            ways.append(replace(first, geometry=way, name=name))
    return named, ways


def _join(lines: list[Line]) -> list[list[int]]:
    """Return groups of lines of one class that run straight on, each in the order of its first line."""
    root = list(range(len(lines)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    used: set[tuple[int, int]] = set()
    for _, one, other in _continuations(lines):
        if not used & {one, other} and find(one[0]) != find(other[0]):
            used |= {one, other}
            root[find(other[0])] = find(one[0])
    groups: dict[int, list[int]] = defaultdict(list)
    for i, line in enumerate(lines):
        if line.highway not in UNNAMED:
            groups[find(i)].append(i)
    return list(groups.values())


def _continuations(lines: list[Line]) -> list[tuple[float, tuple[int, int], tuple[int, int]]]:
    """Return pairs of line ends that meet nearly straight: deflection in degrees, (line, end) of both."""
    ends = [(i, place) for i, line in enumerate(lines) if line.highway not in UNNAMED for place in (0, -1)]
    tips = np.array([lines[i].geometry.coords[place] for i, place in ends])
    back = np.array([lines[i].geometry.coords[1 if place == 0 else -2] for i, place in ends])
    bearing = np.degrees(np.arctan2(*(tips - back).T))
    points = shapely.points(tips)
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=MEET_M)
    found = []
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        if a < b and ends[a][0] != ends[b][0] and lines[ends[a][0]].highway == lines[ends[b][0]].highway:
            off = abs(math.remainder(bearing[a] - bearing[b] - 180.0, 360.0))
            if off < STRAIGHT_DEG:
                found.append((round(off, 3), ends[a], ends[b]))
    return sorted(found)
