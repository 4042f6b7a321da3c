"""Many cities from the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from renewal_gis.cli.options import AS_OF, FILE, FINDINGS, OK, OUTPUT, now, whoami

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from renewal_gis.batch import Outcome


@click.command()
@click.argument("plans", metavar="PLANS…", nargs=-1, required=True, type=FILE)
@AS_OF
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="本机进程数。")
@click.option("--scheduler", default="", metavar="tcp://…", help="已启动的 dask 调度器;写了则由它分派。")
@OUTPUT
@click.pass_context
def batch(
    ctx: click.Context,
    /,
    plans: tuple[Path, ...],
    as_of: dt.datetime | None,
    workers: int,
    scheduler: str,
    output: Path,
) -> None:
    """逐城市生成全部成果;中断后再运行只做未完成的,一城失败不影响其他。

    \b
    Example:
      renewal-gis batch plans/*.toml --workers 2 -o outputs/batch
    """  # noqa: D301
    from renewal_gis.batch import STATES, list_tasks, run_batch, write_summary

    tasks = list_tasks(plans, output, as_of=as_of.date() if as_of else None, at=now(), by=whoami())
    shown = sys.stderr.isatty()
    with click.progressbar(
        length=len(tasks), label="城市", file=sys.stderr, show_eta=True, hidden=not shown
    ) as bar:

        def tell(outcome: Outcome) -> None:
            bar.update(1)
            if not shown:
                name = outcome.city or outcome.plan_path
                click.echo(
                    f"[{bar.pos}/{len(tasks)}] {name} {STATES[outcome.state]} {outcome.reason}", err=True
                )

        outcomes = run_batch(tasks, workers=workers, scheduler=scheduler, tell=tell)
    for path in write_summary(outcomes, output):
        click.echo(path)
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    for outcome in failed:
        click.echo(f"失败:{outcome.plan_path}:{outcome.reason}", err=True)
    ctx.exit(FINDINGS if failed else OK)
