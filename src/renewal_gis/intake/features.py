"""The records of a layer as they stand in a file, and how raw columns become them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from renewal_gis.findings import Report

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Features:
    """The records of one layer as they stand in the file.

    ``shapes[i]`` is None where there is no geometry; ``faults[i]`` says what is wrong with it, or is
    empty. ``crs`` is None where the file does not say.
    """

    file: str
    layer: str
    names: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    shapes: np.ndarray[Any, Any]
    faults: tuple[str, ...]
    crs: Any
    findings: Report = field(default_factory=Report)
    cut_names: tuple[str, ...] = ()
    repairs: dict[int, str] = field(default_factory=dict)


def zip_rows(names: Sequence[str], columns: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """Return the rows of columns; what is not a number is None."""
    if not columns:
        return ()
    plain = [[None if _is_nan(v) else v for v in column.tolist()] for column in columns]
    return tuple(dict(zip(names, values, strict=True)) for values in zip(*plain, strict=True))


def _is_nan(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def read_wkb(wkb: Any, count: int) -> tuple[Any, tuple[str, ...]]:
    """Return shapes and, for each, why it could not be read; an unclosed ring is closed."""
    if wkb is None:
        return np.full(count, None, dtype=object), ("",) * count
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    faults = [""] * len(shapes)
    for row in np.flatnonzero(shapely.is_missing(shapes)):
        if wkb[row] is None:
            continue
        shapes[row] = shapely.from_wkb(wkb[row], on_invalid="fix")
        faults[row] = "" if shapes[row] is not None else "图形无法读取(环未闭合 ring 或顶点太少)"
    return shapes, tuple(faults)
