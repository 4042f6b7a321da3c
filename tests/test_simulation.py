"""The simulated Handan agrees with the plan, is a town, and comes out the same twice."""

import collections
import csv
import datetime as dt
import hashlib
import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

ROOT = Path(__file__).resolve().parents[1]
SITES = ROOT / "data" / "sites"
PROGRAMMES = (
    "old_compound",
    "shanty_area",
    "urban_village",
    "back_alley",
    "feature_street",
    "dry_toilet",
    "stalled_building",
    "dead_end_road",
)
# as printed in the annex; written here by hand, not taken from the plan file
BREAKDOWN = {
    "CT": 81, "FX": 50, "HS": 113, "FF": 115, "YN": 10, "JN": 2, "WA": 5,
    "GT": 6, "DM": 4, "LZ": 13, "QZ": 5, "WX": 13, "QX": 13, "CX": 35,
}  # fmt: skip
LEGAL = {
    "CT": "丛台区", "FX": "复兴区", "HS": "邯山区", "JK": "丛台区", "JN": "邯山区", "FF": "峰峰矿区", "YN": "永年区",
    "WA": "武安市", "GT": "馆陶县", "DM": "大名县", "LZ": "临漳县", "QZ": "曲周县", "WX": "魏县", "QX": "邱县",
    "CX": "磁县", "FEX": "肥乡区", "CA": "成安县", "SX": "涉县", "JZ": "鸡泽县", "GP": "广平县",
}  # fmt: skip
METRIC = 4547


def read_rows(programme):
    sheet = openpyxl.load_workbook(SITES / f"{programme}.simulated.xlsx").active
    head = [sheet.cell(4, i).value or sheet.cell(3, i).value for i in range(1, sheet.max_column + 1)]
    rows = [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=5, values_only=True)]
    return [row for row in rows if str(row["编号"] or "").count("-") == 2]


def unit_of(site_id):
    return site_id.split("-")[1]


@pytest.fixture(scope="module")
def ledgers():
    return {programme: read_rows(programme) for programme in PROGRAMMES}


@pytest.fixture(scope="module")
def events():
    with (SITES / "events.simulated.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def roads():
    return gpd.read_parquet(SITES / "roads.simulated.parquet")


@pytest.fixture(scope="module")
def land():
    return gpd.read_parquet(SITES / "land.simulated.parquet")


@pytest.fixture(scope="module")
def counties():
    return gpd.read_file(ROOT / "data" / "boundaries" / "handan.geojson").to_crs(METRIC)


def test_compounds_by_unit_are_the_465_of_the_annex(ledgers):
    counted = collections.Counter(unit_of(row["编号"]) for row in ledgers["old_compound"])
    assert counted == BREAKDOWN
    assert sum(counted.values()) == 465


@pytest.mark.parametrize(
    ("programme", "count"),
    [
        ("back_alley", 542),
        ("dry_toilet", 82),
        ("stalled_building", 10),
        ("dead_end_road", 7),
        ("urban_village", 22),
        ("feature_street", 26),
    ],
)
def test_rows_are_as_many_as_the_plan_says(ledgers, programme, count):
    assert len(ledgers[programme]) == count


def test_85_of_the_alleys_are_models(ledgers):
    assert sum(row["类别"] == "精品样板" for row in ledgers["back_alley"]) == 85


def test_dwellings_are_818_started_and_14018_built(ledgers):
    dwellings = collections.Counter()
    for row in ledgers["shanty_area"]:
        dwellings[row["类别"]] += row["套数"]
    assert dwellings == {"新开工": 818, "基本建成": 14018}


def test_programmes_keep_to_their_units(ledgers):
    core = {"CT", "FX", "HS"}
    assert {unit_of(row["编号"]) for row in ledgers["dry_toilet"]} == core
    assert {unit_of(row["编号"]) for row in ledgers["stalled_building"]} == core
    assert {unit_of(row["编号"]) for row in ledgers["back_alley"]} == core | {"JK"}
    assert {unit_of(row["编号"]) for row in ledgers["dead_end_road"]} == core | {"JK"}
    streets = collections.Counter(unit_of(row["编号"]) for row in ledgers["feature_street"])
    assert set(streets) == set(LEGAL) - {"JK", "JN"}
    assert set(streets.values()) <= {1, 2}


def test_ids_are_unique_over_all_ledgers(ledgers):
    ids = [row["编号"] for rows in ledgers.values() for row in rows]
    assert len(ids) == len(set(ids)) == 465 + 24 + 22 + 542 + 26 + 82 + 10 + 7


def test_every_workbook_says_that_it_is_simulated():
    for programme in PROGRAMMES:
        book = openpyxl.load_workbook(SITES / f"{programme}.simulated.xlsx")
        assert len(book.sheetnames) == 1
        assert "模拟数据" in book.active["A1"].value
        assert book.active.merged_cells.ranges


def test_workbooks_are_as_untidy_as_real_ones(ledgers):
    compounds = ledgers["old_compound"]
    kinds = {type(row["计划开工"]) for row in compounds}
    assert {str, dt.datetime} <= kinds
    forms = {"年" in row["计划开工"] for row in compounds if isinstance(row["计划开工"], str)}
    assert forms == {True, False}
    assert any(row["责任单位"] is None for row in compounds), "merged cells leave the rows below empty"
    assert 0 < sum(row["分包领导"] is None for row in compounds) < 20
    sheet = openpyxl.load_workbook(SITES / "old_compound.simulated.xlsx").active
    first = [sheet.cell(i, 1).value for i in range(5, sheet.max_row + 1)]
    assert first.count("小计") == 14
    assert first.count("合计") == 1


def test_sums_of_the_workbook_hold(ledgers):
    sheet = openpyxl.load_workbook(SITES / "old_compound.simulated.xlsx").active
    head = [sheet.cell(4, i).value or sheet.cell(3, i).value for i in range(1, sheet.max_column + 1)]
    total = next(row for row in sheet.iter_rows(min_row=5, values_only=True) if row[0] == "合计")
    assert total[head.index("户数")] == sum(row["户数"] for row in ledgers["old_compound"])
    assert all(40 <= row["户数"] <= 1500 for row in ledgers["old_compound"])


@pytest.mark.parametrize(
    ("programme", "kind"),
    [
        ("old_compound", "Polygon"),
        ("shanty_area", "Polygon"),
        ("urban_village", "Polygon"),
        ("back_alley", "LineString"),
        ("feature_street", "LineString"),
        ("dead_end_road", "LineString"),
    ],
)
def test_companions_hold_known_ids_in_cgcs2000(ledgers, programme, kind):
    frame = gpd.read_file(SITES / f"{programme}.simulated.geojson")
    assert frame.crs.to_epsg() == 4490
    assert set(frame.geom_type) == {kind}
    assert frame.geometry.is_valid.all()
    assert frame["编号"].is_unique
    assert set(frame["编号"]) <= {row["编号"] for row in ledgers[programme]}
    coords = shapely.get_coordinates(frame.geometry)
    assert np.abs(coords - coords.round(6)).max() < 1e-12


def test_about_one_in_twenty_has_no_location(ledgers):
    for programme in ("old_compound", "back_alley"):
        located = len(gpd.read_file(SITES / f"{programme}.simulated.geojson"))
        assert 0.04 < 1 - located / len(ledgers[programme]) < 0.06
    blank = sum(row["经度"] is None for row in ledgers["dry_toilet"])
    assert blank == 4


def test_about_one_in_a_hundred_lies_in_another_unit(counties):
    for programme in ("old_compound", "back_alley"):
        sites = gpd.read_file(SITES / f"{programme}.simulated.geojson").to_crs(METRIC)
        sites["geometry"] = sites.representative_point()
        placed = gpd.sjoin(sites, counties, predicate="within")
        assert len(placed) == len(sites)
        strayed = placed["name"] != placed["编号"].map(unit_of).map(LEGAL)
        assert 3 <= strayed.sum() <= 6


def test_sites_of_the_zone_lie_in_its_towns(ledgers):
    towns = {"尚璧镇", "南沿村镇", "小西堡乡", "姚寨乡", "开发区街道"}
    rows = [row for rows in ledgers.values() for row in rows if unit_of(row["编号"]) == "JK"]
    assert len(rows) == 50 + 2 + 1
    assert {row["街道(乡镇)"] for row in rows} <= towns


def test_events_know_their_sites_and_keep_the_order_of_stages(ledgers, events):
    order = {
        "已征求意见": 1,
        "已公示": 2,
        "会审通过": 3,
        "手续办结": 4,
        "已开工": 5,
        "改造完成": 6,
        "基本建成": 6,
        "验收合格": 7,
        "已清理": 8,
        "已打通": 8,
    }
    ids = {row["编号"] for rows in ledgers.values() for row in rows}
    reached = collections.defaultdict(list)
    for event in events:
        assert event["编号"] in ids
        assert event["日期"].startswith("2021-")
        if event["阶段"]:
            reached[event["编号"]].append((order[event["阶段"]], event["日期"]))
    for stages in reached.values():
        stages.sort()
        dates = [date for _, date in stages]
        assert dates == sorted(dates)
        assert len({stage for stage, _ in stages}) == len(stages)


def count_done(events, prefix, stage, day):
    return collections.Counter(
        unit_of(e["编号"])
        for e in events
        if e["编号"].startswith(prefix) and e["阶段"] == stage and e["日期"] <= day
    )


def test_units_lead_and_lag_at_the_checkpoint(events):
    done = count_done(events, "LJ", "改造完成", "2021-09-30")
    assert {unit: done[unit] for unit in ("CT", "FX", "HS", "FF", "CX")} == {
        "CT": 78,
        "FX": 50,
        "HS": 102,
        "FF": 52,
        "CX": 9,
    }
    late = {unit for unit, task in BREAKDOWN.items() if done[unit] < 0.6 * task}
    assert late == {"FF", "CX"}
    assert sum(count_done(events, "HC", "已清理", "2021-09-30").values()) == 70
    assert sum(count_done(events, "LW", "已清理", "2021-09-30").values()) == 5
    assert sum(count_done(events, "DT", "已打通", "2021-09-30").values()) == 3
    assert sum(count_done(events, "CZ", "已开工", "2021-09-30").values()) == 15


def test_year_ends_nearly_but_not_wholly_done(events):
    done = count_done(events, "LJ", "改造完成", "2021-12-31")
    assert 440 <= sum(done.values()) < 465
    assert not count_done(events, "LJ", "验收合格", "2021-09-30")


def test_few_publicity_periods_are_too_short(events):
    shown = {e["编号"]: dt.date.fromisoformat(e["日期"]) for e in events if e["阶段"] == "已公示"}
    passed = {e["编号"]: dt.date.fromisoformat(e["日期"]) for e in events if e["阶段"] == "会审通过"}
    assert len(shown) == len(passed) == 465
    short = [site for site in shown if (passed[site] - shown[site]).days < 5]
    assert 1 <= len(short) <= 10
    assert max(passed.values()) <= dt.date(2021, 1, 31)


def test_roads_look_like_a_network(roads):
    assert roads.crs.to_epsg() == 4490
    assert 6_000 <= len(roads) <= 12_000
    assert list(roads.columns[:-1]) == ["highway", "name", "bridge", "tunnel", "layer", "oneway", "noexit"]
    assert roads.geometry.is_valid.all()
    assert set(roads["highway"]) >= {
        "trunk",
        "primary",
        "secondary",
        "tertiary",
        "residential",
        "living_street",
        "service",
    }
    assert {"人民路", "中华大街", "联纺路", "滏东大街", "陵西大街"} <= set(roads["name"])
    assert roads["bridge"].sum() > 20
    assert roads["noexit"].sum() > 100


def test_land_keeps_off_streets_water_and_itself(roads, land):
    streets = roads[~roads["highway"].isin(["service", "living_street"])].to_crs(METRIC)
    inner = land.to_crs(METRIC).buffer(-1)
    assert (
        len(shapely.STRtree(streets.geometry.to_numpy()).query(inner.to_numpy(), predicate="intersects")[0])
        == 0
    )
    barriers = gpd.read_file(SITES / "barriers.simulated.geojson").to_crs(METRIC)
    assert set(barriers["kind"]) == {"river", "railway"}
    assert (
        len(shapely.STRtree(barriers.geometry.to_numpy()).query(inner.to_numpy(), predicate="intersects")[0])
        == 0
    )
    one, other = shapely.STRtree(inner.to_numpy()).query(inner.to_numpy(), predicate="intersects")
    assert (one == other).all()
    assert (land["households"] > 0).all()


def test_alleys_follow_streets_of_the_network(roads):
    streets = roads.to_crs(METRIC).geometry.buffer(1.5)
    tree = shapely.STRtree(streets.to_numpy())
    alleys = gpd.read_file(SITES / "back_alley.simulated.geojson").to_crs(METRIC).geometry
    off = 0
    for alley in alleys:
        near = shapely.union_all(streets.to_numpy()[tree.query(alley, predicate="intersects")])
        off += alley.difference(near).length > 0.05 * alley.length
    assert off <= 8, "a few may have lost a piece to a gap that was cut on purpose"


def test_ledger_roads_are_missing_within_reach(roads):
    streets = roads.to_crs(METRIC)
    for project in gpd.read_file(SITES / "dead_end_road.simulated.geojson").to_crs(METRIC).geometry:
        assert 70 <= project.length <= 1200
        crossing = streets[streets.intersects(project.buffer(0.5))].geometry
        missing = project.difference(crossing.buffer(0.8).union_all())
        longest = max(part.length for part in shapely.get_parts(missing))
        assert 60 <= longest <= 280


def test_facilities_are_known_kinds():
    facilities = gpd.read_file(SITES / "facilities.simulated.geojson")
    assert set(facilities["facility"]) == {
        "clinic", "kindergarten", "elderly_care", "park", "pocket_park", "public_toilet", "bus_stop", "community_service",
    }  # fmt: skip
    assert set(facilities.geom_type) == {"Point"}


def test_files_are_small():
    sizes = {path.name: path.stat().st_size for path in SITES.iterdir()}
    assert max(sizes.values()) < 1_400_000
    assert sum(sizes.values()) < 5_000_000


def digest(path):
    """Hash what a file holds; of a workbook its parts, since zip libraries press differently."""
    if path.suffix != ".xlsx":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    with zipfile.ZipFile(path) as book:
        assert {part.date_time for part in book.infolist()} == {(1980, 1, 31, 0, 0, 0)}
        return [(part.filename, part.CRC) for part in book.infolist()]


def test_drawing_again_gives_the_same_bytes(tmp_path):
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition("==")
        if name in {"geopandas", "numpy", "pandas", "pyarrow", "pyproj", "shapely", "xlsxwriter"}:
            installed = importlib.metadata.version(name)
            if installed != version:
                pytest.skip(
                    f"{name} {installed} may round differently from {version}, with which the files were made"
                )
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "simulate_handan.py", "-o", tmp_path],
        check=True,
        capture_output=True,
    )
    made = {path.name: digest(path) for path in tmp_path.iterdir()}
    kept = {path.name: digest(path) for path in SITES.glob("*.simulated.*")}
    assert made == kept
