"""Office records: appended, sealed, kept."""

import datetime as dt
import sqlite3

import pandas as pd
import pytest

from ledger_support import AT, faults, run_raw, unguard
from renewal_gis import toytown
from renewal_gis.errors import LedgerError
from renewal_gis.ledger import open_ledger

LATER = "2021-10-09T09:00:00+08:00"
DAY = dt.date(2021, 10, 8)


def _open(ledger, number="甲〔2021〕1号", *, key=None, reason="到期未完成", at=AT):
    body = {"action": "open", "site_id": "A-03", "reason": reason, "deadline": "2021-11-01"}
    return ledger.add_record("supervision", subject=number, date=DAY, body=body, by="督查室", at=at, key=key)


def test_a_record_comes_out_as_it_went_in(ledger):
    made = _open(ledger)
    frame = ledger.records()
    assert frame.index.tolist() == [made]
    assert frame.index.name == "record_id"
    assert list(frame.columns) == ["kind", "subject", "date", "body", "recorded_at", "recorded_by", "key"]
    row = frame.iloc[0]
    assert (row["kind"], row["subject"], row["recorded_by"]) == ("supervision", "甲〔2021〕1号", "督查室")
    assert row["date"] == pd.Timestamp(2021, 10, 8)
    assert row["body"]["reason"] == "到期未完成"
    assert row["recorded_at"] == "2021-10-08T01:00:00.000000Z"


def test_records_are_told_apart_by_kind_subject_and_time(ledger):
    one, two = _open(ledger), _open(ledger, "甲〔2021〕2号", at=LATER)
    three = ledger.add_record("bulletin", subject="weekly", date=DAY, body={"number": 1}, by="x", at=LATER)
    assert ledger.records("supervision").index.tolist() == [one, two]
    assert ledger.records("bulletin").index.tolist() == [three]
    assert ledger.records(subject="甲〔2021〕2号").index.tolist() == [two]
    assert ledger.records(known_at=AT).index.tolist() == [one]
    assert len(ledger.records("supervision", subject="weekly")) == 0


def test_the_same_key_is_one_record(ledger):
    assert _open(ledger, key="k") == _open(ledger, key="k", at=LATER)
    assert len(ledger.records()) == 1
    with pytest.raises(LedgerError, match="幂等键“k”已属于另一份公文"):
        _open(ledger, key="k", reason="别的")


def test_what_is_not_a_record_is_refused(ledger):
    with pytest.raises(LedgerError, match="公文类别“gossip”"):
        ledger.add_record("gossip", subject="x", date=DAY, body={}, by="x", at=AT)
    with pytest.raises(LedgerError, match="不能写成 JSON"):
        ledger.add_record("bulletin", subject="x", date=DAY, body={"a": float("nan")}, by="x", at=AT)
    assert len(ledger.records()) == 0


def test_records_only_grow_and_verify_proves_it(ledger):
    _open(ledger)
    _open(ledger, "甲〔2021〕2号")
    assert faults(ledger) == []
    for statement in ("UPDATE office_record SET body = '{}'", "DELETE FROM office_record"):
        with pytest.raises(Exception, match="append-only"):
            run_raw(ledger, statement)
    unguard(ledger, "office_record")
    run_raw(ledger, "UPDATE office_record SET subject = '甲〔2021〕9号' WHERE seq = 1")
    assert {f.code for f in faults(ledger)} == {"ledger-altered", "ledger-unguarded"}


def test_a_record_that_was_cut_off_is_missed(ledger):
    _open(ledger)
    unguard(ledger, "office_record")
    run_raw(ledger, "DELETE FROM office_record")
    assert "末尾缺记录" in " ".join(f.text for f in faults(ledger))


def test_an_older_ledger_is_brought_up_to_date(tmp_path):
    path = tmp_path / "old.gpkg"
    with open_ledger(path, create=True) as ledger:
        ledger.import_sites(toytown.make_sites(), at=AT, by="测试")
    base = sqlite3.connect(path)
    for name in ("insert", "update2", "update4", "update5", "update6", "update7", "delete"):
        base.execute(f"DROP TRIGGER rtree_site_geom_{name}")
    base.executescript(
        """
        DROP TABLE office_record;
        DELETE FROM gpkg_contents WHERE table_name = 'office_record';
        ALTER TABLE site DROP COLUMN photo_before; ALTER TABLE site DROP COLUMN photo_after;
        DROP TABLE rtree_site_geom; DROP TABLE gpkg_extensions;
        UPDATE ledger_meta SET value = '1' WHERE name = 'format';
        """
    )
    base.close()
    with open_ledger(path) as ledger:
        assert faults(ledger) == []
        assert ledger.sites()["photo_before"].tolist() == [""] * 12
        _open(ledger)
        assert ledger.import_sites(toytown.make_sites(), at=LATER, by="测试").unchanged == 12
        sites = toytown.make_sites()
        sites.loc["A-01", "photo_after"] = "照片/A-01.jpg"
        assert ledger.import_sites(sites, at=LATER, by="测试").changed == 1
        assert ledger.sites().loc["A-01", "photo_after"] == "照片/A-01.jpg"
        assert faults(ledger) == []
