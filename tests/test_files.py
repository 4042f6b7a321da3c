"""Files are put in place whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from renewal_gis.errors import PublishError
from renewal_gis.files import clear_leftovers, open_drafts, stand_in_line, write_bytes, write_set, write_whole


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


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_writer_left_is_cleared_by_the_next(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from renewal_gis.files import open_drafts\n"
        "with open_drafts(Path(sys.argv[1])) as scratch:\n"
        "    (scratch / 'half').write_bytes(b'x'); (scratch / 'deep').mkdir(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert [name[:9] for name in names(tmp_path)] == [".writing-"]
    write_bytes(tmp_path / "a.txt", b"x")
    assert names(tmp_path) == ["a.txt"]


def test_the_drafts_of_a_living_writer_stay(tmp_path):
    with open_drafts(tmp_path) as scratch:
        (scratch / "draft").write_bytes(b"x")
        assert clear_leftovers(tmp_path) == 0
        write_bytes(tmp_path / "b.txt", b"y")
        assert (scratch / "draft").read_bytes() == b"x"
    assert names(tmp_path) == ["b.txt"]


def test_a_folder_that_never_got_its_mark_is_cleared_but_not_its_content(tmp_path):
    (tmp_path / ".writing-empty").mkdir()
    (tmp_path / ".writing-foreign").mkdir()
    (tmp_path / ".writing-foreign" / "kept.txt").write_text("x")
    assert clear_leftovers(tmp_path) == 1
    assert names(tmp_path) == [".writing-foreign"]


def test_a_folder_without_locks_can_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr("renewal_gis.files._lock", lambda mark: False)
    write_bytes(tmp_path / "a.txt", b"x")
    assert names(tmp_path) == ["a.txt"]


def test_a_set_is_on_the_disk_before_the_first_file_moves(tmp_path, monkeypatch):
    """The third draft fails: the first two files are the old ones still."""
    write_set(tmp_path, {"a": b"old", "deep/b": b"old"})
    real = Path.write_bytes
    calls = []

    def fail(path, content):
        calls.append(path)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(PublishError, match="No space left"):
        write_set(tmp_path, {"a": b"new", "deep/b": b"new", "c": b"new"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "deep" / "b").read_bytes() == b"old"
    assert names(tmp_path) == ["a", "deep"]


def test_the_last_of_a_set_is_put_in_place_last(tmp_path, monkeypatch):
    moved = []
    real = Path.replace
    monkeypatch.setattr(Path, "replace", lambda path, to: (moved.append(to.name), real(path, to))[1])
    write_set(tmp_path, {"b": b"", "a": b"", "manifest.json": b""})
    assert moved == ["b", "a", "manifest.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows 建立符号链接需要权限")
def test_a_link_keeps_pointing_and_its_target_is_replaced(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real.txt").write_bytes(b"old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "disk" / "real.txt")
    write_whole(tmp_path / "link.txt", lambda draft: draft.write_bytes(b"new"))
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "disk" / "real.txt").read_bytes() == b"new"


def test_a_line_gives_one_turn_at_a_time_and_goes_on_after_the_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with stand_in_line("x", wait_s=5) as first:
        with stand_in_line("x", wait_s=0.05) as second:
            assert (first, second) == (True, False)
        with stand_in_line("y", wait_s=5) as other:
            assert other
    with stand_in_line("x", wait_s=5) as third:
        assert third


def test_a_line_that_cannot_be_made_keeps_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with stand_in_line("x", wait_s=5) as turn:
        assert not turn
