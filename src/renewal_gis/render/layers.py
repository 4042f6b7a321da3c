"""The layers that GIS staff open in QGIS: one GeoPackage with Chinese field names."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio

from renewal_gis.errors import PublishError
from renewal_gis.render.tables import SITE_FIELDS, shape_columns
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import DefectKind, Label, LinkKind, Placement, Stage, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from renewal_gis.survey import Survey

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


def write_geopackage(
    frames: Mapping[str, gpd.GeoDataFrame],
    /,
    *,
    as_of: dt.date,
    dress: Callable[[sqlite3.Connection], None] | None = None,
) -> bytes:
    """Return a GeoPackage of named layers, stamped with ``as_of`` instead of the clock.

    Parameters
    ----------
    frames
        Layer name to frame; a frame may be empty, and geometries of several types or missing.
        A frame without geometry becomes a table.
    as_of
        The date that the file says it was changed.
    dress
        Adds what GDAL does not know to the finished container: styles, views.

    Raises
    ------
    PublishError
        The temporary folder cannot hold it, or what was written does not read back.
    """
    clock = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(clock)
    pyogrio.set_gdal_config_options({clock: f"{as_of.isoformat()}T00:00:00.000Z"})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layers.gpkg"
            for name, frame in frames.items():
                _append_layer(path, name, frame)
            with contextlib.closing(sqlite3.connect(path)) as base, base:
                if dress is not None:
                    dress(base)
            _check_container(path, frames)
            return path.read_bytes()
    except (sqlite3.Error, RuntimeError, OSError) as error:
        if isinstance(error, PublishError):
            raise
        raise PublishError(f"GeoPackage 没有写成:{error}", remedy="检查临时文件夹的空间") from error
    finally:
        pyogrio.set_gdal_config_options({clock: before})


def _append_layer(path: Path, name: str, frame: gpd.GeoDataFrame) -> None:
    only = {}
    if isinstance(frame, gpd.GeoDataFrame):
        kinds = set(frame.geometry.dropna().geom_type)
        single = {kind.removeprefix("Multi") for kind in kinds}
        several = len(kinds) > 1 and len(single) == 1  # polygons and multipolygons: all become multi
        only = {
            "geometry_type": f"Multi{single.pop()}"
            if several
            else kinds.pop()
            if len(kinds) == 1
            else "Unknown",
            "promote_to_multi": several,
        }
    pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", use_arrow=True, **only)


def _check_container(path: Path, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Count what was written: a driver may report success on a full disk."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        sound = base.execute("PRAGMA integrity_check").fetchone()[0]
        for name, frame in frames.items():
            count = base.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  # our own names
            if sound != "ok" or count != len(frame):
                raise PublishError(
                    f"图层 {name} 没有写完整({count}/{len(frame)})", remedy="检查临时文件夹的空间"
                )


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
