"""OpenStreetMap PBF: the same streets as the XML of the same town."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from renewal_gis.cli import main
from renewal_gis.errors import InputError
from renewal_gis.intake.gdal_files import parse_tags
from renewal_gis.intake.road_files import _split_lines
from renewal_gis.intake.roads import read_roads

osmium = pytest.importorskip("osmium", reason="没有 osmium,无法写出 .osm.pbf")

NODES = {
    1: (114.00, 36.00, {}),
    2: (114.01, 36.00, {}),
    3: (114.02, 36.00, {"noexit": "yes"}),
    4: (114.01, 36.01, {"highway": "turning_circle"}),
    5: (114.005, 36.00, {}),
}
WAYS = {
    10: ([1, 5, 2, 3], {"highway": "primary", "name": '人民“大”"路', "oneway": "yes", "lit": "yes"}),
    11: ([2, 4], {"highway": "residential", "tunnel": "yes", "layer": "-1", "noexit": "no"}),
    12: ([3, 4], {"highway": "construction"}),
    13: ([1, 4], {"railway": "rail"}),
    14: ([5, 4], {"highway": "footway"}),
}


def write_pbf(path, nodes=NODES, ways=WAYS):
    from osmium.osm.mutable import Node, Way

    with osmium.SimpleWriter(str(path)) as writer:
        for number, (lon, lat, tags) in nodes.items():
            writer.add_node(Node(id=number, version=1, location=(lon, lat), tags=tags))
        for number, (refs, tags) in ways.items():
            writer.add_way(Way(id=number, version=1, nodes=refs, tags=tags))
    return path


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_pbf(tmp_path_factory.mktemp("pbf") / "town.osm.pbf")


def test_ways_are_split_where_streets_meet(town):
    intake = read_roads(town)
    frame = intake.frame
    # 10 在节点 2 断开,不在只有人行道经过的节点 5 断开;11 一条
    assert [len(line.coords) for line in frame.geometry] == [3, 2, 2]
    assert frame["name"].tolist() == ['人民“大”"路'] * 2 + [""]
    assert frame["highway"].tolist() == ["primary", "primary", "residential"]
    assert frame["oneway"].tolist() == [True, True, False]
    assert frame["tunnel"].tolist() == [False, False, True]
    assert frame["layer"].tolist() == [0, 0, -1]
    assert frame["noexit"].tolist() == [False, True, False]
    assert frame["turning"].tolist() == [False, False, True]
    assert frame["source_row"].tolist() == [1, 1, 2]
    # 带 highway 的四条:10、11 采用,12 在建另列,14 人行道隔离;铁路不是道路
    assert (intake.read, intake.accepted, intake.repaired, intake.quarantined) == (4, 3, 0, 1)
    assert len(intake.planned) == 1


def test_gaps_and_map_take_the_file(town, tmp_path):
    found = CliRunner().invoke(main, ["gaps", str(town), "-o", str(tmp_path / "gaps.gpkg")])
    assert found.exit_code == 0, found.output
    assert "读到 4 条" in found.output
    assert len(gpd.read_file(tmp_path / "gaps.gpkg", layer="streets")) == 3
    drawn = CliRunner().invoke(main, ["map", f"路={town}", "-o", str(tmp_path / "map.html")])
    assert drawn.exit_code == 0, drawn.output
    assert "路 lines:5 行" in drawn.output  # 五条线,铁路也画
    assert "路 points:2 行" in drawn.output


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda body: b"", "空的"),
        (lambda body: body[:-40], "损坏"),
        (lambda body: body[:20], "损坏"),
        (lambda body: body[:-60] + bytes([body[-60] ^ 255]) + body[-59:], "损坏"),
        (lambda body: b"\x00\x01\x02\x03" * 50, "损坏"),
        (lambda body: b"<osm/>", "不符"),
    ],
    ids=["empty", "cut", "head", "flipped", "binary", "xml"],
)
@pytest.mark.parametrize("command", ["gaps", "map"])
def test_a_damaged_file_is_refused(town, tmp_path, spoil, word, command):
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(spoil(town.read_bytes()))
    output = tmp_path / ("out.gpkg" if command == "gaps" else "out.html")
    told = CliRunner().invoke(main, [command, str(path), "-o", str(output)])
    assert told.exit_code == 2
    assert "bad.osm.pbf" in told.stderr
    assert word in told.stderr
    assert not output.exists()


def test_a_file_without_streets_is_refused(tmp_path):
    path = write_pbf(tmp_path / "rail.osm.pbf", ways={13: WAYS[13]})
    with pytest.raises(InputError, match="没有任何记录"):
        read_roads(path)


def test_tags_are_unpacked():
    assert parse_tags(r'"a"=>"b\"c","d\\e"=>"=>,"') == {"a": 'b"c', r"d\e": "=>,"}
    assert parse_tags("") == {}


def test_a_loop_is_broken_where_it_crosses_itself():
    # 8 字形:中间的 (1, 1) 走两遍,闭合点是它自己的端
    line = shapely.from_wkt("LINESTRING (0 0, 1 1, 2 2, 2 0, 1 1, 0 2, 0 0)")
    parts, owner = _split_lines(np.array([line], dtype=object), np.array([True]))
    assert [shapely.get_num_points(part) for part in parts] == [2, 4, 3]
    assert owner.tolist() == [0, 0, 0]
    whole, _ = _split_lines(np.array([line], dtype=object), np.array([False]))
    assert whole[0].equals_exact(line)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=6), max_size=6)
)
def test_pieces_are_the_lines_again(paths):
    lines = np.array([shapely.linestrings(path) for path in paths], dtype=object)
    parts, owner = _split_lines(lines, np.ones(len(lines), dtype=bool))
    for row, path in enumerate(paths):
        own = [shapely.get_coordinates(part) for part in parts[owner == row]]
        joined = np.vstack([own[0], *[piece[1:] for piece in own[1:]]])
        assert joined.tolist() == [list(map(float, place)) for place in path]
    ends = shapely.get_coordinates(shapely.get_point(parts, [0] * len(parts)))
    inner = {tuple(p) for part in parts for p in shapely.get_coordinates(part)[1:-1]}
    assert not inner & {tuple(place) for place in ends}
