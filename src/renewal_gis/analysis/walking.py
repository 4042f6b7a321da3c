"""How far it is on foot: along the network, from the nearest facility to any place.

A place enters the network at the nearest point of a street, not at the nearest junction, and the way
to that point counts. One search from all facilities at once gives the distance of every junction; a
place on a street has the shorter of the ways over its two ends, or the way along its own street.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from renewal_gis.errors import SchemaError
from renewal_gis.geo.crs import require_metric

if TYPE_CHECKING:
    from collections.abc import Collection

    import geopandas as gpd
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


def spread_walks(
    walks: Walks, sources: Stops, /, *, limit_m: float, at_tips_m: Floats | None = None
) -> Floats:
    """Return how far each node is from the nearest source.

    Parameters
    ----------
    walks
        From :func:`build_walks`.
    sources
        Where the facilities enter the network; their own way to it counts.
    limit_m
        What is farther is infinitely far.
    at_tips_m
        How far the last nodes are from a source on their own street (:func:`pass_links`).

    Returns
    -------
    array
        Shape (nodes,), metres.
    """
    on = sources.street >= 0
    street = sources.street[on]
    begin = sources.off_m[on]
    nodes = np.concatenate([walks.start[street], walks.end[street]])
    ways = np.concatenate([begin + sources.along_m[on], begin + walks.length_m[street] - sources.along_m[on]])
    first = np.full(walks.nodes, np.inf)
    np.minimum.at(first, nodes, ways)
    if at_tips_m is not None and len(at_tips_m):
        first[-len(at_tips_m) :] = at_tips_m
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


def open_links(walks: Walks, lines: Shapes, /) -> tuple[Walks, Stops]:
    """Return the network as it would be with links built, and where their ends meet streets.

    Parameters
    ----------
    walks
        From :func:`build_walks`.
    lines
        k LineStrings in the same system, whose ends lie on streets.

    Returns
    -------
    Walks, Stops
        The same streets with 2k more nodes: node ``nodes + i`` (counted in ``walks``) is end i of the
        answer's stops, first all beginnings, then all ends. Distances over the links reach places
        through those nodes (:func:`pass_links`).
    """
    count = len(lines)
    tips = find_stops(
        walks, np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)]), off_m=1.0
    )
    node = walks.nodes + np.arange(2 * count)
    on = np.flatnonzero(tips.street >= 0)
    street, along = tips.street[on], tips.along_m[on]
    order = np.lexsort((along, street))
    same = np.flatnonzero(street[order][1:] == street[order][:-1])
    one, other = order[same], order[same + 1]
    edges = [
        (walks.start, walks.end, walks.length_m),
        (walks.start[street], node[on], along),
        (node[on], walks.end[street], walks.length_m[street] - along),
        (node[on[one]], node[on[other]], along[other] - along[one]),
        (node[:count], node[count:], shapely.length(lines)),
    ]
    start, end, length_m = (np.concatenate(column) for column in zip(*edges, strict=True))
    nodes = walks.nodes + 2 * count
    return replace(walks, nodes=nodes, graph=_make_graph(start, end, length_m, nodes)), tips


def pass_links(opened: Walks, sources: Stops, tips: Stops, /, *, limit_m: float) -> tuple[Floats, Stops]:
    """Return how far each node is with links built, and all from which a place may be reached on its street.

    Parameters
    ----------
    opened, tips
        From :func:`open_links`.
    sources
        The facilities.
    limit_m
        As in :func:`spread_walks`.
    """
    streets = len(opened.start)
    ahead = _walk_own_street(np.maximum(tips.street, 0), tips.along_m, sources, streets)
    ahead[tips.street < 0] = np.inf
    node_m = spread_walks(opened, sources, limit_m=limit_m, at_tips_m=ahead)
    over = replace(tips, off_m=node_m[opened.nodes - len(ahead) :])
    both = (np.concatenate(pair) for pair in zip(_fields(sources), _fields(over), strict=True))
    return node_m, Stops(*both)


def _fields(stops: Stops) -> tuple[Ints, Floats, Floats]:
    return stops.street, stops.along_m, stops.off_m
