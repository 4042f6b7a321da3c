"""The 大排队: exact, by track, ties side by side."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis.analysis.ranking import COMPOSITE, rank_composite, rank_units, tell_rules
from renewal_gis.errors import InputError, PlanError
from renewal_gis.schema import check_frame
from renewal_gis.schema_review import RANKING
from renewal_gis.toytown import make_plan
from samples import make_progress


def make_town(units, targets=("T1",)):
    """The toy plan with one track of invented units, and PROGRESS where ``units`` gives done and task."""
    plan = make_plan()
    base = plan.units[0]
    names = list(units)
    targets = tuple(
        t.model_copy(update={"breakdown": dict.fromkeys(names, 1), "group": "all"}) if t.id in targets else
        t.model_copy(update={"breakdown": {}})
        for t in plan.targets
    )  # fmt: skip
    return plan.model_copy(
        update={
            "units": tuple(base.model_copy(update={"name": name}) for name in names),
            "groups": {"all": tuple(names)},
            "tracks": (plan.tracks[0].model_copy(update={"name": "一组", "group": "all"}),),
            "targets": targets,
        }
    )


def progress_of(counts):
    rows = [(target, unit, task, task, done, None, "") for (target, unit), (done, task) in counts.items()]
    return make_progress(rows)


def ranks(frame, target="T1"):
    return {row["unit"]: row["rank"] for row in frame[frame["target"] == target].to_dict("records")}


def test_ties_share_a_rank_and_the_next_one_counts_on():
    # 9/10 > 2/3 = 4/6 = 6/9 > 1/2
    units = {"甲": (2, 3), "乙": (1, 2), "丙": (4, 6), "丁": (9, 10), "戊": (6, 9)}
    frame = rank_units(progress_of({("T1", name): n for name, n in units.items()}), make_town(units))
    check_frame(frame, RANKING)
    rows = frame[frame["target"] == "T1"]
    assert rows["unit"].tolist() == ["丁", "甲", "丙", "戊", "乙"]
    assert rows["rank"].tolist() == [1, 2, 2, 2, 5]
    assert rows["tied"].tolist() == [False, True, True, True, False]


def test_rates_that_print_alike_do_not_tie():
    # both print 33.3 %: 333/1000 = 0.3330 and 1/3 = 0.3333…
    units = {"甲": (333, 1000), "乙": (1, 3)}
    frame = rank_units(progress_of({("T1", name): n for name, n in units.items()}), make_town(units))
    assert ranks(frame) == {"乙": 1, "甲": 2}


def test_rates_above_one_are_ranked_as_they_are():
    units = {"甲": (1, 1), "乙": (3, 2)}
    frame = rank_units(progress_of({("T1", name): n for name, n in units.items()}), make_town(units))
    assert ranks(frame) == {"乙": 1, "甲": 2}


def test_a_unit_without_task_has_a_row_and_no_rank():
    units = {"甲": (1, 2), "乙": (0, 2), "丙": None}
    counts = {("T1", name): n for name, n in units.items() if n}
    rows = rank_units(progress_of(counts), make_town(units))
    last = rows[rows["target"] == "T1"].iloc[-1]
    assert last["unit"] == "丙"
    assert last["rate"] is None
    assert rows["rank"].isna().tolist()[:3] == [False, False, True]


def test_force_majeure_takes_out_of_the_ranking_but_not_out_of_the_list():
    units = {"甲": (2, 2), "乙": (1, 2), "丙": (0, 2)}
    progress = progress_of({("T1", name): n for name, n in units.items()})
    rows = rank_units(progress, make_town(units), force_majeure=["甲"])
    rows = rows[rows["target"] == "T1"]
    assert rows["unit"].tolist() == ["乙", "丙", "甲"]
    assert rows["rank"].tolist()[:2] == [1, 2]
    assert rows["force_majeure"].tolist() == [False, False, True]
    assert rows["rate"].tolist()[2] == 1


def test_an_unknown_unit_is_refused():
    with pytest.raises(PlanError, match="没有责任单位“戊县”"):
        rank_units(make_progress(), make_plan(), force_majeure=["戊县"])


def test_units_meet_only_within_their_track():
    rows = rank_units(make_progress(), make_plan())
    first = rows[rows["target"] == "T1"]
    assert first[["track", "unit", "rank"]].to_numpy().tolist() == [
        ["主城区组", "甲区", 1], ["主城区组", "乙区", 2], ["县组", "丙县", 1],
    ]  # fmt: skip
    assert first["rate"].tolist() == [Fraction(2, 3), Fraction(1, 2), 0]


def test_a_programme_is_ranked_by_its_head_targets():
    rows = rank_units(make_progress(), make_plan())
    programme = rows[(rows["target"] == "") & (rows["programme"] == "old_compound")]
    assert programme["rate"].tolist() == [Fraction(2, 3), Fraction(1, 2), 0]


def test_a_composite_weighs_what_a_unit_has():
    units = {"甲": 0, "乙": 0}
    plan = make_town(units, targets=("T1", "T2"))
    progress = progress_of({("T1", "甲"): (1, 2), ("T2", "甲"): (1, 4), ("T1", "乙"): (2, 5)})
    rows = rank_composite(progress, plan, weights={"T1": 3, "T2": 1})
    # 甲: (3 · 1/2 + 1 · 1/4) / 4 = 7/16 = 0.4375; 乙 has T1 only: 2/5
    assert rows["target"].unique().tolist() == [COMPOSITE]
    assert dict(zip(rows["unit"], rows["rate"], strict=True)) == {"甲": Fraction(7, 16), "乙": Fraction(2, 5)}
    assert rows["rank"].tolist() == [1, 2]


@pytest.mark.parametrize("weights", [{}, {"T1": 0}])
def test_a_composite_needs_weights(weights):
    with pytest.raises(InputError, match="权重须大于 0"):
        rank_composite(make_progress(), make_plan(), weights=weights)


def test_the_rules_name_the_tracks():
    assert "主城区组、县组" in tell_rules(make_plan())[0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4)), min_size=1, max_size=7),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_changes_nothing(counts, random):
    units = {f"{place}号": pair for place, pair in enumerate(counts)}
    plan, progress = make_town(units), progress_of({("T1", name): pair for name, pair in units.items()})
    order = list(range(len(progress)))
    random.shuffle(order)
    found = ranks(rank_units(progress, plan))
    assert found == ranks(rank_units(progress.iloc[order], plan))
    rates = {name: Fraction(*pair) for name, pair in units.items()}
    for name, rank in found.items():
        assert rank == 1 + sum(rate > rates[name] for rate in rates.values())
