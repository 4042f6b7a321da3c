"""What is proposed for the board, and what never is."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.supervision import propose_supervision
from renewal_gis.schema import check_frame
from renewal_gis.schema_review import PROPOSALS
from samples import make_progress

D = dt.date


@pytest.fixture(scope="module")
def town():
    plan, sites = toytown.make_plan(), toytown.make_sites()
    return sites, locate_sites(sites, toytown.make_units(), plan), toytown.make_events(), plan


AS_OF = D(2021, 9, 30)


def propose(town, progress=None, as_of=AS_OF, **how):
    sites, located, events, plan = town
    how = {"completed": {"A-01", "A-02", "A-05", "A-07", "A-10"}, **how}
    progress = make_progress() if progress is None else progress
    return propose_supervision(progress, sites, located, events, plan, as_of=as_of, **how)


def test_red_lights_are_proposed_by_unit(town):
    frame = propose(town)
    check_frame(frame, PROPOSALS)
    red = frame[frame["kind"] == "red"]
    assert red[["target", "unit", "done", "base"]].to_numpy().tolist() == [
        ["T1", "甲区", 2, 3], ["T1", "乙区", 1, 2], ["T1", "丙县", 0, 1], ["T2", "全市", 1, 3],
    ]  # fmt: skip
    assert red["pace_pp"].tolist()[0] == (Fraction(2, 3) - 1) * 100
    assert red["site_ids"].unique().tolist() == [""]


def test_yellow_is_not_proposed(town):
    assert "T4" not in set(propose(town)["target"])


def test_a_striving_target_is_never_proposed(town):
    plan = town[3]
    assert plan.target("T5").striving
    rows = [("T5", "全市", 4, 4, 0, Fraction(1), "red")]
    frame = propose(town, make_progress(rows), as_of=D(2030, 1, 1), stale_days=10_000)
    assert frame.empty
    assert list(frame.columns) == list(PROPOSALS.columns)


def test_a_missed_deadline_comes_first_with_its_days(town):
    # T1's deadline is 2021-12-31
    frame = propose(town, as_of=D(2022, 1, 10))
    first = frame.iloc[0]
    assert first[["kind", "target", "days"]].tolist() == ["missed", "T1", 10]
    assert "时限已过" in first["reason"]


def test_stale_sites_stand_by_unit_and_programme(town):
    frame = propose(town)
    stale = frame[frame["kind"] == "stale"].set_index(["programme", "unit"])
    # last entry 05-06, 147 days before 09-30; A-06: 07-01, 91 days; A-08: 06-01, 121 days
    assert stale.loc[("old_compound", "甲区"), ["base", "days", "site_ids"]].tolist() == [1, 147, "A-03"]
    assert stale.loc[("old_compound", "丙县"), "days"] == 91
    # A-08 with an entry, A-09 with none since its planned start on 04-01: 182 days
    assert stale.loc[("back_alley", "乙区"), ["base", "days", "site_ids"]].tolist() == [2, 182, "A-08、A-09"]
    assert ("old_compound", "乙区") in stale.index  # 04-20


def test_sites_that_count_for_striving_targets_only_are_left_alone(town):
    assert "dead_end_road" not in set(propose(town)["programme"])


def test_a_fresh_entry_ends_staleness(town):
    sites, located, events, plan = town
    fresh = events.iloc[[0]].assign(site_id="A-03", kind="note", stage="", date=pd.Timestamp("2021-09-15"))
    fresh.index = pd.Index(["E9999"], name="event_id")
    frame = propose((sites, located, pd.concat([events, fresh]), plan))
    stale = frame[frame["kind"] == "stale"]
    assert "A-03" not in "、".join(stale["site_ids"])


def test_a_site_before_its_planned_start_is_not_stale(town):
    sites, located, events, plan = town
    later = sites.copy()
    later["planned_start"] = pd.Timestamp("2021-12-01")
    frame = propose((later, located, events.iloc[:0], plan))
    assert "stale" not in set(frame["kind"])


def test_the_limit_of_days_itself_is_not_too_many(town):
    frame = propose(town, stale_days=147)
    assert "A-03" not in "、".join(frame["site_ids"])
