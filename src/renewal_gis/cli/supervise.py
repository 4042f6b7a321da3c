"""The board (挂牌督办) from the terminal: a person opens, extends and delists; the ledger keeps it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import FILE, JSON, LEDGER, choose_day, now

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import pandas as pd

DAY = click.DateTime(["%Y-%m-%d"])
DATE = click.option("--date", "day", type=DAY, required=True, help="办理日期。")
DEADLINE = click.option("--deadline", type=DAY, required=True, help="整改时限。")
BY = click.option("--by", required=True, help="经办人。")
NUMBER = click.argument("number", metavar="NUMBER")


@click.group()
def supervise() -> None:
    """挂牌督办:挂牌、延期、申请摘牌、摘牌,一件一号,全部记入台账。"""


@supervise.command("open")
@LEDGER
@click.option("--site", "site_id", default="", help="项目编号;或")
@click.option(
    "--unit", default="", help="责任单位全称(未分解的目标写“全市”),与 --target 或 --programme 同用。"
)
@click.option("--target", "target_id", default="", help="目标编号:该单位该目标滞后。")
@click.option("--programme", default="", help="专项代码:该单位该专项长期未更新。")
@click.option("--reason", default="", help="理由;不写则采用当日的挂牌建议及其数字。")
@DEADLINE
@DATE
@BY
def open_(ledger_path: str, day: dt.datetime, deadline: dt.datetime, by: str, **matter: str) -> None:
    """挂牌:确认一条建议,或写明理由另立一件;回答编号。

    \b
    Example:
      renewal-gis supervise open --ledger ledger.gpkg --unit 甲区 --target T1 --date 2021-10-08 --deadline 2021-10-31 --by 张某
    """  # noqa: D301
    from renewal_gis.pipeline.supervise import Entry, open_listing

    entry = Entry(day.date(), by, now())
    click.echo(f"ok {open_listing(ledger_path, entry=entry, deadline=deadline.date(), **matter)}")


@supervise.command()
@NUMBER
@LEDGER
@DEADLINE
@click.option("--reason", required=True, help="延期理由。")
@DATE
@BY
def extend(
    number: str, ledger_path: str, deadline: dt.datetime, reason: str, day: dt.datetime, by: str
) -> None:
    """延期:写明理由和新时限;此前的摘牌申请随之失效。

    \b
    Example:
      renewal-gis supervise extend 2021-001 --ledger ledger.gpkg --deadline 2021-11-15 --reason 连续降雨 --date 2021-10-29 --by 张某
    """  # noqa: D301
    from renewal_gis.pipeline.supervise import Entry, extend_listing

    entry = Entry(day.date(), by, now())
    extend_listing(ledger_path, number, entry=entry, deadline=deadline.date(), reason=reason)
    click.echo(f"ok {number}")


@supervise.command("request-delisting")
@NUMBER
@LEDGER
@click.option("--reason", required=True, help="整改情况。")
@DATE
@BY
def request_delisting(number: str, ledger_path: str, reason: str, day: dt.datetime, by: str) -> None:
    """申请摘牌:责任单位写明整改情况,等待现场核查。

    \b
    Example:
      renewal-gis supervise request-delisting 2021-001 --ledger ledger.gpkg --reason 3个小区全部完工 --date 2021-10-28 --by 李某
    """  # noqa: D301
    from renewal_gis.pipeline import supervise as board

    board.request_delisting(ledger_path, number, entry=board.Entry(day.date(), by, now()), reason=reason)
    click.echo(f"ok {number}")


@supervise.command()
@NUMBER
@LEDGER
@click.option("--evidence", default="", help="依据:现场核查情况。")
@click.option("--file", type=FILE, help="依据的文件;记下名称、大小和 SHA-256。")
@DATE
@BY
def delist(
    number: str, ledger_path: str, evidence: str, file: Path | None, day: dt.datetime, by: str
) -> None:
    """摘牌:须先申请,并有依据(文字或文件)。

    \b
    Example:
      renewal-gis supervise delist 2021-001 --ledger ledger.gpkg --evidence 现场核查合格 --file 验收单.pdf --date 2021-11-02 --by 张某
    """  # noqa: D301
    from renewal_gis.pipeline import supervise as board

    entry = board.Entry(day.date(), by, now())
    board.delist(ledger_path, number, entry=entry, text=evidence, file=file)
    click.echo(f"ok {number}")


@supervise.command("list")
@LEDGER
@click.option("--as-of", type=DAY, help="截止日期;不写则用方案的 default_as_of。")
@click.option("--known-at", help="按此时已入库的记录,如 2021-10-08T18:00:00+08:00。")
@click.option("--proposals", is_flag=True, help="同时列出尚未挂牌的建议。")
@JSON
def list_(
    ledger_path: str, as_of: dt.datetime | None, known_at: str | None, *, proposals: bool, as_json: bool
) -> None:
    """某日的督办件及其状态;加 --proposals 列出建议。

    \b
    Example:
      renewal-gis supervise list --ledger ledger.gpkg --as-of 2021-10-31 --proposals
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger
    from renewal_gis.pipeline.supervise import look_at_board

    with open_ledger(ledger_path) as book:
        plan = book.plan()
    day = choose_day(plan, as_of)
    board = look_at_board(ledger_path, as_of=day, known_at=known_at)
    proposed = _propose(plan, ledger_path, day, known_at) if proposals else None
    if as_json:
        click.echo(_to_json(board, proposed))
        return
    _tell_board(board, day)
    for row in [] if proposed is None else proposed.to_dict("records"):
        what = f"--target {row['target']}" if row["target"] else f"--programme {row['programme']}"
        click.echo(
            f"建议 {row['unit']} {row['subject']} {row['reason']}(supervise open --unit {row['unit']} {what})"
        )


def _propose(plan: Any, ledger_path: str, day: dt.date, known_at: str | None) -> pd.DataFrame:
    from renewal_gis.pipeline.report import survey_for_report
    from renewal_gis.schema import make_empty
    from renewal_gis.schema_review import PROPOSALS

    survey = survey_for_report(plan, ledger_path, as_of=day, known_at=known_at, tell=lambda _: None)
    return survey.review.proposals if survey.review else make_empty(PROPOSALS)


def _tell_board(board: pd.DataFrame, day: dt.date) -> None:
    from renewal_gis.vocab import ListingState

    if board.empty:
        click.echo(f"截至 {day} 没有督办件")
    for row in board.to_dict("records"):
        late = f",逾期 {row['days_overdue']} 天" if row["days_overdue"] else ""
        step = f",{row['measure']}" if row["measure"] else ""
        state = ListingState(row["state"]).zh
        click.echo(
            f"{row['number']} {row['unit']} {row['subject']} {state}{late}{step} "
            f"{row['opened']:%Y-%m-%d} 挂牌,时限 {row['deadline']:%Y-%m-%d} {row['reason']}"
        )


def _to_json(board: pd.DataFrame, proposed: pd.DataFrame | None) -> str:
    def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
        text = frame.map(lambda value: value if isinstance(value, (int, str, bool)) else _write(value))
        return [{str(key): value for key, value in row.items()} for row in text.to_dict("records")]

    record = {"listings": plain(board)}
    if proposed is not None:
        record["proposals"] = plain(proposed)
    return json.dumps(record, ensure_ascii=False, indent=2)


def _write(value: Any) -> Any:
    import pandas as pd

    if value is None or value is pd.NaT or value is pd.NA:
        return None
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else float(value)
