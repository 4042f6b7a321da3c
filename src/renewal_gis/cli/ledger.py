"""The ledger from the terminal."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.check import LAYER, PROGRAMME, tell_balances
from renewal_gis.cli.kin import merge, split, unlink
from renewal_gis.cli.moves import backup, export, restore
from renewal_gis.cli.options import BY, DAY, FILE, JSON, LEDGER, PLAN, code_of, now, tell_findings
from renewal_gis.vocab import Stage

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@click.group()
def ledger() -> None:
    """台账:建立、导入、记进度、看历史、合并拆分、备份、核验。"""


for command in (backup, export, merge, restore, split, unlink):
    ledger.add_command(command)


@ledger.command()
@LEDGER
@PLAN
@BY
def init(ledger_path: str, plan_path: Path, by: str) -> None:
    """建立空台账,并把方案存入其中,以后的命令不必再写 --plan。

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
@click.option("--plan", "plan_path", type=FILE, help="方案文件(.toml);台账中已有方案时可不写。")
@click.option("--role", type=click.Choice(["sites", "events"]), default="sites", show_default=True)
@PROGRAMME
@LAYER
@BY
@JSON
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    files: tuple[Path, ...],
    ledger_path: str,
    plan_path: Path | None,
    *,
    by: str,
    as_json: bool,
    **how: Any,
) -> None:
    """导入台账或进度记录;同一文件导入两次,什么也不变。

    \b
    Example:
      renewal-gis ledger import 老旧小区.xlsx --programme old_compound --ledger ledger.gpkg
    """  # noqa: D301
    from renewal_gis.pipeline.desk import import_files
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path) if plan_path else None
    balances = import_files(files, ledger_path, plan=plan, at=now(), by=by, **how)
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

    事实照记;不符合方案把关条件的,在 ok 之后另行提示(标准错误),并写明依据的条款。

    \b
    Example:
      renewal-gis ledger event --ledger ledger.gpkg --site A-01 --stage started --date 2021-04-05 --by 张某
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger_path) as book:
        number = book.add_event(site_id, date=day.date(), by=by, at=now(), stage=stage or "", **words)
        click.echo(f"ok {number}")
        sys.stdout.flush()  # the receipt first: nothing that follows may keep it back
        if stage:
            tell_findings(book.judge_event(number))


@ledger.command()
@click.argument("site_id", metavar="SITE")
@LEDGER
@JSON
def history(site_id: str, ledger_path: str, *, as_json: bool) -> None:
    """一个项目的全部记录,按入库先后;合并拆分而来的,连同原项目的记录。

    \b
    Example:
      renewal-gis ledger history A-01 --ledger ledger.gpkg
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger_path) as book:
        entries = book.diary(site_id)
    if as_json:
        click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
        return
    for row in entries:
        what = (
            Stage(row["stage"]).zh if row["stage"] else row["note"].removeprefix(f"{row['date']} ") or "撤销"
        )
        mark = f"(更正 {row['corrects']})" if row["corrects"] else ""
        whose = "" if row["site_id"] == site_id else f"[{row['site_id']}] "
        why = f" 原因:{row['reason']}" if row["reason"] else ""
        click.echo(
            f"{row['date']} {whose}{what}{mark}{why} {row['recorded_by']} {row['recorded_at']} {row['event_id']}"
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
    from renewal_gis.ledger.standing import Standing

    with open_ledger(ledger_path) as book:
        rows = book.standings(as_of=as_of.date(), known_at=known_at)
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=2))
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(Standing._fields)
    writer.writerows(rows)


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
        rows = book.count_rows()
    for finding in findings:
        click.echo(f"{finding.severity.zh} {finding.text}")
    counts = f"项目 {rows['site']}、记录 {rows['status_event']}、公文 {rows['office_record']}"
    click.echo(f"{'有问题' if code_of(findings) else 'ok'}:{counts}")
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
