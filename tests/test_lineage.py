"""Merging and splitting: nothing doubles, nothing is lost, the past stays as it was."""

import datetime as dt
from fractions import Fraction

import pytest

from ledger_support import AT, faults
from renewal_gis import toytown
from renewal_gis.errors import LedgerError
from renewal_gis.ledger.diary import Entry, find_days
from renewal_gis.ledger.history import find_reached, find_stages
from renewal_gis.ledger.relate import Kin

KNOWN = "2021-11-01T09:00:00+08:00"  # the whole diary of the toy town is recorded by then
LATER = "2021-11-02T09:00:00+08:00"
LAST = "2021-11-03T09:00:00+08:00"
DAY = dt.date(2021, 8, 25)
BEFORE, AFTER = dt.date(2021, 8, 24), dt.date(2021, 12, 31)


def merge(ledger, *parents, into="A-21", date=DAY, at=LATER, **how):
    return ledger.relate(Kin("merge", parents, (into,)), date=date, by="张三", at=at, **how)


def split(ledger, parent, *into, date=DAY, at=LATER, shares=(), **how):
    return ledger.relate(Kin("split", (parent,), into, shares), date=date, by="张三", at=at, **how)


def stand(ledger, day=AFTER, **how):
    return {row.site_id: (row.stage, row.stage_date) for row in ledger.standings(as_of=day, **how)}


def add_up(ledger, day=AFTER, **how):
    return int(ledger.sites(as_of=day, **how)["households"].sum())


def test_the_merged_site_counts_from_its_day_and_the_old_ones_before(ledger):
    merge(ledger, "A-01", "A-02")
    old, new = stand(ledger, BEFORE), stand(ledger, DAY)
    assert {"A-01", "A-02"} <= set(old)
    assert "A-21" not in old
    assert "A-21" in new
    assert not {"A-01", "A-02"} & set(new)
    assert (len(old), len(new)) == (12, 11)
    # 320 + 210 of the 1115 households
    assert add_up(ledger, BEFORE) == add_up(ledger, DAY) == 1115
    assert ledger.sites().loc["A-21", "households"] == 530
    assert len(ledger.sites()) == 11
    assert len(ledger.sites(retired=True)) == 13


def test_known_at_sees_the_ledger_before_the_merging_was_recorded(ledger):
    merge(ledger, "A-01", "A-02")
    assert "A-21" not in stand(ledger, AFTER, known_at=KNOWN)
    assert add_up(ledger, AFTER, known_at=KNOWN) == 1115
    assert len(ledger.sites(known_at=KNOWN)) == 12


def test_a_merged_site_stands_where_its_last_part_stands(ledger):
    # by 25 August A-01 was completed (20 August), A-03 had only started (6 May; A-01 on 5 April)
    merge(ledger, "A-01", "A-03")
    assert stand(ledger)["A-21"] == ("started", "2021-05-06")
    days = find_reached(ledger.events(), ledger.plan(), ledger.sites(), as_of=AFTER)
    mine = days[days["site_id"] == "A-21"].set_index("stage")["date"].dt.strftime("%m-%d").to_dict()
    # each stage on the later of the two days, from the toy town's diary
    assert mine == {
        "consulted": "01-12", "publicised": "01-22", "reviewed": "01-30", "permitted": "03-25", "started": "05-06",
    }  # fmt: skip


def test_the_merged_site_goes_on(ledger):
    merge(ledger, "A-01", "A-03")
    made = ledger.add_event("A-21", stage="works_completed", date=dt.date(2021, 9, 9), by="张三", at=LAST)
    assert stand(ledger)["A-21"] == ("works_completed", "2021-09-09")
    assert ledger.judge_event(made) == []
    with pytest.raises(LedgerError, match="退回"):
        ledger.add_event("A-21", stage="permitted", date=dt.date(2021, 9, 10), by="张三", at=LAST)


def test_a_gate_that_one_part_skipped_stays_skipped(ledger):
    # A-06 began without a permit
    merge(ledger, "A-05", "A-06")
    assert stand(ledger)["A-21"][0] == "started"
    told = ledger.events()
    own = told[(told["site_id"] == "A-21")]["stage"].tolist()
    assert own == ["started"]
    assert set(told[told["site_id"] == "A-21"]["note"]) == {"承自 A-05、A-06"}


def test_history_shows_the_ancestry(ledger):
    number, _ = merge(ledger, "A-01", "A-02")
    made = ledger.add_event("A-21", note="现场察看", date=DAY, by="张三", at=LAST)
    entries = ledger.diary("A-21")
    assert [entry["event_id"] for entry in entries][-2:] == [number, made]
    assert {entry["site_id"] for entry in entries} == {"A-01", "A-02", "A-21"}
    assert len(entries) == 7 + 6 + 1 + 1
    assert entries[-2]["note"] == "2021-08-25 A-01、A-02 并入 A-21"
    assert ledger.diary("A-01")[-1]["event_id"] == number
    assert len(ledger.history("A-21")) == 7 + 6 + 1
    assert faults(ledger) == []


@pytest.mark.parametrize(
    ("shares", "households"), [((Fraction(3), Fraction(2)), [192, 128]), ((), [160, 160])]
)
def test_the_parts_add_up(ledger, shares, households):
    _, found = split(ledger, "A-01", "A-31", "A-32", shares=shares)
    assert [finding.code for finding in found] == ([] if shares else ["split-even"])
    sites = ledger.sites()
    assert sites.loc[["A-31", "A-32"], "households"].tolist() == households
    assert sites.loc[["A-31", "A-32"], "floor_area_m2"].sum() == 320 * 80
    assert add_up(ledger, BEFORE) == add_up(ledger, AFTER) == 1115
    assert stand(ledger, DAY)["A-31"] == stand(ledger, DAY)["A-32"] == ("works_completed", "2021-08-20")
    assert "A-01" not in sites.index


def test_whole_numbers_are_divided_without_a_rest(ledger):
    split(ledger, "A-04", "A-31", "A-32", "A-33")  # 95 = 32 + 32 + 31
    assert ledger.sites().loc[["A-31", "A-32", "A-33"], "households"].tolist() == [32, 32, 31]


def test_parts_that_were_sent_in_are_kept_and_weighed(ledger):
    sites = toytown.make_sites().loc[["A-01"]].rename(index={"A-01": "A-31"}).assign(households=100)
    ledger.import_sites(sites, at=AT, by="测试")
    _, found = split(ledger, "A-01", "A-31", "A-32", shares=(Fraction(1), Fraction(1)))
    assert ledger.sites().loc["A-31", "households"] == 100
    assert [(f.code, f.field, f.value) for f in found if f.field == "households"] == [
        ("lineage-total", "households", "320")
    ]
    assert "320 变为 260" in found[0].text


def test_what_differs_is_left_blank_and_told(ledger):
    _, found = merge(ledger, "A-01", "A-06")
    assert [(f.code, f.field, f.value) for f in found] == [("lineage-differs", "责任单位", "甲区、丙县")]
    assert ledger.sites().loc["A-21", "declared_unit"] == ""
    assert merge(ledger, "A-02", "A-03", into="A-22")[1] == []


def test_a_split_of_a_merging(ledger):
    merge(ledger, "A-01", "A-02", date=dt.date(2021, 8, 1))
    split(ledger, "A-21", "A-31", "A-32", date=dt.date(2021, 9, 1), at=LAST)
    assert {"A-01", "A-02"} <= set(stand(ledger, dt.date(2021, 7, 31)))
    assert "A-21" in stand(ledger, dt.date(2021, 8, 31))
    now = stand(ledger)
    assert {"A-31", "A-32"} <= set(now)
    assert not {"A-01", "A-02", "A-21"} & set(now)
    assert [add_up(ledger, dt.date(2021, month, 15)) for month in (7, 8, 9)] == [1115] * 3
    assert {entry["site_id"] for entry in ledger.diary("A-31")} == {"A-01", "A-02", "A-21", "A-31"}


def test_a_merging_can_be_withdrawn_and_made_again(ledger):
    number, _ = merge(ledger, "A-01", "A-02")
    before = stand(ledger, AFTER, known_at=KNOWN)
    undone = ledger.undo_relation(number, date=DAY, by="张三", at=LAST, reason="报错")
    assert stand(ledger) == before
    assert add_up(ledger) == 1115
    assert "A-21" in stand(ledger, AFTER, known_at=LATER)
    assert undone != number
    with pytest.raises(LedgerError, match="没有合并或拆分"):
        ledger.undo_relation(number, date=DAY, by="张三", at=LAST)
    with pytest.raises(LedgerError, match="已撤销"):
        ledger.add_event("A-21", note="x", date=DAY, by="张三", at=LAST)
    merge(ledger, "A-01", "A-03", at="2021-11-04T09:00:00+08:00")
    assert ledger.sites().loc["A-21", "households"] == 320 + 150
    assert add_up(ledger) == 1115
    assert faults(ledger) == []


def test_the_same_key_is_one_merging(ledger):
    assert merge(ledger, "A-01", "A-02", key="k")[0] == merge(ledger, "A-01", "A-02", key="k", at=LAST)[0]
    with pytest.raises(LedgerError, match="幂等键“k”已属于"):
        merge(ledger, "A-01", "A-03", key="k")


def test_what_cannot_be_merged_is_refused(ledger):
    for parents, into, words in [
        (("A-01", "A-07"), "A-21", "不同专项"),
        (("A-01", "A-99"), "A-21", "没有编号“A-99”"),
        (("A-01", "A-02"), "A-01", "编号重复"),
        (("A-01",), "A-21", "两个以上"),
    ]:
        with pytest.raises(LedgerError, match=words):
            merge(ledger, *parents, into=into)
    with pytest.raises(LedgerError, match="份额"):
        split(ledger, "A-01", "A-31", "A-32", shares=(Fraction(1),))
    merge(ledger, "A-01", "A-02")
    with pytest.raises(LedgerError, match="已不再单列"):
        merge(ledger, "A-01", "A-03", into="A-22")
    with pytest.raises(LedgerError, match="已另有来历"):
        merge(ledger, "A-03", "A-04", into="A-21")
    with pytest.raises(LedgerError, match="早于“A-21”的来历"):
        split(ledger, "A-21", "A-31", "A-32", date=BEFORE)
    with pytest.raises(LedgerError, match="已不再单列:2021-08-25 A-01、A-02 并入 A-21"):
        ledger.add_event("A-01", stage="accepted", date=dt.date(2021, 9, 1), by="张三", at=LATER)
    assert len(ledger.records()) == 1


def test_a_fact_from_before_the_merging_may_come_late(ledger):
    merge(ledger, "A-01", "A-03")
    ledger.add_event("A-03", stage="works_completed", date=dt.date(2021, 8, 22), by="张三", at=LAST)
    assert stand(ledger)["A-21"] == ("works_completed", "2021-08-22")
    assert stand(ledger, AFTER, known_at=LATER)["A-21"][0] == "started"


def test_an_old_file_that_comes_again_is_told(ledger):
    merge(ledger, "A-01", "A-02")
    result = ledger.import_sites(toytown.make_sites(), at=LAST, by="测试")
    assert (result.unchanged, [finding.code for finding in result.findings]) == (12, ["site-retired"] * 2)
    result = ledger.import_events(toytown.make_events(), at=LAST, by="测试")
    # A-01 was accepted on 12 October and A-02 completed on 30 September, both after the merging
    assert sorted(finding.site_id for finding in result.findings) == ["A-01", "A-02"]


@pytest.mark.parametrize("day", ["2021-01-15", "2021-05-20", "2021-08-25", "2021-10-31"])
def test_both_ways_of_reading_agree(ledger, day):
    day = dt.date.fromisoformat(day)
    merge(ledger, "A-01", "A-02", date=dt.date(2021, 5, 1))
    split(ledger, "A-05", "A-31", "A-32")
    wrong = ledger.history("A-10").index[-1]
    ledger.add_event("A-10", corrects=wrong, stage="cleared", date=dt.date(2021, 8, 1), by="张三", at=LATER)
    ledger.add_event("A-07", stage="started", date=dt.date(2021, 9, 1), by="张三", at=LATER, reason="返工")
    for known_at in (None, KNOWN, LATER):
        plan, sites = ledger.plan(), ledger.sites(as_of=day, known_at=known_at)
        events = ledger.stage_events(as_of=day, known_at=known_at)
        frame = find_stages(find_reached(events, plan, sites, as_of=day), plan, sites)
        days = frame["stage_date"].dt.strftime("%Y-%m-%d")
        slow = {
            site: (frame["stage"][site], days[site] if days[site] == days[site] else None)
            for site in frame.index
        }
        assert stand(ledger, day, known_at=known_at) == slow


def test_a_diary_in_plain_values():
    stages = ["not_started", "started", "cleared"]
    walk = [
        Entry("E1", "A-10", "started", "2021-06-15", "", ""),
        Entry("E2", "A-10", "cleared", "2021-07-15", "", ""),
        Entry("E3", "A-10", "", "2021-07-20", "E2", ""),
    ]
    assert find_days(walk, stages, as_of="2021-09-30") == {"started": "2021-06-15"}
    assert find_days(walk[:2], stages, as_of="2021-07-01") == {"started": "2021-06-15"}
    assert find_days([], stages, as_of="2021-07-01") == {}
