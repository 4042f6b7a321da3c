"""Short runs of the suites in benchmarks/reliability; RENEWAL_FULL=1 runs them at full length."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

SUITES = ROOT / "benchmarks" / "reliability"
FULL = bool(os.environ.get("RENEWAL_FULL"))
SKIPPED = 77

pytestmark = pytest.mark.skipif(os.name == "nt", reason="这些试验用到 fork 和 SIGKILL")


def run_suite(name: str, *short: str, also: tuple[str, ...] = ()) -> dict[str, object]:
    """Run a suite, short unless all is asked for; return the figures of its last line."""
    command = [sys.executable, str(SUITES / name), *(() if FULL else short), *also]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", ["event", "import", "export", "build"])
def test_a_killed_process_loses_nothing(path):
    kills = {"event": "5", "import": "3", "export": "6", "build": "2"}[path]
    assert run_suite("kill.py", "--kills", kills, also=("--only", path))["ok"]


@pytest.mark.parametrize(
    "suite",
    [
        ("kill.py", "--kills", "4", "--only", "event"),
        ("kill.py", "--kills", "3", "--only", "import"),
        ("writers.py", "--seconds", "3"),
    ],
)
def test_a_ledger_on_a_server_loses_nothing_either(suite, server):
    name, *short = suite
    which = tuple(short[2:])
    assert run_suite(name, *short[:2], also=(*which, "--server", server))["ok"]


def test_four_writers_and_a_reader_do_not_hurt_each_other():
    figures = run_suite("writers.py", "--seconds", "2")
    assert figures["lost"] == 0
    assert figures["acknowledged"] > 20


def test_reading_geometry_keeps_the_lock_and_the_raw_stack_does_not():
    figures = run_suite("geometry_read.py", "--rounds", "1")
    assert figures["read_own"].startswith("lock kept 1/1" if not FULL else "lock kept 3/3")
    assert figures["read_raw_pyogrio"].startswith("lock kept 0/")


def test_a_full_disk_is_told_and_leaves_nothing_half_done():
    assert run_suite("disk_full.py")["ok"]


def test_a_limit_on_file_size_is_told_and_leaves_nothing_half_done():
    assert run_suite("disk_full.py", also=("--limit", "12000"))["ok"]


@pytest.mark.parametrize("path", ["events", "import", "export", "loose_ledger", "loose_file"])
def test_a_power_cut_loses_nothing_and_the_controls_do(path):
    if shutil.which("strace") is None:
        pytest.skip("没有 strace")
    assert run_suite("power_cut.py", "--cuts", "10", also=("--only", path))["ok"]


def test_imports_stay_within_time_and_memory():
    figures = run_suite("import_speed.py", "--rows", "300", "--features", "300", "--only", "gpkg,geojson")
    assert {"gpkg", "geojson"} <= figures.keys()


def test_a_past_day_of_a_large_ledger_comes_at_once():
    assert run_suite("snapshot_speed.py", "--sites", "200", "--events", "2000", "--repeat", "1")["ok"]
