"""Why a link is proposed, in short sentences with numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from renewal_gis.vocab import LinkKind

if TYPE_CHECKING:
    import geopandas as gpd

    from renewal_gis.roads.tip_features import Measures

TARGET_WORDS = {
    LinkKind.END_TO_END.value: "对面断头",
    LinkKind.END_TO_STREET.value: "前方道路",
    LinkKind.END_TO_JUNCTION.value: "前方路口",
}
STRAIGHT_DEG = 15.0
OPPOSITE_DEG = 25.0
FAR_RATIO = 3.0
CLEAR_PART = 0.15


def explain_links(links: gpd.GeoDataFrame, measures: Measures, /) -> list[str]:
    """One text per link: sentences joined by ;.

    ``measures`` are those of the ranker, one array per name in the order of the links' rows.
    """
    names = (
        "turn_25",
        "facing_25",
        "node_opposite",
        "near_opposite",
        "incidence",
        "part_share",
        "whole_quantile",
    )
    table = np.stack([measures[name] for name in names], axis=1) if len(links) else np.empty((0, len(names)))
    columns = [c for c in links.columns if c not in ("geometry", "reasons")]
    rows = links[columns].to_dict("records")
    return [
        ";".join(_explain(row, dict(zip(names, values, strict=True))))
        for row, values in zip(rows, table, strict=True)
    ]


def _explain(row: dict[str, Any], measure: dict[str, float]) -> list[str]:
    said = [f"距{TARGET_WORDS[row['kind']]} {row['length_m']:.0f} 米,偏离走向 {measure['turn_25']:.0f}°"]
    if row["kind"] == LinkKind.END_TO_END.value:
        said.append(f"对面断头朝向本端,偏差 {measure['facing_25']:.0f}°")
    else:
        said += _explain_junction(measure)
    if np.isfinite(row["network_m"]):
        if row["detour_ratio"] >= FAR_RATIO:
            said.append(f"现需绕行 {row['network_m']:.0f} 米,为直线的 {row['detour_ratio']:.1f} 倍")
    else:
        said.append("现状 3 公里内不连通")
    if measure["part_share"] >= CLEAR_PART:
        said.append(f"打通后街区分为两块,小块占 {measure['part_share'] / (1 + measure['part_share']):.0%}")
    if row["crossed"]:
        said.append(f"须跨越 {row['crossed']} 条道路")
    return said + _explain_layers(row)


def _explain_junction(measure: dict[str, float]) -> list[str]:
    if measure["node_opposite"] <= OPPOSITE_DEG:
        return [f"路口对侧有道路同向延续,偏差 {measure['node_opposite']:.0f}°"]
    if measure["incidence"] >= 90.0 - STRAIGHT_DEG:
        return [f"与前方道路近于垂直({measure['incidence']:.0f}°)"]
    return []


def _explain_layers(row: dict[str, Any]) -> list[str]:
    said = []
    if row["barriers"]:
        said.append(f"跨越{row['barriers']},需建桥或下穿")
    if row["planned"]:
        said.append("与规划道路相符")
    if row["building"]:
        said.append("路线上有建筑")
    same = row.get("name") and row.get("name") == row.get("to_name")
    if same:
        said.append(f"两端同名“{row['name']}”")
    return said
