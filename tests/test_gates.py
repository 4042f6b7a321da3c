"""The plan's gates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.errors import SchemaError
from renewal_gis.gates import check_gates
from renewal_gis.plan import load_plan
from test_progress import reach

HANDAN = Path(__file__).resolve().parents[1] / "plans" / "handan-2021.toml"
DAY = dt.date(2021, 12, 31)


@pytest.fixture
def town():
    plan, sites, events = toytown.make_plan(), toytown.make_sites(), toytown.make_events()
    return sites, reach(events, sites, plan), plan, events


def codes(found):
    return [(f.site_id, f.field) for f in found]


def test_toy_town_without_diary(town):
    sites, reached, plan, _ = town
    found = check_gates(sites, reached, plan, as_of=DAY)
    assert codes(found) == [("A-06", "consulted_share")]
    assert found[0].code == "gate-breached"
    assert (found[0].file, found[0].row) == ("toytown", 6)
    assert "现为 70%" in found[0].text


def test_the_diary_tells_who_skipped_the_permit(town):
    sites, reached, plan, events = town
    found = check_gates(sites, reached, plan, as_of=DAY, events=events)
    # A-06 reported only that it had started
    assert codes(found) == [("A-06", "consulted_share"), ("A-06", "已开工")]
    assert "此前没有“手续办结”的记录" in found[1].text


def test_a_corrected_report_does_not_count(town):
    sites, reached, plan, events = town
    permit = events.index[(events["site_id"] == "A-01") & (events["stage"] == "permitted")][0]
    correction = events.loc[[permit]].assign(kind="correction", stage="", corrects=permit)
    correction.index = ["E9999"]
    found = check_gates(sites, reached, plan, as_of=DAY, events=pd.concat([events, correction]))
    assert codes(found) == [("A-06", "consulted_share"), ("A-01", "已开工"), ("A-06", "已开工")]


def test_gates_wait_for_their_stage(town):
    sites, reached, plan, events = town
    assert check_gates(sites, reached, plan, as_of=dt.date(2021, 6, 30), events=events) == []
    assert len(check_gates(sites, reached, plan, as_of=dt.date(2021, 7, 1), events=events)) == 2


@pytest.mark.parametrize(("share", "words"), [(0.8, None), (0.7999, "79.99%"), (1.0, None), (None, "未填")])
def test_at_least_includes_the_number(town, share, words):
    sites, reached, plan, _ = town
    sites = sites.assign(consulted_share=pd.array([share] * len(sites), dtype="Float64"))
    found = [f for f in check_gates(sites, reached, plan, as_of=DAY) if f.field == "consulted_share"]
    assert len(found) == (6 if words else 0)
    assert all(words in f.text for f in found)


def test_a_column_that_nobody_sent_is_not_filled_in(town):
    sites, reached, plan, _ = town
    found = check_gates(sites.drop(columns="consulted_share"), reached, plan, as_of=DAY)
    assert len(found) == 6
    assert all("未填" in f.text for f in found)


def make_case(*stages):
    plan = load_plan(HANDAN)
    sites = pd.DataFrame(
        {"programme": ["old_compound"], "consulted_share": [0.9], "satisfied_share": [0.79]},
        index=pd.Index(["C-1"], name="site_id"),
    )
    reached = pd.DataFrame(
        [("C-1", stage, pd.Timestamp(day)) for stage, day in stages], columns=["site_id", "stage", "date"]
    )
    return check_gates(sites, reached, plan, as_of=DAY)


@pytest.mark.parametrize(("review", "days"), [("2021-01-26", 4), ("2021-01-27", None), ("2021-01-22", 0)])
def test_five_days_of_publicity(review, days):
    found = make_case(("publicised", "2021-01-22"), ("reviewed", review))
    assert len(found) == (0 if days is None else 1)
    assert all(f"仅 {days} 天" in f.text for f in found)


def test_publicity_that_never_was():
    found = make_case(("reviewed", "2021-01-27"))
    assert ["此前没有“已公示”的记录" in f.text for f in found] == [True]


def test_started_before_the_permit_and_accepted_without_consent():
    found = make_case(("started", "2021-04-01"), ("permitted", "2021-04-02"), ("reviewed", "2021-03-01"),
                      ("publicised", "2021-02-01"), ("accepted", "2021-11-01"))  # fmt: skip
    assert codes(found) == [("C-1", "已开工"), ("C-1", "satisfied_share")]
    assert (found[0].file, found[0].row) == ("", None)


def test_nothing_reached(town):
    sites, reached, plan, events = town
    assert check_gates(sites, reached.iloc[:0], plan, as_of=DAY, events=events) == []


def test_frames_are_checked(town):
    sites, reached, plan, _ = town
    with pytest.raises(SchemaError, match="REACHED 缺少列"):
        check_gates(sites, reached.drop(columns="stage"), plan, as_of=DAY)
    with pytest.raises(SchemaError, match="programme"):
        check_gates(sites.drop(columns="programme"), reached, plan, as_of=DAY)
