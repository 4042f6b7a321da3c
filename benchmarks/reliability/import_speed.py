"""How long an import takes, and how much memory: the whole command, from nothing to the durable ledger.

    python benchmarks/reliability/import_speed.py
    python benchmarks/reliability/import_speed.py --rows 2000 --features 2000     # a short run

``--rows`` with geometry as GeoPackage (polygons), csv (degrees) and zipped GBK shapefile: 100,000 in at
most 30 s and 1 GB; ``--features`` as GeoJSON points: 1,000,000 in at most 2 minutes and 2 GB. Memory is
that of the process and its children together.
"""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from pathlib import Path

from lab import Result, peak_of, read_options, room

ROWS, ROWS_S, ROWS_MB = 100_000, 30.0, 1024.0
FEATURES, FEATURES_S, FEATURES_MB = 1_000_000, 120.0, 2048.0
HEADS = ("编号", "名称", "责任单位", "户数", "地址")


def make_rows(count: int) -> dict[str, list[object]]:
    """Return columns of a county's table."""
    names = range(count)
    return {
        "编号": [f"K-{k:07d}" for k in names],
        "名称": [f"和平小区{k}号院" for k in names],
        "责任单位": [("甲区", "乙区", "丙县")[k % 3] for k in names],
        "户数": [k % 400 + 20 for k in names],
        "地址": [f"示例街道{k % 90}号" for k in names],
    }


def make_points(count: int) -> tuple[object, object]:
    """Return degrees within the toy town, spread without a pattern."""
    import numpy as np

    dice = np.random.default_rng(1)
    return 113.97 + dice.random(count) * 0.04, 36.545 + dice.random(count) * 0.018


def write_files(folder: Path, rows: int, features: int) -> dict[str, Path]:
    """Write the sources."""
    import geopandas as gpd
    import pandas as pd
    import shapely

    east, north = make_points(rows)
    table = pd.DataFrame(make_rows(rows))
    frame = gpd.GeoDataFrame(
        table, geometry=shapely.box(east, north, east + 5e-5, north + 5e-5), crs="EPSG:4490"
    )
    paths = {"gpkg": folder / "小区.gpkg", "csv": folder / "小区.csv", "shp_zip": folder / "小区.zip"}
    frame.to_file(paths["gpkg"], engine="pyogrio")
    frame.to_file(folder / "xq.shp", engine="pyogrio", encoding="GBK")
    with zipfile.ZipFile(paths["shp_zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("xq.*")):
            archive.write(part, part.name)
    table.assign(经度=east, 纬度=north).to_csv(paths["csv"], index=False, encoding="utf-8-sig")
    paths["geojson"] = folder / "点.geojson"
    east, north = make_points(features)
    columns = make_rows(features)
    with paths["geojson"].open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[\n')
        for k in range(features):
            words = {head: columns[head][k] for head in HEADS}
            shape = {"type": "Point", "coordinates": [round(float(east[k]), 7), round(float(north[k]), 7)]}
            feature = {"type": "Feature", "properties": words, "geometry": shape}
            file.write((",\n" if k else "") + json.dumps(feature, ensure_ascii=False))
        file.write("\n]}\n")
    return paths


def main() -> int:
    """Import each file into a ledger of its own."""
    from renewal_gis import toytown

    options = read_options(__doc__ or "", rows=ROWS, features=FEATURES)
    plan = Path(toytown.__file__).parent / "data" / "toytown.toml"
    result = Result("import speed")
    with room() as folder:
        paths = write_files(folder, options.rows, options.features)
        for kind in options.only.split(",") if options.only else paths:
            ledger, count = (
                folder / f"{kind}.ledger.gpkg",
                options.features if kind == "geojson" else options.rows,
            )
            words = ["--programme", "old_compound", "--plan", plan, "--ledger", ledger, "--by", "试验"]
            command = [sys.executable, "-m", "renewal_gis", "ledger", "import", paths[kind], *words]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds, peak, done = peak_of([str(word) for word in command])
            told = done.stdout.decode("utf-8", "replace")
            result.expect(f"读到 {count} " in told, f"{kind}: {told[-300:]}")
            result.expect(f"隔离 {0}" in told, f"{kind}: rows refused: {told[:120]}")
            most_s, most_mb = (FEATURES_S, FEATURES_MB) if kind == "geojson" else (ROWS_S, ROWS_MB)
            result.expect(seconds <= most_s, f"{kind}: {seconds:.1f} s, more than {most_s:.0f}")
            result.expect(peak <= most_mb, f"{kind}: {peak:.0f} MB, more than {most_mb:.0f}")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            figures = {
                "rows": count,
                "seconds": round(seconds, 1),
                "cpu_s": round(spent, 1),
                "peak_mb": round(peak),
            }
            result.figures[kind] = figures
            ledger.unlink(missing_ok=True)
    return result.tell()


if __name__ == "__main__":
    sys.exit(main())
