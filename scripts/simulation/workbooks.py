"""The workbooks, written as offices send them, and always with the same bytes."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING

import xlsxwriter

from simulation import words

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.records import Record

STAMP = dt.datetime(2021, 12, 31, 18, 0, 0)  # noqa: DTZ001 - a workbook's property has no zone
GROUPS = {
    "old_compound": (
        ("", ("编号", "项目名称", "责任单位", "街道(乡镇)", "地址")), ("改造规模", ("户数", "楼栋数", "建筑面积(万平方米)")), ("", ("投资(万元)",)),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")),
        ("", ("改造内容", "征求意见比例", "居民满意度", "备注")),
    ),
    "shanty_area": (
        ("", ("编号", "项目名称", "类别", "责任单位", "街道(乡镇)", "地址")), ("建设规模", ("套数", "户数", "楼栋数", "建筑面积(平方米)")), ("", ("投资(万元)",)),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
    "urban_village": (
        ("", ("编号", "项目名称", "责任单位", "街道(乡镇)", "地址", "户数", "建筑面积(平方米)", "投资(万元)")),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
    "back_alley": (
        ("", ("编号", "项目名称", "类别", "责任单位", "街道(乡镇)", "地址", "长度(米)", "投资(万元)", "改造内容")),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
    "feature_street": (
        ("", ("编号", "项目名称", "责任单位", "街道(乡镇)", "地址", "长度(米)", "投资(万元)")),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
    "dry_toilet": (
        ("", ("编号", "项目名称", "责任单位", "街道(乡镇)", "地址")), ("坐标", ("经度", "纬度")), ("", ("改造内容", "投资(万元)")),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
    "stalled_building": (
        ("", ("编号", "项目名称", "责任单位", "街道(乡镇)", "地址")), ("坐标", ("经度", "纬度")), ("", ("楼栋数", "建筑面积(平方米)", "改造内容", "投资(万元)")),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
    "dead_end_road": (
        ("", ("编号", "项目名称", "责任单位", "街道(乡镇)", "地址", "长度(米)", "投资(万元)")),
        ("责任落实", ("分包领导", "推进专班", "施工单位")), ("进度安排", ("计划开工", "计划完工", "实际开工", "实际完工")), ("", ("备注",)),
    ),
}  # fmt: skip
SUMMED = ("户数", "楼栋数", "套数", "建筑面积(万平方米)", "建筑面积(平方米)", "投资(万元)", "长度(米)")
WITH_SUBTOTALS = ("old_compound",)
WITH_MERGED_UNITS = ("old_compound",)
WIDE = {"项目名称": 26, "地址": 24, "改造内容": 30, "备注": 18, "编号": 12, "街道(乡镇)": 13}


def write_workbook(path: Path, programme: str, records: list[Record]) -> None:
    """Write one ledger with title, two header rows, numbered rows, 小计 and 合计."""
    groups = (("", ("序号",)), *GROUPS[programme])
    columns = [name for _, names in groups for name in names]
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "created": STAMP,
                "title": f"{words.PROGRAMMES[programme][1]}台账(模拟数据)",
                "comments": "模拟数据,非真实项目",
            }
        )
        sheet = book.add_worksheet("台账")
        looks = _looks(book)
        _write_head(sheet, programme, groups, len(columns), looks)
        last = _write_body(sheet, programme, columns, records, looks)
        sheet.write(last + 1, 0, "注:本表为模拟数据,用于软件演示,不代表任何真实项目。", looks["plain"])
        for i, name in enumerate(columns):
            sheet.set_column(i, i, WIDE.get(name, 6 if name == "序号" else 11))
        sheet.freeze_panes(4, 3)


def _looks(book: xlsxwriter.Workbook) -> dict[str, object]:
    base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
    edge = base | {"border": 1}
    return {
        "title": book.add_format(base | {"font_size": 18, "bold": True, "align": "center"}),
        "plain": book.add_format(base),
        "head": book.add_format(
            edge | {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#E7EDF3"}
        ),
        "cell": book.add_format(edge),
        "date": book.add_format(edge | {"num_format": "yyyy-mm-dd"}),
        "sum": book.add_format(edge | {"bold": True}),
    }


def _write_head(sheet: object, programme: str, groups: tuple, width: int, looks: dict) -> None:
    _, title, measure, _ = words.PROGRAMMES[programme]
    sheet.merge_range(0, 0, 0, width - 1, f"2021年全市{title}工作台账(模拟数据)", looks["title"])
    sheet.set_row(0, 30)
    sheet.merge_range(
        1,
        0,
        1,
        width - 1,
        f"填报单位:各县(市、区)专班    填报日期:2021年12月31日    计量单位:{measure}",
        looks["plain"],
    )
    at = 0
    for group, names in groups:
        if group and len(names) > 1:
            sheet.merge_range(2, at, 2, at + len(names) - 1, group, looks["head"])
        for i, name in enumerate(names, at):
            if group:
                sheet.write(3, i, name, looks["head"])
            else:
                sheet.merge_range(2, i, 3, i, name, looks["head"])
        at += len(names)


def _write_body(sheet: object, programme: str, columns: list[str], records: list[Record], looks: dict) -> int:
    row, number = 4, 0
    for _, own in itertools.groupby(records, key=lambda record: str(record["编号"]).split("-")[1]):
        block = list(own)
        top = row
        for record in block:
            number += 1
            _write_row(sheet, row, columns, {"序号": number} | record, looks)
            row += 1
        if programme in WITH_MERGED_UNITS and len(block) > 1:
            sheet.merge_range(
                top,
                columns.index("责任单位"),
                row - 1,
                columns.index("责任单位"),
                block[0]["责任单位"],
                looks["cell"],
            )
        if programme in WITH_SUBTOTALS:
            _write_total(sheet, row, columns, "小计", block, looks)
            row += 1
    _write_total(sheet, row, columns, "合计", records, looks)
    return row


def _write_row(sheet: object, row: int, columns: list[str], record: Record, looks: dict) -> None:
    for i, name in enumerate(columns):
        value = record.get(name)
        if value is None or value == "":
            sheet.write_blank(row, i, None, looks["cell"])
        elif isinstance(value, dt.date):
            sheet.write_datetime(row, i, dt.datetime.combine(value, dt.time()), looks["date"])
        elif isinstance(value, (int, float)):
            sheet.write_number(row, i, value, looks["cell"])
        else:
            sheet.write_string(row, i, str(value), looks["cell"])


def _write_total(
    sheet: object, row: int, columns: list[str], word: str, records: list[Record], looks: dict
) -> None:
    sheet.write_string(row, 0, word, looks["sum"])
    for i, name in enumerate(columns[1:], 1):
        if name == "项目名称":
            sheet.write_string(row, i, f"{len(records)}", looks["sum"])
        elif name in SUMMED:
            total = sum(
                float(record[name]) for record in records if isinstance(record.get(name), (int, float))
            )
            sheet.write_number(row, i, round(total, 2), looks["sum"])
        else:
            sheet.write_blank(row, i, None, looks["sum"])
