"""The board and the issues of a bulletin, as a user types them, on the bundled project."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import shutil

import docx
import pytest
from click.testing import CliRunner
from PIL import Image

from conftest import HANDAN
from renewal_gis.cli import main
from renewal_gis.ledger import open_ledger
from renewal_gis.pipeline.inputs import load_inputs
from renewal_gis.pipeline.survey import keep_inputs
from renewal_gis.plan import load_plan
from renewal_gis.render import printmap

UNITS = "丛台区 复兴区 邯山区 峰峰矿区 永年区 冀南新区 武安市 馆陶县 大名县 临漳县 曲周县 魏县 邱县 磁县"
KEYS = ["id", "programme", "indicator", "unit", "measure", "task", "done", "rate", "expected", "pace_pp",
        "light", "rank"]  # fmt: skip


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    plan = load_plan(HANDAN)
    ledger = tmp_path_factory.mktemp("ledger") / "ledger.gpkg"
    keep_inputs(load_inputs(plan), ledger, plan, at=dt.datetime(2021, 9, 1, tzinfo=dt.UTC), by="测试")
    return ledger


@pytest.fixture(autouse=True)
def plain_figure(monkeypatch):
    """A small picture in the map's place: what is drawn is tested elsewhere, and takes seconds."""
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "white").save(buffer, "PNG")
    monkeypatch.setattr(printmap, "draw_status", lambda *_, **__: buffer.getvalue())


@pytest.fixture
def ledger(bundled, tmp_path):
    return shutil.copy(bundled, tmp_path / "ledger.gpkg")


def make(ledger, folder, *words):
    done = run("bulletin", "--plan", HANDAN, "--ledger", ledger, *words, "-o", folder)
    assert done.exit_code == 0, done.output
    return done


def read(folder):
    return json.loads((folder / "bulletin.json").read_text(encoding="utf-8"))


def supervise(ledger, *words):
    return run("supervise", *words, "--ledger", ledger)


OPEN = ("open", "--unit", "磁县", "--target", "T04", "--deadline", "2021-10-05", "--by", "王某")


# ------------------------------------------------------------------ the contract of bulletin.json
@pytest.mark.parametrize("kind", ["weekly", "monthly", "supervision"])
def test_the_files_and_the_contract_of_the_json(bundled, tmp_path, kind):
    ledger = shutil.copy(bundled, tmp_path / "ledger.gpkg")
    folder = tmp_path / "not" / "there"
    make(ledger, folder, "--kind", kind, "--as-of", "2021-09-30")
    assert {path.name for path in folder.iterdir()} == {
        "bulletin.json", *(f"{kind}-2021-09-30.{end}" for end in ("docx", "xlsx", "html")),
    }  # fmt: skip
    record = read(folder)
    plan = load_plan(HANDAN)
    names = {unit.name for unit in plan.units}
    assert [row["id"] for row in record["targets"] if row["unit"] == "全市"] == [t.id for t in plan.targets]
    for row in record["targets"]:
        assert list(row) == KEYS
        target = plan.target(row["id"])
        assert (row["programme"], row["indicator"], row["measure"]) == (
            target.programme, target.indicator, target.measure,
        )  # fmt: skip
        assert row["unit"] == "全市" or row["unit"] in names
        assert row["task"] is None or type(row["task"]) is int
        assert type(row["done"]) is int
        assert row["rate"] is None or [type(part) for part in row["rate"]] == [int, int]
        assert row["rate"] is None or row["task"] is None or row["rate"][1] == row["task"]
        for key in ("expected", "pace_pp"):
            assert row[key] is None or type(row[key]) is float
        assert row["expected"] is None or 0 <= row["expected"] <= 1
        assert row["light"] in {"green", "slight", "yellow", "red", None}
        assert row["rank"] is None or (type(row["rank"]) is int and row["unit"] != "全市")
    assert [row["unit"] for row in record["targets"] if row["id"] == "T04"][1:] == [
        unit.name for unit in plan.units if unit.name in UNITS.split()
    ]
    # the acceptance of the compounds has not begun on that day
    assert {row["light"] for row in record["targets"] if row["id"] == "T04c"} == {None}
    for key in ("changes", "not_reported", "supervision"):
        assert isinstance(record[key], list)
    assert {row["target"] for row in record["changes"]} == {target.id for target in plan.targets}
    assert all(
        {"unit", "open_sites", "last_date", "days_since"} == set(row) for row in record["not_reported"]
    )
    shapes = {tuple(sorted(row)) for row in record["supervision"]}
    assert len(shapes) == 1


# ------------------------------------------------------------------ the board
def test_a_matter_from_proposal_to_delisting(ledger, tmp_path):
    proof = tmp_path / "验收单.pdf"
    proof.write_bytes(b"%PDF-1.4 ...")
    assert supervise(ledger, *OPEN, "--date", "2021-09-24").output == "ok 2021-001\n"
    make(ledger, tmp_path / "a", "--as-of", "2021-09-30", "--since", "2021-09-23")
    (row,) = [row for row in read(tmp_path / "a")["supervision"] if row["number"]]
    assert (row["state"], row["unit"], row["target"], row["opened"]) == ("open", "磁县", "T04", "2021-09-24")
    # 9 of 35 on 09-24; 176 of the 182 days from 04-01 to 09-30 have passed: 0.6 x 176/182 = 58.0 %
    assert row["reason"] == "滞后序时进度,亮灯为严重滞后(9/35=25.7%,序时进度58.0%)"
    assert ("磁县", "T04") not in {
        (r["unit"], r["target"]) for r in read(tmp_path / "a")["supervision"] if not r["number"]
    }
    words = ("2021-001", "--by", "王某", "--date")
    assert supervise(ledger, "request-delisting", *words, "2021-10-04", "--reason", "完工").exit_code == 0
    done = supervise(ledger, "delist", *words, "2021-10-06", "--evidence", "合格", "--file", proof)
    assert done.output == "ok 2021-001\n"
    shown = json.loads(supervise(ledger, "list", "--as-of", "2021-10-06", "--json").output)
    assert shown["listings"][0]["state"] == "delisted"
    with open_ledger(ledger) as book:
        body = book.records("supervision")["body"].iloc[-1]
        assert len(book.records("supervision")) == 3
        assert list(book.verify()) == []
    assert body["evidence"]["sha256"] == hashlib.sha256(proof.read_bytes()).hexdigest()
    shown = json.loads(supervise(ledger, "list", "--as-of", "2021-10-01", "--json").output)
    assert shown["listings"][0]["state"] == "open"


def test_the_bulletin_on_supervision_tells_the_period(ledger, tmp_path):
    supervise(ledger, *OPEN, "--date", "2021-09-24")
    words = ("--unit", "峰峰矿区", "--target", "T04", "--date", "2021-08-02", "--by", "王某")
    supervise(ledger, "open", *words, "--deadline", "2021-09-10", "--reason", "进度滞后")
    make(ledger, tmp_path / "b", "--kind", "supervision", "--as-of", "2021-09-30")
    page = (tmp_path / "b" / "supervision-2021-09-30.html").read_text(encoding="utf-8")
    # since 08-31: one opened; the other one is 20 days late, and 15 days call for the city's inspection
    assert (
        "本期新增挂牌1件、延期0件、申请摘牌0件、摘牌0件；在办2件（整改中1件、逾期1件），累计挂牌2件" in page
    )
    assert "2021-002号峰峰矿区“老旧小区改造完成”逾期20天，提请市重点工作大督查。" in page
    assert "进度滞后" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("open", "--unit", "鸡泽县", "--target", "T04", "--reason", "x"), "没有任务"),
        (("open", "--unit", "火星县", "--target", "T04", "--reason", "x"), "没有责任单位“火星县”"),
        (("open", "--unit", "磁县", "--target", "T99", "--reason", "x"), "没有目标“T99”"),
        (("open", "--site", "没有", "--reason", "x"), "台账中没有项目“没有”"),
        (("open", "--unit", "磁县", "--reason", "x"), "挂牌的事项不明"),
        (("open", "--target", "T04", "--reason", "x"), "没有写明责任单位"),
        (("open", "--unit", "曲周县", "--target", "T04"), "没有相应的挂牌建议"),
    ],
)
def test_what_is_refused_says_why(bundled, words, message):
    done = supervise(bundled, *words, "--date", "2021-09-24", "--deadline", "2021-10-05", "--by", "王某")
    assert done.exit_code == 2
    assert message in done.output


def test_delisting_without_evidence_is_refused(ledger, tmp_path):
    supervise(ledger, *OPEN, "--date", "2021-09-24")
    words = ("2021-001", "--by", "王某", "--date", "2021-09-28")
    assert "尚未申请摘牌" in supervise(ledger, "delist", *words, "--evidence", "合格").output
    supervise(ledger, "request-delisting", *words, "--reason", "完工")
    assert "没有摘牌依据" in supervise(ledger, "delist", *words).output
    empty = tmp_path / "空.pdf"
    empty.touch()
    assert "是空的" in supervise(ledger, "delist", *words, "--file", empty).output
    assert "找不到" in supervise(ledger, "delist", *words, "--file", tmp_path / "无.pdf").output
    assert "同一事项已挂牌" in supervise(ledger, *OPEN, "--date", "2021-09-28").output


def test_the_board_as_it_was_known(ledger):
    early = dt.datetime(2021, 9, 2, tzinfo=dt.UTC).isoformat()
    supervise(ledger, *OPEN, "--date", "2021-09-24")
    words = ("list", "--as-of", "2021-09-30", "--json")
    assert json.loads(supervise(ledger, *words, "--known-at", early).output)["listings"] == []
    assert len(json.loads(supervise(ledger, *words).output)["listings"]) == 1


# ------------------------------------------------------------------ issues
def test_a_draft_keeps_its_number_and_the_next_day_has_the_next(ledger, tmp_path):
    assert "第1期(草稿)" in make(ledger, tmp_path / "a", "--as-of", "2021-09-23").output
    assert "第1期(草稿)" in make(ledger, tmp_path / "a", "--as-of", "2021-09-23").output
    assert "第2期(草稿)" in make(ledger, tmp_path / "b", "--as-of", "2021-09-30").output
    assert "第1期(草稿)" in make(ledger, tmp_path / "c", "--kind", "monthly", "--as-of", "2021-09-30").output
    with open_ledger(ledger) as book:
        assert [body["state"] for body in book.records("bulletin", subject="weekly")["body"]] == ["draft"] * 2
    assert "草稿" in docx.Document(tmp_path / "b" / "weekly-2021-09-30.docx").paragraphs[0].text


def test_a_signed_issue_is_made_again_whatever_was_corrected(ledger, tmp_path):
    words = ("--as-of", "2021-09-30", "--sign", "张某", "--sign-date", "2021-10-08")
    assert "第1期(张某签发)" in make(ledger, tmp_path / "a", *words).output
    with open_ledger(ledger) as book:
        started = book.events()
        site = started[(started["stage"] == "started") & (started["date"] < "2021-09-01")]["site_id"].iloc[0]
    event = ("ledger", "event", "--ledger", ledger, "--site", site, "--date", "2021-09-29", "--by", "张某")
    late = run(*event, "--stage", "started", "--reason", "退回重报")
    assert late.exit_code == 0, late.output
    make(ledger, tmp_path / "b", "--as-of", "2021-09-30")
    assert read(tmp_path / "b")["issue"] == 2
    assert read(tmp_path / "b")["targets"] != read(tmp_path / "a")["targets"]
    make(ledger, tmp_path / "c", "--issue", 1)
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "c" / path.name).read_bytes() == path.read_bytes(), path.name
    assert read(tmp_path / "c")["signed_by"] == "张某"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--issue", "1", "--as-of", "2021-09-23"), "第1期已签发,截至 2021-09-30"),
        (("--issue", "1", "--sign", "李某"), "已由张某签发"),
        (("--as-of", "2020-01-01"), "早于台账的第一条记录 2021-01-05"),
        (("--as-of", "2021-09-30", "--since", "2021-09-30"), "不早于截止日期"),
        (("--as-of", "2021-09-30", "--since", "2020-12-31"), "早于台账的第一条记录"),
        (("--as-of", "2021-09-30", "--force-majeure", "火星县"), "没有责任单位“火星县”"),
        (("--as-of", "2021-09-30", "--template", "没有.docx"), "找不到模板"),
    ],
)
def test_a_bulletin_that_cannot_be_made_says_why(bundled, tmp_path, words, message):
    ledger = shutil.copy(bundled, tmp_path / "ledger.gpkg")
    if "--issue" in words:
        make(ledger, tmp_path / "a", "--as-of", "2021-09-30", "--sign", "张某", "--sign-date", "2021-10-08")
    done = run("bulletin", "--plan", HANDAN, "--ledger", ledger, *words, "-o", tmp_path / "b")
    assert done.exit_code == 2
    assert message in done.output
    assert not (tmp_path / "b").exists()


def test_the_bulletin_knows_what_the_imports_found(bundled, tmp_path):
    ledger = shutil.copy(bundled, tmp_path / "ledger.gpkg")
    make(ledger, tmp_path / "a", "--as-of", "2021-09-30")
    plan = load_plan(HANDAN)
    files = {plan.path_of(source.path).name for source in plan.sources if source.role in {"sites", "events"}}
    found = {f for f in load_inputs(plan).findings if f.file in files}
    # rows that both the import and the survey tell of stand once; the survey adds what no file shows
    assert sum(read(tmp_path / "a")["findings"].values()) >= len(found) > 500
    with open_ledger(ledger) as book:
        before = len(book.records("intake"))
    keep_inputs(load_inputs(plan), ledger, plan, at=dt.datetime(2021, 9, 2, tzinfo=dt.UTC), by="测试")
    with open_ledger(ledger) as book:
        assert len(book.records("intake")) == before


def test_a_file_imported_by_itself_is_kept_as_a_build_keeps_it(ledger):
    plan = load_plan(HANDAN)
    with open_ledger(ledger) as book:
        before = book.records("intake")
    file = plan.path_of(next(source.path for source in plan.sources if source.programme == "dry_toilet"))
    done = run("ledger", "import", file, "--plan", HANDAN, "--ledger", ledger)
    assert done.exit_code in {0, 1}, done.output
    with open_ledger(ledger) as book:
        after = book.records("intake")
    assert len(after) == len(before)
    assert len(before[before["subject"] == file.name]["body"].iloc[0]["findings"]) > 5


def test_a_build_before_the_first_entry_is_refused(tmp_path):
    done = run("build", HANDAN, "--as-of", "2020-12-01", "-o", tmp_path / "out")
    assert done.exit_code == 2
    assert "2020-12-01 早于台账的第一条记录 2021-01-05" in done.output
    assert not (tmp_path / "out" / "reports").exists()
