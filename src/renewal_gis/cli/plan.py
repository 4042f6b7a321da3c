"""Plan files: check, format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from renewal_gis.cli.options import FILE

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def plan() -> None:
    """方案文件:检查、格式。"""


@plan.command("check")
@click.argument("plan_path", metavar="PLAN", type=FILE)
def plan_check(plan_path: Path) -> None:
    """读入方案,列出目标、口径和数据来源。

    \b
    Example:
      renewal-gis plan check plans/CITY.toml
    """  # noqa: D301
    from renewal_gis.plan import load_plan

    found = load_plan(plan_path)
    click.echo(f"{found.title}({found.city},{found.signed} 签发)")
    for target in found.targets:
        task = "未给数,台账口径" if target.task is None else f"{target.task} {target.measure}"
        click.echo(f"  {target.id:5} {target.indicator}:{task},{target.deadline} 止({target.source})")
    for note in found.footnotes():
        click.echo(f"  口径:{note}")


@plan.command("schema")
def plan_schema() -> None:
    """输出方案文件的 JSON Schema。

    \b
    Example:
      renewal-gis plan schema > plans/plan.schema.json
    """  # noqa: D301
    from renewal_gis.plan import plan_schema as make_schema

    click.echo(make_schema(), nl=False)
