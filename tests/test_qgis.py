"""The layers and the project as QGIS takes them."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import shutil
import sqlite3
import subprocess
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pyogrio
import pytest
from PIL import Image

from conftest import ROOT
from renewal_gis import toytown
from renewal_gis.files import write_set
from renewal_gis.pipeline.inputs import take_toytown
from renewal_gis.pipeline.survey import keep_inputs, survey_city
from renewal_gis.render import qgis_project, qgis_style
from renewal_gis.render.layers import write_layers
from renewal_gis.render.qgis_project import Sheet

if TYPE_CHECKING:
    from pathlib import Path

QGIS_PYTHON = "/usr/bin/python3"


def write_all(folder: Path) -> Path:
    """Survey the toy town and write its layers, without maps and bulletins."""
    at = dt.datetime(2021, 10, 8, tzinfo=dt.UTC)
    plan, inputs, ledger = toytown.make_plan(), take_toytown(), folder / "l.gpkg"
    kept = keep_inputs(inputs, ledger, plan, at=at, by="测试")
    told: list[str] = []
    day = dt.date(2021, 9, 30)
    survey = survey_city(plan, inputs, ledger, as_of=day, since=None, tell=told.append, findings=kept)
    place = folder / "layers"
    write_set(place, write_layers(survey))
    return place


@pytest.fixture(scope="module")
def layers(tmp_path_factory) -> Path:
    """The layers folder of the toy town."""
    return write_all(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def probed(layers, tmp_path_factory):
    """What real QGIS says of the project, and the picture that it draws."""
    if shutil.which(QGIS_PYTHON) is None:
        pytest.skip("没有系统的 Python")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("run"))}
    there = subprocess.run(
        [QGIS_PYTHON, "-c", "import qgis.core"], env=environment, capture_output=True, check=False
    )
    if there.returncode:
        pytest.skip("没有 QGIS(Debian 包 python3-qgis)")
    picture = tmp_path_factory.mktemp("qgis") / "map.png"
    command = [QGIS_PYTHON, str(ROOT / "tests" / "qgis_probe.py")]
    words = [str(layers / "renewal.qgz"), str(layers / "renewal.gpkg"), str(picture)]
    done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), picture


def test_qgis_opens_every_layer_with_its_style(probed):
    found, _ = probed
    assert found["opened"]
    assert found["crs"] == "EPSG:4547"
    assert "模拟数据" in found["title"]
    assert found["groups"] == ["老旧小区", "背街小巷", "旱厕", "断头路", "断头路(疑似)", "区县与道路"]
    counts = {layer["name"]: layer["count"] for layer in found["layers"]}
    # five compounds have a polygon (A-04 has no place), three alleys, two toilets, one dead-end road
    assert [counts[name] for name in ("老旧小区", "背街小巷", "旱厕", "断头路")] == [5, 3, 2, 1]
    for layer in found["layers"]:
        assert layer["valid"], layer["name"]
        assert layer["renderer"] == "categorizedSymbol", layer["name"]
        assert layer["unstyled"] == [], layer["name"]
        assert layer["crs"] == "EPSG:4490"


def test_qgis_shows_chinese_names_and_units(probed):
    found, _ = probed
    aliases = next(layer["aliases"] for layer in found["layers"] if layer["name"] == "老旧小区")
    assert aliases["建筑面积_平方米"] == "建筑面积(平方米)"
    assert aliases["编号"] == "编号"


def test_qgis_takes_the_style_from_the_database(probed):
    found, _ = probed
    assert found["styles"] == 2
    assert found["default_style"]["classes"] == ["老旧小区", "背街小巷", "旱厕", "断头路"]


def test_qgis_draws_it(probed):
    pixels = np.asarray(Image.open(probed[1]).convert("RGB")).reshape(-1, 3)
    blank = (pixels == 255).all(axis=1).mean()
    assert blank < 0.7
    for color in (qgis_style.style.GREEN, qgis_style.style.SKY):  # alleys and toilets
        wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
        assert (np.abs(pixels.astype(int) - wanted).max(axis=1) < 12).any(), color


def test_a_second_run_gives_the_same_project_and_layers(layers, tmp_path):
    again = write_all(tmp_path)
    for path in layers.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_project_knows_no_folder_but_its_own(layers):
    with zipfile.ZipFile(layers / "renewal.qgz") as archive:
        (name,) = archive.namelist()
        text = archive.read(name).decode()
    assert name == "renewal.qgs"
    sources = [node.text for node in ET.fromstring(text.partition("\n")[2]).iter("datasource")]
    assert sources
    assert all(source.startswith("./renewal.gpkg|layername=") for source in sources)


def test_views_hold_each_site_once_and_the_whole_layer_stays(layers):
    path = layers / "renewal.gpkg"
    counts = {
        str(name): pyogrio.read_info(path, layer=name)["features"] for name, _ in pyogrio.list_layers(path)
    }
    assert counts["sites"] == 12
    assert [counts[view] for view in ("sites_point", "sites_line", "sites_polygon")] == [2, 4, 5]
    kinds = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    assert [kinds[view] for view in ("sites_point", "sites_line", "sites_polygon")] == [
        "Point",
        "LineString",
        "Polygon",
    ]
    assert kinds["progress"] is None


def test_numbers_and_dates_keep_their_types(layers):
    info = pyogrio.read_info(layers / "renewal.gpkg", layer="sites")
    types = dict(zip(info["fields"], info["ogr_types"], strict=True))
    assert types["户数"] == "OFTInteger64"
    assert types["计划开工"] == "OFTDate"
    assert types["名称"] == "OFTString"


def test_every_layer_has_a_default_style(layers):
    with contextlib.closing(sqlite3.connect(layers / "renewal.gpkg")) as base:
        styles = base.execute(
            "SELECT f_table_name, styleQML, description FROM layer_styles WHERE useAsDefault"
        ).fetchall()
        sound = base.execute("PRAGMA foreign_key_check").fetchall()
    assert sound == []
    names = {"sites_point", "sites_line", "sites_polygon", "units", "roads", "links", "dead_ends", "defects"}
    assert {name for name, _, _ in styles} == names
    for _, qml, description in styles:
        assert ET.fromstring(qml.partition("\n")[2]).find("renderer-v2/symbols") is not None
        assert description == "模拟数据"


def test_a_name_with_a_quote_cannot_leave_its_filter():
    plan = toytown.make_plan()
    programme = plan.programmes[0].model_copy(update={"short": "老'区"})
    plan = plan.model_copy(update={"programmes": (programme,)})
    groups = qgis_project.list_programmes(plan, [("老'区", "面")], fields=("名称",))
    assert groups["老'区"][0].subset == "\"专项\" = '老''区'"


def test_names_are_escaped_in_the_project():
    plan = toytown.make_plan()
    sheet = Sheet("<b>&\"'", "sites", qgis_style.stage_look("点"), ("名称",))
    made = qgis_project.write_project(
        plan, {"<组>": [sheet]}, title="</title>", simulated=True, bounds=(0, 0, 1, 1), database="x.gpkg"
    )
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        root = ET.fromstring(archive.read("x.qgs").decode().partition("\n")[2])
    assert root.findtext("title") == "</title>"
    assert root.find(".//layer-tree-layer").get("name") == "<b>&\"'"


@pytest.mark.parametrize("kind", ["点", "线", "面"])
def test_stages_differ_without_colour(kind):
    looks = qgis_style.stage_look(kind, toytown.make_plan().programmes[0]).symbols
    assert list(looks) == ["未启动", "前期", "施工", "完成"]
    told = {
        name: [
            (part[1].get("style"), part[1].get("line_style"), part[1].get("size"), len(parts))
            for part in parts
        ]
        for name, parts in looks.items()
    }
    assert told["未启动"] != told["施工"] != told["完成"]
