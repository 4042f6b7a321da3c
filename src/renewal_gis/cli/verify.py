"""Is a folder of products whole, and of one run?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from renewal_gis.cli.options import FILE, JSON, code_of

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", metavar="DIR", type=FILE)
@JSON
@click.pass_context
def verify(ctx: click.Context, /, folder: Path, *, as_json: bool) -> None:
    """核验成果文件夹:各文件与 manifest.json 是否相符。生成中途断电、文件被改动,都在这里看得出。

    \b
    Example:
      renewal-gis verify outputs
    """  # noqa: D301
    from renewal_gis.publish import check_outputs

    report = check_outputs(folder)
    if as_json:
        click.echo(json.dumps(report.to_records(), ensure_ascii=False, indent=2))
    else:
        for finding in report:
            click.echo(f"{finding.severity.zh}:{finding.text}。{finding.remedy}")
        if not len(report):
            click.echo(f"ok {folder}")
    ctx.exit(code_of(report))
