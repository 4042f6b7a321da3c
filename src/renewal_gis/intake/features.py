"""The records of a layer as they stand in a file, and how raw columns become them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from renewal_gis.findings import Report


@dataclass(frozen=True)
class Features:
    """The records of one layer as they stand in the file.

    ``shapes[i]`` is None where there is no geometry; ``faults[i]`` says what is wrong with it, or is
    empty. ``crs`` is None where the file does not say.
    """

    file: str
    layer: str
    names: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    shapes: np.ndarray[Any, Any]
    faults: tuple[str, ...]
    crs: Any
    findings: Report = field(default_factory=Report)
    cut_names: tuple[str, ...] = ()
    repairs: dict[int, str] = field(default_factory=dict)


class Record(Mapping[Any, Any]):
    """One row of :class:`Records`: what its columns hold at one place."""

    __slots__ = ("columns", "place")

    def __init__(self, columns: Mapping[Any, Sequence[Any]], place: int) -> None:
        self.columns = columns
        self.place = place

    def __getitem__(self, key: Any) -> Any:
        """Return the value under a name."""
        return self.columns[key][self.place]

    def __iter__(self) -> Iterator[Any]:
        """Walk the names."""
        return iter(self.columns)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self.columns)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value under a name, or the default."""
        column = self.columns.get(key)
        return default if column is None else column[self.place]


class Records(Sequence[Record]):
    """Rows over columns: a million rows need no million dictionaries.

    Parameters
    ----------
    columns
        Name (or place) → values, all of one length. They are shared, not copied.
    size
        How many rows there are.
    """

    def __init__(self, columns: Mapping[Any, Sequence[Any]], size: int) -> None:
        self.columns = columns
        self.size = size

    def __len__(self) -> int:
        """Count the rows."""
        return self.size

    def __getitem__(self, place: Any) -> Any:
        """Return the row at a place, or the rows of a slice."""
        if isinstance(place, slice):
            return [Record(self.columns, k) for k in range(*place.indices(self.size))]
        if not -self.size <= place < self.size:
            raise IndexError(place)
        return Record(self.columns, place % self.size)

    def rename(self, names: Mapping[Any, Any], /) -> Records:
        """Return the same rows under other keys: new key → old key."""
        return Records({new: self.columns[old] for new, old in names.items()}, self.size)


def zip_rows(names: Sequence[str], columns: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    """Return the rows of columns; what is not a number is None."""
    if not columns:
        return ()
    plain = {
        name: [None if _is_nan(v) else v for v in column.tolist()]
        for name, column in zip(names, columns, strict=True)
    }
    return Records(plain, len(columns[0]))


def take_column(rows: Sequence[Mapping[Any, Any]], key: Any, /) -> Sequence[Any]:
    """Return what all rows hold under a key; None where they hold nothing."""
    if isinstance(rows, Records) and key in rows.columns:
        return rows.columns[key]
    return [row.get(key) for row in rows]


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
