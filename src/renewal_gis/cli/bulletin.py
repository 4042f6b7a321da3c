"""The bulletin: 周通报、月调度、挂牌督办通报."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import click

from renewal_gis.cli.options import AS_OF, FILE, JSON, LEDGER, PLAN, SINCE, Steps, now, whoami

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from renewal_gis.render.paper import Issue

BULLETIN_STEPS = 4


@click.command()
@PLAN
@LEDGER
@click.option(
    "--kind",
    type=click.Choice(["weekly", "monthly", "supervision"]),
    default="weekly",
    show_default=True,
    help="周通报、月调度或挂牌督办通报。",
)
@AS_OF
@SINCE
@click.option("--known-at", help="按此时已入库的记录,如 2021-10-08T18:00:00+08:00。")
@click.option("--issue", "number", type=click.IntRange(min=1), help="期号(第N期);已签发的照原样重做。")
@click.option("--sign", "signed_by", default="", metavar="WHO", help="签发人;签发后数字冻结在台账中。")
@click.option("--sign-date", type=click.DateTime(["%Y-%m-%d"]), help="签发日期;不写则为今天。")
@click.option("--force-majeure", multiple=True, metavar="UNIT", help="因不可抗力暂不排名的单位,可多次。")
@click.option("--template", type=FILE, help="本单位的 docx 模板(docxtpl);不写则用 GB/T 9704 版式。")
@click.option("--rows", is_flag=True, help="另写 rows.csv 和 findings.xlsx:每个数字是台账中的哪些行。")
@click.option("-o", "--output", type=FILE, required=True, help="输出文件夹。")
@JSON
def bulletin(
    plan_path: Path,
    ledger_path: str,
    kind: Literal["weekly", "monthly", "supervision"],
    *,
    as_of: dt.datetime | None,
    since: dt.datetime | None,
    output: Path,
    as_json: bool,
    **how: Any,
) -> None:
    """周通报、月调度、挂牌督办通报:docx、xlsx、html 和 bulletin.json,数字同源。

    期号自动接续;不签发的是草稿,签发的把全文冻结在台账中,以后用 --issue 逐字重做。

    \b
    Example:
      renewal-gis bulletin --plan plans/CITY.toml --ledger outputs/ledger.gpkg --as-of 2021-09-30 -o bulletins
      renewal-gis bulletin --plan plans/CITY.toml --ledger outputs/ledger.gpkg --as-of 2021-09-30 --sign 张某 -o bulletins
    """  # noqa: D301
    from renewal_gis.pipeline.issues import Order, publish_issue
    from renewal_gis.plan import load_plan

    plan, moment = load_plan(plan_path), now()
    if how["sign_date"] and not how["signed_by"]:
        raise click.UsageError("--sign-date 只与 --sign 同用")
    signed_on, signed_by = how.pop("sign_date") or moment, how.pop("signed_by")
    order = Order(
        kind,
        how.pop("number"),
        signed_by,
        signed_on.date() if signed_by else None,
        how.pop("template"),
        how.pop("rows"),
    )
    with Steps(BULLETIN_STEPS) as tell:
        paths, issue = publish_issue(
            plan,
            ledger_path,
            output,
            order=order,
            as_of=as_of.date() if as_of else None,
            at=moment,
            by=whoami(),
            tell=tell,
            since=since.date() if since else None,
            **how,
        )
    _finish(paths, issue, as_json=as_json)


def _finish(paths: tuple[Path, ...], issue: Issue, *, as_json: bool) -> None:
    state = f"{issue.signed_by}签发" if issue.state == "signed" else "草稿"
    if as_json:
        record = {"issue": issue.number, "state": issue.state, "files": [str(path) for path in paths]}
        click.echo(json.dumps(record, ensure_ascii=False, indent=2))
        return
    click.echo(f"第{issue.number}期({state})")
    for path in paths:
        click.echo(path)
