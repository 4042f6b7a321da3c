"""Datums and projections: the shift of Chinese web maps, metric guards, local projections.

A datum is declared by whoever sends the data and never guessed here. Coordinates are always
ordered x (longitude, easting), y (latitude, northing).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion
from pyproj.exceptions import CRSError

from renewal_gis.errors import CrsError

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Pair = tuple[Floats, Floats]

FrameT = TypeVar("FrameT", bound="gpd.GeoDataFrame | gpd.GeoSeries")

GCJ_AXIS_M = 6378245.0
"""Semi-major axis of the Krasovsky ellipsoid, which the published shift uses."""
GCJ_ECCENTRICITY2 = 0.00669342162296594323
GCJ_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north: outside of this box the published shift is nil."""
INVERSE_DEG = 1e-10
"""The inversions stop when a step is shorter than this; the error that remains is below 1e-9°."""
WIDEST_DEG = 10.0
"""Beyond this width a single transverse Mercator strip stretches lengths by over 0.3 %."""

_BD_WAVE = np.pi * 3000.0 / 180.0
_MAX_STEPS = 30
_OLD_DATUMS = ("beijing 1954", "xian 1980", "xi'an 1980", "new beijing")


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return GCJ-02 coordinates of WGS-84 (or CGCS2000) ones.

    Parameters
    ----------
    lon, lat
        Degrees, of any shape that broadcasts. NaN stays NaN.

    Returns
    -------
    tuple of ndarray
        Longitude and latitude in degrees. Outside of :data:`GCJ_BOX` they are unchanged.

    Notes
    -----
    The shift has no official formula. This is the reverse-engineered one that the public
    ``eviltransform`` project documents: a quadratic polynomial and sines of the offsets from
    105°E 35°N, in metres, divided by the radii of curvature of the Krasovsky ellipsoid. It agrees
    with the tiles of Chinese web maps to about a metre; never use it for a cadastre.
    WGS 84 and CGCS2000 differ by less than 0.1 m here and are taken as one.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02(116.404, 39.915)
    >>> round(float(lon), 6), round(float(lat), 6)
    (116.410244, 39.916404)
    """
    lon, lat = _as_floats(lon, lat)
    dlon, dlat = _gcj_shift(lon, lat)
    inside = _in_box(lon, lat)
    return np.where(inside, lon + dlon, lon), np.where(inside, lat + dlat, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return WGS-84 coordinates of GCJ-02 ones, by iteration.

    Parameters
    ----------
    lon, lat
        Degrees, of any shape that broadcasts. NaN stays NaN.

    Returns
    -------
    tuple of ndarray
        Longitude and latitude in degrees; the error is below 1e-9° (0.1 mm) against
        :func:`wgs84_to_gcj02`. Outside of :data:`GCJ_BOX` they are unchanged; within some 600 m of
        the edge of that box the published shift has no unique inverse.

    Notes
    -----
    One pass, as most published code does it, leaves an error of 1.6 to 3 m. The shift changes by
    less than 1 % of the distance moved, so that each step of the iteration gains two digits.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(116.404, 39.915))
    >>> round(float(lon), 9), round(float(lat), 9)
    (116.404, 39.915)
    """
    lon, lat = _as_floats(lon, lat)

    def forward(x: Floats, y: Floats) -> Pair:
        dlon, dlat = _gcj_shift(x, y)
        return x + dlon, y + dlat

    back_lon, back_lat = _invert(forward, lon, lat)
    inside = _in_box(lon, lat)
    return np.where(inside, back_lon, lon), np.where(inside, back_lat, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return BD-09 coordinates of GCJ-02 ones.

    Parameters
    ----------
    lon, lat
        Degrees, of any shape that broadcasts. NaN stays NaN.

    Returns
    -------
    tuple of ndarray
        Longitude and latitude in degrees.

    Notes
    -----
    The published reverse-engineered formula: a small wave on radius and angle in the plane of
    degrees, then a constant offset of 0.0065°, 0.006°.

    Examples
    --------
    >>> lon, lat = gcj02_to_bd09(116.404, 39.915)
    >>> round(float(lon), 6), round(float(lat), 6)
    (116.410369, 39.921337)
    """
    lon, lat = _as_floats(lon, lat)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_WAVE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return GCJ-02 coordinates of BD-09 ones, by iteration.

    Parameters
    ----------
    lon, lat
        Degrees, of any shape that broadcasts. NaN stays NaN.

    Returns
    -------
    tuple of ndarray
        Longitude and latitude in degrees; the error is below 1e-9° against :func:`gcj02_to_bd09`.

    Examples
    --------
    >>> lon, lat = bd09_to_gcj02(116.404, 39.915)
    >>> round(float(lon), 5), round(float(lat), 5)
    (116.39763, 39.90866)
    """
    lon, lat = _as_floats(lon, lat)
    return _invert(gcj02_to_bd09, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return WGS-84 coordinates of BD-09 ones: both inversions, one after the other."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Return BD-09 coordinates of WGS-84 ones: both shifts, one after the other."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def _as_floats(lon: ArrayLike, lat: ArrayLike) -> Pair:
    pair = np.broadcast_arrays(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    return pair[0], pair[1]


def _in_box(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = GCJ_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _gcj_shift(lon: Floats, lat: Floats) -> Pair:
    """Return the shift in degrees, without regard to the box."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    short_waves = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    east_waves = short_waves + _waves(x, 20.0, 40.0, 150.0, 300.0)
    north_waves = short_waves + _waves(y, 20.0, 40.0, 160.0, 320.0)
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + east_waves * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + north_waves * 2.0 / 3.0
    sine = np.sin(np.radians(lat))
    curve = 1.0 - GCJ_ECCENTRICITY2 * sine * sine
    meridian_m = GCJ_AXIS_M * (1.0 - GCJ_ECCENTRICITY2) / curve**1.5
    parallel_m = GCJ_AXIS_M / np.sqrt(curve) * np.cos(np.radians(lat))
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _waves(t: Floats, a1: float, a3: float, a12: float, a30: float) -> Floats:
    """Sum the sines of periods 2, 6, 24 and 60 degrees."""
    waves: Floats = (
        a1 * np.sin(np.pi * t)
        + a3 * np.sin(np.pi * t / 3.0)
        + a12 * np.sin(np.pi * t / 12.0)
        + a30 * np.sin(np.pi * t / 30.0)
    )
    return waves


def _invert(forward: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """Find what ``forward`` maps to the given points; the shift must be a contraction."""
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(_MAX_STEPS):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        step_lon, step_lat = there_lon - lon, there_lat - lat
        guess_lon, guess_lat = guess_lon - step_lon, guess_lat - step_lat
        steps = np.abs(np.concatenate([step_lon.ravel(), step_lat.ravel()]))
        if not (steps >= INVERSE_DEG).any():  # NaN compares false, so a gap never blocks the end
            break
    return guess_lon, guess_lat


def read_crs(crs: object) -> CRS:
    """Return a reference system from whatever names one.

    Raises
    ------
    CrsError
        None, or a name that PROJ does not know.
    """
    if crs is None:
        raise CrsError("没有坐标系", remedy="请声明坐标系(如 EPSG:4490);坐标系只能声明,不可猜测")
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise CrsError(f"不认识坐标系“{str(crs)[:80]}”", remedy="请用 EPSG 编号,如 EPSG:4547") from error


def require_metric(crs: object) -> CRS:
    """Return the system if lengths may be measured in it.

    Raises
    ------
    CrsError
        No system; degrees; another unit than the metre; or the web Mercator projection, in which
        areas at 37°N are 1.55 times too large.
    """
    found = read_crs(crs)
    remedy = "先转换到方案的 crs_metric(米制投影,如 EPSG:4547)"
    if not found.is_projected:
        raise CrsError(f"坐标系 {name_crs(found)} 以度为单位,不能量距离和面积", remedy=remedy)
    if any(abs(axis.unit_conversion_factor - 1.0) > 1e-12 for axis in found.axis_info[:2]):
        raise CrsError(f"坐标系 {name_crs(found)} 不以米为单位", remedy=remedy)
    if "pseudo" in str(found.coordinate_operation and found.coordinate_operation.method_name).lower():
        raise CrsError(f"坐标系 {name_crs(found)} 是网络墨卡托,面积失真,不能量算", remedy=remedy)
    return found


def to_metric(frame: FrameT, crs_metric: object) -> FrameT:
    """Return the frame (or series) in a projection in which it may be measured.

    Parameters
    ----------
    frame
        Any reference system, but it must have one. It is not written to.
    crs_metric
        The plan's ``crs_metric``.

    Raises
    ------
    CrsError
        The frame has no system, the target is not metric, or the datum is Beijing 54 or Xi'an 80
        and the target's is not: PROJ would move nothing and say nothing, an error of some 100 m.
    """
    target = require_metric(crs_metric)
    check_datum(frame.crs, target=target)
    return frame.to_crs(target)


def check_datum(crs: object, *, target: object = "EPSG:4490") -> None:
    """Refuse a change of datum for which no parameters are published.

    Raises
    ------
    CrsError
        ``crs`` is on Beijing 54 or Xi'an 80 and ``target`` is on another datum.
    """
    source, goal = read_crs(crs), read_crs(target)
    datum = _datum_name(source)
    if any(old in datum for old in _OLD_DATUMS) and datum != _datum_name(goal):
        raise CrsError(
            f"{name_crs(source)} 属旧基准({datum}),与 {name_crs(goal)} 之间没有公开的转换参数",
            remedy="请由测绘部门转换为 CGCS2000 后再报,或提供转换参数、控制点",
        )


def _datum_name(crs: CRS) -> str:
    geodetic = crs.geodetic_crs
    return geodetic.datum.name.lower() if geodetic is not None and geodetic.datum is not None else ""


def name_crs(crs: CRS) -> str:
    """Return ``EPSG:n`` where there is one, else the system's own name."""
    epsg = crs.to_epsg()
    return f"EPSG:{epsg}" if epsg else crs.name


@lru_cache(maxsize=64)
def make_transformer(source: str, target: str) -> Transformer:
    """Return a transformer that takes and gives x before y (longitude before latitude)."""
    return Transformer.from_crs(read_crs(source), read_crs(target), always_xy=True)


def choose_local_metric(data: gpd.GeoDataFrame | gpd.GeoSeries | tuple[float, float, float, float]) -> CRS:
    """Return a metric projection centred on the data, for when no plan names one.

    Parameters
    ----------
    data
        A frame with a reference system, or its bounds (west, south, east, north) in CGCS2000 degrees.

    Returns
    -------
    CRS
        Transverse Mercator of scale 1 on the central meridian, on the datum of the data. The
        meridian is rounded to 0.5° and the origin's latitude to 1°, so that two extracts of one
        city get the same system.

    Raises
    ------
    CrsError
        The frame has no system or no coordinates, the bounds are not degrees, or the data is wider
        than :data:`WIDEST_DEG`.

    Notes
    -----
    Up to 1° from the meridian lengths are true to 1.2 parts in 10,000. Not for results that are
    handed on as surveyed coordinates: those belong in the plan's Gauss–Krüger belt.

    Examples
    --------
    >>> choose_local_metric((114.1, 36.3, 114.9, 36.9)).name
    'local transverse Mercator 114.5E 37N'
    """
    west, south, east, north, geodetic = _degree_bounds(data)
    if not (-180 <= west <= east <= 180 and -90 < south <= north < 90):
        raise CrsError(
            f"范围 {west:g}, {south:g}, {east:g}, {north:g} 不是经纬度", remedy="请核对坐标系的声明"
        )
    if east - west > WIDEST_DEG:
        raise CrsError(f"数据东西跨 {east - west:.1f} 度,没有适用的单一米制投影", remedy="请按城市分开计算")
    lon0 = float(np.floor((west + east) + 0.5) / 2.0)
    lat0 = float(np.floor((south + north) / 2.0 + 0.5))
    sides = "E" if lon0 >= 0 else "W", "N" if lat0 >= 0 else "S"
    name = f"local transverse Mercator {abs(lon0):g}{sides[0]} {abs(lat0):g}{sides[1]}"
    strip = TransverseMercatorConversion(
        latitude_natural_origin=lat0, longitude_natural_origin=lon0, false_easting=500000.0
    )
    return CRS(ProjectedCRS(conversion=strip, name=name, geodetic_crs=geodetic))


def _degree_bounds(data: Any) -> tuple[float, float, float, float, CRS]:
    if isinstance(data, tuple):
        west, south, east, north = (float(side) for side in data)
        return west, south, east, north, CRS("EPSG:4490")
    source = read_crs(data.crs)
    bounds = np.asarray(data.total_bounds, dtype=float)
    if not np.isfinite(bounds).all():
        raise CrsError("没有坐标,无法选定米制投影", remedy="请核对该图层是否为空")
    geodetic = read_crs(source.geodetic_crs)
    if source.is_projected:
        move = Transformer.from_crs(source, geodetic, always_xy=True)
        bounds = np.asarray(move.transform_bounds(*bounds))
    west, south, east, north = (float(side) for side in bounds)
    return west, south, east, north, geodetic
