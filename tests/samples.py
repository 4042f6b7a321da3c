"""A survey of the toy town as of 2021-09-30, its numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from fractions import Fraction
from functools import lru_cache

import geopandas as gpd
import pandas as pd

from renewal_gis import toytown
from renewal_gis.analysis.burnup import trace_progress
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.findings import make_finding
from renewal_gis.ledger.history import find_reached
from renewal_gis.schema import STORED_CRS
from renewal_gis.survey import Survey

AS_OF = dt.date(2021, 9, 30)
STAGES = {
    "A-01": "works_completed", "A-02": "works_completed", "A-03": "started", "A-04": "started",
    "A-05": "works_completed", "A-06": "consulted", "A-07": "works_completed", "A-08": "started",
    "A-09": "not_started", "A-10": "cleared", "A-11": "not_started", "A-12": "permitted",
}  # fmt: skip

# target, unit, task, ledger, done, expected share, light
# T1: core due 100 %, county 60 %: the city is due (5 x 1 + 1 x 0.6) / 6 = 14/15
# T2-T4: 213 of the 305 days from 2021-03-01 to 2021-12-31 have passed
_DUE = Fraction(213, 305)
_ROWS = [
    ("T1", "全市", 6, 6, 3, Fraction(14, 15), "red"),
    ("T1", "甲区", 3, 3, 2, Fraction(1), "red"),
    ("T1", "乙区", 2, 2, 1, Fraction(1), "red"),
    ("T1", "丙县", 1, 1, 0, Fraction(3, 5), "red"),
    ("T2", "全市", 3, 3, 1, _DUE, "red"),
    ("T3", "全市", 1, 1, 1, _DUE, "green"),
    ("T4", "全市", 2, 2, 1, _DUE, "yellow"),
    ("T5", "全市", None, 1, 0, None, ""),
]


def make_progress(rows=_ROWS) -> pd.DataFrame:
    plan = toytown.make_plan()
    records = []
    passed = Counter(row[0] for row in rows if row[1] != "全市" and row[4] >= (row[2] or 0))
    for target_id, unit, task, ledger, done, expected, light in rows:
        target = plan.target(target_id)
        base = task if task is not None else ledger
        rate = Fraction(done, base)
        records.append({
            "target": target_id, "programme": target.programme, "indicator": target.indicator, "unit": unit,
            "measure": target.measure, "task": task, "ledger": ledger, "located": ledger, "unlocated": 0,
            "done": done, "counted": done, "base": base, "rate": rate, "expected": expected,
            "pace_pp": None if expected is None else (rate - expected) * 100, "light": light,
            "basis": target.basis,
            "passed": passed[target_id] if unit == "全市" and target.breakdown else None,
            "units": len(target.breakdown) if unit == "全市" and target.breakdown else None,
        })  # fmt: skip
    frame = pd.DataFrame(records)
    counts = ["task", "ledger", "located", "unlocated", "done", "counted", "base", "passed", "units"]
    return frame.astype(dict.fromkeys(counts, "Int64"))


@lru_cache(maxsize=1)
def _trace() -> pd.DataFrame:
    plan, sites = toytown.make_plan(), toytown.make_sites()
    located = locate_sites(sites, toytown.make_units(), plan)
    reached = find_reached(toytown.make_events(), plan, sites, as_of=AS_OF)
    return trace_progress(sites, located, reached, plan, as_of=AS_OF)


def make_survey(**changes) -> Survey:
    sites = toytown.make_sites()
    sites["stage"] = sites.index.map(STAGES)
    nothing = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=STORED_CRS)
    values = {
        "plan": toytown.make_plan(), "as_of": AS_OF, "sites": sites, "events": toytown.make_events(),
        "reached": pd.DataFrame(), "units": toytown.make_units(), "progress": make_progress(),
        "coverage": pd.DataFrame(), "reach_areas": nothing, "streets": toytown.make_roads(),
        "dead_ends": nothing, "links": nothing, "defects": nothing,
        "backdrop": {"water": toytown.make_barriers()}, "land": toytown.make_land(),
        "facilities": toytown.make_facilities(),
        "findings": (
            make_finding("date-assumed", field="实际完工", value="2021.10", new="2021-10-01", file="a.xlsx", row=7),
            make_finding("location-missing", file="a.xlsx", sheet="台账", row=6, site_id="A-04"),
        ),
        "burnup": _trace(),
        "sources": ("项目台账:模拟数据", "道路:模拟数据", "项目台账:模拟数据"), "simulated": True,
    }  # fmt: skip
    return Survey(**{**values, **changes})
