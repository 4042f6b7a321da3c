"""Online basemaps that a page may offer when its maker asks for them; none is the rule.

A page with a basemap may fetch pictures of its hosts and nothing else, and does so only after
somebody chose it in the page. 天地图 wants a token, which is typed in the browser and kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import CrsError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

CGCS2000, GCJ02 = "CGCS2000", "GCJ-02"
_CGCS_SYSTEMS = {("EPSG", "4490"), ("EPSG", "4326"), ("OGC", "CRS84")}


@dataclass(frozen=True, slots=True)
class Basemap:
    """An online basemap: where its tiles are, in which datum, and whether it wants a token.

    ``urls`` are drawn one above the other; ``{s}`` is one of ``servers``, ``{tk}`` the token. Tiles
    whose ``datum`` is GCJ-02 are put, each by its own corners, where they lie in CGCS2000.
    """

    id: str
    name: str
    datum: str
    urls: tuple[str, ...]
    servers: tuple[str, ...]
    hosts: tuple[str, ...]
    attribution: str
    token: bool = False
    max_zoom: int = 18


def _tianditu(layer: str) -> str:
    return (
        f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
        "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={tk}"
    )


_EIGHT = tuple(str(k) for k in range(8))
_FOUR = ("1", "2", "3", "4")
BASEMAPS: Mapping[str, Basemap] = MappingProxyType(
    {
        "tianditu": Basemap(
            "tianditu",
            "天地图",
            CGCS2000,
            (_tianditu("vec"), _tianditu("cva")),
            _EIGHT,
            tuple(f"https://t{k}.tianditu.gov.cn" for k in _EIGHT),
            "底图:天地图",
            token=True,
        ),
        "gaode": Basemap(
            "gaode",
            "高德",
            GCJ02,
            (
                "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
            ),
            _FOUR,
            tuple(f"https://webrd0{k}.is.autonavi.com" for k in _FOUR),
            "底图:高德(GCJ-02,逐片纠偏,误差不超过 1 像素)",
        ),
    }
)


def find_basemaps(names: Iterable[str], /) -> list[Basemap]:
    """Return basemaps by name.

    Raises
    ------
    SchemaError
        A name that is not known.
    """
    found = []
    for name in names:
        if name not in BASEMAPS:
            raise SchemaError(f"没有底图“{name}”", remedy=f"可用:{'、'.join(BASEMAPS)}")
        found.append(BASEMAPS[name])
    return found


def check_datum(frame: gpd.GeoDataFrame, names: Iterable[str], /, *, layer: str = "") -> None:
    """Refuse a layer that is not in the datum in which the page shows its basemaps.

    Parameters
    ----------
    frame
        The layer.
    names
        The basemaps; both are shown in CGCS2000, 高德 by shifting its tiles.
    layer
        The layer's name, for the message.

    Raises
    ------
    CrsError
        The layer has no system or one of another datum.
    """
    for basemap in find_basemaps(names):
        crs = frame.crs
        if crs is None or crs.to_authority() not in _CGCS_SYSTEMS:
            found = "没有坐标系" if crs is None else crs.name
            raise CrsError(
                f"图层“{layer}”的坐标系({found})与底图“{basemap.name}”显示所用的 {CGCS2000} 不是同一基准",
                remedy="先转为 EPSG:4490 再叠加",
            )


def list_hosts(names: Iterable[str], /) -> tuple[str, ...]:
    """Return the hosts that the page's policy lets pictures come from."""
    return tuple(host for basemap in find_basemaps(names) for host in basemap.hosts)


def list_scripts(names: Iterable[str], /) -> tuple[str, ...]:
    """Return our scripts that the page needs for its basemaps: none without one."""
    return ("basemaps.js",) if tuple(names) else ()


def describe(names: Iterable[str], /) -> list[dict[str, Any]]:
    """Return the basemaps for the page's script; there is no token in it."""
    return [
        {
            "id": each.id,
            "name": each.name,
            "datum": each.datum,
            "urls": list(each.urls),
            "servers": list(each.servers),
            "attribution": each.attribution,
            "token": each.token,
            "maxZoom": each.max_zoom,
        }
        for each in find_basemaps(names)
    ]
