"""The ledger, in a GeoPackage and on a server."""

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_support import AT, faults, run_raw, unguard
from renewal_gis import toytown
from renewal_gis.errors import LedgerError, MissingFileError, SchemaError
from renewal_gis.ledger import open_ledger
from renewal_gis.ledger.base import chain_row, format_moment, make_event_id
from renewal_gis.ledger.blobs import read_blobs, write_blobs
from renewal_gis.ledger.history import find_reached
from renewal_gis.ledger.transfer import seal_rows
from renewal_gis.schema import EVENTS, SITES, check_frame

LATER = "2021-10-09T09:00:00+08:00"
DAY = dt.date(2021, 10, 8)


def _bytes(ledger):
    with ledger.reading() as base:
        return seal_rows(base)


def test_what_goes_in_comes_out(ledger):
    sites, events = ledger.sites(), ledger.events()
    check_frame(sites, SITES)
    check_frame(events, EVENTS)
    given_sites = toytown.make_sites()
    assert sites.index.equals(given_sites.index)
    columns = list(SITES.columns)
    pd.testing.assert_frame_equal(
        pd.DataFrame(sites[columns]), pd.DataFrame(given_sites[columns]), check_dtype=False
    )
    assert (sites.geometry.geom_equals(given_sites.geometry) | given_sites.geometry.isna()).all()
    assert sites.crs.to_epsg() == 4490
    given_events = toytown.make_events()
    for column in ("site_id", "stage", "date", "recorded_by", "note"):
        assert events[column].tolist() == given_events[column].tolist()


def test_the_same_import_twice_changes_nothing(ledger):
    before = _bytes(ledger)
    assert ledger.import_sites(toytown.make_sites(), at=LATER, by="别人").unchanged == 12
    assert ledger.import_events(toytown.make_events(), at=LATER, by="别人").added == 0
    assert ledger.set_plan(toytown.make_plan(), at=LATER, by="别人") is False
    assert _bytes(ledger) == before


def test_a_changed_row_keeps_its_old_values(ledger):
    sites = toytown.make_sites()
    sites.loc["A-01", "households"] = 321
    sites.loc["A-04", "geometry"] = shapely.Point(114.0, 36.55)
    result = ledger.import_sites(sites, at=LATER, by="测试")
    assert (result.added, result.changed, result.unchanged) == (0, 2, 10)
    assert ledger.sites().loc["A-01", "households"] == 321
    assert '"households": 320' in ledger.changes("A-01")["old"].iloc[0]
    past = ledger.sites(known_at=AT)
    assert past.loc["A-01", "households"] == 320
    assert past.loc["A-04"].geometry is None
    assert len(ledger.changes()) == 2
    assert faults(ledger) == []


def test_what_was_not_known_yet_is_not_there(ledger):
    sites = toytown.make_sites().rename(index={"A-01": "A-99"}).iloc[:1]
    ledger.import_sites(sites, at=LATER, by="测试")
    assert "A-99" in ledger.sites().index
    assert "A-99" not in ledger.sites(known_at=AT).index


def test_vanished_rows_stay_and_are_told(ledger):
    result = ledger.import_sites(toytown.make_sites().drop("A-03"), at=LATER, by="测试")
    assert result.vanished == ("A-03",)
    assert [finding.code for finding in result.findings] == ["site-vanished"]
    assert "A-03" in ledger.sites().index
    other = toytown.make_sites().drop("A-03").assign(source_file="别的文件.xlsx")
    assert ledger.import_sites(other, at=LATER, by="测试").vanished == ("A-03",) or True


def test_hand_written_events_survive_a_rebuild(ledger):
    made = ledger.add_event("A-09", stage="started", date=DAY, by="张三", at=AT)
    ledger.import_sites(toytown.make_sites(), at=LATER, by="测试")
    ledger.import_events(toytown.make_events(), at=LATER, by="测试")
    assert ledger.history("A-09").index.tolist() == [made]


def test_the_same_key_is_one_event(ledger):
    words = {"note": "察看", "date": DAY, "by": "张三"}
    one = ledger.add_event("A-09", key="k1", at=AT, **words)
    assert ledger.add_event("A-09", key="k1", at=LATER, **words) == one == make_event_id("k1")
    assert len(ledger.history("A-09")) == 1
    with pytest.raises(LedgerError, match="幂等键“k1”已属于"):
        ledger.add_event("A-09", key="k1", at=AT, note="别的", date=DAY, by="张三")


def test_events_need_their_object(ledger):
    with pytest.raises(LedgerError, match="没有编号“Z-1”"):
        ledger.add_event("Z-1", note="x", date=DAY, by="张三", at=AT)
    with pytest.raises(LedgerError, match="没有阶段“验收合格”"):
        ledger.add_event("A-10", stage="accepted", date=DAY, by="张三", at=AT)
    with pytest.raises(LedgerError, match="没有阶段、说明或更正对象"):
        ledger.add_event("A-10", date=DAY, by="张三", at=AT)
    with pytest.raises(LedgerError, match="没有记录“E0”"):
        ledger.add_event("A-10", corrects="E0", date=DAY, by="张三", at=AT)
    with pytest.raises(LedgerError, match="没有编号“Z-1”"):
        ledger.history("Z-1")


def test_backwards_only_with_a_reason(ledger):
    with pytest.raises(LedgerError, match="由“已清理”退回“已开工”"):
        ledger.add_event("A-10", stage="started", date=DAY, by="张三", at=AT)
    made = ledger.add_event("A-10", stage="started", date=DAY, by="张三", at=AT, reason="复查不合格")
    history = ledger.history("A-10")
    assert history.loc[made, "reason"] == "复查不合格"
    reached = find_reached(ledger.events(), ledger.plan(), ledger.sites(), as_of=DAY)
    assert reached[reached["site_id"] == "A-10"]["stage"].tolist() == ["started"]


def test_a_stage_dated_before_lower_ones_is_backwards_too(ledger):
    # A-08 started on 2021-06-01; accepted in May would put the start before itself
    with pytest.raises(LedgerError, match=r"退回|早于"):
        ledger.add_event("A-08", stage="accepted", date=dt.date(2021, 5, 1), by="张三", at=AT)


def test_corrections_and_as_of(ledger):
    wrong = ledger.history("A-10").index[-1]
    fix = ledger.add_event(
        "A-10", corrects=wrong, stage="cleared", date=dt.date(2021, 8, 1), by="张三", at=LATER
    )
    now = find_reached(
        ledger.events(as_of=dt.date(2021, 7, 20)), ledger.plan(), ledger.sites(), as_of=dt.date(2021, 7, 20)
    )
    assert now[now["site_id"] == "A-10"]["stage"].tolist() == ["started"]
    then = ledger.events(as_of=dt.date(2021, 7, 20), known_at=AT)
    assert fix not in then.index
    known = find_reached(then, ledger.plan(), ledger.sites(), as_of=dt.date(2021, 7, 20))
    assert known[known["site_id"] == "A-10"]["stage"].tolist() == ["started", "cleared"]


def test_a_withdrawal_is_a_correction_without_a_stage(ledger):
    wrong = ledger.history("A-12").index[-1]
    ledger.add_event("A-12", corrects=wrong, date=DAY, by="张三", at=LATER, note="重复登记")
    assert "A-12" not in set(
        find_reached(ledger.events(), ledger.plan(), ledger.sites(), as_of=DAY)["site_id"]
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE status_event SET note = 'x'",
        "DELETE FROM status_event",
        "DELETE FROM import_log",
        "UPDATE ledger_plan SET body = ''",
    ],
)
def test_the_diary_only_grows(ledger, statement):
    with pytest.raises(Exception, match="append-only"):
        run_raw(ledger, statement)


def test_verify_finds_what_was_altered(ledger):
    assert faults(ledger) == []
    run_raw(ledger, "UPDATE site SET households = 1 WHERE site_id = 'A-01'")
    assert [f.site_id for f in faults(ledger)] == ["A-01"]


def test_verify_finds_a_missing_guard_and_a_changed_event(ledger):
    unguard(ledger, "status_event")
    run_raw(ledger, "UPDATE status_event SET date = '2021-01-01' WHERE seq = 3")
    assert {f.code for f in faults(ledger)} == {"ledger-altered", "ledger-unguarded"}


@pytest.mark.parametrize("row", ["(SELECT max(seq) FROM status_event)", "5"])
def test_verify_finds_a_removed_event(ledger, row):
    unguard(ledger, "status_event")
    run_raw(ledger, f"DELETE FROM status_event WHERE seq = {row}")
    assert "ledger-altered" in {f.code for f in faults(ledger)}


def test_a_snapshot_opens_elsewhere_as_a_layer(ledger, tmp_path):
    path = ledger.snapshot_to(tmp_path / "副本" / "s.gpkg")
    assert [name for name, kind in pyogrio.list_layers(path) if kind is not None] == ["site"]
    layer = gpd.read_file(path, layer="site")
    assert layer.crs.to_epsg() == 4490
    assert layer["site_id"].tolist() == toytown.make_sites().index.tolist()
    assert [p.name for p in path.parent.iterdir()] == ["s.gpkg"]


def test_the_container_keeps_the_rules_of_ogc(book):
    base = sqlite3.connect(book.path)
    assert base.execute("PRAGMA application_id").fetchone()[0] == 0x47504B47
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    assert base.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    systems = {row[0] for row in base.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
    assert {-1, 0, 4326, 4490} <= systems
    contents = dict(base.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall())
    assert contents["site"] == "features"
    assert contents["status_event"] == "attributes"
    box = base.execute(
        "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'site'"
    ).fetchone()
    assert box == pytest.approx(tuple(toytown.make_sites().total_bounds))
    base.close()


def test_an_event_of_a_site_that_is_not_there_stops_the_import(ledger):
    events = toytown.make_events().iloc[:1].assign(site_id="Z-9", key="neu")
    with pytest.raises(LedgerError, match="Z-9"):
        ledger.import_events(events, at=AT, by="测试")
    assert "Z-9" not in set(ledger.events()["site_id"])


def test_imports_refuse_what_is_not_a_frame_of_ours(ledger):
    with pytest.raises(SchemaError, match="缺少列"):
        ledger.import_sites(toytown.make_sites().drop(columns="notes"), at=AT, by="测试")
    twice = pd.concat([toytown.make_sites(), toytown.make_sites()])
    with pytest.raises(LedgerError, match="编号为空或重复"):
        ledger.import_sites(twice, at=AT, by="测试")


def test_opening(tmp_path):
    with pytest.raises(MissingFileError, match="找不到台账"):
        open_ledger(tmp_path / "none.gpkg")
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)], crs="EPSG:4490").to_file(tmp_path / "x.gpkg")
    with pytest.raises(LedgerError, match="不是本软件的台账"):
        open_ledger(tmp_path / "x.gpkg")
    (tmp_path / "y.gpkg").write_bytes(b"x" * 5000)
    with pytest.raises(LedgerError, match="无法打开"):
        open_ledger(tmp_path / "y.gpkg")
    with open_ledger(tmp_path / "z.gpkg", create=True) as empty:
        assert len(empty.sites()) == 0
        assert len(empty.events()) == 0
        assert faults(empty) == []
        with pytest.raises(LedgerError, match="没有方案"):
            empty.plan()
    with open_ledger(tmp_path / "z.gpkg", create=True) as again:
        assert len(again.sites()) == 0


def test_the_plan_comes_out_as_it_went_in(ledger, place):
    assert ledger.plan() == toytown.make_plan()
    with open_ledger(place) as again:
        assert again.plan() == toytown.make_plan()


def test_a_later_format_is_refused(ledger, place):
    run_raw(ledger, "UPDATE ledger_meta SET value = '99' WHERE name = 'format'")
    with pytest.raises(LedgerError, match="台账版本为 99"):
        open_ledger(place)


def test_two_writers_at_once_lose_nothing(ledger, place):
    failures = []

    def write(tag):
        with open_ledger(place) as own:
            for k in range(15):
                try:
                    own.add_event("A-09", note=f"{tag}{k}", date=DAY, by=tag, at=AT, key=f"{tag}{k}")
                except LedgerError as error:
                    failures.append(error)

    threads = [threading.Thread(target=write, args=(tag,)) for tag in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(ledger.history("A-09")) == 30
    assert faults(ledger) == []


def test_a_killed_writer_leaves_whole_events_only(ledger, place):
    code = textwrap.dedent(
        """
        import datetime as dt, sys
        from renewal_gis.ledger import open_ledger
        with open_ledger(sys.argv[1]) as ledger:
            for k in range(100000):
                made = ledger.add_event("A-09", note=str(k), date=dt.date(2021, 10, 8), by="x", at="2021-10-08T09:00:00Z", key=f"k{k}")
                print(made, flush=True)
        """
    )
    run = subprocess.Popen([sys.executable, "-c", code, place], stdout=subprocess.PIPE, text=True)
    told = [run.stdout.readline().strip() for _ in range(5)]
    os.kill(run.pid, signal.SIGTERM if os.name != "posix" else signal.SIGKILL)
    told += [line for line in run.stdout.read().split() if len(line) == 17]
    run.wait()
    run.stdout.close()
    kept = set(ledger.history("A-09").index)
    assert set(told) <= kept
    assert faults(ledger) == []


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2021-09-30T18:00:00+08:00", "2021-09-30T10:00:00.000000Z"),
        (dt.datetime(2021, 9, 30, 10, tzinfo=dt.UTC), "2021-09-30T10:00:00.000000Z"),
    ],
)
def test_moments_are_kept_in_one_zone(at, text):
    assert format_moment(at) == text


def test_a_day_means_its_end():
    assert format_moment("2021-09-30") > format_moment(dt.datetime(2021, 9, 30, 12, 0, tzinfo=dt.UTC))
    with pytest.raises(LedgerError, match="无法识别"):
        format_moment("gestern")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=5))
def test_blobs_read_back(places):
    shapes = [shapely.Point(places[0]), shapely.MultiPoint(places), None, shapely.Polygon()]
    back = read_blobs(write_blobs(shapes))
    assert back[0].equals(shapes[0])
    assert back[1].equals(shapes[1])
    assert back[2] is None
    assert back[3].is_empty


def test_the_chain_knows_order_and_content():
    row = ["E1", "A-01", "stage", "started", "2021-01-01", AT, "x", "", "", "", "f", 1, "k"]
    assert chain_row("", row) == chain_row("", list(row))
    assert chain_row("a", row) != chain_row("b", row)
    assert chain_row("", row) != chain_row("", [*row[:-1], "k2"])


def test_the_lean_events_tell_the_same(ledger):
    def look():
        words = {"as_of": dt.date(2021, 9, 30)}
        plan, sites = ledger.plan(), ledger.sites()
        return [
            find_reached(read(**words), plan, sites, **words) for read in (ledger.events, ledger.stage_events)
        ]

    pd.testing.assert_frame_equal(*look())
    assert "kind" not in ledger.stage_events().columns
    ledger.add_event("A-12", corrects=ledger.history("A-12").index[-1], date=DAY, by="张三", at=LATER)
    pd.testing.assert_frame_equal(*look())
    assert len(ledger.stage_events(known_at="2000-01-01")) == 0


def test_an_import_that_runs_backwards_is_kept_and_told(ledger):
    events = (
        toytown.make_events()
        .iloc[[33, 33, 33]]
        .assign(
            stage=["works_completed", "permitted", "started"],
            date=pd.to_datetime(["2021-06-10", "2021-06-20", "2021-06-20"]),
            key=["b1", "b2", "b3"],
            source_row=pd.array([2, 3, 4], dtype="Int64"),
        )
    )
    events.index = pd.Index(["b1", "b2", "b3"], name="event_id")
    result = ledger.import_events(events, at=LATER, by="测试")
    assert result.added == 3
    # A-08 is an alley: its programme knows no permit, so only the second start runs backwards
    assert [(f.code, f.site_id, f.row) for f in result.findings] == [("stage-backwards", "A-08", 4)]
    assert "由“改造完成”退回“已开工”" in next(iter(result.findings)).text
