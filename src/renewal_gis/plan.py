"""A city's plan: what was promised, by whom, by when, and how we read it.

A plan is a TOML file. Unknown keys are refused, so that a misspelt word never
becomes a silently ignored promise.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from renewal_gis.errors import MissingFileError, PlanError
from renewal_gis.rules import (
    ConflictRule,
    ContentClass,
    Facility,
    Gate,
    LightRule,
    Model,
    RankingRule,
    SupervisionRule,
)
from renewal_gis.vocab import Stage, UnitKind

Date = dt.date
Role = Literal[
    "sites", "events", "units", "roads", "barriers", "water", "planned", "buildings", "land", "facilities"
]


class Unit(Model):
    """A responsible unit: an administrative one, or a functional zone without a polygon."""

    code: str = Field(description="代码;功能区为统计用代码")
    name: str = Field(description="全称")
    kind: UnitKind = Field(description="类别")
    aliases: tuple[str, ...] = Field((), description="其他写法")
    townships: tuple[str, ...] = Field((), description="功能区代管的乡镇、街道")


class Category(Model):
    """A kind of site within a programme that a target can count apart."""

    id: str = Field(description="代码")
    name: str = Field(description="名称")


class Programme(Model):
    """One line of work, with its stages in order."""

    id: str = Field(description="代码")
    name: str = Field(description="名称")
    short: str = Field(description="简称,用于地图与表格")
    family: str = Field(description="类别,如“四改”")
    lead: str = Field(description="牵头单位")
    responsible: str = Field(description="责任单位")
    responsible_group: str = Field(description="责任单位的分组")
    geometry: tuple[Literal["point", "line", "polygon"], ...] = Field(description="可用的图形类型")
    measure: str = Field(description="计量单位")
    stages: tuple[Stage, ...] = Field(description="阶段,按先后")
    categories: tuple[Category, ...] = Field((), description="类别")
    source: str = Field(description="条款位置")

    def order_of(self, stage: str) -> int:
        """Return the place of a stage in this programme's order.

        Raises
        ------
        PlanError
            The programme has no such stage.
        """
        for place, known in enumerate(self.stages):
            if known == stage:
                return place
        told = Stage(stage).zh if stage in set(Stage) else stage
        raise PlanError(
            f"专项“{self.name}”没有阶段“{told}”", remedy=f"可用:{'、'.join(s.zh for s in self.stages)}"
        )


class Curve(Model):
    """The share that is due by a date (序时进度), linear between its points."""

    group: str = Field(description="适用的单位分组")
    points: tuple[tuple[Date, float], ...] = Field(description="[日期, 应完成份额],按先后", min_length=2)

    @model_validator(mode="after")
    def _check_rising(self) -> Self:
        dates = [point[0] for point in self.points]
        shares = [point[1] for point in self.points]
        if dates != sorted(set(dates)) or shares != sorted(shares):
            raise ValueError("points 必须按日期递增、份额不减")
        return self

    def share_at(self, day: Date) -> Fraction:
        """Return the share due at the end of ``day``, exactly."""
        first, last = self.points[0], self.points[-1]
        if day <= first[0]:
            return Fraction(str(first[1]))
        for (d0, s0), (d1, s1) in zip(self.points, self.points[1:], strict=False):
            if day <= d1:
                part = Fraction((day - d0).days, (d1 - d0).days)
                return Fraction(str(s0)) + part * (Fraction(str(s1)) - Fraction(str(s0)))
        return Fraction(str(last[1]))


class Revision(Model):
    """A task that was revised during the year, with the document that says so."""

    date: Date = Field(description="自何日起执行")
    document: str = Field(description="依据的文件")
    task: int | None = Field(None, description="调整后的全市任务数;不变则不写", ge=0)
    breakdown: dict[str, int] = Field(default_factory=dict, description="调整后的分单位任务数;不变则不写")
    deadline: Date | None = Field(None, description="调整后的时限;不变则不写")


class Target(Model):
    """A promised quantity with its date, and the clause that promises it."""

    id: str = Field(description="编号")
    programme: str = Field(description="专项代码")
    indicator: str = Field(description="指标")
    measure: str = Field(description="计量单位")
    task: int | None = Field(None, description="全市任务数;方案未给出则不写", ge=0)
    basis: Literal["explicit", "derived", "ledger"] = Field(description="任务数的依据")
    milestone: Stage = Field(description="达到哪个阶段算完成")
    weight: Literal["site", "dwellings"] = Field("site", description="每行计 1,或计套数")
    category: str = Field("", description="只计该类别;空则全部")
    group: str = Field(description="任务所涉单位的分组")
    breakdown: dict[str, int] = Field(default_factory=dict, description="分单位任务数")
    breakdown_sum: int | None = Field(None, description="分单位任务数之和;与 task 口径不同时才写")
    deadline: Date = Field(description="时限")
    deadline_text: str = Field(description="时限原文")
    checkpoint: bool = Field(False, description="节点目标:时限之后完成的不计")
    striving: bool = Field(False, description="“力争”目标:没有序时进度,不触发挂牌")
    parent: str = Field("", description="所属目标")
    subset_of: str = Field("", description="是其子集,不可相加")
    check: Literal["per_unit", "pooled"] = Field("pooled", description="逐单位还是合并判断达标")
    cap_units: bool = Field(False, description="全市完成率中,各单位完成数以本单位任务数为限")
    revisions: tuple[Revision, ...] = Field((), description="年内的任务调整,按日期递增")
    curves: tuple[Curve, ...] = Field((), description="序时进度;不写则自签发日至时限均匀推进")
    source: str = Field(description="条款位置")
    note: str = Field("", description="说明")


class Phase(Model):
    """A stage of work as the document dates it, with its duties."""

    no: int = Field(description="序号")
    programme: str = Field(description="专项代码")
    name: str = Field(description="名称")
    start: Date | None = Field(None, description="开始;原文未写则不写")
    end: Date = Field(description="结束")
    duties: tuple[str, ...] = Field((), description="要求")
    participants: tuple[str, ...] = Field((), description="参加单位")
    source: str = Field(description="条款位置")


class Option(Model):
    """One reading of an ambiguous place, what it sets, and what it prints."""

    value: str = Field(description="取值")
    footnote: str = Field(description="采用时印出的口径说明")
    set: dict[str, Any] = Field(default_factory=dict, description="采用时改写的目标字段,如 T13.group")


class Switch(Model):
    """An ambiguity of the document as a named choice."""

    id: str = Field(description="代码")
    question: str = Field(description="歧义所在")
    value: str = Field(description="所选")
    options: tuple[Option, ...] = Field(description="可选", min_length=1)
    targets: tuple[str, ...] = Field((), description="所涉目标;空则全部")
    when: str = Field(
        "",
        description="口径说明何时印在通报上:空为换一种读法数字就不同时;finding:代码 有该核查意见时;"
        "gate:代码 有不符合该条件的项目时;always 总是;never 只写在方案文件里",
        pattern="^(|always|never|finding:.+|gate:.+)$",
    )

    @property
    def chosen(self) -> Option:
        """The reading in force."""
        return next(option for option in self.options if option.value == self.value)

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.value not in {option.value for option in self.options}:
            raise ValueError(f"value“{self.value}”不在 options 中")
        return self


class Source(Model):
    """A file that the project is built from."""

    role: Role = Field(description="用途")
    path: str = Field(description="路径,相对于方案文件")
    programme: str = Field("", description="sites 的专项代码")
    sheet: str = Field("", description="工作表;不写则文件须只有一个")
    geometry: str = Field("", description="图形文件,以编号相连")
    crs: str = Field("EPSG:4490", description="坐标系;图形文件自己没有声明时须写明,不写则拒收")
    simulated: bool = Field(description="是否模拟数据")
    attribution: str = Field(description="印在图上的来源")

    @property
    def declared_crs(self) -> str | None:
        """The system that the plan's author wrote down himself; None if it is only the default."""
        return self.crs if "crs" in self.model_fields_set else None


class Organisation(Model):
    """Who stands for what."""

    group_head: str = Field(description="组长")
    group_deputies: tuple[str, ...] = Field(description="副组长")
    group_members: tuple[str, ...] = Field(description="成员")
    per_task: tuple[str, ...] = Field(description="每项工作必备")
    partners: tuple[str, ...] = Field(description="配合单位")
    mechanisms: dict[str, str] = Field(description="工作机制")
    guarantees: tuple[str, ...] = Field(description="保障")
    aftercare: tuple[str, ...] = Field(description="后期管理")


class Track(Model):
    """Units that are ranked with each other (组别)."""

    name: str = Field(description="组别名称")
    group: str = Field(description="单位分组")


Bounds = Annotated[tuple[float, float, float, float], Field(description="西南东北,度")]


class Plan(Model):
    """The whole plan."""

    schema_version: Literal[1] = Field(description="本格式的版本")
    id: str = Field(description="代码")
    city: str = Field(description="城市")
    short: str = Field(description="行动简称")
    title: str = Field(description="文件名称")
    annex: str = Field("", description="附件名称")
    issuer: str = Field(description="发文机关")
    signed: Date = Field(description="签发日期")
    published: Date = Field(description="发布日期")
    validity: str = Field(description="有效性")
    default_as_of: Date | None = Field(None, description="未指定时的截止日期;不写则必须指定")
    crs_metric: str = Field(description="量算用的米制投影")
    envelope: Bounds
    map_approval_no: str = Field("", description="审图号;没有则不能出公开的地图")
    spatial_scope: str = Field(description="空间范围")
    units: tuple[Unit, ...] = Field(description="责任单位")
    groups: dict[str, tuple[str, ...]] = Field(description="单位分组")
    tracks: tuple[Track, ...] = Field(description="大排队的组别")
    programmes: tuple[Programme, ...] = Field(description="专项")
    targets: tuple[Target, ...] = Field(description="目标")
    phases: tuple[Phase, ...] = Field((), description="实施步骤")
    gates: tuple[Gate, ...] = Field((), description="把关条件")
    content: tuple[ContentClass, ...] = Field((), description="改造内容")
    organisation: Organisation = Field(description="组织与机制")
    lights: LightRule = Field(description="亮灯规则")
    supervision: SupervisionRule = Field(SupervisionRule(), description="挂牌督办规则")
    ranking: RankingRule = Field(RankingRule(), description="综合排名规则;不写则不作综合排名")
    conflicts: ConflictRule = Field(default_factory=ConflictRule, description="一路多挖的判断")
    switches: tuple[Switch, ...] = Field((), description="歧义与口径")
    facilities: tuple[Facility, ...] = Field((), description="覆盖指标")
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="台账列名映射")
    sources: tuple[Source, ...] = Field((), description="数据来源")
    folder: Path = Field(Path(), description="方案所在文件夹,读入时填写", exclude=True)

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        units = {unit.name for unit in self.units}
        programmes = {programme.id: programme for programme in self.programmes}
        for group, names in self.groups.items():
            _require(set(names) <= units, f"groups.{group} 含有未列出的单位 {sorted(set(names) - units)}")
        named: list[Target | Phase | Gate] = [*self.targets, *self.phases, *self.gates]
        for place in named:
            _require(place.programme in programmes, f"未知专项“{place.programme}”")
        for target in self.targets:
            self._check_target(target, programmes[target.programme])
        for programme in self.programmes:
            _require(programme.responsible_group in self.groups, f"未知分组“{programme.responsible_group}”")
        for track in self.tracks:
            _require(track.group in self.groups, f"未知分组“{track.group}”")
        for name in self.conflicts.programmes:
            _require(name in programmes, f"conflicts.programmes 中的未知专项“{name}”")
        for name, weight in self.ranking.weights.items():
            ranked = any(target.id == name and target.breakdown for target in self.targets)
            _require(ranked and weight > 0, f"ranking.weights.{name} 须为分解到单位的目标,权重大于 0")
        for source in self.sources:
            known = not source.programme or source.programme in programmes
            _require(known, f"sources 中的未知专项“{source.programme}”")
        return self

    def _check_target(self, target: Target, programme: Programme) -> None:
        where = f"targets.{target.id}"
        _require(target.group in self.groups, f"{where}.group 未知分组“{target.group}”")
        members = set(self.groups[target.group])
        _require(target.milestone in programme.stages, f"{where}.milestone 不是“{programme.name}”的阶段")
        _require(set(target.breakdown) <= members, f"{where}.breakdown 含有分组以外的单位")
        categories = {category.id for category in programme.categories}
        _require(not target.category or target.category in categories, f"{where}.category 未知")
        _require((target.basis == "ledger") == (target.task is None), f"{where}:task 与 basis 矛盾")
        wanted = target.task if target.breakdown_sum is None else target.breakdown_sum
        total = sum(target.breakdown.values())
        _require(not target.breakdown or total == wanted, f"{where}.breakdown 之和为 {total},应为 {wanted}")
        for curve in target.curves:
            _require(curve.group in self.groups, f"{where}.curves 未知分组“{curve.group}”")

    def unit(self, name: str) -> Unit:
        """Return the unit of that full name."""
        return _find(self.units, "name", name, "责任单位")

    def programme(self, programme_id: str) -> Programme:
        """Return the programme of that id."""
        return _find(self.programmes, "id", programme_id, "专项")

    def target(self, target_id: str) -> Target:
        """Return the target of that id."""
        return _find(self.targets, "id", target_id, "目标")

    def sources_of(self, role: Role) -> tuple[Source, ...]:
        """Return the sources of a role, in the plan's order."""
        return tuple(source for source in self.sources if source.role == role)

    def path_of(self, relative: str) -> Path:
        """Return a source's path, resolved from the plan's folder."""
        return (self.folder / relative).resolve()

    def read_otherwise(self, option: Option) -> Self:
        """Return the plan as another option of a switch would have it."""
        targets = {target.id: target for target in self.targets}
        for key, value in option.set.items():
            name, _, field = key.partition(".")
            targets[name] = Target(**{**targets[name].model_dump(), field: value})
        return self.model_copy(update={"targets": tuple(targets.values())})

    def in_force(self, day: Date) -> Self:
        """Return the plan with the tasks that were in force on a day: revisions up to it are applied.

        Raises
        ------
        PlanError
            A revised breakdown does not add up to the revised task.
        """
        targets = tuple(_revise(target, day) for target in self.targets)
        return self if targets == self.targets else self.model_copy(update={"targets": targets})

    def footnotes(self, targets: set[str] | None = None) -> list[str]:
        """Return the footnotes of the readings in force, for some targets or for all."""
        chosen = [s for s in self.switches if targets is None or not s.targets or targets & set(s.targets)]
        return [switch.chosen.footnote for switch in chosen]


def _revise(target: Target, day: Date) -> Target:
    changes: dict[str, Any] = {}
    for revision in target.revisions:
        if revision.date <= day:
            told = revision.model_dump(exclude={"date", "document"}, exclude_unset=True)
            changes |= {key: value for key, value in told.items() if value is not None}
    if not changes:
        return target
    revised = target.model_copy(update=changes)
    total = sum(revised.breakdown.values())
    if target.breakdown_sum is None and revised.breakdown and total != revised.task:
        raise PlanError(
            f"targets.{target.id}.revisions 调整后分单位之和为 {total},任务数为 {revised.task}",
            remedy="请同时写明 task 和 breakdown",
        )
    return revised


def _require(held: object, message: str) -> None:
    if not held:
        raise ValueError(message)


def _find(items: tuple[Any, ...], key: str, wanted: str, word: str) -> Any:
    for item in items:
        if getattr(item, key) == wanted:
            return item
    known = "、".join(getattr(item, key) for item in items)
    raise PlanError(f"方案中没有{word}“{wanted}”", remedy=f"可用:{known}")


def load_plan(path: str | Path, /) -> Plan:
    """Read a plan and apply the readings that its switches choose.

    Parameters
    ----------
    path
        TOML file; the paths in ``sources`` are relative to it.

    Raises
    ------
    MissingFileError, PlanError
        No such file; not TOML, a key that is not known, or a reference that leads nowhere.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError("找不到方案文件", place=str(path), remedy="请给出 plans/ 下的 .toml 文件")
    try:
        words = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"不是有效的 TOML:{error}", place=str(path), remedy="按所指行列修改") from error
    try:
        return Plan(**_apply_switches(words), folder=path.resolve().parent)
    except ValidationError as error:
        raise PlanError(
            _tell(error), place=str(path), remedy="键名见 plans/plan.schema.json;未知的键一律不收"
        ) from error


def _apply_switches(words: dict[str, Any]) -> dict[str, Any]:
    """Let every chosen option write its values into the targets it names."""
    targets = {t.get("id"): t for t in words.get("targets", []) if isinstance(t, dict)}
    for switch in words.get("switches", []):
        for option in switch.get("options", []) if isinstance(switch, dict) else []:
            if option.get("value") != switch.get("value"):
                continue
            for key, value in option.get("set", {}).items():
                target, _, field = key.partition(".")
                if target not in targets or field not in Target.model_fields:
                    raise PlanError(f"switches.{switch.get('id')}.set 的“{key}”不是目标字段")
                targets[target][field] = value
    return words


def _tell(error: ValidationError) -> str:
    lines = []
    for fault in error.errors()[:5]:
        place = ".".join(str(part) for part in fault["loc"])
        text = {"extra_forbidden": "未知的键", "missing": "缺少此键"}.get(fault["type"], fault["msg"])
        value = "" if fault["type"] == "missing" else f"(值:{str(fault['input'])[:60]})"
        lines.append(f"{place} {text}{value}" if place else text)
    return ";".join(lines)


def plan_schema() -> str:
    """Return the JSON schema of a plan file, as text."""
    return json.dumps(Plan.model_json_schema(), ensure_ascii=False, indent=2) + "\n"
