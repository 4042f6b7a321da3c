"""What opening a missing link would bring, and in which order to look at the links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from renewal_gis.geo.geometry import read_ends, require_metric
from renewal_gis.roads.network import Network, make_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd

    from renewal_gis.geo.geometry import Floats, Ints

CUTOFF_M = 2500.0
"""Longest trip that counts, after the growing strategy of Vybornova et al. (2023)."""
NETWORK_LIMIT_M = 3000.0
"""Longest present way that is looked for; what is longer counts as this."""
NEAR_M = 800.0
"""Households and sites this far along the network from the link are asked whether they gain."""
CELL_M = 4000.0
SOURCES_PER_ROUND = 256
HALF_TRIPS, HALF_SAVED_M, HALF_HOUSEHOLDS = 3000.0, 600.0, 500.0
"""Gains that count half: more of the same adds ever less."""
CLASS_WEIGHT = {"motorway": 1.0, "trunk": 1.0, "primary": 1.0, "secondary": 0.85, "tertiary": 0.65}
LEAST_CLASS_WEIGHT = 0.35
BRIDGE_FACTOR, BUILDING_FACTOR, PLANNED_DOUBT = 0.8, 0.5, 0.4


@dataclass(frozen=True)
class Reach:
    """Ways from one link's two ends to the nodes of its surroundings, metres, infinite beyond the cutoff.

    ``tip_side`` are places in ``node`` that would reach the target sooner over the link, and
    ``target_side`` those that would reach the tip sooner.
    """

    node: Ints
    from_tip: Floats
    from_target: Floats
    length_m: float
    tip_side: Ints
    target_side: Ints


def make_reach(node: Ints, from_tip: Floats, from_target: Floats, length_m: float, /) -> Reach:
    """A link's surroundings with the two sides told apart."""
    near = np.flatnonzero(np.isfinite(from_tip) | np.isfinite(from_target))
    from_tip, from_target = from_tip[near], from_target[near]
    over, back = from_tip + length_m, from_target + length_m
    tip_side = np.flatnonzero((over < from_target) & (over <= CUTOFF_M))
    target_side = np.flatnonzero((back < from_tip) & (back <= CUTOFF_M))
    return Reach(node[near], from_tip, from_target, length_m, tip_side, target_side)


def measure_benefit(
    links: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    /,
    *,
    sites: gpd.GeoDataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Links with what they would bring, in the order of their priority.

    Parameters
    ----------
    links
        Frame made by ``suggest_links``.
    streets
        Frame made by ``build_streets``, from which the links were made.
    sites
        SITES in the same CRS; those near a link that gain are counted.
    land
        Residential land in the same CRS with ``households``.

    Returns
    -------
    GeoDataFrame
        The links, first priority first, with ``saved_m`` (present way, at most 3 km, less the link),
        ``benefit`` (trips), ``households`` and ``sites_near`` (that gain within 800 m along the
        network), ``priority`` (0–1), ``rank`` (1 = first), and ``reasons`` that tell of them.

    Raises
    ------
    CrsError
        ``links``, ``sites`` or ``land`` not in metres.

    Notes
    -----
    ``benefit`` estimates the edge betweenness that the link would have: how many pairs of junctions
    within 2,500 m of each other would have their shortest way over it (a link is one edge, so its
    length-weighted mean as in Vybornova et al. 2023 is its own betweenness). Two searches per link
    give sure bounds — pairs that certainly, and that at most possibly, use it — and their geometric
    mean is told. ``priority`` = ``score`` × worth, where worth weighs class, trips, metres saved and
    households; a plan that agrees raises it, a building in the way or a bridge to be built lowers
    it. It orders visits; it is no economic appraisal.
    """
    require_metric(links, name="拟打通路段")
    result = links.copy()
    if len(links) == 0:
        empty = {name: np.empty(0) for name in ("saved_m", "benefit", "priority")}
        counts = {name: np.empty(0, dtype=np.int64) for name in ("households", "sites_near", "rank")}
        return result.assign(**empty, **counts)
    network = make_network(streets)
    weights = [_weigh_nodes(network, layer, name) for layer, name in ((land, "居住用地"), (sites, "项目"))]
    gains = _measure_gains(links, streets, network, weights)
    length = result["length_m"].to_numpy(float)
    result["saved_m"] = np.maximum(
        np.minimum(result["network_m"].to_numpy(float), NETWORK_LIMIT_M) - length, 0.0
    )
    result["benefit"] = gains[:, 0]
    result["households"], result["sites_near"] = gains[:, 1].astype(np.int64), gains[:, 2].astype(np.int64)
    result["priority"] = _weigh_priority(result, streets, with_land=land is not None)
    result["reasons"] = _tell_gains(result)
    order = np.lexsort((np.arange(len(result)), -result["score"].to_numpy(), -result["priority"].to_numpy()))
    result = result.iloc[order].reset_index(drop=True)
    result["rank"] = np.arange(1, len(result) + 1)
    return result


def _weigh_nodes(network: Network, layer: gpd.GeoDataFrame | None, name: str) -> Floats | None:
    """Households (or places, where there are none to count) by their nearest node; None without a layer."""
    if layer is None or len(layer) == 0:
        return None
    require_metric(layer, name=name)
    shapes = np.asarray(layer.geometry.values)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    count = np.ones(len(layer))
    if name == "居住用地" and "households" in layer:
        count = pd.to_numeric(layer["households"], errors="coerce").fillna(0).to_numpy(float)
    tree = shapely.STRtree(shapely.points(network.xy))
    node = tree.nearest(shapely.point_on_surface(shapes[there]))
    weight: Floats = np.bincount(node, weights=count[there], minlength=len(network.xy)).astype(float)
    return weight


def _measure_gains(
    links: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, network: Network, weights: list[Floats | None]
) -> Floats:
    """Trips, households and sites per link: shape (n, 3). Links are taken cell by cell."""
    geometry = np.asarray(links.geometry.values)
    tip_xy, target_xy = read_ends(geometry)
    place = pd.Series(np.arange(len(streets)), index=streets.index)
    street = place.reindex(links["to_street"]).to_numpy(np.int64)
    along = shapely.line_locate_point(np.asarray(streets.geometry.values)[street], shapely.points(target_xy))
    tip = links["from_node"].to_numpy(np.int64)
    length = links["length_m"].to_numpy(float)
    gains = np.zeros((len(links), 3))
    for rows, node in _pair_cells(tip_xy, network.xy):
        for begin in range(0, len(rows), SOURCES_PER_ROUND // 3):
            some = rows[begin : begin + SOURCES_PER_ROUND // 3]
            reaches = reach_out(network, node, tip[some], street[some], along[some], length[some])
            for row, reach in zip(some, reaches, strict=True):
                least, most = bound_trips(reach)
                gains[row] = np.sqrt(float(least) * most), *_count_people(reach, weights)
    return gains


def _pair_cells(links_xy: Floats, node_xy: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Links of one cell of a grid, and the nodes of it and its eight neighbours.

    Cells are wider than the cutoff, so that no way within it leaves them, and the work grows with the
    city and not with its square.
    """
    cell = np.floor(node_xy / CELL_M).astype(np.int64)
    order = np.lexsort((cell[:, 1], cell[:, 0]))
    keys, first, count = np.unique(cell[order], axis=0, return_index=True, return_counts=True)
    held = {
        tuple(key): order[begin : begin + size]
        for key, begin, size in zip(keys.tolist(), first, count, strict=True)
    }
    own, group = np.unique(np.floor(links_xy / CELL_M).astype(np.int64), axis=0, return_inverse=True)
    by_group = np.split(
        np.argsort(group.reshape(-1), kind="stable"), np.cumsum(np.bincount(group.reshape(-1)))[:-1]
    )
    none = np.empty(0, dtype=np.int64)
    for (x, y), rows in zip(own.tolist(), by_group, strict=True):
        around = [held.get((x + dx, y + dy), none) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        yield rows, np.sort(np.concatenate(around))


def reach_out(
    network: Network, node: Ints, tip: Ints, street: Ints, along: Floats, length: Floats
) -> list[Reach]:
    """Ways from both ends of some links to the nodes given."""
    part = network.matrix[node][:, node]
    place = np.full(len(network.xy), -1, dtype=np.int64)
    place[node] = np.arange(len(node))
    wanted = np.stack([tip, network.from_node[street], network.to_node[street]])
    inside = place[wanted]
    unique, inverse = np.unique(inside, return_inverse=True)
    known = unique >= 0
    ways = np.full((len(unique), len(node)), np.inf)
    if known.any():
        ways[known] = dijkstra(part, directed=False, indices=unique[known], limit=CUTOFF_M)
    of_tip, of_start, of_end = inverse.reshape(wanted.shape)
    rest = network.length_m[street] - along
    found = []
    for k in range(len(tip)):
        target = np.minimum(ways[of_start[k]] + along[k], ways[of_end[k]] + rest[k])
        found.append(make_reach(node, ways[of_tip[k]], target, float(length[k])))
    return found


def bound_trips(reach: Reach, /) -> tuple[int, int]:
    """Sure bounds of how many pairs of nodes have their shortest way over the link.

    A pair (s, t) with s on the tip's side and t on the target's takes at least
    max(d(s, target) − d(t, target), d(t, tip) − d(s, tip)) today, by the triangle inequality: where
    the way over the link is shorter than that, the pair certainly gains. Where it exceeds the cutoff
    it never counts.
    """
    one, other = reach.tip_side, reach.target_side
    if len(one) == 0 or len(other) == 0:
        return 0, 0
    length = reach.length_m
    near_one, far_one = reach.from_tip[one], np.minimum(reach.from_target[one], CUTOFF_M)
    near_other, far_other = reach.from_target[other], np.minimum(reach.from_tip[other], CUTOFF_M)
    left_one, left_other = CUTOFF_M - length - near_one, CUTOFF_M - length - near_other
    by_one, by_other = np.sort(near_one), np.sort(near_other)
    most = np.searchsorted(by_other, left_one, side="right").sum()
    sure_one = np.searchsorted(by_other, np.minimum((far_one - near_one - length) / 2, left_one)).sum()
    sure_other = np.searchsorted(by_one, np.minimum((far_other - near_other - length) / 2, left_other)).sum()
    # the link's own two ends gain, or there would be no sides
    return max(int(sure_one), int(sure_other), 1), int(most)


def _count_people(reach: Reach, weights: list[Floats | None]) -> list[float]:
    """Households and sites at nodes near the link that gain by it."""
    gain = np.concatenate(
        [
            reach.node[reach.tip_side[reach.from_tip[reach.tip_side] <= NEAR_M]],
            reach.node[reach.target_side[reach.from_target[reach.target_side] <= NEAR_M]],
        ]
    )
    return [0.0 if weight is None else float(weight[gain].sum()) for weight in weights]


def _weigh_priority(links: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, with_land: bool) -> Floats:
    """Chance that the link is real, times what it is worth, both 0–1."""
    words = streets["highway"].astype(str).str.removesuffix("_link")
    weight = words.map(CLASS_WEIGHT).fillna(LEAST_CLASS_WEIGHT)
    own = weight.reindex(links["from_street"]).to_numpy(float)
    trips = links["benefit"].to_numpy(float)
    saved = links["saved_m"].to_numpy(float)
    parts = [(0.4, own), (0.35, trips / (trips + HALF_TRIPS)), (0.25, saved / (saved + HALF_SAVED_M))]
    if with_land:
        homes = links["households"].to_numpy(float)
        parts.append((0.2, homes / (homes + HALF_HOUSEHOLDS)))
    worth = sum(share * value for share, value in parts) / sum(share for share, _ in parts)
    score = links["score"].to_numpy(float)
    planned = links["planned"].to_numpy(bool)
    chance = np.where(planned, 1.0 - (1.0 - score) * PLANNED_DOUBT, score)
    factor = np.where(links["barriers"].to_numpy() != "", BRIDGE_FACTOR, 1.0)
    factor = factor * np.where(links["building"].to_numpy(bool), BUILDING_FACTOR, 1.0)
    priority: Floats = np.clip(chance * worth * factor, 0.0, 1.0)
    return priority


def _tell_gains(links: gpd.GeoDataFrame) -> list[str]:
    """The reasons with what is saved, who gains, and what a bridge would cross."""
    told = []
    columns = ["reasons", "saved_m", "network_m", "households", "sites_near", "barriers"]
    for row in links[columns].to_dict("records"):
        said = [row["reasons"]] if row["reasons"] else []
        if row["saved_m"] >= 1.0:
            least = "至少" if not np.isfinite(row["network_m"]) else ""
            said.append(f"打通后{least}少绕 {row['saved_m']:.0f} 米")
        if row["households"]:
            said.append(f"800 米内约 {row['households']} 户受益")
        if row["sites_near"]:
            said.append(f"附近有 {row['sites_near']} 个更新项目受益")
        if row["barriers"]:
            said.append("桥梁(或下穿)候选")
        told.append(";".join(said))
    return told
