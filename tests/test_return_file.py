"""The office's workbook sent back: what is coloured, what is said, and that it can come back."""

import io

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl.comments import Comment

from renewal_gis.errors import InputError
from renewal_gis.intake.gate import admit
from renewal_gis.intake.tables import read_sites
from renewal_gis.plan import Source
from renewal_gis.render.return_file import write_return

HEAD = ["编号", "项目名称", "责任单位", "户数", "投资(万元)", "计划开工", "经度", "纬度"]
ROWS = [
    ["A-01", "和平小区", "甲区", 100, 200.5, "2021-04-01", 114.001234, 36.551234],
    ["A-01", "东风小区", "乙区", 50, 99.5, "2021-9-31", 114.011234, 36.561234],
    ["A-03", "=1+1", "海区", "约三十", 10, "2021-05-01", 0, 0],
    ["A-04", "建设里", "甲区", 30, "=SUM(E3:E4)", "2021年9月", 114.021234, 36.571234],
    ["A-05", "朝阳里", "甲区", 30, 20, "2021-05-01", 114.031234, 36.561434],
]
RED, ORANGE, BLUE = "00F4B6B6", "00FCE0A6", "00D6E6F5"


def _workbook(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "台账"
    sheet.append(["某市老旧小区台账"])
    sheet.append(HEAD)
    for row in ROWS:
        sheet.append(row)
    sheet["B5"].value, sheet["B5"].data_type = "=1+1", "s"
    sheet.merge_cells("A1:H1")
    sheet.column_dimensions["B"].width = 33
    sheet["E3"].number_format = "0.00"
    sheet["A3"].comment = Comment("市里批注", "市级")
    other = book.create_sheet("说明")
    other["A1"] = "填表说明"
    other.sheet_state = "hidden"
    book.save(path)
    return path


def _source(path):
    return Source(role="sites", path=str(path), programme="old_compound", simulated=False, attribution="")


def _return(toy_plan, path):
    intake = read_sites(toy_plan, _source(path))
    return intake, write_return(admit(path), intake)


@pytest.fixture
def returned(toy_plan, tmp_path):
    intake, content = _return(toy_plan, _workbook(tmp_path / "台账.xlsx"))
    return intake, openpyxl.load_workbook(io.BytesIO(content))


def _fill(sheet, place):
    return sheet[place].fill.fgColor.rgb


def test_faulty_cells_are_coloured_and_say_why(returned):
    _, book = returned
    sheet = book["台账"]
    assert sheet["I2"].value == "核对意见"
    assert _fill(sheet, "A4") == RED  # the second A-01 is held back
    assert "重复" in sheet["A4"].comment.text
    assert sheet["I4"].value.startswith("本行已隔离")
    assert "办法:" in sheet["I4"].value
    assert (_fill(sheet, "C5"), _fill(sheet, "D5")) == (ORANGE, ORANGE)
    assert (_fill(sheet, "G5"), _fill(sheet, "H5")) == (ORANGE, ORANGE)
    assert _fill(sheet, "F6") == RED  # the row's formula has no result, so the row is held back
    assert sheet["I7"].value is None
    assert _fill(sheet, "A7") not in (RED, ORANGE, BLUE)


def test_what_the_office_made_stays(returned):
    _, book = returned
    sheet = book["台账"]
    assert book.sheetnames == ["台账", "说明", "核对汇总"]
    assert book["说明"].sheet_state == "hidden"
    assert sheet.column_dimensions["B"].width == 33
    assert sheet["E3"].number_format == "0.00"
    assert sheet["A3"].comment.text == "市里批注"
    assert [str(part) for part in sheet.merged_cells.ranges] == ["A1:H1"]


def test_no_cell_is_live(returned):
    _, book = returned
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert book["台账"]["B5"].value == "=1+1"
    assert book["台账"]["E6"].value == "(公式没有结果)"


def test_the_summary_balances(returned):
    intake, book = returned
    rows = [[cell.value for cell in row] for row in book["核对汇总"].iter_rows()]
    facts = {row[0]: row[1] for row in rows[1:8]}
    assert facts["原文件"] == "台账.xlsx"
    assert facts["读到"] == facts["接收"] + facts["修复"] + facts["隔离"] == 5
    counted = sum(row[1] for row in rows if row[0] in ("错误", "警告", "提示"))
    assert counted == len(intake.findings)


@pytest.mark.parametrize("again", [1, 2])
def test_sent_again_unmended_it_is_the_same(toy_plan, tmp_path, again):
    path = _workbook(tmp_path / "台账.xlsx")
    first, content = _return(toy_plan, path)
    for turn in range(again):
        path = tmp_path / f"回执{turn}.xlsx"
        path.write_bytes(content)
        second, content = _return(toy_plan, path)
    pd.testing.assert_frame_equal(pd.DataFrame(second.frame), pd.DataFrame(first.frame))
    assert (second.read, second.quarantined) == (first.read, first.quarantined) == (5, 2)
    assert "核对意见" not in second.fields
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames.count("核对汇总") == 1


def test_mended_it_has_nothing_to_say(toy_plan, tmp_path):
    _, content = _return(toy_plan, _workbook(tmp_path / "台账.xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["台账"]
    for place, value in {
        "A4": "A-02", "F4": "2021-09-30", "B5": "新里", "C5": "甲区", "D5": 30, "G5": 114.04, "H5": 36.56,
        "E6": 12, "F6": "2021-09-30",
    }.items():  # fmt: skip
        sheet[place].value = value
    path = tmp_path / "改.xlsx"
    book.save(path)
    intake = read_sites(toy_plan, _source(path))
    assert (intake.read, intake.accepted) == (5, 5)
    assert set(intake.frame["source_file"]) == {"台账.xlsx"}
    again = write_return(admit(path), intake)
    assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(again))["台账"]["I"]][2:] == [None] * 5


def test_a_text_table_becomes_a_workbook_of_text(toy_plan, tmp_path):
    lines = [HEAD, ["0012", "=cmd|' /C calc'!A0", "甲区", "1,200", "5", "2021-9-31", "114.01", "36.56"]]
    body = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    path = tmp_path / "台账.csv"
    path.write_bytes(body.encode("gb18030"))
    first, content = _return(toy_plan, path)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("0012", "s")
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=cmd|' /C calc'!A0", "s")
    assert _fill(sheet, "F2") == ORANGE
    other = tmp_path / "回执.xlsx"
    other.write_bytes(content)
    second = read_sites(toy_plan, _source(other))
    pd.testing.assert_frame_equal(pd.DataFrame(second.frame), pd.DataFrame(first.frame))


def test_equal_faults_give_equal_bytes(toy_plan, tmp_path):
    path = _workbook(tmp_path / "台账.xlsx")
    assert _return(toy_plan, path)[1] == _return(toy_plan, path)[1]


def test_a_layer_has_no_return(toy_plan, tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"编号":"A-01","名称":"x"},'
        '"geometry":{"type":"Point","coordinates":[114.01,36.56]}}]}',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="只用于表格"):
        _return(toy_plan, path)


def test_check_writes_it(tmp_path):
    from renewal_gis import toytown
    from renewal_gis.cli import main

    place = tmp_path / "回执.xlsx"
    plan = toytown.__file__.replace("toytown.py", "data/toytown.toml")
    command = ["check", str(_workbook(tmp_path / "台账.xlsx")), "--plan", plan, "--programme", "old_compound"]
    found = CliRunner().invoke(main, [*command, "--return-file", str(place)])
    assert found.exit_code == 0, found.output
    assert openpyxl.load_workbook(place).sheetnames[-1] == "核对汇总"
    refused = CliRunner().invoke(main, [*command, "--return-file", str(tmp_path / "a.csv")])
    assert refused.exit_code == 2
