"""How far it is on foot: along the network, from the nearest facility to any place.

A place enters the network at the nearest point of a street, not at the nearest junction, and the way
to that point counts. One search from all facilities at once gives the distance of every junction; a
place on a street has the shorter of the ways over its two ends, or the way along its own street.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from renewal_gis.errors import SchemaError
from renewal_gis.geo.crs import require_metric

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Shapes = NDArray[np.object_]

NOT_WALKABLE = frozenset({"motorway", "motorway_link"})
"""Classes that nobody may walk along (道路交通安全法 第六十七条)."""
_TINY_M = 1e-9  # a sparse matrix takes 0 for no edge


@dataclass(frozen=True)
class Walks:
    """The streets one can walk: the nodes at their ends (numbered from 0) and their lengths.

    ``pieces`` are their straight pieces, which are quicker to search than long lines: piece k is on
    street ``street[k]`` and begins ``begin_m[k]`` from that street's start.
    """

    start: Ints
    end: Ints
    length_m: Floats
    nodes: int
    pieces: Shapes
    street: Ints
    begin_m: Floats
    tree: shapely.STRtree
    graph: csr_array


@dataclass(frozen=True)
class Stops:
    """Where n places enter the network: street, place along it, and the way to it; both in metres.

    ``street`` is -1 where no street is near enough.
    """

    street: Ints
    along_m: Floats
    off_m: Floats


def build_walks(streets: gpd.GeoDataFrame, /, *, closed: Collection[str] = NOT_WALKABLE) -> Walks:
    """Return the walking network of STREETS; it is walked both ways, whatever ``oneway`` says.

    Parameters
    ----------
    streets
        STREETS in a metric system: ``from_node``, ``to_node``, ``highway``, LineStrings.
    closed
        Classes of streets that are left out.

    Raises
    ------
    CrsError
        Degrees.
    SchemaError
        Not STREETS.
    """
    require_metric(streets.crs)
    if not {"from_node", "to_node"} <= set(streets.columns):
        raise SchemaError("路网缺少 from_node、to_node", remedy="请先用 build_streets 整理")
    open_ = streets if "highway" not in streets else streets[~streets["highway"].isin(closed)]
    lines = np.asarray(open_.geometry.array, dtype=object)
    names = np.concatenate([open_["from_node"].to_numpy(), open_["to_node"].to_numpy()])
    nodes, ends = np.unique(names, return_inverse=True)
    start, end = ends[: len(lines)].astype(np.int64), ends[len(lines) :].astype(np.int64)
    xy, street = shapely.get_coordinates(lines, return_index=True)
    same = np.flatnonzero(street[:-1] == street[1:])
    pieces = shapely.linestrings(np.stack([xy[same], xy[same + 1]], axis=1))
    own_m = shapely.length(pieces)
    street = street[same]
    first = np.searchsorted(street, np.arange(len(lines)))
    before_m = np.cumsum(own_m) - own_m
    begin_m = before_m - before_m[first[street]]
    length_m = np.asarray(np.bincount(street, own_m, len(lines)), dtype=np.float64)
    graph = _make_graph(start, end, length_m, len(nodes))
    return Walks(start, end, length_m, len(nodes), pieces, street, begin_m, shapely.STRtree(pieces), graph)


def _make_graph(start: Ints, end: Ints, length_m: Floats, nodes: int) -> csr_array:
    """Return the ways between nodes, both directions; of parallel streets the shortest."""
    rows, columns = np.concatenate([start, end]), np.concatenate([end, start])
    weights = np.maximum(np.concatenate([length_m, length_m]), _TINY_M)
    order = np.lexsort((weights, columns, rows))
    rows, columns, weights = rows[order], columns[order], weights[order]
    first = np.append(True, (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1]))[: len(rows)]
    return csr_array((weights[first], (rows[first], columns[first])), shape=(nodes, nodes))


def find_stops(walks: Walks, points: Shapes, /, *, off_m: float) -> Stops:
    """Return where points enter the network.

    Parameters
    ----------
    walks
        From :func:`build_walks`.
    points
        Shape (n,), Points in the same system, none missing.
    off_m
        Points farther from every street than this do not enter it.
    """
    street = np.full(len(points), -1, dtype=np.int64)
    along, off = np.zeros(len(points)), np.full(len(points), np.inf)
    if len(points) and len(walks.pieces):
        (point, piece), away = walks.tree.query_nearest(
            points, max_distance=off_m, return_distance=True, all_matches=False
        )
        street[point], off[point] = walks.street[piece], away
        on_piece = shapely.line_locate_point(walks.pieces[piece], points[point])
        along[point] = walks.begin_m[piece] + on_piece
    return Stops(street, along, off)


def spread_walks(walks: Walks, sources: Stops, /, *, limit_m: float, ahead_m: Floats | None = None) -> Floats:
    """Return how far each node is from the nearest source.

    Parameters
    ----------
    walks
        From :func:`build_walks`.
    sources
        Where the facilities enter the network; their own way to it counts.
    limit_m
        What is farther is infinitely far.
    ahead_m
        What each source has behind it already; 0 by default.

    Returns
    -------
    array
        Shape (nodes,), metres.
    """
    on = sources.street >= 0
    street = sources.street[on]
    begin = sources.off_m[on] + (0.0 if ahead_m is None else ahead_m[on])
    nodes = np.concatenate([walks.start[street], walks.end[street]])
    ways = np.concatenate([begin + sources.along_m[on], begin + walks.length_m[street] - sources.along_m[on]])
    first = np.full(walks.nodes, np.inf)
    np.minimum.at(first, nodes, ways)
    near = np.flatnonzero(first <= limit_m)
    if not len(near):
        return np.full(walks.nodes, np.inf)
    # one more node stands for "any facility": the search from it is the search from all of them
    base, size = walks.graph, walks.nodes + 1
    graph = csr_array(
        (
            np.concatenate([base.data, np.maximum(first[near], _TINY_M)]),
            np.concatenate([base.indices, near.astype(base.indices.dtype)]),
            np.append(base.indptr, base.indptr[-1] + len(near)),
        ),
        shape=(size, size),
    )
    found = dijkstra(graph, directed=True, indices=walks.nodes, limit=limit_m)
    return np.asarray(found[:-1], dtype=np.float64)


def measure_walks(walks: Walks, node_m: Floats, places: Stops, sources: Stops, /) -> Floats:
    """Return how far each place is from the nearest source, along the network.

    Parameters
    ----------
    walks
        From :func:`build_walks`.
    node_m
        From :func:`spread_walks`.
    places
        n places; their way to the street counts.
    sources
        The facilities, for those on a place's own street.

    Returns
    -------
    array
        Shape (n,), metres; infinite for places off the network. Ways beyond the limit of
        :func:`spread_walks` are infinite, or as long as the street that both stand on.
    """
    answer = np.full(len(places.street), np.inf)
    on = np.flatnonzero(places.street >= 0)
    street, along = places.street[on], places.along_m[on]
    way = np.minimum(
        node_m[walks.start[street]] + along, node_m[walks.end[street]] + walks.length_m[street] - along
    )
    answer[on] = (
        np.minimum(way, _walk_own_street(street, along, sources, len(walks.start))) + places.off_m[on]
    )
    return answer


def _walk_own_street(street: Ints, along: Floats, sources: Stops, streets: int) -> Floats:
    """Return the way to the nearest source on the same street, if there is one."""
    on = np.flatnonzero(sources.street >= 0)
    on = on[np.argsort(sources.street[on], kind="stable")]
    counts = np.bincount(sources.street[on], minlength=streets)
    begin = np.cumsum(counts) - counts
    many = counts[street]
    place = np.repeat(np.arange(len(street)), many)
    offset = np.arange(len(place)) - np.repeat(np.cumsum(many) - many, many)
    source = on[begin[street[place]] + offset]
    way = np.abs(along[place] - sources.along_m[source]) + sources.off_m[source]
    answer = np.full(len(street), np.inf)
    np.minimum.at(answer, place, way)
    return answer


def join_links(streets: gpd.GeoDataFrame, links: gpd.GeoDataFrame, /) -> gpd.GeoDataFrame:
    """Return STREETS as they would be with links built: each end joined to the street next to it.

    Parameters
    ----------
    streets, links
        STREETS and LINKS in one metric system. Of the answer's columns only those that
        :func:`build_walks` needs are filled for the links.
    """
    lines = list(streets.geometry)
    frame = streets[["from_node", "to_node", "highway"]]
    rows: list[tuple[int, int, str]] = list(frame.itertuples(index=False, name=None))
    number = int(max((node for row in rows for node in row[:2]), default=-1)) + 1
    walks = build_walks(streets, closed=())
    ends = shapely.points(
        np.array([xy for line in links.geometry for xy in (line.coords[0], line.coords[-1])]).reshape(-1, 2)
    )
    stops = find_stops(walks, ends, off_m=1.0)
    cuts: dict[int, list[tuple[float, int]]] = {}
    nodes = np.arange(number, number + len(ends))
    for k in np.flatnonzero(stops.street >= 0):
        cuts.setdefault(int(stops.street[k]), []).append((float(stops.along_m[k]), int(nodes[k])))
    for street, places in cuts.items():
        pieces = _cut_street(lines[street], rows[street], sorted(places))
        (lines[street], rows[street]), rest = pieces[0], pieces[1:]
        lines += [line for line, _ in rest]
        rows += [row for _, row in rest]
    lines += list(links.geometry)
    rows += [(int(nodes[2 * k]), int(nodes[2 * k + 1]), "road") for k in range(len(links))]
    columns = dict(zip(frame.columns, zip(*rows, strict=True), strict=True))
    return gpd.GeoDataFrame(columns, geometry=lines, crs=streets.crs)


def _cut_street(
    line: shapely.LineString, row: tuple[int, int, str], places: list[tuple[float, int]]
) -> list[tuple[shapely.LineString, tuple[int, int, str]]]:
    begin, end, kind = row
    marks = [(0.0, begin), *places, (float(line.length), end)]
    return [
        (substring(line, from_m, to_m) if to_m > from_m else _stay(line, from_m), (one, other, kind))
        for (from_m, one), (to_m, other) in pairwise(marks)
    ]


def _stay(line: shapely.LineString, at_m: float) -> shapely.LineString:
    """Return a line of no length: a link that begins at a street's very end, or where another begins."""
    spot = line.interpolate(at_m)
    return shapely.LineString([spot, spot])
