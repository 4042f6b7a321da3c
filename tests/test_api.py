"""The public names lead somewhere, and nowhere else."""

import pytest

import renewal_gis


@pytest.mark.parametrize("name", [name for name in renewal_gis.__all__ if not name.startswith("_")])
def test_public_names_are_documented_functions(name):
    function = getattr(renewal_gis, name)
    assert callable(function)
    assert function.__doc__
    assert name in dir(renewal_gis)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = renewal_gis.no_such_name
