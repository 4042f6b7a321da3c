"""The plan file: what it holds, what it refuses, how switches change it."""

from __future__ import annotations

import datetime as dt
import json
import re
from fractions import Fraction

import pytest

from conftest import HANDAN, ROOT
from renewal_gis.errors import MissingFileError, PlanError
from renewal_gis.plan import load_plan, plan_schema
from renewal_gis.vocab import Stage

# 附件一,逐个抄录
COMPOUNDS = {
    "丛台区": 81, "复兴区": 50, "邯山区": 113, "峰峰矿区": 115, "永年区": 10, "冀南新区": 2, "武安市": 5,
    "馆陶县": 6, "大名县": 4, "临漳县": 13, "曲周县": 5, "魏县": 13, "邱县": 13, "磁县": 35,
}  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    return load_plan(HANDAN)


def rewrite(tmp_path, old: str, new: str):
    text = HANDAN.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plan.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_sums_of_the_document(plan):
    whole = plan.target("T04")
    assert whole.breakdown == COMPOUNDS
    assert sum(COMPOUNDS.values()) == whole.task == 465
    core = plan.target("T04a")
    assert sum(core.breakdown.values()) == core.task == 81 + 50 + 113 == 244
    assert 465 - 244 == 221
    assert len(plan.groups["compound14"]) == 14


def test_sixty_percent_is_rounded_up_by_county_and_pooled(plan):
    target = plan.target("T04b")
    # ⌈0.6·n⌉ = −(−3n // 5)
    assert target.breakdown == {u: -(-3 * n // 5) for u, n in COMPOUNDS.items() if u in target.breakdown}
    assert len(target.breakdown) == 11
    assert sum(target.breakdown.values()) == 135
    assert target.task == -(-3 * 221 // 5) == 133


@pytest.mark.parametrize(
    ("target", "task"),
    [("T01", 818), ("T02", 14018), ("T03", 22), ("T05", 542), ("T06", 85), ("T07", None), ("T08", 18),
     ("T09", 82), ("T10", 10), ("T11", None), ("T12", 7), ("T13", None)],
)  # fmt: skip
def test_tasks(plan, target, task):
    assert plan.target(target).task == task


def test_units_stages_and_items(plan):
    assert len(plan.units) == 20
    assert sum(unit.kind == "functional_zone" for unit in plan.units) == 2
    assert [phase.end for phase in plan.phases] == [
        dt.date(2021, 1, 20), dt.date(2021, 1, 31), dt.date(2021, 3, 31), dt.date(2021, 9, 30), dt.date(2021, 11, 30),
    ]  # fmt: skip
    assert [len(part.items) for part in plan.content] == [21, 19, 12]
    tracks = [unit for track in plan.tracks for unit in plan.groups[track.group]]
    assert sorted(tracks) == sorted(unit.name for unit in plan.units)


def test_every_target_has_a_locator_and_a_lead(plan):
    for target in plan.targets:
        assert target.source
        programme = plan.programme(target.programme)
        assert programme.lead
        assert programme.responsible


def test_every_number_stands_in_the_document(plan, shared):
    text = (shared / "policy.txt").read_text(encoding="utf-8")
    for target in plan.targets:
        if target.basis == "explicit":
            assert re.search(rf"(?<!\d){target.task}(?!\d)", text), target.id
    for unit, count in plan.target("T04").breakdown.items():
        assert f"{unit}{count}个" in text
    for phase in plan.phases:
        assert f"{phase.end.month}月{phase.end.day}日" in text
    for lead in {programme.lead for programme in plan.programmes}:
        assert lead in text


def test_expected_share_of_the_core(plan):
    core, others = plan.target("T04").curves
    assert core.share_at(dt.date(2021, 3, 31)) == 0
    # 4 月 1 日至 9 月 30 日共 182 天,7 月 1 日是第 91 天
    assert core.share_at(dt.date(2021, 7, 1)) == Fraction(91, 182)
    assert core.share_at(dt.date(2021, 9, 30)) == 1
    assert others.share_at(dt.date(2021, 9, 30)) == Fraction(3, 5)
    # 9 月 30 日至 11 月 30 日共 61 天
    assert others.share_at(dt.date(2021, 10, 1)) == Fraction(3, 5) + Fraction(2, 5) * Fraction(1, 61)
    assert others.share_at(dt.date(2022, 1, 1)) == 1


def test_a_switch_rewrites_its_targets(tmp_path):
    path = rewrite(tmp_path, 'value = "works_completed"\ntargets', 'value = "accepted"\ntargets')
    plan = load_plan(path)
    assert plan.target("T04").milestone is Stage.ACCEPTED
    assert any("验收合格" in note for note in plan.footnotes({"T04"}))


def test_wider_main_urban_area(tmp_path):
    path = rewrite(tmp_path, 'id = "main_urban_area"\nquestion = "“主城区”是否含经开区"\nvalue = "core3"',
                   'id = "main_urban_area"\nquestion = "“主城区”是否含经开区"\nvalue = "core4"')  # fmt: skip
    assert load_plan(path).target("T13").group == "core4"


def test_all_ambiguities_are_switches(plan):
    assert len(plan.switches) == 18
    assert all(option.footnote for switch in plan.switches for option in switch.options)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('deadline_text = "年内"', 'deadlin_text = "年内"', "targets.0.deadlin_text 未知的键"),
        ('city = "邯郸市"\n', "", "city 缺少此键"),
        ('programme = "urban_village"\nindicator', 'programme = "village"\nindicator', "未知专项“village”"),
        ('milestone = "works_completed"\ngroup = "compound14"', 'milestone = "opened"\ngroup = "compound14"', "不是“城镇老旧小区改造”的阶段"),
        ('"T13.group" = "core3"', '"T99.group" = "core3"', "T99.group"),
        ("signed = 2021-03-11", "signed = 2021-03-", "不是有效的 TOML"),
        ("task = 465\n", "task = 466\n", "T04.breakdown 之和为 465,应为 466"),
        ("breakdown_sum = 135", "breakdown_sum = 136", "T04b.breakdown 之和为 135,应为 136"),
        ('value = "core3"\ntargets = ["T13"]', 'value = "core5"\ntargets = ["T13"]', "core5"),
    ],
)  # fmt: skip
def test_misspelt_plans_are_refused_by_name(tmp_path, old, new, told):
    path = rewrite(tmp_path, old, new)
    with pytest.raises(PlanError, match=re.escape(told)):
        load_plan(path)


def test_a_missing_plan_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"nowhere\.toml"):
        load_plan(tmp_path / "nowhere.toml")


def test_unknown_names_list_what_there_is(plan):
    with pytest.raises(PlanError, match=r"没有责任单位“甲区”.*邯山区"):
        plan.unit("甲区")
    with pytest.raises(PlanError, match=r"没有阶段“已打通”.*会审通过"):
        plan.programme("old_compound").order_of("opened")


def test_the_schema_file_is_current():
    text = (ROOT / "plans" / "plan.schema.json").read_text(encoding="utf-8")
    assert text == plan_schema()
    assert json.loads(text)["additionalProperties"] is False


def test_a_plan_cannot_be_changed(plan):
    with pytest.raises(ValueError, match="frozen"):
        plan.city = "别处"
