"""Maps for paper: how the city stands, and where the sites lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.render import canvas, style
from renewal_gis.render.canvas import PAPER
from renewal_gis.render.clusters import make_bubbles
from renewal_gis.render.legend import (
    HEAD_MM,
    draw_north,
    draw_scale_bar,
    list_foot,
    measure_foot,
    write_foot,
    write_head,
    write_legend,
)
from renewal_gis.render.scene import (
    choose_target,
    draw_backdrop,
    draw_rims,
    draw_site_lines,
    draw_sites,
    draw_tint,
    draw_units,
    find_corner,
    label_units,
    name_units,
    set_scene,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renewal_gis.render.canvas import Box, Panel, Paper
    from renewal_gis.render.scene import Scene
    from renewal_gis.survey import Survey

GAP_MM, MARGIN_MM = 2.5, 3.0
_LOWER_MM, _LEGEND_MM = 72.0, 62.0
_MAIN_MM = (70.0, 125.0)
_INSET_WIDTH, _INSET_HEIGHT = 0.53, 1.1
_MARK_MM, _PLACE_MM = 2.0, 2.2


def draw_status(
    survey: Survey, /, *, target_id: str = "", unit: str = "", paper: Paper = PAPER, coloured: bool = True
) -> bytes:
    """Return the status map: units by completion, sites by programme and stage.

    Parameters
    ----------
    survey
        What is drawn: everything in EPSG:4490, drawn in ``survey.plan.crs_metric``.
    target_id
        Target whose completion rate colours the units; see
        :func:`renewal_gis.render.scene.choose_target`.
    unit
        Full name of a unit: the map then shows it and the sites it manages. Empty for the city.
    paper
        Size, resolution and format.
    coloured
        Whether the units are coloured by completion; without, the map shows where the sites lie.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    PublishError
        Unknown format.
    PlanError
        The plan has no such target or unit.
    InputError
        The unit has neither an outline nor a located site.
    MissingFileError
        The bundled font is not installed.

    Notes
    -----
    Unit boundaries are a sketch and must not be used to settle where a boundary runs.
    """
    canvas.check_format(paper.file_format)
    target = choose_target(survey, target_id=target_id)
    width_mm, room_mm = paper.room_mm
    scene = set_scene(survey, target, unit=unit, inset_ratio=width_mm * _INSET_WIDTH / _LOWER_MM)
    foot = list_foot(scene, width_mm, bubbled=scene.inset is not None)
    foot_mm = measure_foot(foot)
    main_mm, lower_mm = _share_height(scene, width_mm, room_mm - foot_mm if room_mm else 0.0)
    if scene.inset is not None and lower_mm != _LOWER_MM:
        scene = set_scene(survey, target, unit=unit, inset_ratio=width_mm * _INSET_WIDTH / lower_mm)
    west, south, east, north = scene.focus.bounds
    with canvas.use_house_style():
        sheet = canvas.make_sheet(paper, height_mm=HEAD_MM + main_mm + GAP_MM + lower_mm + foot_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, sheet.height_mm))
        view = shapely.box(west, south, east, north).buffer(MARGIN_MM * (east - west) / width_mm).bounds
        box = (0.0, foot_mm + lower_mm + GAP_MM, width_mm, main_mm)
        main = canvas.add_panel(sheet, box, view=view, frame=style.MUTED)
        _draw_main(main, scene, coloured=coloured)
        legend_left = 0.0
        if scene.inset is not None:
            box = (0.0, foot_mm, width_mm * _INSET_WIDTH, lower_mm)
            _draw_inset(
                canvas.add_panel(sheet, box, view=scene.inset, frame=style.INK), scene, coloured=coloured
            )
            legend_left = box[2] + 4.0
        legend = canvas.add_panel(sheet, (legend_left, foot_mm, width_mm - legend_left, lower_mm))
        write_legend(legend, scene, coloured=coloured)
        write_head(page, scene, coloured=coloured)
        write_foot(page, foot)
        return canvas.save_sheet(sheet)


def draw_location(survey: Survey, /, *, unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return the map of where the sites lie, by programme and stage; arguments as in :func:`draw_status`."""
    return draw_status(survey, unit=unit, paper=paper, coloured=False)


def _share_height(scene: Scene, width_mm: float, room_mm: float) -> tuple[float, float]:
    """Heights of the map and of what stands below it; on a whole page the inset takes what is left."""
    west, south, east, north = scene.focus.bounds
    main_mm = (width_mm - 2 * MARGIN_MM) * (north - south) / (east - west) + 2 * MARGIN_MM
    main_mm = min(max(main_mm, _MAIN_MM[0]), _MAIN_MM[1] * max(1.0, width_mm / canvas.TEXT_WIDTH_MM))
    lower_mm = _LOWER_MM if scene.inset is not None else _LEGEND_MM
    spare = room_mm - HEAD_MM - GAP_MM - main_mm - lower_mm
    if room_mm and scene.inset is not None:
        return main_mm, min(lower_mm + max(spare, 0.0), width_mm * _INSET_WIDTH * _INSET_HEIGHT)
    return (main_mm + max(spare, 0.0) if room_mm else main_mm), lower_mm


# ------------------------------------------------------------------ maps
def _draw_main(panel: Panel, scene: Scene, *, coloured: bool) -> None:
    draw_units(panel, scene, plain=not coloured)
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
        draw_backdrop(panel, scene)
        lines = draw_site_lines(panel, scene, shown)
        draw_sites(panel, scene, shown & ~lines)
    scale = find_corner(panel, scene.focus, size_mm=(40.0, 8.0), last="sw")
    north = find_corner(panel, scene.focus, size_mm=(9.0, 14.0), last="ne")
    draw_scale_bar(panel, scale)
    draw_north(panel, north)
    taken += [(*scale, scale[0] + panel.to_map(40.0), scale[1] + panel.to_map(8.0))]
    taken += [(*north, north[0] + panel.to_map(9.0), north[1] + panel.to_map(14.0))]
    if coloured:
        label_units(panel, scene, marks=marks, taken=taken)
    else:
        name_units(
            panel, scene, [str(name) for name in scene.units["name"]], size=7.5, marks=marks, taken=taken
        )


def _draw_bubbles(panel: Panel, scene: Scene, shown: NDArray[np.bool_]) -> NDArray[np.float64]:
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


def _draw_inset(panel: Panel, scene: Scene, *, coloured: bool) -> None:
    if coloured:
        draw_tint(panel, scene)
    else:
        draw_units(panel, scene, plain=True)
    draw_backdrop(panel, scene)
    draw_rims(panel, scene)
    inside = shapely.contains_xy(shapely.box(*panel.box), scene.spots[:, 0], scene.spots[:, 1])
    lines = draw_site_lines(panel, scene, inside)
    draw_sites(panel, scene, inside & ~lines)
    west, south, east, _ = panel.box
    corner = (west + panel.to_map(2.5), south + panel.to_map(2.5))
    taken = [(west, south, west + (east - west) * 0.5, south + panel.to_map(9.0))]
    names = [str(name) for name in scene.units["name"]]
    name_units(panel, scene, names, size=9.0, marks=scene.spots[inside], taken=taken)
    draw_scale_bar(panel, corner, share=0.36)
