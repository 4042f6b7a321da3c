"""A folium map as one file that asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from branca.element import Element, Figure, Html
from folium.map import Tooltip

from renewal_gis.errors import OfflineError
from renewal_gis.files import write_bytes
from renewal_gis.render.webmap.assets import find_asset, is_plugin_asset
from renewal_gis.render.webmap.escape import guard_script, guard_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import folium

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_FETCHES = {
    "TileLayer": "底图切片来自网络",
    "WmsTileLayer": "底图切片来自网络",
    "TimestampedWmsTileLayers": "底图切片来自网络",
    "VectorGridProtobuf": "矢量切片来自网络",
    "MiniMap": "缩略图的底图切片来自网络",
    "Geocoder": "地名由网络服务查询",
    "VideoOverlay": "视频来自网络",
    "Realtime": "数据来自网络",
    "MeasureControl": "插件须在浏览器里编译代码,与内容安全策略不容",
    "SideBySideLayers": "卷帘只认网络切片图层",
    "Vega": "Vega 须在浏览器里编译代码,与内容安全策略不容",
    "VegaLite": "Vega 须在浏览器里编译代码,与内容安全策略不容",
    "ImageOverlay": "图片须先转为 data: 地址",
    "CustomIcon": "图片须先转为 data: 地址",
    "FloatImage": "图片须先转为 data: 地址",
    "Popup": "内容含有另一张地图或图页",
}
_PICTURES = {"ImageOverlay", "CustomIcon", "FloatImage"}
# what folium asks for in every map, by the elements that need it
_FONTS = {"fa": r"/all\.min\.css$", "glyphicon": r"/bootstrap-glyphicons\.css$"}
_MARKERS = r"/leaflet\.awesome-markers\.(js|css)$|/leaflet\.awesome\.rotate\.min\.css$"
_NEEDS = {
    "BeautifyIcon": _FONTS["fa"],
    "FastMarkerCluster": f"{_MARKERS}|{_FONTS['glyphicon']}",
    "HeatMapWithTime": r"/jquery-[\d.]+\.min\.js$",
    "TimeSliderChoropleth": r"/jquery-[\d.]+\.min\.js$",
}
# plugins whose scripts write a style sheet of their own when they start
_STYLISTS = {"AntPath", "Timeline"}
_INLINE = "'unsafe-inline'"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DATA_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp)[;,]")
_DATA_SCRIPT_TYPES = {"application/octet-stream", "application/json", "text/plain"}


# ------------------------------------------------------------------ the elements
def _walk(element: Element) -> Iterator[Element]:
    """All elements below one, also those that sit in a popup's own trees."""
    yield element
    inner = [getattr(element, name, None) for name in ("header", "html", "script", "icon")]
    for child in [*element._children.values(), *inner]:  # noqa: SLF001 - branca has no other way
        if isinstance(child, Element) and child is not element:
            yield from _walk(child)


def _check_element(element: Element) -> None:
    """Refuse, by name, what would ask the network when the page is open."""
    own = type(element).__name__
    for name in _names_of(element) & set(_FETCHES):
        if name in _PICTURES and _DATA_IMAGE.match(_image_of(element)):
            continue
        if name == "Popup" and not any(isinstance(part, Figure) for part in _walk(element.html)):
            continue
        raise OfflineError(
            f"图层 {own} 不能离线保存:{_FETCHES[name]}",
            remedy="去掉该图层;底图请用 folium.Map(tiles=None) 加矢量图层",
        )
    if getattr(element, "embed", True) is False:
        raise OfflineError(f"图层 {own} 的数据在文件之外", remedy="使用 embed=True 把数据写入文件")
    if getattr(element, "embed_link", None):
        raise OfflineError(f"图层 {own} 的数据来自网络", remedy="先下载数据,再以文件内容传入")


def _names_of(element: Element) -> set[str]:
    return {known.__name__ for known in type(element).__mro__}


def _image_of(element: Element) -> str:
    options = getattr(element, "options", {}) or {}
    return str(getattr(element, "url", "") or getattr(element, "image", "") or options.get("icon_url", ""))


def _list_needs(figure: Element) -> re.Pattern[str] | None:
    """Return the addresses of the marker fonts and scripts that some element shows; None if none does."""
    wanted: set[str] = set()
    for element in _walk(figure):
        names = _names_of(element)
        if "Icon" in names and "CustomIcon" not in names:
            wanted |= {_MARKERS, _FONTS.get(str(element.options.get("prefix")), _FONTS["fa"])}
        wanted |= {_NEEDS[name] for name in names & set(_NEEDS)}
    return re.compile("|".join(sorted(wanted))) if wanted else None


@contextmanager
def _guarded(root: Element) -> Iterator[None]:
    """While it lasts, texts that folium writes into template literals are harmless there.

    Afterwards the map is as it was: folium adds elements on every rendering, and some of them twice.
    """
    kept: list[tuple[Any, str, Any]] = []
    try:
        for element in list(_walk(root)):
            kept.append((element, "_children", element._children.copy()))  # noqa: SLF001 - as above
            name = "data" if isinstance(element, Html) else "text" if isinstance(element, Tooltip) else ""
            if name:
                kept.append((element, name, getattr(element, name)))
                # folium has put a backslash before backticks already: that one goes
                setattr(element, name, guard_template(str(getattr(element, name)).replace("\\`", "`")))
        yield
    finally:
        for element, name, value in kept:
            setattr(element, name, value)


# ------------------------------------------------------------------ the markup
class _Inliner(HTMLParser):
    """Writes markup again with every linked script and style in its place."""

    def __init__(self, wanted: re.Pattern[str] | None) -> None:
        super().__init__(convert_charrefs=False)
        self.wanted = wanted
        self.foreign = False
        self.out: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._holding = ""
        self._held: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attrs}
        if tag == "script" and words.get("type", "") in _DATA_SCRIPT_TYPES:
            self.out.append(self.get_starttag_text() or "")
        elif tag == "script" and "src" in words:
            self.scripts.append(find_asset(words["src"], wanted=self.wanted))
            self.foreign |= is_plugin_asset(words["src"]) and bool(self.scripts[-1])
            self._holding = "skip"
        elif tag in {"script", "style"}:
            self._holding = tag
        elif tag == "link":
            self._take_link(words)
        elif not (tag == "meta" and words.get("http-equiv", "").lower() == "content-type"):
            self._check_sources(tag, words)
            self.out.append(self.get_starttag_text() or "")

    handle_startendtag = handle_starttag

    def _take_link(self, words: dict[str, str]) -> None:
        if words.get("rel", "").lower() != "stylesheet":
            raise OfflineError(f"页面引用了外部资源 {words.get('href', '')}", remedy="去掉该引用")
        self.styles.append(find_asset(words.get("href", ""), wanted=self.wanted))

    def _check_sources(self, tag: str, words: dict[str, str]) -> None:
        for name in ("src", "srcset", "data", "poster", "background"):
            if words.get(name) and not words[name].startswith("data:"):
                raise OfflineError(f"元素 <{tag}> 引用了 {words[name][:80]}", remedy="把内容写成 data: 地址")
        framed = tag == "iframe" and words.get("src", "").startswith("data:text/html")
        if tag in {"iframe", "object", "embed", "base"} and not framed:
            raise OfflineError(f"元素 <{tag}> 不能离线保存", remedy="去掉该元素")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"} and self._holding:
            if self._holding != "skip":
                (self.scripts if tag == "script" else self.styles).append("".join(self._held))
            self._holding, self._held = "", []
        else:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        (self._held if self._holding else self.out).append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        """Drop comments: nobody reads them, and they may hold anything."""


def _inline(markup: str, wanted: re.Pattern[str] | None) -> _Inliner:
    inliner = _Inliner(wanted)
    inliner.feed(markup)
    inliner.close()
    return inliner


# ------------------------------------------------------------------ the policy
def _hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@dataclass(frozen=True, slots=True)
class _Leave:
    """What the policy lets a page do beyond its hashed scripts and styles; only ``hosts`` can be asked."""

    style_attributes: bool = False
    own_styles: bool = False
    frames: bool = False
    hosts: tuple[str, ...] = ()


def _write_policy(scripts: list[str], styles: list[str], leave: _Leave) -> str:
    """Return a policy that lets run what is in the file now, and nothing fetched or added later."""
    hashed = " ".join(sorted({_hash_source(text) for text in styles})) or "'none'"
    rules = [
        "default-src 'none'",
        f"script-src {' '.join(sorted({_hash_source(text) for text in scripts})) or repr('none')}",
        f"style-src {_INLINE if leave.own_styles else hashed}",
        *([f"style-src-attr {_INLINE}"] if leave.style_attributes else []),
        " ".join(["img-src data: blob:", *leave.hosts]),
        "font-src data:",
        # a page in a data: address lives under the policy of the page that holds it
        *(["frame-src data:"] if leave.frames else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(rules)


def _name_steadily(texts: list[str], known: set[str]) -> list[str]:
    """Replace branca's random ids by numbers in order of appearance, so that a rerun gives the same bytes."""
    numbers: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        if found[0] not in known:
            return found[0]
        return numbers.setdefault(found[0], f"{len(numbers) + 1:05d}")

    return [_ID.sub(name, text) for text in texts]


# ------------------------------------------------------------------ the page
def render_offline(
    map_: folium.Map, /, *, title: str = "", lang: str = "zh-CN", hosts: Sequence[str] = ()
) -> str:
    """Return a map as the text of one HTML page that makes no request.

    Parameters
    ----------
    map_
        Any folium map of supported elements; it is left as it was.
    title
        What the browser's tab says.
    lang
        Language of the page.
    hosts
        Where pictures may come from, for a page that offers online basemaps on purpose.

    Raises
    ------
    OfflineError
        An element or one of its assets cannot be carried in the file; it is named.
    """
    figure = map_.get_root()
    if not isinstance(figure, Figure):
        raise OfflineError("地图不在 Figure 中", remedy="传入 folium.Map 对象")
    kinds: set[str] = set()
    for element in _walk(figure):
        _check_element(element)
        kinds |= _names_of(element)
    with _guarded(figure):
        figure.render()
        wanted = _list_needs(figure)
        header, body = (_inline(part.render(), wanted) for part in (figure.header, figure.html))
        main = figure.script.render()
        ids = {element._id for element in _walk(figure)}  # noqa: SLF001 - as above
    texts = ["".join(body.out), *body.styles, *header.styles, *header.scripts, *body.scripts, main]
    markup, *rest = _name_steadily(texts, ids)
    count = len(body.styles) + len(header.styles)
    styles, scripts = rest[:count], rest[count:]
    return _write_page(
        [text for text in styles if text.strip()],
        [guard_script(text) for text in scripts if text.strip()],
        head="".join(header.out),
        body=markup,
        title=title or figure.title or "",
        lang=lang,
        leave=_Leave(
            # popups, legends and plugins carry style attributes
            style_attributes="style=" in main or "style=" in markup or header.foreign or body.foreign,
            own_styles=bool(_STYLISTS & kinds),
            frames="IFrame" in kinds,
            hosts=tuple(hosts),
        ),
    )


def _write_page(
    styles: list[str],
    scripts: list[str],
    *,
    head: str,
    body: str,
    title: str,
    lang: str,
    leave: _Leave,
) -> str:
    # a parser reads CR LF as LF before it hashes: so do we
    styles, scripts = ([text.replace("\r\n", "\n") for text in texts] for texts in (styles, scripts))
    policy = _write_policy(scripts, styles, leave)
    return "".join(
        [
            f'<!DOCTYPE html>\n<html lang="{html.escape(lang)}">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{html.escape(_CONTROL.sub('', title))}</title>\n{_squeeze(head)}\n",
            *(f"<style>{text}</style>\n" for text in styles),
            "</head>\n<body>\n",
            _squeeze(body),
            "\n",
            *(f"<script>{text}</script>\n" for text in scripts),
            "</body>\n</html>\n",
        ]
    )


def _squeeze(markup: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", markup.strip())


def save_offline(
    map_: folium.Map, /, path: str | Path | None = None, *, title: str = "", lang: str = "zh-CN"
) -> str:
    """Return a map as one HTML page that makes no request, and write it where a path is given.

    Parameters
    ----------
    map_
        Any folium map (or DualMap) without what lives on a network: folium's own elements, its
        plugins as far as ``folium-offline`` carries their scripts, and our PackedLayer. Tiles,
        geocoders, videos, Vega and the like are refused by name.
    path
        File to write; it appears whole or not at all. None writes nothing.
    title, lang
        As in :func:`render_offline`.

    Raises
    ------
    OfflineError
        An element or one of its assets cannot be carried in the file; it is named.

    Notes
    -----
    A content security policy lets only the scripts of the file run and forbids every request.
    Texts of popups and tooltips are guarded; a script handed to folium on purpose still runs.
    """
    page = render_offline(map_, title=title, lang=lang)
    if path is not None:
        write_bytes(Path(path), page.encode())
    return page
