"""Streets of an area from OpenStreetMap, through osmnx (an optional package) and an Overpass service.

What is fetched is © OpenStreetMap contributors under the ODbL 1.0: whoever shows it must say so, and a
database made from it stays under that licence.
"""

from __future__ import annotations

import contextlib
import io
import socket
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from renewal_gis.errors import InputError
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

NETWORKS = ("drive", "walk", "all")
ATTRIBUTION = "© OpenStreetMap 贡献者(ODbL 1.0)"
LICENCE = "https://opendatacommons.org/licenses/odbl/1-0/"
DATUM = "WGS 84 坐标按 EPSG:4490 存放,不作换算:二者相差在分米以内"
COLUMNS = ("highway", "name", "oneway", "bridge", "tunnel", "layer", "noexit")
"""Columns of the answer, as :func:`renewal_gis.intake.roads.read_roads` knows them."""
APART = ("highway", "name", "oneway", "bridge", "tunnel", "layer", "noexit")
"""Where one of these changes, a street begins anew even without a junction."""
KNOCK_S = 20
SLACK_DEG = 1e-3
"""The outline is drawn this much wider and coarser (100 m): a service refuses outlines of many corners."""


def fetch_roads(
    area: shapely.Geometry, /, *, network: str = "drive", overpass_url: str = ""
) -> gpd.GeoDataFrame:
    """Ask an Overpass service for the streets of an area.

    Parameters
    ----------
    area
        Polygon or multipolygon in degrees.
    network
        One of :data:`NETWORKS`: for cars, on foot, or everything.
    overpass_url
        The service, without ``/interpreter``; empty for the public one that osmnx knows. A service of
        one's own is not asked for its queue.

    Returns
    -------
    GeoDataFrame
        EPSG:4490 (see :data:`DATUM`), :data:`COLUMNS` and ``osmid``; one line from junction to junction,
        each street once. Streets that leave the area end at their first junction outside.

    Raises
    ------
    InputError
        osmnx is not installed, no network, the service refuses or has no street there.
    """
    osmnx = _open_package()
    outline = area.buffer(SLACK_DEG).simplify(SLACK_DEG)
    with _settling(osmnx, overpass_url) as url:
        try:
            _knock(url)
            graph = osmnx.graph_from_polygon(
                outline, network_type=network, simplify=False, retain_all=True, truncate_by_edge=True
            )
            simple = osmnx.simplify_graph(
                graph, edge_attrs_differ=list(APART), remove_rings=False, node_attrs_include=["noexit"]
            )
        except osmnx._errors.InsufficientResponseError as error:  # noqa: SLF001  # osmnx names it nowhere else
            raise InputError(f"{url} 没有该范围的道路", remedy="请核对方案的区县界线和 --network") from error
        except (OSError, osmnx._errors.ResponseStatusCodeError, ValueError) as error:  # noqa: SLF001
            raise InputError(
                f"无法从 {url} 取得道路:{_first_words(error)}",
                remedy="请检查网络,或用 --overpass 换一个服务;没有外网时可用下载好的 .osm.pbf",
            ) from error
    return _tabulate(osmnx, simple)


def pack_roads(roads: gpd.GeoDataFrame, /, *, at: dt.datetime, source: str) -> bytes:
    """Return GeoParquet of fetched streets with their origin in the file's metadata.

    Parameters
    ----------
    roads
        As :func:`fetch_roads` returns them.
    at
        When they were fetched.
    source
        The service.
    """
    plain = io.BytesIO()
    roads.to_parquet(plain, compression="zstd", index=False)
    table = pq.read_table(plain)
    told = {
        "attribution": ATTRIBUTION,
        "licence": LICENCE,
        "retrieved": at.date().isoformat(),
        "source": source or "overpass-api.de",
        "datum": DATUM,
    }
    kept = table.schema.metadata or {}
    table = table.replace_schema_metadata({**kept, **{k: v.encode() for k, v in told.items()}})
    packed = io.BytesIO()
    pq.write_table(table, packed, compression="zstd")
    return packed.getvalue()


def _open_package() -> Any:
    try:
        import osmnx  # noqa: PLC0415  # an optional package
    except ImportError as error:
        raise InputError("没有安装 osmnx", remedy='请先安装:pip install "renewal-gis[osm]"') from error
    return osmnx


def _knock(url: str) -> None:
    """Find out at once whether anybody answers: osmnx would wait a minute for a queue that nobody keeps."""
    import requests  # noqa: PLC0415  # comes with osmnx

    requests.get(url, timeout=KNOCK_S)


@contextlib.contextmanager
def _settling(osmnx: Any, overpass_url: str) -> Iterator[str]:
    """Set what osmnx keeps for the whole process, and set it back."""
    known = osmnx.settings
    ways = list(dict.fromkeys([*known.useful_tags_way, *COLUMNS]))
    wanted = {
        "use_cache": False,  # it would leave a folder where the command was called
        "useful_tags_way": ways,
        "useful_tags_node": list(dict.fromkeys([*known.useful_tags_node, "noexit"])),
        "doh_url_template": None,  # no name is asked of a third party
    }
    if overpass_url:
        wanted |= {"overpass_url": overpass_url.removesuffix("/interpreter"), "overpass_rate_limit": False}
    before = {key: getattr(known, key) for key in wanted}
    resolver = socket.getaddrinfo  # osmnx replaces it and leaves it so
    for key, value in wanted.items():
        setattr(known, key, value)
    try:
        yield str(known.overpass_url)
    finally:
        socket.getaddrinfo = resolver
        for key, value in before.items():
            setattr(known, key, value)


def _first_words(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _tabulate(osmnx: Any, graph: Any) -> gpd.GeoDataFrame:
    """Return each street once: a graph draws both directions."""
    nodes, edges = osmnx.graph_to_gdfs(graph)
    edges = edges.reset_index()
    if "noexit" in nodes:
        ends = nodes.index[nodes["noexit"].eq("yes")]
        at_end = edges["u"].isin(ends) | edges["v"].isin(ends)
        edges.loc[at_end, "noexit"] = "yes"
    frame = pd.DataFrame({"osmid": edges["osmid"].map(_join_words)})
    for column in COLUMNS:
        found = edges[column] if column in edges else pd.Series(None, index=edges.index, dtype=object)
        frame[column] = found.map(_join_words)
    frame["oneway"] = edges["oneway"].to_numpy(bool)
    lines = np.asarray(edges.geometry.array)
    frame["_way"] = [form.hex() for form in shapely.to_wkb(shapely.normalize(lines))]
    once = ~frame.duplicated().to_numpy()
    order = np.lexsort((frame["_way"][once], frame["osmid"][once]))
    kept = frame[once].drop(columns="_way").iloc[order].reset_index(drop=True)
    return gpd.GeoDataFrame(kept, geometry=lines[once][order], crs=STORED_CRS)


def _join_words(value: Any) -> str | None:
    if isinstance(value, (list, tuple, set)):
        return ";".join(str(item) for item in value)
    return None if value is None or value != value else str(value)  # noqa: PLR0124  # only NaN differs from itself
