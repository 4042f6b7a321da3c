"""A column of any data as a legend: categories by frequency, or numbers in five classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from renewal_gis.render import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CLASS_COLUMN = "~class"
NONE, OTHER = "none", "other"
MOST_CATEGORIES = 8
NUMBER_CLASSES = 5
_NO_WORDS = frozenset({"", "nan", "none", "null", "<na>", "nat"})
_COLORS = (
    style.BLUE, style.VERMILLION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY, style.BLACK, style.YELLOW,
)  # fmt: skip
_SHAPES = ("circle", "square", "triangle", "diamond", "pentagon", "star", "triangle_down", "hexagon")
_SCALES = (1.0, 1.0, 1.1, 1.15, 1.05, 1.3, 1.1, 1.05)
_DASHES: tuple[tuple[float, ...], ...] = (
    (), (8, 3), (2, 3), (10, 3, 2, 3), (5, 2), (14, 4), (3, 2), (8, 2, 2, 2, 2, 2),
)  # fmt: skip
_WIDTHS = (2.4, 2.0, 2.2, 1.8, 2.6, 1.6, 1.4, 2.0)
_HATCHES: tuple[dict[str, Any] | None, ...] = (
    None, {"angle": 45, "gap": 8}, {"angle": 135, "gap": 8}, {"dots": True, "gap": 7},
    {"angle": 45, "gap": 5}, {"angle": 135, "gap": 5}, None, {"dots": True, "gap": 5},
)  # fmt: skip
# light to dark in even steps, so that the order survives grey print
_RAMP = ("#F6D5A4", "#EBA35A", "#D06F27", "#9C4313", "#5A2108")
_GREY = "#8894A2"


@dataclass(frozen=True)
class Legend:
    """The classes of a status column over several layers.

    Parameters
    ----------
    column
        The column's name.
    numeric
        Whether the classes are ranges of numbers.
    codes
        For each layer the class of every row; None where the layer does not have the column.
    classes
        Pairs of code and words, in the order of the legend.
    """

    column: str
    numeric: bool
    codes: tuple[NDArray[np.object_] | None, ...]
    classes: tuple[tuple[str, str], ...]


def make_legend(frames: Sequence[pd.DataFrame], column: str, /) -> Legend:
    """Return the classes of a column, the same for every layer that has it.

    Parameters
    ----------
    frames
        The layers; those without the column are left as they are.
    column
        The column.

    Notes
    -----
    Numbers with more than eight different values make five classes of about equally many rows;
    anything else makes a class of each of the eight most frequent words, ties by the word, and one
    of the rest. Rows without a value are a class of their own.
    """
    owned = [frame.get(column) for frame in frames]
    values = pd.concat([v.astype(object) for v in owned if v is not None], ignore_index=True)
    numbers = pd.to_numeric(values.where(values.map(_is_said), None), errors="coerce")
    said = values.map(_is_said).to_numpy(dtype=bool)
    real = numbers.to_numpy(dtype=float)
    numeric = bool(
        said.any() and np.isfinite(real[said]).all() and len(np.unique(real[said])) > MOST_CATEGORIES
    )
    codes, classes = _cut_numbers(real, said) if numeric else _count_words(values, said)
    parts: list[NDArray[np.object_] | None] = []
    at = 0
    for own in owned:
        size = 0 if own is None else len(own)
        parts.append(None if own is None else codes[at : at + size])
        at += size
    return Legend(column, numeric, tuple(parts), tuple(classes))


def _is_said(value: Any) -> bool:
    return str(value).strip().lower() not in _NO_WORDS


def _cut_numbers(
    real: NDArray[np.float64], said: NDArray[np.bool_]
) -> tuple[NDArray[np.object_], list[tuple[str, str]]]:
    edges = np.unique(np.quantile(real[said], np.linspace(0, 1, NUMBER_CLASSES + 1)))
    inner = edges[1:-1]
    place = np.searchsorted(inner, real, side="right")
    codes = np.where(said, place.astype(str), NONE).astype(object)
    words = [
        (str(k), f"{_write(edges[k])} – {_write(edges[k + 1])}" if k + 1 < len(edges) else _write(edges[k]))
        for k in range(len(inner) + 1)
    ]
    return codes, words + ([(NONE, "(空)")] if not said.all() else [])


def _write(number: float) -> str:
    return f"{number:,.6g}"


def _count_words(
    values: pd.Series, said: NDArray[np.bool_]
) -> tuple[NDArray[np.object_], list[tuple[str, str]]]:
    words = values.astype(str).str.strip()
    counts = words[said].value_counts()
    order = sorted(counts.index, key=lambda word: (-counts[word], word))[:MOST_CATEGORIES]
    place = {word: str(k) for k, word in enumerate(order)}
    codes = np.where(said, words.map(lambda word: place.get(word, OTHER)), NONE).astype(object)
    classes = [(str(k), word) for k, word in enumerate(order)]
    if len(counts) > MOST_CATEGORIES:
        classes.append((OTHER, f"其他({len(counts) - MOST_CATEGORIES} 类)"))
    if not said.all():
        classes.append((NONE, "(空)"))
    return codes, classes


def looks_of(place: int, code: str, *, numeric: bool, steps: int, dashed: bool) -> dict[str, Any]:
    """Return the mark, line and area of a class (or of a whole layer) by its place in the legend.

    Parameters
    ----------
    place
        0 for the first; colours and shapes come again after the eighth.
    code
        The class; :data:`NONE` and :data:`OTHER` are grey.
    numeric, steps
        Whether the classes are a ramp, and of how many steps.
    dashed
        Whether lines may be dashed: ten thousand dashed lines are slow, and a grey mass.
    """
    if code in (NONE, OTHER):
        mark = {"shape": "circle", "color": _GREY, "scale": 0.8}
        return {"mark": mark, "line": {"color": _GREY, "width": 1.0}, "area": _area(_GREY, 0.25, None)}
    if numeric:
        step = round(place * (len(_RAMP) - 1) / max(1, steps - 1))
        color = _RAMP[step]
        mark = {"shape": "circle", "color": color, "scale": 0.75 + 0.13 * step}
        line = {"color": color, "width": 1.2 + 0.6 * step}
        return {"mark": mark, "line": line, "area": _area(color, 0.75, None)}
    k = place % MOST_CATEGORIES
    color = _COLORS[k]
    line = {"color": color, "width": _WIDTHS[k]}
    if dashed and _DASHES[k]:
        line["dash"] = list(_DASHES[k])
    mark = {"shape": _SHAPES[k], "color": color, "scale": _SCALES[k]}
    return {"mark": mark, "line": line, "area": _area(color, 0.4, _HATCHES[k])}


def _area(color: str, alpha: float, hatch: dict[str, Any] | None) -> dict[str, Any]:
    look: dict[str, Any] = {"fill": color, "alpha": alpha, "stroke": color, "width": 1.3}
    if hatch:
        look["hatch"] = {"color": color, "angle": 0, **hatch}
    return look
