"""The ledger's word is held against the network."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from renewal_gis.errors import CrsError
from renewal_gis.roads.network import build_streets
from renewal_gis.roads.verify import match_ledger, verify_opened

METRIC = "EPSG:4547"
GRID = [
    [(0, 0), (300, 0)], [(300, 0), (600, 0)], [(0, 200), (300, 200)], [(300, 200), (600, 200)],
    [(0, 0), (0, 200)], [(600, 0), (600, 200)],
]  # fmt: skip


def make_streets(*more):
    shapes = [shapely.LineString(line) for line in [*GRID, *more]]
    return build_streets(
        gpd.GeoDataFrame({"highway": ["tertiary"] * len(shapes)}, geometry=shapes, crs=METRIC)
    )


def make_ledger(shapes, names=None):
    names = names or [f"D-{k + 1:02d}" for k in range(len(shapes))]
    frame = gpd.GeoDataFrame(
        {"programme": ["dead_end_road"] * len(shapes)}, geometry=shapes, crs=METRIC, index=names
    )
    frame.index.name = "site_id"
    return frame


ROAD = shapely.LineString([(300, 0), (300, 200)])


def test_a_road_that_is_open_has_no_finding():
    streets = make_streets([(300, 0), (300, 200)])
    assert verify_opened(streets, make_ledger([ROAD])) == ()


def test_a_road_drawn_a_little_beside_is_still_open():
    streets = make_streets([(300, 0), (300, 200)])
    assert verify_opened(streets, make_ledger([shapely.LineString([(306, 4), (305, 193)])])) == ()


def test_a_road_without_a_connection_is_told():
    # 没有这条路:两端距离为 300+200+300=800 米,线长 200 米
    (finding,) = verify_opened(make_streets(), make_ledger([ROAD]))
    assert finding.code == "road-not-opened"
    assert finding.site_id == "D-01"
    assert "台账已打通、路网未连通" in finding.text
    assert "800 米" in finding.text
    assert "200 米" in finding.text


def test_a_road_that_still_ends_dead_is_told():
    streets = make_streets([(300, 0), (300, 150)])
    (finding,) = verify_opened(streets, make_ledger([shapely.LineString([(300, 0), (300, 150)])]))
    assert "仍为断头" in finding.text


def test_a_road_far_from_the_network_is_told():
    (finding,) = verify_opened(make_streets(), make_ledger([shapely.LineString([(300, 100), (300, 120)])]))
    assert "端点距最近道路 100 米" in finding.text


def test_two_parts_without_a_way_between_are_told():
    island = [
        [(5000, 0), (5200, 0)],
        [(5200, 0), (5200, 200)],
        [(5200, 200), (5000, 200)],
        [(5000, 200), (5000, 0)],
    ]
    streets = make_streets(*island)
    line = shapely.LineString([(600, 100), (5000, 100)])
    (finding,) = verify_opened(streets, make_ledger([line]))
    assert "不通" in finding.text


def test_rows_without_a_line_are_left_alone():
    ledger = make_ledger([None, shapely.Point(300, 100)])
    assert verify_opened(make_streets(), ledger) == ()


def test_a_road_in_several_pieces_is_taken_as_one():
    streets = make_streets([(300, 0), (300, 200)])
    pieces = shapely.MultiLineString([[(300, 100), (300, 200)], [(300, 0), (300, 100)]])
    assert verify_opened(streets, make_ledger([pieces])) == ()


def test_another_reference_system_is_refused():
    ledger = make_ledger([ROAD]).to_crs("EPSG:4490")
    with pytest.raises(CrsError, match="坐标系不同"):
        verify_opened(make_streets(), ledger)


def make_links(*lines):
    return gpd.GeoDataFrame(
        {"score": np.linspace(0.9, 0.5, len(lines))},
        geometry=[shapely.LineString(line) for line in lines],
        crs=METRIC,
    )


def test_links_are_known_or_new():
    links = make_links([(300, 50), (300, 150)], [(2000, 0), (2000, 80)])
    assert match_ledger(links, make_ledger([ROAD])).tolist() == ["D-01", ""]


def test_a_link_between_two_rows_belongs_to_the_nearer():
    links = make_links([(310, 50), (310, 150)])
    other = shapely.LineString([(330, 0), (330, 200)])
    assert match_ledger(links, make_ledger([other, ROAD], ["远", "近"])).tolist() == ["近"]


def test_a_row_with_a_point_only_is_matched_by_distance():
    links = make_links([(300, 50), (300, 150)])
    assert match_ledger(links, make_ledger([shapely.Point(340, 100)])).tolist() == ["D-01"]
    assert match_ledger(links, make_ledger([shapely.Point(370, 100)])).tolist() == [""]


def test_other_programmes_are_no_dead_end_roads():
    ledger = make_ledger([ROAD]).assign(programme="back_alley")
    assert match_ledger(make_links([(300, 50), (300, 150)]), ledger).tolist() == [""]


def test_no_links_and_no_rows():
    assert len(match_ledger(make_links()[:0].set_crs(METRIC), make_ledger([ROAD]))) == 0
    assert match_ledger(make_links([(0, 0), (1, 0)]), make_ledger([None])).tolist() == [""]
