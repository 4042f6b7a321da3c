"""Sites as one plain table for every file format: Chinese heads, clean text, true dates."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

SITE_FIELDS: Mapping[str, str] = {
    "name": "名称",
    "programme": "专项",
    "category": "类别",
    "declared_unit": "填报单位",
    "managing_unit": "管理单位",
    "located_name": "所在区县",
    "placement": "落位方式",
    "shares": "区县份额",
    "township": "街道乡镇",
    "address": "地址",
    "stage": "阶段",
    "stage_date": "阶段日期",
    "households": "户数",
    "buildings": "楼栋数",
    "dwellings": "套数",
    "floor_area_m2": "建筑面积_平方米",
    "length_m": "长度_米",
    "investment_wan": "投资_万元",
    "consulted_share": "征求意见比例",
    "satisfied_share": "居民满意度",
    "leader": "分包领导",
    "task_force": "推进专班",
    "contractor": "施工单位",
    "planned_start": "计划开工",
    "planned_finish": "计划完工",
    "actual_start": "实际开工",
    "actual_finish": "实际完工",
    "content_items": "改造内容",
    "photo_before": "改造前照片",
    "photo_after": "改造后照片",
    "notes": "备注",
    "source_file": "来源文件",
    "source_row": "来源行号",
    "simulated": "模拟数据",
}
"""Columns of SITES and LOCATED with the heads under which they leave the house, in order."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "点": ("Point", "MultiPoint"),
    "线": ("LineString", "MultiLineString", "LinearRing"),
    "面": ("Polygon", "MultiPolygon"),
}
NO_PLACE, OTHER = "无位置", "其他"
DATE = pd.ArrowDtype(pa.date32())


def clean_text(value: object, /) -> str:
    """Return text without the characters that XML and terminals cannot hold."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124  # NaN is not itself
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    text = value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else str(value)
    return "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cs", "Cn") or char in "\n\t"
    )


def tabulate_sites(frame: gpd.GeoDataFrame, /) -> gpd.GeoDataFrame:
    """Return sites under their Chinese heads, ``site_id`` first.

    Parameters
    ----------
    frame
        SITES, with the columns of LOCATED if they are known.

    Returns
    -------
    GeoDataFrame
        Text cleaned, days as dates without a time, numbers as they are; RangeIndex.
    """
    names = [name for name in SITE_FIELDS if name in frame.columns]
    table = frame[[*names, frame.geometry.name]].reset_index(drop=True)
    table = shape_columns(table).rename(columns=dict(SITE_FIELDS))
    table.insert(0, "site_id", [clean_text(site_id) for site_id in frame.index])
    return table.rename_geometry("geometry") if table.geometry.name != "geometry" else table


def shape_columns(frame: gpd.GeoDataFrame, /) -> gpd.GeoDataFrame:
    """Return a frame with clean text and true dates; other columns stay as they are."""
    made = {}
    for name in frame.columns.drop(frame.geometry.name):
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            made[name] = column.dt.date.astype(DATE)
        elif not pd.api.types.is_numeric_dtype(column) and column.dtype != DATE:
            made[name] = pd.Series([clean_text(value) for value in column], index=frame.index, dtype="str")
    return frame.assign(**made)


def name_kinds(shapes: pd.Series, /) -> pd.Series:
    """Return for each geometry 点, 线, 面, 无位置 or 其他."""
    kinds = {known: name for name, types in KINDS.items() for known in types}
    bare = shapes.isna() | shapely.is_empty(shapes.to_numpy())
    return shapes.geom_type.map(kinds).fillna(OTHER).mask(bare, NO_PLACE).astype("str")
