"""Any layers as one page: a legend by status, popups, a table, search; no plan is needed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import SchemaError
from renewal_gis.render.webmap import basemaps as bases
from renewal_gis.render.webmap.classes import (
    CLASS_COLUMN,
    Legend,
    looks_of,
    make_legend,
)
from renewal_gis.render.webmap.offline import render_offline
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.render.webmap.shell import Page, PageShell, frame_markup, make_map
from renewal_gis.vocab import BOUNDARY_NOTE, INTERNAL, SIMULATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.render.webmap.shell import Bounds

_SIDE = """
<section><h2>图层</h2><div class="rg-progs" id="layers"></div></section>
<section class="rg-tablebar"><select id="pick-layer" aria-label="表格的图层"></select><button id="take" class="rg-take" type="button" title="筛选出的要素存为 CSV">导出 CSV</button></section>
<section class="rg-grow" id="list"></section>
"""
_CHINA: Bounds = (73.0, 18.0, 135.0, 54.0)
_MERCATOR_LAT = 85.0
_NAME_COLUMNS = ("名称", "项目名称", "小区名称", "道路名称", "路名", "name", "Name", "NAME", "title")
_SIMULATED = ("simulated", "模拟数据", "是否模拟")
_TRUE = frozenset({"true", "1", "是", "yes"})
_ORDER = {"area": 60, "line": 80, "mark": 100}
_DASHED_UP_TO, _CROWD, _LABELS_ON_SCREEN = 4000, 1500, 60


@dataclass(frozen=True)
class MapLayer:
    """A layer of a map: its name, and any columns with geometry in EPSG:4490 (or 4326)."""

    name: str
    frame: gpd.GeoDataFrame


def write_layers(
    layers: Sequence[MapLayer],
    /,
    *,
    title: str,
    label: str | None = None,
    status: str | None = None,
    popup: Sequence[str] = (),
    sources: Sequence[str] = (),
    basemaps: Sequence[str] = (),
) -> str:
    """Return a map of some layers as one HTML file.

    Parameters
    ----------
    layers
        The layers, from above in the list; areas are drawn below lines, lines below points.
    title
        What the page is called.
    label
        Column written on the map; else a column called 名称 or the like names features in lists.
    status
        Column of the legend.
    popup
        Columns that a click tells; all if empty.
    sources
        Where the data comes from, for the foot.
    basemaps
        Online basemaps that the page offers (:data:`renewal_gis.render.webmap.basemaps.BASEMAPS`);
        none keeps ``default-src 'none'``.

    Raises
    ------
    SchemaError
        A named column is in no layer; no layer.
    OfflineError
        Leaflet's registry package is not installed.

    Notes
    -----
    For looking, not for measuring: coordinates are rounded to 1e-6 of a degree, 1e-5 for lines.
    """
    if not layers:
        raise SchemaError("没有图层", remedy="至少给出一个图层")
    _check_columns(layers, [*(word for word in (label, status) if word), *popup])
    for layer in layers:
        bases.check_datum(layer.frame, basemaps, layer=layer.name)
    frames = [_make_plain(layer.frame) for layer in layers]
    legend = make_legend(frames, status) if status else None
    home = _find_home(frames)
    made = [
        _pack(layers, place, frames[place], legend=legend, label=label, popup=popup)
        for place in range(len(layers))
    ]
    simulated = any(_is_simulated(frame) for frame in frames)
    stamps = [("internal", INTERNAL), *([("simulated", SIMULATED)] if simulated else [])]
    page = Page(
        file="",
        title=title,
        run="runLayers",
        scripts=("layers.js", "layers_table.js", *bases.list_scripts(basemaps)),
        side=_SIDE,
        home=home,
        styles=("layers.css",),
    )
    total = sum(len(frame) for frame in frames)
    markup = frame_markup(
        page,
        when=f'<span class="when">共 <b>{total:,}</b> 个要素</span>',
        stamps=stamps,
        sources=";".join(sources),
        remark=BOUNDARY_NOTE,
    )
    data = {
        "layers": [words for _, words in made],
        "status": _legend_words(legend),
        "simulated": simulated,
        "basemaps": bases.describe(basemaps),
        "lights": {},
    }
    map_ = make_map(home)
    packed = [layer for layer, _ in made]
    for layer in reversed(packed):
        map_.add_child(layer)
    map_.add_child(PageShell(markup, page, packed, data=data))
    return render_offline(map_, title=title, hosts=bases.list_hosts(basemaps))


def _check_columns(layers: Sequence[MapLayer], wanted: Sequence[str]) -> None:
    known = list(dict.fromkeys(str(c) for layer in layers for c in _columns_of(layer.frame)))
    missing = [word for word in dict.fromkeys(wanted) if word not in known]
    if missing:
        raise SchemaError(
            f"所有图层都没有列“{'”“'.join(missing)}”", remedy=f"可用的列:{'、'.join(known) or '(无)'}"
        )


def _columns_of(frame: gpd.GeoDataFrame) -> list[Any]:
    return [name for name in frame.columns if name != frame.geometry.name]


def _find_home(frames: Sequence[gpd.GeoDataFrame]) -> Bounds:
    """Return the bounds of all that can be drawn, with a rim for what has no extent; China for nothing."""
    boxes = np.array([frame.total_bounds for frame in frames if len(frame)]).reshape(-1, 4)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return _CHINA
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    rim = np.where(high - low < 1e-3, 5e-3, 0.0)
    low, high = low - rim, high + rim
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


# ------------------------------------------------------------------ columns that a page can carry
def _make_plain(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a copy whose columns are texts, dates and numbers that the page holds exactly."""
    shapes = np.asarray(frame.geometry.array, dtype=object).copy()
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        beyond = ~(np.abs(bounds[:, [1, 3]]) <= _MERCATOR_LAT).all(axis=1)
    shapes[beyond | (shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)] = None
    table = {str(name): _make_column(frame[name]) for name in _columns_of(frame)}
    plain = pd.DataFrame(table, index=pd.RangeIndex(len(frame)))
    return gpd.GeoDataFrame(plain, geometry=shapes, crs=frame.crs)


def _make_column(values: pd.Series) -> pd.Series:
    values = values.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        plain = values.dt.tz_localize(None)
        midnight = (plain.dropna() == plain.dropna().dt.normalize()).all()
        return plain if midnight else plain.dt.strftime("%Y-%m-%d %H:%M").fillna("")
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        real = numbers[np.isfinite(numbers)]
        exact = np.abs(real) < 1e11
        if exact.all() and (np.abs(real * 1000 - np.rint(real * 1000)) < 1e-6).all():
            whole = real.size == numbers.size and (real == np.rint(real)).all()
            return values.astype("int64") if whole else values.astype(float)
    return values.astype(object).map(_write_cell)


def _write_cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "是" if value else "否"
    if isinstance(value, (float, np.floating)):
        return f"{value:.12g}"
    if isinstance(value, (dict, list, tuple, np.ndarray)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _is_simulated(frame: pd.DataFrame) -> bool:
    return any(
        name in frame and frame[name].astype(str).str.strip().str.lower().isin(_TRUE).any()
        for name in _SIMULATED
    )


# ------------------------------------------------------------------ one layer
def _pack(
    layers: Sequence[MapLayer],
    place: int,
    frame: gpd.GeoDataFrame,
    *,
    legend: Legend | None,
    label: str | None,
    popup: Sequence[str],
) -> tuple[PackedLayer, dict[str, Any]]:
    name = layers[place].name
    kinds = _list_kinds(frame)
    columns = [c for c in frame.columns if c != frame.geometry.name]
    codes = legend.codes[place] if legend else None
    own = looks_of(place, "", numeric=False, steps=1, dashed=len(frame) <= _DASHED_UP_TO)
    if codes is not None:
        frame = frame.assign(**{CLASS_COLUMN: codes})
    title = label if label in columns else next((c for c in _NAME_COLUMNS if c in columns), None)
    told = [c for c in popup if c in columns] if popup else columns
    count = int((frame.geometry.notna() & ~frame.geometry.is_empty).sum())
    options = _write_options(kinds, own, legend if codes is not None else None, size=count)
    if label in columns:
        options["label"] = _label_options(label, kinds, count)
    kept = list(dict.fromkeys([*told, *([title] if title else []), *_status_column(legend, codes)]))
    layer = PackedLayer(
        frame,
        name=name,
        columns=[*kept, *([CLASS_COLUMN] if codes is not None else [])],
        options=options,
        digits=5 if kinds == ["line"] else 6,
    )
    words = {
        "name": name,
        "count": len(frame),
        "missing": len(frame) - count,
        "kinds": kinds,
        "look": own,
        "title": title,
        "columns": told,
        "classed": codes is not None,
    }
    return layer, words


def _status_column(legend: Legend | None, codes: Any) -> list[str]:
    return [legend.column] if legend is not None and codes is not None else []


def _list_kinds(frame: gpd.GeoDataFrame) -> list[str]:
    ids = set(shapely.get_type_id(np.asarray(frame.geometry.array, dtype=object)).tolist())
    groups = {"mark": {0, 4}, "line": {1, 2, 5}, "area": {3, 6}}
    return [kind for kind, members in groups.items() if ids & members]


def _write_options(
    kinds: Sequence[str], own: dict[str, Any], legend: Legend | None, *, size: int
) -> dict[str, Any]:
    parts = {"mark": "symbol", "line": "line", "area": "polygon"}
    style_words: dict[str, Any] = {}
    colors = [own["mark"]["color"]]
    looks = _class_looks(legend, size) if legend else {}
    for kind in kinds:
        if legend:
            table = {code: look[kind] for code, look in looks.items()}
            style_words[parts[kind]] = {"by": CLASS_COLUMN, "table": table, "other": own[kind]}
        else:
            style_words[parts[kind]] = {"one": own[kind]}
    if legend:
        style_words["fill"] = {"by": CLASS_COLUMN, "table": dict.fromkeys(looks, "full"), "other": "full"}
        colors += [look["mark"]["color"] for look in looks.values()]
    options: dict[str, Any] = {
        "zIndex": max((_ORDER[kind] for kind in kinds), default=100),
        "size": 6.5,
        "style": style_words,
    }
    if "mark" in kinds:
        options["aggregate"] = {"below": 0, "cell": 62, "colors": colors, "limit": _CROWD}
    return options


def _class_looks(legend: Legend, size: int) -> dict[str, Any]:
    steps = len([code for code, _ in legend.classes if code.isdigit()])
    return {
        code: looks_of(place, code, numeric=legend.numeric, steps=steps, dashed=size <= _DASHED_UP_TO)
        for place, (code, _) in enumerate(legend.classes)
    }


def _label_options(label: str | None, kinds: Sequence[str], count: int) -> dict[str, Any]:
    """Return how names are written; ``closer`` zooms after the first view a screen holds a few dozen of them."""
    closer = max(0.0, math.log(max(1, count) / _LABELS_ON_SCREEN, 4))
    words: dict[str, Any] = {"column": label, "size": 12, "rank": 50, "closer": round(closer, 2)}
    if kinds == ["line"]:
        return {**words, "along": True, "size": 11.5}
    if "mark" in kinds:
        words["shifts"] = [[0, -15], [0, 16], [26, 0], [-26, 0]]
    return words


def _legend_words(legend: Legend | None) -> dict[str, Any] | None:
    if legend is None:
        return None
    looks = _class_looks(legend, 0)
    return {
        "column": legend.column,
        "numeric": legend.numeric,
        "classes": [{"code": code, "name": name, "look": looks[code]} for code, name in legend.classes],
    }
