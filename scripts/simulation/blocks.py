"""From blocks to streets: cutting a block until it has the size of its part of town, and compounds inside."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from simulation import gazetteer
from simulation.geometry import Line, extend, frame_of, halve, lines_in, make_rng

if TYPE_CHECKING:
    from simulation.skeleton import Town

HECTARE = 10_000.0
FAR_M = 7600.0
SNAP_M = 26.0
MOTORWAY = LineString(gazetteer.MOTORWAY)
LEAF_HA = {
    "old": 1.5,
    "inner": 5.2,
    "outer": 9.5,
    "zone": 12.0,
    "seat": 9.5,
    "edge": 15.0,
    "farm": 55.0,
    "village": 1.15,
}
OLD_TOWN = (
    (-520, -780, 930, 850),
    (-520, -4250, 900, -3650),
    (-2620, -640, -1830, 850),
    (930, 850, 1480, 1700),
    (-1010, 850, 0, 1700),
)
USES = {
    "old": (("dwelling", 0.72), ("trade", 0.16), ("park", 0.03), ("office", 0.09)),
    "inner": (("dwelling", 0.66), ("trade", 0.11), ("school", 0.08), ("park", 0.06), ("office", 0.09)),
    "outer": (("dwelling", 0.5), ("works", 0.2), ("school", 0.08), ("park", 0.09), ("trade", 0.13)),
    "zone": (("works", 0.55), ("dwelling", 0.3), ("trade", 0.1), ("park", 0.05)),
    "seat": (("dwelling", 0.64), ("trade", 0.14), ("school", 0.08), ("park", 0.07), ("office", 0.07)),
    "edge": (("dwelling", 0.35), ("works", 0.25), ("field", 0.4)),
    "farm": (("field", 1.0),),
}


@dataclass(frozen=True)
class Leaf:
    """A block that is not cut further, what it is used for and in which part of town it lies."""

    polygon: Polygon
    use: str
    part: str
    town: str
    name: str = ""


class Anchors:
    """Street ends already on a block's edge: the next street across prefers to go on from there."""

    def __init__(self) -> None:
        """Start without ends."""
        self._points: list[tuple[float, float]] = []

    def add(self, line: LineString) -> None:
        """Remember both ends of a street."""
        self._points += [line.coords[0], line.coords[-1]]

    def on_edge(self, block: Polygon) -> np.ndarray:
        """Return the ends that lie on the edge of a block, n × 2."""
        if not self._points:
            return np.empty((0, 2))
        points = np.array(self._points)
        x0, y0, x1, y1 = block.bounds
        points = points[
            (points[:, 0] > x0 - 1)
            & (points[:, 0] < x1 + 1)
            & (points[:, 1] > y0 - 1)
            & (points[:, 1] < y1 + 1)
        ]
        return (
            points[shapely.distance(shapely.points(points), block.exterior) < 0.5] if len(points) else points
        )


def part_of_city(x: float, y: float) -> str:
    """Return in which part of the city a place lies; it governs how fine the streets are."""
    if any(x0 < x < x1 and y0 < y < y1 for x0, y0, x1, y1 in OLD_TOWN):
        return "old"
    if 7050 < x < 9500:
        return "zone"
    away = math.hypot((x - 200) / 1.08, (y + 500) / 1.1) + 220 * math.sin(math.atan2(y, x) * 3)
    return "inner" if away < 3500 else "outer" if away < 4700 else "farm"


def part_of_seat(town: Town, x: float, y: float, reach_m: float) -> str:
    """Return the part of a county seat."""
    return "seat" if math.hypot(x - town.centre.x, y - town.centre.y) < 0.95 * reach_m else "edge"


def cut_block(
    block: Polygon, anchors: Anchors, rng: np.random.Generator
) -> tuple[LineString, list[Polygon]] | None:
    """Return the street that halves a block across its longer side, and both halves."""
    centre, along, across, length, width = frame_of(block)
    ends = anchors.on_edge(block)
    places = (ends - centre) @ along
    for attempt in range(5):
        place = length * rng.normal(0.0, 0.07)
        able = np.flatnonzero(np.abs(places - place) < 0.17 * length)
        skew = math.radians(rng.normal(0.0, 1.6))
        way = across * math.cos(skew) + along * math.sin(skew)
        foot = centre + place * along
        if attempt < 2 and len(able) and rng.random() < 0.85:
            foot = ends[able[np.argmin(np.abs(places[able] - place))]]
        street = _aim(block, foot, way, ends, width, rng)
        parts = halve(block, extend(street, 0.05)) if street else []
        if street and parts and parts[1].area > 0.3 * block.area:
            return street, parts
    return None


def _aim(
    block: Polygon,
    foot: np.ndarray,
    way: np.ndarray,
    ends: np.ndarray,
    width: float,
    rng: np.random.Generator,
) -> LineString | None:
    """Return a street through a block that goes on from streets which already end at its edge."""
    through = lines_in(LineString([foot - 2 * width * way, foot + 2 * width * way]).intersection(block))
    if not through:
        return None
    points = shapely.get_coordinates(max(through, key=lambda line: line.length))
    first, last = (_snap(point, ends) for point in (points[0], points[-1]))
    chord = last - first
    if np.hypot(*chord) < SNAP_M:
        return None
    swing = np.array([-chord[1], chord[0]]) * rng.normal(0.0, 0.012)
    return LineString([first, (first + last) / 2 + swing, last])


def _snap(point: np.ndarray, ends: np.ndarray) -> np.ndarray:
    if not len(ends):
        return point
    away = np.hypot(*(ends - point).T)
    return ends[np.argmin(away)] if away.min() < SNAP_M else point


def subdivide(town: Town) -> tuple[list[Line], list[Leaf]]:
    """Return the streets within a town's blocks and the leaves between them."""
    rng, anchors = make_rng("blocks", town.unit, town.centre.x), Anchors()
    reach_m = 0.72 * max(town.centre.distance(Point(line.geometry.coords[0])) for line in town.lines)
    streets: list[Line] = []
    leaves: list[Leaf] = []
    queue = [(block, "") for block in reversed(town.blocks)]
    while queue:
        block, part = queue.pop()
        middle, hectares = block.centroid, block.area / HECTARE
        part = part or _part(town, middle, reach_m)
        reserve = _reserve(block) if town.unit == "城" else None
        fields = reserve is None and part == "farm" and 25 < hectares < LEAF_HA["farm"] * 1.2
        if fields and rng.random() < 0.2:
            part = "hamlet"
        small = reserve or hectares < LEAF_HA.get(part, 12.0) * rng.uniform(1.15, 1.75) or _far(town, middle)
        found = None if small else cut_block(block, anchors, rng)
        if found is None:
            leaves.append(_settle(block, part, town, reserve, rng))
            continue
        street, halves = found
        anchors.add(street)
        streets.append(_street(street, part, hectares, rng))
        # of the halves of a hamlet one goes back to the fields
        queue += zip(halves, ("hamlet", "farm") if part == "hamlet" else ("", ""), strict=True)
    return streets, leaves


def _part(town: Town, place: Point, reach_m: float) -> str:
    if town.unit == "城":
        return part_of_city(place.x, place.y)
    return part_of_seat(town, place.x, place.y, reach_m)


def _far(town: Town, middle: Point) -> bool:
    return (
        town.unit == "城"
        and math.hypot(middle.x, middle.y) > FAR_M
        and not (middle.x > 6900 and middle.y < 5200)
    )


def _reserve(block: Polygon) -> tuple[str, str] | None:
    for name, use, corners in gazetteer.RESERVES:
        ground = shapely.box(*corners)
        if block.contains(ground.centroid) and block.area < 2.0 * ground.area:
            return name, use
    return None


def _settle(
    block: Polygon, part: str, town: Town, reserve: tuple[str, str] | None, rng: np.random.Generator
) -> Leaf:
    if reserve:
        return Leaf(block, reserve[1], part, town.unit, reserve[0])
    if town.unit == "城" and MOTORWAY.distance(block) < 150:
        return Leaf(block, "field", "farm", town.unit)
    hectares = block.area / HECTARE
    if part == "hamlet" or (part in {"outer", "zone"} and 5 < hectares < 22 and rng.random() < 0.15):
        return Leaf(block, "village", "village", town.unit)
    options = USES.get(part, USES["farm"])
    use = str(rng.choice([name for name, _ in options], p=[share for _, share in options]))
    return Leaf(block, use, part, town.unit)


def _street(line: LineString, part: str, hectares: float, rng: np.random.Generator) -> Line:
    if part in {"farm", "hamlet", "edge"}:
        return Line(line, "unclassified" if part == "farm" else "residential")
    if hectares > 38 or (part == "old" and hectares > 22):
        return Line(line, "tertiary")
    if part == "old":
        return Line(
            line, "residential" if hectares > 6 else "living_street", oneway=bool(rng.random() < 0.04)
        )
    return Line(line, "residential", oneway=bool(rng.random() < 0.015))


def lay_village(leaf: Leaf) -> list[Line]:
    """Return the alleys of a village: narrow, bent, a tenth of them blind."""
    rng, anchors = make_rng("village", *leaf.polygon.bounds), Anchors()
    alleys: list[Line] = []
    queue = [leaf.polygon]
    while queue:
        plot = queue.pop()
        if plot.area < LEAF_HA["village"] * HECTARE * rng.uniform(1.1, 2.2):
            continue
        found = cut_block(plot, anchors, rng)
        if found is None:
            continue
        line, parts = found
        if rng.random() < 0.1 and line.length > 70:
            line = shapely.ops.substring(line, 0.0, line.length * rng.uniform(0.55, 0.8))
        anchors.add(line)
        alleys.append(Line(line, "living_street"))
        queue += parts
    return alleys


def lay_compound(leaf: Leaf) -> list[Line]:
    """Return the inner roads of a walled compound: one gate, a spine, ribs that end by design."""
    rng = make_rng("compound", *leaf.polygon.bounds)
    centre, along, across, length, width = frame_of(leaf.polygon)
    if min(length, width) < 110 or rng.random() < 0.56:
        return []
    inside = leaf.polygon.buffer(-16)
    gate_side = 1 if rng.random() < 0.5 else -1
    foot = centre + along * length * rng.uniform(-0.15, 0.15)
    depth = rng.uniform(0.05, 0.28) * width
    spine = LineString([foot + gate_side * across * width, foot - gate_side * across * depth])
    roads = [Line(part, "service") for part in lines_in(spine.intersection(leaf.polygon))[:1]]
    for rib in range(1 if width < 260 else 2):
        level = gate_side * (0.22 * width - rib * 0.3 * width) * rng.uniform(0.85, 1.1)
        left, right = rng.uniform(0.24, 0.4, 2) * length
        line = LineString([foot + across * level - along * left, foot + across * level + along * right])
        roads += [
            Line(part, "service", noexit=bool(rng.random() < 0.35))
            for part in lines_in(line.intersection(inside))[:1]
        ]
    return roads


def cut_back(
    streets: list[Line], closed: shapely.Geometry, roads: list[Line], *, back_m: float = 17.0
) -> list[Line]:
    """Return the streets that ran against water, rails or walls where no road is, ended a little before."""
    tree = shapely.STRtree([road.geometry for road in roads])

    def walled(xy: tuple[float, float]) -> bool:
        end = Point(xy)
        return closed.distance(end) < 1.0 and not len(tree.query(end, predicate="dwithin", distance=1.0))

    tidy = []
    for street in streets:
        line = street.geometry
        hits = [walled(line.coords[i]) for i in (0, -1)]
        if any(hits) and line.length < 3 * back_m:
            continue
        if any(hits):
            line = shapely.ops.substring(
                line, back_m if hits[0] else 0.0, line.length - (back_m if hits[1] else 0.0)
            )
        tidy.append(replace(street, geometry=line))
    return tidy
