"""What a survey may know beside the ledger: the road network, and who has what near."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renewal_gis.analysis.coverage import measure_coverage, reach_areas
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
    """Return the survey with its coverage: shares of land and households, and what lies within reach.

    Raises
    ------
    CrsError, SchemaError
        As in :func:`renewal_gis.analysis.coverage.measure_coverage`.
    """
    return replace(
        survey,
        coverage=measure_coverage(inputs.land, inputs.facilities, inputs.units, survey.plan),
        reach_areas=reach_areas(inputs.facilities, survey.plan),
        land=inputs.land,
        facilities=inputs.facilities,
    )
