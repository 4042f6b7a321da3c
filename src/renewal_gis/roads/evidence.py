"""What other layers say about a link: water, rails, plans, buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import STRtree

from renewal_gis.errors import CrsError
from renewal_gis.geo.geometry import index_ranges, require_metric
from renewal_gis.roads.candidates import END

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Flags, Floats
    from renewal_gis.roads.candidates import Candidates
    from renewal_gis.roads.scene import Scene, Tips

PLANNED_NEAR_M = 15.0
PLANNED_SHARE = 0.6
# log-odds of equal and unequal names, counted on severed streets of two named networks (5.2 and 0.005 for pairs
# of dead ends, 3.3 and 0.55 for other targets) and halved, since names and geometry tell partly the same
PAIR_NAMES = (0.8, -2.5)
TARGET_NAMES = (0.6, -0.3)
BARRIER_WORDS = {
    "river": "河道",
    "water": "水面",
    "canal": "渠道",
    "stream": "河沟",
    "railway": "铁路",
    "rail": "铁路",
    "motorway": "高速公路",
    "wall": "围墙",
}


def weigh_evidence(
    links: gpd.GeoDataFrame,
    /,
    *,
    barriers: gpd.GeoDataFrame | None = None,
    planned: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Links with ``barriers`` (names joined by 、), ``planned`` and ``building`` (bool); a new frame.

    All layers in the CRS of the links. A link is planned if at least 60 % of it runs within 15 m of a planned
    centreline. The score is left alone: these layers were not at hand when it was calibrated.

    Raises
    ------
    CrsError
        A layer in another CRS.
    """
    result = links.copy()
    result["barriers"] = _name_barriers(links, barriers)
    result["planned"] = _find_planned(links, planned)
    result["building"] = _meet_any(links, buildings)
    return result


def _check_layer(links: gpd.GeoDataFrame, layer: gpd.GeoDataFrame, name: str) -> None:
    require_metric(layer, name=name)
    if links.crs is not None and layer.crs != links.crs:
        raise CrsError(f"{name}的坐标系与路网不同", remedy="先用 to_crs 转换到路网的坐标系")


def _name_barriers(links: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame | None) -> list[str]:
    words: list[list[str]] = [[] for _ in range(len(links))]
    if barriers is not None and len(barriers):
        _check_layer(links, barriers, "阻隔图层")
        row, met = STRtree(np.asarray(barriers.geometry.values)).query(
            links.geometry.values, predicate="intersects"
        )
        labels = name_barriers(barriers)
        for link, barrier in zip(row.tolist(), met.tolist(), strict=True):
            if labels[barrier] not in words[link]:
                words[link].append(labels[barrier])
    return ["、".join(sorted(word)) for word in words]


def name_barriers(barriers: gpd.GeoDataFrame, /) -> list[str]:
    """What each barrier is called: its name with its kind, else the kind, else 阻隔."""
    kinds = barriers["kind"].tolist() if "kind" in barriers else [""] * len(barriers)
    names = barriers["name"].tolist() if "name" in barriers else [""] * len(barriers)
    labels = []
    for kind, name in zip(kinds, names, strict=True):
        word = BARRIER_WORDS.get(str(kind), str(kind) if isinstance(kind, str) and kind else "阻隔")
        labels.append(f"{name}({word})" if isinstance(name, str) and name else word)
    return labels


def _find_planned(links: gpd.GeoDataFrame, planned: gpd.GeoDataFrame | None) -> Flags:
    matched = np.zeros(len(links), bool)
    if planned is None or len(planned) == 0 or len(links) == 0:
        return matched
    _check_layer(links, planned, "规划道路")
    near = np.asarray(shapely.buffer(np.asarray(planned.geometry.values), PLANNED_NEAR_M))
    row, met = STRtree(near).query(links.geometry.values, predicate="intersects")
    geometry = np.asarray(links.geometry.values)
    covered = shapely.length(shapely.intersection(geometry[row], near[met]))
    best = np.zeros(len(links))
    np.maximum.at(best, row, covered)
    flags: Flags = best >= PLANNED_SHARE * np.maximum(shapely.length(geometry), 1e-9)
    return flags


def _meet_any(links: gpd.GeoDataFrame, layer: gpd.GeoDataFrame | None) -> Flags:
    met = np.zeros(len(links), bool)
    if layer is not None and len(layer):
        _check_layer(links, layer, "建筑图层")
        row, _ = STRtree(np.asarray(layer.geometry.values)).query(
            links.geometry.values, predicate="intersects"
        )
        met[row] = True
    return met


def weigh_names(scene: Scene, tips: Tips, cand: Candidates, name: np.ndarray, /) -> Floats:
    """Log-odds that the names on both sides add to each candidate; 0 where either side has none.

    ``name`` holds one name per street, blank where it has none. At a junction any of its streets may bear the
    name.
    """
    named = np.array([isinstance(word, str) and word != "" for word in name], bool)
    own = tips.street[cand.tip]
    both = named[own] & named[cand.street]
    same = both & (name[own] == name[cand.street])
    at_node = np.flatnonzero((cand.node >= 0) & (cand.kind != END) & named[own])
    network = scene.network
    count = network.degree[cand.node[at_node]]
    row = np.repeat(at_node, count)
    arm = network.edge[index_ranges(network.indptr[cand.node[at_node]], count)]
    same[row[named[arm] & (name[arm] == name[own[row]])]] = True
    equal = np.where(cand.kind == END, PAIR_NAMES[0], TARGET_NAMES[0])
    unequal = np.where(cand.kind == END, PAIR_NAMES[1], TARGET_NAMES[1])
    odds: Floats = np.where(same, equal, np.where(both, unequal, 0.0))
    return odds
