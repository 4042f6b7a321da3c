"""Sites as files for other programs: no live formulas, no control characters, no name that leads elsewhere."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import shapely

from renewal_gis.errors import InputError
from renewal_gis.files import write_bytes
from renewal_gis.findings import Report
from renewal_gis.render.tables import SITE_FIELDS, clean_text, tabulate_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(1, 10))}
_FORMULA_MARKS = (*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CELL_CHARS = 32_767
_TOO_LONG = "(过长,见“说明”表;全文用 GeoPackage 导出)"
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed stamp: the same sites give the same bytes
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?%?")


def name_file(name: object, /, *, key: str, suffix: str) -> str:
    """Return a file name that any system takes: the cleaned name and a fingerprint of the key.

    Parameters
    ----------
    name
        What the file is about; may hold anything.
    key
        The site's id. It keeps apart what cleaning or letter case would make one.
    suffix
        With its dot.

    Examples
    --------
    >>> name_file("../../x", key="A-01", suffix=".txt")
    'x-b0e360fba6.txt'
    """
    text = unicodedata.normalize("NFC", str(name))
    text = "".join(char if char.isalnum() or char in "-_" else "_" for char in text).strip("_. ") or "_"
    if text.split(".")[0].lower() in _RESERVED:
        text = "_" + text
    while len(text.encode("utf-8", "ignore")) > 120:
        text = text[:-1]
    return f"{text}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}{suffix}"


def guard_cell(value: object, /) -> str:
    """Return text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> guard_cell("=1+1"), guard_cell("-3.5"), guard_cell("和平小区")
    ("'=1+1", '-3.5', '和平小区')
    """
    text = clean_text(value)
    return "'" + text if text.startswith(_FORMULA_MARKS) and not _NUMBER.fullmatch(text) else text


def export_sites(frame: gpd.GeoDataFrame, folder: Path, /) -> list[Path]:
    """Write sites as csv, xlsx, GeoJSON and GeoPackage and return the paths.

    Parameters
    ----------
    frame
        SITES in EPSG:4490.
    folder
        Where.

    Raises
    ------
    PublishError
        The folder cannot be written.
    """
    paths = [folder / f"sites.{suffix}" for suffix in ("csv", "xlsx", "geojson", "gpkg")]
    for path in paths:
        export_table(frame, path)
    return paths


def export_table(frame: gpd.GeoDataFrame, path: Path, /) -> Report:
    """Write sites to one file, in the format that its suffix names.

    Parameters
    ----------
    frame
        SITES in EPSG:4490.
    path
        ``.csv`` (with a byte order mark, for office programs), ``.xlsx``, ``.geojson``, ``.gpkg``,
        ``.parquet`` (GeoParquet 1.1) or ``.shp.zip``, ``.zip`` (GBK shapefiles).

    Returns
    -------
    Report
        What the format could not hold; it stands in full beside the table in the same file.

    Raises
    ------
    InputError
        Another suffix.
    PublishError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        known = "、".join(name for name in WRITERS if name != ".zip")
        raise InputError(f"不支持的输出格式“{suffix}”", place=str(path), remedy=f"用 {known}、.shp.zip")
    content, report = WRITERS[suffix](frame)
    write_bytes(path, content)
    return report


def list_rows(frame: gpd.GeoDataFrame) -> Iterator[list[Any]]:
    """Yield the head and the rows of a table of sites; the id comes first, WKT last."""
    names = [name for name in SITE_FIELDS if name in frame.columns]
    yield ["site_id", *(SITE_FIELDS[name] for name in names), "WKT"]
    shapes = shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=7)
    for k, (site_id, row) in enumerate(zip(frame.index, frame[names].itertuples(index=False), strict=True)):
        yield [site_id, *row, shapes[k] or ""]


def write_csv(frame: gpd.GeoDataFrame, /) -> str:
    """Return sites as csv text without a byte order mark; its first column is ``site_id``."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    for row in list_rows(frame):
        writer.writerow([guard_cell(value) for value in row])
    return sink.getvalue()


def write_xlsx(frame: gpd.GeoDataFrame, /) -> tuple[bytes, Report]:
    """Return sites as a workbook in which every cell is text or a number, and what a cell cannot hold.

    A text of more than 32,767 characters (the limit of a cell) is not cut: its cell refers to the
    GeoPackage, and a second sheet lists it.
    """
    import xlsxwriter  # noqa: PLC0415  # only for workbooks

    report = Report()
    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("台账")
        head: list[Any] = []
        for line, row in enumerate(list_rows(frame)):
            head = head or row
            for place, value in enumerate(row):
                if _is_number(value):
                    sheet.write_number(line, place, value)
                    continue
                text = clean_text(value)
                if len(text) > CELL_CHARS:
                    report.add(
                        "export-changed",
                        site_id=str(row[0]),
                        field=str(head[place]),
                        value=text[:60],
                        new=f"{len(text)} 字,超过单元格上限 {CELL_CHARS} 字",
                    )
                    text = _TOO_LONG
                sheet.write_string(line, place, text)
        if len(report):
            _list_changes(book.add_worksheet("说明"), report)
    return sink.getvalue(), report


def _list_changes(sheet: Any, report: Report) -> None:
    rows = [("编号", "字段", "说明"), *((f.site_id, f.field, f.text) for f in report)]
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            sheet.write_string(line, place, value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def write_geojson(frame: gpd.GeoDataFrame, /) -> str:
    """Return sites as GeoJSON; degrees of CGCS2000, which RFC 7946 readers take for WGS 84."""
    names = [name for name in SITE_FIELDS if name in frame.columns]
    features = []
    for site_id, shape, row in zip(
        frame.index, frame.geometry, frame[names].itertuples(index=False), strict=True
    ):
        values = {SITE_FIELDS[name]: clean_text(value) for name, value in zip(names, row, strict=True)}
        geometry = None if shape is None else shapely.geometry.mapping(shape)
        features.append(
            {"type": "Feature", "properties": {"site_id": str(site_id), **values}, "geometry": geometry}
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def write_parquet(frame: gpd.GeoDataFrame, /) -> bytes:
    """Return sites as GeoParquet 1.1: zstd, with a covering column of bounds for window queries."""
    sink = io.BytesIO()
    tabulate_sites(frame).to_parquet(
        sink, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True
    )
    return sink.getvalue()


def _write_gpkg(frame: gpd.GeoDataFrame) -> bytes:
    from renewal_gis.render.geopackage import write_geopackage  # noqa: PLC0415  # brings GDAL along

    return write_geopackage({"sites": tabulate_sites(frame)}, as_of=_CREATED.date())


def _write_zip(frame: gpd.GeoDataFrame) -> tuple[bytes, Report]:
    from renewal_gis.render.shapefile import write_shapefile  # noqa: PLC0415  # brings GDAL along

    return write_shapefile(frame)


WRITERS: Mapping[str, Callable[[gpd.GeoDataFrame], tuple[bytes, Report]]] = {
    ".csv": lambda frame: (b"\xef\xbb\xbf" + write_csv(frame).encode(), Report()),
    ".xlsx": write_xlsx,
    ".geojson": lambda frame: (write_geojson(frame).encode(), Report()),
    ".gpkg": lambda frame: (_write_gpkg(frame), Report()),
    ".parquet": lambda frame: (write_parquet(frame), Report()),
    ".zip": _write_zip,
}
"""Writers by suffix; each returns the file and what the format could not hold."""
