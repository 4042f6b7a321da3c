"""Figures for print, from the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import AS_OF, FILE, PLAN, Steps, choose_day, now, whoami

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from renewal_gis.pipeline.report import Part
    from renewal_gis.plan import Plan
    from renewal_gis.survey import Survey

NAMES = ("status", "progress", "pace", "targets", "burnup", "gaps", "coverage", "location")
PAGES = ("156mm", "A4", "A3")
PARTS: dict[str, tuple[Part, ...]] = {"gaps": ("roads",), "coverage": ("reach",)}
"""What a figure needs beside the ledger."""
FORMATS = (".png", ".pdf", ".svg")
FIGURE_STEPS = 4
LEDGER_OR_SOURCES = click.option(
    "--ledger",
    "ledger_path",
    default="",
    help="台账(.gpkg 文件或 postgresql:// 地址);不写则读方案所列的文件。",
)


@click.command()
@PLAN
@LEDGER_OR_SOURCES
@click.option("--name", type=click.Choice(NAMES), required=True, help="图名。")
@AS_OF
@click.option(
    "--target", "target_id", default="", help="目标编号(status、progress、pace、burnup);不写则自选。"
)
@click.option("--unit", default="", help="单位全称:只绘该单位,或在图中突出;不写则为全市。")
@click.option("--page", type=click.Choice(PAGES), default="156mm", show_default=True, help="幅面。")
@click.option("-o", "--output", type=FILE, required=True, help="png、pdf 或 svg 文件。")
def figure(plan_path: Path, ledger_path: str, name: str, *, output: Path, **how: Any) -> None:
    """插图:进展图、完成率、进度偏差、指标、曲线、断头路、覆盖、位置。

    \b
    Example:
      renewal-gis figure --plan plans/CITY.toml --ledger outputs/ledger.gpkg --name pace --as-of 2021-09-30 -o pace.png
    """  # noqa: D301
    from renewal_gis.files import write_bytes

    suffix = output.suffix.lower()
    if suffix not in FORMATS:
        raise click.BadParameter(f"“{output.name}”须为 {'、'.join(FORMATS)} 文件", param_hint="-o")
    target_id, unit, page = how.pop("target_id"), how.pop("unit"), how.pop("page")
    parts = PARTS.get(name, ())
    with Steps(FIGURE_STEPS + len(parts)) as tell:
        survey = look_at_city(plan_path, ledger_path, tell=tell, unit=unit, parts=parts, **how)
        tell("绘制插图")
        # matplotlib waits until the data have been taken
        from renewal_gis.render.canvas import PAPERS
        from renewal_gis.render.figures import draw_figure

        paper = replace(PAPERS[page], file_format=suffix.lstrip("."))
        content = draw_figure(survey, name, unit=unit, target_id=target_id, paper=paper)
    write_bytes(output, content)
    click.echo(output)


def look_at_city(
    plan_path: Path,
    ledger_path: str,
    *,
    as_of: dt.datetime | None,
    tell: Steps,
    unit: str = "",
    parts: Iterable[Part] = (),
) -> Survey:
    """Return the survey of a ledger, or of the plan's own files where no ledger is named."""
    from renewal_gis.pipeline.report import survey_for_figure
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path)
    if unit:
        plan.unit(unit)
    day = choose_day(plan, as_of)
    if ledger_path:
        return survey_for_figure(plan, ledger_path, as_of=day, tell=tell, parts=parts)
    with TemporaryDirectory() as folder:
        book = _fill_ledger(plan, Path(folder) / "ledger.gpkg")
        return survey_for_figure(plan, book, as_of=day, tell=tell, parts=parts)


def _fill_ledger(plan: Plan, path: Path) -> Path:
    """Bring the plan's files into a ledger that is thrown away afterwards."""
    from renewal_gis.pipeline.inputs import load_inputs
    from renewal_gis.pipeline.survey import keep_inputs

    keep_inputs(load_inputs(plan), path, plan, at=now(), by=whoami())
    return path
