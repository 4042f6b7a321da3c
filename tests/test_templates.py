"""Blank workbooks for counties."""

import openpyxl
import pytest

from renewal_gis.intake.mapping import SITE_COLUMNS, bind_header
from renewal_gis.intake.tables import read_sites
from renewal_gis.ledger.templates import list_columns, write_templates
from renewal_gis.plan import Source


def test_each_programme_gets_its_workbook(toy_plan, tmp_path):
    paths = write_templates(toy_plan, tmp_path)
    assert [path.stem for path in paths] == [programme.id for programme in toy_plan.programmes]


def test_the_intake_understands_every_header(toy_plan):
    for programme in toy_plan.programmes:
        headers = [header for header, _, _ in list_columns(toy_plan, programme)]
        assert all(bind_header(header, SITE_COLUMNS, {}) for header in headers)
        assert len(set(headers)) == len(headers)


def test_lists_to_choose_from(toy_plan, tmp_path):
    path = next(p for p in write_templates(toy_plan, tmp_path) if p.stem == "back_alley")
    book = openpyxl.load_workbook(path)
    assert [cell.value for cell in book["选项_单位"]["A"]] == ["甲区", "乙区"]
    assert [cell.value for cell in book["选项_类别"]["A"]] == ["精品样板", "一般"]
    assert len(book.worksheets[0].data_validations.dataValidation) == 2


@pytest.mark.parametrize("programme", ["old_compound", "back_alley", "dry_toilet"])
def test_a_filled_template_comes_back(toy_plan, tmp_path, programme):
    path = next(p for p in write_templates(toy_plan, tmp_path) if p.stem == programme)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    headers = {cell.value: cell.column for cell in sheet[2]}
    values = {
        "编号": "007",
        "项目名称": "和平小区",
        "责任单位": "甲区",
        "计划开工": "2021-04-01",
        "经度": 114.0,
        "纬度": 36.55,
    }
    for header, value in values.items():
        sheet.cell(3, headers[header], value)
    book.save(path)
    source = Source(role="sites", path=str(path), programme=programme, simulated=False, attribution="")
    intake = read_sites(toy_plan, source)
    assert (intake.read, intake.accepted) == (1, 1)
    assert intake.frame.index.tolist() == ["007"]
    assert intake.frame["declared_unit"].tolist() == ["甲区"]
