"""Every data file is registered, with the bytes that were registered."""

import csv
import hashlib

import pytest

from conftest import ROOT

with (ROOT / "data" / "inventory.csv").open(encoding="utf-8", newline="") as handle:
    ROWS = {row["path"]: row for row in csv.DictReader(handle)}
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "data").rglob("*")
    if path.is_file() and path.name not in {"README.md", "inventory.csv"}
)


def test_every_file_has_a_row_and_every_row_a_file():
    assert sorted(ROWS) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_was_registered(name):
    row = ROWS[name]
    content = (ROOT / name).read_bytes()
    assert int(row["bytes"]) == len(content)
    assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert all(row[key] for key in ("what", "source", "licence", "date", "datum", "simulated", "note"))
    assert (row["simulated"] == "true") == (".simulated." in name) == ("模拟" in row["what"])
