"""Frames ↔ rows of plain values, the form in which every ledger stores and hashes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from renewal_gis.ledger.base import (
    EVENT_COLUMNS,
    SITE_TYPES,
    format_moment,
    hash_site,
    make_event_id,
)
from renewal_gis.ledger.blobs import read_blobs, write_blobs
from renewal_gis.schema import EVENTS, SITES, STORED_CRS
from renewal_gis.vocab import EventKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


def list_site_rows(frame: gpd.GeoDataFrame, /) -> list[dict[str, Any]]:
    """Return the rows of a SITES frame as plain values, each with its fingerprint."""
    columns: dict[str, list[Any]] = {
        "site_id": [str(i) for i in frame.index],
        "geom": write_blobs(frame.geometry.to_numpy()),
    }
    for name, kind in SITE_TYPES.items():
        columns[name] = _to_plain(frame[name], kind) if name in frame.columns else [None] * len(frame)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    for row in rows:
        row["row_hash"] = hash_site(row)
    return rows


def _to_plain(column: pd.Series, kind: str) -> list[Any]:
    missing = column.isna().to_numpy()
    if kind == "DATE":
        text = pd.to_datetime(column).dt.strftime("%Y-%m-%d")
        return [None if gone else value for value, gone in zip(text, missing, strict=True)]
    cast = {"INTEGER": int, "DOUBLE": float, "BOOLEAN": int}.get(kind, str)
    blank = "" if kind == "TEXT" else None
    return [blank if gone else cast(value) for value, gone in zip(column.tolist(), missing, strict=True)]


def sites_of_rows(rows: Sequence[dict[str, Any]], /) -> gpd.GeoDataFrame:
    """Return a SITES frame of stored rows."""
    index = pd.Index([row["site_id"] for row in rows], name=SITES.index, dtype="str")
    data: dict[str, Any] = {}
    for name in [*SITES.columns, *(n for n in SITES.optional if n in SITE_TYPES)]:
        data[name] = _from_plain([row[name] for row in rows], SITE_TYPES[name])
    shapes = read_blobs([row["geom"] for row in rows])
    return gpd.GeoDataFrame(
        data, index=index, geometry=gpd.GeoSeries(shapes, index=index, crs=STORED_CRS), crs=STORED_CRS
    )


def _from_plain(values: list[Any], kind: str) -> Any:
    if kind == "DATE":
        return (
            pd.to_datetime(pd.Series(values, dtype=object), format="%Y-%m-%d")
            .astype("datetime64[ns]")
            .to_numpy()
        )
    if kind == "BOOLEAN":
        return [bool(value) for value in values]
    if kind == "TEXT":
        return pd.array([value or "" for value in values], dtype="str")
    return pd.array(values, dtype={"INTEGER": "Int64", "DOUBLE": "Float64"}[kind])


def restore_sites(
    rows: list[dict[str, Any]], changes: Sequence[tuple[str, str, str]], moment: str
) -> list[dict[str, Any]]:
    """Return rows as they were at a moment: later changes undone, later rows left out."""
    first_old: dict[str, dict[str, Any]] = {}
    for site_id, kept, _ in changes:
        first_old.setdefault(site_id, json.loads(kept))
    restored = []
    for row in rows:
        if row["first_recorded_at"] > moment:
            continue
        old = first_old.get(row["site_id"])
        if old is not None:
            geom = None if old["geom"] is None else bytes.fromhex(old["geom"])
            restored.append(row | {name: old.get(name) for name in SITE_TYPES} | {"geom": geom})
        else:
            restored.append(row)
    return restored


def list_event_rows(frame: pd.DataFrame, /, *, at: str, by: str) -> list[dict[str, Any]]:
    """Return the rows of an EVENTS frame as plain values in the order of the frame."""
    dates = pd.to_datetime(frame["date"]).dt.strftime("%Y-%m-%d").tolist()
    texts = {
        name: frame[name].fillna("").astype(str).tolist()
        for name in EVENT_COLUMNS
        if name in frame.columns and name not in ("date", "source_row")
    }
    lines = [None if pd.isna(line) else int(line) for line in frame["source_row"]]
    rows = []
    for k in range(len(frame)):
        row: dict[str, Any] = {name: texts[name][k] if name in texts else "" for name in EVENT_COLUMNS}
        row |= {"event_id": make_event_id(row["key"]), "date": dates[k], "source_row": lines[k]}
        row["recorded_at"] = format_moment(row["recorded_at"]) if row["recorded_at"] else at
        row["recorded_by"] = row["recorded_by"] or by
        rows.append(row)
    return rows


def events_of_rows(rows: Sequence[Sequence[Any]], /) -> pd.DataFrame:
    """Return an EVENTS frame (with ``reason``) of stored rows."""
    columns = (
        dict(zip(EVENT_COLUMNS, zip(*rows, strict=True), strict=True))
        if rows
        else dict.fromkeys(EVENT_COLUMNS, ())
    )
    index = pd.Index(list(columns["event_id"]), name=EVENTS.index, dtype="str")
    data: dict[str, Any] = {}
    for name in [*EVENTS.columns, "reason"]:
        values = list(columns[name])
        if name == "date":
            data[name] = (
                pd.to_datetime(pd.Series(values, dtype=object), format="%Y-%m-%d")
                .astype("datetime64[ns]")
                .to_numpy()
            )
        else:
            data[name] = pd.array(values, dtype="Int64" if name == "source_row" else "str")
    return pd.DataFrame(data, index=index)


def stages_of_rows(rows: Sequence[tuple[str, str, str]], /) -> pd.DataFrame:
    """Return site, stage and first day as the lean frame of a diary without corrections."""
    sites, stages, days = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    frame = pd.DataFrame({"site_id": pd.array(sites, dtype="str"), "stage": pd.array(stages, dtype="str")})
    frame["date"] = np.array(days, dtype="datetime64[D]").astype("datetime64[ns]")
    return frame


def drop_later(events: pd.DataFrame, as_of: dt.date, /) -> pd.DataFrame:
    """Return the events up to a day, and every correction that touches one of them."""
    kept = (events["date"] <= pd.Timestamp(as_of)).to_numpy()
    corrections = events[(events["kind"] == EventKind.CORRECTION).to_numpy()]
    known = set(events.index[kept])
    for event_id, target in corrections[
        "corrects"
    ].items():  # recorded after what it corrects, so one pass is enough
        if target in known:
            known.add(event_id)
    return events[events.index.isin(known)]
