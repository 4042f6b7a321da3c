"""An office's words → ours."""

import pytest

from renewal_gis.intake.mapping import (
    EVENT_COLUMNS,
    SITE_COLUMNS,
    bind_cut_header,
    bind_header,
    collect_unit_names,
    find_category,
    find_stage,
    simplify,
    split_header,
)


@pytest.mark.parametrize(
    ("header", "column", "factor"),
    [
        ("编号", "site_id", 1),
        ("*项目编号", "site_id", 1),
        ("项目名称", "name", 1),
        ("街道(乡镇)", "township", 1),
        ("街道\uff08乡镇\uff09", "township", 1),
        ("建筑面积(平方米)", "floor_area_m2", 1),
        ("建筑面积\uff08万平方米\uff09", "floor_area_m2", 10_000),
        ("建筑面积/㎡", "floor_area_m2", 1),
        ("投 资\n(亿元)", "investment_wan", 10_000),
        ("长度(公里)", "length_m", 1000),
        ("经度(°)", "lon", 1),
        ("县(市、区)", "declared_unit", 1),
    ],
)
def test_bind_header(header, column, factor):
    bound = bind_header(header, SITE_COLUMNS, {})
    assert (bound.column.name, bound.factor) == (column, factor)


@pytest.mark.parametrize("header", ["序号", "", "体温", None])
def test_a_header_without_meaning(header):
    assert bind_header(header, SITE_COLUMNS, {}) is None


def test_the_plans_own_words_go_before_ours():
    extra = {"contractor": ("名称",), "no_such_column": ("编号",)}
    assert bind_header("名称", SITE_COLUMNS, extra).column.name == "contractor"
    assert bind_header("编号", SITE_COLUMNS, extra).column.name == "site_id"


def test_event_columns_have_their_own_words():
    assert bind_header("状态", EVENT_COLUMNS, {}).column.name == "stage"
    assert bind_header("操作人", EVENT_COLUMNS, {}).column.name == "recorded_by"


def test_split_header_leaves_brackets_that_are_not_units():
    assert split_header("街道(乡镇)") == ("街道(乡镇)", "")


def test_a_cut_header_is_completed_only_if_it_can_mean_one_thing():
    assert bind_cut_header("实际开", SITE_COLUMNS).column.name == "actual_start"
    assert bind_cut_header("计划", SITE_COLUMNS) is None


@pytest.mark.parametrize(
    "word",
    [
        "甲区",
        "甲",
        " 甲区 ",
        "甲\u3000区",
        "甲 区",
        "甲區",
        "示例市甲区",
        "某某省示例市甲区",
        "甲区政府",
        "990101",
    ],
)
def test_units_by_every_way_to_write_them(toy_plan, word):
    assert collect_unit_names(toy_plan).find(word) == "甲区"


@pytest.mark.parametrize("word", ["丁区", "", None, "市"])
def test_a_unit_that_is_not_in_the_plan(toy_plan, word):
    assert collect_unit_names(toy_plan).find(word) == ""


def test_an_alias_of_two_units_is_nobodys(toy_plan):
    units = list(toy_plan.units)
    units[1] = units[1].model_copy(update={"aliases": ("甲",)})
    plan = toy_plan.model_copy(update={"units": tuple(units)})
    assert collect_unit_names(plan).find("甲") == ""
    assert collect_unit_names(plan).find("甲区") == "甲区"


def test_categories(toy_plan):
    alley = toy_plan.programme("back_alley")
    assert find_category("精品样板", alley) == "model"
    assert find_category("精品样板街巷", alley) == "model"
    assert find_category("一般", alley) == "ordinary"
    assert find_category("豪华", alley) == ""
    assert find_category("一般", None) == ""


def test_stages_and_traditional_forms():
    assert find_stage("已開工".replace("開", "开"), {"已开工": "started"}) == "started"
    assert simplify("臺區 ") == "台区"
