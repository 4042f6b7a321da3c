"""Coverage alone: from a plan's layers, or from files that stand in for them, with or without a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from renewal_gis.analysis.locate import locate_sites
from renewal_gis.errors import InputError
from renewal_gis.pipeline.inputs import load_backdrop
from renewal_gis.pipeline.parts import look_at_reach, look_at_roads
from renewal_gis.pipeline.survey import survey_ledger
from renewal_gis.plan import Source
from renewal_gis.schema import COVERAGE, PROGRESS, REACHED, SITES, STORED_CRS, make_empty
from renewal_gis.survey import Survey
from renewal_gis.vocab import SIMULATED

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from renewal_gis.pipeline.inputs import Inputs
    from renewal_gis.plan import Plan, Role

WANTED: tuple[Role, ...] = ("land", "facilities")


def survey_coverage(
    plan: Plan,
    *,
    as_of: dt.date,
    ledger_path: str | Path | None,
    files: Mapping[Role, Path],
    tell: Callable[[str], None],
) -> Survey:
    """Look at who has what near, in a straight line and on foot.

    Parameters
    ----------
    plan
        Its facilities say what is measured, how far, and where the distance comes from.
    as_of
        The day of the ledger, and of what is printed.
    ledger_path
        With a ledger, the coverage of the programmes is measured too.
    files
        Files that stand in for the plan's own ``land``, ``facilities`` and ``roads``.
    tell
        Is told the name of each step.

    Raises
    ------
    InputError
        The plan has no facilities to measure, or there is no file of them.
    MissingFileError
        A file is not there.
    """
    if not plan.facilities:
        raise InputError("方案没有覆盖指标", place=plan.id, remedy="在方案中写明 [[facilities]]")
    plan = use_files(plan, files)
    if not plan.sources_of("facilities"):
        raise InputError("没有设施图层", place=plan.id, remedy="用 --facilities 指定,或在方案 sources 中写明")
    tell("读取数据")
    inputs = load_backdrop(plan, more=("land", "facilities", "planned", "buildings"))
    if ledger_path is None:
        survey = _begin(plan, inputs, as_of)
    else:
        survey = survey_ledger(plan, inputs, ledger_path, as_of=as_of, tell=tell)
    if len(inputs.roads):
        tell("分析路网")
        survey = look_at_roads(survey, inputs)
    tell("计算覆盖率")
    return look_at_reach(survey, inputs)


def use_files(plan: Plan, files: Mapping[Role, Path], /) -> Plan:
    """Return the plan with files in place of its own sources of those roles."""
    kept = [source for source in plan.sources if source.role not in files]
    given = [
        Source(role=role, path=str(path.resolve()), simulated=False, attribution=path.name)
        for role, path in files.items()
    ]
    # a system that the plan declared for its own file says nothing about another one
    return plan.model_copy(update={"sources": (*kept, *given)})


def _begin(plan: Plan, inputs: Inputs, as_of: dt.date) -> Survey:
    """Return a survey without a ledger: layers, and nothing that happened."""
    sites = gpd.GeoDataFrame(make_empty(SITES), geometry=[], crs=STORED_CRS).rename_axis("site_id")
    located = locate_sites(sites, inputs.units, plan)
    nothing = gpd.GeoDataFrame(geometry=[], crs=STORED_CRS)
    return Survey(
        plan=plan,
        as_of=as_of,
        sites=sites.join(located).assign(stage="", stage_date=pd.NaT),
        events=pd.DataFrame(),
        reached=make_empty(REACHED),
        units=inputs.units,
        progress=make_empty(PROGRESS),
        coverage=make_empty(COVERAGE),
        reach_areas=nothing,
        streets=inputs.roads,
        dead_ends=nothing,
        links=nothing,
        defects=nothing,
        backdrop={},
        land=inputs.land,
        facilities=inputs.facilities,
        findings=(),
        sources=tuple(dict.fromkeys(source.attribution for source in plan.sources)) or (SIMULATED,),
        simulated=any(source.simulated for source in plan.sources),
    )
