"""Merging and splitting of sites, from the terminal."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from renewal_gis.cli.options import BY, DAY, LEDGER, now, tell_findings

if TYPE_CHECKING:
    import datetime as dt

DATE = click.option("--date", "day", type=DAY, required=True, help="自哪一天起。")
REASON = click.option("--reason", default="", help="原因或文号。")
KEY = click.option("--key", help="幂等键:同一键只记一次。")


@click.command()
@click.argument("sites", nargs=-1, required=True, metavar="SITE SITE…")
@click.option("--into", required=True, help="合并后的新编号。")
@LEDGER
@DATE
@REASON
@KEY
@BY
def merge(sites: tuple[str, ...], into: str, **how: Any) -> None:
    """把几个项目合并为一个。

    自该日起原项目不再单列,新项目计入;此前各日的快照仍是原项目。记录不移动、不删除:新项目的
    history 连同原项目的记录。各原项目都达到的阶段,新项目才算达到。新编号在台账中没有的,按原项目之和建立。

    \b
    Example:
      renewal-gis ledger merge A-01 A-02 --into A-21 --ledger ledger.gpkg --date 2021-08-01 --by 张某
    """  # noqa: D301
    _relate("merge", sites, (into,), **how)


@click.command()
@click.argument("site", metavar="SITE")
@click.option("--into", required=True, help="各部分的新编号,以逗号分隔。")
@click.option("--shares", default="", help="各部分的份额,如 3:2;不写则按等份,并提示核对。")
@LEDGER
@DATE
@REASON
@KEY
@BY
def split(site: str, into: str, shares: str, **how: Any) -> None:
    """把一个项目拆分为几个。

    自该日起原项目不再单列,各部分计入,数量之和不变;此前各日的快照仍是原项目。各部分承接原项目已达到的阶段。

    \b
    Example:
      renewal-gis ledger split A-01 --into A-31,A-32 --shares 3:2 --ledger ledger.gpkg --date 2021-08-01 --by 张某
    """  # noqa: D301
    parts = tuple(part.strip() for part in into.replace(",", ",").split(",") if part.strip())
    _relate("split", (site,), parts, shares=_read_shares(shares), **how)


@click.command()
@click.argument("record")
@LEDGER
@DATE
@REASON
@BY
def unlink(record: str, ledger_path: str, day: dt.datetime, reason: str, by: str) -> None:
    """撤销一次合并或拆分:原项目重新计入,由它建立的新项目不再计入;记录都在。

    \b
    Example:
      renewal-gis ledger unlink R0123456789abcdef --ledger ledger.gpkg --date 2021-08-02 --by 张某
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger

    with open_ledger(ledger_path) as book:
        number = book.undo_relation(record, date=day.date(), by=by, at=now(), reason=reason)
    click.echo(f"ok {number}")


def _relate(
    action: Any,
    parents: tuple[str, ...],
    children: tuple[str, ...],
    *,
    ledger_path: str,
    day: dt.datetime,
    reason: str,
    shares: tuple[Fraction, ...] = (),
    **who: Any,
) -> None:
    from renewal_gis.ledger import open_ledger
    from renewal_gis.ledger.relate import Kin

    kin = Kin(action, parents, children, shares, reason)
    with open_ledger(ledger_path) as book:
        number, findings = book.relate(kin, date=day.date(), at=now(), **who)
    click.echo(f"ok {number}")
    sys.stdout.flush()
    tell_findings(findings)


def _read_shares(text: str) -> tuple[Fraction, ...]:
    words = text.replace(":", ":").replace(",", ":").split(":") if text else []
    try:
        return tuple(Fraction(word.strip()) for word in words)
    except (ValueError, ZeroDivisionError) as error:
        raise click.BadParameter(f"“{text}”无法识别,请写成 3:2 的形式", param_hint="--shares") from error
