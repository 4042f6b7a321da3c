"""Broken and hostile inputs, as collected in the reference folder, each in its own process."""

import csv
import subprocess
import sys

import pytest

from conftest import HANDAN, ROOT


def test_the_whole_corpus_passes(shared, tmp_path):
    corpus = shared / "hostile"
    if not (corpus / "run_corpus.py").is_file():
        pytest.skip("参考数据中没有 hostile 文件夹")
    import os

    words = os.environ | {
        "RENEWAL_PLAN": str(HANDAN),
        "PYTHONPATH": str(ROOT / "src"),
        "OMP_NUM_THREADS": "1",
    }
    command = [
        sys.executable,
        str(corpus / "run_corpus.py"),
        "--adapter",
        "renewal_gis.testing:ingest",
        "--corpus",
        str(corpus),
    ]
    only = os.environ.get(
        "RENEWAL_HOSTILE", "vrt_as_geojson_local|zip_slip|hist_future|xlsx_merged_header|poly_bow"
    )
    results = tmp_path / "results.csv"
    subprocess.run(
        [*command, "--only", only, "--csv", str(results)],
        check=True,
        env=words,
        cwd=tmp_path,
        capture_output=True,
    )
    with results.open(encoding="utf-8-sig") as file:
        failed = {row["case"]: row["why"] for row in csv.DictReader(file) if row["passed"] != "True"}
    assert failed == {}
