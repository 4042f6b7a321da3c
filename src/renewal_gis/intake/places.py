"""Whatever holds places, with all its columns: vector files, folders of them, tables with coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis.errors import CrsError, InputError
from renewal_gis.findings import Report
from renewal_gis.geo.crs import bd09_to_wgs84, gcj02_to_wgs84
from renewal_gis.intake.features import Features, zip_rows
from renewal_gis.intake.gate import admit, private_copy
from renewal_gis.intake.gdal_files import list_osm_layers
from renewal_gis.intake.grids import read_grid
from renewal_gis.intake.layout import find_table
from renewal_gis.intake.mapping import SITE_COLUMNS
from renewal_gis.intake.positions import read_coordinate, read_wkt, split_pair
from renewal_gis.intake.vectors import VECTOR_SUFFIXES, mend_features, read_features, settle_crs
from renewal_gis.schema import STORED_CRS

import geopandas as gpd  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from renewal_gis.findings import Finding
    from renewal_gis.intake.layout import Table

TABLE_SUFFIXES = frozenset({".csv", ".xlsx", ".xls"})
_SHIFTED = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_PAIRS = (("lon", "lat"), ("east", "north"), ("x", "y"))
# the header of a table of places: where it is, and what it is called
_HEADERS = tuple(c for c in SITE_COLUMNS if c.kind == "position" or c.name in ("site_id", "name"))
_NO_PLACE = "没有坐标列(经度、纬度,或 X、Y,或 WKT)"


@dataclass(frozen=True)
class Places:
    """One layer as it came: every column, EPSG:4490, geometry None where it cannot be used.

    ``crs`` says which system the file is in; ``findings`` what was repaired or cannot be drawn.
    """

    frame: gpd.GeoDataFrame
    crs: str
    findings: tuple[Finding, ...]


def list_files(path: str | Path, /) -> list[Path]:
    """Return the files to read at a path: the file itself, or the vector files of a folder by name.

    Raises
    ------
    InputError
        A folder without vector files.
    """
    folder = Path(path)
    if not folder.is_dir():
        return [folder]
    found = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in VECTOR_SUFFIXES)
    if not found:
        raise InputError(
            "文件夹里没有矢量数据", place=str(path), remedy=f"可用:{' '.join(sorted(VECTOR_SUFFIXES))}"
        )
    return found


def list_layers(path: str | Path, /) -> list[str | None]:
    """Return the layers of a GeoPackage or an OpenStreetMap file; ``[None]`` for a file of one layer.

    Layers of a GeoPackage without geometry, and layers of OpenStreetMap without rows, are left out.

    Raises
    ------
    MissingFileError, InputError
        What the gate refuses.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".gpkg", ".osm", ".pbf"):
        return [None]
    import pyogrio  # noqa: PLC0415  # heavy, and only when GDAL is needed

    with private_copy(admit(path).path) as copy:
        if suffix == ".gpkg":
            names = [str(name) for name, kind in pyogrio.list_layers(str(copy)) if kind is not None]
        else:
            try:
                names = list_osm_layers(copy)
            except (RuntimeError, ValueError, OSError):  # the reading proper tells it better
                names = []
    return list(names) if len(names) > 1 else [None]


def read_places(path: str | Path, /, *, crs: str | None = None, layer: str | None = None) -> Places:
    """Return one layer with all its columns.

    Parameters
    ----------
    path
        A vector file, or a table (csv, xlsx, xls) with columns of coordinates or WKT.
    crs
        The system of a file that does not name one: what PROJ knows, ``GCJ-02`` or ``BD-09``.
    layer
        The layer's name, where there are several; the sheet's name of a workbook.

    Raises
    ------
    MissingFileError, InputError
        What the gate refuses; damaged; no coordinates.
    CrsError
        Neither the file nor ``crs`` says the system, or the datum is an old one.
    """
    admitted = admit(path)
    if admitted.path.suffix.lower() in TABLE_SUFFIXES:
        report = Report()
        grid = read_grid(admitted, sheet=layer or "", report=report)
        table = find_table(grid, _HEADERS, extra={}, needed=(), report=report)
        features = _read_table(table)
    else:
        features = read_features(path, layer=layer, admitted=admitted)
    # what the file says goes first: one option serves many files
    declared = crs if features.crs is None else None
    shift = _SHIFTED.get((declared or "").lower().replace("-", "").replace(" ", ""))
    try:
        source = settle_crs(features, declared=STORED_CRS if shift else declared)
    except CrsError as error:
        remedy = "请附 .prj,或用 --crs 写明(如 --crs EPSG:4490);坐标系只能声明,不可猜测"
        raise CrsError(
            error.message, place=error.place, remedy=error.remedy if declared else remedy
        ) from None
    shapes = mend_features(features).shapes
    if shift:
        shapes = _unshift(shapes, shift)
    frame = gpd.GeoDataFrame(list(features.rows), columns=list(features.names), geometry=shapes, crs=source)
    told = str(declared) if shift else source.to_string()
    return Places(frame.to_crs(STORED_CRS), told, tuple(features.findings))


def _unshift(shapes: Any, shift: Callable[..., Any]) -> Any:
    return shapely.transform(shapes, lambda xy: np.column_stack(shift(xy[:, 0], xy[:, 1])))


def _read_table(table: Table) -> Features:
    """Return the rows of a table as features: points of its coordinate columns, or shapes of its WKT."""
    places = [k for k, header in enumerate(table.headers) if header]
    names = tuple(table.headers[k] for k in places)
    columns = [np.array([row.get(k) for row in table.rows], dtype=object) for k in places]
    wkt = table.column_of("wkt")
    if wkt is not None:
        shapes = [read_wkt(row.get(wkt)) for row in table.rows]
        faults = ["WKT 无法读取" if s is not None and s.is_empty else "" for s in shapes]
    else:
        shapes, faults = _read_points(table)
    packed = np.empty(len(shapes), dtype=object)
    packed[:] = shapes
    return Features(table.file, table.sheet, names, zip_rows(names, columns), packed, tuple(faults), None)


def _read_points(table: Table) -> tuple[list[Any], list[str]]:
    both = next(
        (
            (a, b)
            for first, second in _PAIRS
            if (a := table.column_of(first)) is not None and (b := table.column_of(second)) is not None
        ),
        None,
    )
    pair = table.column_of("pair")
    if both is None and pair is None:
        raise InputError(
            _NO_PLACE, place=table.file, remedy=f"请补坐标列(有:{'、'.join(h for h in table.headers if h)})"
        )
    shapes: list[Any] = []
    faults: list[str] = []
    for row in table.rows:
        first, second = (row.get(both[0]), row.get(both[1])) if both else split_pair(row.get(pair or 0))
        (x, how_x), (y, how_y) = read_coordinate(first), read_coordinate(second)
        good = np.isfinite(x) and np.isfinite(y)
        shapes.append(shapely.Point(x, y) if good else None)
        faults.append("坐标无法读取" if "unread" in (how_x, how_y) else "")
    return shapes, faults
