"""Where the names on a printed map go, so that none lies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from rtree import index

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Box = tuple[float, float, float, float]
_OUTSIDE_COST, _CROWD_COST, _CLASH_COST = 40.0, 25.0, 1000.0
_STEPS, _DEEP_ENOUGH = 24, 0.75


@dataclass(frozen=True, slots=True)
class Label:
    """A label to be placed: its size and the area it speaks of, in map metres."""

    key: str
    width_m: float
    height_m: float
    area: BaseGeometry


def place_labels(
    labels: Sequence[Label],
    *,
    marks: NDArray[np.float64],
    taken: Iterable[Box] = (),
    mark_m: float = 0.0,
) -> dict[str, tuple[float, float]]:
    """Return the centre of each label.

    The labels with the least room choose first. A place is good when the label lies within its
    area, on few marks and near the middle; one that touches a label already placed, or a box of
    ``taken``, is used only if there is no other.

    Parameters
    ----------
    labels
        What is to be placed; areas in any metric reference system.
    marks
        Coordinates of the symbols, shape (n, 2), same system.
    taken
        Boxes (west, south, east, north) that no label may touch.
    mark_m
        Radius of a symbol, metres.

    Returns
    -------
    dict
        Key of the label to (x, y).
    """
    placed = index.Index()
    count = 0
    for box in taken:
        placed.insert(count, box)
        count += 1
    crowd = shapely.STRtree(np.asarray(shapely.points(marks.reshape(-1, 2)), dtype=object))
    centres: dict[str, tuple[float, float]] = {}
    for label in sorted(labels, key=lambda each: (each.area.area / (each.width_m * each.height_m), each.key)):
        spots = _find_spots(label.area)
        costs = _weigh_spots(label, spots, crowd, mark_m)
        best = _choose_spot(label, spots, costs, placed)
        centres[label.key] = (float(spots[best, 0]), float(spots[best, 1]))
        placed.insert(count, _box_at(label, spots[best]))
        count += 1
    return centres


def _find_spots(area: BaseGeometry) -> NDArray[np.float64]:
    """The middle of the area's widest place, then a grid over it."""
    west, south, east, north = area.bounds
    step = max(east - west, north - south) / _STEPS or 1.0
    xs, ys = np.meshgrid(np.arange(west, east + step, step), np.arange(south, north + step, step))
    grid = np.column_stack([xs.ravel(), ys.ravel()])
    inside = grid[shapely.contains_xy(area, grid[:, 0], grid[:, 1])]
    return np.vstack([_find_middle(area, step), inside])


def _find_middle(area: BaseGeometry, step: float) -> NDArray[np.float64]:
    """The centroid where it lies about as deep inside as any place, else the deepest place, shape (1, 2)."""
    circle = shapely.maximum_inscribed_circle(np.array([area]), tolerance=step / 4)
    centroid = shapely.centroid(area)
    deep = shapely.distance(centroid, shapely.boundary(area)) if shapely.contains(area, centroid) else 0.0
    if deep > _DEEP_ENOUGH * shapely.length(circle)[0]:
        return shapely.get_coordinates(centroid)
    return shapely.get_coordinates(circle)[:1]


def _weigh_spots(
    label: Label, spots: NDArray[np.float64], crowd: shapely.STRtree, mark_m: float
) -> NDArray[np.float64]:
    """Distance from the middle in label heights, plus what sticks out, plus the marks below."""
    half = np.array([label.width_m, label.height_m]) / 2
    boxes = shapely.box(*(spots - half).T, *(spots + half).T)
    shapely.prepare(label.area)
    inside = shapely.area(shapely.intersection(boxes, label.area)) / (label.width_m * label.height_m)
    cost = np.hypot(*(spots - spots[0]).T) / label.height_m + _OUTSIDE_COST * (1 - inside)
    wide = shapely.box(*(spots - half - mark_m).T, *(spots + half + mark_m).T)
    hits = crowd.query(wide, predicate="intersects")[0]
    covered = np.bincount(hits, minlength=len(spots))
    return np.asarray(cost + _CROWD_COST * np.log1p(covered))


def _choose_spot(
    label: Label, spots: NDArray[np.float64], costs: NDArray[np.float64], placed: index.Index
) -> int:
    order = np.argsort(costs, kind="stable")
    for spot in order:
        if placed.count(_box_at(label, spots[spot])) == 0:
            return int(spot)
    clashes = np.array([placed.count(_box_at(label, spot)) for spot in spots])
    return int(np.argmin(costs + _CLASH_COST * clashes))


def _box_at(label: Label, spot: NDArray[np.float64]) -> Box:
    x, y = float(spot[0]), float(spot[1])
    dx, dy = label.width_m / 2, label.height_m / 2
    return (x - dx, y - dy, x + dx, y + dy)
