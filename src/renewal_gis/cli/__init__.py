"""The terminal: arguments, exit codes, the clock, progress bars.

Each command translates one function of the library. Heavy imports wait inside the
commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import logging
from typing import Any

import click

from renewal_gis import __version__
from renewal_gis.cli.batch import batch
from renewal_gis.cli.build import build, demo
from renewal_gis.cli.bulletin import bulletin
from renewal_gis.cli.check import check
from renewal_gis.cli.coverage import coverage
from renewal_gis.cli.dossier import dossier
from renewal_gis.cli.figure import figure
from renewal_gis.cli.gaps import gaps
from renewal_gis.cli.ledger import ledger
from renewal_gis.cli.map import map_
from renewal_gis.cli.options import REFUSED, spare_console
from renewal_gis.cli.plan import plan
from renewal_gis.cli.roads import roads
from renewal_gis.cli.supervise import supervise
from renewal_gis.cli.verify import verify
from renewal_gis.errors import RenewalError


class Commands(click.Group):
    """A group that turns our errors into one message and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal ends with its message, not with a traceback."""
        try:
            return super().invoke(ctx)
        except RenewalError as error:
            click.echo(f"错误:{error}", err=True)
            ctx.exit(REFUSED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="renewal-gis")
@click.option("-v", "--verbose", is_flag=True, help="逐步说明。")
def main(*, verbose: bool) -> None:
    """城市更新台账、断头路、覆盖率与离线地图。

    \b
    Example:
      renewal-gis build plans/CITY.toml --as-of 2021-09-30
    """  # noqa: D301
    spare_console()
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(name)s: %(message)s")


for command in (
    batch,
    build,
    bulletin,
    check,
    coverage,
    demo,
    dossier,
    figure,
    gaps,
    ledger,
    map_,
    plan,
    roads,
    supervise,
    verify,
):
    main.add_command(command)
