"""The whole way on the bundled project, as a user runs it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys

import geopandas as gpd
import pyogrio
import pytest

from conftest import HANDAN, ROOT
from renewal_gis.plan import load_plan

AS_OF = "2021-09-30"


def run(*words: object, cwd=ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "renewal_gis", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def build(folder, as_of=AS_OF):
    return run("build", HANDAN, "--as-of", as_of, "-o", folder)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def manifest(outputs):
    return json.loads((outputs / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name",
    ["maps/index.html", "maps/gaps.html", "maps/coverage.html", "figures/status.png", "ledger.gpkg",
     f"reports/weekly-{AS_OF}.docx", f"reports/weekly-{AS_OF}.xlsx", "reports/findings.xlsx",
     f"reports/weekly-{AS_OF}.html", "reports/bulletin.json", "figures/progress.png", "figures/pace.png",
     "layers/renewal.gpkg"],
)  # fmt: skip
def test_every_product_is_there_and_in_the_manifest(outputs, manifest, name):
    content = (outputs / name).read_bytes()
    listed = {entry["path"]: entry for entry in manifest["outputs"]}
    assert listed[name]["bytes"] == len(content) > 1000
    assert listed[name]["sha256"] == hashlib.sha256(content).hexdigest()


def test_counts_agree_with_the_plan(manifest):
    counts = manifest["counts"]
    assert list(counts) == [target.id for target in load_plan(HANDAN).targets]
    for target, ledger in {
        "T01": 818, "T02": 14018, "T03": 22, "T04": 465, "T04a": 244, "T04b": 221, "T04c": 465,
        "T05": 542, "T06": 85, "T09": 82, "T10": 10, "T12": 7,
    }.items():  # fmt: skip
        assert counts[target]["ledger"] == ledger, target
    for count in counts.values():
        assert count["located"] + count["unlocated"] == count["ledger"]
        assert 0 <= count["done"] <= count["ledger"]
    assert counts["T01"]["measure"] == "套"
    assert counts["T07"]["task"] is None


def test_warnings_but_no_error(manifest):
    assert manifest["findings"]["error"] == 0
    assert manifest["findings"]["warning"] > 0
    assert manifest["simulated"] is True


def test_inputs_are_listed_with_their_hashes(manifest):
    listed = {entry["path"]: entry["sha256"] for entry in manifest["inputs"]}
    plan = load_plan(HANDAN)
    names = {path for source in plan.sources for path in (source.path, source.geometry) if path}
    assert {name.removeprefix("../") for name in names} <= listed.keys()
    assert listed["plans/handan-2021.toml"] == hashlib.sha256(HANDAN.read_bytes()).hexdigest()


def test_layers_open_with_chinese_fields(outputs):
    path = outputs / "layers" / "renewal.gpkg"
    names = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert {"sites", "units", "roads", "dead_ends", "links"} <= names
    sites = gpd.read_file(path, layer="sites")
    assert sites.crs.to_epsg() == 4490
    assert {"编号", "名称", "专项", "管理单位", "所在区县", "阶段"} <= set(sites.columns)
    assert len(gpd.read_file(path, layer="units")) == 18
    links = gpd.read_file(path, layer="links")
    assert (links["核实状态"] == "疑似,待现场核实").all()


def test_a_second_run_gives_the_same_bytes(outputs, manifest, tmp_path):
    assert build(tmp_path).returncode == 0
    again = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    first = {entry["path"]: entry["sha256"] for entry in manifest["outputs"]}
    second = {entry["path"]: entry["sha256"] for entry in again["outputs"]}
    first.pop("ledger.gpkg"), second.pop("ledger.gpkg")  # it knows when it was written
    assert first == second


def test_a_rebuild_keeps_events_and_doubles_nothing(outputs):
    def count() -> tuple[int, int]:
        with sqlite3.connect(f"file:{outputs / 'ledger.gpkg'}?mode=ro", uri=True) as ledger:
            return tuple(
                ledger.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("site", "status_event")
            )

    before = count()
    assert build(outputs).returncode == 0
    assert count() == before


def test_an_earlier_day_has_done_less(manifest, tmp_path):
    assert build(tmp_path, "2021-06-30").returncode == 0
    earlier = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["counts"]
    for target, count in manifest["counts"].items():
        assert earlier[target]["done"] <= count["done"]
        assert earlier[target]["ledger"] == count["ledger"]
    assert earlier["T04"]["done"] < manifest["counts"]["T04"]["done"]


@pytest.mark.parametrize("name", ["index", "gaps", "coverage"])
def test_pages_open_offline_and_draw_every_layer(outputs, visit, name):
    seen = visit((outputs / "maps" / f"{name}.html").read_text(encoding="utf-8"), name=f"{name}.html")
    seen.wait_ready()
    seen.check_quiet()
    count = "window.renewal.layers.map(layer => [layer.name, layer.drawn])"
    drawn = dict(seen.page.evaluate(count))
    if name == "coverage":  # discs are drawn for the straight line only, and the page begins on foot
        seen.page.click("[data-toggle=measure] [data-id=straight]")
        seen.page.evaluate("window.renewal.map._packedCanvas.redrawNow()")
        drawn = {layer: max(number, drawn[layer]) for layer, number in seen.page.evaluate(count)}
    assert len(drawn) >= 4
    assert all(drawn.values()), drawn
    body = seen.page.inner_text("body")
    for word in ("2021年9月30日", "内部使用", "模拟数据", "示意,不作法定依据"):
        assert word in body


# ------------------------------------------------------------------ refusals
def copy_project(tmp_path, change):
    """The bundled project with a changed plan; its sources are still those of the repository."""
    text = HANDAN.read_text(encoding="utf-8").replace("../data/", f"{(ROOT / 'data').as_posix()}/")
    path = tmp_path / "plan.toml"
    path.write_text(change(text), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("old_compound.simulated.xlsx", "not-there.xlsx"), ["not-there.xlsx", "处理办法"]),
        (lambda text: text.replace("issuer =", "isuer ="), ["plan.toml", "isuer", "处理办法"]),
        (lambda text: text.replace("events.simulated.csv", "README.md"), ["README.md", "处理办法"]),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name_and_nothing_is_written(tmp_path, change, told):
    plan = copy_project(tmp_path, change)
    output = tmp_path / "outputs"
    done = run("build", plan, "--as-of", AS_OF, "-o", output)
    assert done.returncode == 2
    for word in told:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


def test_roads_without_a_crs_are_refused(tmp_path):
    roads = gpd.read_parquet(ROOT / "data" / "sites" / "roads.simulated.parquet")
    roads.set_crs(None, allow_override=True).to_parquet(tmp_path / "bare.parquet")
    old = f"{(ROOT / 'data').as_posix()}/sites/roads.simulated.parquet"
    plan = copy_project(tmp_path, lambda text: text.replace(old, (tmp_path / "bare.parquet").as_posix()))
    done = run("build", plan, "--as-of", AS_OF, "-o", tmp_path / "outputs")
    assert done.returncode == 2
    assert "bare.parquet" in done.stderr
    assert "坐标系" in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_a_file_in_the_place_of_the_output_folder_is_refused(tmp_path):
    (tmp_path / "outputs").write_text("", encoding="utf-8")
    done = run("build", HANDAN, "--as-of", AS_OF, "-o", tmp_path / "outputs")
    assert done.returncode == 2
    assert "outputs" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_done_after_a_checkpoint_does_not_count_for_it(manifest, tmp_path):
    assert build(tmp_path, "2021-12-31").returncode == 0
    later = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert later["T04"]["done"] > manifest["counts"]["T04"]["done"]
    for checkpoint in ("T04a", "T04b"):
        assert later[checkpoint]["done"] == manifest["counts"][checkpoint]["done"]


def test_without_a_day_the_command_refuses(tmp_path):
    plan = copy_project(tmp_path, lambda text: text.replace("default_as_of = 2021-12-31\n", ""))
    done = run("build", plan, "-o", tmp_path / "outputs")
    assert done.returncode == 2
    assert "--as-of" in done.stderr
