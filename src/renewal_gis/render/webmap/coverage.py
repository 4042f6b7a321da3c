"""The coverage page: which residential land lies within reach of which facility."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from renewal_gis.render import style
from renewal_gis.render.webmap import looks
from renewal_gis.render.webmap.backdrop import find_busy_bounds, make_ground
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.render.webmap.shell import Page, write_page
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import Measure, Scenario

if TYPE_CHECKING:
    from renewal_gis.survey import Survey

_SIDE = """
<section><h2>设施类型(点选切换)</h2><div class="rg-progs" id="progs"></div></section>
<section class="rg-card" id="card"></section>
<section class="rg-grow" id="units"></section>
"""
# covered is the darker of the two, so that grey print tells them apart
_COVERED = {"fill": {"light": "#3F9F86", "dark": "#1F7A64"}}
_BEYOND = {"fill": {"light": "#F0BE9C", "dark": "#8F5226"}}
_REACH_DIGITS = 5
# what a row is about where the frame does not say
_STRAIGHT, _BEFORE, _AFTER = Measure.STRAIGHT.value, Scenario.BEFORE.value, Scenario.AFTER.value
_MEASURES = {_STRAIGHT: "直线距离", Measure.NETWORK.value: "步行网络"}
_SCENARIOS = {_BEFORE: "现状", _AFTER: "打通后(疑似)"}
_WALK = "w:"
# the share of a plot within a walk, least first: lower bound, words, colours between "beyond" and "covered"
_WALK_CLASSES = (
    (0.0, "走不到", _BEYOND),
    (0.01, "不足一半", {"fill": {"light": "#E2D3A4", "dark": "#6E5F30"}}),
    (0.5, "一半以上", {"fill": {"light": "#A3C79C", "dark": "#4A6B48"}}),
    (0.99, "全部走得到", _COVERED),
)
_HECTARE_M2 = 10_000


def write_coverage(survey: Survey, /) -> str:
    """Return the coverage page of a survey as one HTML file.

    Parameters
    ----------
    survey
        The survey; shares come from its ``coverage``, the picture from ``land`` and ``reach_areas``.

    Raises
    ------
    OfflineError
        Leaflet's registry package is not installed.

    Notes
    -----
    Rows say how they were measured (``measure``) and on which network (``scenario``); the page
    offers the choice where there is one. Straight lines are shorter than any walk: a wall or a river
    is not seen. On foot, ``plots`` colours the land as things are; what opening suggested links would
    bring is told in numbers only, and is 疑似.
    """
    page = Page(
        file="coverage.html",
        title=f"{survey.plan.city}居住用地设施覆盖图",
        run="runCoverage",
        scripts=("coverage_table.js", "coverage.js"),
        side=_SIDE,
        styles=("gaps.css",),
        home=find_busy_bounds(survey, survey.land if len(survey.land) else survey.streets),
    )
    ground = make_ground(survey)
    found = [_layer_land(survey), _layer_reach(survey), _layer_facilities(survey)]
    layers = [*ground, *(layer for layer in found if layer is not None)]
    return write_page(survey, page, layers, data=_gather_data(survey))


def _layer_land(survey: Survey) -> PackedLayer | None:
    land = survey.land
    if not len(land):
        return None
    names = land["name"].fillna("").astype(str) if "name" in land else pd.Series("", index=land.index)
    table = pd.DataFrame({"land_id": land["land_id"].astype(str), "name": names})
    if "households" in land:
        table["households"] = pd.to_numeric(land["households"], errors="coerce").to_numpy(
            dtype=float, na_value=np.nan
        )
    if survey.plots is not None:
        for facility in survey.plots.columns.drop("met", errors="ignore"):
            # two decimals are enough for four classes, and a third of the bytes
            table[_WALK + str(facility)] = survey.plots[facility].reindex(land.index).round(2).to_numpy()
    frame = gpd.GeoDataFrame(table, geometry=land.geometry.to_numpy(), crs=STORED_CRS)
    options = {"zIndex": 22, "style": {"polygon": {"one": _BEYOND}}}
    return PackedLayer(frame, name="land", options=options)


def _layer_reach(survey: Survey) -> PackedLayer | None:
    if not len(survey.reach_areas):
        return None
    areas = survey.reach_areas
    frame = areas[["facility", areas.geometry.name]].assign(
        measure=_say(areas, "measure", _STRAIGHT), scenario=_say(areas, "scenario", _BEFORE)
    )
    look = {"fill": "@reach", "alpha": 0.1, "stroke": "@reach", "width": 1.2}
    options = {"zIndex": 35, "interactive": False, "style": {"polygon": {"one": look}}}
    return PackedLayer(frame, name="reach", options=options, digits=_REACH_DIGITS, sort=False)


def _layer_facilities(survey: Survey) -> PackedLayer | None:
    facilities = survey.facilities
    if not len(facilities):
        return None
    names = facilities["name"].fillna("").astype(str) if "name" in facilities else ""
    table = pd.DataFrame({"facility": facilities["facility"].astype(str), "name": names})
    # what is built in the campaign is not there before it
    table["scenario"] = _say(facilities, "scenario", "")
    frame = gpd.GeoDataFrame(table, geometry=facilities.geometry.to_numpy(), crs=STORED_CRS)
    known = {
        word: looks.symbol_words(style.find_facility_symbol(word)) for word in sorted(set(table["facility"]))
    }
    symbol = {"by": "facility", "table": known, "other": looks.symbol_words(style.find_facility_symbol(""))}
    options = {
        "zIndex": 100,
        "size": 6.5,
        "dotsBelow": 12.75,
        "style": {"symbol": symbol},
    }
    return PackedLayer(frame, name="facilities", options=options)


def _say(frame: pd.DataFrame, name: str, default: str) -> list[str]:
    """Return a column of codes, the default where the frame or a row does not say."""
    if name not in frame:
        return [default] * len(frame)
    return [str(word) if isinstance(word, str) and word else default for word in frame[name].tolist()]


def _gather_data(survey: Survey) -> dict[str, Any]:
    table = survey.coverage
    table = table.assign(measure=_say(table, "measure", _STRAIGHT), scenario=_say(table, "scenario", _BEFORE))
    types = table.drop_duplicates("facility") if len(table) else table
    before = {
        _key_of(row): row for row in table.to_dict("records") if row["scenario"] == _BEFORE
    }  # the twin of an "after" row: what it gained
    return {
        "lights": looks.light_words(),
        "covered": _COVERED,
        "beyond": _BEYOND,
        "walk": [{"from": low, "name": name, "look": look} for low, name, look in _WALK_CLASSES],
        "measures": _choices(table, "measure", _MEASURES),
        "scenarios": _choices(table, "scenario", _SCENARIOS),
        "facilities": [
            {
                "id": row["facility"],
                "name": row["facility_name"],
                "reachText": style.format_length(row["reach_m"]),
                "symbol": looks.symbol_words(style.find_facility_symbol(row["facility"])),
            }
            for row in types.to_dict("records")
        ],
        "rows": [_row_words(row, before.get(_key_of(row))) for row in table.to_dict("records")],
    }


def _key_of(row: dict[Any, Any]) -> tuple[str, str, str]:
    return str(row["facility"]), str(row["unit"]), str(row["measure"])


def _choices(table: pd.DataFrame, column: str, names: dict[str, str]) -> list[dict[str, str]]:
    found = set(table[column]) if len(table) else set()
    return [{"id": code, "name": name} for code, name in names.items() if code in found]


def _row_words(row: dict[Any, Any], before: dict[Any, Any] | None) -> dict[str, Any]:
    earlier = before if before is not None and row["scenario"] == _AFTER else None
    return {
        "facility": row["facility"],
        "unit": row["unit"],
        "measure": row["measure"],
        "scenario": row["scenario"],
        "land": {
            **_part_words(row["land_m2"], row["land_covered_m2"], row["land_share"], _write_hectares),
            "gain": _write_gain(row, earlier, "land_share"),
        },
        "household": {
            **_part_words(
                row["households"], row["households_covered"], row["household_share"], _write_households
            ),
            "gain": _write_gain(row, earlier, "household_share"),
        },
    }


def _write_gain(row: dict[Any, Any], before: dict[Any, Any] | None, column: str) -> str:
    """Return what a share gained, in percentage points; empty where there is nothing to compare with."""
    if before is None or not (style.is_present(row[column]) and style.is_present(before[column])):
        return ""
    points = style.format_points(100 * (float(row[column]) - float(before[column])))
    return f"{style.format_percent(before[column])} → {style.format_percent(row[column])},{points} 个百分点"


def _part_words(amount: float, covered: float, share: float, write: Any) -> dict[str, Any]:
    return {
        "all": write(amount), "covered": write(covered), "text": style.format_percent(share),
        "amount": _number(amount), "coveredAmount": _number(covered), "share": _number(share),
    }  # fmt: skip


def _number(value: float) -> float | None:
    return round(float(value), 6) if style.is_present(value) and math.isfinite(value) else None


def _write_hectares(value: float) -> str:
    if not style.is_present(value):
        return "—"
    return f"{float(style.round_half_up(value / _HECTARE_M2)):,.1f}"


def _write_households(value: float) -> str:
    if not style.is_present(value):
        return "—"
    return f"{int(style.round_half_up(value, digits=0)):,}"
