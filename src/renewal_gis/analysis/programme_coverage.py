"""How much of each programme is already renewed: by unit, by subdistrict, by hexagon; and what no list holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.geo.crs import to_metric
from renewal_gis.schema import PROGRAMME_COVERAGE, STORED_CRS, make_empty
from renewal_gis.vocab import CITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renewal_gis.plan import Plan

    Floats = NDArray[np.float64]

HEX_M = 1000.0
"""Distance between the centres of neighbouring hexagons."""
OLD_YEAR = 2000
"""Compounds built up to the end of this year are old (国办发〔2020〕23号 二(一))."""
HELD = 0.1
"""A plot counts as listed if at least this share of it lies in a site of the ledger."""


def measure_programmes(
    sites: gpd.GeoDataFrame, reached: pd.DataFrame, plan: Plan, *, hex_m: float = HEX_M
) -> pd.DataFrame:
    """Return how many sites, and how many of their households, each programme has renewed.

    Parameters
    ----------
    sites
        SITES with LOCATED, EPSG:4490.
    reached
        REACHED at the day of the survey.
    plan
        Its first target of each programme tells by which stage a site counts as renewed.
    hex_m
        Distance between the centres of neighbouring hexagons, metres.

    Returns
    -------
    DataFrame
        PROGRAMME_COVERAGE: for each programme 全市, its managing units, its subdistricts and the
        hexagons in which it has sites; ``share`` and ``household_share`` are NaN where there is nothing to divide
        by. Sites without unit, subdistrict or place stand under an empty area, so that each level
        adds up to 全市.

    Notes
    -----
    Hexagons lie on a grid through the origin of the plan's metric system, so that they stay where
    they are from one survey to the next. A site belongs to the hexagon of its centroid.
    """
    if sites.empty:
        return make_empty(PROGRAMME_COVERAGE)
    done = _find_done(sites, reached, plan)
    hexagon = name_hexagons(sites, plan, hex_m=hex_m)
    levels = {
        "city": pd.Series(CITY, index=sites.index),
        "unit": sites["managing_unit"].fillna(""),
        "township": _name_townships(sites),
        "hexagon": hexagon,
    }
    known = sites["households"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    table = pd.DataFrame(
        {
            "programme": sites["programme"],
            "sites": 1,
            "done": done.astype(int),
            "households": np.nan_to_num(known),
            "households_done": np.nan_to_num(known) * done,
        }
    )
    parts = []
    for level, area in levels.items():
        sums = table.assign(area=area).groupby(["programme", "area"], as_index=False, sort=True).sum()
        parts.append(sums.assign(level=level))
    answer = pd.concat(parts, ignore_index=True)
    answer["share"] = answer["done"] / answer["sites"]
    homes = answer["households"].where(answer["households"] > 0)
    answer["household_share"] = answer["households_done"] / homes
    order = [(programme.id, level) for programme in plan.programmes for level in levels]
    place = {pair: k for k, pair in enumerate(order)}
    pairs = zip(answer["programme"], answer["level"], strict=True)
    answer = answer.assign(place=[place[pair] for pair in pairs])
    answer = answer.sort_values(["place", "area"], kind="stable").reset_index(drop=True)
    return answer[list(PROGRAMME_COVERAGE.columns)]


def find_white_spots(land: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, plan: Plan) -> gpd.GeoDataFrame | None:
    """Return old residential land that no list of the plan holds.

    Parameters
    ----------
    land
        Residential land, EPSG:4490; ``year_built`` tells what is old.
    sites
        SITES, EPSG:4490; those with areas are looked at.
    plan
        The metric system.

    Returns
    -------
    GeoDataFrame or None
        The rows of ``land`` that were built up to 2000 and of which less than a tenth lies in a site;
        None where the land does not say when it was built: 无法计算, not "none".
    """
    if "year_built" not in land.columns or land["year_built"].isna().all():
        return None
    old = land[pd.to_numeric(land["year_built"], errors="coerce") <= OLD_YEAR]
    plots = np.asarray(to_metric(old.geometry, plan.crs_metric).array, dtype=object)
    listed = np.asarray(to_metric(sites.geometry, plan.crs_metric).array, dtype=object)
    listed = listed[shapely.get_dimensions(listed) == 2]
    plot, site = shapely.STRtree(listed).query(plots, predicate="intersects")
    shared = shapely.area(shapely.intersection(plots[plot], listed[site]))
    held = np.bincount(plot, shared, len(plots)) >= HELD * shapely.area(plots)
    return old[~held]


def name_hexagons(sites: gpd.GeoDataFrame, plan: Plan, *, hex_m: float = HEX_M) -> pd.Series:
    """Return the hexagon of each site's centroid as ``column,row``; empty for sites without a place."""
    middle = shapely.centroid(np.asarray(to_metric(sites.geometry, plan.crs_metric).array, dtype=object))
    x, y = shapely.get_coordinates(np.where(shapely.is_missing(middle), shapely.Point(), middle)).T
    known = ~(shapely.is_missing(middle) | shapely.is_empty(middle))
    names = np.full(len(sites), "", dtype=object)
    names[known] = [f"{q},{r}" for q, r in zip(*_round_hexagons(x, y, hex_m), strict=True)]
    return pd.Series(names, index=sites.index)


def draw_hexagons(programmes: pd.DataFrame, plan: Plan, *, hex_m: float = HEX_M) -> gpd.GeoDataFrame:
    """Return the rows of PROGRAMME_COVERAGE that are hexagons, drawn; EPSG:4490."""
    rows = programmes[(programmes["level"] == "hexagon") & (programmes["area"] != "")]
    axial = np.array([area.split(",") for area in rows["area"]], dtype=float).reshape(-1, 2)
    q, r = axial.T
    size = hex_m / np.sqrt(3)
    x, y = hex_m * (q + r / 2), 1.5 * size * r
    angle = np.pi / 6 + np.arange(7) * np.pi / 3
    corners = np.stack([x[:, None] + size * np.cos(angle), y[:, None] + size * np.sin(angle)], axis=-1)
    shapes = shapely.polygons(corners) if len(rows) else []
    frame = rows.drop(columns="level").reset_index(drop=True)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=plan.crs_metric).to_crs(STORED_CRS)


def _round_hexagons(x: Floats, y: Floats, hex_m: float) -> tuple[list[int], list[int]]:
    """Return axial coordinates of the hexagon around each point (Amit Patel, Hexagonal Grids: cube rounding)."""
    r = y / (1.5 * hex_m / np.sqrt(3))
    q = x / hex_m - r / 2
    s = -q - r
    near = np.round([q, r, s])
    away = np.abs(near - np.array([q, r, s]))
    wrong = away.argmax(axis=0)
    near[0] = np.where(wrong == 0, -near[1] - near[2], near[0])
    near[1] = np.where(wrong == 1, -near[0] - near[2], near[1])
    return near[0].astype(int).tolist(), near[1].astype(int).tolist()


def _find_done(sites: gpd.GeoDataFrame, reached: pd.DataFrame, plan: Plan) -> NDArray[np.bool_]:
    milestone: dict[str, str] = {}
    for target in plan.targets:
        milestone.setdefault(target.programme, target.milestone)
    wanted = sites["programme"].map(milestone)
    hits = reached.reset_index()[["site_id", "stage"]].drop_duplicates()
    pairs = set(zip(hits["site_id"], hits["stage"], strict=True))
    return np.array([(site, stage) in pairs for site, stage in wanted.items()], dtype=bool)


def _name_townships(sites: gpd.GeoDataFrame) -> pd.Series:
    unit, town = sites["managing_unit"].fillna(""), sites["township"].fillna("").astype(str)
    # towns of one name are found in several counties
    return (unit + " " + town).where(town != "", "")
