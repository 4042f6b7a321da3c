"""GeoJSON, parsed by us: every record is seen, whatever is wrong with its neighbour."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from renewal_gis.errors import CrsError, InputError
from renewal_gis.findings import Report
from renewal_gis.geo.crs import name_crs, read_crs
from renewal_gis.intake.features import Features
from renewal_gis.intake.gate import Admitted, private_copy
from renewal_gis.intake.gdal_files import read_gdal
from renewal_gis.intake.grids import decode
from renewal_gis.intake.shapes import build_shape
from renewal_gis.intake.topojson import list_features

SMALL_JSON_BYTES = 32 << 20
"""Above this GDAL reads in bulk, since parsing here takes ten times the file's size in memory."""


def read_json(admitted: Admitted, layer: str | None) -> Features:
    """Return the records of a GeoJSON or TopoJSON file; errors as in ``vectors.read_features``."""
    if admitted.size > SMALL_JSON_BYTES:
        _check_head(admitted)
        with private_copy(admitted.path) as copy:
            return read_gdal(copy, admitted, layer)
    text, encoding = decode(admitted.path.read_bytes(), place=admitted.name)
    try:
        body = json.loads(text, object_pairs_hook=_make_object)
    except RecursionError as error:
        raise InputError("JSON 嵌套(nest)过深,拒绝解析", place=admitted.name, remedy="请重新导出") from error
    except ValueError as error:
        raise InputError(
            f"JSON 损坏或不完整(parse):{error}", place=admitted.name, remedy="请重新导出或重新传送"
        ) from error
    if not isinstance(body, dict):
        raise InputError("不是 GeoJSON 格式(format)", place=admitted.name, remedy="请报送 FeatureCollection")
    report = Report()
    if encoding not in ("utf-8", "utf-8-sig"):
        report.add("encoding-found", file=admitted.name, value=encoding.upper())
    if body.get("type") == "Topology":
        report.add("crs-absent", file=admitted.name, value="TopoJSON 格式(format)")
        features = list_features(body, layer, place=admitted.name)
        made = _collect_features({"type": "FeatureCollection", "features": features}, admitted, report)
        return replace(made, crs=None)
    return _collect_features(body, admitted, report)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key that stands twice would lose a value in silence."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"对象的键“{twice[:40]}”重复(duplicate key)")
    return made


def _check_head(admitted: Admitted) -> None:
    """Refuse a large file that does not begin as a feature collection: drivers know other JSON, some of it runs."""
    with admitted.path.open("rb") as file:
        head = file.read(1 << 16)
    if b"FeatureCollection" not in head or b"gdal_streamed_alg" in head:
        raise InputError(
            "不是 GeoJSON 要素集(格式 format)", place=admitted.name, remedy="请报送 FeatureCollection"
        )


def _collect_features(body: dict[str, Any], admitted: Admitted, report: Report) -> Features:
    kind = body.get("type")
    features = body.get("features") if kind == "FeatureCollection" else [body] if kind == "Feature" else None
    if not isinstance(features, list):
        raise InputError(
            f"不是 GeoJSON 要素集(type 为“{str(kind)[:30]}”,格式 format)",
            place=admitted.name,
            remedy="请报送 FeatureCollection",
        )
    rows: list[dict[str, Any]] = []
    shapes = np.full(len(features), None, dtype=object)
    faults: list[str] = []
    repairs: dict[int, str] = {}
    for k, feature in enumerate(features):
        if not isinstance(feature, dict):
            raise InputError(
                f"第 {k + 1} 个要素不是对象(JSON parse)", place=admitted.name, remedy="请重新导出"
            )
        properties = feature.get("properties")
        row = (
            {key: _flatten(value) for key, value in properties.items()}
            if isinstance(properties, dict)
            else {}
        )
        if "id" in feature and "id" not in row:
            row["id"] = feature["id"]
        rows.append(row)
        shapes[k], repair, fault = build_shape(feature.get("geometry"))
        faults.append(fault)
        if repair:
            repairs[k] = repair
    names = tuple(dict.fromkeys(str(name) for row in rows for name in row))
    crs = _read_member_crs(body, admitted.name, report)
    return Features(
        admitted.name, "", names, tuple(rows), shapes, tuple(faults), crs, report, repairs=repairs
    )


def _flatten(value: Any) -> Any:
    """Return a value that a cell can hold; lists and objects become their JSON text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def _read_member_crs(body: dict[str, Any], name: str, report: Report) -> Any:
    """Return the system of the 2008 "crs" member, else the WGS 84 of RFC 7946."""
    member = body.get("crs")
    if member is None:
        return read_crs("EPSG:4326")
    word = (
        member.get("properties", {}).get("name")
        if isinstance(member, dict) and isinstance(member.get("properties"), dict)
        else None
    )
    if not isinstance(word, str):
        raise CrsError("GeoJSON 的 crs 成员无法识别", place=name, remedy="请写明 EPSG 编号,或去掉该成员")
    found = read_crs(word)
    if not found.is_geographic:
        report.add("crs-declared", file=name, value=name_crs(found))
    return found
