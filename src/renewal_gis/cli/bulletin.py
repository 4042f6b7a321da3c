"""The bulletin: 周通报、月调度、挂牌督办通报."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from renewal_gis.cli.options import AS_OF, FILE, LEDGER, PLAN, SINCE, Steps, look_at_ledger

if TYPE_CHECKING:
    from pathlib import Path

BULLETIN_STEPS = 4


@click.command()
@PLAN
@LEDGER
@click.option(
    "--kind",
    type=click.Choice(["weekly", "monthly"]),
    default="weekly",
    show_default=True,
    help="周通报或月调度。",
)
@AS_OF
@SINCE
@click.option("--issue", type=click.IntRange(min=1), help="期号(第N期);不写则留空。")
@click.option("--force-majeure", multiple=True, metavar="UNIT", help="因不可抗力暂不排名的单位,可多次。")
@click.option("-o", "--output", type=FILE, required=True, help="输出文件夹。")
def bulletin(
    plan_path: Path,
    ledger_path: str,
    kind: Literal["weekly", "monthly"],
    *,
    issue: int | None,
    output: Path,
    **how: Any,
) -> None:
    """周通报、月调度:docx、xlsx、html 和 bulletin.json,数字同源。

    \b
    Example:
      renewal-gis bulletin --plan plans/CITY.toml --ledger outputs/ledger.gpkg --as-of 2021-09-30 -o bulletins
    """  # noqa: D301
    from renewal_gis.publish import publish_bulletin

    with Steps(BULLETIN_STEPS) as tell:
        survey = look_at_ledger(plan_path, ledger_path, tell=tell, kind=kind, **how)
        tell("编写通报")
        paths = publish_bulletin(survey, output, kind=kind, issue=issue)
    for path in paths:
        click.echo(path)
