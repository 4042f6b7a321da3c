"""Missing links: where a dead end most probably ought to go on, how probably, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from renewal_gis.geo.geometry import join_points, require_metric
from renewal_gis.roads.candidates import Candidates, propose_links
from renewal_gis.roads.dead_ends import find_dead_ends
from renewal_gis.roads.distances import measure_detours
from renewal_gis.roads.evidence import weigh_evidence, weigh_names
from renewal_gis.roads.features import Setting, measure_cheaply, measure_fully, measure_setting
from renewal_gis.roads.ranker import read_forest, sum_trees, to_share
from renewal_gis.roads.reasons import explain_links
from renewal_gis.roads.rivalry import level_pairs, measure_rivalry, pick_alternatives, pick_links
from renewal_gis.roads.scene import Scene, Tips, look_around, make_scene, make_tips
from renewal_gis.vocab import LinkKind, Verdict

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Flags, Floats, Ints
    from renewal_gis.roads.segments import Segments
    from renewal_gis.roads.tip_features import Measures

KINDS = np.array(
    [LinkKind.END_TO_END.value, LinkKind.END_TO_STREET.value, LinkKind.END_TO_JUNCTION.value], object
)
KEEP_SHARE = 0.002
LEAST_SCORE = 0.002
LEAST_STUB_M = 5.0
HOPELESS = -6.0
LEAST_LINK_M = 4.0
NETWORK_LIMIT_M = 3000.0


@dataclass(frozen=True)
class Ranking:
    """Candidates that were weighed, their measures and log-odds."""

    cand: Candidates
    measures: Measures
    log_odds: Floats


def suggest_links(
    streets: gpd.GeoDataFrame,
    dead_ends: gpd.GeoDataFrame | None = None,
    /,
    *,
    reach_m: float = 300.0,
    barriers: gpd.GeoDataFrame | None = None,
    planned: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    segments: Segments | None = None,
) -> gpd.GeoDataFrame:
    """The most probable continuation of each dead end, most probable first.

    Parameters
    ----------
    streets
        Frame made by ``build_streets``, projected CRS in metres. Equal names (``name``) on both sides raise the
        score, unequal ones lower it, missing ones do nothing.
    dead_ends
        Frame made by ``find_dead_ends``; made here if not given. Only rows with the verdict ``candidate``, and
        faults that are more than a stray stub, get a link; all of them count as evidence.
    reach_m
        Longest link, metres.
    barriers
        Rivers, railways and the like (lines or polygons; ``kind``, ``name``): a link that meets one says so.
    planned
        Planned centrelines: a link that runs along one says so.
    buildings
        Footprints: a link that runs through one says so.
    segments
        What :func:`cut_segments` made of the same streets, to save the making.

    Returns
    -------
    RangeIndex in order of falling ``score``; columns ``score`` (0–1), ``kind``, ``length_m``, ``network_m``
    (present way, metres; infinite beyond 3 km), ``detour_ratio``, ``from_node``, ``to_node`` (-1 where the
    target is no node), ``from_street``, ``to_street``, ``crossed`` (streets in between), ``alternative`` (a
    further choice for a dead end that has a likelier link), ``barriers`` (joined by 、), ``planned``, ``building``,
    ``reasons`` (joined by ;) and the line from the dead end to its target.

    Raises
    ------
    CrsError
        A frame without CRS, or not in metres.

    Notes
    -----
    ``score`` is calibrated on streets that were taken out of real networks. It is the chance that such a gap
    is true, not the precision in the field, and must not be used without a visit to the place.
    """
    require_metric(streets, name="路网")
    ends = find_dead_ends(streets) if dead_ends is None else dead_ends
    open_ends = find_open_ends(ends)
    if not open_ends.any():
        return _make_empty(streets)
    scene = make_scene(streets, segments=segments)
    tips = make_tips(scene, ends["node"].to_numpy(np.int64))
    ranking = rank_candidates(scene, tips, open_ends, reach_m=reach_m)
    if "name" in streets:
        ranking = replace(
            ranking,
            log_odds=ranking.log_odds
            + weigh_names(scene, tips, ranking.cand, streets["name"].to_numpy(object)),
        )
    rows, score, alternative = choose_links(tips.xy, ranking.cand, to_share(ranking.log_odds))
    links = _make_frame(streets, scene, tips, ranking.cand.take(rows), score)
    links["alternative"] = alternative
    links = weigh_evidence(links, barriers=barriers, planned=planned, buildings=buildings)
    links["reasons"] = explain_links(links, {k: v[rows] for k, v in ranking.measures.items()})
    return links


def find_open_ends(dead_ends: gpd.GeoDataFrame, /) -> Flags:
    """Dead ends that may go on: candidates, and faults that are more than a stray stub.

    A real end may lie a metre beside a bridge and look like a line that was not drawn to the other.
    """
    fault = (dead_ends["verdict"] == Verdict.DEFECT.value) & (dead_ends["stub_m"] >= LEAST_STUB_M)
    flags: Flags = ((dead_ends["verdict"] == Verdict.CANDIDATE.value) | fault).to_numpy(bool)
    return flags


def rank_candidates(scene: Scene, tips: Tips, open_ends: Flags, /, *, reach_m: float) -> Ranking:
    """Candidates of the open dead ends that pass the filter, with their log-odds.

    A pair of dead ends is weighed from both sides; both rows carry the mean.
    """
    cand, setting = propose_plausible(scene, tips, open_ends, reach_m=reach_m)
    measures = measure_fully(scene, tips, cand, setting)
    first = level_pairs(cand, sum_trees(read_forest("first"), measures))
    rivalry = measures | measure_rivalry(tips.xy, cand, first)
    # what the first look rules out stays so; the second costs as much again and would not lift it
    hopeful = first >= HOPELESS
    log_odds = first.copy()
    log_odds[hopeful] = sum_trees(read_forest("second"), {name: v[hopeful] for name, v in rivalry.items()})
    return Ranking(cand, measures, level_pairs(cand, log_odds))


def choose_links(tip_xy: Floats, cand: Candidates, score: Floats, /) -> tuple[Ints, Floats, Flags]:
    """Rows of the candidates to propose by falling score, their scores, and which are alternatives."""
    chosen = pick_links(cand, score)
    others, other_score = pick_alternatives(tip_xy, cand, score, chosen)
    rows, scores = np.r_[chosen, others], np.r_[score[chosen], other_score]
    alternative = np.arange(len(rows)) >= len(chosen)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= LEAST_SCORE]
    return rows[order], scores[order], alternative[order]


def propose_plausible(
    scene: Scene,
    tips: Tips,
    open_ends: Flags,
    /,
    *,
    reach_m: float,
    keep_share: float = KEEP_SHARE,
) -> tuple[Candidates, Setting]:
    """Candidates that a small model does not rule out, and the measures per dead end."""
    view = look_around(scene, tips, reach_m=reach_m)
    setting = measure_setting(scene, tips, view, reach_m=reach_m)
    cand = propose_links(scene, tips, view, reach_m=reach_m)
    # shorter ones are faults to mend in the drawing, not roads to build
    long_enough = np.hypot(*(cand.xy - tips.xy[cand.tip]).T) >= LEAST_LINK_M
    cand = cand.take(
        long_enough & open_ends[cand.tip] & np.where(cand.partner >= 0, open_ends[cand.partner], True)
    )
    quick = sum_trees(read_forest("filter"), measure_cheaply(scene, tips, cand, setting))
    return cand.take(to_share(quick) >= keep_share), setting


def _make_frame(
    streets: gpd.GeoDataFrame, scene: Scene, tips: Tips, cand: Candidates, score: Floats
) -> gpd.GeoDataFrame:
    source = tips.xy[cand.tip]
    length = np.hypot(*(cand.xy - source).T)
    names = streets.index.to_numpy()
    network_m = measure_detours(
        scene.network, tips.node[cand.tip], cand.street, cand.along_m, source, limit_m=NETWORK_LIMIT_M
    )
    columns = {
        "score": score,
        "kind": KINDS[cand.kind],
        "length_m": length,
        "network_m": network_m,
        "detour_ratio": network_m / np.maximum(length, 1.0),
        "from_node": tips.node[cand.tip],
        "to_node": cand.node,
        "from_street": names[tips.street[cand.tip]],
        "to_street": names[cand.street],
        "crossed": cand.crossed,
    }
    if "name" in streets:
        name = streets["name"].to_numpy()
        columns["name"], columns["to_name"] = name[tips.street[cand.tip]], name[cand.street]
    lines = join_points(source + scene.origin, cand.xy + scene.origin)
    return gpd.GeoDataFrame(columns, geometry=lines, crs=streets.crs, index=pd.RangeIndex(len(cand)))


def _make_empty(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A frame of links without rows."""
    numbers = ("score", "length_m", "network_m", "detour_ratio")
    columns: dict[str, object] = {name: np.empty(0) for name in numbers}
    columns |= {
        name: np.empty(0, np.int64)
        for name in ("from_node", "to_node", "from_street", "to_street", "crossed")
    }
    columns |= {name: np.empty(0, object) for name in ("kind", "barriers", "reasons")}
    columns |= {name: np.empty(0, bool) for name in ("alternative", "planned", "building")}
    if "name" in streets:
        columns |= {name: np.empty(0, object) for name in ("name", "to_name")}
    return gpd.GeoDataFrame(columns, geometry=np.empty(0, object), crs=streets.crs)


def judge_dead_ends(
    dead_ends: gpd.GeoDataFrame, links: gpd.GeoDataFrame, /, *, least_score: float = 0.1
) -> gpd.GeoDataFrame:
    """Dead ends in which candidates without a likely link are called cul-de-sacs.

    Parameters
    ----------
    dead_ends, links
        Frames made by ``find_dead_ends`` and ``suggest_links`` from the same streets.
    least_score
        A dead end stays a candidate if its best link reaches this score.

    Returns
    -------
    A new frame with the same rows; ``score`` is that of the best link (0 where there is none).
    """
    result = dead_ends.copy()
    ends = pd.concat([links["from_node"], links.loc[links["kind"] == LinkKind.END_TO_END.value, "to_node"]])
    best = links["score"].reindex(ends.index).groupby(ends.to_numpy()).max()
    score = result["node"].map(best).fillna(0.0).to_numpy(float)
    result["score"] = score
    candidate = (result["verdict"] == Verdict.CANDIDATE.value).to_numpy()
    closed = candidate & (score < least_score)
    result.loc[closed, "verdict"] = Verdict.CUL_DE_SAC.value
    texts = [f"最可能的连接评分仅 {s:.2f}" if s > 0 else "前方没有可接的道路或断头" for s in score[closed]]
    result.loc[closed, "reason"] = texts
    return result
