"""Scripts and styles that travel inside the page: ours, and those of registry packages."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path

from renewal_gis.errors import OfflineError
from renewal_gis.render.webmap.plugin_assets import MAP_COMMENT, PACKAGE, find_plugin_asset

_LEAFLET_PACKAGE = "XStatic-Leaflet"
_LEAFLET_FOLDER = "xstatic/pkg/leaflet/data"
_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ \t\n]+", re.MULTILINE)
_CSS_URL = re.compile(r"url\(\s*['\"]?(?!data:|#)([^)'\"]+)['\"]?\s*\)")
_ICONS = {
    "iconUrl": "marker-icon.png",
    "iconRetinaUrl": "marker-icon-2x.png",
    "shadowUrl": "marker-shadow.png",
}

# What folium asks of a CDN for every map, by the name of the file: left away unless an element needs it
# (``shim.js`` gives the one call that popups make to jQuery).
_LEAFLET_SCRIPT = re.compile(r"/leaflet@[\d.]+/dist/leaflet(-src)?\.js$")
_LEAFLET_STYLE = re.compile(r"/leaflet@[\d.]+/dist/leaflet\.css$")
_UNNEEDED = re.compile(
    r"/(jquery-[\d.]+(\.min)?\.js|bootstrap(\.bundle)?\.min\.js|bootstrap\.min\.css"
    r"|leaflet\.awesome-markers\.(js|css)|bootstrap-glyphicons\.css|all\.min\.css"
    r"|leaflet\.awesome\.rotate\.min\.css)$"
)


@lru_cache(maxsize=64)
def read_asset(name: str, /) -> str:
    """Return one of our own scripts or styles, by file name."""
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def join_scripts(*names: str) -> str:
    """Return several of our scripts or styles as one, in order, without comments and indentation.

    Nothing else is changed: what a browser's tools show can be found again in the sources. Our sources
    keep to what this takes for granted: comments stand on lines of their own, no text runs over lines.
    """
    return "\n".join(_squeeze(read_asset(name)) for name in names)


@lru_cache(maxsize=64)
def _squeeze(source: str) -> str:
    return _INDENT.sub("", _COMMENT.sub("", source))


@lru_cache(maxsize=16)
def _read_leaflet_bytes(name: str) -> bytes:
    try:
        folder = metadata.distribution(_LEAFLET_PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise OfflineError("没有安装 xstatic-leaflet", remedy="pip install xstatic-leaflet") from error
    return Path(str(folder.locate_file(f"{_LEAFLET_FOLDER}/{name}"))).read_bytes()


def _data_uri(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(_read_leaflet_bytes(f"images/{name}")).decode()


@lru_cache(maxsize=1)
def leaflet_script() -> str:
    """Return Leaflet, without its source map, with its marker images and without a prefix."""
    source = MAP_COMMENT.sub("", _read_leaflet_bytes("leaflet.js").decode("utf-8"))
    icons = ",".join(f'{key}:"{_data_uri(name)}"' for key, name in _ICONS.items())
    # Leaflet looks for its images beside a style sheet that is a file: ours is not
    setup = (
        "delete L.Icon.Default.prototype._getIconUrl;"
        f"L.Icon.Default.mergeOptions({{{icons}}});"
        "L.Control.Attribution.mergeOptions({prefix:false});"
        # without tiles a map has no deepest zoom: a cluster would ask for it, one point would be zoomed to for ever
        "L.Map.mergeOptions({maxZoom:19});"
    )
    return "\n".join([source, setup, read_asset("shim.js")])


@lru_cache(maxsize=1)
def leaflet_style() -> str:
    """Return Leaflet's style sheet with its images as data URIs."""
    source = _read_leaflet_bytes("leaflet.css").decode("utf-8")
    return _CSS_URL.sub(lambda found: f'url("{_data_uri(found[1].split("/")[-1])}")', source)


def find_asset(url: str, /, *, wanted: re.Pattern[str] | None = None) -> str:
    """Return the text of what a map asks for at an address; empty where nothing in the map needs it.

    Parameters
    ----------
    url
        The address that folium writes.
    wanted
        Addresses that folium asks for in every map and that this map does need (marker fonts).

    Raises
    ------
    OfflineError
        No installed package carries it.
    """
    if _LEAFLET_SCRIPT.search(url):
        return leaflet_script()
    if _LEAFLET_STYLE.search(url):
        return leaflet_style()
    if _UNNEEDED.search(url) and not (wanted and wanted.search(url)):
        return ""
    found = find_plugin_asset(url)
    if found is None:
        raise OfflineError(
            f"资源 {url} 没有随软件包提供,不能离线保存",
            remedy=f"去掉使用它的图层或插件;folium 自带插件的脚本在 {PACKAGE} 中(pip install {PACKAGE})",
        )
    return found


def is_plugin_asset(url: str, /) -> bool:
    """Tell whether an address is a plugin's, neither Leaflet's nor ours."""
    return not (_LEAFLET_SCRIPT.search(url) or _LEAFLET_STYLE.search(url))
