"""The toy town is what its page says."""

import pytest
import shapely

from renewal_gis import toytown


def to_metres(frame):
    moved = frame.to_crs(toytown.METRIC_CRS)
    return moved.translate(-toytown.ORIGIN[0], -toytown.ORIGIN[1])


def test_one_site_lies_on_a_border_one_across_it_one_nowhere():
    shapes = to_metres(toytown.make_sites())
    west = to_metres(toytown.make_units()).iloc[0]
    assert abs(shapes["A-10"].x - 1000) < 1e-3
    # 900 至 1300 米,界在 1000 米:四分之一在甲区
    share = west.intersection(shapes["A-05"]).area / shapes["A-05"].area
    assert share == pytest.approx(0.25, abs=1e-6)
    assert shapes["A-04"] is None


def test_one_road_is_drawn_twice_and_one_stops_short():
    shapes = to_metres(toytown.make_roads())
    keys = shapely.to_wkb(shapely.normalize(shapely.set_precision(shapes.values, 0.01)))
    assert len(set(keys)) == 39
    ends = [line.coords[-1][0] for line in shapes if abs(line.coords[-1][1] - 800) < 1e-3]
    assert any(abs(x - 1180) < 1e-3 for x in ends)


def test_events_belong_to_sites_and_their_stages(toy_plan):
    sites = toytown.make_sites()
    for event in toytown.make_events().itertuples():
        programme = toy_plan.programme(sites.loc[event.site_id, "programme"])
        assert event.stage in programme.stages
