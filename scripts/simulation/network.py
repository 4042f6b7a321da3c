"""The whole street network: towns, country roads, motorway, bridges, missing links and drawing faults."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import LineString, Point
from shapely.ops import substring

from simulation import gazetteer
from simulation.blocks import Leaf, cut_back, lay_compound, lay_village, subdivide
from simulation.faults import spoil
from simulation.geometry import (
    Line,
    bend,
    count_joints,
    extend,
    find_joints,
    in_city,
    keep_joined,
    lines_in,
    make_rng,
    node_lines,
    sweep,
    weld,
)
from simulation.naming import name_streets
from simulation.skeleton import Town, draw_city, draw_seat

UNKNOWN_GAPS = 8
HAIR_M = 0.25


@dataclass(frozen=True)
class Network:
    """Everything drawn in local metres: streets as digitised, whole ways, towns and leaves."""

    segments: list[Line]
    ways: list[Line]
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
    bones: list[Line] = []
    streets: list[Line] = []
    leaves: list[Leaf] = []
    for town in towns:
        own, blocks = subdivide(town)
        for leaf in blocks:
            if leaf.use == "village":
                own += lay_village(leaf)
            elif leaf.use == "dwelling" and leaf.part in {"inner", "outer", "zone", "seat"}:
                own += lay_compound(leaf)
        closed = shapely.union_all([strip.area.exterior for strip in town.strips])
        streets += cut_back(own, closed, town.lines)
        bones += town.lines
        leaves += blocks
    named, ways = name_streets(streets)
    # a hair longer, so that rounding cannot part a street from the one at which it ends
    lines = (
        bones
        + _country_roads(towns)
        + [replace(line, geometry=extend(line.geometry, HAIR_M)) for line in named]
    )
    pieces = sweep(keep_joined(weld(_bridge(weld(node_lines(lines)), towns[0]))))
    pieces, unknown = _open_unknown_gaps(pieces)
    return Network(spoil(pieces) + _motorway(pieces), ways, towns, leaves, unknown)


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
        and in_city(piece, 3600)
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
