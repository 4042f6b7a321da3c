"""Urban renewal by plan: ledger, districts, progress, road gaps, coverage, maps and bulletins.

The functions named in ``__all__`` are the public ones; each is imported when it is first asked for,
so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "load_plan": "plan",
    "load_inputs": "pipeline.inputs",
    "keep_inputs": "pipeline.survey",
    "survey_city": "pipeline.survey",
    "find_gaps": "pipeline.gaps",
    "publish_survey": "publish",
    "assign_districts": "analysis.locate",
    "locate_sites": "analysis.locate",
    "measure_progress": "analysis.progress",
    "measure_coverage": "analysis.coverage",
    "measure_reach": "analysis.reach",
    "reconcile": "analysis.reconcile",
    "build_streets": "roads.network",
    "find_dead_ends": "roads.dead_ends",
    "suggest_links": "roads.links",
    "find_defects": "roads.defects",
    "measure_benefit": "roads.benefit",
    "verify_opened": "roads.verify",
    "save_offline": "render.webmap.offline",
    "draw_status": "render.printmap",
}

__all__ = sorted(["__version__", *_HOMES])  # noqa: PLE0605 - the table above is the one list of names


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
