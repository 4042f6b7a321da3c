"""A whole project: from the plan's files to every product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.analysis.changes import check_span
from renewal_gis.errors import InputError
from renewal_gis.pipeline.survey import keep_inputs, survey_city
from renewal_gis.publish import USUAL, publish_survey

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from renewal_gis.pipeline.inputs import Inputs
    from renewal_gis.plan import Plan
    from renewal_gis.publish import Look, Published


def build_project(  # noqa: PLR0913  # what is read, what is written, and who asks
    plan: Plan,
    inputs: Inputs,
    output: Path,
    *,
    as_of: dt.date,
    at: dt.datetime,
    by: str,
    tell: Callable[[str], None],
    since: dt.date | None = None,
    ledger: str | Path | None = None,
    paths: Iterable[Path] = (),
    look: Look = USUAL,
) -> Published:
    """Take the inputs into the ledger, look at it as of a day, and write every product.

    Parameters
    ----------
    plan, inputs
        The plan, and what its sources say.
    output
        The folder.
    as_of, since
        The day of the survey, and the day that it is compared with.
    at, by
        When and by whom the import is recorded.
    tell
        Is told the name of each step.
    ledger
        A file or a server's address; by default ``ledger.gpkg`` in the folder.
    paths
        The files that were read, for the manifest.
    look
        How the map for planners is made.

    Raises
    ------
    RenewalError
        What was read, asked or written cannot be, or the workbooks are still blank; nothing of the output
        is changed then.
    """
    book = ledger or output / "ledger.gpkg"
    _check_filled(plan, inputs, book)
    tell("写入台账")
    if since is not None:
        check_span(since, as_of)
    kept = keep_inputs(inputs, book, plan, at=at, by=by)
    survey = survey_city(plan, inputs, book, as_of=as_of, since=since, tell=tell, findings=kept)
    return publish_survey(survey, output, inputs=paths, ledger_path=book, tell=tell, look=look)


def _check_filled(plan: Plan, inputs: Inputs, book: str | Path) -> None:
    """Refuse blank workbooks before a ledger is made of them: a bulletin of zeros would look like facts."""
    if len(inputs.sites) or "://" in str(book) or Path(book).exists():
        return
    names = [Path(source.path).name for source in plan.sources_of("sites")]
    raise InputError(
        f"台账工作簿都没有项目:{'、'.join(names)}",
        place=f"方案 {plan.id}({plan.folder})",
        remedy="请逐行填写项目(至少编号、项目名称、责任单位),用 renewal-gis check 检查后再运行;不用的专项从方案中删去",
    )
