"""Draw the second example city (模拟数据): a small town grid, its ledger, diary, land and facilities.

Run from anywhere: ``python scripts/simulate_example.py``. The same seed gives the same bytes. Nothing here
is real except the boundaries; the streets lie in the right district, but on no real street.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
import xlsxwriter
from shapely.geometry import LineString, Point, Polygon, box
from shapely.ops import substring

from renewal_gis.ledger.templates import list_columns
from renewal_gis.plan import Plan, load_plan
from renewal_gis.vocab import Stage

ROOT = Path(__file__).resolve().parents[1]
PLAN = ROOT / "plans" / "hengshui-example.toml"
OUTPUT = ROOT / "data" / "sites" / "hengshui"
SEED = 20260101
STAMP = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's property has no zone
STEP_M, HALF_M = 300.0, 9.0
CUT_M = 60.0
"""Left of a street on either side of where it is missing."""
# unit, longitude, latitude, blocks from west to east and from south to north
TOWNS = (
    ("桃城区", 115.690, 37.735, 9, 7),
    ("冀州区", 115.575, 37.552, 4, 3),
    ("深州市", 115.556, 38.003, 4, 3),
)
# town, direction (0 west–east, 1 south–north), line, place, name of the ledger's dead-end road or nothing
MISSING = (
    (0, 0, 2, 6, "光华路东段"),
    (0, 1, 4, 1, "新苑街南段"),
    (0, 0, 5, 3, "学苑路中段"),
    (0, 1, 2, 5, "新华街北段"),
    (0, 1, 7, 4, ""),
    (0, 0, 3, 1, ""),
)
EAST = ("南苑路", "丰收路", "光华路", "人民路", "康乐路", "学苑路", "育才路", "北苑路")
NORTH = ("西苑街", "和平街", "新华街", "中心街", "新苑街", "胜利街", "前进街", "东苑街", "建设街", "东环街")
COMPOUNDS = {"桃城区": (14, 6, 12), "冀州区": (6, 3, 5), "深州市": (4, 1, 2)}
ALLEYS = {"桃城区": (16, 7, 13)}
TOILETS = {"桃城区": (10, 6, 9), "冀州区": (6, 3, 5)}
ROADS = {"桃城区": (4, 0, 1)}
CODES = {"桃城区": "TC", "冀州区": "JZ", "深州市": "SZ"}
WORDS = (
    "安居",
    "和顺",
    "祥云",
    "春晖",
    "朝阳",
    "文苑",
    "康宁",
    "永兴",
    "富强",
    "平安",
    "景和",
    "百合",
    "锦绣",
    "庆丰",
)
FACILITIES = {
    "clinic": ("社区卫生服务站", 7), "kindergarten": ("幼儿园", 5), "elderly_care": ("养老服务站", 8), "park": ("公园", 21),
    "pocket_park": ("口袋公园", 6), "public_toilet": ("公共厕所", 4), "bus_stop": ("公交站", 3), "community_service": ("社区服务中心", 9),
}  # fmt: skip
EARLY, LATE = dt.date(2026, 6, 30), dt.date(2026, 9, 30)


@dataclass(frozen=True)
class Site:
    """One row of a ledger: its words, its place and what happened to it."""

    site_id: str
    name: str
    unit: str
    shape: shapely.Geometry
    words: dict[str, object]
    entries: tuple[tuple[dt.date, Stage], ...]


@dataclass(frozen=True)
class Town:
    """A grid of streets and the blocks between them, in metres around its middle."""

    unit: str
    origin_m: tuple[float, float]
    streets: tuple[tuple[LineString, str, str], ...]
    gaps: tuple[tuple[LineString, str], ...]
    blocks: tuple[Polygon, ...]


def simulate(plan: Plan, target: Path) -> None:
    """Write every simulated file of the plan into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    crs = plan.crs_metric
    middles = gpd.GeoSeries([Point(lon, lat) for _, lon, lat, _, _ in TOWNS], crs=4490).to_crs(crs)
    towns = [draw_town(k, middles.iloc[k]) for k in range(len(TOWNS))]
    write_roads(towns, crs, target)
    write_land(towns, crs, target)
    sites = {
        "old_compound": make_compounds(towns),
        "back_alley": make_alleys(towns),
        "dry_toilet": make_toilets(towns),
        "dead_end_road": make_roads(towns),
    }
    for programme, own in sites.items():
        write_workbook(target / f"{programme}.simulated.xlsx", plan, programme, own, crs)
        if programme != "dry_toilet":
            frame = {"编号": [site.site_id for site in own]}
            shapes = [site.shape for site in own]
            write_geojson(
                target / f"{programme}.simulated.geojson", gpd.GeoDataFrame(frame, geometry=shapes), crs
            )
    write_diary(target / "events.simulated.csv", [site for own in sites.values() for site in own])


def draw_town(number: int, middle: Point) -> Town:
    """Return the streets of a town, a few of them missing, and its blocks."""
    unit, _, _, wide, high = TOWNS[number]
    west, south = -wide * STEP_M / 2, -high * STEP_M / 2
    origin = (middle.x, middle.y)
    missing = {row[1:4]: row[4] for row in MISSING if row[0] == number}
    streets, gaps = [], []
    for along, lines, places in ((0, high + 1, wide), (1, wide + 1, high)):
        names = EAST if along == 0 else NORTH
        for line in range(lines):
            grade = (
                "secondary"
                if line in {lines // 2, 0, lines - 1}
                else "tertiary"
                if line % 2
                else "residential"
            )
            for place in range(places):
                ends = [(place * STEP_M, line * STEP_M), ((place + 1) * STEP_M, line * STEP_M)]
                edge = LineString([(west + (p[along]), south + (p[1 - along])) for p in ends])
                if (along, line, place) not in missing:
                    streets.append((edge, names[line], grade))
                    continue
                gaps.append((substring(edge, CUT_M, STEP_M - CUT_M), missing[along, line, place]))
                streets += [
                    (substring(edge, 0, CUT_M), names[line], grade),
                    (substring(edge, STEP_M, STEP_M - CUT_M), names[line], grade),
                ]
    blocks = [
        box(west + x * STEP_M, south + y * STEP_M, west + (x + 1) * STEP_M, south + (y + 1) * STEP_M).buffer(
            -HALF_M
        )
        for y in range(high)
        for x in range(wide)
    ]
    clear = shapely.union_all([gap.buffer(HALF_M) for gap, _ in gaps]) if gaps else Point()
    return Town(unit, origin, tuple(streets), tuple(gaps), tuple(block.difference(clear) for block in blocks))


def place(town: Town, shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape of a town in the city's metres, the grid bent a little so that no street is ruled."""

    def bend(xy: np.ndarray) -> np.ndarray:
        x, y = xy.T
        bent = np.column_stack([x + 45 * np.sin(y / 620), y + 45 * np.sin(x / 700 + 1)])
        return bent + town.origin_m

    fine = shapely.segmentize(shape, 60.0) if not isinstance(shape, Point) else shape
    return shapely.transform(fine, bend)


def to_stored(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return a frame of metres in EPSG:4490, rounded to 1e-6 degrees."""
    moved = frame.set_crs(crs).to_crs("EPSG:4490")
    shapes = shapely.transform(moved.geometry.to_numpy(), lambda xy: np.round(xy, 6))
    return moved.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4490", index=moved.index))


def write_roads(towns: list[Town], crs: str, target: Path) -> None:
    """Write the streets as GeoParquet."""
    rows = [(place(town, line), name, grade) for town in towns for line, name, grade in town.streets]
    frame = gpd.GeoDataFrame(
        {"highway": [row[2] for row in rows], "name": [row[1] for row in rows]},
        geometry=[row[0] for row in rows],
    )
    to_stored(frame, crs).to_parquet(target / "roads.simulated.parquet", compression="zstd")


def write_land(towns: list[Town], crs: str, target: Path) -> None:
    """Write the blocks as residential land, and the facilities at their corners."""
    parcels, points = [], []
    for town in towns:
        for k, block in enumerate(town.blocks):
            corner = Point(*(np.array(block.bounds[:2]) + 6))
            points += [
                (
                    kind,
                    f"{name}{len(points) + i}号(模拟)",
                    place(town, corner if kind != "park" else block.centroid),
                )
                for i, (kind, (name, every)) in enumerate(FACILITIES.items(), start=1)
                if (k + i) % every == 0
            ]
            if (k + 4) % FACILITIES["park"][1]:
                parcels.append((place(town, block), 120 + 37 * (k % 9)))
    land = gpd.GeoDataFrame(
        {
            "land_id": [f"JZ-{k:04d}" for k in range(1, len(parcels) + 1)],
            "households": np.array([count for _, count in parcels], dtype="int32"),
        },
        geometry=[shape for shape, _ in parcels],
    )
    to_stored(land, crs).to_parquet(target / "land.simulated.parquet", compression="zstd")
    frame = gpd.GeoDataFrame(
        {"facility": [row[0] for row in points], "name": [row[1] for row in points]},
        geometry=[row[2] for row in points],
    )
    write_geojson(target / "facilities.simulated.geojson", frame, crs)


def schedule(
    rng: np.random.Generator, number: int, counts: tuple[int, int, int], stages: tuple[Stage, ...]
) -> tuple[tuple[dt.date, Stage], ...]:
    """Return the entries of the site at a place of its unit: done early, done late, or only begun.

    The counts are sites, those with the last stage but ``accepted`` by :data:`EARLY`, and by :data:`LATE`.
    """
    _, early, late = counts
    start = dt.date(2026, 3, 20) + dt.timedelta(days=int(rng.integers(0, 40)))
    before = [
        stage
        for stage in stages
        if stage not in {Stage.WORKS_COMPLETED, Stage.CLEARED, Stage.OPENED, Stage.ACCEPTED}
    ]
    done = next(stage for stage in stages if stage in {Stage.WORKS_COMPLETED, Stage.CLEARED, Stage.OPENED})
    entries = [
        (start - dt.timedelta(days=12 * (len(before) - 1 - k)), stage) for k, stage in enumerate(before)
    ]
    if number < late:
        first, last = (dt.date(2026, 5, 20), EARLY) if number < early else (dt.date(2026, 7, 5), LATE)
        day = first + dt.timedelta(days=int(rng.integers(0, (last - first).days + 1)))
        entries.append((day, done))
        if Stage.ACCEPTED in stages and number < early:
            entries.append((day + dt.timedelta(days=30), Stage.ACCEPTED))
    return tuple(entries)


def make_compounds(towns: list[Town]) -> list[Site]:
    """Return old compounds, each a corner of a block."""
    rng = np.random.default_rng([SEED, 1])
    stages = (
        Stage.CONSULTED,
        Stage.PUBLICISED,
        Stage.REVIEWED,
        Stage.PERMITTED,
        Stage.STARTED,
        Stage.WORKS_COMPLETED,
        Stage.ACCEPTED,
    )
    sites = []
    for town in towns:
        counts = COMPOUNDS[town.unit]
        for k, block in enumerate(rng.permutation(len(town.blocks))[: counts[0]].tolist()):
            x, y, _, _ = town.blocks[block].bounds
            shape = box(x + 20, y + 20, x + 20 + rng.integers(70, 110), y + 20 + rng.integers(60, 110))
            households = int(rng.integers(60, 320))
            words = {
                "户数": households,
                "楼栋数": 1 + households // 48,
                "建筑面积(平方米)": households * 78,
                "投资(万元)": round(households * 1.9, 1),
            }
            sites.append(
                make_site(
                    "LJ",
                    town,
                    k,
                    f"{WORDS[k % len(WORDS)]}小区",
                    place(town, shape),
                    words,
                    schedule(rng, k, counts, stages),
                )
            )
    return sites


def make_alleys(towns: list[Town]) -> list[Site]:
    """Return alleys: residential and tertiary streets, from junction to junction."""
    rng = np.random.default_rng([SEED, 2])
    town = towns[0]
    streets = [row for row in town.streets if row[2] == "residential" and row[0].length > STEP_M - 1]
    counts = ALLEYS[town.unit]
    sites = []
    for k, row in enumerate(rng.permutation(len(streets))[: counts[0]].tolist()):
        line = place(town, streets[row][0])
        words = {"长度(米)": round(line.length), "投资(万元)": round(line.length * 0.12, 1)}
        name = f"{streets[row][1]}{WORDS[k % len(WORDS)]}段"
        sites.append(
            make_site(
                "BJ",
                town,
                k,
                name,
                line,
                words,
                schedule(rng, k, counts, (Stage.STARTED, Stage.WORKS_COMPLETED)),
            )
        )
    return sites


def make_toilets(towns: list[Town]) -> list[Site]:
    """Return dry toilets, each at a side of a block."""
    rng = np.random.default_rng([SEED, 3])
    sites = []
    for town in towns:
        counts = TOILETS.get(town.unit, (0, 0, 0))
        for k, block in enumerate(rng.permutation(len(town.blocks))[: counts[0]].tolist()):
            x0, _, x1, y1 = town.blocks[block].bounds
            point = place(town, Point((x0 + x1) / 2, y1 - 8))
            sites.append(
                make_site(
                    "HC",
                    town,
                    k,
                    f"{WORDS[k % len(WORDS)]}旱厕",
                    point,
                    {"投资(万元)": 6.5},
                    schedule(rng, k, counts, (Stage.STARTED, Stage.CLEARED)),
                )
            )
    return sites


def make_roads(towns: list[Town]) -> list[Site]:
    """Return the dead-end roads that the ledger knows; the town has others."""
    rng = np.random.default_rng([SEED, 4])
    sites = []
    for town in towns:
        named = [(gap, name) for gap, name in town.gaps if name]
        for k, (gap, name) in enumerate(named):
            line = place(town, gap)
            entries = schedule(rng, k, ROADS[town.unit], (Stage.PERMITTED, Stage.STARTED, Stage.OPENED))
            words = {"长度(米)": round(line.length), "投资(万元)": round(line.length * 1.6, 1)}
            sites.append(make_site("DT", town, k, name, line, words, entries))
    return sites


def make_site(
    kind: str,
    town: Town,
    number: int,
    name: str,
    shape: shapely.Geometry,
    words: dict[str, object],
    entries: tuple[tuple[dt.date, Stage], ...],
) -> Site:
    """Return a site with its number and the words that every row has."""
    began = next((day for day, stage in entries if stage == Stage.STARTED), None)
    ended = next(
        (day for day, stage in entries if stage in {Stage.WORKS_COMPLETED, Stage.CLEARED, Stage.OPENED}), None
    )
    shared = {
        "分包领导": f"{'赵钱孙李周吴'[number % 6]}某(模拟)",
        "推进专班": f"{town.unit}专班(模拟)",
        "施工单位": f"示例建设{number % 4 + 1}公司(模拟)",
        "计划开工": dt.date(2026, 4, 1),
        "计划完工": dt.date(2026, 10, 31),
        "实际开工": began,
        "实际完工": ended,
        "备注": "模拟数据",
    }
    return Site(
        f"{kind}-{CODES[town.unit]}-{number + 1:03d}", name, town.unit, shape, shared | words, entries
    )


def write_workbook(path: Path, plan: Plan, programme: str, sites: list[Site], crs: str) -> None:
    """Write a ledger with the columns of the blank workbook that ``plan init`` makes."""
    found = next(own for own in plan.programmes if own.id == programme)
    headers = [header for header, _, _ in list_columns(plan, found)]
    lonlat = gpd.GeoSeries([site.shape.centroid for site in sites], crs=crs).to_crs(4490)
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as book:
        book.set_properties(
            {"created": STAMP, "title": f"{found.name}台账(模拟数据)", "comments": "模拟数据,非真实项目"}
        )
        sheet = book.add_worksheet(found.short)
        bold = book.add_format({"bold": True, "bg_color": "#EDEDED", "border": 1})
        sheet.write(
            0, 0, f"{plan.city}{found.name}台账(模拟数据)", book.add_format({"bold": True, "font_size": 16})
        )
        sheet.write_row(1, 0, headers, bold)
        for row, (site, point) in enumerate(zip(sites, lonlat, strict=True), start=2):
            words = {"编号": site.site_id, "项目名称": site.name, "责任单位": site.unit, **site.words}
            if programme == "dry_toilet":
                words |= {"经度": round(point.x, 6), "纬度": round(point.y, 6)}
            for column, header in enumerate(headers):
                value = words.get(header)
                if value is not None:
                    sheet.write(row, column, value.isoformat() if isinstance(value, dt.date) else value)
        sheet.set_column(0, len(headers) - 1, 14)
        sheet.freeze_panes(2, 2)


def write_geojson(path: Path, frame: gpd.GeoDataFrame, crs: str) -> None:
    """Write a frame of metres as GeoJSON in EPSG:4490, one feature a line."""
    stored = to_stored(frame, crs)
    names = [name for name in stored.columns if name != "geometry"]
    rows = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {name: row[name] for name in names},
                "geometry": json.loads(shapely.to_geojson(row["geometry"])),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row in stored.to_dict("records")
    ]
    system = '{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}'
    head = f'{{"type":"FeatureCollection","name":"{path.stem} 模拟数据","crs":{system},"features":[\n'
    path.write_text(head + ",\n".join(rows) + "\n]}\n", encoding="utf-8", newline="\n")


def write_diary(path: Path, sites: list[Site]) -> None:
    """Write what happened, by day."""
    rows = sorted(
        (day, site.site_id, str(stage), stage.zh, site.unit) for site in sites for day, stage in site.entries
    )
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["编号", "日期", "阶段", "填报单位", "填报人", "说明"])
        writer.writerows(
            [number, day.isoformat(), stage, unit, "模拟", ""] for day, number, _, stage, unit in rows
        )


def main() -> None:
    """Read where to, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=Path, default=PLAN)
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    simulate(load_plan(args.plan), args.output)
    sys.stdout.write(f"模拟数据已写入 {args.output}\n")


if __name__ == "__main__":
    main()
