"""The geometry of a file's rows: from coordinate columns, from the layer itself, or from a companion."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from renewal_gis.errors import CrsError, InputError
from renewal_gis.intake.cells import read_id
from renewal_gis.intake.mapping import SITE_COLUMNS, bind_header
from renewal_gis.intake.positions import (
    Envelope,
    are_inside,
    are_packed_minutes,
    explain_bounds,
    place_points,
    read_coordinate,
    read_wkt,
    split_pair,
)
from renewal_gis.intake.shapes import Shapes, mend_shapes
from renewal_gis.intake.vectors import mend_features, read_features, settle_crs
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.intake.features import Features
    from renewal_gis.intake.records import Fates
    from renewal_gis.plan import Plan, Source

_PAIRS = (("lon", "lat"), ("east", "north"), ("x", "y"))


def locate_rows(fates: Fates, *, envelope: Envelope, declared: str) -> Shapes:
    """Return points (or WKT shapes) of a table's coordinate columns.

    Parameters
    ----------
    fates
        The table; takes repairs and withheld locations.
    envelope
        The city's, degrees: the proof of every reading.
    declared
        The system that the source declares for its columns.
    """
    table = fates.table
    shapes = np.full(len(table.rows), None, dtype=object)
    place = table.column_of("wkt")
    if place is not None:
        return _locate_wkt(fates, place, envelope=envelope, declared=declared)
    texts = _collect_pairs(fates)
    if texts is None or not table.rows:
        return shapes
    x, y = np.empty(len(texts)), np.empty(len(texts))
    for row, (first, second) in enumerate(texts):
        x[row], y[row] = _read_pair(fates, row, first, second)
    placed = place_points(x, y, envelope=envelope, declared=declared)
    if placed.reading.name == "declared" and are_inside(x, y, envelope).any() and are_packed_minutes(x, y):
        for k in np.flatnonzero(np.isfinite(x) & np.isfinite(y)).tolist():
            fates.withhold("location-packed", k, value=f"{texts[k][0]}, {texts[k][1]}")
        return shapes
    _report_places(fates, texts, placed.repairs, placed.faults)
    if placed.reading.name != "declared":
        count = sum(bool(words) for words in placed.repairs)
        fates.report.add(
            "location-assumed", file=table.file, sheet=table.sheet, value=str(count), new=placed.reading.note
        )
    good = np.isfinite(placed.lon)
    shapes[good] = shapely.points(placed.lon[good], placed.lat[good])
    return shapes


def _collect_pairs(fates: Fates) -> list[tuple[Any, Any]] | None:
    table = fates.table
    pair = table.column_of("pair")
    if pair is not None and all(table.column_of(name) is None for name in ("lon", "x", "east")):
        return [split_pair(row.get(pair)) for row in table.rows]
    for first, second in _PAIRS:
        a, b = table.column_of(first), table.column_of(second)
        if a is not None and b is not None:
            return [(row.get(a), row.get(b)) for row in table.rows]
    return None


def _read_pair(fates: Fates, row: int, first: Any, second: Any) -> tuple[float, float]:
    (x, how_x), (y, how_y) = read_coordinate(first), read_coordinate(second)
    if "unread" in (how_x, how_y):
        fates.withhold("location-unread", row, value=f"{first}, {second}")
    elif "dms" in (how_x, how_y):
        fates.repair(
            "location-read", row, value=f"{first}, {second}", new=f"按度分秒(DMS)读作 {x:.6f}°, {y:.6f}°"
        )
    elif any(
        isinstance(v, str) and not v.strip().isascii() and h == "plain"
        for v, h in ((first, how_x), (second, how_y))
    ):
        fates.repair("location-read", row, value=f"{first}, {second}", new=f"读作 {x:.6f}, {y:.6f}")
    return x, y


def _report_places(
    fates: Fates, texts: Sequence[tuple[Any, Any]], repairs: Sequence[str], faults: Sequence[tuple[str, str]]
) -> None:
    for row, (words, (code, value)) in enumerate(zip(repairs, faults, strict=True)):
        if words:
            fates.repair("location-read", row, value=f"{texts[row][0]}, {texts[row][1]}", new=words)
        if code and code != "location-missing":  # what is missing may still come from a companion
            said, _, readings = value.partition("|")
            fates.withhold(code, row, value=said, new=readings)
            fates.remark(row, f"原坐标:{texts[row][0]}, {texts[row][1]}")


def _locate_wkt(fates: Fates, place: int, *, envelope: Envelope, declared: str) -> Shapes:
    raw = [row.get(place) for row in fates.table.rows]
    shapes = np.array([read_wkt(value) for value in raw], dtype=object)
    mended = mend_shapes(shapes)
    for row, words in mended.repairs.items():
        fates.repair("geometry-repaired", row, value=words)
    for row, words in mended.faults.items():
        if shapes[row] is not None:
            fates.withhold("geometry-refused", row, value=words)
    return settle_shapes(fates, mended.shapes, envelope=envelope, crs=declared)


def locate_features(fates: Fates, features: Features, *, envelope: Envelope, declared: str | None) -> Shapes:
    """Return a layer's own shapes in EPSG:4490.

    Raises
    ------
    CrsError
        No system, or the layer as a whole does not lie in the city: then the system is not what it
        claims to be.
    """
    crs = settle_crs(features, declared=declared)
    mended = mend_features(features)
    for row in mended.repairs:
        fates.repaired.add(row)
    for row, words in mended.faults.items():
        fates.withheld[row] = words
    fates.report.extend(features.findings)
    return settle_shapes(fates, mended.shapes, envelope=envelope, crs=crs)


def settle_shapes(fates: Fates, shapes: Shapes, *, envelope: Envelope, crs: Any) -> Shapes:
    """Return shapes in the stored system; those outside the city are withheld, all outside is a refusal."""
    stored = np.asarray(gpd.GeoSeries(shapes, crs=crs).to_crs(STORED_CRS).array, dtype=object)
    bounds = shapely.bounds(stored)
    there = ~shapely.is_missing(stored)
    west, south, east, north = envelope
    with np.errstate(invalid="ignore"):
        off = there & ~(
            (bounds[:, 0] <= east)
            & (bounds[:, 2] >= west)
            & (bounds[:, 1] <= north)
            & (bounds[:, 3] >= south)
        )
    if there.any() and off[there].all():
        flipped = _flip(shapes, envelope, crs)
        if flipped is not None:
            return _accept_flipped(fates, flipped)
        raw = shapely.total_bounds(shapes[there])
        hint = explain_bounds(raw, envelope=envelope) or "不在本市范围"
        if hint != "不在本市范围" or not _is_on_earth(raw, crs):
            raise CrsError(
                f"整层坐标({raw[0]:.8g}, {raw[1]:.8g})在本市范围(range)以外,与声明的坐标系(CRS){crs} 不符:{hint}",
                place=fates.table.file,
                remedy="请核对坐标系(带号 zone、X/Y 顺序)后重报",
            )
    mended = _turn_rows(fates, shapes, stored, off, envelope, crs)
    for row in np.flatnonzero(off & ~mended):
        point = bounds[row]
        if not (abs(point[0]) < 1e-3 and abs(point[1]) < 1e-3):
            fates.withhold("location-outside", int(row), value=f"{point[0]:.6f}, {point[1]:.6f}")
        else:
            fates.withhold("location-zero", int(row), value="0, 0")
    stored[off & ~mended] = None
    _check_reach(fates, stored, envelope)
    return stored


def _turn_rows(
    fates: Fates, shapes: Shapes, stored: Shapes, off: Any, envelope: Envelope, crs: Any
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Exchange the axes of the rows that this alone puts into the city; ``stored`` is ours and is filled."""
    mended = np.zeros(len(shapes), dtype=bool)
    for row in np.flatnonzero(off) if off.any() else ():
        turned = _flip(shapes[row : row + 1], envelope, crs)
        if turned is not None:
            stored[row], mended[row] = turned[0], True
            fates.repair("location-read", int(row), value="图形", new="经纬度颠倒(swap,轴 axis),已互换")
    return mended


def _check_reach(fates: Fates, stored: Shapes, envelope: Envelope) -> None:
    """Tell shapes that reach out of the city; one that is larger than the city is withheld."""
    west, south, east, north = envelope
    bounds = shapely.bounds(stored)
    size = (bounds[:, 2] - bounds[:, 0]) * (bounds[:, 3] - bounds[:, 1])
    with np.errstate(invalid="ignore"):
        beyond = (
            (bounds[:, 0] < west) | (bounds[:, 2] > east) | (bounds[:, 1] < south) | (bounds[:, 3] > north)
        )
        vast = size > (east - west) * (north - south)
    for row in np.flatnonzero(beyond):
        words = ", ".join(f"{v:.4f}" for v in bounds[row])
        if vast[row]:
            fates.withhold("location-outside", int(row), value=words)
            stored[row] = None
        else:
            fates.note("geometry-beyond", int(row), value=words)


def _is_on_earth(bounds: Sequence[float], crs: Any) -> bool:
    geographic = bool(getattr(crs, "is_geographic", False)) or "4490" in str(crs) or "4326" in str(crs)
    return not geographic or (
        abs(bounds[0]) <= 180 and abs(bounds[2]) <= 180 and abs(bounds[1]) <= 90 and abs(bounds[3]) <= 90
    )


def _flip(shapes: Shapes, envelope: Envelope, crs: Any) -> Shapes | None:
    """Return the shapes with axes exchanged if that alone puts every one into the city."""
    flipped = np.asarray(
        gpd.GeoSeries(shapely.transform(shapes, lambda c: c[:, ::-1]), crs=crs).to_crs(STORED_CRS).array,
        dtype=object,
    )
    bounds = shapely.bounds(flipped)[~shapely.is_missing(flipped)]
    west, south, east, north = envelope
    with np.errstate(invalid="ignore"):
        inside = (
            (bounds[:, 0] >= west)
            & (bounds[:, 2] <= east)
            & (bounds[:, 1] >= south)
            & (bounds[:, 3] <= north)
        )
    return flipped if len(inside) and inside.all() else None


def _accept_flipped(fates: Fates, flipped: Shapes) -> Shapes:
    note = "经纬度颠倒(swap,轴 axis),已互换"
    for row in np.flatnonzero(~shapely.is_missing(flipped)):
        fates.repair("location-read", int(row), value="图形", new=note)
    fates.report.add("location-assumed", file=fates.table.file, value=str(len(flipped)), new=note)
    return flipped


def join_companion(
    fates: Fates, located: Shapes, ids: Sequence[str | None], plan: Plan, source: Source
) -> Shapes:
    """Return the shapes of a companion file by 编号; where it has none, the row's own place stays.

    Raises
    ------
    InputError
        The companion has no 编号, or one twice.
    """
    features = read_features(plan.path_of(source.geometry))
    name = next(
        (n for n in features.names if (_b := bind_header(n, SITE_COLUMNS[:1], plan.columns)) is not None),
        None,
    )
    if name is None:
        raise InputError(
            f"没有“编号”列(有:{'、'.join(features.names)})",
            place=features.file,
            remedy="图形须以编号与台账相连",
        )
    keys = [read_id(row.get(name)).value or "" for row in features.rows]
    twice = [key for key, count in Counter(keys).items() if count > 1 and key]
    if twice:
        raise InputError(
            f"编号重复(duplicate):{'、'.join(twice[:5])}",
            place=features.file,
            remedy="每个项目一个图形;多部分请合并",
        )
    crs = settle_crs(features, declared=source.declared_crs)
    mended = mend_features(features)
    rows = {site_id: row for row, site_id in enumerate(ids) if site_id and row not in fates.held}
    shapes = np.asarray(gpd.GeoSeries(mended.shapes, crs=crs).to_crs(STORED_CRS).array, dtype=object)
    made = located.copy()
    for k, key in enumerate(keys):
        row = rows.get(key)
        if row is None:
            fates.report.add("geometry-orphan", file=features.file, row=k + 1, value=key)
        elif shapes[k] is not None:
            made[row] = shapes[k]
            if k in mended.repairs:
                fates.repaired.add(row)
    fates.report.extend(features.findings)
    return settle_shapes(fates, made, envelope=plan.envelope, crs=STORED_CRS)
