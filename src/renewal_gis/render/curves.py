"""Chart for paper: how each target grew, beside the share that was due (burn-up)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from renewal_gis import vocab
from renewal_gis.errors import InputError
from renewal_gis.render import canvas, style
from renewal_gis.render.canvas import PAPER
from renewal_gis.render.legend import HEAD_MM, measure_foot, wrap_text, write_foot, write_title
from renewal_gis.render.typeset import join_sources, set_punctuation
from renewal_gis.render.wording import BASIS_WORDS, mark_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.plan import Target
    from renewal_gis.render.canvas import Panel, Paper
    from renewal_gis.survey import Survey

_ACROSS, _GAP_MM, _KEY_MM, _TITLE_MM, _AXIS_MM = 4, 4.0, 7.0, 10.6, 4.0
_TEXT, _SMALL, _TINY = 6.5, 6.5, 5.5
_LEFT_MM, _RIGHT_MM, _LARGE_MM = 6.5, 1.5, 80.0
_DONE, _DUE, _NOW = (
    style.LineStyle("#2F5C8F", 1.6),
    style.LineStyle(style.INK, 0.9, (3.0, 1.8)),
    style.LineStyle(style.MUTED, 0.5),
)
_FILL = "#C6D6E8"


def draw_burnup(survey: Survey, /, *, target_id: str = "", unit: str = "", paper: Paper = PAPER) -> bytes:
    """Return how every target grew week by week, in small charts of one scale.

    Parameters
    ----------
    survey, paper
        As in :func:`renewal_gis.render.printmap.draw_status`.
    target_id
        Only this target, in one large chart.
    unit
        Full name of a unit: then the targets for which it has a task. Empty for the city.

    Returns
    -------
    bytes
        The file; the same survey gives the same bytes.

    Raises
    ------
    InputError
        The unit has no task of its own, or not of that target.
    PlanError
        The plan has no such target or unit.
    PublishError
        Unknown format.
    """
    canvas.check_format(paper.file_format)
    name = survey.plan.unit(unit).name if unit and unit != vocab.CITY else vocab.CITY
    targets = [survey.plan.target(target_id)] if target_id else list(survey.plan.targets)
    curves = [curve for target in targets if (curve := _find_curve(survey, target, name)) is not None]
    if not curves:
        raise InputError(f"{name}没有分解到单位的任务", place=name, remedy="另选有任务的单位,或用全市")
    width_mm, room_mm = paper.room_mm
    across = 1 if len(curves) == 1 else _ACROSS
    rows = -(-len(curves) // across)
    foot = _list_foot(survey, width_mm)
    foot_mm = measure_foot(foot)
    cell = (width_mm - _GAP_MM * (across - 1)) / across
    cell_mm = cell * (0.5 if across == 1 else 0.7) + _TITLE_MM
    spare = room_mm - HEAD_MM - _KEY_MM - foot_mm
    cell_mm = max(cell_mm, min(spare / rows, cell * 0.8 + _TITLE_MM)) if room_mm else cell_mm
    with canvas.use_house_style():
        sheet = canvas.make_sheet(paper, height_mm=HEAD_MM + _KEY_MM + rows * cell_mm + foot_mm)
        page = canvas.add_panel(sheet, (0, 0, width_mm, sheet.height_mm))
        city = survey.plan.city if name == vocab.CITY else name
        title = f"{city}“{survey.plan.short}”进度曲线"
        write_title(page, survey, title, f"截至{style.format_day(survey.as_of)}")
        top = sheet.height_mm - HEAD_MM
        _write_key(page, top - _KEY_MM / 2)
        for place, curve in enumerate(curves):
            row, column = divmod(place, across)
            corner = (column * (cell + _GAP_MM), top - _KEY_MM - (row + 1) * cell_mm)
            _draw_curve(page, curve, survey, corner, (cell, cell_mm))
        write_foot(page, foot)
        return canvas.save_sheet(sheet)


@dataclass(frozen=True, slots=True)
class _Curve:
    """One target's rows of BURNUP."""

    target: Target
    rows: pd.DataFrame

    @property
    def known(self) -> pd.DataFrame:
        """The rows up to the survey's day."""
        return self.rows[self.rows["done"].notna()]


def _find_curve(survey: Survey, target: Target, unit: str) -> _Curve | None:
    frame = survey.burnup
    rows = frame[(frame["target"] == target.id) & (frame["unit"] == unit)]
    return _Curve(target, rows) if len(rows) > 1 else None


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a day and a rate lie on the page."""

    left: float
    bottom: float
    width: float
    height: float
    first: pd.Timestamp
    last: pd.Timestamp
    limit: float

    def place(self, day: pd.Timestamp, rate: float) -> tuple[float, float]:
        """Return millimetres across and up."""
        share = (day - self.first) / (self.last - self.first)
        return self.left + share * self.width, self.bottom + rate / self.limit * self.height


def _draw_curve(
    page: Panel, curve: _Curve, survey: Survey, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    rates = (curve.known["counted"] / curve.known["base"]).astype(float)
    limit = max(1.0, math.ceil(rates.max() * 4) / 4) if len(rates) else 1.0
    field = _Field(
        corner[0] + _LEFT_MM, corner[1] + _AXIS_MM + 1.0, size[0] - _LEFT_MM - _RIGHT_MM,
        size[1] - _TITLE_MM - _AXIS_MM - 1.0, curve.rows["date"].iloc[0], curve.rows["date"].iloc[-1], limit,
    )  # fmt: skip
    _write_names(page, curve, corner, size)
    _draw_axes(page, field)
    due = curve.rows[curve.rows["expected"].notna()]
    if len(due) > 1:
        places = [field.place(day, share) for day, share in zip(due["date"], due["expected"], strict=True)]
        canvas.draw_lines(page, [shapely.LineString(places)], _DUE, order=4.0)
    now = pd.Timestamp(survey.as_of)
    if field.first <= now <= field.last:
        ends = [field.place(now, 0.0), field.place(now, limit)]
        canvas.draw_lines(page, [shapely.LineString(ends)], _NOW, order=2.0)
    if len(rates):
        _draw_done(page, field, list(zip(curve.known["date"], rates, strict=True)))


def _draw_done(page: Panel, field: _Field, points: Sequence[tuple[pd.Timestamp, float]]) -> None:
    places = [field.place(day, rate) for day, rate in points]
    end = places[-1]
    if len(places) > 1:
        line = shapely.LineString(places)
        below = [(end[0], field.bottom), (places[0][0], field.bottom)]
        canvas.draw_area(page, shapely.Polygon([*places, *below]).buffer(0), face=_FILL, order=1.5)
        canvas.draw_lines(page, [line], _DONE, order=5.0)
    spot = shapely.Point(end).buffer(0.7)
    canvas.draw_area(page, spot, face=_DONE.color, edge=style.HALO, width=0.5, order=6.0)
    right = end[0] > field.left + field.width * 0.72
    place = (end[0] - 1.2, end[1] + 2.2) if right else (end[0] + 1.4, end[1] + 0.4)
    words = f"{points[-1][1] * 100:.1f}%"
    anchor = "right center" if right else "left center"
    canvas.put_text(page, place, words, size=_SMALL, anchor=anchor, halo=1.2, bold=True)


def _write_names(page: Panel, curve: _Curve, corner: tuple[float, float], size: tuple[float, float]) -> None:
    target = curve.target
    name = set_punctuation(f"{mark_part(target)}{target.indicator}{BASIS_WORDS[target.basis]}")
    lines = wrap_text(name, _TEXT, size[0])[:2]
    top = corner[1] + size[1] - 2.0
    for number, line in enumerate(lines):
        canvas.put_text(page, (corner[0], top - number * 3.0), line, size=_TEXT, bold=True)
    known = curve.known
    if len(known):
        last = known.iloc[-1]
        count = f"{style.format_fraction(last['counted'], last['base'])}{target.measure}"
        if last["done"] != last["counted"]:
            count += f"(实有 {last['done']})"
        place = (corner[0], top - len(lines) * 3.0)
        canvas.put_text(page, place, count, size=_SMALL, color=style.MUTED)


def _draw_axes(page: Panel, field: _Field) -> None:
    for rate in (0.0, 0.5, 1.0, *((field.limit,) if field.limit > 1 else ())):
        left, y = field.place(field.first, rate)
        face = style.MUTED if rate in {0.0, 1.0} else "#D5D9DE"
        canvas.draw_box(page, (left, y - 0.05, left + field.width, y + 0.05), face=face, order=1.0)
        label = f"{rate * 100:.0f}%"
        canvas.put_text(page, (left - 1.0, y), label, size=_TINY, anchor="right center", color=style.MUTED)
    months = pd.date_range(field.first.normalize() + pd.offsets.MonthBegin(0), field.last, freq="MS")
    step = max(1, round(len(months) / (3 if field.width < _LARGE_MM else 10)))
    years = field.first.year != field.last.year
    for month in months[::step]:
        x, y = field.place(month, 0.0)
        canvas.draw_box(page, (x - 0.05, y - 0.9, x + 0.05, y), face=style.MUTED, order=1.0)
        word = f"{month.year}.{month.month}" if years else f"{month.month}月"
        canvas.put_text(page, (x, y - 2.5), word, size=_TINY, anchor="center center", color=style.MUTED)


def _write_key(page: Panel, middle: float) -> None:
    canvas.draw_area(page, shapely.box(0.0, middle - 1.4, 8.0, middle + 0.4), face=_FILL, order=1.0)
    canvas.draw_lines(
        page, [shapely.LineString([(0.0, middle + 0.4), (8.0, middle + 0.4)])], _DONE, order=3.0
    )
    canvas.put_text(page, (9.5, middle), "累计完成率", size=_TEXT)
    canvas.draw_lines(page, [shapely.LineString([(28.0, middle), (38.0, middle)])], _DUE, order=3.0)
    canvas.put_text(page, (39.5, middle), "序时进度(应完成)", size=_TEXT)
    canvas.draw_lines(
        page, [shapely.LineString([(67.0, middle - 2.0), (67.0, middle + 2.0)])], _NOW, order=3.0
    )
    canvas.put_text(page, (68.5, middle), "截止日期", size=_TEXT)


def _list_foot(survey: Survey, width_mm: float) -> list[str]:
    texts = [
        "“其中”各项含在前项之内,不可相加;没有虚线的指标不设序时进度;曲线按截止日期所知的台账重算,与当时印发的数字可能不同。",
        f"资料来源:{join_sources(survey.sources)}。",
    ]
    return [line for text in texts for line in wrap_text(text, 6.0, width_mm)]
