"""What the public may see of the ledger: some columns, and no exact place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from renewal_gis.errors import PlanError
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from renewal_gis.plan import Plan
    from renewal_gis.survey import Survey

INTERNAL, PUBLIC = "internal", "public"
COLUMNS = (
    "name", "programme", "category", "stage", "stage_date", "managing_unit", "located_name", "placement", "township",
    "households", "planned_start", "planned_finish", "actual_start", "actual_finish", "simulated",
)  # fmt: skip
"""The columns of SITES that leave the office."""
CELL_DEG = 0.005
"""Side of the cell to whose middle a place is moved: about 500 m."""
NOTE = f"位置已概略:各项目移至 {CELL_DEG}° 方格(约 500 m)的中心,只供了解分布。"


def check_approval(plan: Plan, profile: str, /) -> None:
    """Refuse a public product without a map approval number (审图号).

    Raises
    ------
    PlanError
        The profile is ``public`` and the plan has no number.
    """
    if profile == PUBLIC and not plan.map_approval_no:
        raise PlanError("公开的地图须有审图号", remedy="取得后写入方案的 map_approval_no")


def take_public(survey: Survey, /) -> Survey:
    """Return a survey with nothing in it but what may be published.

    Parameters
    ----------
    survey
        The survey as the office sees it; it is left as it was.

    Raises
    ------
    PlanError
        The plan has no map approval number (审图号): without one no map may be published.

    Notes
    -----
    Sites keep :data:`COLUMNS`; a line or an area becomes a point within it, and every point the middle
    of the cell of :data:`CELL_DEG` degrees that it lies in, so that the same site is always at the same
    place and two maps cannot be averaged. Numbers stay exact. Entries, findings, listings, proposals,
    conflicts and everything that was found in the road network are left out.
    """
    check_approval(survey.plan, PUBLIC)
    kept = [column for column in COLUMNS if column in survey.sites]
    sites = gpd.GeoDataFrame(
        survey.sites[kept].copy(), geometry=coarsen_places(survey.sites.geometry.to_numpy()), crs=STORED_CRS
    )
    nothing = gpd.GeoDataFrame(geometry=[], crs=STORED_CRS)
    return replace(
        survey, sites=sites, events=survey.events.iloc[:0], findings=(), review=None,
        supervised=survey.supervised.iloc[:0], conflicts=survey.conflicts.iloc[:0], checks=(),
        dead_ends=nothing, links=nothing, defects=nothing,
    )  # fmt: skip


def coarsen_places(shapes: np.ndarray, /) -> np.ndarray:
    """Return the middle of the cell of each geometry; missing and empty ones stay missing.

    Parameters
    ----------
    shapes
        Array of geometries in degrees.

    Examples
    --------
    >>> coarsen_places(np.array([shapely.Point(114.5012, 36.6049), None]))[0]
    <POINT (114.503 36.603)>
    """
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    out = np.full(len(shapes), None, dtype=object)
    spots = shapely.get_coordinates(shapely.point_on_surface(shapes[known]))
    # lines have no surface: point_on_surface gives one of their vertices, which is good enough here
    out[known] = shapely.points(np.round((np.floor(spots / CELL_DEG) + 0.5) * CELL_DEG, 6))
    return out
