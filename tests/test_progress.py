"""Counts, rates, due shares and lights."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis import toytown
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.progress import grade_pace, list_rows, measure_progress, table_by_unit
from renewal_gis.errors import PlanError, SchemaError
from renewal_gis.plan import load_plan
from renewal_gis.schema import PROGRESS, check_frame

HANDAN = Path(__file__).resolve().parents[1] / "plans" / "handan-2021.toml"
D = dt.date
TOY_PLAN = toytown.make_plan()


def reach(events, sites, plan):
    """REACHED by the rule of its contract: a stage counts from the first day of itself or a later one."""
    rows = []
    for site_id, diary in events.groupby("site_id"):
        programme = plan.programme(sites.loc[site_id, "programme"])
        for place, stage in enumerate(programme.stages[1:], 1):
            days = [day for day, at in zip(diary["date"], diary["stage"], strict=True)
                    if programme.order_of(at) >= place]  # fmt: skip
            rows += [(site_id, stage.value, min(days))] if days else []
    return pd.DataFrame(rows, columns=["site_id", "stage", "date"])


@pytest.fixture(scope="module")
def toy():
    plan, sites = toytown.make_plan(), toytown.make_sites()
    located = locate_sites(sites, toytown.make_units(), plan)
    return sites, located, reach(toytown.make_events(), sites, plan), plan


def measure(toy, day, **changes):
    sites, located, reached, plan = toy
    given = {"sites": sites, "located": located, "reached": reached, "plan": plan, **changes}
    rows = measure_progress(given["sites"], given["located"], given["reached"], given["plan"], as_of=day)
    return rows.set_index(["target", "unit"])


def change_target(plan, target_id, **fields):
    targets = tuple(t.model_copy(update=fields) if t.id == target_id else t for t in plan.targets)
    return plan.model_copy(update={"targets": targets})


def test_toy_town_at_the_end_of_september(toy):
    rows = measure(toy, D(2021, 9, 30))
    check_frame(rows.reset_index(), PROGRESS)
    numbers = rows[["task", "ledger", "located", "unlocated", "done", "base"]].astype(object)
    numbers = numbers.where(numbers.notna(), None)
    assert numbers.loc[("T1", "全市")].tolist() == [6, 6, 5, 1, 3, 6]
    assert numbers.loc[("T1", "甲区")].tolist() == [3, 3, 3, 0, 2, 3]
    assert numbers.loc[("T1", "乙区")].tolist() == [2, 2, 1, 1, 1, 2]
    assert numbers.loc[("T1", "丙县")].tolist() == [1, 1, 1, 0, 0, 1]
    assert numbers.loc[("T2", "全市")].tolist() == [3, 3, 3, 0, 1, 3]
    assert numbers.loc[("T3", "全市")].tolist() == [1, 1, 1, 0, 1, 1]
    assert numbers.loc[("T4", "全市")].tolist() == [2, 2, 2, 0, 1, 2]
    assert numbers.loc[("T5", "全市")].tolist() == [None, 1, 1, 0, 0, 1]
    assert len(rows) == 8


def test_rates_are_exact_fractions(toy):
    rows = measure(toy, D(2021, 9, 30))
    assert rows.loc[("T1", "甲区"), "rate"] == Fraction(2, 3)
    assert rows.loc[("T2", "全市"), "rate"] == Fraction(1, 3)
    assert rows["rate"].map(type).eq(Fraction).all()


def test_due_share_follows_the_curves(toy):
    rows = measure(toy, D(2021, 7, 1))
    # 91 of the 182 days from 1 April to 30 September
    assert rows.loc[("T1", "甲区"), "expected"] == Fraction(1, 2)
    assert rows.loc[("T1", "丙县"), "expected"] == Fraction(3, 10)
    # by tasks: (3 x 1/2 + 2 x 1/2 + 1 x 3/10) / 6
    assert rows.loc[("T1", "全市"), "expected"] == Fraction(28, 10) / 6
    # no curve: 122 of the 305 days from 1 March to 31 December
    assert rows.loc[("T2", "全市"), "expected"] == Fraction(122, 305)
    assert rows.loc[("T2", "全市"), "pace_pp"] == -Fraction(122, 305) * 100


def test_striving_targets_have_no_due_share_and_no_light(toy):
    row = measure(toy, D(2023, 1, 1)).loc[("T5", "全市")]
    assert row["expected"] is None
    assert row["pace_pp"] is None
    assert row["light"] == ""
    assert row["basis"] == "ledger"
    assert row["rate"] == 0


def test_before_the_curve_begins_there_is_no_light(toy):
    rows = measure(toy, D(2021, 3, 1))
    assert rows.loc["T1", "expected"].tolist() == [0, 0, 0, 0]
    assert rows.loc["T1", "light"].tolist() == [""] * 4
    # the first day after the curve begins has one: 1 of the 182 days to 30 September
    row = measure(toy, D(2021, 4, 2)).loc[("T1", "甲区")]
    assert (row["expected"], row["light"]) == (Fraction(1, 182), "slight")


def test_the_city_counts_the_units_that_have_done_their_own_task(toy):
    rows = measure(toy, D(2021, 9, 30))
    assert rows.loc[("T1", "全市"), ["passed", "units"]].tolist() == [0, 3]
    assert rows.loc[("T1", "甲区"), ["passed", "units"]].isna().all()
    assert rows.loc[("T2", "全市"), ["passed", "units"]].isna().all()
    # A-04 of 乙区 is completed on 1 October: 2 of 2
    assert measure(toy, D(2021, 10, 1)).loc[("T1", "全市"), "passed"] == 1


def test_two_in_one_unit_do_not_hide_none_in_another(toy):
    tasks = {"甲区": 1, "乙区": 1, "丙县": 1}
    plan = change_target(toy[3], "T1", task=3, breakdown=tasks, cap_units=True)
    rows = measure(toy, D(2021, 9, 30), plan=plan)
    # done: 甲区 2, 乙区 1, 丙县 0
    city = rows.loc[("T1", "全市")]
    assert (city["done"], city["counted"], city["rate"], city["passed"]) == (3, 2, Fraction(2, 3), 2)
    assert rows.loc[("T1", "甲区"), "rate"] == 2
    loose = change_target(toy[3], "T1", task=3, breakdown=tasks)
    assert measure(toy, D(2021, 9, 30), plan=loose).loc[("T1", "全市"), "rate"] == 1


def test_a_day_after_the_deadline_is_late(toy):
    # A-04 ends on 1 October: not by the end of 30 September, but by the end of 1 October
    assert measure(toy, D(2021, 9, 30)).loc[("T1", "乙区"), "done"] == 1
    assert measure(toy, D(2021, 10, 1)).loc[("T1", "乙区"), "done"] == 2


def test_timestamps_are_taken_as_days(toy):
    day, moment = measure(toy, D(2021, 9, 30)), measure(toy, pd.Timestamp("2021-09-30 08:00"))
    pd.testing.assert_frame_equal(day, moment)


def test_missing_task_counts_against_the_ledger(toy):
    plan = change_target(toy[3], "T2", task=None, basis="ledger")
    row = measure(toy, D(2021, 9, 30), plan=plan).loc[("T2", "全市")]
    assert row["task"] is pd.NA
    assert (row["base"], row["rate"]) == (3, Fraction(1, 3))


def test_rates_above_one_are_kept(toy):
    plan = change_target(toy[3], "T1", task=2, breakdown={"甲区": 1, "乙区": 1})
    rows = measure(toy, D(2021, 9, 30), plan=plan)
    assert rows.loc[("T1", "全市"), "rate"] == Fraction(3, 2)
    assert rows.loc[("T1", "甲区"), "rate"] == Fraction(2)


def test_a_member_without_a_task_has_no_rate(toy):
    plan = change_target(toy[3], "T1", task=5, breakdown={"甲区": 3, "乙区": 2, "丙县": 0})
    row = measure(toy, D(2021, 9, 30), plan=plan).loc[("T1", "丙县")]
    assert (row["ledger"], row["rate"], row["light"]) == (1, None, "")
    plan = change_target(toy[3], "T1", task=5, breakdown={"甲区": 3, "乙区": 2})
    row = measure(toy, D(2021, 9, 30), plan=plan).loc[("T1", "丙县")]
    assert (row["base"], row["rate"]) == (pd.NA, None)


def test_dwellings_are_summed(toy):
    plan = change_target(toy[3], "T1", weight="dwellings", measure="套")
    row = measure(toy, D(2021, 9, 30), plan=plan).loc[("T1", "全市")]
    # 320 + 210 + 150 + 95 + 280 + 60 in all, A-04 with 95 has no place, A-01, A-02 and A-05 are done
    assert (row["ledger"], row["unlocated"], row["done"]) == (1115, 95, 320 + 210 + 280)
    sites = toy[0].copy()
    sites.loc["A-01", "dwellings"] = pd.NA
    row = measure(toy, D(2021, 9, 30), plan=plan, sites=sites).loc[("T1", "全市")]
    assert (row["ledger"], row["done"]) == (1115 - 320, 210 + 280)


def test_sites_outside_the_group_do_not_count_and_unknown_units_count_for_the_city(toy):
    sites, located, reached, plan = toy
    located = located.copy()
    located.loc["A-07", "managing_unit"] = "丙县"  # T2 and T3 ask 甲区 and 乙区 only
    located.loc["A-01", "managing_unit"] = ""
    rows = measure(toy, D(2021, 9, 30), located=located)
    assert rows.loc[("T3", "全市"), ["ledger", "done"]].tolist() == [0, 0]
    assert rows.loc[("T1", "全市"), ["ledger", "done"]].tolist() == [6, 3]
    assert rows.loc["T1", "ledger"].tolist() == [6, 2, 2, 1]
    unknown = list_rows(sites, located, reached, plan, target="T1", unit="", as_of=D(2021, 9, 30))
    assert unknown.index.tolist() == ["A-01"]


def test_rows_prove_the_numbers(toy):
    rows = measure(toy, D(2021, 9, 30))
    for (target, unit), row in rows.iterrows():
        proof = list_rows(*toy, target=target, unit=unit, as_of=D(2021, 9, 30))
        assert proof["weight"].sum() == row["ledger"]
        assert proof.loc[proof["done"], "weight"].sum() == row["done"]
        assert proof.loc[proof["located"], "weight"].sum() == row["located"]
    proof = list_rows(*toy, target="T1", unit="甲区", as_of=D(2021, 9, 30))
    assert proof.index.tolist() == ["A-01", "A-02", "A-03"]
    assert proof["done"].tolist() == [True, True, False]
    assert proof["done_on"].isna().tolist() == [False, False, True]


def test_rows_of_an_unknown_target(toy):
    with pytest.raises(PlanError, match="没有目标“T99”"):
        list_rows(*toy, target="T99", as_of=D(2021, 9, 30))


def test_wide_table_shows_a_dash_where_there_is_no_task(toy):
    rows = measure(toy, D(2021, 9, 30)).reset_index()
    table = table_by_unit(rows, toy[3], value="done")
    assert table.index.tolist() == ["全市", "甲区", "乙区", "丙县"]
    assert table["T1"].tolist() == [3, 2, 1, 0]
    assert table["T2"].tolist() == [1, "—", "—", "—"]
    assert table_by_unit(rows, toy[3], value="light").loc["全市", "T5"] == "—"
    with pytest.raises(SchemaError, match="没有列“colour”"):
        table_by_unit(rows, toy[3], value="colour")


# lights


@pytest.mark.parametrize(
    ("pace_pp", "light"),
    [
        (Fraction(5), "green"),
        (Fraction(0), "green"),
        (Fraction(-1, 1000), "slight"),
        (Fraction(-10), "slight"),
        (Fraction(-10) - Fraction(1, 10**9), "yellow"),
        (Fraction(-30), "yellow"),
        (Fraction(-30) - Fraction(1, 10**9), "red"),
    ],
)
def test_light_of_a_pace(toy, pace_pp, light):
    assert grade_pace(pace_pp, toy[3].lights) == light


def make_town(plan, done_on, *, target="T2", units=None):
    """A hundred alleys, done on the given days."""
    size = len(done_on)
    ids = [f"B-{k:03d}" for k in range(size)]
    sites = pd.DataFrame(
        {
            "programme": plan.target(target).programme,
            "category": "ordinary",
            "dwellings": pd.array([1] * size, "Int64"),
        },
        index=pd.Index(ids, name="site_id"),
    )
    located = pd.DataFrame(
        {
            "located_district": "", "located_name": "", "placement": "inside", "share": 1.0, "shares": "",
            "distance_m": 0.0, "managing_unit": units or ["甲区"] * size,
        },
        index=sites.index,
    )  # fmt: skip
    rows = [
        (i, plan.target(target).milestone.value, pd.Timestamp(d))
        for i, d in zip(ids, done_on, strict=True)
        if d
    ]
    reached = pd.DataFrame(rows, columns=["site_id", "stage", "date"])
    return sites, located, reached


def light_of(plan, done_on, day, target="T2"):
    sites, located, reached = make_town(plan, done_on, target=target)
    rows = measure_progress(sites, located, reached, plan, as_of=day).set_index(["target", "unit"])
    return rows.loc[(target, "全市"), "light"]


def test_two_yellow_weeks_in_a_row_turn_red(toy):
    # due: 153/305 = 50.2 % on 1 August, 146/305 = 47.9 % a week before
    plan = change_target(toy[3], "T2", task=100)
    day = D(2021, 8, 1)
    slight_then_yellow = ["2021-07-20"] * 38 + [None] * 62
    assert light_of(plan, slight_then_yellow, day) == "yellow"  # 9.9 points behind a week ago, 12.2 now
    yellow_twice = ["2021-07-20"] * 35 + [None] * 65
    assert light_of(plan, yellow_twice, day) == "red"
    red_then_yellow = ["2021-07-28"] * 35 + [None] * 65
    assert light_of(plan, red_then_yellow, day) == "red"
    catching_up = ["2021-07-28"] * 45 + [None] * 55
    assert light_of(plan, catching_up, day) == "slight"


def test_the_streak_is_the_plans(toy):
    plan = change_target(toy[3], "T2", task=100)
    day, done_on = D(2021, 8, 1), ["2021-07-01"] * 36 + [None] * 64
    # due 45.6, 47.9 and 50.2 %: 9.6 points behind two weeks ago, then 11.9 and 14.2
    longer = plan.model_copy(update={"lights": plan.lights.model_copy(update={"streak": 3})})
    assert light_of(plan, done_on, day) == "red"
    assert light_of(longer, done_on, day) == "yellow"
    once = plan.model_copy(update={"lights": plan.lights.model_copy(update={"streak": 1})})
    assert light_of(once, ["2021-07-20"] * 38 + [None] * 62, day) == "red"


def test_a_missed_deadline_is_red(toy):
    plan = change_target(toy[3], "T2", task=100)
    done_on = ["2021-12-01"] * 99 + ["2022-01-01"]
    assert light_of(plan, done_on, D(2021, 12, 31)) == "slight"
    assert light_of(plan, [*done_on[:99], None], D(2022, 1, 1)) == "red"
    assert light_of(plan, done_on, D(2022, 1, 1)) == "green"


def test_a_deadline_per_unit_is_missed_if_one_unit_misses_it(toy):
    tasks = {"甲区": 3, "乙区": 2, "丙县": 1}
    done_on, units = ["2021-09-01"] * 6, ["甲区"] * 4 + ["乙区"] * 2
    lights = []
    for check in ("pooled", "per_unit"):
        plan = change_target(toy[3], "T1", check=check, task=6, breakdown=tasks)
        sites, located, reached = make_town(plan, done_on, target="T1", units=units)
        rows = measure_progress(sites, located, reached, plan, as_of=D(2022, 1, 1)).set_index(
            ["target", "unit"]
        )
        lights.append(rows.loc["T1", "light"].tolist())
    assert lights == [["green", "green", "green", "red"], ["red", "green", "green", "red"]]


# contracts


def test_frames_must_belong_together(toy):
    sites, located, reached, plan = toy
    day = D(2021, 9, 30)
    with pytest.raises(SchemaError, match="编号不一致"):
        measure_progress(sites, located.iloc[1:], reached, plan, as_of=day)
    with pytest.raises(SchemaError, match="“A-01”重复"):
        measure_progress(pd.concat([sites, sites.iloc[[0]]]), located, reached, plan, as_of=day)
    with pytest.raises(SchemaError, match="dwellings"):
        measure_progress(sites.drop(columns="dwellings"), located, reached, plan, as_of=day)
    with pytest.raises(SchemaError, match="REACHED 缺少列"):
        measure_progress(sites, located, reached.drop(columns="date"), plan, as_of=day)


def test_empty_ledger(toy):
    sites, located, reached, plan = toy
    rows = measure_progress(sites.iloc[:0], located.iloc[:0], reached.iloc[:0], plan, as_of=D(2021, 9, 30))
    rows = rows.set_index(["target", "unit"])
    assert rows["ledger"].sum() == 0
    assert rows.loc[("T1", "全市"), "rate"] == 0
    assert rows.loc[("T5", "全市"), "rate"] is None


# properties

UNIT = st.sampled_from(["甲区", "乙区", "丙县", ""])
DAY = st.dates(D(2021, 3, 1), D(2022, 2, 1))
TOWN = st.lists(st.tuples(UNIT, st.none() | DAY), max_size=25)


@settings(max_examples=40, deadline=None)
@given(TOWN, DAY, st.randoms(use_true_random=False))
def test_units_add_up_and_shuffling_changes_nothing(rows, day, chance):
    plan = TOY_PLAN
    frames = make_town(plan, [d for _, d in rows], target="T1", units=[u for u, _ in rows])
    progress = measure_progress(*frames, plan, as_of=day)
    own = progress[progress["target"] == "T1"].set_index("unit")
    unknown = list_rows(*frames, plan, target="T1", unit="", as_of=day)
    for column, total in (
        ("ledger", unknown["weight"].sum()),
        ("done", unknown.loc[unknown["done"], "weight"].sum()),
    ):
        assert own[column].iloc[1:].sum() + total == own.loc["全市", column]
    assert (progress["located"] + progress["unlocated"] == progress["ledger"]).all()
    order = list(range(len(rows)))
    chance.shuffle(order)
    shuffled = frames[0].iloc[order], frames[1].iloc[order[::-1]], frames[2].sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(measure_progress(*shuffled, plan, as_of=day), progress)


@settings(max_examples=40, deadline=None)
@given(TOWN, DAY, st.integers(0, 200))
def test_a_later_day_never_undoes(rows, day, later):
    plan = TOY_PLAN
    frames = make_town(plan, [d for _, d in rows], target="T1", units=[u for u, _ in rows])
    first = measure_progress(*frames, plan, as_of=day)
    then = measure_progress(*frames, plan, as_of=day + dt.timedelta(days=later))
    assert (then["done"] >= first["done"]).all()


@settings(max_examples=30, deadline=None)
@given(TOWN, DAY, st.tuples(*[st.integers(0, 3)] * 3))
def test_in_a_capped_city_nobody_stands_in_for_another(rows, day, tasks):
    own = dict(zip(("甲区", "乙区", "丙县"), tasks, strict=True))
    plan = change_target(TOY_PLAN, "T1", task=sum(tasks), breakdown=own, cap_units=True)
    frames = make_town(plan, [d for _, d in rows], target="T1", units=[u for u, _ in rows])
    progress = measure_progress(*frames, plan, as_of=day)
    told = progress[progress["target"] == "T1"].set_index("unit")
    city, units = told.loc["全市"], told.iloc[1:]
    if not sum(tasks):
        assert city["rate"] is None
        return
    assert city["rate"] <= 1
    assert (city["rate"] == 1) == all(units.loc[name, "done"] >= task for name, task in own.items())
    assert city["units"] == sum(task > 0 for task in tasks)
    # a unit without a task has neither rate nor light
    assert all(
        told.loc[name, "rate"] is None and not told.loc[name, "light"]
        for name, task in own.items()
        if not task
    )


# the bundled plan


def test_works_on_the_bundled_plan():
    plan = load_plan(HANDAN)
    sites, located, reached = make_town(plan, ["2021-09-30"] * 81, target="T04", units=["丛台区"] * 81)
    rows = measure_progress(sites, located, reached, plan, as_of=D(2021, 9, 30)).set_index(["target", "unit"])
    assert rows.loc[("T04", "丛台区"), ["task", "done", "light"]].tolist() == [81, 81, "green"]
    assert rows.loc[("T04", "全市"), "rate"] == Fraction(81, 465)
    # 244 due in full and 221 by 60 %
    assert rows.loc[("T04", "全市"), "expected"] == (244 + Fraction(3, 5) * 221) / 465
    assert rows.loc[("T04a", "全市"), "rate"] == Fraction(81, 244)
    assert rows.loc[("T04b", "全市"), "base"] == 133
    assert rows.loc["T04b", "base"].iloc[1:].sum() == 135
    counts = rows.groupby(level=0).size()
    units = {"T04": 15, "T04a": 4, "T04b": 12, "T04c": 15, "T08": 19}
    assert {t.id: counts[t.id] for t in plan.targets} == {t.id: units.get(t.id, 1) for t in plan.targets}
    assert rows.loc[("T08", "涉县"), "task"] == 1
    assert set(rows[rows["light"] == ""].index.get_level_values(0)) >= {"T11", "T13"}
    table = table_by_unit(rows.reset_index(), plan)
    assert len(table) == 21
    assert table.loc["肥乡区", "T04"] == "—"
