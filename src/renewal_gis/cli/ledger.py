"""The ledger from the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.check import PROGRAMME, tell_balances
from renewal_gis.cli.options import FILE, JSON, LEDGER, PLAN, code_of, now, whoami
from renewal_gis.vocab import Stage

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

DAY = click.DateTime(["%Y-%m-%d"])
BY = click.option("--by", default=whoami, show_default="登录名", help="记录人。")


@click.group()
def ledger() -> None:
    """台账:建立、导入、记进度、看历史、核验。"""


@ledger.command()
@LEDGER
@PLAN
@BY
def init(ledger_path: str, plan_path: Path, by: str) -> None:
    """建立空台账,并把方案存入其中。

    \b
    Example:
      renewal-gis ledger init --ledger ledger.gpkg --plan plans/CITY.toml
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path)
    with open_ledger(ledger_path, create=True) as book:
        book.set_plan(plan, at=now(), by=by)
    click.echo(f"ok {ledger_path}")


@ledger.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@LEDGER
@PLAN
@click.option("--role", type=click.Choice(["sites", "events"]), default="sites", show_default=True)
@PROGRAMME
@BY
@JSON
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    files: tuple[Path, ...],
    ledger_path: str,
    plan_path: Path,
    *,
    by: str,
    as_json: bool,
    **how: Any,
) -> None:
    """导入台账或进度记录;同一文件导入两次,什么也不变。

    \b
    Example:
      renewal-gis ledger import 老旧小区.xlsx --programme old_compound --plan plans/CITY.toml --ledger ledger.gpkg
    """  # noqa: D301
    from renewal_gis.pipeline.desk import import_files
    from renewal_gis.plan import load_plan

    balances = import_files(files, ledger_path, plan=load_plan(plan_path), at=now(), by=by, **how)
    tell_balances(balances, as_json=as_json)
    ctx.exit(code_of(finding for balance in balances for finding in balance.findings))


@ledger.command()
@LEDGER
@click.option("--site", "site_id", required=True, help="项目编号。")
@click.option("--stage", type=click.Choice([str(stage) for stage in Stage]), help="达到的阶段。")
@click.option("--note", default="", help="说明。")
@click.option("--correct", "corrects", default="", help="所更正的记录编号;不写 --stage 即撤销该记录。")
@click.option("--date", "day", type=DAY, required=True, help="事实日期。")
@click.option("--reason", default="", help="阶段退回的原因。")
@click.option("--key", help="幂等键:同一键只记一次。")
@click.option("--by", required=True, help="记录人。")
def event(ledger_path: str, site_id: str, stage: str | None, day: dt.datetime, by: str, **words: Any) -> None:
    """记一条进度、说明或更正;写入磁盘之后才回答 ok。

    \b
    Example:
      renewal-gis ledger event --ledger ledger.gpkg --site A-01 --stage started --date 2021-04-05 --by 张某
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger_path) as book:
        number = book.add_event(site_id, date=day.date(), by=by, at=now(), stage=stage or "", **words)
    click.echo(f"ok {number}")


@ledger.command()
@click.argument("site_id", metavar="SITE")
@LEDGER
@JSON
def history(site_id: str, ledger_path: str, *, as_json: bool) -> None:
    """一个项目的全部记录,按入库先后。

    \b
    Example:
      renewal-gis ledger history A-01 --ledger ledger.gpkg
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger_path) as book:
        events = book.history(site_id).reset_index()
    if as_json:
        click.echo(_to_json(events))
        return
    for row in events.to_dict("records"):
        what = Stage(row["stage"]).zh if row["stage"] else row["note"]
        mark = f"(更正 {row['corrects']})" if row["corrects"] else ""
        click.echo(
            f"{row['date']:%Y-%m-%d} {what}{mark} {row['recorded_by']} {row['recorded_at']} {row['event_id']}"
        )


@ledger.command()
@LEDGER
@click.option("--as-of", type=DAY, required=True, help="截止日期。")
@click.option("--known-at", help="按当时所知:ISO 8601 时刻。")
@JSON
def snapshot(ledger_path: str, as_of: dt.datetime, known_at: str | None, *, as_json: bool) -> None:
    """某一天各项目的阶段。

    \b
    Example:
      renewal-gis ledger snapshot --ledger ledger.gpkg --as-of 2021-09-30
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger
    from renewal_gis.ledger.history import find_reached, find_stages

    with open_ledger(ledger_path) as book:
        plan, sites = book.plan(), book.sites(known_at=known_at)
        events = book.stage_events(as_of=as_of.date(), known_at=known_at)
    stages = find_stages(find_reached(events, plan, sites, as_of=as_of.date()), plan, sites)
    table = sites[["name", "programme", "declared_unit"]].join(stages).reset_index()
    click.echo(_to_json(table) if as_json else table.to_csv(index=False, lineterminator="\n"), nl=as_json)


@ledger.command()
@LEDGER
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    help="csv、xlsx、geojson、gpkg、parquet、shp.zip(GBK)文件;- 为标准输出(csv)。",
)
def export(ledger_path: str, output: str) -> None:
    """导出项目表,首列 site_id;不含可执行的公式。

    \b
    Example:
      renewal-gis ledger export --ledger ledger.gpkg -o sites.xlsx
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger
    from renewal_gis.render import exports

    with open_ledger(ledger_path) as book:
        sites = book.sites()
    if output == "-":
        sys.stdout.buffer.write(exports.write_csv(sites).encode())
        return
    report = exports.export_table(sites, Path(output))
    for finding in list(report)[:SHOWN]:
        click.echo(f"{finding.severity.zh} {finding.site_id}:{finding.text}。{finding.remedy}", err=True)
    if len(report) > SHOWN:
        click.echo(f"……共 {len(report)} 处,见文件中的说明表", err=True)
    click.echo(f"ok {output}")


@ledger.command()
@LEDGER
@click.pass_context
def verify(ctx: click.Context, /, ledger_path: str) -> None:
    """核验散列、计数和次序。

    \b
    Example:
      renewal-gis ledger verify --ledger ledger.gpkg
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger_path) as book:
        findings = list(book.verify())
        counts = f"项目 {len(book.sites())}、记录 {len(book.events())}"
    for finding in findings:
        click.echo(f"{finding.severity.zh} {finding.text}")
    click.echo(f"{'有问题' if findings else 'ok'}:{counts}")
    ctx.exit(code_of(findings))


@ledger.command()
@PLAN
@click.option("-o", "--output", type=FILE, required=True, help="文件夹。")
def template(plan_path: Path, output: Path) -> None:
    """给区县的空白台账,每个专项一个工作簿。

    \b
    Example:
      renewal-gis ledger template --plan plans/CITY.toml -o templates
    """  # noqa: D301
    from renewal_gis.ledger.templates import write_templates
    from renewal_gis.plan import load_plan

    for path in write_templates(load_plan(plan_path), output):
        click.echo(path)


def _to_json(table: pd.DataFrame) -> str:
    return str(table.to_json(orient="records", force_ascii=False, date_format="iso", indent=2))
