"""Draw the pictures of docs/gaps.md from the simulated city and from drawn faults.

python scripts/draw_gaps.py [-o docs/img]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely
from matplotlib import font_manager
from matplotlib.figure import Figure

from renewal_gis.pipeline.gaps import find_gaps
from renewal_gis.render.fonts import find_font
from renewal_gis.roads.defects import find_defects
from renewal_gis.vocab import DefectKind, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).resolve().parents[1]
METRIC = "EPSG:4547"
GREY, BLUE, VERMILLION, GREEN, ORANGE = "#9aa0a6", "#0072B2", "#D55E00", "#009E73", "#E69F00"
VERDICTS = {
    Verdict.CANDIDATE: (VERMILLION, "o"),
    Verdict.CUL_DE_SAC: (GREY, "s"),
    Verdict.SHEET_EDGE: (BLUE, "^"),
    Verdict.DEFECT: (ORANGE, "x"),
}
EDGE_M = 700.0
AWAY = np.array([500_000.0, 4_050_000.0])


def read_city() -> dict[str, gpd.GeoDataFrame]:
    """The simulated layers that the picture needs."""
    sites = ROOT / "data" / "sites"
    ledger = gpd.read_file(sites / "dead_end_road.simulated.geojson").set_index("编号")
    return {
        "roads": gpd.read_parquet(sites / "roads.simulated.parquet"),
        "barriers": gpd.read_file(sites / "barriers.simulated.geojson"),
        "land": gpd.read_parquet(sites / "land.simulated.parquet"),
        "ledger": ledger.assign(programme="dead_end_road"),
    }


def draw_links(path: Path) -> None:
    """Links by priority and dead ends by verdict around the ledger's roads."""
    city = read_city()
    result = find_gaps(
        city["roads"],
        crs_metric=METRIC,
        barriers=city["barriers"],
        land=city["land"],
        sites=city["ledger"],
    )
    figure = Figure(figsize=(8.0, 5.4), dpi=200, layout="constrained")
    axes = figure.subplots()
    first = result.links[result.links["rank"] <= 30]
    known = first["ledger_site"] != ""
    west, south, east, north = first[known].total_bounds
    city["barriers"].to_crs(METRIC).plot(ax=axes, color="#cfe3f1", zorder=1)
    result.streets.plot(ax=axes, color="#c9c9c9", linewidth=0.35, zorder=2)
    for verdict, (colour, mark) in VERDICTS.items():
        some = result.dead_ends[result.dead_ends["verdict"] == verdict]
        some.plot(
            ax=axes, color=colour, marker=mark, markersize=6, zorder=4, label=f"{verdict.zh}", linewidth=0.8
        )
    first[known].plot(ax=axes, color=VERMILLION, linewidth=3.6, zorder=5, label="疑似缺失路段(台账已有)")
    first[~known].plot(ax=axes, color=GREEN, linewidth=3.6, zorder=5, label="疑似缺失路段(台账没有)")
    for row in first.itertuples():
        spot = row.geometry.centroid
        axes.annotate(
            str(row.rank),
            (spot.x, spot.y),
            (5, 5),
            textcoords="offset points",
            fontsize=8,
            zorder=6,
            annotation_clip=True,
        )
    axes.set_xlim(west - EDGE_M, east + EDGE_M)
    axes.set_ylim(south - EDGE_M, north + EDGE_M)
    axes.set_axis_off()
    axes.set_title("优先度前 30 的疑似缺失路段(模拟数据;疑似,待现场核实)", fontsize=11, pad=16)
    axes.legend(loc="lower right", fontsize=8, framealpha=0.95)
    save(figure, path)


FAULTS: dict[DefectKind, list[list[tuple[float, float]]]] = {
    DefectKind.UNDERSHOOT: [[(0, 0), (20, 0)], [(10, 12), (10, 1.6)]],
    DefectKind.OVERSHOOT: [[(0, 0), (20, 0)], [(10, 12), (10, -1.6)]],
    DefectKind.UNSNAPPED_CROSSING: [[(0, 2), (20, 6)], [(9, 14), (11, -6)]],
    DefectKind.DUPLICATE: [[(0, 4), (20, 6)], [(1, 5.4), (10, 6.2), (19, 7)]],
    DefectKind.SPLIT_NODE: [
        [(0, 3), (10, 4)],
        [(10, 4), (11, -6)],
        [(11.3, 5.1), (20, 6)],
        [(11.3, 5.1), (10, 14)],
    ],
}


def draw_faults(path: Path) -> None:
    """The five kinds of digitising faults, and what is found of each."""
    figure = Figure(figsize=(9.5, 2.5), dpi=200, layout="constrained")
    for axes, (kind, lines) in zip(figure.subplots(1, len(FAULTS)), FAULTS.items(), strict=True):
        draw_fault(axes, kind, lines)
    save(figure, path)


def draw_fault(axes: Axes, kind: DefectKind, lines: list[list[tuple[float, float]]]) -> None:
    """One fault: its lines, their ends, and the place found."""
    shapes = [shapely.LineString(np.array(line) + AWAY) for line in lines]
    roads = gpd.GeoDataFrame({"highway": ["residential"] * len(shapes)}, geometry=shapes, crs=METRIC)
    found = find_defects(roads)
    for line in lines:
        axes.plot(*np.array(line).T, color="#555555", linewidth=1.6, marker="o", markersize=3)
    places = shapely.get_coordinates(found[found["kind"] == kind].geometry.values) - AWAY
    axes.scatter(*places.T, s=170, facecolors="none", edgecolors=VERMILLION, linewidths=1.6, zorder=5)
    axes.set_title(f"{kind.zh}\n{kind.value}", fontsize=9)
    axes.set_xlim(-1, 21)
    axes.set_ylim(-7, 15)
    axes.set_aspect("equal")
    axes.set_axis_off()


def save(figure: Figure, path: Path) -> None:
    """Write without a date, so that a rerun gives the same bytes."""
    figure.savefig(path, metadata={"Software": None})


def main() -> None:
    """Draw both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "img")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    font_manager.fontManager.addfont(find_font())
    mpl.rcParams["font.family"] = [font_manager.FontProperties(fname=find_font()).get_name()]
    draw_links(options.output / "gaps-links.png")
    draw_faults(options.output / "gaps-defects.png")


if __name__ == "__main__":
    main()
