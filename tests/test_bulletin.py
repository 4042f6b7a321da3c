from __future__ import annotations

import dataclasses
import datetime as dt
from fractions import Fraction

import pytest

from renewal_gis.render import bulletin, typeset, wording
from renewal_gis.render import paper as tree
from samples import make_progress, make_survey


@pytest.fixture(scope="module")
def weekly():
    return bulletin.build_bulletin(make_survey())


def _paragraphs(paper):
    blocks = [block for section in paper.sections for block in section.blocks]
    return [block.lead + block.text for block in blocks if isinstance(block, tree.Paragraph)]


def _table(paper, key):
    return next(table for table in paper.tables() if table.key == key)


def _written(table):
    return [
        tuple(tree.format_value(value, column.kind) for value, column in zip(row, table.columns, strict=True))
        for row in table.rows
    ]


def test_head_and_sections(weekly):
    assert weekly.title == "全市“示例更新行动”工作周通报"
    assert weekly.header_lines == ("（第\u3000\u3000期，截至2021年9月30日）",)
    assert weekly.tags == ("内部使用", "模拟数据")
    assert [section.heading for section in weekly.sections] == [
        "一、总体进展", "二、各单位进展", "三、存在问题", "附件1", "附件2", "附件3", "附件4",
    ]  # fmt: skip
    assert [section.annex for section in weekly.sections] == [False] * 3 + [True] * 4
    assert weekly.annexes() == (
        "目标任务进展情况表", "老旧小区改造完成分单位情况表", "项目分布与进展图", "核查问题汇总表",
    )  # fmt: skip


def test_issue_number_is_printed():
    paper = bulletin.build_bulletin(make_survey(), issue=tree.Issue(12))
    assert paper.header_lines == ("（第12期，截至2021年9月30日）",)


def test_a_draft_says_so_and_a_signature_is_printed():
    draft = bulletin.build_bulletin(make_survey(), issue=tree.Issue(3, "draft"))
    assert draft.tags == ("内部使用", "模拟数据", "草稿")
    issue = tree.Issue(3, "signed", "张某", dt.date(2021, 10, 8))
    signed = bulletin.build_bulletin(make_survey(), issue=issue)
    assert signed.tags == ("内部使用", "模拟数据")
    assert signed.header_lines[1] == "签发：张某\u30002021年10月8日"
    assert (signed.record["state"], signed.record["signed_on"]) == ("signed", "2021-10-08")


def test_progress_is_told_as_notices_do(weekly):
    texts = _paragraphs(weekly)
    assert texts[0] == "全市5项指标中，设序时进度的4项，其中正常1项、略滞后0项、滞后1项、严重滞后2项。"
    assert texts[1] == (
        "城镇老旧小区改造。老旧小区改造完成：共6个，已完工3个（3/6=50.0%），序时进度93.3%，滞后序时进度43.3个百分点。"
    )
    # 213/305 = 69.836 %: 1/3 is 36.5 points behind, 1/1 is 30.2 ahead
    assert texts[2] == (
        "背街小巷改造提升。背街小巷改造提升：共3条，已完工1条（1/3=33.3%），序时进度69.8%，滞后序时进度36.5个百分点；"
        "其中，精品样板街巷：共1条，已完工1条（1/1=100.0%），序时进度69.8%，超序时进度30.2个百分点。"
    )


def test_a_target_without_number_says_so(weekly):
    text = next(text for text in _paragraphs(weekly) if text.startswith("打通城市“断头路”"))
    assert "方案未定任务数，台账共1条，已打通0条（0/1=0.0%），力争目标，不设序时进度" in text


def test_before_the_first_day_there_is_no_pace():
    rows = [("T1", "全市", 6, 6, 0, Fraction(0), "")]
    paper = bulletin.build_bulletin(make_survey(progress=make_progress(rows)))
    assert _paragraphs(paper)[0].endswith("已完工0个（0/6=0.0%），未到序时起算日。")
    assert _written(_table(paper, "targets"))[0][-3:] == ("0.0%", "0.0", "未到")


def test_table_of_targets(weekly):
    rows = _written(_table(weekly, "targets"))
    assert rows[0] == ("老旧小区改造完成", "个", "6", "6", "3", "50.0%", "93.3%", "\u221243.3", "■严重滞后")
    assert rows[2] == ("其中，精品样板街巷", "条", "1", "1", "1", "100.0%", "69.8%", "+30.2", "●正常")
    assert rows[4][2:] == ("—", "1", "0", "0.0%", "—", "—", "—")
    assert "“精品样板街巷”含在“背街小巷改造提升”之内，不可相加。" in _table(weekly, "targets").notes


def test_numbers_stay_raw_and_exact(weekly):
    row = _table(weekly, "targets").rows[0]
    assert row[2:7] == (6, 6, 3, Fraction(1, 2), Fraction(14, 15))


def test_units_come_by_track_furthest_first(weekly):
    rows = _written(_table(weekly, "units-T1"))
    assert [row[:2] for row in rows] == [
        ("合计", "全市"), ("主城区组", "甲区"), ("主城区组", "乙区"), ("县组", "丙县"),
    ]  # fmt: skip
    assert rows[1][2:6] == ("3", "3", "2", "66.7%")


def test_a_unit_without_task_comes_last_with_dashes():
    rows = [
        ("T1", "全市", 4, 4, 1, None, ""),
        ("T1", "乙区", 2, 2, 1, None, ""),
        ("T1", "丙县", 2, 2, 0, None, ""),
    ]
    table = _table(bulletin.build_bulletin(make_survey(progress=make_progress(rows))), "units-T1")
    assert _written(table)[2] == ("主城区组", "甲区", *["—"] * 7)
    assert table.notes == ("无任务单位：甲区，以“—”表示，不参与比较。",)


def test_a_tie_stands_side_by_side_in_the_order_of_the_plan():
    rows = [
        ("T1", unit, task, task, task // 2, None, "")
        for unit, task in (("乙区", 4), ("甲区", 2), ("全市", 6))
    ]
    paper = bulletin.build_bulletin(make_survey(progress=make_progress(rows)))
    assert [row[1] for row in _table(paper, "units-T1").rows][1:3] == ["甲区", "乙区"]
    assert "主城区组由高到低依次是：甲区（1/2）、乙区（2/4）并列（50.0%）。" in "".join(_paragraphs(paper))


def test_units_are_told_by_track(weekly):
    assert (
        "老旧小区改造完成。主城区组由高到低依次是：甲区（2/3，66.7%）、乙区（1/2，50.0%）。县组：丙县（0/1，0.0%）。"
        in _paragraphs(weekly)
    )


def test_units_without_task_are_named_not_ranked():
    rows = [
        ("T1", "全市", 4, 4, 1, None, ""),
        ("T1", "乙区", 2, 2, 1, None, ""),
        ("T1", "丙县", 2, 2, 0, None, ""),
    ]
    texts = _paragraphs(bulletin.build_bulletin(make_survey(progress=make_progress(rows))))
    assert any(text.endswith("无任务单位不参与比较：甲区。") for text in texts)


def test_works_that_need_only_begin_are_told_as_begun():
    plan = make_survey().plan
    target = plan.target("T4").model_copy(update={"indicator": "城中村改造启动实施", "milestone": "started"})
    row = make_progress().query("target == 'T4'").iloc[0].to_dict()
    assert wording.tell_target(target, row).startswith("城中村改造启动实施:共2个,已启动1个(1/2=50.0%)")


def test_without_breakdown_only_the_city_is_listed():
    rows = [("T1", "全市", 6, 6, 3, None, "")]
    paper = bulletin.build_bulletin(make_survey(progress=make_progress(rows)))
    assert [table.key for table in paper.tables()] == ["targets", "findings"]
    assert "各项任务均未分解到单位，只列全市数。" in _paragraphs(paper)


def test_findings_are_counted_warnings_first(weekly):
    table = _table(weekly, "findings")
    assert [row[0] for row in table.rows] == ["警告", "提示"]
    assert [row[2] for row in table.rows] == [1, 1]
    assert "“…”的日期“…”按“…”理解" in table.rows[1][1]
    assert "核查出2条（错误0条，警告1条，提示1条）" in _paragraphs(weekly)[-1]


def test_no_finding_is_said():
    paper = bulletin.build_bulletin(make_survey(findings=()))
    assert _paragraphs(paper)[-1] == "数据核查。台账、位置和进度记录未发现问题。"


def test_footnotes_hold_the_readings_and_the_simulation(weekly):
    plan = make_survey().plan
    text = "\n".join(weekly.footnotes)
    assert all(typeset.set_punctuation(note) in weekly.footnotes for note in plan.footnotes())
    assert "模拟数据，不反映任何单位的实际工作" in text
    assert "资料来源：项目台账、道路：模拟数据。" in text


def test_real_data_is_not_called_simulated():
    paper = bulletin.build_bulletin(make_survey(simulated=False, sources=("项目台账",)))
    assert "模拟" not in "".join((*paper.tags, *paper.footnotes, paper.figures()[0].caption))


def test_tables_fit_the_type_area(weekly):
    assert [sum(column.width_mm for column in table.columns) for table in weekly.tables()] == [156, 156, 156]


def test_the_tree_is_frozen(weekly):
    with pytest.raises(dataclasses.FrozenInstanceError):
        weekly.title = ""
