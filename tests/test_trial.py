"""The first reading in a process of its own."""

import subprocess
import time

import pytest

from renewal_gis import toytown
from renewal_gis.errors import InputError
from renewal_gis.intake import trial


def test_a_sound_file_passes(tmp_path):
    toytown.make_units().to_file(tmp_path / "u.gpkg", engine="pyogrio")
    trial.try_reading(tmp_path / "u.gpkg", name="u.gpkg", size=1)


def test_what_is_merely_refused_passes(tmp_path):
    (tmp_path / "a.gpkg").write_bytes(b"no")
    trial.try_reading(tmp_path / "a.gpkg", name="a.gpkg", size=2)


def test_a_crash_is_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "_CODE", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(InputError, match=r"a\.shp.*崩溃"):
        trial.try_reading(tmp_path / "a.shp", name="a.shp", size=2)


def test_a_hang_is_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "_CODE", "while True: pass")
    monkeypatch.setattr(trial, "LIMIT_S", 0.5)
    monkeypatch.setattr(trial, "_time_children", iter([0.0, 0.5]).__next__)
    start = time.monotonic()
    with pytest.raises(InputError, match=r"a\.shp.*没有结束"):
        trial.try_reading(tmp_path / "a.shp", name="a.shp", size=2)
    assert time.monotonic() - start < 10


def test_a_busy_machine_is_no_fault_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "_CODE", "import time; time.sleep(60)")  # takes no processor time
    monkeypatch.setattr(trial, "LIMIT_S", 0.5)
    monkeypatch.setattr(trial, "_time_children", iter([3.0, 3.1]).__next__)
    trial.try_reading(tmp_path / "a.shp", name="a.shp", size=2)


def test_a_large_file_is_read_once_only(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("no process was wanted")

    monkeypatch.setattr(subprocess, "run", refuse)
    trial.try_reading(tmp_path / "a.shp", name="a.shp", size=trial.MOST_BYTES + 1)
