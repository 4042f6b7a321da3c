"""Features as few bytes: quantised coordinates, deltas, varints, dictionaries.

The bytes are ``RGL1``, the length of a JSON header (uint32, little-endian), the header, then the
streams in the header's order. The browser's reader is ``assets/codec.js``; :func:`decode_features`
is the same in Python, for tests and for those who want the data back.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAGIC = b"RGL1"
DEGREE_DIGITS = 6
_POINT, _LINE, _POLYGON, _MULTI = 1, 2, 3, 3
_LEVEL = 7
_EMPTY_DAY = "1970-01-01"
# shapely's type ids: 0 point, 1 line, 2 ring, 3 polygon, 4–6 the multi forms, 7 collection
_TYPE_OF_ID = {0: 1, 1: 2, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6}
_LAST_PLAIN = 3


# ------------------------------------------------------------------ numbers
def encode_varints(values: NDArray[np.int64], /) -> bytes:
    """Return non-negative integers as varints of seven bits a byte, the last byte below 128.

    Raises
    ------
    SchemaError
        A value is negative or needs more than 53 bits, the most that a script can hold exactly.
    """
    values = np.asarray(values, dtype=np.int64)
    if values.size == 0:
        return b""
    if values.min() < 0 or values.max() >= 2**53:
        raise SchemaError("变长整数只接受 0 至 2^53−1", remedy="先用 zigzag 处理负数,或减少小数位")
    widths = np.ones(values.size, dtype=np.int64)
    for bits in range(7, 53, 7):
        widths += values >= (1 << bits)
    ends = np.cumsum(widths)
    out = np.zeros(int(ends[-1]), dtype=np.uint8)
    starts, rest = ends - widths, values.copy()
    for place in range(int(widths.max())):
        more = widths > place
        low = (rest & 0x7F).astype(np.uint8)
        low[widths > place + 1] |= 0x80
        out[starts[more] + place] = low[more]
        rest >>= 7
    return out.tobytes()


def decode_varints(data: bytes, /) -> NDArray[np.int64]:
    """Return the integers of :func:`encode_varints`."""
    raw = np.frombuffer(data, dtype=np.uint8)
    if raw.size == 0:
        return np.zeros(0, dtype=np.int64)
    last = raw < 0x80
    number = np.concatenate([[0], np.cumsum(last)[:-1]])
    starts = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    shift = 7 * (np.arange(raw.size) - starts[number])
    parts = (raw & 0x7F).astype(np.int64) << shift
    return np.add.reduceat(parts, starts)


def _zigzag(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return (values << 1) ^ (values >> 63)


def _unzigzag(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return (values >> 1) ^ -(values & 1)


def _encode_deltas(values: NDArray[np.int64]) -> bytes:
    return encode_varints(_zigzag(np.diff(values, prepend=np.int64(0))))


def _decode_deltas(data: bytes) -> NDArray[np.int64]:
    return np.cumsum(_unzigzag(decode_varints(data)))


# ------------------------------------------------------------------ geometry
def _flatten(geometry: NDArray[np.object_], digits: int) -> dict[str, bytes]:
    """Take geometries apart into streams: kinds, parts, rings, vertices, then x and y."""
    ids = shapely.get_type_id(geometry)
    ids[shapely.is_empty(geometry) | shapely.is_missing(geometry)] = -1
    if (ids > max(_TYPE_OF_ID)).any():
        raise SchemaError("图形集合(GeometryCollection)不能上图", remedy="先拆成点、线或面")
    kinds = np.array([_TYPE_OF_ID.get(int(known), 0) for known in range(-1, 8)], dtype=np.uint8)[ids + 1]
    present = geometry[kinds > 0]
    parts, owner = shapely.get_parts(present, return_index=True)
    keep = ~shapely.is_empty(parts)
    parts, owner = parts[keep], owner[keep]
    part_counts = np.bincount(owner, minlength=present.size)
    is_polygon = shapely.get_type_id(parts) == _POLYGON
    ring_counts = np.where(is_polygon, shapely.get_num_interior_rings(parts) + 1, 1)
    paths = np.empty(int(ring_counts.sum()), dtype=object)
    of_polygon = np.repeat(is_polygon, ring_counts)
    paths[~of_polygon] = parts[~is_polygon]
    paths[of_polygon] = shapely.get_rings(parts[is_polygon])
    coords, path = shapely.get_coordinates(paths, return_index=True)
    # the closing vertex of a ring repeats the first one: it is not carried
    closing = of_polygon[path] & np.append(path[1:] != path[:-1], True) if path.size else path.astype(bool)
    coords, path = coords[~closing], path[~closing]
    vertex_counts = np.bincount(path, minlength=paths.size)
    steps = np.rint(coords * 10**digits).astype(np.int64)
    is_point = shapely.get_type_id(paths) == 0
    return {
        "kinds": kinds.tobytes(),
        "parts": encode_varints(part_counts[kinds[kinds > 0] > _LAST_PLAIN]),
        "rings": encode_varints(ring_counts[is_polygon]),
        "vertices": encode_varints(vertex_counts[~is_point]),
        "x": _encode_deltas(steps[:, 0]),
        "y": _encode_deltas(steps[:, 1]),
    }


def _rebuild(streams: Mapping[str, bytes], digits: int) -> list[Any]:
    """Put the geometries of :func:`_flatten` together again, one by one (for tests)."""
    parts, rings, vertices = (iter(decode_varints(streams[name])) for name in ("parts", "rings", "vertices"))
    xy = np.column_stack([_decode_deltas(streams["x"]), _decode_deltas(streams["y"])]) / 10**digits
    at = 0

    def take(count: int) -> NDArray[np.float64]:
        nonlocal at
        at += count
        return xy[at - count : at]

    def build(kind: int) -> Any:
        if kind == _POINT:
            return shapely.Point(take(1)[0])
        if kind == _LINE:
            return shapely.LineString(take(int(next(vertices))))
        shell, *holes = [take(int(next(vertices))) for _ in range(int(next(rings)))]
        return shapely.Polygon(shell, holes)

    multi = {4: shapely.MultiPoint, 5: shapely.MultiLineString, 6: shapely.MultiPolygon}
    found: list[Any] = []
    for kind in streams["kinds"]:
        if kind == 0:
            found.append(None)
        elif kind <= _LAST_PLAIN:
            found.append(build(kind))
        else:
            found.append(multi[kind]([build(kind - _MULTI) for _ in range(int(next(parts)))]))
    return found


# ------------------------------------------------------------------ columns
def _encode_column(values: pd.Series, digits: int) -> tuple[dict[str, Any], bytes]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days = (values.dt.tz_localize(None) - pd.Timestamp(_EMPTY_DAY)) // pd.Timedelta(days=1)
        return _encode_numbers(pd.to_numeric(days), 0, "date")
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        whole = pd.api.types.is_integer_dtype(values.dtype)
        return _encode_numbers(values, 0 if whole else digits, "number")
    # as plain objects: a column kept in Arrow is slow to walk word by word
    codes, known = pd.factorize(values.to_numpy(dtype=object, na_value=None), sort=False)
    words = [str(word) for word in known]
    if (codes < 0).any():
        codes, words = np.where(codes < 0, len(words), codes), [*words, ""]
    # a column of texts that are nearly all different counts upwards: its deltas are all one
    rising = bool(len(words) > len(codes) // 2)
    steps = np.asarray(codes, dtype=np.int64)
    data = _encode_deltas(steps) if rising else encode_varints(steps)
    return {"kind": "text", "words": words, "delta": rising}, data


def _encode_numbers(values: pd.Series, digits: int, kind: str) -> tuple[dict[str, Any], bytes]:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    present = np.isfinite(numbers)
    steps = np.rint(numbers[present] * 10**digits).astype(np.int64)
    head: dict[str, Any] = {"kind": kind, "digits": digits}
    if not present.all():
        head["missing"] = _pack_bits(~present)
    # neighbours that are alike want deltas; numbers without order are shorter as they are
    low = int(steps.min()) if steps.size else 0
    as_they_are, deltas = encode_varints(steps - low), _encode_deltas(steps)
    if len(as_they_are) < len(deltas):
        return {**head, "low": low}, as_they_are
    return head, deltas


def _pack_bits(flags: NDArray[np.bool_]) -> str:
    return base64.b64encode(np.packbits(flags, bitorder="little").tobytes()).decode()


def _decode_column(head: Mapping[str, Any], data: bytes, count: int) -> list[Any]:
    if head["kind"] == "text":
        codes = _decode_deltas(data) if head["delta"] else decode_varints(data)
        return [head["words"][code] for code in codes]
    numbers = np.full(count, np.nan)
    present = np.ones(count, dtype=bool)
    if "missing" in head:
        bits = np.frombuffer(base64.b64decode(head["missing"]), dtype=np.uint8)
        present = ~np.unpackbits(bits, count=count, bitorder="little").astype(bool)
    steps = _decode_deltas(data) if "low" not in head else decode_varints(data) + head["low"]
    numbers[present] = steps / 10 ** head["digits"]
    return [None if np.isnan(number) else float(number) for number in numbers]


# ------------------------------------------------------------------ whole layers
def encode_features(
    geometry: Any,
    columns: pd.DataFrame,
    *,
    digits: int = DEGREE_DIGITS,
    column_digits: Mapping[str, int] | None = None,
) -> bytes:
    """Return geometries and columns as bytes, in the order given.

    Parameters
    ----------
    geometry
        Array or GeoSeries of shapely geometries in degrees; None and empty ones are kept as nothing.
    columns
        One row a geometry. Texts become dictionaries, dates days, numbers decimals; infinities are lost.
    digits
        Decimals of a degree that are kept: 6 is about 0.1 m.
    column_digits
        Decimals of the columns of floats, 3 where not named.

    Raises
    ------
    SchemaError
        A geometry collection, or a number too large to be carried exactly.
    """
    shapes = np.asarray(geometry, dtype=object)
    streams = _flatten(shapes, digits)
    heads: list[dict[str, Any]] = []
    for name in columns.columns:
        head, data = _encode_column(columns[name], (column_digits or {}).get(str(name), 3))
        # words stand apart: a page of fifty thousand names starts without reading them
        if "words" in head:
            streams[f"words:{name}"] = json.dumps(head.pop("words"), ensure_ascii=False).encode()
        heads.append({"name": str(name), **head})
        streams[f"column:{name}"] = data
    lengths = [[name, len(data)] for name, data in streams.items()]
    header = {"count": int(shapes.size), "digits": digits, "streams": lengths, "columns": heads}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *streams.values()])


def decode_features(data: bytes, /) -> tuple[list[Any], dict[str, list[Any]]]:
    """Return the geometries and columns of :func:`encode_features`; missing texts are empty strings."""
    if data[:4] != MAGIC:
        raise SchemaError("不是本软件的图层字节", remedy="应由 encode_features 生成")
    size = int.from_bytes(data[4:8], "little")
    header = json.loads(data[8 : 8 + size])
    at, streams = 8 + size, {}
    for name, length in header["streams"]:
        streams[name] = data[at : at + length]
        at += length
    columns = {}
    for head in header["columns"]:
        name = head["name"]
        words = json.loads(streams.get(f"words:{name}", b"[]"))
        columns[name] = _decode_column({**head, "words": words}, streams[f"column:{name}"], header["count"])
    return _rebuild(streams, header["digits"]), columns


def order_features(geometry: Any, /) -> NDArray[np.int64]:
    """Return the order along a Hilbert curve of the centres, so that neighbours compress together.

    Missing and empty geometries come last, in their old order.
    """
    shapes = np.asarray(geometry, dtype=object)
    bounds = shapely.bounds(shapes)
    known = np.isfinite(bounds[:, 0])
    far = np.full(shapes.size, np.iinfo(np.int64).max)
    if known.any():
        centre = (bounds[known, :2] + bounds[known, 2:]) / 2
        low, high = centre.min(axis=0), centre.max(axis=0)
        steps = (centre - low) / np.where(high > low, high - low, 1.0) * 0xFFFF
        far[known] = _hilbert(steps[:, 0].astype(np.int64), steps[:, 1].astype(np.int64))
    return np.argsort(far, kind="stable")


def _hilbert(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Distance along the curve of order 16 (Hilbert 1891; the usual quadrant walk), per point."""
    along = np.zeros(x.size, dtype=np.int64)
    side = 1 << 15
    while side:
        right, up = (x & side) > 0, (y & side) > 0
        along += side * side * ((3 * right) ^ up)
        turn = ~up
        flip = turn & right
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(turn, y, x), np.where(turn, x, y)
        side >>= 1
    return along


def pack_text(data: bytes, /) -> str:
    """Return bytes gzipped (no clock in them) and in base64, for a data block of a page."""
    return base64.b64encode(gzip.compress(data, compresslevel=_LEVEL, mtime=0)).decode()


def unpack_text(text: str, /) -> bytes:
    """Return the bytes of :func:`pack_text`."""
    return gzip.decompress(base64.b64decode(text))
