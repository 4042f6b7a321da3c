"""What a file holds and what is wrong with it, from the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import FILE, JSON, PLAN, code_of

if TYPE_CHECKING:
    from pathlib import Path

    from renewal_gis.pipeline.desk import Balance

PROGRAMME = click.option("--programme", default="", help="专项代码;文件不在方案 sources 中时须写明。")
SHOWN = 10
"""Findings shown on the terminal for each file; the rest are counted."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@PLAN
@click.option(
    "--role",
    type=click.Choice(["sites", "districts", "roads"]),
    default="sites",
    show_default=True,
    help="文件的用途。",
)
@PROGRAMME
@JSON
@click.pass_context
def check(
    ctx: click.Context,
    /,
    files: tuple[Path, ...],
    plan_path: Path,
    role: str,
    programme: str,
    *,
    as_json: bool,
) -> None:
    """检查文件:读到、接收、修复、隔离各多少,哪里要改。什么也不写。

    \b
    Example:
      renewal-gis check 老旧小区.xlsx --plan plans/CITY.toml
    """  # noqa: D301
    from renewal_gis.pipeline.desk import check_file
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path)
    use: Any = "units" if role == "districts" else role
    balances = [check_file(plan, file, role=use, programme=programme) for file in files]
    tell_balances(balances, as_json=as_json)
    ctx.exit(code_of(finding for balance in balances for finding in balance.findings))


def tell_balances(balances: list[Balance], *, as_json: bool) -> None:
    """Show the balance sheet of each file and its findings."""
    if as_json:
        from dataclasses import asdict

        click.echo(json.dumps([asdict(balance) for balance in balances], ensure_ascii=False, indent=2))
        return
    for sheet in balances:
        click.echo(
            f"{sheet.file}:读到 {sheet.read} = 接收 {sheet.accepted} + 修复 {sheet.repaired} + 隔离 {sheet.quarantined}"
        )
        told = sorted(
            sheet.findings, key=lambda finding: ("error", "warning", "info").index(finding.severity)
        )
        for finding in told[:SHOWN]:
            row = f" 第 {finding.row} 行" if finding.row else ""
            click.echo(f"  {finding.severity.zh}{row}:{finding.text}。{finding.remedy}")
        if len(told) > SHOWN:
            click.echo(f"  ……共 {len(told)} 条意见,全部见 --json")
