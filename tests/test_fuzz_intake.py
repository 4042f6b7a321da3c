"""Mutated files: none crashes the intake, none loses rows in silence. A short run; RENEWAL_FUZZ=1000 for a long one."""

import os
import random
import sys

import pytest

from conftest import ROOT
from renewal_gis.errors import RenewalError

sys.path.insert(0, str(ROOT / "benchmarks" / "reliability"))
import fuzz_intake

QUICK = {"gpkg": 4, "shp": 4, "dbf": 6, "zip": 6, "fgb": 3}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    fuzz_intake.make_seeds(folder)
    return folder


@pytest.mark.filterwarnings("ignore")  # readers of broken files complain in many ways
@pytest.mark.parametrize("kind", fuzz_intake.FORMATS)
def test_mutants_are_refused_told_or_harmless(seeds, tmp_path, kind):
    suffix = "shp" if kind == "dbf" else kind
    plain = fuzz_intake.read(seeds / f"s.{suffix}")
    fates = []
    for number in range(int(os.environ.get("RENEWAL_FUZZ", QUICK.get(kind, 12)))):
        for part in seeds.glob("s.*"):
            if kind in ("shp", "dbf") or part.suffix == f".{kind}":
                (tmp_path / part.name).write_bytes(part.read_bytes())
        victim = tmp_path / f"s.{kind}"
        victim.write_bytes(fuzz_intake.mutate(victim.read_bytes(), random.Random(f"test-{kind}-{number}")))  # noqa: S311
        try:
            fates.append(fuzz_intake.compare(fuzz_intake.read(tmp_path / f"s.{suffix}"), plain))
        except RenewalError:
            fates.append("refused")
    assert fates
    assert set(fates) <= {"refused", "told", "same", "value"}


def test_what_became_of_a_mutant_is_named():
    plain = ("a\nb\n", 2, False)
    assert fuzz_intake.compare(plain, plain) == "same"
    assert fuzz_intake.compare(("a\nc\n", 2, False), plain) == "value"
    assert fuzz_intake.compare(("a\n", 1, False), plain) == "fewer"
    assert fuzz_intake.compare(("a\n", 1, True), plain) == "told"
    assert fuzz_intake.compare(("a\nb\nc\n", 3, False), plain) == "more"
