"""Gauss–Krüger belts of CGCS2000: which one planar coordinates belong to.

Surveys write eastings with the belt's number in front (38 500 000) or without (500 000); the two
look alike in a file and are 38,000 km apart on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renewal_gis.errors import CrsError
from renewal_gis.geo.crs import name_crs, read_crs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Belt:
    """A Gauss–Krüger belt of CGCS2000.

    ``zone`` is the belt's number, ``prefixed`` tells whether it stands before the easting
    (38 500 000 against 500 000).
    """

    width_deg: int
    central_deg: int
    zone: int
    prefixed: bool
    epsg: int


def make_belt(central_deg: int, *, width_deg: int = 3, prefixed: bool = False) -> Belt:
    """Return the belt of a central meridian.

    Raises
    ------
    CrsError
        No belt of that width has that meridian (3°: 75, 78 … 135; 6°: 75, 81 … 135).

    Examples
    --------
    >>> make_belt(114).epsg, make_belt(114, prefixed=True).epsg
    (4547, 4526)
    """
    if width_deg not in (3, 6) or not 75 <= central_deg <= 135 or (central_deg - 75) % width_deg:
        raise CrsError(
            f"没有中央经线为 {central_deg}° 的 {width_deg} 度带",
            remedy="3 度带为 75、78…135,6 度带为 75、81…135",
        )
    step = (central_deg - 75) // width_deg
    if width_deg == 3:
        return Belt(3, central_deg, 25 + step, prefixed, (4513 if prefixed else 4534) + step)
    return Belt(6, central_deg, 13 + step, prefixed, (4491 if prefixed else 4502) + step)


def find_belt(x: ArrayLike, y: ArrayLike, *, central_deg: int | None = None, width_deg: int = 3) -> Belt:
    """Return the belt that planar coordinates belong to, by their magnitude.

    Parameters
    ----------
    x, y
        Eastings and northings in metres.
    central_deg, width_deg
        The declared meridian and width. They must be given for eastings without a belt number,
        since those look the same in every belt; where the number is there, they must agree with it.

    Raises
    ------
    CrsError
        No coordinates; axes swapped; several belts in one file; neither form of easting; no
        meridian declared; or one declared that the numbers contradict.

    Examples
    --------
    >>> find_belt([38512345.0], [4050000.0]).epsg
    4526
    >>> find_belt([512345.0], [4050000.0], central_deg=114).epsg
    4547
    """
    zone, east = _zone_of(x, y)
    return _belt_of_zone(zone, east, central_deg, width_deg)


def _zone_of(x: ArrayLike, y: ArrayLike) -> tuple[int, Floats]:
    """Return the number before the eastings (0 for none) and the eastings that are known."""
    east, north = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    known = np.isfinite(east) & np.isfinite(north)
    if not known.any():
        raise CrsError("没有坐标,无法判断投影带", remedy="请核对该图层是否为空")
    east, north = east[known], north[known]
    if not ((north > 0) & (north < 6.2e6)).all() or _are_swapped(east, north):
        raise CrsError(
            f"坐标({east[0]:.0f}, {north[0]:.0f})的纵横轴似乎颠倒", remedy="横坐标(东)在前,纵坐标(北)在后"
        )
    zones = np.unique(np.floor(east / 1e6).astype(int))
    if len(zones) > 1:
        raise CrsError(
            f"一份数据混有多个投影带:{'、'.join(map(str, zones))}", remedy="请分带报送或统一到一个带"
        )
    return int(zones[0]), east


def _are_swapped(east: Floats, north: Floats) -> bool:
    # a northing of China lies in 0.4–6.0 million, where no easting ever is
    looks_north = ((east > 1.0e6) & (east < 6.2e6)).all()
    return bool(looks_north and ((north < 1.0e6) | (north > 13e6)).all())


def _belt_of_zone(zone: int, east: Floats, central_deg: int | None, width_deg: int) -> Belt:
    if zone == 0:
        if central_deg is None:
            raise CrsError(
                f"横坐标 {east[0]:.0f} 不带带号,不能判断中央经线", remedy="请声明中央经线,如 114(EPSG:4547)"
            )
        return make_belt(central_deg, width_deg=width_deg)
    if 13 <= zone <= 23:
        belt = make_belt(6 * zone - 3, width_deg=6, prefixed=True)
    elif 25 <= zone <= 45:
        belt = make_belt(3 * zone, prefixed=True)
    else:
        raise CrsError(f"横坐标 {east[0]:.0f} 既不是带号坐标,也不是去带号坐标", remedy="请核对坐标系的声明")
    if central_deg is not None and central_deg != belt.central_deg:
        raise CrsError(
            f"声明的中央经线为 {central_deg}°,横坐标的带号 {zone} 表示 {belt.central_deg}°",
            remedy="请核对坐标系的声明",
        )
    return belt


def check_belt(crs: object, x: ArrayLike, y: ArrayLike) -> None:
    """Refuse coordinates whose eastings contradict the false easting of their declared system.

    Parameters
    ----------
    crs
        What the file (its ``.prj``) declares. Systems that are not transverse Mercator pass.
    x, y
        Eastings and northings in metres.

    Raises
    ------
    CrsError
        Eastings with a belt number under a system without, the other way round, or another belt.
    """
    declared = read_crs(crs)
    operation = declared.coordinate_operation
    if not declared.is_projected or operation is None or operation.method_name != "Transverse Mercator":
        return
    values = {param.name: param.value for param in operation.params}
    promised = int(values.get("False easting", 0.0) // 1e6)
    zone, _ = _zone_of(x, y)
    if zone != promised:
        says = f"带号 {promised}" if promised else "不带带号"
        shows = f"带号 {zone}" if zone else "不带带号"
        raise CrsError(
            f"坐标系声明({name_crs(declared)})为{says},坐标为{shows}", remedy="请核对 .prj 与坐标,改正后重报"
        )
