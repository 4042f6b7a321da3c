"""District layers: polygons that should cover the city once and only once, and where they do not."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.errors import CrsError, InputError
from renewal_gis.findings import Report
from renewal_gis.geo.crs import to_metric
from renewal_gis.intake import Intake
from renewal_gis.intake.cells import fold_text, squeeze
from renewal_gis.intake.layout import Table
from renewal_gis.intake.locations import settle_shapes
from renewal_gis.intake.mapping import UnitNames, collect_unit_names
from renewal_gis.intake.records import Fates
from renewal_gis.intake.vectors import mend_features, read_features, settle_crs
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from renewal_gis.plan import Plan

NAME_WORDS = (
    "名称",
    "区县",
    "区划名称",
    "县区",
    "行政区",
    "name",
    "district",
    "county",
    "区县名称",
    "mc",
    "xzqmc",
)
CODE_WORDS = ("代码", "区划代码", "行政区划代码", "code", "adcode", "id", "dm", "xzqdm", "pac")
GAP_M = 2.0
"""Slits narrower than this between districts are drawing faults, not country."""


def read_districts(
    path: str | Path, plan: Plan, /, *, crs: str | None = None, layer: str | None = None
) -> Intake:
    """Return the districts of a file, and where they overlap, leave gaps or are slivers.

    Parameters
    ----------
    path
        Any vector file that the gate admits, with a name column and perhaps a code column.
    plan
        Its envelope proves the reference system, its units name the districts in full.
    crs
        What the owner declares, where the file does not say.
    layer
        The layer's name, where there are several.

    Returns
    -------
    Intake
        ``frame``: ``name``, geometry in EPSG:4490, index ``code`` (blank where there is none).

    Raises
    ------
    MissingFileError, InputError, CrsError
        What the gate refuses; no name column; a name that stands twice with different shapes.
    """
    features = read_features(path, layer=layer)
    names = _find_column(features.names, NAME_WORDS)
    if names is None:
        raise InputError(
            f"缺少名称列(有:{'、'.join(features.names)})", place=features.file, remedy="请补上“名称”列"
        )
    codes = _find_column(features.names, CODE_WORDS)
    rows = tuple(dict(enumerate(row.get(name) for name in features.names)) for row in features.rows)
    lines = tuple(range(1, len(rows) + 1))
    none: frozenset[Any] = frozenset()
    table = Table(features.file, features.layer, features.names, {}, rows, lines, none, none, none)
    fates = Fates(table, Report())
    crs_found = settle_crs(features, declared=crs)
    mended = mend_features(features)
    fates.report.extend(features.findings)
    if any(finding.code == "geometry-curved" for finding in features.findings):
        fates.repaired.update(range(len(rows)))
    fates.repaired.update(mended.repairs)
    for row, words in mended.faults.items():
        fates.held[row] = words
    shapes = settle_shapes(fates, mended.shapes, envelope=plan.envelope, crs=crs_found)
    frame = _make_frame(features.rows, names, codes, plan, shapes)
    if features.rows and not any(shape is not None for shape in shapes):
        raise CrsError("没有一个区县在本市范围(range)内", place=features.file, remedy="请核对坐标系后重报")
    fates.held.update(fates.withheld)
    _check_words(fates, frame, collect_unit_names(plan))
    for row in _find_slivers(frame, plan.crs_metric):
        fates.hold("district-sliver", row, value=frame["name"].iloc[row])
    kept = [row for row in range(len(rows)) if row not in fates.held]
    _check_names(frame.iloc[kept], features.file)
    check_cover(frame.iloc[kept], plan.crs_metric, report=fates.report, file=features.file)
    repaired = len([row for row in fates.repaired if row not in fates.held])
    return Intake(
        frame.iloc[kept],
        fates.report,
        len(rows),
        accepted=len(kept) - repaired,
        repaired=repaired,
        quarantined=len(fates.held),
        quarantine=fates.originals(fates.held),
        fields=features.names,
    )


def _find_column(names: tuple[str, ...], words: tuple[str, ...]) -> str | None:
    by_word = {squeeze(name).lower(): name for name in reversed(names)}
    return next((by_word[word] for word in words if word in by_word), None)


def _make_frame(
    rows: Sequence[Mapping[str, Any]], names: str, codes: str | None, plan: Plan, shapes: np.ndarray[Any, Any]
) -> gpd.GeoDataFrame:
    units = collect_unit_names(plan)
    words = [fold_text(row.get(names)) for row in rows]
    code = [fold_text(row.get(codes)) if codes else "" for row in rows]
    index = pd.Index(code, name="code", dtype="str")
    data = {"name": [units.find(word) or word for word in words]}
    geometry = gpd.GeoSeries(shapes, index=index, crs=STORED_CRS)
    return gpd.GeoDataFrame(data, index=index, geometry=geometry, crs=STORED_CRS)


def _check_names(frame: gpd.GeoDataFrame, file: str) -> None:
    twice = [name for name, count in Counter(frame["name"]).items() if count > 1]
    if twice:
        raise InputError(
            f"名称重复(duplicate):“{'”“'.join(str(name) for name in twice)}”各有几个图形",
            place=file,
            remedy="同一区县请合并为一个多部分图形,不同区县请改正名称",
        )


def _check_words(fates: Fates, frame: gpd.GeoDataFrame, units: UnitNames) -> None:
    """Hold back what is no area or has no name; tell names that the plan does not know and codes that repeat."""
    for row, shape in enumerate(frame.geometry):
        if shape is not None and shape.geom_type not in ("Polygon", "MultiPolygon"):
            fates.hold("district-shape", row, value=shape.geom_type)
    for row, name in enumerate(frame["name"]):
        if not name:
            fates.hold("district-unnamed", row)
        elif not units.find(name):
            fates.note("district-unknown", row, value=name)
    for code, count in Counter(frame.index).items():
        if code and count > 1:
            fates.report.add("district-code-repeated", file=fates.table.file, value=str(code))


def _find_slivers(frame: gpd.GeoDataFrame, crs_metric: str) -> list[int]:
    """Return the rows whose shapes are long, thin and a hundred times smaller than is usual."""
    shapes = to_metric(frame, crs_metric).geometry.to_numpy()
    area, around = shapely.area(shapes), shapely.length(shapes)
    known = np.isfinite(area) & (area > 0)
    usual = float(np.median(area[known])) if known.any() else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        thin = 4 * math.pi * area / around**2 < 0.05
    return [int(row) for row in np.flatnonzero(known & thin & (area < usual / 100))]


def check_cover(frame: gpd.GeoDataFrame, crs_metric: str, /, *, report: Report, file: str) -> None:
    """Report where districts overlap and where slits lie between them.

    Parameters
    ----------
    frame
        Districts with ``name``, any reference system.
    crs_metric
        The plan's.
    report
        Takes the findings.
    file
        Their source.
    """
    flat = to_metric(frame[~frame.geometry.isna() & ~frame.geometry.is_empty], crs_metric)
    names, shapes = flat["name"].tolist(), flat.geometry.to_numpy()
    for one, other in zip(*shapely.STRtree(shapes).query(shapes, predicate="intersects"), strict=True):
        if one < other:
            shared = float(shapely.area(shapely.intersection(shapes[one], shapes[other])))
            if shared > 1.0:
                words = f"{names[one]} / {names[other]}"
                report.add("district-overlap", file=file, value=words, new=f"{shared:.0f}")
    union = shapely.union_all(shapes) if len(shapes) else shapely.Polygon()
    closed = shapely.buffer(
        shapely.buffer(union, GAP_M / 2, join_style="mitre"), -GAP_M / 2, join_style="mitre"
    )
    holes = (
        [
            hole
            for part in shapely.get_parts(union)
            for hole in map(shapely.Polygon, part.interiors)
            if hole.area > 1.0 and not shapely.difference(hole, closed).is_empty
        ]
        if union.geom_type in ("Polygon", "MultiPolygon")
        else []
    )
    if holes:
        middle = gpd.GeoSeries([holes[0].representative_point()], crs=flat.crs).to_crs(STORED_CRS).iloc[0]
        report.add(
            "district-gap", file=file, value=f"洞(hole){len(holes)} 处,如 {middle.x:.5f}, {middle.y:.5f}"
        )
    slits = [part for part in shapely.get_parts(shapely.difference(closed, union)) if part.area > 0.1]
    if slits:
        middle = gpd.GeoSeries([slits[0].representative_point()], crs=flat.crs).to_crs(STORED_CRS).iloc[0]
        report.add("district-gap", file=file, value=f"{len(slits)} 处,如 {middle.x:.5f}, {middle.y:.5f}")
