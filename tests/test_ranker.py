import numpy as np
import pytest

from renewal_gis.errors import SchemaError
from renewal_gis.roads.ranker import MISSING, Forest, pack_forest, read_forest, sum_trees, to_share


def make_forest():
    """Two trees: +1 where a > 2; +10 where b > 0 and a > 5, else +4 where b > 0."""
    feature, border = np.zeros((2, 6), np.int64), np.full((2, 6), np.inf, np.float32)
    leaf = np.zeros((2, 64), np.float32)
    border[0, 0], leaf[0, 1] = 2, 1
    feature[1, 0], border[1, 0] = 1, 0
    border[1, 1] = 5
    leaf[1, 1], leaf[1, 3] = 4, 10
    return Forest(("a", "b"), feature, border, leaf, -3.0)


def test_trees_are_added_up():
    measures = {"b": np.array([0.0, 1.0, 1.0, -1.0, np.nan]), "a": np.array([2.0, 3.0, 6.0, 6.0, np.nan])}
    # -3; -3+1+4; -3+1+10; -3+1; both missing, so below every border
    assert sum_trees(make_forest(), measures).tolist() == [-3, 2, 8, -2, -3]
    assert MISSING < -10


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_any_number_of_rows(size):
    rng = np.random.default_rng(0)
    a, b = rng.normal(3, 4, size), rng.normal(0, 1, size)
    want = -3.0 + (a > 2) + np.where(b > 0, np.where(a > 5, 10, 4), 0)
    assert sum_trees(make_forest(), {"a": a, "b": b}).tolist() == want.tolist()


def test_a_measure_that_is_not_there_is_named():
    with pytest.raises(SchemaError, match="b"):
        sum_trees(make_forest(), {"a": np.zeros(3)})


def test_shares_of_log_odds():
    assert to_share(np.array([0.0, np.log(3), -np.log(3)])).tolist() == pytest.approx([0.5, 0.75, 0.25])
    assert to_share(np.array([-1e9, 1e9])).tolist() == pytest.approx([0, 1])


def test_a_forest_survives_its_file(tmp_path):
    forest = make_forest()
    np.savez(tmp_path / "x.npz", **pack_forest(forest, "x"))
    with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
        assert arrays["x_names"].tolist() == ["a", "b"]
        assert (arrays["x_feature"] == forest.feature).all()
        assert (arrays["x_border"] == forest.border).all()
        assert (arrays["x_leaf"] == forest.leaf).all()
        assert float(arrays["x_bias"]) == -3.0


@pytest.mark.parametrize("name", ["filter", "ranker"])
def test_the_shipped_forests_are_whole(name):
    forest = read_forest(name)
    assert forest.feature.shape == forest.border.shape == (len(forest.leaf), 6)
    assert forest.leaf.shape[1] == 64
    assert forest.feature.max() < len(forest.names)
    assert np.isfinite(forest.leaf).all()
