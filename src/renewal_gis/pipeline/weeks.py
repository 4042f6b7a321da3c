"""The state of the ledger at the end of every week, for maps that look back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from renewal_gis.ledger.history import find_stages
from renewal_gis.pipeline.review import measure_day
from renewal_gis.schema import LOCATED
from renewal_gis.survey import Week

if TYPE_CHECKING:
    from renewal_gis.survey import Survey

STEP = dt.timedelta(days=7)


def trace_weeks(survey: Survey, /) -> tuple[Week, ...]:
    """Return progress and stages at the end of each week up to a survey's day, oldest first.

    Parameters
    ----------
    survey
        With sites, events and plan; its own day is the last week.

    Returns
    -------
    tuple of Week
        Every seven days back from ``as_of``, as long as there was an entry in the ledger and not
        before the plan was signed; empty without events.

    Notes
    -----
    Each week is measured as :func:`renewal_gis.pipeline.review.measure_day` measures the survey's
    own day, from the same entries: corrections made since are in it. What was printed at the time is
    in the signed bulletins.
    """
    if not len(survey.events):
        return ()
    located = survey.sites[[column for column in LOCATED.columns if column in survey.sites]]
    first = max(pd.to_datetime(survey.events["date"]).min().date(), survey.plan.signed)
    count = max((survey.as_of - first).days, 0) // STEP.days + 1
    weeks = []
    for back in reversed(range(count)):
        day = survey.as_of - back * STEP
        known = measure_day(survey.plan, survey.sites, located, survey.events, as_of=day)
        stages = find_stages(known.reached, survey.plan, survey.sites)["stage"]
        weeks.append(Week(day, known.progress, stages))
    return tuple(weeks)
