"""The rows behind the numbers as sheets and as CSV (“244 是哪 244 行”)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from renewal_gis.render.workbook import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

_BALANCE_HEADS = {
    "target": "目标", "indicator": "指标", "unit": "单位", "measure": "计量单位", "task": "任务数",
    "ledger": "台账数", "over": "台账减任务", "located": "有位置", "unlocated": "无位置", "done": "完成数",
    "open": "未完成", "words": "差异",
}  # fmt: skip
_ROW_HEADS = {
    "target": "目标", "indicator": "指标", "unit": "管理单位", "site_id": "项目编号", "name": "项目名称",
    "category": "类别", "declared_unit": "填报单位", "located_name": "所在区县", "weight": "计数",
    "counts": "计入", "located": "有位置", "done": "已完成", "done_on": "完成日期", "words": "说明",
    "source_file": "来源文件", "source_row": "来源行号",
}  # fmt: skip


def make_sheets(balances: pd.DataFrame, rows: pd.DataFrame, /) -> tuple[Sheet, ...]:
    """Return BALANCES and ROWS as sheets; none where nobody asked for them.

    Rows that a target does not count stand on the sheet as well, with the reason.
    """
    if balances.empty:
        return ()
    return (
        Sheet("任务与台账对照", tuple(_BALANCE_HEADS.values()), _list_cells(balances, list(_BALANCE_HEADS))),
        Sheet("逐行对照", tuple(_ROW_HEADS.values()), _list_cells(rows, list(_ROW_HEADS))),
    )


def write_rows(rows: pd.DataFrame, /) -> bytes:
    """Return ROWS as CSV, UTF-8 with a mark so that Excel and WPS read it right."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(_ROW_HEADS.values())
    writer.writerows([_guard(cell) for cell in cells] for cells in _list_cells(rows, list(_ROW_HEADS)))
    return buffer.getvalue().encode("utf-8-sig")


def _guard(cell: str | int | None) -> str | int:
    """Keep a spreadsheet from taking what an office wrote for a formula."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t"):
        return f"'{cell}"
    return "" if cell is None else cell


def _list_cells(frame: pd.DataFrame, columns: list[str]) -> Sequence[Sequence[str | int | None]]:
    return list(zip(*([_plain(value) for value in frame[name]] for name in columns), strict=True))


def _plain(value: Any) -> str | int | None:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (bool, np.bool_)):
        return "是" if value else "否"
    return int(value)
