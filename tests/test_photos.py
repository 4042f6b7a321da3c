"""Photographs named in a workbook."""

import openpyxl
import pytest
from PIL import Image

from renewal_gis.intake.photos import find_photo
from renewal_gis.intake.tables import read_sites
from renewal_gis.plan import Source


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "报送"
    (place / "照片").mkdir(parents=True)
    Image.new("RGB", (8, 6), "red").save(place / "照片" / "A-01前.jpg")
    (place / "照片" / "假.jpg").write_text("不是图片", encoding="utf-8")
    (place / "照片" / "空.png").touch()
    Image.new("RGB", (8, 6)).save(tmp_path / "外.png")
    (place / "链接.png").symlink_to(tmp_path / "外.png")
    return place


@pytest.mark.parametrize("text", ["照片/A-01前.jpg", "照片\\A-01前.jpg", " ./照片/A-01前.jpg "])
def test_a_picture_in_the_folder_is_found(folder, text):
    assert find_photo(text, folder) == (str(folder / "照片" / "A-01前.jpg"), "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("照片/没有.jpg", "不存在"),
        ("照片/假.jpg", "不是图片"),
        ("照片/空.png", "大小"),
        ("照片", "不是文件"),
        ("../外.png", "之外"),
        ("链接.png", "之外"),
        ("/etc/passwd", "相对路径"),
        ("http://127.0.0.1/a.jpg", "相对路径"),
        ("C:\\照片\\a.jpg", "相对路径"),
        ("x" * 5000, "不存在"),
    ],
)
def test_what_is_no_picture_there_is_told(folder, text, fault):
    path, said = find_photo(text, folder)
    assert path == ""
    assert fault in said


@pytest.mark.parametrize("text", ["", None, "/", "无", "待补" and "暂无"])
def test_blank_is_no_fault(folder, text):
    assert find_photo(text, folder) == ("", "")


def test_columns_of_a_workbook(toy_plan, folder):
    book = openpyxl.Workbook()
    book.active.append(["编号", "项目名称", "责任单位", "经度", "纬度", "改造前照片", "改造后照片"])
    book.active.append(
        ["A-01", "和平小区", "甲区", 114.001234, 36.551234, "照片/A-01前.jpg", "照片/没有.jpg"]
    )
    book.save(folder / "a.xlsx")
    source = Source(
        role="sites", path=str(folder / "a.xlsx"), programme="dry_toilet", simulated=False, attribution=""
    )
    intake = read_sites(toy_plan, source)
    assert intake.frame["photo_before"].tolist() == [str(folder / "照片" / "A-01前.jpg")]
    assert intake.frame["photo_after"].tolist() == [""]
    assert [(f.code, f.field, f.row) for f in intake.findings] == [("photo-missing", "改造后照片", 2)]
