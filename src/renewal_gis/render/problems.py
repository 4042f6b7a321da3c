"""What a bulletin says of problems (存在问题): gates, slipped dates, silence, works in conflict, data."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from renewal_gis.render.paper import Paragraph, make_paragraph
from renewal_gis.render.review import tell_slips
from renewal_gis.vocab import Ground, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.findings import Finding
    from renewal_gis.survey import Review, Survey

_NAMED = 5


def tell_problems(survey: Survey, review: Review | None, period: str, *, monthly: bool) -> list[Paragraph]:
    """Return what stands in the way, by kind; the data itself comes last."""
    told = [("手续把关。", _tell_gates(survey))]
    if review is not None:
        told += [("逾期项目。", tell_slips(review, period) if review.since else "")]
        told += [("长期未更新。", _tell_stale(review))]
    if monthly:
        told += [("交叉施工。", _tell_conflicts(survey))]
    told += [("数据核查。", tell_findings(list_checks(survey)))]
    return [make_paragraph(text, lead) for lead, text in told if text]


def list_checks(survey: Survey, /) -> Sequence[Finding]:
    """Return the findings that a bulletin counts: those about the ledger."""
    return survey.findings if survey.checks is None else survey.checks


def tell_findings(findings: Sequence[Finding], /) -> str:
    """Return how many findings there are, by weight."""
    if not findings:
        return "台账、位置和进度记录未发现问题。"
    weights = Counter(finding.severity for finding in findings)
    parts = ",".join(f"{severity.zh}{weights[severity]}条" for severity in Severity)
    return f"台账、位置和进度记录共核查出{len(findings)}条({parts}),分类汇总见附件,逐条见核查清单。"


def _tell_gates(survey: Survey) -> str:
    breached = [finding for finding in list_checks(survey) if finding.code == "gate-breached"]
    words = []
    for gate in survey.plan.gates:
        sites = {f.site_id for f in breached if f.value.startswith(gate.text)}
        if sites:
            clause = f"({gate.source})" if gate.source else ""
            words.append(f"不符合“{gate.text}”{clause}的{len(sites)}个项目")
    return ";".join(words) + "。" if words else ""


def _tell_stale(review: Review) -> str:
    rows = review.proposals[review.proposals["kind"] == Ground.STALE.value]
    if rows.empty:
        return ""
    units: Counter[str] = Counter()
    for unit, count in zip(rows["unit"], rows["base"], strict=True):
        units[unit] += int(count)
    most = "、".join(f"{unit}{count}个" for unit, count in units.most_common(_NAMED))
    return (
        f"{rows['reason'].iloc[0]}的共{units.total()}个,涉及{len(units)}个单位,"
        f"最长{int(rows['days'].max())}天。较多的单位:{most}。"
    )


def _tell_conflicts(survey: Survey) -> str:
    rows = survey.conflicts
    if rows.empty:
        return ""
    worst = rows.sort_values("overlap_days", ascending=False, kind="stable").head(_NAMED)
    listed = ";".join(
        f"{one}与{two}相距{distance:.0f}米,重叠{days}天"
        for one, two, distance, days in zip(
            worst["site_a"], worst["site_b"], worst["distance_m"], worst["overlap_days"], strict=True
        )
    )
    return f"位置相近、工期重叠(一路多挖)的共{len(rows)}处,重叠最长的:{listed}。"
