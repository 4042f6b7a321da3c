"""The model that tells likely links from unlikely ones: tables of trees, read and added up with numpy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from renewal_gis.errors import SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renewal_gis.geo.geometry import Floats
    from renewal_gis.roads.tip_features import Measures

MISSING = -99.0
BLOCK_ROWS = 16384
"""Rows taken at a time: enough that numpy's calls cost little, few enough that the answers fit in memory."""


@dataclass(frozen=True)
class Forest:
    """Trees that ask the same question on each level, so that a tree is a table of 64 leaves.

    ``names`` are the measures asked for, in order; ``feature`` and ``border`` (t, 6) say which measure is
    compared with what on each level; ``leaf`` (t, 64) is added to ``bias``. The sum is a log-odds.
    """

    names: tuple[str, ...]
    feature: NDArray[np.int64]
    border: NDArray[np.float32]
    leaf: NDArray[np.float32]
    bias: float


def sum_trees(forest: Forest, measures: Measures, /) -> Floats:
    """Log-odds of each row.

    Parameters
    ----------
    forest
        The trees.
    measures
        One array (n,) per name in ``forest.names``; NaN means "does not apply".

    Raises
    ------
    SchemaError
        A measure that the forest asks for is not there.
    """
    missing = [name for name in forest.names if name not in measures]
    if missing:
        raise SchemaError(
            f"排序模型缺少指标 {'、'.join(missing)}", remedy="模型文件与程序版本不符,请重新安装"
        )
    table = stack_measures(measures, forest.names)
    total = np.full(table.shape[1], forest.bias)
    questions = _list_questions(forest)
    for begin in range(0, table.shape[1], BLOCK_ROWS):
        total[begin : begin + BLOCK_ROWS] += _sum_block(
            forest, questions, table[:, begin : begin + BLOCK_ROWS]
        )
    return total


Questions = tuple["NDArray[np.int64]", "NDArray[np.float32]", "NDArray[np.int64]"]


def _list_questions(forest: Forest) -> Questions:
    """Each question once: its measure (sorted), its border, and which of them each level of a tree asks, (t, 6)."""
    key = (forest.feature.ravel() << 32) | forest.border.ravel().view(np.uint32)
    unique, level = np.unique(key, return_inverse=True)
    border = (unique & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
    return unique >> 32, border, level.reshape(forest.feature.shape)


def _sum_block(forest: Forest, questions: Questions, part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum over all trees for a block of columns of the table."""
    answer = _answer_all(questions, part)
    total = np.zeros(part.shape[1], np.float32)
    for asked, leaf in zip(questions[2].tolist(), forest.leaf, strict=True):
        # the six answers of a row, read as a binary number, are the number of its leaf
        number = answer[asked[5]].copy()
        for question in asked[4::-1]:
            np.add(number, number, out=number)
            np.bitwise_or(number, answer[question], out=number)
        total += leaf.take(number)
    return total


def _answer_all(questions: Questions, part: NDArray[np.float32]) -> NDArray[np.uint8]:
    """1 where a measure is above a border, (questions, columns); one measure's borders at a time."""
    feature, border, _ = questions
    answer = np.empty((len(feature), part.shape[1]), bool)
    begin = np.flatnonzero(np.r_[True, feature[1:] != feature[:-1]])
    for first, last in zip(begin, np.r_[begin[1:], len(feature)], strict=True):
        np.greater(part[feature[first]], border[first:last, None], out=answer[first:last])
    return answer.view(np.uint8)


def stack_measures(measures: Measures, names: tuple[str, ...], /) -> NDArray[np.float32]:
    """Table (len(names), n) in 32 bits, what does not apply as :data:`MISSING`."""
    table = np.stack([np.asarray(measures[name], np.float32) for name in names])
    np.nan_to_num(table, copy=False, nan=MISSING, posinf=1e9, neginf=-1e9)
    return table


def to_share(log_odds: Floats, /) -> Floats:
    """Probability 0–1 of log-odds."""
    share: Floats = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -40.0, 40.0)))
    return share


def merge_forests(forests: list[Forest], /) -> Forest:
    """One forest whose log-odds are the mean of those given; all ask for the same measures."""
    share = 1.0 / len(forests)
    return Forest(
        forests[0].names,
        np.concatenate([forest.feature for forest in forests]),
        np.concatenate([forest.border for forest in forests]),
        np.concatenate([forest.leaf for forest in forests]) * np.float32(share),
        share * sum(forest.bias for forest in forests),
    )


def pack_forest(forest: Forest, prefix: str, /) -> dict[str, Any]:
    """Arrays by which a forest is kept in the model file."""
    return {
        f"{prefix}_names": np.array(forest.names),
        f"{prefix}_feature": forest.feature.astype(np.uint8),
        f"{prefix}_border": forest.border.astype(np.float32),
        f"{prefix}_leaf": forest.leaf.astype(np.float32),
        f"{prefix}_bias": np.array(forest.bias),
    }


@cache
def read_forest(prefix: str, /) -> Forest:
    """A forest of the model that is shipped: ``filter``, ``first`` or ``second``."""
    with (
        (files("renewal_gis.roads") / "ranker.npz").open("rb") as handle,
        np.load(handle, allow_pickle=False) as arrays,
    ):
        return Forest(
            tuple(str(name) for name in arrays[f"{prefix}_names"]),
            arrays[f"{prefix}_feature"].astype(np.int64),
            arrays[f"{prefix}_border"],
            arrays[f"{prefix}_leaf"],
            float(arrays[f"{prefix}_bias"]),
        )
