"""Site workbooks as offices send them."""

import datetime as dt
import math

import openpyxl
import pandas as pd
import pytest
import shapely

from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.findings import Report
from renewal_gis.geo.crs import make_transformer, wgs84_to_gcj02
from renewal_gis.intake.events import make_key, read_events
from renewal_gis.intake.positions import list_belts, place_points
from renewal_gis.intake.tables import compare_datum, read_sites
from renewal_gis.plan import Source
from renewal_gis.schema import EVENTS, SITES, check_frame

HEAD = ["编号", "项目名称", "责任单位", "户数", "投资(万元)", "计划开工", "经度", "纬度"]
ROWS = [
    ["A-01", "和平小区", "甲区", 100, 200.5, "2021-04-01", 114.00, 36.55],
    ["A-02", "东风小区", "乙区", 50, 99.5, "2021-05-01", 114.01, 36.56],
]


def _workbook(path, rows, *, merges=(), title="台账", hidden=()):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for merge in merges:
        sheet.merge_cells(merge)
    for name in hidden:
        extra = book.create_sheet(name)
        extra["A1"] = "选项"
        extra.sheet_state = "hidden"
    book.save(path)
    return path


def _source(path, **words):
    return Source(
        role="sites", path=str(path), programme="dry_toilet", simulated=False, attribution=""
    ).model_copy(update=words)


def _read(toy_plan, tmp_path, rows, **words):
    intake = read_sites(toy_plan, _source(_workbook(tmp_path / "a.xlsx", rows, **words)))
    check_frame(intake.frame, SITES)
    assert intake.accepted + intake.repaired + intake.quarantined == intake.read
    assert len(intake.frame) == intake.accepted + intake.repaired
    assert len(intake.quarantine) == intake.quarantined
    return intake


def _codes(intake):
    return [finding.code for finding in intake.findings]


def test_a_clean_workbook(toy_plan, tmp_path):
    intake = _read(toy_plan, tmp_path, [HEAD, *ROWS])
    assert (intake.read, intake.accepted) == (2, 2)
    first = intake.frame.loc["A-01"]
    assert first["declared_unit"] == "甲区"
    assert (first["households"], first["investment_wan"]) == (100, 200.5)
    assert first["planned_start"] == pd.Timestamp("2021-04-01")
    assert first.geometry.equals(shapely.Point(114.00, 36.55))
    assert first["source_row"] == 2
    assert _codes(intake) == []


def test_title_total_footer_and_blank_lines_are_not_sites(toy_plan, tmp_path):
    rows = [
        ["某市老旧小区台账"],
        ["填报单位:甲区", None, None, None, None, None, "单位:万元"],
        HEAD,
        ROWS[0],
        [None] * 8,
        ROWS[1],
        ["合计", None, None, 150, 300, None, None, None],
        ["填表人:张三", None, None, "审核人:李四"],
    ]
    intake = _read(toy_plan, tmp_path, rows, merges=["A1:H1"])
    assert intake.read == 2
    assert _codes(intake) == ["header-found", "total-row", "footer-row"]


def test_a_total_that_does_not_add_up_is_told(toy_plan, tmp_path):
    rows = [HEAD, *ROWS, ["合 计", None, None, 151, 300, None, None, None]]
    found = [f for f in _read(toy_plan, tmp_path, rows).findings if f.code == "total-mismatch"]
    assert [(f.field, f.row) for f in found] == [("户数", 4)]
    assert "151" in found[0].text
    assert "150" in found[0].text


def test_subtotals_count_their_own_block(toy_plan, tmp_path):
    third = ["A-03", "建设里", "乙区", 30, 10, "2021-05-01", 114.02, 36.56]
    rows = [
        HEAD,
        ROWS[0],
        ["小计", None, None, 100, 200.5],
        ROWS[1],
        third,
        ["小计", None, None, 80, 109.5],
        ["总计", None, None, 180, 310],
    ]
    intake = _read(toy_plan, tmp_path, rows)
    assert intake.read == 3
    assert "total-mismatch" not in _codes(intake)


def test_a_merged_header_of_two_rows(toy_plan, tmp_path):
    rows = [
        ["台账"],
        ["编号", "项目名称", "责任单位", "计划", None, "位置", None],
        [None, None, None, "开工", "完工", "经度", "纬度"],
        ["A-01", "和平小区", "甲区", "2021-04-01", "2021-09-30", 114.0, 36.55],
    ]
    intake = _read(toy_plan, tmp_path, rows, merges=["A1:G1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:G2"])
    assert intake.read == 1
    assert intake.frame.loc["A-01", "planned_finish"] == pd.Timestamp("2021-09-30")
    assert "header-merged" in _codes(intake)


def test_merged_bodies_give_their_text_to_every_row_but_their_sum_to_one(toy_plan, tmp_path):
    rows = [HEAD, ROWS[0], ["A-02", "东风小区", None, 50, None, "2021-05-01", 114.01, 36.56]]
    intake = _read(toy_plan, tmp_path, rows, merges=["C2:C3", "E2:E3"])
    assert intake.frame["declared_unit"].tolist() == ["甲区", "甲区"]
    assert intake.frame["investment_wan"].sum() == 200.5
    assert (intake.accepted, intake.repaired) == (1, 1)
    assert {"unit-filled", "merged-number"} <= set(_codes(intake))


def test_what_is_not_understood_is_kept_in_the_notes(toy_plan, tmp_path):
    rows = [[*HEAD, "体温"], ["A-01", "和平小区", "丁区", "很多", None, "尽快", 114.0, 36.55, "正常"]]
    intake = _read(toy_plan, tmp_path, rows)
    row = intake.frame.loc["A-01"]
    assert row["declared_unit"] == ""
    assert pd.isna(row["households"])
    assert all(word in row["notes"] for word in ("丁区", "很多", "尽快", "体温:正常"))
    assert {"unit-unknown", "number-unread", "date-unread", "header-unknown"} <= set(_codes(intake))


def test_rows_without_an_id_or_with_one_twice_are_held_back(toy_plan, tmp_path):
    rows = [HEAD, *ROWS, ["  ", "无号", "甲区"], ["A-02", "另一个", "甲区"]]
    intake = _read(toy_plan, tmp_path, rows)
    assert intake.quarantined == 2
    assert intake.frame.loc["A-02", "name"] == "东风小区"
    assert [held.row for held in intake.quarantine] == [4, 5]
    assert intake.quarantine[1].values["项目名称"] == "另一个"


def test_ids_of_numbers_and_full_width(toy_plan, tmp_path):
    rows = [HEAD, [310, *ROWS[0][1:]], ["\uff21\uff0d\uff10\uff12", *ROWS[1][1:]], [1.304e19, "长号", "甲区"]]
    intake = _read(toy_plan, tmp_path, rows)
    assert intake.frame.index.tolist() == ["310", "A-02"]
    assert "id-unread" in _codes(intake)


def test_a_formula_without_a_value_is_held_back(toy_plan, tmp_path):
    intake = _read(
        toy_plan, tmp_path, [HEAD, ROWS[0], ["A-02", "东风小区", "乙区", 50, "=1+1", None, 114.01, 36.56]]
    )
    assert intake.quarantined == 1
    assert "formula-empty" in _codes(intake)


def test_a_place_outside_the_city_is_withheld_and_the_row_stays(toy_plan, tmp_path):
    rows = [
        HEAD,
        ROWS[0],
        [*ROWS[1][:6], 11.401, 36.56],
        ["A-03", "零点", "甲区", 1, 1, None, 0, 0],
        ["A-04", "待定", "甲区", 1, 1, None, "待定", "/"],
    ]
    intake = _read(toy_plan, tmp_path, rows)
    assert intake.frame.geometry.isna().tolist() == [False, True, True, True]
    assert len(intake.withheld) == 3
    assert {"location-outside", "location-zero", "location-blank"} <= set(_codes(intake))
    assert "11.401" in intake.frame.loc["A-02", "notes"]


def test_missing_column_file_and_sheet(toy_plan, tmp_path):
    with pytest.raises(MissingFileError, match="找不到文件"):
        read_sites(toy_plan, _source(tmp_path / "none.xlsx"))
    path = _workbook(tmp_path / "a.xlsx", [["编号", "户数"], ["A-01", 3]])
    with pytest.raises(InputError, match="缺少必需列“项目名称”") as caught:
        read_sites(toy_plan, _source(path))
    assert "a.xlsx" in str(caught.value)
    with pytest.raises(InputError, match="没有工作表“二”"):
        read_sites(toy_plan, _source(path, sheet="二"))


def test_several_sheets_need_a_name_but_hidden_ones_do_not_count(toy_plan, tmp_path):
    path = _workbook(tmp_path / "a.xlsx", [HEAD, *ROWS], hidden=["选项"])
    assert read_sites(toy_plan, _source(path)).read == 2
    book = openpyxl.load_workbook(path)
    book.create_sheet("二")["A1"] = "x"
    book.save(path)
    with pytest.raises(InputError, match=r"多个工作表.*台账、二"):
        read_sites(toy_plan, _source(path))
    assert read_sites(toy_plan, _source(path, sheet="台账")).read == 2


def test_no_header_at_all(toy_plan, tmp_path):
    with pytest.raises(InputError, match="找不到表头"):
        read_sites(toy_plan, _source(_workbook(tmp_path / "a.xlsx", [["甲", "乙"], [1, 2]])))


def test_the_same_header_twice_is_refused(toy_plan, tmp_path):
    with pytest.raises(InputError, match=r"列名重复.*投资"):
        read_sites(
            toy_plan,
            _source(_workbook(tmp_path / "a.xlsx", [["编号", "名称", "投资", "投资"], ["A", "b", 1, 2]])),
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_tables_in_every_encoding(toy_plan, tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("编号,项目名称,责任单位\r\n00310001,䶮泉里,甲区\r\nA-02,NA,乙区\r\n".encode(encoding))
    intake = read_sites(toy_plan, _source(path))
    assert intake.frame["name"].tolist() == ["䶮泉里", "NA"]
    assert intake.frame.index.tolist() == ["00310001", "A-02"]
    assert ("encoding-found" in _codes(intake)) == (encoding in ("gb18030", "utf-16"))


def test_a_row_with_a_field_too_many_is_held_back(toy_plan, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "编号,项目名称,责任单位\nA-01,和平小区,甲区\nA-02,东风,小区,乙区\n合计,2\n", encoding="utf-8"
    )
    intake = read_sites(toy_plan, _source(path))
    assert (intake.read, intake.quarantined) == (2, 1)
    assert "row-ragged" in _codes(intake)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:4526"])
def test_gauss_kruger_columns_are_proved_by_the_city(toy_plan, tmp_path, crs, swap):
    east, north = make_transformer("EPSG:4490", crs).transform(114.0, 36.55)
    pair = [north, east] if swap else [east, north]
    path = _workbook(tmp_path / "a.xlsx", [["编号", "名称", "X坐标", "Y坐标"], ["A-01", "和平小区", *pair]])
    intake = read_sites(toy_plan, _source(path))
    assert intake.frame.geometry.iloc[0].distance(shapely.Point(114.0, 36.55)) < 1e-7
    assert "location-assumed" in _codes(intake)
    assert intake.repaired == 1


def test_swapped_degrees_are_put_right_and_told(toy_plan, tmp_path):
    rows = [HEAD, [*ROWS[0][:6], 36.55, 114.00], ROWS[1]]
    intake = _read(toy_plan, tmp_path, rows)
    assert intake.frame.geometry.x.tolist() == [114.00, 114.01]
    assert intake.repaired == 1


def test_metres_among_degrees_are_withheld(toy_plan, tmp_path):
    rows = [HEAD, *ROWS, ["A-03", "米", "甲区", 1, 1, None, 500000.0, 4046000.0]]
    intake = _read(toy_plan, tmp_path, rows)
    assert intake.frame.geometry.isna().tolist() == [False, False, True]
    assert "location-mixed" in _codes(intake)


def test_declared_gcj02_is_restored(toy_plan, tmp_path):
    lon, lat = wgs84_to_gcj02(114.0, 36.55)
    path = _workbook(
        tmp_path / "a.xlsx", [["编号", "名称", "经度", "纬度"], ["A-01", "和平小区", float(lon), float(lat)]]
    )
    intake = read_sites(toy_plan, _source(path, crs="GCJ-02"))
    assert intake.frame.geometry.iloc[0].distance(shapely.Point(114.0, 36.55)) < 1e-7


def test_suspected_gcj02_is_told_and_not_moved(toy_plan, tmp_path):
    true = [(114.0 + k / 1000, 36.55 + k / 2000) for k in range(5)]
    sent = [tuple(float(v) for v in wgs84_to_gcj02(*place)) for place in true]
    rows = [["编号", "名称", "经度", "纬度"], *([f"A-{k:02d}", "甲", *place] for k, place in enumerate(sent))]
    frame = read_sites(toy_plan, _source(_workbook(tmp_path / "a.xlsx", rows))).frame
    features = ",".join(
        f'{{"type":"Feature","properties":{{"编号":"A-{k:02d}"}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}'
        for k, (x, y) in enumerate(true)
    )
    (tmp_path / "control.geojson").write_text(
        f'{{"type":"FeatureCollection","features":[{features}]}}', encoding="utf-8"
    )
    report = Report()
    compare_datum(frame, tmp_path / "control.geojson", report=report)
    assert [f.value for f in report] == ["GCJ-02"]
    report = Report()
    compare_datum(
        frame.set_geometry(shapely.points(true), crs=frame.crs), tmp_path / "control.geojson", report=report
    )
    assert len(report) == 0


def test_place_points_of_nothing():
    import numpy as np

    placed = place_points(np.array([]), np.array([]), envelope=(113, 36, 115, 37))
    assert placed.faults == ()


def test_belts_reach_the_city():
    codes = [code for code, _ in list_belts(114.5)]
    assert {"EPSG:4526", "EPSG:4547"} <= set(codes)
    assert "EPSG:4549" not in codes


def test_a_companion_file_brings_the_shapes(toy_plan, tmp_path):
    path = _workbook(
        tmp_path / "a.xlsx",
        [["编号", "名称", "责任单位"], ["A-01", "和平小区", "甲区"], ["A-02", "东风小区", "乙区"]],
    )
    body = (
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"编号":"A-01"},"geometry":{"type":"Polygon","coordinates":[[[114,36.55],[114.001,36.55],[114.001,36.551],[114,36.55]]]}},'
        '{"type":"Feature","properties":{"编号":"X-99"},"geometry":{"type":"Point","coordinates":[114,36.55]}}]}'
    )
    (tmp_path / "a.geojson").write_text(body, encoding="utf-8")
    intake = read_sites(
        toy_plan, _source(path, geometry=str(tmp_path / "a.geojson"), programme="old_compound")
    )
    assert [shape is not None for shape in intake.frame.geometry] == [True, False]
    assert [c for c in _codes(intake) if c != "geometry-mixed"] == ["geometry-orphan", "location-missing"]


def _events(tmp_path, lines):
    path = tmp_path / "events.csv"
    path.write_text("编号,日期,阶段,填报单位,填报人,说明\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return Source(role="events", path=str(path), simulated=False, attribution="")


def test_events(toy_plan, tmp_path):
    from renewal_gis.toytown import make_sites

    lines = [
        "A-01,2021-01-10,已征求意见,甲区,张三,",
        "A-01,2021-01-22,已公示,甲区,张三,",
        "A-01,2021-01-22,已公示,甲区,张三,",
        "A-01,2021年4月底,开工,甲区,张三,雨停后",
        "A-02,2021-05-01,,甲区,张三,现场察看",
        "Z-99,2021-05-01,已开工,甲区,张三,",
        "A-02,2021-05-01,已打通,甲区,张三,",
        "A-02,待定,已开工,甲区,张三,",
        "A-02,2099-01-01,已开工,甲区,张三,",
        "A-03,2021-06-01,,,,",
    ]
    intake = read_events(toy_plan, _events(tmp_path, lines), make_sites(), received=dt.date(2021, 12, 31))
    check_frame(intake.frame, EVENTS)
    assert intake.accepted + intake.repaired + intake.quarantined == intake.read == 10
    assert intake.frame["stage"].tolist() == ["consulted", "publicised", "started", ""]
    assert intake.frame["kind"].tolist() == ["stage", "stage", "stage", "note"]
    assert intake.frame["date"].iloc[2] == pd.Timestamp("2021-04-30")
    assert intake.frame["recorded_by"].iloc[0] == "甲区/张三"
    held = [f.code for f in intake.findings if f.code not in ("date-assumed", "event-duplicate")]
    assert held == [
        "event-unknown-site",
        "stage-unknown",
        "event-date-missing",
        "event-future",
        "row-refused",
    ]


def test_an_event_out_of_order_is_held_back_alone(toy_plan, tmp_path):
    from renewal_gis.toytown import make_sites

    lines = [
        "A-01,2021-01-10,已征求意见,,,",
        "A-01,2021-01-22,已公示,,,",
        "A-01,2020-01-30,会审通过,,,",
        "A-01,2021-04-05,已开工,,,",
    ]
    intake = read_events(toy_plan, _events(tmp_path, lines), make_sites())
    assert intake.frame["stage"].tolist() == ["consulted", "publicised", "started"]
    assert [held.row for held in intake.quarantine] == [4]


def test_the_key_does_not_know_the_file(toy_plan, tmp_path):
    from renewal_gis.toytown import make_sites

    one = read_events(toy_plan, _events(tmp_path, ["A-01,2021-01-10,已征求意见,甲,乙,"]), make_sites()).frame
    two = read_events(
        toy_plan,
        _events(tmp_path, ["A-02,2021-01-10,已征求意见,,,", "A-01,2021.1.10,consulted,,,"]),
        make_sites(),
    ).frame
    assert one["key"].iloc[0] == two["key"].iloc[1] == make_key("A-01", "consulted", dt.date(2021, 1, 10), "")
    assert not math.isnan(len(one))


def test_a_cell_at_the_end_of_the_world(toy_plan, tmp_path):
    path = _workbook(tmp_path / "a.xlsx", [HEAD, *ROWS])
    book = openpyxl.load_workbook(path)
    book.active["XFD1048576"] = "x"
    book.save(path)
    with pytest.raises(InputError, match="大小"):
        read_sites(toy_plan, _source(path))


def test_an_open_quote_does_not_swallow_the_rest(toy_plan, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('编号,项目名称\nA-01,"和平小区\nA-02,东风小区\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"a.csv.*无法解析"):
        read_sites(toy_plan, _source(path))


def test_words_for_no_id_are_no_id(toy_plan, tmp_path):
    intake = _read(toy_plan, tmp_path, [HEAD, ["待定", *ROWS[0][1:]], ["无", *ROWS[1][1:]]])
    assert intake.quarantined == 2


def test_the_time_of_day_orders_events_of_one_day(toy_plan, tmp_path):
    from renewal_gis.toytown import make_sites

    lines = ["A-10,2021-06-15 09:00:00,已开工,,,", "A-10,2021-06-15 08:00:00,已清理,,,"]
    intake = read_events(toy_plan, _events(tmp_path, lines), make_sites())
    assert intake.quarantined == 1


def test_a_total_above_the_rows_and_a_failed_formula(toy_plan, tmp_path):
    rows = [HEAD, ["合计", None, None, 150, 200.5], ROWS[0], [*ROWS[1][:4], "#DIV/0!", *ROWS[1][5:]]]
    intake = _read(toy_plan, tmp_path, rows)
    assert "total-mismatch" not in _codes(intake)
    assert "#DIV/0!" in intake.frame.loc["A-02", "notes"]


def test_a_workbook_without_units_says_so(toy_plan, tmp_path):
    rows = [[cell for place, cell in enumerate(row) if place != 2] for row in (HEAD, *ROWS)]
    intake = _read(toy_plan, tmp_path, rows)
    assert _codes(intake) == ["unit-column-missing"]
    assert set(intake.frame["declared_unit"]) == {""}
