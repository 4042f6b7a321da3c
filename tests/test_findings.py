"""Findings: text from the catalogue, counted by severity."""

import pytest

from renewal_gis.errors import RenewalError
from renewal_gis.findings import RULES, Report, make_finding
from renewal_gis.vocab import Severity


def test_text_is_filled_from_the_catalogue():
    finding = make_finding("unit-unknown", file="台账.xlsx", row=7, field="责任单位", value="丁区")
    assert finding.text == "责任单位“丁区”不在方案所列单位中"
    assert (finding.file, finding.row, finding.severity) == ("台账.xlsx", 7, Severity.WARNING)
    assert finding.remedy


def test_a_long_value_is_cut_in_the_text_but_kept_in_the_field():
    finding = make_finding("unit-unknown", value="长" * 500)
    assert len(finding.text) < 120
    assert finding.value == "长" * 500


def test_braces_in_a_value_are_text():
    assert "{field}" in make_finding("unit-unknown", value="{field}{0}").text


def test_unknown_code_is_refused():
    with pytest.raises(RenewalError, match="no-such-rule"):
        make_finding("no-such-rule")


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_has_text_and_remedy(code):
    rule = RULES[code]
    assert rule.code == code
    assert rule.text
    assert rule.remedy
    assert make_finding(code, field="甲", value="乙", new="丙").code == code


def test_report_counts_every_severity():
    report = Report()
    report.add("name-missing")
    report.extend([make_finding("total-row"), make_finding("total-row")])
    assert report.count_by_severity() == {"error": 0, "warning": 1, "info": 2}
    assert len(report) == len(list(report)) == len(report.to_records()) == 3
