"""The dossier of a site: what it says, its two pages, its photographs, its refusals."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace

import docx
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from renewal_gis import toytown
from renewal_gis.analysis.conflicts import find_conflicts
from renewal_gis.cli import main
from renewal_gis.errors import InputError
from renewal_gis.findings import make_finding
from renewal_gis.ledger.history import find_reached
from renewal_gis.plan import Phase
from renewal_gis.publish import list_supervised, publish_dossiers, render_dossiers
from renewal_gis.render import photos, placemap
from renewal_gis.render.canvas import Paper
from renewal_gis.render.dossier import build_dossier, name_file
from renewal_gis.render.dossier_docx import MAP_MM, write_docx
from renewal_gis.render.dossier_html import write_html
from renewal_gis.rules import ConflictRule, ContentClass
from renewal_gis.schema_review import SUPERVISED
from samples import AS_OF, make_survey

CONTENT = (
    ContentClass(
        id="basic", name="基础类", heading="设施", items=("照明", "井盖", "排水", "道路"), source="虚构"
    ),
    ContentClass(id="more", name="改善类", heading="环境", items=("绿化提升", "健身器材"), source="虚构"),
)
PHASES = (
    Phase(no=1, programme="old_compound", name="制定方案", end="2021-01-20", source="虚构"),
    Phase(
        no=2, programme="old_compound", name="组织施工", start="2021-04-01", end="2021-09-30", source="虚构"
    ),
)


@pytest.fixture(scope="module")
def survey():
    rule = ConflictRule(near_m=120)
    plan = toytown.make_plan().model_copy(update={"content": CONTENT, "phases": PHASES, "conflicts": rule})
    known = make_survey(plan=plan)
    sites = known.sites.copy()
    sites["managing_unit"] = sites["declared_unit"]
    sites.loc["A-03", "content_items"] = "照明、绿化、自行车棚"
    sites.loc["A-01", "content_items"] = "照明、道路"
    events = known.events.copy()
    events.loc["E9001"] = {
        **events.iloc[0].to_dict(), "site_id": "A-03", "kind": "note", "stage": "",
        "date": pd.Timestamp("2021-08-08"), "note": "完成:照明、井盖", "key": "note-1",
    }  # fmt: skip
    return replace(
        known,
        sites=sites,
        events=events,
        reached=find_reached(toytown.make_events(), plan, sites, as_of=AS_OF),
        conflicts=find_conflicts(sites, plan, as_of=AS_OF),
        findings=(
            make_finding(
                "gate-breached", field="consulted_share", site_id="A-06",
                value="征求意见的居民达到 80% 以上(现为 70%)",
            ),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def board():
    row = {
        "number": "2021-003", "site_id": "A-03", "unit": "甲区", "target_id": "", "programme": "old_compound",
        "subject": "建设里小区", "reason": "连续停工", "opened": pd.Timestamp("2021-09-01"),
        "deadline": pd.Timestamp("2021-09-20"), "state": "overdue", "extensions": 0, "requested": pd.NaT,
        "closed": pd.NaT, "evidence": "", "days_overdue": 10, "measure": "约谈",
    }  # fmt: skip
    other = {**row, "number": "2021-004", "site_id": "", "subject": "老旧小区改造完成"}
    done = {**row, "number": "2021-001", "site_id": "", "state": "delisted"}
    return pd.DataFrame([row, other, done], columns=list(SUPERVISED.columns))


# ------------------------------------------------------------------ what it says
def test_facts_are_those_of_the_ledger(survey):
    facts = dict(build_dossier(survey, "A-03").facts)
    assert facts["项目编号"] == "A-03"
    assert facts["责任单位"] == "甲区"
    assert facts["户数、套数"] == "150 户、150 套"
    assert facts["建筑面积"] == "12,000 m²"  # 150 x 80
    assert facts["投资"] == "225 万元"  # 150 x 1.5
    assert facts["计划工期"] == "2021-04-01 至 2021-09-30"
    assert facts["实际工期"] == "—"
    assert facts["征求意见"] == "85.0%"


def test_stages_carry_their_days_and_the_plans_clause(survey):
    rows = {row[0]: row for row in build_dossier(survey, "A-06").stages}
    # 1 July: reported as started; earlier stages are implied by it
    assert rows["已开工"][1] == "2021-07-01"
    assert rows["改造完成"][1] == "未达到"
    assert rows["已征求意见"][2].startswith("征求意见的居民达到 80% 以上")
    assert rows["已征求意见"][3] == "不符：现为 70%"
    assert {row[3] for row in build_dossier(survey, "A-01").stages} <= {"符合", "未到", "—"}


def test_phases_are_told_with_their_days(survey):
    assert (
        build_dossier(survey, "A-03").phases
        == "方案步骤：1. 制定方案（至1月20日）；2. 组织施工（4月1日至9月30日）。"
    )
    assert build_dossier(survey, "A-07").phases == ""


def _items(tree):
    return {item.name: (item.planned, item.done) for each in tree.content for item in each.items}


def test_content_is_planned_or_done(survey):
    tree = build_dossier(survey, "A-03")
    items = _items(tree)
    assert items["照明"] == (True, True)  # planned, and the diary says “完成:照明、井盖”
    assert items["井盖"] == (True, True)  # done without having been planned
    assert items["绿化提升"] == (True, False)  # the office wrote 绿化
    assert items["道路"] == (False, False)
    assert items["自行车棚"] == (True, False)  # none of the plan's items
    assert [each.name for each in tree.content] == ["基础类", "改善类", "其他"]
    assert [item.sign for item in tree.content[0].items] == ["●", "●", "\u3000", "\u3000"]


def test_what_is_completed_has_all_its_content(survey):
    tree = build_dossier(survey, "A-01")
    assert _items(tree)["照明"] == _items(tree)["道路"] == (True, True)
    assert "按全部完成计" in tree.notes["content"]


def test_another_programme_lists_its_own_content(survey):
    sites = survey.sites.copy()
    sites.loc["A-08", "content_items"] = "雨污分流、路面硬化"
    tree = build_dossier(replace(survey, sites=sites), "A-08")
    assert [(each.name, len(each.items)) for each in tree.content] == [("计划内容", 2)]
    assert build_dossier(survey, "A-09").content == ()


def test_the_last_entries_come_first(survey):
    tree = build_dossier(survey, "A-03")
    assert tree.events[0] == ("2021-08-08", "完成：照明、井盖", "示例专班")
    assert tree.events[1][1] == "已开工"
    many = pd.concat([survey.events] * 3)
    assert "列最近 7 条" in build_dossier(replace(survey, events=many), "A-03").notes["events"]


def test_neighbours_are_named_from_both_sides(survey):
    # 后街 and 中心路东延 are 111.8 m apart, see test_conflicts
    assert build_dossier(survey, "A-08").neighbours[0][:3] == ("A-12", "中心路东延", "112 m")
    assert build_dossier(survey, "A-12").neighbours[0][0] == "A-08"
    tree = build_dossier(survey, "A-06")
    assert tree.neighbours == ()
    assert tree.notes["neighbours"] == "截止日期以后，120 米以内没有其他专项同时施工的项目。"


def test_the_board_speaks_of_the_site_first_then_of_its_unit(survey, board):
    rows = build_dossier(replace(survey, supervised=board), "A-03").listings
    assert [row[0] for row in rows] == ["2021-003", "2021-004"]  # the delisted case of the unit is left out
    assert rows[0][1] == "建设里小区。连续停工"
    assert rows[0][4] == "逾期"
    assert rows[1][1].startswith("甲区：")
    assert build_dossier(survey, "A-03").listings == ()


def test_simulated_data_say_so(survey):
    assert "模拟数据" in build_dossier(survey, "A-03").tags
    assert "模拟数据" not in build_dossier(replace(survey, simulated=False), "A-03").tags


# ------------------------------------------------------------------ refusals, names
def test_an_unknown_site_names_those_spelt_or_called_alike(survey):
    with pytest.raises(InputError, match=r"A-3”的项目.*相近的编号:A-03"):
        build_dossier(survey, "A-3")
    with pytest.raises(InputError, match="相近的编号:A-03"):
        build_dossier(survey, "建设里小区")
    with pytest.raises(InputError, match="查编号"):
        build_dossier(survey, "完全不同")


def test_file_names_are_clean_and_apart():
    assert re.fullmatch(r"A-03-[0-9a-f]{8}", name_file("A-03"))
    odd = ["../x", "..\\x", "x", "X", "a/b", "a b", "甲/乙", "", "长" * 300]
    names = [name_file(each) for each in odd]
    assert len({name.lower() for name in names}) == len(odd)
    assert all(re.fullmatch(r"[\w-]{1,60}", name) for name in names)


# ------------------------------------------------------------------ photographs
@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "before.jpg"
    picture = Image.new("RGB", (3000, 2000), "#888888")
    exif = Image.Exif()
    exif[274] = 6  # taken upright: turned by 90 degrees
    picture.save(path, exif=exif)
    return path


def test_photographs_are_small_upright_and_without_traces(picture):
    content = photos.shrink_photo(picture, longest_px=600)
    small = Image.open(io.BytesIO(content))
    assert small.size == (400, 600)
    assert not small.getexif()
    assert photos.measure_photo(content) == (400, 600)


def test_a_photograph_that_cannot_be_used_is_told_not_shown(survey, picture, tmp_path):
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(picture.read_bytes()[:200])
    sites = survey.sites.copy()
    sites.loc["A-01", ["photo_before", "photo_after"]] = [str(picture), str(torn)]
    sites.loc["A-02", "photo_before"] = str(tmp_path / "nowhere.jpg")
    known = replace(survey, sites=sites)
    tree = build_dossier(known, "A-01")
    assert tree.photos[0].content[:2] == b"\xff\xd8"
    assert tree.photos[1].fault == "照片不能使用：torn.jpg 不是图片或已损坏"
    assert build_dossier(known, "A-02").photos[0].fault == "照片不能使用：找不到文件 nowhere.jpg"
    assert build_dossier(known, "A-02").faults == ("A-02 改造前：照片不能使用：找不到文件 nowhere.jpg",)
    assert build_dossier(known, "A-03").faults == ()
    products, faults = render_dossiers(known, ["A-01"])
    assert faults == ["A-01 改造后：照片不能使用：torn.jpg 不是图片或已损坏"]
    page = products[f"{name_file('A-01')}.html"].decode()
    assert page.count("data:image/jpeg") == 1
    assert "torn.jpg 不是图片或已损坏" in page


# ------------------------------------------------------------------ paper and page
@pytest.fixture(scope="module")
def fullest(survey, board):
    """A site with everything that a dossier can hold."""
    events = pd.concat([survey.events, *[survey.events[survey.events["site_id"] == "A-03"]] * 3])
    conflicts = pd.concat(
        [survey.conflicts.assign(site_a="A-03", proposal="先地下后地上:" + "管线先行" * 15)] * 6
    )
    sites = survey.sites.copy()
    sites.loc["A-03", ["name", "notes", "address"]] = "很长的名字" * 30
    sites.loc["A-03", "content_items"] = "、".join(f"自报内容{k}" for k in range(6))
    long = board.assign(reason="很长的理由" * 40, site_id="A-03")
    return replace(survey, events=events, conflicts=conflicts, sites=sites, supervised=long)


def _draw(survey, site_id):
    return placemap.draw_place(survey, site_id, paper=Paper(*MAP_MM, dpi=60))


def test_docx_and_html_say_the_same(survey):
    tree, place = build_dossier(survey, "A-03"), _draw(survey, "A-03")
    paper = docx.Document(io.BytesIO(write_docx(tree, place)))
    page = write_html(tree, place).decode()
    words = "\n".join(
        [p.text for p in paper.paragraphs] + [c.text for t in paper.tables for r in t.rows for c in r.cells]
    )
    for word in (
        "建设里小区项目档案",
        "A-03",
        "150 户、150 套",
        "示例专班",
        "一、阶段与把关",
        "六、挂牌督办",
        "模拟数据",
    ):
        assert word in words, word
        assert word in page, word
    assert "●照明" in words
    assert len(paper.inline_shapes) == 1


def test_the_page_asks_for_nothing_and_escapes(survey):
    sites = survey.sites.copy()
    sites.loc["A-03", "name"] = "<script>alert(1)</script>&\x07"
    page = write_html(build_dossier(replace(survey, sites=sites), "A-03"), None).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert "无位置图" in page
    docx.Document(io.BytesIO(write_docx(build_dossier(replace(survey, sites=sites), "A-03"), None)))


def test_again_the_same_bytes(survey):
    first = render_dossiers(survey, ["A-03", "A-03"])[0]
    assert len(first) == 2
    assert first == render_dossiers(survey, ["A-03"])[0]


@pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdfinfo")), reason="没有 LibreOffice 或 poppler"
)
def test_two_pages_even_if_full(fullest, survey, tmp_path):
    for name, known, site_id in (("full", fullest, "A-03"), ("bare", survey, "A-09")):
        (tmp_path / f"{name}.docx").write_bytes(
            write_docx(build_dossier(known, site_id), _draw(known, site_id))
        )
    names = [str(tmp_path / f"{name}.docx") for name in ("full", "bare")]
    home = f"-env:UserInstallation=file://{tmp_path}/office"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *names],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    for name in ("full", "bare"):
        told = subprocess.run(
            ["pdfinfo", tmp_path / f"{name}.pdf"], check=True, capture_output=True, text=True
        ).stdout
        assert re.search(r"Pages:\s+2\n", told), name


def test_a_site_without_place_has_no_map(survey):
    assert _draw(survey, "A-04") is None
    assert _draw(survey, "A-03")[:4] == b"\x89PNG"


def test_nothing_is_written_if_one_is_unknown(survey, tmp_path):
    with pytest.raises(InputError, match="B-01"):
        publish_dossiers(survey, tmp_path / "out", ["A-03", "B-01"])
    assert not (tmp_path / "out").exists()
    paths, _ = publish_dossiers(survey, tmp_path / "out", ["A-03"])
    assert sorted(path.suffix for path in paths) == [".docx", ".html"]
    assert all(path.stat().st_size > 5_000 for path in paths)


def test_the_command_refuses_without_a_site():
    assert CliRunner().invoke(main, ["dossier", "--plan", "x.toml"]).exit_code == 2


def test_a_build_makes_dossiers_of_the_sites_on_the_board(survey, board):
    assert list_supervised(replace(survey, supervised=board)) == ["A-03"]  # units have no dossier
    assert list_supervised(replace(survey, supervised=board.assign(state="delisted"))) == []
    assert list_supervised(survey) == []
