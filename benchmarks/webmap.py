"""How large and how quick the status page is: 50,000 sites over the 92,667 roads of Wuhan.

    python benchmarks/webmap.py [--sites 50000] [--peers] [--keep FOLDER]

Needs the reference roads (RENEWAL_SHARED) and Chromium (RENEWAL_CHROMIUM); the network is refused.
With ``--peers`` folium's own GeoJson draws the same roads, with and without ``style_function``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import shutil
import statistics
import tempfile
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from playwright.sync_api import sync_playwright

from renewal_gis import toytown
from renewal_gis.render.webmap.index import write_index
from renewal_gis.render.webmap.offline import save_offline
from renewal_gis.render.webmap.packed import PackedLayer
from renewal_gis.schema import STORED_CRS
from renewal_gis.survey import Survey, Week

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("RENEWAL_SHARED", ROOT.parent / "shared"))
CHROMIUM = os.environ.get("RENEWAL_CHROMIUM") or shutil.which("chromium")
AS_OF = dt.date(2021, 9, 30)
COLOURS = {"primary": "#b00", "secondary": "#d60", "tertiary": "#da0"}
REST = "const rest = () => new Promise(r => { const f = () => renewal.map._packedCanvas.isSettled() ? r() : requestAnimationFrame(f); f(); });"
PAN = (
    """async () => {
  const map = renewal.map, times = [];"""
    + REST
    + """
  await rest();
  let last = await new Promise(requestAnimationFrame);
  for (let k = 0; k < 240; k++) {
    const way = k % 120 < 60 ? 1 : -1;
    map.panBy([24 * way, 10 * way], {animate: false});
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  await rest();
  return times;
}"""
)
ZOOM = (
    """async () => {
  const map = renewal.map, canvas = map._packedCanvas, times = [];"""
    + REST
    + """
  await rest();
  for (const step of [1, 1, 1, -1, -1, -1, 1, -1]) {
    const start = performance.now();
    map.setZoom(map.getZoom() + step, {animate: false});
    await new Promise(requestAnimationFrame);
    while (canvas._topStale || (canvas._missing.length && canvas._missing[0].seen)) {
      await new Promise(requestAnimationFrame);
    }
    times.push(performance.now() - start);
    await rest();
  }
  return times;
}"""
)
DATE = """() => {
  const times = [], days = RG.status.data.days;
  for (let k = 0; k < 15; k++) {
    const start = performance.now();
    renewal.asOf(days[(k * 7) % days.length]);
    renewal.map._packedCanvas.redrawNow();
    times.push(performance.now() - start);
  }
  renewal.asOf(days[days.length - 1]);
  return times;
}"""
FILTER = """() => {
  const times = [], wishes = [{stage: "done"}, {programme: "back_alley"}, {unit: "乙区"}, {stage: ["under_way", "done"], unit: "甲区"}, {}];
  for (let k = 0; k < 15; k++) {
    const start = performance.now();
    renewal.filter(wishes[k % wishes.length]);
    renewal.map._packedCanvas.redrawNow();
    times.push(performance.now() - start);
  }
  return times;
}"""


def read_roads() -> gpd.GeoDataFrame:
    """The roads of Wuhan in degrees."""
    return gpd.read_parquet(SHARED / "data" / "roads" / "wuhan_8989.parquet").to_crs(STORED_CRS)


def make_units(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Three strips over the roads, with the names of the toy town's units."""
    west, south, east, north = roads.total_bounds
    cuts = np.linspace(west, east, 4)
    units = toytown.make_units()
    return units.set_geometry([shapely.box(a, south, b, north) for a, b in pairwise(cuts)], crs=STORED_CRS)


def make_sites(roads: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """Points beside streets, with the columns of a ledger."""
    random = np.random.default_rng(7)
    plan = toytown.make_plan()
    streets = roads.geometry.to_numpy()[random.integers(0, len(roads), count)]
    spots = shapely.get_coordinates(shapely.line_interpolate_point(streets, 0.5, normalized=True))
    spots = shapely.points(spots + random.normal(0, 4e-4, spots.shape))
    programmes = random.choice([programme.id for programme in plan.programmes], count)
    steps = {programme.id: [stage.value for stage in programme.stages] for programme in plan.programmes}
    units = np.array([unit.name for unit in plan.units])[random.integers(0, 3, count)]
    day = pd.Timestamp("2021-03-01")
    table = pd.DataFrame({
        "name": [f"示例小区{k}号院" for k in range(count)], "programme": programmes, "category": "",
        "stage": [random.choice(steps[word]) for word in programmes], "declared_unit": units, "managing_unit": units,
        "located_name": units, "township": random.choice(["东街街道", "西街街道", "南关街道", "北关街道"], count),
        "address": [f"{k % 300}号" for k in range(count)], "households": random.integers(20, 900, count),
        "floor_area_m2": random.integers(2, 90, count) * 1000.0, "investment_wan": random.integers(10, 900, count) * 1.0,
        "leader": random.choice(["张××", "李××", "王××"], count), "task_force": "示例专班",
        "planned_start": day + pd.to_timedelta(random.integers(0, 90, count), unit="D"),
        "planned_finish": day + pd.to_timedelta(random.integers(150, 300, count), unit="D"),
        "actual_start": pd.NaT, "actual_finish": pd.NaT, "source_file": "bench", "simulated": True,
    }, index=pd.Index([f"S-{k:05d}" for k in range(count)], name="site_id"))  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=spots, crs=STORED_CRS)


def make_weeks(sites: gpd.GeoDataFrame, progress: pd.DataFrame) -> tuple[Week, ...]:
    """Thirty weeks in which the sites begin, one after the other."""
    days = [AS_OF - dt.timedelta(days=7 * back) for back in reversed(range(30))]
    return tuple(
        Week(day, progress, sites["stage"].where(sites["planned_start"] <= pd.Timestamp(day), "not_started"))
        for day in days
    )


def make_survey(count: int) -> Survey:
    """A survey of that many sites over all the roads."""
    roads, plan = read_roads(), toytown.make_plan()
    nothing = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=STORED_CRS)
    target = plan.targets[0]
    rows = [
        {
            "target": target.id, "programme": target.programme, "indicator": target.indicator, "unit": unit,
            "measure": target.measure, "task": 6, "ledger": 6, "located": 6, "unlocated": 0, "done": 3, "base": 6,
            "rate": Fraction(1, 2), "expected": Fraction(3, 5), "pace_pp": Fraction(-10), "light": "slight", "basis": "explicit",
        }
        for unit in ("全市", *(unit.name for unit in plan.units))
    ]  # fmt: skip
    sites = make_sites(roads, count)
    reached = pd.DataFrame(
        {
            "site_id": sites.index,
            "stage": sites["stage"].to_numpy(),
            "date": sites["planned_start"].to_numpy(),
        }
    )
    progress = pd.DataFrame(rows)
    return Survey(
        weeks=make_weeks(sites, progress), plan=plan, as_of=AS_OF, sites=sites, events=pd.DataFrame(), reached=reached, units=make_units(roads),
        progress=progress, coverage=pd.DataFrame(), reach_areas=nothing, streets=roads, dead_ends=nothing,
        links=nothing, defects=nothing, backdrop={}, land=nothing, facilities=nothing, findings=(),
        sources=("模拟数据", "© OpenStreetMap contributors, ODbL"), simulated=True,
    )  # fmt: skip


def write_peer(roads: gpd.GeoDataFrame, *, styled: bool) -> str:
    """Folium's own GeoJson of the roads, made to load offline."""
    map_ = folium.Map(tiles=None, prefer_canvas=True)
    style: dict[str, Any] = (
        {
            "style_function": lambda road: {
                "color": COLOURS.get(road["properties"]["highway"], "#888"),
                "weight": 1,
            }
        }
        if styled
        else {}
    )
    folium.GeoJson(roads[["highway", "geometry"]], **style).add_to(map_)
    west, south, east, north = roads.total_bounds
    map_.fit_bounds([[south, west], [north, east]])
    return save_offline(map_)


def write_roads(roads: gpd.GeoDataFrame) -> str:
    """Our layer of the same roads alone, on a folium map."""
    map_ = folium.Map(tiles=None)
    PackedLayer(
        roads[["highway", "geometry"]], name="roads", options={"style": {"line": looks_of_peer()}}, digits=5
    ).add_to(map_)
    west, south, east, north = roads.total_bounds
    map_.fit_bounds([[south, west], [north, east]])
    return save_offline(map_)


def looks_of_peer() -> dict[str, Any]:
    """The colours that the styled peer draws."""
    table = {word: {"color": color, "width": 1} for word, color in COLOURS.items()}
    return {"by": "highway", "table": table, "other": {"color": "#888", "width": 1}}


def time_it(make: Callable[[], str]) -> tuple[str, float, float]:
    """The text, the seconds that it took the second time, and those of the processor."""
    make()
    start, worked = time.perf_counter(), time.process_time()
    text = make()
    return text, time.perf_counter() - start, time.process_time() - worked


def open_page(
    play: Any, file: Path, *, ready: bool, waits: bool = False
) -> tuple[Any, Any, float, list[str]]:
    """A browser on the page; the time to its mark (ours) or to the second frame after loading (peers)."""
    browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_offline(True)
    page, asked = context.new_page(), []
    page.set_default_timeout(300_000)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri(), timeout=300_000)
    if waits:
        name = re.search(r"var (packed_layer_\d+) =", file.read_text(encoding="utf-8"))[1]
        page.evaluate(f"() => {name}.ready.then(() => 0)")
    if not ready:
        took = page.evaluate(
            "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(performance.now()))))"
        )
        return browser, page, took, asked
    while not page.evaluate("Boolean(window.renewal && window.renewal.ready)"):
        page.wait_for_timeout(5)
    took = page.evaluate("performance.getEntriesByName('renewal-ready')[0].startTime")
    return browser, page, took, asked


def find_p95(times: list[float]) -> float:
    """The frame that all but one in twenty are quicker than."""
    return sorted(times)[int(len(times) * 0.95)]


def measure_ours(play: Any, file: Path, runs: int) -> dict[str, Any]:
    """First render, filter, date, pan and zoom of our page, medians over fresh browsers.

    Pan: the time from frame to frame while the map is dragged 26 pixels a frame. Zoom: until all that
    one sees is drawn.
    """
    first, figures = [], {}
    for _ in range(runs):
        browser, page, took, asked = open_page(play, file, ready=True)
        first.append(took)
        if len(first) == runs:
            home = "renewal.map.setZoom(13, {animate: false})"
            figures["filter_ms"] = statistics.median(page.evaluate(FILTER))
            figures["date_ms"] = statistics.median(page.evaluate(DATE))
            pans = page.evaluate(PAN)
            zooms = page.evaluate(ZOOM)
            page.evaluate(home)
            near = page.evaluate(PAN)
            figures |= {
                "pan_p95_ms": find_p95(pans), "zoom_ms": statistics.median(zooms), "zoom_max_ms": max(zooms),
                "pan_near_p95_ms": find_p95(near), "requests": len(asked) - 1,
                "layers": page.evaluate("renewal.layers.map(l => l.name + ' ' + l.drawn + '/' + l.total).join(', ')"),
                "nodes": page.evaluate("document.querySelectorAll('*').length"),
                "heap_mb": page.evaluate("performance.memory.usedJSHeapSize / 1e6"),
            }  # fmt: skip
        browser.close()
    return {
        "first_render_ms": statistics.median(first),
        "first_render_all": [round(took) for took in first],
        **figures,
    }


def main() -> None:
    """Measure and print, as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--keep", type=Path)
    words = parser.parse_args()
    folder = words.keep or Path(tempfile.mkdtemp())
    survey = make_survey(words.sites)
    text, seconds, worked = time_it(lambda: write_index(survey))
    file = folder / "webmap.html"
    file.write_text(text, encoding="utf-8")
    empty = save_offline(folium.Map(location=[30, 114], tiles=None))
    figures: dict[str, Any] = {
        "sites": words.sites, "roads": len(survey.streets), "page_mb": len(text.encode()) / 1e6,
        "generate_s": seconds, "generate_cpu_s": worked, "empty_map_mb": len(empty.encode()) / 1e6,
    }  # fmt: skip
    with sync_playwright() as play:
        figures |= measure_ours(play, file, words.runs)
        roads_page = folder / "roads.html"
        roads_page.write_text(write_roads(survey.streets), encoding="utf-8")
        browser, _, took, _ = open_page(play, roads_page, ready=False, waits=True)
        figures["roads_only"] = {"mb": roads_page.stat().st_size / 1e6, "first_render_ms": took}
        browser.close()
        for styled in (False, True) if words.peers else ():
            name = "folium_styled" if styled else "folium_plain"
            peer = folder / f"{name}.html"
            peer.write_text(write_peer(survey.streets, styled=styled), encoding="utf-8")
            browser, _, took, _ = open_page(play, peer, ready=False)
            figures[name] = {"mb": peer.stat().st_size / 1e6, "first_render_ms": took}
            browser.close()
    print(json.dumps(figures, ensure_ascii=False, indent=1, default=float))


if __name__ == "__main__":
    main()
