"""Vector files → records with geometry, each counted, none lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.errors import CrsError, InputError
from renewal_gis.geo.crs import check_datum, name_crs, read_crs
from renewal_gis.intake.archives import unpack
from renewal_gis.intake.features import Features, zip_rows
from renewal_gis.intake.gate import Admitted, admit, private_copy
from renewal_gis.intake.gdal_files import (  # before geopandas: sets what GDAL may load
    DRIVERS,
    read_gdal,
    read_shapefile,
)
from renewal_gis.intake.json_files import read_json
from renewal_gis.intake.kml import read_kml
from renewal_gis.intake.shapes import Mended, mend_shapes
from renewal_gis.schema import STORED_CRS

import geopandas as gpd  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyproj import CRS

VECTOR_SUFFIXES = frozenset({*DRIVERS, ".zip", ".kmz", ".parquet", ".topojson"})


def read_layer(
    path: str | Path, /, *, crs: str | None = None, layer: str | None = None, needed: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Return a layer in the stored system, with repaired geometry.

    Parameters
    ----------
    path
        Any vector file that the gate admits.
    crs
        What the owner declares; needed where the file does not say, an error where the file says
        otherwise.
    layer
        The layer's name; needed where the file has several.
    needed
        Columns without which the layer is refused.

    Returns
    -------
    GeoDataFrame
        The file's columns and geometry, EPSG:4490. Rows whose geometry cannot be used keep None;
        ``attrs["findings"]`` holds what was found.

    Raises
    ------
    MissingFileError, InputError
        What the gate refuses; damaged; several layers; a needed column is missing.
    CrsError
        No system, two systems, or an old datum without parameters.
    """
    features = read_features(path, layer=layer)
    missing = [name for name in needed if name not in features.names]
    if missing:
        raise InputError(
            f"缺少列“{'”“'.join(missing)}”(有:{'、'.join(features.names)})",
            place=features.file,
            remedy="请补上该列",
        )
    source = settle_crs(features, declared=crs)
    shapes = mend_features(features).shapes
    frame = gpd.GeoDataFrame(list(features.rows), columns=list(features.names), geometry=shapes, crs=source)
    frame = frame.to_crs(STORED_CRS)
    frame.attrs["findings"] = features.findings
    return frame


def settle_crs(features: Features, *, declared: str | None) -> CRS:
    """Return the system of a layer: what the file says, else what its owner declares.

    Raises
    ------
    CrsError
        Neither says; they contradict each other; or the datum is an old one.
    """
    if features.crs is None and declared is None:
        why = next((finding.text for finding in features.findings if finding.code == "crs-absent"), "")
        raise CrsError(
            f"{why and why + ';'}没有坐标系(CRS;shapefile 缺 .prj)",
            place=features.file,
            remedy="请附 .prj,或在方案的 sources 中用 crs 写明;坐标系只能声明,不可猜测",
        )
    found = read_crs(features.crs if features.crs is not None else declared)
    if features.crs is not None and declared is not None and not _same_place(found, read_crs(declared)):
        raise CrsError(
            f"文件的坐标系为 {name_crs(found)},方案声明为 {declared}",
            place=features.file,
            remedy="请核对后改正其中一个",
        )
    vague = found.name.lower().startswith(("undefined", "unknown"))
    if vague or found.is_engineering or found.is_vertical or not (found.is_geographic or found.is_projected):
        raise CrsError(
            f"坐标系“{found.name}”没有地理位置(CRS undefined,srs)",
            place=features.file,
            remedy="请声明坐标系后重新导出",
        )
    try:
        check_datum(found)
    except CrsError as error:
        raise CrsError(error.message, place=features.file, remedy=error.remedy) from None
    return found


def _same_place(one: CRS, other: CRS) -> bool:
    """Tell whether two systems are one for our purposes: WGS 84 and CGCS2000 differ by decimetres."""
    if one.is_geographic and other.is_geographic:
        return True
    return bool(one.equals(other, ignore_axis_order=True)) or one.to_epsg(40) == other.to_epsg(40)


def read_features(
    path: str | Path, /, *, layer: str | None = None, admitted: Admitted | None = None
) -> Features:
    """Return the records of a vector file as they are; geometry is not yet repaired.

    Parameters
    ----------
    path
        The file.
    layer
        The layer's name, where there are several.
    admitted
        The gate's answer, if it was asked already.

    Raises
    ------
    MissingFileError, InputError
        What the gate refuses; damaged; several layers of which none was named.
    """
    admitted = admitted or admit(path)
    suffix = admitted.path.suffix.lower()
    if suffix in (".zip", ".kmz"):
        return _read_archive(admitted, layer)
    if suffix == ".parquet":
        return _read_parquet(admitted)
    if suffix in (".geojson", ".json", ".topojson"):
        return read_json(admitted, layer)
    if suffix == ".kml":
        return read_kml(admitted, layer)
    if suffix not in DRIVERS:
        raise InputError(
            f"{suffix} 不是矢量数据格式(format)",
            place=admitted.name,
            remedy=f"可用:{' '.join(sorted(VECTOR_SUFFIXES))}",
        )
    with private_copy(admitted.path) as copy:
        if suffix == ".shp":
            return read_shapefile(copy, admitted)
        return read_gdal(copy, admitted, layer)


def _read_archive(admitted: Admitted, layer: str | None) -> Features:
    with unpack(admitted.path, name=admitted.name) as folder:
        inside = [
            p
            for p in sorted(folder.rglob("*"))
            if p.is_file() and p.suffix.lower() in VECTOR_SUFFIXES - {".zip", ".kmz", ".topojson"}
        ]
        inside += [p for p in sorted(folder.rglob("*.gdb")) if p.is_dir()]
        inside = [p for p in inside if not p.name.startswith("._") and "__MACOSX" not in p.parts]
        chosen = [p for p in inside if layer in (None, p.stem)] if len(inside) > 1 else inside
        if len(chosen) != 1:
            names = "、".join(p.stem for p in inside)
            raise InputError(
                f"压缩包里有多个图层(layer):{names}" if inside else "压缩包里没有可读的矢量数据",
                place=admitted.name,
                remedy="请指明一个图层,或只打包一个" if inside else "请打包整套 shapefile",
            )
        return read_features(
            chosen[0],
            layer=layer if len(inside) == 1 else None,
            admitted=replace(admit(chosen[0]), name=admitted.name),
        )


def _read_parquet(admitted: Admitted) -> Features:
    import pyarrow.parquet as pq  # noqa: PLC0415  # only this format needs it

    try:
        spatial = b"geo" in (pq.read_schema(admitted.path).metadata or {})
        found = _from_frame(gpd.read_parquet(admitted.path), admitted.name) if spatial else None
    except Exception as error:  # pyarrow raises kinds of its own for damaged bytes
        raise InputError(
            f"parquet 损坏(corrupt):{str(error)[:120]}", place=admitted.name, remedy="请重新导出"
        ) from error
    if found is None:
        raise InputError(
            "parquet 没有图形(不是 GeoParquet)",
            place=admitted.name,
            remedy="请用 to_parquet 从 GeoDataFrame 导出",
        )
    return found


def _from_frame(frame: gpd.GeoDataFrame, name: str) -> Features:
    shapes = np.asarray(frame.geometry.array, dtype=object)
    names = tuple(str(c) for c in frame.columns if c != frame.geometry.name)
    rows = zip_rows(names, [frame[name].astype(object).where(frame[name].notna(), None) for name in names])
    return Features(name, "", names, rows, shapes, ("",) * len(rows), frame.crs)


def mend_features(features: Features) -> Mended:
    """Return the layer's shapes after repair; every repair and fault is added to its findings."""
    mended = mend_shapes(features.shapes, known_faults=features.faults)
    repairs = {
        row: ";".join(w for w in (features.repairs.get(row, ""), mended.repairs.get(row, "")) if w)
        for row in {*features.repairs, *mended.repairs}
        if row not in mended.faults
    }
    for row, words in sorted(repairs.items()):
        features.findings.add("geometry-repaired", file=features.file, row=row + 1, value=words)
    for row, words in sorted(mended.faults.items()):
        features.findings.add("geometry-refused", file=features.file, row=row + 1, value=words)
    if mended.flattened:
        features.findings.add("geometry-flattened", file=features.file, value=f"Z,{mended.flattened} 个")
    kinds = sorted(
        {str(shape.geom_type).removeprefix("Multi") for shape in mended.shapes if shape is not None}
    )
    if len(kinds) > 1:
        features.findings.add("geometry-mixed", file=features.file, value="、".join(kinds))
    return replace(mended, repairs=repairs)
