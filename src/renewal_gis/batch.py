"""Many cities, on one machine or on many: one picklable unit of work each, resumable, no failure stops the rest.

What is finished is recognised by its manifest: the same inputs, the same day, the same version, and
products that agree with it. So a batch that was killed goes on where it stopped, and nothing else keeps
track of it. Work is handed out by the standard library's process pool, or by a ``dask.distributed``
scheduler that runs already; the units read and write files of their own and send back one small value.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renewal_gis import __version__
from renewal_gis.errors import InputError, RenewalError
from renewal_gis.files import write_bytes
from renewal_gis.vocab import SIMULATED

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

SUMMARY = "summary.json"
STATES = {"made": "已完成", "kept": "此前已完成", "failed": "失败"}


@dataclass(frozen=True)
class Task:
    """One project to build: the plan's file, the folder of its products, and how it is looked at."""

    plan_path: str
    output: str
    as_of: str | None
    at: str
    by: str


@dataclass(frozen=True)
class Outcome:
    """What became of a project: ``state`` is ``made``, ``kept`` (done before) or ``failed`` with a reason."""

    plan_path: str
    output: str
    state: str
    city: str = ""
    as_of: str = ""
    reason: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0
    simulated: bool = False
    counts: dict[str, Any] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)


def list_tasks(
    plans: Iterable[Path], output: Path, /, *, as_of: dt.date | None, at: dt.datetime, by: str
) -> list[Task]:
    """Return a task for each plan file; each has a folder named after its file, or after that of ``plan.toml``.

    A name with ``*`` or ``?`` that is no file stands for all that match: Windows leaves that to us.

    Raises
    ------
    InputError
        Two plans have one name, or there is none.
    """
    paths = [path.resolve() for plan in plans for path in _match(plan)]
    names = [path.stem if path.stem != "plan" else path.parent.name for path in paths]
    if not paths:
        raise InputError("没有方案", remedy="请列出方案文件")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"有同名方案:{'、'.join(sorted(twice))}", remedy="成果文件夹以方案文件命名,请改名")
    day = None if as_of is None else as_of.isoformat()
    return [
        Task(str(path), str(output / name), day, at.isoformat(), by)
        for path, name in zip(paths, names, strict=True)
    ]


def _match(plan: Path) -> list[Path]:
    if plan.exists() or not set("*?") & set(plan.name):
        return [plan]
    return sorted(plan.parent.glob(plan.name))


def run_batch(
    tasks: list[Task], /, *, workers: int, scheduler: str = "", tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Build all projects and return what became of each, in the order of the tasks.

    Parameters
    ----------
    tasks
        From :func:`list_tasks`.
    workers
        Processes on this machine.
    scheduler
        Address of a running ``dask.distributed`` scheduler, which then does the work instead.
    tell
        Is told each outcome when it is known.

    Raises
    ------
    InputError
        A scheduler was named but ``distributed`` is not installed, or nobody answers there.
    """
    known: dict[int, Outcome] = {}
    with _ask_scheduler(scheduler) if scheduler else _start_pool(workers) as (submit, wait):
        futures = {submit(run_task, task): place for place, task in enumerate(tasks)}
        for future in wait(futures):
            place = futures[future]
            try:
                known[place] = future.result()
            except Exception as error:  # noqa: BLE001 - a worker that died must not take the others along
                task = tasks[place]
                known[place] = Outcome(
                    task.plan_path, task.output, "failed", reason=f"进程中断:{type(error).__name__} {error}"
                )
            tell(known[place])
    return [known[place] for place in range(len(tasks))]


@contextmanager
def _start_pool(workers: int) -> Iterator[tuple[Any, Any]]:
    # fresh processes: a forked one would share the parent's threads and GDAL handles
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=8) as pool:
        yield pool.submit, as_completed


@contextmanager
def _ask_scheduler(address: str) -> Iterator[tuple[Any, Any]]:
    try:
        from distributed import Client  # noqa: PLC0415  # an optional package
        from distributed import as_completed as wait  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "没有安装 distributed", remedy='请先安装:pip install "renewal-gis[batch]"'
        ) from error
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise InputError(f"调度器 {address} 没有应答", remedy="请核对地址,先启动 dask scheduler") from error
    with client:
        yield lambda work, task: client.submit(work, task, pure=False), wait


def run_task(task: Task, /) -> Outcome:
    """Build one project, unless its products are there already; any failure is told, none is raised."""
    begin = time.perf_counter()
    try:
        outcome = _build(task)
    except RenewalError as error:
        outcome = {"state": "failed", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 - one city's surprise must not stop the others
        outcome = {"state": "failed", "reason": f"{type(error).__name__}: {error}"}
    return Outcome(
        task.plan_path,
        task.output,
        seconds=round(time.perf_counter() - begin, 2),
        peak_mb=_measure_peak_mb(),
        **outcome,
    )


def _build(task: Task) -> dict[str, Any]:
    import datetime as dt  # noqa: PLC0415

    from renewal_gis.pipeline.inputs import load_inputs  # noqa: PLC0415  # only in the process that builds
    from renewal_gis.pipeline.project import build_project  # noqa: PLC0415
    from renewal_gis.plan import load_plan  # noqa: PLC0415

    plan_path = Path(task.plan_path)
    plan = load_plan(plan_path)
    day = plan.default_as_of if task.as_of is None else dt.date.fromisoformat(task.as_of)
    if day is None:
        raise InputError("方案没有 default_as_of", place=task.plan_path, remedy="请用 --as-of 指定截止日期")
    output = Path(task.output)
    files = [plan_path, *(plan.path_of(name) for s in plan.sources for name in (s.path, s.geometry) if name)]
    done = _find_done(output, plan.id, day, files)
    if done is not None:
        return _tell(done, "kept")
    inputs = load_inputs(plan)
    published = build_project(
        plan,
        inputs,
        output,
        as_of=day,
        at=dt.datetime.fromisoformat(task.at),
        by=task.by,
        tell=lambda _: None,
        paths=[plan_path, *inputs.paths],
    )
    return _tell(published.manifest, "made")


def _find_done(output: Path, plan_id: str, day: dt.date, files: list[Path]) -> dict[str, Any] | None:
    """Return the manifest of products that are whole and were made from what is there now."""
    from renewal_gis.publish import MANIFEST, check_outputs  # noqa: PLC0415

    try:
        if list(check_outputs(output)):
            return None
        manifest: dict[str, Any] = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        same = (manifest["plan"]["id"], manifest["as_of"], manifest["versions"]["renewal_gis"])
        seals = {entry["sha256"] for entry in manifest["inputs"]}
        current = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    except (RenewalError, OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if same == (plan_id, day.isoformat(), __version__) and seals == current else None


def _tell(manifest: dict[str, Any], state: str) -> dict[str, Any]:
    return {
        "state": state,
        "city": manifest["plan"]["city"],
        "as_of": manifest["as_of"],
        "simulated": manifest["simulated"],
        "counts": manifest["counts"],
        "findings": manifest["findings"],
    }


def _measure_peak_mb() -> float:
    try:
        import resource  # noqa: PLC0415  # not on Windows
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if sys.platform != "darwin" else 1024**2), 1)


def write_summary(outcomes: list[Outcome], folder: Path, /) -> list[Path]:
    """Write what became of all projects: numbers by key, a workbook with a row for each, one map of all units.

    Raises
    ------
    PublishError
        The folder cannot be written.
    """
    from renewal_gis.pipeline.layers import run_map  # noqa: PLC0415  # maps take a second to import
    from renewal_gis.render.batch_summary import gather_units, write_workbook  # noqa: PLC0415

    told = {"version": __version__, "projects": [asdict(outcome) for outcome in outcomes]}
    paths = [folder / SUMMARY, folder / "summary.xlsx"]
    write_bytes(paths[0], (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())
    write_bytes(paths[1], write_workbook([asdict(outcome) for outcome in outcomes], states=STATES))
    good = [outcome for outcome in outcomes if outcome.state != "failed"]
    if good:
        layer, page = folder / "summary.gpkg", folder / "summary.html"
        write_bytes(layer, gather_units([(one.city, Path(one.output), one.as_of) for one in good]))
        mark = f"({SIMULATED})" if any(one.simulated for one in good) else ""
        run_map([f"各城市责任单位={layer}"], page, label="名称", status="城市", title=f"批量汇总{mark}")
        paths += [layer, page]
    return paths
