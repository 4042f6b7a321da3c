"""The GeoPackage container: its tables and triggers. Only sqlite3 touches it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from renewal_gis.ledger.base import LATER_COLUMNS, SITE_TYPES
from renewal_gis.ledger.rtree import create_index
from renewal_gis.ledger.tables import APPEND_ONLY, FORMAT, SRS_ID, list_tables

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10400
_MADE = "1970-01-01T00:00:00.000Z"  # no clock here: the first import sets the true date

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
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
"""

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
    for statement in (*(part for part in _CORE.split(";") if part.strip()), *list_tables()):
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
    create_index(base)
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
