"""What opening a missing link would bring, and in which order to look at the links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from renewal_gis.geo.geometry import read_ends, require_metric
from renewal_gis.roads.network import Network, make_network
from renewal_gis.roads.trips import Crossings, Side, bound_trips, list_sides

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Floats

NETWORK_LIMIT_M = 3000.0
"""Longest present way that is looked for; what is longer counts as this."""
NEAR_M = 800.0
"""Households and sites this far along the network from the link are asked whether they gain."""
HALF_TRIPS, HALF_SAVED_M, HALF_HOUSEHOLDS = 3000.0, 600.0, 500.0
"""Gains that count half: more of the same adds ever less."""
CLASS_WEIGHT = {"motorway": 1.0, "trunk": 1.0, "primary": 1.0, "secondary": 0.85, "tertiary": 0.65}
LEAST_CLASS_WEIGHT = 0.35
BRIDGE_FACTOR, BUILDING_FACTOR, PLANNED_DOUBT = 0.8, 0.5, 0.4


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
    """Trips, households and sites per link: shape (n, 3)."""
    tip_xy, target_xy = read_ends(np.asarray(links.geometry.values))
    place = pd.Series(np.arange(len(streets)), index=streets.index)
    street = place.reindex(links["to_street"]).to_numpy(np.int64)
    along = shapely.line_locate_point(np.asarray(streets.geometry.values)[street], shapely.points(target_xy))
    tip, length = links["from_node"].to_numpy(np.int64), links["length_m"].to_numpy(float)
    gains = np.zeros((len(links), 3))
    for rows, one, other in list_sides(network, Crossings(tip, tip_xy, street, along, length)):
        least, most = bound_trips(one, other, length[rows])
        gains[rows, 0] = np.sqrt(least * most)
        for column, weight in enumerate(weights, start=1):
            if weight is not None:
                gains[rows, column] = _count_people(one, other, weight, len(rows))
    return gains


def _count_people(one: Side, other: Side, weight: Floats, size: int) -> Floats:
    """Households, or sites, per link at nodes near it that gain by it."""
    total = np.zeros(size)
    for side in (one, other):
        near = side.near_m <= NEAR_M
        total += np.bincount(side.link[near], weights=weight[side.node[near]], minlength=size)
    return total


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
