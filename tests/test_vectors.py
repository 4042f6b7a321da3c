"""Vector files → records, each counted."""

import json
import sqlite3
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from renewal_gis.errors import CrsError, InputError
from renewal_gis.findings import Report
from renewal_gis.intake.districts import check_cover, read_districts
from renewal_gis.intake.shapes import build_shape, mend_shape, mend_shapes
from renewal_gis.intake.tables import read_sites
from renewal_gis.intake.vectors import read_features, read_layer
from renewal_gis.plan import Source

SQUARE = [[114.0, 36.55], [114.01, 36.55], [114.01, 36.56], [114.0, 36.56], [114.0, 36.55]]


def _frame(count=3, crs="EPSG:4326"):
    points = shapely.points(114.0 + np.arange(count) / 1000, 36.55)
    data = {"编号": [f"A-{k:02d}" for k in range(count)], "名称": [f"丛生里{k}" for k in range(count)]}
    frame = gpd.GeoDataFrame(data, geometry=points, crs="EPSG:4326")
    return frame.to_crs(crs) if crs else frame.set_crs(None, allow_override=True)


def _geojson(path, geometries, **extra):
    features = [
        {"type": "Feature", "properties": {"编号": f"A-{k:02d}", "名称": "甲"}, "geometry": g}
        for k, g in enumerate(geometries)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | extra), encoding="utf-8")
    return path


def _point(x, y):
    return {"type": "Point", "coordinates": [x, y]}


@pytest.mark.parametrize(
    ("suffix", "driver"),
    [
        ("gpkg", "GPKG"),
        ("geojson", "GeoJSON"),
        ("fgb", "FlatGeobuf"),
        ("shp", "ESRI Shapefile"),
        ("gml", "GML"),
    ],
)
def test_every_format_gives_the_same_records(tmp_path, suffix, driver):
    path = tmp_path / f"a.{suffix}"
    words = {"encoding": "UTF-8"} if driver == "ESRI Shapefile" else {}
    _frame().to_file(path, driver=driver, engine="pyogrio", **words)
    layer = read_layer(path)
    assert sorted(layer["编号"]) == ["A-00", "A-01", "A-02"]
    assert layer.crs.to_epsg() == 4490
    assert shapely.get_x(layer.geometry.to_numpy()).max() == pytest.approx(114.002, abs=1e-6)


def test_parquet_and_zip(tmp_path):
    _frame().to_parquet(tmp_path / "a.parquet")
    assert len(read_layer(tmp_path / "a.parquet")) == 3
    _frame().to_file(tmp_path / "a.geojson")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "a.geojson", "里/a.geojson")
    assert len(read_layer(tmp_path / "a.zip")) == 3
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(tmp_path / "a.geojson", "a.geojson")
        archive.write(tmp_path / "a.geojson", "b.geojson")
    with pytest.raises(InputError, match=r"多个图层.*a、b"):
        read_layer(tmp_path / "b.zip")
    assert len(read_layer(tmp_path / "b.zip", layer="b")) == 3


def test_no_crs_is_refused_unless_declared(tmp_path):
    _frame(crs=None).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(CrsError, match="没有坐标系"):
        read_layer(tmp_path / "a.parquet")
    assert len(read_layer(tmp_path / "a.parquet", crs="EPSG:4326")) == 3


def test_a_declaration_that_the_file_contradicts(tmp_path):
    _frame(crs="EPSG:4547").to_file(tmp_path / "a.gpkg", engine="pyogrio")
    with pytest.raises(CrsError, match=r"EPSG:4547.*EPSG:4548"):
        read_layer(tmp_path / "a.gpkg", crs="EPSG:4548")
    assert len(read_layer(tmp_path / "a.gpkg", crs="EPSG:4547")) == 3


def test_an_old_datum_is_refused(tmp_path):
    _frame(crs=None).set_crs("EPSG:4214").to_file(tmp_path / "a.gpkg", engine="pyogrio")
    with pytest.raises(CrsError, match=r"a.gpkg.*旧基准"):
        read_layer(tmp_path / "a.gpkg")


def test_needed_columns(tmp_path):
    _frame().to_file(tmp_path / "a.gpkg", engine="pyogrio")
    with pytest.raises(InputError, match="缺少列“kind”"):
        read_layer(tmp_path / "a.gpkg", needed=("kind",))


def test_several_layers_need_a_name(tmp_path):
    _frame().to_file(tmp_path / "a.gpkg", layer="旧", engine="pyogrio")
    _frame(2).to_file(tmp_path / "a.gpkg", layer="新", engine="pyogrio")
    with pytest.raises(InputError, match=r"多个图层.*旧、新"):
        read_layer(tmp_path / "a.gpkg")
    assert len(read_layer(tmp_path / "a.gpkg", layer="新")) == 2
    with pytest.raises(InputError, match=r"没有图层.*“无”.*旧、新"):
        read_layer(tmp_path / "a.gpkg", layer="无")


def test_rows_in_the_log_beside_a_geopackage_are_read(tmp_path):
    path = tmp_path / "a.gpkg"
    _frame().to_file(path, engine="pyogrio", SPATIAL_INDEX="NO")
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA wal_autocheckpoint=0")
    base.execute("UPDATE a SET 名称 = '新名' WHERE fid = 1")
    assert (tmp_path / "a.gpkg-wal").stat().st_size > 0
    assert "新名" in set(read_layer(path)["名称"])
    base.close()


@pytest.mark.parametrize("declared", [True, False])
def test_a_shapefile_in_gbk(tmp_path, declared):
    _frame().to_file(tmp_path / "a.shp", encoding="GBK", engine="pyogrio")
    if not declared:
        (tmp_path / "a.cpg").unlink()
        body = bytearray((tmp_path / "a.dbf").read_bytes())
        body[29] = 0
        (tmp_path / "a.dbf").write_bytes(body)
    features = read_features(tmp_path / "a.shp")
    assert features.names == ("编号", "名称")
    assert features.rows[1]["名称"] == "丛生里1"
    assert ("encoding-found" in [f.code for f in features.findings]) != declared


def test_a_field_name_cut_inside_a_character(tmp_path):
    frame = _frame().rename(columns={"名称": "0123456789"})
    frame.to_file(tmp_path / "a.shp", encoding="UTF-8", engine="pyogrio")
    body = (tmp_path / "a.dbf").read_bytes()
    cut = "开工日期".encode()[:10]  # 12 bytes in UTF-8; the field takes 10
    (tmp_path / "a.dbf").write_bytes(body.replace(b"0123456789", cut, 1))
    features = read_features(tmp_path / "a.shp")
    assert features.names == ("编号", "开工日")
    assert features.cut_names == ("开工日",)


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_shapefile_with_a_part_missing(tmp_path, suffix):
    _frame().to_file(tmp_path / "a.shp", encoding="UTF-8", engine="pyogrio")
    (tmp_path / f"a{suffix}").unlink()
    with pytest.raises(InputError, match=rf"缺少 \{suffix}"):
        read_features(tmp_path / "a.shp")


def test_deleted_records_of_a_shapefile_stay_deleted(tmp_path):
    _frame().to_file(tmp_path / "a.shp", encoding="UTF-8", engine="pyogrio")
    body = bytearray((tmp_path / "a.dbf").read_bytes())
    head, width = int.from_bytes(body[8:10], "little"), int.from_bytes(body[10:12], "little")
    body[head + width] = ord("*")
    (tmp_path / "a.dbf").write_bytes(body)
    assert [row["编号"] for row in read_features(tmp_path / "a.shp").rows] == ["A-00", "A-02"]


def test_geojson_record_by_record(tmp_path):
    shapes = [
        _point(114.0, 36.55),
        None,
        _point(float("nan"), 36.55),
        {"type": "Point", "coordinates": []},
        {"type": "Polygon", "coordinates": [SQUARE[:-1]]},
        {"type": "GeometryCollection", "geometries": [_point(1, 2)]},
        {"type": "Circle", "coordinates": [1, 2]},
        _point("114", "36"),
    ]
    layer = read_layer(_geojson(tmp_path / "a.geojson", shapes))
    assert len(layer) == 8
    assert [shape is not None for shape in layer.geometry] == [
        True,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
    ]
    codes = [f.code for f in layer.attrs["findings"]]
    assert codes.count("geometry-refused") == 6
    assert codes.count("geometry-repaired") == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"type":"FeatureCollection","features":[{', "损坏"),
        ("[1,2]", "不是 GeoJSON"),
        ('{"type":"Point","coordinates":[1,2]}', "不是 GeoJSON"),
        ('{"a":' + "[" * 100_000, "嵌套"),
        ('{"type":"FeatureCollection","features":[3]}', "不是对象"),
    ],
)
def test_geojson_that_is_none(tmp_path, body, message):
    (tmp_path / "a.geojson").write_text(body, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_features(tmp_path / "a.geojson")


def test_the_old_crs_member_counts(tmp_path):
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    path = _geojson(tmp_path / "a.geojson", [_point(500_000.0, 4_046_000.0)], crs=member)
    assert read_layer(path).geometry.iloc[0].x == pytest.approx(114.0, abs=1e-6)


def test_heights_are_left_away(tmp_path):
    path = _geojson(tmp_path / "a.geojson", [{"type": "Point", "coordinates": [114.0, 36.55, 55.0]}])
    assert not read_layer(path).geometry.has_z.any()
    _frame().set_geometry(shapely.force_3d(_frame().geometry, 5.0)).to_file(
        tmp_path / "a.gpkg", engine="pyogrio"
    )
    layer = read_layer(tmp_path / "a.gpkg")
    assert not layer.geometry.has_z.any()
    assert "geometry-flattened" in [f.code for f in layer.attrs["findings"]]


def test_a_layer_elsewhere_is_refused_with_what_it_looks_like(toy_plan, tmp_path):
    path = _geojson(tmp_path / "a.geojson", [_point(38_500_000.0, 4_046_000.0)])
    source = Source(role="sites", path=str(path), simulated=False, attribution="")
    with pytest.raises(CrsError, match="带号 38"):
        read_sites(toy_plan, source)


def test_a_layer_with_swapped_axes_is_put_right(toy_plan, tmp_path):
    path = _geojson(tmp_path / "a.geojson", [_point(36.55, 114.0), _point(36.56, 114.01)])
    intake = read_sites(toy_plan, Source(role="sites", path=str(path), simulated=False, attribution=""))
    assert intake.frame.geometry.x.tolist() == [114.0, 114.01]
    assert intake.repaired == 2


def test_a_bow_tie_becomes_two_triangles():
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    shape, repair, fault = mend_shape(tie)
    # two triangles with base 2 and height 1
    assert shape.area == pytest.approx(2.0)
    assert "自相交" in repair
    assert fault == ""


def test_a_spike_goes_and_the_area_stays():
    spiked = shapely.Polygon([(0, 0), (1, 0), (7, 0), (1, 0), (1, 1), (0, 1)])
    shape, repair, _ = mend_shape(spiked)
    assert shape.equals(shapely.box(0, 0, 1, 1))
    assert "invalid" in repair


def test_lines_and_points_that_are_nothing():
    assert mend_shape(shapely.LineString([(1, 1), (1, 1)]))[2] == "线的长度为零(zero)"
    assert "NaN" in mend_shape(shapely.LineString([(0, 0), (float("inf"), 1)]))[2]


def test_build_shape_tells_what_is_wrong():
    assert build_shape("x")[2] == "图形不是 GeoJSON 几何"
    assert "无效" in build_shape({"type": "LineString", "coordinates": [[1, 2]]})[2]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=9))
def test_mended_areas_are_valid_and_of_one_kind(points):
    made = mend_shapes(np.array([shapely.Polygon(points)], dtype=object))
    shape = made.shapes[0]
    if shape is None:
        assert made.faults[0]
    else:
        assert shape.is_valid
        assert shape.geom_type in ("Polygon", "MultiPolygon")
        assert shape.area > 0


def _districts(path, boxes, names):
    gpd.GeoDataFrame(
        {"名称": names, "代码": [str(k) for k in range(len(names))]}, geometry=boxes, crs="EPSG:4490"
    ).to_file(path, engine="pyogrio")
    return path


def test_districts_that_fit(toy_plan, tmp_path):
    boxes = [shapely.box(114.0, 36.5, 114.02, 36.52), shapely.box(114.02, 36.5, 114.04, 36.52)]
    intake = read_districts(_districts(tmp_path / "d.gpkg", boxes, ["甲区", "乙"]), toy_plan)
    assert intake.frame["name"].tolist() == ["甲区", "乙区"]
    assert [f.code for f in intake.findings] == []


def test_districts_that_overlap_gape_or_are_slivers(toy_plan, tmp_path):
    boxes = [
        shapely.box(114.0, 36.5, 114.02, 36.52),
        shapely.box(114.019, 36.5, 114.04, 36.52),
        shapely.box(114.040001, 36.5, 114.06, 36.52),
        shapely.box(114.06, 36.5, 114.060002, 36.52),
    ]
    intake = read_districts(
        _districts(tmp_path / "d.gpkg", boxes, ["甲区", "乙区", "丙县", "甲区"]), toy_plan
    )
    assert sorted(f.code for f in intake.findings) == ["district-gap", "district-overlap", "district-sliver"]
    assert (intake.read, intake.quarantined) == (4, 1)


def test_a_district_twice_is_refused(toy_plan, tmp_path):
    boxes = [shapely.box(114.0, 36.5, 114.02, 36.52), shapely.box(114.02, 36.5, 114.04, 36.52)]
    with pytest.raises(InputError, match="名称重复"):
        read_districts(_districts(tmp_path / "d.gpkg", boxes, ["甲区", "甲"]), toy_plan)


def test_check_cover_of_nothing():
    report = Report()
    check_cover(
        gpd.GeoDataFrame({"name": []}, geometry=[], crs="EPSG:4490"), "EPSG:4547", report=report, file="d"
    )
    assert len(report) == 0


def test_topojson_needs_a_declared_system(tmp_path):
    body = {
        "type": "Topology",
        "transform": {"scale": [0.01, 0.01], "translate": [114.0, 36.5]},
        "arcs": [[[0, 0], [2, 0], [0, 2], [-2, 0], [0, -2]]],
        "objects": {
            "d": {
                "type": "GeometryCollection",
                "geometries": [{"type": "Polygon", "arcs": [[0]], "properties": {"name": "甲区"}}],
            }
        },
    }
    (tmp_path / "d.topojson").write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(CrsError, match="TopoJSON"):
        read_layer(tmp_path / "d.topojson")
    layer = read_layer(tmp_path / "d.topojson", crs="EPSG:4490")
    assert layer.geometry.iloc[0].equals(shapely.box(114.0, 36.5, 114.02, 36.52))
    assert layer["name"].tolist() == ["甲区"]


def test_geojson_in_gbk_is_read_and_told(tmp_path):
    path = _geojson(tmp_path / "a.geojson", [_point(114.0, 36.55)])
    path.write_bytes(path.read_text(encoding="utf-8").replace("\\u7532", "甲").encode("gb18030"))
    assert read_features(path).rows[0]["名称"] == "甲"


def test_a_declared_gbk_that_is_utf8(tmp_path):
    _frame().to_file(tmp_path / "a.shp", encoding="UTF-8", engine="pyogrio")
    (tmp_path / "a.cpg").write_text("GBK")
    features = read_features(tmp_path / "a.shp")
    assert features.rows[0]["名称"] == "丛生里0"
    assert "encoding-found" in [f.code for f in features.findings]


def _kml(path, body):
    path.write_text(
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>', encoding="utf-8"
    )
    return path


def test_kml_with_folders_extended_data_and_shapes(tmp_path):
    data = '<ExtendedData><Data name="编号"><value>A-{}</value></Data></ExtendedData>'
    body = (
        f"<Folder><name>甲</name><Placemark><name>点</name>{data.format(1)}<Point><coordinates>114.0,36.55,9</coordinates></Point></Placemark>"
        f"<Folder><name>乙</name><Placemark><name>线</name>{data.format(2)}<LineString><coordinates>114,36.55 114.01, 36.55</coordinates></LineString></Placemark></Folder></Folder>"
        f"<Placemark><name>面</name>{data.format(3)}<Polygon><outerBoundaryIs><LinearRing><coordinates>114,36.55 114.01,36.55 114.01,36.56 114,36.55</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        f"<Placemark><name>两点</name>{data.format(4)}<MultiGeometry><Point><coordinates>114,36.5</coordinates></Point><Point><coordinates>114,36.6</coordinates></Point></MultiGeometry></Placemark>"
        f"<Placemark><name>无</name>{data.format(5)}</Placemark>"
    )
    features = read_features(_kml(tmp_path / "a.kml", body))
    assert [row["编号"] for row in features.rows] == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert [shape and shape.geom_type for shape in features.shapes] == [
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        None,
    ]
    assert [f.code for f in features.findings] == ["folders-joined"]
    assert len(read_features(tmp_path / "a.kml", layer="乙").rows) == 1
    with pytest.raises(InputError, match="没有文件夹"):
        read_features(tmp_path / "a.kml", layer="丙")


def test_kml_that_is_not_whole(tmp_path):
    (tmp_path / "a.kml").write_text("<kml><Document><Placemark>", encoding="utf-8")
    with pytest.raises(InputError, match="KML 损坏"):
        read_features(tmp_path / "a.kml")
    deep = "<Folder>" * 300 + "</Folder>" * 300
    with pytest.raises(InputError, match="嵌套"):
        read_features(_kml(tmp_path / "b.kml", deep))


def test_a_shapefile_that_was_cut(tmp_path):
    _frame().to_file(tmp_path / "a.shp", encoding="UTF-8", engine="pyogrio")
    body = (tmp_path / "a.shp").read_bytes()
    (tmp_path / "a.shp").write_bytes(body[:-20])
    with pytest.raises(InputError, match=r"truncated.*应有 184 字节,实有 164"):  # 100 + 3 * 28
        read_features(tmp_path / "a.shp")


def test_a_stale_count_in_a_geopackage_does_not_hide_rows(tmp_path):
    path = tmp_path / "a.gpkg"
    _frame().to_file(path, engine="pyogrio")
    base = sqlite3.connect(path)
    base.execute("UPDATE gpkg_ogr_contents SET feature_count = 1")
    base.commit()
    base.close()
    assert len(read_layer(path)) == 3
