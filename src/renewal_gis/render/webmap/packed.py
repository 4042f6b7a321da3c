"""A folium layer of tens of thousands of features that stays small and quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from branca.element import Element, Figure
from folium.map import Layer
from folium.template import Template

from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.render import style
from renewal_gis.render.webmap import codec
from renewal_gis.render.webmap.assets import join_scripts, read_asset
from renewal_gis.render.webmap.escape import escape_text, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

_SCRIPTS = (
    "inflate.js",
    "codec.js",
    "sprites.js",
    "tiles.js",
    "canvas.js",
    "pointer.js",
    "grid.js",
    "trace.js",
    "layer.js",
    "paint.js",
    "labels.js",
    "clusters.js",
    "popup.js",
)
_DEGREES = {("EPSG", "4490"), ("EPSG", "4326"), ("OGC", "CRS84")}
_POINT_ID, _LINE_IDS, _AREA_IDS = 0, (1, 2, 5), (3, 6)
BLOCK_TYPE = "application/octet-stream"


def theme_words(theme: style.Theme, /) -> dict[str, str]:
    """Return the colours of a theme by the names that scripts use (``@water``, ``@road.primary``)."""
    words = {
        "background": theme.background, "land": theme.land, "water": theme.water, "green": theme.green,
        "text": theme.text, "halo": theme.halo, "residential": theme.residential, "reach": theme.reach,
        "rail": theme.rail.color, "boundary": theme.boundary.color, "city": theme.city_boundary.color,
    }  # fmt: skip
    dark = theme.name == "dark"
    words["muted"] = "#A7B3C0" if dark else style.MUTED
    words["waterText"] = "#7FB2D9" if dark else "#3E7CA8"
    for name, look in theme.roads.items():
        words[f"road.{name}"] = look.color
    return words


def _setup_script() -> str:
    """Return the scripts of the layer, with the shapes and themes of :mod:`renewal_gis.render.style`."""
    shapes = {name: [list(corner) for corner in ring] for name, ring in style.SHAPES.items()}
    themes = {name: theme_words(theme) for name, theme in style.THEMES.items()}
    return (
        f"{join_scripts(*_SCRIPTS)}\nRG.shapes = {write_json(shapes)};\nRG.themes = {write_json(themes)};\n"
    )


class _Markup(Element):
    """Markup that is written as it is: braces in it are no template."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.markup = markup

    def render(self, **_kwargs: Any) -> str:
        """Return the markup."""
        return self.markup


def add_header(figure: Figure, name: str, markup: str, /) -> None:
    """Add markup to a page's head as it is."""
    figure.header.add_child(_Markup(markup), name=name)


class PackedLayer(Layer):
    """Points, lines and polygons of a frame, drawn on one canvas.

    Parameters
    ----------
    frame
        GeoDataFrame in degrees (EPSG:4490 or 4326). Rows without geometry are carried, not drawn.
    name
        Name in the layer control and in ``window.renewal.layers``.
    columns
        Columns that travel with the features; None takes all but the geometry.
    options
        What ``assets/layer.js`` understands: ``style`` (``symbol``, ``fill``, ``line``, ``polygon``,
        each ``{"one": look}`` or ``{"by": column, "table": {word: look}, "other": look}``), ``size``,
        ``shapeZoom``, ``marks``, ``aggregate``, ``label``, ``tooltip``, ``popup``, ``zIndex``.
    digits
        Decimals of a degree that are kept; 6 is about 0.1 m.
    sort
        Whether features are put in Hilbert order (smaller); otherwise they stay as they come.
    show
        Whether the layer is on the map when the page opens.

    Raises
    ------
    CrsError
        The frame has no reference system or one in metres.
    SchemaError
        A named column is not in the frame.

    Notes
    -----
    Coordinates are rounded to ``digits``: what one sees is for looking, not for measuring again.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <script type="{{ this.block_type }}" id="data_{{ this.get_name() }}">{{ this.block }}</script>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = new RG.PackedLayer("data_{{ this.get_name() }}", {{ this.options_json }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        frame: gpd.GeoDataFrame,
        *,
        name: str,
        columns: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
        digits: int = codec.DEGREE_DIGITS,
        sort: bool = True,
        show: bool = True,
    ) -> None:
        # the layer control writes names as markup
        super().__init__(name=escape_text(name), overlay=True, control=True, show=show)
        self._name = "PackedLayer"
        self.block_type = BLOCK_TYPE
        _check_degrees(frame)
        chosen = _choose_columns(frame, columns)
        shapes = np.asarray(frame.geometry, dtype=object)
        order = codec.order_features(shapes) if sort else np.arange(len(frame))
        table = chosen.iloc[order]
        if _wants_anchors(options or {}, shapes):
            table = _add_anchors(table, shapes[order])
        anchor_digits = {"~x": digits, "~y": digits}
        data = codec.encode_features(shapes[order], table, digits=digits, column_digits=anchor_digits)
        self.order = order
        self.block = codec.pack_text(data)
        self.options_json = write_json({"style": _plain_style(shapes), **(options or {}), "name": name})
        bounds = shapely.total_bounds(shapes) if shapes.size else [np.nan] * 4
        self.bounds: tuple[float, float, float, float] = tuple(float(edge) for edge in bounds)  # type: ignore[assignment]

    def render(self, **kwargs: Any) -> None:
        """Add the layer, and once per page its scripts, to the figure."""
        figure = self.get_root()
        add_header(figure, "renewal_packed_css", f"<style>{read_asset('packed.css')}</style>")
        add_header(figure, "renewal_packed_js", f"<script>{_setup_script()}</script>")
        super().render(**kwargs)

    def _get_self_bounds(self) -> list[list[float | None]]:
        if not np.isfinite(self.bounds).all():
            return [[None, None], [None, None]]
        west, south, east, north = self.bounds
        return [[south, west], [north, east]]


def _check_degrees(frame: gpd.GeoDataFrame) -> None:
    crs = frame.crs
    if crs is None or crs.to_authority() not in _DEGREES:
        found = crs.name if crs is not None else "没有坐标系"
        raise CrsError(f"图层的坐标系:{found}", remedy="先用 to_crs('EPSG:4490') 转为经纬度")


def _choose_columns(frame: gpd.GeoDataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    geometry = frame.geometry.name
    names = [name for name in frame.columns if name != geometry] if columns is None else list(columns)
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"图层缺少列 {'、'.join(missing)}", remedy=f"可用的列:{'、'.join(map(str, frame.columns))}"
        )
    return pd.DataFrame(frame[names]).reset_index(drop=True)


def _wants_anchors(options: Mapping[str, Any], shapes: Any) -> bool:
    """Tell whether marks or names stand at a point; names along lines find their own place."""
    along = (
        options.get("label", {}).get("along") and not np.isin(shapely.get_type_id(shapes), _AREA_IDS).any()
    )
    return bool(options.get("marks") or (options.get("label") and not along))


def _add_anchors(table: pd.DataFrame, shapes: Any) -> pd.DataFrame:
    """Add the point where a mark or name stands: on the area, or half way along the line."""
    anchors = np.full(shapes.size, None, dtype=object)
    ids = shapely.get_type_id(shapes)
    filled = ~(shapely.is_empty(shapes) | shapely.is_missing(shapes))
    areas, lines = np.isin(ids, _AREA_IDS) & filled, np.isin(ids, _LINE_IDS) & filled
    if not (areas | lines).any():
        return table
    anchors[areas] = shapely.point_on_surface(shapes[areas])
    anchors[lines] = shapely.line_interpolate_point(_longest_parts(shapes[lines]), 0.5, normalized=True)
    table = table.copy()  # the caller's frame stays as it was
    table["~x"], table["~y"] = shapely.get_x(anchors), shapely.get_y(anchors)
    return table


def _longest_parts(lines: Any) -> Any:
    """Return the longest part of each line; the first of several equal ones."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    order = np.lexsort([-shapely.length(parts), owner])
    first = np.flatnonzero(np.diff(owner[order], prepend=-1))
    return parts[order][first]


def _plain_style(shapes: Any) -> dict[str, Any]:
    """Return the look of a layer that names none: one colour, by kind of geometry."""
    ids = set(shapely.get_type_id(shapes).tolist())
    look: dict[str, Any] = {}
    if ids & {0, 4}:
        look["symbol"] = {"one": {"shape": "circle", "color": style.BLUE, "scale": 1}}
    if ids & set(_LINE_IDS):
        look["line"] = {"one": {"color": style.BLUE, "width": 1.6}}
    if ids & set(_AREA_IDS):
        look["polygon"] = {"one": {"fill": style.SKY, "alpha": 0.35, "stroke": style.BLUE, "width": 1.2}}
    return look
