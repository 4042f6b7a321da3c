"""Every format that offices send, written by the tools that write it, read by ours."""

import shutil
import subprocess
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from renewal_gis.errors import CrsError, InputError
from renewal_gis.intake.tables import read_sites
from renewal_gis.intake.vectors import read_features, read_layer
from renewal_gis.plan import Source

POINTS = [shapely.Point(114.0 + 0.001234 * k, 36.55 + 0.001111 * k) for k in range(1, 5)]
FRAME = gpd.GeoDataFrame(
    {
        "编号": ["A-01", "A-02", "A-03", "A-04"],
        "名称": ["和平里", "東風里", "洺河里", "建设里"],
        "户数": np.array([1, 2, 3, 4], dtype="int32"),
    },
    geometry=POINTS,
    crs=4490,
)
WRITERS = {
    "gpkg": {},
    "fgb": {},
    "geojson": {},
    "gml": {},
    "shp": {"encoding": "GBK"},
    "tab": {"driver": "MapInfo File", "layer_options": {"ENCODING": "CP936"}},
    "mif": {"driver": "MapInfo File", "layer_options": {"ENCODING": "CP936"}},
    "gdb": {"driver": "OpenFileGDB"},
}


def _write(tmp_path, suffix, frame=FRAME):
    path = tmp_path / f"a.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "zip":
        frame.to_file(tmp_path / "x.shp", engine="pyogrio", encoding="UTF-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(tmp_path.glob("x.*")):
                archive.write(part, f"数据/{part.name}")
    else:
        degrees = frame if suffix not in {"mif", "tab"} else frame.to_crs(4326)
        pyogrio.write_dataframe(degrees, path, **WRITERS[suffix])
    return path


def _read(toy_plan, path, **words):
    source = Source(
        role="sites", path=str(path), programme="dry_toilet", simulated=False, attribution="", **words
    )
    return read_sites(toy_plan, source)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")  # GDAL's writers grumble over Chinese names
@pytest.mark.parametrize("suffix", [*WRITERS, "parquet", "zip"])
def test_sites_of_every_format_are_the_same(toy_plan, tmp_path, suffix):
    intake = _read(toy_plan, _write(tmp_path, suffix))
    assert (intake.read, intake.quarantined) == (4, 0)
    frame = intake.frame.sort_index()  # FlatGeobuf keeps the order of its spatial index
    assert frame.index.tolist() == ["A-01", "A-02", "A-03", "A-04"]
    assert frame["name"].tolist() == ["和平里", "東風里", "洺河里", "建设里"]
    assert frame["households"].tolist() == [1, 2, 3, 4]
    gaps = shapely.distance(frame.geometry.to_numpy(), POINTS)
    assert gaps.max() < 1e-6  # about 0.1 m: MapInfo keeps whole numbers of a grid


def test_a_zipped_geodatabase(toy_plan, tmp_path):
    folder = _write(tmp_path, "gdb")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"a.gdb/{part.name}")
    assert _read(toy_plan, tmp_path / "a.zip").read == 4


@pytest.mark.parametrize("suffix", ["gpkg", "gdb"])
def test_several_layers_are_named_or_refused(toy_plan, tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    driver = WRITERS[suffix].get("driver", "GPKG")
    pyogrio.write_dataframe(FRAME.iloc[:1], path, layer="old", driver=driver)
    pyogrio.write_dataframe(FRAME, path, layer="now", driver=driver, append=suffix == "gdb")
    with pytest.raises(InputError, match=r"多个图层.*old.*now|多个图层.*now.*old"):
        _read(toy_plan, path)
    assert _read(toy_plan, path, sheet="now").read == 4
    assert (
        read_sites(
            toy_plan, Source(role="sites", path=str(path), simulated=False, attribution=""), layer="old"
        ).read
        == 1
    )
    with pytest.raises(InputError, match="没有图层"):
        _read(toy_plan, path, sheet="none")


def test_mapinfo_without_a_charset(toy_plan, tmp_path):
    mif = 'Version 300\nCharset "Neutral"\nDelimiter ","\nCoordSys Earth Projection 1, 104\nColumns 2\n  编号 Char(20)\n  名称 Char(40)\nData\n\nPoint 114.01 36.56\n'
    (tmp_path / "a.mif").write_bytes(mif.encode("gbk"))
    (tmp_path / "a.mid").write_bytes('"A-01","和平里"\n'.encode("gbk"))
    intake = _read(toy_plan, tmp_path / "a.mif")
    assert intake.frame["name"].tolist() == ["和平里"]
    assert "encoding-found" in [finding.code for finding in intake.findings]


DXF = """0
SECTION
2
ENTITIES
0
LINE
8
道路
10
38507000.0
20
4045000.0
11
38507100.0
21
4045000.0
0
LWPOLYLINE
8
地块
90
4
70
1
10
38507000.0
20
4045000.0
10
38507100.0
20
4045000.0
10
38507100.0
20
4045100.0
10
38507000.0
20
4045100.0
0
POINT
8
点
10
38507050.0
20
4045050.0
0
TEXT
8
注记
10
38507050.0
20
4045050.0
40
2.5
1
A-01
0
ENDSEC
0
EOF
"""


def test_a_drawing_needs_a_declared_system(tmp_path):
    (tmp_path / "a.dxf").write_text(DXF, encoding="utf-8")
    with pytest.raises(CrsError, match="没有坐标系"):
        read_layer(tmp_path / "a.dxf")
    layer = read_layer(tmp_path / "a.dxf", crs="EPSG:4526")
    assert sorted(layer.geom_type) == ["LineString", "Point", "Point", "Polygon"] or sorted(
        layer.geom_type
    ) == [
        "LineString",
        "LineString",
        "Point",
        "Point",
    ]
    assert set(layer["Layer"]) == {"道路", "地块", "点", "注记"}
    assert "A-01" in layer["Text"].tolist()
    west, south, east, north = layer.total_bounds  # 7 km east of 114° on 36.5° N
    assert 114.07 < west < east < 114.09
    assert 36.5 < south < north < 36.6


def test_open_street_map(toy_plan, tmp_path):
    nodes = "".join(
        f'<node id="{k}" version="1" lat="{p.y}" lon="{p.x}"><tag k="编号" v="A-0{k}"/><tag k="name" v="里{k}"/></node>'
        for k, p in enumerate(POINTS, start=1)
    )
    (tmp_path / "a.osm").write_text(f'<osm version="0.6">{nodes}</osm>', encoding="utf-8")
    intake = _read(toy_plan, tmp_path / "a.osm")
    assert intake.frame.index.tolist() == ["A-01", "A-02", "A-03", "A-04"]
    assert intake.frame["name"].tolist() == ["里1", "里2", "里3", "里4"]


def test_kmz_and_its_folders(tmp_path):
    marks = "".join(
        f"<Folder><name>批{k}</name><Placemark><name>里{k}</name><Point><coordinates>114.0{k},36.55</coordinates></Point></Placemark></Folder>"
        for k in (1, 2)
    )
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.writestr(
            "doc.kml", f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>'
        )
    assert len(read_features(tmp_path / "a.kmz").rows) == 2
    assert [row["name"] for row in read_features(tmp_path / "a.kmz", layer="批2").rows] == ["里2"]


def test_the_old_binary_workbook(toy_plan, tmp_path):
    if shutil.which("soffice") is None:
        pytest.skip("没有 LibreOffice,不能造 xls")
    table = pd.DataFrame(
        {
            "编号": ["0012", "A-02"],
            "项目名称": ["和平里", "东风里"],
            "经度": [114.001234] * 2,
            "纬度": [36.551234, 36.56],
        }
    )
    table.to_excel(tmp_path / "a.xlsx", index=False)
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/office",
        "--headless",
        "--convert-to",
        "xls:MS Excel 97",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "a.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    intake = _read(toy_plan, tmp_path / "a.xls")
    assert intake.frame.index.tolist() == ["0012", "A-02"]


def test_xlsx_under_the_old_suffix(toy_plan, tmp_path):
    pd.DataFrame({"编号": ["A-01"], "项目名称": ["和平里"]}).to_excel(tmp_path / "a.xlsx", index=False)
    (tmp_path / "a.xlsx").rename(tmp_path / "a.xls")
    assert _read(toy_plan, tmp_path / "a.xls").read == 1


def test_a_folder_that_is_no_geodatabase(tmp_path):
    (tmp_path / "a.gdb").mkdir()
    with pytest.raises(InputError, match="不是 FileGDB"):
        read_features(tmp_path / "a.gdb")
    (tmp_path / "a.gdb" / "x.gdbtable").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="不是普通文件"):
        read_features(tmp_path / "a.gdb")
