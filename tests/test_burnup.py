"""How the targets of the toy town grew; counted by hand from its diary."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.analysis.burnup import trace_progress
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.errors import SchemaError
from renewal_gis.ledger.history import find_reached
from renewal_gis.schema import BURNUP, check_frame

D = dt.date
AS_OF = D(2021, 9, 30)


@pytest.fixture(scope="module")
def town():
    plan, sites = toytown.make_plan(), toytown.make_sites()
    located = locate_sites(sites, toytown.make_units(), plan)
    return sites, located, find_reached(toytown.make_events(), plan, sites, as_of=AS_OF), plan


def trace(town, *, as_of=AS_OF, target, unit="全市"):
    frame = trace_progress(*town, as_of=as_of)
    check_frame(frame, BURNUP)
    part = frame[(frame["target"] == target) & (frame["unit"] == unit)]
    return part.set_index(part["date"].dt.date)


def test_the_city_grows_with_its_sites(town):
    # T1: A-01 done on 20 August, A-05 on 12 September, A-02 on 30 September; counted from 1 April
    rows = trace(town, target="T1")
    assert rows.index[0] == D(2021, 4, 1)
    assert rows["done"][D(2021, 8, 19)] == 0
    assert rows["done"][D(2021, 8, 26)] == 1
    assert rows["done"][D(2021, 9, 16)] == 2
    assert rows["done"][AS_OF] == 3
    assert rows["base"].unique().tolist() == [6]


def test_after_the_day_only_the_due_share_is_known(town):
    rows = trace(town, target="T1")
    later = rows[rows.index > AS_OF]
    assert len(later)
    assert later["done"].isna().all()
    assert rows.index[-1] == D(2021, 12, 31)
    assert rows["expected"].iloc[-1] == 1.0
    assert rows["expected"][AS_OF] == pytest.approx(14 / 15)  # (5 x 1 + 1 x 0.6) / 6


def test_units_add_up_and_those_without_task_have_no_rows(town):
    frame = trace_progress(*town, as_of=AS_OF)
    known = frame[(frame["target"] == "T1") & frame["done"].notna()]
    city = known[known["unit"] == "全市"].set_index("date")["done"]
    units = known[known["unit"] != "全市"].groupby("date")["done"].sum()
    assert (city == units).all()
    assert set(frame.loc[frame["target"] == "T2", "unit"]) == {"全市"}


def test_a_striving_target_has_no_due_share(town):
    rows = trace(town, target="T5")
    assert rows["expected"].isna().all()
    assert rows["base"].unique().tolist() == [1]  # the ledger's count


def test_a_day_before_the_count_begins_knows_nothing(town):
    rows = trace(town, target="T1", as_of=D(2021, 3, 15))
    assert rows["done"].isna().all()


def test_never_falls(town):
    frame = trace_progress(*town, as_of=AS_OF)
    for _, part in frame[frame["done"].notna()].groupby(["target", "unit"]):
        assert part["done"].is_monotonic_increasing


def test_frames_that_do_not_belong_together_are_refused(town):
    sites, located, reached, plan = town
    with pytest.raises(SchemaError, match="不一致"):
        trace_progress(sites, located.iloc[1:], reached, plan, as_of=AS_OF)
    with pytest.raises(SchemaError, match="REACHED"):
        trace_progress(sites, located, pd.DataFrame(), plan, as_of=AS_OF)
