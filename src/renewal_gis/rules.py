"""The rules of a campaign that a decree may set: lights, ranking, supervision, conflicts, gates, content, reach."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from renewal_gis.vocab import Stage


class Model(BaseModel):
    """Frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LightRule(Model):
    """How many points behind the due share turn which light (进度偏差,百分点)."""

    slight_pp: float = Field(description="滞后不超过此值为略滞后")
    red_pp: float = Field(description="滞后超过此值为严重滞后")
    streak: int = Field(description="连续几周滞后转为严重滞后", ge=1)
    source: str = Field(description="出处")


class Escalation(Model):
    """What follows when a supervised listing stays overdue."""

    days: int = Field(description="逾期满几天", ge=1)
    measure: str = Field(description="采取的措施")


class SupervisionRule(Model):
    """The rules of 挂牌督办 that a decree may set."""

    stale_days: int = Field(30, description="未完工项目超过几天没有进度记录,提出挂牌建议", ge=1)
    escalation: tuple[Escalation, ...] = Field((), description="逾期升级,按天数递增")
    source: str = Field("", description="出处")


class RankingRule(Model):
    """How the composite ranking weighs its targets; without weights there is none."""

    weights: dict[str, float] = Field(default_factory=dict, description="综合排名中各目标的权重,大于 0")
    source: str = Field("", description="权重的出处,印在排名之下")


class ConflictRule(Model):
    """When works of different programmes are in each other's way (一路多挖)."""

    near_m: float = Field(30.0, description="相距不超过多少米算同一处,米", ge=0)
    programmes: tuple[str, ...] = Field((), description="所查专项;空则全部")
    underground: tuple[str, ...] = Field((), description="属于地下管线的改造内容,按所含字词")
    surface: tuple[str, ...] = Field((), description="属于路面、地面的改造内容,按所含字词")
    source: str = Field("方案未规定", description="出处")


class Gate(Model):
    """A condition that must hold when a site reaches a stage."""

    id: str = Field(description="代码")
    programme: str = Field(description="专项代码")
    stage: Stage = Field(description="在达到该阶段时检查")
    text: str = Field(description="要求")
    kind: Literal["min_share", "min_days_since", "needs_stage"] = Field(description="规则类型")
    field: str = Field("", description="min_share 所查字段")
    threshold: float = Field(0.0, description="最低值或最少天数")
    after: Stage | None = Field(None, description="min_days_since、needs_stage 所依的前一阶段")
    source: str = Field(description="条款位置")


class ContentClass(Model):
    """A class of renovation content and its items."""

    id: str = Field(description="代码")
    name: str = Field(description="名称")
    national_name: str = Field("", description="国家文件中的名称")
    heading: str = Field(description="原文标题")
    items: tuple[str, ...] = Field(description="内容")
    source: str = Field(description="条款位置")


class Facility(Model):
    """A facility type whose reach is measured."""

    id: str = Field(description="代码")
    name: str = Field(description="名称")
    reach_m: float = Field(description="服务半径,米", gt=0)
    min_area_m2: float = Field(0.0, description="以面表示的设施,小于此面积的不计,平方米", ge=0)
    source: str = Field(description="半径的出处")
