"""Roads are taken in whole or with a reason, from every format."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis import toytown
from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.intake import road_words
from renewal_gis.intake.roads import MOST_FINDINGS, read_roads

LINE = shapely.LineString([(114.50, 36.60), (114.51, 36.60)])
CROSS = shapely.LineString([(114.505, 36.595), (114.505, 36.605)])
METRIC = "EPSG:4547"


def make_frame(shapes, crs="EPSG:4490", **columns):
    columns.setdefault("highway", ["residential"] * len(shapes))
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def balance(intake):
    return intake.read, intake.accepted, intake.repaired, intake.quarantined


def write(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, engine="pyogrio")
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg", ".geojson", ".shp", ".fgb"])
def test_the_toy_town_is_the_same_from_every_format(tmp_path, suffix):
    roads = toytown.make_roads().to_crs("EPSG:4326")
    intake = read_roads(write(roads, tmp_path / f"roads{suffix}"))
    # 一条路画了两遍:40 条记录,39 条线
    assert balance(intake) == (40, 39, 1, 0)
    assert len(intake.frame) == 39
    assert set(intake.frame["highway"]) == set(roads["highway"])
    assert [finding.code for finding in intake.findings if finding.severity != "info"] == []
    assert intake.frame["noexit"].sum() == 1


def test_chinese_headers_and_classes_are_understood(tmp_path):
    shapes = [shapely.affinity.translate(LINE, yoff=0.001 * k) for k in range(5)]
    frame = make_frame(
        shapes, highway=["x"] * 5, 道路名称=["和平路", None, "b", "c", "d"],
        道路等级=["主干路", "次干路", "支路", "胡同儿", "规划"], 红线宽度=["12m", "-3", "", "40", "双向六车道"],
    ).drop(columns="highway")  # fmt: skip
    intake = read_roads(write(frame, tmp_path / "roads.gpkg"))
    assert intake.frame["highway"].tolist() == ["primary", "secondary", "tertiary", "unclassified"]
    assert intake.frame["name"].tolist() == ["和平路", "", "b", "c"]
    assert len(intake.planned) == 1
    assert intake.frame["width_m"].tolist()[0] == 12.0
    assert intake.frame["width_m"].isna().tolist() == [False, True, True, False]
    codes = {finding.code for finding in intake.findings}
    assert {"road-class-unknown", "road-planned", "road-mended"} <= codes
    assert balance(intake) == (5, 2, 3, 0)


def test_an_office_may_name_its_own_headers(tmp_path):
    frame = make_frame([LINE], 等级代号=["主干路"]).drop(columns="highway")
    path = write(frame, tmp_path / "roads.gpkg")
    assert read_roads(path).frame["highway"].tolist() == ["unclassified"]
    assert read_roads(path, columns={"highway": ("等级代号",)}).frame["highway"].tolist() == ["primary"]


def test_every_record_of_a_dirty_layer_is_accounted_for(tmp_path):
    with np.errstate(invalid="ignore"):
        nan = shapely.LineString([(114.5, 36.6), (np.nan, 36.6)])
    shapes = [
        LINE, LINE, LINE.reverse(), None, shapely.Point(114.5, 36.6), shapely.Point(1, 1).buffer(1),
        shapely.LineString([(114.5, 36.6), (114.5, 36.6)]), nan, shapely.LineString(),
        shapely.MultiLineString([CROSS, shapely.affinity.translate(CROSS, 0.01)]),
        shapely.GeometryCollection([shapely.Point(0, 0), shapely.affinity.translate(LINE, yoff=0.1)]),
        shapely.force_3d(shapely.affinity.translate(LINE, yoff=0.2), 55.0),
    ]  # fmt: skip
    frame = make_frame(shapes, oneway=[True] * len(shapes))
    intake = read_roads(write(frame, tmp_path / "roads.parquet"))
    # 采用:原线、多部件、三维;修正:两条重复、图形集合;隔离:空、点、面、零长、NaN、空线
    assert balance(intake) == (12, 3, 3, 6)
    assert len(intake.frame) == 1 + 2 + 1 + 1
    assert not shapely.has_z(intake.frame.geometry.values).any()
    assert not intake.frame["oneway"].iloc[0], "两个方向都画了,就不是单行"
    told = {finding.row for finding in intake.findings if finding.code == "road-refused"}
    assert told == {4, 5, 6, 7, 8, 9}
    assert intake.frame["source_row"].tolist() == [1, 10, 10, 11, 12]


def test_many_faults_of_a_kind_are_counted_not_listed(tmp_path):
    shapes = [LINE, *[shapely.Point(114.5, 36.6)] * (MOST_FINDINGS + 20)]
    intake = read_roads(write(make_frame(shapes), tmp_path / "roads.parquet"))
    refused = [finding for finding in intake.findings if finding.code == "road-refused"]
    assert len(refused) == MOST_FINDINGS + 1
    assert "另有 20 条" in refused[-1].text
    assert intake.quarantined == MOST_FINDINGS + 20


def test_one_line_only_is_enough(tmp_path):
    intake = read_roads(write(make_frame([LINE]), tmp_path / "roads.geojson"))
    assert balance(intake) == (1, 1, 0, 0)


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg"])
def test_an_empty_file_is_refused(tmp_path, suffix):
    frame = make_frame([LINE])[:0]
    with pytest.raises(InputError, match=rf"roads{suffix}.*没有任何记录"):
        read_roads(write(frame, tmp_path / f"roads{suffix}"))


def test_a_layer_without_lines_is_refused(tmp_path):
    with pytest.raises(InputError, match="1 条记录中没有可用的道路中心线"):
        read_roads(write(make_frame([shapely.Point(114.5, 36.6)]), tmp_path / "roads.parquet"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"nowhere\.gpkg"):
        read_roads(tmp_path / "nowhere.gpkg")


def test_a_file_that_is_no_geoparquet_is_refused(tmp_path):
    path = tmp_path / "roads.parquet"
    make_frame([LINE]).drop(columns="geometry").to_parquet(path)
    with pytest.raises(InputError, match=r"roads.parquet.*GeoParquet"):
        read_roads(path)


def test_without_a_reference_system_the_remedy_is_told(tmp_path):
    path = write(make_frame([LINE], crs=None), tmp_path / "roads.parquet")
    with pytest.raises(InputError, match=r"roads.parquet.*没有坐标系.*--crs"):
        read_roads(path)
    assert read_roads(path, crs="EPSG:4490").frame.crs.to_epsg() == 4490
    with pytest.raises(InputError, match="不认识坐标系"):
        read_roads(path, crs="EPSG:1")


def test_a_declared_system_must_fit_the_coordinates(tmp_path):
    degrees = write(make_frame([LINE], crs=None), tmp_path / "degrees.parquet")
    with pytest.raises(InputError, match="这样的经纬度"):
        read_roads(degrees, crs=METRIC)
    metres = write(
        make_frame([shapely.LineString([(5e5, 4e6), (5.01e5, 4e6)])], crs=None), tmp_path / "m.parquet"
    )
    with pytest.raises(InputError, match="这样的米制数值"):
        read_roads(metres, crs="EPSG:4490")


def test_the_files_own_system_counts_before_the_declared_one(tmp_path):
    path = write(make_frame([LINE]), tmp_path / "roads.parquet")
    assert read_roads(path, crs=METRIC).frame.crs.to_epsg() == 4490


def test_several_layers_need_a_name(tmp_path):
    path = tmp_path / "roads.gpkg"
    make_frame([LINE]).to_file(path, layer="现状", engine="pyogrio")
    make_frame([LINE, CROSS]).to_file(path, layer="规划", engine="pyogrio")
    with pytest.raises(InputError, match="现状、规划"):
        read_roads(path)
    assert read_roads(path, layer="规划").read == 2
    with pytest.raises(InputError, match="没有图层"):
        read_roads(path, layer="旧")


def test_a_gbk_shapefile_without_declaration_is_read(tmp_path):
    frame = make_frame([LINE], 路名=["滏河大街"], 等级=["主干路"]).drop(columns="highway")
    frame.to_file(tmp_path / "roads.shp", engine="pyogrio", encoding="GBK")
    (tmp_path / "roads.cpg").unlink(missing_ok=True)
    table = bytearray((tmp_path / "roads.dbf").read_bytes())
    table[29] = 0
    (tmp_path / "roads.dbf").write_bytes(table)
    intake = read_roads(tmp_path / "roads.shp")
    assert intake.frame["name"].tolist() == ["滏河大街"]
    assert intake.frame["highway"].tolist() == ["primary"]


OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
 <node id="1" lon="114.500" lat="36.600"/><node id="2" lon="114.501" lat="36.600"/>
 <node id="3" lon="114.502" lat="36.600"/>
 <node id="4" lon="114.501" lat="36.601"><tag k="highway" v="turning_circle"/></node>
 <node id="5" lon="114.501" lat="36.599"><tag k="noexit" v="yes"/></node>
 <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="人民路"/></way>
 <way id="11"><nd ref="2"/><nd ref="4"/><tag k="highway" v="residential"/><tag k="oneway" v="-1"/></way>
 <way id="12"><nd ref="2"/><nd ref="5"/><tag k="highway" v="residential"/><tag k="layer" v="1"/>
  <tag k="bridge" v="viaduct"/></way>
 <way id="13"><nd ref="3"/><nd ref="4"/><tag k="highway" v="construction"/></way>
 <way id="14"><nd ref="3"/><nd ref="4"/><tag k="highway" v="footway"/></way>
 <way id="15"><nd ref="1"/><nd ref="99"/><tag k="highway" v="residential"/></way>
 <way id="16"><nd ref="1"/><nd ref="4"/><tag k="building" v="yes"/></way>
 <way id="17"><nd ref="1"/><nd ref="5"/><nd ref="98"/><tag k="highway" v="residential"/></way>
</osm>"""


def test_osm_ways_are_split_where_streets_meet(tmp_path):
    path = tmp_path / "town.osm"
    path.write_text(OSM, encoding="utf-8")
    intake = read_roads(path)
    frame = intake.frame
    # 10 在节点 2 断开;11、12 各一;17 缺一个节点仍可用
    assert len(frame) == 2 + 1 + 1 + 1
    assert frame["name"].tolist()[:2] == ["人民路", "人民路"]
    assert frame["turning"].tolist() == [False, False, True, False, False]
    assert frame["noexit"].tolist() == [False, False, False, True, True]
    assert frame["bridge"].tolist() == [False, False, False, True, False]
    assert frame["layer"].tolist() == [0, 0, 0, 1, 0]
    assert frame["oneway"].tolist() == [False, False, True, False, False]
    assert len(intake.planned) == 1
    # 读 7 条道路要素(建筑不算):10、11、12、13 采用,17 修正,14、15 隔离
    assert balance(intake) == (7, 4, 1, 2)
    assert any("way/15" in finding.value for finding in intake.findings)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE osm [<!ENTITY a "b">]><osm>&a;</osm>',
        "<osm><node id='1'",
        "<gpx></gpx>",
    ],
)
@pytest.mark.parametrize("name", ["town.osm", "town.graphml"])
def test_xml_that_is_broken_or_dangerous_is_refused(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=name):
        read_roads(path)


GRAPHML = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
 <key id="d0" for="graph" attr.name="crs"/><key id="d1" for="node" attr.name="x"/>
 <key id="d2" for="node" attr.name="y"/><key id="d3" for="edge" attr.name="highway"/>
 <key id="d4" for="edge" attr.name="geometry"/><key id="d5" for="edge" attr.name="oneway"/>
 <key id="d6" for="edge" attr.name="name"/>
 <graph edgedefault="directed"><data key="d0">epsg:4326</data>
 <node id="a"><data key="d1">114.5</data><data key="d2">36.6</data></node>
 <node id="b"><data key="d1">114.51</data><data key="d2">36.6</data></node>
 <node id="c"><data key="d1">114.52</data><data key="d2">36.6</data></node>
 <edge source="a" target="b"><data key="d3">['service', 'residential']</data><data key="d5">False</data>
  <data key="d6">['甲路', '乙路']</data></edge>
 <edge source="b" target="a"><data key="d3">residential</data><data key="d5">False</data></edge>
 <edge source="b" target="c"><data key="d3">footway</data></edge>
 <edge source="b" target="c"><data key="d3">primary</data><data key="d5">True</data>
  <data key="d4">LINESTRING (114.51 36.6, 114.515 36.61, 114.52 36.6)</data></edge>
 </graph></graphml>"""


def test_both_directions_of_a_graph_are_one_street(tmp_path):
    path = tmp_path / "town.graphml"
    path.write_text(GRAPHML, encoding="utf-8")
    intake = read_roads(path)
    assert intake.frame["highway"].tolist() == ["residential", "primary"]
    assert intake.frame["name"].tolist() == ["甲路、乙路", ""]
    assert shapely.get_num_coordinates(intake.frame.geometry.values).tolist() == [2, 3]
    assert balance(intake) == (4, 2, 1, 1)
    assert intake.frame.crs.to_epsg() == 4326


def test_a_graph_without_places_is_refused(tmp_path):
    path = tmp_path / "town.graphml"
    path.write_text("<graphml><graph><edge source='a' target='b'/></graph></graphml>", encoding="utf-8")
    with pytest.raises(InputError, match=r"节点没有 x、y"):
        read_roads(path)


def test_a_layer_of_a_bridge_keeps_its_double(tmp_path):
    frame = make_frame([LINE, LINE], layer=[0, 1])
    assert len(read_roads(write(frame, tmp_path / "roads.parquet")).frame) == 2


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("yes", True), ("no", False), ("", False), (None, False), ("T", True), ("F", False), ("viaduct", True),
        ("是", True), ("否", False), (float("nan"), False), ("0", False), ("['yes', 'viaduct']", True),
    ],
)  # fmt: skip
def test_flags_in_all_spellings(word, expected):
    import pandas as pd

    assert road_words.read_flags(pd.Series([word], dtype=object)).tolist() == [expected]


@pytest.mark.parametrize(
    ("word", "expected"), [("F", True), ("B", False), ("T", True), ("reversible", False), ("-1", True)]
)
def test_oneway_reads_the_words_of_extracts(word, expected):
    import pandas as pd

    assert road_words.read_flags(pd.Series([word]), oneway=True).tolist() == [expected]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(["line", "double", "point", "null", "zero", "multi"]), min_size=1, max_size=12)
)
def test_nothing_is_ever_lost(kinds):
    import tempfile
    from pathlib import Path

    made = {
        "line": lambda k: shapely.affinity.translate(LINE, yoff=0.001 * k), "double": lambda _: LINE,
        "point": lambda _: shapely.Point(114.5, 36.6), "null": lambda _: None,
        "zero": lambda _: shapely.LineString([(114.5, 36.6)] * 2),
        "multi": lambda k: shapely.MultiLineString([shapely.affinity.translate(CROSS, 0.001 * k)]),
    }  # fmt: skip
    frame = make_frame([LINE, *(made[kind](k + 1) for k, kind in enumerate(kinds))])
    with tempfile.TemporaryDirectory() as folder:
        intake = read_roads(write(frame, Path(folder) / "roads.parquet"))
    assert intake.read == len(frame) == intake.accepted + intake.repaired + intake.quarantined
    assert intake.quarantined == sum(kind in ("point", "null", "zero") for kind in kinds)
    assert intake.repaired == kinds.count("double")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("wuhan_8989.parquet", 92667), ("jinan_osm_mtrajrec_wgs84.parquet", 18118),
        ("chengdu_sumo_osm_wgs84.parquet", 852), ("shenzhen_futian_osmnx_2023.graphml", 4009),
        ("shenzhen_nanshan_20210317.osm", 1245),
    ],
)  # fmt: skip
def test_the_reference_networks_are_taken_in(shared, name, read):
    intake = read_roads(shared / "data" / "roads" / name)
    assert intake.read == read == intake.accepted + intake.repaired + intake.quarantined
    assert intake.frame.geometry.is_valid.all()
    assert set(intake.frame["highway"]) <= {*road_words.STREETS}


def test_widths_that_are_none_are_told(shared):
    intake = read_roads(shared / "hostile" / "open" / "roads_bad_width" / "roads.geojson")
    assert balance(intake) == (112, 107, 5, 0)
    assert all("宽度" in finding.text for finding in intake.findings)
    json.dumps([finding.value for finding in intake.findings])


def test_lines_a_province_away_are_told_and_kept(tmp_path):
    near = [shapely.LineString([(114.5 + k / 100, 36.6), (114.505 + k / 100, 36.6)]) for k in range(20)]
    frame = gpd.GeoDataFrame(
        {"highway": ["residential"] * 21},
        geometry=[*near, shapely.LineString([(10, 10), (10.01, 10)])],
        crs="EPSG:4490",
    )
    frame.to_parquet(tmp_path / "roads.parquet")
    intake = read_roads(tmp_path / "roads.parquet")
    told = [finding for finding in intake.findings if finding.code == "road-astray"]
    assert [finding.row for finding in told] == [21]
    assert len(intake.frame) == intake.accepted == 21


def test_swapped_degrees_are_named(tmp_path):
    lines = [shapely.LineString([(36.6, 114.5 + k / 100), (36.61, 114.5 + k / 100)]) for k in range(3)]
    gpd.GeoDataFrame({"highway": ["residential"] * 3}, geometry=lines, crs="EPSG:4490").to_parquet(
        tmp_path / "roads.parquet"
    )
    with pytest.raises(InputError, match="经纬度疑似颠倒"):
        read_roads(tmp_path / "roads.parquet")
