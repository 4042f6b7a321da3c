"""The terminal: arguments, exit codes, the clock, progress bars.

Each command translates one function of the library. Heavy imports wait inside the
commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from renewal_gis import __version__
from renewal_gis.errors import RenewalError
from renewal_gis.vocab import DefectKind, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renewal_gis.findings import Finding
    from renewal_gis.pipeline.gaps import GapsSummary
    from renewal_gis.plan import Plan
    from renewal_gis.vocab import Label

OK, FINDINGS, REFUSED = 0, 1, 2
SHOWN = 10
"""Findings shown on the terminal; the rest are counted."""

FILE = click.Path(path_type=Path)
AS_OF = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="截止日期;不写则用方案的 default_as_of,从不用今天。"
)
PLAN = click.option("--plan", "plan_path", type=FILE, required=True, help="方案文件(.toml)。")
LEDGER = click.option("--ledger", type=FILE, required=True, help="台账(.gpkg)。")
JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON。")


class Commands(click.Group):
    """A group that turns our errors into one message and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal ends with its message, not with a traceback."""
        try:
            return super().invoke(ctx)
        except RenewalError as error:
            click.echo(f"错误:{error}", err=True)
            ctx.exit(REFUSED)


class Steps:
    """Tells of the steps: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, total: int) -> None:
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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="renewal-gis")
@click.option("-v", "--verbose", is_flag=True, help="逐步说明。")
def main(*, verbose: bool) -> None:
    """城市更新台账、断头路、覆盖率与离线地图。

    \b
    Example:
      renewal-gis build plans/CITY.toml --as-of 2021-09-30
    """  # noqa: D301
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(name)s: %(message)s")


@main.command()
@click.argument("plan_path", metavar="PLAN", type=FILE)
@AS_OF
@click.option("--ledger", type=FILE, help="台账;不写则为输出文件夹中的 ledger.gpkg。")
@click.option("-o", "--output", type=FILE, default=Path("outputs"), show_default=True, help="输出文件夹。")
@JSON
@click.pass_context
def build(
    ctx: click.Context,
    plan_path: Path,
    as_of: dt.datetime | None,
    ledger: Path | None,
    output: Path,
    *,
    as_json: bool,
) -> None:
    """从方案到地图、插图、周通报和图层,一次做完。

    \b
    Example:
      renewal-gis build plans/CITY.toml --as-of 2021-09-30 -o outputs
    """  # noqa: D301
    from renewal_gis import publish
    from renewal_gis.pipeline import survey as steps
    from renewal_gis.pipeline.inputs import load_inputs
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path)
    day = _choose_day(plan, as_of)
    ledger = ledger or output / "ledger.gpkg"
    with Steps(2 + steps.STEPS + publish.STEPS) as tell:
        tell("读取数据")
        inputs = load_inputs(plan)
        tell("写入台账")
        kept = steps.keep_inputs(inputs, ledger, plan, at=_now(), by=_whoami())
        survey = steps.survey_city(plan, inputs, ledger, as_of=day, tell=tell)
        paths = [plan_path.resolve(), *inputs.paths]
        published = publish.publish_survey(survey, output, inputs=paths, ledger_path=ledger, tell=tell)
    _tell_build(published.manifest, [str(path) for path in published.files], as_json=as_json)
    ctx.exit(FINDINGS if published.manifest["findings"]["error"] else OK)


def _tell_build(manifest: dict[str, Any], files: list[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(manifest, ensure_ascii=False, indent=2))
        return
    found = manifest["findings"]
    mark = "(模拟数据)" if manifest["simulated"] else ""
    click.echo(f"{manifest['plan']['city']} 截至 {manifest['as_of']}{mark}")
    for target, count in manifest["counts"].items():
        task = "—" if count["task"] is None else count["task"]
        click.echo(f"  {target:5} 完成 {count['done']}/{task} {count['measure']}(台账 {count['ledger']})")
    click.echo(
        f"核查:错误 {found['error']}、警告 {found['warning']}、提示 {found['info']},见 reports/findings.xlsx"
    )
    click.echo("成果:")
    for file in files:
        click.echo(f"  {file}")


@main.command()
@click.argument("roads", type=FILE)
@click.option(
    "-o", "--output", type=FILE, required=True, help="输出 .gpkg(四个图层)或 .parquet(拟打通路段)。"
)
@click.option("--plan", "plan_path", type=FILE, help="方案文件:取其米制投影。")
@click.option("--crs", help="米制投影,如 EPSG:4547。")
@click.option("--study-area", type=FILE, help="研究范围:范围边界即数据边缘。")
@click.option("--barriers", type=FILE, help="河流、铁路。")
@click.option("--planned", type=FILE, help="规划道路中心线。")
@click.option("--sites", type=FILE, help="项目点位:计受益。")
@click.option("--buildings", type=FILE, help="建筑轮廓:穿越者降低优先度。")
@click.option(
    "--reach", "reach_m", type=click.FloatRange(min=1), default=300.0, show_default=True, help="搜索距离,米。"
)
@click.option("--layer", help="图层名:文件有多个图层时须写明。")
@JSON
@click.pass_context
def gaps(
    ctx: click.Context, roads: Path, output: Path, *, as_json: bool, plan_path: Path | None, **options: Any
) -> None:
    """找疑似断头路,给出拟打通路段、理由和次序。

    \b
    Example:
      renewal-gis gaps data/sites/roads.simulated.parquet -o gaps.gpkg --plan plans/CITY.toml
    """  # noqa: D301
    from renewal_gis.pipeline.gaps import run_gaps
    from renewal_gis.plan import load_plan

    plan = load_plan(plan_path) if plan_path else None
    summary = run_gaps(roads, output, plan=plan, **options)
    if as_json:
        click.echo(json.dumps(summary.to_record(), ensure_ascii=False, indent=2, default=str))
    else:
        _tell_gaps(summary)
    ctx.exit(_code_of(summary.findings))


def _tell_gaps(summary: GapsSummary) -> None:
    click.echo(
        f"读到 {summary.read} 条:接收 {summary.accepted}、修复 {summary.repaired}、隔离 {summary.quarantined};"
        f"按 {summary.crs_metric} 量算,用时 {summary.seconds} 秒"
    )
    click.echo(f"道路 {summary.streets} 条;断头 {_list_counts(summary.dead_ends, Verdict)}")
    click.echo(f"数据缺陷 {_list_counts(summary.defects, DefectKind)}")
    click.echo(
        f"拟打通路段 {summary.links} 处,其中评分不低于 0.5 的 {summary.links_likely} 处({summary.note})"
    )
    for finding in summary.findings[:SHOWN]:
        click.echo(f"{finding.severity.zh} {finding.file} 第 {finding.row or '—'} 行:{finding.text}")
    if len(summary.findings) > SHOWN:
        click.echo(f"……共 {len(summary.findings)} 条意见,全部见 --json")
    for path in summary.outputs:
        click.echo(f"  {path}")


def _list_counts(counts: Mapping[str, int], words: type[Label]) -> str:
    return "、".join(f"{words(code).zh} {count}" for code, count in counts.items()) or "无"


def _code_of(findings: Iterable[Finding]) -> int:
    return FINDINGS if any(finding.severity is Severity.ERROR for finding in findings) else OK


@main.group()
def plan() -> None:
    """方案文件:检查、格式。"""


@plan.command("check")
@click.argument("plan_path", metavar="PLAN", type=FILE)
def plan_check(plan_path: Path) -> None:
    """读入方案,列出目标、口径和数据来源。

    \b
    Example:
      renewal-gis plan check plans/CITY.toml
    """  # noqa: D301
    from renewal_gis.plan import load_plan

    found = load_plan(plan_path)
    click.echo(f"{found.title}({found.city},{found.signed} 签发)")
    for target in found.targets:
        task = "未给数,台账口径" if target.task is None else f"{target.task} {target.measure}"
        click.echo(f"  {target.id:5} {target.indicator}:{task},{target.deadline} 止({target.source})")
    for note in found.footnotes():
        click.echo(f"  口径:{note}")


@plan.command("schema")
def plan_schema() -> None:
    """输出方案文件的 JSON Schema。

    \b
    Example:
      renewal-gis plan schema > plans/plan.schema.json
    """  # noqa: D301
    from renewal_gis.plan import plan_schema as make_schema

    click.echo(make_schema(), nl=False)


def _choose_day(plan: Plan, as_of: dt.datetime | None) -> dt.date:
    if as_of is not None:
        return as_of.date()
    if plan.default_as_of is not None:
        return plan.default_as_of
    raise click.UsageError("方案没有 default_as_of,请用 --as-of 指定截止日期")


def _now() -> dt.datetime:
    return dt.datetime.now().astimezone()


def _whoami() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "未知"
