"""Disagreements between plan, ledger and geometry."""

from __future__ import annotations

import pandas as pd
import pytest
import shapely

from renewal_gis import toytown
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.reconcile import reconcile
from renewal_gis.errors import SchemaError


@pytest.fixture
def town():
    return toytown.make_sites(), toytown.make_plan()


def find(sites, plan, code=None):
    found = reconcile(sites, locate_sites(sites, toytown.make_units(), plan), plan)
    return [f for f in found if code is None or f.code == code]


def change_target(plan, target_id, **fields):
    targets = tuple(t.model_copy(update=fields) if t.id == target_id else t for t in plan.targets)
    return plan.model_copy(update={"targets": targets})


def test_toy_town_lacks_one_location(town):
    found = find(*town)
    assert [(f.code, f.site_id, f.file, f.row) for f in found] == [("location-missing", "A-04", "toytown", 4)]


def test_declared_unit_against_the_map(town):
    sites, plan = town
    sites.loc[["A-01", "A-05", "A-10"], "declared_unit"] = ["乙区", "甲区", "乙区"]
    found = find(sites, plan, "unit-disagrees")
    # A-10 lies on the border of both, so that either may be declared
    assert [(f.site_id, f.value) for f in found] == [("A-01", "乙区"), ("A-05", "甲区")]
    assert "位置落在“甲区”" in found[0].text
    assert "乙区(乙区 0.75;甲区 0.25)" in found[1].text


def test_functional_zones_are_not_compared(town):
    sites, plan = town
    words = plan.model_dump()
    words["units"] = [*words["units"], {"code": "99", "name": "示例新区", "kind": "functional_zone"}]
    sites.loc["A-01", "declared_unit"] = "示例新区"
    assert find(sites, type(plan)(**words), "unit-disagrees") == []


def test_outside_the_city(town):
    sites, plan = town
    sites.loc["A-11", "geometry"] = shapely.Point(114.6, 36.55)
    found = find(sites, plan, "location-outside")
    assert [f.site_id for f in found] == ["A-11"]
    assert found[0].value.startswith("114.60000, 36.55000,距最近区县 ")
    # 丙县 ends 3 km east of the western edge, at 114.011°; 0.589° are some 52.7 km at 36.55°N
    away_m = float(found[0].value.split()[-2])
    assert away_m == pytest.approx(52_700, abs=150)


def test_units_outside_of_every_target_of_the_programme(town):
    sites, plan = town
    sites.loc[["A-08", "A-06"], "declared_unit"] = "丙县"
    found = find(sites, plan, "scope-outside")
    # A-08 is an ordinary alley: T2 asks 甲区 and 乙区, T3 counts model alleys only
    assert [(f.site_id, f.field, f.value) for f in found] == [("A-08", "T2", "丙县")]


def test_no_unit_at_all(town):
    sites, plan = town
    sites.loc["A-04", "declared_unit"] = ""
    assert [f.site_id for f in find(sites, plan, "unit-unplaced")] == ["A-04"]


def test_missing_leader_and_task_force(town):
    sites, plan = town
    sites.loc["A-02", "leader"] = " "
    sites.loc["A-03", ["leader", "task_force"]] = [None, ""]
    found = find(sites, plan, "task-leader-missing")
    assert [(f.site_id, f.field) for f in found] == [("A-02", "分包领导"), ("A-03", "分包领导、推进专班")]


def test_ledger_against_task_by_unit(town):
    sites, plan = town
    sites.loc["A-03", "declared_unit"] = "丙县"
    found = find(sites, plan, "ledger-differs")
    assert [f.text for f in found] == ["目标“T1 甲区”任务 3 个,台账 2 个", "目标“T1 丙县”任务 1 个,台账 2 个"]


def test_ledger_against_task_of_the_city(town):
    sites, plan = town
    assert [f.text for f in find(sites.drop(index="A-11"), plan, "ledger-differs")] == [
        "目标“T4”任务 2 个,台账 1 个"
    ]


def test_a_minimum_may_be_exceeded_and_a_part_is_not_compared(town):
    sites, plan = town
    fewer = change_target(plan, "T4", task=1)
    assert len(find(sites, fewer, "ledger-differs")) == 1
    assert find(sites, change_target(plan, "T4", task=1, basis="derived"), "ledger-differs") == []
    assert len(find(sites, change_target(plan, "T4", task=3, basis="derived"), "ledger-differs")) == 1
    assert (
        find(sites, change_target(plan, "T4", task=3, basis="derived", parent="T2"), "ledger-differs") == []
    )


def test_dwellings_that_are_not_filled_in(town):
    sites, plan = town
    plan = change_target(plan, "T1", weight="dwellings")
    sites.loc["A-02", "dwellings"] = pd.NA
    assert [f.site_id for f in find(sites, plan, "weight-missing")] == ["A-02"]


def test_frames_must_belong_together(town):
    sites, plan = town
    located = locate_sites(sites, toytown.make_units(), plan)
    with pytest.raises(SchemaError, match="编号不一致"):
        reconcile(sites, located.iloc[1:], plan)
    with pytest.raises(SchemaError, match="LOCATED 缺少列"):
        reconcile(sites, located.drop(columns="shares"), plan)


def test_empty_ledger(town):
    sites, plan = town
    found = find(sites.iloc[:0], plan)
    assert {f.code for f in found} == {"ledger-differs"}
