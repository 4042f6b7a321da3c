"""The rows of the ledgers as offices fill them in: people, money, dates and the small disorder of real files."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pyproj import Transformer

from simulation import words
from simulation.gazetteer import SURNAMES
from simulation.geometry import METRIC_CRS, ORIGIN_M, STORED_CRS, make_rng

if TYPE_CHECKING:
    import numpy as np

    from simulation.roster import Site

DATE_FORMS = ("%Y-%m-%d", "%Y.%m.%d", "zh", "%Y/%m/%d", "%Y%m%d", "date", "date", "date")
CATEGORY_ZH = {"model": "精品样板", "ordinary": "一般", "new_start": "新开工", "basic": "基本建成", "": ""}
DEADLINES = {
    "old_compound": dt.date(2021, 9, 30),
    "back_alley": dt.date(2021, 10, 31),
    "dry_toilet": dt.date(2021, 9, 30),
}
WIDTH_M = {"primary": 50, "secondary": 36, "tertiary": 24}
FINISHED = ("works_completed", "cleared", "opened", "basically_built")
REMARKS = ("",) * 7 + ("居民要求增设停车位", "与管线单位对接中", "雨季顺延", "已列入民生实事")

Record = dict[str, object]


def write_records(sites: list[Site]) -> dict[str, list[Record]]:
    """Return the rows of every programme, keyed by the headers of its workbook."""
    degrees = Transformer.from_crs(METRIC_CRS, STORED_CRS, always_xy=True)
    records: dict[str, list[Record]] = {programme: [] for programme in words.PROGRAMMES}
    for site in sites:
        rng = make_rng("record", site.site_id)
        row = _common(site, rng)
        row.update(_FILL[site.programme](site, rng))
        if site.programme in {"dry_toilet", "stalled_building"}:
            lon, lat = degrees.transform(site.geometry.x + ORIGIN_M[0], site.geometry.y + ORIGIN_M[1])
            row |= {
                "经度": round(lon, 6) if site.located else None,
                "纬度": round(lat, 6) if site.located else None,
            }
        records[site.programme].append(row)
    return records


def _common(site: Site, rng: np.random.Generator) -> Record:
    stages = site.words["stages"]
    township = _township(site)
    done = next((stages[stage] for stage in FINISHED if stage in stages), None)
    start = site.words.get("start", stages.get("started"))
    planned_finish = DEADLINES.get(site.programme, dt.date(2021, 11, 30))
    planned_start = dt.date(2021, 4, 1) + dt.timedelta(days=int(rng.integers(0, 8)) * 7)
    if "start" in site.words:
        planned_start = start - dt.timedelta(days=int(rng.integers(0, 40)))
    return {
        "编号": site.site_id,
        "项目名称": site.name,
        "责任单位": _unit_text(site, rng),
        "街道(乡镇)": township,
        "地址": _address(site, township, rng),
        "投资(万元)": None,
        "分包领导": _person(rng, 0.02),
        "推进专班": _task_force(site, rng),
        "施工单位": _contractor(rng) if start else "",
        "计划开工": _date_text(planned_start, rng),
        "计划完工": _date_text(planned_finish, rng),
        "实际开工": _date_text(start, rng),
        "实际完工": _date_text(done, rng),
        "备注": str(rng.choice(REMARKS)),
    }


def _task_force(site: Site, rng: np.random.Generator) -> str | None:
    if rng.random() < 0.015:
        return None
    return f"{words.PROGRAMMES[site.programme][3]}专班第{int(rng.integers(1, 9))}组"


def _contractor(rng: np.random.Generator) -> str:
    return f"{'甲乙丙丁戊己庚辛'[int(rng.integers(8))]}建设工程有限公司(模拟)"


def _unit_text(site: Site, rng: np.random.Generator) -> str:
    aliases = words.ALIASES.get(site.unit, ())
    return str(rng.choice(aliases)) if aliases and rng.random() < 0.09 else site.unit


def _township(site: Site) -> str:
    middle = site.geometry.centroid
    places = words.TOWNSHIPS[site.unit]
    return min(places, key=lambda name: (places[name][0] - middle.x) ** 2 + (places[name][1] - middle.y) ** 2)


def _address(site: Site, township: str, rng: np.random.Generator) -> str:
    if site.programme in {"back_alley", "feature_street", "dead_end_road"}:
        return str(site.words.get("address", f"{township}辖区"))
    return f"{township}{'东西南北'[int(rng.integers(4))]}部,{int(rng.integers(1, 320))}号附近"


def _person(rng: np.random.Generator, missing: float) -> str | None:
    return None if rng.random() < missing else f"{SURNAMES[int(rng.integers(len(SURNAMES)))]}××"


def _date_text(day: dt.date | None, rng: np.random.Generator) -> object:
    if day is None:
        return None
    form = DATE_FORMS[int(rng.integers(len(DATE_FORMS)))]
    if form == "date":
        return day
    if form == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return (
        day.strftime(form)
        if form in {"%Y%m%d", "%Y-%m-%d"}
        else day.strftime(form).replace(".0", ".").replace("/0", "/")
    )


def _share_text(share: float, rng: np.random.Generator) -> object:
    return round(share, 3) if rng.random() < 0.4 else f"{100 * share:.1f}%"


def _fill_compound(site: Site, rng: np.random.Generator) -> Record:
    buildings = max(1, round(site.households / float(rng.uniform(36, 64))))
    area = site.households * float(rng.uniform(68, 94))
    asked = float(rng.uniform(0.8, 0.99)) if rng.random() > 0.015 else float(rng.uniform(0.7, 0.79))
    accepted = "accepted" in site.words["stages"]
    return {
        "户数": site.households,
        "楼栋数": buildings,
        "建筑面积(万平方米)": round(area / 10_000, 2),
        "投资(万元)": round(site.households * float(rng.uniform(1.0, 2.0)), 1),
        "改造内容": _content(rng),
        "征求意见比例": _share_text(asked, rng),
        "居民满意度": _share_text(float(rng.uniform(0.82, 0.99)), rng) if accepted else None,
    }


def _content(rng: np.random.Generator) -> str:
    items: list[str] = []
    for name, low, high in (("基础类", 4, 9), ("改善类", 2, 7), ("提升类", 0, 3)):
        pool = words.CONTENT[name]
        chosen = sorted(rng.choice(len(pool), int(rng.integers(low, high + 1)), replace=False).tolist())
        items += [pool[i] for i in chosen]
    return "、".join(items)


def _fill_shanty(site: Site, rng: np.random.Generator) -> Record:
    area = site.dwellings * float(rng.uniform(88, 108))
    return {
        "类别": CATEGORY_ZH[site.category],
        "套数": site.dwellings,
        "户数": site.households,
        "楼栋数": max(2, round(site.dwellings / float(rng.uniform(70, 110)))),
        "建筑面积(平方米)": round(area),
        "投资(万元)": round(area * float(rng.uniform(0.26, 0.38))),
    }


def _fill_village(site: Site, rng: np.random.Generator) -> Record:
    area = site.households * float(rng.uniform(150, 230))
    return {
        "户数": site.households,
        "建筑面积(平方米)": round(area),
        "投资(万元)": round(site.households * float(rng.uniform(42, 70))),
    }


def _fill_alley(site: Site, rng: np.random.Generator) -> Record:
    length = round(site.geometry.length)
    return {
        "类别": CATEGORY_ZH[site.category],
        "长度(米)": length,
        "投资(万元)": round(length * float(rng.uniform(0.08, 0.3)), 1),
        "改造内容": "、".join(
            sorted(
                {
                    str(x)
                    for x in rng.choice(
                        [
                            "路面硬化",
                            "雨污分流",
                            "照明",
                            "立面整治",
                            "架空线规整",
                            "绿化",
                            "停车规范",
                            "文化墙",
                        ],
                        4,
                    )
                }
            )
        ),
    }


def _fill_feature(site: Site, rng: np.random.Generator) -> Record:
    length = round(site.geometry.length)
    return {"长度(米)": length, "投资(万元)": round(length * float(rng.uniform(0.8, 3.5)))}


def _fill_toilet(_site: Site, rng: np.random.Generator) -> Record:
    return {
        "投资(万元)": round(float(rng.uniform(1.5, 22)), 1),
        "改造内容": str(rng.choice(["拆除", "改建水冲", "新建替代"])),
    }


def _fill_stalled(_site: Site, rng: np.random.Generator) -> Record:
    area = float(rng.uniform(9_000, 78_000))
    return {
        "楼栋数": int(rng.integers(1, 7)),
        "建筑面积(平方米)": round(area),
        "投资(万元)": round(area * float(rng.uniform(0.25, 0.4))),
        "改造内容": str(rng.choice(["复工续建", "司法处置", "引资盘活", "拆除"])),
    }


def _fill_road(site: Site, rng: np.random.Generator) -> Record:
    gap = site.words["gap"]
    length = round(site.geometry.length)
    note = f"待打通段约{round(gap.missing.length)}米,红线宽{WIDTH_M.get(site.highway, 30)}米"
    return {"长度(米)": length, "投资(万元)": round(length * float(rng.uniform(2.2, 4.4))), "备注": note}


_FILL = {
    "old_compound": _fill_compound, "shanty_area": _fill_shanty, "urban_village": _fill_village, "back_alley": _fill_alley,
    "feature_street": _fill_feature, "dry_toilet": _fill_toilet, "stalled_building": _fill_stalled, "dead_end_road": _fill_road,
}  # fmt: skip
