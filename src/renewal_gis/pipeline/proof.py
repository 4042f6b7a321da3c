"""The rows behind the numbers, for who asks which rows a number is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renewal_gis.analysis.rows import list_balances, list_target_rows

if TYPE_CHECKING:
    from renewal_gis.survey import Survey


def add_rows(survey: Survey, /) -> Survey:
    """Return the survey with the rows behind each number, and how task, ledger and geometry compare."""
    sites = survey.sites  # these hold the columns of LOCATED as well
    return replace(
        survey,
        balances=list_balances(survey.progress, survey.plan),
        rows=list_target_rows(sites, sites, survey.reached, survey.plan, as_of=survey.as_of),
    )
