"""From the plan and its sources to the Survey, step by step."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from renewal_gis.analysis.burnup import trace_progress
from renewal_gis.analysis.conflicts import find_conflicts
from renewal_gis.analysis.listings import find_listings
from renewal_gis.analysis.locate import locate_sites
from renewal_gis.analysis.readings import list_readings
from renewal_gis.analysis.reconcile import reconcile
from renewal_gis.errors import InputError
from renewal_gis.gates import check_gates
from renewal_gis.ledger import open_ledger
from renewal_gis.ledger.history import find_stages
from renewal_gis.pipeline.kept import LEDGER, keep_findings, list_ledger_files, read_findings
from renewal_gis.pipeline.parts import look_at_reach, look_at_roads
from renewal_gis.pipeline.proof import add_rows
from renewal_gis.pipeline.review import WEEKLY, Scope, check_day, measure_day, review_day
from renewal_gis.pipeline.weeks import trace_weeks
from renewal_gis.schema import COVERAGE, STORED_CRS
from renewal_gis.survey import Survey
from renewal_gis.vocab import SIMULATED, RecordKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from renewal_gis.findings import Finding
    from renewal_gis.ledger.base import Moment
    from renewal_gis.pipeline.inputs import Inputs
    from renewal_gis.plan import Plan

LOG = logging.getLogger(__name__)


def keep_inputs(
    inputs: Inputs, ledger_path: str | Path, plan: Plan, *, at: dt.datetime, by: str
) -> tuple[Finding, ...]:
    """Bring the sources into the ledger; a second time changes nothing.

    Parameters
    ----------
    inputs
        What the sources say.
    ledger_path
        The ledger, a file or a server's address; made if it is not there.
    plan
        Kept in the ledger, so that later calls need no plan file.
    at, by
        When and by whom it is recorded.

    Returns
    -------
    tuple of Finding
        What the ledger found odd, such as rows that have vanished from their file. It is kept in the
        ledger, as is what the intake found in the files, so that later bulletins know it.
    """
    findings: list[Finding] = []
    with open_ledger(ledger_path, create=True) as ledger:
        ledger.set_plan(plan, at=at, by=by)
        findings.extend(ledger.import_sites(inputs.sites, at=at, by=by).findings)
        if len(inputs.events):
            findings.extend(ledger.import_events(inputs.events, at=at, by=by).findings)
        files = list_ledger_files(plan)
        kept = [*(finding for finding in inputs.findings if finding.file in files), *findings]
        keep_findings(ledger, kept, subjects={*files, LEDGER}, at=at, by=by)
    return tuple(findings)


def survey_city(
    plan: Plan,
    inputs: Inputs,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    findings: tuple[Finding, ...] = (),
    since: dt.date | None = None,
) -> Survey:
    """Look at a city as of one day.

    Parameters
    ----------
    plan, inputs
        The plan and what its sources say (roads, land and facilities come from there).
    ledger_path
        The ledger; sites and events come from there.
    as_of
        The day; later events are not looked at.
    tell
        Is told the name of each step as it begins.
    findings
        What :func:`keep_inputs` found, to be told with the rest.
    since
        The day that the bulletin compares with; by default a week before.

    Raises
    ------
    InputError
        The ledger is empty, ``as_of`` is before its first entry, or ``since`` is not between that and
        ``as_of``.
    """
    survey = survey_ledger(plan, inputs, ledger_path, as_of=as_of, scope=Scope(since=since), tell=tell)
    tell("回看各周")
    survey = replace(survey, weeks=trace_weeks(survey))
    tell("分析路网")
    survey = look_at_roads(survey, inputs)
    tell("计算覆盖率")
    survey = add_rows(look_at_reach(survey, inputs))
    return replace(survey, findings=_drop_repeats([*inputs.findings, *findings, *survey.findings]))


def survey_ledger(
    plan: Plan,
    inputs: Inputs,
    ledger_path: str | Path,
    *,
    as_of: dt.date,
    tell: Callable[[str], None],
    scope: Scope = WEEKLY,
) -> Survey:
    """Look at the ledger as of one day: progress, ranking and changes, without roads and coverage.

    Parameters
    ----------
    plan, inputs, ledger_path, as_of, tell
        As in :func:`survey_city`.
    scope
        What a bulletin looks back on, and as known when.

    Returns
    -------
    Survey
        Streets are the roads as they were read; what is measured of roads and land is empty.

    Raises
    ------
    InputError
        As in :func:`survey_city`.
    """
    tell("读取台账")
    kept = _read_ledger(ledger_path, as_of, scope.known_at)
    sites = kept.sites
    tell("定位与核对")
    located = locate_sites(sites, inputs.units, plan)
    day = measure_day(plan, sites, located, kept.events, as_of=as_of)
    plan, reached = day.plan, day.reached
    checks = _drop_repeats(
        [
            *kept.findings,
            *reconcile(sites, located, plan),
            *check_gates(sites, reached, plan, as_of=as_of, events=kept.events),
        ]
    )
    simulated = any(source.simulated for source in plan.sources) or bool(sites["simulated"].any())
    tell("计算进度")
    staged = sites.join(located).join(find_stages(reached, plan, sites))
    nothing = gpd.GeoDataFrame(geometry=[], crs=STORED_CRS)
    return Survey(
        plan=plan,
        as_of=as_of,
        sites=staged,
        events=kept.events,
        reached=reached,
        units=inputs.units,
        progress=day.progress,
        coverage=pd.DataFrame(columns=list(COVERAGE.columns)),
        reach_areas=nothing,
        streets=inputs.roads,
        dead_ends=nothing,
        links=nothing,
        defects=nothing,
        backdrop=_split_backdrop(inputs.barriers),
        land=inputs.land,
        facilities=inputs.facilities,
        findings=checks,
        sources=tuple(dict.fromkeys(source.attribution for source in plan.sources)) or (SIMULATED,),
        simulated=simulated,
        review=review_day(day, scope=scope, records=kept.records),
        supervised=find_listings(kept.records, plan.supervision, as_of=as_of),
        checks=checks,
        readings=list_readings(sites, located, reached, plan, day.progress, findings=checks, as_of=as_of),
        conflicts=find_conflicts(staged, plan, as_of=as_of),
        burnup=trace_progress(sites, located, reached, plan, as_of=as_of),
    )


@dataclass(frozen=True)
class _Kept:
    """What a ledger holds as of a day: sites, entries, the board's records, findings of its imports."""

    sites: gpd.GeoDataFrame
    events: pd.DataFrame
    records: pd.DataFrame
    findings: tuple[Finding, ...]


def _read_ledger(path: str | Path, as_of: dt.date, known_at: Moment | None) -> _Kept:
    with open_ledger(path) as ledger:
        sites = _hide_later(ledger.sites(as_of=as_of, known_at=known_at), as_of)
        events = ledger.events(as_of=as_of, known_at=known_at)
        everything = ledger.events(known_at=known_at) if events.empty else events
        records = ledger.records(RecordKind.SUPERVISION, known_at=known_at)
        findings = read_findings(ledger, known_at=known_at)
    if sites.empty:
        raise InputError("台账是空的", place=str(path), remedy="先填写台账工作簿并导入项目")
    if events.empty:
        check_day(everything, as_of, name="as_of")
    return _Kept(sites, events, records, findings)


def _hide_later(sites: gpd.GeoDataFrame, as_of: dt.date) -> gpd.GeoDataFrame:
    """Blank the actual dates that lie after the day: on that day nobody knew them."""
    columns = ("actual_start", "actual_finish")
    last = pd.Timestamp(as_of)
    return sites.assign(**{column: sites[column].where(sites[column] <= last) for column in columns})


def _drop_repeats(findings: list[Finding]) -> tuple[Finding, ...]:
    """Tell each fault of a row once, where the intake and the survey both met it; the later knows the site."""
    once = {(f.code, f.file, f.row, f.value) if f.row else id(f): f for f in findings}
    return tuple(once.values())


def _split_backdrop(barriers: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    kinds = barriers["kind"] if len(barriers) else pd.Series([], dtype=object)
    return {
        "water": barriers.loc[kinds == "river"].reset_index(drop=True),
        "rail": barriers.loc[kinds == "railway"].reset_index(drop=True),
    }
