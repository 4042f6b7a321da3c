"""What a survey may know beside the ledger: the road network, and who has what near."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from renewal_gis.analysis.coverage import measure_coverage, reach_areas
from renewal_gis.analysis.foot_coverage import measure_foot_coverage
from renewal_gis.analysis.programme_coverage import draw_hexagons, find_white_spots, measure_programmes
from renewal_gis.pipeline.gaps import find_gaps
from renewal_gis.schema import STORED_CRS

if TYPE_CHECKING:
    from renewal_gis.pipeline.inputs import Inputs
    from renewal_gis.survey import Survey


def look_at_roads(survey: Survey, inputs: Inputs, /) -> Survey:
    """Return the survey with its streets, dead ends, links and defects.

    Parameters
    ----------
    survey
        Its sites tell who would gain.
    inputs
        Roads and what is known around them.

    Raises
    ------
    InputError, CrsError
        As in :func:`renewal_gis.pipeline.gaps.find_gaps`.
    """
    gaps = find_gaps(
        inputs.roads,
        crs_metric=survey.plan.crs_metric,
        barriers=inputs.barriers if len(inputs.barriers) else None,
        planned=inputs.planned if len(inputs.planned) else None,
        buildings=inputs.buildings if len(inputs.buildings) else None,
        sites=survey.sites,
        land=inputs.land if len(inputs.land) else None,
        districts=inputs.units,
    )
    return replace(
        survey,
        streets=gaps.streets.to_crs(STORED_CRS),
        dead_ends=gaps.dead_ends.to_crs(STORED_CRS),
        links=gaps.links.to_crs(STORED_CRS),
        defects=gaps.defects.to_crs(STORED_CRS),
        findings=(*survey.findings, *gaps.findings),
    )


def look_at_reach(survey: Survey, inputs: Inputs, /) -> Survey:
    """Return the survey with its coverage: in a straight line, on foot where the network is known, by programme.

    Parameters
    ----------
    survey
        With streets and links if :func:`look_at_roads` was there before; else nobody walks.
    inputs
        Land and facilities.

    Raises
    ------
    CrsError, SchemaError
        As in :func:`renewal_gis.analysis.coverage.measure_coverage`.
    """
    plan, land, facilities, units = survey.plan, inputs.land, inputs.facilities, inputs.units
    straight = measure_coverage(land, facilities, units, plan)
    programmes = measure_programmes(survey.sites, survey.reached, plan)
    survey = replace(
        survey,
        coverage=straight,
        reach_areas=reach_areas(facilities, plan),
        land=land,
        facilities=facilities,
        programme_coverage=programmes,
        hexagons=draw_hexagons(programmes, plan) if len(programmes) else None,
        white_spots=find_white_spots(land, survey.sites, plan),
    )
    if "from_node" not in survey.streets or land.empty or facilities.empty:
        return survey
    links = survey.links if len(survey.links) else None
    foot = measure_foot_coverage(land, facilities, units, survey.streets, plan, links=links)
    rows = pd.concat([straight, foot.rows], ignore_index=True)
    return replace(survey, coverage=rows, plots=foot.plots, reach_gains=foot.gains)
