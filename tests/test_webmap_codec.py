"""The codec of the packed layer: what goes in comes out, in Python and in the browser."""

from __future__ import annotations

import json

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renewal_gis.errors import CrsError, SchemaError
from renewal_gis.render.webmap import codec
from renewal_gis.render.webmap.offline import render_offline
from renewal_gis.render.webmap.packed import PackedLayer

HALF_STEP = 0.5e-6 + 1e-12
numbers = st.integers(-179_000_000, 179_000_000).map(lambda step: step / 1e6)
spots = st.tuples(numbers, numbers.map(lambda value: value / 2.2))
points = spots.map(shapely.Point)
lines = st.lists(spots, min_size=2, max_size=6).map(shapely.LineString)


@st.composite
def areas(draw):
    """A square, with a square hole in most cases."""
    x, y = draw(spots)
    size = draw(st.integers(2, 9)) / 10
    holes = [shapely.box(x + size / 4, y + size / 4, x + size / 2, y + size / 2).exterior.coords]
    return shapely.Polygon(
        shapely.box(x, y, x + size, y + size).exterior.coords, holes if draw(st.booleans()) else []
    )


@st.composite
def multis(draw):
    kind = draw(st.sampled_from(["point", "line", "area"]))
    count = draw(st.integers(1, 3))
    if kind == "point":
        return shapely.MultiPoint([draw(points) for _ in range(count)])
    if kind == "line":
        return shapely.MultiLineString([draw(lines) for _ in range(count)])
    return shapely.MultiPolygon([shapely.box(3 * k, k, 3 * k + 1, k + 1) for k in range(count)])


shapes = st.one_of(points, lines, areas(), multis(), st.none(), st.just(shapely.Point()))


def same_shape(before, after) -> bool:
    if before is None or before.is_empty:
        return after is None
    if before.geom_type != after.geom_type or shapely.get_num_coordinates(
        before
    ) != shapely.get_num_coordinates(after):
        return False
    return bool(np.abs(shapely.get_coordinates(before) - shapely.get_coordinates(after)).max() <= HALF_STEP)


@given(st.lists(shapes, max_size=8))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_geometries_come_back_within_half_a_step(given_shapes):
    data = codec.encode_features(given_shapes, pd.DataFrame(index=range(len(given_shapes))))
    back, _ = codec.decode_features(data)
    assert len(back) == len(given_shapes)
    assert all(same_shape(before, after) for before, after in zip(given_shapes, back, strict=True))


@given(st.lists(st.integers(0, 2**53 - 1), max_size=40))
def test_varints_come_back(values):
    assert codec.decode_varints(codec.encode_varints(np.array(values, dtype=np.int64))).tolist() == values


def test_varints_are_seven_bits_a_byte():
    # 300 = 0b10_0101100: low seven bits 0101100 with the mark, then 10
    assert codec.encode_varints(np.array([5, 300])) == bytes([5, 0b10101100, 0b10])


@pytest.mark.parametrize("value", [-1, 2**53])
def test_varints_refuse_what_a_script_cannot_hold(value):
    with pytest.raises(SchemaError, match="2\\^53"):
        codec.encode_varints(np.array([value]))


def test_a_collection_is_refused():
    with pytest.raises(SchemaError, match="图形集合"):
        codec.encode_features([shapely.GeometryCollection([shapely.Point(0, 0)])], pd.DataFrame(index=[0]))


@given(
    st.lists(
        st.tuples(st.text(), st.none() | st.integers(-(10**9), 10**9), st.none() | st.dates()),
        min_size=1,
        max_size=12,
    )
)
@settings(deadline=None)
def test_columns_come_back(rows):
    words, counts, days = zip(*rows, strict=True)
    table = pd.DataFrame({
        "word": pd.Series(words, dtype=object),
        "count": pd.array(counts, dtype="Int64"),
        "day": pd.to_datetime(pd.Series(days, dtype=object)).astype("datetime64[s]"),
    })  # fmt: skip
    _, columns = codec.decode_features(codec.encode_features([None] * len(rows), table))
    assert columns["word"] == list(words)
    assert columns["count"] == list(counts)
    epoch = pd.Timestamp("1970-01-01").date()
    assert columns["day"] == [None if day is None else (day - epoch).days for day in days]


def test_decimals_are_kept_as_told_and_infinity_is_nothing():
    table = pd.DataFrame({"length": [1.23456, np.inf, np.nan]})
    _, columns = codec.decode_features(codec.encode_features([None] * 3, table, column_digits={"length": 2}))
    assert columns["length"] == [1.23, None, None]


def test_packing_has_no_clock_and_comes_back():
    assert codec.pack_text(b"abc" * 99) == codec.pack_text(b"abc" * 99)
    assert codec.unpack_text(codec.pack_text(b"abc" * 99)) == b"abc" * 99


def test_the_order_keeps_neighbours_together_and_nothing_last():
    near = [shapely.Point(0, 0), shapely.Point(10, 10), None, shapely.Point(0.1, 0), shapely.Point(10, 9.9)]
    order = codec.order_features(near).tolist()
    assert order[-1] == 2
    assert {frozenset(order[:2]), frozenset(order[2:4])} == {frozenset({0, 3}), frozenset({1, 4})}


def test_a_layer_in_metres_is_refused():
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(5e5, 4e6)], crs="EPSG:4547")
    with pytest.raises(CrsError, match="经纬度"):
        PackedLayer(frame, name="x")


def test_a_missing_column_is_named():
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(114, 36)], crs="EPSG:4490")
    with pytest.raises(SchemaError, match="缺少列 b"):
        PackedLayer(frame, name="x", columns=["a", "b"])


def test_the_callers_frame_stays_as_it_was():
    frame = gpd.GeoDataFrame({"a": ["x"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4490")
    before = frame.copy()
    PackedLayer(frame, name="x", options={"label": {"column": "a"}})
    pd.testing.assert_frame_equal(frame, before)


ALL_KINDS = [
    shapely.Point(114.5, 36.6),
    None,
    shapely.LineString([(114, 36), (114.2, 36.1), (114.4, 36)]),
    shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]]),
    shapely.MultiPolygon([shapely.box(-1, -1, 0, 0), shapely.box(3, 3, 4, 4)]),
    shapely.MultiPoint([(179.999999, 1), (-179.999999, 2)]),
    shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 2)]]),
]
READ_BACK = """async () => {
  const layer = renewalLayer; await layer.ready;
  const d = layer.data;
  return {lon: Array.from(d.lon), lat: Array.from(d.lat), features: Array.from(d.featureStart), paths: Array.from(d.pathStart),
          words: Array.from({length: d.count}, (_, i) => layer.get(i, "word")),
          counts: Array.from({length: d.count}, (_, i) => { const v = layer.get(i, "count"); return v === v ? v : null; })};
}"""


@pytest.mark.parametrize("before", ["", "delete window.DecompressionStream"])
def test_the_browser_reads_the_same(visit, before):
    words = ["甲", "", "`${1}`", "</script>", "<!--", "\\u0041", "x" * 5000]
    counts = [3, None, -1, 2**40, 5, 6, 7]
    frame = gpd.GeoDataFrame(
        {"word": words, "count": pd.array(counts, dtype="Int64")}, geometry=ALL_KINDS, crs="EPSG:4490"
    )
    layer = PackedLayer(frame, name="x", sort=False)
    map_ = folium.Map(location=[36.6, 114.5], zoom_start=4, tiles=None)
    map_.add_child(layer)
    page = render_offline(map_).replace("var packed_layer_", "var renewalLayer = packed_layer_")
    # the changed script has another hash: this test is of the codec, so the policy goes
    start = page.index("<meta http-equiv")
    page = page[:start] + page[page.index(">", start) + 1 :]
    seen = visit(page, before=before)
    found = seen.page.evaluate(READ_BACK)
    seen.check_quiet()
    # vertices without the closing ones: 1 + 3 + (4 + 3) + (4 + 4) + 2 + (2 + 3)
    assert len(found["lon"]) == 26
    assert found["features"] == [0, 1, 1, 2, 4, 6, 8, 10]
    assert found["paths"] == [0, 1, 4, 8, 11, 15, 19, 20, 21, 23, 26]
    kept = [xy for shape in ALL_KINDS if shape for xy in _open_vertices(shape)]
    assert np.abs(np.column_stack([found["lon"], found["lat"]]) - np.array(kept)).max() < 1e-9
    assert json.dumps(found["words"]) == json.dumps(words)
    assert found["counts"] == counts


def _open_vertices(shape):
    for part in shapely.get_parts(shape):
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for ring in rings:
            yield from list(ring.coords)[: -1 if part.geom_type == "Polygon" else None]


def test_both_sides_of_the_antimeridian_one_point_and_nothing_at_all():
    # exact to a millionth of a degree; nothing is wrapped or joined across 180°
    hole = shapely.Polygon(
        [(179.9, -1), (180, -1), (180, 1), (179.9, 1)], [[(179.92, -0.5), (179.98, -0.5), (179.95, 0.5)]]
    )
    given_shapes = [hole, shapely.box(-180, -1, -179.9, 1), shapely.Point(-180, 90), shapely.Point(180, -90)]
    back, _ = codec.decode_features(
        codec.encode_features(given_shapes, pd.DataFrame(index=range(len(given_shapes))))
    )
    for before, after in zip(given_shapes, back, strict=True):
        assert shapely.equals_exact(shapely.normalize(before), shapely.normalize(after), tolerance=1e-6)
    assert back[0].interiors[0].is_ring
    alone, _ = codec.decode_features(
        codec.encode_features([shapely.Point(1.2345678, 2)], pd.DataFrame(index=[0]))
    )
    assert alone[0].equals_exact(shapely.Point(1.234568, 2), 1e-9)
    assert codec.decode_features(codec.encode_features([], pd.DataFrame()))[0] == []
