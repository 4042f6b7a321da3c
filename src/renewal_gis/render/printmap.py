"""Figures for paper: the status map at the width of an official document's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis import vocab
from renewal_gis.render import canvas, style
from renewal_gis.render.clusters import make_bubbles
from renewal_gis.render.labels import Label, place_labels
from renewal_gis.render.legend import draw_north, draw_scale_bar, write_foot, write_head, write_legend

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from renewal_gis.plan import Target
    from renewal_gis.render.canvas import Box, Panel
    from renewal_gis.survey import Survey

TEXT_WIDTH_MM = 156.0
"""Width of the type area of an official document (GB/T 9704)."""
_HEAD_MM, _FOOT_MM, _LOWER_MM, _GAP_MM, _MARGIN_MM = 15.5, 16.0, 72.0, 2.5, 3.0
_MAIN_MM = (70.0, 125.0)
_LEGEND_MM = 62.0
_INSET_WIDTH, _INSET_SHARE = 0.53, 0.35
_CROWD = 60
_ROAD_RIM = "#B9C4D1"
_WATER = canvas.mix_colors(style.SKY, style.PAPER, share=0.25)
_MARK_MM, _PLACE_MM = 2.0, 2.2
_INSET_ROADS = ("motorway", "trunk", "primary", "secondary")
_MIN_SITES = 2


@dataclass(frozen=True, slots=True)
class _Scene:
    """The survey in map metres, as the panels need it."""

    survey: Survey
    target: Target
    rows: dict[str, dict[str, Any]]
    units: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    spots: NDArray[np.float64]
    inset: Box | None


def choose_target(survey: Survey, /, *, target_id: str = "") -> Target:
    """Return the target whose completion colours the map.

    Without an id: the first target that is broken down by unit and has no parent, else the first.
    """
    if target_id:
        return survey.plan.target(target_id)
    broken_down = [t for t in survey.plan.targets if t.breakdown and not t.parent]
    return (broken_down or list(survey.plan.targets))[0]


def draw_status(
    survey: Survey,
    /,
    *,
    target_id: str = "",
    width_mm: float = TEXT_WIDTH_MM,
    dpi: int = 300,
    file_format: str = "png",
) -> bytes:
    """Return the status map: units by completion, sites by programme and stage.

    Parameters
    ----------
    survey
        What is drawn: everything in EPSG:4490, drawn in ``survey.plan.crs_metric``.
    target_id
        Target whose completion rate colours the units; see :func:`choose_target`.
    width_mm
        Width on paper. Text keeps its size in points: do not go much below 120 mm.
    dpi
        Pixels per inch of the PNG.
    file_format
        ``png``, ``pdf`` (fonts embedded) or ``svg`` (text as text).

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    PublishError
        Unknown format.
    PlanError
        The plan has no such target.
    MissingFileError
        The bundled font is not installed.

    Notes
    -----
    Unit boundaries are a sketch and must not be used to settle where a boundary runs.
    """
    target = choose_target(survey, target_id=target_id)
    scene = _set_scene(survey, target, inset_ratio=width_mm * _INSET_WIDTH / _LOWER_MM)
    west, south, east, north = scene.units.total_bounds
    main_mm = (width_mm - 2 * _MARGIN_MM) * (north - south) / (east - west) + 2 * _MARGIN_MM
    main_mm = min(max(main_mm, _MAIN_MM[0]), _MAIN_MM[1] * max(1.0, width_mm / TEXT_WIDTH_MM))
    lower_mm = _LOWER_MM if scene.inset is not None else _LEGEND_MM
    with canvas.use_house_style():
        height_mm = _HEAD_MM + main_mm + _GAP_MM + lower_mm + _FOOT_MM
        sheet = canvas.make_sheet(width_mm=width_mm, height_mm=height_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, height_mm))
        view = shapely.box(west, south, east, north).buffer(_MARGIN_MM * (east - west) / width_mm).bounds
        box = (0.0, _FOOT_MM + lower_mm + _GAP_MM, width_mm, main_mm)
        main = canvas.add_panel(sheet, box, view=view, frame=style.MUTED)
        _draw_main(main, scene)
        legend_left = 0.0
        if scene.inset is not None:
            box = (0.0, _FOOT_MM, width_mm * _INSET_WIDTH, _LOWER_MM)
            _draw_inset(canvas.add_panel(sheet, box, view=scene.inset, frame=style.INK), scene)
            legend_left = box[2] + 4.0
        legend = canvas.add_panel(sheet, (legend_left, _FOOT_MM, width_mm - legend_left, lower_mm))
        write_legend(legend, survey, target, scene.rows)
        write_head(page, survey, target, scene.rows)
        write_foot(page, survey, target, scene.rows, bubbled=scene.inset is not None)
        return canvas.save_sheet(sheet, file_format=file_format, dpi=dpi)


def _set_scene(survey: Survey, target: Target, *, inset_ratio: float) -> _Scene:
    crs = survey.plan.crs_metric
    rows: list[dict[str, Any]] = survey.progress[survey.progress["target"] == target.id].to_dict("records")
    units = survey.units.to_crs(crs)
    located = survey.sites.geometry.notna() & ~survey.sites.geometry.is_empty
    sites = survey.sites[located].to_crs(crs)
    spots = _find_spots(sites)
    inset = _find_inset(units, spots)
    if inset is not None:
        inset = canvas.fit_view(inset, inset_ratio)
    return _Scene(survey, target, {str(row["unit"]): row for row in rows}, units, sites, spots, inset)


def _find_spots(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """A point on each geometry: its own place, the middle of a line, the inside of an area."""
    shapes = frame.geometry.to_numpy()
    lines = shapely.get_dimensions(shapes) == 1
    spots = shapely.point_on_surface(shapes)
    spots[lines] = shapely.point_on_surface(
        shapely.line_interpolate_point(shapely.line_merge(shapes[lines]), 0.5, normalized=True)
    )
    return np.asarray(shapely.get_coordinates(spots)).reshape(-1, 2)


def _find_inset(units: gpd.GeoDataFrame, spots: NDArray[np.float64]) -> Box | None:
    """The built-up core: where all but the outermost of the core units' sites lie; None if not small."""
    core = units[units["core"].astype(bool)].union_all()
    spots = spots[shapely.contains_xy(core, spots[:, 0], spots[:, 1])]
    if len(spots) < _MIN_SITES:
        return None
    (west, south), (east, north) = np.percentile(spots, 1, axis=0), np.percentile(spots, 99, axis=0)
    left, low, right, high = units.total_bounds
    if max((east - west) / (right - left), (north - south) / (high - low)) > _INSET_SHARE:
        return None
    pad = 0.06 * max(east - west, north - south)
    return (west - pad, south - pad, east + pad, north + pad)


# ------------------------------------------------------------------ maps
def _draw_main(panel: Panel, scene: _Scene) -> None:
    _draw_units(panel, scene)
    shown = np.ones(len(scene.spots), dtype=bool)
    taken: list[Box] = []
    if scene.inset is not None:
        shown = ~shapely.contains_xy(shapely.box(*scene.inset), scene.spots[:, 0], scene.spots[:, 1])
        taken = [scene.inset]
        canvas.draw_box(panel, scene.inset, edge=style.HALO, width=2.2, order=6.0)
        canvas.draw_box(panel, scene.inset, edge=style.INK, width=1.1, order=6.1)
        middle = shapely.get_coordinates(shapely.box(*scene.inset).centroid)[0]
        canvas.put_text(panel, middle, "局部图\n见下", size=6.5, anchor="center center", halo=1.2, bold=True)
        marks = _draw_bubbles(panel, scene, shown)
    else:
        marks = scene.spots[shown]
        _draw_backdrop(panel, scene)
        lines = _draw_site_lines(panel, scene, shown)
        _draw_sites(panel, scene, shown & ~lines, size_mm=1.75)
    city = scene.units.union_all()
    draw_scale_bar(panel, _find_corner(panel, city, size_mm=(40.0, 8.0), last="sw"))
    draw_north(panel, _find_corner(panel, city, size_mm=(9.0, 14.0), last="ne"))
    _label_units(panel, scene, marks=marks, taken=taken)


def _draw_bubbles(panel: Panel, scene: _Scene, shown: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw one mark for each programme at each place; return points all over them."""
    programmes = scene.sites["programme"].to_numpy()[shown]
    stages = scene.sites["stage"].to_numpy()[shown]
    bubbles = make_bubbles(
        scene.spots[shown], programmes, mark_m=panel.to_map(_MARK_MM),
        size_of=lambda each: style.find_symbol(each).scale, within_m=panel.to_map(_PLACE_MM),
    )  # fmt: skip
    for bubble in bubbles:
        symbol, spot = style.find_symbol(bubble.programme), (bubble.x, bubble.y)
        size_mm = bubble.width_m / panel.scale / symbol.scale
        alone = bubble.count == 1
        fill = style.find_stage_group(stages[bubble.sites[0]]).fill if alone else "full"
        canvas.draw_marks(panel, np.array([spot]), symbol, fill=fill, size_mm=size_mm)
        if not alone:
            size = min(7.0, max(5.0, size_mm * 1.45))
            canvas.put_text(
                panel,
                spot,
                str(bubble.count),
                size=size,
                color=canvas.find_ink(symbol.color),
                anchor="center center",
            )
    corners = [
        (b.x + dx * b.width_m / 2, b.y + dy * b.width_m / 2)
        for b in bubbles
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
    ]
    return np.array(corners).reshape(-1, 2)


def _draw_units(panel: Panel, scene: _Scene) -> None:
    for name, area in zip(scene.units["name"], scene.units.geometry, strict=True):
        look = style.find_completion_class(scene.rows.get(name, {}).get("rate"))
        canvas.draw_area(panel, area, face=look.color, hatch=look.hatch)
    theme = style.LIGHT_THEME
    for area in scene.units.geometry:
        canvas.draw_area(panel, area, edge=style.HALO, width=1.5, order=2.0)
    for area in scene.units.geometry:
        canvas.draw_area(panel, area, edge=theme.boundary.color, width=0.6, order=2.1)
    city = scene.units.union_all()
    canvas.draw_area(panel, city, edge=theme.city_boundary.color, width=1.3, order=2.4)


def _draw_sites(panel: Panel, scene: _Scene, shown: NDArray[np.bool_], *, size_mm: float) -> None:
    """Draw crowded programmes first, so that the rare ones lie on top."""
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


def _draw_inset(panel: Panel, scene: _Scene) -> None:
    theme = style.LIGHT_THEME
    for name, area in zip(scene.units["name"], scene.units.geometry, strict=True):
        look = style.find_completion_class(scene.rows.get(name, {}).get("rate"))
        canvas.draw_area(panel, area, face=canvas.mix_colors(look.color, style.PAPER, share=0.5))
    _draw_backdrop(panel, scene)
    for area in scene.units.geometry:
        canvas.draw_area(panel, area, edge=theme.city_boundary.color, width=1.0, order=3.5)
    inside = shapely.contains_xy(shapely.box(*panel.box), scene.spots[:, 0], scene.spots[:, 1])
    lines = _draw_site_lines(panel, scene, inside)
    _draw_sites(panel, scene, inside & ~lines, size_mm=1.75)
    window = shapely.box(*panel.box).buffer(-panel.to_map(2.0))
    parts = scene.units.assign(geometry=scene.units.intersection(window))
    parts = parts[parts.area > panel.to_map(12.0) ** 2]
    west, south, east, _ = panel.box
    corner = (west + panel.to_map(2.5), south + panel.to_map(2.5))
    taken = [(west, south, west + (east - west) * 0.5, south + panel.to_map(9.0))]
    names = [str(name) for name in parts["name"]]
    _name_units(panel, parts, names, size=9.0, marks=scene.spots[inside], taken=taken)
    draw_scale_bar(panel, corner, share=0.36)


def _draw_backdrop(panel: Panel, scene: _Scene) -> None:
    crs, theme = scene.survey.plan.crs_metric, style.LIGHT_THEME
    window = shapely.box(*panel.box)
    streets = scene.survey.streets
    if len(streets) and "highway" in streets:
        streets = streets.to_crs(crs)
        streets = streets[streets.intersects(window)]
        classes = np.array([style.find_road_class(value) for value in streets["highway"]], dtype=object)
        for name in reversed(_INSET_ROADS):
            width = theme.roads[name].width * 0.55
            lines = streets.geometry[classes == name].tolist()
            canvas.draw_lines(panel, lines, style.LineStyle(_ROAD_RIM, width + 0.5), order=1.8)
            canvas.draw_lines(panel, lines, style.LineStyle(style.PAPER, width), order=2.0)
    for name, layer in sorted(scene.survey.backdrop.items()):
        shapes = layer.to_crs(crs).geometry
        look = theme.rail if name == "rail" else style.LineStyle(_WATER, 1.6)
        lines = [shape for shape in shapes if shape is not None and shapely.get_dimensions(shape) == 1]
        canvas.draw_lines(panel, lines, look, order=2.5)
        for shape in shapes:
            if shape is not None and shapely.get_dimensions(shape) == 2:
                canvas.draw_area(panel, shape, face=_WATER, edge=_WATER, width=0.9, order=2.4)


def _draw_site_lines(panel: Panel, scene: _Scene, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Draw sites that are lines as lines; return which need no symbol, being one of a crowd."""
    lines = inside & (shapely.get_dimensions(scene.sites.geometry.to_numpy()) == 1)
    plain = np.zeros(len(lines), dtype=bool)
    for programme, part in scene.sites[lines].groupby("programme", sort=True):
        color = style.find_symbol(str(programme)).color
        groups = np.array([style.find_stage_group(stage).fill for stage in part["stage"]])
        for fill, look in _line_looks(color).items():
            canvas.draw_lines(panel, part.geometry[groups == fill].tolist(), look, casing=0.5, order=4.0)
        if len(part) > _CROWD:
            plain |= lines & (scene.sites["programme"] == programme).to_numpy()
    return plain


def _line_looks(color: str) -> dict[str, style.LineStyle]:
    return {
        "hollow": style.LineStyle(color, 0.7, (0.8, 1.2)),
        "dot": style.LineStyle(color, 0.9, (0.8, 0.8)),
        "half": style.LineStyle(color, 1.3, (2.4, 0.9)),
        "full": style.LineStyle(color, 1.7),
    }


# ------------------------------------------------------------------ names, scale, north
def _label_units(panel: Panel, scene: _Scene, *, marks: NDArray[np.float64], taken: list[Box]) -> None:
    texts = []
    for name in scene.units["name"]:
        row = scene.rows.get(str(name))
        rate = None if row is None else row["rate"]
        share = style.format_percent(rate)
        texts.append(f"{name}\n{share}" if style.is_present(rate) else f"{name}\n{vocab.NO_TASK}")
    _name_units(panel, scene.units, texts, size=7.5, marks=marks, taken=taken)


def _name_units(
    panel: Panel, units: gpd.GeoDataFrame, texts: list[str], *, size: float,
    marks: NDArray[np.float64], taken: list[Box] | None = None,
) -> None:  # fmt: skip
    labels = []
    for key, text, area in zip(units.index, texts, units.geometry, strict=True):
        width, height = canvas.measure_text(text, size)
        labels.append(Label(str(key), panel.to_map(width + 0.8), panel.to_map(height), area))
    places = place_labels(labels, marks=marks, taken=taken or [], mark_m=panel.to_map(0.7))
    for key, text in zip(units.index, texts, strict=True):
        canvas.put_text(panel, places[str(key)], text, size=size, anchor="center center", halo=1.3, bold=True)


def _find_corner(
    panel: Panel, city: BaseGeometry, *, size_mm: tuple[float, float], last: str
) -> tuple[float, float]:
    """South-west corner of a box of that size in the emptiest corner of the panel; ``last`` if all are equal."""
    west, south, east, north = panel.box
    width, height, pad = (panel.to_map(mm) for mm in (*size_mm, 3.0))
    spots = {
        vertical + side: (x, y)
        for vertical, y in (("n", north - pad - height), ("s", south + pad))
        for side, x in (("w", west + pad), ("e", east - pad - width))
    }
    covered = {
        key: city.intersection(shapely.box(x, y, x + width, y + height)).area for key, (x, y) in spots.items()
    }
    return spots[min(covered, key=lambda key: (round(covered[key]), key != last, key))]
