"""Sites as a zipped GBK shapefile: short pinyin names with a dictionary, and a list of all that did not fit."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from renewal_gis.errors import PublishError
from renewal_gis.findings import Report
from renewal_gis.render.tables import KINDS, OTHER, clean_text, name_kinds, tabulate_sites

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd

LIMIT_BYTES = 254
"""What a text field of dBASE holds, counted in the bytes of GBK."""
NAME_BYTES = 10
BLANK = "〓"
"""Stands for a character that GBK does not have, as printers have always shown a missing type."""
_LANGUAGE_BYTE, _GBK_MARK = 29, b"\x4d"
_STAMP = (1980, 1, 1, 0, 0, 0)
_LAYERS = {"点": "sites_point", "线": "sites_line", "面": "sites_polygon"}
_NO_SHAPE = "sites_noshape"
_README = """本压缩包由 shapefile 组成,坐标系 CGCS2000(EPSG:4490),属性编码 GBK(.cpg)。
sites_point、sites_line、sites_polygon 为点、线、面;sites_noshape.dbf 为没有位置的项目。
fields.csv 为字段对照:shapefile 字段名不超过 10 字节,故用拼音。
changes.csv 列出存不下的内容:超过 254 字节的文字、GBK 没有的字(以“〓”代替)、不能存的图形;全文在该表中。
"""


def name_fields(names: Sequence[str], /) -> dict[str, str]:
    """Return a unique ASCII name of at most ten characters for each field: pinyin, or its initials.

    Examples
    --------
    >>> name_fields(["名称", "填报单位", "投资_万元", "site_id"])
    {'名称': 'mingcheng', '填报单位': 'tbdw', '投资_万元': 'tz_wy', 'site_id': 'site_id'}
    """
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415  # only for shapefiles

    made: dict[str, str] = {}
    for name in names:
        full = "".join(lazy_pinyin(name))
        short = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
        word = next((word for word in (full, short) if len(word) <= NAME_BYTES), short)
        word = re.sub(r"\W", "_", word, flags=re.ASCII)[:NAME_BYTES] or "f"
        word = word if not word[0].isdigit() else f"f{word}"[:NAME_BYTES]
        taken, number, unique = {known.lower() for known in made.values()}, 1, word
        while unique.lower() in taken:
            number += 1
            unique = f"{word[: NAME_BYTES - len(str(number))]}{number}"
        made[name] = unique
    return made


def fit_text(text: str, /) -> str:
    """Return text as dBASE holds it in GBK: unknown characters as 〓, at most 254 bytes, no half character.

    Examples
    --------
    >>> fit_text("洺关𠮷里"), len(fit_text("长" * 200))
    ('洺关〓里', 127)
    """
    known = "".join(char if _in_gbk(char) else BLANK for char in text)
    return known.encode("gbk")[:LIMIT_BYTES].decode("gbk", "ignore")


def _in_gbk(char: str) -> bool:
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def write_shapefile(frame: gpd.GeoDataFrame, /) -> tuple[bytes, Report]:
    """Return sites as a zip of shapefiles, one for each kind of geometry, and what did not fit.

    Parameters
    ----------
    frame
        SITES in EPSG:4490.

    Returns
    -------
    bytes, Report
        The same sites give the same bytes. Whatever is cut or replaced is a finding, and stands with
        its full text in ``changes.csv`` inside the zip.

    Raises
    ------
    PublishError
        The temporary folder cannot hold it.

    Notes
    -----
    A shapefile is for programs that read nothing else; the GeoPackage loses nothing.
    """
    table = tabulate_sites(frame)
    kinds = name_kinds(table.geometry)
    names = name_fields([str(name) for name in table.columns.drop("geometry")])
    fitted, changes = _fit(table, list(names))
    changes += [
        (site_id, "图形", "不能存为 shapefile", shape.wkt)
        for site_id, shape in zip(table["site_id"], table.geometry.where(kinds == OTHER), strict=True)
        if shape is not None
    ]
    fitted = fitted.rename(columns=names)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for kind, layer in _LAYERS.items():
            if (kinds == kind).any():
                _write_layer(fitted[kinds == kind], place / f"{layer}.shp", names)
        bare = ~kinds.isin(list(KINDS))
        if bare.any():
            _write_layer(
                pd.DataFrame(fitted[bare].drop(columns="geometry")), place / f"{_NO_SHAPE}.dbf", names
            )
        (place / "fields.csv").write_bytes(_write_rows(["字段", "名称", "类型"], _list_fields(table, names)))
        (place / "changes.csv").write_bytes(_write_rows(["编号", "字段", "原因", "全文"], changes))
        (place / "readme.txt").write_text(_README, encoding="utf-8-sig")
        return _zip(place), _report(changes)


def _fit(table: gpd.GeoDataFrame, names: Iterable[str]) -> tuple[gpd.GeoDataFrame, list[tuple[str, ...]]]:
    changes: list[tuple[str, ...]] = []
    made = {}
    for name in names:
        if not pd.api.types.is_string_dtype(table[name]):
            continue
        made[name] = [fit_text(value) for value in table[name]]
        for site_id, old, new in zip(table["site_id"], table[name], made[name], strict=True):
            if old != new:
                reasons = {"超过 254 字节": len(new) < len(old), "GBK 没有的字": not all(map(_in_gbk, old))}
                told = "、".join(reason for reason, holds in reasons.items() if holds)
                changes.append((site_id, name, told, old))
    return table.assign(**made), changes


def _write_layer(table: pd.DataFrame, path: Path, names: dict[str, str]) -> None:
    options = {"DBF_DATE_LAST_UPDATE": "1980-01-01"}
    try:
        pyogrio.write_dataframe(
            table,
            path,
            driver="ESRI Shapefile",
            encoding="GBK",
            use_arrow=True,
            layer_options=options,
            promote_to_multi=False,
        )
        count = pyogrio.read_info(path)["features"]
    except (RuntimeError, OSError) as error:
        raise PublishError(f"shapefile 没有写成:{error}", remedy="检查临时文件夹的空间") from error
    if count != len(table) or list(pyogrio.read_info(path)["fields"]) != list(names.values()):
        raise PublishError("shapefile 没有写完整", remedy="检查临时文件夹的空间,或改用 .gpkg")
    path.with_suffix(".cpg").write_text("GBK", encoding="ascii")
    with path.with_suffix(".dbf").open("rb+") as file:  # the mark that WPS, Excel and ArcGIS look for
        file.seek(_LANGUAGE_BYTE)
        file.write(_GBK_MARK)


def _list_fields(table: gpd.GeoDataFrame, names: dict[str, str]) -> list[tuple[str, str, str]]:
    return [(short, name, _name_type(table[name])) for name, short in names.items()]


def _name_type(column: pd.Series) -> str:
    tests = {
        "文本": pd.api.types.is_string_dtype,
        "是否": pd.api.types.is_bool_dtype,
        "整数": pd.api.types.is_integer_dtype,
        "小数": pd.api.types.is_float_dtype,
    }
    return next((name for name, test in tests.items() if test(column)), "日期")


def _write_rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    from renewal_gis.render.exports import guard_cell  # noqa: PLC0415  # exports calls this module

    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerows([[guard_cell(value) for value in row] for row in [head, *rows]])
    return sink.getvalue().encode("utf-8-sig")


def _zip(folder: Path) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name, _STAMP)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return sink.getvalue()


def _report(changes: list[tuple[str, ...]]) -> Report:
    report = Report()
    for site_id, name, reason, text in changes:
        report.add("export-changed", site_id=site_id, field=name, value=clean_text(text), new=reason)
    return report
