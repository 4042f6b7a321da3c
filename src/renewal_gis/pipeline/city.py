"""A new city: a plan skeleton, its boundaries and blank workbooks, from the name alone; its roads."""

from __future__ import annotations

import os
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

import numpy as np
import shapely

from renewal_gis.errors import InputError
from renewal_gis.files import write_bytes, write_set
from renewal_gis.geo.belts import make_belt
from renewal_gis.intake.boundaries import format_collection, name_origin, read_city
from renewal_gis.intake.fetch_roads import ATTRIBUTION, fetch_roads, pack_roads
from renewal_gis.ledger.templates import write_templates
from renewal_gis.pipeline.inputs import load_backdrop
from renewal_gis.plan import load_plan
from renewal_gis.vocab import UnitKind

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import geopandas as gpd

    from renewal_gis.plan import Plan

# id, 名称, 简称, 类, 图形, 单位, 阶段, 计数所依的阶段
PROGRAMMES = (
    ("old_compound", "城镇老旧小区改造", "老旧小区", "polygon", "个", "consulted publicised reviewed permitted started works_completed accepted", "works_completed"),
    ("shanty_area", "城镇棚户区改造", "棚户区", "polygon", "个", "started basically_built", "basically_built"),
    ("urban_village", "城中村改造", "城中村", "polygon", "个", "started works_completed", "works_completed"),
    ("back_alley", "背街小巷改造提升", "背街小巷", "line", "条", "started works_completed accepted", "works_completed"),
    ("feature_street", "特色街区改造提升", "特色街区", "line", "条", "started works_completed", "works_completed"),
    ("dry_toilet", "城市旱厕清理", "旱厕", "point", "个", "started cleared", "cleared"),
    ("stalled_building", "“烂尾楼”清理", "烂尾楼", "point", "个", "started cleared", "cleared"),
    ("dead_end_road", "打通城市“断头路”", "断头路", "line", "条", "permitted started opened", "opened"),
)  # fmt: skip
FACILITIES = (
    ("clinic", "卫生服务站", 500),
    ("kindergarten", "幼儿园", 500),
    ("elderly_care", "养老服务设施", 500),
    ("park", "公园", 500),
    ("pocket_park", "口袋公园", 300),
    ("public_toilet", "公共厕所", 500),
    ("bus_stop", "公交站", 500),
    ("community_service", "社区综合服务设施", 500),
)
KINDS = {"区": UnitKind.DISTRICT, "市": UnitKind.COUNTY_CITY}
ENDINGS = ("区", "市", "县", "旗")
MARGIN_DEG = 0.05


def start_city(city: str, folder: Path, /, *, year: int) -> list[Path]:
    """Write what a city needs to begin with: plan, boundaries, blank workbooks.

    Parameters
    ----------
    city
        Its full name, or the first four digits of its code.
    folder
        Made if need be; it must not hold a plan yet.
    year
        The year of the plan; deadlines stand at its end until somebody fills them in.

    Returns
    -------
    list of Path
        ``plan.toml``, ``boundaries.geojson``, ``sites/<programme>.xlsx``.

    Raises
    ------
    InputError
        No such city; the boundary package is not installed; the folder holds a plan.
    """
    place = folder / "plan.toml"
    if place.exists():
        raise InputError(f"{place} 已经存在", remedy="请换一个文件夹,以免盖掉填好的方案")
    districts = read_city(city)
    text = make_skeleton(districts, year=year, origin=name_origin())
    contents = {"boundaries.geojson": format_collection(districts).encode(), "plan.toml": text.encode()}
    write_set(folder, contents)
    books = write_templates(load_plan(place), folder / "sites")
    return [place, folder / "boundaries.geojson", *books]


def fetch_city_roads(
    plan: Plan, output: Path, /, *, network: str, overpass_url: str, at: dt.datetime
) -> tuple[int, str]:
    """Fetch the streets within a plan's units and write them as GeoParquet.

    Parameters
    ----------
    plan
        Its ``units`` layer tells the area.
    output
        The file, ``.parquet``.
    network, overpass_url
        As in :func:`renewal_gis.intake.fetch_roads.fetch_roads`.
    at
        When; the date stands in the file and in the attribution.

    Returns
    -------
    tuple of int and str
        Number of lines, and the ``[[sources]]`` block that names the file in the plan.

    Raises
    ------
    InputError
        Not a ``.parquet`` name; osmnx is not installed; no network or no street.
    """
    if output.suffix.lower() != ".parquet":
        raise InputError(f"输出文件 {output} 不是 .parquet", remedy="请把文件名的后缀改为 .parquet")
    shapes = plan.model_copy(update={"sources": plan.sources_of("units")})
    area = load_backdrop(shapes).units.union_all()
    roads = fetch_roads(area, network=network, overpass_url=overpass_url)
    write_bytes(output, pack_roads(roads, at=at, source=overpass_url))
    try:
        path = os.path.relpath(output.resolve(), plan.folder.resolve())
    except ValueError:  # another drive
        path = str(output.resolve())
    return (
        len(roads),
        f"""[[sources]]
role = "roads"
path = "{path.replace(os.sep, "/")}"
simulated = false
attribution = "道路:{ATTRIBUTION},{at.date().isoformat()} 取得"
""",
    )


def make_skeleton(districts: gpd.GeoDataFrame, /, *, year: int, origin: str) -> str:
    """Return the text of a plan in which everything that the boundaries tell is filled in.

    Parameters
    ----------
    districts
        As :func:`renewal_gis.intake.boundaries.read_city` returns them.
    year
        The year of the plan.
    origin
        Where the boundaries come from.
    """
    left, low, right, high = districts.total_bounds
    # the belt in which most of the land lies, not the middle of the bounds: some cities are 10° wide
    outlines = np.asarray(districts.geometry.array)
    longitude = float(np.average(shapely.get_x(shapely.centroid(outlines)), weights=shapely.area(outlines)))
    belt = make_belt(int(np.clip(3 * round(longitude / 3), 75, 135)))
    sides = (left - MARGIN_DEG, low - MARGIN_DEG, right + MARGIN_DEG, high + MARGIN_DEG)
    groups = _group(districts["name"].tolist())
    text = files("renewal_gis").joinpath("data/plan_skeleton.toml").read_text(encoding="utf-8")
    return Template(text).substitute(
        city=districts["city"].iloc[0],
        id=f"{districts['code'].iloc[0][:4]}-{year}",
        year=year,
        epsg=belt.epsg,
        meridian=belt.central_deg,
        envelope=", ".join(f"{side:.2f}" for side in sides),
        origin=origin,
        units="\n".join(_write_unit(*row) for row in zip(districts["code"], districts["name"], strict=True)),
        groups="\n".join(f"{group} = [{_quote(names)}]" for group, (_, names) in groups.items()),
        tracks="\n".join(
            f'  {{ name = "{title}", group = "{group}" }},' for group, (title, _) in groups.items() if title
        ),
        programmes="".join(_write_programme(*row) for row in PROGRAMMES),
        targets="".join(_write_target(k, *row, year=year) for k, row in enumerate(PROGRAMMES, start=1)),
        facilities="".join(_write_facility(*row) for row in FACILITIES),
        sources="".join(_write_source(row[0]) for row in PROGRAMMES),
    )


def _group(names: list[str]) -> dict[str, tuple[str, list[str]]]:
    urban = [name for name in names if name.endswith("区")]
    rural = [name for name in names if not name.endswith("区")]
    answer = {"all": ("", names)}
    if urban:
        answer["urban"] = ("城区组", urban)
    if rural:
        answer["rural"] = ("县(市)组", rural)
    return answer


def _quote(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _write_unit(code: str, name: str) -> str:
    kind = KINDS.get(name[-1], UnitKind.COUNTY)
    short = name[:-1] if name.endswith(ENDINGS) else ""
    aliases = f'"{short}"' if len(short) > 1 else ""
    return f'  {{ code = "{code}", name = "{name}", kind = "{kind}", aliases = [{aliases}] }},'


def _write_programme(key: str, name: str, short: str, shape: str, measure: str, stages: str, _: str) -> str:
    return f"""[[programmes]]
id = "{key}"
name = "{name}"
short = "{short}"
family = "城市更新"
lead = "待填"
responsible = "各县(市、区)"
responsible_group = "all"
geometry = ["{shape}"]
measure = "{measure}"
stages = [{_quote(["not_started", *stages.split()])}]
source = "待填"

"""


def _write_target(
    number: int,
    key: str,
    _name: str,
    short: str,
    _shape: str,
    measure: str,
    _stages: str,
    done: str,
    *,
    year: int,
) -> str:
    return f"""[[targets]]
id = "T{number:02d}"
programme = "{key}"
indicator = "{short}完成"
measure = "{measure}"
basis = "ledger"
milestone = "{done}"
group = "all"
deadline = {year}-12-31
deadline_text = "年内"
source = "待填"

"""


def _write_facility(key: str, name: str, reach_m: int) -> str:
    return f"""[[facilities]]
id = "{key}"
name = "{name}"
reach_m = {reach_m}
source = "常用半径,方案未规定;待核对"

"""


def _write_source(programme: str) -> str:
    return f"""[[sources]]
role = "sites"
programme = "{programme}"
path = "sites/{programme}.xlsx"
simulated = false
attribution = "项目台账:各责任单位填报"
"""
