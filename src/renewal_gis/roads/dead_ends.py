"""Every end of a street that joins nothing, and what it is taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import STRtree

from renewal_gis.geo.geometry import measure_bearing, require_metric, scale_to_unit, turn_vectors
from renewal_gis.roads.network import make_network
from renewal_gis.vocab import Verdict

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.network import Network

EXEMPT_CLASSES = frozenset(
    {
        "service", "track", "footway", "path", "steps", "cycleway", "bridleway", "corridor", "platform",
        "pedestrian", "elevator", "via_ferrata", "raceway", "busway", "emergency_bay", "rest_area", "services",
    },
)  # fmt: skip
LOOPS = frozenset({"turning_circle", "turning_loop", "mini_roundabout", "roundabout", "circular"})
EDGE_OF_DATA = "距数据边缘 {:.0f} 米且前方无路"
EDGE_OF_AREA = "在研究范围以外或距其边界 {:.0f} 米"
HULL_RATIO = 0.05
AREA_EDGE_M = 20.0
OUTWARD_M = 500.0
OUTWARD_DEG = 40.0
BEARING_SPAN_M = 25.0


def find_dead_ends(
    streets: gpd.GeoDataFrame,
    /,
    *,
    study_area: gpd.GeoDataFrame | None = None,
    edge_m: float = 300.0,
    defect_m: float = 2.0,
) -> gpd.GeoDataFrame:
    """Every dead end with a first verdict; none is left out.

    Parameters
    ----------
    streets
        Frame made by ``build_streets``, projected CRS in metres.
    study_area
        Polygons within which the data are complete, same CRS. Without them the edge is the concave hull of
        the streets.
    edge_m
        Ends nearer than this to the edge that have nothing ahead of them are taken for cut by it, metres. With a
        study area, those outside it or within 20 m of its boundary are.
    defect_m
        Ends nearer than this to another street, and stubs shorter than this, are drawing faults, metres.

    Returns
    -------
    One point per street end that meets no other: ``street_id``, ``node``, ``highway``, ``name`` (if the
    streets have one), ``bearing_deg`` (outward, 0 = north), ``stub_m`` (length of the street), ``edge_m``
    (distance to the edge of the data), ``verdict`` and ``reason``. Before links are weighed, what is neither
    exempt, at the edge nor a fault is ``candidate``; :func:`renewal_gis.roads.links.judge_dead_ends`
    tells the cul-de-sacs among them.

    Raises
    ------
    CrsError
        The CRS is missing or not metric.

    Notes
    -----
    A verdict is taken from the drawing alone; it must not be used to strike a road off a list without a visit.
    """
    require_metric(streets, name="路网")
    network = make_network(streets)
    node = np.flatnonzero(network.degree == 1)
    street = network.edge[network.indptr[node]]
    xy = network.xy[node]
    outward = _look_outward(streets, network, node, street)
    if study_area is None:
        distance = _measure_hull(network, xy)
        at_edge = distance <= edge_m
        at_edge[at_edge] = _face_nothing(streets, street[at_edge], xy[at_edge], outward[at_edge])
    else:
        distance, at_edge = _measure_area(study_area, xy)
    fault_m = _measure_faults(streets, street, xy, reach_m=defect_m)
    stub = streets["length_m"].to_numpy(float)[street]
    frame = _make_frame(streets, street, node, xy, outward)
    frame["stub_m"], frame["edge_m"] = stub, distance
    verdict = np.full(len(node), Verdict.CANDIDATE.value, object)
    reason = np.full(len(node), "", object)
    edge = EDGE_OF_DATA if study_area is None else EDGE_OF_AREA
    everyone = np.ones(len(node), bool)
    for flags, value, text, metres in (
        (everyone, Verdict.CANDIDATE, "断头段长 {:.0f} 米,端点未接任何道路", stub),
        (at_edge, Verdict.SHEET_EDGE, edge, distance),
        (np.isfinite(fault_m), Verdict.DEFECT, "距邻近道路仅 {:.2f} 米,疑为未接上", fault_m),
        (stub < defect_m, Verdict.DEFECT, "端头仅长 {:.2f} 米,疑为出头线", stub),
    ):
        verdict[flags] = value.value
        reason[flags] = [text.format(number) for number in metres[flags]]
    exempt, why = _find_exempt(streets, street)
    verdict[exempt], reason[exempt] = Verdict.EXEMPT.value, why[exempt]
    frame["verdict"], frame["reason"] = verdict, reason
    return frame


def _look_outward(streets: gpd.GeoDataFrame, network: Network, node: Ints, street: Ints) -> Floats:
    """Vector from a point 25 m back on the street (or its other end) to the dead end, shape (n, 2)."""
    geometry = np.asarray(streets.geometry.values)[street]
    at_end = network.to_node[street] == node
    back = shapely.line_interpolate_point(geometry, np.where(at_end, -BEARING_SPAN_M, BEARING_SPAN_M))
    outward: Floats = network.xy[node] - shapely.get_coordinates(back).reshape(-1, 2)
    return outward


def _measure_hull(network: Network, xy: Floats) -> Floats:
    """Distance to the boundary of the concave hull of the nodes, metres."""
    if len(xy) == 0:
        return np.empty(0)
    # one line through all nodes is made at once, and has the hull of its vertices
    hull = shapely.concave_hull(shapely.linestrings(network.xy), HULL_RATIO)
    edge = hull.boundary if shapely.area(hull) > 0 else hull
    shapely.prepare(edge)
    distance: Floats = shapely.distance(edge, shapely.points(xy))
    return distance


def _face_nothing(streets: gpd.GeoDataFrame, street: Ints, xy: Floats, outward: Floats) -> Flags:
    """Whether no other street lies in a cone of 40° to both sides within 500 m ahead.

    The hull alone is not enough: it dents deep into a town of few streets.
    """
    geometry = np.asarray(streets.geometry.values)
    ahead = scale_to_unit(outward) * OUTWARD_M
    corners = [turn_vectors(ahead, angle) for angle in (OUTWARD_DEG, 0.0, -OUTWARD_DEG)]
    cones = shapely.polygons(np.stack([xy, *(xy + corner for corner in corners)], axis=1))
    tip, other = STRtree(geometry).query(cones, predicate="intersects")
    nothing = np.ones(len(xy), bool)
    nothing[tip[street[tip] != other]] = False
    return nothing


def _measure_area(study_area: gpd.GeoDataFrame, xy: Floats) -> tuple[Floats, Flags]:
    """Distance to the boundary of the study area, and what lies outside it or within 20 m of its boundary."""
    area = shapely.union_all(np.asarray(study_area.geometry.values))
    shapely.prepare(area)
    points = shapely.points(xy)
    distance = shapely.distance(area.boundary, points)
    return distance, ~shapely.intersects(area, points) | (distance <= AREA_EDGE_M)


def _measure_faults(streets: gpd.GeoDataFrame, street: Ints, xy: Floats, *, reach_m: float) -> Floats:
    """Distance to the nearest other street within reach, infinite where there is none."""
    geometry = np.asarray(streets.geometry.values)
    points = shapely.points(xy)
    found = np.full(len(xy), np.inf)
    tip, other = STRtree(geometry).query(points, predicate="dwithin", distance=reach_m)
    keep = street[tip] != other
    tip, other = tip[keep], other[keep]
    np.minimum.at(found, tip, shapely.distance(points[tip], geometry[other]))
    return found


def _find_exempt(streets: gpd.GeoDataFrame, street: Ints) -> tuple[Flags, np.ndarray]:
    """Ends that are meant to be ends: by class, tag or turning place."""
    words = streets["highway"].astype(str).to_numpy()[street]
    exempt = np.isin(words, list(EXEMPT_CLASSES))
    why = np.array([f"道路等级 {word} 不计断头路" for word in words], object)
    for column, text in (("noexit", "已标注为尽头(noexit)"), ("turning", "端头设有回车场")):
        if column in streets:
            flag = streets[column].to_numpy(bool)[street]
            exempt, why = exempt | flag, np.where(flag, text, why)
    if "junction" in streets:
        flag = np.isin(streets["junction"].astype(str).to_numpy()[street], list(LOOPS))
        exempt, why = exempt | flag, np.where(flag, "端头设有回车场", why)
    return exempt, why


def _make_frame(
    streets: gpd.GeoDataFrame, street: Ints, node: Ints, xy: Floats, outward: Floats
) -> gpd.GeoDataFrame:
    columns: dict[str, object] = {
        "street_id": streets.index.to_numpy()[street],
        "node": node,
        "highway": streets["highway"].to_numpy()[street],
    }
    if "name" in streets:
        columns["name"] = streets["name"].to_numpy()[street]
    columns["bearing_deg"] = measure_bearing(outward)
    index = pd.RangeIndex(len(node))
    return gpd.GeoDataFrame(columns, geometry=shapely.points(xy), crs=streets.crs, index=index)
