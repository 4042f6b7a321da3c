"""Suspected dead-end roads of any network, file to file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import FILE, JSON, code_of
from renewal_gis.vocab import DefectKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renewal_gis.pipeline.gaps import GapsSummary
    from renewal_gis.vocab import Label

SHOWN = 10
"""Findings shown on the terminal; the rest are counted."""


@click.command()
@click.argument("roads", type=FILE)
@click.option(
    "-o", "--output", type=FILE, required=True, help="输出 .gpkg(四个图层)或 .parquet(拟打通路段)。"
)
@click.option("--plan", "plan_path", type=FILE, help="方案文件:取其米制投影。")
@click.option("--crs", help="米制投影,如 EPSG:4547。")
@click.option("--study-area", type=FILE, help="研究范围:范围边界即数据边缘。")
@click.option("--barriers", type=FILE, help="河流、铁路。")
@click.option("--planned", type=FILE, help="规划道路中心线。")
@click.option("--sites", type=FILE, help="项目点位:计受益。")
@click.option("--buildings", type=FILE, help="建筑轮廓:穿越者降低优先度。")
@click.option(
    "--reach", "reach_m", type=click.FloatRange(min=1), default=300.0, show_default=True, help="搜索距离,米。"
)
@click.option("--layer", help="图层名:文件有多个图层时须写明。")
@JSON
@click.pass_context
def gaps(
    ctx: click.Context, /, roads: Path, output: Path, *, as_json: bool, plan_path: Path | None, **options: Any
) -> None:
    """找疑似断头路,给出拟打通路段、理由和次序。

    \b
    Example:
      renewal-gis gaps data/sites/roads.simulated.parquet -o gaps.gpkg --plan plans/CITY.toml
    """  # noqa: D301
    from renewal_gis.pipeline.gaps import run_gaps

    plan = None
    if plan_path:
        from renewal_gis.plan import load_plan

        plan = load_plan(plan_path)
    summary = run_gaps(roads, output, plan=plan, **options)
    if as_json:
        click.echo(json.dumps(summary.to_record(), ensure_ascii=False, indent=2, default=str))
    else:
        _tell_gaps(summary)
    ctx.exit(code_of(summary.findings))


def _tell_gaps(summary: GapsSummary) -> None:
    click.echo(
        f"读到 {summary.read} 条:接收 {summary.accepted}、修复 {summary.repaired}、隔离 {summary.quarantined};"
        f"按 {summary.crs_metric} 量算,用时 {summary.seconds} 秒"
    )
    click.echo(f"道路 {summary.streets} 条;断头 {_list_counts(summary.dead_ends, Verdict)}")
    click.echo(f"数据缺陷 {_list_counts(summary.defects, DefectKind)}")
    click.echo(
        f"拟打通路段 {summary.links} 处,其中评分不低于 0.5 的 {summary.links_likely} 处({summary.note})"
    )
    for finding in summary.findings[:SHOWN]:
        click.echo(f"{finding.severity.zh} {finding.file} 第 {finding.row or '—'} 行:{finding.text}")
    if len(summary.findings) > SHOWN:
        click.echo(f"……共 {len(summary.findings)} 条意见,全部见 --json")
    for path in summary.outputs:
        click.echo(f"  {path}")


def _list_counts(counts: Mapping[str, int], words: type[Label]) -> str:
    return "、".join(f"{words(code).zh} {count}" for code, count in counts.items()) or "无"
