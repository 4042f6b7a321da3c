"""Digitising faults in road data: places to mend on the drawing board, not in the city."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.geo.geometry import require_metric
from renewal_gis.roads.crossings import find_crossings, find_stubs, sort_crossings, sort_overshoots
from renewal_gis.roads.doubles import find_doubles, find_exact, find_folds
from renewal_gis.roads.levels import judge_crossings
from renewal_gis.roads.loose_ends import find_short_ends, find_split_nodes
from renewal_gis.roads.network import build_streets
from renewal_gis.roads.pieces import Pieces, cut_pieces
from renewal_gis.roads.spots import TOUCH_M, Spots, drop_beside, drop_near, join_spots, thin_spots
from renewal_gis.vocab import DefectKind

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Ints
    from renewal_gis.roads.segments import Segments

REACH_M = 2.25
"""What is further apart than this is taken for what it is drawn as."""

REPAIRS = {
    DefectKind.UNDERSHOOT: "延长端点 {size:.2f} 米接到相邻道路,并在接点处打断",
    DefectKind.OVERSHOOT: "在交点处打断,删去过头的 {size:.2f} 米",
    DefectKind.UNSNAPPED_CROSSING: "在交点处打断两条线,形成路口;确为立体交叉的请标注桥梁、隧道或层",
    DefectKind.DUPLICATE: "与相邻线重复(最大相距 {size:.2f} 米),删去其中一条",
    DefectKind.SPLIT_NODE: "把相距 {size:.2f} 米的节点并为一个",
}


def find_defects(
    roads: gpd.GeoDataFrame, /, *, reach_m: float = REACH_M, segments: Segments | None = None
) -> gpd.GeoDataFrame:
    """Places where the lines of a network were drawn wrongly, one point each.

    Parameters
    ----------
    roads
        Lines in a projected CRS in metres, or streets as :func:`build_streets` makes them. ``bridge``,
        ``tunnel`` and ``layer`` keep roads of different level apart.
    reach_m
        Largest fault that is looked for, metres.
    segments
        What :func:`cut_segments` made of the same streets, to save the making.

    Returns
    -------
    GeoDataFrame
        DEFECTS: ``kind`` (undershoot, overshoot, unsnapped_crossing, duplicate, split_node),
        ``size_m`` (how far apart what should meet is; 0 for a crossing), ``repair``, ``street_id``
        and ``other_id`` of the streets concerned; a point where the fault is.

    Raises
    ------
    CrsError
        ``roads`` has no CRS or not one in metres.

    Notes
    -----
    Roads of different level never count, nor do carriageways side by side further apart than
    ``reach_m``. A crossing whose level nobody wrote down is judged by its surroundings
    (:func:`renewal_gis.roads.levels.judge_crossings`). These are proposals to the editor of the
    data; nothing is mended here, and none of them is a missing road.
    """
    require_metric(roads, name="路网")
    streets = roads if "from_node" in roads.columns else build_streets(roads)
    ids = streets.index.to_numpy()
    if len(streets) == 0:
        return _make_table({}, ids, roads.crs)
    pieces = cut_pieces(streets, segments=segments)
    a, b = pairs = pieces.segments.pair_boxes(reach_m=reach_m)
    same = pieces.level[pieces.street[a]] == pieces.level[pieces.street[b]]
    doubles = join_spots(
        find_doubles(pieces, streets, a[same], b[same], reach_m), find_folds(pieces, streets)
    )
    free = same & ~np.isin(pieces.street[a], doubles.street) & ~np.isin(pieces.street[b], doubles.street)
    a, b = a[free], b[free]
    past, crossings = find_crossings(pieces, a, b, reach_m)
    overshoots, passed = sort_overshoots(pieces, past, reach_m)
    overshoots = join_spots(overshoots, find_stubs(pieces, doubles, reach_m))
    taken = np.concatenate([past.street, doubles.street])
    undershoots, splits = find_short_ends(pieces, np.asarray(streets.geometry.values), taken, reach_m)
    crossed, crossings = sort_crossings(pieces, crossings, reach_m)
    splits = thin_spots(join_spots(passed, splits, crossed, find_split_nodes(pieces, a, b, reach_m)), reach_m)
    splits = drop_near(splits, undershoots, reach_m)
    crossings = drop_near(drop_near(crossings, splits, 2 * reach_m), overshoots, 2 * reach_m)
    drawn_twice = np.asarray(streets.geometry.values)[doubles.street]
    undershoots, overshoots, splits, crossings = (
        drop_beside(spots, drawn_twice, 2 * reach_m) for spots in (undershoots, overshoots, splits, crossings)
    )
    crossings = _judge_levels(pieces, streets, crossings, *pairs)
    found = {
        DefectKind.UNDERSHOOT: undershoots,
        DefectKind.OVERSHOOT: overshoots,
        DefectKind.UNSNAPPED_CROSSING: crossings,
        DefectKind.DUPLICATE: doubles if streets is roads else join_spots(doubles, find_exact(roads)),
        DefectKind.SPLIT_NODE: splits,
    }
    return _make_table(found, ids, roads.crs)


def mark_doubles(lines: gpd.GeoDataFrame, /) -> gpd.GeoDataFrame:
    """DEFECTS of lines that are known to be drawn twice, at their middles."""
    middle = shapely.line_interpolate_point(np.asarray(lines.geometry.values), 0.5, normalized=True)
    none = np.full(len(lines), -1, dtype=np.int64)
    spots = Spots(shapely.get_coordinates(middle), np.zeros(len(lines)), none, none)
    return _make_table({DefectKind.DUPLICATE: spots}, none, lines.crs)


def find_plain_crossings(
    roads: gpd.GeoDataFrame, /, *, reach_m: float = REACH_M
) -> tuple[gpd.GeoDataFrame, Pieces, Spots]:
    """Streets, their segments, and every crossing without a node that is no overshoot, of whatever level.

    What :mod:`renewal_gis.roads.levels` is trained on.
    """
    streets = build_streets(roads)
    pieces = cut_pieces(streets)
    _, crossings = find_crossings(pieces, *pieces.segments.pair_boxes(reach_m=reach_m), reach_m)
    return streets, pieces, crossings


def _make_table(found: dict[DefectKind, Spots], ids: np.ndarray, crs: Any) -> gpd.GeoDataFrame:
    """One table of all kinds; a touch that is not broken counts as an unsnapped crossing."""
    kinds: list[str] = []
    for kind, spots in found.items():
        touch = kind in (DefectKind.UNDERSHOOT, DefectKind.OVERSHOOT)
        kinds += [DefectKind.UNSNAPPED_CROSSING if touch and size < TOUCH_M else kind for size in spots.size]
    spots = join_spots(*found.values())
    return gpd.GeoDataFrame(
        {
            "kind": pd.Series([str(kind) for kind in kinds], dtype=object),
            "size_m": np.round(spots.size, 3),
            "repair": pd.Series(
                [
                    REPAIRS[DefectKind(kind)].format(size=size)
                    for kind, size in zip(kinds, spots.size, strict=True)
                ],
                dtype=object,
            ),
            "street_id": _name_streets(spots.street, ids),
            "other_id": _name_streets(spots.other, ids),
        },
        geometry=shapely.points(spots.xy) if len(kinds) else [],
        crs=crs,
    )


def _name_streets(street: Ints, ids: np.ndarray) -> np.ndarray:
    return np.array([ids[k] if k >= 0 else -1 for k in street.tolist()], dtype=np.int64)


def _judge_levels(pieces: Pieces, streets: gpd.GeoDataFrame, crossings: Spots, a: Ints, b: Ints) -> Spots:
    """Leave out crossings on two levels; those that say so themselves help to judge the others."""
    apart = pieces.level[pieces.street[a]] != pieces.level[pieces.street[b]]
    _, told = find_crossings(pieces, a[apart], b[apart], 0.0)
    every = join_spots(crossings, told)
    tagged = np.arange(len(every.xy)) >= len(crossings.xy)
    return every.take(judge_crossings(streets, pieces, every.xy, every.street, every.other, tagged))
