"""Whether what the ledger says of dead-end roads is so on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import CrsError
from renewal_gis.findings import Finding, make_finding
from renewal_gis.geo.geometry import require_metric
from renewal_gis.roads.distances import measure_detours
from renewal_gis.roads.network import Network, make_network

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.geo.geometry import Flags, Floats, Ints

SNAP_M = 15.0
"""How far the ledger's line may end from the network and still be meant to join it."""
DETOUR_OPEN = 1.3
NEAR_M = 60.0
DEAD_END_PROGRAMME = "dead_end_road"


def verify_opened(streets: gpd.GeoDataFrame, opened: gpd.GeoDataFrame, /) -> tuple[Finding, ...]:
    """Findings on roads that the ledger calls opened and the network does not show so.

    Parameters
    ----------
    streets
        Frame made by ``build_streets`` from the network as it is now.
    opened
        Lines of the roads that were opened, index ``site_id``, same CRS. Rows without a line cannot be
        checked and are left alone.

    Returns
    -------
    tuple of Finding
        Code ``road-not-opened`` for each road of which an end lies in the open or joins only one
        street, or whose ends are joined only by a way over 1.3 times its length.

    Raises
    ------
    CrsError
        One of the frames is not in metres, or they differ.

    Notes
    -----
    The finding says that data and ledger disagree. Which of them is behind only a visit shows.
    """
    require_metric(streets, name="路网")
    if len(opened) == 0:
        return ()
    if opened.crs != streets.crs:
        raise CrsError("台账线位与路网的坐标系不同", remedy="先用 to_crs 转换到路网的坐标系")
    shapes = np.asarray(opened.geometry.values)
    lines = np.isin(shapely.get_type_id(shapes), (1, 5)) & ~shapely.is_empty(shapes)
    ids = opened.index.to_numpy()[lines]
    merged = [_as_line(shape) for shape in shapes[lines]]
    if len(streets) == 0 or not merged:
        return tuple(make_finding("road-not-opened", value="路网没有道路", site_id=str(k)) for k in ids)
    network = make_network(streets)
    ends = np.stack([shapely.get_coordinates(shapely.get_point(merged, side)) for side in (0, -1)], axis=1)
    faults = _judge_ends(streets, network, ends, shapely.length(merged))
    return tuple(
        make_finding("road-not-opened", value=fault, site_id=str(site))
        for site, fault in zip(ids, faults, strict=True)
        if fault
    )


def _as_line(shape: shapely.Geometry) -> shapely.LineString:
    """One line of a ledger's shape: the longest part of what does not join up."""
    joined = shapely.line_merge(shape)
    parts = shapely.get_parts(joined)
    return parts[int(np.argmax(shapely.length(parts)))]


def _judge_ends(streets: gpd.GeoDataFrame, network: Network, ends: Floats, length: Floats) -> list[str]:
    """What is wrong with each road, or an empty text. ``ends`` has shape (n, 2, 2)."""
    lines = np.asarray(streets.geometry.values)
    tree = shapely.STRtree(lines)
    points = shapely.points(ends.reshape(-1, 2))
    street = tree.nearest(points)
    apart = shapely.distance(points, lines[street]).reshape(-1, 2)
    along = shapely.line_locate_point(lines[street], points)
    loose = _is_loose(network, street, along).reshape(-1, 2)
    way = _measure_way(network, street.reshape(-1, 2), along.reshape(-1, 2), length)
    faults = []
    for row in range(len(ends)):
        if (apart[row] > SNAP_M).any():
            faults.append(f"端点距最近道路 {apart[row].max():.0f} 米")
        elif loose[row].any():
            faults.append("端点仍为断头")
        elif not way[row] <= DETOUR_OPEN * length[row] + 2 * SNAP_M:
            told = f"{way[row]:.0f} 米" if np.isfinite(way[row]) else "不通"
            faults.append(f"两端路网距离{told},线长 {length[row]:.0f} 米")
        else:
            faults.append("")
    return faults


def _is_loose(network: Network, street: Ints, along: Floats) -> Flags:
    """Whether a place on a street is a dead end of it."""
    rest = network.length_m[street] - along
    at_start = (along <= SNAP_M) & (network.degree[network.from_node[street]] == 1)
    at_end = (rest <= SNAP_M) & (network.degree[network.to_node[street]] == 1)
    return at_start | at_end


def _measure_way(network: Network, street: Ints, along: Floats, length: Floats) -> Floats:
    """Present way between both ends of each road, metres, infinite beyond four times its length."""
    limit = float(4.0 * length.max(initial=0.0) + 500.0)
    ways = np.full(len(length), np.inf)
    first, second = street[:, 0], street[:, 1]
    for node, extra in (
        (network.from_node[first], along[:, 0]),
        (network.to_node[first], network.length_m[first] - along[:, 0]),
    ):
        found = measure_detours(network, node, second, along[:, 1], network.xy[node], limit_m=limit)
        ways = np.minimum(ways, found + extra)
    same = first == second
    return np.where(same, np.minimum(ways, np.abs(along[:, 0] - along[:, 1])), ways)


def match_ledger(links: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, /, *, near_m: float = NEAR_M) -> pd.Series:
    """Id of the ledger's dead-end road that each link stands for; empty where it is new.

    Parameters
    ----------
    links
        Frame made by ``suggest_links``, projected CRS in metres.
    sites
        SITES in the same CRS; rows of other programmes and without geometry are left alone.
    near_m
        Largest distance between a link and the ledger's line or point.

    Returns
    -------
    Series
        Text on the links' index. A ledger row may have several links (a road with two gaps); a link
        belongs to the nearest row.

    Raises
    ------
    CrsError
        ``links`` are not in metres.
    """
    require_metric(links, name="拟打通路段")
    names = np.full(len(links), "", dtype=object)
    roads = (
        sites[(sites["programme"] == DEAD_END_PROGRAMME).to_numpy()] if "programme" in sites else sites[:0]
    )
    shapes = np.asarray(roads.geometry.values)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if there.any() and len(links):
        ids, shapes = roads.index.to_numpy()[there], shapes[there]
        middle = shapely.line_interpolate_point(np.asarray(links.geometry.values), 0.5, normalized=True)
        link, site = shapely.STRtree(shapes).query(middle, predicate="dwithin", distance=near_m)
        order = np.lexsort((shapely.distance(middle[link], shapes[site]), link))
        link, first = np.unique(link[order], return_index=True)
        names[link] = ids[site[order][first]].astype(str)
    return pd.Series(names, index=links.index, name="ledger_site", dtype=object)
