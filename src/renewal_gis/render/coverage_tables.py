"""Coverage as tables for a workbook, and the same numbers by key for programs."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from renewal_gis.render.paper import Bulletin, Column, Section, make_table
from renewal_gis.render.style import is_present
from renewal_gis.render.typeset import set_punctuation
from renewal_gis.vocab import INTERNAL, SIMULATED, SUSPECTED, Measure, Scenario

if TYPE_CHECKING:
    import pandas as pd

    from renewal_gis.render.paper import Table, Value
    from renewal_gis.survey import Survey

UNKNOWN = "无法计算"
"""Stands where there is nothing to divide by; never the area of the district."""
LEVELS = {"city": "全市", "unit": "责任单位", "township": "街道(乡镇)"}


def write_json(survey: Survey, /) -> bytes:
    """Return the coverage by key: shares are numbers from 0 to 1, or null where they cannot be measured."""
    record = {
        "plan": survey.plan.id,
        "as_of": survey.as_of.isoformat(),
        "simulated": survey.simulated,
        "coverage": _list_records(survey.coverage),
        "link_gains": _list_records(survey.reach_gains),
        "programmes": _list_records(survey.programme_coverage),
        "white_spots": None if survey.white_spots is None else len(survey.white_spots),
    }
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def _list_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.to_dict("records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if not is_present(value):
        return None
    return value.item() if hasattr(value, "item") else value


def build_tables(survey: Survey, /) -> Bulletin:
    """Return the tables of a coverage report as a tree that :mod:`renewal_gis.render.workbook` writes."""
    tables = [_list_shares(survey), _list_circle(survey), _list_gains(survey), _list_programmes(survey)]
    section = Section("公共服务设施覆盖", tuple(table for table in tables if table is not None))
    return Bulletin(
        title=f"{survey.plan.city}公共服务设施覆盖情况",
        header_lines=(f"截至 {survey.as_of:%Y-%m-%d}",),
        tags=(INTERNAL, SIMULATED) if survey.simulated else (INTERNAL,),
        sections=(section,),
        footnotes=tuple(set_punctuation(note) for note in _list_notes(survey)),
        as_of=survey.as_of,
    )


def _list_shares(survey: Survey) -> Table:
    columns = (
        Column("设施", "text", 30),
        Column("半径(米)", "count", 18),
        Column("区域", "text", 30),
        Column("量算", "text", 24),
        Column("情形", "text", 40),
        Column("居住用地覆盖率", "percent", 24),
        Column("户数覆盖率", "percent", 24),
        Column("已覆盖户数", "count", 22),
        Column("总户数", "count", 22),
    )
    rows: list[tuple[Value, ...]] = [
        (
            row["facility_name"],
            round(row["reach_m"]),
            row["unit"],
            Measure(row["measure"]).zh,
            Scenario(row["scenario"]).zh,
            _share(row["land_covered_m2"], row["land_m2"]),
            _share(row["households_covered"], row["households"]),
            _count(row["households_covered"]),
            _count(row["households"]),
        )
        for row in survey.coverage.to_dict("records")
    ]
    notes = (
        f"居住用地或户数没有数据的,写“{UNKNOWN}”,不以行政区面积代替。",
        f"“{Scenario.AFTER.zh}”所依路段均为{SUSPECTED}。",
    )
    return make_table("shares", "各指标覆盖率", columns, rows, notes=notes)


def _list_circle(survey: Survey) -> Table | None:
    if survey.plots is None:
        return None
    met = survey.plots["met"]
    counts = met.value_counts()
    rows = [(kinds, int(counts.get(kinds, 0))) for kinds in range(len(survey.plan.facilities), -1, -1)]
    columns = (Column("步行可达的指标数", "count", 40), Column("居住地块数", "count", 40))
    note = "地块一半以上用地沿路网走到该类设施不超过规定距离的,计为可达;地块名单见 coverage.gpkg。"
    return make_table("circle", "生活圈达标情况", columns, rows, notes=(note,))


def _list_gains(survey: Survey) -> Table | None:
    if survey.reach_gains.empty:
        return None
    names = {facility.id: facility.name for facility in survey.plan.facilities}
    gains = survey.reach_gains.sort_values(["households", "land_m2", "rank"], ascending=[False, False, True])
    rows = [
        (int(row["rank"]), names[row["facility"]], _count(row["households"]), _count(row["land_m2"]))
        for row in gains.to_dict("records")
    ]
    columns = (
        Column("路段次序", "count", 24),
        Column("设施", "text", 40),
        Column("新增覆盖户数", "count", 30),
        Column("新增覆盖用地(平方米)", "count", 40),
    )
    note = f"只打通该路段一处的增量,各行不可相加。路段为{SUSPECTED}。"
    return make_table("gains", "打通路段新增覆盖", columns, rows, notes=(note,))


def _list_programmes(survey: Survey) -> Table | None:
    frame = survey.programme_coverage
    if frame.empty:
        return None
    rows: list[tuple[Value, ...]] = [
        (
            survey.plan.programme(row["programme"]).short,
            LEVELS[row["level"]],
            row["area"] or "未注明",
            int(row["sites"]),
            int(row["done"]),
            _share(row["done"], row["sites"]),
            _count(row["households"]) if row["households"] > 0 else UNKNOWN,
            _share(row["households_done"], row["households"]),
        )
        for row in frame[frame["level"].isin(LEVELS)].to_dict("records")
    ]
    columns = (
        Column("专项", "text", 30),
        Column("层级", "text", 24),
        Column("区域", "text", 44),
        Column("台账项目", "count", 20),
        Column("已改造", "count", 20),
        Column("占比", "percent", 20),
        Column("户数", "count", 20),
        Column("已改造户数占比", "percent", 26),
    )
    return make_table("programmes", "专项改造覆盖", columns, rows)


def _list_notes(survey: Survey) -> list[str]:
    notes = [
        f"{facility.name}:{facility.reach_m:g} 米({facility.source})" for facility in survey.plan.facilities
    ]
    notes += [
        "直线覆盖以真圆计,是步行可达的上限;沿路网步行自设施出入点起算,高速公路不走,过街等候不计。",
        "户数按地块面积均摊。",
    ]
    if survey.white_spots is None:
        notes.append(f"改造空白点(未列入台账的老旧小区):居住用地没有建成年份,{UNKNOWN}。")
    else:
        notes.append(f"改造空白点(2000 年底前建成、未列入台账):{len(survey.white_spots)} 处。")
    return notes


def _share(part: Any, whole: Any) -> Value:
    if not is_present(part) or not is_present(whole) or whole <= 0:
        return UNKNOWN
    return min(Fraction(float(part)) / Fraction(float(whole)), Fraction(1))


def _count(value: Any) -> Value:
    return round(float(value)) if is_present(value) else UNKNOWN
