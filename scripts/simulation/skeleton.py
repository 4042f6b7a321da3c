"""The bones of a town: named roads, water, rails and closed ground, and the blocks between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import substring

from simulation import gazetteer
from simulation.geometry import (
    Line,
    bend,
    count_joints,
    extend,
    find_joints,
    lines_in,
    make_rng,
    node_lines,
    to_local,
    turn,
    warp,
)

WARP_M = 85.0
OVERRUN_M = 150.0
# strip, box, class, roads on the left and right bank
BANKS = (
    ("滏阳河", (-5400, -5600, 5300, 6050), "tertiary", ("滏阳西路", "滏阳东路")),
    ("支漳河", (5100, -3200, 6400, 4800), "unclassified", ("支漳河西堤路", "支漳河东堤路")),
    ("沁河", (-5350, 0, 2100, 2600), "residential", ("沁河北路", "沁河南路")),
    ("京广铁路", (-2600, -4500, 0, 5000), "residential", ("", "铁东街")),
    ("京广铁路", (-2600, -3100, 0, 3500), "residential", ("铁西后街", "")),
)
BANK_ROADS = ("滏阳西路", "滏阳东路", "沁河北路", "沁河南路")
FACING_ROAD = "和平路"
RING = ("西环路", "东环路", "北环路", "南环路")


@dataclass(frozen=True)
class Strip:
    """Ground that streets do not cross unless they may: a river or a railway."""

    kind: str
    name: str
    spine: LineString
    half_m: float
    bridged_by: str

    @property
    def area(self) -> Polygon:
        """Return the ground of the strip."""
        return self.spine.buffer(self.half_m, cap_style="flat")


@dataclass(frozen=True)
class Gap:
    """A road that is missing: its line, the closed ground around it, and the words of the ledger."""

    name: str
    unit: str
    missing: LineString
    project: LineString
    ground: Polygon
    edges: tuple[LineString, ...]
    stubs: tuple[LineString, ...]
    highway: str
    from_to: str


@dataclass
class Town:
    """One built-up seat: its roads as they are noded, its blocks and what lies in its way."""

    unit: str
    centre: Point
    lines: list[Line]
    blocks: list[Polygon]
    strips: list[Strip] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def draw_city() -> Town:
    """Return the main urban area with the economic zone at its east."""
    strips = _city_strips()
    lines = _city_lines()
    gaps = [_open_gap(lines, row) for row in gazetteer.LEDGER_GAPS]
    lines += _riverside_roads(strips)
    for gap in gaps:
        lines += [Line(edge, "tertiary", _edge_name(gap, i)) for i, edge in enumerate(gap.edges)]
    noded, blocks = _build(lines, strips, gaps)
    noded += [Line(extend(stub, 0.25), gap.highway, gap.name) for gap in gaps for stub in gap.stubs]
    return Town("城", Point(0, 0), noded, blocks, strips, gaps)


def draw_seat(row: tuple[str, float, float, float, float, float]) -> Town:
    """Return the small grid of one county seat."""
    unit, lon, lat, half_x, half_y, degrees = row
    rng = make_rng("seat", unit, lon)
    centre = to_local(lon, lat)
    counts = [max(3, round(2 * half / 620) + 1) for half in (half_x, half_y)]
    names = [list(rng.permutation(pool)) for pool in (gazetteer.SEAT_STREETS_NS, gazetteer.SEAT_STREETS_EW)]
    lines = []
    for axis, (count, pool) in enumerate(zip(counts, names, strict=True)):
        half, other = (half_x, half_y) if axis == 0 else (half_y, half_x)
        places = np.linspace(-half, half, count) + rng.uniform(-70, 70, count)
        for i, place in enumerate(places):
            # some corners of a town are fields: an outer road stops short of them
            low, high = rng.choice([0.55, 1.0], 2, p=[0.4, 0.6]) if i in {0, count - 1} else (1.0, 1.0)
            ends = np.array([[place, -other * low], [place, other * high]])
            ends = ends if axis == 0 else ends[:, ::-1]
            middle = abs(i - (count - 1) / 2) < 1
            ring = i in {0, count - 1}
            highway = "primary" if middle else "secondary" if ring else "tertiary"
            line = bend(LineString(ends), rng, amplitude_m=22)
            points = warp(
                np.asarray(extend(line, OVERRUN_M).coords), phase=float(rng.uniform(0, 0.3)), amplitude_m=30
            )
            points = turn(points, degrees=degrees) + np.array(centre)
            lines.append(Line(LineString(points), highway, str(pool[i % len(pool)])))
    noded, blocks = _build(lines, [], [])
    return Town(unit, Point(centre), noded, blocks)


def _city_lines() -> list[Line]:
    lines = []
    for axis, rows in ((0, gazetteer.NORTH_SOUTH), (1, gazetteer.EAST_WEST)):
        for name, highway, place, low, high, spans in rows:
            ends = np.array([[place, low], [place, high]], dtype=float)
            line = LineString(ends if axis == 0 else ends[:, ::-1])
            if name in RING:
                continue
            line = extend(bend(line, make_rng("bend", name), amplitude_m=34), OVERRUN_M)
            points = warp(np.asarray(line.segmentize(200).coords), phase=0.9, amplitude_m=WARP_M)
            lines.append(Line(LineString(points).simplify(2.5), highway, name, spans))
    return lines + _ring_roads()


def _ring_roads() -> list[Line]:
    """Return the four ring roads as one loop with wide corners."""
    loop = _round(np.array([*gazetteer.RING, gazetteer.RING[0]], dtype=float), times=0)
    points = warp(np.asarray(LineString(loop).segmentize(250).coords)[:-1], phase=0.9, amplitude_m=WARP_M)
    for _ in range(5):  # a running mean keeps the loop closed and rounds its corners
        points = (np.roll(points, 1, axis=0) + 2 * points + np.roll(points, -1, axis=0)) / 4
    sides: dict[str, list[np.ndarray]] = {}
    angles = np.degrees(np.arctan2(points[:, 1] - 200, points[:, 0] + 100))
    names = np.select(
        [np.abs(angles) <= 47, (angles > 47) & (angles <= 132), (angles < -47) & (angles >= -132)],
        ["东环路", "北环路", "南环路"],
        "西环路",
    )
    first = int(np.flatnonzero(names != np.roll(names, 1))[0])
    points, names = np.roll(points, -first, axis=0), np.roll(names, -first)
    for point, name in zip(points, names, strict=True):
        sides.setdefault(str(name), []).append(point)
    order = list(sides)
    lines = []
    for name, follower in zip(order, order[1:] + order[:1], strict=True):
        lines.append(Line(LineString([*sides[name], sides[follower][0]]).simplify(2.5), "trunk", name, "rw"))
    return lines


def _city_strips() -> list[Strip]:
    def spine(points: tuple[tuple[int, int], ...], step_m: float) -> LineString:
        return LineString(_round(np.array(points, dtype=float), times=3)).simplify(step_m)

    return [
        Strip("river", "滏阳河", spine(gazetteer.FUYANG, 3), 62, "r"),
        Strip("river", "支漳河", spine(gazetteer.ZHIZHANG, 3), 48, "r"),
        Strip("river", "沁河", spine(gazetteer.QIN, 3), 24, "r"),
        Strip("railway", "京广铁路", spine(gazetteer.JINGGUANG, 2), 42, "w"),
        Strip("railway", "马磁支线", spine(gazetteer.BRANCH, 2), 25, "w"),
    ]


def _round(curve: np.ndarray, *, times: int) -> np.ndarray:
    """Return the curve with its corners cut (Chaikin): rivers and rails have none."""
    for _ in range(times):
        back, ahead = curve[:-1], curve[1:]
        inner = np.stack([0.75 * back + 0.25 * ahead, 0.25 * back + 0.75 * ahead], axis=1).reshape(-1, 2)
        curve = np.vstack([curve[:1], inner, curve[-1:]])
    return curve


def _riverside_roads(strips: list[Strip]) -> list[Line]:
    """Return the roads that run along the water and behind the railway, where the town is."""
    roads = []
    for name, box, highway, (left, right) in BANKS:
        strip = next(strip for strip in strips if strip.name == name)
        for side, road in (("left", left), ("right", right)):
            if road:
                bank = (
                    strip.spine.parallel_offset(strip.half_m, side)
                    .simplify(4)
                    .intersection(shapely.box(*box))
                )
                roads += [Line(part, highway, road) for part in lines_in(bank)]
    return roads


def _open_gap(lines: list[Line], row: tuple[str, str, float, float, float, float, str, float, str]) -> Gap:
    name, kind, place, gap_m, stub_m, half_m, unit, project_m, from_to = row
    line = next(line for line in lines if line.name == name)
    vertical = any(entry[0] == name for entry in gazetteer.NORTH_SOUTH)
    reach = 1e5
    probe = LineString([(-reach, place), (reach, place)] if vertical else [(place, -reach), (place, reach)])
    if kind == "end":
        probe = next(other.geometry for other in lines if other.name == FACING_ROAD)
    middle = line.geometry.project(shapely.get_parts(line.geometry.intersection(probe))[0])
    before, after = (middle - gap_m / 2, middle + gap_m / 2) if kind == "middle" else (middle, middle + gap_m)
    start, stop = before - stub_m, after + (stub_m or 40)
    ground = substring(line.geometry, start, stop).buffer(half_m, cap_style="flat").minimum_rotated_rectangle
    corners = list(ground.exterior.coords)
    sides = [LineString(corners[i : i + 2]) for i in range(4)]
    # a rectangle about a bent road reaches a little beyond its ends: let the stubs run out to its edge
    stubs = [_longest(substring(line.geometry, after, stop + 60.0).intersection(ground))]
    if kind == "middle":
        stubs.append(_longest(substring(line.geometry, start - 60.0, before).intersection(ground)))
    else:
        sides = _open_side(sides, line.geometry.interpolate(middle))
    spare = max(0.0, project_m - gap_m) / 2
    low = max(0.0, before - spare) if kind == "middle" else before
    project = substring(line.geometry, low, min(line.geometry.length, after + spare))
    return Gap(
        name,
        unit,
        substring(line.geometry, before, after),
        project,
        ground,
        tuple(sides),
        tuple(stubs),
        line.highway,
        from_to,
    )


def _longest(shape: shapely.Geometry) -> LineString:
    return max(lines_in(shape), key=lambda line: line.length)


def _open_side(sides: list[LineString], foot: Point) -> list[LineString]:
    """Leave out the side on the facing street and let its neighbours run across that street."""
    nearest = min(sides, key=lambda side: side.distance(foot))
    rest = [side for side in sides if side is not nearest]
    far = max(rest, key=lambda side: side.distance(foot) + (0 if side.touches(nearest) else 1e6))
    return [
        side if side is far else extend(side, 0.001) if side.distance(nearest) > 1 else _reach(side, nearest)
        for side in rest
    ]


def _reach(side: LineString, base: LineString) -> LineString:
    points = list(side.coords)
    if Point(points[0]).distance(base) < Point(points[1]).distance(base):
        points.reverse()
    longer = extend(LineString(points), 70.0)
    return LineString([points[0], longer.coords[-1]])


def _edge_name(gap: Gap, place: int) -> str:
    return f"{gazetteer.WORDS[(sum(map(ord, gap.name)) + 7 * place) % len(gazetteer.WORDS)]}{'街' if place % 2 else '路'}"


def _build(lines: list[Line], strips: list[Strip], gaps: list[Gap]) -> tuple[list[Line], list[Polygon]]:
    # banks are simplified by 4 m: what is nearer to the edge than 8 m is not yet in the strip
    closed = [(strip.area.buffer(-8), strip.bridged_by) for strip in strips]
    closed += [(gap.ground.buffer(-4), "!") for gap in gaps]
    for area, key in closed:
        lines = [part for line in lines for part in _keep_out(line, key, area)]
    noded = _prune(node_lines(lines))
    edges = [strip.area.exterior for strip in strips]
    barred = shapely.union_all([area for area, _ in closed])
    shapes = shapely.union_all([line.geometry for line in noded] + edges, grid_size=0.1)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapes)))
    blocks = [
        shapely.normalize(face)
        for face in faces
        if face.area > 400 and face.intersection(barred).area < 0.3 * face.area
    ]
    return noded, sorted(blocks, key=lambda block: block.bounds)


def _keep_out(line: Line, key: str, area: Polygon) -> list[Line]:
    free = key in line.spans or (key == "!" and line.name == FACING_ROAD)
    if free or not line.geometry.intersects(area):
        return [line]
    return [replace(line, geometry=part) for part in lines_in(line.geometry.difference(area))]


def _prune(noded: list[Line]) -> list[Line]:
    """Drop every piece that ends in nothing, so that each named road meets the road at which it ends.

    Roads along the water stay: side streets will meet them.
    """
    while True:
        joints = find_joints(noded)
        degree = count_joints(joints)
        kept = [
            line for line, ends in zip(noded, joints, strict=True) if min(degree[end] for end in ends) > 1
        ]
        if len(kept) == len(noded):
            return kept
        noded = kept
