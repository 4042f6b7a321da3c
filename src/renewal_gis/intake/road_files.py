"""Road files that need more than a table of lines: OpenStreetMap XML and PBF, and GraphML.

The XML comes from elsewhere, so the reader refuses entities and document types. PBF is read by GDAL's
OSM driver, which does not tell which ways share a node: they are split where their vertices agree.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from renewal_gis.errors import InputError
from renewal_gis.intake.gdal_files import parse_tags
from renewal_gis.intake.road_words import STREETS
from renewal_gis.intake.trial import try_reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OSM_TAGS = (
    *("highway", "name", "oneway", "bridge", "tunnel", "layer", "noexit", "junction", "turning", "width"),
    "service",
)
_TURNS = {("highway", "turning_circle"), ("highway", "turning_loop")}
_NO_EXIT = {("noexit", "yes")}
_STEP_DEG = 1e-7  # OpenStreetMap's own grid
_XML_FAULTS = (ElementTree.ParseError, DefusedXmlException, UnicodeDecodeError)


def read_osm(path: Path, /) -> gpd.GeoDataFrame:
    """One row for each way with a ``highway`` tag, split where streets share a node.

    Parameters
    ----------
    path
        OpenStreetMap XML (API or Overpass).

    Returns
    -------
    GeoDataFrame
        EPSG:4326; columns of :data:`OSM_TAGS`, ``record`` (number of the way in the file, from 0),
        ``label`` (``way/id``). A way that is split has several rows of one record; one whose nodes
        are missing has null geometry. ``noexit`` also tells of ends tagged so on their node,
        ``turning`` of a turning circle or loop at an end; ``partial`` of ways with missing nodes.

    Raises
    ------
    InputError
        Not well-formed XML, entities or a document type in it, or not an OSM file.
    """
    places: dict[str, tuple[float, float]] = {}
    marks: dict[str, set[str]] = {"noexit": set(), "turning": set()}
    ways: list[tuple[str, dict[str, str], list[str]]] = []
    try:
        for element in _walk(path, "osm", ("node", "way")):
            if element.get("action") == "delete" or element.get("visible") == "false":
                continue
            tags = {tag.get("k"): tag.get("v") for tag in element.findall("tag")}
            if element.tag == "node":
                _keep_node(element, tags, places, marks)
            elif "highway" in tags and tags.get("area") != "yes":
                refs = [nd.get("ref") for nd in element.findall("nd")]
                ways.append((element.get("id", ""), _pick_tags(tags), refs))
    except _XML_FAULTS as error:
        raise _refuse_xml(path, error) from error
    return _build_ways(ways, places, marks)


def _walk(path: Path, root_tag: str, wanted: tuple[str, ...]) -> Iterator[Any]:
    """Yield finished elements of a large XML file and free them after use."""
    root = None
    for event, element in ElementTree.iterparse(path, events=("start", "end"), forbid_dtd=True):
        if root is None:
            root = element
            if _plain(element.tag) != root_tag:
                raise InputError(
                    f"根元素为 {_plain(element.tag)},应为 {root_tag}",
                    place=path.name,
                    remedy="请核对文件是否与扩展名相符",
                )
        if event == "end" and _plain(element.tag) in wanted:
            yield element
            root.clear()


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def _refuse_xml(path: Path, error: Exception) -> InputError:
    return InputError(
        f"不是完整的 XML,或含有不允许的实体声明({str(error)[:120]})",
        place=path.name,
        remedy="请重新导出该文件;文件不得含 DOCTYPE 或实体",
    )


def _keep_node(
    element: Any,
    tags: dict[str, str],
    places: dict[str, tuple[float, float]],
    marks: dict[str, set[str]],
) -> None:
    try:
        places[element.get("id")] = (float(element.get("lon")), float(element.get("lat")))
    except (TypeError, ValueError):  # a node without coordinates is missing to its ways
        return
    for mark, wanted in (("noexit", _NO_EXIT), ("turning", _TURNS)):
        if wanted & tags.items():
            marks[mark].add(element.get("id"))


def _pick_tags(tags: dict[str, str]) -> dict[str, str]:
    picked = {key: tags[key] for key in OSM_TAGS if key in tags}
    if not picked.get("name") and "name:zh" in tags:
        picked["name"] = tags["name:zh"]
    return picked


def _build_ways(
    ways: list[tuple[str, dict[str, str], list[str]]],
    places: dict[str, tuple[float, float]],
    marks: dict[str, set[str]],
) -> gpd.GeoDataFrame:
    shared = Counter(ref for _, tags, refs in ways if tags["highway"] in STREETS for ref in refs)
    rows: list[dict[str, object]] = []
    points: list[tuple[float, float]] = []
    sizes: list[int] = []
    for record, (way_id, tags, refs) in enumerate(ways):
        common = {**tags, "record": record, "label": f"way/{way_id}"}
        splits = tags["highway"] in STREETS
        pieces = _split_way(refs, places, shared if splits else Counter())
        for piece in pieces or [[]]:
            ends = {piece[0], piece[-1]} if piece else set()
            told = {mark: "yes" for mark, nodes in marks.items() if nodes & ends}
            rows.append({**common, **told, "partial": any(ref not in places for ref in refs)})
            points.extend(places[ref] for ref in piece)
            sizes.append(len(piece))
    frame = pd.DataFrame(rows, columns=[*OSM_TAGS, "record", "label", "partial"])
    lines = np.full(len(sizes), None, dtype=object)
    whole = np.flatnonzero(np.asarray(sizes, dtype=int) > 0)
    if len(whole):
        lines[whole] = shapely.linestrings(
            np.asarray(points), indices=np.repeat(np.arange(len(whole)), np.asarray(sizes)[whole])
        )
    return gpd.GeoDataFrame(frame, geometry=lines, crs="EPSG:4326")


def _split_way(refs: list[str], places: dict[str, Any], shared: Counter[str]) -> list[list[str]]:
    """Break a way at nodes that other streets use, and where nodes are missing."""
    pieces: list[list[str]] = []
    piece: list[str] = []
    for ref in refs:
        if ref not in places:
            pieces.append(piece)
            piece = []
            continue
        piece.append(ref)
        if shared[ref] > 1 and len(piece) > 1:
            pieces.append(piece)
            piece = [ref]
    pieces.append(piece)
    return [piece for piece in pieces if len(piece) > 1]


def read_pbf(path: Path, /) -> gpd.GeoDataFrame:
    """One row for each way with a ``highway`` tag, split where streets share a vertex.

    Parameters
    ----------
    path
        OpenStreetMap PBF (``.osm.pbf``) that passed the gate.

    Returns
    -------
    GeoDataFrame
        As :func:`read_osm`, without ``partial``: the driver leaves nodes that are not in the file out of
        their ways and does not tell. Extracts with complete ways, the usual ones, have none.

    Raises
    ------
    InputError
        The file is damaged or incomplete, or reading it crashes.
    """
    import pyogrio  # noqa: PLC0415  # heavy, and only for this format

    try_reading(path, name=path.name, size=path.stat().st_size)
    try:
        _, _, wkb, (ids, *columns) = pyogrio.raw.read(
            str(path),
            layer="lines",
            columns=["osm_id", "name", "highway", "other_tags"],
            where="highway IS NOT NULL",
        )
        _, _, points, (turns, others) = pyogrio.raw.read(
            str(path),
            layer="points",
            columns=["highway", "other_tags"],
            where="highway IN ('turning_circle', 'turning_loop') OR other_tags LIKE '%\"noexit\"%'",
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise InputError(
            f"文件损坏或不完整(corrupt):{str(error)[:120]}", place=path.name, remedy="请重新下载或重新导出"
        ) from error
    tags = [_join_tags(*row) for row in zip(*columns, strict=True)]
    frame = pd.DataFrame([_pick_tags(row) for row in tags], columns=list(OSM_TAGS), dtype=object)
    frame["record"] = np.arange(len(frame))
    frame["label"] = [f"way/{number}" for number in ids]
    parts, owner = _split_lines(shapely.from_wkb(wkb), frame["highway"].isin(STREETS).to_numpy(bool))
    frame = frame.iloc[owner].reset_index(drop=True)
    nodes = [_join_tags(None, turn, other) for turn, other in zip(turns, others, strict=True)]
    for mark, wanted in (("noexit", _NO_EXIT), ("turning", _TURNS)):
        told = np.array([bool(wanted & row.items()) for row in nodes], dtype=bool)
        places = _number_places(shapely.get_coordinates(shapely.from_wkb(points[told])))
        ends = [_number_places(shapely.get_coordinates(shapely.get_point(parts, at))) for at in (0, -1)]
        frame.loc[np.isin(ends, places).any(axis=0), mark] = "yes"
    return gpd.GeoDataFrame(frame, geometry=parts, crs="EPSG:4326")


def _join_tags(name: str | None, highway: str | None, packed: str | None) -> dict[str, str]:
    named = {key: value for key, value in (("name", name), ("highway", highway)) if value}
    return named | parse_tags(packed or "")


def _number_places(xy: np.ndarray) -> np.ndarray:
    """One whole number for each place of OpenStreetMap's grid."""
    lon, lat = np.rint(xy.reshape(-1, 2) / _STEP_DEG).astype(np.int64).T
    return np.asarray((lon << 32) + lat)


def _split_lines(lines: np.ndarray, splits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Break lines at inner vertices that they share with others or pass twice; and the line of each piece."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    if not len(line):
        return np.asarray(lines, dtype=object), np.arange(len(lines))
    _, place = np.unique(_number_places(xy), return_inverse=True)
    met = np.bincount(place, weights=splits[line])[place] > 1
    turns = line[1:] != line[:-1]
    first, last = np.append(True, turns), np.append(turns, True)
    cut = met & splits[line] & ~first & ~last
    vertex = np.repeat(np.arange(len(xy)), 1 + cut)
    starts = first[vertex] | np.append(False, vertex[1:] == vertex[:-1])
    parts = shapely.linestrings(xy[vertex], indices=np.cumsum(starts) - 1)
    return np.asarray(parts, dtype=object), line[vertex[starts]]


def read_graphml(path: Path, /) -> gpd.GeoDataFrame:
    """One row for each edge of a street graph as osmnx writes it.

    Parameters
    ----------
    path
        GraphML with node attributes ``x``, ``y`` and edge attribute ``geometry`` (WKT) where the
        edge is not straight.

    Returns
    -------
    GeoDataFrame
        The edge attributes, ``record`` (number of the edge, from 0), ``label``; reference system as
        the graph declares it, or none.

    Raises
    ------
    InputError
        Not well-formed XML, entities or a document type in it, or neither geometry nor ``x``, ``y``.
    """
    names: dict[str, str] = {}
    graph: dict[str, str] = {}
    nodes: dict[str, tuple[float, float]] = {}
    edges: list[dict[str, object]] = []
    try:
        for event, element in ElementTree.iterparse(path, events=("start", "end"), forbid_dtd=True):
            tag = _plain(element.tag)
            if event == "start":
                continue
            if tag == "key":
                names[element.get("id")] = element.get("attr.name", element.get("id"))
            elif tag in ("node", "edge"):
                words = _read_data(element, names)
                _keep_graph_part(tag, element, words, nodes=nodes, edges=edges)
                element.clear()
            elif tag == "graph":
                graph = _read_data(element, names)
    except _XML_FAULTS as error:
        raise _refuse_xml(path, error) from error
    return _build_edges(path, edges, nodes, graph)


def _read_data(element: Any, names: dict[str, str]) -> dict[str, str]:
    return {
        names.get(data.get("key"), data.get("key")): data.text or ""
        for data in element
        if _plain(data.tag) == "data"
    }


def _keep_graph_part(
    tag: str,
    element: Any,
    words: dict[str, str],
    *,
    nodes: dict[str, tuple[float, float]],
    edges: list[dict[str, object]],
) -> None:
    if tag == "edge":
        edges.append({**words, "source": element.get("source"), "target": element.get("target")})
        return
    try:
        nodes[element.get("id")] = (float(words["x"]), float(words["y"]))
    except (KeyError, ValueError):  # edges at a node without coordinates need their own geometry
        return


def _build_edges(
    path: Path,
    edges: list[dict[str, object]],
    nodes: dict[str, tuple[float, float]],
    graph: dict[str, str],
) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(edges)
    if edges and not nodes and "geometry" not in frame:
        raise InputError(
            "节点没有 x、y,边也没有 geometry,无法得到线位",
            place=path.name,
            remedy="请用带坐标的路网导出(如 osmnx 的 save_graphml)",
        )
    wkt = [edge.get("geometry") for edge in edges]
    lines = shapely.from_wkt(np.array([*wkt, None], dtype=object), on_invalid="ignore")[:-1]
    for row, edge in enumerate(edges):
        ends = (nodes.get(str(edge["source"])), nodes.get(str(edge["target"])))
        if wkt[row] is None and None not in ends:
            lines[row] = shapely.linestrings(ends)
    frame["record"] = np.arange(len(frame))
    frame["label"] = [f"edge/{edge['source']}-{edge['target']}" for edge in edges]
    return gpd.GeoDataFrame(
        frame.drop(columns=["geometry", "source", "target", "id"], errors="ignore"),
        geometry=lines,
        crs=graph.get("crs") or None,
    )
