"""Sentences of the bulletin, in the words of real notices; half-width, punctuation is set later."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from renewal_gis import vocab
from renewal_gis.render import style
from renewal_gis.render.typeset import join_sources
from renewal_gis.vocab import Light, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renewal_gis.plan import Plan, Target
    from renewal_gis.rules import LightRule
    from renewal_gis.survey import Survey

_DONE_WORDS = {
    Stage.STARTED: "已开工",
    Stage.BASICALLY_BUILT: "已基本建成",
    Stage.WORKS_COMPLETED: "已完工",
    Stage.ACCEPTED: "已验收",
    Stage.CLEARED: "已清理",
    Stage.OPENED: "已打通",
}
BASIS_WORDS = {"explicit": "", "derived": "(推算)", "ledger": "(台账口径)"}
"""What is written behind a number that the plan does not print."""


def count_lights(rows: Mapping[str, Mapping[str, Any]], /) -> str:
    """Return how many targets of the whole city show which light; empty if none shows any.

    Parameters
    ----------
    rows
        Rows of PROGRESS by target.
    """
    lights = Counter(str(row["light"]) for row in rows.values() if row["light"])
    if not lights:
        return ""
    words = "、".join(f"{light.zh}{lights[light.value]}项" for light in Light)
    return f"全市{len(rows)}项指标中,设序时进度的{lights.total()}项,其中{words}。"


def mark_part(target: Target, /) -> str:
    """Return “其中” for a target that is part of another one."""
    return "其中," if target.parent or target.subset_of else ""


def tell_target(target: Target, row: Mapping[str, Any], /) -> str:
    """Return one target's progress.

    For instance ``老旧小区改造完成:共465个,已完工342个(342/465=73.5%),序时进度81.0%,滞后序时进度7.4个百分点``.

    Parameters
    ----------
    target
        The target.
    row
        Its row of PROGRESS.
    """
    measure = target.measure
    if style.is_present(row["task"]):
        opening = f"共{style.format_count(row['task'])}{measure}{BASIS_WORDS[str(row['basis'])]}"
    else:
        opening = f"方案未定任务数,台账共{style.format_count(row['ledger'])}{measure}"
    share = ""
    if style.is_present(row["rate"]):
        fraction = style.format_fraction(row["counted"], row["base"])
        share = f"({fraction}={style.format_percent(row['rate'])})"
    if row["counted"] != row["done"]:
        share = f",各单位以任务数为限计{style.format_count(row['counted'])}{measure}{share}"
    done_word = (
        "已启动" if "启动" in target.indicator else _DONE_WORDS.get(target.milestone, target.milestone.zh)
    )
    parts = [f"{target.indicator}:{opening}", f"{done_word}{style.format_count(row['done'])}{measure}{share}"]
    if style.is_present(row["expected"]) and row["expected"] == 0:
        parts.append("未到序时起算日")
    elif style.is_present(row["expected"]):
        parts += [f"序时进度{style.format_percent(row['expected'])}", style.tell_pace(row["pace_pp"])]
    elif target.striving:
        parts.append("力争目标,不设序时进度")
    passed = tell_passed(target, row)
    return ",".join([*parts, passed] if passed else parts)


def tell_passed(target: Target, row: Mapping[str, Any], /) -> str:
    """Return how many units have done their own task, where the plan judges each unit by itself."""
    if target.check != "per_unit" or not style.is_present(row["units"]):
        return ""
    return f"{row['units']}个单位中{row['passed']}个达标"


def sort_track(units: Sequence[str], rows: Mapping[str, Mapping[str, Any]], /) -> tuple[list[str], list[str]]:
    """Return the units with a task, the furthest first, ties in the plan's order; and those without."""
    ranked = [unit for unit in units if unit in rows and style.is_present(rows[unit]["rate"])]
    ranked.sort(key=lambda unit: (-rows[unit]["rate"], units.index(unit)))
    return ranked, [unit for unit in units if unit not in ranked]


def tell_tracks(plan: Plan, rows: Mapping[str, Mapping[str, Any]], /) -> str:
    """Return each track's units from the furthest to the last, rates in brackets, ties side by side.

    Parameters
    ----------
    plan
        Holds the tracks.
    rows
        Rows of PROGRESS of one target by unit.
    """
    sentences, idle = [], []
    for track in plan.tracks:
        ranked, without = sort_track(plan.groups[track.group], rows)
        idle += without
        if ranked:
            order = "由高到低依次是" if len(ranked) > 1 else ""
            words = "、".join(
                _tell_tie(tuple(tie), rows) for _, tie in groupby(ranked, lambda u: rows[u]["rate"])
            )
            sentences.append(f"{track.name}{order}:{words}。")
    if idle:
        sentences.append(f"无任务单位不参与比较:{'、'.join(idle)}。")
    return "".join(sentences)


def _tell_tie(units: tuple[str, ...], rows: Mapping[str, Mapping[str, Any]]) -> str:
    percent = style.format_percent(rows[units[0]]["rate"])
    shares = [style.format_fraction(rows[unit]["done"], rows[unit]["base"]) for unit in units]
    if len(units) == 1:
        return f"{units[0]}({shares[0]}\uff0c{percent})"
    listed = "、".join(f"{unit}({share})" for unit, share in zip(units, shares, strict=True))
    return f"{listed}并列({percent})"


def list_footnotes(survey: Survey, /) -> list[str]:
    """Return what the numbers mean: sources, rounding, lights, readings in force, simulation."""
    plan = survey.plan
    readings = plan.footnotes(set(survey.progress["target"])) if survey.readings is None else survey.readings
    document = f"《{plan.title}》" + (f"及附件《{plan.annex}》" if plan.annex else "")
    simulated = (
        [f"本期所用台账、进度、道路等为{vocab.SIMULATED},不反映任何单位的实际工作。"]
        if survey.simulated
        else []
    )
    return [
        *simulated,
        f"任务数据{document};完成率=完成数/任务数,方案未定任务数的按台账数计并注明“台账口径”。",
        "百分率四舍五入保留一位小数,比较先后按未舍入的分数;完成率超过100%的照实列示。",
        _tell_lights(plan.lights),
        *readings,
        *_list_revisions(survey),
        f"资料来源:{join_sources(survey.sources)}。",
    ]


def _list_revisions(survey: Survey) -> list[str]:
    return [
        f"“{target.indicator}”任务数自{style.format_day(revision.date)}起按《{revision.document}》调整。"
        for target in survey.plan.targets
        for revision in target.revisions
        if revision.date <= survey.as_of
    ]


def _tell_lights(rule: LightRule) -> str:
    slight, red = f"{rule.slight_pp:g}", f"{rule.red_pp:g}"
    return (
        f"亮灯:达到序时进度为{Light.GREEN.zh};滞后不超过{slight}个百分点为{Light.SLIGHT.zh},"
        f"超过{slight}至{red}个百分点为{Light.YELLOW.zh},超过{red}个百分点、连续{rule.streak}周{Light.YELLOW.zh}"
        f"或到期未完成为{Light.RED.zh}。"
    )
