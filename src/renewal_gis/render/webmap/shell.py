"""The frame of a planner's page around the map: head, side panel, tools, foot."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import folium
from branca.element import MacroElement
from folium.template import Template

from renewal_gis.render import style
from renewal_gis.render.webmap import codec
from renewal_gis.render.webmap.assets import join_scripts
from renewal_gis.render.webmap.offline import render_offline
from renewal_gis.render.webmap.packed import BLOCK_TYPE, PackedLayer, add_header
from renewal_gis.render.webmap.words import LANGUAGES, say, words_script
from renewal_gis.vocab import BOUNDARY_NOTE, INTERNAL, SIMULATED, SUSPECTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renewal_gis.survey import Survey

Bounds = tuple[float, float, float, float]
PAGES = (("index.html", "进展"), ("gaps.html", "断头路"), ("coverage.html", "覆盖"))
_THEME_ICON = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z"/></svg>'
_HOME_ICON = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6"/></svg>'
)
_NORTH = (
    '<div class="rg-north" aria-hidden="true"><svg viewBox="0 0 26 38"><text x="13" y="10">{}</text>'
    '<path d="M13 13 L20 35 L13 30 L6 35 Z"/></svg></div>'
)


@dataclass(frozen=True, slots=True)
class Page:
    """What distinguishes one page: file, title, the scripts and their entry, the side panel's markup, first view, readings."""

    file: str
    title: str
    run: str
    scripts: tuple[str, ...]
    side: str
    home: Bounds
    suspected: bool = False
    notes: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    lang: str = "zh"
    approval: str = ""


class PageShell(MacroElement):
    """Head, side panel, tools and foot; starts the page's script when every layer is read."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        {{ this.markup }}
        <script type="{{ this.block_type }}" id="data_{{ this.get_name() }}">{{ this.block }}</script>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        {{ this._parent.get_name() }}.rgHome = {{ this.home }};
        {{ this._parent.get_name() }}.fitBounds({{ this.home }}, {paddingTopLeft: [20, 56], paddingBottomRight: [20, 110], animate: false});
        RG.begin({{ this._parent.get_name() }}, [{{ this.layer_names }}], "data_{{ this.get_name() }}", RG.{{ this.run }});
        {% endmacro %}
        """
    )

    def __init__(
        self, markup: str, page: Page, layers: Sequence[PackedLayer], *, data: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self._name = "PageShell"
        self.block_type = BLOCK_TYPE
        text = json.dumps(
            {**data, "notes": page.notes}, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        self.block = codec.pack_text(text.encode())
        self.markup = markup
        west, south, east, north = page.home
        self.home = json.dumps([[round(south, 5), round(west, 5)], [round(north, 5), round(east, 5)]])
        self.layers = layers
        self.run = page.run
        self.scripts = page.scripts
        self.styles = ("page.css", *page.styles)
        self.lang = page.lang

    @property
    def layer_names(self) -> str:
        """Names of the layers' variables in the page."""
        return ", ".join(layer.get_name() for layer in self.layers)

    def render(self, **kwargs: Any) -> None:
        """Add the page's style and scripts to the figure, then the shell."""
        figure = self.get_root()
        add_header(figure, "renewal_page_css", f"<style>{join_scripts(*self.styles)}</style>")
        add_header(
            figure,
            "renewal_page_js",
            f"<script>{words_script(self.lang)}\n{join_scripts('page.js', 'search.js', 'tools.js', *self.scripts)}</script>",
        )
        super().render(**kwargs)


def _write_markup(survey: Survey, page: Page) -> str:
    stamps = [("approved", f"审图号:{page.approval}")] if page.approval else [("internal", INTERNAL)]
    if survey.simulated:
        stamps.append(("simulated", SIMULATED))
    if page.suspected:
        stamps.append(("suspected", SUSPECTED))
    tabs = "".join(
        f'<a href="{file}"{" aria-current=page" if file == page.file else ""}>{say(name, page.lang)}</a>'
        for file, name in PAGES
    )
    views = say("页面", page.lang)
    day = survey.as_of.isoformat() if page.lang == "en" else style.format_day(survey.as_of)
    return frame_markup(
        page,
        when=f'<span class="when">{say("截至", page.lang)} <b>{day}</b></span>',
        stamps=[(kind, say(words, page.lang)) for kind, words in stamps],
        # the other pages are for the office only
        tabs="" if page.approval else f'<nav class="rg-tabs" aria-label="{views}">{tabs}</nav>',
        sources=";".join(survey.sources),
        remark=say(BOUNDARY_NOTE, page.lang),
    )


def frame_markup(
    page: Page,
    /,
    *,
    when: str = "",
    stamps: Sequence[tuple[str, str]] = (),
    tabs: str = "",
    sources: str = "",
    remark: str = "",
) -> str:
    """Return the markup around a map: head, side panel, tools and foot.

    Parameters
    ----------
    page
        Title, side panel and notes.
    when, tabs
        Markup of ours for the head.
    stamps
        Pairs of style class and words.
    sources, remark
        Plain text for the foot.
    """
    plain = html.escape
    word = {
        text: plain(say(text, page.lang))
        for text in ("口径说明", "数据来源", "搜索", "明暗切换", "全图", "详情", "北")
    }
    notes = (
        f'<button class="fix" id="rg-notes" type="button">{word["口径说明"]}</button>' if page.notes else ""
    )
    marks = "".join(f'<span class="rg-stamp {kind}">{plain(words)}</span>' for kind, words in stamps)
    told = f"{word['数据来源']}:{plain(sources)}" if sources else ""
    return f"""
<header class="rg-head">
  <h1>{plain(page.title)}</h1>
  {when}
  <span class="rg-stamps">{marks}</span>
  <span class="gap"></span>
  <div class="rg-find"><input id="rg-find" type="search" autocomplete="off" spellcheck="false" aria-label="{word["搜索"]}"><div class="rg-hits" id="rg-hits" role="listbox" hidden></div></div>
  {tabs}
  <button class="rg-icon" id="rg-theme" type="button" title="{word["明暗切换"]}" aria-label="{word["明暗切换"]}">{_THEME_ICON}</button>
</header>
<aside class="rg-side">{page.side}</aside>
<div class="rg-overmap">
  <div class="rg-filter" id="rg-filter"></div>
  <div class="rg-views"><button id="rg-home" class="rg-icon" type="button" title="{word["全图"]}" aria-label="{word["全图"]}">{_HOME_ICON}</button></div>
  {_NORTH.format(word["北"])}
  <div class="rg-legend" id="rg-legend"></div>
  <div class="rg-corner" id="rg-corner">CGCS2000</div>
  <div class="rg-sheet" id="rg-sheet" role="dialog" aria-label="{word["详情"]}" hidden></div>
</div>
<footer class="rg-foot">{notes}<span class="src" title="{plain(sources)}">{told}</span><span class="gap"></span><span class="fix">{plain(remark)}</span></footer>
"""


def make_map(home: Bounds, /) -> folium.Map:
    """Return an empty folium map without tiles, centred on some bounds (west, south, east, north)."""
    west, south, east, north = home
    return folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=10,
        tiles=None,
        zoom_control=False,
        minZoom=6,
        maxZoom=19,
        zoomSnap=0.25,
        wheelPxPerZoomLevel=100,
        attributionControl=False,
    )


def write_page(
    survey: Survey,
    page: Page,
    layers: Sequence[PackedLayer],
    *,
    data: Mapping[str, Any],
    hosts: Sequence[str] = (),
) -> str:
    """Return a planner's page as HTML: a folium map of packed layers within the shell.

    ``hosts`` are those of online basemaps that the page offers; none is the rule.
    """
    map_ = make_map(page.home)
    for layer in layers:
        map_.add_child(layer)
    map_.add_child(PageShell(_write_markup(survey, page), page, layers, data=data))
    day = survey.as_of.isoformat() if page.lang == "en" else style.format_day(survey.as_of)
    title = f"{page.title}({day})"
    return render_offline(map_, title=title, lang=LANGUAGES[page.lang], hosts=hosts)
