"""All projects of a batch side by side: one workbook, one layer of their units."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import xlsxwriter

from renewal_gis.render.geopackage import write_geopackage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HEAD = ("城市", "截至", "状态", "原因", "用时(秒)", "内存峰值(MB)", "错误", "警告", "数据", "成果文件夹")
TARGETS = ("城市", "目标", "任务数", "台账数", "有位置", "无位置", "完成数", "计量单位")
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a stamp that is the same in every run


def write_workbook(outcomes: Sequence[Mapping[str, Any]], /, *, states: Mapping[str, str]) -> bytes:
    """Return a workbook: a row for each project, and the figures of each of its targets.

    Parameters
    ----------
    outcomes
        Values by key, as in :class:`renewal_gis.batch.Outcome`.
    states
        What each state is called.
    """
    projects = [
        (
            one["city"],
            one["as_of"],
            states[one["state"]],
            one["reason"],
            one["seconds"],
            one["peak_mb"],
            one["findings"].get("error", ""),
            one["findings"].get("warning", ""),
            "模拟数据" if one["simulated"] else "",
            one["output"],
        )
        for one in outcomes
    ]
    targets = [
        (
            one["city"],
            target,
            *(count[key] for key in ("task", "ledger", "located", "unlocated", "done")),
            count["measure"],
        )
        for one in outcomes
        for target, count in one["counts"].items()
    ]
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": "批量汇总", "author": "renewal_gis", "created": _EPOCH})
        _write_sheet(book, "城市", HEAD, projects)
        _write_sheet(book, "目标", TARGETS, targets)
    return buffer.getvalue()


def _write_sheet(
    book: xlsxwriter.Workbook, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True, "border": 1, "bg_color": "#E9EEF4"})
    for place, name in enumerate(head):
        sheet.write_string(0, place, name, bold)
        sheet.set_column(place, place, max(10, 2 * len(name) + 2))
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, place, value)
            elif value is not None:
                sheet.write_number(number, place, value)
    sheet.freeze_panes(1, 0)


def gather_units(projects: Sequence[tuple[str, Path, str]], /) -> bytes:
    """Return a GeoPackage with the units of all projects in one layer.

    Parameters
    ----------
    projects
        City, folder of its products, and its day.
    """
    frames = [
        gpd.read_file(folder / "layers" / "renewal.gpkg", layer="units").assign(城市=city)
        for city, folder, _ in projects
    ]
    units = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)
    day = max(dt.date.fromisoformat(day) for _, _, day in projects)
    return write_geopackage({"units": units}, as_of=day)
