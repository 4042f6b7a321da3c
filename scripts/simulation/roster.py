"""Which sites there are: for every programme and unit the places that the ledgers name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import Point

from simulation import words
from simulation.blocks import HECTARE, MOTORWAY
from simulation.geometry import Line, make_rng
from simulation.land import Districts, Parcel, whose

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.network import Network

CITY_UNITS = ("丛台区", "复兴区", "邯山区")
UNLOCATED_SHARE = 0.05
# rows whose declared unit disagrees with the map
STRAYED = {
    "old_compound": {("丛台区", 7), ("邯山区", 11), ("邯山区", 70), ("复兴区", 23), ("丛台区", 52)},
    "back_alley": {("丛台区", 17), ("邯山区", 31), ("复兴区", 44), ("丛台区", 120), ("邯山区", 150)},
    "dry_toilet": {("丛台区", 9)},
}
NEIGHBOUR = {"丛台区": "邯山区", "邯山区": "丛台区", "复兴区": "丛台区"}


@dataclass
class Site:
    """One row of a ledger before it is dressed: whose, what, where, and how far it will come."""

    site_id: str
    programme: str
    unit: str
    name: str
    geometry: shapely.Geometry
    category: str = ""
    households: int = 0
    dwellings: int = 0
    highway: str = ""
    located: bool = True
    words: dict[str, object] = field(default_factory=dict)


def choose_sites(network: Network, parcels: list[Parcel], districts: Districts) -> list[Site]:
    """Return all sites of the eight programmes, in the order of the ledgers."""
    taken: set[int] = set()
    sites = _compounds(parcels, districts, taken)
    sites += _shanties(parcels, taken)
    sites += _villages(parcels, taken)
    sites += _alleys(network, districts)
    sites += _features(network, districts)
    sites += _points(network, parcels, districts)
    sites += _dead_ends(network)
    _say_from_to(sites, network)
    for programme in words.PROGRAMMES:
        own = [site for site in sites if site.programme == programme]
        if len(own) < 10:
            continue
        hidden = make_rng("unlocated", programme).choice(
            len(own), max(1, round(UNLOCATED_SHARE * len(own))), replace=False
        )
        for i in hidden.tolist():
            own[i].located = False
    return sites


def _label(programme: str, unit: str, number: int) -> str:
    return f"{words.PROGRAMMES[programme][0]}-{words.UNITS[unit]}-{number:03d}"


def _home(programme: str, unit: str, number: int) -> str:
    """Return the unit in which a row really lies."""
    return NEIGHBOUR[unit] if (unit, number) in STRAYED.get(programme, set()) else unit


def _pick(
    parcels: list[Parcel],
    taken: set[int],
    count: int,
    rng: np.random.Generator,
    able: Callable[[Parcel], bool],
    weigh: Callable[[Parcel], float],
) -> list[int]:
    options = [i for i, parcel in enumerate(parcels) if i not in taken and able(parcel)]
    chance = np.array([weigh(parcels[i]) for i in options])
    chosen = rng.choice(options, count, replace=False, p=chance / chance.sum()).tolist()
    taken.update(chosen)
    return sorted(
        chosen, key=lambda i: (-parcels[i].polygon.centroid.y // 900, parcels[i].polygon.centroid.x)
    )


def _compounds(parcels: list[Parcel], districts: Districts, taken: set[int]) -> list[Site]:
    weight = {"old": 2.2, "inner": 1.5, "seat": 1.2, "outer": 0.3, "zone": 0.1}

    def able_in(unit: str) -> Callable[[Parcel], bool]:
        legal = "邯山区" if unit == "冀南新区" else unit

        def able(parcel: Parcel) -> bool:
            size = 0.35 < parcel.polygon.area / HECTARE < 5.0 and 40 <= parcel.households <= 1500
            return (
                parcel.unit == unit
                and size
                and parcel.part != "village"
                and districts.holds(legal, parcel.polygon)
            )

        return able

    def weigh(parcel: Parcel) -> float:
        return weight.get(parcel.part, 0.2) * (
            2.0 if "家属院" in parcel.name or "号院" in parcel.name else 1.0
        )

    sites = []
    for unit, (count, _, _) in words.COMPOUNDS.items():
        rng = make_rng("compounds", unit)
        chosen = _pick(parcels, taken, count, rng, able_in(unit), weigh)
        for number, first in enumerate(chosen, 1):
            place, home = first, _home("old_compound", unit, number)
            if home != unit:
                taken.discard(first)
                place = _pick(parcels, taken, 1, rng, able_in(home), weigh)[0]
            parcel = parcels[place]
            label = _label("old_compound", unit, number)
            sites.append(
                Site(label, "old_compound", unit, parcel.name, parcel.polygon, households=parcel.households)
            )
    return sites


def _shanties(parcels: list[Parcel], taken: set[int]) -> list[Site]:
    sites, numbers = [], dict.fromkeys(words.UNITS, 0)
    rows = [("new_start", unit, amount) for unit, amount in words.NEW_STARTS.items()]
    rows += [("basic", unit, amount) for unit, amounts in words.BASICALLY_BUILT.items() for amount in amounts]
    for category, unit, amount in rows:
        numbers[unit] += 1
        rng = make_rng("shanty", unit, numbers[unit])
        want = amount * 95 / 1.7 / HECTARE

        def able(parcel: Parcel, unit: str = unit) -> bool:
            return (
                parcel.unit == unit
                and parcel.part not in {"old", "village"}
                and parcel.polygon.area > 0.9 * HECTARE
            )

        def weigh(parcel: Parcel, want: float = want) -> float:
            return 1e-4 + float(np.exp(-abs(parcel.polygon.area / HECTARE - want)))

        parcel = parcels[_pick(parcels, taken, 1, rng, able, weigh)[0]]
        name = f"{parcel.name.split('(')[0].removesuffix('家属院').removesuffix('小区')}片区棚户区改造项目"
        label = _label("shanty_area", unit, numbers[unit])
        sites.append(
            Site(label, "shanty_area", unit, name, parcel.polygon, category, round(amount * 0.92), amount)
        )
    return sites


def _villages(parcels: list[Parcel], taken: set[int]) -> list[Site]:
    sites = []
    for unit, (count, _, _) in words.VILLAGES.items():
        part, least = ("village", 4.0) if unit in words.ALLEYS else ("edge", 1.5)

        def able(parcel: Parcel, unit: str = unit, part: str = part, least: float = least) -> bool:
            return parcel.unit == unit and parcel.part == part and parcel.polygon.area > least * HECTARE

        chosen = _pick(
            parcels, taken, count, make_rng("villages", unit), able, lambda parcel: parcel.polygon.area
        )
        for number, i in enumerate(chosen, 1):
            parcel = parcels[i]
            name = parcel.name if parcel.name.endswith("村") else f"{parcel.name[:2]}村"
            label = _label("urban_village", unit, number)
            sites.append(
                Site(label, "urban_village", unit, name, parcel.polygon, households=parcel.households)
            )
    return sites


def _alleys(network: Network, districts: Districts) -> list[Site]:
    lines: dict[str, list[Line]] = {unit: [] for unit in words.ALLEYS}
    seen: set[str] = set()
    for line in network.ways:
        middle = line.geometry.interpolate(0.5, normalized=True)
        if (
            abs(middle.x) > 9900
            or abs(middle.y) > 6300
            or not 70 < line.geometry.length < 800
            or line.highway == "tertiary"
        ):
            continue
        unit = whose("城", middle, districts)
        if line.name in seen or MOTORWAY.distance(line.geometry) < 120:
            continue
        seen.add(line.name)
        if unit in lines and districts.holds("丛台区" if unit.startswith("邯郸") else unit, line.geometry):
            lines[unit].append(line)
    sites = []
    for unit, (count, model, _, _) in words.ALLEYS.items():
        rng = make_rng("alleys", unit)
        chosen = _draw_alleys(lines[unit], count, rng)
        order = np.argsort([-_alley_weight(line) * rng.uniform(0.2, 1.0) for line in chosen], kind="stable")
        best = set(order[:model].tolist())
        for number, own in enumerate(chosen, 1):
            home = _home("back_alley", unit, number)
            line = own if home == unit else lines[home][number]
            category = "model" if number - 1 in best else "ordinary"
            sites.append(
                Site(
                    _label("back_alley", unit, number),
                    "back_alley",
                    unit,
                    line.name,
                    line.geometry,
                    category,
                    highway=line.highway,
                )
            )
    return sites


def _alley_weight(line: Line) -> float:
    middle = line.geometry.interpolate(0.5, normalized=True)
    centre = float(np.exp(-np.hypot(middle.x, middle.y + 400) / 2600))
    return (2.5 if line.highway == "living_street" else 1.0) * (0.15 + centre)


def _draw_alleys(lines: list[Line], count: int, rng: np.random.Generator) -> list[Line]:
    chance = np.array([_alley_weight(line) for line in lines])
    chosen = sorted(rng.choice(len(lines), count, replace=False, p=chance / chance.sum()).tolist())
    return [lines[i] for i in chosen]


def _features(network: Network, districts: Districts) -> list[Site]:
    kinds = ("商业街", "风情街", "特色文化街区", "美食街", "步行街")
    sites = []
    for unit, count in words.FEATURES.items():
        rng = make_rng("features", unit)
        town = (
            network.city if unit in CITY_UNITS else next(town for town in network.towns if town.unit == unit)
        )
        centre = {"丛台区": Point(-100, 500), "邯山区": Point(500, -1700), "复兴区": Point(-2400, 300)}.get(
            unit, town.centre
        )
        near = [
            line
            for line in network.ways
            if 180 < line.geometry.length < 900
            and line.geometry.distance(centre) < 1300
            and districts.holds(unit, line.geometry)
        ]
        near.sort(key=lambda line: (line.rank > 6, line.geometry.distance(centre)))
        for number, i in enumerate(sorted(rng.choice(min(8, len(near)), count, replace=False).tolist()), 1):
            shape = near[i].geometry
            name = f"{near[i].name}{rng.choice(kinds)}"
            sites.append(
                Site(
                    _label("feature_street", unit, number),
                    "feature_street",
                    unit,
                    name,
                    shape,
                    highway=near[i].highway,
                    words={"road": near[i].name},
                )
            )
    return sites


def _points(network: Network, parcels: list[Parcel], districts: Districts) -> list[Site]:
    sites = []
    for programme, numbers in (("dry_toilet", words.TOILETS), ("stalled_building", words.STALLED)):
        for unit, (count, _, _) in numbers.items():
            rng = make_rng(programme, unit)
            for number in range(1, count + 1):
                home = _home(programme, unit, number)
                if programme == "dry_toilet":
                    name, point = _toilet(parcels, home, districts, rng)
                else:
                    name, point = _shell(network, home, districts, rng)
                sites.append(Site(_label(programme, unit, number), programme, unit, name, point))
    return sites


def _toilet(
    parcels: list[Parcel], unit: str, districts: Districts, rng: np.random.Generator
) -> tuple[str, Point]:
    options = [
        parcel
        for parcel in parcels
        if parcel.unit == unit and parcel.part in {"old", "village"} and districts.holds(unit, parcel.polygon)
    ]
    parcel = options[int(rng.integers(len(options)))]
    side = "东西南北"[int(rng.integers(4))]
    return f"{parcel.name}{side}侧旱厕", parcel.polygon.exterior.interpolate(
        float(rng.uniform(0, 1)), normalized=True
    )


def _shell(network: Network, unit: str, districts: Districts, rng: np.random.Generator) -> tuple[str, Point]:
    options = [
        leaf
        for leaf in network.leaves
        if leaf.town == "城" and leaf.use in {"trade", "office"} and leaf.part != "old"
    ]
    options = [leaf for leaf in options if whose("城", leaf.polygon.centroid, districts) == unit]
    leaf = options[int(rng.integers(len(options)))]
    word = ("商务大厦", "商贸城", "公寓楼", "综合楼", "住宅二期")[int(rng.integers(5))]
    return f"停工{word}{int(rng.integers(1, 99)):02d}号", leaf.polygon.representative_point()


def _dead_ends(network: Network) -> list[Site]:
    sites, numbers = [], dict.fromkeys(words.UNITS, 0)
    for gap in network.city.gaps:
        numbers[gap.unit] += 1
        label, name = (
            _label("dead_end_road", gap.unit, numbers[gap.unit]),
            f"{gap.name}({gap.from_to})打通工程",
        )
        site = Site(label, "dead_end_road", gap.unit, name, gap.project, highway=gap.highway)
        site.words |= {"gap": gap, "road": gap.name, "address": gap.from_to}
        sites.append(site)
    return sites


def _say_from_to(sites: list[Site], network: Network) -> None:
    """Give every road and alley its address: from which street to which."""
    named = [line for line in network.segments if line.name and line.highway not in {"service", "motorway"}]
    tree = shapely.STRtree([line.geometry for line in named])
    for site in sites:
        if site.geometry.geom_type != "LineString" or "address" in site.words:
            continue
        ends = []
        for xy in (site.geometry.coords[0], site.geometry.coords[-1]):
            near = tree.query(Point(xy), predicate="dwithin", distance=45.0).tolist()
            others = [
                named[i] for i in near if named[i].name not in {site.words.get("road", site.name), *ends}
            ]
            best = min(
                others,
                key=lambda line: (line.geometry.distance(Point(xy)) > 4, line.rank, line.name),
                default=None,
            )
            ends.append(best.name if best else "")
        if all(ends):
            site.words["address"] = f"{ends[0]}—{ends[1]}"
