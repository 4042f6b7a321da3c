"""The status page: how far each unit is, and where its sites are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from renewal_gis.render import style
from renewal_gis.render.webmap import looks
from renewal_gis.render.webmap.backdrop import find_city_bounds, make_ground
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.render.webmap.shell import Page, write_page
from renewal_gis.schema import STORED_CRS
from renewal_gis.vocab import CITY, Placement, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renewal_gis.plan import Plan
    from renewal_gis.survey import Survey

_SIDE = """
<section><h2>专项(勾选上图,点选看进度)</h2><div class="rg-progs" id="progs"></div></section>
<section class="rg-card" id="card"></section>
<div class="rg-switch" id="tabs" role="tablist"></div>
<section class="rg-grow" id="units"></section>
<section class="rg-grow" id="list" hidden></section>
"""
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


def write_index(survey: Survey, /) -> str:
    """Return the status page of a survey as one HTML file.

    Parameters
    ----------
    survey
        The survey; everything shown is in it.

    Raises
    ------
    OfflineError
        Leaflet's registry package is not installed.

    Notes
    -----
    For internal use: names of leaders and contractors are on the page.
    """
    page = Page(
        file="index.html",
        title=f"{survey.plan.city}“{survey.plan.short}”工作进展图",
        run="runIndex",
        scripts=("status.js", "status_filter.js", "status_panel.js", "status_list.js"),
        side=_SIDE,
        home=find_city_bounds(survey),
        notes=tuple(survey.plan.footnotes()),
    )
    layers = [*make_ground(survey), layer_sites(survey)]
    return write_page(survey, page, layers, data=_gather_data(survey))


def layer_sites(survey: Survey, /) -> PackedLayer:
    """Return the sites: marks on the overview, lines and areas in the street, counts where they crowd."""
    sites, plan = survey.sites, survey.plan
    table = pd.DataFrame({"site_id": sites.index.astype(str)})
    for name in _TEXTS:
        table[name] = _texts(sites, name)
    categories = {c.id: c.name for programme in plan.programmes for c in programme.categories}
    table["category"] = _rename(_texts(sites, "category"), categories)
    table["unit"] = _texts(sites, "managing_unit")
    table["placement"] = _rename(_texts(sites, "placement"), looks.name_words(Placement))
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
    table = table.join(_spread_reached(survey, sites.index))
    frame = gpd.GeoDataFrame(table, geometry=sites.geometry.to_numpy(), crs=STORED_CRS)
    # in the ledger's order: numbers and names that count upwards compress better than neighbours do
    return PackedLayer(frame, name="sites", options=_site_options(plan), sort=False)


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


# ------------------------------------------------------------------ the tables of the panel
def _gather_data(survey: Survey) -> dict[str, Any]:
    plan = survey.plan
    classes, no_task, no_split = looks.completion_classes()
    leads = _lead_targets(plan)
    return {
        "asOf": survey.as_of.isoformat(),
        "simulated": survey.simulated,
        "programmes": [
            {
                "id": programme.id, "name": programme.name, "short": programme.short, "lead": programme.lead,
                "measure": programme.measure, "stages": [stage.value for stage in programme.stages],
                "symbol": looks.symbol_words(style.find_symbol(programme.id)),
                "lead_target": leads.get(programme.id, ""),
            }
            for programme in plan.programmes
        ],
        "targets": [
            {
                "id": target.id, "programme": target.programme, "indicator": target.indicator,
                "deadline": target.deadline.isoformat(), "deadline_text": target.deadline_text,
                "striving": target.striving,
            }
            for target in plan.targets
        ],
        "rows": [_row_words(row) for row in survey.progress.to_dict("records")],
        "units": [unit.name for unit in plan.units],
        "stages": {stage.value: stage.zh for stage in Stage},
        "groupOf": {stage.value: style.find_stage_group(stage.value).id for stage in Stage},
        "groups": looks.group_words(),
        "lights": looks.light_words(),
        "classes": classes, "noTask": no_task, "noSplit": no_split,
        "first": _first_target(plan, survey.progress),
    }  # fmt: skip


def _lead_targets(plan: Plan) -> dict[str, str]:
    """Return the target that stands for each programme: its first that has no parent."""
    leads: dict[str, str] = {}
    for target in plan.targets:
        if not target.parent and not target.subset_of:
            leads.setdefault(target.programme, target.id)
    return leads


def _first_target(plan: Plan, progress: pd.DataFrame) -> str:
    """Return the target that the page opens with: the first that is broken down by unit."""
    split = set(progress.loc[progress["unit"] != CITY, "target"]) if len(progress) else set()
    return next((target.id for target in plan.targets if target.id in split), plan.targets[0].id)


def _row_words(row: dict[Any, Any]) -> dict[str, Any]:
    rate, expected, pace = row["rate"], row["expected"], row["pace_pp"]
    return {
        "target": row["target"], "unit": row["unit"], "measure": row["measure"], "basis": row["basis"],
        "base": style.format_count(row["base"]), "done": style.format_count(row["done"]),
        "unlocated": int(row["unlocated"]) if style.is_present(row["unlocated"]) else 0,
        "rate": _number(rate), "rateText": style.format_percent(rate),
        "expected": _number(expected), "expectedText": style.format_percent(expected),
        "pace": _number(pace), "paceText": style.format_points(pace), "paceTell": style.tell_pace(pace),
        "light": row["light"] or "", "cls": looks.find_class_place(rate),
    }  # fmt: skip


def _number(value: style.Number | None) -> float | None:
    return round(float(value), 6) if style.is_present(value) else None
