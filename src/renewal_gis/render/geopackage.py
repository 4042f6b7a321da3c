"""A GeoPackage from frames: stamped with a date instead of the clock, and checked before it leaves the house."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyogrio

from renewal_gis.errors import PublishError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    import pandas as pd

_VERSION = "1.2"
"""Of the standard: what the GIS of recent years read without a warning."""


def write_geopackage(
    frames: Mapping[str, pd.DataFrame],
    /,
    *,
    as_of: dt.date,
    types: Mapping[str, str] | None = None,
    dress: Callable[[sqlite3.Connection], None] | None = None,
) -> bytes:
    """Return a GeoPackage of named layers, stamped with ``as_of`` instead of the clock.

    Parameters
    ----------
    frames
        Layer name to frame; a frame may be empty, and geometries of several types or missing.
        A frame without geometry becomes a table.
    as_of
        The date that the file says it was changed.
    types
        Geometry type of layers that may be empty.
    dress
        Adds what GDAL does not know to the finished container: styles, views.

    Raises
    ------
    PublishError
        The temporary folder cannot hold it, or what was written does not read back.
    """
    clock = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(clock)
    pyogrio.set_gdal_config_options({clock: f"{as_of.isoformat()}T00:00:00.000Z"})
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "layers.gpkg"
            for name, frame in frames.items():
                _append_layer(path, name, frame, (types or {}).get(name, "Unknown"))
            with contextlib.closing(sqlite3.connect(path)) as base, base:
                if dress is not None:
                    dress(base)
            _check_container(path, frames)
            return path.read_bytes()
    except (sqlite3.Error, RuntimeError, OSError) as error:
        if isinstance(error, PublishError):
            raise
        raise PublishError(f"GeoPackage 没有写成:{error}", remedy="检查临时文件夹的空间") from error
    finally:
        pyogrio.set_gdal_config_options({clock: before})


def _append_layer(path: Path, name: str, frame: pd.DataFrame, usual: str) -> None:
    only: dict[str, Any] = {}
    if isinstance(frame, gpd.GeoDataFrame):
        kinds = set(frame.geometry.dropna().geom_type)
        single = {kind.removeprefix("Multi") for kind in kinds}
        several = len(kinds) > 1 and len(single) == 1  # polygons and multipolygons: all become multi
        kind = f"Multi{single.pop()}" if several else kinds.pop() if len(kinds) == 1 else "Unknown"
        only = {"geometry_type": kind if len(frame) else usual, "promote_to_multi": several}
    options = None if path.exists() else {"VERSION": _VERSION}
    pyogrio.write_dataframe(
        frame, path, layer=name, driver="GPKG", use_arrow=True, dataset_options=options, **only
    )


def _check_container(path: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    """Count what was written: a driver may report success on a full disk."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        sound = base.execute("PRAGMA integrity_check").fetchone()[0]
        for name, frame in frames.items():
            count = base.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  # our own names
            if sound != "ok" or count != len(frame):
                raise PublishError(
                    f"图层 {name} 没有写完整({count}/{len(frame)})", remedy="检查临时文件夹的空间"
                )
