"""The rules of a campaign that a decree may set: lights, ranking, supervision, conflicts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


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
