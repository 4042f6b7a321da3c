"""The references are those of this code, and no link in a page leads nowhere."""

import re
import runpy
from urllib.parse import unquote

import pytest

from conftest import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "data").rglob("*.md"),
        *ROOT.glob("outputs/maps/*.md"),
    ]
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")
PICTURE_BYTES = 150 * 1024
USERS = ("start", "for-planners", "for-gis-staff", "for-bureaus")


def read_prose(path):
    """Return a page without its code blocks and code spans, which hold no links."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def list_anchors(path):
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def find_broken(path):
    broken = []
    for hit in LINK.finditer(read_prose(path)):
        link = unquote(hit.group(1) or hit.group(2))
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("name", ["commands.md", "plan-file.md", "rules.md"])
def test_references_are_those_of_this_code(name):
    made = runpy.run_path(str(ROOT / "scripts" / "write_references.py"))["make_references"]()[name]
    kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert kept == made, "run: python scripts/write_references.py"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path):
    assert find_broken(path) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "b.md").write_text("# 一、Two words!\n", encoding="utf-8")
    page = tmp_path / "a.md"
    page.write_text(
        "[x](b.md) [x](b.md#一two-words) [x](b.md#three) [x](c.md) ![x](d.png) `[x](e.md)` [x](https://f)\n",
        "utf-8",
    )
    assert find_broken(page) == ["b.md#three", "c.md", "d.png"]


def test_every_page_stands_in_the_contents():
    contents = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert {name for name in pages if f"({name})" not in contents} == set()


@pytest.mark.parametrize("name", USERS)
def test_pages_for_users_stand_in_both_languages(name):
    for suffix in ("", ".en"):
        assert (ROOT / "docs" / f"{name}{suffix}.md").stat().st_size > 500


@pytest.mark.parametrize("name", USERS)
def test_pictures_for_users_are_light(name):
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]*)\]\((img/[^)]+)\)", text)
    assert pictures or name == "start"
    for told, picture in pictures:
        assert (ROOT / "docs" / picture).stat().st_size <= PICTURE_BYTES
        assert "模拟数据" in told
