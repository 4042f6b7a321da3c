"""Online basemaps: none unless asked for, tokens in memory only, 高德 where it lies in CGCS2000."""

from __future__ import annotations

import base64
import json
import math
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from renewal_gis.cli import main
from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.geo.crs import gcj02_to_wgs84, wgs84_to_gcj02
from renewal_gis.render.webmap.assets import read_asset
from renewal_gis.render.webmap.basemaps import BASEMAPS, check_datum, describe, list_hosts
from renewal_gis.render.webmap.index import write_index
from renewal_gis.render.webmap.layers import MapLayer, write_layers
from samples import make_survey

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TYPED = "0123456789abcdef" * 2
LON, LAT = 114.5, 36.6
FRAME = gpd.GeoDataFrame({"名称": ["甲"]}, geometry=[shapely.Point(LON, LAT)], crs=4490)


@pytest.fixture(scope="module")
def text():
    return write_layers([MapLayer("点", FRAME)], title="图", basemaps=["tianditu", "gaode"])


def open_online(seen):
    """Answer for the network: every tile is one pixel; what was asked is kept."""
    asked = []

    def answer(route):
        asked.append(route.request)
        route.fulfill(status=200, content_type="image/png", body=PIXEL)

    seen.page.route(re.compile(r"^https?://"), answer)
    return asked


def test_without_the_option_a_page_knows_of_no_host():
    page = write_layers([MapLayer("点", FRAME)], title="图")
    assert "default-src 'none'" in page
    assert "img-src data: blob:;" in page
    for word in ("tianditu", "autonavi", "RG.basemapChoice = "):
        assert word not in page


def test_the_policy_lets_pictures_come_from_these_hosts_only(text):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"].split() == ["data:", "blob:", *list_hosts(["tianditu", "gaode"])]
    assert "connect-src" not in rules
    assert all(host.startswith("https://") for host in list_hosts(BASEMAPS))


def test_nothing_is_asked_until_somebody_chooses(text, visit):
    seen = visit(text).wait_ready()
    seen.page.wait_for_timeout(100)
    assert seen.page.input_value("#pick-base") == ""
    seen.check_quiet()


def test_tianditu_wants_a_token_and_keeps_it_nowhere(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    asked = open_online(seen)
    page.select_option("#pick-base", "tianditu")
    assert page.is_visible("#base-token")
    page.wait_for_timeout(100)
    assert asked == []
    page.fill("#base-token", TYPED)
    page.press("#base-token", "Enter")
    page.wait_for_selector(".leaflet-tile-loaded")
    hosts = {re.match(r"https://t[0-7]\.tianditu\.gov\.cn/(vec|cva)_w/", request.url)[1] for request in asked}
    assert hosts == {"vec", "cva"}
    assert all(request.url.endswith(f"&tk={TYPED}") for request in asked)
    assert not any("referer" in request.headers for request in asked)
    page.wait_for_timeout(350)  # the link to the view is written a moment later
    assert TYPED not in page.evaluate(
        "location.href + JSON.stringify([localStorage, sessionStorage]) + document.cookie"
    )
    page.reload()
    assert page.evaluate("word => document.documentElement.outerHTML.includes(word)", TYPED) is False
    assert seen.complaints == []
    assert TYPED not in text


def test_gaode_lies_where_it_belongs(text, visit):
    seen = visit(text).wait_ready()
    page = seen.page
    asked = open_online(seen)
    page.select_option("#pick-base", "gaode")
    page.wait_for_selector(".leaflet-tile-loaded")
    assert all(re.match(r"https://webrd0[1-4]\.is\.autonavi\.com/", request.url) for request in asked)
    # a place of GCJ-02 within a tile stands on the screen where the map shows its true position
    tiles = page.evaluate(
        """() => Array.from(document.querySelectorAll('.leaflet-tile'), t => { const b = t.getBoundingClientRect(), q = new URL(t.src).searchParams;
        return [+q.get('x'), +q.get('y'), +q.get('z'), b.left, b.top, b.width, b.height]; })"""
    )
    box = page.evaluate("(b => [b.left, b.top])(renewal.map.getContainer().getBoundingClientRect())")
    checked = 0
    for x, y, z, left, top, width, height in tiles:
        for u in (0.25, 0.75):
            lon, lat = tile_place(x + u, y + u, z)
            true_lon, true_lat = gcj02_to_wgs84(lon, lat)
            at = page.evaluate(
                "p => { const q = renewal.map.latLngToContainerPoint(L.latLng(p[1], p[0])); return [q.x, q.y]; }",
                [float(true_lon), float(true_lat)],
            )
            assert left + u * width == pytest.approx(box[0] + at[0], abs=1.5)
            assert top + u * height == pytest.approx(box[1] + at[1], abs=1.5)
            checked += 1
    assert checked >= 8
    # not shifted it would be half a kilometre off
    shifted = page.evaluate("RG.toGcj(114.5, 36.6)")
    assert (shifted[0] - LON) * 111_320 * math.cos(math.radians(LAT)) > 450
    assert seen.complaints == []


def tile_place(x, y, z):
    """Longitude and latitude of a place in the tile grid."""
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / 2**z))))
    return x / 2**z * 360 - 180, lat


def test_the_shift_of_the_page_is_that_of_the_library(text, visit):
    page = visit(text).wait_ready().page
    spots = np.random.default_rng(1).uniform([73, 18], [135, 54], (40, 2))
    there = np.array(page.evaluate("spots => spots.map(p => RG.toGcj(p[0], p[1]))", spots.tolist()))
    back = np.array(page.evaluate("spots => spots.map(p => RG.fromGcj(p[0], p[1]))", there.tolist()))
    assert there == pytest.approx(np.column_stack(wgs84_to_gcj02(*spots.T)), abs=1e-9)
    assert back == pytest.approx(spots, abs=1e-8)
    assert page.evaluate("RG.toGcj(2.35, 48.85)") == [2.35, 48.85]


def test_two_corners_of_a_tile_leave_less_than_a_pixel():
    """The error that the page states: inside a tile against the exact shift, over a province, every zoom."""
    worst = 0.0
    for z in range(6, 19):
        for lon, lat in ((113.5, 36.1), (114.5, 36.6), (115.4, 37.0), (121.5, 31.2), (87.6, 43.8)):
            x0 = math.floor((lon + 180) / 360 * 2**z)
            y0 = math.floor((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)
            from_, to = (project_true(x0 + k, y0 + k, z) for k in (0, 1))
            for u, v in ((1, 0), (0, 1), (0.5, 0.5), (0.25, 0.75)):
                exact = project_true(x0 + u, y0 + v, z)
                put = from_ + (to - from_) * (u, v)
                worst = max(worst, float(np.abs(exact - put).max()))
    assert worst < 1.0


def project_true(x, y, z):
    """Pixels of the true place of a place in the GCJ-02 tile grid."""
    lon, lat = (float(v) for v in gcj02_to_wgs84(*tile_place(x, y, z)))
    size = 256 * 2**z
    return np.array(
        [(lon + 180) / 360 * size, (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * size]
    )


def test_a_layer_of_another_datum_is_an_error():
    beijing = FRAME.set_crs(4214, allow_override=True)
    with pytest.raises(CrsError, match="不是同一基准"):
        check_datum(beijing, ["gaode"], layer="旧图")
    with pytest.raises(CrsError, match="旧图"):
        write_layers(
            [MapLayer("旧图", FRAME.set_crs(None, allow_override=True))], title="图", basemaps=["tianditu"]
        )
    check_datum(FRAME, BASEMAPS)


def test_an_unknown_basemap_is_refused():
    with pytest.raises(SchemaError, match="tianditu"):
        list_hosts(["osm"])


def test_no_token_is_in_what_the_page_is_told():
    assert "tk={tk}" in json.dumps(describe(["tianditu"]))
    script = read_asset("basemaps.js")
    for word in ("localStorage", "sessionStorage", "cookie", "location"):
        assert word not in script


def test_the_command_offers_basemaps_only_when_asked(tmp_path):
    FRAME.to_file(tmp_path / "a.geojson", driver="GeoJSON")
    words = ["map", str(tmp_path / "a.geojson"), "-o", str(tmp_path / "m.html")]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert "tianditu" not in (tmp_path / "m.html").read_text(encoding="utf-8")
    assert CliRunner().invoke(main, [*words, "--basemap", "gaode"]).exit_code == 0
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "https://webrd01.is.autonavi.com" in page
    assert "tianditu" not in page.split("<body>")[0]


def test_the_status_page_offers_them_too(visit):
    survey = make_survey()
    text = write_index(survey, basemaps=["tianditu", "gaode"])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "https://t0.tianditu.gov.cn" in policy
    seen = visit(text).wait_ready()
    seen.check_quiet()
    asked = open_online(seen)
    seen.page.select_option("#pick-base", "gaode")
    seen.page.locator(".leaflet-tile-loaded").first.wait_for()
    assert {request.resource_type for request in asked} == {"image"}
    assert "autonavi" not in write_index(survey)
