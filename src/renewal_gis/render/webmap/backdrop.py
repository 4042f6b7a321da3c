"""The ground of every page: land, water, rail, main roads with names, district lines and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.render import style
from renewal_gis.render.webmap import looks
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from renewal_gis.render.webmap.shell import Bounds
    from renewal_gis.survey import Survey

_ROAD_DIGITS = 5
_LINE_ID = 1
_CELL_DEG = 0.04
_RIM_DEG = 0.003
_ALMOST_ALL = (1, 99)
# where a district's name may stand, in pixels from its middle, best first
_NAME_SHIFTS = [
    [x, y]
    for x, y in (
        (0, 0), (0, 26), (0, -34), (0, 40), (-40, 0), (40, 0), (0, -50), (0, 56), (-40, 30), (40, 30),
        (-40, -38), (40, -38), (-70, 0), (70, 0), (-70, 40), (70, 40), (-70, -45), (70, -45), (0, -75), (0, 80),
    )
]  # fmt: skip


def layer_districts(survey: Survey, *, fill: str = "@land") -> PackedLayer:
    """Return the districts as areas with names, core districts named first."""
    units = survey.units.sort_values("core", ascending=False, kind="stable")
    frame = units[["name", "kind", units.geometry.name]].reset_index(names="code")
    options = {
        "zIndex": 10,
        "fade": {"base": "@land", "from": 10.5, "to": 13, "least": 0.16},
        "style": {"polygon": {"one": {"fill": fill}}},
        "label": {"column": "name", "size": 13.5, "rank": 90, "shifts": _NAME_SHIFTS},
    }
    return PackedLayer(frame, name="districts", options=options, digits=5, sort=False)


def layer_borders(survey: Survey) -> PackedLayer:
    """Return the district lines, each once, and the city's outline: drawn above land and water."""
    shapes = survey.units.geometry.to_numpy()
    city = shapely.union_all(shapes)
    inner = shapely.union_all(shapely.boundary(shapes))
    frame = gpd.GeoDataFrame(
        {"kind": ["district", "city"]},
        geometry=[_lines(inner), _lines(shapely.boundary(city))],
        crs=STORED_CRS,
    )
    theme = style.LIGHT_THEME
    table = {
        "district": {"color": "@boundary", "width": theme.boundary.width},
        "city": {"color": "@city", "width": theme.city_boundary.width},
    }
    options = {
        "zIndex": 40,
        "interactive": False,
        "fixedWidth": True,
        "style": {"line": {"by": "kind", "table": table, "other": None}},
    }
    return PackedLayer(frame, name="borders", columns=["kind"], options=options, digits=5, sort=False)


def _lines(shape: Any) -> Any:
    merged = shapely.line_merge(shape)
    return merged if merged.geom_type in {"LineString", "MultiLineString"} else shapely.MultiLineString()


def layer_water(survey: Survey) -> PackedLayer | None:
    """Return rivers and lakes with names; None where the survey has none."""
    look = {
        "polygon": {"one": {"fill": "@water"}},
        "line": {"one": {"color": "@water", "width": 5.0, "labelZoom": 10}},
    }
    return _layer_lines(survey, "water", look, zIndex=20, color="@waterText")


def layer_rail(survey: Survey) -> PackedLayer | None:
    """Return railways with names; None where the survey has none."""
    rail = style.LIGHT_THEME.rail
    look = {
        "line": {"one": {"color": "@rail", "width": rail.width, "dash": list(rail.dash), "labelZoom": 13}},
        "polygon": {"one": {"fill": "@rail", "alpha": 0.4}},
    }
    return _layer_lines(survey, "rail", look, zIndex=32, color="@muted")


def _layer_lines(survey: Survey, name: str, look: dict[str, Any], **words: Any) -> PackedLayer | None:
    frame = survey.backdrop.get(name)
    if frame is None or not len(frame):
        return None
    frame = frame.assign(name=frame["name"].fillna("") if "name" in frame else "")
    label = {
        "column": "name",
        "along": True,
        "size": 11.5,
        "rank": 20,
        "areaZoom": 11,
        "color": words.pop("color"),
    }
    options = {"interactive": False, "style": look, "label": label, **words}
    return PackedLayer(frame, name=name, columns=["name"], options=options, digits=_ROAD_DIGITS)


def layer_roads(survey: Survey, *, classes: tuple[str, ...] = style.ROAD_CLASSES) -> PackedLayer | None:
    """Return the streets of some classes, joined by name and class; None where there are none.

    Joining keeps the page small and gives names room along the street.
    """
    streets = survey.streets
    if streets is None or not len(streets):
        return None
    known = {word: style.find_road_class(word) for word in streets["highway"].unique()}
    table = pd.DataFrame(
        {
            "class": streets["highway"].map(known).to_numpy(),
            "name": streets["name"].fillna("").astype(str).to_numpy() if "name" in streets else "",
        }
    )
    wanted = table["class"].isin(classes).to_numpy()
    shapes = streets.geometry.to_numpy()[wanted]
    single = (shapely.get_type_id(shapes) == _LINE_ID).all()
    groups = table[wanted].groupby(["class", "name"], sort=True).indices
    merged = [
        shapely.line_merge(shapely.multilinestrings(mine if single else shapely.get_parts(mine)))
        for mine in (shapes[places] for places in groups.values())
    ]
    lines, owner = shapely.get_parts(merged, return_index=True)
    names = pd.DataFrame(list(groups), columns=["class", "name"]).iloc[owner].reset_index(drop=True)
    frame = gpd.GeoDataFrame(names, geometry=lines, crs=STORED_CRS)
    options = {
        "zIndex": 30,
        "interactive": False,
        "style": {"line": looks.road_lines()},
        "label": {"column": "name", "along": True, "size": 11, "rank": 30},
    }
    return PackedLayer(frame, name="roads", options=options, digits=_ROAD_DIGITS)


def find_city_bounds(survey: Survey, /) -> Bounds:
    """Return west, south, east, north of all units."""
    west, south, east, north = survey.units.total_bounds
    return float(west), float(south), float(east), float(north)


def find_busy_bounds(survey: Survey, frame: gpd.GeoDataFrame, /) -> Bounds:
    """Return where the features of a frame stand closest, so that a page opens on them.

    The busiest cell of a grid of about 4 km, and what lies within two cells of it, without the outermost
    features; all units where the frame is empty or the whole city is no larger than that.
    """
    city = find_city_bounds(survey)
    shapes = frame.geometry.to_numpy() if len(frame) else np.array([shapely.Point()])
    if shapely.is_empty(shapes).all() or max(city[2] - city[0], city[3] - city[1]) < 5 * _CELL_DEG:
        return city
    box = shapely.bounds(shapes[~shapely.is_empty(shapes)])
    middle = (box[:, :2] + box[:, 2:]) / 2
    cells, counts = np.unique(np.floor(middle / _CELL_DEG), axis=0, return_counts=True)
    busiest = (cells[counts.argmax()] + 0.5) * _CELL_DEG
    near = middle[(np.abs(middle - busiest) <= 2.5 * _CELL_DEG).all(axis=1)]
    (west, south), (east, north) = np.percentile(near, _ALMOST_ALL, axis=0)
    return float(west) - _RIM_DEG, float(south) - _RIM_DEG, float(east) + _RIM_DEG, float(north) + _RIM_DEG


def make_ground(survey: Survey, *, fill: str = "@land", roads: bool = True) -> list[PackedLayer]:
    """Return the layers of the ground that the survey has, from below."""
    found = [
        layer_districts(survey, fill=fill),
        layer_water(survey),
        layer_roads(survey) if roads else None,
        layer_rail(survey),
        layer_borders(survey),
    ]
    return [layer for layer in found if layer is not None]
