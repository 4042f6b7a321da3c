"""Geometry as it comes → geometry that can be measured, with a record of each repair."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Shapes = NDArray[np.object_]

_POLYGONAL, _LINEAR = {"Polygon", "MultiPolygon"}, {"LineString", "MultiLineString", "LinearRing"}


@dataclass(frozen=True)
class Mended:
    """Shapes after repair, None where nothing usable is left.

    ``repairs`` maps a row to what was done, ``faults`` to why it cannot be used, ``flattened`` counts
    the shapes whose Z was left away.
    """

    shapes: Shapes
    repairs: dict[int, str] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    flattened: int = 0


def mend_shapes(shapes: Shapes, /, *, known_faults: Sequence[str] = ()) -> Mended:
    """Return shapes that are valid, two-dimensional and of one kind each.

    Parameters
    ----------
    shapes
        As read; None where there is no geometry.
    known_faults
        For each row why the reader could not make a shape; empty where it could.

    Notes
    -----
    Invalid areas are rebuilt with ``make_valid``; only parts of the same dimension are kept, and a
    shape that would lose its dimension is a fault. The work is done row by row only where needed.
    """
    made = np.array(shapes, dtype=object)
    repairs: dict[int, str] = {}
    faults = {row: fault for row, fault in enumerate(known_faults) if fault}
    for bare in np.flatnonzero(shapely.is_missing(made) | shapely.is_empty(made)):
        faults.setdefault(int(bare), "图形为空(null/empty)或坐标无效(NaN)")
    raised = shapely.has_z(made)
    made[raised] = shapely.force_2d(made[raised])
    for row in _find_suspects(made):
        if row not in faults:
            made[row], repair, fault = mend_shape(made[row])
            if repair:
                repairs[row] = repair
            if fault:
                faults[row] = fault
    for row in faults:
        made[row] = None
    return Mended(made, repairs, faults, int(raised.sum()))


def _find_suspects(shapes: Shapes) -> list[int]:
    kinds = shapely.get_type_id(shapes)
    unsound = ~shapely.is_valid(shapes) | (kinds == 7) | ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    sound = shapes.copy()
    sound[unsound] = None
    plain = shapely.remove_repeated_points(sound, 0.0)
    repeated = shapely.get_num_coordinates(plain) < shapely.get_num_coordinates(sound)
    length = np.nan_to_num(shapely.length(shapes))
    degenerate = np.isin(kinds, (1, 2, 5)) & (length == 0)
    return [
        int(row) for row in np.flatnonzero((unsound | repeated | degenerate) & ~shapely.is_missing(shapes))
    ]


def mend_shape(shape: Any, /) -> tuple[Any, str, str]:
    """Return a usable shape, what was done, and what is wrong if it cannot be used."""
    if not all(math.isfinite(v) for v in shapely.get_coordinates(shape).ravel()):
        return None, "", "坐标含 NaN 或无穷(inf)"
    if shape.geom_type == "GeometryCollection":
        return None, "", "图形是几何集合(GeometryCollection),类型不定"
    if shape.geom_type in _LINEAR and shape.length == 0:
        return None, "", "线的长度为零(zero)"
    before = shapely.get_num_coordinates(shape)
    try:
        tidy = shapely.remove_repeated_points(shape, 0.0)
    except shapely.errors.GEOSException:
        return None, "", "图形无效(invalid):面缩成了点或线"
    words = (
        [f"去除重复(duplicate)顶点 {before - shapely.get_num_coordinates(tidy)} 个"]
        if shapely.get_num_coordinates(tidy) < before
        else []
    )
    if not tidy.is_valid:
        reason = _name_fault(shapely.is_valid_reason(tidy))
        tidy = _keep_dimension(
            shapely.make_valid(tidy, method="structure", keep_collapsed=False), shape.geom_type
        )
        words.append(f"{reason},已修复(invalid)")
    if tidy is None or tidy.is_empty:
        return None, "", "图形无效(invalid)且无法修复"
    return tidy, ";".join(words), ""


def _name_fault(reason: str) -> str:
    word = reason.split("[", maxsplit=1)[0].strip()
    known = {
        "Self-intersection": "自相交(self-intersection)",
        "Ring Self-intersection": "环自相接(self-intersection,spike)",
        "Hole lies outside shell": "洞在外环之外",
        "Nested shells": "面互相嵌套",
        "Duplicate Rings": "重复环(duplicate)",
        "Too few points in geometry component": "顶点太少",
        "Interior is disconnected": "面不连通",
        "Holes are nested": "洞互相嵌套",
    }
    return known.get(word, word)


def _keep_dimension(shape: Any, kind: str) -> Any:
    """Return the parts of the first shape's dimension, or None."""
    wanted = _POLYGONAL if kind in _POLYGONAL else _LINEAR if kind in _LINEAR else {"Point", "MultiPoint"}
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in wanted and not part.is_empty]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def build_shape(geometry: Any, /) -> tuple[Any, str, str]:  # noqa: PLR0911  # each form has its own way out
    """Return the shape of a GeoJSON geometry, what was repaired, and what is wrong with it."""
    if geometry is None:
        return None, "", "图形为空(null)"
    if not isinstance(geometry, dict) or "type" not in geometry:
        return None, "", "图形不是 GeoJSON 几何"
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return (
            None,
            "",
            "图形是几何集合(GeometryCollection),类型不定"
            if geometry.get("geometries")
            else "图形为空(empty)",
        )
    closed: list[bool] = []
    try:
        shape = _BUILDERS[kind](geometry.get("coordinates"), closed)
    except KeyError:
        return None, "", f"图形类型“{str(kind)[:30]}”不可用"
    except (TypeError, ValueError, IndexError, OverflowError, shapely.errors.ShapelyError) as error:
        return None, "", f"图形坐标无效:{str(error)[:60]}"
    if shape.is_empty:
        return None, "", "图形为空(empty)"
    return shape, "面的边界环(ring)没有闭合,已闭合(closed)" if closed else "", ""


def _coordinate(point: Any) -> tuple[float, float]:
    if isinstance(point[0], (bool, str)) or isinstance(point[1], (bool, str)):
        raise TypeError("坐标不是数字")
    return float(point[0]), float(point[1])


def _line(points: Any) -> list[tuple[float, float]]:
    return [_coordinate(point) for point in points]


def _ring(points: Any, closed: list[bool]) -> list[tuple[float, float]]:
    ring = _line(points)
    if len(ring) >= 3 and ring[0] != ring[-1]:
        ring.append(ring[0])
        closed.append(True)
    return ring


def _polygon(rings: Any, closed: list[bool]) -> Any:
    made = [_ring(ring, closed) for ring in rings]
    return shapely.Polygon(made[0], made[1:]) if made and made[0] else shapely.Polygon()


_BUILDERS: dict[Any, Any] = {
    "Point": lambda c, _: shapely.Point(_coordinate(c)) if c else shapely.Point(),
    "MultiPoint": lambda c, _: shapely.MultiPoint(_line(c)),
    "LineString": lambda c, _: shapely.LineString(_line(c)),
    "MultiLineString": lambda c, _: shapely.MultiLineString([_line(part) for part in c]),
    "Polygon": _polygon,
    "MultiPolygon": lambda c, closed: shapely.MultiPolygon([_polygon(part, closed) for part in c]),
}
