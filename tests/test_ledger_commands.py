"""The ledger from the terminal: what is answered, on which stream, with which exit code."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from ledger_support import AT, faults
from renewal_gis import toytown
from renewal_gis.cli import main
from renewal_gis.ledger import open_ledger


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def town(ledger, place):
    """The address of the toy town's ledger, in a file and on the server."""
    ledger.close()
    return place


def enter(town, site, *words, day="2021-10-20"):
    return run("ledger", "event", "--ledger", town, "--site", site, "--date", day, "--by", "张三", *words)


def test_an_event_within_the_rules_answers_its_number_alone(town):
    done = enter(town, "A-11", "--stage", "started")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("ok E")
    assert done.stdout.count("\n") == 1


def test_a_gate_is_told_when_it_is_passed_and_not_again(town):
    # A-06 began without a permit long ago; its completion passes no gate of its own
    assert enter(town, "A-06", "--stage", "works_completed").stderr == ""


def test_a_breach_quotes_the_clause(town):
    with open_ledger(town) as book:
        sites = toytown.make_sites().loc[["A-01"]].rename(index={"A-01": "B-01"})
        sites["leader"] = "张某、李某"
        sites["task_force"] = ""
        sites["consulted_share"] = 0.79
        book.import_sites(sites, at=AT, by="测试")
    done = enter(town, "B-01", "--stage", "started")
    assert (done.exit_code, done.stdout[:4]) == (0, "ok E")
    told = done.stderr.splitlines()
    assert len(told) == 4
    assert "没有分包领导或推进专班" in told[0]
    assert "“分包领导”写了不止一个:张某、李某" in told[1]
    assert "征求意见的居民达到 80% 以上(现为 79%;依据:虚构)" in told[2]
    assert "此前没有“手续办结”的记录;依据:虚构" in told[3]


def test_the_same_key_answers_the_same(town):
    one = enter(town, "A-09", "--note", "察看", "--key", "k1")
    two = enter(town, "A-09", "--note", "察看", "--key", "k1")
    assert one.stdout == two.stdout
    other = enter(town, "A-09", "--note", "别的", "--key", "k1")
    assert other.exit_code == 2
    assert other.stdout == ""


def test_backwards_needs_a_reason(town):
    assert enter(town, "A-10", "--stage", "started").exit_code == 2
    assert enter(town, "A-10", "--stage", "started", "--reason", "复查不合格").exit_code == 0


def test_history_lists_events_with_their_keys(town):
    made = enter(town, "A-10", "--note", "察看", "--key", "k9").stdout.split()[1]
    found = json.loads(run("ledger", "history", "A-10", "--ledger", town, "--json").stdout)
    assert [event["key"] for event in found] == ["toytown-34", "toytown-35", "k9"]
    assert found[-1]["event_id"] == made
    assert found[0]["date"] == "2021-06-15"
    undone = enter(town, "A-10", "--correct", made)
    assert undone.exit_code == 0
    text = run("ledger", "history", "A-10", "--ledger", town).stdout.splitlines()
    assert len(text) == 4
    assert f"撤销(更正 {made})" in text[-1]


def test_a_snapshot_in_both_forms(town):
    enter(town, "A-12", "--stage", "started", day="2021-09-15")
    words = ("ledger", "snapshot", "--ledger", town, "--as-of", "2021-09-30")
    rows = list(csv.DictReader(io.StringIO(run(*words).stdout)))
    assert list(rows[0]) == ["site_id", "name", "programme", "declared_unit", "stage", "stage_date"]
    assert {row["site_id"]: row["stage"] for row in rows}["A-12"] == "started"
    assert rows[8] == {
        "site_id": "A-09", "name": "仓门巷", "programme": "back_alley", "declared_unit": "乙区",
        "stage": "not_started", "stage_date": "",
    }  # fmt: skip
    found = json.loads(run(*words, "--known-at", "2021-10-13T09:00:00+08:00", "--json").stdout)
    assert {row["site_id"]: row["stage"] for row in found}["A-12"] == "permitted"
    assert found[0]["stage_date"] == "2021-08-20"


def test_no_plan_is_needed_once_it_is_stored(tmp_path, toy_plan):
    from importlib import resources

    place = tmp_path / "n.gpkg"
    with resources.as_file(resources.files("renewal_gis") / "data" / "toytown.toml") as plan:
        assert run("ledger", "init", "--ledger", place, "--plan", plan).exit_code == 0
    table = tmp_path / "旱厕.csv"
    table.write_text("编号,项目名称,责任单位\nH-1,南关旱厕,乙区\n", encoding="utf-8")
    done = run("ledger", "import", table, "--programme", "dry_toilet", "--ledger", place)
    assert done.exit_code == 0, done.output
    assert enter(str(place), "H-1", "--stage", "started").exit_code == 0
    assert run("ledger", "import", table, "--ledger", tmp_path / "none.gpkg").exit_code == 2


def test_merge_split_and_unlink(town):
    words = ("--ledger", town, "--date", "2021-10-15", "--by", "张三")
    made = run("ledger", "merge", "A-01", "A-02", "--into", "A-21", *words)
    assert made.exit_code == 0, made.output
    cut = run("ledger", "split", "A-05", "--into", "A-31,A-32", *words)
    assert cut.stdout.startswith("ok R")
    assert "按等份计算" in cut.stderr
    shares = run("ledger", "split", "A-03", "--into", "A-41,A-42", "--shares", "2:1", *words)
    assert shares.stderr == ""
    assert run("ledger", "split", "A-04", "--into", "X,Y", "--shares", "a:b", *words).exit_code == 2
    undone = run("ledger", "unlink", made.stdout.split()[1], *words)
    assert undone.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(run("ledger", "export", "--ledger", town, "-o", "-").stdout)))
    assert next(iter(rows[0])) == "site_id"
    ids = {row["site_id"] for row in rows}
    assert ids == {f"A-{k:02d}" for k in range(1, 13)} - {"A-03", "A-05"} | {"A-31", "A-32", "A-41", "A-42"}
    told = run("ledger", "history", "A-41", "--ledger", town).stdout
    assert "\n2021-10-15 A-03 拆分为 A-41、A-42 张三" in told
    assert "[A-03] 已开工" in told


def test_backup_restore_and_moving(town, tmp_path):
    kept, back = tmp_path / "b.gpkg", tmp_path / "r.gpkg"
    assert run("ledger", "backup", "--ledger", town, "-o", kept).stdout.startswith("ok ")
    assert run("ledger", "backup", "--ledger", town, "-o", kept).exit_code == 2
    assert run("ledger", "restore", kept, "--ledger", back).stdout == "ok 项目 12、记录 37、公文 0\n"
    assert run("ledger", "restore", kept, "--ledger", back).exit_code == 2
    assert run("ledger", "restore", kept, "--ledger", back, "--replace").exit_code == 0
    whole = tmp_path / "whole.gpkg"
    assert run("ledger", "export", "--ledger", town, "-o", whole, "--full").stdout.startswith("ok ")
    assert run("ledger", "export", "--ledger", town, "--to", whole).exit_code == 2
    assert run("ledger", "export", "--ledger", town, "--to", tmp_path / "x.csv").exit_code == 2
    assert run("ledger", "export", "--ledger", town, "--full").exit_code == 2
    assert run("ledger", "verify", "--ledger", whole).stdout == "ok:项目 12、记录 37、公文 0\n"
    with open_ledger(whole) as moved:
        assert faults(moved) == []
