"""How a candidate stands among its rivals once all have been weighed, and which of them are proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from renewal_gis.roads.candidates import END
from renewal_gis.roads.ranker import to_share

if TYPE_CHECKING:
    from renewal_gis.geo.geometry import Floats, Ints
    from renewal_gis.roads.candidates import Candidates
    from renewal_gis.roads.tip_features import Measures

LOWEST = -12.0
NEIGHBOURS = 8
SAME_PLACE_M = 15.0
ALTERNATIVES = 2
LEAST_ALTERNATIVE = 0.01
APART_M, APART_SHARE = 15.0, 0.225


def level_pairs(cand: Candidates, values: Floats, /) -> Floats:
    """Values in which both rows of a pair of dead ends carry their mean."""
    ends = np.flatnonzero(cand.kind == END)
    low, high = np.minimum(cand.tip, cand.partner)[ends], np.maximum(cand.tip, cand.partner)[ends]
    _, pair = np.unique(low * (int(cand.tip.max(initial=0)) + 1) + high, return_inverse=True)
    mean = np.bincount(pair, weights=values[ends]) / np.maximum(np.bincount(pair), 1)
    levelled = values.copy()
    levelled[ends] = mean[pair]
    return levelled


def measure_rivalry(tip_xy: Floats, cand: Candidates, log_odds: Floats, /) -> Measures:
    """Measures of the second look: the first verdict on a candidate, on its rivals and on its neighbours.

    Parameters
    ----------
    tip_xy
        All dead ends, (n, 2), metres.
    cand
        The candidates.
    log_odds
        The first verdict on each, levelled over pairs.
    """
    size, tip, partner = len(tip_xy), cand.tip, np.maximum(cand.partner, 0)
    is_end = cand.kind == END
    place = _place_among(tip, log_odds)
    best, second = np.full(size, LOWEST), np.full(size, LOWEST)
    np.maximum.at(best, tip, log_odds)
    np.maximum.at(second, tip[place > 0], log_odds[place > 0])
    rival = np.where(place == 0, second[tip], best[tip])
    partner_place = _find_partner_place(cand, place)
    partner_rival = np.where(partner_place == 0, second[partner], best[partner])
    around = best[_find_neighbours(tip_xy)]
    aimed, beside = _compare_targets(cand, log_odds)
    everyone = np.empty(size)
    everyone[np.argsort(best, kind="stable")] = np.arange(size) / max(size, 1)
    return {
        "first": log_odds,
        "first_place": place.astype(float),
        "first_rival": rival,
        "first_margin": log_odds - rival,
        "first_sum": np.bincount(tip, weights=to_share(log_odds), minlength=size)[tip],
        "first_best": best[tip],
        "partner_best": np.where(is_end, best[partner], np.nan),
        "partner_place": np.where(is_end, partner_place, np.nan),
        "partner_rival": np.where(is_end, partner_rival, np.nan),
        "partner_margin": np.where(is_end, log_odds - partner_rival, np.nan),
        "around_mean": around.mean(axis=1)[tip],
        "around_best": around.max(axis=1)[tip],
        "around_margin": best[tip] - around.mean(axis=1)[tip],
        "aimed_best": aimed,
        "aimed_margin": log_odds - aimed,
        "beside_sum": beside,
        "first_quantile": everyone[tip],
    }


def _place_among(tip: Ints, values: Floats) -> Ints:
    """Place of each row among those of its dead end, 0 = highest."""
    order = np.lexsort((-values, tip))
    place = np.empty(len(tip), np.int64)
    place[order] = np.arange(len(tip)) - np.searchsorted(tip[order], tip[order])
    return place


def _find_partner_place(cand: Candidates, place: Ints) -> Ints:
    """For a pair of dead ends, the place of the other row of the pair; -1 where it is missing or no pair."""
    span = int(max(cand.tip.max(initial=0), cand.partner.max(initial=0))) + 1
    ends = np.flatnonzero(cand.kind == END)
    found = np.full(len(cand), -1, np.int64)
    if len(ends) == 0:
        return found
    key, want = (cand.tip * span + cand.partner)[ends], (cand.partner * span + cand.tip)[ends]
    order = np.argsort(key)
    slot = np.clip(np.searchsorted(key[order], want), 0, len(ends) - 1)
    row = ends[order[slot]]
    found[ends] = np.where(key[order[slot]] == want, place[row], -1)
    return found


def _find_neighbours(tip_xy: Floats) -> Ints:
    """The nearest other dead ends of each, (n, up to 8); itself where it is alone."""
    many = min(NEIGHBOURS + 1, len(tip_xy))
    _, index = cKDTree(tip_xy).query(tip_xy, k=many)
    index = np.asarray(index, np.int64).reshape(len(tip_xy), -1)
    return index[:, 1:] if many > 1 else index


def _compare_targets(cand: Candidates, log_odds: Floats) -> tuple[Floats, Floats]:
    """Best verdict on another dead end's link to the same place; summed shares of one's own others there."""
    pair = (
        cKDTree(cand.xy).query_pairs(SAME_PLACE_M, output_type="ndarray").reshape(-1, 2)
        if len(cand)
        else np.empty((0, 2), int)
    )
    a, b = np.r_[pair[:, 0], pair[:, 1]], np.r_[pair[:, 1], pair[:, 0]]
    own = cand.tip[a] == cand.tip[b]
    aimed = np.full(len(cand), LOWEST)
    np.maximum.at(aimed, a[~own], log_odds[b[~own]])
    beside = np.asarray(np.bincount(a[own], weights=to_share(log_odds[b[own]]), minlength=len(cand)), float)
    return aimed, beside


def pick_links(cand: Candidates, score: Floats, /) -> Ints:
    """Rows by falling score, one for each dead end; a pair of dead ends uses up both."""
    taken: set[int] = set()
    chosen: list[int] = []
    order = np.argsort(-score, kind="stable")
    for row, tip, partner in zip(
        order.tolist(), cand.tip[order].tolist(), cand.partner[order].tolist(), strict=True
    ):
        if tip in taken or partner in taken:
            continue
        taken.add(tip)
        if partner >= 0:
            taken.add(partner)
        chosen.append(row)
    return np.array(chosen, np.int64)


def pick_alternatives(
    tip_xy: Floats, cand: Candidates, score: Floats, chosen: Ints, /
) -> tuple[Ints, Floats]:
    """Up to two more rows per dead end that lead elsewhere, and their scores beside the chosen one.

    Parameters
    ----------
    tip_xy
        All dead ends, (n, 2), metres.
    cand, score
        The candidates and their scores.
    chosen
        Rows that :func:`pick_links` chose.

    Returns
    -------
    rows, scores
        A second road from one dead end is true only if the first is not: the score of an alternative is its
        own times the chance that the chosen one is false.
    """
    places: dict[int, list[Floats]] = {}
    first = np.zeros(len(tip_xy))
    used = set(chosen.tolist())
    for row in chosen.tolist():
        for tip, xy in _ends_of(tip_xy, cand, row):
            places.setdefault(tip, []).append(xy)
            first[tip] = score[row]
    count: dict[int, int] = {}
    rows: list[int] = []
    likely = np.flatnonzero(score >= LEAST_ALTERNATIVE)
    for row in likely[np.argsort(-score[likely], kind="stable")].tolist():
        tip = int(cand.tip[row])
        if row in used or count.get(tip, 0) >= ALTERNATIVES:
            continue
        apart = APART_M + APART_SHARE * float(np.hypot(*(cand.xy[row] - tip_xy[tip])))
        ends = _ends_of(tip_xy, cand, row)
        if any(np.hypot(*(xy - other)) < apart for end, xy in ends for other in places.get(end, [])):
            continue
        for end, xy in ends:
            places.setdefault(end, []).append(xy)
        count[tip] = count.get(tip, 0) + 1
        rows.append(row)
    picked = np.array(rows, np.int64)
    other = np.where(cand.partner[picked] >= 0, first[np.maximum(cand.partner[picked], 0)], 0.0)
    return picked, score[picked] * (1.0 - np.maximum(first[cand.tip[picked]], other))


def _ends_of(tip_xy: Floats, cand: Candidates, row: int) -> list[tuple[int, Floats]]:
    """Dead ends that a candidate joins, each with the place it leads to."""
    tip, partner = int(cand.tip[row]), int(cand.partner[row])
    ends = [(tip, cand.xy[row])]
    return [*ends, (partner, tip_xy[tip])] if partner >= 0 else ends
