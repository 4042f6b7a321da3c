"""Two days of the toy town compared, by hand."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.analysis.changes import (
    compare_progress,
    find_completed,
    list_moves,
    list_reports,
    list_slips,
)
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.progress import measure_progress
from renewal_gis.errors import InputError
from renewal_gis.ledger.history import find_reached, find_stages
from renewal_gis.pipeline.review import Scope, check_day, choose_since, choose_until, measure_day, review_day
from renewal_gis.schema import check_frame
from renewal_gis.schema_review import CHANGES, MOVES, REPORTS, SLIPS

D = dt.date


@pytest.fixture(scope="module")
def town():
    plan, sites, events = toytown.make_plan(), toytown.make_sites(), toytown.make_events()
    return plan, sites, locate_sites(sites, toytown.make_units(), plan), events


def look(town, day):
    plan, sites, located, events = town
    reached = find_reached(events, plan, sites, as_of=day)
    return (
        measure_progress(sites, located, reached, plan, as_of=day),
        reached,
        find_stages(reached, plan, sites),
    )


def test_counts_and_points_change(town):
    # 甲区: A-02 was completed on 09-30, A-01 long before; 1/3 -> 2/3 of its three compounds
    frame = compare_progress(look(town, D(2021, 9, 30))[0], look(town, D(2021, 9, 23))[0])
    check_frame(frame, CHANGES)
    row = frame.set_index(["target", "unit"]).loc[("T1", "甲区")]
    assert row[["done_before", "done", "change"]].tolist() == [1, 2, 1]
    assert row["change_pp"] == Fraction(100, 3)
    city = frame.set_index(["target", "unit"]).loc[("T1", "全市")]
    assert city["change_pp"] == Fraction(100, 6)


def test_moves_are_the_sites_behind_the_change(town):
    _, reached, _ = look(town, D(2021, 10, 12))
    _, before, _ = look(town, D(2021, 9, 29))
    moves = list_moves(town[1], town[2], reached, before)
    check_frame(moves, MOVES)
    # A-02 on 09-30, A-04 on 10-01; A-01 accepted on 10-12
    assert moves[["site_id", "kind"]].to_numpy().tolist() == [
        ["A-02", "completed"], ["A-04", "completed"], ["A-01", "accepted"],
    ]  # fmt: skip
    assert moves["date"].dt.date.tolist() == [D(2021, 9, 30), D(2021, 10, 1), D(2021, 10, 12)]


def test_what_was_taken_back_is_said(town):
    _, reached, _ = look(town, D(2021, 9, 30))
    fewer = reached[reached["site_id"] != "A-10"]
    moves = list_moves(town[1], town[2], fewer, reached)
    assert moves[["site_id", "kind", "stage"]].to_numpy().tolist() == [
        ["A-10", "withdrawn", "cleared"], ["A-10", "withdrawn", "started"],
    ]  # fmt: skip


def test_slipped_dates(town):
    _, sites, located, _ = town
    # every planned finish is 09-30: on the day itself nothing has slipped
    for day, late in ((D(2021, 9, 30), 0), (D(2021, 10, 1), 6)):
        _, reached, stages = look(town, day)
        slips = list_slips(sites, located, stages, completed=find_completed(reached),
                           since=day - dt.timedelta(days=7), as_of=day)  # fmt: skip
        check_frame(slips, SLIPS)
        assert len(slips) == late, day
    # A-04 was completed on 10-01; open are
    assert slips["site_id"].tolist() == ["A-03", "A-06", "A-08", "A-09", "A-11", "A-12"]
    assert slips["days_late"].unique().tolist() == [1]
    assert slips["new"].all()


def test_who_did_not_report(town):
    plan, sites, located, events = town
    day = D(2021, 7, 8)
    stages = look(town, day)[2]
    reports = list_reports(sites, located, stages, events, plan, since=D(2021, 7, 1), as_of=day)
    check_frame(reports, REPORTS)
    rows = reports.set_index("unit")
    # 丙县's A-06 started on 07-01, the day of the comparison: that was reported the time before
    assert rows.loc["丙县", ["entries", "days_since", "reported"]].tolist() == [0, 7, False]
    # 乙区: A-12 permitted on 06-30; 甲区: A-10 started on 06-15
    assert rows["days_since"].tolist() == [23, 8, 7]


def test_a_unit_that_is_done_owes_no_report(town):
    plan, sites, located, events = town
    stages = pd.DataFrame({"stage": "not_started"}, index=sites.index)
    stages.loc["A-06", "stage"] = "accepted"
    reports = list_reports(sites, located, stages, events, plan, since=D(2021, 7, 1), as_of=D(2021, 7, 8))
    assert reports.set_index("unit").loc["丙县", ["open_sites", "reported"]].tolist() == [0, True]


def review(town, as_of, **scope):
    plan, sites, located, events = town
    return review_day(measure_day(plan, sites, located, events, as_of=as_of), scope=Scope(**scope))


def test_a_span_must_run_forwards(town):
    with pytest.raises(InputError, match="2021-09-30 不早于截止日期 2021-09-30"):
        review(town, D(2021, 9, 30), since=D(2021, 9, 30))
    with pytest.raises(InputError, match="早于台账的第一条记录 2021-01-10"):
        review(town, D(2021, 9, 30), since=D(2021, 1, 9))


def test_the_first_week_is_compared_with_nothing(town):
    early = town[3][town[3]["date"] <= pd.Timestamp("2021-01-12")]
    first = review((*town[:3], early), D(2021, 1, 12))
    assert first.since is None
    assert len(first.changes) == len(first.reports) == 0
    assert len(first.ranking) > 0


def test_without_entries_there_is_no_review(town):
    events = town[3]
    assert review((*town[:3], events.iloc[:0]), D(2021, 1, 1)) is None
    with pytest.raises(InputError, match="没有进度记录"):
        check_day(events.iloc[:0], D(2021, 9, 30), name="as_of")
    with pytest.raises(InputError, match="早于台账的第一条记录 2021-01-10"):
        check_day(events, D(2021, 1, 9), name="as_of")


@pytest.mark.parametrize(
    ("as_of", "kind", "since"),
    [
        (D(2021, 9, 30), "weekly", D(2021, 9, 23)),
        (D(2021, 9, 30), "monthly", D(2021, 8, 31)),
        (D(2021, 9, 30), "supervision", D(2021, 8, 31)),
        (D(2021, 3, 31), "monthly", D(2021, 2, 28)),
        (D(2021, 3, 30), "monthly", D(2021, 2, 28)),
        (D(2021, 10, 8), "monthly", D(2021, 9, 8)),
        (D(2021, 1, 31), "monthly", D(2020, 12, 31)),
    ],
)
def test_the_day_to_compare_with(as_of, kind, since):
    assert choose_since(as_of, kind) == since


@pytest.mark.parametrize(
    ("as_of", "kind", "until"),
    [
        (D(2021, 9, 30), "weekly", D(2021, 10, 7)),
        (D(2021, 9, 30), "monthly", D(2021, 10, 31)),
        (D(2021, 1, 31), "monthly", D(2021, 2, 28)),
        (D(2021, 1, 30), "supervision", D(2021, 2, 28)),
        (D(2021, 12, 8), "monthly", D(2022, 1, 8)),
    ],
)
def test_the_days_ahead(as_of, kind, until):
    assert choose_until(as_of, kind) == until
