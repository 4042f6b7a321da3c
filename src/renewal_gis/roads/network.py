"""Streets between junctions, and the graph they make."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from renewal_gis.geo.geometry import number_nodes, read_ends, require_metric
from renewal_gis.roads.chains import (
    Lines,
    drop_doubles,
    drop_repeats,
    flatten_lines,
    join_lines,
    measure_lines,
    split_lines,
)

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints

UNKNOWN_CLASS = "road"
LEVELS = ("bridge", "tunnel", "layer")
CARRIED = ("name", *LEVELS, "oneway", "noexit", "junction", "turning")
NO_WORDS = frozenset({"", "no", "false", "0", "none", "nan", "<na>"})


def build_streets(roads: gpd.GeoDataFrame, /, *, node_m: float = 0.01) -> gpd.GeoDataFrame:
    """Streets between junctions, ends and changes of class.

    Parameters
    ----------
    roads
        Lines in any order and direction, in a projected CRS in metres. ``highway`` is the class (OSM words;
        absent or blank counts as ``road``); ``name``, ``bridge``, ``tunnel``, ``layer``, ``oneway``,
        ``noexit``, ``junction`` and ``turning`` are used where present.
    node_m
        Points that fall into one cell of this grid are one node, metres.

    Returns
    -------
    Index ``street_id``; columns ``highway``, the ones above that ``roads`` has, ``length_m``, ``from_node``,
    ``to_node`` and ``geometry``. A street takes its name from its longest named part and is ``noexit`` or
    ``turning`` if any part is.

    Raises
    ------
    CrsError
        ``roads`` has no CRS, or one that is not in metres.

    Notes
    -----
    Lines are cut where they share a vertex, zero-length lines and doubles are dropped, and what meets at a
    node of degree two is joined if class, bridge, tunnel and layer are equal. Lines that merely cross, or
    stop a hand's breadth short, stay as they are: those are data defects, which this function must not be
    used to repair.
    """
    require_metric(roads, name="路网")
    lines = drop_repeats(flatten_lines(np.asarray(roads.geometry.values)), node_m=node_m)
    table = _read_attributes(roads)
    group = _number_groups(table)
    level = _number_groups(table[[c for c in LEVELS if c in table]])
    lines = split_lines(lines, level[lines.row], node_m=node_m)
    lines = drop_doubles(drop_repeats(lines, node_m=node_m), node_m=node_m)
    joined, chain, _ = join_lines(lines, group[lines.row], node_m=node_m)
    columns = _carry_attributes(table, lines, joined, chain)
    return _make_frame(joined, columns, crs=roads.crs, node_m=node_m)


def _read_attributes(roads: gpd.GeoDataFrame) -> pd.DataFrame:
    """The columns that streets carry, in one form each; a fresh frame with rows 0 … n-1."""
    table = pd.DataFrame(index=pd.RangeIndex(len(roads)))
    if "highway" in roads:
        table["highway"] = clean_words(roads["highway"], default=UNKNOWN_CLASS)
    else:
        table["highway"] = UNKNOWN_CLASS
    for column in CARRIED:
        if column not in roads:
            continue
        values = roads[column]
        if column in ("bridge", "tunnel", "oneway", "noexit", "turning"):
            table[column] = read_flags(values)
        elif column == "layer":
            table[column] = (
                pd.to_numeric(values.reset_index(drop=True), errors="coerce").fillna(0).astype("int64")
            )
        else:
            table[column] = clean_words(values, default="")
    return table


def clean_words(values: pd.Series, /, *, default: str) -> pd.Series:
    """One plain word per row: the first of a list, ``default`` where there is none; rows 0 … n-1."""
    try:
        codes, words = pd.factorize(values.reset_index(drop=True))
    except TypeError:  # lists have no hash
        codes, words = pd.factorize(values.map(_take_first).reset_index(drop=True))
    plain = np.array([str(_take_first(word)).strip() or default for word in words] + [default], dtype=object)
    # osmnx writes several classes as the text of a list
    plain = np.array(
        [word.strip("[]").split(",")[0].strip(" '\"") if word.startswith("[") else word for word in plain],
        object,
    )
    return pd.Series(plain[codes])


def _take_first(value: Any) -> Any:
    """The first of several words."""
    if not isinstance(value, list | tuple | np.ndarray):
        return value
    return value[0] if len(value) else None


def read_flags(values: pd.Series, /) -> pd.Series:
    """True where a tag is set: anything but blank, no, false, 0; rows 0 … n-1."""
    if values.dtype == bool:
        return values.reset_index(drop=True)
    codes, words = pd.factorize(values.reset_index(drop=True))
    flags = np.array([str(word).strip().lower() not in NO_WORDS for word in words] + [False])
    return pd.Series(flags[codes])


def _number_groups(table: pd.DataFrame) -> Ints:
    """Equal numbers for rows that may be joined."""
    number = np.zeros(len(table), np.int64)
    for column in ("highway", *LEVELS):
        if column in table:
            codes, words = pd.factorize(table[column])
            number = number * (len(words) + 1) + codes
    return number


def _carry_attributes(table: pd.DataFrame, lines: Lines, joined: Lines, chain: Ints) -> dict[str, Any]:
    """Attributes of the streets out of those of their parts."""
    columns: dict[str, Any] = {column: table[column].to_numpy()[joined.row] for column in table}
    for column in ("noexit", "turning"):
        if column in table:
            part = table[column].to_numpy()[lines.row]
            columns[column] = np.bincount(chain[part], minlength=len(joined.count)) > 0
    if "name" in table and len(chain):
        part = table["name"].to_numpy()[lines.row]
        named = np.flatnonzero(part != "")
        order = named[np.argsort(measure_lines(lines)[named], kind="stable")]
        columns["name"] = np.full(len(joined.count), "", object)
        columns["name"][chain[order]] = part[order]
    return columns


def _make_frame(lines: Lines, columns: dict[str, Any], *, crs: Any, node_m: float) -> gpd.GeoDataFrame:
    """The frame of the streets, with nodes numbered."""
    size = len(lines.count)
    ends = (
        np.concatenate([lines.xy[lines.start], lines.xy[lines.start + lines.count - 1]])
        if size
        else np.empty((0, 2))
    )
    node, _ = number_nodes(ends, node_m=node_m)
    columns["length_m"] = measure_lines(lines)
    columns["from_node"], columns["to_node"] = node[:size], node[size:]
    geometry = shapely.linestrings(lines.xy, indices=np.repeat(np.arange(size), lines.count)) if size else []
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs, index=pd.RangeIndex(size, name="street_id"))


@dataclass(frozen=True)
class Network:
    """The graph of the streets: one node per meeting point, one edge per street.

    ``xy`` (n, 2) metres; ``from_node``, ``to_node``, ``length_m`` (m,); ``degree`` (n,) counts street ends,
    so a ring counts twice at its node. ``indptr``, ``neighbour``, ``edge`` list the street ends by node:
    those of node k are ``indptr[k]:indptr[k + 1]``.
    """

    xy: Floats
    from_node: Ints
    to_node: Ints
    length_m: Floats
    degree: Ints
    indptr: Ints
    neighbour: Ints
    edge: Ints

    @cached_property
    def matrix(self) -> csr_matrix:
        """Symmetric distances in metres between neighbours, the shortest where several streets join them."""
        return make_matrix(self.from_node, self.to_node, self.length_m, size=len(self.xy))

    @cached_property
    def component(self) -> Ints:
        """Number of the connected part that each node belongs to."""
        label: Ints = connected_components(self.matrix, directed=False)[1].astype(np.int64)
        return label


def make_network(streets: gpd.GeoDataFrame, /) -> Network:
    """The graph of a frame made by :func:`build_streets` (its ``from_node``, ``to_node`` and geometry)."""
    start, end = streets["from_node"].to_numpy(np.int64), streets["to_node"].to_numpy(np.int64)
    size = int(max(start.max(initial=-1), end.max(initial=-1))) + 1
    xy = np.full((size, 2), np.nan)
    xy[start], xy[end] = read_ends(np.asarray(streets.geometry.values))
    head, tail = np.r_[start, end], np.r_[end, start]
    order = np.argsort(head, kind="stable")
    degree = np.bincount(head, minlength=size).astype(np.int64)
    indptr = np.r_[0, np.cumsum(degree)].astype(np.int64)
    edge = np.r_[np.arange(len(start)), np.arange(len(start))][order]
    length = streets["length_m"].to_numpy(float)
    return Network(xy, start, end, length, degree, indptr, tail[order], edge)


def make_matrix(start: Ints, end: Ints, length_m: Floats, /, *, size: int) -> csr_matrix:
    """Symmetric sparse matrix of the shortest direct distance between neighbouring nodes, metres."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((length_m, high, low))
    low, high, length = low[order], high[order], length_m[order]
    keep = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])][: len(low)] & (low != high)
    low, high, length = low[keep], high[keep], np.maximum(length[keep], 1e-6)
    return csr_matrix(
        (np.r_[length, length], (np.r_[low, high], np.r_[high, low])),
        shape=(size, size),
    )
