"""Site workbooks as offices send them → SITES."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import InputError
from renewal_gis.findings import Report
from renewal_gis.intake import Intake
from renewal_gis.intake.cells import fold_text, read_id, squeeze
from renewal_gis.intake.features import Records, take_column
from renewal_gis.intake.gate import Admitted, admit
from renewal_gis.intake.grids import read_grid
from renewal_gis.intake.layout import Table, check_totals, find_table
from renewal_gis.intake.locations import join_companion, locate_features, locate_rows
from renewal_gis.intake.mapping import (
    SITE_COLUMNS,
    UnitNames,
    bind_cut_header,
    bind_header,
    collect_unit_names,
)
from renewal_gis.intake.photos import PHOTOS, take_photos
from renewal_gis.intake.positions import find_shifted, suspect_datum
from renewal_gis.intake.records import Fates, describe_table, read_column
from renewal_gis.intake.vectors import VECTOR_SUFFIXES, read_features, settle_crs
from renewal_gis.schema import SITES, STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renewal_gis.intake.features import Features
    from renewal_gis.intake.shapes import Shapes
    from renewal_gis.plan import Plan, Programme, Source

LOG = logging.getLogger(__name__)

NEEDED = ("site_id", "name")
_TYPES = {
    "count": "Int64",
    "area": "Float64",
    "money": "Float64",
    "length": "Float64",
    "share": "Float64",
    "date": "datetime64[ns]",
}
_OPTIONAL = ("consulted_share", "satisfied_share", "length_m", *sorted(PHOTOS, reverse=True))


@dataclass(frozen=True)
class _Context:
    plan: Plan
    source: Source
    programme: Programme | None
    units: UnitNames


def read_sites(plan: Plan, source: Source, *, layer: str | None = None) -> Intake:
    """Return the sites of one of the plan's sources.

    Parameters
    ----------
    plan
        Units, categories, the office's own headers (``columns``) and the city's envelope.
    source
        A workbook (xlsx, xls, csv) or a vector file; ``source.geometry`` may name a vector file
        that is joined by 编号. ``source.crs`` is the system of coordinate columns, and of vector
        files that name none.
    layer
        The sheet or layer where there are several; goes before ``source.sheet``.

    Returns
    -------
    Intake
        ``frame`` is a SITES frame in EPSG:4490, index ``site_id``; rows without a usable location
        have geometry None and stay in it.

    Raises
    ------
    MissingFileError, InputError, CrsError
        No such file; damaged; several sheets or layers; a needed column is missing.
    """
    path = plan.path_of(source.path)
    admitted = admit(path)
    report = Report()
    context = _Context(
        plan, source, plan.programme(source.programme) if source.programme else None, collect_unit_names(plan)
    )
    if admitted.kind in ("text", "xlsx", "xls") and Path(admitted.name).suffix.lower() not in VECTOR_SUFFIXES:
        grid = read_grid(admitted, sheet=layer or source.sheet, report=report)
        table = find_table(grid, SITE_COLUMNS, extra=plan.columns, needed=NEEDED, report=report)
        features = None
    else:
        features = read_features(path, layer=layer or source.sheet or None, admitted=admitted)
        table = _bind_features(features, plan, report)
    return _assemble(context, admitted, table, features, report)


def _bind_features(features: Features, plan: Plan, report: Report) -> Table:
    """Return the attributes of a layer as a table, so that one way of reading serves both."""
    headers = features.names
    bounds: dict[int, Any] = {}
    for place, header in enumerate(headers):
        bound = bind_header(header, SITE_COLUMNS, plan.columns)
        if bound is None and header in features.cut_names:
            bound = bind_cut_header(header, SITE_COLUMNS)
        if (
            bound
            and all(other.column is not bound.column for other in bounds.values())
            and bound.column.kind != "position"
        ):
            bounds[place] = bound
        elif header and bound is None:
            report.add("header-unknown", file=features.file, field=header)
    bounds |= _borrow_id(features, bounds, report)
    _check_needed(features, bounds)
    places = dict(enumerate(headers))
    rows: Sequence[Mapping[int, Any]] = (
        features.rows.rename(places)
        if isinstance(features.rows, Records)
        else tuple({place: row.get(name) for place, name in places.items()} for row in features.rows)
    )
    return Table(
        features.file,
        features.layer,
        tuple(headers),
        bounds,
        rows,
        range(1, len(rows) + 1),
        frozenset(),
        frozenset(),
        frozenset(),
    )


def _borrow_id(features: Features, bounds: dict[int, Any], report: Report) -> dict[int, Any]:
    """Return a description column as the id if there is none and every row has a code of its own there."""
    by_name = {bound.column.name: place for place, bound in bounds.items()}
    codes = (
        [squeeze(row.get(features.names[by_name["site_id"]])) for row in features.rows]
        if "site_id" in by_name
        else []
    )
    if features.rows and not any(codes):
        for place, name in enumerate(features.names):
            words = [squeeze(row.get(name)) for row in features.rows]
            coded = all(0 < len(word) <= 40 and any(c.isdigit() for c in word) for word in words)
            if (
                name.lower() in ("description", "descriptio", "说明", "描述")
                and coded
                and len(set(words)) == len(words)
            ):
                bounds.pop(by_name.get("site_id", -1), None)
                bound = bind_header("编号", SITE_COLUMNS, {})
                report.add("id-borrowed", file=features.file, field=name)
                return {place: bound}
    return {}


def _check_needed(features: Features, bounds: dict[int, Any]) -> None:
    have = {bound.column.name for bound in bounds.values()}
    missing = [column.label for column in SITE_COLUMNS if column.name in NEEDED and column.name not in have]
    if missing and not features.rows:
        raise InputError("图层是空的(empty):没有记录,0 条", place=features.file, remedy="请核对是否导出完整")
    if missing:
        raise InputError(
            f"图层(layer)缺少必需列“{'”“'.join(missing)}”(字段 field 为:{'、'.join(features.names) or '无'})",
            place=features.file,
            remedy="请补上该列,或在方案的 columns 中写明它在本单位的列名",
        )


def _assemble(
    context: _Context, admitted: Admitted, table: Table, features: Features | None, report: Report
) -> Intake:
    if not table.rows:
        report.add("file-empty", file=table.file, sheet=table.sheet)
    fates = Fates(table, report)
    for row in sorted(table.ragged):
        fates.hold("row-ragged", row)
    values = {
        bound.column.name: read_column(fates, place, bound, units=context.units, programme=context.programme)
        for place, bound in table.bounds.items()
        if bound.column.kind != "position"
    }
    if "declared_unit" not in values:
        report.add("unit-column-missing", file=table.file, sheet=table.sheet)
    for name in PHOTOS & values.keys():
        folder = context.plan.path_of(context.source.path).parent
        label = next(column.label for column in SITE_COLUMNS if column.name == name)
        values[name] = take_photos(fates, label, values[name], folder)
    _check_ids(fates, values["site_id"])
    check_totals(table, report)
    if features is not None:
        located = locate_features(
            fates, features, envelope=context.plan.envelope, declared=context.source.declared_crs
        )
    else:
        located = locate_rows(fates, envelope=context.plan.envelope, declared=context.source.crs)
    if context.source.geometry:
        located = join_companion(fates, located, values["site_id"], context.plan, context.source)
    _check_locations(fates, located, context.programme)
    _check_places(fates, located)
    _keep_unknown(fates)
    frame = _make_frame(context, fates, values, located)
    LOG.info("%s: read %d, held back %d", table.file, len(table.rows), len(fates.held))
    return _balance(fates, frame, admitted)


def _check_ids(fates: Fates, ids: Sequence[str | None]) -> None:
    seen: dict[str, int] = {}
    for row, site_id in enumerate(ids):
        if row in fates.held:
            continue
        if not site_id:
            fates.hold("id-missing", row)
        elif site_id in seen:
            fates.hold("id-duplicate", row, column="编号", value=site_id, site_id=site_id)
        else:
            seen[site_id] = row


_KINDS = {"point": "点", "line": "线", "polygon": "面"}
_KIND_OF_TYPE = {0: "point", 1: "line", 2: "line", 3: "polygon", 4: "point", 5: "line", 6: "polygon"}
"""What shapely's type numbers are in the words of a plan."""


def _check_locations(fates: Fates, located: Shapes, programme: Programme | None) -> None:
    columns = [place for place, bound in fates.table.bounds.items() if bound.column.kind == "position"]
    for row in np.flatnonzero(shapely.is_missing(located)):
        cells = [fold_text(fates.table.rows[int(row)].get(place)) for place in columns]
        code = "location-blank" if columns else "location-missing"
        fates.withhold(code, int(row), value="、".join(filter(None, cells)) or ("空白" if columns else ""))
    kinds = Counter(_KIND_OF_TYPE.get(int(kind), "") for kind in shapely.get_type_id(located))
    wanted = programme.geometry if programme is not None else tuple(_KINDS)
    for kind, count in kinds.items():
        if kind and kind not in wanted:
            told = "、".join(_KINDS[word] for word in wanted)
            fates.report.add(
                "geometry-unusual", file=fates.table.file, value=f"{_KINDS[kind]} {count} 个", new=told
            )


def _check_places(fates: Fates, located: Shapes) -> None:
    """Tell sites that stand on one and the same spot, and coordinates too coarse to find the spot again."""
    kept = [row for row in np.flatnonzero(~shapely.is_missing(located)).tolist() if row not in fates.held]
    wkb = pd.Series(shapely.to_wkb(located[kept]), index=kept, dtype=object)
    twice = wkb[wkb.duplicated(keep=False)]
    for rows in (list(part.index) for _, part in twice.groupby(twice, sort=False)):
        least = 3 if located[rows[0]].geom_type == "Point" else 2  # two works at one gate are common
        if len(rows) >= least:
            lines = "、".join(str(fates.table.lines[row]) for row in rows[:8])
            fates.note("location-repeated", rows[0], value=len(rows), new=f"第 {lines} 行")
    xy = shapely.get_coordinates(located[kept][shapely.get_type_id(located[kept]) == 0])
    coarse = (np.abs(xy * 100 - np.round(xy * 100)) < 1e-7).all(axis=1)
    if len(xy) >= 5 and coarse.sum() > len(xy) / 2:  # a few round numbers may be true
        fates.report.add("location-coarse", file=fates.table.file, value=int(coarse.sum()))


def _keep_unknown(fates: Fates) -> None:
    """Put what has no column of ours into the notes."""
    table = fates.table
    unknown = [place for place, header in enumerate(table.headers) if header and place not in table.bounds]
    progress = table.column_of("progress_share")
    kept = [
        place
        for place in (*unknown, progress)
        if place is not None and squeeze(table.headers[place]) != "序号"
    ]
    for place in kept:
        for row, value in enumerate(take_column(table.rows, place)):
            text = fold_text(value)
            if text:
                fates.remark(row, f"{table.headers[place]}:{text}")


def _make_frame(
    context: _Context, fates: Fates, values: dict[str, list[Any]], located: Shapes
) -> gpd.GeoDataFrame:
    table, source = fates.table, context.source
    size = len(table.rows)
    by_name = {column.name: column for column in SITE_COLUMNS}
    made: dict[str, Any] = {}
    wanted = (*SITES.columns, *(name for name in _OPTIONAL if name in values))
    for name in wanted:
        kind = by_name[name].kind if name in by_name else "text"
        made[name] = _as_array(values.get(name, [None] * size), kind)
    made["programme"] = [source.programme] * size
    made["source_file"] = [table.origin or table.file] * size
    made["source_row"] = pd.array(table.lines, dtype="Int64")
    made["simulated"] = [source.simulated] * size
    own = values.get("notes", [None] * size)
    made["notes"] = [
        ";".join(part for part in (own[row] or "", *fates.remarks.get(row, [])) if part)
        for row in range(size)
    ]
    index = pd.Index([site_id or "" for site_id in values["site_id"]], name=SITES.index, dtype="str")
    frame = gpd.GeoDataFrame(
        made, index=index, geometry=gpd.GeoSeries(located, index=index, crs=STORED_CRS), crs=STORED_CRS
    )
    for row in range(size):
        if row not in fates.held and not made["name"][row]:
            fates.note("name-missing", row, site_id=index[row])
    return frame.iloc[[row for row in range(size) if row not in fates.held]] if fates.held else frame


def _as_array(values: list[Any], kind: str) -> Any:
    dtype = _TYPES.get(kind)
    if dtype is None:
        return [value or "" for value in values]
    if dtype.startswith("datetime"):
        return pd.to_datetime(pd.Series(values, dtype=object)).astype(dtype).to_numpy()
    return pd.array(values, dtype=dtype)


def _balance(fates: Fates, frame: gpd.GeoDataFrame, admitted: Admitted) -> Intake:
    repaired = {row for row in fates.repaired if row not in fates.held}
    read = len(fates.table.rows)
    withheld = {row: reason for row, reason in fates.withheld.items() if row not in fates.held}
    return Intake(
        frame,
        fates.report,
        read,
        accepted=read - len(fates.held) - len(repaired),
        repaired=len(repaired),
        quarantined=len(fates.held),
        quarantine=fates.originals(fates.held),
        withheld=fates.originals(withheld),
        fields=tuple(fates.table.headers),
        withheld_repaired=len(withheld.keys() & repaired),
        notes={"sha256": admitted.sha256, "modified": admitted.modified, "kind": admitted.kind}
        | describe_table(fates.table),
    )


def compare_datum(frame: gpd.GeoDataFrame, trusted: str | Path, /, *, report: Report) -> None:
    """Compare the sites' places with those of a trusted layer that shares ids with them.

    Parameters
    ----------
    frame
        SITES.
    trusted
        A vector file of the same sites from a source that is beyond doubt.
    report
        Takes the suspicion that the sites are in GCJ-02 or BD-09; they are not moved.
    """
    features = read_features(trusted)
    name = next((n for n in features.names if bind_header(n, SITE_COLUMNS[:1], {})), None)
    if name is None:
        return
    keys = [read_id(row.get(name)).value or "" for row in features.rows]
    crs = settle_crs(features, declared=None)
    known = gpd.GeoSeries(shapely.centroid(features.shapes), index=keys, crs=crs).to_crs(STORED_CRS)
    known = known[~known.index.duplicated()].reindex(frame.index)
    sent = shapely.centroid(frame.geometry.to_numpy())
    true = known.to_numpy()
    word, metres = suspect_datum(
        shapely.get_x(sent), shapely.get_y(sent), shapely.get_x(true), shapely.get_y(true)
    )
    if word:
        report.add("datum-suspected", file=str(frame["source_file"].iloc[0]), value=word, new=f"{metres:.0f}")
        return
    away = find_shifted(shapely.get_x(sent), shapely.get_y(sent), shapely.get_x(true), shapely.get_y(true))
    for word, rows in away.items():
        ids = "、".join(str(frame.index[row]) for row in rows[:5])
        report.add(
            "datum-mixed", file=str(frame["source_file"].iloc[0]), value=f"{len(rows)} 行({ids})", new=word
        )
