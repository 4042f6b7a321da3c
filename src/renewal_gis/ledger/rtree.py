"""The spatial index of the layer: the GeoPackage extension ``gpkg_rtree_index``, kept by its triggers.

Triggers and the functions that they call follow OGC 12-128r19, annex F.3. Whoever writes the table
needs the functions; we are the only writer, and GDAL brings its own.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

INDEX = "rtree_site_geom"

_BOX = "ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)"
_FILLED = "{0}.geom NOTNULL AND NOT ST_IsEmpty({0}.geom)"
_BLANK = "{0}.geom ISNULL OR ST_IsEmpty({0}.geom)"
_NEW, _OLD = _FILLED.format("NEW"), _FILLED.format("OLD")
_NO_NEW, _NO_OLD = _BLANK.format("NEW"), _BLANK.format("OLD")
_PUT = f"INSERT OR REPLACE INTO {INDEX} VALUES (NEW.fid, {_BOX});"  # noqa: S608  # fixed names
_MOVE = (
    f"UPDATE {INDEX} SET minx = ST_MinX(NEW.geom), maxx = ST_MaxX(NEW.geom), "  # noqa: S608
    "miny = ST_MinY(NEW.geom), maxy = ST_MaxY(NEW.geom) WHERE id = NEW.fid;"
)
_DROP = f"DELETE FROM {INDEX} WHERE id = OLD.fid;"  # noqa: S608

_TRIGGERS = {
    "insert": f"AFTER INSERT ON site WHEN ({_NEW}) BEGIN {_PUT} END",
    "update2": f"AFTER UPDATE OF geom ON site WHEN OLD.fid = NEW.fid AND ({_NO_NEW}) BEGIN {_DROP} END",
    "update4": f"AFTER UPDATE ON site WHEN OLD.fid != NEW.fid AND ({_NO_NEW}) BEGIN DELETE FROM {INDEX} WHERE id IN (OLD.fid, NEW.fid); END",  # noqa: S608
    "update5": f"AFTER UPDATE ON site WHEN OLD.fid != NEW.fid AND ({_NEW}) BEGIN {_DROP} {_PUT} END",
    "update6": f"AFTER UPDATE OF geom ON site WHEN OLD.fid = NEW.fid AND ({_NEW}) AND ({_OLD}) BEGIN {_MOVE} END",
    "update7": f"AFTER UPDATE OF geom ON site WHEN OLD.fid = NEW.fid AND ({_NEW}) AND ({_NO_OLD}) BEGIN {_PUT} END",
    "delete": f"AFTER DELETE ON site WHEN OLD.geom NOTNULL BEGIN {_DROP} END",
}


def register_functions(base: sqlite3.Connection) -> None:
    """Give a connection the functions that the index's triggers call."""
    base.create_function("ST_IsEmpty", 1, _tell_empty, deterministic=True)
    for side, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
        base.create_function(name, 1, _SIDES[side], deterministic=True)


def create_index(base: sqlite3.Connection) -> None:
    """Make the index of the sites and fill it, unless it is there; inside the caller's transaction."""
    if base.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (INDEX,)).fetchone():
        return
    base.execute(f"CREATE VIRTUAL TABLE {INDEX} USING rtree(id, minx, maxx, miny, maxy)")
    base.execute(
        f"INSERT INTO {INDEX} SELECT fid, ST_MinX(geom), ST_MaxX(geom), ST_MinY(geom), ST_MaxY(geom) "  # noqa: S608  # fixed names
        "FROM site WHERE geom NOTNULL AND NOT ST_IsEmpty(geom)"
    )
    for name, body in _TRIGGERS.items():
        base.execute(f"CREATE TRIGGER {INDEX}_{name} {body}")
    base.execute(
        "INSERT OR IGNORE INTO gpkg_extensions VALUES ('site', 'geom', 'gpkg_rtree_index', "
        "'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')"
    )


def _tell_empty(blob: bytes | None) -> int | None:
    return None if blob is None else (blob[3] >> 4) & 1


def _read_box(blob: bytes | None) -> tuple[float, float, float, float] | None:
    """Return west, east, south, north of a blob of ours: from its header, or of its one point."""
    if blob is None or (blob[3] >> 4) & 1:
        return None
    if (blob[3] >> 1) & 7:
        return struct.unpack_from("<4d", blob, 8)
    x, y = struct.unpack_from("<2d", blob, 13)
    return x, x, y, y


def _min_x(blob: bytes | None) -> float | None:
    box = _read_box(blob)
    return None if box is None else box[0]


def _max_x(blob: bytes | None) -> float | None:
    box = _read_box(blob)
    return None if box is None else box[1]


def _min_y(blob: bytes | None) -> float | None:
    box = _read_box(blob)
    return None if box is None else box[2]


def _max_y(blob: bytes | None) -> float | None:
    box = _read_box(blob)
    return None if box is None else box[3]


_SIDES = (_min_x, _max_x, _min_y, _max_y)
