"""What commands share: options, exit codes, the clock, progress on the terminal."""

from __future__ import annotations

import codecs
import datetime as dt
import getpass
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from renewal_gis.vocab import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renewal_gis.findings import Finding
    from renewal_gis.plan import Plan

OK, FINDINGS, REFUSED = 0, 1, 2

FILE = click.Path(path_type=Path)
AS_OF = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="截止日期;不写则用方案的 default_as_of,从不用今天。"
)
SINCE = click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="上期日期;不写则为 7 天前(月调度为上月同日)。"
)
PLAN = click.option("--plan", "plan_path", type=FILE, required=True, help="方案文件(.toml)。")
LEDGER = click.option(
    "--ledger", "ledger_path", required=True, help="台账:FILE.gpkg 或 postgresql://用户@主机/库。"
)
OUTPUT = click.option(
    "-o", "--output", type=FILE, default=Path("outputs"), show_default=True, help="输出文件夹。"
)
BASEMAPS = click.option(
    "--basemap",
    "basemaps",
    multiple=True,
    type=click.Choice(["tianditu", "gaode"]),
    help="可选的联网底图;不写则文件不发任何请求。",
)
DAY = click.DateTime(["%Y-%m-%d"])
JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON。")


TOTAL = 13
"""Steps of a whole build; a test holds it to the number that is told."""


class Steps:
    """Tells of the steps: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, total: int = TOTAL) -> None:
        self.total = total
        self.done = 0
        shown = sys.stderr.isatty()
        self.bar = click.progressbar(length=total, label="开始", file=sys.stderr, width=24) if shown else None

    def __enter__(self) -> Self:
        if self.bar is not None:
            self.bar.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        if self.bar is not None:
            if failure[0] is None:
                self.bar.update(self.total - self.bar.pos)
            self.bar.__exit__(*failure)  # type: ignore[arg-type]

    def __call__(self, name: str) -> None:
        """Tell that a step begins."""
        self.done += 1
        if self.bar is None:
            click.echo(f"[{self.done}/{self.total}] {name}", err=True)
            return
        self.bar.label = name.ljust(8, "\u3000")
        self.bar.update(self.done - 1 - self.bar.pos)
        self.bar.render_progress()


def choose_day(plan: Plan, as_of: dt.datetime | None) -> dt.date:
    """Return the day asked for, else the plan's; never today."""
    if as_of is not None:
        return as_of.date()
    if plan.default_as_of is not None:
        return plan.default_as_of
    raise click.UsageError("方案没有 default_as_of,请用 --as-of 指定截止日期")


def now() -> dt.datetime:
    """Return the time at which something is recorded; the only place that looks at the clock."""
    return dt.datetime.now().astimezone()


def whoami() -> str:
    """Return the name under which something is recorded."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "未知"


def spare_console() -> None:
    r"""Let a console that knows no such character (GBK on Chinese Windows) show ``\uXXXX`` instead of failing.

    The escape is that of JSON, so that ``--json`` stays whole in every encoding.
    """
    codecs.register_error("renewal_escape", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="renewal_escape")


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[k : k + 4]}" for k in range(0, len(units), 4)), error.end


BY = click.option("--by", default=whoami, show_default="登录名", help="记录人。")


def tell_findings(findings: Iterable[Finding]) -> None:
    """Show findings beside the answer: on the error stream, so that the answer can be read by a program."""
    for finding in findings:
        click.echo(f"{finding.severity.zh}:{finding.text}。{finding.remedy}", err=True)


def code_of(findings: Iterable[Finding]) -> int:
    """Return the exit code that findings call for."""
    return FINDINGS if any(finding.severity is Severity.ERROR for finding in findings) else OK
