"""Streets from an Overpass service, which here is a server of our own."""

from __future__ import annotations

import http.server
import json
import socket
import sys
import threading
from urllib.parse import parse_qs

import geopandas as gpd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from shapely.geometry import box

from conftest import ROOT
from renewal_gis.cli import main
from renewal_gis.errors import InputError
from renewal_gis.intake.fetch_roads import fetch_roads
from renewal_gis.intake.roads import read_roads

NODES = {
    1: (0.2, 0.5, {}),
    2: (0.5, 0.5, {}),
    3: (0.8, 0.5, {"noexit": "yes"}),
    4: (0.5, 0.8, {}),
    5: (0.6, 0.5, {}),
    6: (0.7, 0.5, {}),
}
WAYS = {
    10: ([1, 2], {"highway": "primary", "name": "人民路", "oneway": "-1"}),
    11: ([2, 4], {"highway": "residential", "tunnel": "yes"}),
    12: ([2, 5], {"highway": "primary", "name": "人民路", "bridge": "yes", "layer": "1"}),
    13: ([6, 5], {"highway": "tertiary", "name": "学院路"}),
    14: ([6, 3], {"highway": "tertiary", "name": "学院路"}),
}


class Overpass(http.server.BaseHTTPRequestHandler):
    """Answers every query with one town and remembers what was asked."""

    def do_GET(self):
        self.answer(b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, parse_qs(body)["data"][0]))
        told = json.dumps({"version": 0.6, "elements": self.server.elements})
        self.answer(told.encode() if self.server.status == 200 else b"Bad Request")

    def answer(self, content):
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def overpass():
    server = http.server.HTTPServer(("127.0.0.1", 0), Overpass)
    server.asked, server.status = [], 200
    server.elements = [
        {"type": "node", "id": i, "lon": 114 + x / 50, "lat": 36 + y / 50, "tags": t}
        for i, (x, y, t) in NODES.items()
    ] + [{"type": "way", "id": i, "nodes": refs, "tags": t} for i, (refs, t) in WAYS.items()]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/api"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def plan_path(tmp_path):
    """A town of two districts, 114.00 to 114.02 east, of which the skeleton of a plan is made."""
    from renewal_gis.intake.boundaries import format_collection
    from renewal_gis.ledger.templates import write_templates
    from renewal_gis.pipeline.city import make_skeleton
    from renewal_gis.plan import load_plan

    outlines = [box(114.00, 36.0, 114.01, 36.02), box(114.01, 36.0, 114.02, 36.02)]
    districts = gpd.GeoDataFrame(
        {"code": ["990101", "990102"], "name": ["东区", "西区"], "city": "某某市"},
        geometry=outlines,
        crs=4490,
    )
    path = tmp_path / "city" / "plan.toml"
    path.parent.mkdir()
    path.write_text(make_skeleton(districts, year=2026, origin="自绘"), encoding="utf-8")
    (path.parent / "boundaries.geojson").write_text(format_collection(districts), encoding="utf-8")
    write_templates(load_plan(path), path.parent / "sites")
    return path


def fetch(plan_path, output, *words):
    return CliRunner().invoke(
        main, ["roads", "fetch", "--plan", str(plan_path), "-o", str(output), *map(str, words)]
    )


def test_streets_are_fetched_once_with_their_columns(overpass):
    pytest.importorskip("osmnx", reason="没有 osmnx")
    roads = fetch_roads(box(114, 36, 114.02, 36.02), overpass_url=overpass.url)
    assert roads.crs == 4490
    assert list(roads.columns)[1:-1] == ["highway", "name", "oneway", "bridge", "tunnel", "layer", "noexit"]
    told = {row["osmid"]: row for row in roads.to_dict("records")}
    # 10、11、12 在节点 2 相交;12 与 13 在 5 变名,断开;13、14 同名同级,合为一条,虽然画的方向相反
    assert sorted(told) == ["10", "11", "12", "13;14"]
    assert told["10"]["oneway"] is True
    assert told["10"]["geometry"].coords[0] == (114.01, 36.01)  # -1:与所画方向相反
    assert told["12"]["bridge"] == "yes"
    assert told["12"]["layer"] == "1"
    assert told["11"]["tunnel"] == "yes"
    assert told["13;14"]["noexit"] == "yes"
    assert len(told["13;14"]["geometry"].coords) == 3


def test_the_file_tells_where_it_comes_from_and_goes_into_the_plan(overpass, plan_path):
    pytest.importorskip("osmnx", reason="没有 osmnx")
    output = plan_path.parent / "data" / "roads.parquet"
    done = fetch(plan_path, output, "--overpass", overpass.url, "--network", "all")
    assert done.exit_code == 0, done.output
    assert "4 段道路" in done.output
    assert "ODbL" in done.output
    (path, query) = overpass.asked[0]
    assert path == "/api/interpreter"
    assert "way" in query
    told = pq.read_schema(output).metadata
    assert "OpenStreetMap" in told[b"attribution"].decode()
    assert "odbl" in told[b"licence"].decode()
    assert told[b"source"].decode() == overpass.url
    assert len(told[b"retrieved"]) == len("2026-01-01")
    assert "EPSG:4490" in told[b"datum"].decode()
    block = done.output[done.output.index("[[sources]]") :]
    assert 'path = "data/roads.parquet"' in block
    plan_path.write_text(plan_path.read_text(encoding="utf-8") + "\n" + block, encoding="utf-8")
    checked = CliRunner().invoke(main, ["plan", "check", str(plan_path)])
    assert checked.exit_code == 0, checked.output
    intake = read_roads(output)
    assert (intake.read, intake.accepted) == (4, 4)
    assert not list(plan_path.parent.glob("cache"))


def test_nothing_of_osmnx_stays_changed(overpass):
    osmnx = pytest.importorskip("osmnx", reason="没有 osmnx")
    before = {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("_")}
    resolver = socket.getaddrinfo
    fetch_roads(box(114, 36, 114.02, 36.02), overpass_url=overpass.url + "/interpreter")
    assert {key: vars(osmnx.settings)[key] for key in before} == before
    assert socket.getaddrinfo is resolver
    assert overpass.asked[0][0] == "/api/interpreter"


def test_no_network_ends_with_a_remedy(plan_path, tmp_path):
    pytest.importorskip("osmnx", reason="没有 osmnx")
    with socket.socket() as free:  # a port at which nobody listens
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = fetch(plan_path, tmp_path / "r.parquet", "--overpass", f"http://127.0.0.1:{port}/api")
    assert told.exit_code == 2
    assert "无法从" in told.stderr
    assert ".osm.pbf" in told.stderr
    assert not (tmp_path / "r.parquet").exists()


@pytest.mark.parametrize(("status", "elements", "word"), [(200, [], "没有该范围的道路"), (400, [], "无法从")])
def test_a_service_that_has_nothing_is_told(overpass, plan_path, tmp_path, status, elements, word):
    pytest.importorskip("osmnx", reason="没有 osmnx")
    overpass.elements, overpass.status = elements, status
    told = fetch(plan_path, tmp_path / "r.parquet", "--overpass", overpass.url)
    assert told.exit_code == 2
    assert word in told.stderr


def test_without_the_package_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "osmnx", None)
    with pytest.raises(InputError, match=r"renewal-gis\[osm\]"):
        fetch_roads(box(0, 0, 1, 1))


def test_only_parquet_is_written(plan_path, tmp_path):
    told = fetch(plan_path, tmp_path / "roads.gpkg")
    assert told.exit_code == 2
    assert ".parquet" in told.stderr


def test_the_package_is_optional():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'osm = ["osmnx' in text
