"""What a file holds and what is wrong with it, from the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import FILE, JSON, PLAN, REFUSED, code_of

if TYPE_CHECKING:
    from pathlib import Path

    from renewal_gis.pipeline.desk import Balance

PROGRAMME = click.option("--programme", default="", help="专项代码;文件不在方案 sources 中时须写明。")
LAYER = click.option("--layer", "--sheet", "layer", default="", help="工作表或图层;文件有几个时须指明。")
SHOWN = 10
"""Findings shown on the terminal for each file; the rest are counted."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@PLAN
@click.option(
    "--role",
    type=click.Choice(["sites", "districts", "roads", "events"]),
    default="sites",
    show_default=True,
    help="文件的用途。",
)
@PROGRAMME
@LAYER
@click.option(
    "--return-file",
    "return_file",
    type=FILE,
    help="回执(xlsx):原表加“核对意见”,供填报单位改正后报回;几个文件时各写一份,名称后加原文件名。",
)
@JSON
@click.pass_context
def check(
    ctx: click.Context,
    /,
    files: tuple[Path, ...],
    plan_path: Path,
    role: str,
    return_file: Path | None,
    *,
    as_json: bool,
    **how: Any,
) -> None:
    """检查文件:读到、接收、修复、隔离各多少,哪里要改。不入台账;--return-file 之外什么也不写。

    \b
    Example:
      renewal-gis check 老旧小区.xlsx --plan plans/CITY.toml --return-file 老旧小区-回执.xlsx
    """  # noqa: D301
    from renewal_gis.pipeline.desk import try_file
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path)
    if return_file is not None and return_file.suffix.lower() != ".xlsx":
        raise click.UsageError("--return-file 须以 .xlsx 结尾")
    use: Any = "units" if role == "districts" else role
    balances = [
        try_file(plan, file, role=use, return_to=_name_return(return_file, file, len(files)), **how)
        for file in files
    ]
    tell_balances(balances, as_json=as_json)
    if any(balance.refused for balance in balances):
        ctx.exit(REFUSED)
    ctx.exit(code_of(finding for balance in balances for finding in balance.findings))


def _name_return(place: Path | None, file: Path, count: int) -> Path | None:
    """Return where a file's return goes: the place itself, or one beside it for each of several files."""
    if place is None or count == 1:
        return place
    return place.with_name(f"{place.stem}-{file.stem}{place.suffix}")


def tell_balances(balances: list[Balance], *, as_json: bool) -> None:
    """Show the balance sheet of each file and its findings."""
    if as_json:
        from dataclasses import asdict

        click.echo(json.dumps([asdict(balance) for balance in balances], ensure_ascii=False, indent=2))
        return
    for sheet in balances:
        if sheet.refused:
            click.echo(f"错误:{sheet.refused}", err=True)
            continue
        click.echo(
            f"{sheet.file}:读到 {sheet.read} = 接收 {sheet.accepted} + 修复 {sheet.repaired} + 隔离 {sheet.quarantined}"
            + (f";其中 {sheet.unlocated} 行没有可用的位置" if sheet.unlocated else "")
        )
        told = sorted(
            sheet.findings, key=lambda finding: ("error", "warning", "info").index(finding.severity)
        )
        for finding in told[:SHOWN]:
            row = f" 第 {finding.row} 行" if finding.row else ""
            click.echo(f"  {finding.severity.zh}{row}:{finding.text}。{finding.remedy}")
        if len(told) > SHOWN:
            click.echo(f"  ……共 {len(told)} 条意见,全部见 --json")
