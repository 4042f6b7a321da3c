"""What a ledger was filled from, kept as it came."""

import datetime as dt
import hashlib

import pytest

from renewal_gis import toytown
from renewal_gis.errors import InputError
from renewal_gis.pipeline.desk import import_files, try_file
from renewal_gis.pipeline.originals import find_archive, keep_originals

CSV = "编号,项目名称,责任单位,经度,纬度\nA-01,和平小区,甲区,114.001234,36.551234\n"


def test_a_file_is_kept_once_under_its_hash(tmp_path):
    file = tmp_path / "台账.csv"
    file.write_text(CSV, encoding="utf-8")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for _ in range(2):
        assert keep_originals([file], tmp_path / "o") == {"台账.csv": digest}
    kept = [path for path in (tmp_path / "o").rglob("*") if path.is_file()]
    assert [path.relative_to(tmp_path / "o").as_posix() for path in kept] == [
        f"{digest[:2]}/{digest}-台账.csv"
    ]
    assert kept[0].read_bytes() == file.read_bytes()
    assert kept[0].stat().st_mode & 0o222 == 0


def test_all_parts_of_a_shapefile_are_kept(tmp_path):
    toytown.make_units()[["name", "geometry"]].to_file(tmp_path / "u.shp", encoding="GBK")
    keep_originals([tmp_path / "u.shp"], tmp_path / "o")
    kept = {path.name.split("-", 1)[1] for path in (tmp_path / "o").rglob("*") if path.is_file()}
    assert kept == {"u.shp", "u.shx", "u.dbf", "u.prj", "u.cpg"}


def test_what_the_gate_refuses_is_not_kept(tmp_path):
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(InputError, match="不支持的文件格式"):
        keep_originals([tmp_path / "a.exe"], tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_a_server_has_no_folder_beside_it(tmp_path):
    assert find_archive("postgresql://a@b/c") is None
    assert find_archive(tmp_path / "L.gpkg") == tmp_path / "L.gpkg.originals"


def test_an_import_keeps_its_files_and_names_the_hash(tmp_path):
    file = tmp_path / "台账.csv"
    file.write_text(CSV, encoding="utf-8")
    at = dt.datetime(2021, 9, 30, tzinfo=dt.UTC)
    balances = import_files(
        (file,), tmp_path / "L.gpkg", plan=toytown.make_plan(), at=at, by="张某", programme="old_compound"
    )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert balances[0].sha256 == digest
    assert (tmp_path / "L.gpkg.originals" / digest[:2] / f"{digest}-台账.csv").is_file()


def test_a_refused_file_is_named_with_its_hash(tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"PK\x03\x04 broken")
    found = try_file(toytown.make_plan(), file)
    assert found.sha256 == hashlib.sha256(b"PK\x03\x04 broken").hexdigest()
    assert "损坏" in found.refused
    assert found.read == 0
