"""Dossiers of sites (一区一策), from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from renewal_gis.cli.figure import LEDGER_OR_SOURCES, look_at_city
from renewal_gis.cli.options import AS_OF, PLAN, Steps

if TYPE_CHECKING:
    import datetime as dt

DOSSIER_STEPS = 4


@click.command()
@click.argument("site_ids", metavar="SITE_ID...", nargs=-1, required=True)
@PLAN
@LEDGER_OR_SOURCES
@AS_OF
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("dossiers"),
    show_default=True,
    help="输出文件夹。",
)
def dossier(
    site_ids: tuple[str, ...], plan_path: Path, ledger_path: str, as_of: dt.datetime | None, output: Path
) -> None:
    """项目档案(一区一策):每个项目两页,docx 和 html。

    \b
    Example:
      renewal-gis dossier --plan plans/CITY.toml --ledger outputs/ledger.gpkg LJ-001 LJ-002 -o dossiers
    """  # noqa: D301
    from renewal_gis.publish import publish_dossiers

    with Steps(DOSSIER_STEPS) as tell:
        survey = look_at_city(plan_path, ledger_path, as_of=as_of, tell=tell)
        tell("编写档案")
        paths, faults = publish_dossiers(survey, output, site_ids)
    for fault in faults:
        click.echo(f"警告:{fault},以文字说明代替", err=True)
    for path in paths:
        click.echo(path)
