"""The GeoPackage container: its tables, its triggers, its geometry blobs. Only sqlite3 touches it."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis.ledger.base import EVENT_COLUMNS, LATER_COLUMNS, SITE_TYPES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

SRS_ID = 4490
APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300
_MADE = "1970-01-01T00:00:00.000Z"  # no clock here: the first import sets the true date
FORMAT = "2"
"""Version of our own tables, kept in ledger_meta: 2 added office_record and the photographs."""

_CORE = """
CREATE TABLE IF NOT EXISTS gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE IF NOT EXISTS gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""

_OURS = """
CREATE TABLE IF NOT EXISTS ledger_meta (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_plan (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL,
  folder TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS site (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom GEOMETRY, site_id TEXT NOT NULL UNIQUE,
  {site_columns}, row_hash TEXT NOT NULL, first_recorded_at TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS site_change (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, site_id TEXT NOT NULL, old TEXT NOT NULL,
  old_hash TEXT NOT NULL, new_hash TEXT NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS status_event (seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, event_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('stage','note','correction')), stage TEXT NOT NULL, date DATE NOT NULL,
  recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL, note TEXT NOT NULL, reason TEXT NOT NULL, corrects TEXT NOT NULL,
  source_file TEXT NOT NULL, source_row INTEGER, key TEXT NOT NULL UNIQUE, chain TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS status_event_by_site ON status_event (site_id, stage, date, kind, recorded_at);
CREATE INDEX IF NOT EXISTS site_change_by_site ON site_change (site_id);
CREATE TABLE IF NOT EXISTS office_record (seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, record_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, subject TEXT NOT NULL, date DATE NOT NULL, body TEXT NOT NULL, recorded_at TEXT NOT NULL,
  recorded_by TEXT NOT NULL, key TEXT NOT NULL UNIQUE, chain TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS office_record_by_kind ON office_record (kind, subject);
CREATE TABLE IF NOT EXISTS import_log (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, kind TEXT NOT NULL, files TEXT NOT NULL,
  added INTEGER NOT NULL, changed INTEGER NOT NULL, unchanged INTEGER NOT NULL, vanished INTEGER NOT NULL,
  recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL);
"""

APPEND_ONLY = ("status_event", "office_record", "site_change", "import_log", "ledger_plan")

_ATTRIBUTES = {
    "ledger_meta": "台账版本",
    "ledger_plan": "方案",
    "site_change": "项目变更前的内容",
    "status_event": "进度记录",
    "office_record": "公文记录",
    "import_log": "导入记录",
}


def create_tables(base: sqlite3.Connection) -> None:
    """Create the container inside the transaction that the caller holds open."""
    columns = ",\n  ".join(f"{name} {kind}" for name, kind in SITE_TYPES.items())
    for statement in (_CORE + _OURS.format(site_columns=columns)).split(";"):
        if statement.strip():
            base.execute(statement)
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            base.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    base.executemany("INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", _list_systems())
    base.execute(
        "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) VALUES ('site','features','项目台账','每个项目一行',?,?)",
        (_MADE, SRS_ID),
    )
    base.execute(
        "INSERT OR IGNORE INTO gpkg_geometry_columns VALUES ('site','geom','GEOMETRY',?,0,0)", (SRS_ID,)
    )
    base.executemany(
        "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES (?, 'attributes', ?, ?)",
        [(table, title, _MADE) for table, title in _ATTRIBUTES.items()],
    )
    base.execute("INSERT OR IGNORE INTO ledger_meta (name, value) VALUES ('format', ?)", (FORMAT,))
    base.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    base.execute(f"PRAGMA user_version = {USER_VERSION}")


def upgrade_tables(base: sqlite3.Connection) -> None:
    """Bring the tables of format 1 to today's, inside the caller's transaction; no stored value changes."""
    for name in LATER_COLUMNS:
        base.execute(f"ALTER TABLE site ADD COLUMN {name} {SITE_TYPES[name]}")
    create_tables(base)
    base.execute("UPDATE ledger_meta SET value = ? WHERE name = 'format'", (FORMAT,))


def _list_systems() -> list[tuple[Any, ...]]:
    return [
        (
            "Undefined cartesian SRS",
            -1,
            "NONE",
            -1,
            "undefined",
            "undefined cartesian coordinate reference system",
        ),
        (
            "Undefined geographic SRS",
            0,
            "NONE",
            0,
            "undefined",
            "undefined geographic coordinate reference system",
        ),
        (
            "WGS 84 geodetic",
            4326,
            "EPSG",
            4326,
            _write_wkt(4326),
            "longitude/latitude coordinates in decimal degrees",
        ),
        ("China Geodetic Coordinate System 2000", SRS_ID, "EPSG", SRS_ID, _write_wkt(SRS_ID), "CGCS2000"),
    ]


@lru_cache(maxsize=4)
def _write_wkt(epsg: int) -> str:
    from pyproj import CRS  # noqa: PLC0415  # only when a container is made

    return str(CRS.from_epsg(epsg).to_wkt("WKT1_GDAL"))


def write_blobs(shapes: Sequence[Any], /) -> list[bytes | None]:
    """Return GeoPackage blobs of shapes in EPSG:4490, with their envelopes; None for None."""
    array = np.asarray(shapes, dtype=object)
    flat = shapely.force_2d(array)
    bodies = shapely.to_wkb(flat, byte_order=1)
    boxes = shapely.bounds(flat)
    kinds = shapely.get_type_id(flat)
    empty = shapely.is_empty(flat)
    blobs: list[bytes | None] = []
    for body, box, kind, is_empty in zip(bodies, boxes, kinds, empty, strict=True):
        if body is None:
            blobs.append(None)
            continue
        if kind == 0 or is_empty:
            blobs.append(struct.pack("<2sBBi", b"GP", 0, 0b0001_0001 if is_empty else 1, SRS_ID) + body)
        else:
            west, south, east, north = box
            blobs.append(
                struct.pack("<2sBBi4d", b"GP", 0, 0b0000_0011, SRS_ID, west, east, south, north) + body
            )
    return blobs


def read_blobs(blobs: Sequence[bytes | None], /) -> Any:
    """Return the shapes of GeoPackage blobs; GDAL is not asked, since it would drop SQLite's locks."""
    return shapely.from_wkb(
        np.array([None if blob is None else read_wkb(blob) for blob in blobs], dtype=object)
    )


def read_wkb(blob: bytes) -> bytes:
    """Return the WKB inside a GeoPackage blob."""
    if blob[:2] != b"GP" or len(blob) < 13:
        raise ValueError("not a GeoPackage blob")
    return bytes(blob[8 + (0, 32, 48, 48, 64, 0, 0, 0)[(blob[3] >> 1) & 7] :])


EVENT_INSERT = f"INSERT INTO status_event ({', '.join(EVENT_COLUMNS)}, chain) VALUES ({','.join('?' * (len(EVENT_COLUMNS) + 1))})"  # noqa: S608  # fixed names
