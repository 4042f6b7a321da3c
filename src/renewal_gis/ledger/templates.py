"""Blank workbooks for counties, made from the plan, so that an intake begins well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from renewal_gis.files import write_whole

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from renewal_gis.plan import Plan, Programme

ROWS = 500
"""How many rows below the header are formatted and checked."""

_NEEDED = frozenset({"编号", "项目名称", "责任单位", "分包领导", "推进专班"})
_ALWAYS = (
    ("编号", 14, "由市级主管单位统一赋码,带字母,终身不变;不得留空、不得重复。"),
    ("项目名称", 26, "全称。"),
    ("责任单位", 16, "从下拉列表选择,写全称。"),
    ("街道(乡镇)", 14, "功能区代管的乡镇据此归入功能区。"),
    ("地址", 26, "门牌或四至。"),
)
_WORK = (
    ("投资(万元)", 12, "只填数字,单位万元。"),
    ("分包领导", 12, "每项工作一名。"),
    ("推进专班", 16, "每项工作一个。"),
    ("施工单位", 20, "尚未确定可留空。"),
    ("计划开工", 12, "写成 2021-04-01 的形式。"),
    ("计划完工", 12, "写成 2021-09-30 的形式。"),
    ("实际开工", 12, "写成 2021-04-01 的形式;没有开工留空。"),
    ("实际完工", 12, "写成 2021-09-30 的形式;没有完工留空。"),
)
_POINT = (
    ("经度", 12, "CGCS2000 经度,度,六位小数,如 114.490000。"),
    ("纬度", 12, "CGCS2000 纬度,度,六位小数,如 36.610000。"),
)
_PHOTOS = (
    ("改造前照片", 18, "照片放在本表所在文件夹内,填相对路径,如 照片/A-01前.jpg。"),
    ("改造后照片", 18, "同上;没有完工留空。"),
)
_COUNTS = {
    "polygon": (
        ("户数", 9, "整数。"),
        ("楼栋数", 9, "整数。"),
        ("套数", 9, "整数。"),
        ("建筑面积(平方米)", 16, "只填数字,单位平方米。"),
    ),
    "line": (("长度(米)", 11, "只填数字,单位米。"),),
    "point": (),
}


def write_templates(plan: Plan, folder: str | Path, /) -> list[Path]:
    """Write a blank workbook for each programme of the plan and return the paths.

    Parameters
    ----------
    plan
        Its programmes, responsible units and categories.
    folder
        Where; it is made if need be.

    Returns
    -------
    list of Path
        ``<programme>.xlsx``, in the plan's order. :func:`renewal_gis.intake.tables.read_sites`
        understands every header.

    Raises
    ------
    PublishError
        The folder cannot be written.
    """
    paths = []
    for programme in plan.programmes:
        path = Path(folder) / f"{programme.id}.xlsx"
        write_whole(path, _make_workbook(plan, programme).save)
        paths.append(path)
    return paths


def list_columns(plan: Plan, programme: Programme, /) -> list[tuple[str, int, str]]:
    """Return header, width and note of each column that a programme's workbook has."""
    kind = next((kind for kind in ("polygon", "line", "point") if kind in programme.geometry), "point")
    columns = [*_ALWAYS, *_COUNTS[kind], *_WORK]
    if programme.categories:
        columns.append(("类别", 12, "从下拉列表选择。"))
    if any(gate.programme == programme.id and gate.kind == "min_share" for gate in plan.gates):
        columns += [("征求意见比例", 13, "写成 85% 的形式。"), ("居民满意度", 12, "写成 85% 的形式。")]
    columns.append(("改造内容", 30, "各项以顿号分隔。"))
    columns += _POINT
    columns += _PHOTOS
    columns.append(("备注", 24, ""))
    return columns


def _make_workbook(plan: Plan, programme: Programme) -> Workbook:
    book = Workbook()
    sheet = book.active
    sheet.title = programme.short[:31]
    columns = list_columns(plan, programme)
    _write_head(sheet, f"{plan.city}{programme.name}台账", columns)
    units = [unit.name for unit in plan.units if unit.name in plan.groups[programme.responsible_group]]
    headers = [header for header, _, _ in columns]
    _offer(book, sheet, headers.index("责任单位") + 1, "单位", units or [unit.name for unit in plan.units])
    if programme.categories:
        names = [category.name for category in programme.categories]
        _offer(book, sheet, headers.index("类别") + 1, "类别", names)
    return book


def _write_head(sheet: Worksheet, title: str, columns: list[tuple[str, int, str]]) -> None:
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
    sheet.cell(1, 1, title).font = Font(bold=True, size=16)
    sheet.cell(1, 1).alignment = Alignment(horizontal="center", vertical="center")
    sheet.row_dimensions[1].height = 30
    line = Side(style="thin", color="808080")
    for place, (header, width, note) in enumerate(columns, start=1):
        cell = sheet.cell(2, place, header)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(line, line, line, line)
        cell.fill = PatternFill("solid", fgColor="FCE4D6" if header in _NEEDED else "EDEDED")
        if note:
            cell.comment = Comment(f"{'必填。' if header in _NEEDED else ''}{note}", "renewal_gis")
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = width
        if header == "编号" or header.startswith(("计划", "实际")):
            for row in range(
                3, ROWS + 3
            ):  # as text, so that zeros stay and dates are not turned into numbers
                sheet.cell(row, place).number_format = "@"
    sheet.freeze_panes = "C3"


def _offer(book: Workbook, sheet: Worksheet, place: int, title: str, words: list[str]) -> None:
    """Let a column be filled from a list; the list stands in a hidden sheet, since a rule holds 255 characters."""
    store = book.create_sheet(f"选项_{title}")
    for row, word in enumerate(words, start=1):
        store.cell(row, 1, word)
    store.sheet_state = "hidden"
    rule = DataValidation(type="list", formula1=f"'选项_{title}'!$A$1:$A${len(words)}", allow_blank=True)
    rule.error, rule.errorTitle = "请从下拉列表选择", title
    sheet.add_data_validation(rule)
    letter = get_column_letter(place)
    rule.add(f"{letter}3:{letter}{ROWS + 2}")
