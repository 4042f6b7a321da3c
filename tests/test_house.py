"""The rules of the house that no linter knows."""

import re
import subprocess
import sys
import time

import pytest

from conftest import ROOT
from renewal_gis.plan import load_plan

SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_no_citys_name_stands_in_the_code():
    names = set()
    for path in sorted((ROOT / "plans").glob("*.toml")):
        plan = load_plan(path)
        names |= {plan.city.removesuffix("市"), path.stem.partition("-")[0], *(u.name for u in plan.units)}
    assert len(names) > 2 * len(list((ROOT / "plans").glob("*.toml")))
    pattern = re.compile("|".join(sorted(names)), re.IGNORECASE)
    found = [
        (path.name, hit.group())
        for path in SOURCES
        for line in path.read_text(encoding="utf-8").splitlines()
        if (hit := pattern.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_files_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


def test_help_answers_at_once():
    def once() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "renewal_gis", "--help"], check=True, capture_output=True)
        return time.perf_counter() - start

    # the best of five: the figure is about our imports, not about a busy machine
    assert min(once() for _ in range(5)) < 0.3


def test_the_package_imports_nothing_heavy():
    code = "import sys, renewal_gis.cli; print([m for m in ('pandas', 'geopandas', 'folium', 'matplotlib') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
