"""The board as its records tell it: states day by day, numbers, and what is refused."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.analysis.listings import (
    Matter,
    check_deed,
    check_extension,
    check_opening,
    drop_listed,
    find_listings,
    list_deeds,
    number_next,
    trace_listings,
)
from renewal_gis.errors import InputError, PlanError, SchemaError
from renewal_gis.rules import Escalation, SupervisionRule
from renewal_gis.schema import check_frame
from renewal_gis.schema_review import DEEDS, SUPERVISED
from renewal_gis.vocab import Deed

D = dt.date
RULE = SupervisionRule(escalation=(Escalation(days=15, measure="督查"), Escalation(days=1, measure="约谈")))
MATTER = Matter("甲区", "old_compound", target_id="T1")


def opening(deadline="2021-10-15", **other):
    return {
        "action": "open", "unit": "甲区", "programme": "old_compound", "target_id": "T1",
        "subject": "老旧小区改造完成", "reason": "滞后", "deadline": deadline, **other,
    }  # fmt: skip


def keep(*rows):
    return pd.DataFrame(
        [[number, pd.Timestamp(day), body, "张某"] for number, day, body in rows],
        columns=["subject", "date", "body", "recorded_by"],
    )


STORY = keep(
    ("2021-001", "2021-10-01", opening()),
    ("2021-001", "2021-10-14", {"action": "extend", "deadline": "2021-10-31", "reason": "降雨"}),
    ("2021-001", "2021-10-30", {"action": "request_delisting", "reason": "已完工"}),
    ("2021-001", "2021-11-05", {"action": "delist", "evidence": {"text": "核查合格"}}),
)


@pytest.mark.parametrize(
    ("day", "state", "late"),
    [
        (D(2021, 10, 1), "open", 0), (D(2021, 10, 13), "open", 0), (D(2021, 10, 14), "extended", 0),
        (D(2021, 10, 29), "extended", 0), (D(2021, 10, 30), "delisting_requested", 0),
        (D(2021, 11, 4), "delisting_requested", 0), (D(2021, 11, 5), "delisted", 0),
    ],
)  # fmt: skip
def test_the_state_is_that_of_the_day(day, state, late):
    rows = find_listings(STORY, RULE, as_of=day)
    check_frame(rows, SUPERVISED)
    assert rows[["number", "state", "days_overdue"]].to_numpy().tolist() == [["2021-001", state, late]]


def test_before_it_is_opened_there_is_nothing():
    rows = find_listings(STORY, RULE, as_of=D(2021, 9, 30))
    assert rows.empty
    assert list(rows.columns) == list(SUPERVISED.columns)


@pytest.mark.parametrize(
    ("day", "late", "measure"),
    [(D(2021, 10, 15), 0, ""), (D(2021, 10, 16), 1, "约谈"), (D(2021, 10, 29), 14, "约谈"), (D(2021, 10, 30), 15, "督查")],
)  # fmt: skip
def test_overdue_begins_the_day_after_and_escalates(day, late, measure):
    (row,) = find_listings(STORY[:1], RULE, as_of=day).to_dict("records")
    assert (row["state"], row["days_overdue"], row["measure"]) == (
        "overdue" if late else "open",
        late,
        measure,
    )


def test_a_request_after_the_deadline_leaves_it_overdue():
    late = keep(
        ("2021-001", "2021-10-01", opening()),
        ("2021-001", "2021-10-20", {"action": "request_delisting", "reason": "完"}),
        ("2021-001", "2021-10-25", {"action": "delist", "evidence": {"text": "合格"}}),
    )
    assert find_listings(late[:2], RULE, as_of=D(2021, 10, 20))["state"].tolist() == ["overdue"]
    (row,) = find_listings(late, RULE, as_of=D(2022, 1, 1)).to_dict("records")
    # the days are counted to the delisting, and no measure follows any more
    assert (row["state"], row["days_overdue"], row["measure"]) == ("delisted", 10, "")


def test_more_time_voids_a_request():
    story = keep(
        ("2021-001", "2021-10-01", opening()),
        ("2021-001", "2021-10-10", {"action": "request_delisting", "reason": "完"}),
        ("2021-001", "2021-10-12", {"action": "extend", "deadline": "2021-10-31", "reason": "核查不合格"}),
    )
    (row,) = find_listings(story, RULE, as_of=D(2021, 10, 12)).to_dict("records")
    assert (row["state"], row["extensions"], pd.isna(row["requested"])) == ("extended", 1, True)


def test_a_file_as_evidence_is_told_by_its_hash():
    evidence = {"text": "合格", "file": "a.pdf", "bytes": 3, "sha256": "0123456789abcdef" * 4}
    story = pd.concat(
        [STORY[:3], keep(("2021-001", "2021-11-05", {"action": "delist", "evidence": evidence}))]
    )
    row = find_listings(story, RULE, as_of=D(2021, 11, 5)).iloc[0]
    assert row["evidence"] == "合格;a.pdf(sha256 01234567…)"


def test_deeds_of_a_span():
    deeds = list_deeds(STORY, since=D(2021, 10, 14), as_of=D(2021, 10, 30))
    check_frame(deeds, DEEDS)
    assert deeds[["number", "deed", "words"]].to_numpy().tolist() == [
        ["2021-001", "request_delisting", "已完工"]
    ]


def test_a_listing_that_nobody_opened_is_refused():
    with pytest.raises(SchemaError, match="没有挂牌记录"):
        trace_listings(STORY[1:])
    with pytest.raises(SchemaError, match="缺少列 body"):
        trace_listings(STORY.drop(columns="body"))


def test_numbers_run_by_year_and_are_not_used_again():
    known = trace_listings(keep(*[(f"2021-{k:03d}", "2021-10-01", opening()) for k in (1, 7)]))
    assert number_next(known, year=2021) == "2021-008"
    assert number_next(known, year=2022) == "2022-001"
    assert number_next({}, year=2021) == "2021-001"


@pytest.mark.parametrize(
    ("matter", "deadline", "error", "words"),
    [
        (Matter("丁区", "old_compound", target_id="T1"), D(2021, 11, 1), PlanError, "没有责任单位“丁区”"),
        (Matter("甲区", "old_compound", target_id="T9"), D(2021, 11, 1), PlanError, "没有目标“T9”"),
        (Matter("甲区", "bridges"), D(2021, 11, 1), PlanError, "没有专项“bridges”"),
        (Matter("丙县", "back_alley", target_id="T2"), D(2021, 11, 1), InputError, "没有任务"),
        (Matter("乙区", "old_compound", target_id="T1"), D(2021, 10, 8), InputError, "不晚于挂牌日期"),
        (MATTER, D(2021, 11, 1), InputError, "同一事项已挂牌,编号 2021-001"),
    ],
)
def test_what_may_not_be_opened(matter, deadline, error, words):
    with pytest.raises(error, match=words):
        check_opening(
            trace_listings(STORY[:1]), matter, toytown.make_plan(), date=D(2021, 10, 8), deadline=deadline
        )


def test_after_delisting_the_matter_may_be_opened_again():
    check_opening(
        trace_listings(STORY), MATTER, toytown.make_plan(), date=D(2021, 12, 1), deadline=D(2021, 12, 31)
    )


@pytest.mark.parametrize(
    ("size", "deed", "day", "words"),
    [
        (0, Deed.EXTEND, D(2021, 10, 8), "没有编号"), (1, Deed.DELIST, D(2021, 10, 8), "尚未申请摘牌"),
        (1, Deed.REQUEST, D(2021, 9, 30), "早于挂牌日期 2021-10-01"),
        (2, Deed.REQUEST, D(2021, 10, 13), "早于上一次办理的日期 2021-10-14"),
        (3, Deed.REQUEST, D(2021, 10, 31), "已于 2021-10-30 申请摘牌"),
        (4, Deed.EXTEND, D(2021, 11, 6), "已于 2021-11-05 摘牌"),
    ],
)  # fmt: skip
def test_what_may_not_be_done(size, deed, day, words):
    listing = trace_listings(STORY[:size]).get("2021-001")
    with pytest.raises(InputError, match=words):
        check_deed(listing, deed, number="2021-001", date=day)


def test_a_deadline_only_moves_forwards():
    listing = trace_listings(STORY[:1])["2021-001"]
    with pytest.raises(InputError, match="不晚于现行时限"):
        check_extension(listing, deadline=D(2021, 10, 15))
    check_extension(listing, deadline=D(2021, 10, 16))


def test_what_is_listed_is_no_longer_proposed():
    proposals = pd.DataFrame(
        {
            "unit": ["甲区", "乙区", "甲区"], "target": ["T1", "T1", ""],
            "programme": ["old_compound", "old_compound", "old_compound"],
        }
    )  # fmt: skip
    board = find_listings(STORY[:1], RULE, as_of=D(2021, 10, 2))
    assert drop_listed(proposals, board)["unit"].tolist() == ["乙区", "甲区"]
    assert len(drop_listed(proposals, find_listings(STORY, RULE, as_of=D(2021, 11, 5)))) == 3
