"""Roads from whatever file a city has, as lines that a network can be built of."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import CrsError, InputError
from renewal_gis.findings import Finding, Report
from renewal_gis.geo.crs import name_crs, read_crs
from renewal_gis.geo.geometry import hash_lines
from renewal_gis.intake import road_words as words
from renewal_gis.intake.gate import Admitted, admit
from renewal_gis.intake.road_files import read_graphml, read_osm, read_pbf
from renewal_gis.intake.vectors import read_features

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyproj

logger = logging.getLogger(__name__)

MOST_FINDINGS = 50
"""Rows of one kind of fault that get a finding each; the rest are counted in one more."""
DIRECTED_SHARE = 0.05
"""Where more lines than this have a reverse twin, the file draws each direction of a street."""
ASTRAY_TIMES, ASTRAY_DEG, ASTRAY_M = 20.0, 1.0, 100_000.0
"""A line is astray this many times further from the middle than half of the lines, and this far at least."""
SAME_DEG = 1e-8
SAME_M = 1e-3
_TOLD = ("record", "label", "partial", "fault")
_LINES = (1, 2, 5)  # shapely's type ids of LineString, LinearRing, MultiLineString


@dataclass(frozen=True, slots=True)
class RoadsIntake:
    """Roads as they were taken in, and what became of every record.

    ``frame`` keeps the contract ROADS in the file's own reference system; ``planned`` holds the roads
    that the file says are not there yet. ``read`` = ``accepted`` + ``repaired`` + ``quarantined``
    counts records of the file: a record with several lines is one. ``doubles`` are lines that were
    drawn twice by mistake (not those of a file that draws each direction of a street).
    """

    frame: gpd.GeoDataFrame
    planned: gpd.GeoDataFrame
    doubles: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    read: int
    accepted: int
    repaired: int
    quarantined: int
    fields: tuple[str, ...]


class _Fates:
    """What becomes of each record: the worst thing said of it counts."""

    def __init__(self, file: str, labels: np.ndarray) -> None:
        self.report = Report()
        self.file = file
        self.labels = labels
        self.fate = np.zeros(len(labels), dtype=np.int8)

    def mark(
        self, records: np.ndarray, fate: int, code: str, *, value: str | np.ndarray, field: str = ""
    ) -> None:
        """Set the fate (1 mended, 2 refused) of records and tell the first of them one by one."""
        records, first = np.unique(np.asarray(records, dtype=np.int64), return_index=True)
        texts = np.broadcast_to(
            np.asarray(value, dtype=object), (len(first),) if np.ndim(value) == 0 else np.shape(value)
        )
        texts = texts if np.ndim(value) == 0 else texts[first]
        self.fate[records] = np.maximum(self.fate[records], fate)
        for record, text in zip(records[:MOST_FINDINGS].tolist(), texts[:MOST_FINDINGS], strict=True):
            label = self.labels[record]
            told = f"{text}({label})" if label else str(text)
            self.report.add(code, file=self.file, row=record + 1, field=field, value=told)
        if len(records) > MOST_FINDINGS:
            kinds = "、".join(dict.fromkeys(str(text) for text in texts))
            self.note(code, f"{kinds[:60]}:另有 {len(records) - MOST_FINDINGS} 条", field=field)

    def note(self, code: str, value: str, *, field: str = "") -> None:
        """Add a finding that speaks of the file, not of one record."""
        self.report.add(code, file=self.file, field=field, value=value)


def read_roads(
    path: str | Path,
    /,
    *,
    crs: object = None,
    layer: str | None = None,
    columns: Mapping[str, tuple[str, ...]] | None = None,
) -> RoadsIntake:
    """Roads of a file as single plane lines with class, name and level.

    Parameters
    ----------
    path
        GeoParquet, GeoPackage, GeoJSON, shapefile, OpenStreetMap XML or PBF, GraphML of osmnx, or
        another vector format that GDAL reads.
    crs
        Reference system of the coordinates, for files that declare none. One that the file declares
        counts before it.
    layer
        Layer of a file that has several.
    columns
        Headers of the office per column of ours, tried before the usual ones
        (:data:`renewal_gis.intake.road_words.HEADERS`).

    Returns
    -------
    RoadsIntake
        ``frame`` has ``highway`` and, where the file tells them, ``name``, ``bridge``, ``tunnel``,
        ``layer``, ``oneway``, ``noexit``, ``width_m``, and ``source_row`` (1 = first record).

    Raises
    ------
    MissingFileError
        There is no such file.
    InputError
        No layer of lines, several layers and none named, no record, no reference system, coordinates
        that contradict it, or a file that cannot be read.

    Notes
    -----
    Nothing is dropped in silence: points, areas, lines without length or with broken coordinates are
    refused with a finding each; doubles and the two directions of one street become one line. Lines
    that do not quite meet stay as drawn: they are for ``roads.defects`` to find.
    """
    admitted = admit(path)
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are found, not warned of
        raw, told = _open_file(admitted, layer)
        if len(raw) == 0:
            raise InputError("没有任何记录", place=admitted.name, remedy="请核对导出是否成功、图层是否选对")
        raw = raw.set_crs(_settle_crs(raw, crs, admitted.name), allow_override=True)
        frame, fates = _sort_geometry(raw, admitted.name)
    fates.report.extend(told)
    frame = _read_columns(frame, fates, columns or {})
    frame, planned, doubles = _set_apart(frame, fates)
    if len(frame) == 0:
        raise InputError(
            f"{len(fates.fate)} 条记录中没有可用的道路中心线",
            place=admitted.name,
            remedy="请核对图层;需要线图层",
        )
    read, (accepted, repaired, quarantined) = len(fates.fate), np.bincount(fates.fate, minlength=3).tolist()
    logger.info(
        "道路 %s:读入 %d,采用 %d,修正 %d,隔离 %d", admitted.name, read, accepted, repaired, quarantined
    )
    fields = tuple(str(column) for column in raw.columns if column not in ("geometry", *_TOLD))
    findings = tuple(fates.report)
    return RoadsIntake(frame, planned, doubles, findings, read, accepted, repaired, quarantined, fields)


def _open_file(admitted: Admitted, layer: str | None) -> tuple[gpd.GeoDataFrame, Report]:
    """Records of the file with ``geometry``; ``record``, ``label``, ``fault`` where the reader tells them."""
    suffix = admitted.path.suffix.lower()
    if suffix == ".osm":
        return read_osm(admitted.path), Report()
    if suffix == ".pbf":
        return read_pbf(admitted.path), Report()
    if suffix == ".graphml":
        return read_graphml(admitted.path), Report()
    if suffix == ".parquet":
        return _read_parquet(admitted.path), Report()
    features = read_features(admitted.path, layer=layer, admitted=admitted)
    frame = gpd.GeoDataFrame(
        list(features.rows), columns=list(features.names), geometry=features.shapes, crs=features.crs
    )
    return frame.assign(fault=list(features.faults)), features.findings


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise InputError(
            f"不是可用的 GeoParquet({str(error)[:120]})", place=path.name, remedy="请重新导出为 GeoParquet"
        ) from error
    return frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame


def _settle_crs(raw: gpd.GeoDataFrame, crs: object, name: str) -> pyproj.CRS:
    """The reference system of the coordinates, declared by the file or by the caller, and believable."""
    own = raw.crs if raw.crs is not None and (raw.crs.is_projected or raw.crs.is_geographic) else None
    if own is None and crs is None:
        raise InputError(
            "没有坐标系(缺少 .prj 或 CRS 声明)", place=name, remedy="请用 --crs 声明坐标系,如 --crs EPSG:4547"
        )
    try:
        found = own or read_crs(crs)
    except CrsError as error:
        raise InputError(error.message, place=name, remedy=error.remedy) from error
    bounds = raw.geometry.bounds.to_numpy()
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if len(bounds) == 0:
        return found
    in_degrees = (np.abs(bounds[:, [0, 2]]) <= 181).all(axis=1) & (np.abs(bounds[:, [1, 3]]) <= 91).all(
        axis=1
    )
    swapped = (np.abs(bounds[:, [0, 2]]) <= 91).all(axis=1) & (np.abs(bounds[:, [1, 3]]) <= 181).all(axis=1)
    if found.is_geographic and in_degrees.mean() < 0.5 <= swapped.mean():
        raise InputError(
            f"经纬度疑似颠倒:首列为 {bounds[0, 0]:.5f}、次列为 {bounds[0, 1]:.5f}",
            place=name,
            remedy="坐标应先经度、后纬度;请交换两列后重新导出",
        )
    if found.is_geographic and in_degrees.mean() < 0.5:
        raise InputError(
            f"坐标系为 {name_crs(found)}(经纬度),坐标却是 {bounds[0, 0]:.0f}, {bounds[0, 1]:.0f} 这样的米制数值",
            place=name,
            remedy="请核对坐标系声明;高斯—克吕格坐标如 EPSG:4547、EPSG:4526",
        )
    if found.is_projected and in_degrees.mean() > 0.5:
        raise InputError(
            f"坐标系为 {name_crs(found)}(米制投影),坐标却是 {bounds[0, 0]:.5f}, {bounds[0, 1]:.5f} 这样的经纬度",
            place=name,
            remedy="请核对坐标系声明;CGCS2000 经纬度为 EPSG:4490",
        )
    return found


def _sort_geometry(raw: gpd.GeoDataFrame, name: str) -> tuple[gpd.GeoDataFrame, _Fates]:
    """Single plane lines, one row each, with the records that are none set aside."""
    record = np.arange(len(raw))
    labels = np.full(len(raw), "", dtype=object)
    if "record" in raw:
        record = raw["record"].to_numpy(np.int64)
        labels = raw["label"].to_numpy(object)[np.unique(record, return_index=True)[1]]
    fates = _Fates(name, labels)
    geometry = np.asarray(raw.geometry.values)
    kind = shapely.get_type_id(geometry)
    absent = (kind < 0) | shapely.is_empty(geometry)
    why = raw["fault"].to_numpy(object)[absent] if "fault" in raw else np.full(int(absent.sum()), "", object)
    fates.mark(
        record[absent], 2, "road-refused", value=np.array([word or "没有图形" for word in why], object)
    )
    mixed = (kind == 7) & ~absent
    foreign = ~absent & ~mixed & ~np.isin(kind, _LINES)
    names = {0: "点", 3: "面", 4: "多点", 6: "多面"}
    what = np.array([f"图形是{names.get(int(k), '其他类型')},不是线" for k in kind[foreign]], dtype=object)
    fates.mark(record[foreign], 2, "road-refused", value=what)
    parts, owner = _take_lines(geometry, kind, ~absent & ~foreign)
    lost = np.setdiff1d(np.flatnonzero(mixed), owner)
    fates.mark(record[lost], 2, "road-refused", value="图形集合中没有线")
    kept = np.setdiff1d(np.flatnonzero(mixed), lost)
    fates.mark(record[kept], 1, "road-mended", value="图形集合中只取线")
    if shapely.has_z(parts).any():
        fates.note("road-mended", f"{int(shapely.has_z(parts).sum())} 条三维线已取平面坐标")
        parts = shapely.force_2d(parts)
    parts, owner = _drop_broken(parts, owner, record, fates)
    frame = gpd.GeoDataFrame(
        raw.drop(columns=["geometry", "record", "label", "fault"], errors="ignore")
        .iloc[owner]
        .reset_index(drop=True),
        geometry=parts,
        crs=raw.crs,
    )
    frame["record"] = record[owner]
    _tell_astray(frame, fates)
    return frame, fates


def _tell_astray(frame: gpd.GeoDataFrame, fates: _Fates) -> None:
    """Tell of lines that lie a province away from the rest: a slip of a digit, which a city cannot have."""
    if len(frame) == 0:
        return
    west, south, east, north = frame.geometry.bounds.to_numpy().T
    middle = np.stack([(west + east) / 2, (south + north) / 2], axis=1)
    away = np.hypot(*(middle - np.median(middle, axis=0)).T)
    least = ASTRAY_DEG if frame.crs.is_geographic else ASTRAY_M
    astray = away > max(ASTRAY_TIMES * float(np.median(away)), least)
    told = np.array([f"{x:.5f}, {y:.5f}" for x, y in middle[astray]], dtype=object)
    fates.mark(frame["record"].to_numpy()[astray], 0, "road-astray", value=told)


def _take_lines(geometry: np.ndarray, kind: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Single lines of the usable geometries, and the row of each; collections are opened as deep as they go."""
    rows = np.flatnonzero(usable)
    parts, owner = geometry[rows], rows
    if (kind[rows] != 1).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
        while (shapely.get_type_id(parts) > 3).any():
            parts, inner = shapely.get_parts(parts, return_index=True)
            owner = owner[inner]
        lines = np.isin(shapely.get_type_id(parts), (1, 2))
        parts, owner = parts[lines], owner[lines]
    return parts, owner


def _drop_broken(
    parts: np.ndarray, owner: np.ndarray, record: np.ndarray, fates: _Fates
) -> tuple[np.ndarray, np.ndarray]:
    """Without lines that have no length or coordinates that are no numbers."""
    xy, line = shapely.get_coordinates(parts, return_index=True)
    if np.isfinite(xy).all() and (shapely.length(parts) > 1e-12).all():
        return parts, owner
    broken = np.bincount(line[~np.isfinite(xy).all(axis=1)], minlength=len(parts)) > 0
    flat = np.zeros(len(parts), dtype=bool)
    flat[~broken] = shapely.length(parts[~broken]) <= 1e-12
    keep = ~broken & ~flat
    whole = np.isin(owner, owner[keep])
    for bad, word in ((broken, "坐标为 NaN 或无穷"), (flat, "零长线")):
        fates.mark(record[owner[bad & ~whole]], 2, "road-refused", value=word)
        fates.mark(record[owner[bad & whole]], 1, "road-mended", value=f"其中一段{word},已略去")
    return parts[keep], owner[keep]


def _read_columns(
    frame: gpd.GeoDataFrame, fates: _Fates, own: Mapping[str, tuple[str, ...]]
) -> gpd.GeoDataFrame:
    """Our columns out of the file's."""
    headers = frame.columns.drop(["geometry", "record", "partial"], errors="ignore")
    found = words.match_headers(headers, own)
    record = frame["record"].to_numpy()
    out: dict[str, Any] = {"highway": _read_classes(frame, found, headers, fates)}
    for field in ("name", "junction", "service"):
        if field in found:
            out[field] = words.read_names(frame[found[field]])
    for field in ("bridge", "tunnel", "oneway", "noexit", "turning"):
        if field in found:
            out[field] = words.read_flags(frame[found[field]], oneway=field == "oneway")
    if "layer" in found:
        out["layer"] = words.read_layers(frame[found["layer"]])
    if "width_m" in found:
        out["width_m"] = _read_widths(frame, found["width_m"], fates)
    if "partial" in frame:
        fates.mark(
            record[frame["partial"].to_numpy(bool)], 1, "road-mended", value="部分节点不在文件中,已断开"
        )
    return gpd.GeoDataFrame({**out, "record": record}, geometry=frame.geometry, crs=frame.crs)


def _read_classes(
    frame: gpd.GeoDataFrame, found: dict[str, str], headers: pd.Index, fates: _Fates
) -> pd.Series:
    """Classes; roads that a column of states calls planned are so whatever their class."""
    if "highway" not in found:
        fates.note("road-class-missing", "、".join(map(str, headers[:8])))
        classes = pd.Series(words.UNKNOWN_CLASS, index=frame.index, dtype=object)
    else:
        source = frame[found["highway"]]
        classes, strange = words.read_classes(source)
        odd = source[strange].astype(str).value_counts()
        if len(odd):
            told = "、".join(f"{word}({count} 条)" for word, count in odd.head(8).items())
            fates.note("road-class-unknown", told, field=found["highway"])
    if "status" not in found:
        return classes
    status, _ = words.read_classes(frame[found["status"]])
    return classes.where(~status.isin(words.PLANNED), status)


def _read_widths(frame: gpd.GeoDataFrame, header: str, fates: _Fates) -> pd.Series:
    """Widths; what is mended or left blank is told."""
    widths, mended, refused = words.read_widths(frame[header])
    written, record = frame[header].astype(str).to_numpy(), frame["record"].to_numpy()
    for rows, word in ((mended.to_numpy(), "已按米理解"), (refused.to_numpy(), "不可用,已留空")):
        values = np.array([f"宽度“{value}”{word}" for value in written[rows]], dtype=object)
        fates.mark(record[rows], 1, "road-mended", value=values, field=header)
    return widths


def _set_apart(
    frame: gpd.GeoDataFrame, fates: _Fates
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Streets without doubles, planned roads, and the doubles; ways without cars are told of and left out."""
    aside = frame["highway"].isin(words.ASIDE).to_numpy()
    if aside.any():
        fates.fate[np.setdiff1d(frame["record"][aside], frame["record"][~aside])] = 2
        kinds = frame["highway"][aside].value_counts()
        told = "、".join(f"{word} {count}" for word, count in kinds.items())
        fates.note("road-not-street", f"{int(aside.sum())} 条({told})", field="highway")
    planned = frame["highway"].isin(words.PLANNED).to_numpy() & ~aside
    if planned.any():
        fates.note("road-planned", f"{int(planned.sum())} 条", field="highway")
    streets, doubles = _merge_doubles(frame[~aside & ~planned], fates)
    return _finish(streets), _finish(frame[planned]), _finish(doubles)


def _merge_doubles(frame: gpd.GeoDataFrame, fates: _Fates) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """One line where the same one is drawn twice, in either direction, on the same level; and the mistaken ones."""
    if len(frame) == 0:
        return frame, frame
    xy, line = shapely.get_coordinates(np.asarray(frame.geometry.values), return_index=True)
    same = SAME_DEG if frame.crs.is_geographic else SAME_M
    key = pd.DataFrame({"line": hash_lines(xy, np.bincount(line, minlength=len(frame)), node_m=same)})
    for field in ("layer", "bridge", "tunnel"):
        if field in frame:
            key[field] = frame[field].to_numpy()
    double = key.duplicated().to_numpy()
    if not double.any():
        return frame, frame[:0]
    twins = key[double].merge(key.reset_index().drop_duplicates(list(key.columns)), on=list(key.columns))[
        "index"
    ]
    first = twins.to_numpy()
    flipped = (_starts(frame[double]) != _starts(frame.iloc[first])).any(axis=1)
    record = frame["record"].to_numpy()
    told = np.where(flipped, "与前面的线反向重复,已合并", "与前面的线重复,已合并")
    fates.mark(record[double], 1, "road-double", value=told)
    merged = frame.copy()
    if "oneway" in merged:  # drawn in both directions, so driven in both
        merged.iloc[first[flipped], merged.columns.get_loc("oneway")] = False
    by_design = flipped.sum() > DIRECTED_SHARE * len(frame)
    return merged[~double], frame[double][~flipped | (not by_design)]


def _starts(frame: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.get_coordinates(shapely.get_point(np.asarray(frame.geometry.values), 0))


def _finish(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Row numbers as the office counts, on a fresh index."""
    done = frame.rename(columns={"record": "source_row"}).reset_index(drop=True)
    done["source_row"] = done["source_row"] + 1
    return done
