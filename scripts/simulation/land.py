"""Residential parcels, villages and facilities on the leaves of the towns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from simulation.blocks import HECTARE, Anchors, Leaf, cut_block
from simulation.gazetteer import WORDS, WORKS
from simulation.geometry import make_rng

if TYPE_CHECKING:
    from simulation.network import Network

PARCEL_HA = {"old": 0.75, "inner": 1.7, "outer": 2.6, "zone": 4.0, "seat": 2.2, "edge": 3.0, "village": 30.0}
HALF_ROAD_M = {"motorway": 45, "trunk": 24, "primary": 20, "secondary": 15, "tertiary": 11}
ZONE_FROM_X_M = 5600.0
# type: least distance between two, share of the places that exist in city, seats
FACILITIES = {
    "clinic": ("卫生服务站", 560, 0.8, 0.68),
    "kindergarten": ("幼儿园", 540, 0.85, 0.72),
    "elderly_care": ("养老服务站", 700, 0.78, 0.6),
    "pocket_park": ("口袋公园", 560, 0.8, 0.6),
    "public_toilet": ("公共厕所", 470, 0.8, 0.6),
    "bus_stop": ("公交站", 460, 0.85, 0.55),
    "community_service": ("社区服务中心", 700, 0.85, 0.7),
}


@dataclass(frozen=True)
class Parcel:
    """One residential parcel."""

    polygon: Polygon
    part: str
    town: str
    unit: str
    district: str
    name: str
    households: int


class Districts:
    """The administrative units in local metres, to ask whose a place is."""

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        """Keep names and polygons."""
        self._names = frame["name"].tolist()
        self._shapes = frame.geometry.to_numpy()
        shapely.prepare(self._shapes)

    def name_at(self, point: Point) -> str:
        """Return the administrative unit at a place, or nothing."""
        for name, shape in zip(self._names, self._shapes, strict=True):
            if shape.contains(point):
                return str(name)
        return ""

    def holds(self, name: str, shape: shapely.Geometry) -> bool:
        """Return whether a shape lies wholly in the unit of that name."""
        return bool(self._shapes[self._names.index(name)].contains(shape))


def whose(town: str, point: Point, districts: Districts) -> str:
    """Return the responsible unit of a place: the functional zone where there is one."""
    if town == "冀南新区":
        return town
    if town == "城" and point.x > ZONE_FROM_X_M:
        return "邯郸经济技术开发区"
    return districts.name_at(point)


def draw_parcels(network: Network, districts: Districts) -> list[Parcel]:
    """Return the residential parcels, off the roads, the water and the rails."""
    clear = _clearance(network)
    tree = shapely.STRtree(clear)
    rng = make_rng("parcels")
    parcels: list[Parcel] = []
    counter: dict[str, int] = {}
    for leaf in network.leaves:
        if leaf.use not in {"dwelling", "village"}:
            continue
        ground = leaf.polygon.buffer(-7.0, join_style="mitre")
        near = tree.query(ground, predicate="intersects")
        if len(near):
            ground = ground.difference(shapely.union_all([clear[i] for i in sorted(near.tolist())]))
        for piece in shapely.get_parts(ground):
            cut = _parcel_out(piece, leaf, rng)
            parcels += [_describe(polygon, leaf, districts, counter, rng) for polygon in cut]
    return _off_streets([parcel for parcel in parcels if parcel.district], network)


def _off_streets(parcels: list[Parcel], network: Network) -> list[Parcel]:
    """Return the parcels that no through street cuts, such as a country road that came later."""
    streets = [line.geometry for line in network.segments if line.highway not in {"service", "living_street"}]
    inner = shapely.buffer(np.array([parcel.polygon for parcel in parcels], dtype=object), -0.9)
    cut = set(shapely.STRtree(streets).query(inner, predicate="intersects")[0].tolist())
    return [parcel for i, parcel in enumerate(parcels) if i not in cut]


def _clearance(network: Network) -> np.ndarray:
    grounds = [
        line.geometry.buffer(HALF_ROAD_M[line.highway])
        for line in network.segments
        if line.highway in HALF_ROAD_M
    ]
    for strip in network.city.strips:
        grounds += [strip.spine.buffer(strip.half_m + 6)]
    return np.array([ground.simplify(0.5) for ground in grounds], dtype=object)


def _parcel_out(ground: Polygon, leaf: Leaf, rng: np.random.Generator) -> list[Polygon]:
    target, queue, done = PARCEL_HA.get(leaf.part, 3.0) * HECTARE, [ground], []
    while queue:
        piece = queue.pop()
        found = cut_block(piece, Anchors(), rng) if piece.area > target * rng.uniform(1.2, 2.0) else None
        if found is None:
            polygon = piece.buffer(-1.5, join_style="mitre").simplify(1.0)
            if (
                isinstance(polygon, Polygon)
                and polygon.area > max(2200.0, 0.85 * polygon.convex_hull.area)
                and not polygon.interiors
            ):
                done.append(polygon)
        else:
            queue += found[1]
    return done


def _describe(
    polygon: Polygon, leaf: Leaf, districts: Districts, counter: dict[str, int], rng: np.random.Generator
) -> Parcel:
    middle = polygon.representative_point()
    unit = whose(leaf.town, middle, districts)
    dense = {"old": 0.0125, "inner": 0.0125, "outer": 0.0105, "village": 0.0045, "edge": 0.006}.get(
        leaf.part, 0.0095
    )
    households = max(24, round(1.12 * polygon.area * dense * rng.lognormal(0.0, 0.36)))
    return Parcel(
        polygon,
        leaf.part,
        leaf.town,
        unit,
        districts.name_at(middle),
        _name(leaf, unit, counter, rng),
        households,
    )


def _name(leaf: Leaf, unit: str, counter: dict[str, int], rng: np.random.Generator) -> str:
    word, work = str(rng.choice(WORDS)), str(rng.choice(WORKS))
    if leaf.part == "village":
        name = f"{'东西南北大小前后'[int(rng.integers(8))]}{word}村"
    else:
        forms = (
            f"{work}家属院",
            f"{word}小区",
            f"{word}里",
            f"{word}新村",
            f"第{'一二三'[int(rng.integers(3))]}{work}家属院",
            f"{word}路{int(rng.integers(2, 180))}号院",
            f"{word}花园",
        )
        weights = (
            (0.3, 0.22, 0.06, 0.05, 0.12, 0.2, 0.05)
            if leaf.part in {"old", "inner", "seat"}
            else (0.1, 0.35, 0.05, 0.15, 0.05, 0.05, 0.25)
        )
        name = forms[int(rng.choice(len(forms), p=weights))]
    key = f"{unit}{name}"
    counter[key] = counter.get(key, 0) + 1
    if counter[key] == 1:
        return name
    tail = "东西南北中"[counter[key] - 2] if counter[key] < 7 else str(counter[key])
    return (
        f"{name}({tail}院)"
        if name.endswith(("院", "厂"))
        else f"{name}{tail}区"
        if leaf.part != "village"
        else f"{tail}{name}"
    )


def tabulate_land(parcels: list[Parcel]) -> gpd.GeoDataFrame:
    """Return the parcels as residential land in local metres."""
    return gpd.GeoDataFrame(
        {
            "land_id": [f"JZ-{i:05d}" for i in range(1, len(parcels) + 1)],
            "name": [parcel.name for parcel in parcels],
            "households": np.array([parcel.households for parcel in parcels], dtype="int32"),
        },
        geometry=[parcel.polygon for parcel in parcels],
    )


def place_facilities(network: Network, parcels: list[Parcel]) -> gpd.GeoDataFrame:
    """Return the facilities: beside parcels and streets, no two of a kind too near each other."""
    rows = [
        ("park", leaf.name or f"{WORDS[i % len(WORDS)]}公园", leaf.polygon.centroid)
        for i, leaf in enumerate(_parks(network))
    ]
    beside = [
        (parcel.town == "城", parcel.polygon.exterior.interpolate(0.3, normalized=True)) for parcel in parcels
    ]
    stops = [
        (abs(point.x) < 9900 and abs(point.y) < 6200, point)
        for line in network.segments
        if line.highway in {"primary", "secondary", "tertiary"} and line.geometry.length > 90
        for point in [line.geometry.interpolate(0.5, normalized=True)]
    ]
    for kind, (name, apart_m, in_city, in_seats) in FACILITIES.items():
        rng = make_rng("facility", kind)
        places = stops if kind == "bus_stop" else beside
        taken = np.empty((0, 2))
        number = 0
        for i in rng.permutation(len(places)).tolist():
            city, point = places[i]
            here = np.array([[point.x, point.y]]) + rng.uniform(-9, 9, 2)
            if len(taken) and np.hypot(*(taken - here).T).min() < apart_m:
                continue
            taken = np.vstack([taken, here])
            if rng.random() < (in_city if city else in_seats):
                number += 1
                rows.append((kind, f"{name}{number}号(模拟)", Point(here[0])))
    parks = [(kind, f"{name}(模拟)" if kind == "park" else name, point) for kind, name, point in rows]
    return gpd.GeoDataFrame(
        {"facility": [row[0] for row in parks], "name": [row[1] for row in parks]},
        geometry=[row[2] for row in parks],
    )


def _parks(network: Network) -> list[Leaf]:
    """Return the parks; a seat without one has turned a trading block into one."""
    parks = [leaf for leaf in network.leaves if leaf.use == "park"]
    for town in network.towns:
        own = [leaf for leaf in network.leaves if leaf.town == town.unit and leaf.use in {"trade", "office"}]
        lacking = 2 - sum(leaf.town == town.unit for leaf in parks)
        own.sort(key=lambda leaf: leaf.polygon.distance(town.centre))
        parks += own[: max(0, lacking)]
    return parks


def tabulate_barriers(network: Network) -> gpd.GeoDataFrame:
    """Return the rivers as ground and the railways as lines, in local metres."""
    rows = []
    for strip in network.city.strips:
        shape = (
            strip.spine.buffer(strip.half_m * 0.4, cap_style="flat").simplify(1.0)
            if strip.kind == "river"
            else strip.spine
        )
        rows.append((strip.kind, strip.name, shape))
    return gpd.GeoDataFrame(
        {"kind": [r[0] for r in rows], "name": [r[1] for r in rows]}, geometry=[r[2] for r in rows]
    )
