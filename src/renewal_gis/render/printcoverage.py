"""Figure for paper: who has which facility near, as small maps and a table of shares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis import vocab
from renewal_gis.errors import InputError
from renewal_gis.render import canvas, style
from renewal_gis.render.canvas import PAPER
from renewal_gis.render.legend import (
    HEAD_MM,
    draw_scale_bar,
    list_sources,
    measure_foot,
    write_foot,
    write_title,
)
from renewal_gis.render.scene import (
    choose_target,
    draw_backdrop,
    draw_rims,
    draw_units,
    find_spots,
    pad_box,
    set_scene,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from renewal_gis.render.canvas import Box, Panel, Paper, Sheet
    from renewal_gis.render.scene import Scene
    from renewal_gis.rules import Facility
    from renewal_gis.survey import Survey

_ACROSS, _GAP_MM, _CAPTION_MM, _RATIO = 3, 2.0, 7.0, 0.78
_ROW_MM, _NAME_MM, _LETTER_MM, _BLOCK = 4.1, 27.0, 2.5, 20
_TEXT, _SMALL, _TINY = 7.5, 6.5, 5.5
_COVERED, _OPEN, _OPEN_HATCH = "#4F7BAB", "#FFFFFF", "////////"
_REACH = "#E6EEF6"


def draw_coverage(survey: Survey, /, *, unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return small maps of what lies within reach of each type of facility, and the shares by district.

    Parameters
    ----------
    survey, paper
        As in :func:`renewal_gis.render.printmap.draw_status`; the survey must have measured coverage.
    unit
        A district that the maps show; its line stands out in the table. Empty for the built-up core.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError
        No coverage was measured, or the unit has no outline.
    PlanError
        The plan has no such unit.
    PublishError
        Unknown format.

    Notes
    -----
    Shares are those of ``survey.coverage``; which land is drawn as reached follows the outlines of
    ``survey.reach_areas``.
    """
    canvas.check_format(paper.file_format)
    if survey.coverage.empty or survey.land.empty:
        raise InputError(
            "没有居住用地或设施,不能绘覆盖图",
            place="land",
            remedy="在方案 [[sources]] 中写明 role = land、facilities 的文件",
        )
    survey = replace(survey, coverage=_pick_straight(survey))
    scene = set_scene(survey, choose_target(survey), unit=unit, inset_ratio=1 / _RATIO)
    if unit and unit not in set(scene.units["name"]):
        raise InputError(f"{unit}没有界线,不能单独绘覆盖图", place=unit, remedy="另选有界线的区县")
    kinds = [kind for kind in survey.plan.facilities if (survey.coverage["facility"] == kind.id).any()]
    width_mm, room_mm = paper.room_mm
    cell = (width_mm - _GAP_MM * (_ACROSS - 1)) / _ACROSS
    cell_mm = cell * _RATIO
    rows = -(-(len(kinds) + 1) // _ACROSS)
    table = _list_shares(survey, kinds)
    blocks = [table.iloc[start : start + _BLOCK] for start in range(0, len(table), _BLOCK)]
    table_mm = sum(_measure_block(block) for block in blocks)
    foot = list_sources(survey, width_mm, _tell_method(survey))
    foot_mm = measure_foot(foot)
    if room_mm:  # on a whole page the maps take what is left
        spare = (room_mm - HEAD_MM - table_mm - foot_mm) / rows - _CAPTION_MM
        cell_mm = max(cell_mm, min(spare, cell))
    with canvas.use_house_style():
        maps_mm = rows * (cell_mm + _CAPTION_MM)
        sheet = canvas.make_sheet(paper, height_mm=HEAD_MM + maps_mm + table_mm + foot_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, sheet.height_mm))
        title = f"{scene.name}公共服务设施覆盖情况"
        write_title(
            page, survey, title, f"截至{style.format_day(survey.as_of)},服务半径以内的{_measure(survey)}占比"
        )
        top = sheet.height_mm - HEAD_MM
        view = canvas.fit_view(_find_view(scene), cell / cell_mm)
        land = _gather(survey.land.to_crs(survey.plan.crs_metric).geometry, view)
        for place, kind in enumerate([*kinds, None]):
            row, column = divmod(place, _ACROSS)
            low = top - (row + 1) * (cell_mm + _CAPTION_MM) + _GAP_MM
            box = (column * (cell + _GAP_MM), low, cell, cell_mm)
            if kind is None:
                _write_key(canvas.add_panel(sheet, box))
            else:
                _draw_cell(sheet, page, scene, kind, box, view=view, land=land)
        line = foot_mm + table_mm
        for block in blocks:
            _write_block(page, block, kinds, line, unit)
            line -= _measure_block(block)
        write_foot(page, foot)
        return canvas.save_sheet(sheet)


def _pick_straight(survey: Survey) -> pd.DataFrame:
    """The shares in a straight line and as things stand: the ones that the drawn outlines belong to."""
    rows = survey.coverage
    for column, wanted in (("measure", "straight"), ("scenario", "before")):
        if column in rows:
            rows = rows[rows[column] == wanted]
    return rows


def _find_view(scene: Scene) -> Box:
    """Where the sites of the district, or of the core, lie; else its residential land."""
    if scene.inset is not None:
        return scene.inset
    land = scene.survey.land.to_crs(scene.survey.plan.crs_metric)
    spots = find_spots(land[land.geometry.notna() & ~land.geometry.is_empty])
    core = scene.units[scene.units["core"].astype(bool)]
    area = scene.focus if scene.unit or core.empty else core.union_all()
    inside = spots[shapely.contains_xy(area, spots[:, 0], spots[:, 1])]
    if not len(inside):
        return area.bounds
    (west, south), (east, north) = np.percentile(inside, 3, axis=0), np.percentile(inside, 97, axis=0)
    return pad_box((west, south, east, north)).bounds


def _gather(shapes: gpd.GeoSeries, view: Box) -> BaseGeometry:
    """The areas that a map shows as one geometry, side by side: nothing is dissolved."""
    shapes = shapes[shapes.notna()]
    parts = shapely.get_parts(shapes[shapes.intersects(shapely.box(*view))].to_numpy())
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def _measure(survey: Survey) -> str:
    return "户数" if survey.coverage["household_share"].notna().any() else "居住用地面积"


def _list_shares(survey: Survey, kinds: Sequence[Facility]) -> pd.DataFrame:
    """Shares by unit (全市 first) and facility type."""
    column = "household_share" if survey.coverage["household_share"].notna().any() else "land_share"
    wide = survey.coverage.pivot_table(index="unit", columns="facility", values=column, dropna=False)
    order = [vocab.CITY, *(str(name) for name in survey.units["name"])]
    return wide.reindex(index=order, columns=[kind.id for kind in kinds])


def _tell_method(survey: Survey) -> str:
    radii = sorted({f"{facility.reach_m:g}" for facility in survey.plan.facilities}, key=float)
    return (
        f"注:服务半径 {'、'.join(radii)} 米,按直线距离,未计河流、围墙阻隔,为上限;户数按所在地块面积摊算;"
        f"“{vocab.NO_TASK}”为无居住用地或户数,无法计算。"
    )


# ------------------------------------------------------------------ small maps
def _draw_cell(
    sheet: Sheet, page: Panel, scene: Scene, kind: Facility, box: Box, *, view: Box, land: BaseGeometry
) -> None:
    survey = scene.survey
    panel = canvas.add_panel(sheet, box, view=view, frame=style.MUTED)
    draw_units(panel, scene, plain=True)
    known = survey.reach_areas if len(survey.reach_areas) else survey.reach_areas.assign(facility="")
    areas = known[known["facility"] == kind.id]
    canvas.draw_area(panel, land, face=_OPEN, hatch=_OPEN_HATCH, edge=style.MUTED, width=0.25, order=2.6)
    if len(areas):
        reach = areas.to_crs(survey.plan.crs_metric).geometry.iloc[0]
        canvas.draw_area(panel, reach, face=_REACH, edge="#8FA9C6", width=0.4, order=1.2)
        canvas.draw_area(panel, land, face=_COVERED, order=3.0, within=reach)
    draw_backdrop(panel, scene, width=0.3)
    draw_rims(panel, scene)
    points = survey.facilities[survey.facilities["facility"] == kind.id].to_crs(survey.plan.crs_metric)
    points = points[points.geometry.notna() & ~points.geometry.is_empty]
    inside = points[points.intersects(shapely.box(*panel.box))]
    canvas.draw_marks(
        panel, find_spots(inside), style.find_facility_symbol(kind.id), fill="full", size_mm=1.15
    )
    corner = (panel.box[0] + panel.to_map(1.5), panel.box[1] + panel.to_map(1.5))
    draw_scale_bar(panel, corner, share=0.42)
    left, _, width, _ = box
    row = survey.coverage[survey.coverage["facility"] == kind.id].set_index("unit")
    share = _pick_share(row, scene.unit or vocab.CITY)
    above = box[1] + box[3] + 2.6
    canvas.put_text(page, (left, above), f"{kind.name}({kind.reach_m:g} 米)", size=_TEXT, bold=True)
    canvas.put_text(
        page, (left + width, above), style.format_percent(share), size=_TEXT, anchor="right center", bold=True
    )


def _pick_share(rows: pd.DataFrame, unit: str) -> Any:
    if unit not in rows.index:
        return None
    row = rows.loc[unit]
    return row["household_share"] if style.is_present(row["household_share"]) else row["land_share"]


def _write_key(panel: Panel) -> None:
    entries = (
        ("在半径以内的居住用地", _COVERED, ""),
        ("半径以外的居住用地", _OPEN, _OPEN_HATCH),
        ("服务范围", _REACH, ""),
    )
    line = panel.height_mm - 4.0
    for name, face, hatch in entries:
        box = (1.0, line - 1.6, 7.0, line + 1.6)
        canvas.draw_box(panel, box, face=face, edge=style.MUTED, width=0.5, hatch=hatch)
        canvas.put_text(panel, (8.5, line), name, size=_SMALL)
        line -= 5.2
    spot = np.array([[4.0, line]])
    canvas.draw_marks(panel, spot, style.Symbol("circle", style.INK), fill="full", size_mm=1.6)
    canvas.put_text(panel, (8.5, line), "设施,符号各图不同", size=_SMALL)
    canvas.put_text(panel, (1.0, line - 5.2), "标题右侧为全市或该区县占比", size=_SMALL, color=style.MUTED)


# ------------------------------------------------------------------ table
def _measure_block(block: pd.DataFrame) -> float:
    """Height of a part of the table: names of districts on end, one line for each facility type."""
    longest = max(len(str(name)) for name in block.index)
    return longest * _LETTER_MM + 2.0 + _ROW_MM * block.shape[1] + 2.0


def _write_block(page: Panel, block: pd.DataFrame, kinds: Sequence[Facility], top: float, unit: str) -> None:
    """Shares in per cent on a ground that darkens with the share, so that the pattern is seen."""
    step = (page.width_mm - _NAME_MM) / _BLOCK
    under = top - max(len(str(name)) for name in block.index) * _LETTER_MM - 1.0
    canvas.put_text(page, (0.5, under + 1.2), "单位:%", size=_TINY, color=style.MUTED)
    for number, kind in enumerate(kinds):
        middle = under - _ROW_MM * (number + 0.5)
        canvas.put_text(page, (0.5, middle), kind.name, size=_SMALL)
    for place, (name, row) in enumerate(block.iterrows()):
        left = _NAME_MM + place * step
        strong = name in {unit, vocab.CITY}
        letters = "\n".join(str(name))
        canvas.put_text(
            page, (left + step / 2, under + 0.6), letters, size=_SMALL, anchor="center bottom", bold=strong
        )
        for number, share in enumerate(row):
            low = under - _ROW_MM * (number + 1)
            face, ink = _find_ground(share)
            canvas.draw_box(page, (left, low, left + step - 0.3, low + _ROW_MM - 0.3), face=face, order=0.5)
            spot = (left + step / 2 - 0.15, low + _ROW_MM / 2 - 0.2)
            text = style.format_percent(share).rstrip("%")
            canvas.put_text(page, spot, text, size=_SMALL, anchor="center center", color=ink, bold=strong)


def _find_ground(share: float) -> tuple[str, str]:
    if not style.is_present(share):
        return style.PAPER, style.INK
    face = canvas.mix_colors("#F3F6FA", "#4F7BAB", share=min(max((share - 0.3) / 0.7, 0.0), 1.0))
    return face, canvas.find_ink(face)
