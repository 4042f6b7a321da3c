"""Who has a facility near on foot: coverage along the walking network, before and after new links.

Land is looked at through sample points on a grid; each point walks. The share of a plot is the share
of its points that reach a facility. Points stand every 25 m, closer in plots below two hectares, so that
each has about 25 of them or more: the line that divides a plot is known to half a step, and sums over
many plots far better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from renewal_gis.analysis.coverage import Pieces, check_facilities, cut_land, list_rows, shapes_of
from renewal_gis.analysis.walking import (
    Stops,
    Walks,
    build_walks,
    find_stops,
    measure_walks,
    open_links,
    pass_links,
    spread_walks,
)
from renewal_gis.geo.crs import to_metric
from renewal_gis.schema import COVERAGE, REACH_GAINS, UNITS, check_frame, make_empty
from renewal_gis.vocab import Measure, Scenario

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from renewal_gis.plan import Plan
    from renewal_gis.rules import Facility

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Shapes = NDArray[np.object_]
    Flags = NDArray[np.bool_]

STEP_M = 25.0
"""Distance of the sample points."""
OFF_M = 300.0
"""A home farther than this from every street is not on the network."""
ENTRANCE_M = 30.0
"""A park is entered from anywhere along its edge: one entrance at most this far from the next."""
MET = 0.5
"""Share of a compound's land from which an indicator must be within reach to count as met."""


@dataclass(frozen=True)
class FootCoverage:
    """What walking tells.

    ``rows`` is COVERAGE (measure ``network``; scenario ``before`` and, with links, ``after``).
    ``plots`` has a row for each plot of land, on its index: the share within reach of each facility
    type (columns by code, NaN for plots outside of all districts) and ``met``, the number of types
    that at least half of its land reaches. ``gains`` has a row for each link and facility type for
    which opening that link alone brings land within reach: ``rank``, ``facility``, ``land_m2``,
    ``households`` (NaN where the land's households are not known).
    """

    rows: pd.DataFrame
    plots: pd.DataFrame
    gains: pd.DataFrame


@dataclass(frozen=True)
class _Samples:
    """Sample points: where they enter the network, and the piece of land each stands for."""

    stops: Stops
    piece: Ints
    counts: Floats


@dataclass(frozen=True)
class _Known:
    """One facility type as things are: where it is entered, how far nodes are, which samples reach it, where links end."""

    sources: Stops
    node_m: Floats
    reached: Flags
    tips: Stops


def measure_foot_coverage(  # the four layers, the plan, and what may be built
    land: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    plan: Plan,
    *,
    links: gpd.GeoDataFrame | None = None,
    step_m: float = STEP_M,
) -> FootCoverage:
    """Return how much residential land, and how many households, reach facilities on foot.

    Parameters
    ----------
    land, facilities, units, plan
        As in :func:`renewal_gis.analysis.coverage.measure_coverage`.
    streets
        STREETS.
    links
        LINKS that may be opened; ``rank`` names them in ``gains``. All of them together are the
        scenario ``after``.
    step_m
        Distance of the sample points, metres.

    Raises
    ------
    CrsError, SchemaError
        A frame without reference system or columns.

    Notes
    -----
    Motorways are not walked; all other streets are, both ways. Crossing times, stairs and gates are
    not known to it. Detected links are 疑似: what they would gain is a reason for a visit, not a
    promise.
    """
    check_frame(units, UNITS)
    check_facilities(facilities)
    pieces = cut_land(land, units, plan)
    points = to_metric(facilities, plan.crs_metric)
    network = to_metric(streets, plan.crs_metric)
    stubs = None if links is None or links.empty else to_metric(links, plan.crs_metric)
    walks = build_walks(network)
    samples = _take_samples(pieces, walks, step_m)
    later = None if stubs is None else open_links(walks, np.asarray(stubs.geometry.array, dtype=object))
    rows: list[dict[str, object]] = []
    shares: dict[str, Floats] = {}
    gains: list[pd.DataFrame] = []
    for kind in plan.facilities:
        doors = _find_doors(shapes_of(points, kind))
        sources = find_stops(walks, doors, off_m=OFF_M)
        node_m = spread_walks(walks, sources, limit_m=kind.reach_m)
        reached = measure_walks(walks, node_m, samples.stops, sources) <= kind.reach_m
        shares[kind.id] = _share(reached, samples)
        rows += _tell(kind, pieces, shares[kind.id], units, Scenario.BEFORE)
        if later is not None and stubs is not None:
            opened, tips = later
            after_m, doors_and_tips = pass_links(opened, sources, tips, limit_m=kind.reach_m)
            after = measure_walks(opened, after_m, samples.stops, doors_and_tips) <= kind.reach_m
            rows += _tell(kind, pieces, _share(after, samples), units, Scenario.AFTER)
            known = _Known(sources, node_m, reached, tips)
            gains.append(_list_gains(walks, samples, pieces, stubs, kind, known))
    columns = list(COVERAGE.columns)
    found = pd.concat(gains, ignore_index=True) if gains else make_empty(REACH_GAINS)
    return FootCoverage(pd.DataFrame(rows, columns=columns), _list_plots(land, pieces, shares), found)


def _take_samples(pieces: Pieces, walks: Walks, step_m: float) -> _Samples:
    points, piece = _grid(pieces, step_m)
    counts = np.bincount(piece, minlength=len(pieces.shape)).astype(np.float64)
    return _Samples(find_stops(walks, points, off_m=OFF_M), piece, counts)


def _grid(pieces: Pieces, step_m: float) -> tuple[Shapes, Ints]:
    """Return sample points and the piece of each: small pieces have a finer grid, every one has a point."""
    found, owner = [], []
    for k, shape in enumerate(pieces.shape):
        if shapely.is_empty(shape):
            continue
        left, low, right, high = shapely.bounds(shape)
        step = min(step_m, np.sqrt(shapely.area(shape)) / 5) or step_m
        x = np.arange(left + step / 2, right, step)
        y = np.arange(low + step / 2, high, step)
        xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        inside = xy[shapely.contains_xy(shape, xy[:, 0], xy[:, 1])]
        if not len(inside):
            inside = shapely.get_coordinates(shapely.point_on_surface(shape))
        found.append(inside)
        owner.append(np.full(len(inside), k))
    xy = np.concatenate(found) if found else np.empty((0, 2))
    return shapely.points(xy), np.concatenate(owner).astype(np.int64) if owner else np.empty(
        0, dtype=np.int64
    )


def _find_doors(shapes: Shapes) -> Shapes:
    """Return where facilities are entered: points as they are, areas and lines anywhere along their edge."""
    flat = shapely.get_dimensions(shapes) > 0
    edges = np.where(shapely.get_dimensions(shapes[flat]) == 2, shapely.boundary(shapes[flat]), shapes[flat])
    along = shapely.get_coordinates(shapely.segmentize(edges, ENTRANCE_M)) if flat.any() else np.empty((0, 2))
    single = shapely.get_coordinates(shapes[~flat])
    return np.asarray(shapely.points(np.concatenate([single, along])), dtype=object)


def _share(reached: Flags, samples: _Samples) -> Floats:
    hits = np.bincount(samples.piece, reached, len(samples.counts))
    return np.asarray(hits / np.maximum(samples.counts, 1.0))


def _tell(
    kind: Facility, pieces: Pieces, share: Floats, units: gpd.GeoDataFrame, scenario: Scenario
) -> list[dict[str, object]]:
    rows = list_rows(kind, pieces, share * pieces.area_m2, units)
    return [row | {"measure": Measure.NETWORK.value, "scenario": scenario.value} for row in rows]


def _list_plots(land: gpd.GeoDataFrame, pieces: Pieces, shares: dict[str, Floats]) -> pd.DataFrame:
    size = len(land)
    area_m2 = np.bincount(pieces.plot, pieces.area_m2, size)
    columns = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for facility, share in shares.items():
            columns[facility] = np.bincount(pieces.plot, share * pieces.area_m2, size) / area_m2
    table = pd.DataFrame(columns, index=land.index, dtype=np.float64)
    table["met"] = (table >= MET).sum(axis=1)
    return table


def _list_gains(
    walks: Walks, samples: _Samples, pieces: Pieces, links: gpd.GeoDataFrame, kind: Facility, known: _Known
) -> pd.DataFrame:
    """Return what each link would bring within reach if it alone were opened."""
    lines = np.asarray(links.geometry.array, dtype=object)
    stops, count = known.tips, len(lines)
    here = measure_walks(walks, known.node_m, stops, known.sources)
    across = np.concatenate([here[count:], here[:count]]) + np.tile(shapely.length(lines), 2)
    land_each = pieces.area_m2 / np.maximum(samples.counts, 1.0)
    homes_each = pieces.households / np.maximum(samples.counts, 1.0)
    rows = []
    for k in range(count):
        # whoever comes over the link must come sooner than without it
        ends = [end for end in (k, k + count) if across[end] < min(here[end], kind.reach_m)]
        if not ends:
            continue
        one = Stops(stops.street[ends], stops.along_m[ends], across[ends])
        way_m = measure_walks(walks, spread_walks(walks, one, limit_m=kind.reach_m), samples.stops, one)
        fresh = samples.piece[(way_m <= kind.reach_m) & ~known.reached]
        if len(fresh):
            rows.append((links["rank"].iloc[k], kind.id, land_each[fresh].sum(), homes_each[fresh].sum()))
    return pd.DataFrame(rows, columns=list(REACH_GAINS.columns))
