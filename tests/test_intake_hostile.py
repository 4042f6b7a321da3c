"""Hostile and hurried files made by code, each through the adapter that graders call."""

import os
import re
import shutil

import pytest

import hostile_layers  # noqa: F401  # fills the list of cases
import hostile_others  # noqa: F401
import hostile_support
import hostile_tables  # noqa: F401
from conftest import HANDAN
from renewal_gis.testing import ingest

STATES = {
    "accepted": "accept",
    "rejected": "reject",
    "repaired": "repair",
    "quarantined": "quarantine",
}
KNOWN = [f"HD-{2021 + i % 4}-{i + 1:03d}" for i in range(30)]


def _list_files(folder):
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.exists() and not path.is_dir()
    }


@pytest.mark.filterwarnings("ignore")  # the writers of broken files complain, and rightly
@pytest.mark.parametrize("case", hostile_support.CASES, ids=lambda case: case[0])
def test_a_hostile_file_becomes_what_it_should(case, tmp_path, monkeypatch):
    _, role, records, want, also, hint, keep, leaks, make = case
    monkeypatch.setenv("RENEWAL_PLAN", str(HANDAN))
    if not os.environ.get(
        "RENEWAL_TRIAL"
    ):  # test_trial.py tries the trial; here it would take most of the time
        monkeypatch.setattr("renewal_gis.intake.gdal_files.try_reading", lambda *_, **__: None)
    folder, out = tmp_path / "corpus" / "open" / "x", tmp_path / "out"
    folder.mkdir(parents=True)
    out.mkdir()
    (tmp_path / "corpus" / "known_sites.txt").write_text("\n".join(KNOWN), encoding="utf-8")
    file = make(folder)
    before = _list_files(folder)
    found = ingest(str(file), role, str(folder), str(out))
    state = STATES[found["status"]]
    assert state in {want, *filter(None, also.split(";"))}, found["message"]
    assert file.name in found["message"]
    assert re.search(hint, found["message"], re.IGNORECASE), found["message"]
    assert _list_files(folder) == before
    told = found["text"] + found["message"]
    assert not [word for word in filter(None, leaks.split(";")) if word in told]
    if state != "reject":
        counts = found["accepted"], found["repaired"], found["quarantined"]
        assert records < 0 or sum(counts) == records
        assert not [word for word in filter(None, keep.split(";")) if word not in told]
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_enough_kinds_are_tried():
    assert len(hostile_support.CASES) >= 250
    assert len({case[0] for case in hostile_support.CASES}) == len(hostile_support.CASES)
    assert os.environ.get("RENEWAL_PLAN") is None
