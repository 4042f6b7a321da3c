"""Which rows a number is: the sums are those of PROGRESS, and every row says why."""

from __future__ import annotations

import csv
import datetime as dt
import io

import openpyxl
import pandas as pd
import pytest

from renewal_gis import toytown
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.progress import measure_progress
from renewal_gis.analysis.rows import list_balances, list_target_rows
from renewal_gis.ledger.history import find_reached
from renewal_gis.render.proof import make_sheets, write_rows
from renewal_gis.render.workbook import write_findings
from renewal_gis.schema import check_frame
from renewal_gis.schema_review import BALANCES, ROWS

DAY = dt.date(2021, 10, 5)


@pytest.fixture(scope="module")
def town():
    plan, sites = toytown.make_plan(), toytown.make_sites()
    located = locate_sites(sites, toytown.make_units(), plan)
    reached = find_reached(toytown.make_events(), plan, sites, as_of=DAY)
    return sites, located, reached, plan


@pytest.fixture(scope="module")
def rows(town):
    return list_target_rows(*town, as_of=DAY)


def change(plan, target_id, **fields):
    targets = tuple(t.model_copy(update=fields) if t.id == target_id else t for t in plan.targets)
    return plan.model_copy(update={"targets": targets})


def test_the_sums_of_the_rows_are_the_numbers(town, rows):
    check_frame(rows, ROWS)
    progress = measure_progress(*town, as_of=DAY)
    for number in progress.to_dict("records"):
        part = rows[(rows["target"] == number["target"]) & rows["counts"]]
        if number["unit"] != "全市":
            part = part[part["unit"] == number["unit"]]
        told = [part["weight"].sum(), *(part.loc[part[key], "weight"].sum() for key in ("located", "done"))]
        assert told == [number["ledger"], number["located"], number["done"]], number["target"]


def test_every_row_says_why(rows):
    words = rows[rows["target"] == "T1"].set_index("site_id")["words"]
    assert words["A-01"] == "已完成"
    assert words["A-03"] == "未完成"
    assert words["A-04"] == "已完成;没有位置"
    assert rows[rows["target"] == "T3"]["site_id"].tolist() == ["A-07"]
    origin = rows[(rows["target"] == "T1") & (rows["site_id"] == "A-03")].iloc[0]
    assert (origin["source_file"], origin["source_row"]) == ("toytown", 3)


def test_a_row_outside_the_target_is_listed_with_the_reason(town):
    sites, located, reached, plan = town
    core = change(plan, "T1", group="core", breakdown={"甲区": 3, "乙区": 2}, task=5)
    rows = list_target_rows(sites, located, reached, core, as_of=DAY).set_index(["target", "site_id"])
    out = rows.loc[("T1", "A-06")]
    assert (out["counts"], out["weight"], out["words"]) == (False, 0, "不计入:丙县不在该目标范围内")


def test_what_came_too_late_for_a_checkpoint_says_so(town):
    sites, located, reached, plan = town
    node = change(plan, "T1", checkpoint=True, deadline=dt.date(2021, 9, 30))
    rows = list_target_rows(sites, located, reached, node, as_of=DAY).set_index(["target", "site_id"])
    # A-04 was completed on 10-01
    assert rows.loc[("T1", "A-04"), "words"] == "2021-10-01完成,晚于2021-09-30,不计入该节点;没有位置"
    assert not rows.loc[("T1", "A-04"), "done"]


def test_balances_tell_the_difference(town):
    sites, located, reached, plan = town
    more = change(plan, "T1", task=8, breakdown={"甲区": 5, "乙区": 2, "丙县": 1})
    table = list_balances(measure_progress(sites, located, reached, more, as_of=DAY), more)
    check_frame(table, BALANCES)
    table = table.set_index(["target", "unit"])
    assert table.loc[("T1", "全市"), ["over", "open", "words"]].tolist() == [
        -2,
        2,
        "台账比任务少2个;1个没有位置",
    ]
    assert table.loc[("T1", "丙县"), "words"] == "相符"
    assert table.loc[("T5", "全市"), "words"] == "方案未给任务数,按台账计"
    assert pd.isna(table.loc[("T5", "全市"), "over"])


def test_the_workbook_and_the_csv_hold_the_same_rows(town, rows):
    balances = list_balances(measure_progress(*town, as_of=DAY), town[3])
    book = openpyxl.load_workbook(io.BytesIO(write_findings([], more=make_sheets(balances, rows))))
    assert book.sheetnames == ["核查清单", "任务与台账对照", "逐行对照"]
    cells = [
        ["" if c is None else str(c) for c in row] for row in book["逐行对照"].iter_rows(values_only=True)
    ]
    content = write_rows(rows)
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == cells
    assert len(cells) == len(rows) + 1
    done = next(row for row in cells if row[:4] == ["T1", "老旧小区改造完成", "甲区", "A-01"])
    assert done[8:14] == ["1", "是", "是", "是", "2021-08-20", "已完成"]


def test_without_rows_there_are_no_sheets():
    assert make_sheets(pd.DataFrame(), pd.DataFrame()) == ()


def test_what_looks_like_a_formula_stays_text(rows):
    odd = rows.head(1).assign(name="=1+1")
    assert ",'=1+1," in write_rows(odd).decode("utf-8-sig")
