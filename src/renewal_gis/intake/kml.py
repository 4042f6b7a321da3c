"""KML, parsed by us: names, extended data and shapes of every placemark, whatever folder it lies in."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # the gate refuses every DOCTYPE before

import numpy as np

from renewal_gis.errors import InputError
from renewal_gis.findings import Report
from renewal_gis.geo.crs import read_crs
from renewal_gis.intake.features import Features
from renewal_gis.intake.grids import decode
from renewal_gis.intake.shapes import build_shape

if TYPE_CHECKING:
    from renewal_gis.intake.gate import Admitted

MAX_DEPTH = 200


def read_kml(admitted: Admitted, layer: str | None) -> Features:
    """Return the placemarks of a KML file; KML is always WGS 84.

    Parameters
    ----------
    admitted
        A file that passed the gate.
    layer
        Name of a folder; None takes the placemarks of all folders.

    Raises
    ------
    InputError
        Not well-formed, nested too deeply, or no such folder.
    """
    report = Report()
    try:
        root = _parse(admitted, report)
        marks = list(_walk(root, "", 0))
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise InputError(f"KML 损坏(XML parse):{error}", place=admitted.name, remedy="请重新导出") from error
    folders = list(dict.fromkeys(folder for folder, _ in marks))
    if layer is not None and layer not in folders:
        raise InputError(
            f"没有文件夹(layer)“{layer}”", place=admitted.name, remedy=f"可用:{'、'.join(folders)}"
        )
    if layer is None and len(folders) > 1:
        report.add(
            "folders-joined", file=admitted.name, value="、".join(folder or "(无)" for folder in folders)
        )
    chosen = [mark for folder, mark in marks if layer in (None, folder)]
    rows = tuple(_list_values(mark) for mark in chosen)
    shapes = np.full(len(chosen), None, dtype=object)
    faults: list[str] = []
    repairs: dict[int, str] = {}
    for k, mark in enumerate(chosen):
        shapes[k], repair, fault = build_shape(_find_geometry(mark))
        faults.append(fault)
        if repair:
            repairs[k] = repair
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    crs = read_crs("EPSG:4326")
    return Features(
        admitted.name, layer or "", names, rows, shapes, tuple(faults), crs, report, repairs=repairs
    )


def _parse(admitted: Admitted, report: Report) -> ET.Element:
    """Return the document; the parser itself knows no GBK, which many programs here write."""
    body = admitted.path.read_bytes()
    with contextlib.suppress(ET.ParseError, ValueError):
        return ET.fromstring(body)  # noqa: S314  # the gate refused every DOCTYPE
    text, encoding = decode(body, place=admitted.name)
    root = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))  # noqa: S314  # as above
    report.add("encoding-found", file=admitted.name, value=encoding.upper())
    return root


def _tag(element: ET.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next((child for child in element if _tag(child) == name), None)


def _text(element: ET.Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _walk(element: ET.Element, folder: str, depth: int) -> list[tuple[str, ET.Element]]:
    """Return the placemarks below an element with the folder that they lie in."""
    if depth > MAX_DEPTH:
        raise ValueError("嵌套(nest)过深")
    found: list[tuple[str, ET.Element]] = []
    for child in element:
        kind = _tag(child)
        if kind == "Placemark":
            found.append((folder, child))
        elif kind == "Folder":
            found += _walk(child, _text(_child(child, "name")), depth + 1)
        elif kind in ("Document", "kml"):
            found += _walk(child, folder, depth + 1)
    return found


def _list_values(mark: ET.Element) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in ("name", "description"):
        text = _text(_child(mark, name))
        if text:
            values[name] = text
    extended = _child(mark, "ExtendedData")
    for data in extended.iter() if extended is not None else ():
        if _tag(data) == "Data":
            values[str(data.get("name"))] = _text(_child(data, "value"))
        elif _tag(data) == "SimpleData":
            values[str(data.get("name"))] = _text(data)
    return values


def _find_geometry(mark: ET.Element) -> dict[str, Any] | None:
    for child in mark:
        if _tag(child) in ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "Model"):
            return _read_geometry(child, 0)
    return None


def _read_geometry(element: ET.Element, depth: int) -> dict[str, Any]:
    kind = _tag(element)
    if kind == "Point":
        points = _read_points(element)
        return {"type": "Point", "coordinates": points[0] if points else []}
    if kind in ("LineString", "LinearRing"):
        return {"type": "LineString", "coordinates": _read_points(element)}
    if kind == "Polygon":
        rings = [
            _read_points(ring)
            for side in ("outerBoundaryIs", "innerBoundaryIs")
            for ring in element
            if _tag(ring) == side
        ]
        return {"type": "Polygon", "coordinates": rings}
    if kind == "MultiGeometry" and depth < MAX_DEPTH:
        known = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry")
        return _join([_read_geometry(child, depth + 1) for child in element if _tag(child) in known])
    return {"type": kind}


def _join(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return parts of one kind as one multi-part geometry; of several kinds as a collection."""
    kinds = {part["type"] for part in parts}
    if len(parts) == 1:
        return parts[0]
    if len(kinds) == 1 and kinds <= {"Point", "LineString", "Polygon"}:
        return {"type": f"Multi{kinds.pop()}", "coordinates": [part["coordinates"] for part in parts]}
    return {"type": "GeometryCollection", "geometries": parts}


def _read_points(element: ET.Element) -> list[list[float]]:
    text = " ".join("".join(node.itertext()) for node in element.iter() if _tag(node) == "coordinates")
    points = []
    for word in text.replace(", ", ",").split():
        parts = word.split(",")
        try:
            points.append([float(part) for part in parts[:3]])
        except ValueError:
            points.append([float("nan"), float("nan")])  # told as a fault of this record
    return points
