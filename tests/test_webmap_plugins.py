"""folium's plugins in a file without a network: each works, or is refused by its name."""

from __future__ import annotations

import re

import branca
import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from folium import plugins
from PIL import Image

from renewal_gis.errors import OfflineError
from renewal_gis.render.webmap import plugin_assets
from renewal_gis.render.webmap.assets import find_asset
from renewal_gis.render.webmap.offline import save_offline

HERE = [36.6, 114.5]
SPOTS = [[36.6 + k / 500, 114.5 + k / 400] for k in range(12)]
SQUARES = gpd.GeoDataFrame(
    {"id": ["a", "b"], "name": ["甲", "乙"]},
    geometry=[shapely.box(114.5, 36.6, 114.51, 36.61), shapely.box(114.51, 36.6, 114.52, 36.61)],
    crs=4326,
)
EVENT = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [114.5, 36.6]},
            "properties": {"times": ["2021-01-01"], "start": "2021-01-01", "end": "2021-02-01"},
        }
    ],
}
TOPOLOGY = {
    "type": "Topology",
    "arcs": [[[114.5, 36.6], [114.51, 36.6], [114.51, 36.61], [114.5, 36.6]]],
    "objects": {
        "a": {
            "type": "GeometryCollection",
            "geometries": [{"type": "Polygon", "arcs": [[0]], "properties": {}}],
        }
    },
}


def make_map() -> folium.Map:
    return folium.Map(location=HERE, zoom_start=12, tiles=None)


def add_cluster(map_):
    cluster = plugins.MarkerCluster().add_to(map_)
    for spot in SPOTS:
        folium.Marker(spot, popup="一").add_to(cluster)


def add_search(map_):
    layer = folium.GeoJson(SQUARES, name="面").add_to(map_)
    plugins.Search(layer, search_label="name").add_to(map_)


def add_subgroup(map_):
    group = folium.FeatureGroup("组").add_to(map_)
    folium.Marker(HERE).add_to(plugins.FeatureGroupSubGroup(group, "子组").add_to(map_))


def add_icons(map_):
    folium.Marker(HERE, icon=folium.Icon(color="red", icon="info-sign")).add_to(map_)
    folium.Marker(SPOTS[3], icon=folium.Icon(color="blue", icon="house", prefix="fa")).add_to(map_)


def add_choropleth(map_):
    table = pd.DataFrame({"id": ["a", "b"], "v": [1, 2]})
    folium.Choropleth(
        geo_data=SQUARES, data=table, columns=["id", "v"], key_on="feature.properties.id"
    ).add_to(map_)


def add_timeline(map_):
    line = plugins.Timeline(EVENT).add_to(map_)
    plugins.TimelineSlider().add_timelines(line).add_to(map_)


def add_years(map_):
    styles = {word: {"1609459200": {"color": "#ff0000", "opacity": 0.5}} for word in ("0", "1")}
    plugins.TimeSliderChoropleth(SQUARES.to_json(), styledict=styles).add_to(map_)


def add_spider(map_):
    for _ in range(3):
        folium.Marker(HERE, popup="一").add_to(map_)
    plugins.OverlappingMarkerSpiderfier().add_to(map_)


def add_pattern(map_):
    stripes = plugins.pattern.StripePattern(angle=-45).add_to(map_)
    folium.GeoJson(SQUARES, style_function=lambda _: {"fillPattern": stripes}).add_to(map_)


def add_tags(map_):
    folium.Marker(HERE, tags=["a"]).add_to(map_)
    plugins.TagFilterButton(["a", "b"]).add_to(map_)


def add_groups(map_):
    plugins.GroupedLayerControl({"组": [folium.FeatureGroup("a").add_to(map_)]}).add_to(map_)


def add_tree(map_):
    group = folium.FeatureGroup("a").add_to(map_)
    plugins.TreeLayerControl(
        overlay_tree={"label": "树", "children": [{"label": "甲", "layer": group}]}
    ).add_to(map_)


def add_text(map_):
    line = folium.PolyLine(SPOTS).add_to(map_)
    plugins.PolyLineTextPath(line, "和平路").add_to(map_)


def adder(make):
    """One element, made when it is wanted."""
    return lambda map_: make().add_to(map_)


PICTURE = np.full((4, 4, 4), 0.5)
# what is added, and what of it then stands in the page
WORKING = {
    "MarkerCluster": (add_cluster, ".marker-cluster"),
    "FastMarkerCluster": (adder(lambda: plugins.FastMarkerCluster(SPOTS)), ".marker-cluster"),
    "HeatMap": (adder(lambda: plugins.HeatMap(SPOTS)), "canvas.leaflet-heatmap-layer"),
    "HeatMapWithTime": (
        adder(lambda: plugins.HeatMapWithTime([SPOTS[:5], SPOTS[5:]], index=["2021-01-01", "2021-02-01"])),
        ".timecontrol-slider",
    ),
    "Fullscreen": (adder(plugins.Fullscreen), ".leaflet-control-zoom-fullscreen"),
    "Search": (add_search, ".leaflet-control-search .search-button"),
    "TimestampedGeoJson": (
        adder(lambda: plugins.TimestampedGeoJson(EVENT, period="P1D")),
        ".timecontrol-slider",
    ),
    "Draw": (adder(lambda: plugins.Draw(export=True)), ".leaflet-draw-draw-polygon"),
    "MousePosition": (adder(plugins.MousePosition), ".leaflet-control-mouseposition"),
    "FeatureGroupSubGroup": (add_subgroup, ".leaflet-marker-icon"),
    "BeautifyIcon": (
        adder(lambda: folium.Marker(HERE, icon=plugins.BeautifyIcon(icon="plane"))),
        ".beautify-marker",
    ),
    "Icon": (add_icons, ".awesome-marker-icon-blue .fa-house"),
    "AntPath": (adder(lambda: plugins.AntPath(SPOTS)), "path.leaflet-interactive"),
    "Choropleth": (add_choropleth, "path.leaflet-interactive"),
    "ColorMap": (adder(lambda: branca.colormap.linear.YlGnBu_09.scale(0, 1)), "svg#legend"),
    "TopoJson": (adder(lambda: folium.TopoJson(TOPOLOGY, "objects.a")), "path.leaflet-interactive"),
    "Circle": (adder(lambda: folium.Circle(HERE, radius=300)), "path.leaflet-interactive"),
    "ImageOverlay": (
        adder(lambda: folium.raster_layers.ImageOverlay(PICTURE, [HERE, [36.61, 114.51]])),
        "img.leaflet-image-layer",
    ),
    "FloatImage": (
        adder(lambda: plugins.FloatImage("data:image/png;base64,iVBORw0KGgo=")),
        "img[src^='data:']",
    ),
    "PolyLineOffset": (adder(lambda: plugins.PolyLineOffset(SPOTS, offset=5)), "path.leaflet-interactive"),
    "PolyLineTextPath": (add_text, "text textPath"),
    "PolyLineFromEncoded": (
        adder(lambda: plugins.PolyLineFromEncoded("u{~vFvyys@fS]")),
        "path.leaflet-interactive",
    ),
    "SemiCircle": (
        adder(lambda: plugins.SemiCircle(HERE, radius=300, start_angle=0, stop_angle=90)),
        "path.leaflet-interactive",
    ),
    "RegularPolygonMarker": (
        adder(lambda: folium.RegularPolygonMarker(HERE, number_of_sides=3)),
        "path.leaflet-interactive",
    ),
    "Terminator": (adder(plugins.Terminator), ".leaflet-overlay-pane path"),
    "Timeline": (add_timeline, ".leaflet-timeline-control"),
    "TimeSliderChoropleth": (add_years, "input[type=range]"),
    "TagFilterButton": (add_tags, ".tag-filter-tags-container"),
    "GroupedLayerControl": (add_groups, ".leaflet-control-layers-group"),
    "TreeLayerControl": (add_tree, ".leaflet-layerstree-node"),
    "OverlappingMarkerSpiderfier": (add_spider, ".leaflet-marker-icon"),
    "BoatMarker": (adder(lambda: plugins.BoatMarker(HERE, heading=45)), "canvas.leaflet-marker-icon"),
    "StripePattern": (add_pattern, "pattern path"),
    "LocateControl": (adder(plugins.LocateControl), ".leaflet-control-locate"),
    "GeoMan": (adder(plugins.GeoMan), ".leaflet-pm-toolbar"),
    "ClickForMarker": (adder(folium.ClickForMarker), ".leaflet-container"),
}
# a plugin of 2016 calls a property that Leaflet has renamed
TOLERATED = "Deprecated include of L.Mixin.Events"


def require_package():
    if find_plugin is None:
        pytest.skip(f"没有安装 {plugin_assets.PACKAGE}")


find_plugin = plugin_assets.find_plugin_asset("https://d3js.org/d3.v4.min.js")


@pytest.mark.parametrize("name", WORKING)
def test_a_plugin_works_without_a_network(name, visit):
    require_package()
    add, selector = WORKING[name]
    map_ = make_map()
    add(map_)
    seen = visit(save_offline(map_))
    seen.page.wait_for_selector(selector, state="attached")
    assert seen.foreign == []
    assert [line for line in seen.complaints if TOLERATED not in line] == []


def test_two_maps_side_by_side(visit):
    require_package()
    maps = plugins.DualMap(location=HERE, tiles=None)
    folium.Marker(HERE).add_to(maps.m1)
    seen = visit(save_offline(maps))
    seen.page.wait_for_selector(".leaflet-marker-icon")
    assert seen.page.evaluate("document.querySelectorAll('.leaflet-container').length") == 2
    seen.check_quiet()


def test_a_marker_with_a_picture_of_ones_own(visit, tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "i.png")
    map_ = make_map()
    folium.Marker(HERE, icon=folium.CustomIcon(str(tmp_path / "i.png"), icon_size=(8, 8))).add_to(map_)
    seen = visit(save_offline(map_))
    assert seen.page.evaluate("document.querySelector('.leaflet-marker-icon').naturalWidth") == 8
    seen.check_quiet()


def test_a_page_in_a_popup_shows_and_runs_nothing(visit):
    map_ = make_map()
    inner = "<h1>题</h1><script>parent.hit=1</script><img src=https://example.org/a.png onerror=parent.hit=1>"
    folium.Marker(HERE, popup=folium.Popup(folium.IFrame(inner, width=200, height=100), show=True)).add_to(
        map_
    )
    seen = visit(save_offline(map_))
    frame = seen.page.wait_for_selector(".leaflet-popup iframe").content_frame()
    assert frame.wait_for_selector("h1").inner_text() == "题"
    assert seen.page.evaluate("window.hit") is None
    assert seen.foreign == []
    assert all("Content Security Policy" in line for line in seen.complaints)


@pytest.mark.parametrize(
    ("element", "named"),
    [
        (folium.TileLayer("OpenStreetMap"), "TileLayer"),
        (plugins.MiniMap(), "MiniMap"),
        (plugins.Geocoder(), "Geocoder"),
        (plugins.Realtime("https://example.org/a.json"), "Realtime"),
        (plugins.VectorGridProtobuf("https://example.org/{z}", "x"), "VectorGridProtobuf"),
        (plugins.MeasureControl(), "MeasureControl"),
        (plugins.FloatImage("https://example.org/a.png"), "FloatImage"),
        (plugins.ScrollZoomToggler(), "example|ionicons"),
        (
            plugins.SideBySideLayers(folium.FeatureGroup("a"), folium.FeatureGroup("b")),
            "SideBySideLayers",
        ),
        (
            folium.Marker(HERE, popup=folium.Popup().add_child(folium.VegaLite({"data": {}}))),
            "VegaLite",
        ),
        (folium.raster_layers.VideoOverlay("https://example.org/a.mp4", [HERE, SPOTS[3]]), "VideoOverlay"),
    ],
    ids=lambda word: word if isinstance(word, str) else "",
)
def test_what_needs_a_network_or_an_interpreter_is_refused(element, named, tmp_path):
    map_ = make_map()
    element.add_to(map_)
    with pytest.raises(OfflineError, match=named):
        save_offline(map_, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_a_plugin_is_refused_with_a_remedy(monkeypatch):
    monkeypatch.setattr(plugin_assets, "_read_table", dict)
    map_ = make_map()
    add_cluster(map_)
    with pytest.raises(OfflineError, match=r"markercluster.*pip install folium-offline"):
        save_offline(map_)


def test_styles_of_plugins_fetch_nothing():
    require_package()
    style = find_asset(
        "https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css",
        wanted=re.compile("all"),
    )
    assert "webfonts/" not in style
    assert "url(data:" in style or 'url("data:' in style


def test_a_map_without_such_markers_carries_no_fonts():
    page = save_offline(make_map())
    assert "fa-solid" not in page
    assert "glyphicon" not in page
