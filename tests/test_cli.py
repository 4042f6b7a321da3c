"""The commands, as a user types them."""

from __future__ import annotations

import csv
import io
import json
import re

import click
import pytest
from click.testing import CliRunner

from conftest import HANDAN, ROOT
from renewal_gis.cli import main
from renewal_gis.plan import load_plan


def walk(command: click.Command, words: tuple[str, ...] = ()):
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from walk(child, (*words, name))
    else:
        yield words, command


COMMANDS = dict(walk(main))


def run(*words: object):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The toy town's ledger, made by the command."""
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", "-o", folder)
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(words):
    done = run(*words, "--help")
    assert done.exit_code == 0
    assert "Example:\n" in done.output
    assert "renewal-gis " + " ".join(words) in done.output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_both_readmes(words):
    for name in ("README.md", "README.en.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(rf"renewal-gis {' '.join(words)}\b", text), name


def test_the_demo_needs_no_file(toy):
    manifest = json.loads((toy / "manifest.json").read_text(encoding="utf-8"))
    # 甲区的 A-01、A-02 与乙区的 A-05 在 9 月 30 日前完工;A-04 是 10 月 1 日
    assert manifest["counts"]["T1"] == {
        "task": 6, "ledger": 6, "located": 5, "unlocated": 1, "done": 3, "measure": "个",
    }  # fmt: skip
    assert manifest["simulated"] is True


def test_the_steps_told_are_the_steps_counted(tmp_path):
    done = run("demo", "-o", tmp_path)
    lines = [line for line in done.output.splitlines() if line.startswith("[")]
    assert lines[0].startswith("[1/13]")
    assert lines[-1].startswith("[13/13]")
    assert len(lines) == 13


def test_an_event_is_acknowledged_once(toy, tmp_path):
    ledger = tmp_path / "ledger.gpkg"
    ledger.write_bytes((toy / "ledger.gpkg").read_bytes())
    words = ("ledger", "event", "--ledger", ledger, "--site", "A-03", "--date", "2021-09-29", "--by", "张某")
    first = run(*words, "--stage", "works_completed", "--key", "k1")
    again = run(*words, "--stage", "works_completed", "--key", "k1")
    assert first.output.startswith("ok ")
    assert first.output == again.output
    events = json.loads(run("ledger", "history", "A-03", "--ledger", ledger, "--json").output)
    assert [event["key"] for event in events].count("k1") == 1
    assert run("ledger", "verify", "--ledger", ledger).exit_code == 0


def test_a_wrong_event_is_refused_by_name(toy):
    done = run("ledger", "event", "--ledger", toy / "ledger.gpkg", "--site", "Z-99", "--stage", "started",
               "--date", "2021-09-29", "--by", "张某")  # fmt: skip
    assert done.exit_code == 2
    assert "Z-99" in done.output


def test_a_snapshot_looks_at_one_day(toy):
    def stage_of(day: str) -> str:
        done = run("ledger", "snapshot", "--ledger", toy / "ledger.gpkg", "--as-of", day, "--json")
        return {row["site_id"]: row["stage"] for row in json.loads(done.output)}["A-02"]

    assert stage_of("2021-09-29") == "started"
    assert stage_of("2021-09-30") == "works_completed"
    assert stage_of("2021-01-01") == "not_started"


def test_export_begins_with_the_site_id(toy):
    done = run("ledger", "export", "--ledger", toy / "ledger.gpkg")
    rows = list(csv.reader(io.StringIO(done.stdout_bytes.decode("utf-8"))))
    assert rows[0][0] == "site_id"
    assert [row[0] for row in rows[1:]] == [f"A-{k:02d}" for k in range(1, 13)]


def test_export_refuses_a_format_it_does_not_know(toy, tmp_path):
    done = run("ledger", "export", "--ledger", toy / "ledger.gpkg", "-o", tmp_path / "a.doc")
    assert done.exit_code == 2
    assert ".doc" in done.output


def test_check_balances_and_writes_nothing(tmp_path):
    file = ROOT / "data" / "sites" / "dry_toilet.simulated.xlsx"
    done = run("check", file, "--plan", HANDAN, "--json")
    (sheet,) = json.loads(done.output)
    assert sheet["read"] == 82 == sheet["accepted"] + sheet["repaired"] + sheet["quarantined"]
    assert done.exit_code == 0


def test_the_same_import_twice_changes_nothing(tmp_path):
    file = ROOT / "data" / "sites" / "dry_toilet.simulated.xlsx"
    ledger = tmp_path / "ledger.gpkg"
    words = ("ledger", "import", file, "--plan", HANDAN, "--ledger", ledger, "--by", "李某")
    assert run(*words).exit_code == 0
    before = run("ledger", "export", "--ledger", ledger).stdout_bytes
    assert run(*words).exit_code == 0
    assert run("ledger", "export", "--ledger", ledger).stdout_bytes == before


def test_gaps_writes_four_layers(tmp_path):
    import pyogrio

    roads = ROOT / "data" / "sites" / "roads.simulated.parquet"
    done = run("gaps", roads, "-o", tmp_path / "gaps.gpkg", "--plan", HANDAN, "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.output)
    assert summary["crs_metric"] == "EPSG:4547"
    assert summary["read"] == summary["accepted"] + summary["repaired"] + summary["quarantined"]
    names = {str(name) for name, _ in pyogrio.list_layers(tmp_path / "gaps.gpkg")}
    assert names == {"links", "dead_ends", "defects", "streets"}


def test_templates_are_made_for_every_programme(tmp_path):
    done = run("ledger", "template", "--plan", HANDAN, "-o", tmp_path)
    assert done.exit_code == 0
    assert len(list(tmp_path.glob("*.xlsx"))) == 8


# ------------------------------------------------------------------ bulletins and figures


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    """The ledger of the bundled project, compounds and diary only."""
    folder = tmp_path_factory.mktemp("bundled")
    ledger = folder / "ledger.gpkg"
    sites = ROOT / "data" / "sites"
    common = ("--plan", HANDAN, "--ledger", ledger, "--by", "李某")
    for name in ("old_compound", "dry_toilet"):
        assert run("ledger", "import", sites / f"{name}.simulated.xlsx", *common).exit_code == 0
    run("ledger", "import", sites / "events.simulated.csv", "--role", "events", *common)
    return ledger


def report(command, ledger, *words):
    return run(command, "--plan", HANDAN, "--ledger", ledger, *words)


def test_a_bulletin_is_written_in_four_forms(bundled, tmp_path):
    done = report("bulletin", bundled, "--as-of", "2021-09-30", "--since", "2021-09-20", "-o", tmp_path / "b")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "b").iterdir()} == {
        "bulletin.json", "weekly-2021-09-30.docx", "weekly-2021-09-30.html", "weekly-2021-09-30.xlsx",
    }  # fmt: skip
    record = json.loads((tmp_path / "b" / "bulletin.json").read_text(encoding="utf-8"))
    assert (record["as_of"], record["since"]) == ("2021-09-30", "2021-09-20")
    row = record["targets"][0]
    for key in ("id", "programme", "indicator", "unit", "measure", "task", "done", "rate", "expected", "pace_pp",
                "light", "rank"):  # fmt: skip
        assert key in row
    assert {row["id"] for row in record["targets"] if row["unit"] == "全市"} == {
        target.id for target in load_plan(HANDAN).targets
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as-of", "2021-01-04"), "2021-01-04 早于台账的第一条记录 2021-01-05"),
        (("--as-of", "2021-09-30", "--since", "2021-10-01"), "2021-10-01 不早于截止日期 2021-09-30"),
        (("--as-of", "2021-09-30", "--since", "2020-12-31"), "2020-12-31 早于台账的第一条记录"),
        (("--as-of", "2021-09-30", "--force-majeure", "某某区"), "没有责任单位“某某区”"),
        (("--as-of", "2021-13-30"), "2021-13-30"),
    ],
)
def test_a_bulletin_is_refused_with_the_reason(bundled, tmp_path, words, told):
    done = report("bulletin", bundled, *words, "-o", tmp_path / "b")
    assert done.exit_code == 2
    assert told in done.output
    assert not (tmp_path / "b").exists()


def test_a_figure_is_the_same_again(bundled, tmp_path):
    words = ("--as-of", "2021-09-30", "--name", "progress", "-o")
    assert report("figure", bundled, *words, tmp_path / "a.svg").exit_code == 0
    assert report("figure", bundled, *words, tmp_path / "b.svg").exit_code == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_page_is_as_wide_as_it_says(bundled, tmp_path):
    from PIL import Image

    for page, (width_mm, height_mm) in (("A4", (210, 297)), ("A3", (297, 420))):
        path = tmp_path / f"{page}.png"
        done = report(
            "figure", bundled, "--as-of", "2021-09-30", "--name", "pace", "--page", page, "-o", path
        )
        assert done.exit_code == 0, done.output
        with Image.open(path) as picture:
            assert picture.width == pytest.approx(width_mm / 25.4 * 300, abs=1)
            assert picture.height == pytest.approx(height_mm / 25.4 * 300, abs=1)


def test_without_a_ledger_the_plans_own_files_are_read(tmp_path):
    path = tmp_path / "a.svg"
    done = run("figure", "--plan", HANDAN, "--as-of", "2021-09-30", "--name", "targets", "-o", path)
    assert done.exit_code == 0, done.output
    assert "342/465个" in path.read_text(encoding="utf-8")
    assert [each.name for each in tmp_path.iterdir()] == ["a.svg"]


def test_a_dossier_of_a_site_and_of_one_that_is_not_there(bundled, tmp_path):
    words = ("dossier", bundled, "--as-of", "2021-09-30", "-o", tmp_path)
    done = report(*words, "LJ-CT-070")
    assert done.exit_code == 0, done.output
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".docx", ".html"]
    refused = report(*words, "LJ-CT-70")
    assert refused.exit_code == 2
    assert "LJ-CT-070" in refused.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as-of", "2021-01-04", "--name", "pace", "-o", "a.png"), "早于台账的第一条记录"),
        (
            ("--as-of", "2021-09-30", "--name", "pace", "--unit", "某某区", "-o", "a.png"),
            "没有责任单位“某某区”",
        ),
        (("--as-of", "2021-09-30", "--name", "progress", "--target", "T05", "-o", "a.png"), "没有分解到单位"),
        (
            ("--as-of", "2021-09-30", "--name", "coverage", "--target", "T04", "-o", "a.png"),
            "不按目标绘制",
        ),
        (("--as-of", "2021-09-30", "--name", "status", "-o", "a.gif"), "a.gif"),
        (("--as-of", "2021-09-30", "--name", "nothing", "-o", "a.png"), "nothing"),
    ],
)
def test_a_figure_is_refused_with_the_reason(bundled, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    done = report("figure", bundled, *words)
    assert done.exit_code == 2
    assert told in done.output
    assert not list(tmp_path.iterdir())


def test_build_refuses_a_span_that_runs_backwards(tmp_path):
    done = run("build", HANDAN, "--as-of", "2021-09-30", "--since", "2021-10-01", "-o", tmp_path / "outputs")
    assert done.exit_code == 2
    assert "不早于截止日期" in done.output
    assert not (tmp_path / "outputs").exists()
