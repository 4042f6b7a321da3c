"""The roads and coverage pages: ways round, districts, measures and scenarios, in a real browser."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from renewal_gis import toytown
from renewal_gis.render.webmap.coverage import write_coverage
from renewal_gis.render.webmap.gaps import write_gaps
from renewal_gis.schema import STORED_CRS
from samples import make_survey


def place(columns, shapes):
    """Shapes in metres from the toy town's corner, in degrees."""
    moved = [shapely.affinity.translate(shape, *toytown.ORIGIN) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=toytown.METRIC_CRS).to_crs(STORED_CRS)


def make_gaps_page(**changes) -> str:
    """Two dead ends 200 m apart; the way round is a square bracket of 300 + 200 + 300 m."""
    streets = place(
        {"highway": ["tertiary"] * 4, "name": ["西街", "北街", "东街", "远街"]},
        [
            shapely.LineString([(1000, 1000), (1000, 1300)]),
            shapely.LineString([(1000, 1300), (1100, 1300), (1200, 1300)]),
            shapely.LineString([(1200, 1300), (1200, 1000)]),
            shapely.LineString([(2000, 1000), (2000, 1400)]),
        ],
    )
    links = place(
        {
            "rank": [1, 2, 3, 4], "score": [0.9] * 4, "kind": ["end_to_end", "end_to_street", "end_to_end", "end_to_end"],
            "length_m": [200.0, 200.0, 800.0, 200.0], "network_m": [800.0, 500.0, np.inf, 1600.0],
            "detour_ratio": [4.0, 2.5, np.inf, 8.0], "saved_m": [600.0, 300.0, np.inf, 1400.0],
            "benefit": [1.0] * 4, "priority": [0.8, 0.7, 0.6, 0.5], "barriers": [""] * 4, "planned": [False] * 4,
            "district": ["甲区", "乙区", "乙区", "乙区"], "reasons": ["两端相向"] * 4, "name": ["西街"] * 4, "ledger_site": [""] * 4,
        },
        [
            shapely.LineString([(1000, 1000), (1200, 1000)]),
            # from the west end to the middle of the east street: 300 + 200 + 150 is not 500
            shapely.LineString([(1000, 1000), (1200, 1150)]),
            shapely.LineString([(1200, 1000), (2000, 1000)]),
            shapely.LineString([(1000, 1000), (1200, 1000)]),
        ],
    )  # fmt: skip
    ends = place(
        {
            "street_id": [1, 2, 3], "highway": ["tertiary"] * 3, "verdict": ["cul_de_sac", "candidate", "cul_de_sac"],
            "reason": ["", "前方有路", ""], "name": ["甲", "乙", "丙"], "stub_m": [300.0] * 3, "district": ["甲区", "乙区", "乙区"],
        },
        [shapely.Point(2000, 1400), shapely.Point(1000, 1000), shapely.Point(2000, 1000)],
    )  # fmt: skip
    return write_gaps(make_survey(**{"streets": streets, "links": links, "dead_ends": ends, **changes}))


@pytest.fixture(scope="module")
def gaps():
    return make_gaps_page()


def test_a_link_shows_the_way_round_and_the_way_through(gaps, visit):
    seen = visit(gaps).wait_ready()
    page = seen.page
    page.click(".rg-item >> nth=0")
    route = page.evaluate("renewal.route")
    # 300 + 200 + 300 m by hand; vertices are kept to about a metre
    assert route["before_m"] == pytest.approx(800, rel=0.01)
    # the two tips, the corners, and the vertex of the north street
    assert len(route["before"]) == 5
    assert len(route["after"]) == 2
    told = page.inner_text(".rg-routes")
    assert "打通前绕行 800 m" in told
    assert "打通后 200 m(疑似路段)" in told
    assert page.evaluate("document.querySelectorAll('.leaflet-overlay-pane path').length") == 2
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelectorAll('.leaflet-overlay-pane path').length") == 0
    seen.check_quiet()


def test_a_way_that_is_not_as_long_as_the_survey_says_is_not_drawn(gaps, visit):
    page = visit(gaps).wait_ready().page
    for place_, words in ((1, "未能在图上复原"), (2, "打通前 不通"), (3, "未能在图上复原")):
        page.click(f".rg-item >> nth={place_}")
        assert page.evaluate("renewal.route.before") is None
        assert words in page.inner_text(".rg-routes")


def test_an_end_in_the_middle_of_a_street_is_met_there(gaps, visit):
    page = visit(gaps).wait_ready().page
    found = page.evaluate(
        """() => { const links = RG.gaps.layers.links.data, roads = RG.gaps.layers.roads.data, graph = new RG.RoadGraph(roads);
        const rank = Array.from({length: links.count}, (_, i) => RG.gaps.layers.links.get(i, "rank")).indexOf(2);
        const k = links.pathStart[links.featureStart[rank]], at = j => [links.lat[j], links.lon[j]];
        return [graph.route(at(k), at(k + 1), 5000).length, graph.route(at(k), at(k + 1), 300), graph.route([40, 120], at(k), 5000)]; }"""
    )
    assert found[0] == pytest.approx(650, rel=0.01)
    # nothing within 300 m; no road near the other place
    assert found[1:] == [None, None]


def test_districts_are_those_of_the_survey(gaps, visit):
    page = visit(gaps).wait_ready().page
    assert page.evaluate("renewal.filter({district: '甲区'})") == 1 + 1
    assert page.evaluate("renewal.filter({district: '乙区'})") == 3 + 2
    assert "liesIn" not in gaps


def test_dead_ends_stand_by_verdict_and_say_what_is_suspected(gaps, visit):
    page = visit(gaps).wait_ready().page
    page.evaluate("renewal.filter({})")
    page.click("#tab-dead_ends")
    heads = page.evaluate("Array.from(document.querySelectorAll('.rg-group-head'), n => n.textContent)")
    assert heads == ["疑似断头路 1(疑似,待现场核实)", "尽端路 2"]
    page.click(".rg-item >> nth=0")
    assert "疑似,待现场核实" in page.inner_text("#rg-sheet")


# ------------------------------------------------------------------ coverage
def make_coverage_page() -> str:
    """One type: 40 % before and 60 % after as the crow flies; 30 % and 45 % on foot."""
    rows = [
        ("clinic", "卫生服务站", 500.0, unit, 100_000.0, 1e5 * share, share, 100.0, 100 * share, share, measure, scenario)
        for measure, shares in (("straight", (0.4, 0.6)), ("network", (0.3, 0.45)))
        for scenario, share in zip(("before", "after"), shares, strict=True)
        for unit in ("全市", "甲区")
    ]  # fmt: skip
    columns = [
        "facility", "facility_name", "reach_m", "unit", "land_m2", "land_covered_m2", "land_share",
        "households", "households_covered", "household_share", "measure", "scenario",
    ]  # fmt: skip
    areas = place(
        {
            "facility": ["clinic"] * 4,
            "facility_name": ["卫生服务站"] * 4,
            "reach_m": [500.0] * 4,
            "measure": ["straight", "straight", "network", "network"],
            "scenario": ["before", "after"] * 2,
        },
        [shapely.Point(500, 500).buffer(radius) for radius in (300, 500, 200, 400)],
    )
    facilities = place(
        {"facility": ["clinic", "clinic"], "name": ["原有", "新建"], "scenario": ["", "after"]},
        [shapely.Point(500, 500), shapely.Point(900, 500)],
    )
    table = pd.DataFrame(rows, columns=columns)
    return write_coverage(make_survey(coverage=table, reach_areas=areas, facilities=facilities))


def test_coverage_before_and_after_on_foot_and_straight(visit):
    seen = visit(make_coverage_page()).wait_ready()
    page = seen.page
    # it opens on the walk, as things are
    assert page.inner_text("#card .big") == "30.0%"
    assert "步行网络,现状" in page.text_content("#count")
    assert page.evaluate("renewal.visible") == 1
    page.click("[data-toggle=scenario] [data-id=after]")
    assert page.inner_text("#card .big") == "45.0%"
    assert "30.0% → 45.0%,+15.0 个百分点" in page.inner_text("#card")
    assert page.evaluate("renewal.visible") == 2
    page.click("[data-toggle=scenario] [data-id=before]")
    page.click("[data-toggle=measure] [data-id=straight]")
    assert page.inner_text("#card .big") == "40.0%"
    assert page.evaluate("RG.page.layers.reach.mask.reduce((a, b) => a + b)") == 1
    assert page.evaluate("renewal.filter({scenario: 'after', measure: 'straight'})") == 2
    assert page.inner_text("#card .big") == "60.0%"
    seen.check_quiet()


def test_on_foot_each_plot_has_its_share(visit):
    survey = make_survey()
    rows = [
        ("clinic", "卫生服务站", 500.0, "全市", 1e5, 4e4, 0.4, np.nan, np.nan, np.nan, measure, "before")
        for measure in ("straight", "network")
    ]
    columns = [
        "facility", "facility_name", "reach_m", "unit", "land_m2", "land_covered_m2", "land_share",
        "households", "households_covered", "household_share", "measure", "scenario",
    ]  # fmt: skip
    shares = np.resize([0.0, 0.3, 0.7, 1.0], len(survey.land))
    plots = pd.DataFrame({"clinic": shares, "met": 0}, index=survey.land.index)
    area = place(
        {"facility": ["clinic"], "facility_name": ["卫生服务站"], "reach_m": [500.0]},
        [shapely.Point(500, 500).buffer(500)],
    )
    seen = visit(
        write_coverage(
            make_survey(coverage=pd.DataFrame(rows, columns=columns), plots=plots, reach_areas=area)
        )
    ).wait_ready()
    page = seen.page
    classes = page.evaluate("Array.from(RG.page.layers.land.looks.polygon.of).sort()")
    expected = {0.0: 1, 0.3: 2, 0.7: 3, 1.0: 4}
    assert classes == sorted(expected[share] for share in shares)
    assert page.is_visible("[data-legend=walk]")
    assert page.is_hidden("[data-legend=reach]")
    # one scenario: nothing to choose
    assert page.query_selector("[data-toggle=scenario]") is None
    page.click("[data-toggle=measure] [data-id=straight]")
    assert set(page.evaluate("Array.from(RG.page.layers.land.looks.polygon.of)")) == {0}
    assert page.is_visible("[data-legend=reach]")
    seen.check_quiet()


def test_a_link_says_what_it_brings_within_a_walk(visit):
    gains = pd.DataFrame(
        {
            "rank": [1, 1],
            "facility": ["clinic", "park"],
            "land_m2": [25_000.0, 10_000.0],
            "households": [120.0, np.nan],
        }
    )
    page = visit(make_gaps_page(reach_gains=gains)).wait_ready().page
    page.click(".rg-item >> nth=0")
    assert "clinic 2.5 公顷、120 户;park 1.0 公顷" in page.inner_text("#rg-sheet")


def test_the_link_keeps_measure_and_scenario(visit):
    page = visit(make_coverage_page(), fragment="#12/36.6/114.5?m=straight&s=before&f=zz").wait_ready().page
    assert page.inner_text("#card .big") == "40.0%"


def test_coverage_of_one_kind_offers_no_choice(visit):
    page = visit(write_coverage(make_survey())).wait_ready().page
    assert page.query_selector("[data-toggle=measure]") is None
