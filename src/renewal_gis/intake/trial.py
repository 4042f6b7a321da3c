"""A first reading by a process of its own: what makes GDAL crash, hang or swell must not take ours along."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from renewal_gis.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 10
LIMIT_BYTES = 4 << 30
MOST_BYTES = 32 << 20
"""Larger files are read once only: a second reading would cost more than the process itself (0.2 s)."""
MOST_PACKED_BYTES = 2 << 20
"""The same for OpenStreetMap's PBF, which unpacks to twenty times its size."""

_CODE = f"""
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({LIMIT_BYTES}, {LIMIT_BYTES}))
    resource.setrlimit(resource.RLIMIT_CPU, ({LIMIT_S}, {LIMIT_S}))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
for heavy in ("pandas", "geopandas", "pyarrow", "shapely", "pyproj"):
    sys.modules[heavy] = None
import pyogrio.raw
for name, kind in pyogrio.list_layers(sys.argv[1]):
    pyogrio.raw.read(sys.argv[1], layer=name)
"""


def try_reading(copy: Path, /, *, name: str, size: int) -> None:
    """Let another process read all layers of a file once, under limits of time and memory.

    Parameters
    ----------
    copy
        A private copy that passed the gate.
    name
        What the file is called, for messages.
    size
        Its bytes; beyond :data:`MOST_BYTES` (PBF: :data:`MOST_PACKED_BYTES`) nothing is tried.

    Raises
    ------
    InputError
        The reader crashed or took longer than :data:`LIMIT_S`. What it merely refuses is no matter here:
        the reading proper tells that better.
    """
    if size > (MOST_PACKED_BYTES if copy.suffix == ".pbf" else MOST_BYTES):
        return
    command = [sys.executable, "-E", "-c", _CODE, str(copy)]
    before = _time_children()
    try:
        run = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)  # noqa: S603  # our own code
    except subprocess.TimeoutExpired as error:
        if _time_children() - before < LIMIT_S / 2:
            return  # the machine is busy: the file has had no time to prove anything
        raise InputError(
            f"读取超过 {LIMIT_S} 秒没有结束,已中止(文件可能损坏 corrupt)",
            place=name,
            remedy="请重新导出后再报",
        ) from error
    if run.returncode < 0:
        raise InputError(
            f"读取程序崩溃(信号 {-run.returncode}),文件损坏(corrupt)", place=name, remedy="请重新导出后再报"
        )


def _time_children() -> float:
    """Return the processor time of the processes that we started and that have ended, seconds."""
    spent = os.times()
    return spent.children_user + spent.children_system
