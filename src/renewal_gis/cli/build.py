"""From the plan to every product."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import (
    AS_OF,
    BASEMAPS,
    FILE,
    FINDINGS,
    JSON,
    OK,
    OUTPUT,
    SINCE,
    Steps,
    choose_day,
    now,
    whoami,
)

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from renewal_gis.pipeline.inputs import Inputs
    from renewal_gis.plan import Plan
    from renewal_gis.publish import Look


@click.command()
@click.argument("plan_path", metavar="PLAN", type=FILE)
@AS_OF
@SINCE
@click.option(
    "--ledger", "ledger_path", help="台账:.gpkg 文件或服务器地址;不写则为输出文件夹中的 ledger.gpkg。"
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="进展图的语言。")
@click.option(
    "--profile",
    type=click.Choice(["internal", "public"]),
    default="internal",
    help="public 只出可公开的 maps/index.html:列有限、位置概略,方案须有审图号;台账请用 --ledger 另置。",
)
@BASEMAPS
@OUTPUT
@JSON
def build(
    plan_path: Path,
    as_of: dt.datetime | None,
    since: dt.datetime | None,
    ledger_path: str | None,
    output: Path,
    *,
    as_json: bool,
    **words: Any,
) -> None:
    """从方案到地图、插图、周通报和图层,一次做完。

    \b
    Example:
      renewal-gis build plans/CITY.toml --as-of 2021-09-30 -o outputs
    """  # noqa: D301
    from renewal_gis.pipeline.inputs import load_inputs
    from renewal_gis.plan import load_plan
    from renewal_gis.publish import Look
    from renewal_gis.render.webmap.public import check_approval

    plan = load_plan(plan_path)
    look = Look(**words)
    check_approval(plan, look.profile)
    days = (choose_day(plan, as_of), since.date() if since else None)
    with Steps() as tell:
        tell("读取数据")
        inputs = load_inputs(plan)
        paths = [plan_path.resolve(), *inputs.paths]
        manifest = _make(
            plan, inputs, paths, days=days, ledger=ledger_path, output=output, tell=tell, look=look
        )
    _finish(manifest, output, as_json=as_json)


@click.command()
@AS_OF
@click.option(
    "--ledger", "ledger_path", help="台账:.gpkg 文件或服务器地址;不写则为输出文件夹中的 ledger.gpkg。"
)
@OUTPUT
@JSON
def demo(as_of: dt.datetime | None, ledger_path: str | None, output: Path, *, as_json: bool) -> None:
    """用随包的示例城(全部虚构)走一遍,不需要任何文件。

    \b
    Example:
      renewal-gis demo -o demo
    """  # noqa: D301
    from renewal_gis import toytown
    from renewal_gis.pipeline.inputs import take_toytown

    plan = toytown.make_plan()
    with Steps() as tell:
        tell("读取数据")
        days = (choose_day(plan, as_of), None)
        manifest = _make(plan, take_toytown(), [], days=days, ledger=ledger_path, output=output, tell=tell)
    _finish(manifest, output, as_json=as_json)


def _make(
    plan: Plan,
    inputs: Inputs,
    paths: list[Path],
    *,
    days: tuple[dt.date, dt.date | None],
    ledger: str | None,
    output: Path,
    tell: Steps,
    look: Look | None = None,
) -> dict[str, Any]:
    from renewal_gis.pipeline.project import build_project
    from renewal_gis.publish import USUAL

    day, since = days
    published = build_project(
        plan, inputs, output, as_of=day, since=since, ledger=ledger, paths=paths,
        at=now(), by=whoami(), tell=tell, look=look or USUAL,
    )  # fmt: skip
    return published.manifest


def _finish(manifest: dict[str, Any], output: Path, *, as_json: bool) -> None:
    """Tell what was made and end with the exit code that the findings call for."""
    found = manifest["findings"]
    if as_json:
        click.echo(json.dumps(manifest, ensure_ascii=False, indent=2))
    else:
        mark = "(模拟数据)" if manifest["simulated"] else ""
        click.echo(f"{manifest['plan']['city']} 截至 {manifest['as_of']}{mark}")
        for target, count in manifest["counts"].items():
            task = "—" if count["task"] is None else count["task"]
            click.echo(f"  {target:5} 完成 {count['done']}/{task} {count['measure']}(台账 {count['ledger']})")
        told = f"错误 {found['error']}、警告 {found['warning']}、提示 {found['info']}"
        report = "reports/findings.xlsx"
        listed = any(entry["path"] == report for entry in manifest["outputs"])
        click.echo(f"核查:{told}" + (f",见 {output / report}" if listed else ""))
        click.echo("成果:")
        for entry in manifest["outputs"]:
            click.echo(f"  {output / entry['path']}({entry['bytes'] / 1024:.0f} KB)")
        click.echo(f"双击打开:{(output / 'maps' / 'index.html').resolve()}")
    click.get_current_context().exit(FINDINGS if found["error"] else OK)
