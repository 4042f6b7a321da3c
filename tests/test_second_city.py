"""A second city, made of a plan and data alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import subprocess
import sys
from fractions import Fraction

import openpyxl
import pytest
from click.testing import CliRunner

from conftest import ROOT
from renewal_gis.batch import list_tasks
from renewal_gis.cli import main
from renewal_gis.pipeline.inputs import load_inputs
from renewal_gis.pipeline.survey import keep_inputs, survey_city
from renewal_gis.plan import load_plan

PLAN = ROOT / "plans" / "hengshui-example.toml"
DATA = ROOT / "data" / "sites" / "hengshui"
AT = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def plan():
    return load_plan(PLAN)


@pytest.fixture(scope="module")
def inputs(plan):
    return load_inputs(plan)


@pytest.fixture(scope="module")
def surveys(plan, inputs, tmp_path_factory):
    book = tmp_path_factory.mktemp("second") / "ledger.gpkg"
    found = keep_inputs(inputs, book, plan, at=AT, by="测试")
    days = (dt.date(2026, 6, 30), dt.date(2026, 9, 30))
    return {
        day: survey_city(plan, inputs, book, as_of=day, tell=lambda _: None, findings=found) for day in days
    }


def test_the_plan_says_that_it_is_no_decree(plan):
    assert "示例方案(模拟)" in plan.title
    assert "虚构" in plan.validity
    assert "政府" not in plan.issuer
    assert [source.role for source in plan.sources if not source.simulated] == ["units"]
    assert all(".simulated." in source.path for source in plan.sources if source.role != "units")
    assert plan.crs_metric == "EPSG:4548"  # 115.1—116.6°,中央经线 117°,与另一城不同带


def test_every_row_is_taken(plan, inputs):
    assert inputs.sites.groupby("programme").size().to_dict() == {
        "old_compound": 24, "back_alley": 16, "dry_toilet": 16, "dead_end_road": 4,
    }  # fmt: skip
    assert all(one["read"] == one["accepted"] for one in inputs.balance.values())
    assert inputs.sites.geometry.notna().all()
    inside = inputs.sites.geometry.representative_point()
    for unit, points in inside.groupby(inputs.sites["declared_unit"]):
        outline = inputs.units.set_index("name").geometry[unit]
        assert points.within(outline).all()


@pytest.mark.parametrize(
    ("day", "done"),
    [
        # 老旧小区 6+3+1、12+5+2;背街小巷 7、13;旱厕 6+3、9+5;断头路 0、1
        (dt.date(2026, 6, 30), {"T01": 10, "T02": 7, "T03": 9, "T04": 0}),
        (dt.date(2026, 9, 30), {"T01": 19, "T02": 13, "T03": 14, "T04": 1}),
    ],
)
def test_counts_are_those_of_the_simulation(surveys, day, done):
    progress = surveys[day].progress
    city = progress[progress["unit"] == "全市"].set_index("target")
    assert city["done"].to_dict() == done
    assert city["task"].to_dict() == {"T01": 24, "T02": 16, "T03": 16, "T04": 4}


def test_units_and_the_schedule_are_those_worked_out_by_hand(surveys):
    progress = surveys[dt.date(2026, 9, 30)].progress
    rows = progress[progress["target"] == "T01"].set_index("unit")
    assert rows.loc[["桃城区", "冀州区", "深州市"], "done"].tolist() == [12, 5, 2]
    # 4 月 1 日至 10 月 31 日共 213 天,到 9 月 30 日为 182 天
    assert rows.loc["全市", "expected"] == Fraction(182, 213)
    # 深州市 2/4,滞后 35.4 个百分点,超过 30
    assert rows.loc["深州市", "light"] == "red"
    assert rows.loc["桃城区", "light"] == "green"


def test_missing_links_are_found_and_matched_to_the_ledger(surveys):
    survey = surveys[dt.date(2026, 9, 30)]
    # 断开六处,每处两端各一个断头
    assert len(survey.dead_ends) == 12
    assert len(survey.links) == 6
    told = [finding.site_id for finding in survey.findings if finding.code == "road-not-opened"]
    assert told == ["DT-TC-001"]


def test_the_data_are_written_again_byte_for_byte(tmp_path):
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "simulate_example.py"), "-o", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    made = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    held = {path.name: path for path in DATA.iterdir() if path.name != "README.md"}
    assert sorted(made) == sorted(held)
    # parquet 的字节随库的版本变化,其余不变
    for name, path in held.items():
        if not name.endswith(".parquet"):
            assert made[name] == hashlib.sha256(path.read_bytes()).hexdigest(), name
    assert sum(path.stat().st_size for path in held.values()) < 600_000


def test_workbooks_have_the_columns_of_the_blank_ones(plan, tmp_path):
    from renewal_gis.ledger.templates import write_templates

    for path in write_templates(plan, tmp_path):
        blank = openpyxl.load_workbook(path).active
        filled = openpyxl.load_workbook(DATA / f"{path.stem}.simulated.xlsx").active
        assert [cell.value for cell in filled[2]] == [cell.value for cell in blank[2]]


def test_a_batch_takes_both_cities(tmp_path):
    plans = sorted((ROOT / "plans").glob("*.toml"))
    tasks = list_tasks(plans, tmp_path, as_of=None, at=AT, by="测试")
    assert len(tasks) == len(plans) >= 2


def copy_city(folder, *, without):
    """Copy the plan and the workbooks to a folder, without what is named."""
    text = PLAN.read_text(encoding="utf-8").replace(
        "../data/boundaries", (ROOT / "data/boundaries").as_posix()
    )
    text = text.replace("../data/sites/hengshui", "sites")
    text = re.sub(rf'\[\[sources\]\]\nrole = "{without}"\n(?:.+\n)+', "", text)
    (folder / "sites").mkdir(parents=True)
    for path in DATA.iterdir():
        (folder / "sites" / path.name).write_bytes(path.read_bytes())
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder / "plan.toml"


def test_a_ledger_without_progress_makes_no_bulletin_of_zeros(tmp_path):
    path = copy_city(tmp_path / "city", without="events")
    told = CliRunner().invoke(
        main, ["build", str(path), "--as-of", "2026-06-30", "-o", str(tmp_path / "out")]
    )
    assert told.exit_code == 2
    assert "没有进度记录,完成数无从统计" in told.stderr
    assert "role = events" in told.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["ledger.gpkg"]


def test_blank_workbooks_are_refused_before_a_ledger_is_made(plan, tmp_path):
    from renewal_gis.ledger.templates import write_templates

    path = copy_city(tmp_path / "city", without="events")
    for blank in write_templates(plan, tmp_path / "blank"):
        (path.parent / "sites" / f"{blank.stem}.simulated.xlsx").write_bytes(blank.read_bytes())
        (path.parent / "sites" / f"{blank.stem}.simulated.geojson").unlink(missing_ok=True)
    text = re.sub(r"geometry = \".*simulated.geojson\"\n", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    told = CliRunner().invoke(
        main, ["build", str(path), "--as-of", "2026-06-30", "-o", str(tmp_path / "out")]
    )
    assert told.exit_code == 2
    assert "台账工作簿都没有项目" in told.stderr
    assert "old_compound.simulated.xlsx" in told.stderr
    assert "逐行填写" in told.stderr
    assert not (tmp_path / "out").exists()


def test_a_blank_workbook_checks_clean(plan, tmp_path):
    from renewal_gis.ledger.templates import write_templates

    for path in write_templates(plan, tmp_path):
        told = CliRunner().invoke(main, ["check", str(path), "--plan", str(PLAN), "--programme", path.stem])
        assert told.exit_code == 0, told.output
        assert "读到 0 = 接收 0 + 修复 0 + 隔离 0" in told.output
        assert "没有记录" in told.output
