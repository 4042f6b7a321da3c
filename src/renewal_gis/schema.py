"""The frames by which the rooms meet: columns, meaning, units, reference system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renewal_gis.errors import CrsError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

STORED_CRS = "EPSG:4490"
"""CGCS2000 degrees: the system in which sites, units and roads are kept."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The contract of one frame.

    ``columns`` maps a column to what it means; ``optional`` ones may be absent. ``crs`` is
    ``stored`` (:data:`STORED_CRS`), ``metric`` (any projected system in metres) or None (no geometry).
    """

    name: str
    index: str
    columns: Mapping[str, str]
    optional: Mapping[str, str]
    crs: str | None


SITES = Frame(
    "SITES",
    "site_id",
    {
        "name": "项目名称",
        "programme": "专项,方案中的代码",
        "category": "类别,方案中的代码;没有则为空串",
        "declared_unit": "填报的责任单位全称;不明为空串",
        "township": "街道(乡镇)",
        "address": "地址",
        "households": "户数(Int64)",
        "buildings": "楼栋数(Int64)",
        "dwellings": "套数(Int64)",
        "floor_area_m2": "建筑面积,平方米(Float64)",
        "investment_wan": "投资,万元(Float64)",
        "leader": "分包领导",
        "task_force": "推进专班",
        "contractor": "施工单位",
        "planned_start": "计划开工(datetime64)",
        "planned_finish": "计划完工(datetime64)",
        "actual_start": "实际开工(datetime64)",
        "actual_finish": "实际完工(datetime64)",
        "content_items": "改造内容,以“、”分隔",
        "notes": "备注",
        "source_file": "来源文件名",
        "source_row": "来源行号,办公软件所见(Int64)",
        "simulated": "是否模拟数据(bool)",
    },
    {
        "consulted_share": "征求意见比例 0–1(Float64)",
        "satisfied_share": "居民满意度 0–1(Float64)",
        "length_m": "长度,米(Float64)",
        "photo_before": "改造前照片的路径;没有则为空串",
        "photo_after": "改造后照片的路径;没有则为空串",
    },
    "stored",
)

EVENTS = Frame(
    "EVENTS",
    "event_id",
    {
        "site_id": "项目编号",
        "kind": "stage | note | correction",
        "stage": "达到的阶段(Stage 代码);非进度为空串",
        "date": "事实日期(datetime64)",
        "recorded_at": "入库时刻,ISO 8601 文本",
        "recorded_by": "填报人",
        "note": "说明",
        "corrects": "所更正的 event_id;没有则为空串",
        "source_file": "来源文件名",
        "source_row": "来源行号(Int64)",
        "key": "幂等键",
    },
    {},
    None,
)

REACHED = Frame(
    "REACHED",
    "RangeIndex",
    {"site_id": "项目编号", "stage": "阶段", "date": "首次达到该阶段(或其后阶段)的日期"},
    {},
    None,
)

UNITS = Frame(
    "UNITS",
    "code",
    {"name": "名称", "kind": "district | county_city | county", "core": "是否主城区(bool)"},
    {},
    "stored",
)

LOCATED = Frame(
    "LOCATED",
    "site_id",
    {
        "located_district": "按位置所在区县代码;无为空串",
        "located_name": "按位置所在区县名称;无为空串",
        "placement": "vocab.Placement 代码",
        "share": "落入该区县的份额 0–1",
        "shares": "各区县份额,如“丙区 0.7;乙区 0.3”",
        "distance_m": "到最近区县的距离,米;在内为 0",
        "managing_unit": "管理单位全称(填报优先,功能区按乡镇);不明为空串",
    },
    {},
    None,
)

ROADS = Frame(
    "ROADS",
    "RangeIndex",
    {"highway": "道路等级(OSM 词汇)"},
    {
        "name": "道路名称",
        "bridge": "是否桥梁(bool)",
        "tunnel": "是否隧道(bool)",
        "layer": "层(int)",
        "oneway": "是否单行(bool)",
        "noexit": "是否标注为尽头(bool)",
    },
    "stored",
)

DEAD_ENDS = Frame(
    "DEAD_ENDS",
    "RangeIndex",
    {"street_id": "道路编号", "highway": "道路等级", "verdict": "vocab.Verdict 代码", "reason": "理由"},
    {"name": "道路名称", "stub_m": "断头段长度,米", "bearing_deg": "朝向,度", "district": "所在区县"},
    "metric",
)

LINKS = Frame(
    "LINKS",
    "RangeIndex",
    {
        "rank": "按 priority 的名次,1 为先",
        "score": "此处应有道路的校准概率 0–1",
        "kind": "vocab.LinkKind 代码",
        "length_m": "拟打通长度,米",
        "network_m": "现状绕行距离,米;界限内不通为无穷",
        "detour_ratio": "现状绕行距离与打通长度之比",
        "saved_m": "打通后节省,米",
        "benefit": "效益",
        "priority": "优先度 0–1",
        "barriers": "跨越的阻隔,以“、”分隔",
        "planned": "是否与规划道路相符(bool)",
        "district": "所在区县",
        "reasons": "理由,短句以“;”分隔",
    },
    {"ledger_site": "对应的台账编号;没有则为空串", "name": "所接道路名称"},
    "metric",
)

DEFECTS = Frame(
    "DEFECTS",
    "RangeIndex",
    {"kind": "vocab.DefectKind 代码", "size_m": "偏差,米", "repair": "修改建议"},
    {"district": "所在区县"},
    "metric",
)

PROGRESS = Frame(
    "PROGRESS",
    "RangeIndex",
    {
        "target": "目标编号",
        "programme": "专项代码",
        "indicator": "指标",
        "unit": "责任单位全称,或“全市”",
        "measure": "计量单位(个、套、条…)",
        "task": "任务数(Int64);方案未给出为 NA",
        "ledger": "台账数(Int64),按计量单位",
        "located": "其中有位置(Int64)",
        "unlocated": "其中无位置(Int64)",
        "done": "完成数(Int64),照实",
        "counted": "计入完成率的完成数(Int64):与完成数同;方案规定各单位以任务数为限的,全市为其和",
        "base": "完成率的分母:任务数,方案未给出时为台账数(Int64);无任务为 NA",
        "rate": "完成率,fractions.Fraction;无任务为 None",
        "expected": "序时进度 0–1,fractions.Fraction;无则为 None",
        "pace_pp": "进度偏差,百分点,fractions.Fraction;无则为 None",
        "light": "vocab.Light 代码;无任务、不设序时进度或未到序时起算日为空串",
        "basis": "任务数的依据:explicit 方案原文 | derived 方案推算 | ledger 台账口径",
        "passed": "全市行:完成本单位任务的单位数(Int64);任务未分解的和单位行为 NA",
        "units": "全市行:有任务的单位数(Int64);同上",
    },
    {},
    None,
)

CONFLICTS = Frame(
    "CONFLICTS",
    "RangeIndex",
    {
        "site_a": "项目编号,较早开工的一处",
        "site_b": "项目编号,另一处",
        "distance_m": "最近距离,米;相接或重叠为 0",
        "overlap_start": "同时施工的首日(datetime64)",
        "overlap_finish": "同时施工的末日(datetime64)",
        "overlap_days": "同时施工的天数,首末日都计(int)",
        "proposal": "建议:同步施工、错峰施工或先地下后地上,冒号后为说明",
    },
    {},
    None,
)

BURNUP = Frame(
    "BURNUP",
    "RangeIndex",
    {
        "target": "目标编号",
        "unit": "责任单位全称,或“全市”",
        "date": "日期(datetime64),每周一行,自起算日至时限",
        "done": "当日末的完成数(Int64);截止日期以后为 NA",
        "counted": "其中计入完成率的(Int64);逐单位封顶的全市数小于完成数",
        "expected": "当日应完成份额 0–1(float);不设序时进度为 NaN",
        "base": "完成率的分母(Int64)",
    },
    {},
    None,
)

COVERAGE = Frame(
    "COVERAGE",
    "RangeIndex",
    {
        "facility": "设施类型代码",
        "facility_name": "设施类型",
        "reach_m": "服务半径,米",
        "unit": "区县名称,或“全市”",
        "land_m2": "居住用地面积,平方米;无则为 NaN",
        "land_covered_m2": "其中已覆盖",
        "land_share": "覆盖率 0–1;无法计算为 NaN",
        "households": "户数;无则为 NaN",
        "households_covered": "其中已覆盖",
        "household_share": "覆盖率 0–1;无法计算为 NaN",
        "measure": "straight 直线 | network 沿路网步行",
        "scenario": "before 现状 | after 疑似缺失路段打通之后",
    },
    {},
    None,
)


REACH_GAINS = Frame(
    "REACH_GAINS",
    "RangeIndex",
    {
        "rank": "疑似缺失路段的次序",
        "facility": "设施类型代码",
        "land_m2": "只打通该路段新增覆盖的居住用地,平方米",
        "households": "新增覆盖的户数;用地户数未知为 NaN",
    },
    {},
    None,
)

PROGRAMME_COVERAGE = Frame(
    "PROGRAMME_COVERAGE",
    "RangeIndex",
    {
        "programme": "专项代码",
        "level": "city | unit | township | hexagon",
        "area": "全市、单位全称、“单位 街道”、六边形编号;未知为空串",
        "sites": "项目数",
        "done": "其中已改造",
        "share": "已改造项目占比 0–1",
        "households": "户数(已知者之和)",
        "households_done": "其中已改造",
        "household_share": "已改造户数占比 0–1;户数未知为 NaN",
    },
    {},
    None,
)


def check_frame(frame: pd.DataFrame, contract: Frame, /) -> None:
    """Refuse a frame that does not keep its contract.

    Raises
    ------
    SchemaError
        A column is missing.
    CrsError
        Geometry in another reference system than the contract names.
    """
    missing = [column for column in contract.columns if column not in frame.columns]
    if missing:
        raise SchemaError(
            f"{contract.name} 缺少列 {'、'.join(missing)}",
            remedy=f"应有的列:{'、'.join(contract.columns)}",
        )
    if contract.crs is not None:
        _check_crs(frame, contract)


def make_empty(contract: Frame, /) -> pd.DataFrame:
    """Return a frame of that contract without rows."""
    # pandas takes half a second: who only reads the contracts does not pay for it
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame(columns=list(contract.columns))


def _check_crs(frame: gpd.GeoDataFrame, contract: Frame) -> None:
    crs = getattr(frame, "crs", None)
    if crs is None:
        raise CrsError(f"{contract.name} 没有坐标系", remedy="用 set_crs 声明坐标系,不可猜测")
    # a system read from a file may spell itself out in full: its authority code is what counts
    name = ":".join(crs.to_authority() or (crs.name,))
    if contract.crs == "stored" and name != STORED_CRS:
        raise CrsError(f"{contract.name} 的坐标系为 {name},应为 {STORED_CRS}", remedy="先转换坐标系")
    if contract.crs == "metric" and not crs.is_projected:
        raise CrsError(f"{contract.name} 的坐标系 {name} 不是投影坐标系", remedy="先转换为米制投影")
