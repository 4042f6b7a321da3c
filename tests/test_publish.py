"""A folder of products is of one run, or says that it is not."""

import hashlib
import json

import pytest

from renewal_gis.cli import main
from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.files import write_set
from renewal_gis.publish import MANIFEST, check_outputs, describe_ledger, hide_password


def publish(folder, **contents):
    """A folder as a build leaves it, with a ledger that lives on."""
    products = {name.replace("_", "."): text.encode() for name, text in contents.items()}
    entries = [
        {"path": name, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for name, body in products.items()
    ]
    told = {"outputs": [*entries, {"path": "ledger.gpkg", "sha256": "then"}], "ledger": "ledger.gpkg"}
    write_set(folder, products | {MANIFEST: json.dumps(told).encode()})


def test_one_run_is_whole(tmp_path):
    publish(tmp_path, a_txt="1", b_txt="1")
    assert len(check_outputs(tmp_path)) == 0


def test_a_run_that_ended_between_two_files_is_told(tmp_path):
    publish(tmp_path, a_txt="1", b_txt="1")
    (tmp_path / "a.txt").write_text("2")
    report = check_outputs(tmp_path)
    assert [(finding.code, finding.file) for finding in report] == [("output-mixed", "a.txt")]


def test_a_missing_file_and_a_draft_are_told(tmp_path):
    publish(tmp_path, a_txt="1")
    (tmp_path / "a.txt").unlink()
    (tmp_path / ".writing-x").mkdir()
    assert [finding.code for finding in check_outputs(tmp_path)] == ["output-missing", "output-leftover"]


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(MissingFileError, match="没有成果清单"):
        check_outputs(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"outputs": [1]}'])
def test_a_manifest_of_another_kind_is_refused(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(InputError, match="不是成果清单"):
        check_outputs(tmp_path)


def test_the_command_ends_with_one_where_a_file_differs(tmp_path, capsys):
    publish(tmp_path, a_txt="1")
    assert not main.main(["verify", str(tmp_path)], standalone_mode=False)
    assert "ok" in capsys.readouterr().out
    (tmp_path / "a.txt").write_text("2")
    assert main.main(["verify", str(tmp_path)], standalone_mode=False) == 1
    assert "a.txt" in capsys.readouterr().out


def test_a_password_does_not_reach_the_manifest():
    assert hide_password("postgresql://甲:p@h/db") == "postgresql://甲@h/db"
    assert hide_password("postgresql://甲@h/db") == "postgresql://甲@h/db"
    assert hide_password("postgresql:///db") == "postgresql:///db"


def test_the_ledgers_entry_has_the_hash_of_the_file(tmp_path):
    import sqlite3

    path = tmp_path / "台账 1.gpkg"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE t (x)")
    base.commit()
    base.close()
    entry = describe_ledger(path, tmp_path)
    assert entry["path"] == "台账 1.gpkg"
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
