"""The words of the field, each once, with its Chinese and English label."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

CITY = "全市"
NO_TASK = "—"
INTERNAL = "内部使用"
SIMULATED = "模拟数据"
NOT_DUE = "未到"
DRAFT = "草稿"
SUSPECTED = "疑似,待现场核实"
BOUNDARY_NOTE = "行政区域界线为示意,不作法定依据"


class Label(StrEnum):
    """An enumeration whose members know their labels."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str = "", en: str = "") -> Self:
        """Make a member of its value and its two labels."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member


class Stage(Label):
    """Where a site stands. Which stages a programme knows, and their order, is in the plan."""

    NOT_STARTED = "not_started", "未启动", "not started"
    CONSULTED = "consulted", "已征求意见", "residents consulted"
    PUBLICISED = "publicised", "已公示", "publicised"
    REVIEWED = "reviewed", "会审通过", "reviewed"
    PERMITTED = "permitted", "手续办结", "permitted"
    STARTED = "started", "已开工", "started"
    BASICALLY_BUILT = "basically_built", "基本建成", "basically built"
    WORKS_COMPLETED = "works_completed", "改造完成", "works completed"
    ACCEPTED = "accepted", "验收合格", "accepted"
    CLEARED = "cleared", "已清理", "cleared"
    OPENED = "opened", "已打通", "opened"


class UnitKind(Label):
    """What sort of responsible unit this is."""

    DISTRICT = "district", "市辖区", "district"
    COUNTY_CITY = "county_city", "县级市", "county-level city"
    COUNTY = "county", "县", "county"
    FUNCTIONAL_ZONE = "functional_zone", "功能区", "functional zone"


class Light(Label):
    """How the pace compares with the share that is due."""

    GREEN = "green", "正常", "on schedule"
    SLIGHT = "slight", "略滞后", "slightly behind"
    YELLOW = "yellow", "滞后", "behind"
    RED = "red", "严重滞后", "far behind"


class Severity(Label):
    """How much a finding weighs. Errors make the exit code 1."""

    ERROR = "error", "错误", "error"
    WARNING = "warning", "警告", "warning"
    INFO = "info", "提示", "note"


class Placement(Label):
    """How a site came to its district."""

    INSIDE = "inside", "位于区内", "inside one district"
    BORDER = "border", "位于边界", "on a border, tie broken by rule"
    LARGEST_SHARE = "largest_share", "跨界,取最大份额", "largest share of several"
    OUTSIDE = "outside", "不在任何区县内", "outside all districts"
    UNLOCATED = "unlocated", "无位置", "no geometry"


class Verdict(Label):
    """What a street's dead end is taken for."""

    CANDIDATE = "candidate", "疑似断头路", "candidate"
    CUL_DE_SAC = "cul_de_sac", "尽端路", "cul-de-sac"
    SHEET_EDGE = "sheet_edge", "数据边缘", "edge of the data"
    EXEMPT = "exempt", "不计", "exempt"
    DEFECT = "defect", "数据缺陷", "data defect"


class LinkKind(Label):
    """What a proposed link joins the dead end to."""

    END_TO_END = "end_to_end", "端点对接端点", "dead end to dead end"
    END_TO_STREET = "end_to_street", "端点接入道路", "dead end to a street"
    END_TO_JUNCTION = "end_to_junction", "端点接入路口", "dead end to a junction"


class DefectKind(Label):
    """A digitising fault in the roads."""

    UNDERSHOOT = "undershoot", "悬挂不足", "undershoot"
    OVERSHOOT = "overshoot", "悬挂过头", "overshoot"
    UNSNAPPED_CROSSING = "unsnapped_crossing", "交叉未打断", "unsnapped crossing"
    DUPLICATE = "duplicate", "重复线", "duplicate line"
    SPLIT_NODE = "split_node", "节点未重合", "split node"


class EventKind(Label):
    """What an entry of the ledger's diary says."""

    STAGE = "stage", "进度", "stage reached"
    NOTE = "note", "备注", "note"
    CORRECTION = "correction", "更正", "correction of an earlier entry"


class Measure(Label):
    """How the distance to a facility is measured."""

    STRAIGHT = "straight", "直线", "straight line"
    NETWORK = "network", "沿路网步行", "on foot along the network"


class Scenario(Label):
    """Which network coverage is measured on."""

    BEFORE = "before", "现状", "as things are"
    AFTER = "after", "疑似缺失路段打通之后", "with the suggested links opened"


class RecordKind(Label):
    """What an office record of the ledger is about."""

    SUPERVISION = "supervision", "挂牌督办", "supervised listing"
    BULLETIN = "bulletin", "通报", "bulletin"
    LINEAGE = "lineage", "合并拆分", "merging and splitting of sites"
    INTAKE = "intake", "导入核查", "findings of an import"


class Move(Label):
    """What happened to a site between two days."""

    STARTED = "started", "新开工", "newly started"
    COMPLETED = "completed", "新完工", "newly completed"
    ACCEPTED = "accepted", "新验收", "newly accepted"
    WITHDRAWN = "withdrawn", "退回", "withdrawn"


class Ground(Label):
    """Why a unit is proposed for supervision (挂牌督办)."""

    MISSED = "missed", "到期未完成", "deadline missed"
    RED = "red", "严重滞后", "far behind"
    STALE = "stale", "长期未更新", "not updated for long"


class ConflictPlan(Label):
    """What is proposed where works meet in space and time (一路多挖)."""

    TOGETHER = "together", "同步施工", "work together"
    STAGGER = "stagger", "错峰施工", "one after the other"
    UNDERGROUND_FIRST = "underground_first", "先地下后地上", "pipes before paving"


class Deed(Label):
    """What a person does with a supervised listing; each is one record of the ledger."""

    OPEN = "open", "挂牌", "open"
    EXTEND = "extend", "延期", "extend"
    REQUEST = "request_delisting", "申请摘牌", "request delisting"
    DELIST = "delist", "摘牌", "delist"


class ListingState(Label):
    """How a supervised listing stands on a day."""

    OPEN = "open", "整改中", "open"
    EXTENDED = "extended", "延期整改", "extended"
    REQUESTED = "delisting_requested", "申请摘牌", "delisting requested"
    DELISTED = "delisted", "已摘牌", "delisted"
    OVERDUE = "overdue", "逾期", "overdue"


class Due(Label):
    """What falls due in the days that follow a bulletin."""

    CHECKPOINT = "checkpoint", "目标到期", "target due"
    LISTING = "listing", "督办件到期", "listing due"
    START = "start", "计划开工", "planned start"
    FINISH = "finish", "计划完工", "planned finish"


COMPLETED_STAGES = (Stage.BASICALLY_BUILT, Stage.WORKS_COMPLETED, Stage.CLEARED, Stage.OPENED)
"""Stages at which the works of a site are done; acceptance comes later."""
