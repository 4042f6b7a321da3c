"""TopoJSON → GeoJSON features: arcs put together again, by us, so that no driver has to guess."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from renewal_gis.errors import InputError

Line = list[list[float]]


def list_features(body: dict[str, Any], layer: str | None, *, place: str) -> list[dict[str, Any]]:
    """Return the features of one object of a topology.

    Parameters
    ----------
    body
        The parsed file.
    layer
        Name of the object; needed if there are several.
    place
        The file's name, for messages.

    Raises
    ------
    InputError
        No object, several of which none was named, or arcs that are not there.
    """
    objects = body.get("objects")
    if not isinstance(objects, dict) or not objects:
        raise InputError(
            "TopoJSON 没有图层(layer)", place=place, remedy="请重新导出,格式(format)建议 GeoPackage"
        )
    if (layer is None and len(objects) > 1) or (layer is not None and layer not in objects):
        raise InputError(f"有多个图层(layer):{'、'.join(objects)}", place=place, remedy="请指明一个图层")
    chosen = objects[layer] if layer is not None else next(iter(objects.values()))
    try:
        arcs = [_unpack_arc(arc, body.get("transform")) for arc in body.get("arcs", [])]
        members = chosen["geometries"] if chosen.get("type") == "GeometryCollection" else [chosen]
        return [_build_feature(member, arcs, body.get("transform")) for member in members]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"TopoJSON 损坏(parse):{error}", place=place, remedy="请重新导出") from error


def _unpack_arc(arc: list[list[float]], transform: dict[str, Any] | None) -> Line:
    if transform is None:
        return [[float(point[0]), float(point[1])] for point in arc]
    xs = accumulate(point[0] for point in arc)
    ys = accumulate(point[1] for point in arc)
    return [_place([x, y], transform) for x, y in zip(xs, ys, strict=True)]


def _place(point: list[float], transform: dict[str, Any] | None) -> list[float]:
    if transform is None:
        return [float(point[0]), float(point[1])]
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    return [point[0] * sx + tx, point[1] * sy + ty]


def _join(numbers: list[int], arcs: list[Line]) -> Line:
    line: Line = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        line += arc[1:] if line else arc
    return line


def _build_feature(
    member: dict[str, Any], arcs: list[Line], transform: dict[str, Any] | None
) -> dict[str, Any]:
    kind, numbers = member.get("type"), member.get("arcs")
    geometry: dict[str, Any] | None
    if kind in ("Point", "MultiPoint"):
        points = member["coordinates"]
        placed: Any = _place(points, transform) if kind == "Point" else [_place(p, transform) for p in points]
        geometry = {"type": kind, "coordinates": placed}
    elif kind == "LineString":
        geometry = {"type": kind, "coordinates": _join(numbers or [], arcs)}
    elif kind in ("MultiLineString", "Polygon"):
        geometry = {"type": kind, "coordinates": [_join(part, arcs) for part in numbers or []]}
    elif kind == "MultiPolygon":
        geometry = {"type": kind, "coordinates": [[_join(r, arcs) for r in part] for part in numbers or []]}
    else:
        geometry = None
    feature = {"type": "Feature", "properties": member.get("properties") or {}, "geometry": geometry}
    return feature | ({"id": member["id"]} if "id" in member else {})
