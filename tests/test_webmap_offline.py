"""save_offline: everything inside, nothing asked, nothing executed that should not be."""

from __future__ import annotations

import base64
import hashlib
import re

import folium
import geopandas as gpd
import pytest
import shapely

from renewal_gis.errors import OfflineError
from renewal_gis.render.webmap.assets import find_asset
from renewal_gis.render.webmap.escape import escape_text, guard_script, write_json
from renewal_gis.render.webmap.offline import save_offline
from renewal_gis.render.webmap.packed import PackedLayer

EVIL = [
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    "</title><script>window.hit=1</script>",
    "${window.hit=1}",
    "`+(window.hit=1)+`",
    "back\\slash\\",
    "\\`${window.hit=1}",
    "<a href='javascript:window.hit=1' id=evil>x</a>",
    "<svg onload=window.hit=1>",
    "\u202eRTL\u0007",
    "<!--<script>",
]


def make_map() -> folium.Map:
    return folium.Map(location=[36.6, 114.5], zoom_start=12, tiles=None)


def make_full_map() -> folium.Map:
    """One of each supported element."""
    map_ = make_map()
    folium.Marker([36.6, 114.5], popup="一", tooltip="二").add_to(map_)
    folium.CircleMarker([36.61, 114.5], popup=folium.Popup("<b>三</b>")).add_to(map_)
    folium.PolyLine([[36.6, 114.5], [36.61, 114.51]], tooltip="四").add_to(map_)
    folium.Polygon([[36.6, 114.5], [36.61, 114.51], [36.6, 114.52]]).add_to(map_)
    folium.Rectangle([[36.6, 114.5], [36.61, 114.51]]).add_to(map_)
    square = gpd.GeoDataFrame(
        {"name": ["甲"]}, geometry=[shapely.box(114.5, 36.6, 114.51, 36.61)], crs="EPSG:4326"
    )
    folium.GeoJson(
        square, name="面", tooltip=folium.GeoJsonTooltip(["name"]), popup=folium.GeoJsonPopup(["name"])
    ).add_to(map_)
    group = folium.FeatureGroup("组").add_to(map_)
    folium.Marker([36.62, 114.5], icon=folium.DivIcon(html="<i>五</i>")).add_to(group)
    PackedLayer(square.to_crs(4490), name="我们的").add_to(map_)
    folium.LayerControl().add_to(map_)
    return map_


def test_the_same_map_twice_gives_the_same_bytes():
    assert save_offline(make_full_map()) == save_offline(make_full_map())


def test_the_map_itself_stays_as_it_was():
    map_ = make_full_map()
    first = save_offline(map_)
    popup = next(child for child in map_._children.values() if isinstance(child, folium.Marker))
    assert save_offline(map_) == first
    assert "`" not in popup.get_name()


def test_the_page_says_its_language_title_and_policy():
    page = save_offline(make_map(), title="图<1>")
    assert '<html lang="zh-CN">' in page
    assert "<title>图&lt;1&gt;</title>" in page
    assert "default-src 'none'" in page
    assert "unsafe" not in page[: page.index("<title>")]
    assert "sourceMappingURL" not in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)


def test_every_script_and_style_is_in_the_policy():
    page = save_offline(make_full_map())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    texts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, flags=re.DOTALL)
    assert len(texts) >= 5
    for text in texts:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_an_empty_map_is_small():
    assert len(save_offline(make_map()).encode()) < 250_000


def test_writing_puts_the_file_in_place_whole(tmp_path):
    text = save_offline(make_map(), tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


@pytest.mark.parametrize(
    ("element", "named"),
    [
        (folium.TileLayer("OpenStreetMap"), "TileLayer"),
        (folium.WmsTileLayer("https://example.org/wms", layers="a"), "WmsTileLayer"),
        (
            folium.raster_layers.ImageOverlay("https://example.org/a.png", [[36, 114], [37, 115]]),
            "ImageOverlay",
        ),
    ],
)
def test_what_needs_a_network_is_refused_by_name(element, named, tmp_path):
    map_ = make_map()
    element.add_to(map_)
    with pytest.raises(OfflineError, match=named):
        save_offline(map_, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_folium_default_tiles_are_refused_with_a_remedy():
    with pytest.raises(OfflineError, match="tiles=None"):
        save_offline(folium.Map(location=[36.6, 114.5]))


def test_a_linked_script_is_refused_by_address():
    map_ = make_map()
    map_.get_root().header.add_child(folium.Element('<script src="https://example.org/x.js"></script>'))
    with pytest.raises(OfflineError, match=r"example\.org/x\.js"):
        save_offline(map_)


def test_an_image_in_a_frame_is_refused():
    map_ = make_map()
    map_.get_root().html.add_child(folium.Element('<img src="logo.png">'))
    with pytest.raises(OfflineError, match=r"logo\.png"):
        save_offline(map_)


def test_leaflet_carries_its_images():
    style = find_asset("https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css")
    assert "url(images" not in style
    assert style.count("data:image/png") >= 2


def test_all_supported_elements_work_without_a_network(visit):
    seen = visit(save_offline(make_full_map()))
    seen.page.wait_for_selector(".leaflet-marker-icon")
    seen.page.wait_for_selector(".leaflet-control-layers")
    seen.page.click(".leaflet-marker-icon >> nth=0")
    seen.page.wait_for_selector(".leaflet-popup-content")
    assert seen.page.inner_text(".leaflet-popup-content").strip() == "一"
    assert seen.page.evaluate("document.querySelector('.leaflet-marker-icon').naturalWidth") == 25
    seen.check_quiet()


def test_texts_of_popups_and_tooltips_run_nothing(visit):
    map_ = make_map()
    for k, text in enumerate(EVIL):
        folium.Marker([36.6, 114.5 + k / 500], popup=text, tooltip=text).add_to(map_)
        folium.Marker([36.61, 114.5 + k / 500], popup=folium.Popup(text, parse_html=True)).add_to(map_)
    folium.LayerControl().add_to(map_)
    page = save_offline(map_, title="".join(EVIL))
    name = re.search(r"var (map_\d+) = L\.map", page)[1]
    seen = visit(page)
    opened = seen.page.evaluate(
        f"""() => {{ let n = 0; {name}.eachLayer(l => {{ if (l.getPopup && l.getPopup()) {{ l.openPopup(); l.openTooltip(); n++; }} }});
        const evil = document.getElementById("evil"); if (evil) {{ evil.click(); }} return n; }}"""
    )
    seen.page.wait_for_timeout(60)
    assert opened == 2 * len(EVIL)
    assert seen.page.evaluate("window.hit") is None
    assert seen.foreign == []
    assert seen.page.title() == re.sub("[\x00-\x1f]", "", "".join(EVIL))
    assert all("Content Security Policy" in line for line in seen.complaints)


def test_texts_of_packed_layers_show_as_written(visit):
    places = [shapely.Point(114.5 + k / 500, 36.6) for k in range(len(EVIL))]
    frame = gpd.GeoDataFrame({"name": EVIL}, geometry=places, crs="EPSG:4490")
    map_ = make_map()
    layers = [PackedLayer(frame, name=text, sort=False, options={"popup": [["name", text]]}) for text in EVIL]
    for layer in layers:
        layer.add_to(map_)
    folium.LayerControl(collapsed=False).add_to(map_)
    page = save_offline(map_)
    name = re.search(r"var (packed_layer_\d+) =", page)[1]
    seen = visit(page)
    shown = seen.page.evaluate(
        f"""async () => {{ await {name}.ready; const shown = [];
        for (let i = 0; i < {len(EVIL)}; i++) {{ {name}.fire("packed:click", {{index: i, latlng: L.latLng(36.6, 114.5)}});
          shown.push(Array.from(document.querySelectorAll(".rg-popup dd")).pop().textContent); }}
        return shown; }}"""
    )
    assert shown == EVIL
    names = seen.page.evaluate(
        "Array.from(document.querySelectorAll('.leaflet-control-layers-overlays span span'), n => n.textContent.trim())"
    )
    assert names == [text.strip() for text in EVIL]
    assert seen.page.evaluate("window.hit") is None
    seen.check_quiet()


def test_escaping_covers_markup_and_templates():
    assert escape_text('<a b="c">&`$\\') == "&lt;a b=&quot;c&quot;&gt;&amp;&#96;&#36;&#92;"
    assert escape_text(12) == "12"


def test_a_script_cannot_be_left_early():
    assert guard_script('a="</SCRIPT><!--"') == 'a="<\\/SCRIPT><\\!--"'


def test_json_stands_in_a_script():
    assert write_json({"a": "</b>&\u2028"}) == '{"a":"\\u003c/b\\u003e\\u0026\\u2028"}'
