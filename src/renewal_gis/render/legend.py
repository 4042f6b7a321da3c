"""What stands around a printed map: title, legend, sources. Positions in millimetres of the panel."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis import vocab
from renewal_gis.render import canvas, style
from renewal_gis.render.scene import find_unit_sites
from renewal_gis.render.typeset import join_sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from renewal_gis.plan import Programme, Target
    from renewal_gis.render.canvas import Panel
    from renewal_gis.render.scene import Scene
    from renewal_gis.survey import Survey

_HEADING, _TEXT, _TINY = 8.5, 7.5, 6.0
HEAD_MM = 15.5
"""Height of the title, the line below it and some room."""
_FOOT_LINE_MM, _FOOT_PAD_MM = 2.9, 2.6


def write_head(page: Panel, scene: Scene, *, coloured: bool = True) -> None:
    """Write the title, the day, and how the city or unit stands; tags left and right."""
    survey = scene.survey
    title = f"{scene.name}“{survey.plan.short}”项目{'分布与进展' if coloured else '位置图'}"
    below = tell_state(survey, scene.target, scene.rows, unit=scene.unit or vocab.CITY)
    if not coloured:
        below = f"截至{style.format_day(survey.as_of)},台账项目 {len(_list_sites(scene))} 个"
    write_title(page, survey, title, below)


def _list_sites(scene: Scene) -> pd.DataFrame:
    """The ledger's sites that the map speaks of, with or without a place."""
    sites = scene.survey.sites
    return sites[find_unit_sites(scene.survey, scene.unit)] if scene.unit else sites


def write_title(page: Panel, survey: Survey, title: str, below: str) -> None:
    """Write a title and a line below it; tags left and right."""
    middle, top = page.width_mm / 2, page.height_mm
    canvas.put_text(page, (middle, top - 4.2), title, size=14.0, anchor="center center", bold=True)
    canvas.put_text(page, (middle, top - 11.2), below, size=8.5, anchor="center center")
    _write_tag(page, vocab.INTERNAL, right_mm=page.width_mm)
    if survey.simulated:
        _write_tag(page, vocab.SIMULATED, right_mm=0.0)


def tell_state(
    survey: Survey, target: Target, rows: Mapping[str, dict[str, Any]], *, unit: str = vocab.CITY
) -> str:
    """Return the line below the title: day, count, rate, pace of the target for the city or a unit."""
    words = [f"截至{style.format_day(survey.as_of)}"]
    row = rows.get(unit)
    if row is not None and style.is_present(row["rate"]):
        done = f"{target.indicator} {style.format_fraction(row['counted'], row['base'])} {target.measure}"
        words.append(f"{done}({style.format_percent(row['rate'])})")
        if style.is_present(row["pace_pp"]):
            words.append(style.tell_pace(row["pace_pp"]))
    elif row is not None or unit != vocab.CITY:
        words.append(f"{unit}无“{target.indicator}”任务")
    return ",".join(words)


def _write_tag(page: Panel, text: str, *, right_mm: float) -> None:
    """A framed tag at the top; ``right_mm`` 0 puts it at the left edge."""
    width = canvas.measure_text(text, 8.0)[0] + 3.0
    west = right_mm - width - 0.2 if right_mm else 0.2
    top = page.height_mm - 1.6
    canvas.draw_box(page, (west, top - 5.2, west + width, top), edge=style.INK, width=0.8)
    canvas.put_text(page, (west + width / 2, top - 2.65), text, size=8.0, anchor="center center")


def write_legend(panel: Panel, scene: Scene, *, coloured: bool = True) -> None:
    """Write the legend, top down: completion classes, programmes, stages."""
    line = panel.height_mm - 2.0
    if coloured:
        line = _write_classes(panel, scene, line)
    line = _write_programmes(panel, scene, line)
    write_stages(panel, line)


def write_heading(panel: Panel, text: str, line: float) -> float:
    """Write a heading of the legend; return where the next line stands."""
    canvas.put_text(panel, (0, line), text, size=_HEADING, bold=True)
    return line - 5.8


def _write_classes(panel: Panel, scene: Scene, line: float) -> float:
    line = write_heading(panel, f"{scene.target.indicator}率(完成数/任务数)", line)
    shown = [name for name in scene.units["name"] if not scene.fades(name)]
    names = [style.find_completion_class(scene.rows.get(unit, {}).get("rate")).name for unit in shown]
    classes = (*style.COMPLETION_CLASSES, style.NO_TASK_CLASS)
    lines = (len(classes) + 1) // 2
    for place, look in enumerate(classes):
        x, y = _find_cell(panel, place, lines, line, step=5.6)
        box = (x + 0.2, y - 1.8, x + 7.2, y + 1.8)
        canvas.draw_box(panel, box, face=look.color, edge=style.MUTED, width=0.5, hatch=look.hatch)
        _write_entry(panel, (x, y), look.name, "" if scene.unit else str(names.count(look.name)))
    return line - lines * 5.6 - 2.4


def _find_cell(panel: Panel, place: int, lines: int, line: float, *, step: float) -> tuple[float, float]:
    """Where an entry of a legend in two columns stands."""
    column, row = divmod(place, lines)
    return column * panel.width_mm / 2, line - row * step


def _write_entry(panel: Panel, place: tuple[float, float], name: str, count: str) -> None:
    x, y = place
    canvas.put_text(panel, (x + 8.6, y), name, size=_TEXT)
    right = (x + panel.width_mm / 2 - 4.0, y)
    canvas.put_text(panel, right, count, size=_TEXT, anchor="right center", color=style.MUTED)


def _write_programmes(panel: Panel, scene: Scene, line: float) -> float:
    line = write_heading(panel, "项目(台账个数)", line)
    counts = _list_sites(scene)["programme"].value_counts()
    shown = [programme for programme in scene.survey.plan.programmes if counts.get(programme.id, 0)]
    rows = (len(shown) + 1) // 2
    for place, programme in enumerate(shown):
        cell = _find_cell(panel, place, rows, line, step=5.4)
        _write_symbol(panel, programme, cell)
        _write_entry(panel, cell, programme.short, str(counts[programme.id]))
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


def write_stages(panel: Panel, line: float) -> None:
    """Write how full a mark is by the stage of its site."""
    line = write_heading(panel, "所处阶段", line)
    step = panel.width_mm / len(style.STAGE_GROUPS)
    for place, group in enumerate(style.STAGE_GROUPS):
        spot = np.array([[place * step + 1.6, line]])
        canvas.draw_marks(
            panel, spot, style.Symbol("circle", style.BLUE), fill=group.fill, size_mm=2.4, order=9.0
        )
        canvas.put_text(panel, (place * step + 4.0, line), group.name, size=_TEXT)


def _list_notes(scene: Scene, *, bubbled: bool) -> list[str]:
    """Say what the map cannot show: units without a polygon, stages of lines, sites without a place."""
    survey, sites = scene.survey, _list_sites(scene)
    drawn = set(survey.units["name"])
    notes = []
    for unit in survey.plan.groups[scene.target.group] if not scene.unit else ():
        row = scene.rows.get(unit)
        if unit not in drawn and row is not None:
            share = (
                f"{style.format_fraction(row['counted'], row['base'])}({style.format_percent(row['rate'])})"
            )
            notes.append(f"{unit}未绘界线,完成 {share}")
    if scene.unit:
        outline = "" if scene.unit in drawn else "该单位未绘界线;"
        notes.append(f"{outline}图中为{scene.unit}管理的项目")
    if bubbled:
        notes.append("上图中带数字的符号为该处多个项目,不分阶段")
    shown = set(sites["programme"])
    if any(programme.geometry == ("line",) and programme.id in shown for programme in survey.plan.programmes):
        notes.append("线状项目的点线为未启动和前期,虚线为施工,实线为完成")
    missing = int((sites.geometry.isna() | sites.geometry.is_empty).sum())
    if missing:
        notes.append(f"另有 {missing} 个项目台账无位置,计入总数,未上图")
    return notes


def list_foot(scene: Scene, width_mm: float, *, bubbled: bool) -> list[str]:
    """Return the lines below a map: what it leaves out, sources, what the boundaries are worth."""
    notes = _list_notes(scene, bubbled=bubbled)
    return list_sources(scene.survey, width_mm, f"注:{';'.join(notes)}。" if notes else "")


def list_sources(survey: Survey, width_mm: float, *notes: str) -> list[str]:
    """Return notes, sources, and what the boundaries are worth, in lines of that width."""
    texts = [note for note in notes if note]
    texts.append(f"资料来源:{join_sources(survey.sources)}。")
    texts.append(f"{vocab.BOUNDARY_NOTE};投影 {survey.plan.crs_metric}。")
    return [line for text in texts for line in wrap_text(text, _TINY, width_mm)]


def measure_foot(lines: Sequence[str]) -> float:
    """Return the height that lines at the foot take, millimetres."""
    return _FOOT_PAD_MM + _FOOT_LINE_MM * len(lines)


def write_foot(page: Panel, lines: Sequence[str]) -> None:
    """Write lines at the foot of the page."""
    top = measure_foot(lines) - _FOOT_PAD_MM
    for place, line in enumerate(lines):
        spot = (0.0, top - place * _FOOT_LINE_MM)
        canvas.put_text(page, spot, line, size=_TINY, color=style.MUTED)


def wrap_text(text: str, size: float, width_mm: float) -> list[str]:
    """Return the lines of a text that fit a width.

    Chinese may break at any character, but a number or a word stays whole, no line ends with an
    opening bracket or begins with a closing mark.
    """
    lines, current = [], ""
    for piece in _PIECE.findall(text):
        if current and canvas.measure_text(current + piece, size)[0] > width_mm:
            lines.append(current)
            current = ""
        current = (current + piece).lstrip()
        while canvas.measure_text(current, size)[0] > width_mm and len(current) > 1:
            # a word longer than the line is torn after all
            fit = next(
                n
                for n in range(len(current) - 1, 0, -1)
                if n == 1 or canvas.measure_text(current[:n], size)[0] <= width_mm
            )
            lines.append(current[:fit])
            current = current[fit:]
    return [*lines, current]


_PIECE = re.compile(
    r"[(\uff08“《]*(?:[A-Za-z0-9.%:/+-]+|\s|.)[)\uff09”》,;:。、\uff0c\uff1b\uff1a!?%]*", re.DOTALL
)
"""What stays on one line: a word or a letter, with the marks that open before and close behind it."""


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
