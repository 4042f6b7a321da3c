"""Draw the simulated Handan (模拟数据): streets, land, facilities, ledgers and events in data/sites.

Run from anywhere: ``python scripts/simulate_handan.py``. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

import geopandas as gpd
import shapely

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parent))

from simulation import words  # noqa: E402
from simulation.geometry import from_stored, to_stored  # noqa: E402
from simulation.land import Districts, draw_parcels, place_facilities, tabulate_barriers, tabulate_land  # noqa: E402
from simulation.network import draw_network, tabulate_roads  # noqa: E402
from simulation.records import write_records  # noqa: E402
from simulation.roster import Site, choose_sites  # noqa: E402
from simulation.schedule import Entry, schedule_sites  # noqa: E402
from simulation.workbooks import write_workbook  # noqa: E402

WITHOUT_COMPANION = ("dry_toilet", "stalled_building")


def simulate(boundaries: Path, target: Path) -> None:
    """Write every simulated file into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    units = gpd.read_file(boundaries, engine="pyogrio").set_crs("EPSG:4490", allow_override=True)
    districts = Districts(from_stored(units))
    network = draw_network()
    parcels = draw_parcels(network, districts)
    sites = choose_sites(network, parcels, districts)
    entries = schedule_sites(sites)
    to_stored(tabulate_roads(network.segments)).to_parquet(
        target / "roads.simulated.parquet", compression="zstd"
    )
    to_stored(tabulate_land(parcels)).to_parquet(target / "land.simulated.parquet", compression="zstd")
    write_geojson(target / "barriers.simulated.geojson", tabulate_barriers(network))
    write_geojson(target / "facilities.simulated.geojson", place_facilities(network, parcels))
    for programme, records in write_records(sites).items():
        write_workbook(target / f"{programme}.simulated.xlsx", programme, records)
        if programme not in WITHOUT_COMPANION:
            write_companion(
                target / f"{programme}.simulated.geojson",
                [site for site in sites if site.programme == programme],
            )
    write_events(target / "events.simulated.csv", entries)


def write_companion(path: Path, sites: list[Site]) -> None:
    """Write the geometry of a programme's located sites, keyed by 编号."""
    located = [site for site in sites if site.located]
    frame = gpd.GeoDataFrame(
        {"编号": [site.site_id for site in located]}, geometry=[site.geometry for site in located]
    )
    write_geojson(path, frame)


def write_geojson(path: Path, frame: gpd.GeoDataFrame) -> None:
    """Write a frame drawn in local metres as GeoJSON in EPSG:4490, one feature a line."""
    stored = to_stored(frame)
    columns = [name for name in stored.columns if name != "geometry"]
    rows = []
    for row in stored.to_dict("records"):
        shape = json.loads(shapely.to_geojson(row["geometry"]))
        rows.append(
            json.dumps(
                {"type": "Feature", "properties": {name: row[name] for name in columns}, "geometry": shape},
                ensure_ascii=False,
                separators=(",", ":"),
            )
        )
    crs = '{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}'
    head = f'{{"type":"FeatureCollection","name":"{path.stem} 模拟数据","crs":{crs},"features":[\n'
    path.write_text(head + ",\n".join(rows) + "\n]}\n", encoding="utf-8", newline="\n")


def write_events(path: Path, entries: list[Entry]) -> None:
    """Write the diary as a spreadsheet program saves it: UTF-8 with a mark at its head."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["编号", "日期", "阶段", "填报单位", "填报人", "说明"])
        for entry in entries:
            writer.writerow(
                [entry.site_id, entry.day.isoformat(), entry.stage, entry.unit, entry.by, entry.text]
            )


def main() -> None:
    """Read where from and where to, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boundaries", type=Path, default=ROOT / "data" / "boundaries" / "handan.geojson")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "data" / "sites")
    args = parser.parse_args()
    simulate(args.boundaries, args.output)
    sys.stdout.write(f"模拟数据已写入 {args.output}:{'、'.join(sorted(words.PROGRAMMES))}\n")


if __name__ == "__main__":
    main()
