"""A survey in map metres, and the parts that every printed map is put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from renewal_gis import vocab
from renewal_gis.errors import InputError
from renewal_gis.render import canvas, style
from renewal_gis.render.labels import Label, place_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from renewal_gis.plan import Target
    from renewal_gis.render.canvas import Box, Panel
    from renewal_gis.survey import Survey

MARK_MM = 1.75
"""Diameter of an ordinary mark on a map on which streets can be seen."""
_INSET_SHARE, _CROWD, _MIN_SITES, _PAD_SHARE = 0.35, 60, 2, 0.06
_SMALLEST_M = 1500.0
_ROAD_RIM = "#B9C4D1"
WATER = canvas.mix_colors(style.SKY, style.PAPER, share=0.25)
_MAIN_ROADS = ("motorway", "trunk", "primary", "secondary")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a map looks at, in map metres.

    ``sites`` are the located sites that it speaks of, ``spots`` a point on each; ``focus`` is what the
    map is about: the city, or a unit with its surroundings faded. ``rows`` are the rows of PROGRESS of
    ``target`` by unit.
    """

    survey: Survey
    target: Target
    rows: dict[str, dict[str, Any]]
    units: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    spots: NDArray[np.float64]
    unit: str
    focus: BaseGeometry
    inset: Box | None

    @property
    def name(self) -> str:
        """The city or unit that the map speaks of."""
        return self.unit or self.survey.plan.city

    def fades(self, name: str) -> bool:
        """Return whether a district only stands around what the map is about."""
        return bool(self.unit) and name != self.unit


def choose_target(survey: Survey, /, *, target_id: str = "") -> Target:
    """Return the target whose completion colours the map.

    Without an id: the first target that is broken down by unit and has no parent, else the first.
    """
    if target_id:
        return survey.plan.target(target_id)
    broken_down = [t for t in survey.plan.targets if t.breakdown and not t.parent]
    return (broken_down or list(survey.plan.targets))[0]


def set_scene(survey: Survey, target: Target, /, *, unit: str = "", inset_ratio: float = 0.0) -> Scene:
    """Return the survey as a map needs it.

    Parameters
    ----------
    survey
        What is shown.
    target
        Whose completion colours the districts.
    unit
        Full name of the unit that the map is about; empty for the city.
    inset_ratio
        Width by height of the inset that shows the built-up part; 0 for a map without one.

    Raises
    ------
    PlanError
        The plan has no such unit.
    InputError
        The unit has neither an outline nor a located site.
    """
    crs = survey.plan.crs_metric
    if unit:
        survey.plan.unit(unit)
    rows: list[dict[str, Any]] = survey.progress[survey.progress["target"] == target.id].to_dict("records")
    units = survey.units.to_crs(crs)
    shown = survey.sites.geometry.notna() & ~survey.sites.geometry.is_empty
    if unit:
        shown &= find_unit_sites(survey, unit)
    sites = survey.sites[shown].to_crs(crs)
    spots = find_spots(sites)
    focus = _find_focus(units, spots, unit)
    inset = _find_inset(units, spots, focus, unit) if inset_ratio else None
    if inset is not None:
        inset = canvas.fit_view(inset, inset_ratio)
    return Scene(
        survey, target, {str(row["unit"]): row for row in rows}, units, sites, spots, unit, focus, inset
    )


def find_unit_sites(survey: Survey, unit: str) -> NDArray[np.bool_]:
    """Return which sites a unit manages; where nobody located them, which it declared."""
    column = "managing_unit" if "managing_unit" in survey.sites else "declared_unit"
    return np.asarray((survey.sites[column] == unit).to_numpy(), dtype=bool)


def _find_focus(units: gpd.GeoDataFrame, spots: NDArray[np.float64], unit: str) -> BaseGeometry:
    if not unit:
        return units.union_all()
    outline = units[units["name"] == unit]
    if len(outline):
        return outline.geometry.iloc[0]
    if not len(spots):
        raise InputError(
            f"{unit}没有界线,也没有有位置的项目,无法绘图", place=unit, remedy="另选单位,或不写 --unit"
        )
    return pad_box((*spots.min(axis=0), *spots.max(axis=0)))


def pad_box(box: Box, /, *, share: float = _PAD_SHARE, smallest_m: float = _SMALLEST_M) -> BaseGeometry:
    """Return a box with some room around it, and never a tiny one."""
    west, south, east, north = box
    pad = max(share * max(east - west, north - south), (smallest_m - max(east - west, north - south)) / 2)
    return shapely.box(west - pad, south - pad, east + pad, north + pad)


def find_spots(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return a point on each geometry: its own place, the middle of a line, the inside of an area."""
    shapes = frame.geometry.to_numpy()
    lines = shapely.get_dimensions(shapes) == 1
    spots = shapely.point_on_surface(shapes)
    spots[lines] = shapely.point_on_surface(
        shapely.line_interpolate_point(shapely.line_merge(shapes[lines]), 0.5, normalized=True)
    )
    return np.asarray(shapely.get_coordinates(spots)).reshape(-1, 2)


def _find_inset(
    units: gpd.GeoDataFrame, spots: NDArray[np.float64], focus: BaseGeometry, unit: str
) -> Box | None:
    """The built-up part: where all but the outermost of the core's, or the unit's, sites lie; None if not small."""
    core = focus if unit else units[units["core"].astype(bool)].union_all()
    spots = spots[shapely.contains_xy(core, spots[:, 0], spots[:, 1])]
    if len(spots) < _MIN_SITES:
        return None
    (west, south), (east, north) = np.percentile(spots, 1, axis=0), np.percentile(spots, 99, axis=0)
    left, low, right, high = focus.bounds
    if max((east - west) / (right - left), (north - south) / (high - low)) > _INSET_SHARE:
        return None
    return pad_box((west, south, east, north), smallest_m=0.0).bounds


# ------------------------------------------------------------------ districts
def draw_units(panel: Panel, scene: Scene, *, plain: bool = False) -> None:
    """Draw the districts by completion; what the map is not about is faded. ``plain`` leaves colours out."""
    for name, area in zip(scene.units["name"], scene.units.geometry, strict=True):
        look = style.find_completion_class(scene.rows.get(name, {}).get("rate"))
        if plain:
            canvas.draw_area(panel, area, face=style.PAPER if scene.fades(name) else style.LIGHT_THEME.land)
        elif scene.fades(name):
            canvas.draw_area(panel, area, face=style.LIGHT_THEME.land)
        else:
            canvas.draw_area(panel, area, face=look.color, hatch=look.hatch)
    theme = style.LIGHT_THEME
    for area in scene.units.geometry:
        canvas.draw_area(panel, area, edge=style.HALO, width=1.5, order=2.0)
    for area in scene.units.geometry:
        canvas.draw_area(panel, area, edge=theme.boundary.color, width=0.6, order=2.1)
    rim = scene.focus if scene.unit in set(scene.units["name"]) else scene.units.union_all()
    canvas.draw_area(panel, rim, edge=theme.city_boundary.color, width=1.3, order=2.4)


def draw_tint(panel: Panel, scene: Scene, *, share: float = 0.5) -> None:
    """Draw the districts in half their colour, so that streets and marks on them can be seen."""
    for name, area in zip(scene.units["name"], scene.units.geometry, strict=True):
        look = style.find_completion_class(scene.rows.get(name, {}).get("rate"))
        face = style.LIGHT_THEME.land if scene.fades(name) else look.color
        canvas.draw_area(panel, area, face=canvas.mix_colors(face, style.PAPER, share=share))


def draw_rims(panel: Panel, scene: Scene) -> None:
    """Draw the outlines of the districts above streets and land."""
    for area in scene.units.geometry:
        canvas.draw_area(panel, area, edge=style.LIGHT_THEME.city_boundary.color, width=1.0, order=3.5)


# ------------------------------------------------------------------ streets and water
def draw_backdrop(
    panel: Panel, scene: Scene, *, classes: Sequence[str] = _MAIN_ROADS, width: float = 0.55
) -> None:
    """Draw streets of some classes, white with a rim, and water and railways."""
    crs, theme = scene.survey.plan.crs_metric, style.LIGHT_THEME
    window = shapely.box(*panel.box)
    streets = scene.survey.streets
    if len(streets) and "highway" in streets:
        # only what the panel shows is projected: a city has a hundred thousand streets
        seen = gpd.GeoSeries([window], crs=crs).to_crs(streets.crs).total_bounds
        streets = streets.cx[seen[0] : seen[2], seen[1] : seen[3]].to_crs(crs)
        found = np.array([style.find_road_class(value) for value in streets["highway"]], dtype=object)
        for name in reversed(classes):
            wide = theme.roads[name].width * width
            lines = streets.geometry[found == name].tolist()
            canvas.draw_lines(panel, lines, style.LineStyle(_ROAD_RIM, wide + 0.5), order=1.8)
            canvas.draw_lines(panel, lines, style.LineStyle(style.PAPER, wide), order=2.0)
    for name, layer in sorted(scene.survey.backdrop.items()):
        shapes = layer.to_crs(crs).geometry
        look = theme.rail if name == "rail" else style.LineStyle(WATER, 1.6)
        lines = [shape for shape in shapes if shape is not None and shapely.get_dimensions(shape) == 1]
        canvas.draw_lines(panel, lines, look, order=2.5)
        for shape in shapes:
            if shape is not None and shapely.get_dimensions(shape) == 2:
                canvas.draw_area(panel, shape, face=WATER, edge=WATER, width=0.9, order=2.4)


# ------------------------------------------------------------------ sites
def draw_sites(panel: Panel, scene: Scene, shown: NDArray[np.bool_], *, size_mm: float = MARK_MM) -> None:
    """Draw sites as marks, crowded programmes first, so that the rare ones lie on top."""
    sites, spots = scene.sites[shown], scene.spots[shown]
    counts = sites["programme"].value_counts()
    programmes = sorted(counts.index, key=lambda each: (-counts[each], each))
    groups = np.array([style.find_stage_group(stage).id for stage in sites["stage"]])
    for layer, programme in enumerate(programmes):
        for group in style.STAGE_GROUPS:
            here = (sites["programme"] == programme).to_numpy() & (groups == group.id)
            canvas.draw_marks(
                panel,
                spots[here],
                style.find_symbol(programme),
                fill=group.fill,
                size_mm=size_mm,
                order=5.0 + layer * 0.05,
            )


def draw_site_lines(panel: Panel, scene: Scene, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Draw sites that are lines as lines; return which need no symbol, being one of a crowd."""
    lines = inside & (shapely.get_dimensions(scene.sites.geometry.to_numpy()) == 1)
    plain = np.zeros(len(lines), dtype=bool)
    for programme, part in scene.sites[lines].groupby("programme", sort=True):
        color = style.find_symbol(str(programme)).color
        groups = np.array([style.find_stage_group(stage).fill for stage in part["stage"]])
        for fill, look in line_looks(color).items():
            canvas.draw_lines(panel, part.geometry[groups == fill].tolist(), look, casing=0.5, order=4.0)
        if len(part) > _CROWD:
            plain |= lines & (scene.sites["programme"] == programme).to_numpy()
    return plain


def line_looks(color: str) -> dict[str, style.LineStyle]:
    """Return how a line of that colour looks by the fill of its stage."""
    return {
        "hollow": style.LineStyle(color, 0.7, (0.8, 1.2)),
        "dot": style.LineStyle(color, 0.9, (0.8, 0.8)),
        "half": style.LineStyle(color, 1.3, (2.4, 0.9)),
        "full": style.LineStyle(color, 1.7),
    }


# ------------------------------------------------------------------ names, corners
def label_units(panel: Panel, scene: Scene, *, marks: NDArray[np.float64], taken: list[Box]) -> None:
    """Write each district's name with its rate, “—” without a task; off the marks and the taken boxes."""
    texts = []
    for name in scene.units["name"]:
        row = scene.rows.get(str(name))
        rate = None if row is None else row["rate"]
        share = style.format_percent(rate)
        texts.append(f"{name}\n{share}" if style.is_present(rate) else f"{name}\n{vocab.NO_TASK}")
    name_units(panel, scene, texts, size=7.5, marks=marks, taken=taken)


def name_units(
    panel: Panel, scene: Scene, texts: Sequence[str], *, size: float,
    marks: NDArray[np.float64], taken: Sequence[Box] = (), least_mm: float = 12.0,
) -> None:  # fmt: skip
    """Write a text into each district, in the part of it that the panel shows; slivers stay without."""
    window = shapely.box(*panel.box).buffer(-panel.to_map(2.0))
    labels, words = [], {}
    for key, text, area in zip(scene.units.index, texts, scene.units.intersection(window), strict=True):
        if area.area < panel.to_map(least_mm) ** 2 and not area.equals(scene.units.geometry[key]):
            continue
        wide, high = canvas.measure_text(text, size)
        labels.append(Label(str(key), panel.to_map(wide + 0.8), panel.to_map(high), area))
        words[str(key)] = text
    for key, place in place_labels(labels, marks=marks, taken=taken, mark_m=panel.to_map(0.7)).items():
        canvas.put_text(panel, place, words[key], size=size, anchor="center center", halo=1.3, bold=True)


def find_corner(
    panel: Panel, area: BaseGeometry, *, size_mm: tuple[float, float], last: str
) -> tuple[float, float]:
    """Return the south-west corner of a box of that size in the emptiest corner; ``last`` if all are equal."""
    west, south, east, north = panel.box
    width, height, pad = (panel.to_map(mm) for mm in (*size_mm, 3.0))
    spots = {
        vertical + side: (x, y)
        for vertical, y in (("n", north - pad - height), ("s", south + pad))
        for side, x in (("w", west + pad), ("e", east - pad - width))
    }
    covered = {
        key: area.intersection(shapely.box(x, y, x + width, y + height)).area for key, (x, y) in spots.items()
    }
    return spots[min(covered, key=lambda key: (round(covered[key]), key != last, key))]
