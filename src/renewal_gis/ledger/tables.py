"""Our own tables, the same in a GeoPackage and on a server, and the names that statements are made of."""

from __future__ import annotations

from renewal_gis.ledger.base import EVENT_COLUMNS, RECORD_COLUMNS, SITE_TYPES

FORMAT = "2"
"""Version of our own tables, kept in ledger_meta: 2 added office_record and the photographs."""

SRS_ID = 4490

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
CREATE INDEX IF NOT EXISTS status_event_odd ON status_event (site_id) WHERE kind = 'correction' OR reason <> '';
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
"""Tables whose rows are never changed and never removed; triggers see to it."""

SEALED = ("status_event", "office_record")
"""Tables whose rows are chained by seals and counted by ``seq``."""


def list_tables() -> list[str]:
    """Return the statements that make our tables and indexes, in SQLite's words."""
    columns = ",\n  ".join(f"{name} {kind}" for name, kind in SITE_TYPES.items())
    return [part.strip() for part in _OURS.format(site_columns=columns).split(";") if part.strip()]


def insert_into(table: str, names: tuple[str, ...]) -> str:
    """Return the statement that inserts a row of these columns; the names are ours, never a value."""
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


EVENT_INSERT = insert_into("status_event", ("seq", *EVENT_COLUMNS, "chain"))
RECORD_INSERT = insert_into("office_record", ("seq", *RECORD_COLUMNS, "chain"))
