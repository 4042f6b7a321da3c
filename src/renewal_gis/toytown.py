"""The toy town that every example speaks of: 3 units, 12 sites, 40 roads, all invented.

Three units of 1 km by 2 km stand side by side (甲区, 乙区, 丙县 from west to east). Between them:
a dead end 220 m short of the next junction (A-12 is its ledger row), a gated lane, a street
that ends at the edge of the sheet, a road drawn twice, a site on the border of 甲区 and 乙区
(A-10), a site across it (A-05) and a site without a location (A-04).
"""

from __future__ import annotations

from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.plan import Plan, load_plan
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

METRIC_CRS = "EPSG:4547"
ORIGIN = (498_000.0, 4_046_000.0)
"""South-west corner of 甲区 in METRIC_CRS; all coordinates below are metres from it."""


def make_plan() -> Plan:
    """Return the toy town's plan."""
    with resources.as_file(resources.files("renewal_gis") / "data" / "toytown.toml") as path:
        return load_plan(path)


def make_units() -> gpd.GeoDataFrame:
    """Return the three districts as a UNITS frame, EPSG:4490.

    Examples
    --------
    >>> make_units()["name"].tolist()
    ['甲区', '乙区', '丙县']
    """
    boxes = [shapely.box(1000 * k, 0, 1000 * (k + 1), 2000) for k in range(3)]
    frame = pd.DataFrame(
        {
            "name": ["甲区", "乙区", "丙县"],
            "kind": ["district", "district", "county"],
            "core": [True, True, False],
        },
        index=pd.Index(["990101", "990102", "990121"], name="code"),
    )
    return _place(frame, boxes)


def make_sites() -> gpd.GeoDataFrame:
    """Return the twelve sites as a SITES frame, EPSG:4490, index A-01 to A-12."""
    rows = [
        ("纺织厂家属院", "old_compound", "", "甲区", 320, shapely.box(220, 220, 380, 380)),
        ("东风小区", "old_compound", "", "甲区", 210, shapely.box(520, 220, 700, 360)),
        ("建设里小区", "old_compound", "", "甲区", 150, shapely.box(220, 900, 400, 1000)),
        ("和平小区", "old_compound", "", "乙区", 95, None),
        ("界桥小区", "old_compound", "", "乙区", 280, shapely.box(900, 1450, 1300, 1550)),
        ("丙县一中家属院", "old_compound", "", "丙县", 60, shapely.box(2150, 850, 2300, 950)),
        ("柳巷", "back_alley", "model", "甲区", None, shapely.LineString([(220, 600), (760, 600)])),
        ("后街", "back_alley", "ordinary", "乙区", None, shapely.LineString([(1450, 300), (1450, 700)])),
        ("仓门巷", "back_alley", "ordinary", "乙区", None, shapely.LineString([(1500, 1000), (1680, 1000)])),
        ("界桥旱厕", "dry_toilet", "", "甲区", None, shapely.Point(1000, 500)),
        ("南关旱厕", "dry_toilet", "", "乙区", None, shapely.Point(1800, 250)),
        ("中心路东延", "dead_end_road", "", "乙区", None, shapely.LineString([(1180, 800), (1400, 800)])),
    ]
    names, programmes, categories, units, households, shapes = zip(*rows, strict=True)
    size = len(rows)
    empty_dates = pd.Series([pd.NaT] * size, dtype="datetime64[ns]").to_numpy()
    frame = pd.DataFrame(
        {
            "name": names,
            "programme": programmes,
            "category": categories,
            "declared_unit": units,
            "township": "示例街道",
            "address": "",
            "households": pd.array(households, dtype="Int64"),
            "buildings": pd.array([pd.NA] * size, dtype="Int64"),
            "dwellings": pd.array(households, dtype="Int64"),
            "floor_area_m2": pd.array([None if h is None else h * 80.0 for h in households], dtype="Float64"),
            "investment_wan": pd.array([None if h is None else h * 1.5 for h in households], dtype="Float64"),
            "leader": "张某",
            "task_force": "示例专班",
            "contractor": "",
            "planned_start": pd.to_datetime(["2021-04-01"] * size),
            "planned_finish": pd.to_datetime(["2021-09-30"] * size),
            "actual_start": empty_dates,
            "actual_finish": empty_dates,
            "content_items": "",
            "notes": "",
            "source_file": "toytown",
            "source_row": pd.array(range(1, size + 1), dtype="Int64"),
            "simulated": True,
            "consulted_share": pd.array([0.85] * 5 + [0.7] + [None] * 6, dtype="Float64"),
            "photo_before": "",
            "photo_after": "",
        },
        index=pd.Index([f"A-{k:02d}" for k in range(1, size + 1)], name="site_id"),
    )
    return _place(frame, shapes)


def make_events() -> pd.DataFrame:
    """Return the toy town's diary as an EVENTS frame."""
    rows = [
        *_climb("A-01", "old_compound", ["01-10", "01-22", "01-30", "03-20", "04-05", "08-20", "10-12"]),
        *_climb("A-02", "old_compound", ["01-10", "01-22", "01-30", "03-20", "04-12", "09-30"]),
        *_climb("A-03", "old_compound", ["01-12", "01-22", "01-30", "03-25", "05-06"]),
        *_climb("A-04", "old_compound", ["01-12", "01-22", "01-30", "03-25", "04-20", "10-01"]),
        *_climb("A-05", "old_compound", ["01-15", "01-22", "01-30", "03-28", "04-20", "09-12"]),
        ("A-06", "started", "2021-07-01"),
        ("A-07", "started", "2021-05-10"),
        ("A-07", "works_completed", "2021-08-01"),
        ("A-08", "started", "2021-06-01"),
        ("A-10", "started", "2021-06-15"),
        ("A-10", "cleared", "2021-07-15"),
        ("A-12", "permitted", "2021-06-30"),
    ]
    sites, stages, dates = zip(*rows, strict=True)
    size = len(rows)
    return pd.DataFrame(
        {
            "site_id": sites,
            "kind": "stage",
            "stage": stages,
            "date": pd.to_datetime(list(dates)),
            "recorded_at": [f"{date}T18:00:00+08:00" for date in dates],
            "recorded_by": "示例专班",
            "note": "",
            "corrects": "",
            "source_file": "toytown",
            "source_row": pd.array(range(1, size + 1), dtype="Int64"),
            "key": [f"toytown-{k}" for k in range(size)],
        },
        index=pd.Index([f"E{k:04d}" for k in range(1, size + 1)], name="event_id"),
    )


def make_roads() -> gpd.GeoDataFrame:
    """Return the forty roads as a ROADS frame, EPSG:4490."""
    rows = [*_grid_roads(), *_odd_roads()]
    shapes = [shapely.LineString(points) for _, _, points in rows]
    frame = pd.DataFrame(
        {
            "highway": [klass for klass, _, _ in rows],
            "name": [name for _, name, _ in rows],
            "noexit": [name == "纺织厂门前路" for _, name, _ in rows],
        }
    )
    return _place(frame, shapes)


def make_land() -> gpd.GeoDataFrame:
    """Return residential land with its households, EPSG:4490."""
    shapes = [
        shapely.box(220, 220, 780, 780),
        shapely.box(220, 820, 780, 1380),
        shapely.box(1420, 220, 2080, 780),
        shapely.box(2120, 820, 2680, 1380),
    ]
    frame = pd.DataFrame(
        {
            "land_id": ["L1", "L2", "L3", "L4"],
            "name": ["纺织", "建设", "南关", "丙县城"],
            "households": pd.array([1200, 900, 700, 400], dtype="Int64"),
        }
    )
    return _place(frame, shapes)


def make_facilities() -> gpd.GeoDataFrame:
    """Return facilities as points with ``facility`` and ``name``, EPSG:4490."""
    frame = pd.DataFrame({"facility": ["clinic", "clinic", "park"], "name": ["一所", "二所", "中心公园"]})
    return _place(frame, [shapely.Point(500, 500), shapely.Point(1700, 500), shapely.Point(600, 1100)])


def make_barriers() -> gpd.GeoDataFrame:
    """Return the river that runs below the dead end, EPSG:4490."""
    frame = pd.DataFrame({"kind": ["river"], "name": ["示例河"]})
    return _place(frame, [shapely.LineString([(1300, 0), (1290, 1000), (1310, 2000)])])


def _climb(site_id: str, programme: str, days: Sequence[str]) -> list[tuple[str, str, str]]:
    stages = make_plan().programme(programme).stages[1:]
    return [(site_id, str(stage), f"2021-{day}") for stage, day in zip(stages, days, strict=False)]


Road = tuple[str, str, list[tuple[float, float]]]


def _grid_roads() -> list[Road]:
    """The grid: 5 avenues and 4 streets, split where they cross; the 中心路 stops short of 1400."""
    xs, ys = [200, 800, 1400, 2100, 2700], [200, 800, 1400, 1800]
    roads: list[Road] = []
    for number, x in enumerate(xs, 1):
        klass = "secondary" if number in {2, 4} else "residential"
        roads += [(klass, f"{number}号大街", [(x, a), (x, b)]) for a, b in pairwise(ys)]
    for number, y in enumerate(ys, 1):
        klass = "secondary" if y == 800 else "residential"
        name = "中心路" if y == 800 else f"{number}号路"
        stops = sorted({*xs, *([1700] if y > 200 else []), *([500] if y == 200 else [])})
        for a, b in pairwise(stops):
            end = 1180 if (y, a, b) == (800, 800, 1400) else b
            roads.append((klass, name, [(a, y), (end, y)]))
    return roads


def _odd_roads() -> list[Road]:
    return [
        ("residential", "新街", [(1700, 800), (1700, 1400)]),
        ("residential", "新街", [(1700, 1400), (1700, 1800)]),
        ("service", "纺织厂门前路", [(500, 200), (500, 480)]),
        ("residential", "出城路", [(2700, 1800), (3000, 1800)]),
        ("residential", "1号大街", [(200, 200), (200, 800)]),
    ]


def _place(frame: pd.DataFrame, shapes: Sequence[BaseGeometry | None]) -> gpd.GeoDataFrame:
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + np.array(ORIGIN))
    return gpd.GeoDataFrame(frame, geometry=moved, crs=METRIC_CRS).to_crs(STORED_CRS)
