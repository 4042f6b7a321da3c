"""The dossier of a site (一区一策) as one frozen tree: what its docx and html are written from."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from renewal_gis import vocab
from renewal_gis.errors import InputError
from renewal_gis.render import style
from renewal_gis.render.photos import shrink_photo
from renewal_gis.render.typeset import join_sources, set_punctuation
from renewal_gis.vocab import COMPLETED_STAGES, EventKind, ListingState, Stage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from renewal_gis.plan import Plan, Programme
    from renewal_gis.survey import Survey

Row = tuple[str, ...]
EVENTS_SHOWN, NEIGHBOURS_SHOWN, LISTINGS_SHOWN = 7, 3, 2
"""What fits two pages; the rest stays in the ledger, and the dossier says so."""
_DONE_NOTE = re.compile(r"^完成(?:内容)?[:\uff1a](.+)$")
_SPLIT = re.compile(r"[、,\uff0c;\uff1b]")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may be renewed: whether it is planned, and whether it is done."""

    name: str
    planned: bool
    done: bool

    @property
    def sign(self) -> str:
        """● done, ○ planned, a blank of that width for neither: told apart in grey as well."""
        return "●" if self.done else ("○" if self.planned else "\u3000")


@dataclass(frozen=True, slots=True)
class ItemClass:
    """A class of content with its items."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph, or in ``fault`` why there is none."""

    title: str
    content: bytes
    fault: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """All about one site. Texts carry full-width punctuation.

    ``facts`` are label and value; ``stages``, ``events``, ``neighbours`` and ``listings`` are rows of
    text below ``*_HEADS``; ``notes`` stand below the blocks they are named after.
    """

    site_id: str
    title: str
    subtitle: str
    tags: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    phases: str
    stages: tuple[Row, ...]
    content: tuple[ItemClass, ...]
    photos: tuple[Photo, ...]
    events: tuple[Row, ...]
    neighbours: tuple[Row, ...]
    listings: tuple[Row, ...]
    notes: dict[str, str]
    foot: str
    as_of: dt.date

    @property
    def faults(self) -> tuple[str, ...]:
        """What was wrong with the photographs that the ledger names."""
        return tuple(
            f"{self.site_id} {photo.title}\uff1a{photo.fault}"
            for photo in self.photos
            if "不能" in photo.fault
        )


STAGE_HEADS = ("阶段", "达到日期", "把关要求\uff08条款\uff09", "核对")
EVENT_HEADS = ("日期", "记录", "填报人")
NEIGHBOUR_HEADS = ("编号", "项目", "相距", "同时施工", "建议")
LISTING_HEADS = ("编号", "事由", "挂牌", "时限", "状态")


def find_site(survey: Survey, site_id: str, /) -> dict[str, Any]:
    """Return the row of a site.

    Raises
    ------
    InputError
        The ledger has no such site; the message names those that are spelt or called alike.
    """
    sites = survey.sites
    if site_id in sites.index:
        return {str(key): value for key, value in sites.loc[site_id].items()}
    known = [str(name) for name in sites.index]
    close = [str(name) for name in sites.index[sites["name"] == site_id][:5]]
    close += difflib.get_close_matches(site_id, known, n=5, cutoff=0.5)
    remedy = (
        f"相近的编号:{'、'.join(dict.fromkeys(close))}" if close else "用 renewal-gis ledger export 查编号"
    )
    raise InputError(f"台账中没有编号为“{site_id}”的项目", place="SITE_ID", remedy=remedy)


def name_file(site_id: str, /) -> str:
    """Return a file name for a site's dossier, without suffix: its id cleaned, and a hash that keeps ids apart."""
    clean = re.sub(r"[^\w-]+", "_", site_id).strip("_")[:40] or "site"
    return f"{clean}-{hashlib.sha256(site_id.encode()).hexdigest()[:8]}"


def build_dossier(survey: Survey, site_id: str, /) -> Dossier:
    """Return the dossier of a site.

    Parameters
    ----------
    survey
        Holds the ledger, the conflicts and the board as of its day.
    site_id
        The site.

    Raises
    ------
    InputError
        As in :func:`find_site`.

    Notes
    -----
    What is done of the content is what the diary says in a note “完成:甲、乙”; where the works are
    completed, all that was planned counts as done, and the dossier says that it is so.
    """
    site, plan = find_site(survey, site_id), survey.plan
    programme = plan.programme(str(site["programme"]))
    diary = survey.events[survey.events["site_id"] == site_id]
    content, content_note = _list_content(survey, site, diary, programme)
    events, event_note = _list_events(diary)
    neighbours, neighbour_note = _list_neighbours(survey, site_id)
    listings = _list_listings(survey, site_id, site)
    tags = (vocab.INTERNAL, *((vocab.SIMULATED,) if survey.simulated else ()))
    notes = {"content": content_note, "events": event_note, "neighbours": neighbour_note}
    return Dossier(
        site_id=site_id,
        title=f"{_text(site['name']) or site_id}项目档案",
        subtitle=set_punctuation(f"(一区一策,{programme.name},截至{style.format_day(survey.as_of)})"),
        tags=tags,
        facts=_list_facts(site_id, site, programme),
        phases=_tell_phases(plan, programme),
        stages=_list_stages(survey, site_id, programme),
        content=content,
        photos=(
            _take_photo(plan, site, "photo_before", "改造前"),
            _take_photo(plan, site, "photo_after", "改造后"),
        ),
        events=events,
        neighbours=neighbours,
        listings=listings,
        notes={key: set_punctuation(note) for key, note in notes.items()},
        foot=set_punctuation(f"资料来源:{join_sources(survey.sources)}。{vocab.BOUNDARY_NOTE}。"),
        as_of=survey.as_of,
    )


# ------------------------------------------------------------------ facts
def _text(value: object) -> str:
    """A value of the ledger as text; nothing for what is missing."""
    if value is None or (not isinstance(value, str) and bool(pd.isna(value))):
        return ""
    return set_punctuation(str(value).strip())


def _day(value: Any) -> str:
    return "" if value is None or pd.isna(value) else f"{value:%Y-%m-%d}"


def _number(value: Any, unit: str, *, digits: int = 0) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{float(value):,.{digits}f}".removesuffix(".0" if digits == 1 else "\0") + f" {unit}"


def _list_facts(site_id: str, site: dict[str, Any], programme: Programme) -> tuple[tuple[str, str], ...]:
    categories = {category.id: category.name for category in programme.categories}
    stage = str(site.get("stage") or Stage.NOT_STARTED)
    since = _day(site.get("stage_date"))
    reached = f"{Stage(stage).zh}({since})" if since else Stage(stage).zh
    pairs = [
        ("项目编号", site_id), ("当前阶段", reached),
        ("专项", programme.name), ("类别", categories.get(str(site["category"]), "")),
        ("责任单位", _text(site["declared_unit"])), ("管理单位", _text(site.get("managing_unit"))),
        ("所在区县", _text(site.get("located_name"))), ("街道(乡镇)", _text(site["township"])),
        ("地址", _text(site["address"])), ("牵头单位", programme.lead),
        ("户数、套数", "、".join(filter(None, (_number(site["households"], "户"), _number(site["dwellings"], "套"))))),
        ("楼栋", _number(site["buildings"], "栋")),
        ("建筑面积", _number(site["floor_area_m2"], "m²")), ("长度", _number(site.get("length_m"), "m")),
        ("投资", _number(site["investment_wan"], "万元", digits=1)), ("施工单位", _text(site["contractor"])),
        ("分包领导", _text(site["leader"])), ("推进专班", _text(site["task_force"])),
        ("计划工期", _span(site["planned_start"], site["planned_finish"])),
        ("实际工期", _span(site["actual_start"], site["actual_finish"])),
        ("征求意见", _share(site.get("consulted_share"))), ("居民满意度", _share(site.get("satisfied_share"))),
        ("备注", _text(site["notes"])), ("来源", _source(site)),
    ]  # fmt: skip
    return tuple((set_punctuation(label), set_punctuation(value) or vocab.NO_TASK) for label, value in pairs)


def _span(start: Any, finish: Any) -> str:
    days = (_day(start), _day(finish))
    return f"{days[0] or '未填'} 至 {days[1] or '未填'}" if any(days) else ""


def _share(value: Any) -> str:
    return style.format_percent(float(value)) if value is not None and not pd.isna(value) else ""


def _source(site: dict[str, Any]) -> str:
    row = site.get("source_row")
    place = "" if row is None or pd.isna(row) else f" 第 {int(row)} 行"
    return f"{_text(site['source_file'])}{place}"


# ------------------------------------------------------------------ stages, gates
def _tell_phases(plan: Plan, programme: Programme) -> str:
    parts = []
    for phase in plan.phases:
        if phase.programme == programme.id:
            start = f"{phase.start.month}月{phase.start.day}日" if phase.start else ""
            parts.append(f"{phase.no}. {phase.name}({start}至{phase.end.month}月{phase.end.day}日)")
    return set_punctuation(f"方案步骤:{';'.join(parts)}。") if parts else ""


def _list_stages(survey: Survey, site_id: str, programme: Programme) -> tuple[Row, ...]:
    """Every stage of the programme with its day, and what the plan asks for at it."""
    mine = survey.reached[survey.reached["site_id"] == site_id] if len(survey.reached) else survey.reached
    days = dict(zip(mine["stage"], mine["date"], strict=True)) if len(mine) else {}
    breaches = [f.value for f in survey.findings if f.code == "gate-breached" and f.site_id == site_id]
    rows = []
    for stage in programme.stages:
        if stage is Stage.NOT_STARTED:
            continue
        gates = [g for g in survey.plan.gates if g.programme == programme.id and g.stage == stage]
        asked = ";".join(f"{gate.text}({gate.source})" for gate in gates) or vocab.NO_TASK
        checked = vocab.NO_TASK
        if gates:
            wrong = [value for gate in gates for value in breaches if value.startswith(gate.text)]
            checked = (
                "未到" if stage.value not in days else ("不符:" + _tell_breach(wrong[0]) if wrong else "符合")
            )
        rows.append((stage.zh, _day(days.get(stage.value)) or "未达到", asked, checked))
    return tuple(tuple(set_punctuation(cell) for cell in row) for row in rows)


def _tell_breach(value: str) -> str:
    """What is wrong, without the gate's own words before it."""
    found = re.search(r"[((](.+)[))]$", value)
    return found.group(1) if found else value


# ------------------------------------------------------------------ content
def _list_content(
    survey: Survey, site: dict[str, Any], diary: pd.DataFrame, programme: Programme
) -> tuple[tuple[ItemClass, ...], str]:
    planned = _split_items(site["content_items"])
    finished = str(site.get("stage")) in {*(str(stage) for stage in COMPLETED_STAGES), str(Stage.ACCEPTED)}
    told = {item for note in diary["note"] for item in _read_done(note)}
    done = set(planned) | told if finished else told
    classes = survey.plan.content if programme.stages and _has_classes(survey.plan, programme) else ()
    known = [item for each in classes for item in each.items]
    matched = {item: _match(item, known) for item in dict.fromkeys([*planned, *told])}
    found = [
        ItemClass(
            each.name,
            tuple(
                Item(
                    name,
                    _is_in(name, planned, matched) or _is_in(name, told, matched),
                    _is_in(name, done, matched),
                )
                for name in each.items
            ),
        )
        for each in classes
    ]
    others = [item for item in planned if matched[item] not in known]
    if others:
        found.append(
            ItemClass("其他" if classes else "计划内容", tuple(Item(n, True, n in done) for n in others))
        )
    how = "工程已完工,计划内容按全部完成计" if finished else "完成情况以进度记录中的“完成:……”为准"
    return tuple(found), f"●已完成 ○计划 空白未列入;{how}。" if found else ""


def _has_classes(plan: Plan, programme: Programme) -> bool:
    """Whether the plan's classes of content speak of this programme: they stand in the annex of its phases."""
    return any(phase.programme == programme.id for phase in plan.phases)


def _split_items(text: object) -> list[str]:
    return [item.strip() for item in _SPLIT.split(text) if item.strip()] if isinstance(text, str) else []


def _read_done(note: object) -> list[str]:
    found = _DONE_NOTE.match(note.strip()) if isinstance(note, str) else None
    return _split_items(found.group(1).rstrip("。")) if found else []


def _match(item: str, known: Sequence[str]) -> str:
    """The plan's name of an item that an office writes shorter or longer; itself if none or several fit."""
    if item in known:
        return item
    alike = [name for name in known if item in name or name in item]
    return alike[0] if len(alike) == 1 else item


def _is_in(name: str, items: Iterable[str], matched: dict[str, str]) -> bool:
    return any(matched[item] == name for item in items)


# ------------------------------------------------------------------ photographs
def _take_photo(plan: Plan, site: dict[str, Any], column: str, title: str) -> Photo:
    written = _text(site.get(column)) and str(site[column]).strip()
    if not written:
        return Photo(title, b"", "台账未附照片")
    path = Path(written) if Path(written).is_absolute() else plan.path_of(written)
    if not path.is_file():
        return Photo(title, b"", f"照片不能使用\uff1a找不到文件 {path.name}")
    content = shrink_photo(path)
    return Photo(title, content or b"", "" if content else f"照片不能使用\uff1a{path.name} 不是图片或已损坏")


# ------------------------------------------------------------------ diary, neighbours, board
def _list_events(diary: pd.DataFrame) -> tuple[tuple[Row, ...], str]:
    """The last entries, the newest first."""
    rows = []
    for row in diary.sort_values("date", kind="stable").iloc[::-1].head(EVENTS_SHOWN).to_dict("records"):
        words = Stage(row["stage"]).zh if row["stage"] else ""
        mark = "更正:" if row["kind"] == EventKind.CORRECTION.value else ""
        what = mark + ",".join(filter(None, (words, _text(row["note"]))))
        rows.append((_day(row["date"]), set_punctuation(what) or "撤销", _text(row["recorded_by"])))
    more = len(diary) - len(rows)
    return tuple(rows), f"共 {len(diary)} 条记录,列最近 {len(rows)} 条,其余见台账。" if more > 0 else ""


def _list_neighbours(survey: Survey, site_id: str) -> tuple[tuple[Row, ...], str]:
    frame = survey.conflicts
    mine = frame[(frame["site_a"] == site_id) | (frame["site_b"] == site_id)]
    rows = []
    for row in mine.head(NEIGHBOURS_SHOWN).to_dict("records"):
        other = row["site_b"] if row["site_a"] == site_id else row["site_a"]
        span = f"{_day(row['overlap_start'])} 至 {_day(row['overlap_finish'])}({row['overlap_days']} 天)"
        name = _text(survey.sites["name"].get(other)) or other
        words = (other, name, style.format_length(row["distance_m"]), span, str(row["proposal"]))
        rows.append(tuple(set_punctuation(word) for word in words))
    near = f"{survey.plan.conflicts.near_m:g}"
    if not rows:
        return (), f"截止日期以后,{near} 米以内没有其他专项同时施工的项目。"
    more = len(mine) - len(rows)
    return tuple(rows), f"另有 {more} 处,见月调度。" if more > 0 else ""


def _list_listings(survey: Survey, site_id: str, site: dict[str, Any]) -> tuple[Row, ...]:
    """The board's listings of the site itself, then those of its unit that are open."""
    board = survey.supervised
    if board.empty:
        return ()
    own = board["site_id"] == site_id
    unit = (board["unit"] == site.get("managing_unit")) & (board["site_id"] == "")
    unit &= (board["programme"] == site["programme"]) & (board["state"] != ListingState.DELISTED.value)
    rows = []
    for row in pd.concat([board[own], board[unit]]).head(LISTINGS_SHOWN).to_dict("records"):
        scope = "" if row["site_id"] else f"{row['unit']}:"
        words = (
            row["number"], f"{scope}{_text(row['subject'])}。{_text(row['reason'])}", _day(row["opened"]),
            _day(row["deadline"]), ListingState(row["state"]).zh,
        )  # fmt: skip
        rows.append(tuple(set_punctuation(word) for word in words))
    return tuple(rows)
