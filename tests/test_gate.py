"""What may be opened at all."""

import os
import sqlite3
import stat
import zipfile

import pytest

from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.intake.archives import check_contents, read_entry_name, unpack
from renewal_gis.intake.gate import admit, private_copy, sniff


def _write(path, body):
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def test_admit_tells_what_a_file_is(tmp_path):
    path = _write(tmp_path / "台账.csv", "编号,项目名称\n")
    found = admit(path)
    assert (found.kind, found.name, found.size) == ("text", "台账.csv", path.stat().st_size)
    # sha256 of the bytes, by hand: sha256sum
    assert len(found.sha256) == 64
    assert found.path == path.resolve()


@pytest.mark.parametrize(
    "text",
    [
        "/vsicurl/http://127.0.0.1:9/a.geojson",
        "http://127.0.0.1:9/b.geojson",
        "/vsizip//vsicurl/http://127.0.0.1:9/c.zip",
        "CSV:/etc/passwd",
        "<OGRVRTDataSource/>",
        '{"type":"Point","coordinates":[1,2]}',
        "WFS:http://127.0.0.1:9/wfs",
        "zip+http://127.0.0.1:9/c.zip",
        "s3://bucket/x.shp",
        "GPKG:/tmp/x.gpkg",
        "PG:dbname=x",
        "a\nb.csv",
        "a\0b.csv",
        "   ",
    ],
)
def test_a_path_is_a_plain_path_or_nothing(text):
    with pytest.raises(InputError, match="不支持的路径"):
        admit(text)


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError, match="找不到文件"):
        admit(tmp_path / "none.csv")


def test_a_path_from_a_document_stays_in_its_folder(tmp_path):
    _write(tmp_path / "secret.csv", "a,b\n")
    inner = tmp_path / "in"
    inner.mkdir()
    _write(inner / "own.csv", "a,b\n")
    assert admit("own.csv", within=inner).name == "own.csv"
    with pytest.raises(InputError, match="文件夹之外"):
        admit("../secret.csv", within=inner)


@pytest.mark.skipif(os.name != "posix", reason="需要符号链接")
def test_a_link_that_leads_out_of_the_folder(tmp_path):
    _write(tmp_path / "secret.csv", "a,b\n")
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(InputError, match="文件夹之外"):
        admit("link.csv", within=inner)


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="不是普通文件"):
        admit(tmp_path)


def test_an_empty_file(tmp_path):
    with pytest.raises(InputError, match="0 字节"):
        admit(_write(tmp_path / "a.csv", b""))


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.geojson", "<OGRVRTDataSource></OGRVRTDataSource>", "VRT"),
        ("a.gpkg", "\n <OGRVRTDataSource/>", "VRT"),
        ("a.geojson", "<kml></kml>", "与后缀"),
        ("a.gpkg", b"\0" * 200, "corrupt"),
        ("a.exe", b"MZ\x90\0", "不支持的文件格式"),
        ("a.kml", '<!DOCTYPE x [<!ENTITY a "b">]><kml/>', "DOCTYPE"),
        ("a.kml", "<kml><NetworkLink/></kml>", "NetworkLink"),
        ("a.xlsx", b"PK\x03\x04 cut off", "损坏"),
    ],
)
def test_content_and_name_must_agree(tmp_path, name, body, message):
    with pytest.raises(InputError, match=message):
        admit(_write(tmp_path / name, body))


def test_doctype_in_utf16_is_found(tmp_path):
    body = "<?xml version='1.0'?><!DOCTYPE kml []><kml/>".encode("utf-16")
    assert sniff(_write(tmp_path / "a.kml", body)) == "xml"
    with pytest.raises(InputError, match="DOCTYPE"):
        admit(tmp_path / "a.kml")


def test_doctype_over_a_block_border_is_found(tmp_path):
    body = b"<kml>" + b" " * ((1 << 20) - 9) + b"<!DOCTYPE x []></kml>"
    with pytest.raises(InputError, match="DOCTYPE"):
        admit(_write(tmp_path / "a.kml", body))


@pytest.mark.parametrize("entry", ["../evil.shp", "/etc/x.shp", "a/../../x.shp", "C:\\x.shp", "..\\x.shp"])
def test_zip_entries_stay_inside(tmp_path, entry):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "x")
    with pytest.raises(InputError, match="unsafe"):
        admit(tmp_path / "a.zip")


def test_zip_links_are_refused(tmp_path):
    info = zipfile.ZipInfo("a.shp")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="链接"):
        admit(tmp_path / "a.zip")


def test_a_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dbf", bytes(40 << 20))  # 40 MB of zeros in 40 kB
    with pytest.raises(InputError, match="ratio"):
        admit(tmp_path / "a.zip")


def test_unpack_reads_gbk_names(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt", "1")
    info = zipfile.ZipInfo("台账.txt".encode("gbk").decode("cp437"))
    info.flag_bits = 0
    assert read_entry_name(info) == "台账.txt"
    with unpack(tmp_path / "a.zip", name="a.zip") as folder:
        assert (folder / "x.txt").read_text() == "1"
    assert not folder.exists()


def _make_base(path, *, rows=50):
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE t (x)")
    base.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * rows)
    base.commit()
    base.close()
    return path


def test_a_damaged_database(tmp_path):
    path = _make_base(tmp_path / "a.gpkg")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="损坏"):
        admit(path)


def test_a_database_that_reads_other_files(tmp_path):
    path = _make_base(tmp_path / "a.gpkg")
    base = sqlite3.connect(path)
    base.execute("PRAGMA writable_schema=ON")
    base.execute(
        "INSERT INTO sqlite_master VALUES ('table','v','v',0,'CREATE VIRTUAL TABLE v USING VirtualText(''/etc/passwd'')')"
    )
    base.commit()
    base.close()
    with pytest.raises(InputError, match=r"虚拟表|损坏"):
        admit(path)


def test_a_private_copy_takes_the_log_along_and_leaves_the_folder_alone(tmp_path):
    path = _make_base(tmp_path / "a.gpkg")
    (tmp_path / "a.gpkg-wal").write_bytes(b"")
    before = sorted(p.name for p in tmp_path.iterdir())
    with private_copy(path) as copy:
        assert sorted(p.name for p in copy.parent.iterdir()) == ["data.gpkg", "data.gpkg-wal"]
        (copy.parent / "litter").write_text("x")
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert not copy.exists()


def test_a_map_info_table_that_points_elsewhere(tmp_path):
    body = '!table\n!version 300\nDefinition Table\n  File "../secret/x.dat"\n'
    with pytest.raises(InputError, match="别处"):
        admit(_write(tmp_path / "a.tab", body))


def test_a_directory_that_lies_about_sizes(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(80 << 20))
    body = path.read_bytes().replace((80 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(body)
    with pytest.raises(InputError, match=r"损坏|大小"):
        check_contents(path)
