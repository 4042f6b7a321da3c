"""Small geometry for drawing a town: bending, cutting and noding lines, and the way to degrees.

Everything is drawn in metres around a local origin and moved to EPSG:4490 at the end.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import LineString, Polygon
from shapely.ops import split

SEED = 20210311
METRIC_CRS = "EPSG:4547"
STORED_CRS = "EPSG:4490"
ORIGIN_M = (543882.0, 4053343.0)
GRID_M = 0.1
RANKS = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "living_street",
    "service",
)

Joint = tuple[int, int]


@dataclass(frozen=True)
class Line:
    """One street as it is drawn, before it is cut at its junctions."""

    geometry: LineString
    highway: str
    name: str = ""
    spans: str = ""
    oneway: bool = False
    noexit: bool = False

    @property
    def rank(self) -> int:
        """Return the place of the class, 0 for the highest."""
        return RANKS.index(self.highway)


def make_rng(*words: object) -> np.random.Generator:
    """Return the generator of one purpose, so that a change in one place does not move all others."""
    return np.random.default_rng([SEED, zlib.crc32("/".join(map(str, words)).encode())])


def to_local(lon: float, lat: float) -> tuple[float, float]:
    """Return local metres of a longitude and latitude."""
    x, y = Transformer.from_crs(STORED_CRS, METRIC_CRS, always_xy=True).transform(lon, lat)
    return x - ORIGIN_M[0], y - ORIGIN_M[1]


def to_stored(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame, drawn in local metres, in EPSG:4490 rounded to 1e-6 degrees."""
    moved = frame.copy()
    moved.geometry = gpd.GeoSeries(frame.geometry.translate(*ORIGIN_M), crs=METRIC_CRS).to_crs(STORED_CRS)
    moved = moved.set_geometry(shapely.transform(moved.geometry.to_numpy(), lambda xy: np.round(xy, 6)))
    return moved.set_crs(STORED_CRS, allow_override=True)


def from_stored(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame of degrees in local metres, without a reference system."""
    local = frame.to_crs(METRIC_CRS).translate(-ORIGIN_M[0], -ORIGIN_M[1])
    return frame.set_geometry(local.set_crs(None, allow_override=True))


def warp(points: np.ndarray, *, phase: float, amplitude_m: float) -> np.ndarray:
    """Return points moved by a smooth field, so that neighbouring streets bend together."""
    x, y = points[:, 0], points[:, 1]
    dx = np.sin(y / 1900 + phase) + 0.6 * np.sin((y + 0.4 * x) / 830 + 2.1 * phase)
    dy = np.sin(x / 2100 + 1.7 * phase) + 0.6 * np.sin((x - 0.3 * y) / 910 + phase)
    return points + amplitude_m * np.column_stack([dx, dy])


def bend(
    line: LineString, rng: np.random.Generator, *, amplitude_m: float, step_m: float = 260.0
) -> LineString:
    """Return the line with a slow swing of its own; its ends stay."""
    count = max(2, int(line.length / step_m))
    share = np.linspace(0.0, 1.0, count + 1)
    points = shapely.get_coordinates(line.interpolate(share, normalized=True))
    along = np.gradient(points, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(1e-9, np.hypot(*along.T))[:, None]
    waves, phase = rng.uniform(0.6, 2.2), rng.uniform(0, math.tau)
    swing = np.sin(math.tau * waves * share + phase) * np.sin(math.pi * share) ** 0.5
    return LineString(points + amplitude_m * swing[:, None] * normal).simplify(2.5)


def turn(points: np.ndarray, *, degrees: float) -> np.ndarray:
    """Return points turned about the origin, counter-clockwise."""
    a = math.radians(degrees)
    return points @ np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])


def extend(line: LineString, distance_m: float) -> LineString:
    """Return the line made longer at both ends."""
    points = np.asarray(line.coords)
    head = points[0] + (points[0] - points[1]) / np.hypot(*(points[0] - points[1])) * distance_m
    tail = points[-1] + (points[-1] - points[-2]) / np.hypot(*(points[-1] - points[-2])) * distance_m
    return LineString(np.vstack([head, points, tail]))


def frame_of(block: Polygon) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, float]:
    """Return centre, long direction, short direction, length and width of the least rectangle."""
    corners = np.asarray(block.minimum_rotated_rectangle.exterior.coords)
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    if np.hypot(*first) < np.hypot(*second):
        first, second = second, first
    length, width = float(np.hypot(*first)), float(np.hypot(*second))
    return corners[:4].mean(axis=0), first / length, second / width, length, width


def halve(block: Polygon, cut: LineString) -> list[Polygon]:
    """Return the parts of a block cut by a line, larger first; empty if the cut does not make two."""
    parts = [part for part in split(block, cut).geoms if part.area > 1.0]
    return sorted(parts, key=lambda part: -part.area) if len(parts) == 2 else []


def lines_in(shape: shapely.Geometry) -> list[LineString]:
    """Return the line strings of whatever an overlay gave back."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return [part for part in parts if isinstance(part, LineString) and part.length > 0.05]


def node_lines(lines: list[Line]) -> list[Line]:
    """Return the lines cut at every crossing; a piece keeps the words of the line it came from."""
    whole = shapely.union_all(
        shapely.set_precision([line.geometry for line in lines], GRID_M), grid_size=GRID_M
    )
    pieces = lines_in(whole)
    tree = shapely.STRtree([line.geometry for line in lines])
    middles = shapely.line_interpolate_point(np.array(pieces, dtype=object), 0.5, normalized=True)
    found, near = tree.query(middles, predicate="dwithin", distance=0.6)
    owner: dict[int, int] = {}
    for piece, line in sorted(zip(found.tolist(), near.tolist(), strict=True)):
        best = owner.get(piece)
        if best is None or lines[line].rank < lines[best].rank:
            owner[piece] = line
    noded = [replace(lines[owner[i]], geometry=piece) for i, piece in enumerate(pieces) if i in owner]
    return sorted(noded, key=lambda line: line.geometry.coords[0] + line.geometry.coords[-1])


def find_joints(lines: list[Line]) -> list[tuple[Joint, Joint]]:
    """Return the grid cells of both ends of every line; ends in one cell meet."""
    shapes = np.array([line.geometry for line in lines], dtype=object)
    ends = [shapely.get_coordinates(shapely.get_point(shapes, place)) for place in (0, -1)]
    cells = np.rint(np.hstack(ends) / GRID_M).astype(np.int64).tolist()
    return [((x0, y0), (x1, y1)) for x0, y0, x1, y1 in cells]


def count_joints(joints: list[tuple[Joint, Joint]]) -> Counter[Joint]:
    """Return how many line ends meet in each cell."""
    return Counter(joint for pair in joints for joint in pair)


def weld(lines: list[Line], *, within_m: float = 0.7) -> list[Line]:
    """Return the lines with ends that nearly meet brought together, without pieces that thereby vanish."""
    points = sorted({line.geometry.coords[i] for line in lines for i in (0, -1)})
    tree = shapely.STRtree(shapely.points(points))
    one, other = tree.query(shapely.points(points), predicate="dwithin", distance=within_m)
    first: dict[tuple[float, float], tuple[float, float]] = {}
    for i, j in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        first.setdefault(points[i], first.get(points[j], points[j]) if j <= i else points[i])
    welded = []
    for line in lines:
        coords = list(line.geometry.coords)
        coords[0], coords[-1] = first[coords[0]], first[coords[-1]]
        if coords[0] != coords[-1] or line.geometry.length > 4 * within_m:
            welded.append(replace(line, geometry=LineString(coords)))
    return welded


def keep_joined(lines: list[Line], *, least: int = 25) -> list[Line]:
    """Return the lines without scraps that no other street reaches."""
    root: dict[Joint, Joint] = {}

    def find(key: Joint) -> Joint:
        while root.setdefault(key, key) != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    joints = find_joints(lines)
    for start, stop in joints:
        root[find(start)] = find(stop)
    groups = [find(start) for start, _ in joints]
    size = Counter(groups)
    return [line for line, group in zip(lines, groups, strict=True) if size[group] >= least]


def sweep(lines: list[Line], *, crumb_m: float = 1.5) -> list[Line]:
    """Return the lines without crumbs that hang at one end."""
    joints = find_joints(lines)
    degree = count_joints(joints)
    hangs = [min(degree[end] for end in ends) == 1 for ends in joints]
    return [
        line for line, loose in zip(lines, hangs, strict=True) if not loose or line.geometry.length > crumb_m
    ]


def in_city(line: Line, reach_m: float) -> bool:
    """Return whether the middle of a line lies within reach of the centre of the main urban area."""
    middle = line.geometry.interpolate(0.5, normalized=True)
    return abs(middle.x) < reach_m and abs(middle.y + 300) < reach_m
