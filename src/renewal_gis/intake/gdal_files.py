"""Files that GDAL reads: private copies that passed the gate, in bulk or record by record.

pyogrio reads in bulk; where it stumbles over one bad record, fiona walks the file record by record.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
import struct
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from renewal_gis.errors import InputError, RenewalError
from renewal_gis.findings import Report
from renewal_gis.intake.dbf import read_dbf
from renewal_gis.intake.features import Features, read_wkb, zip_rows
from renewal_gis.intake.grids import decode
from renewal_gis.intake.shapes import build_shape
from renewal_gis.intake.trial import try_reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from renewal_gis.intake.gate import Admitted

# Set before the first import of a GDAL binding: drivers that follow references to other files or hosts.
SKIPPED = "VRT,OGR_VRT,WFS,OAPIF,CSW,Carto,AmigoCloud,NGW"
os.environ.setdefault("GDAL_SKIP", f"{SKIPPED},HTTP,OGCAPI,EEDA,PLSCENES,Elasticsearch,GPSBabel,GDALG,ADBC")

os.environ.setdefault("GML_DOWNLOAD_SCHEMA", "NO")
os.environ.setdefault("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none")

LOG = logging.getLogger(__name__)
DRIVERS = {
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".kml": "KML",
    ".gml": "GML",
    ".fgb": "FlatGeobuf",
    ".tab": "MapInfo File",
    ".mif": "MapInfo File",
    ".dxf": "DXF",
    ".osm": "OSM",
    ".pbf": "OSM",
    ".gdb": "OpenFileGDB",
}


def read_gdal(copy: Path, admitted: Admitted, layer: str | None) -> Features:
    """Return the records of a layer of a private copy; errors as in ``vectors.read_features``."""
    import pyogrio  # noqa: PLC0415  # heavy, and only when GDAL is needed

    report = Report()
    logs = [tail for tail in ("-wal", "-journal") if copy.with_name(copy.name + tail).exists()]
    if logs:
        report.add("log-read", file=admitted.name, value="、".join(logs))
    if copy.suffix == ".gpkg":
        _forget_counts(copy)
    try_reading(copy, name=admitted.name, size=admitted.size)
    with _telling(admitted.name), _noting(report, admitted.name):
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(str(copy))]
        layers = [pair for pair in layers if pair[1] is not None] or layers
        names = [name for name, _ in layers]
        if DRIVERS[copy.suffix] == "OSM":
            names = list_osm_layers(copy) or names
        chosen = _choose_layers(names, layer, admitted)
        if _mend_charset(copy):
            report.add("encoding-found", file=admitted.name, value="GB18030(文件没有声明字符集)")
        _mend_drawing(copy, admitted, report)
        parts = [_read_one(copy, name, admitted) for name in chosen]
        if DRIVERS[copy.suffix] == "OSM":
            parts = [_spread_tags(part) for part in parts]
    if copy.suffix == ".gpkg" and _holds_curves(copy, chosen[0]):
        report.add("geometry-curved", file=admitted.name)
    return replace(parts[0] if len(parts) == 1 else _join(parts), findings=report)


def list_osm_layers(copy: Path, /) -> list[str]:
    """Return the layers of an OpenStreetMap file that hold anything: the driver always shows five."""
    import pyogrio  # noqa: PLC0415

    names = [str(name) for name, _ in pyogrio.list_layers(str(copy))]
    return [
        name
        for name in names
        if pyogrio.read_info(str(copy), layer=name, force_feature_count=True)["features"]
    ]


_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


def parse_tags(packed: str, /) -> dict[str, str]:
    """Return the tags that GDAL's OSM driver packs into one text, as PostgreSQL's hstore is written."""
    pairs = [[re.sub(r"\\(.)", r"\1", word) for word in pair] for pair in _TAG.findall(packed)]
    return dict(pairs)


def _spread_tags(features: Features) -> Features:
    """Return OSM records with the tags that the driver packs into one text as fields of their own."""
    rows = []
    for row in features.rows:
        tags = parse_tags(row.get("other_tags") or "")
        rows.append({key: value for key, value in row.items() if key != "other_tags"} | tags)
    names = tuple(dict.fromkeys(name for row in rows for name in row)) or features.names
    return replace(features, names=names, rows=tuple(rows))


def _mend_charset(copy: Path) -> bool:
    """Declare the charset of a MapInfo copy that declares none, if its text is GBK and not UTF-8."""
    if copy.suffix not in (".mif", ".tab"):
        return False
    beside = [copy, *(copy.with_suffix(tail) for tail in (".mid", ".dat"))]
    text = b"".join(path.read_bytes() for path in beside if path.is_file())
    pattern = re.compile(rb'(charset\s+"?)Neutral', re.IGNORECASE)
    if text.isascii() or not pattern.search(text[:2000]):
        return False
    with contextlib.suppress(UnicodeDecodeError):
        text.decode("utf-8")
        return False
    copy.write_bytes(pattern.sub(rb"\1WindowsSimpChinese", copy.read_bytes(), count=1))
    return True


def _mend_drawing(copy: Path, admitted: Admitted, report: Report) -> None:
    """Declare the code page of a drawing's copy that names none: GDAL would take Chinese for Western European."""
    body = copy.read_bytes() if copy.suffix == ".dxf" else b""
    if body.isascii() or b"$DWGCODEPAGE" in body or b"AutoCAD Binary DXF" in body[:32]:
        return
    version = re.search(rb"\$ACADVER\s+1\s+AC(\d{4})", body[:10_000])
    if version and int(version[1]) >= 1021:  # from 2007 on drawings are UTF-8
        return
    text, encoding = decode(body, place=admitted.name)
    named = "9\n$DWGCODEPAGE\n3\nANSI_936\n"
    made, count = re.subn(r"(\n\s*2\r?\n\s*HEADER\r?\n)", rf"\g<1>{named}", text, count=1)
    if not count:
        made = f"0\nSECTION\n2\nHEADER\n{named}0\nENDSEC\n{text}"
    copy.write_bytes(made.encode("gb18030"))
    report.add("encoding-found", file=admitted.name, value=f"{encoding.upper()}(图中没有 $DWGCODEPAGE)")


def _choose_layers(names: list[str], wanted: str | None, admitted: Admitted) -> list[str]:
    if wanted is not None:
        if wanted not in names:
            raise InputError(
                f"没有图层(layer)“{wanted}”", place=admitted.name, remedy=f"可用:{'、'.join(names)}"
            )
        return [wanted]
    if len(names) != 1:
        raise InputError(
            f"有多个图层(layer):{'、'.join(names)}" if names else "没有图层(layer),文件是空的",
            place=admitted.name,
            remedy="请指明一个图层" if names else "请重新导出",
        )
    return names


def _read_one(copy: Path, layer: str, admitted: Admitted) -> Features:
    import pyogrio  # noqa: PLC0415

    info = pyogrio.read_info(str(copy), layer=layer, force_feature_count=True)
    if info.get("driver", DRIVERS[copy.suffix]) != DRIVERS[copy.suffix]:
        raise InputError(
            f"内容是 {info['driver']} 格式(format),与后缀 {copy.suffix} 不符",
            place=admitted.name,
            remedy="请按真实格式改后缀或重新导出",
        )
    try:
        meta, _, wkb, columns = pyogrio.raw.read(str(copy), layer=layer, datetime_as_string=True)
        names = tuple(str(name) for name in meta["fields"])
        rows = zip_rows(names, columns)
        shapes, faults = read_wkb(wkb, len(rows))
        found = Features(admitted.name, layer, names, rows, shapes, faults, meta["crs"])
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        UnicodeDecodeError,
        ValueError,
    ) as error:
        LOG.info("%s: bulk reading failed (%s), record by record", admitted.name, error)
        found = _walk_records(copy, layer, admitted, info["crs"])
    counted = _count_rows(copy, layer, info["features"])
    if counted not in (-1, len(found.rows)):
        raise InputError(
            f"应有 {counted} 条记录,只读到 {len(found.rows)} 条",
            place=admitted.name,
            remedy="文件可能损坏(corrupt),请重新导出",
        )
    return found


def _forget_counts(copy: Path) -> None:
    """Drop the row counts that a GeoPackage keeps: readers believe them, even when they are stale."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(copy)) as base:
        base.execute("UPDATE gpkg_ogr_contents SET feature_count = NULL")
        base.commit()


def _count_rows(copy: Path, layer: str, told: int) -> int:
    """Return how many rows a layer has; a GeoPackage is asked itself, since the count it keeps may be stale."""
    if copy.suffix != ".gpkg":
        return told
    table = layer.replace('"', '""')
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(copy)) as base:
        return int(base.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608  # quoted name
    return told


def _walk_records(copy: Path, layer: str, admitted: Admitted, crs: Any) -> Features:
    """Read with fiona, one record at a time: a bad record is a fault of its row, not of the file."""
    rows: list[dict[str, Any]] = []
    shapes: list[Any] = []
    faults: list[str] = []
    with _skipping_fewer():
        import fiona  # noqa: PLC0415  # only for files that the bulk reader refuses

        source = fiona.open(copy, layer=layer, enabled_drivers=[DRIVERS[copy.suffix]])
    with source:
        names = tuple(source.schema["properties"])
        for record in source:
            rows.append(dict(record.properties))
            shape, _, fault = build_shape(
                None if record.geometry is None else record.geometry.__geo_interface__
            )
            shapes.append(shape)
            faults.append("" if record.geometry is None else fault)
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return Features(admitted.name, layer, names, tuple(rows), made, tuple(faults), crs)


@contextlib.contextmanager
def _skipping_fewer() -> Iterator[None]:
    """Name only drivers that fiona's older GDAL knows while it loads: it complains of the others."""
    before = os.environ["GDAL_SKIP"]
    os.environ["GDAL_SKIP"] = SKIPPED
    try:
        yield
    finally:
        os.environ["GDAL_SKIP"] = before


def _join(parts: list[Features]) -> Features:
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    rows = tuple({name: row.get(name) for name in names} for part in parts for row in part.rows)
    shapes = np.concatenate([part.shapes for part in parts])
    faults = tuple(fault for part in parts for fault in part.faults)
    return Features(parts[0].file, "", names, rows, shapes, faults, parts[0].crs)


def _holds_curves(copy: Path, layer: str) -> bool:
    """Tell whether a GeoPackage layer holds arcs, which the reader turns into chords."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(copy)) as base:
        found = base.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (layer,)
        ).fetchone()
        if found:
            table, column = layer.replace('"', '""'), found[0].replace('"', '""')
            text = f'SELECT substr("{column}", 1, 80) FROM "{table}" WHERE "{column}" IS NOT NULL'  # noqa: S608  # quoted names
            return any(_is_curve(head) for (head,) in base.execute(text))
    return False


def _is_curve(head: bytes) -> bool:
    if len(head) < 13 or head[:2] != b"GP":
        return False
    start = 8 + (0, 32, 48, 48, 64, 0, 0, 0)[(head[3] >> 1) & 7]
    order = "<" if head[start : start + 1] == b"\x01" else ">"
    code = head[start + 1 : start + 5]
    return len(code) == 4 and struct.unpack(order + "I", code)[0] % 1000 in range(8, 15)


@contextlib.contextmanager
def _telling(name: str) -> Iterator[None]:
    """Turn what the readers raise into a refusal that names the file."""
    import pyogrio  # noqa: PLC0415

    try:
        yield
    except RenewalError:
        raise
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.CRSError) as error:
        raise InputError(
            f"文件损坏或无法识别(corrupt):{_tell_fault(error, name)}",
            place=name,
            remedy="请重新导出或重新传送",
        ) from error
    except (RuntimeError, ValueError, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"文件损坏(corrupt):{_tell_fault(error, name)}", place=name, remedy="请重新导出或重新传送"
        ) from error


def _tell_fault(error: Exception, name: str) -> str:
    """Return a reader's words with the office's name of the file in place of our copy's."""
    return re.sub(r"\S*intake-\w+[/\\]data\.\w+", name, str(error))[:160]


@contextlib.contextmanager
def _noting(report: Report, name: str) -> Iterator[None]:
    """Take GDAL's warnings as findings where they speak of the data."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    words = " ".join(str(warning.message) for warning in caught)
    if "Measured (M)" in words:
        report.add("geometry-flattened", file=name, value="M")
    for warning in caught:
        LOG.debug("%s: %s", name, warning.message)


def read_shapefile(copy: Path, admitted: Admitted) -> Features:
    """Return the records of a shapefile: attributes read by us, shapes by GDAL."""
    report = Report()
    beside = {path.suffix.lower(): path for path in copy.parent.iterdir()}
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in beside]
    if missing:
        raise InputError(
            f"缺少 {'、'.join(missing)} 文件",
            place=admitted.name,
            remedy="shapefile 至少要有 .shp .shx .dbf .prj,请整套报送",
        )
    _check_shp_length(copy, admitted.name)
    _check_shp_index(copy, beside[".shx"], admitted.name)
    table = read_dbf(beside[".dbf"], name=admitted.name)
    if table.evidence:
        report.add("encoding-found", file=admitted.name, value=f"{table.encoding.upper()}({table.evidence})")
    for word in table.mended:
        report.add("field-cut", file=admitted.name, field=word)
    try_reading(copy, name=admitted.name, size=admitted.size)
    beside[".dbf"].unlink()  # GDAL reads the shapes only; it cannot read names cut inside a character
    with _telling(admitted.name), _noting(report, admitted.name):
        shapes, faults, crs = _read_shp(copy)
    if len(shapes) != len(table.rows):
        raise InputError(
            f".shp 有 {len(shapes)} 个图形,.dbf 有 {len(table.rows)} 条记录",
            place=admitted.name,
            remedy="请整套重新导出",
        )
    alive = [k for k, lives in enumerate(table.alive) if lives]
    if len(alive) < len(table.alive):
        report.add("row-deleted", file=admitted.name, value=len(table.alive) - len(alive))
    return Features(
        admitted.name,
        "",
        table.names,
        tuple(table.rows[k] for k in alive),
        shapes[alive],
        tuple(faults[k] for k in alive),
        crs,
        report,
        table.mended,
    )


def _check_shp_length(copy: Path, name: str) -> None:
    """Compare the length that the file tells, in 16-bit words, with the length that it has."""
    with copy.open("rb") as file:
        head = file.read(28)
    told = struct.unpack(">I", head[24:28])[0] * 2 if len(head) == 28 else -1
    if told != copy.stat().st_size:
        raise InputError(
            f".shp 损坏或不完整(truncated):应有 {told} 字节,实有 {copy.stat().st_size} 字节",
            place=name,
            remedy="请重新传送整套 shapefile",
        )


def _check_shp_index(copy: Path, index: Path, name: str) -> None:
    """Compare the index with the shapes: a false one would give every row another row's shape."""
    told = np.frombuffer(index.read_bytes()[100:], dtype=">u4")
    offsets, lengths = told[: len(told) // 2 * 2 : 2].astype(np.int64) * 2, told[1::2].astype(np.int64) * 2
    body = np.memmap(copy, dtype=np.uint8, mode="r")
    sound = len(told) % 2 == 0 and bool((offsets >= 100).all() and (offsets + 8 + lengths <= len(body)).all())
    if sound and len(offsets):
        heads = np.stack([body[offsets + k] for k in range(8)], axis=1).copy().view(">u4").astype(np.int64)
        numbers, sizes = heads[:, 0], heads[:, 1] * 2
        counted = np.arange(len(offsets))
        sound = bool(
            (sizes == lengths).all() and ((numbers == counted + 1).all() or (numbers == counted).all())
        )
    if not sound:
        raise InputError(
            ".shx 与 .shp 不符(corrupt):索引所指不是该条图形", place=name, remedy="请整套重新导出"
        )


def _read_shp(copy: Path) -> tuple[Any, tuple[str, ...], Any]:
    import pyogrio  # noqa: PLC0415

    meta, _, wkb, _ = pyogrio.raw.read(str(copy), columns=[])
    shapes, faults = read_wkb(wkb, 0)
    return shapes, faults, meta["crs"]
