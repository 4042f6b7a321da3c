"""The figures by name: gaps and coverage, all formats, no missing letter, clear refusals."""

from __future__ import annotations

import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from renewal_gis import toytown
from renewal_gis.analysis.coverage import measure_coverage, reach_areas
from renewal_gis.cli.figure import NAMES, PAGES
from renewal_gis.errors import InputError, PlanError, PublishError
from renewal_gis.pipeline.inputs import take_toytown
from renewal_gis.pipeline.parts import look_at_roads
from renewal_gis.render import canvas, fonts, printcoverage, printgaps
from renewal_gis.render.canvas import PAPERS, Paper
from renewal_gis.render.figures import FIGURES, draw_figure, list_drawable
from samples import make_survey

SVG = Paper(file_format="svg")


@pytest.fixture(scope="module")
def survey():
    plan, units = toytown.make_plan(), toytown.make_units()
    land, facilities = toytown.make_land(), toytown.make_facilities()
    known = make_survey(
        coverage=measure_coverage(land, facilities, units, plan), reach_areas=reach_areas(facilities, plan)
    )
    return look_at_roads(known, take_toytown())


@pytest.fixture(scope="module")
def svgs(survey) -> dict[str, str]:
    return {name: draw_figure(survey, name, paper=SVG).decode() for name in FIGURES}


def _texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_command_offers_what_there_is():
    assert tuple(FIGURES) == NAMES
    assert tuple(PAPERS) == PAGES


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("file_format", canvas.FORMATS)
def test_again_the_same_bytes(survey, name, file_format):
    paper = Paper(dpi=60, file_format=file_format)
    first = draw_figure(survey, name, paper=paper)
    assert first == draw_figure(survey, name, paper=paper)
    assert file_format != "pdf" or b"/FontFile2" in first


@pytest.mark.parametrize("name", FIGURES)
def test_no_letter_is_missing(svgs, name):
    from fontTools.ttLib import TTFont

    known = TTFont(fonts.find_font()).getBestCmap()
    letters = {letter for text in _texts(svgs[name]) for letter in text if not letter.isspace()}
    assert letters
    assert {letter for letter in letters if ord(letter) not in known} == set()


@pytest.mark.parametrize("name", FIGURES)
def test_each_says_what_it_must(svgs, name):
    texts = "\n".join(_texts(svgs[name]))
    for word in ("模拟数据", "内部使用", "截至2021年9月30日", "资料来源："):
        assert word in texts, (name, word)
    if name in {"status", "location", "gaps", "coverage"}:
        assert "行政区域界线为示意，不作法定依据；投影 EPSG:4547。" in texts


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "progress"])
def test_each_can_be_of_a_unit(survey, name):
    assert any("甲区" in text for text in _texts(draw_figure(survey, name, unit="甲区", paper=SVG).decode()))


@pytest.mark.parametrize("page", PAPERS)
@pytest.mark.parametrize("name", FIGURES)
def test_each_fits_its_page(survey, name, page):
    import io

    from PIL import Image

    paper = replace(PAPERS[page], dpi=40)
    image = Image.open(io.BytesIO(draw_figure(survey, name, paper=paper)))
    assert image.width == pytest.approx(paper.width_mm / 25.4 * 40, abs=1)
    if paper.height_mm:
        assert image.height == pytest.approx(paper.height_mm / 25.4 * 40, abs=1)
    else:
        assert image.height / 40 * 25.4 < 230  # a page of text is 225 mm high


def test_refusals(survey):
    with pytest.raises(InputError, match="没有名为“heat”的插图"):
        draw_figure(survey, "heat")
    with pytest.raises(InputError, match="不按目标绘制"):
        draw_figure(survey, "coverage", target_id="T1")
    with pytest.raises(PlanError, match="戊县"):
        draw_figure(survey, "gaps", unit="戊县")
    with pytest.raises(PublishError, match="bmp"):
        draw_figure(survey, "gaps", paper=Paper(file_format="bmp"))


def test_what_was_not_looked_at_is_not_drawn(survey):
    bare = make_survey()
    assert list_drawable(survey) == list(FIGURES)
    assert set(FIGURES) - set(list_drawable(bare)) == {"gaps", "coverage"}
    with pytest.raises(InputError, match="没有路网"):
        draw_figure(bare, "gaps")
    with pytest.raises(InputError, match="没有居住用地或设施"):
        draw_figure(bare, "coverage")


# ------------------------------------------------------------------ gaps
def test_gaps_list_the_links_by_rank(survey, svgs):
    texts = _texts(svgs["gaps"])
    assert len(survey.links) > 0
    first = survey.links.set_index("rank").loc[1]
    assert f"{first['length_m']:.0f} m" in texts
    assert f"{first['score']:.2f}" in texts
    assert any(f"拟打通路段 {len(survey.links)} 处" in text for text in texts)
    assert any("疑似，待现场核实" in text for text in texts)


def test_ranks_on_the_map_do_not_touch():
    spots = [(100.0 * k, 50.0 * (k % 3)) for k in range(20)]
    links = gpd.GeoDataFrame(
        {"rank": range(1, 21)}, geometry=[shapely.LineString([p, (p[0] + 30, p[1])]) for p in spots], crs=4547
    )
    with canvas.use_house_style():
        sheet = canvas.make_sheet(Paper(), height_mm=60)
        panel = canvas.add_panel(sheet, (0, 0, 156, 60), view=(-100, -500, 2100, 500))
        printgaps._write_ranks(panel, links, links, [], size=6.5)
        boxes = [
            shapely.box(*patch.get_path().get_extents().extents)
            for patch in panel.axes.patches
            if patch.get_facecolor()[:3] == (1.0, 1.0, 1.0) and patch.get_zorder() == 6.0
        ]
    assert len(boxes) == 20
    assert all(one.intersection(other).area < 1e-6 for k, one in enumerate(boxes) for other in boxes[:k])


def test_long_names_are_cut_with_an_ellipsis():
    assert printgaps._cut("中心路", 50.0) == "中心路"
    cut = printgaps._cut("中心路东延伸线至出城快速路连接线", 20.0)
    assert cut.endswith("…")
    assert canvas.measure_text(cut, 6.5)[0] <= 20.0


def test_a_town_without_any_link_still_has_a_map(survey):
    texts = _texts(draw_figure(replace(survey, links=survey.links.iloc[:0]), "gaps", paper=SVG).decode())
    assert any("拟打通路段 0 处" in text for text in texts)


# ------------------------------------------------------------------ coverage
def test_coverage_prints_the_shares_of_the_survey(survey, svgs):
    texts = _texts(svgs["coverage"])
    rows = survey.coverage[(survey.coverage["facility"] == "clinic") & (survey.coverage["unit"] == "丙县")]
    assert f"{rows['household_share'].iloc[0] * 100:.1f}" in texts  # 17.5, see measure_coverage
    assert "—" in texts or survey.coverage["household_share"].notna().all()


def test_what_cannot_be_measured_is_a_dash():
    assert printcoverage._find_ground(np.nan) == ("#FFFFFF", "#1B2430")
    light, dark = printcoverage._find_ground(0.3)[0], printcoverage._find_ground(1.0)[0]
    assert light > dark  # darker with the share


def test_only_land_on_the_map_is_drawn(survey):
    metric = survey.land.to_crs(4547).geometry
    west, south, east, north = metric.iloc[0].bounds
    assert len(printcoverage._gather(metric, (west, south, east, north)).geoms) == 1
    assert len(printcoverage._gather(metric, tuple(metric.total_bounds)).geoms) == len(metric)


def test_many_districts_make_several_blocks(survey):
    twenty = pd.concat(
        [survey.coverage[survey.coverage["unit"] == "甲区"].assign(unit=f"{k}区") for k in range(25)]
    )
    units = gpd.GeoDataFrame(pd.concat([survey.units.iloc[:1].assign(name=f"{k}区") for k in range(25)]))
    units.index = pd.Index([str(k) for k in range(25)], name="code")
    wide = replace(survey, coverage=pd.concat([survey.coverage, twenty]), units=units)
    table = printcoverage._list_shares(wide, wide.plan.facilities)
    assert len(table) == 26
    assert draw_figure(wide, "coverage", paper=Paper(dpi=40))
