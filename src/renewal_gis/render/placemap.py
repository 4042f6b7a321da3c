"""Map for paper: one site among its streets and neighbours, and where that is in the city."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.render import canvas, style
from renewal_gis.render.legend import draw_north, draw_scale_bar
from renewal_gis.render.scene import (
    choose_target,
    draw_backdrop,
    draw_rims,
    draw_site_lines,
    draw_sites,
    draw_units,
    find_spots,
    name_units,
    pad_box,
    set_scene,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from renewal_gis.render.canvas import Box, Panel, Paper
    from renewal_gis.render.scene import Scene
    from renewal_gis.survey import Survey

_LOCATOR_SHARE, _GAP_MM, _RIM_MM, _AROUND_M = 0.36, 2.0, 0.2, 900.0
_SITE = style.LineStyle(style.VERMILLION, 2.0)
_OTHER = style.LineStyle(style.PURPLE, 1.4, (3.0, 1.2))


def draw_place(survey: Survey, site_id: str, /, *, paper: Paper) -> bytes | None:
    """Return the map of one site; None where the ledger gives it no place.

    Parameters
    ----------
    survey
        What is drawn; sites that meet it in space and time (``conflicts``) are outlined as well.
    site_id
        The site.
    paper
        Size, resolution and format; ``height_mm`` must be given.

    Raises
    ------
    PublishError
        Unknown format.
    KeyError
        No such site; ask :func:`renewal_gis.render.dossier.find_site` first.

    Notes
    -----
    A sketch: it does not show where a site ends to the metre.
    """
    canvas.check_format(paper.file_format)
    shape = survey.sites.geometry[site_id]
    if shape is None or shape.is_empty:
        return None
    scene = set_scene(survey, choose_target(survey))
    place = scene.sites.geometry[site_id]
    width_mm, height_mm = paper.room_mm
    side_mm = width_mm * _LOCATOR_SHARE
    main_mm = width_mm - side_mm - _GAP_MM
    side_mm -= _RIM_MM
    with canvas.use_house_style():
        sheet = canvas.make_sheet(paper, height_mm=height_mm)
        view = canvas.fit_view(_find_view(place), main_mm / height_mm)
        main = canvas.add_panel(
            sheet, (_RIM_MM, _RIM_MM, main_mm, height_mm - 2 * _RIM_MM), view=view, frame=style.INK
        )
        _draw_neighbourhood(main, scene, site_id, place)
        bounds = pad_box(tuple(scene.units.total_bounds), share=0.04).bounds
        top_mm = min(side_mm * (bounds[3] - bounds[1]) / (bounds[2] - bounds[0]), height_mm * 0.6)
        box = (main_mm + _GAP_MM, height_mm - top_mm - _RIM_MM, side_mm, top_mm)
        locator = canvas.add_panel(sheet, box, view=bounds, frame=style.MUTED)
        _draw_locator(locator, scene, view)
        key = canvas.add_panel(sheet, (main_mm + _GAP_MM, 0, side_mm, height_mm - top_mm))
        _write_key(key, scene, view)
        return canvas.save_sheet(sheet)


def _find_view(place: BaseGeometry) -> Box:
    return pad_box(place.bounds, share=0.35, smallest_m=_AROUND_M).bounds


def _draw_neighbourhood(panel: Panel, scene: Scene, site_id: str, place: BaseGeometry) -> None:
    draw_units(panel, scene, plain=True)
    draw_backdrop(panel, scene, classes=style.ROAD_CLASSES[:7], width=1.6)
    draw_rims(panel, scene)
    inside = shapely.contains_xy(shapely.box(*panel.box), scene.spots[:, 0], scene.spots[:, 1])
    others = inside & (scene.sites.index != site_id)
    lines = draw_site_lines(panel, scene, others)
    draw_sites(panel, scene, others & ~lines, size_mm=2.2)
    frame = scene.survey.conflicts
    pairs = frame[(frame["site_a"] == site_id) | (frame["site_b"] == site_id)]
    near = sorted({*pairs["site_a"], *pairs["site_b"]} - {site_id})
    for other in scene.sites.geometry.reindex(near).dropna():
        _outline(panel, other, _OTHER, order=6.0)
    _outline(panel, place, _SITE, order=7.0)
    spot = find_spots(scene.sites.loc[[site_id]])[0]
    symbol = style.find_symbol(str(scene.sites["programme"][site_id]))
    fill = style.find_stage_group(scene.sites["stage"][site_id]).fill
    canvas.draw_marks(panel, np.array([spot]), symbol, fill=fill, size_mm=3.2, order=8.0)
    name = str(scene.sites["name"][site_id])
    below = (spot[0], spot[1] - panel.to_map(3.0))
    canvas.put_text(panel, below, name, size=8.5, anchor="center top", halo=1.5, bold=True)
    west, south, east, north = panel.box
    draw_scale_bar(panel, (west + panel.to_map(2.5), south + panel.to_map(2.5)), share=0.3)
    draw_north(panel, (east - panel.to_map(11.0), north - panel.to_map(15.0)))


def _outline(panel: Panel, shape: BaseGeometry, look: style.LineStyle, *, order: float) -> None:
    """The rim of an area, a line as a band, a point as a ring: all with a white casing."""
    if shapely.get_dimensions(shape) == 2:
        lines = [shapely.boundary(shape)]
    elif shapely.get_dimensions(shape) == 1:
        lines = [shapely.boundary(shape.buffer(panel.to_map(1.2)))]
    else:
        lines = [shapely.boundary(shape.buffer(panel.to_map(2.6)))]
    canvas.draw_lines(panel, lines, look, casing=0.8, order=order)


def _draw_locator(panel: Panel, scene: Scene, view: Box) -> None:
    """The districts, with a ring around the place."""
    draw_units(panel, scene, plain=True)
    x, y = (view[0] + view[2]) / 2, (view[1] + view[3]) / 2
    ring = shapely.boundary(shapely.Point(x, y).buffer(panel.to_map(2.6)))
    canvas.draw_lines(panel, [ring], style.LineStyle(style.VERMILLION, 1.6), casing=0.8, order=8.0)
    canvas.draw_marks(
        panel, np.array([[x, y]]), style.Symbol("circle", style.VERMILLION), fill="full", size_mm=1.2
    )
    inside = scene.units[scene.units.intersects(shapely.Point(x, y))]
    names = [str(name) if name in set(inside["name"]) else "" for name in scene.units["name"]]
    name_units(panel, scene, names, size=7.0, marks=np.array([[x, y]]), least_mm=0.0)
    west, south = panel.box[:2]
    draw_scale_bar(panel, (west + panel.to_map(1.5), south + panel.to_map(1.5)), share=0.4)


def _write_key(panel: Panel, scene: Scene, view: Box) -> None:
    """What the marks mean: the site, those that meet it, the programmes that are seen, the stages."""
    line = panel.height_mm - 4.5
    for name, look in (("本项目", _SITE), ("同时施工的其他项目", _OTHER)):
        canvas.draw_lines(panel, [shapely.LineString([(0.5, line), (7.5, line)])], look, order=8.0)
        canvas.put_text(panel, (9.0, line), name, size=7.0)
        line -= 4.6
    inside = shapely.contains_xy(shapely.box(*view), scene.spots[:, 0], scene.spots[:, 1])
    seen = set(scene.sites["programme"][inside])
    shown = [programme for programme in scene.survey.plan.programmes if programme.id in seen]
    for place, programme in enumerate(shown):
        x, y = place % 2 * panel.width_mm / 2, line - place // 2 * 4.6
        spot = np.array([[x + 2.5, y]])
        canvas.draw_marks(panel, spot, style.find_symbol(programme.id), fill="full", size_mm=2.1, order=9.0)
        canvas.put_text(panel, (x + 6.0, y), programme.short, size=7.0)
    line -= -(-len(shown) // 2) * 4.6
    step = panel.width_mm / len(style.STAGE_GROUPS)
    for place, group in enumerate(style.STAGE_GROUPS):
        spot = np.array([[place * step + 1.5, line]])
        canvas.draw_marks(
            panel, spot, style.Symbol("circle", style.BLUE), fill=group.fill, size_mm=2.1, order=9.0
        )
        canvas.put_text(panel, (place * step + 3.6, line), group.name, size=6.5)
