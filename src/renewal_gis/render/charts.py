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
from renewal_gis.render.canvas import PAPER
from renewal_gis.render.legend import HEAD_MM, measure_foot, tell_state, wrap_text, write_foot, write_title
from renewal_gis.render.scene import choose_target
from renewal_gis.render.typeset import join_sources, set_punctuation
from renewal_gis.render.wording import BASIS_WORDS, mark_part, sort_track
from renewal_gis.vocab import Light

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renewal_gis.plan import Target
    from renewal_gis.render.canvas import Panel, Paper
    from renewal_gis.survey import Survey

_KEY_MM, _AXIS_MM, _GROUP_MM, _PAD_MM = 7.0, 4.5, 6.5, 2.0
_ROW_MM, _STRETCH = 5.6, 1.6
_TEXT, _SMALL, _TINY = 7.5, 7.0, 6.0
_VALUES_MM, _LIGHT_MM = 32.0, 17.0
_BAND, _STRONG_BAND, _EDGE = "#EEF1F5", "#D3DAE3", "#3B4754"
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
    """One line of a chart: its name, broken into lines, its row of PROGRESS, whether it stands out."""

    lines: tuple[str, ...]
    row: dict[str, Any]
    strong: bool = False

    @property
    def height_mm(self) -> float:
        """Room that the line takes."""
        return _ROW_MM + 3.2 * (len(self.lines) - 1)


@dataclass(frozen=True, slots=True)
class _Chart:
    """What stands on the sheet; ``of_pace`` draws points ahead or behind instead of rates."""

    title: str
    below: str
    groups: tuple[tuple[str, tuple[_Bar, ...]], ...]
    notes: tuple[str, ...]
    name_mm: float
    of_pace: bool = False


def draw_progress(survey: Survey, /, *, target_id: str = "", unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return the rate of each unit as a bar against the share that is due, by track.

    Parameters
    ----------
    survey, paper
        As in :func:`renewal_gis.render.printmap.draw_status`.
    target_id
        The target; by default the one that colours the status map.
    unit
        A unit that stands out.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError
        The target is not broken down by unit, or the unit has no task of it.
    PlanError
        The plan has no such target or unit.
    PublishError
        Unknown format.
    """
    return _draw(survey, _list_units(survey, target_id, unit, of_pace=False), paper)


def draw_pace(survey: Survey, /, *, target_id: str = "", unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return by how many points each target, or each unit, is ahead of or behind the share that is due.

    Parameters
    ----------
    survey, paper
        As in :func:`renewal_gis.render.printmap.draw_status`.
    target_id
        A target that is broken down: then its units are compared; else all targets.
    unit
        Without ``target_id``, the unit whose targets are shown (empty for the city); with it, the
        unit that stands out.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError, PlanError, PublishError
        As in :func:`draw_progress` and :func:`draw_targets`; or no share is due of any target.
    """
    if target_id:
        return _draw(survey, _list_units(survey, target_id, unit, of_pace=True), paper)
    return _draw(survey, _list_targets(survey, unit, of_pace=True), paper)


def draw_targets(survey: Survey, /, *, unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return a bullet chart: every target's rate against the share that is due.

    Parameters
    ----------
    survey, paper
        As in :func:`renewal_gis.render.printmap.draw_status`.
    unit
        Full name of a unit: then the targets for which it has a task. Empty for the city.

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
    return _draw(survey, _list_targets(survey, unit, of_pace=False), paper)


# ------------------------------------------------------------------ what stands on it
def _list_units(survey: Survey, target_id: str, unit: str, *, of_pace: bool) -> _Chart:
    if unit:
        survey.plan.unit(unit)
    target = choose_target(survey, target_id=target_id)
    part = survey.progress[survey.progress["target"] == target.id]
    rows = {str(row["unit"]): row for row in part.to_dict("records")}
    groups, idle = [], []
    for track in survey.plan.tracks:
        ranked, without = sort_track(survey.plan.groups[track.group], rows)
        idle += without
        if of_pace:
            ranked = sorted(_keep_due(ranked, rows), key=lambda name: -rows[name]["pace_pp"])
        if ranked:
            bars = tuple(_Bar((name,), rows[name], strong=name == unit) for name in ranked)
            groups.append((track.name, bars))
    if not groups:
        what = "没有分解到单位" + (",或不设序时进度" if of_pace else "")
        raise InputError(
            f"目标“{target.indicator}”{what}", place=target.id, remedy="另选分解到单位的目标,如用 --target"
        )
    if unit in idle:
        raise InputError(f"{unit}没有“{target.indicator}”的任务", place=unit, remedy="另选有任务的单位")
    notes = (f"无任务单位:{'、'.join(idle)}。",) if idle else ()
    title = f"{target.indicator}:各单位{'进度偏差' if of_pace else '完成率'}"
    return _Chart(title, tell_state(survey, target, rows), tuple(groups), notes, 36.0, of_pace)


def _keep_due(names: Sequence[str], rows: Mapping[str, dict[str, Any]]) -> list[str]:
    return [name for name in names if style.is_present(rows[name]["pace_pp"])]


def _list_targets(survey: Survey, unit: str, *, of_pace: bool) -> _Chart:
    plan = survey.plan
    name = plan.unit(unit).name if unit and unit != vocab.CITY else vocab.CITY
    part = survey.progress[survey.progress["unit"] == name].to_dict("records")
    rows = {str(row["target"]): row for row in part if style.is_present(row["rate"])}
    if not rows:
        raise InputError(f"{name}没有分解到单位的任务", place=name, remedy="另选有任务的单位,或用全市")
    left_out = [plan.target(key).indicator for key in rows if not style.is_present(rows[key]["pace_pp"])]
    rows = {key: rows[key] for key in (_keep_due(list(rows), rows) if of_pace else rows)}
    if not rows:
        raise InputError(f"{name}的任务都不设序时进度", place=name, remedy="改用 targets 或 burnup")
    programmes = {programme.id: programme.family for programme in plan.programmes}
    order = list(programmes)
    targets = sorted((t for t in plan.targets if t.id in rows), key=lambda t: order.index(t.programme))
    name_mm = 58.0
    groups = []
    for family, members in groupby(targets, lambda target: programmes[target.programme]):
        bars = tuple(_Bar(_name_target(target, name_mm - 3.0), rows[target.id]) for target in members)
        groups.append((family, bars))
    title = f"{plan.city if name == vocab.CITY else name}“{plan.short}”各项指标{'进度偏差' if of_pace else '进度'}"
    notes = ["“其中”各项含在前项之内,不可相加。"]
    if of_pace and left_out:
        notes.append(f"不设序时进度而未列:{'、'.join(left_out)}。")
    elif left_out:
        notes[0] = notes[0][:-1] + ";没有竖线的指标不设序时进度。"
    below = f"截至{style.format_day(survey.as_of)}"
    return _Chart(title, below, tuple(groups), tuple(notes), name_mm, of_pace)


def _name_target(target: Target, width_mm: float) -> tuple[str, ...]:
    """Name of a target in lines; the word on its basis is never torn."""
    lines = wrap_text(set_punctuation(f"{mark_part(target)}{target.indicator}"), _TEXT, width_mm)
    basis = set_punctuation(BASIS_WORDS[target.basis])
    if basis and canvas.measure_text(lines[-1] + basis, _TEXT)[0] > width_mm:
        return (*lines, basis)
    return (*lines[:-1], lines[-1] + basis)


# ------------------------------------------------------------------ the sheet
def _draw(survey: Survey, chart: _Chart, paper: Paper) -> bytes:
    canvas.check_format(paper.file_format)
    width_mm, room_mm = paper.room_mm
    bars = [bar for _, group in chart.groups for bar in group]
    with canvas.use_house_style():
        foot = _list_foot(survey, chart, width_mm)
        foot_mm = measure_foot(foot)
        body_mm = _GROUP_MM * len(chart.groups) + sum(bar.height_mm for bar in bars)
        frame_mm = HEAD_MM + _KEY_MM + _AXIS_MM + _PAD_MM + foot_mm
        stretch = min(max((room_mm - frame_mm) / body_mm, 1.0), _STRETCH)
        height_mm = frame_mm + body_mm * stretch
        sheet = canvas.make_sheet(paper, height_mm=height_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, height_mm))
        write_title(page, survey, chart.title, chart.below)
        _draw_key(page, height_mm - HEAD_MM - _KEY_MM / 2, of_pace=chart.of_pace)
        top = height_mm - HEAD_MM - _KEY_MM - _AXIS_MM
        scale = _make_scale(survey, chart, bars, width_mm)
        _draw_axis(page, scale, top, top - body_mm * stretch)
        for heading, group in chart.groups:
            canvas.put_text(page, (0, top - _GROUP_MM * stretch * 0.6), heading, size=8.5, bold=True)
            top -= _GROUP_MM * stretch
            for bar in group:
                draw = _draw_lag if chart.of_pace else _draw_bar
                draw(page, scale, bar, top - bar.height_mm * stretch / 2)
                top -= bar.height_mm * stretch
        write_foot(page, foot)
        return canvas.save_sheet(sheet)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a value lies across the sheet, millimetres, and which values have a line.

    ``strong`` are the lines that mean something: 100 %, or what is due and the thresholds of the lights.
    """

    left_mm: float
    right_mm: float
    low: Fraction
    high: Fraction
    ticks: tuple[Fraction, ...]
    strong: tuple[Fraction, ...]
    of_pace: bool

    def place(self, value: Fraction | float) -> float:
        """Return the place of a value."""
        share = float((Fraction(value) - self.low) / (self.high - self.low))
        return self.left_mm + share * (self.right_mm - self.left_mm)


def _make_scale(survey: Survey, chart: _Chart, bars: Sequence[_Bar], width_mm: float) -> _Scale:
    ends = (chart.name_mm, width_mm - _VALUES_MM - _LIGHT_MM)
    if not chart.of_pace:
        limit = _find_limit(bars)
        step = Fraction(1, 4) if limit <= 2 else Fraction(1, 2) * math.ceil(limit / 4)
        ticks = tuple(step * k for k in range(int(limit / step) + 1))
        return _Scale(*ends, Fraction(0), limit, ticks, (Fraction(1),), of_pace=False)
    paces = [Fraction(bar.row["pace_pp"]) for bar in bars]
    rule = survey.plan.lights
    step = Fraction(10) if max(map(abs, paces)) <= 50 else Fraction(20)
    low = min(math.floor(min(paces) / step) * step, -math.ceil(Fraction(str(rule.red_pp)) / step) * step)
    high = max(math.ceil(max(paces) / step) * step, step)
    ticks = tuple(low + step * k for k in range(int((high - low) / step) + 1))
    marks = (Fraction(0), -Fraction(str(rule.slight_pp)), -Fraction(str(rule.red_pp)))
    return _Scale(*ends, Fraction(low), Fraction(high), ticks, marks, of_pace=True)


def _find_limit(bars: Sequence[_Bar]) -> Fraction:
    """End of the axis: 100 %, or the next quarter above the largest rate."""
    largest = max(Fraction(bar.row["rate"]) for bar in bars)
    return max(Fraction(1), Fraction(math.ceil(largest * 4), 4))


def _draw_axis(page: Panel, scale: _Scale, top: float, bottom: float) -> None:
    for tick in sorted({*scale.ticks, *scale.strong}):
        x = scale.place(tick)
        face = style.MUTED if tick in scale.strong else "#D5D9DE"
        half = 0.18 if scale.of_pace and tick == 0 else 0.05
        canvas.draw_box(page, (x - half, bottom, x + half, top), face=face, order=1.0)
        label = style.format_change(tick) if scale.of_pace else style.format_percent(tick, digits=0)
        canvas.put_text(page, (x, top + 2.0), label, size=_TINY, color=style.MUTED, anchor="center center")


def _name_bar(page: Panel, scale: _Scale, bar: _Bar, middle: float) -> None:
    """Write the name of a line, and draw the band behind it."""
    place = (scale.left_mm - 2.0, middle)
    canvas.put_text(page, place, "\n".join(bar.lines), size=_TEXT, anchor="right center", bold=bar.strong)
    right = scale.place(scale.high if scale.of_pace else 1)
    band = (scale.left_mm, middle - 2.1, right, middle + 2.1)
    canvas.draw_box(page, band, face=_STRONG_BAND if bar.strong else _BAND, order=0.5)


def _draw_bar(page: Panel, scale: _Scale, bar: _Bar, middle: float) -> None:
    row = bar.row
    _name_bar(page, scale, bar, middle)
    if row["rate"] > 0:
        _fill_bar(page, (scale.left_mm, scale.place(row["rate"])), middle, str(row["light"]))
    if style.is_present(row["expected"]):
        _draw_due(page, scale.place(row["expected"]), middle)
    fraction = f"{style.format_fraction(row['counted'], row['base'])}{row['measure']}"
    _write_values(page, scale, bar, middle, fraction, style.format_percent(row["rate"]))


def _draw_lag(page: Panel, scale: _Scale, bar: _Bar, middle: float) -> None:
    """A bar from the share that is due: to the left behind it, to the right ahead."""
    row = bar.row
    _name_bar(page, scale, bar, middle)
    zero, end = scale.place(0), scale.place(row["pace_pp"])
    if row["pace_pp"] != 0:
        _fill_bar(page, (min(zero, end), max(zero, end)), middle, str(row["light"]))
    shares = f"{style.format_percent(row['rate'])}/{style.format_percent(row['expected'])}"
    _write_values(page, scale, bar, middle, shares, style.format_points(row["pace_pp"]))


def _fill_bar(page: Panel, span: tuple[float, float], middle: float, light: str) -> None:
    face, hatch = _LOOKS.get(light, _NO_LIGHT)
    box = (span[0], middle - 1.5, span[1], middle + 1.5)
    canvas.draw_box(page, box, face=face, edge=_EDGE, width=0.6, hatch=hatch, order=3.0)


def _write_values(page: Panel, scale: _Scale, bar: _Bar, middle: float, first: str, second: str) -> None:
    right = scale.right_mm
    canvas.put_text(page, (right + 18.0, middle), first, size=_SMALL, anchor="right center")
    canvas.put_text(page, (right + _VALUES_MM - 2.5, middle), second, size=_SMALL, anchor="right center")
    look = style.LIGHTS.get(str(bar.row["light"]))
    early = style.is_present(bar.row["expected"]) and bar.row["expected"] == 0
    words = f"{look.sign}{look.name}" if look else ("未到" if early else vocab.NO_TASK)
    color = canvas.mix_colors(look.color, style.INK, share=0.35) if look else style.MUTED
    canvas.put_text(page, (right + _VALUES_MM - 0.5, middle), words, size=_SMALL, color=color)


def _draw_due(page: Panel, x: float, middle: float) -> None:
    white = (x - 0.75, middle - 2.5, x + 0.75, middle + 2.5)
    canvas.draw_box(page, white, face=style.HALO, order=4.0)
    canvas.draw_box(page, (x - 0.4, middle - 2.5, x + 0.4, middle + 2.5), face=style.BLACK, order=4.5)


def _draw_key(page: Panel, middle: float, *, of_pace: bool) -> None:
    """The key in one line: what the fills mean, and the mark of the share that is due."""
    x = 0.0
    entries = [(light.zh, _LOOKS[light.value]) for light in Light]
    entries += [] if of_pace else [("不设序时进度", _NO_LIGHT)]
    for name, (face, hatch) in entries:
        box = (x, middle - 1.4, x + 6.0, middle + 1.4)
        canvas.draw_box(page, box, face=face, edge=_EDGE, width=0.6, hatch=hatch, order=3.0)
        canvas.put_text(page, (x + 7.2, middle), name, size=_TEXT)
        x += 7.2 + canvas.measure_text(name, _TEXT)[0] + 4.0
    if of_pace:
        words = "单位:百分点,0 为序时进度;右列为 完成率/序时进度 和偏差"
        canvas.put_text(page, (x, middle), words, size=_TEXT)
        return
    _draw_due(page, x + 1.0, middle)
    canvas.put_text(page, (x + 3.2, middle), "序时进度(应完成)", size=_TEXT)


def _list_foot(survey: Survey, chart: _Chart, width_mm: float) -> list[str]:
    texts = [*chart.notes, f"资料来源:{join_sources(survey.sources)}。完成率超过100%的照实列示。"]
    return [line for text in texts for line in wrap_text(text, _TINY, width_mm)]
