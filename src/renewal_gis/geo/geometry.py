"""Small measures on arrays of coordinates: keys, ends, bearings, rays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import CrsError
from renewal_gis.geo import crs

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


def require_metric(frame: gpd.GeoDataFrame, /, *, name: str = "数据") -> None:
    """Refuse a frame whose coordinates are not metres.

    Parameters
    ----------
    frame
        Any GeoDataFrame.
    name
        What the frame is called in the message.

    Raises
    ------
    CrsError
        As :func:`renewal_gis.geo.crs.require_metric`, with the name of the frame.
    """
    try:
        crs.require_metric(frame.crs)
    except CrsError as error:
        raise CrsError(f"{name}:{error.message}", remedy=error.remedy) from error


def read_ends(lines: NDArray[np.object_], /) -> tuple[Floats, Floats]:
    """First and last point of each of n LineStrings, none of them empty (two arrays (n, 2))."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    begin = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]][: len(owner)])
    return xy[begin], xy[np.r_[begin[1:], len(xy)][: len(begin)] - 1]


def number_nodes(xy: Floats, /, *, node_m: float) -> tuple[Ints, Floats]:
    """Number of the node of each point, and one coordinate per node.

    Parameters
    ----------
    xy
        Shape (n, 2), metres.
    node_m
        Side of the grid in which points count as one node, metres.

    Returns
    -------
    number
        Shape (n,), 0 … k-1 in order of first appearance.
    node_xy
        Shape (k, 2), the first point met in each node.

    Notes
    -----
    Two points closer than ``node_m`` on both sides of a grid line stay two nodes: this joins what was
    drawn as one, it does not repair what was not.
    """
    if len(xy) == 0:
        return np.empty(0, np.int64), np.empty((0, 2))
    number, uniques = pd.factorize(key_points(xy, node_m=node_m))
    first = np.empty(len(uniques), np.int64)
    first[number[::-1]] = np.arange(len(xy))[::-1]
    return number.astype(np.int64), xy[first]


def key_points(xy: Floats, /, *, node_m: float) -> NDArray[np.uint64]:
    """One integer per point, equal where the points share a cell of the grid (shape (n,))."""
    cell = np.round(xy / node_m).astype(np.int64)
    cell -= cell.min(axis=0) if len(cell) else 0
    return (cell[:, 0].astype(np.uint64) << np.uint64(32)) | cell[:, 1].astype(np.uint64)


def hash_lines(xy: Floats, count: Ints, /, *, node_m: float) -> NDArray[np.uint64]:
    """One 64-bit number per line, the same for a line and its reverse.

    Parameters
    ----------
    xy
        Shape (sum(count), 2): the vertices of all lines, one after the other, metres.
    count
        Shape (m,): vertices per line, each at least 1.
    node_m
        Grid on which vertices are compared, metres.

    Notes
    -----
    A polynomial over the vertex keys modulo 2**64, forwards plus backwards; two unequal lines collide
    with a chance of about 2**-64 a pair.
    """
    key = key_points(xy, node_m=node_m)
    key = (key ^ (key >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    key ^= key >> np.uint64(29)
    start = np.cumsum(count) - count
    place = np.arange(len(xy)) - np.repeat(start, count)
    power = np.full(int(count.max(initial=1)), np.uint64(0xD1342543DE82EF95))
    power[0] = 1
    power = np.cumprod(power, dtype=np.uint64)
    back = np.repeat(count, count) - 1 - place
    forward = np.add.reduceat(key * power[place], start)
    backward = np.add.reduceat(key * power[back], start)
    low, high = np.minimum(forward, backward), np.maximum(forward, backward)
    return low * np.uint64(0x2545F4914F6CDD1D) + high


def index_ranges(start: Ints, count: Ints, /) -> Ints:
    """All integers of the ranges ``start[i] … start[i] + count[i] - 1``, one range after the other."""
    total = int(count.sum())
    step = np.repeat(start - (np.cumsum(count) - count), count)
    return step + np.arange(total)


def spread_ranges(first: Ints, last: Ints, /) -> tuple[Ints, Ints]:
    """All whole numbers of n ranges, both ends included (none where last < first), and the range of each."""
    count = np.maximum(last - first + 1, 0)
    return index_ranges(first, count), np.repeat(np.arange(len(first)), count)


def measure_bearing(vector: Floats, /) -> Floats:
    """Bearing of each vector in degrees, 0 = north, clockwise, 0 ≤ bearing < 360 (shape (n,))."""
    bearing: Floats = np.degrees(np.arctan2(vector[:, 0], vector[:, 1])) % 360.0
    return bearing


def measure_turn(first: Floats, second: Floats, /) -> Floats:
    """Unsigned angle between two sets of vectors in degrees, 0–180 (shape (n,)); 90 where one is null.

    Rounded to 0.001°: what is finer is noise of the arithmetic, by which nothing may be decided.
    """
    length = np.hypot(*first.T) * np.hypot(*second.T)
    cosine = np.divide((first * second).sum(1), length, out=np.zeros(len(first)), where=length > 0)
    turn: Floats = np.round(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), 3)
    return turn


def scale_to_unit(vector: Floats, /) -> Floats:
    """Vectors of length one; null vectors stay null (shape (n, 2))."""
    length = np.hypot(vector[..., 0], vector[..., 1])[..., None]
    return np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)


def turn_vectors(vector: Floats, angle_deg: Floats | float, /) -> Floats:
    """Vectors turned anticlockwise by an angle (shape (n, 2), or broadcast over ``angle_deg``)."""
    angle = np.radians(angle_deg)
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = vector[..., 0], vector[..., 1]
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)


def join_points(first: Floats, second: Floats, /) -> NDArray[np.object_]:
    """Straight line from each first to each second point (n shapely LineStrings)."""
    lines: NDArray[np.object_] = shapely.linestrings(np.stack([first, second], axis=1))
    return lines
