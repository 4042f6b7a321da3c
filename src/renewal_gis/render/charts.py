"""Charts for paper: how far each unit is, and each target, against the share that is due."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any

from renewal_gis import vocab
from renewal_gis.errors import InputError
from renewal_gis.render import canvas, style
from renewal_gis.render.legend import tell_city, wrap_text, write_title
from renewal_gis.render.printmap import TEXT_WIDTH_MM, choose_target
from renewal_gis.render.typeset import join_sources, set_punctuation
from renewal_gis.render.wording import BASIS_WORDS, mark_part, sort_track
from renewal_gis.vocab import Light

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.plan import Target
    from renewal_gis.render.canvas import Panel
    from renewal_gis.survey import Survey

_HEAD_MM, _KEY_MM, _AXIS_MM, _GROUP_MM, _PAD_MM = 15.5, 7.0, 4.5, 6.5, 2.0
_ROW_MM, _FOOT_LINE_MM = 5.6, 2.9
_TEXT, _SMALL, _TINY = 7.5, 7.0, 6.0
_VALUES_MM, _LIGHT_MM = 32.0, 17.0
_BAND, _EDGE = "#EEF1F5", "#3B4754"
_LOOKS = {
    Light.GREEN.value: ("#4F7BAB", ""),
    Light.SLIGHT.value: ("#9DB7D4", ""),
    Light.YELLOW.value: ("#FFFFFF", "/////"),
    Light.RED.value: ("#FFFFFF", "xxxxx"),
}
"""Fill and hatch of a bar by its light: dark, pale, striped, crossed, told apart in grey as well."""
_NO_LIGHT = ("#C9CED6", "")


@dataclass(frozen=True, slots=True)
class _Bar:
    """One line of a chart: its name, broken into lines, and its row of PROGRESS."""

    lines: tuple[str, ...]
    row: dict[str, Any]

    @property
    def height_mm(self) -> float:
        """Room that the line takes."""
        return _ROW_MM + 3.2 * (len(self.lines) - 1)


@dataclass(frozen=True, slots=True)
class _Chart:
    """What stands on the sheet."""

    title: str
    below: str
    groups: tuple[tuple[str, tuple[_Bar, ...]], ...]
    notes: tuple[str, ...]
    name_mm: float


def draw_progress(
    survey: Survey,
    /,
    *,
    target_id: str = "",
    width_mm: float = TEXT_WIDTH_MM,
    dpi: int = 300,
    file_format: str = "png",
) -> bytes:
    """Return the rate of each unit as a bar against the share that is due, by track.

    Parameters
    ----------
    survey
        What is drawn.
    target_id
        Its target; by default the one that colours the status map.
    width_mm, dpi, file_format
        As in :func:`renewal_gis.render.printmap.draw_status`.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError
        The target is not broken down by unit.
    PlanError
        The plan has no such target.
    PublishError
        Unknown format.
    """
    target = choose_target(survey, target_id=target_id)
    part = survey.progress[survey.progress["target"] == target.id]
    rows = {str(row["unit"]): row for row in part.to_dict("records")}
    groups, idle = [], []
    for track in survey.plan.tracks:
        ranked, without = sort_track(survey.plan.groups[track.group], rows)
        idle += without
        if ranked:
            groups.append((track.name, tuple(_Bar((unit,), rows[unit]) for unit in ranked)))
    if not groups:
        raise InputError(
            f"目标“{target.indicator}”没有分解到单位",
            place=target.id,
            remedy="另选分解到单位的目标,如用 --target",
        )
    notes = (f"无任务单位:{'、'.join(idle)}。",) if idle else ()
    chart = _Chart(
        f"{target.indicator}:各单位完成率", tell_city(survey, target, rows), tuple(groups), notes, 36.0
    )
    return _draw(survey, chart, width_mm=width_mm, dpi=dpi, file_format=file_format)


def draw_pace(
    survey: Survey,
    /,
    *,
    unit: str = vocab.CITY,
    width_mm: float = TEXT_WIDTH_MM,
    dpi: int = 300,
    file_format: str = "png",
) -> bytes:
    """Return a bullet chart: every target's rate against the share that is due.

    Parameters
    ----------
    survey
        What is drawn.
    unit
        全市, or the full name of a unit: then the targets for which it has a task.
    width_mm, dpi, file_format
        As in :func:`renewal_gis.render.printmap.draw_status`.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError
        The unit has no task of its own.
    PlanError
        The plan has no such unit.
    PublishError
        Unknown format.
    """
    plan = survey.plan
    name = unit if unit == vocab.CITY else plan.unit(unit).name
    part = survey.progress[survey.progress["unit"] == name].to_dict("records")
    rows = {str(row["target"]): row for row in part if style.is_present(row["rate"])}
    if not rows:
        raise InputError(f"{name}没有分解到单位的任务", place=name, remedy="另选有任务的单位,或用全市")
    programmes = {programme.id: programme.family for programme in plan.programmes}
    order = list(programmes)
    targets = sorted((t for t in plan.targets if t.id in rows), key=lambda t: order.index(t.programme))
    name_mm = 58.0
    groups = []
    for family, members in groupby(targets, lambda target: programmes[target.programme]):
        bars = tuple(_Bar(_name_target(target, name_mm - 3.0), rows[target.id]) for target in members)
        groups.append((family, bars))
    title = f"{plan.city if name == vocab.CITY else name}“{plan.short}”各项指标进度"
    notes = ("“其中”各项含在前项之内,不可相加;没有竖线的指标不设序时进度。",)
    chart = _Chart(title, f"截至{style.format_day(survey.as_of)}", tuple(groups), notes, name_mm)
    return _draw(survey, chart, width_mm=width_mm, dpi=dpi, file_format=file_format)


def _name_target(target: Target, width_mm: float) -> tuple[str, ...]:
    """Name of a target in lines; the word on its basis is never torn."""
    lines = wrap_text(set_punctuation(f"{mark_part(target)}{target.indicator}"), _TEXT, width_mm)
    basis = set_punctuation(BASIS_WORDS[target.basis])
    if basis and canvas.measure_text(lines[-1] + basis, _TEXT)[0] > width_mm:
        return (*lines, basis)
    return (*lines[:-1], lines[-1] + basis)


# ------------------------------------------------------------------ the sheet
def _draw(survey: Survey, chart: _Chart, *, width_mm: float, dpi: int, file_format: str) -> bytes:
    with canvas.use_house_style():
        foot = _list_foot(survey, chart, width_mm)
        bars = [bar for _, group in chart.groups for bar in group]
        body_mm = _GROUP_MM * len(chart.groups) + sum(bar.height_mm for bar in bars)
        foot_mm = _PAD_MM + _FOOT_LINE_MM * len(foot)
        height_mm = _HEAD_MM + _KEY_MM + _AXIS_MM + body_mm + _PAD_MM + foot_mm
        sheet = canvas.make_sheet(width_mm=width_mm, height_mm=height_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, height_mm))
        write_title(page, survey, chart.title, chart.below)
        _draw_key(page, height_mm - _HEAD_MM - _KEY_MM / 2)
        top = height_mm - _HEAD_MM - _KEY_MM - _AXIS_MM
        scale = _Scale(chart.name_mm, width_mm - _VALUES_MM - _LIGHT_MM, _find_limit(bars))
        _draw_axis(page, scale, top, top - body_mm)
        for heading, group in chart.groups:
            canvas.put_text(page, (0, top - _GROUP_MM * 0.6), heading, size=8.5, bold=True)
            top -= _GROUP_MM
            for bar in group:
                _draw_bar(page, scale, bar, top - bar.height_mm / 2)
                top -= bar.height_mm
        for place, line in enumerate(foot):
            spot = (0.0, foot_mm - _PAD_MM - place * _FOOT_LINE_MM)
            canvas.put_text(page, spot, line, size=_TINY, color=style.MUTED)
        return canvas.save_sheet(sheet, file_format=file_format, dpi=dpi)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a rate lies across the sheet, millimetres."""

    left_mm: float
    right_mm: float
    limit: Fraction

    def place(self, rate: Fraction | float) -> float:
        """Return the place of a rate."""
        return self.left_mm + float(rate / self.limit) * (self.right_mm - self.left_mm)


def _find_limit(bars: Sequence[_Bar]) -> Fraction:
    """End of the axis: 100 %, or the next quarter above the largest rate."""
    largest = max(Fraction(bar.row["rate"]) for bar in bars)
    return max(Fraction(1), Fraction(math.ceil(largest * 4), 4))


def _draw_axis(page: Panel, scale: _Scale, top: float, bottom: float) -> None:
    step = Fraction(1, 4) if scale.limit <= 2 else Fraction(1, 2) * math.ceil(scale.limit / 4)
    tick = Fraction(0)
    while tick <= scale.limit:
        x = scale.place(tick)
        whole = tick == 1
        canvas.draw_box(
            page, (x - 0.05, bottom, x + 0.05, top), face=style.MUTED if whole else "#D5D9DE", order=1.0
        )
        label = style.format_percent(tick, digits=0)
        canvas.put_text(page, (x, top + 2.0), label, size=_TINY, color=style.MUTED, anchor="center center")
        tick += step


def _draw_bar(page: Panel, scale: _Scale, bar: _Bar, middle: float) -> None:
    row, left, half = bar.row, scale.left_mm, 1.5
    canvas.put_text(page, (left - 2.0, middle), "\n".join(bar.lines), size=_TEXT, anchor="right center")
    band = (left, middle - 2.1, scale.place(1), middle + 2.1)
    canvas.draw_box(page, band, face=_BAND, order=1.5)
    if row["rate"] > 0:
        face, hatch = _LOOKS.get(str(row["light"]), _NO_LIGHT)
        box = (left, middle - half, scale.place(row["rate"]), middle + half)
        canvas.draw_box(page, box, face=face, edge=_EDGE, width=0.6, hatch=hatch, order=3.0)
    if style.is_present(row["expected"]):
        _draw_due(page, scale.place(row["expected"]), middle)
    right = scale.right_mm
    fraction = f"{style.format_fraction(row['done'], row['base'])}{row['measure']}"
    percent = style.format_percent(row["rate"])
    canvas.put_text(page, (right + 17.0, middle), fraction, size=_SMALL, anchor="right center")
    canvas.put_text(page, (right + _VALUES_MM - 3.0, middle), percent, size=_SMALL, anchor="right center")
    look = style.LIGHTS.get(str(row["light"]))
    words = f"{look.sign}{look.name}" if look else vocab.NO_TASK
    color = canvas.mix_colors(look.color, style.INK, share=0.35) if look else style.MUTED
    canvas.put_text(page, (right + _VALUES_MM - 0.5, middle), words, size=_SMALL, color=color)


def _draw_due(page: Panel, x: float, middle: float) -> None:
    white = (x - 0.75, middle - 2.5, x + 0.75, middle + 2.5)
    canvas.draw_box(page, white, face=style.HALO, order=4.0)
    canvas.draw_box(page, (x - 0.4, middle - 2.5, x + 0.4, middle + 2.5), face=style.BLACK, order=4.5)


def _draw_key(page: Panel, middle: float) -> None:
    """The key in one line: what the fills mean, and the mark of the share that is due."""
    x = 0.0
    entries = [(light.zh, _LOOKS[light.value]) for light in Light] + [("不设序时进度", _NO_LIGHT)]
    for name, (face, hatch) in entries:
        box = (x, middle - 1.4, x + 6.0, middle + 1.4)
        canvas.draw_box(page, box, face=face, edge=_EDGE, width=0.6, hatch=hatch, order=3.0)
        canvas.put_text(page, (x + 7.2, middle), name, size=_TEXT)
        x += 7.2 + canvas.measure_text(name, _TEXT)[0] + 4.0
    _draw_due(page, x + 1.0, middle)
    canvas.put_text(page, (x + 3.2, middle), "序时进度(应完成)", size=_TEXT)


def _list_foot(survey: Survey, chart: _Chart, width_mm: float) -> list[str]:
    texts = [*chart.notes, f"资料来源:{join_sources(survey.sources)}。完成率超过100%的照实列示。"]
    return [line for text in texts for line in wrap_text(text, _TINY, width_mm)]
