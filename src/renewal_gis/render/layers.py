"""The layers that GIS staff open in QGIS: one GeoPackage with Chinese field names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import DefectKind, Label, LinkKind, Placement, Stage, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import geopandas as gpd

    from renewal_gis.survey import Survey

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
    "investment_wan": "投资_万元",
    "leader": "分包领导",
    "task_force": "推进专班",
    "contractor": "施工单位",
    "planned_start": "计划开工",
    "planned_finish": "计划完工",
    "actual_start": "实际开工",
    "actual_finish": "实际完工",
    "content_items": "改造内容",
    "notes": "备注",
    "source_file": "来源文件",
    "source_row": "来源行号",
    "simulated": "模拟数据",
}
UNIT_FIELDS: Mapping[str, str] = {"name": "名称", "kind": "类别", "core": "主城区"}
ROAD_FIELDS: Mapping[str, str] = {"highway": "道路等级", "name": "道路名称", "length_m": "长度_米"}
DEAD_END_FIELDS: Mapping[str, str] = {
    "highway": "道路等级",
    "name": "道路名称",
    "verdict": "判定",
    "reason": "理由",
    "stub_m": "断头段长度_米",
    "district": "所在区县",
}
LINK_FIELDS: Mapping[str, str] = {
    "rank": "名次",
    "priority": "优先度",
    "score": "校准概率",
    "kind": "类型",
    "length_m": "拟打通长度_米",
    "network_m": "现状绕行_米",
    "detour_ratio": "绕行系数",
    "saved_m": "节省_米",
    "benefit": "效益",
    "barriers": "阻隔",
    "planned": "规划道路",
    "district": "所在区县",
    "ledger_site": "台账编号",
    "reasons": "理由",
    "status": "核实状态",
}
DEFECT_FIELDS: Mapping[str, str] = {
    "kind": "类型",
    "size_m": "偏差_米",
    "repair": "修改建议",
    "district": "所在区县",
}

LABELS: Mapping[str, type[Label]] = {"stage": Stage, "placement": Placement, "verdict": Verdict}


def write_layers(survey: Survey, /) -> bytes:
    """Return a GeoPackage with the layers sites, units, roads, dead_ends, links and defects.

    All in EPSG:4490, fields named in Chinese; the same survey gives the same bytes.

    Parameters
    ----------
    survey
        What is shown.
    """
    plan = survey.plan
    sites = _label(survey.sites, LABELS)
    sites["programme"] = sites["programme"].map({p.id: p.short for p in plan.programmes})
    sites["category"] = (
        sites["category"].map({c.id: c.name for p in plan.programmes for c in p.categories}).fillna("")
    )
    links = _label(survey.links, {"kind": LinkKind}).assign(status="疑似,待现场核实")
    frames = {
        "sites": _choose(sites, SITE_FIELDS, index="编号"),
        "units": _choose(survey.units, UNIT_FIELDS, index="代码"),
        "roads": _choose(survey.streets, ROAD_FIELDS),
        "dead_ends": _choose(_label(survey.dead_ends, LABELS), DEAD_END_FIELDS),
        "links": _choose(links, LINK_FIELDS),
        "defects": _choose(_label(survey.defects, {"kind": DefectKind}), DEFECT_FIELDS),
    }
    return write_geopackage(frames, as_of=survey.as_of)


def write_geopackage(frames: Mapping[str, gpd.GeoDataFrame], /, *, as_of: dt.date) -> bytes:
    """Return a GeoPackage of named layers, stamped with ``as_of`` instead of the clock.

    Parameters
    ----------
    frames
        Layer name to frame; a frame may be empty, and geometries of several types or missing.
    as_of
        The date that the file says it was changed.
    """
    clock = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(clock)
    pyogrio.set_gdal_config_options({clock: f"{as_of.isoformat()}T00:00:00.000Z"})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layers.gpkg"
            for name, frame in frames.items():
                kinds = set(frame.geometry.dropna().geom_type)
                only = kinds.pop() if len(kinds) == 1 else "Unknown"
                pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", geometry_type=only)
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({clock: before})


def _label(frame: gpd.GeoDataFrame, labels: Mapping[str, type[Label]]) -> gpd.GeoDataFrame:
    """Replace codes by their Chinese labels, where the frame has the column."""
    shown = {
        column: frame[column].map({str(member): member.zh for member in words})
        for column, words in labels.items()
        if column in frame.columns
    }
    return frame.assign(**shown)


def _choose(frame: gpd.GeoDataFrame, fields: Mapping[str, str], *, index: str = "") -> gpd.GeoDataFrame:
    """Keep and rename the fields that are there; dates become dates without a time."""
    kept = [column for column in fields if column in frame.columns]
    chosen = frame[[*kept, frame.geometry.name]].to_crs(STORED_CRS)
    for column in kept:
        if pd.api.types.is_datetime64_any_dtype(chosen[column]):
            chosen[column] = chosen[column].dt.strftime("%Y-%m-%d")
    chosen = chosen.rename(columns=dict(fields))
    if index:
        chosen.insert(0, index, frame.index.astype(str))
    return chosen.reset_index(drop=True)
