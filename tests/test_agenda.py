"""What falls due in the days ahead, and how the bulletin tells it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.analysis.listings import find_listings
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.pipeline.review import Scope, measure_day, review_day
from renewal_gis.plan import load_plan
from renewal_gis.render import agenda, problems
from renewal_gis.rules import RankingRule, SupervisionRule
from renewal_gis.schema import check_frame
from renewal_gis.schema_review import AGENDA
from samples import make_survey

D = dt.date


def look(as_of, *, plan=None, kind="weekly", records=None, **columns):
    plan = plan or toytown.make_plan()
    sites = toytown.make_sites().assign(**columns)
    located = locate_sites(sites, toytown.make_units(), plan)
    day = measure_day(plan, sites, located, toytown.make_events(), as_of=as_of)
    return day, review_day(day, scope=Scope(kind=kind), records=records)


def keep(deadline):
    body = {"action": "open", "unit": "甲区", "programme": "old_compound", "target_id": "T1",
            "subject": "老旧小区改造完成", "reason": "滞后", "deadline": deadline}  # fmt: skip
    return pd.DataFrame(
        [["2021-001", pd.Timestamp("2021-09-20"), body, "张某"]],
        columns=["subject", "date", "body", "recorded_by"],
    )


def test_targets_fall_due_by_unit_and_listings_too():
    _, review = look(D(2021, 12, 25), records=keep("2021-12-31"))
    check_frame(review.agenda, AGENDA)
    rows = review.agenda[["kind", "subject", "unit", "missing"]].to_numpy().tolist()
    # by then: 甲区 2 of 3, 乙区 2 of 2, 丙县 0 of 1; T3 is reached; T5 is striving
    assert rows == [
        ["checkpoint", "T1", "甲区", 1], ["checkpoint", "T1", "丙县", 1],
        ["checkpoint", "T2", "全市", 2], ["checkpoint", "T4", "全市", 1],
        ["listing", "2021-001", "甲区", 1],
    ]  # fmt: skip


def test_the_day_itself_and_the_day_after_the_span_are_out():
    assert look(D(2021, 12, 31))[1].agenda.empty
    assert look(D(2021, 12, 23))[1].agenda.empty
    assert len(look(D(2021, 12, 24))[1].agenda) == 4


def test_sites_that_should_begin_or_be_finished():
    start = pd.to_datetime(["2021-07-08"] * 12)
    _, review = look(D(2021, 7, 1), planned_start=start, planned_finish=pd.to_datetime(["2021-07-05"] * 12))
    starts = review.agenda[review.agenda["kind"] == "start"]["subject"].tolist()
    # A-06 began on 07-01, A-12 is permitted only; have no entry
    assert starts == ["A-09", "A-11", "A-12"]
    ends = review.agenda[review.agenda["kind"] == "finish"]["subject"].tolist()
    assert len(ends) == 12  # nothing is completed by then
    assert len(agenda.make_agenda_table(review, "下周")[0].rows) == 15


def test_a_delisted_matter_is_not_due():
    more = keep("2021-12-31")
    for day, body in (
        ("2021-12-01", {"action": "request_delisting", "reason": "完"}),
        ("2021-12-02", {"action": "delist", "evidence": {"text": "合格"}}),
    ):
        more.loc[len(more)] = ["2021-001", pd.Timestamp(day), body, "张某"]
    assert "listing" not in set(look(D(2021, 12, 25), records=more)[1].agenda["kind"])


def tell(as_of, **how):
    day, review = look(as_of, **how)
    records = how.get("records")
    board = find_listings(records, SupervisionRule(), as_of=as_of) if records is not None else None
    survey = make_survey(progress=day.progress, as_of=as_of, review=review)
    survey = dataclasses.replace(survey, supervised=board) if board is not None else survey
    return survey, review


def test_the_days_ahead_in_words():
    survey, review = tell(D(2021, 12, 25), records=keep("2021-12-31"))
    texts = [block.lead + block.text for block in agenda.tell_agenda(survey, review)]
    assert texts[0].startswith("目标到期。2021年12月31日“老旧小区改造完成”到期，尚缺：甲区1个、丙县1个")
    assert texts[1] == "督办件到期。2021-001号（甲区，2021年12月31日）。"
    assert agenda.make_agenda_table(review, "下周") == []


def test_problems_name_the_clause():
    survey, review = tell(D(2021, 9, 30))
    texts = "".join(b.lead + b.text for b in problems.tell_problems(survey, review, "本周", monthly=False))
    assert "长期未更新。未完工项目超过30天没有进度记录的共" in texts
    assert texts.endswith("逐条见核查清单。")


def test_a_plan_may_weigh_a_composite_ranking(tmp_path):
    plan = toytown.make_plan().model_copy(
        update={"ranking": RankingRule(weights={"T1": 2.0}, source="某号文")}
    )
    _, review = look(D(2021, 9, 30), plan=plan)
    ranked = review.composite[review.composite["rank"].notna()]
    assert ranked[["track", "unit", "rank"]].to_numpy().tolist() == [
        ["主城区组", "甲区", 1], ["主城区组", "乙区", 2], ["县组", "丙县", 1],
    ]  # fmt: skip
    assert look(D(2021, 9, 30))[1].composite.empty


def test_a_weight_of_a_target_that_is_not_broken_down_is_refused(tmp_path):
    text = (toytown.make_plan().folder / "toytown.toml").read_text(encoding="utf-8")
    path = tmp_path / "plan.toml"
    path.write_text(text + "\n[ranking]\nweights = { T2 = 1 }\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ranking\.weights\.T2 须为分解到单位的目标"):
        load_plan(path)
