"""Figures for print, from the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import AS_OF, FILE, LEDGER, PLAN, Steps, look_at_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from renewal_gis.survey import Survey

PAGES = {"156mm": 156.0, "A4": 190.0, "A3": 277.0}
"""Width of a figure by page: the type area of an official document, or the paper less 10 mm margins."""
FORMATS = (".png", ".pdf", ".svg")
FIGURE_STEPS = 4


@click.command()
@PLAN
@LEDGER
@click.option("--name", type=click.Choice(["status", "progress", "pace"]), required=True, help="图名。")
@AS_OF
@click.option("--target", "target_id", default="", help="目标编号(status、progress);不写则自选。")
@click.option("--unit", default="", help="单位全称(pace);不写则为全市。")
@click.option("--page", type=click.Choice(list(PAGES)), default="156mm", show_default=True, help="幅面。")
@click.option("-o", "--output", type=FILE, required=True, help="png、pdf 或 svg 文件。")
def figure(plan_path: Path, ledger_path: str, name: str, *, output: Path, **how: Any) -> None:
    """插图:进展图、各单位完成率、各项指标进度。

    \b
    Example:
      renewal-gis figure --plan plans/CITY.toml --ledger outputs/ledger.gpkg --name pace --as-of 2021-09-30 -o pace.png
    """  # noqa: D301
    from renewal_gis.files import write_bytes

    if output.suffix.lower() not in FORMATS:
        raise click.BadParameter(f"“{output.name}”须为 {'、'.join(FORMATS)} 文件", param_hint="-o")
    target_id, unit, page = how.pop("target_id"), how.pop("unit"), how.pop("page")
    if (unit and name != "pace") or (target_id and name == "pace"):
        raise click.UsageError("--unit 只用于 pace,--target 只用于 status、progress")
    with Steps(FIGURE_STEPS) as tell:
        survey = look_at_ledger(plan_path, ledger_path, tell=tell, unit=unit, **how)
        tell("绘制插图")
        content = _draw(survey, name, target_id or unit, PAGES[page], output.suffix.lower().lstrip("."))
    write_bytes(output, content)
    click.echo(output)


def _draw(survey: Survey, name: str, subject: str, width_mm: float, file_format: str) -> bytes:
    from renewal_gis.render import charts, printmap
    from renewal_gis.vocab import CITY

    if name == "pace":
        return charts.draw_pace(survey, unit=subject or CITY, width_mm=width_mm, file_format=file_format)
    draw = printmap.draw_status if name == "status" else charts.draw_progress
    return draw(survey, target_id=subject, width_mm=width_mm, file_format=file_format)
