"""Map for paper: suspected dead ends, the links proposed, and the first of them in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis import vocab
from renewal_gis.errors import InputError
from renewal_gis.render import canvas, style
from renewal_gis.render.canvas import PAPER
from renewal_gis.render.labels import Label, place_labels
from renewal_gis.render.legend import (
    HEAD_MM,
    draw_north,
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
from renewal_gis.vocab import LinkKind, Verdict

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.render.canvas import Box, Panel, Paper
    from renewal_gis.render.scene import Scene
    from renewal_gis.survey import Survey

LIKELY = 0.5
"""From this score on a link is called likely."""
LISTED = 20
"""Links that carry their rank on the map and stand in the table."""
_KEY_MM, _ROW_MM, _GAP_MM = 7.0, 4.3, 2.0
_TEXT, _SMALL = 7.0, 6.5
_HEADS = ("名次", "道路", "区县", "长度", "绕行", "概率")
_SHARES = (0.1, 0.42, 0.62, 0.76, 0.9, 1.0)


def draw_gaps(survey: Survey, /, *, unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return the map of suspected dead ends and proposed links, with a table of the first ones.

    Parameters
    ----------
    survey, paper
        As in :func:`renewal_gis.render.printmap.draw_status`; the survey must have looked at the roads.
    unit
        A district: only its links. Empty for the city.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError
        The survey has no streets to look at, or the unit no outline.
    PlanError
        The plan has no such unit.
    PublishError
        Unknown format.

    Notes
    -----
    Links are suspected and await a visit; none of them is a project.
    """
    canvas.check_format(paper.file_format)
    if survey.streets.empty or "verdict" not in survey.dead_ends:
        raise InputError(
            "没有路网,不能绘断头路图", place="roads", remedy="在方案 [[sources]] 中写明 role = roads 的文件"
        )
    scene = set_scene(survey, choose_target(survey), unit=unit)
    links, ends = _pick(survey, scene)
    first = links.nsmallest(LISTED, "rank") if len(links) else links
    width_mm, room_mm = paper.room_mm
    rows = -(-len(first) // 2)
    table_mm = _ROW_MM * (rows + 1) + _GAP_MM if rows else 0.0
    foot = list_sources(
        survey,
        width_mm,
        f"注:拟打通路段为路网分析所得,{vocab.SUSPECTED},不作立项依据;概率为此处应有道路的校准概率;* 已列入台账。",
    )
    foot_mm = measure_foot(foot)
    rest_mm = HEAD_MM + _KEY_MM + table_mm + foot_mm
    view = _find_view(scene, links)
    main_mm = min(max(width_mm * (view[3] - view[1]) / (view[2] - view[0]), 70.0), 125.0 * width_mm / 156.0)
    main_mm = max(main_mm, min(room_mm - rest_mm, width_mm * 1.05)) if room_mm else main_mm
    with canvas.use_house_style():
        sheet = canvas.make_sheet(paper, height_mm=rest_mm + main_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, sheet.height_mm))
        write_title(page, survey, f"{scene.name}疑似断头路和拟打通路段", _tell(survey, links, ends))
        box = (0.0, foot_mm + table_mm + _KEY_MM, width_mm, main_mm)
        _draw_map(canvas.add_panel(sheet, box, view=view, frame=style.MUTED), scene, links, ends, first)
        _write_key(page, foot_mm + table_mm + _KEY_MM / 2)
        _write_table(page, first, foot_mm + table_mm - _GAP_MM / 2)
        write_foot(page, foot)
        return canvas.save_sheet(sheet)


def _pick(survey: Survey, scene: Scene) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Links and candidate dead ends of the city or of one district, in map metres."""
    crs = survey.plan.crs_metric
    ends = survey.dead_ends[survey.dead_ends["verdict"] == Verdict.CANDIDATE.value].to_crs(crs)
    links = survey.links.to_crs(crs)
    if scene.unit:
        if scene.unit not in set(scene.units["name"]):
            raise InputError(
                f"{scene.unit}没有界线,不能单独绘断头路图", place=scene.unit, remedy="另选有界线的区县"
            )
        ends = ends[ends.intersects(scene.focus)]
        links = links[links.intersects(scene.focus)]
    return links.sort_values("rank") if len(links) else links, ends


def _find_view(scene: Scene, links: gpd.GeoDataFrame) -> Box:
    """Where all but the outermost links lie; without links, the district or the streets."""
    if len(links) > 1:
        spots = find_spots(links)
        (west, south), (east, north) = np.percentile(spots, 2, axis=0), np.percentile(spots, 98, axis=0)
        return pad_box((west, south, east, north)).bounds
    if scene.unit:
        return scene.focus.bounds
    return tuple(scene.survey.streets.to_crs(scene.survey.plan.crs_metric).total_bounds)


def _tell(survey: Survey, links: gpd.GeoDataFrame, ends: gpd.GeoDataFrame) -> str:
    likely = int((links["score"] >= LIKELY).sum()) if len(links) else 0
    return (
        f"截至{style.format_day(survey.as_of)},疑似断头路 {len(ends)} 处,拟打通路段 {len(links)} 处,"
        f"其中概率不低于 {LIKELY:g} 的 {likely} 处"
    )


# ------------------------------------------------------------------ map
def _draw_map(
    panel: Panel, scene: Scene, links: gpd.GeoDataFrame, ends: gpd.GeoDataFrame, first: gpd.GeoDataFrame
) -> None:
    draw_units(panel, scene, plain=True)
    draw_backdrop(panel, scene, classes=style.ROAD_CLASSES[:7], width=0.5)
    draw_rims(panel, scene)
    window = shapely.box(*panel.box)
    links = links[links.intersects(window)]
    ends = ends[ends.intersects(window)]
    symbol = style.VERDICT_SYMBOLS[Verdict.CANDIDATE.value]
    canvas.draw_marks(panel, find_spots(ends), symbol, fill="hollow", size_mm=1.7, order=4.2)
    for kind, look in style.LINK_STYLES.items():
        part = links[links["kind"] == kind] if len(links) else links
        likely = (part["score"] >= LIKELY).to_numpy() if len(part) else np.zeros(0, bool)
        thin = style.LineStyle(look.color, look.width * 0.45, look.dash)
        canvas.draw_lines(panel, part.geometry[~likely].tolist(), thin, casing=0.4, order=5.0)
        wide = style.LineStyle(look.color, look.width * 0.8, look.dash)
        canvas.draw_lines(panel, part.geometry[likely].tolist(), wide, casing=0.8, order=5.2)
    size = 6.5
    scale = (panel.box[0] + panel.to_map(2.5), panel.box[1] + panel.to_map(2.5))
    north = (panel.box[2] - panel.to_map(12.0), panel.box[3] - panel.to_map(17.0))
    taken = [
        (*scale, scale[0] + panel.width_mm * 0.3 * panel.scale, scale[1] + panel.to_map(8.0)),
        (*north, panel.box[2], panel.box[3]),
    ]
    draw_scale_bar(panel, scale)
    draw_north(panel, north)
    _write_ranks(panel, first[first.intersects(window)], links, taken, size=size)


def _write_ranks(
    panel: Panel, first: gpd.GeoDataFrame, links: gpd.GeoDataFrame, taken: list[Box], *, size: float
) -> None:
    """Write the rank beside each of the first links, off the others; a hair line leads to it."""
    if not len(first):
        return
    spots = find_spots(first)
    labels = []
    for rank, spot in zip(first["rank"], spots, strict=True):
        width, height = canvas.measure_text(str(rank), size)
        area = shapely.Point(spot).buffer(panel.to_map(6.5))
        labels.append(Label(str(rank), panel.to_map(width + 1.2), panel.to_map(height), area))
    marks = shapely.get_coordinates(shapely.segmentize(links.geometry.to_numpy(), panel.to_map(0.8)))
    places = place_labels(labels, marks=marks, taken=taken, mark_m=panel.to_map(0.6))
    for label, spot in zip(labels, spots, strict=True):
        place = places[label.key]
        leader = [shapely.LineString([spot, place])]
        canvas.draw_lines(panel, leader, style.LineStyle(style.INK, 0.4), order=5.6)
        x, y, dx, dy = *place, label.width_m / 2, label.height_m / 2 * 0.85
        canvas.draw_box(
            panel, (x - dx, y - dy, x + dx, y + dy), face=style.PAPER, edge=style.INK, width=0.5, order=6.0
        )
        canvas.put_text(panel, place, label.key, size=size, anchor="center center", bold=True)


# ------------------------------------------------------------------ key, table
def _write_key(page: Panel, middle: float) -> None:
    x = 0.5
    canvas.draw_marks(
        page, np.array([[x + 1.5, middle]]), style.VERDICT_SYMBOLS[Verdict.CANDIDATE.value],
        fill="hollow", size_mm=2.0, order=9.0,
    )  # fmt: skip
    x = _put_word(page, x + 4.2, middle, Verdict.CANDIDATE.zh)
    for kind in LinkKind:
        look = style.LINK_STYLES[kind.value]
        line = [shapely.LineString([(x, middle), (x + 8.0, middle)])]
        wide = style.LineStyle(look.color, look.width * 0.8, look.dash)
        canvas.draw_lines(page, line, wide, order=8.0)
        x = _put_word(page, x + 9.2, middle, kind.zh)
    canvas.put_text(page, (x, middle), f"细线:概率低于 {LIKELY:g}", size=_TEXT)
    words = f"框内数字为名次,列前 {LISTED} 名"
    canvas.put_text(
        page, (page.width_mm, middle), words, size=_TEXT, anchor="right center", color=style.MUTED
    )


def _put_word(page: Panel, x: float, middle: float, word: str) -> float:
    canvas.put_text(page, (x, middle), word, size=_TEXT)
    return x + canvas.measure_text(word, _TEXT)[0] + 3.2


def _write_table(page: Panel, first: gpd.GeoDataFrame, top: float) -> None:
    """The first links in two halves side by side."""
    records: list[dict[str, Any]] = first.drop(columns="geometry").to_dict("records")
    half = -(-len(records) // 2)
    width = page.width_mm / 2 - 2.0
    for side, part in enumerate((records[:half], records[half:])):
        if part:
            _write_half(page, part, (side * (width + 4.0), top), width)


def _write_half(
    page: Panel, records: list[dict[str, Any]], corner: tuple[float, float], width: float
) -> None:
    x, top = corner
    canvas.draw_box(page, (x, top - _ROW_MM, x + width, top), face="#E9EEF4", order=0.5)
    _write_cells(page, _HEADS, x, top - _ROW_MM / 2, width, bold=True)
    for number, record in enumerate(records, 1):
        low = top - _ROW_MM * (number + 1)
        name = str(record.get("name") or "") or "(无名路)"
        mark = "*" if record.get("ledger_site") else ""
        cells = (
            f"{record['rank']}{mark}",
            _cut(name, width * (_SHARES[1] - _SHARES[0]) - 1.5),
            str(record["district"]) or vocab.NO_TASK,
            style.format_length(record["length_m"]),
            style.format_length(record["network_m"]),
            f"{record['score']:.2f}",
        )
        _write_cells(page, cells, x, low + _ROW_MM / 2, width)
        canvas.draw_box(page, (x, low, x + width, low + 0.08), face="#C3C8CF", order=0.6)


def _write_cells(
    page: Panel, cells: tuple[str, ...], x: float, middle: float, width: float, *, bold: bool = False
) -> None:
    starts = (0.0, *_SHARES)
    for place, cell in enumerate(cells):
        left, right = x + starts[place] * width, x + starts[place + 1] * width
        if place in {1, 2}:
            spot, anchor = (left + 0.8, middle), "left center"
        else:
            spot, anchor = (right - 0.8, middle), "right center"
        canvas.put_text(page, spot, cell, size=_SMALL, anchor=anchor, bold=bold)


def _cut(text: str, width_mm: float) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    if canvas.measure_text(text, _SMALL)[0] <= width_mm:
        return text
    while text and canvas.measure_text(f"{text}…", _SMALL)[0] > width_mm:
        text = text[:-1]
    return f"{text}…"
