"""A tree frozen and thawed is the same tree."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renewal_gis.errors import InputError
from renewal_gis.render.bulletin import build_bulletin
from renewal_gis.render.bulletin_json import write_json
from renewal_gis.render.frozen import freeze_tree, thaw_tree
from renewal_gis.render.paper import Bulletin, Column, FigureSlot, Issue, Paragraph, Section, Table
from samples import make_survey

VALUES = st.none() | st.text(max_size=5) | st.integers() | st.fractions()


@given(st.lists(st.tuples(VALUES, VALUES), max_size=4), st.text(max_size=9))
def test_any_values_come_back(rows, words):
    table = Table(
        "t",
        words,
        (Column("a", "text", 20.5, merge=True), Column("b", "count", 9)),
        tuple(rows),
        (words,),
        (0,),
    )
    blocks = (Paragraph(words, "x"), table, FigureSlot("f", words, "y"))
    tree = Bulletin(words, (words,), ("a",), (Section("一", blocks, annex=True),), (), dt.date(2021, 9, 30),
                    {"kind": "weekly", "b": 1, "a": [0.1, None]})  # fmt: skip
    assert thaw_tree(freeze_tree(tree)) == tree


def test_a_bulletin_comes_back_with_its_exact_numbers_and_the_same_json():
    tree = build_bulletin(make_survey(), issue=Issue(3, "signed", "张某", dt.date(2021, 10, 8)))
    again = thaw_tree(freeze_tree(tree))
    assert again == tree
    assert again.tables()[0].rows[0][6] == Fraction(14, 15)
    assert write_json(again) == write_json(tree)


@pytest.mark.parametrize("text", ["{}", "[", "null"])
def test_what_is_no_snapshot_is_refused(text):
    with pytest.raises(InputError, match="读不出来"):
        thaw_tree(text)


def test_a_later_version_is_refused():
    words = json.loads(freeze_tree(build_bulletin(make_survey()))) | {"version": 99}
    with pytest.raises(InputError, match="版本 99"):
        thaw_tree(json.dumps(words))
