"""The streets as flat arrays, and what can be seen from each dead end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.geo.geometry import index_ranges, scale_to_unit
from renewal_gis.roads.network import Network, make_network
from renewal_gis.roads.segments import Segments, cut_segments

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Flags, Floats, Ints

RANKS = {
    "motorway": 8.0,
    "trunk": 7.0,
    "primary": 6.0,
    "secondary": 5.0,
    "tertiary": 4.0,
    "unclassified": 3.0,
    "road": 3.0,
    "residential": 2.0,
    "living_street": 1.0,
    "pedestrian": 0.0,
}
OTHER_RANK = -1.0
RAY_STEP_DEG = 6.0
RAYS = 60


@dataclass(frozen=True)
class Scene:
    """Streets, segments and network in flat arrays, coordinates relative to ``origin``.

    Segments (``first``, ``second``: (s, 2)) are the straight pieces of the streets, in order;
    ``offset_m`` is the distance of each segment's first vertex along its street ``street``.
    ``begin`` and ``count`` give the vertices of each street in ``xy``.
    """

    origin: Floats
    xy: Floats
    begin: Ints
    count: Ints
    first: Floats
    second: Floats
    street: Ints
    offset_m: Floats
    rank: Floats
    ramp: Flags
    length_m: Floats
    network: Network
    segments: Segments

    @cached_property
    def _laid_m(self) -> Floats:
        """Where each segment begins if all streets are laid end to end, metres."""
        size = np.hypot(*(self.second - self.first).T)
        laid: Floats = np.cumsum(size) - size
        return laid

    def find_segment(self, street: Ints, distance_m: Floats) -> Ints:
        """The segment of each street that holds the place at a distance from its first vertex."""
        first = self.begin[street] - street
        segment = np.searchsorted(self._laid_m, self._laid_m[first] + distance_m, side="right") - 1
        return np.clip(segment, first, first + self.count[street] - 2)

    def point_along(self, street: Ints, distance_m: Floats) -> Floats:
        """Points on streets at distances from their first vertex, shape (n, 2); beyond the end its last vertex."""
        segment = self.find_segment(street, distance_m)
        first, side = self.first[segment], self.second[segment] - self.first[segment]
        size = np.hypot(*side.T)
        on = np.clip(distance_m - self.offset_m[segment], 0.0, size)
        points: Floats = first + side * np.divide(on, size, out=np.zeros(len(on)), where=size > 0)[:, None]
        return points


@dataclass(frozen=True)
class Tips:
    """Dead ends as arrays: node, street, whether the street ends there, and outward unit vectors.

    ``ahead`` has shape (n, 3, 2): outward direction measured over the last 8, 25 and 70 m.
    """

    node: Ints
    street: Ints
    at_end: Flags
    xy: Floats
    ahead: Floats


SPANS_M = (8.0, 25.0, 70.0)


def make_scene(streets: gpd.GeoDataFrame, /, *, segments: Segments | None = None) -> Scene:
    """Flat arrays of a frame made by ``build_streets``; ``segments`` if they were cut before."""
    network, cut = make_network(streets), segments or cut_segments(streets)
    xy, owner = shapely.get_coordinates(np.asarray(streets.geometry.values), return_index=True)
    origin = xy.mean(axis=0) if len(xy) else np.zeros(2)
    count = np.bincount(owner, minlength=len(streets)).astype(np.int64)
    words = streets["highway"].astype(str)
    rank = words.str.removesuffix("_link").map(RANKS).fillna(OTHER_RANK).to_numpy(float)
    ramp = words.str.endswith("_link").to_numpy(bool)
    return Scene(
        origin,
        xy - origin,
        np.cumsum(count) - count,
        count,
        cut.first - origin,
        cut.second - origin,
        cut.street,
        cut.along,
        rank,
        ramp,
        streets["length_m"].to_numpy(float),
        replace(network, xy=network.xy - origin),
        cut,
    )


def make_tips(scene: Scene, node: Ints, /) -> Tips:
    """Dead ends at the given nodes of degree one."""
    network = scene.network
    street = network.edge[network.indptr[node]]
    at_end = network.to_node[street] == node
    tip = network.xy[node]
    ahead = np.stack([_look_back(scene, street, at_end, tip, span) for span in SPANS_M], axis=1)
    return Tips(node, street, at_end, tip, ahead)


def _look_back(scene: Scene, street: Ints, at_end: Flags, tip: Floats, span_m: float) -> Floats:
    length = scene.length_m[street]
    distance = np.where(at_end, length - span_m, span_m)
    return scale_to_unit(tip - scene.point_along(street, np.clip(distance, 0.0, length)))


@dataclass(frozen=True)
class View:
    """Segments near each dead end, and what its rays meet.

    ``tip`` and ``segment`` (k,) list the segments whose box comes within reach. Hits are sorted by tip, ray
    and distance: ``hit_tip``, ``hit_ray`` (0 = straight ahead, then anticlockwise in steps of 6°),
    ``hit_m``, ``hit_segment``, ``hit_along_m`` (on the street) and ``hit_order`` (0 = first met).
    """

    tip: Ints
    segment: Ints
    hit_tip: Ints
    hit_ray: Ints
    hit_m: Floats
    hit_segment: Ints
    hit_along_m: Floats
    hit_order: Ints


def look_around(scene: Scene, tips: Tips, /, *, reach_m: float) -> View:
    """What can be seen from each dead end within ``reach_m``, its own street left out."""
    centre = tips.xy + scene.origin
    tip, segment = scene.segments.meet_boxes(centre - reach_m, centre + reach_m)
    keep = scene.street[segment] != tips.street[tip]
    tip, segment = tip[keep], segment[keep]
    ahead = tips.ahead[tip, 1]
    near = _turn_into(scene.first[segment] - tips.xy[tip], ahead)
    far = _turn_into(scene.second[segment] - tips.xy[tip], ahead)
    pair, ray, distance, share = _cast_rays(near, far, reach_m)
    hit_segment = segment[pair]
    along = scene.offset_m[hit_segment] + share * np.hypot(*(far - near)[pair].T)
    key = tip[pair] * RAYS + ray
    order = np.lexsort((distance, key))
    key = key[order]
    fresh = np.r_[True, key[1:] != key[:-1]][: len(key)]
    begin = np.flatnonzero(fresh)
    place = np.arange(len(key)) - np.repeat(begin, np.diff(np.r_[begin, len(key)]))
    return View(
        tip, segment, tip[pair][order], ray[order], distance[order], hit_segment[order], along[order], place
    )


def _turn_into(vector: Floats, ahead: Floats) -> Floats:
    """Vectors in the frame of the dead end: x straight ahead, y to the left."""
    x = vector[:, 0] * ahead[:, 0] + vector[:, 1] * ahead[:, 1]
    y = vector[:, 1] * ahead[:, 0] - vector[:, 0] * ahead[:, 1]
    return np.stack([x, y], axis=1)


def _cast_rays(near: Floats, far: Floats, reach_m: float) -> tuple[Ints, Ints, Floats, Floats]:
    """Pairs of segment and ray that meet: number of the segment row, ray, distance, share along the segment."""
    start = np.degrees(np.arctan2(near[:, 1], near[:, 0]))
    sweep = np.degrees(np.arctan2(far[:, 1], far[:, 0])) - start
    sweep = (sweep + 180.0) % 360.0 - 180.0
    low = np.where(sweep >= 0, start, start + sweep)
    lowest = np.ceil(low / RAY_STEP_DEG).astype(np.int64)
    highest = np.floor((low + np.abs(sweep)) / RAY_STEP_DEG).astype(np.int64)
    count = np.maximum(highest - lowest + 1, 0)
    pair = np.repeat(np.arange(len(near)), count)
    ray = index_ranges(lowest, count) % RAYS
    angle = np.radians(RAY_STEP_DEG) * np.arange(RAYS)
    cosine, sine = np.cos(angle)[ray], np.sin(angle)[ray]
    side = (far - near)[pair]
    point = near[pair]
    cross = cosine * side[:, 1] - sine * side[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (point[:, 0] * side[:, 1] - point[:, 1] * side[:, 0]) / cross
        share = (point[:, 0] * sine - point[:, 1] * cosine) / cross
    keep = np.isfinite(distance) & (distance >= 0) & (distance <= reach_m)
    return pair[keep], ray[keep], distance[keep], np.clip(share[keep], 0.0, 1.0)
