"""Plan files: start, check, format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from renewal_gis.cli.options import FILE

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def plan() -> None:
    """方案文件:新建、检查、格式。"""


@plan.command("init")
@click.argument("city")
@click.option("--year", type=click.IntRange(2000, 2100), help="方案年份;不写则为今年。")
@click.option("-o", "--output", type=FILE, help="文件夹;不写则以市名命名。")
def plan_init(city: str, year: int | None, output: Path | None) -> None:
    """为任一地级市准备方案骨架、区县界线和空白台账(离线;需 pip install "renewal-gis[boundaries]")。

    \b
    Example:
      renewal-gis plan init 某某市 -o my-city
    """  # noqa: D301
    from pathlib import Path

    from renewal_gis.cli.options import now
    from renewal_gis.pipeline.city import start_city

    for path in start_city(city, output or Path(city), year=year or now().year):
        click.echo(path)


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
