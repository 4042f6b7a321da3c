"""The layers that GIS staff open in QGIS: one GeoPackage with Chinese field names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from renewal_gis.render import qgis_project, qgis_style
from renewal_gis.render.exports import write_parquet
from renewal_gis.render.geopackage import write_geopackage
from renewal_gis.render.qgis_project import SITE_VIEWS, Sheet
from renewal_gis.render.scene import choose_target
from renewal_gis.render.shapefile import write_shapefile
from renewal_gis.render.style import LIGHTS, find_stage_group, format_day
from renewal_gis.render.tables import KINDS, SITE_FIELDS, name_kinds, shape_columns
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import (
    NO_TASK,
    SIMULATED,
    SUSPECTED,
    DefectKind,
    Label,
    LinkKind,
    Placement,
    Stage,
    Verdict,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    import geopandas as gpd

    from renewal_gis.render.qgis_style import Look
    from renewal_gis.survey import Survey

_SITE_EXTRAS: Mapping[str, str] = {"stage_group": "阶段组", "kind": "图形"}
UNIT_FIELDS: Mapping[str, str] = {
    "name": "名称",
    "kind": "类别",
    "core": "主城区",
    "indicator": "指标",
    "done": "完成数",
    "base": "任务数",
    "light": "亮灯",
}
PROGRESS_FIELDS: Mapping[str, str] = {
    "target": "目标编号",
    "programme": "专项",
    "indicator": "指标",
    "unit": "责任单位",
    "measure": "计量单位",
    "base": "任务数",
    "ledger": "台账数",
    "located": "有位置",
    "unlocated": "无位置",
    "done": "完成数",
    "counted": "计入完成率",
    "rate": "完成率",
    "expected": "序时进度",
    "pace_pp": "进度偏差_百分点",
    "light": "亮灯",
    "simulated": "模拟数据",
}
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

_MULTI = {
    "MultiPoint": shapely.MultiPoint,
    "MultiLineString": shapely.MultiLineString,
    "MultiPolygon": shapely.MultiPolygon,
}
_MAIN_ROADS = ", ".join(f"'{name}'" for name in ("motorway", "trunk", "primary", "secondary"))
_GROUPS: Mapping[str, tuple[tuple[str, str, str, bool, int], ...]] = {
    "断头路(疑似)": (
        ("links", "拟打通路段", "", True, 200_000),
        ("dead_ends", "疑似断头路端点", f"判定 = '{Verdict.CANDIDATE.zh}'", True, 100_000),
        ("dead_ends", "其他端点", f"判定 <> '{Verdict.CANDIDATE.zh}'", False, 100_000),
        ("defects", "数据缺陷", "", False, 100_000),
    ),
    "区县与道路": (
        ("roads", "主要道路", f"道路等级 IN ({_MAIN_ROADS})", True, 0),
        ("roads", "其他道路", f"道路等级 NOT IN ({_MAIN_ROADS})", True, 100_000),
        ("units", "区县(亮灯)", "", True, 0),
    ),
}
"""Groups of the project below the programmes: layer, title, rows, whether shown, from which scale on."""
_TYPES = {
    "units": "Polygon",
    "roads": "LineString",
    "links": "LineString",
    "dead_ends": "Point",
    "defects": "Point",
}
_STYLES_TABLE = """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
  styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"""

LABELS: Mapping[str, type[Label]] = {"stage": Stage, "placement": Placement, "verdict": Verdict}


@dataclass(frozen=True)
class Layers:
    """The frames of the GeoPackage under their Chinese heads, and the looks of its layers.

    ``looks`` holds the styles of each layer by name, the one that QGIS takes first in front.
    """

    frames: Mapping[str, gpd.GeoDataFrame]
    looks: Mapping[str, Mapping[str, Look]]


def write_layers(survey: Survey, /) -> dict[str, bytes]:
    """Return the files of the layers by name: GeoPackage, QGIS project, GeoParquet and GBK shapefiles.

    ``renewal.gpkg`` holds sites (with the views sites_point, sites_line, sites_polygon), units, progress,
    roads, dead_ends, links and defects, in EPSG:4490, fields named in Chinese, with styles for QGIS.
    The same survey gives the same bytes.

    Parameters
    ----------
    survey
        What is shown.
    """
    layers = _gather(survey)
    return {
        "renewal.gpkg": write_geopackage(
            layers.frames, as_of=survey.as_of, types=_TYPES, dress=lambda base: _dress(base, layers, survey)
        ),
        "renewal.qgz": _write_project(survey, layers),
        "sites.parquet": write_parquet(_name_codes(survey)),
        "sites.shp.zip": write_shapefile(_name_codes(survey))[0],
    }


def _name_codes(survey: Survey) -> gpd.GeoDataFrame:
    """Return the sites with the words of the plan in place of its codes, and their group of stages."""
    plan = survey.plan
    sites = _label(survey.sites, LABELS)
    categories = {c.id: c.name for p in plan.programmes for c in p.categories}
    return _join_kinds(sites).assign(
        programme=sites["programme"].map({p.id: p.short for p in plan.programmes}),
        category=sites["category"].map(categories).fillna(""),
        stage_group=survey.sites["stage"].map(lambda stage: find_stage_group(stage).name),
        kind=name_kinds(sites.geometry),
    )


def _join_kinds(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make all polygons multipolygons where some are, and so on: a layer of QGIS has one type."""
    kinds = name_kinds(sites.geometry)
    shapes = sites.geometry.copy()
    for kind, (single, multi, *_) in KINDS.items():
        found = set(shapes[kinds == kind].geom_type)
        if {single, multi} <= found:
            change = ((kinds == kind) & (shapes.geom_type == single)).to_numpy()
            shapes[change] = [_MULTI[multi]([shape]) for shape in shapes[change]]
    return sites.set_geometry(shapes)


def _gather(survey: Survey) -> Layers:
    links = _label(survey.links, {"kind": LinkKind}).assign(status=SUSPECTED)
    frames = {
        "sites": _choose(_name_codes(survey), {**SITE_FIELDS, **_SITE_EXTRAS}, index="编号"),
        "units": _choose(_light_units(survey), UNIT_FIELDS, index="代码"),
        "progress": _list_progress(survey),
        "roads": _choose(survey.streets, ROAD_FIELDS),
        "dead_ends": _choose(_label(survey.dead_ends, LABELS), DEAD_END_FIELDS),
        "links": _choose(links, LINK_FIELDS),
        "defects": _choose(_label(survey.defects, {"kind": DefectKind}), DEFECT_FIELDS),
    }
    views = {
        view: {"专项": qgis_style.programme_look(survey.plan, kind), "阶段": qgis_style.stage_look(kind)}
        for kind, view in SITE_VIEWS.items()
    }
    others = qgis_style.finding_looks() | {
        "units": qgis_style.light_look(),
        "roads": qgis_style.road_look(frames["roads"]["道路等级"].fillna("")),
    }
    return Layers(frames, views | {name: {"默认": look} for name, look in others.items()})


def _light_units(survey: Survey) -> gpd.GeoDataFrame:
    """Return the units with the light of the target that the maps show."""
    target = choose_target(survey)
    rows = survey.progress[survey.progress["target"] == target.id].set_index("unit")
    names = survey.units["name"]
    lights = {code: light.name for code, light in LIGHTS.items()}
    return survey.units.assign(
        indicator=target.indicator,
        done=names.map(rows["done"]).astype("Int64"),
        base=names.map(rows["base"]).astype("Int64"),
        light=names.map(rows["light"]).map(lights).fillna(NO_TASK),
    )


def _list_progress(survey: Survey) -> pd.DataFrame:
    """Return progress as a table without geometry; shares as numbers of 0–1."""
    rows = survey.progress
    kept = {column: head for column, head in PROGRESS_FIELDS.items() if column in rows.columns}
    shares = {
        name: rows[name].map(lambda value: None if value is None else float(value)).astype("Float64")
        for name in ("rate", "expected", "pace_pp")
    }
    lights = rows["light"].map({code: light.name for code, light in LIGHTS.items()}).fillna(NO_TASK)
    short = {p.id: p.short for p in survey.plan.programmes}
    table = rows.assign(
        **shares, light=lights, programme=rows["programme"].map(short), simulated=survey.simulated
    )
    return pd.DataFrame(table[list(kept)]).rename(columns=kept)


def _write_project(survey: Survey, layers: Layers) -> bytes:
    sites = layers.frames["sites"]
    fields = tuple(str(name) for name in sites.columns.drop(sites.geometry.name))
    groups = qgis_project.list_programmes(
        survey.plan, zip(sites["专项"], sites["图形"], strict=True), fields=fields
    )
    for group, names in _GROUPS.items():
        groups[group] = [
            Sheet(
                title,
                name,
                layers.looks[name]["默认"],
                tuple(map(str, layers.frames[name].columns.drop("geometry"))),
                subset,
                shown,
                scale,
            )
            for name, title, subset, shown, scale in names
        ]
    mark = f"({SIMULATED})" if survey.simulated else ""
    west, south, east, north = map(float, survey.units.to_crs(survey.plan.crs_metric).total_bounds)
    return qgis_project.write_project(
        survey.plan,
        groups,
        title=f"{survey.plan.short} 截至{format_day(survey.as_of)}{mark}",
        simulated=survey.simulated,
        bounds=(west, south, east, north),
        database="renewal.gpkg",
    )


def _dress(base: sqlite3.Connection, layers: Layers, survey: Survey) -> None:
    """Add the views of the sites and the styles of all layers."""
    stamp = f"{survey.as_of.isoformat()}T00:00:00.000Z"
    names = [f'"{name}"' for name in layers.frames["sites"].columns.drop("geometry")]
    for kind, view in SITE_VIEWS.items():
        base.execute(
            f"CREATE VIEW {view} AS SELECT fid, geom, {', '.join(names)} FROM sites "  # noqa: S608  # our own names
            f"WHERE 图形 = '{kind}'"
        )
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, min_x, min_y, "
            "max_x, max_y, srs_id) SELECT ?, 'features', ?, ?, ?, min_x, min_y, max_x, max_y, srs_id "
            "FROM gpkg_contents WHERE table_name = 'sites'",
            (view, view, f"项目({kind})", stamp),
        )
        base.execute(
            "INSERT INTO gpkg_geometry_columns SELECT ?, column_name, ?, srs_id, z, m "
            "FROM gpkg_geometry_columns WHERE table_name = 'sites'",
            (view, _type_of(layers.frames["sites"], kind)),
        )
    base.execute(_STYLES_TABLE)
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
        (stamp,),
    )
    mark = SIMULATED if survey.simulated else ""
    for layer, looks in layers.looks.items():
        frame = layers.frames.get(layer, layers.frames["sites"])
        fields = [str(name) for name in frame.columns.drop("geometry")]
        for first, (name, look) in enumerate(looks.items()):
            qml = qgis_style.write_qml(look, fields=fields)
            base.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                "VALUES ('', '', ?, 'geom', ?, ?, '', ?, ?, '', ?)",
                (layer, name, qml, int(first == 0), mark, stamp),
            )


def _type_of(sites: gpd.GeoDataFrame, kind: str) -> str:
    found = sorted(set(sites.geometry[sites["图形"] == kind].geom_type))
    return str(found[0] if len(found) == 1 else KINDS[kind][0]).upper()


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
    chosen = (
        shape_columns(frame[[*kept, frame.geometry.name]]).to_crs(STORED_CRS).rename(columns=dict(fields))
    )
    if index:
        chosen.insert(0, index, frame.index.astype(str))
    return chosen.reset_index(drop=True)
