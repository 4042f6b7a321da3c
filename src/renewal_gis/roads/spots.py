"""Places in a network where something is found, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints

TOUCH_M = 0.02
"""Nearer than this a line touches the other one but is not broken there."""
AIM_M, AIM_SHARE = 0.01, 0.045
"""A line aims at a place if it would miss it by less than this, or than this share of the way there."""


@dataclass(frozen=True)
class Spots:
    """Faults found so far: place, kind, size and the two streets (``other`` is -1 where there is none)."""

    xy: Floats
    size: Floats
    street: Ints
    other: Ints

    def take(self, keep: Flags | Ints) -> Spots:
        """Only the places flagged or numbered."""
        return Spots(self.xy[keep], self.size[keep], self.street[keep], self.other[keep])


def make_none() -> Spots:
    """No place at all."""
    none = np.empty(0, dtype=np.int64)
    return Spots(np.empty((0, 2)), np.empty(0), none, none)


def join_spots(*parts: Spots) -> Spots:
    """All places, in the order of the parts."""
    parts = parts or (make_none(),)
    return Spots(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("xy", "size", "street", "other")
        )
    )


def drop_near(spots: Spots, others: Spots, distance_m: float) -> Spots:
    """Leave out what lies beside a fault that was found before: one place, one fault."""
    if len(spots.xy) == 0 or len(others.xy) == 0:
        return spots
    tree = shapely.STRtree(shapely.points(others.xy))
    hit, _ = tree.query(shapely.points(spots.xy), predicate="dwithin", distance=distance_m)
    return spots.take(~np.isin(np.arange(len(spots.xy)), hit))


def drop_beside(spots: Spots, lines: np.ndarray, distance_m: float) -> Spots:
    """Leave out what lies on a line that is drawn twice: it goes with the line."""
    if len(spots.xy) == 0 or len(lines) == 0:
        return spots
    hit, _ = shapely.STRtree(lines).query(shapely.points(spots.xy), predicate="dwithin", distance=distance_m)
    return spots.take(~np.isin(np.arange(len(spots.xy)), hit))


def thin_spots(spots: Spots, distance_m: float) -> Spots:
    """Keep the first of faults that lie within a distance of each other."""
    if len(spots.xy) == 0:
        return spots
    points = shapely.points(spots.xy)
    first, second = shapely.STRtree(points).query(points, predicate="dwithin", distance=distance_m)
    keep = np.ones(len(points), dtype=bool)
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        if one < other and keep[one]:
            keep[other] = False
    return spots.take(keep)
