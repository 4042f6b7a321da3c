"""The contracts of what bulletins add to the state of a day: ranking, changes, silence, supervision."""

from __future__ import annotations

from renewal_gis.schema import Frame

RANKING = Frame(
    "RANKING",
    "RangeIndex",
    {
        "target": "目标编号;按专项排名时为空串,综合排名为 composite",
        "programme": "专项代码;综合排名为空串",
        "indicator": "指标或专项名称",
        "track": "组别",
        "unit": "责任单位全称",
        "done": "完成数(Int64);多个目标合并排名时为 NA",
        "base": "完成率的分母(Int64)",
        "rate": "完成率,fractions.Fraction;无任务为 None",
        "rank": "组内名次(Int64),并列同名次;不参与排名为 NA",
        "tied": "是否并列(bool)",
        "force_majeure": "是否因不可抗力暂不排名(bool)",
    },
    {},
    None,
)

CHANGES = Frame(
    "CHANGES",
    "RangeIndex",
    {
        "target": "目标编号",
        "programme": "专项代码",
        "indicator": "指标",
        "unit": "责任单位全称,或“全市”",
        "measure": "计量单位",
        "done_before": "上期完成数(Int64)",
        "done": "本期完成数(Int64)",
        "change": "增减(Int64)",
        "rate_before": "上期完成率,fractions.Fraction;无任务为 None",
        "rate": "本期完成率,同上",
        "change_pp": "增减,百分点,fractions.Fraction;无任务为 None",
    },
    {},
    None,
)

MOVES = Frame(
    "MOVES",
    "RangeIndex",
    {
        "site_id": "项目编号",
        "name": "项目名称",
        "programme": "专项代码",
        "unit": "管理单位;不明为空串",
        "kind": "started 新开工 | completed 新完工 | accepted 新验收 | withdrawn 退回",
        "stage": "阶段",
        "date": "达到该阶段的日期(datetime64);退回为原日期",
    },
    {},
    None,
)

SLIPS = Frame(
    "SLIPS",
    "RangeIndex",
    {
        "site_id": "项目编号",
        "name": "项目名称",
        "programme": "专项代码",
        "unit": "管理单位;不明为空串",
        "stage": "当前阶段",
        "planned_finish": "计划完工(datetime64)",
        "days_late": "超期天数(int)",
        "new": "是否本期内到期(bool)",
    },
    {},
    None,
)

REPORTS = Frame(
    "REPORTS",
    "RangeIndex",
    {
        "unit": "责任单位全称",
        "sites": "台账项目数(int)",
        "open_sites": "其中未到最后阶段的(int)",
        "entries": "期内记录数(int)",
        "last_date": "最近一条记录的日期(datetime64);没有为 NaT",
        "days_since": "距最近一条记录的天数(Int64);没有为 NA",
        "reported": "期内有记录,或无在办项目而不需报送(bool)",
    },
    {},
    None,
)

PROPOSALS = Frame(
    "PROPOSALS",
    "RangeIndex",
    {
        "unit": "责任单位全称,或“全市”",
        "target": "目标编号;长期未更新时为空串",
        "programme": "专项代码",
        "kind": "missed 到期未完成 | red 严重滞后 | stale 长期未更新",
        "subject": "事项:指标或专项名称",
        "measure": "计量单位",
        "done": "完成数(Int64);长期未更新为 NA",
        "base": "任务数(Int64);长期未更新时为未更新项目数",
        "rate": "完成率,fractions.Fraction;长期未更新为 None",
        "expected": "序时进度,同上",
        "pace_pp": "进度偏差,百分点,同上",
        "days": "到期或未更新的天数(Int64);无为 NA",
        "site_ids": "所涉项目编号,以“、”分隔;按目标提出的为空串",
        "reason": "理由",
    },
    {},
    None,
)

SUPERVISED = Frame(
    "SUPERVISED",
    "RangeIndex",
    {
        "number": "编号,一件一号,如 2021-003:年份为挂牌年份,号不重用",
        "site_id": "所涉项目编号;按单位或目标挂牌的为空串",
        "unit": "责任单位全称,或“全市”",
        "target_id": "目标编号;按项目或专项挂牌的为空串",
        "programme": "专项代码",
        "subject": "事项:项目名称、指标或专项名称",
        "reason": "理由,含挂牌时的数字",
        "opened": "挂牌日期(datetime64)",
        "deadline": "现行整改时限(datetime64),延期后为新时限",
        "state": "vocab.ListingState 代码",
        "extensions": "延期次数(int)",
        "requested": "申请摘牌日期(datetime64);没有或已因延期失效为 NaT",
        "closed": "摘牌日期(datetime64);未摘牌为 NaT",
        "evidence": "摘牌依据;未摘牌为空串",
        "days_overdue": "逾期天数(int),摘牌的计至摘牌之日;未逾期为 0",
        "measure": "逾期升级的措施;没有为空串",
    },
    {},
    None,
)

DEEDS = Frame(
    "DEEDS",
    "RangeIndex",
    {
        "number": "编号",
        "deed": "vocab.Deed 代码",
        "date": "日期(datetime64)",
        "deadline": "挂牌、延期所定时限(datetime64);其余为 NaT",
        "words": "理由、说明或依据",
        "by": "经办人",
    },
    {},
    None,
)

AGENDA = Frame(
    "AGENDA",
    "RangeIndex",
    {
        "kind": "vocab.Due 代码",
        "due": "到期日期(datetime64)",
        "subject": "目标编号、督办编号或项目编号",
        "name": "指标、事项或项目名称",
        "programme": "专项代码",
        "unit": "责任单位全称,或“全市”;不明为空串",
        "missing": "到期尚缺的数量(Int64),按计量单位;项目和督办件为 1",
        "measure": "计量单位",
    },
    {},
    None,
)

BALANCES = Frame(
    "BALANCES",
    "RangeIndex",
    {
        "target": "目标编号",
        "programme": "专项代码",
        "indicator": "指标",
        "unit": "责任单位全称,或“全市”",
        "measure": "计量单位",
        "task": "任务数(Int64);方案未给出为 NA",
        "ledger": "台账数(Int64)",
        "located": "其中有位置(Int64)",
        "unlocated": "其中无位置(Int64)",
        "done": "完成数(Int64)",
        "over": "台账数减任务数(Int64);方案未给出为 NA",
        "open": "台账中未完成的(Int64)",
        "words": "差异说明;没有差异为“相符”",
    },
    {},
    None,
)

ROWS = Frame(
    "ROWS",
    "RangeIndex",
    {
        "target": "目标编号",
        "programme": "专项代码",
        "indicator": "指标",
        "unit": "管理单位;不明为空串",
        "site_id": "项目编号",
        "name": "项目名称",
        "category": "类别",
        "declared_unit": "填报单位",
        "located_name": "所在区县;无位置为空串",
        "weight": "计数:1,或套数;不计入为 0(int)",
        "counts": "是否计入该目标(bool)",
        "located": "计入的是否有位置(bool)",
        "done": "计入的是否已完成(bool)",
        "done_on": "完成日期(datetime64);未完成为 NaT",
        "words": "说明",
        "source_file": "来源文件",
        "source_row": "来源行号(Int64)",
    },
    {},
    None,
)
