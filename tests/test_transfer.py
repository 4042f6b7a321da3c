"""Whole ledgers from one place to another, backups and back."""

import datetime as dt
import sqlite3
import uuid

import pyogrio
import pytest

from ledger_support import AT, faults, fill, run_raw, unguard
from renewal_gis.errors import LedgerError, MissingFileError
from renewal_gis.ledger import open_ledger
from renewal_gis.ledger.relate import Kin
from renewal_gis.ledger.rtree import INDEX
from renewal_gis.ledger.transfer import back_up, copy_ledger, move_ledger, restore, seal_rows

LATER = "2021-11-02T09:00:00+08:00"
DAY = dt.date(2021, 8, 25)


def enrich(made):
    """Put something into every table."""
    sites = made.sites()
    sites.loc["A-01", "households"] = 321
    made.import_sites(sites, at=LATER, by="测试")
    wrong = made.history("A-10").index[-1]
    made.add_event("A-10", corrects=wrong, date=DAY, by="张三", at=LATER, note="误记")
    made.add_record("bulletin", subject="weekly", date=DAY, body={"number": 1, "税": 0.1}, by="x", at=LATER)
    made.relate(Kin("merge", ("A-07", "A-08"), ("A-77",)), date=DAY, by="张三", at=LATER)


def seals(made):
    with made.reading() as base:
        return seal_rows(base)


@pytest.fixture
def other(request, tmp_path, place):
    """A place of the other kind than the ledger's."""
    if place.startswith("postgresql"):
        return str(tmp_path / "other.gpkg")
    return f"{request.getfixturevalue('server')}&schema=t{uuid.uuid4().hex}"


def test_a_ledger_moves_there_and_back_without_loss(ledger, other, tmp_path):
    enrich(ledger)
    counts = move_ledger(ledger, other)
    assert (counts["site"], counts["office_record"]) == (13, 2)
    with open_ledger(other) as moved:
        assert seals(moved) == seals(ledger)
        assert faults(moved) == []
        assert moved.plan() == ledger.plan()
        assert moved.sites(known_at=AT).loc["A-01", "households"] == 320
        # what is written from now on follows on
        made = moved.add_event("A-77", note="搬移之后", date=DAY, by="张三", at=LATER)
        moved.import_sites(ledger.sites().rename(index={"A-01": "B-01"}).loc[["B-01"]], at=LATER, by="x")
        assert faults(moved) == []
        move_ledger(moved, str(tmp_path / "again.gpkg"))
        with open_ledger(tmp_path / "again.gpkg") as again:
            assert seals(again) == seals(moved)
            assert again.history("A-77").index[-1] == made
            assert faults(again) == []


def test_nothing_is_copied_over_another_ledger(ledger, other):
    with open_ledger(other, create=True) as full:
        fill(full)
        with pytest.raises(LedgerError, match="不是空的"):
            copy_ledger(ledger, full)
        before = seals(full)
    with pytest.raises(LedgerError, match=r"不覆盖|不是空的"):
        move_ledger(ledger, other)
    with open_ledger(other) as full:
        assert seals(full) == before


def test_a_backup_comes_back(ledger, tmp_path):
    enrich(ledger)
    kept = back_up(ledger, tmp_path / "备份" / "0930.gpkg")
    place = tmp_path / "恢复.gpkg"
    counts = restore(kept, str(place))
    assert counts == ledger.count_rows()
    with open_ledger(place) as back:
        assert seals(back) == seals(ledger)
        assert faults(back) == []
    with pytest.raises(LedgerError, match="不覆盖"):
        back_up(ledger, kept)
    with pytest.raises(LedgerError, match="已有台账,不覆盖"):
        restore(kept, str(place))
    with open_ledger(place) as back:
        back.add_event("A-09", note="备份之后", date=DAY, by="张三", at=LATER)
    restore(kept, str(place), replace=True)
    with open_ledger(place) as back:
        assert seals(back) == seals(ledger)
    with pytest.raises(MissingFileError, match="找不到台账"):
        restore(tmp_path / "none.gpkg", str(tmp_path / "x.gpkg"))


def test_a_backup_comes_back_on_a_server(book, server, tmp_path):
    place = f"{server}&schema=t{uuid.uuid4().hex}"
    kept = back_up(book, tmp_path / "b.gpkg")
    assert restore(kept, place)["status_event"] == book.count_rows()["status_event"]
    with pytest.raises(LedgerError, match="不是空的"):
        restore(kept, place, replace=True)


def test_what_does_not_verify_is_neither_backed_up_nor_restored(ledger, tmp_path):
    kept = back_up(ledger, tmp_path / "good.gpkg")
    unguard(ledger, "status_event")
    run_raw(ledger, "UPDATE status_event SET note = '改' WHERE seq = 2")
    with pytest.raises(LedgerError, match="没有通过核验"):
        back_up(ledger, tmp_path / "bad.gpkg")
    assert not (tmp_path / "bad.gpkg").exists()
    base = sqlite3.connect(kept)
    base.executescript(
        "DROP TRIGGER status_event_no_update; UPDATE status_event SET note = '改' WHERE seq = 2"
    )
    base.close()
    with pytest.raises(LedgerError, match="没有通过核验"):
        restore(kept, str(tmp_path / "r.gpkg"))
    assert not (tmp_path / "r.gpkg").exists()


def test_nobody_writes_into_a_ledger_that_was_replaced(book, tmp_path):
    kept = back_up(book, tmp_path / "b.gpkg")
    restore(kept, str(book.path), replace=True)
    with pytest.raises(LedgerError, match="已被替换"):
        book.add_event("A-09", note="x", date=DAY, by="张三", at=LATER)


def test_a_stale_journal_does_not_meet_the_restored_file(book, tmp_path):
    kept = back_up(book, tmp_path / "b.gpkg")
    journal = book.path.with_name("l.gpkg-journal")
    book.path.write_bytes(b"torn")
    journal.write_bytes(b"stale")
    restore(kept, str(book.path), replace=True)
    assert not journal.exists()


def test_the_spatial_index_follows_the_sites(book):
    def boxes():
        with book.reading() as base:
            rows = base.execute(
                f"SELECT site_id, minx, maxx, miny, maxy FROM {INDEX} JOIN site ON fid = id ORDER BY fid"
            ).fetchall()
        return {row[0]: row[1:] for row in rows}

    sites = book.sites()
    placed = sites[sites.geometry.notna()]
    assert list(boxes()) == placed.index.tolist()
    for site_id, (west, east, south, north) in boxes().items():
        # the index keeps 32-bit numbers, rounded outwards: about a metre
        assert placed.geometry[site_id].bounds == pytest.approx((west, south, east, north), abs=2e-5)
    sites.loc["A-04", "geometry"] = sites.geometry["A-10"]
    sites.loc["A-01", "geometry"] = None
    sites.loc["A-02", "geometry"] = sites.geometry["A-11"]
    book.import_sites(sites, at=LATER, by="测试")
    assert set(boxes()) == set(placed.index) - {"A-01"} | {"A-04"}
    assert boxes()["A-02"][0] == pytest.approx(sites.geometry["A-11"].x, abs=2e-5)
    with book.reading() as base:
        assert base.execute(f"SELECT rtreecheck('{INDEX}')").fetchone()[0] == "ok"
        assert base.execute("SELECT extension_name FROM gpkg_extensions").fetchall() == [
            ("gpkg_rtree_index",)
        ]


def test_another_program_finds_a_site_by_the_index(ledger, tmp_path):
    path = ledger.snapshot_to(tmp_path / "s.gpkg")
    point = ledger.sites().geometry["A-11"]
    around = (point.x - 1e-4, point.y - 1e-4, point.x + 1e-4, point.y + 1e-4)
    assert pyogrio.read_dataframe(path, layer="site", bbox=around)["site_id"].tolist() == ["A-11"]
    assert pyogrio.read_info(path, layer="site")["crs"] == "EPSG:4490"


def test_the_server_keeps_shapes_that_postgis_understands(server):
    with open_ledger(f"{server}&schema=t{uuid.uuid4().hex}", create=True) as made:
        fill(made)
        if not made._ask("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'"):
            pytest.skip("服务器没有 PostGIS")
        rows = made._server.execute(
            "SELECT site_id, ST_SRID(shape), ST_AsText(shape) FROM site WHERE site_id IN ('A-04', 'A-10') ORDER BY 1"
        ).fetchall()
        assert rows[0] == ("A-04", None, None)
        point = made.sites().geometry["A-10"]
        assert rows[1][1] == 4490
        assert rows[1][2] == f"POINT({point.x!r} {point.y!r})"
        assert "ledger-unsafe" in {finding.code for finding in made.verify()}


def test_addresses(server):
    with pytest.raises(MissingFileError, match="找不到台账"):
        open_ledger(f"{server}&schema=t{uuid.uuid4().hex}")
    with pytest.raises(LedgerError, match="模式名“A;B”不可用"):
        open_ledger(f"{server}&schema=A;B")
    with pytest.raises(LedgerError, match="连不上") as caught:
        open_ledger("postgresql://gis:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
