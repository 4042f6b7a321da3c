"""Rows of a bound table → typed columns, with the fate of every row kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renewal_gis.intake import Held
from renewal_gis.intake.cells import (
    Cell,
    fold_text,
    read_id,
    read_number,
    read_share,
    read_text,
    squeeze,
)
from renewal_gis.intake.dates import read_date
from renewal_gis.intake.features import take_column
from renewal_gis.intake.mapping import UnitNames, find_category

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renewal_gis.findings import Report
    from renewal_gis.intake.layout import Table
    from renewal_gis.intake.mapping import Bound
    from renewal_gis.plan import Programme

MOST_CACHED = 20_000
"""Cells that are remembered while a column is read: units and dates repeat, names and ids do not."""
QUANTITIES = ("count", "area", "money", "length")


@dataclass
class Fates:
    """What becomes of each row while a file is read; filled step by step."""

    table: Table
    report: Report
    repaired: set[int] = field(default_factory=set)
    held: dict[int, str] = field(default_factory=dict)
    withheld: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, list[str]] = field(default_factory=dict)

    def note(
        self, code: str, row: int, *, new: str = "", column: str = "", value: object = "", site_id: str = ""
    ) -> None:
        """Add a finding about a row."""
        self.report.add(
            code,
            new=new,
            file=self.table.file,
            sheet=self.table.sheet,
            row=self.table.lines[row],
            field=column,
            value=fold_text(value),
            site_id=site_id,
        )

    def repair(self, code: str, row: int, **words: Any) -> None:
        """Add a finding about something that was mended in a row."""
        self.repaired.add(row)
        self.note(code, row, **words)

    def hold(self, code: str, row: int, **words: Any) -> None:
        """Hold a row back; the first reason counts."""
        if row not in self.held:
            self.note(code, row, **words)
            self.held[row] = self.report.findings[-1].text

    def withhold(self, code: str, row: int, **words: Any) -> None:
        """Keep a row, but not its location."""
        if row not in self.withheld:
            self.note(code, row, **words)
            self.withheld[row] = self.report.findings[-1].text

    def remark(self, row: int, text: str) -> None:
        """Keep something in the row's notes, so that it is not lost."""
        self.remarks.setdefault(row, []).append(text)

    def originals(self, reasons: Mapping[int, str]) -> tuple[Held, ...]:
        """Return the originals of rows, with the reason."""
        table = self.table
        return tuple(
            Held(table.file, table.sheet, table.lines[row], reason, _as_words(table, row))
            for row, reason in sorted(reasons.items())
        )


def _as_words(table: Table, row: int) -> dict[str, str]:
    names = dict(enumerate(table.headers))
    return {
        names.get(place) or f"第{place + 1}列": fold_text(value)
        for place, value in table.rows[row].items()
        if squeeze(value)
    }


def describe_table(table: Table) -> dict[str, Any]:
    """Return where things stand in a file's sheet: its name, the header's lines, our columns' places."""
    return {
        "sheet": table.sheet,
        "head": table.head,
        "columns": {bound.column.label: place for place, bound in table.bounds.items()},
        "positions": [place for place, bound in table.bounds.items() if bound.column.kind == "position"],
    }


def read_column(
    fates: Fates, place: int, bound: Bound, *, units: UnitNames, programme: Programme | None
) -> list[Any]:
    """Return the typed values of one column; None where there is none.

    Parameters
    ----------
    fates
        Takes findings, repairs and refusals.
    place
        The column's place in the table.
    bound
        What the header means.
    units, programme
        The plan's unit names and the programme whose categories count.
    """
    read = _make_reader(fates, place, bound, units=units, programme=programme)
    cache: dict[tuple[type, Any], Cell] = {}
    values: list[Any] = []
    kind, label = bound.column.kind, bound.column.label
    for row, found in enumerate(take_column(fates.table.rows, place)):
        raw = found
        if (row, place) in fates.table.uncached:
            fates.hold("formula-empty", row, column=label)
        if (row, place) in fates.table.filled:
            raw = _take_merged(fates, row, raw, kind, label)
        key = (type(raw), raw)
        cell = cache.get(key)
        if cell is None:
            cell = read(raw)
            if len(cache) < MOST_CACHED:
                cache[key] = cell
        if cell.status == "unread" or cell.assumption:
            _report_cell(fates, row, cell, raw, kind, label)
        if isinstance(raw, str) and "\ufffd" in raw:
            fates.note("text-garbled", row, column=label, value=raw)
        values.append(cell.value)
    return values


def _make_reader(
    fates: Fates, place: int, bound: Bound, *, units: UnitNames, programme: Programme | None
) -> Callable[[Any], Cell]:
    kind = bound.column.kind
    if kind in QUANTITIES:
        return lambda raw: read_number(raw, dimension=kind, header_factor=bound.factor)
    if kind == "share":
        percents = _is_percent_column(fates.table, place)
        return lambda raw: read_share(raw, percent_column=percents)
    if kind == "unit":
        return lambda raw: _read_unit(raw, units)
    if kind == "category":
        return lambda raw: _read_category(raw, programme)
    return {"id": read_id, "date": read_date, "items": _read_items}.get(kind, read_text)


def _take_merged(fates: Fates, row: int, raw: Any, kind: str, label: str) -> Any:
    if kind in QUANTITIES:  # a quantity over several rows is their sum: once is enough
        fates.repair("merged-number", row, column=label, value=raw)
        return None
    if squeeze(raw):
        fates.repair(
            "unit-filled" if kind == "unit" else "cell-filled", row, column=label, new=fold_text(raw)
        )
    return raw


_UNREAD_CODES = {
    "id": "id-unread",
    "date": "date-unread",
    "unit": "unit-unknown",
    "category": "category-unknown",
}
_REPAIR_CODES = {
    "date": "date-assumed",
    "unit": "unit-alias",
    "id": "text-repaired",
    "text": "text-repaired",
    "items": "text-repaired",
}


def _report_cell(fates: Fates, row: int, cell: Cell, raw: Any, kind: str, label: str) -> None:
    if cell.status == "unread":
        if kind == "id":
            fates.hold("id-unread", row, column=label, value=raw)
            return
        fates.repair(_UNREAD_CODES.get(kind, "number-unread"), row, column=label, value=raw)
        fates.remark(row, f"{label}原文:{fold_text(raw)}")
        return
    told = cell.value if kind in ("unit", "id", "text", "items") else cell.assumption
    fates.repair(_REPAIR_CODES.get(kind, "number-repaired"), row, column=label, value=raw, new=str(told))


def _is_percent_column(table: Table, place: int) -> bool | None:
    """Tell whether bare numbers of a share column are percents: most say so, or the header does."""
    numbers = [
        cell.value
        for value in take_column(table.rows, place)
        if (cell := read_number(value, dimension="length")).status == "ok"
    ]
    if "%" in squeeze(table.headers[place]) or "百分" in table.headers[place]:
        return True
    return sum(number > 1 for number in numbers) > len(numbers) / 2 if numbers else None


def _read_unit(raw: Any, units: UnitNames) -> Cell:
    text = fold_text(raw)
    if not text:
        return Cell("", "blank")
    name = units.find(text)
    if not name:
        return Cell("", "unread")
    return Cell(name, assumption="" if name == str(raw) else name)


def _read_category(raw: Any, programme: Programme | None) -> Cell:
    if not squeeze(raw):
        return Cell("", "blank")
    found = find_category(raw, programme)
    return Cell(found) if found else Cell("", "unread")


def _read_items(raw: Any) -> Cell:
    text = fold_text(raw)
    for mark in (",", "\uff0c", ";", "\uff1b", "\n", "|"):
        text = text.replace(mark, "、")
    return (
        Cell("、".join(part.strip() for part in text.split("、") if part.strip()))
        if text
        else Cell("", "blank")
    )
