"""Works that meet in space and time; days counted by hand."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis import toytown
from renewal_gis.analysis.conflicts import find_conflicts
from renewal_gis.errors import CrsError, PlanError, SchemaError
from renewal_gis.plan import ConflictRule, Plan
from renewal_gis.schema import CONFLICTS, check_frame

D = dt.date
DAY = D(2021, 5, 1)
RULE = ConflictRule(near_m=30, underground=("排水", "供热"), surface=("道路", "路面"))


@pytest.fixture(scope="module")
def plan():
    return toytown.make_plan().model_copy(update={"conflicts": RULE})


def town(*rows):
    """Build sites of rows: id, programme, shape, planned start and finish, then what else is known."""
    sites = toytown.make_sites().iloc[[0] * len(rows)].copy()
    sites.index = pd.Index([row[0] for row in rows], name="site_id")
    sites["name"] = [f"{row[0]}处" for row in rows]
    sites["programme"] = [row[1] for row in rows]
    sites["planned_start"] = pd.to_datetime([row[3] for row in rows])
    sites["planned_finish"] = pd.to_datetime([row[4] for row in rows])
    for column in ("actual_start", "actual_finish", "content_items", "stage"):
        values = [(row[5] if len(row) > 5 else {}).get(column) for row in rows]
        sites[column] = pd.to_datetime(pd.Series(values, index=sites.index)) if "actual" in column else values
    sites["content_items"] = sites["content_items"].fillna("")
    moved = [None if row[2] is None else shapely.affinity.translate(row[2], *toytown.ORIGIN) for row in rows]
    shapes = gpd.GeoSeries(moved, index=sites.index, crs=toytown.METRIC_CRS)
    return sites.set_geometry(shapes.to_crs(sites.crs))


BOX = shapely.box(0, 0, 100, 100)
LANE = shapely.LineString([(0, 120), (100, 120)])  # 20 m north of BOX
FAR = shapely.LineString([(0, 131), (100, 131)])  # 31 m north of BOX


def test_days_in_common_count_both_ends(plan):
    sites = town(
        ("A", "old_compound", BOX, "2021-05-10", "2021-06-30"), ("B", "back_alley", LANE, "2021-06-21", "2021-09-30")
    )  # fmt: skip
    found = find_conflicts(sites, plan, as_of=DAY)
    check_frame(found, CONFLICTS)
    row = found.iloc[0]
    assert (row["site_a"], row["site_b"], row["distance_m"]) == ("A", "B", 20.0)
    assert (row["overlap_start"], row["overlap_finish"]) == (
        pd.Timestamp("2021-06-21"),
        pd.Timestamp("2021-06-30"),
    )
    assert row["overlap_days"] == 10  # 21 to 30 June


@pytest.mark.parametrize(
    ("second", "days"),
    [
        (("2021-06-30", "2021-07-31"), [1]),  # the last day of the first is the first of the second
        (("2021-07-01", "2021-07-31"), []),
    ],
)
def test_one_day_in_common_is_enough(plan, second, days):
    sites = town(("A", "old_compound", BOX, "2021-05-10", "2021-06-30"), ("B", "back_alley", LANE, *second))
    assert find_conflicts(sites, plan, as_of=DAY)["overlap_days"].tolist() == days


def test_near_is_the_plans_unless_told(plan):
    dates = ("2021-06-01", "2021-06-30")
    sites = town(("A", "old_compound", BOX, *dates), ("B", "back_alley", FAR, *dates))
    assert find_conflicts(sites, plan, as_of=DAY).empty
    assert find_conflicts(sites, plan, as_of=DAY, near_m=31.01)["distance_m"].tolist() == [31.0]
    touching = town(
        ("A", "old_compound", BOX, *dates),
        ("B", "back_alley", shapely.LineString([(50, 0), (50, 300)]), *dates),
    )
    assert find_conflicts(touching, plan, as_of=DAY, near_m=0)["distance_m"].tolist() == [0.0]


def test_one_programme_is_planned_together_and_no_site_meets_itself(plan):
    dates = ("2021-06-01", "2021-06-30")
    sites = town(("A", "old_compound", BOX, *dates), ("B", "old_compound", BOX, *dates))
    assert find_conflicts(sites, plan, as_of=DAY).empty


def test_only_the_programmes_of_the_plan_dig(plan):
    dates = ("2021-06-01", "2021-06-30")
    sites = town(("A", "old_compound", BOX, *dates), ("B", "dry_toilet", shapely.Point(50, 50), *dates))
    assert len(find_conflicts(sites, plan, as_of=DAY)) == 1
    rule = RULE.model_copy(update={"programmes": ("old_compound", "back_alley")})
    assert find_conflicts(sites, plan.model_copy(update={"conflicts": rule}), as_of=DAY).empty


def test_without_place_or_dates_nobody_is_met(plan):
    sites = town(
        ("A", "old_compound", BOX, "2021-06-01", "2021-06-30"), ("B", "back_alley", None, "2021-06-01", "2021-06-30"),
        ("C", "back_alley", LANE, None, None),
    )  # fmt: skip
    found = find_conflicts(sites, plan, as_of=DAY)
    assert found.empty
    assert list(found.columns) == list(CONFLICTS.columns)


def test_what_has_not_begun_cannot_begin_before_the_day(plan):
    # A should have begun on 1 April; on 1 June it has not: its window is 1 to 30 June, 30 days
    sites = town(
        ("A", "old_compound", BOX, "2021-04-01", "2021-06-30"),
        ("B", "back_alley", LANE, "2021-04-01", "2021-09-30", {"actual_start": "2021-04-05"}),
    )
    row = find_conflicts(sites, plan, as_of=D(2021, 6, 1)).iloc[0]
    assert (row["site_a"], row["overlap_days"]) == ("B", 30)


def test_what_is_not_done_goes_on_until_the_day(plan):
    sites = town(
        ("A", "old_compound", BOX, "2021-04-01", "2021-04-30", {"actual_start": "2021-04-01"}),
        ("B", "back_alley", LANE, "2021-05-01", "2021-09-30", {"actual_start": "2021-05-01"}),
    )
    row = find_conflicts(sites, plan, as_of=D(2021, 5, 11)).iloc[0]
    assert row["overlap_days"] == 11  # 1 to 11 May


def test_what_is_over_is_left_out(plan):
    done = {"actual_start": "2021-04-01", "actual_finish": "2021-04-20"}
    sites = town(
        ("A", "old_compound", BOX, "2021-04-01", "2021-06-30", done), ("B", "back_alley", LANE, "2021-04-10", "2021-06-30")
    )  # fmt: skip
    assert find_conflicts(sites, plan, as_of=DAY).empty
    # on 15 April nobody knew of the finish: planned days hold
    assert len(find_conflicts(sites, plan, as_of=D(2021, 4, 15))) == 1
    staged = sites.assign(actual_finish=pd.NaT, stage=["works_completed", "started"])
    assert find_conflicts(staged, plan, as_of=D(2021, 4, 15)).empty


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        # pipes in A, paving only in B
        ({"content_items": "排水、照明"}, {"content_items": "路面硬化"}, "先地下后地上:“A处”的排水先行,“B处”的路面硬化在其完工之后恢复"),
        ({"content_items": "道路"}, {"content_items": "供热"}, "先地下后地上:“B处”的供热先行,“A处”的道路在其完工之后恢复"),
        # 30 of the 30 shorter days in common
        ({"content_items": "排水"}, {"content_items": "供热、路面"}, "同步施工:共用围挡和便道,一次开挖,管线一并入地"),
        ({}, {}, "同步施工:共用围挡和便道,一次开挖"),
    ],
)  # fmt: skip
def test_proposals(plan, a, b, words):
    sites = town(
        ("A", "old_compound", BOX, "2021-06-01", "2021-06-30", a), ("B", "back_alley", LANE, "2021-06-01", "2021-08-31", b)
    )  # fmt: skip
    assert find_conflicts(sites, plan, as_of=DAY)["proposal"].tolist() == [words]


def test_few_days_in_common_are_avoided_by_moving_what_has_not_begun(plan):
    # 10 of 40 days in common: B waits for A, unless B has begun
    rows = [
        ("A", "old_compound", BOX, "2021-05-22", "2021-06-30"),
        ("B", "back_alley", LANE, "2021-06-21", "2021-09-30"),
    ]
    assert (
        find_conflicts(town(*rows), plan, as_of=DAY)["proposal"].iloc[0]
        == "错峰施工:“B处”改在“A处”6月30日完工之后开工"
    )
    rows[1] = (*rows[1], {"actual_start": "2021-04-01"})
    rows[1] = (*rows[1][:4], "2021-05-25", rows[1][5])
    assert (
        find_conflicts(town(*rows), plan, as_of=DAY)["proposal"].iloc[0]
        == "错峰施工:“A处”改在“B处”5月25日完工之后开工"
    )


def test_the_frame_of_the_caller_stays_as_it_was(plan):
    sites = toytown.make_sites()
    before = sites.copy()
    find_conflicts(sites, plan, as_of=DAY)
    pd.testing.assert_frame_equal(sites, before)


def test_refusals(plan):
    sites = toytown.make_sites()
    with pytest.raises(SchemaError, match="planned_start"):
        find_conflicts(sites.drop(columns="planned_start"), plan, as_of=DAY)
    with pytest.raises(CrsError):
        find_conflicts(sites, plan.model_copy(update={"crs_metric": "EPSG:4490"}), as_of=DAY)
    words = toytown.make_plan().model_dump(exclude={"folder"})
    words["conflicts"] = {"programmes": ["nightlife"]}
    with pytest.raises((PlanError, ValueError), match="nightlife"):
        Plan(**words)


@settings(max_examples=25, deadline=None)
@given(turn=st.randoms(use_true_random=False), starts=st.lists(st.integers(0, 90), min_size=3, max_size=6))
def test_shuffled_rows_give_the_same_pairs(turn, starts):
    plan = toytown.make_plan()
    days = [DAY + dt.timedelta(days=number) for number in starts]
    rows = [
        (
            f"S{k}",
            ("old_compound", "back_alley")[k % 2],
            BOX,
            day.isoformat(),
            (day + dt.timedelta(days=20)).isoformat(),
        )
        for k, day in enumerate(days)
    ]
    found = find_conflicts(town(*rows), plan, as_of=DAY)
    again = find_conflicts(town(*turn.sample(rows, len(rows))), plan, as_of=DAY)
    pd.testing.assert_frame_equal(found, again)
    wanted = sum(
        abs(a - b) <= 20 for i, a in enumerate(starts) for j, b in enumerate(starts) if i < j and (i - j) % 2
    )
    assert len(found) == wanted
    assert (found["overlap_days"] <= 21).all()
    assert np.isfinite(found["distance_m"]).all()
