"""Shapes ↔ GeoPackage blobs. GDAL is not asked, since it would drop SQLite's locks."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis.ledger.tables import SRS_ID

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """Return the shapes of GeoPackage blobs; None for None."""
    return shapely.from_wkb(
        np.array([None if blob is None else read_wkb(blob) for blob in blobs], dtype=object)
    )


def read_wkb(blob: bytes) -> bytes:
    """Return the WKB inside a GeoPackage blob."""
    if blob[:2] != b"GP" or len(blob) < 13:
        raise ValueError("not a GeoPackage blob")
    return bytes(blob[8 + (0, 32, 48, 48, 64, 0, 0, 0)[(blob[3] >> 1) & 7] :])
