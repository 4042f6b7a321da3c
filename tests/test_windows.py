"""What Windows asks of names and consoles, tried without Windows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from renewal_gis import toytown
from renewal_gis.cli.options import spare_console
from renewal_gis.ledger import open_ledger
from renewal_gis.plan import load_plan
from renewal_gis.render.exports import name_file

FORBIDDEN = set('<>:"/\\|?*') | {chr(code) for code in range(32)}
RESERVED = ["CON", "prn", "Aux", "NUL", "COM1", "LPT9", "con.txt", "nul .gpkg", "COM¹"]


def assert_windows_takes(name):
    path = PureWindowsPath("C:/outputs") / name
    assert path.parent == PureWindowsPath("C:/outputs")
    assert path.name == name
    assert not FORBIDDEN & set(name)
    assert not name.endswith((" ", "."))
    assert len(name.encode("utf-16-le")) // 2 <= 255
    assert name.split(".")[0].rstrip(" ").lower() not in {"con", "prn", "aux", "nul"}
    assert not PureWindowsPath(name).is_reserved()


@pytest.mark.filterwarnings("ignore:pathlib.PureWindowsPath.is_reserved:DeprecationWarning")
@pytest.mark.parametrize(
    "name",
    [*RESERVED, "C:\\x", "\\\\server\\share", "a:b", "a|b?*", "名称. ", "..", "长" * 300, "x\u202egnp.exe"],
)
def test_names_that_windows_refuses_are_changed(name):
    assert_windows_takes(name_file(name, key="A-01", suffix=".html"))


@pytest.mark.filterwarnings("ignore:pathlib.PureWindowsPath.is_reserved:DeprecationWarning")
@given(st.text(max_size=200), st.text(max_size=20))
def test_any_name_is_one_that_windows_takes(name, key):
    assert_windows_takes(name_file(name, key=key, suffix=".txt"))


def test_no_file_of_the_repository_has_a_name_that_windows_refuses():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("不在 git 仓库中")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    bad = [
        name
        for name in names
        for part in name.split("/")
        if FORBIDDEN & set(part) or part.endswith((" ", "."))
    ]
    assert bad == []
    assert len({name.casefold() for name in names}) == len(names)


def test_a_plan_with_windows_line_ends_and_a_mark_is_read(tmp_path):
    text = (ROOT / "src" / "renewal_gis" / "data" / "toytown.toml").read_text(encoding="utf-8")
    (tmp_path / "plan.toml").write_bytes(text.replace("\n", "\r\n").encode("utf-8"))
    assert load_plan(tmp_path / "plan.toml").id == "toytown"


# ------------------------------------------------------------------ a console in GBK
@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A ledger whose names have characters that GBK lacks, and an exported file to check."""
    folder = tmp_path_factory.mktemp("gbk")
    sites = toytown.make_sites()
    sites["name"] = sites["name"] + "𠮷㎡²"
    at = "2021-10-08T09:00:00+08:00"
    with open_ledger(folder / "l.gpkg", create=True) as book:
        book.set_plan(toytown.make_plan(), at=at, by="测试")
        book.import_sites(sites, at=at, by="测试")
        book.import_events(toytown.make_events(), at=at, by="测试")
    (folder / "小区.csv").write_text(
        "编号,名称,责任单位\nK-1,𠮷里²,甲区\nK-2,𠮷里,不存在的𠮷县\n", encoding="utf-8-sig"
    )
    return folder


PLAN = "src/renewal_gis/data/toytown.toml"


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "ledger event --ledger {town}/l.gpkg --site A-01 --note 𠮷² --date 2021-10-08 --by 𠮷",
        "ledger history A-01 --ledger {town}/l.gpkg",
        "ledger history A-01 --ledger {town}/l.gpkg --json",
        "ledger snapshot --ledger {town}/l.gpkg --as-of 2021-09-30",
        "ledger snapshot --ledger {town}/l.gpkg --as-of 2021-09-30 --json",
        "ledger export --ledger {town}/l.gpkg -o {town}/𠮷.shp.zip",
        "ledger verify --ledger {town}/l.gpkg",
        "check {town}/小区.csv --programme old_compound --plan {plan}",
        "check {town}/小区.csv --programme old_compound --plan {plan} --json",
        "plan check {plan}",
        "plan schema",
        "ledger history 𠮷 --ledger {town}/l.gpkg",
    ],
)
def test_every_command_speaks_to_a_gbk_console(town, words):
    command = [word.format(town=town, plan=ROOT / PLAN) for word in words.split()]
    done = subprocess.run(
        [sys.executable, "-m", "renewal_gis", *command],
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    said, told = done.stdout.decode("gbk"), done.stderr.decode("gbk")
    assert "Traceback" not in told
    assert done.returncode in (0, 1, 2)
    assert said or told
    if "--json" in command or command[:2] == ["plan", "schema"]:
        json.loads(said)
    if command[:2] == ["ledger", "history"] and "--json" in command:
        assert "𠮷²" in {entry["note"] for entry in json.loads(said)}


def test_an_export_to_standard_output_is_utf8_whatever_the_console_is(town):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "renewal_gis",
            "ledger",
            "export",
            "--ledger",
            str(town / "l.gpkg"),
            "-o",
            "-",
        ],
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=True,
    )
    assert "𠮷㎡²" in done.stdout.decode("utf-8")


def test_the_escape_is_that_of_json():
    spare_console()
    assert "𠮷²甲".encode("gbk", "renewal_escape") == b"\\ud842\\udfb7\\u00b2" + "甲".encode("gbk")
