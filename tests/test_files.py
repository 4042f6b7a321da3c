"""Files are put in place whole."""

from pathlib import Path

import pytest

from renewal_gis.errors import PublishError
from renewal_gis.files import write_bytes


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "图.html"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["图.html"]


def test_a_failure_leaves_the_old_file_and_no_leftovers(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_bytes(path, b"old")

    def refuse(_source, _target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PublishError, match=r"a\.txt.*写不进去"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path):
    (tmp_path / "outputs").write_text("")
    with pytest.raises(PublishError, match="outputs"):
        write_bytes(Path(tmp_path / "outputs" / "maps.html"), b"x")
