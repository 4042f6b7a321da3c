"""Where the table is in a sheet: title rows, merged headers, merged bodies, totals and footers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError
from renewal_gis.intake.cells import UNITS, fold_text, read_number, squeeze
from renewal_gis.intake.lines import kind_of, read_unit_line
from renewal_gis.intake.mapping import OWN_HEADER, Bound, Column, bind_header, rank_of, split_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from renewal_gis.findings import Report

Place = tuple[int, int]
Range = tuple[Place, Place]

HEADER_ROWS = 40
"""How far down a header is looked for."""
_TOLD = {"footer": "footer-row", "heading": "heading-row", "header": "header-repeated"}
"""Lines that are no records, and the rule by which each is told."""


@dataclass(frozen=True)
class Grid:
    """A sheet as it is: cells by row and column from 0, merged ranges, formulas without a value.

    ``origin`` is the file that a return file was made from, else empty.
    """

    file: str
    sheet: str
    cells: Sequence[Sequence[Any]]
    merged: Sequence[Range] = ()
    uncached: frozenset[Place] = frozenset()
    ragged: frozenset[int] = frozenset()
    line_numbers: Sequence[int] = ()
    origin: str = ""

    def at(self, row: int, column: int) -> Any:
        """Return a cell; beyond the sheet there is nothing."""
        line = self.cells[row] if row < len(self.cells) else ()
        return line[column] if column < len(line) else None

    def line(self, row: int) -> int:
        """Return the row's number as the office counts."""
        return self.line_numbers[row] if self.line_numbers else row + 1


@dataclass(frozen=True)
class Table:
    """The records of a sheet under their bound headers."""

    file: str
    sheet: str
    headers: tuple[str, ...]
    bounds: Mapping[int, Bound]
    rows: Sequence[Mapping[int, Any]]
    lines: Sequence[int]
    filled: frozenset[Place]
    uncached: frozenset[Place]
    ragged: frozenset[int]
    totals: tuple[tuple[int, Mapping[int, Any], tuple[int, ...]], ...] = ()
    notes: tuple[str, ...] = field(default=())
    head: tuple[int, int] = (1, 1)
    origin: str = ""

    def column_of(self, name: str) -> int | None:
        """Return where one of our columns stands, or None."""
        return next((place for place, bound in self.bounds.items() if bound.column.name == name), None)


def find_table(
    grid: Grid,
    columns: Sequence[Column],
    *,
    extra: Mapping[str, Sequence[str]],
    needed: Sequence[str],
    report: Report,
) -> Table:
    """Return the one table of a sheet.

    Parameters
    ----------
    grid
        The sheet.
    columns, extra
        Our columns and the plan's mapping; see :func:`renewal_gis.intake.mapping.bind_header`.
    needed
        Names of columns without which the sheet is refused.
    report
        Takes what was noticed about the layout.

    Raises
    ------
    InputError
        No header row, a needed column is missing, or a header stands twice.
    """
    top, depth, headers = _find_header(grid, columns, extra)
    bounds = _bind(grid, headers, columns, extra, report)
    _check_needed(grid, headers, bounds, columns, needed, line=grid.line(top))
    bounds = _apply_units(grid, top, headers, bounds, report)
    if depth > 1 or _is_grouped(grid, top):
        report.add(
            "header-merged",
            file=grid.file,
            sheet=grid.sheet,
            row=grid.line(top),
            value=_rows_word(grid, top, depth),
        )
    elif any(not _is_empty(cell) for row in grid.cells[:top] for cell in row):
        report.add("header-found", file=grid.file, sheet=grid.sheet, row=grid.line(top), value=grid.line(top))

    def is_header(word: object) -> bool:
        return bind_header(word, columns, extra) is not None

    table = _collect(grid, top + depth, headers, bounds, report, is_header)
    return replace(table, head=(grid.line(top), grid.line(top + depth - 1)), origin=grid.origin or grid.file)


def _apply_units(
    grid: Grid, top: int, headers: Sequence[str], bounds: Mapping[int, Bound], report: Report
) -> dict[int, Bound]:
    """Return the bounds with the units that headers name, or that a line above the header states for them."""
    stated = read_unit_line(grid.cells[:top])
    made = dict(bounds)
    for place, bound in bounds.items():
        unit = split_header(headers[place])[1] or stated.get(bound.column.kind, "")
        factor = UNITS.get(bound.column.kind, {}).get(squeeze(unit).lower(), 1.0)
        made[place] = Bound(bound.column, factor)
        if factor != 1.0:
            report.add(
                "unit-converted",
                new=f"{factor:.10g}",
                file=grid.file,
                sheet=grid.sheet,
                row=grid.line(top),
                field=headers[place],
                value=unit,
            )
    return made


def _is_grouped(grid: Grid, top: int) -> bool:
    """Tell whether a row of groups, merged over several columns, stands above the header."""
    spans = [1 for (r0, c0), (_, c1) in grid.merged if r0 == top - 1 and c1 > c0]
    return len(spans) > 1


def _rows_word(grid: Grid, top: int, depth: int) -> str:
    return str(grid.line(top)) if depth == 1 else f"{grid.line(top)}–{grid.line(top + depth - 1)}"


def _find_header(
    grid: Grid, columns: Sequence[Column], extra: Mapping[str, Sequence[str]]
) -> tuple[int, int, list[str]]:
    best: tuple[int, int, list[str]] | None = None
    score: tuple[float, int] = (1, 0)
    for top in range(min(HEADER_ROWS, len(grid.cells))):
        for depth in (1, 2, 3):
            if top + depth > len(grid.cells) or (depth > 1 and not _continues(grid, top, depth)):
                break
            headers = [
                _header_text(grid, top, depth, column, columns, extra) for column in range(_width(grid))
            ]
            headers = ["" if squeeze(header) == OWN_HEADER else header for header in headers]
            found = {b.column.name for h in headers if (b := bind_header(h, columns, extra))}
            hits = len(found) + (0.5 if found & {"site_id"} else 0)
            if (hits, -depth) > score:
                best, score = (top, depth, headers), (hits, -depth)
    if best is None and not any(not _is_empty(cell) for row in grid.cells for cell in row):
        raise InputError("表是空的(empty)", place=_where(grid), remedy="请填写后再报")
    if best is None:
        shown = "、".join(fold_text(c) for c in (grid.cells[0] if grid.cells else ()) if fold_text(c))[:80]
        raise InputError(
            f"找不到表头(第一行为“{shown}”)",
            place=_where(grid),
            remedy="表头应有“编号”“项目名称”等列,或在方案的 columns 中写明列名",
        )
    return best


def _where(grid: Grid) -> str:
    return f"{grid.file} 工作表“{grid.sheet}”" if grid.sheet else grid.file


def _width(grid: Grid) -> int:
    return max((len(row) for row in grid.cells[: HEADER_ROWS + 3]), default=0)


def _continues(grid: Grid, top: int, depth: int) -> bool:
    """Tell whether the row below still belongs to the header: a header cell above it is merged over it."""
    row = top + depth - 1
    if any(isinstance(grid.at(row, column), (int, float)) for column in range(_width(grid))):
        return False
    spans = [(r0, c0, r1, c1) for (r0, c0), (r1, c1) in grid.merged if top <= r0 < row]
    down = any(r1 >= row for r0, _, r1, _ in spans)
    across = any(r0 == row - 1 and c1 > c0 for r0, c0, _, c1 in spans)
    gaps = not grid.merged and any(
        _is_empty(grid.at(row - 1, c)) and not _is_empty(grid.at(row, c)) for c in range(_width(grid))
    )
    return down or across or gaps


def _is_empty(value: Any) -> bool:
    return squeeze(value) == ""


def _header_text(
    grid: Grid,
    top: int,
    depth: int,
    column: int,
    columns: Sequence[Column],
    extra: Mapping[str, Sequence[str]],
) -> str:
    parts: list[str] = []
    for row in range(top, top + depth):
        text = fold_text(grid.at(*_origin(grid, row, column))).replace("\n", "")
        if text and text not in parts:
            parts.append(text)
    if len(parts) < 2:
        return parts[0] if parts else ""
    joined = "".join(parts)
    # "计划" over "开工" is 计划开工; "规模" over "投资" is just 投资
    return joined if bind_header(joined, columns, extra) else parts[-1]


def _origin(grid: Grid, row: int, column: int) -> Place:
    for (r0, c0), (r1, c1) in grid.merged:
        if r0 <= row <= r1 and c0 <= column <= c1:
            return r0, c0
    return row, column


def _bind(
    grid: Grid,
    headers: Sequence[str],
    columns: Sequence[Column],
    extra: Mapping[str, Sequence[str]],
    report: Report,
) -> dict[int, Bound]:
    twice = [word for word, count in Counter(squeeze(h).lower() for h in headers if h).items() if count > 1]
    if twice:
        raise InputError(
            f"列名重复(duplicate header):“{'”“'.join(twice)}”",
            place=_where(grid),
            remedy="请删去或改名,使每列只有一个含义",
        )
    bounds: dict[int, Bound] = {}
    for place, header in enumerate(headers):
        bound = bind_header(header, columns, extra)
        if bound is None:
            continue
        rival = next((p for p, b in bounds.items() if b.column is bound.column), None)
        if rival is None:
            bounds[place] = bound
            continue
        better = rank_of(header, bound.column, extra) < rank_of(headers[rival], bound.column, extra)
        kept, left = (place, rival) if better else (rival, place)
        report.add("header-rival", file=grid.file, sheet=grid.sheet, field=headers[kept], value=headers[left])
        if better:
            del bounds[rival]
            bounds[place] = bound
    for place, header in enumerate(headers):
        if header and place not in bounds and squeeze(header) not in ("序号", "no.", "NO", "No"):
            report.add("header-unknown", file=grid.file, sheet=grid.sheet, field=header)
    return bounds


def _check_needed(
    grid: Grid,
    headers: Sequence[str],
    bounds: Mapping[int, Bound],
    columns: Sequence[Column],
    needed: Sequence[str],
    *,
    line: int,
) -> None:
    have = {bound.column.name for bound in bounds.values()}
    missing = [column.label for column in columns if column.name in needed and column.name not in have]
    if missing:
        shown = "、".join(h for h in headers if h)
        raise InputError(
            f"缺少必需列“{'”“'.join(missing)}”(第 {line} 行表头为:{shown})",
            place=_where(grid),
            remedy="请补上该列,或在方案的 columns 中写明它在本单位的列名",
        )


def _collect(
    grid: Grid,
    first: int,
    headers: Sequence[str],
    bounds: Mapping[int, Bound],
    report: Report,
    is_header: Callable[[object], bool],
) -> Table:
    filled = _merged_body(grid, first)
    rows: list[Mapping[int, Any]] = []
    lines: list[int] = []
    totals: list[tuple[int, Mapping[int, Any], tuple[int, ...]]] = []
    notes: list[str] = []
    heads: list[int] = []
    block_start = 0
    id_place = next((place for place, bound in bounds.items() if bound.column.name == "site_id"), None)
    told = len(headers) - next((k for k, header in enumerate(reversed(headers)) if header), 0)
    for row in range(first, len(grid.cells)):
        values = {c: grid.at(row, c) for c in range(max(len(headers), len(grid.cells[row])))}
        kind = kind_of(values, headers, id_place=id_place, is_header=is_header)
        if kind == "record":
            rows.append({c: grid.at(*filled[row, c]) if (row, c) in filled else v for c, v in values.items()})
            lines.append(grid.line(row))
            have = len(grid.cells[row])
            if have < told:
                report.add(
                    "row-short",
                    new=str(told),
                    file=grid.file,
                    sheet=grid.sheet,
                    row=grid.line(row),
                    value=have,
                )
        elif kind in ("total", "subtotal"):
            members = tuple(range(block_start if kind == "subtotal" else 0, len(rows)))
            totals.append((grid.line(row), values, members))
            report.add(
                "total-row", file=grid.file, sheet=grid.sheet, row=grid.line(row), value=_first_text(values)
            )
            block_start = len(rows) if kind == "subtotal" else block_start
            if not members:  # a total above the rows is that of all of them
                heads.append(len(totals) - 1)
        elif kind == "other header":
            raise InputError(
                f"第 {grid.line(row)} 行又是一行表头(header),列的次序与第一张表(table)不同",
                place=_where(grid),
                remedy="请分成两个工作表,或统一列的次序",
            )
        elif kind in _TOLD:
            notes.append(_first_text(values))
            report.add(
                _TOLD[kind], file=grid.file, sheet=grid.sheet, row=grid.line(row), value=_first_text(values)
            )
    for k in heads:
        totals[k] = (*totals[k][:2], tuple(range(len(rows))))
    place_of = {line: k for k, line in enumerate(lines)}
    index = {
        row: place_of[grid.line(row)] for row in range(first, len(grid.cells)) if grid.line(row) in place_of
    }
    return Table(
        grid.file,
        grid.sheet,
        tuple(headers),
        bounds,
        tuple(rows),
        tuple(lines),
        filled=frozenset((index[r], c) for r, c in filled if r in index),
        uncached=frozenset((index[r], c) for r, c in grid.uncached if r in index),
        ragged=frozenset(index[r] for r in grid.ragged if r in index),
        totals=tuple(totals),
        notes=tuple(notes),
    )


def _merged_body(grid: Grid, first: int) -> dict[Place, Place]:
    """Return where merged body cells get their value from, the origins themselves left out."""
    places: dict[Place, Place] = {}
    for (r0, c0), (r1, c1) in grid.merged:
        if r0 < first or (r1 - r0) > 100_000 or (r1 - r0 + 1) * (c1 - c0 + 1) > 1_000_000:
            continue
        if r1 > r0:
            places.update(
                {(r, c): (r0, c0) for r in range(r0, r1 + 1) for c in range(c0, c1 + 1) if (r, c) != (r0, c0)}
            )
    return places


def _first_text(values: Mapping[int, Any]) -> str:
    return next((fold_text(v) for v in values.values() if not _is_empty(v)), "")


def check_totals(table: Table, report: Report) -> None:
    """Compare every total row with the sum of its rows; a difference is a finding."""
    for line, values, members in table.totals:
        for place, bound in table.bounds.items():
            if bound.column.kind not in ("count", "area", "money", "length"):
                continue
            said = read_number(values.get(place), dimension=bound.column.kind, header_factor=bound.factor)
            if said.status != "ok":
                continue
            parts = [_part(table, k, place, bound) for k in members]
            total = sum(part for part in parts if part is not None)
            if abs(total - said.value) > max(1e-6 * abs(said.value), 0.005 * len(members)):
                report.add(
                    "total-mismatch",
                    file=table.file,
                    sheet=table.sheet,
                    row=line,
                    field=bound.column.label,
                    value=f"{bound.column.label} {said.value:.12g}",
                    new=f"{total:.12g}",
                )


def _part(table: Table, row: int, place: int, bound: Bound) -> float | None:
    if (row, place) in table.filled:
        return None
    cell = read_number(table.rows[row].get(place), dimension=bound.column.kind, header_factor=bound.factor)
    return None if cell.status != "ok" else float(cell.value)
