"""The bundled project counted a second time, from the raw workbooks and the diary alone, at four days."""

from __future__ import annotations

import csv
import datetime as dt
import json
from fractions import Fraction

import openpyxl
import pytest

from conftest import HANDAN, ROOT
from renewal_gis.pipeline.inputs import load_inputs
from renewal_gis.pipeline.report import survey_for_report
from renewal_gis.pipeline.survey import keep_inputs
from renewal_gis.plan import load_plan
from renewal_gis.render.bulletin import build_bulletin
from renewal_gis.render.bulletin_json import write_json

D = dt.date
DAYS = [D(2021, 6, 30), D(2021, 9, 30), D(2021, 10, 1), D(2021, 12, 31)]
STAGES = {
    "old_compound": ["已征求意见", "已公示", "会审通过", "手续办结", "已开工", "改造完成", "验收合格"],
    "shanty_area": ["已开工", "基本建成"], "urban_village": ["已开工", "改造完成"],
    "back_alley": ["已开工", "改造完成", "验收合格"], "feature_street": ["已开工", "改造完成"],
    "dry_toilet": ["已开工", "已清理"], "stalled_building": ["已开工", "已清理"],
    "dead_end_road": ["手续办结", "已开工", "已打通"],
}  # fmt: skip
CORE = ["丛台区", "复兴区", "邯山区"]
ZONE = "邯郸经济技术开发区"
CORE4 = [*CORE, ZONE]
COMPOUNDS = {
    "丛台区": 81, "复兴区": 50, "邯山区": 113, "峰峰矿区": 115, "永年区": 10, "冀南新区": 2, "武安市": 5,
    "馆陶县": 6, "大名县": 4, "临漳县": 13, "曲周县": 5, "魏县": 13, "邱县": 13, "磁县": 35,
}  # fmt: skip
ADMIN = {*COMPOUNDS, "肥乡区", "成安县", "涉县", "鸡泽县", "广平县"} - {"冀南新区"}
UNITS = {*ADMIN, "冀南新区", ZONE}
# target: programme, stage, category, units (None: all), task
TARGETS = {
    "T01": ("shanty_area", "已开工", "新开工", None, 818),
    "T02": ("shanty_area", "基本建成", "基本建成", None, 14018),
    "T03": ("urban_village", "已开工", None, None, 22),
    "T04": ("old_compound", "改造完成", None, COMPOUNDS, 465),
    "T04a": ("old_compound", "改造完成", None, CORE, 244),
    "T04b": ("old_compound", "改造完成", None, set(COMPOUNDS) - set(CORE), 133),
    "T04c": ("old_compound", "验收合格", None, COMPOUNDS, 465),
    "T05": ("back_alley", "改造完成", None, CORE4, 542),
    "T06": ("back_alley", "改造完成", "精品样板", CORE4, 85),
    "T07": ("feature_street", "改造完成", None, None, None),
    "T08": ("feature_street", "改造完成", None, ADMIN, 18),
    "T09": ("dry_toilet", "已清理", None, CORE, 82),
    "T10": ("stalled_building", "已清理", None, CORE, 10),
    "T11": ("stalled_building", "已清理", None, CORE4, None),
    "T12": ("dead_end_road", "已打通", None, CORE4, 7),
    "T13": ("dead_end_road", "已打通", None, CORE, None),
}


def full_name(word):
    """A unit as an office writes it, as the plan writes it; words nobody could mistake."""
    if word in UNITS:
        return word
    if "开发区" in word or "经开" in word:
        return ZONE
    if "冀南" in word:
        return "冀南新区"
    found = [name for name in UNITS if name.startswith(word) or word.startswith(name[:2])]
    assert len(found) == 1, word
    return found[0]


def read_workbook(programme):
    book = openpyxl.load_workbook(ROOT / "data" / "sites" / f"{programme}.simulated.xlsx", data_only=True)
    (sheet,) = book.worksheets
    for block in list(sheet.merged_cells.ranges):
        value = sheet.cell(block.min_row, block.min_col).value
        sheet.unmerge_cells(str(block))
        for cells in sheet.iter_rows(block.min_row, block.max_row, block.min_col, block.max_col):
            for cell in cells:
                cell.value = value
    lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    top = next(k for k, line in enumerate(lines) if "编号" in line)
    heads = [
        low if low in {"套数", "计划完工"} else high for high, low in zip(*lines[top : top + 2], strict=True)
    ]
    for line in lines[top + 2 :]:
        row = dict(zip(heads, line, strict=True))
        if row["编号"] and "-" in str(row["编号"]):
            yield {"programme": programme, "id": row["编号"].strip(), "unit": full_name(row["责任单位"].strip()),
                   "category": row.get("类别"), "dwellings": row.get("套数")}  # fmt: skip


@pytest.fixture(scope="module")
def raw():
    sites = {row["id"]: row for programme in STAGES for row in read_workbook(programme)}
    path = ROOT / "data" / "sites" / "events.simulated.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        diary = [(row["编号"], D.fromisoformat(row["日期"]), row["阶段"]) for row in csv.DictReader(file)]
    return sites, diary


@pytest.fixture(scope="module")
def bulletins(tmp_path_factory):
    """The record of the bulletin of each day, read back from its file."""
    plan = load_plan(HANDAN)
    ledger = tmp_path_factory.mktemp("ledger") / "ledger.gpkg"
    keep_inputs(load_inputs(plan), ledger, plan, at=dt.datetime(2022, 1, 1, tzinfo=dt.UTC), by="测试")

    def make(day):
        survey = survey_for_report(plan, ledger, as_of=day, tell=lambda _: None)
        return json.loads(write_json(build_bulletin(survey)))

    return {day: make(day) for day in DAYS}


def find_done(raw, programme, stage, day):
    order = STAGES[programme]
    return {
        site
        for site, at, reached in raw[1]
        if at <= day and site in raw[0] and raw[0][site]["programme"] == programme
        and reached in order and order.index(reached) >= order.index(stage)
    }  # fmt: skip


def count(raw, target, day, unit=None):
    """Ledger and done of a target, in its measure."""
    programme, stage, category, units, _ = TARGETS[target]
    if target in {"T04a", "T04b"}:  # what was completed after 10-01 came too late for these
        day = min(day, D(2021, 9, 30))
    rows = [
        row for row in raw[0].values()
        if row["programme"] == programme and (category is None or row["category"] == category)
        and (units is None or row["unit"] in units) and unit in (None, row["unit"])
    ]  # fmt: skip
    done = find_done(raw, programme, stage, day)
    weigh = (lambda row: int(row["dwellings"])) if target in {"T01", "T02"} else (lambda row: 1)
    return sum(map(weigh, rows)), sum(weigh(row) for row in rows if row["id"] in done)


def rows_of(record, **keys):
    return [row for row in record["targets"] if all(row[key] == value for key, value in keys.items())]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("target", TARGETS)
def test_the_city(raw, bulletins, target, day):
    (row,) = rows_of(bulletins[day], id=target, unit="全市")
    ledger, done = count(raw, target, day)
    task = TARGETS[target][-1]
    (held,) = [row for row in bulletins[day]["counts"] if (row["id"], row["unit"]) == (target, "全市")]
    assert (row["task"], held["ledger"], row["done"]) == (task, ledger, done)
    if target == "T08":  # two streets in one county do not stand in for none in another
        done = sum(min(count(raw, target, day, unit)[1], 1) for unit in ADMIN)
        assert (held["passed"], held["units"]) == (done, 18)
    assert row["rate"] == [done, ledger if task is None else task]


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("target", ["T04", "T04a", "T04b", "T04c", "T08"])
def test_the_units(raw, bulletins, target, day):
    rows = rows_of(bulletins[day], id=target)
    assert {row["unit"] for row in rows} == {"全市", *TARGETS[target][3]}
    for row in rows[1:]:
        assert row["done"] == count(raw, target, day, row["unit"])[1], row["unit"]
        if target in {"T04", "T04c"}:
            assert row["task"] == COMPOUNDS[row["unit"]]
        if target == "T04b":  # 60 %, rounded up
            assert row["task"] == -(-COMPOUNDS[row["unit"]] * 3 // 5)
    passed = sum(row["done"] >= row["task"] for row in rows[1:])
    (held,) = [row for row in bulletins[day]["counts"] if (row["id"], row["unit"]) == (target, "全市")]
    assert (held["passed"], held["units"]) == (passed, len(rows) - 1)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_pace_of_the_compounds(raw, bulletins, day):
    spring, autumn, winter = D(2021, 4, 1), D(2021, 9, 30), D(2021, 11, 30)
    for row in rows_of(bulletins[day], id="T04")[1:]:
        if row["unit"] in CORE:
            due = min(Fraction((day - spring).days, (autumn - spring).days), 1)
        elif day <= autumn:
            due = Fraction(6, 10) * Fraction((day - spring).days, (autumn - spring).days)
        else:
            due = min(
                Fraction(6, 10) + Fraction(4, 10) * Fraction((day - autumn).days, (winter - autumn).days), 1
            )
        rate = Fraction(count(raw, "T04", day, row["unit"])[1], COMPOUNDS[row["unit"]])
        assert row["expected"] == float(due)
        assert row["pace_pp"] == float((rate - due) * 100)
        if rate >= due:
            assert row["light"] == "green"
        elif due - rate > Fraction(3, 10):
            assert row["light"] == "red"
        elif due - rate <= Fraction(1, 10):
            assert row["light"] == "slight"
        else:
            assert row["light"] in {"yellow", "red"}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_ranking_of_the_compounds(raw, bulletins, day):
    tracks = [CORE, [u for u in COMPOUNDS if u not in {*CORE, "冀南新区"}], ["冀南新区"]]
    shown = {row["unit"]: row["rank"] for row in rows_of(bulletins[day], id="T04")}
    assert shown.pop("全市") is None
    for track in tracks:
        rates = {u: Fraction(count(raw, "T04", day, u)[1], COMPOUNDS[u]) for u in track}
        assert {u: shown[u] for u in track} == {
            u: 1 + sum(other > rate for other in rates.values()) for u, rate in rates.items()
        }


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_week(raw, bulletins, day):
    since = day - dt.timedelta(days=7)
    record = bulletins[day]
    assert record["since"] == since.isoformat()
    changes = {row["target"]: row for row in record["changes"] if row["unit"] == "全市"}
    for target, row in changes.items():
        assert row["change"] == count(raw, target, day)[1] - count(raw, target, since)[1], target
    for kind, stage in (("started", "已开工"), ("accepted", "验收合格")):
        fresh = {
            site
            for programme, stages in STAGES.items() if stage in stages
            for site in find_done(raw, programme, stage, day) - find_done(raw, programme, stage, since)
        }  # fmt: skip
        assert {row["site_id"] for row in record["moves"] if row["kind"] == kind} == fresh


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_who_did_not_report(raw, bulletins, day):
    since = day - dt.timedelta(days=7)
    sites, diary = raw
    last = {unit: max((at for s, at, _ in diary if sites[s]["unit"] == unit and at <= day), default=None)
            for unit in UNITS}  # fmt: skip
    final = {
        site for programme, stages in STAGES.items() for site in find_done(raw, programme, stages[-1], day)
    }
    waiting = {row["unit"] for row in sites.values() if row["id"] not in final}
    silent = {unit for unit in waiting if last[unit] is None or last[unit] <= since}
    assert {row["unit"] for row in bulletins[day]["not_reported"]} == silent
    for row in bulletins[day]["not_reported"]:
        latest = last[row["unit"]]
        assert row["days_since"] == (None if latest is None else (day - latest).days)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_no_striving_target_is_proposed(bulletins, day):
    named = {row["target"] for row in bulletins[day]["supervision"]}
    assert not named & {"T11", "T13"}
    missed = {
        (row["target"], row["unit"]) for row in bulletins[day]["supervision"] if row["kind"] == "missed"
    }
    late = {"T04a", "T04b"} if day > D(2021, 9, 30) else set()
    late |= {"T04c"} if day > D(2021, 11, 30) else set()
    short = {
        (row["id"], row["unit"]) for row in bulletins[day]["targets"]
        if row["id"] in late and row["unit"] != "全市" and row["done"] < row["rate"][1]
    }  # fmt: skip
    assert missed == short
