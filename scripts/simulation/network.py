"""The whole street network: towns, country roads, motorway, bridges, missing links and drawing faults."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import LineString, Point
from shapely.ops import linemerge, substring

from simulation import gazetteer
from simulation.blocks import Leaf, cut_back, lay_compound, lay_village, subdivide
from simulation.geometry import (
    Joint,
    Line,
    bend,
    count_joints,
    extend,
    find_joints,
    keep_joined,
    lines_in,
    make_rng,
    node_lines,
    sweep,
    weld,
)
from simulation.skeleton import Town, draw_city, draw_seat

UNKNOWN_GAPS = 8
HAIR_M = 0.25
FAULTS = {"undershoot": 26, "overshoot": 14, "unsnapped": 14, "duplicate": 9}


@dataclass(frozen=True)
class Network:
    """Everything drawn in local metres: streets as digitised, whole alleys, towns and leaves."""

    segments: list[Line]
    alleys: list[Line]
    streets: list[Line]
    towns: list[Town]
    leaves: list[Leaf]
    unknown: list[LineString]

    @property
    def city(self) -> Town:
        """Return the main urban area."""
        return self.towns[0]


def draw_network() -> Network:
    """Return the street network and what it was drawn from."""
    towns = [draw_city(), *(draw_seat(row) for row in gazetteer.SEATS)]
    lines: list[Line] = []
    leaves: list[Leaf] = []
    for town in towns:
        streets, own = subdivide(town)
        for leaf in own:
            if leaf.use == "village":
                streets += lay_village(leaf)
            elif leaf.use == "dwelling" and leaf.part in {"inner", "outer", "zone", "seat"}:
                streets += lay_compound(leaf)
        closed = shapely.union_all([strip.area.exterior for strip in town.strips])
        streets = cut_back(streets, closed, town.lines)
        # a hair longer, so that rounding cannot part a street from the one at which it ends
        lines += town.lines + [replace(line, geometry=extend(line.geometry, HAIR_M)) for line in streets]
        leaves += own
    lines += _country_roads(towns)
    lines = name_streets(lines)
    alleys = [line for line in lines if line.highway in {"living_street", "residential"} and line.name]
    streets = [line for line in lines if line.highway in {"tertiary", "residential"} and line.name]
    pieces = sweep(keep_joined(weld(_bridge(weld(node_lines(lines)), towns[0]))))
    pieces, unknown = _open_unknown_gaps(pieces)
    return Network(_spoil(pieces) + _motorway(pieces), alleys, streets, towns, leaves, unknown)


def name_streets(lines: list[Line]) -> list[Line]:
    """Return the lines with a name each: 街 from north to south, 路 from east to west, alleys a fuller form."""
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
    named = []
    for line in lines:
        if line.name or line.highway in {"service", "unclassified"}:
            named.append(line)
            continue
        (x0, y0), (x1, y1) = line.geometry.coords[0], line.geometry.coords[-1]
        if line.highway == "tertiary":
            name = next(pools["wide"]) + ("街" if abs(y1 - y0) > abs(x1 - x0) else "路")
        elif line.highway == "residential" and rng.random() < 0.2:
            name = ""
        else:
            name = str(next(pools["narrow"]))
        named.append(replace(line, name=name))
    return named


def _country_roads(towns: list[Town]) -> list[Line]:
    def doors(town: Town) -> list[Point]:
        major = [line.geometry for line in town.lines if line.highway in {"trunk", "primary", "secondary"}]
        rim = shapely.union_all(major).convex_hull.exterior
        ends = {line.geometry.coords[i] for line in town.lines if line.highway == "primary" for i in (0, -1)}
        return [Point(xy) for xy in sorted(ends) if rim.distance(Point(xy)) < 160]

    roads = []
    by_unit = {town.unit: town for town in reversed(towns)}
    for name, one, other in gazetteer.COUNTRY_ROADS:
        start, stop = (doors(by_unit[unit]) for unit in (one, other))
        first = min(start, key=lambda door: door.distance(by_unit[other].centre))
        last = min(stop, key=lambda door: door.distance(first))
        line = bend(LineString([first, last]), make_rng("country", name, other), amplitude_m=260, step_m=900)
        roads.append(Line(line, "trunk", name, "rw"))
    return roads


def _bridge(pieces: list[Line], city: Town) -> list[Line]:
    """Cut the pieces that cross water or rails into road, bridge or underpass, road."""
    tree = shapely.STRtree([piece.geometry for piece in pieces])
    parts: dict[int, list[Line]] = {}
    for strip in city.strips:
        ground = strip.spine.buffer(
            {"river": strip.half_m * 0.6, "railway": 24.0}[strip.kind], cap_style="flat"
        )
        for i in sorted(tree.query(strip.spine, predicate="crosses").tolist()):
            under = strip.kind == "railway" and pieces[i].name in {
                "人民路",
                "和平路",
                "联纺路",
                "陵园路",
                "丛台路",
            }
            words = "tunnel" if under else "bridge"
            whole = parts.get(i, [pieces[i]])
            cut: list[Line] = []
            for piece in whole:
                cut += (
                    [
                        replace(piece, geometry=part, spans=words)
                        for part in lines_in(piece.geometry.intersection(ground))
                    ]
                    if piece.spans not in {"bridge", "tunnel"}
                    else [piece]
                )
                cut += (
                    [replace(piece, geometry=part) for part in lines_in(piece.geometry.difference(ground))]
                    if piece.spans not in {"bridge", "tunnel"}
                    else []
                )
            parts[i] = cut
    flat: list[Line] = []
    for i, piece in enumerate(pieces):
        flat += parts.get(i, [piece])
    return flat


def _motorway(pieces: list[Line]) -> list[Line]:
    axis = LineString(gazetteer.MOTORWAY).segmentize(400)
    axis = LineString(np.asarray(bend(axis, make_rng("motorway"), amplitude_m=120, step_m=700).coords))
    streets = shapely.union_all([piece.geometry for piece in pieces])
    roads = []
    for side in ("left", "right"):
        lane = axis.parallel_offset(13, side)
        over = shapely.union_all(
            [
                Point(p.coords[0]).buffer(34)
                for p in shapely.get_parts(lane.intersection(streets))
                if p.geom_type == "Point"
            ]
        )
        roads += [
            Line(part, "motorway", "京港澳高速", "bridge", oneway=True)
            for part in lines_in(lane.intersection(over))
        ]
        roads += [
            Line(part, "motorway", "京港澳高速", oneway=True) for part in lines_in(lane.difference(over))
        ]
    return roads


def _in_city(piece: Line, reach_m: float) -> bool:
    middle = piece.geometry.interpolate(0.5, normalized=True)
    return abs(middle.x) < reach_m and abs(middle.y + 300) < reach_m


def _open_unknown_gaps(pieces: list[Line]) -> tuple[list[Line], list[LineString]]:
    """Take out the middle or one end of streets that no ledger mentions."""
    rng, joints = make_rng("unknown gaps"), find_joints(pieces)
    degree = count_joints(joints)
    able = [
        i
        for i, piece in enumerate(pieces)
        if piece.highway in {"tertiary", "residential"}
        and 130 < piece.geometry.length < 270
        and not piece.spans
        and piece.name
        and "滏阳" not in piece.name
        and "沁河" not in piece.name
        and _in_city(piece, 3600)
        and min(degree[end] for end in joints[i]) >= 3
    ]
    chosen: list[int] = []
    for i in rng.permutation(able).tolist():
        here = pieces[i].geometry
        if all(here.distance(pieces[j].geometry) > 700 for j in chosen):
            chosen.append(i)
        if len(chosen) == UNKNOWN_GAPS:
            break
    kept, missing = [piece for i, piece in enumerate(pieces) if i not in chosen], []
    for place, i in enumerate(chosen):
        line = pieces[i].geometry
        low, high = (0.22, 0.8) if place % 3 else (0.35, 1.0)
        missing.append(substring(line, low, high, normalized=True))
        kept.append(replace(pieces[i], geometry=substring(line, 0.0, low, normalized=True)))
        if high < 1.0:
            kept.append(replace(pieces[i], geometry=substring(line, high, 1.0, normalized=True)))
    return kept, missing


def _spoil(pieces: list[Line]) -> list[Line]:
    """Add the faults of drawing: ends too short or too long, crossings not cut, lines drawn twice."""
    rng, joints = make_rng("faults"), find_joints(pieces)
    degree = count_joints(joints)
    spoiled = list(pieces)
    minor = [
        i
        for i, p in enumerate(pieces)
        if p.highway in {"residential", "living_street"}
        and _in_city(p, 5000)
        and p.geometry.length > 60
    ]
    order = iter(rng.permutation(minor).tolist())
    todo = dict(FAULTS)
    for i in order:
        line = pieces[i].geometry
        ends = [degree[end] for end in joints[i]]
        if todo["undershoot"] and ends[1] == 3:
            spoiled[i] = replace(pieces[i], geometry=substring(line, 0, line.length - rng.uniform(0.25, 1.8)))
            todo["undershoot"] -= 1
        elif todo["overshoot"] and ends[1] == 3:
            points = np.asarray(line.coords)
            way = (points[-1] - points[-2]) / np.hypot(*(points[-1] - points[-2]))
            spoiled[i] = replace(
                pieces[i],
                geometry=LineString(np.vstack([points[:-1], points[-1] + way * rng.uniform(0.4, 1.8)])),
            )
            todo["overshoot"] -= 1
        elif todo["duplicate"]:
            spoiled.append(
                replace(pieces[i], geometry=shapely.affinity.translate(line, *rng.uniform(-0.35, 0.35, 2)))
            )
            todo["duplicate"] -= 1
        else:
            break
    return _unsnap(spoiled, todo["unsnapped"], rng)


def _unsnap(pieces: list[Line], count: int, rng: np.random.Generator) -> list[Line]:
    """Join both roads of some crossings so that they pass over each other without a node."""
    at: dict[Joint, list[int]] = defaultdict(list)
    for i, ends in enumerate(find_joints(pieces)):
        if pieces[i].highway in {"residential", "living_street", "tertiary"} and _in_city(pieces[i], 4500):
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
            gone |= set(own)
            merged += [
                replace(pieces[pair[0]], geometry=line) for pair, line in zip(pairs, joined, strict=True)
            ]
    return [piece for i, piece in enumerate(pieces) if i not in gone] + merged


def tabulate_roads(segments: list[Line]) -> gpd.GeoDataFrame:
    """Return the segments as a frame of roads in local metres."""
    ordered = sorted(segments, key=lambda line: (line.geometry.bounds, line.rank))
    return gpd.GeoDataFrame(
        {
            "highway": [line.highway for line in ordered],
            "name": [line.name for line in ordered],
            "bridge": [line.spans == "bridge" for line in ordered],
            "tunnel": [line.spans == "tunnel" for line in ordered],
            "layer": np.array(
                [{"bridge": 1, "tunnel": -1}.get(line.spans, 0) for line in ordered], dtype="int8"
            ),
            "oneway": [line.oneway for line in ordered],
            "noexit": [line.noexit for line in ordered],
        },
        geometry=[line.geometry for line in ordered],
    )
