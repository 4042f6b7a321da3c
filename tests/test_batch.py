"""Many cities: one fails, the rest go on; what is done is not done again."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from importlib import resources
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from renewal_gis import batch, toytown
from renewal_gis.batch import Outcome, list_tasks, run_batch, write_summary
from renewal_gis.cli import main
from renewal_gis.errors import InputError

AT = dt.datetime(2021, 10, 8, 9, tzinfo=dt.UTC)


def write_project(folder, city):
    """Write the toy town as a project of files under another name."""
    folder.mkdir(parents=True)
    toytown.make_units().reset_index().to_file(folder / "units.geojson")
    toytown.make_roads().to_parquet(folder / "roads.parquet")
    sites = toytown.make_sites()
    middle = sites[sites.geometry.notna()].geometry.representative_point()
    sources = [("units", "", "units.geojson"), ("roads", "", "roads.parquet"), ("events", "", "events.csv")]
    for programme, rows in sites.groupby("programme"):
        table = rows[["name", "declared_unit", "households"]].set_axis(
            ["项目名称", "责任单位", "户数"], axis=1
        )
        table["经度"], table["纬度"] = middle.x.reindex(rows.index), middle.y.reindex(rows.index)
        table.rename_axis("编号").to_csv(folder / f"{programme}.csv")
        sources.append(("sites", programme, f"{programme}.csv"))
    events = toytown.make_events()
    events = events[events["stage"] != ""]
    columns = {"site_id": "编号", "date": "日期", "stage": "阶段"}
    events[list(columns)].rename(columns=columns).to_csv(folder / "events.csv", index=False)
    text = (resources.files("renewal_gis") / "data/toytown.toml").read_text(encoding="utf-8")
    text = text.replace("示例市", city).replace('id = "toytown"', f'id = "{folder.name}"', 1)
    for role, programme, path in sources:
        named = f'programme = "{programme}"\n' if programme else ""
        text += (
            f'[[sources]]\nrole = "{role}"\n{named}path = "{path}"\nsimulated = true\nattribution = "虚构"\n'
        )
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    return folder / "plan.toml"


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects")
    good = [write_project(folder / name, city) for name, city in (("east", "东市"), ("west", "西市"))]
    bad = folder / "bad" / "plan.toml"
    shutil.copytree(folder / "east", bad.parent)
    (bad.parent / "units.geojson").unlink()
    return [*good, bad]


@pytest.fixture(scope="module")
def ran(projects, tmp_path_factory):
    """A first run of all three, by two processes."""
    output = tmp_path_factory.mktemp("out")
    told = []
    tasks = list_tasks(projects, output, as_of=None, at=AT, by="张某")
    return tasks, run_batch(tasks, workers=2, tell=told.append), told, output


def states(outcomes):
    return [outcome.state for outcome in outcomes]


def test_a_failed_city_does_not_stop_the_rest(ran):
    _, outcomes, told, _ = ran
    assert states(outcomes) == ["made", "made", "failed"]
    assert "units.geojson" in outcomes[2].reason
    assert sorted(states(told)) == ["failed", "made", "made"]
    assert [outcome.city for outcome in outcomes] == ["东市", "西市", ""]
    assert all(Path(outcome.output, "maps/index.html").is_file() for outcome in outcomes[:2])


def test_what_is_done_is_not_done_again(ran, projects):
    tasks, first, _, _ = ran
    before = Path(tasks[0].output, "manifest.json").stat().st_mtime_ns
    again = [batch.run_task(task) for task in tasks]
    assert states(again) == ["kept", "kept", "failed"]
    assert again[0].counts == first[0].counts
    assert Path(tasks[0].output, "manifest.json").stat().st_mtime_ns == before


def test_a_killed_or_changed_project_is_made_again(ran, projects, tmp_path):
    tasks, _, _, _ = ran
    copy = tmp_path / "west"
    shutil.copytree(tasks[1].output, copy)
    task = batch.Task(tasks[1].plan_path, str(copy), None, tasks[1].at, "张某")
    assert batch.run_task(task).state == "kept"
    (copy / "reports/findings.xlsx").unlink()
    assert batch.run_task(task).state == "made"
    assert (
        batch.run_task(batch.Task(task.plan_path, task.output, "2021-09-29", task.at, "张某")).state == "made"
    )


def test_the_summary_tells_of_all(ran):
    _, outcomes, _, output = ran
    paths = write_summary(outcomes, output)
    assert [path.name for path in paths] == ["summary.json", "summary.xlsx", "summary.gpkg", "summary.html"]
    told = json.loads(paths[0].read_text(encoding="utf-8"))
    assert [project["state"] for project in told["projects"]] == ["made", "made", "failed"]
    book = openpyxl.load_workbook(paths[1])
    rows = list(book["城市"].iter_rows(min_row=2, values_only=True))
    assert [row[2] for row in rows] == ["已完成", "已完成", "失败"]
    assert [row[0] for row in book["目标"].iter_rows(min_row=2, values_only=True)].count("东市") == len(
        outcomes[0].counts
    )
    assert "模拟数据" in paths[3].read_text(encoding="utf-8")


def test_a_running_scheduler_does_the_work(ran):
    distributed = pytest.importorskip("distributed")
    tasks, _, _, _ = ran
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        outcomes = run_batch(tasks, workers=1, scheduler=cluster.scheduler_address, tell=lambda _: None)
    assert states(outcomes) == ["kept", "kept", "failed"]


def test_nobody_answers():
    pytest.importorskip("distributed")
    task = batch.Task("a.toml", "out", None, AT.isoformat(), "张某")
    with pytest.raises(InputError, match="没有应答"):
        run_batch([task], workers=1, scheduler="tcp://127.0.0.1:1", tell=lambda _: None)


def test_names_and_patterns(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text("", encoding="utf-8")
    tasks = list_tasks([tmp_path / "*.toml"], tmp_path / "out", as_of=dt.date(2021, 9, 30), at=AT, by="张某")
    assert [Path(task.output).name for task in tasks] == ["a", "b"]
    assert tasks[0].as_of == "2021-09-30"
    with pytest.raises(InputError, match="同名"):
        list_tasks([tmp_path / "a.toml", tmp_path / "x/a.toml"], tmp_path, as_of=None, at=AT, by="")
    with pytest.raises(InputError, match="没有方案"):
        list_tasks([tmp_path / "*.none"], tmp_path, as_of=None, at=AT, by="")


def test_the_command_ends_with_1_when_a_city_failed(tmp_path):
    told = CliRunner().invoke(
        main, ["batch", str(tmp_path / "none.toml"), "--workers", "1", "-o", str(tmp_path / "out")]
    )
    assert told.exit_code == 1, told.output
    assert "失败" in told.stderr
    assert (tmp_path / "out/summary.xlsx").is_file()


def test_outcomes_are_small_and_plain():
    assert len(json.dumps(Outcome("a", "b", "made").__dict__)) < 300
