"""The frozen value that everything is rendered from. Rendering computes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renewal_gis.schema import BURNUP, CONFLICTS, PROGRAMME_COVERAGE, REACH_GAINS, make_empty
from renewal_gis.schema_review import AGENDA, BALANCES, DEEDS, RANKING, ROWS, SUPERVISED

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from renewal_gis.findings import Finding
    from renewal_gis.plan import Plan


@dataclass(frozen=True)
class Review:
    """What a bulletin says beyond the state of one day: ranking, changes, silence, proposals.

    Parameters
    ----------
    since
        The day of the comparison; None where there is nothing earlier to compare with, and then
        ``changes``, ``moves``, ``slips`` and ``reports`` are empty.
    ranking
        RANKING.
    rules
        The rules of the ranking, in words.
    changes
        CHANGES from ``since`` to the survey's day.
    moves
        MOVES in the same span.
    slips
        SLIPS at the survey's day.
    reports
        REPORTS for the same span.
    proposals
        PROPOSALS: nobody has confirmed them yet; what is on the board already is left out.
    agenda
        AGENDA: what falls due in the span that follows, as long as the span looked back.
    composite
        RANKING over several targets by the plan's weights; empty where the plan gives none.
    deeds
        DEEDS of the supervised listings since ``since``.
    """

    since: dt.date | None
    ranking: pd.DataFrame
    rules: tuple[str, ...]
    changes: pd.DataFrame
    moves: pd.DataFrame
    slips: pd.DataFrame
    reports: pd.DataFrame
    proposals: pd.DataFrame
    agenda: pd.DataFrame = field(default_factory=lambda: make_empty(AGENDA))
    composite: pd.DataFrame = field(default_factory=lambda: make_empty(RANKING))
    deeds: pd.DataFrame = field(default_factory=lambda: make_empty(DEEDS))


@dataclass(frozen=True)
class Week:
    """The state of the ledger at the end of one week.

    Parameters
    ----------
    day
        The last day of the week.
    progress
        PROGRESS at ``day``.
    stages
        Code of the stage of each site at ``day``, on the index of the survey's sites.
    """

    day: dt.date
    progress: pd.DataFrame
    stages: pd.Series[str]


@dataclass(frozen=True)
class Survey:
    """All that a map, figure, bulletin or layer shows, as of one day.

    Parameters
    ----------
    plan
        The plan that was surveyed.
    as_of
        The day up to which the ledger was looked at.
    sites
        SITES with the columns of LOCATED and ``stage``, ``stage_date``; EPSG:4490, geometry may be None.
    events
        EVENTS up to ``as_of``.
    reached
        REACHED: the day each site first reached each stage.
    units
        UNITS with geometry, EPSG:4490.
    progress
        PROGRESS at ``as_of``.
    coverage
        COVERAGE.
    reach_areas
        What lies within reach: ``facility``, ``facility_name``, ``reach_m`` and one geometry a type.
    streets, dead_ends, links, defects
        The road network and what was found in it, EPSG:4490 for display.
    backdrop
        Layers drawn below the rest (``water``, ``rail``), EPSG:4490.
    land
        Residential land: ``land_id``, ``name``, ``households``; EPSG:4490.
    facilities
        Points with ``facility`` (code) and ``name``; EPSG:4490.
    findings
        What is wrong with the data.
    sources
        Attribution lines, printed on every product.
    simulated
        Whether any source is simulated; every product then says so.
    review
        Ranking, changes and proposals for the bulletins; None where the ledger has no entry yet.
    supervised
        SUPERVISED: the listings of the board (挂牌督办) at ``as_of``, delisted ones as well.
    checks
        The findings about the ledger alone, which a bulletin counts: what the imports found and what
        rows disagree, without roads and land; None for all findings.
    readings
        Footnotes of the readings that changed a number; None for all of the plan.
    balances, rows
        BALANCES and ROWS: task, ledger and geometry against each other, and the rows behind each
        number; empty where nobody asked for them.
    conflicts
        CONFLICTS: works that meet in space and time from ``as_of`` on.
    burnup
        BURNUP: how each target grew, week by week.
    weeks
        The state at the end of each week up to ``as_of``, oldest first; empty where nobody looks back.
    plots, reach_gains
        Coverage on foot by plot of land, and what each link would bring
        (:class:`renewal_gis.analysis.foot_coverage.FootCoverage`); None and empty where not measured.
    programme_coverage
        PROGRAMME_COVERAGE: what each programme has renewed, by area.
    hexagons
        Its hexagons, drawn, EPSG:4490; None without sites.
    white_spots
        Old residential land that no list holds, EPSG:4490; None where the land does not tell its age.
    """

    plan: Plan
    as_of: dt.date
    sites: gpd.GeoDataFrame
    events: pd.DataFrame
    reached: pd.DataFrame
    units: gpd.GeoDataFrame
    progress: pd.DataFrame
    coverage: pd.DataFrame
    reach_areas: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    dead_ends: gpd.GeoDataFrame
    links: gpd.GeoDataFrame
    defects: gpd.GeoDataFrame
    backdrop: Mapping[str, gpd.GeoDataFrame]
    land: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    sources: tuple[str, ...]
    simulated: bool
    review: Review | None = None
    supervised: pd.DataFrame = field(default_factory=lambda: make_empty(SUPERVISED))
    checks: tuple[Finding, ...] | None = None
    readings: tuple[str, ...] | None = None
    balances: pd.DataFrame = field(default_factory=lambda: make_empty(BALANCES))
    rows: pd.DataFrame = field(default_factory=lambda: make_empty(ROWS))
    conflicts: pd.DataFrame = field(default_factory=lambda: make_empty(CONFLICTS))
    burnup: pd.DataFrame = field(default_factory=lambda: make_empty(BURNUP))
    weeks: tuple[Week, ...] = ()
    plots: pd.DataFrame | None = None
    reach_gains: pd.DataFrame = field(default_factory=lambda: make_empty(REACH_GAINS))
    programme_coverage: pd.DataFrame = field(default_factory=lambda: make_empty(PROGRAMME_COVERAGE))
    hexagons: gpd.GeoDataFrame | None = None
    white_spots: gpd.GeoDataFrame | None = None
