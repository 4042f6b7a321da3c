"""The page of ``renewal-gis map`` against folium's own layers: 50,000 sites and the 92,667 roads of Wuhan, in one run.

    python benchmarks/webmap_layers.py [--sites 50000] [--runs 5] [--peers]

Size, first render, pan, zoom and filter; the network is refused. With ``--peers`` folium's GeoJson draws the
same roads (minutes). Needs what :mod:`webmap` needs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from renewal_gis.render.webmap.layers import MapLayer, write_layers
from webmap import make_sites, open_page, read_roads, write_peer

COLUMNS = ["name", "programme", "stage", "managing_unit", "households", "geometry"]
FRAMES = """async (step) => {
  const map = (window.renewal || {}).map || Object.values(window).find(v => v instanceof L.Map), times = [];
  for (let k = 0; k < 12; k++) {
    const start = performance.now();
    if (step === "pan") {
      map.panBy([k % 4 < 2 ? 180 : -180, k % 2 ? 90 : -90], {animate: false});
    } else {
      map.setZoom(map.getZoom() + (k % 4 < 2 ? 1 : -1), {animate: false});
    }
    await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
    times.push(performance.now() - start);
  }
  return times;
}"""
FILTER = """() => {
  const times = [], wishes = [{status: "started"}, {layer: "sites"}, {managing_unit: "甲区"}, {status: ["started", "permitted"]}, {}];
  for (let k = 0; k < 15; k++) {
    const start = performance.now();
    renewal.filter(wishes[k % wishes.length]);
    renewal.map._packedCanvas.redrawNow();
    times.push(performance.now() - start);
  }
  return times;
}"""


def measure(play: Any, file: Path, *, runs: int, ours: bool) -> dict[str, Any]:
    """Medians over fresh browsers; pan and zoom as the time to the second frame after the step."""
    first, figures = [], {}
    for turn in range(runs):
        browser, page, took, asked = open_page(play, file, ready=ours)
        first.append(took)
        if turn == runs - 1:
            figures = {
                "pan_ms": statistics.median(page.evaluate(FRAMES, "pan")),
                "zoom_ms": statistics.median(page.evaluate(FRAMES, "zoom")),
                "filter_ms": statistics.median(page.evaluate(FILTER)) if ours else None,
                "requests": len(asked) - 1,
            }
        browser.close()
    return {"mb": file.stat().st_size / 1e6, "first_render_ms": statistics.median(first), **figures}


def main() -> None:
    """Measure and print, as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    words = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    roads = read_roads()
    layers = [
        MapLayer("sites", make_sites(roads, words.sites)[COLUMNS]),
        MapLayer("roads", roads[["highway", "geometry"]]),
    ]
    start = time.perf_counter()
    text = write_layers(layers, title="bench", label="name", status="stage")
    figures: dict[str, Any] = {"generate_s": time.perf_counter() - start}
    (folder / "ours.html").write_text(text, encoding="utf-8")
    with sync_playwright() as play:
        figures["ours"] = measure(play, folder / "ours.html", runs=words.runs, ours=True)
        for styled in (False, True) if words.peers else ():
            name = "folium_styled" if styled else "folium_plain"
            (folder / f"{name}.html").write_text(write_peer(roads, styled=styled), encoding="utf-8")
            figures[name] = measure(play, folder / f"{name}.html", runs=1, ours=False)
    print(json.dumps(figures, ensure_ascii=False, indent=1, default=float))


if __name__ == "__main__":
    main()
