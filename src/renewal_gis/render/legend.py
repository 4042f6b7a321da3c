"""What stands around a printed map: title, legend, sources. Positions in millimetres of the panel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis import vocab
from renewal_gis.render import canvas, style
from renewal_gis.render.typeset import join_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renewal_gis.plan import Programme, Target
    from renewal_gis.render.canvas import Panel
    from renewal_gis.survey import Survey

_HEADING, _TEXT, _TINY = 8.5, 7.5, 6.0


def write_head(page: Panel, survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]]) -> None:
    """Write the title, the day, and how the whole city stands; tags left and right."""
    title = f"{survey.plan.city}“{survey.plan.short}”项目分布与进展"
    write_title(page, survey, title, tell_city(survey, target, rows))


def write_title(page: Panel, survey: Survey, title: str, below: str) -> None:
    """Write a title and a line below it; tags left and right."""
    middle, top = page.width_mm / 2, page.height_mm
    canvas.put_text(page, (middle, top - 4.2), title, size=14.0, anchor="center center", bold=True)
    canvas.put_text(page, (middle, top - 11.2), below, size=8.5, anchor="center center")
    _write_tag(page, vocab.INTERNAL, right_mm=page.width_mm)
    if survey.simulated:
        _write_tag(page, vocab.SIMULATED, right_mm=0.0)


def tell_city(survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]]) -> str:
    """Return the line below the title: day, count, rate, pace of the target for the whole city."""
    words = [f"截至{style.format_day(survey.as_of)}"]
    row = rows.get(vocab.CITY)
    if row is not None:
        done = f"{target.indicator} {style.format_fraction(row['done'], row['base'])} {target.measure}"
        words.append(f"{done}({style.format_percent(row['rate'])})")
        if style.is_present(row["pace_pp"]):
            words.append(style.tell_pace(row["pace_pp"]))
    return ",".join(words)


def _write_tag(page: Panel, text: str, *, right_mm: float) -> None:
    """A framed tag at the top; ``right_mm`` 0 puts it at the left edge."""
    width = canvas.measure_text(text, 8.0)[0] + 3.0
    west = right_mm - width - 0.2 if right_mm else 0.2
    top = page.height_mm - 1.6
    canvas.draw_box(page, (west, top - 5.2, west + width, top), edge=style.INK, width=0.8)
    canvas.put_text(page, (west + width / 2, top - 2.65), text, size=8.0, anchor="center center")


def write_legend(panel: Panel, survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]]) -> None:
    """Write the legend, top down: completion classes, programmes, stages."""
    line = panel.height_mm - 2.0
    line = _write_classes(panel, survey, target, rows, line)
    line = _write_programmes(panel, survey, line)
    _write_stages(panel, line)


def _head(panel: Panel, text: str, line: float) -> float:
    canvas.put_text(panel, (0, line), text, size=_HEADING, bold=True)
    return line - 5.8


def _write_classes(
    panel: Panel, survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]], line: float
) -> float:
    line = _head(panel, f"{target.indicator}率(完成数/任务数)", line)
    names = [
        style.find_completion_class(rows.get(unit, {}).get("rate")).name for unit in survey.units["name"]
    ]
    classes = (*style.COMPLETION_CLASSES, style.NO_TASK_CLASS)
    half = panel.width_mm / 2
    lines = (len(classes) + 1) // 2
    for place, look in enumerate(classes):
        column, row = divmod(place, lines)
        x, y = column * half, line - row * 5.6
        box = (x + 0.2, y - 1.8, x + 7.2, y + 1.8)
        canvas.draw_box(panel, box, face=look.color, edge=style.MUTED, width=0.5, hatch=look.hatch)
        canvas.put_text(panel, (x + 8.6, y), look.name, size=_TEXT)
        canvas.put_text(
            panel,
            (x + half - 4.0, y),
            str(names.count(look.name)),
            size=_TEXT,
            anchor="right center",
            color=style.MUTED,
        )
    return line - lines * 5.6 - 2.4


def _write_programmes(panel: Panel, survey: Survey, line: float) -> float:
    line = _head(panel, "项目(台账个数)", line)
    counts = survey.sites["programme"].value_counts()
    shown = [programme for programme in survey.plan.programmes if counts.get(programme.id, 0)]
    half, rows = panel.width_mm / 2, (len(shown) + 1) // 2
    for place, programme in enumerate(shown):
        column, row = divmod(place, rows)
        x, y = column * half, line - row * 5.4
        _write_symbol(panel, programme, (x, y))
        canvas.put_text(panel, (x + 8.6, y), programme.short, size=_TEXT)
        canvas.put_text(
            panel,
            (x + half - 4.0, y),
            str(counts[programme.id]),
            size=_TEXT,
            anchor="right center",
            color=style.MUTED,
        )
    return line - rows * 5.4 - 2.4


def _write_symbol(panel: Panel, programme: Programme, place: tuple[float, float]) -> None:
    symbol = style.find_symbol(programme.id)
    if programme.geometry == ("line",):
        _draw_sample(panel, (place[0] + 0.6, place[0] + 6.8), place[1], style.LineStyle(symbol.color, 1.7))
    canvas.draw_marks(
        panel, np.array([[place[0] + 3.7, place[1]]]), symbol, fill="full", size_mm=2.3, order=9.0
    )


def _draw_sample(panel: Panel, span: tuple[float, float], y: float, look: style.LineStyle) -> None:
    canvas.draw_lines(panel, [shapely.LineString([(span[0], y), (span[1], y)])], look, order=8.5)


def _write_stages(panel: Panel, line: float) -> None:
    line = _head(panel, "所处阶段", line)
    step = panel.width_mm / len(style.STAGE_GROUPS)
    for place, group in enumerate(style.STAGE_GROUPS):
        spot = np.array([[place * step + 1.6, line]])
        canvas.draw_marks(
            panel, spot, style.Symbol("circle", style.BLUE), fill=group.fill, size_mm=2.4, order=9.0
        )
        canvas.put_text(panel, (place * step + 4.0, line), group.name, size=_TEXT)


def _list_notes(
    survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]], *, bubbled: bool
) -> list[str]:
    """Say what the map cannot show: units without a polygon, stages of lines, sites without a place."""
    drawn = set(survey.units["name"])
    notes = []
    for unit in survey.plan.groups[target.group]:
        row = rows.get(unit)
        if unit not in drawn and row is not None:
            share = f"{style.format_fraction(row['done'], row['base'])}({style.format_percent(row['rate'])})"
            notes.append(f"{unit}未绘界线,完成 {share}")
    if bubbled:
        notes.append("上图中带数字的符号为该处多个项目,不分阶段")
    if any(programme.geometry == ("line",) for programme in survey.plan.programmes):
        notes.append("线状项目的点线为未启动和前期,虚线为施工,实线为完成")
    missing = int((survey.sites.geometry.isna() | survey.sites.geometry.is_empty).sum())
    if missing:
        notes.append(f"另有 {missing} 个项目台账无位置,计入总数,未上图")
    return notes


def write_foot(
    page: Panel, survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]], *, bubbled: bool
) -> None:
    """Write what the map leaves out, where the data come from, what the boundaries are worth."""
    notes = _list_notes(survey, target, rows, bubbled=bubbled)
    texts = [f"注:{';'.join(notes)}。"] if notes else []
    texts.append(f"资料来源:{join_sources(survey.sources)}。")
    texts.append(f"{vocab.BOUNDARY_NOTE};投影 {survey.plan.crs_metric}。")
    lines = [line for text in texts for line in wrap_text(text, _TINY, page.width_mm)]
    for place, line in enumerate(lines):
        canvas.put_text(page, (0, 13.6 - place * 2.9), line, size=_TINY, color=style.MUTED)


def wrap_text(text: str, size: float, width_mm: float) -> list[str]:
    """Return the lines of a text that fit a width; Chinese may break at any character."""
    lines, current = [], ""
    for letter in text:
        if current and canvas.measure_text(current + letter, size)[0] > width_mm:
            lines.append(current)
            current = ""
        current = (current + letter).lstrip()
    return [*lines, current]


def round_scale(length_m: float, /) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(length_m))
    return max(step * power for step in (1, 2, 5) if step * power <= length_m * (1 + 1e-9))


def draw_scale_bar(panel: Panel, corner: tuple[float, float], *, share: float = 0.22) -> None:
    """Draw two fields of a scale bar, true in the projection's metres, from its south-west corner."""
    x, y = corner
    length = round_scale(panel.to_map(panel.width_mm * share))
    half, thick = length / 2, panel.to_map(1.1)
    for part, face in enumerate((style.INK, style.PAPER)):
        box = (x + part * half, y, x + (part + 1) * half, y + thick)
        canvas.draw_box(panel, box, face=face, edge=style.INK, width=0.6, order=9.0)
    unit, name = (1000.0, " km") if length >= 1000 else (1.0, " m")
    for part, word in enumerate(("0", f"{half / unit:g}", f"{length / unit:g}{name}")):
        place = (x + part * half, y + panel.to_map(1.7))
        canvas.put_text(panel, place, word, size=6.5, anchor="center bottom", halo=1.2)


def draw_north(panel: Panel, corner: tuple[float, float]) -> None:
    """Draw an arrow to the north of the grid from its south-west corner on the map."""
    x, y = corner[0] + panel.to_map(4.5), corner[1] + panel.to_map(1.0)
    wide, high = panel.to_map(2.4), panel.to_map(8.0)
    left = shapely.Polygon([(x, y + high), (x - wide, y), (x, y + high * 0.28)])
    right = shapely.Polygon([(x, y + high), (x + wide, y), (x, y + high * 0.28)])
    canvas.draw_area(panel, left, face=style.INK, edge=style.INK, width=0.6, order=9.0)
    canvas.draw_area(panel, right, face=style.PAPER, edge=style.INK, width=0.6, order=9.0)
    place = (x, y + high + panel.to_map(0.8))
    canvas.put_text(panel, place, "北", size=8.0, anchor="center bottom", bold=True)
