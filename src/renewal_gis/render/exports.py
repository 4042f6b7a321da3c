"""Sites as files for other programs: no live formulas, no control characters, no name that leads elsewhere."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from renewal_gis.errors import InputError
from renewal_gis.files import write_bytes, write_whole
from renewal_gis.render.layers import SITE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(1, 10))}
_FORMULA_MARKS = (*"=+-@\t\r\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
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


def clean_text(value: object, /) -> str:
    """Return text without the characters that XML and terminals cannot hold."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124  # NaN is not itself
        return ""
    text = value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else str(value)
    return "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cs", "Cn") or char in "\n\t"
    )


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


def export_table(frame: gpd.GeoDataFrame, path: Path, /) -> None:
    """Write sites to one file, in the format that its suffix names.

    Parameters
    ----------
    frame
        SITES in EPSG:4490.
    path
        ``.csv`` (with a byte order mark, for office programs), ``.xlsx``, ``.geojson`` or ``.gpkg``.

    Raises
    ------
    InputError
        Another suffix.
    PublishError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        write_whole(path, lambda draft: _write_gpkg(frame, draft))
    elif suffix == ".csv":
        write_bytes(path, b"\xef\xbb\xbf" + write_csv(frame).encode())
    elif suffix == ".xlsx":
        write_bytes(path, write_xlsx(frame))
    elif suffix == ".geojson":
        write_bytes(path, write_geojson(frame).encode())
    else:
        raise InputError(
            f"不支持的输出格式“{suffix}”", place=str(path), remedy="用 .csv、.xlsx、.geojson 或 .gpkg"
        )


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


def write_xlsx(frame: gpd.GeoDataFrame, /) -> bytes:
    """Return sites as a workbook in which every cell is text or a number."""
    import xlsxwriter  # noqa: PLC0415  # only for workbooks

    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as book:
        sheet = book.add_worksheet("台账")
        for line, row in enumerate(list_rows(frame)):
            for place, value in enumerate(row):
                number = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124
                if number:
                    sheet.write_number(line, place, value)
                else:
                    sheet.write_string(line, place, clean_text(value)[:32_767])
    return sink.getvalue()


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


def _write_gpkg(frame: gpd.GeoDataFrame, draft: Path) -> None:
    names = [name for name in SITE_FIELDS if name in frame.columns]
    table = frame[[*names, frame.geometry.name]].copy()
    for name in names:
        table[name] = [clean_text(value) for value in table[name]]
    table.insert(0, "site_id", frame.index.astype(str))
    table = table.reset_index(drop=True).rename(columns=dict(SITE_FIELDS))
    table.to_file(draft, layer="sites", driver="GPKG", engine="pyogrio")
