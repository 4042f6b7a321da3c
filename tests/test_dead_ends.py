import geopandas as gpd
import numpy as np
import pytest
import shapely

from renewal_gis.errors import CrsError
from renewal_gis.roads.dead_ends import find_dead_ends
from renewal_gis.roads.network import build_streets
from test_network import METRIC, X, Y, roads


def town(*extra, **columns):
    """A grid of 10 × 10 blocks of 100 m, drawn block by block, and the lines given."""
    lines = []
    for i in range(11):
        for k in range(10):
            lines.append([(i * 100, k * 100), (i * 100, k * 100 + 100)])
            lines.append([(k * 100, i * 100), (k * 100 + 100, i * 100)])
    values = {name: [blank] * len(lines) + [value] * len(extra) for name, (blank, value) in columns.items()}
    return build_streets(roads(lines + [list(line) for line in extra], **values))


def ends_of(streets, **options):
    return find_dead_ends(streets, **options)


def test_a_street_that_stops_inside_is_a_candidate():
    found = ends_of(town([(500, 500), (550, 550)]))
    assert found["verdict"].tolist() == ["candidate"]
    assert found["stub_m"].tolist() == pytest.approx([70.7106781])
    assert found["bearing_deg"].tolist() == pytest.approx([45])
    assert found.geometry[0].equals(shapely.Point(X + 550, Y + 550))
    assert "71 米" in found["reason"][0]
    assert found.crs.to_string() == METRIC


def test_a_closed_grid_has_none():
    found = ends_of(town())
    assert len(found) == 0
    assert "verdict" in found


def test_an_end_that_leaves_the_data_is_at_the_edge():
    found = ends_of(town([(1000, 500), (1060, 500)]))
    assert found["verdict"].tolist() == ["sheet_edge"]


def test_a_study_area_says_where_the_data_end():
    streets = town([(1000, 500), (1060, 500)])
    box = shapely.box(X - 500, Y - 500, X + 2000, Y + 2000)
    area = gpd.GeoDataFrame(geometry=[box], crs=METRIC)
    assert ends_of(streets, study_area=area)["verdict"].tolist() == ["candidate"]
    small = gpd.GeoDataFrame(geometry=[shapely.box(X, Y, X + 1030, Y + 1000)], crs=METRIC)
    assert ends_of(streets, study_area=small)["verdict"].tolist() == ["sheet_edge"]


@pytest.mark.parametrize(
    "columns",
    [
        {"highway": ("residential", "service")},
        {"highway": ("residential", "footway")},
        {"noexit": (False, True)},
        {"noexit": ("", "yes")},
        {"turning": (False, True)},
        {"junction": ("", "turning_circle")},
    ],
)
def test_ends_that_are_meant_to_be_are_exempt(columns):
    columns.setdefault("highway", ("residential", "residential"))
    found = ends_of(town([(500, 500), (550, 550)], **columns))
    assert found["verdict"].tolist() == ["exempt"]


def test_a_hands_breadth_short_is_a_fault():
    found = ends_of(town([(500, 500), (520, 520), (550, 598.8)]))
    assert found["verdict"].tolist() == ["defect"]
    assert "1.20 米" in found["reason"][0]


def test_a_tiny_stub_is_a_fault():
    found = ends_of(town([(500, 500), (501, 501)]))
    assert found["verdict"].tolist() == ["defect"]
    assert "1.41 米" in found["reason"][0]


def test_one_line_alone_has_two_ends():
    found = ends_of(build_streets(roads([[(0, 0), (100, 0)]])))
    assert len(found) == 2
    assert sorted(found["bearing_deg"]) == pytest.approx([90, 270])


@pytest.mark.parametrize("lines", [[], [[(0, 0), (10, 0), (10, 10), (0, 0)]]])
def test_nothing_and_a_ring_have_none(lines):
    assert len(ends_of(build_streets(roads(lines)))) == 0


def test_none_is_dropped():
    rng = np.random.default_rng(3)
    lines = [[tuple(p), tuple(p + rng.normal(0, 40, 2))] for p in rng.uniform(0, 2000, (60, 2))]
    streets = build_streets(roads(lines))
    assert len(ends_of(streets)) == 120


def test_degrees_are_refused():
    with pytest.raises(CrsError, match="度"):
        find_dead_ends(town().set_crs("EPSG:4490", allow_override=True))
