"""Shapefiles for programs that read nothing else."""

import csv
import io
import zipfile

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from renewal_gis import toytown
from renewal_gis.render.shapefile import BLANK, LIMIT_BYTES, fit_text, name_fields, write_shapefile
from renewal_gis.render.tables import SITE_FIELDS


def unpack(content, folder):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def read_rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_names_are_short_unique_and_plain():
    names = name_fields(["site_id", *SITE_FIELDS.values(), "改造前照片2", "1号", "名称 ", "开工日期"])
    assert len({name.lower() for name in names.values()}) == len(names)
    for name in names.values():
        assert 0 < len(name) <= 10
        assert name.isascii()
        assert name.isidentifier()
    assert names["名称"] == "mingcheng"
    assert names["填报单位"] == "tbdw"


def test_names_that_read_alike_stay_apart():
    # 市 shì, 事 shì, 是 shì: one syllable, three fields
    assert list(name_fields(["市", "事", "是"]).values()) == ["shi", "shi2", "shi3"]


@given(st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=30))
def test_any_names_become_unique_fields(heads):
    names = name_fields(heads)
    assert len({name.lower() for name in names.values()}) == len(heads)
    assert all(name.isascii() and 0 < len(name) <= 10 for name in names.values())


@given(st.text(max_size=400))
def test_any_text_fits_and_is_no_half_character(text):
    fitted = fit_text(text)
    body = fitted.encode("gbk")
    assert len(body) <= LIMIT_BYTES
    assert body.decode("gbk") == fitted


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("洺关", "洺关"),
        ("𠮷里", f"{BLANK}里"),
        ("长" * 127, "长" * 127),
        ("a" + "长" * 127, "a" + "长" * 126),
        ("", ""),
    ],
)
def test_texts_by_hand(text, fitted):
    assert fit_text(text) == fitted


def test_each_geometry_has_its_file_and_nothing_is_left_out(tmp_path):
    content, report = write_shapefile(toytown.make_sites())
    folder = unpack(content, tmp_path)
    counts = {path.stem: len(gpd.read_file(path)) for path in sorted(tmp_path.glob("*.shp"))}
    # two toilets; three alleys and a road; five compounds; A-04 without a place
    assert counts == {"sites_line": 4, "sites_point": 2, "sites_polygon": 5}
    assert gpd.read_file(folder / "sites_noshape.dbf")["site_id"].tolist() == ["A-04"]
    assert len(report) == 0


def test_chinese_reads_back_in_gbk_with_its_marks(tmp_path):
    folder = unpack(write_shapefile(toytown.make_sites())[0], tmp_path)
    assert (folder / "sites_point.cpg").read_text() == "GBK"
    assert (folder / "sites_point.dbf").read_bytes()[29] == 0x4D
    assert "界桥旱厕".encode("gbk") in (folder / "sites_point.dbf").read_bytes()
    frame = gpd.read_file(folder / "sites_point.shp")
    assert frame["mingcheng"].tolist() == ["界桥旱厕", "南关旱厕"]
    assert frame.crs.to_epsg() == 4490
    assert "D_China_2000" in (folder / "sites_point.prj").read_text()
    assert frame["jhkg"].dt.strftime("%Y-%m-%d").tolist() == ["2021-04-01", "2021-04-01"]


def test_the_dictionary_names_every_field(tmp_path):
    folder = unpack(write_shapefile(toytown.make_sites())[0], tmp_path)
    rows = read_rows(folder / "fields.csv")
    assert rows[0] == ["字段", "名称", "类型"]
    told = {short: (name, kind) for short, name, kind in rows[1:]}
    assert set(told) == set(gpd.read_file(folder / "sites_point.shp").columns) - {"geometry"}
    assert told["hushu"] == ("户数", "整数")
    assert told["jhkg"] == ("计划开工", "日期")


def test_what_does_not_fit_is_told_with_its_full_text(tmp_path):
    sites = toytown.make_sites()
    long = "=改造" * 100
    sites.loc["A-01", "notes"] = long
    sites.loc["A-02", "name"] = "𠮷里"
    sites.loc["A-03", "geometry"] = shapely.GeometryCollection([shapely.Point(114, 36.55)])
    content, report = write_shapefile(sites)
    assert [(finding.site_id, finding.field) for finding in report] == [
        ("A-02", "名称"),
        ("A-01", "备注"),
        ("A-03", "图形"),
    ]
    folder = unpack(content, tmp_path)
    rows = {row[0]: row for row in read_rows(folder / "changes.csv")[1:]}
    assert rows["A-01"][2:] == ["超过 254 字节", "'" + long]
    assert rows["A-02"][2:] == ["GBK 没有的字", "𠮷里"]
    assert "A-03" in gpd.read_file(folder / "sites_noshape.dbf")["site_id"].tolist()


def test_no_sites_give_an_empty_archive_and_no_failure(tmp_path):
    content, report = write_shapefile(toytown.make_sites().iloc[:0])
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == [
        "changes.csv",
        "fields.csv",
        "readme.txt",
    ]
    assert len(report) == 0
