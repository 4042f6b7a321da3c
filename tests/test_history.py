"""The diary read as of a day."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis import toytown
from renewal_gis.ledger.history import find_first_days, find_reached, find_stages, settle_events
from renewal_gis.schema import REACHED

PLAN = toytown.make_plan()
SITES = toytown.make_sites()


def _events(*rows):
    """Make events of (site, kind, stage, day, corrects, reason); ids E1, E2 …"""
    columns = ["site_id", "kind", "stage", "date", "corrects", "reason"]
    frame = pd.DataFrame(
        rows, columns=columns, index=pd.Index([f"E{k}" for k in range(1, len(rows) + 1)], name="event_id")
    )
    return frame.assign(date=pd.to_datetime(frame["date"]))


def _stage(site, stage, day, reason=""):
    return (site, "stage", stage, day, "", reason)


def _fix(site, stage, day, target):
    return (site, "correction", stage, day, target, "")


def _reached(events, as_of="2021-12-31"):
    found = find_reached(events, PLAN, SITES, as_of=dt.date.fromisoformat(as_of))
    return {(row.site_id, row.stage): str(row.date.date()) for row in found.itertuples()}


def test_a_later_stage_implies_the_earlier_ones():
    assert _reached(_events(_stage("A-10", "cleared", "2021-07-15"))) == {
        ("A-10", "started"): "2021-07-15",
        ("A-10", "cleared"): "2021-07-15",
    }


def test_the_first_day_counts():
    events = _events(
        _stage("A-10", "started", "2021-06-15"),
        _stage("A-10", "started", "2021-06-20"),
        _stage("A-10", "cleared", "2021-07-15"),
    )
    assert _reached(events) == {("A-10", "started"): "2021-06-15", ("A-10", "cleared"): "2021-07-15"}


def test_as_of_includes_its_day_and_no_later_one():
    events = _events(_stage("A-10", "started", "2021-06-15"))
    assert _reached(events, "2021-06-14") == {}
    assert _reached(events, "2021-06-15") == {("A-10", "started"): "2021-06-15"}


def test_not_started_is_not_reached_and_other_sites_are_left_out():
    assert (
        _reached(
            _events(_stage("A-10", "not_started", "2021-01-01"), _stage("Z-99", "started", "2021-01-01"))
        )
        == {}
    )


def test_no_events_at_all():
    empty = find_reached(_events(), PLAN, SITES, as_of=dt.date(2021, 9, 30))
    assert list(empty.columns) == list(REACHED.columns)
    assert len(empty) == 0
    stages = find_stages(empty, PLAN, SITES)
    assert set(stages["stage"]) == {"not_started"}
    assert stages["stage_date"].isna().all()


def test_a_withdrawn_event_does_not_count():
    events = _events(
        _stage("A-10", "started", "2021-06-15"),
        _stage("A-10", "cleared", "2021-07-15"),
        _fix("A-10", "", "2021-08-01", "E2"),
    )
    assert _reached(events) == {("A-10", "started"): "2021-06-15"}


def test_a_replaced_event_has_the_new_stage_and_day():
    events = _events(_stage("A-10", "cleared", "2021-07-15"), _fix("A-10", "started", "2021-07-20", "E1"))
    assert _reached(events) == {("A-10", "started"): "2021-07-20"}


def test_a_correction_can_be_corrected():
    events = _events(
        _stage("A-10", "started", "2021-06-15"),
        _fix("A-10", "", "2021-07-01", "E1"),
        _fix("A-10", "started", "2021-06-16", "E2"),
    )
    assert _reached(events) == {("A-10", "started"): "2021-06-16"}


def test_of_two_corrections_the_last_recorded_counts():
    events = _events(
        _stage("A-10", "started", "2021-06-15"),
        _fix("A-10", "started", "2021-06-20", "E1"),
        _fix("A-10", "started", "2021-06-25", "E1"),
    )
    assert _reached(events) == {("A-10", "started"): "2021-06-25"}


def test_a_correction_brings_a_fact_before_the_day():
    events = _events(_stage("A-10", "started", "2021-10-15"), _fix("A-10", "started", "2021-09-15", "E1"))
    assert _reached(events, "2021-09-30") == {("A-10", "started"): "2021-09-15"}


def test_a_stage_given_back_with_a_reason_does_not_count_until_reached_again():
    back = [
        _stage("A-10", "started", "2021-06-15"),
        _stage("A-10", "cleared", "2021-07-15"),
        _stage("A-10", "started", "2021-08-01", "复查不合格"),
    ]
    assert _reached(_events(*back)) == {("A-10", "started"): "2021-06-15"}
    again = _events(*back, _stage("A-10", "cleared", "2021-09-01"))
    assert _reached(again) == {("A-10", "started"): "2021-06-15", ("A-10", "cleared"): "2021-09-01"}
    assert _reached(_events(*back), "2021-07-20")[("A-10", "cleared")] == "2021-07-15"


def test_a_step_back_without_a_reason_changes_nothing():
    events = _events(_stage("A-10", "cleared", "2021-07-15"), _stage("A-10", "started", "2021-08-01"))
    assert _reached(events)[("A-10", "cleared")] == "2021-07-15"


def test_stages_of_the_toy_town():
    reached = find_reached(toytown.make_events(), PLAN, SITES, as_of=dt.date(2021, 9, 30))
    stages = find_stages(reached, PLAN, SITES)
    assert stages.index.equals(SITES.index)
    # by hand from the diary: A-01 accepted only in October, A-04 completed on 1 October, A-09 and A-11 never began
    assert stages["stage"].to_dict() == {
        "A-01": "works_completed",
        "A-02": "works_completed",
        "A-03": "started",
        "A-04": "started",
        "A-05": "works_completed",
        "A-06": "started",
        "A-07": "works_completed",
        "A-08": "started",
        "A-09": "not_started",
        "A-10": "cleared",
        "A-11": "not_started",
        "A-12": "permitted",
    }
    assert stages.loc["A-02", "stage_date"] == pd.Timestamp("2021-09-30")


def test_reached_is_in_the_order_of_the_sites_and_stages():
    reached = find_reached(toytown.make_events(), PLAN, SITES, as_of=dt.date(2021, 9, 30))
    assert reached["site_id"].tolist() == sorted(reached["site_id"])
    assert reached[reached["site_id"] == "A-02"]["stage"].tolist() == [
        "consulted",
        "publicised",
        "reviewed",
        "permitted",
        "started",
        "works_completed",
    ]


def test_find_first_days():
    events = _events(_stage("A-10", "cleared", "2021-06-15"))
    day = dt.date(2021, 6, 15)
    assert find_first_days(events, PLAN, "dry_toilet", as_of=day) == {"started": day, "cleared": day}
    assert find_first_days(events, PLAN, "dry_toilet", as_of=dt.date(2021, 6, 1)) == {}
    assert find_first_days(events.iloc[:0], PLAN, "dry_toilet", as_of=day) == {}


def test_settle_events_keeps_the_order_of_recording():
    events = _events(
        _stage("A-10", "started", "2021-06-15"),
        _stage("A-11", "started", "2021-06-01"),
        _fix("A-10", "started", "2021-06-16", "E1"),
    )
    assert settle_events(events)["site_id"].tolist() == ["A-10", "A-11"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["A-01", "A-10"]), st.integers(1, 7), st.integers(0, 300)), max_size=25
    ),
    st.integers(0, 300),
)
def test_dates_never_fall_along_the_stages_and_never_pass_the_day(rows, last):
    start = dt.date(2021, 1, 1)
    names = {"A-01": PLAN.programme("old_compound").stages, "A-10": PLAN.programme("dry_toilet").stages}
    events = _events(
        *(
            _stage(s, str(names[s][min(k, len(names[s]) - 1)]), str(start + dt.timedelta(days=d)))
            for s, k, d in rows
        )
    )
    as_of = start + dt.timedelta(days=last)
    reached = find_reached(events, PLAN, SITES, as_of=as_of)
    assert (reached["date"] <= pd.Timestamp(as_of)).all()
    for _, part in reached.groupby("site_id"):
        assert part["date"].is_monotonic_increasing
    shuffled = events.iloc[np.random.default_rng(1).permutation(len(events))]
    pd.testing.assert_frame_equal(find_reached(shuffled, PLAN, SITES, as_of=as_of), reached)


def test_a_stage_of_another_programme_is_ignored():
    assert _reached(_events(_stage("A-10", "accepted", "2021-06-15"))) == {}


def test_an_unknown_site_has_no_current_stage():
    with pytest.raises(Exception, match="专项"):
        PLAN.programme("none")
