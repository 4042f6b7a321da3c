"""The status page: how far each unit is, and where its sites are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from renewal_gis.errors import InputError
from renewal_gis.render import style
from renewal_gis.render.webmap import basemaps as bases
from renewal_gis.render.webmap import looks
from renewal_gis.render.webmap.backdrop import find_city_bounds, make_ground
from renewal_gis.render.webmap.index_data import gather_data, list_moves
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.render.webmap.public import INTERNAL, PUBLIC, take_public
from renewal_gis.render.webmap.public import NOTE as PUBLIC_NOTE
from renewal_gis.render.webmap.shell import Page, write_page
from renewal_gis.render.webmap.words import say
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import Placement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renewal_gis.plan import Plan
    from renewal_gis.survey import Survey

_SIDE = """
<section><h2>{programmes}</h2><div class="rg-progs" id="progs"></div></section>
<section class="rg-card" id="card"></section>
<div class="rg-switch" id="tabs" role="tablist"></div>
<section class="rg-grow" id="units"></section>
<section class="rg-grow" id="goals" hidden></section>
<section class="rg-grow" id="list" hidden></section>
<section class="rg-week" id="week" hidden><button id="week-play" type="button" aria-label="{play}" title="{play}">▶</button><input id="week-at" type="range" min="0" step="1" aria-label="{week}"><output id="week-day"></output></section>
"""
_SCRIPTS = (
    "status.js", "status_filter.js", "status_more.js", "status_panel.js", "status_unit.js", "status_list.js", "status_sheet.js",
    "status_week.js",
)  # fmt: skip
_TEXTS = (
    "name", "programme", "stage", "declared_unit", "located_name", "shares", "township", "address", "leader",
    "task_force", "contractor", "content_items", "notes", "source_file", "simulated",
)  # fmt: skip
_NUMBERS = (
    "households", "buildings", "dwellings", "floor_area_m2", "investment_wan", "consulted_share",
    "satisfied_share", "length_m", "source_row",
)  # fmt: skip
_DATES = ("planned_start", "planned_finish", "actual_start", "actual_finish")
_SHAPE_ZOOM = 14.25


def write_index(
    survey: Survey, /, *, lang: str = "zh", profile: str = INTERNAL, basemaps: Sequence[str] = ()
) -> str:
    """Return the status page of a survey as one HTML file.

    Parameters
    ----------
    survey
        The survey; everything shown is in it.
    lang
        ``zh`` or ``en``: the words of the page; what the ledger and the plan say stays as written.
    profile
        ``internal``, or ``public`` with only what may be published: see
        :func:`renewal_gis.render.webmap.public.take_public`.
    basemaps
        Online basemaps that the page offers (:data:`renewal_gis.render.webmap.basemaps.BASEMAPS`);
        none keeps ``default-src 'none'``.

    Raises
    ------
    OfflineError
        Leaflet's registry package is not installed.
    PlanError
        A public page without a map approval number.
    InputError
        No such language or profile.

    Notes
    -----
    The internal page is not for the public: names of leaders and contractors are on it.
    """
    if profile not in {INTERNAL, PUBLIC}:
        raise InputError(f"没有版本“{profile}”", remedy=f"可用:{INTERNAL}、{PUBLIC}")
    public = profile == PUBLIC
    shown = take_public(survey) if public else survey
    page = Page(
        file="index.html",
        title=say("{city}“{short}”工作进展图", lang).format(city=survey.plan.city, short=survey.plan.short),
        run="runIndex",
        scripts=(*_SCRIPTS, *bases.list_scripts(basemaps)),
        side=_SIDE.format(
            programmes=say("专项(勾选上图,点选看进度)", lang),
            week=say("回看各周", lang),
            play=say("播放", lang),
        ),
        home=find_city_bounds(shown),
        notes=((say(PUBLIC_NOTE, lang),) if public else ()) + tuple(survey.plan.footnotes()),
        lang=lang,
        approval=survey.plan.map_approval_no if public else "",
    )
    table = gather_sites(shown, lang=lang)
    layers = [*make_ground(shown), layer_sites(shown, table)]
    data = {**gather_data(shown, lang=lang), "public": public, "moves": list_moves(shown, table)}
    if basemaps:
        data["basemaps"] = bases.describe(basemaps)
    return write_page(shown, page, layers, data=data, hosts=bases.list_hosts(basemaps))


def layer_sites(survey: Survey, table: pd.DataFrame, /) -> PackedLayer:
    """Return the sites: marks on the overview, lines and areas in the street, counts where they crowd.

    Parameters
    ----------
    survey
        Gives the shapes and the plan.
    table
        What :func:`gather_sites` made of it.
    """
    frame = gpd.GeoDataFrame(table, geometry=survey.sites.geometry.to_numpy(), crs=STORED_CRS)
    # in the ledger's order: numbers and names that count upwards compress better than neighbours do
    return PackedLayer(frame, name="sites", options=_site_options(survey.plan), sort=False)


def gather_sites(survey: Survey, /, *, lang: str = "zh") -> pd.DataFrame:
    """Return what the page carries of each site, in the ledger's order, with ``r:<stage>`` for each day reached."""
    sites, plan = survey.sites, survey.plan
    table = pd.DataFrame({"site_id": sites.index.astype(str)})
    for name in _TEXTS:
        table[name] = _texts(sites, name)
    categories = {c.id: c.name for programme in plan.programmes for c in programme.categories}
    table["category"] = _rename(_texts(sites, "category"), categories)
    table["unit"] = _texts(sites, "managing_unit")
    table["placement"] = _rename(
        _texts(sites, "placement"), {each.value: each.en if lang == "en" else each.zh for each in Placement}
    )
    groups = {stage: style.find_stage_group(stage).id for stage in table["stage"].unique()}
    table["group"] = _rename(table["stage"], groups)
    for name in _NUMBERS:
        if name in sites:
            table[name] = pd.to_numeric(sites[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    for name in _DATES:
        days = pd.to_datetime(sites[name])
        # the ledger row may know later days than the page speaks of
        past = days.where(days <= pd.Timestamp(survey.as_of)) if name.startswith("actual") else days
        table[name] = past.to_numpy()
    return table.join(_spread_reached(survey, sites.index))


def _site_options(plan: Plan) -> dict[str, Any]:
    groups = [group.id for group in style.STAGE_GROUPS]
    symbols = looks.programme_symbols(plan)
    return {
        "zIndex": 100,
        "size": 7.5,
        "shapeZoom": _SHAPE_ZOOM,
        "marks": "always",
        "aggregate": {
            "below": 12.5,
            "cell": 62,
            "colors": ["#9AA5B1", *[group.color for group in style.STAGE_GROUPS]],
            "order": [len(groups) - place for place in range(len(groups))] + [0],
        },
        "style": {
            "symbol": symbols,
            "fill": looks.stage_fills(),
            "line": {
                "by": "programme",
                "table": {
                    name: {"color": s["color"], "width": 2.6, "alpha": 0.8}
                    for name, s in symbols["table"].items()
                },
                "other": None,
            },
            "polygon": {
                "by": "programme",
                "table": {
                    name: {"fill": s["color"], "alpha": 0.22, "stroke": s["color"], "width": 1.4}
                    for name, s in symbols["table"].items()
                },
                "other": None,
            },
        },
    }


def _texts(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as texts on a plain index, missing ones as nothing; nothing where there is no column."""
    if name not in frame:
        return pd.Series([""] * len(frame), dtype=object)
    values = frame[name]
    if values.dtype == bool:
        return pd.Series(np.where(values, "True", ""), dtype=object)
    return pd.Series(values.to_numpy(dtype=object, na_value=""), dtype=object)


def _rename(values: pd.Series, names: Mapping[str, str]) -> pd.Series:
    codes, known = pd.factorize(values)
    words = np.array([names.get(word, word) for word in known], dtype=object)
    return pd.Series(words[codes] if len(words) else [], dtype=object)


def _spread_reached(survey: Survey, sites: pd.Index[Any]) -> pd.DataFrame:
    """Return one column of dates a stage, ``r:<stage>``, on the rows of the sites."""
    reached = survey.reached
    dates = pd.to_datetime(reached["date"]) if len(reached) else pd.Series([], dtype="datetime64[ns]")
    columns = {}
    for stage in dict.fromkeys(stage for programme in survey.plan.programmes for stage in programme.stages):
        mine = (reached["stage"] == stage.value).to_numpy() if len(reached) else np.zeros(0, dtype=bool)
        first = (
            dates[mine].groupby(reached.loc[mine, "site_id"]).min()
            if mine.any()
            else pd.Series(dtype="datetime64[ns]")
        )
        columns[f"r:{stage.value}"] = pd.to_datetime(first.reindex(sites)).to_numpy()
    return pd.DataFrame(columns)
