"""The roads page: which links to look at first, which ends are dead, which lines to mend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from renewal_gis.render import style
from renewal_gis.render.webmap import looks
from renewal_gis.render.webmap.backdrop import find_busy_bounds, make_ground
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.render.webmap.shell import Page, write_page
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import SUSPECTED, DefectKind, LinkKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from renewal_gis.render.webmap.shell import Bounds
    from renewal_gis.survey import Survey

_SIDE = """
<section><p class="rg-hint">由路网图形自动找出,<b>疑似,待现场核实</b>;核实后由人工列入台账。数据缺陷请修改数据。</p></section>
<div class="rg-switch" id="tabs" role="tablist"></div>
<section class="rg-grow" id="list"></section>
"""
_HECTARE_M2 = 10_000
_HINT = "自动判断只看图形和等级,围墙、产权、高差等须到现场核实;不作为立项和考核依据。"
_ROAD_NAMES = {
    "motorway": "高速公路", "trunk": "快速路", "primary": "主干路", "secondary": "次干路", "tertiary": "支路",
    "residential": "居住区道路", "living_street": "生活街巷", "service": "内部道路", "footway": "步行道",
}  # fmt: skip


def write_gaps(survey: Survey, /) -> str:
    """Return the roads page of a survey as one HTML file.

    Parameters
    ----------
    survey
        The survey; links, dead ends and defects are shown as they are in it.

    Raises
    ------
    OfflineError
        Leaflet's registry package is not installed.

    Notes
    -----
    Everything detected is 疑似: for a site visit, not for deciding what to build.
    """
    page = Page(
        file="gaps.html",
        title=f"{survey.plan.city}断头路与打通建议",
        run="runGaps",
        scripts=("routes.js", "gaps.js", "gaps_sheet.js"),
        side=_SIDE,
        home=_find_home(survey),
        suspected=True,
        styles=("gaps.css",),
    )
    found = [_layer_dead_ends(survey), _layer_defects(survey), _layer_links(survey)]
    layers = [*make_ground(survey), *(layer for layer in found if layer is not None)]
    return write_page(survey, page, layers, data=_gather_data(survey))


def _find_home(survey: Survey) -> Bounds:
    """Return where most links are, else where most streets are."""
    return find_busy_bounds(survey, survey.links if len(survey.links) else survey.streets)


def _column(frame: pd.DataFrame, name: str, write: Callable[[Any], str]) -> list[str]:
    return [write(value) for value in frame[name].tolist()] if name in frame else [""] * len(frame)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tell_gains(survey: Survey) -> list[str]:
    """Return for each link what it alone would bring within a walk of facilities, in words."""
    names = dict(
        zip(survey.coverage.get("facility", []), survey.coverage.get("facility_name", []), strict=True)
    )
    told: dict[int, list[str]] = {}
    for row in survey.reach_gains.to_dict("records"):
        homes = row["households"]
        people = f"、{style.format_count(homes)} 户" if style.is_present(homes) else ""
        hectares = f"{float(style.round_half_up(row['land_m2'] / _HECTARE_M2)):,.1f}"
        name = names.get(row["facility"], row["facility"])
        told.setdefault(int(row["rank"]), []).append(f"{name} {hectares} 公顷{people}")
    return [";".join(told.get(int(rank), [])) for rank in survey.links["rank"]]


def _metres(frame: pd.DataFrame, name: str) -> Any:
    """Return a column as metres for the script; NaN where there is no way at all."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    found = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _flag(value: Any) -> str:
    return str(bool(value is True or value == 1))


def _count(measure: str) -> Callable[[Any], str]:
    return lambda value: f"{style.format_count(value)} {measure}" if style.is_present(value) else ""


def _detour(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "—"
    return "不通" if math.isinf(value) else style.format_length(value)


def _ratio(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "—"
    return "不通" if math.isinf(value) else f"{value:.1f} 倍"


def _layer_links(survey: Survey) -> PackedLayer | None:
    links = survey.links
    if not len(links):
        return None
    table = pd.DataFrame(
        {
            "rank": pd.to_numeric(links["rank"]).to_numpy(dtype=np.int64),
            "kind": _column(links, "kind", _text),
            "name": _column(links, "name", _text),
            "length": _column(links, "length_m", style.format_length),
            "detour": _column(links, "network_m", _detour),
            "network_m": _metres(links, "network_m"),
            "ratio": _column(links, "detour_ratio", _ratio),
            "saved": _column(links, "saved_m", _detour),
            "priority": _column(links, "priority", style.format_percent),
            "score": _column(links, "score", style.format_percent),
            "barriers": _column(links, "barriers", _text),
            "planned": _column(links, "planned", _flag),
            "district": _column(links, "district", _text),
            "reasons": _column(links, "reasons", _text),
            "ledger_site": _column(links, "ledger_site", _text),
            "households": _column(links, "households", _count("户")),
            "sites_near": _column(links, "sites_near", _count("个")),
            "reach": _tell_gains(survey),
        }
    )
    frame = gpd.GeoDataFrame(table, geometry=links.geometry.to_numpy(), crs=STORED_CRS)
    return PackedLayer(frame, name="links", options=_link_options())


def _link_options() -> dict[str, Any]:
    """Return how links look: lines with the ranks of the first ten, counts on the overview."""
    symbol = {"shape": "circle", "color": style.VERMILLION, "scale": 0.9}
    return {
        "zIndex": 120,
        "size": 6,
        "shapeZoom": 11.5,
        "marks": True,
        "fixedWidth": True,
        "aggregate": {"below": 11.5, "cell": 58, "colors": [style.VERMILLION]},
        "style": {"line": looks.link_lines(), "symbol": {"one": symbol}},
        "label": {
            "column": "rank",
            "size": 11,
            "rank": 95,
            "badge": "#A34600",
            "color": "#FFFFFF",
            "shifts": [[0, -14], [0, 14], [16, 0], [-16, 0]],
        },
    }


def _layer_dead_ends(survey: Survey) -> PackedLayer | None:
    ends = survey.dead_ends
    if not len(ends):
        return None
    table = pd.DataFrame(
        {
            "street_id": [str(value) for value in ends["street_id"].tolist()],
            "verdict": _column(ends, "verdict", _text),
            "reason": _column(ends, "reason", _text),
            "name": _column(ends, "name", _text),
            "class_name": [_ROAD_NAMES[style.find_road_class(word)] for word in ends["highway"]],
            "stub": _column(ends, "stub_m", style.format_length),
            "district": _column(ends, "district", _text),
        }
    )
    frame = gpd.GeoDataFrame(table, geometry=ends.geometry.to_numpy(), crs=STORED_CRS)
    options = {"zIndex": 100, "size": 6, "dotsBelow": 13.25, "style": {"symbol": looks.verdict_symbols()}}
    return PackedLayer(frame, name="dead_ends", options=options)


def _layer_defects(survey: Survey) -> PackedLayer | None:
    defects = survey.defects
    if not len(defects):
        return None
    table = pd.DataFrame(
        {
            "kind": _column(defects, "kind", _text),
            "size": _column(defects, "size_m", lambda value: f"{value:.2f} m"),
            "repair": _column(defects, "repair", _text),
            "district": _column(defects, "district", _text),
        }
    )
    points = shapely.point_on_surface(defects.geometry.to_numpy())
    frame = gpd.GeoDataFrame(table, geometry=points, crs=STORED_CRS)
    options = {"zIndex": 110, "size": 6, "dotsBelow": 13.25, "style": {"symbol": looks.defect_symbols()}}
    return PackedLayer(frame, name="defects", options=options)


def _gather_data(survey: Survey) -> dict[str, Any]:
    found = (survey.links, survey.dead_ends, survey.defects)
    districts = [word for frame in found if "district" in frame for word in frame["district"]]
    return {
        "suspected": SUSPECTED,
        "hint": _HINT,
        "lights": looks.light_words(),
        "districts": sorted({word for word in districts if isinstance(word, str) and word}),
        "linkKinds": looks.name_words(LinkKind),
        "linkLooks": looks.link_lines()["table"],
        "verdicts": looks.name_words(Verdict),
        "verdictLooks": looks.verdict_symbols()["table"],
        "defectKinds": looks.name_words(DefectKind),
        "defectLooks": looks.defect_symbols()["table"],
        "offAtFirst": [
            Verdict.CUL_DE_SAC.value,
            Verdict.SHEET_EDGE.value,
            Verdict.EXEMPT.value,
            Verdict.DEFECT.value,
        ],
    }
