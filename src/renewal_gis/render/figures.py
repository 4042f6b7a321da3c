"""The figures by name: which function draws each, what it must know, and what may be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renewal_gis.errors import InputError
from renewal_gis.render import charts, curves, printcoverage, printgaps, printmap
from renewal_gis.render.canvas import PAPER, check_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from renewal_gis.render.canvas import Paper
    from renewal_gis.survey import Survey


@dataclass(frozen=True, slots=True)
class Kind:
    """One figure: how it is drawn, and whether a target may be chosen."""

    title: str
    draw: Callable[..., bytes]
    by_target: bool = False


FIGURES: dict[str, Kind] = {
    "status": Kind("项目分布与进展", printmap.draw_status, by_target=True),
    "progress": Kind("各单位完成率", charts.draw_progress, by_target=True),
    "pace": Kind("进度偏差", charts.draw_pace, by_target=True),
    "targets": Kind("各项指标进度", charts.draw_targets),
    "burnup": Kind("进度曲线", curves.draw_burnup, by_target=True),
    "gaps": Kind("疑似断头路和拟打通路段", printgaps.draw_gaps),
    "coverage": Kind("公共服务设施覆盖情况", printcoverage.draw_coverage),
    "location": Kind("项目位置图", printmap.draw_location),
}


def draw_figure(
    survey: Survey, name: str, /, *, unit: str = "", target_id: str = "", paper: Paper = PAPER
) -> bytes:
    """Return a figure by its name.

    Parameters
    ----------
    survey
        What is drawn.
    name
        A key of :data:`FIGURES`.
    unit, target_id
        What it is about; empty for the city and for the figure's own choice.
    paper
        Size, resolution and format.

    Raises
    ------
    InputError
        An unknown name, or a target where none may be chosen; and what the figure itself refuses.
    PlanError
        The plan has no such unit or target.
    PublishError
        Unknown format.
    """
    check_format(paper.file_format)
    if name not in FIGURES:
        raise InputError(f"没有名为“{name}”的插图", place="name", remedy=f"可用:{'、'.join(FIGURES)}")
    kind = FIGURES[name]
    if target_id and not kind.by_target:
        can = "、".join(key for key, each in FIGURES.items() if each.by_target)
        raise InputError(f"插图 {name} 不按目标绘制", place="target", remedy=f"--target 可用于 {can}")
    if unit:
        survey.plan.unit(unit)
    about = {"target_id": target_id} if kind.by_target else {}
    return kind.draw(survey, unit=unit, paper=paper, **about)


def list_drawable(survey: Survey, /) -> list[str]:
    """Return the figures for which a survey has what they show, in their order."""
    lacking = {
        "progress": not any(target.breakdown for target in survey.plan.targets),
        "pace": not survey.progress["pace_pp"].notna().any(),
        "burnup": survey.burnup.empty,
        "gaps": survey.streets.empty or "verdict" not in survey.dead_ends,
        "coverage": survey.coverage.empty or survey.land.empty,
    }
    return [name for name in FIGURES if not lacking.get(name)]
