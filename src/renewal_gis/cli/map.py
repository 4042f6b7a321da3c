"""A folder of files to one offline map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from renewal_gis.cli.options import BASEMAPS, FILE, JSON, code_of

if TYPE_CHECKING:
    from pathlib import Path

    from renewal_gis.pipeline.layers import MapSummary

SHOWN = 10
"""Findings shown on the terminal; the rest are counted."""


@click.command("map")
@click.argument("layers", metavar="LAYER…", nargs=-1, required=True)
@click.option("-o", "--output", type=FILE, required=True, help="输出的网页(.html)。")
@click.option("--label", metavar="COL", help="图上标注的列。")
@click.option("--status", metavar="COL", help="分类着色的列:文字按类别,数值分五档。")
@click.option("--popup", metavar="COLS", multiple=True, help="点选时显示的列,逗号分开;不写则全部。")
@click.option("--title", default="", help="标题;不写则用输出文件名。")
@click.option("--crs", help="没有写明坐标系的文件用的坐标系,如 EPSG:4547、GCJ-02。")
@BASEMAPS
@JSON
@click.pass_context
def map_(  # noqa: PLR0913 - one option of the command each
    ctx: click.Context,
    /,
    layers: tuple[str, ...],
    output: Path,
    *,
    label: str | None,
    status: str | None,
    popup: tuple[str, ...],
    title: str,
    crs: str | None,
    basemaps: tuple[str, ...],
    as_json: bool,
) -> None:
    """任意矢量文件合成一张离线地图;LAYER 为 文件、名称=文件 或文件夹,不需要方案。

    \b
    Example:
      renewal-gis map 道路=roads.shp 小区=sites.gpkg -o map.html --label 名称 --status 状态
    """  # noqa: D301
    from renewal_gis.pipeline.layers import run_map

    summary = run_map(
        layers,
        output,
        crs=crs,
        label=label,
        status=status,
        popup=_split_columns(popup),
        title=title,
        basemaps=basemaps,
    )
    if as_json:
        click.echo(json.dumps(summary.to_record(), ensure_ascii=False, indent=2, default=str))
    else:
        _tell_map(summary)
    ctx.exit(code_of(summary.findings))


def _split_columns(words: tuple[str, ...]) -> tuple[str, ...]:
    parts = [part.strip() for word in words for part in word.replace("\uff0c", ",").split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _tell_map(summary: MapSummary) -> None:
    for layer in summary.layers:
        lost = f",{layer.missing} 行没有可用的图形,只在表中" if layer.missing else ""
        click.echo(f"{layer.name}:{layer.read} 行,上图 {layer.drawn}{lost}({layer.crs})")
    for finding in summary.findings[:SHOWN]:
        click.echo(f"{finding.severity.zh} {finding.file} 第 {finding.row or '—'} 行:{finding.text}")
    if len(summary.findings) > SHOWN:
        click.echo(f"……共 {len(summary.findings)} 条意见,全部见 --json")
    click.echo(f"  {summary.output}({summary.bytes / 1e6:.2f} MB)")
