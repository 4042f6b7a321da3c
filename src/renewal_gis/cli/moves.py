"""A ledger out of its place and back: export, backup, restore, from the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from renewal_gis.cli.check import SHOWN
from renewal_gis.cli.options import FILE, LEDGER


@click.command()
@LEDGER
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    help="csv、xlsx、geojson、gpkg、parquet、shp.zip 文件;- 为标准输出(csv);postgresql://… 为整本台账。",
)
@click.option("--full", is_flag=True, help="整本台账:记录、公文、方案、变更、印记,写成 .gpkg。")
@click.option("--to", "place", default="", help="整本台账搬到 FILE.gpkg 或 postgresql://…,须是新的。")
def export(ledger_path: str, output: str, place: str, *, full: bool) -> None:
    """导出项目表,首列 site_id,不含可执行的公式;或把整本台账搬到文件、数据库。

    \b
    Example:
      renewal-gis ledger export --ledger ledger.gpkg -o sites.xlsx
      renewal-gis ledger export --ledger ledger.gpkg --to postgresql://gis@server/renewal
    """  # noqa: D301
    from renewal_gis.ledger import is_server, open_ledger

    if full and output == "-" and not place:
        raise click.UsageError("--full 须用 -o 写明 .gpkg 文件")
    place = place or (output if full or is_server(output) else "")
    if place and not is_server(place) and Path(place).suffix.lower() != ".gpkg":
        raise click.UsageError(f"整本台账只能写成 .gpkg 或搬到 postgresql://,不能是 {place}")
    with open_ledger(ledger_path) as book:
        if place:
            from renewal_gis.ledger.transfer import move_ledger

            move_ledger(book, place)
            click.echo(f"ok {_tell(book.count_rows())}")
            return
        sites = book.sites()
    from renewal_gis.render import exports

    if output == "-":
        sys.stdout.buffer.write(exports.write_csv(sites).encode())
        return
    report = list(exports.export_table(sites, Path(output)))
    for finding in report[:SHOWN]:
        click.echo(f"{finding.severity.zh} {finding.site_id}:{finding.text}。{finding.remedy}", err=True)
    if len(report) > SHOWN:
        click.echo(f"……共 {len(report)} 处,见文件中的说明表", err=True)
    click.echo(f"ok {output}")


@click.command()
@LEDGER
@click.option("-o", "--output", type=FILE, required=True, help="备份文件(.gpkg),须是新的。")
def backup(ledger_path: str, output: Path) -> None:
    """备份整本台账:先核验,再写成一个文件;备份期间他人照常使用。

    \b
    Example:
      renewal-gis ledger backup --ledger ledger.gpkg -o 备份/2021-09-30.gpkg
    """  # noqa: D301
    from renewal_gis.ledger import open_ledger
    from renewal_gis.ledger.transfer import back_up

    with open_ledger(ledger_path) as book:
        back_up(book, output)
        rows = book.count_rows()
    click.echo(f"ok {output}:{_tell(rows)}")


@click.command()
@click.argument("backup_path", metavar="BACKUP", type=FILE)
@LEDGER
@click.option("--replace", is_flag=True, help="替换已有的台账文件;数据库中的台账从不替换。")
def restore(backup_path: Path, ledger_path: str, *, replace: bool) -> None:
    """用备份恢复台账:恢复前后都核验;已有台账时不覆盖,除非写明 --replace。

    \b
    Example:
      renewal-gis ledger restore 备份/2021-09-30.gpkg --ledger ledger.gpkg
    """  # noqa: D301
    from renewal_gis.ledger.transfer import restore as bring_back

    rows = bring_back(backup_path, ledger_path, replace=replace)
    click.echo(f"ok {_tell(rows)}")


def _tell(rows: dict[str, int]) -> str:
    return f"项目 {rows['site']}、记录 {rows['status_event']}、公文 {rows['office_record']}"
