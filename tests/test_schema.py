"""The contracts of the frames, and that the toy town keeps them."""

import pytest

from renewal_gis import schema, toytown
from renewal_gis.errors import CrsError, SchemaError


@pytest.mark.parametrize(
    ("make", "contract", "size"),
    [
        (toytown.make_sites, schema.SITES, 12),
        (toytown.make_units, schema.UNITS, 3),
        (toytown.make_events, schema.EVENTS, 37),
        (toytown.make_roads, schema.ROADS, 40),
    ],
)
def test_the_toy_town_keeps_the_contracts(make, contract, size):
    frame = make()
    schema.check_frame(frame, contract)
    assert len(frame) == size


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="SITES 缺少列 leader"):
        schema.check_frame(toytown.make_sites().drop(columns="leader"), schema.SITES)


def test_another_crs_is_refused():
    with pytest.raises(CrsError, match="EPSG:4547"):
        schema.check_frame(toytown.make_sites().to_crs("EPSG:4547"), schema.SITES)


def test_no_crs_is_refused():
    bare = toytown.make_units().set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match="没有坐标系"):
        schema.check_frame(bare, schema.UNITS)


def test_degrees_are_refused_where_metres_are_needed():
    frame = toytown.make_units().assign(kind="undershoot", size_m=1.0, repair="")
    with pytest.raises(CrsError, match="不是投影坐标系"):
        schema.check_frame(frame, schema.DEFECTS)
