"""Roads of a city from outside."""

from __future__ import annotations

from pathlib import Path

import click

from renewal_gis.cli.options import FILE, PLAN


@click.group()
def roads() -> None:
    """路网:从 OpenStreetMap 取得。"""


@roads.command("fetch")
@PLAN
@click.option(
    "-o", "--output", type=FILE, default=Path("roads.parquet"), show_default=True, help="GeoParquet。"
)
@click.option(
    "--network",
    type=click.Choice(["drive", "walk", "all"]),
    default="drive",
    show_default=True,
    help="drive 行车,walk 步行,all 全部。",
)
@click.option("--overpass", "overpass_url", default="", help="Overpass 服务地址;不写则用公共服务。")
def fetch(plan_path: Path, output: Path, *, network: str, overpass_url: str) -> None:
    """按方案各单位的范围取道路,存为 GeoParquet(需外网和 pip install "renewal-gis[osm]")。

    \b
    Example:
      renewal-gis roads fetch --plan plans/CITY.toml -o data/roads.parquet
    """  # noqa: D301
    from renewal_gis.cli.options import now
    from renewal_gis.pipeline.city import fetch_city_roads
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path)
    count, block = fetch_city_roads(plan, output, network=network, overpass_url=overpass_url, at=now())
    click.echo(f"{output}:{count} 段道路,EPSG:4490")
    click.echo("© OpenStreetMap 贡献者(ODbL 1.0):图上须注明,衍生的数据库须以同一许可公开。")
    click.echo(f"请在方案 {plan_path} 中加入:\n\n{block}")
