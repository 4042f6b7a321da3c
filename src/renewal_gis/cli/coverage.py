"""Coverage from the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import AS_OF, FILE, JSON, PLAN, Steps, choose_day

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

STEPS = 6


@click.command()
@PLAN
@click.option("--ledger", "ledger_path", help="台账:另算各专项改造覆盖;不写则只算设施覆盖。")
@AS_OF
@click.option("--facilities", type=FILE, help="设施点(facility、name 两列),代替方案所列的。")
@click.option("--land", type=FILE, help="居住用地(land_id、households 两列),代替方案所列的。")
@click.option("--roads", type=FILE, help="路网,代替方案所列的;没有路网则只算直线覆盖。")
@click.option("-o", "--output", type=FILE, required=True, help="输出文件夹。")
@JSON
def coverage(
    plan_path: Path,
    ledger_path: str | None,
    as_of: dt.datetime | None,
    output: Path,
    *,
    as_json: bool,
    **files: Path | None,
) -> None:
    """覆盖率:各类设施直线和步行覆盖的居住用地、户数,打通路段前后对比,各专项改造覆盖。

    \b
    Example:
      renewal-gis coverage --plan plans/CITY.toml -o outputs/coverage
    """  # noqa: D301
    from renewal_gis.pipeline.coverage import survey_coverage
    from renewal_gis.plan import load_plan
    from renewal_gis.publish import publish_coverage

    plan = load_plan(plan_path)
    given: Any = {role: path for role, path in files.items() if path is not None}
    with Steps(STEPS) as tell:
        survey = survey_coverage(
            plan, as_of=choose_day(plan, as_of), ledger_path=ledger_path, files=given, tell=tell
        )
        tell("写出成果")
        paths = publish_coverage(survey, output)
    if as_json:
        click.echo((output / "coverage.json").read_text(encoding="utf-8"), nl=False)
        return
    for path in paths:
        click.echo(path)
