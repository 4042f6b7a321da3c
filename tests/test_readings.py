"""Only the readings that changed a number are printed."""

from __future__ import annotations

import datetime as dt

import pytest

from renewal_gis import toytown
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.progress import measure_progress
from renewal_gis.analysis.readings import list_readings
from renewal_gis.errors import PlanError
from renewal_gis.findings import make_finding
from renewal_gis.ledger.history import find_reached
from renewal_gis.plan import Option, Revision, Switch

DAY = dt.date(2021, 9, 30)


def make_switch(when="", **other):
    options = (Option(value="a", footnote="甲读"), Option(value="b", footnote="乙读", set=other))
    return Switch(id="s", question="?", value="a", options=options if other else options[:1], when=when)


def read(switch, findings=()):
    plan = toytown.make_plan().model_copy(update={"switches": (switch,)})
    sites = toytown.make_sites()
    located = locate_sites(sites, toytown.make_units(), plan)
    reached = find_reached(toytown.make_events(), plan, sites, as_of=DAY)
    progress = measure_progress(sites, located, reached, plan, as_of=DAY)
    return list_readings(sites, located, reached, plan, progress, findings=findings, as_of=DAY)


@pytest.mark.parametrize(
    ("switch", "told"),
    [
        (
            make_switch(**{"T1.milestone": "accepted"}),
            ("甲读",),
        ),  # nothing is accepted by then: 0 instead of 3
        (make_switch(**{"T5.group": "core"}), ()),  # the only road lies in 乙区, a core unit, either way
        (make_switch(**{"T2.task": 4}), ("甲读",)),
        (make_switch(), ("甲读",)),
        (make_switch("never"), ()),
        (make_switch("always"), ("甲读",)),
        (make_switch("finding:unit-disagrees"), ()),
        (make_switch("gate:consultation"), ()),
    ],
)
def test_a_reading_is_told_if_another_would_change_a_number(switch, told):
    assert read(switch) == told


def test_a_reading_is_told_if_a_row_calls_for_it():
    found = [
        make_finding("unit-disagrees", value="甲区", new="乙区"),
        make_finding("gate-breached", value="征求意见的居民达到 80% 以上(现为 70%)"),
    ]
    assert read(make_switch("finding:unit-disagrees"), found) == ("甲读",)
    assert read(make_switch("gate:consultation"), found) == ("甲读",)


# ------------------------------------------------------------------ tasks revised during the year
def revise(**words):
    plan = toytown.make_plan()
    revision = Revision(date=dt.date(2021, 7, 1), document="某号文", **words)
    targets = tuple(
        t.model_copy(update={"revisions": (revision,)}) if t.id == "T1" else t for t in plan.targets
    )
    return plan.model_copy(update={"targets": targets})


def test_a_revision_holds_from_its_day():
    plan = revise(task=5, breakdown={"甲区": 2, "乙区": 2, "丙县": 1})
    assert plan.in_force(dt.date(2021, 6, 30)).target("T1").task == 6
    later = plan.in_force(dt.date(2021, 7, 1)).target("T1")
    assert (later.task, later.breakdown["甲区"]) == (5, 2)
    assert toytown.make_plan().in_force(DAY) == toytown.make_plan()


def test_a_revision_must_add_up():
    with pytest.raises(PlanError, match="分单位之和为 6,任务数为 5"):
        revise(task=5).in_force(DAY)
