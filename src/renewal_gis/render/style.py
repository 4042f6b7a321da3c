"""How things look: colours, symbols, line widths and number formats, as data.

Every map, figure, legend and table takes its look from here, so that a symbol means
the same on the wall, on the screen and in the bulletin. Colours are the Okabe-Ito set;
whatever a colour says is said a second time by shape, fill or hatch, for grey print.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeGuard

from renewal_gis.vocab import NO_TASK, DefectKind, Light, LinkKind, Stage, Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
OKABE_ITO: tuple[str, ...] = (BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE)
"""The colour-blind safe palette of Okabe and Ito (2008)."""

INK, MUTED, PAPER, HALO = "#1B2430", "#5F6B7A", "#FFFFFF", "#FFFFFF"
"""Text, quiet text, paper, and the rim around symbols and labels."""


def _ring(corners: int, *, turn_deg: float = 90.0, waist: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Corners on the unit circle, first at ``turn_deg``; ``waist`` puts inner corners between (a star)."""
    step = 360.0 / corners
    points = []
    for place in range(corners):
        for radius, angle in ((1.0, turn_deg + place * step), (waist, turn_deg + (place + 0.5) * step)):
            if radius > 0:
                rad = math.radians(angle)
                points.append((round(radius * math.cos(rad), 4), round(radius * math.sin(rad), 4)))
    return tuple(points)


SHAPES: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    {
        "circle": _ring(32),
        "square": _ring(4, turn_deg=45.0),
        "diamond": _ring(4),
        "triangle": _ring(3),
        "triangle_down": _ring(3, turn_deg=-90.0),
        "pentagon": _ring(5),
        "hexagon": _ring(6),
        "star": _ring(5, waist=0.46),
        "cross": (
            (-0.34, 0.94), (0.34, 0.94), (0.34, 0.34), (0.94, 0.34), (0.94, -0.34), (0.34, -0.34),
            (0.34, -0.94), (-0.34, -0.94), (-0.34, -0.34), (-0.94, -0.34), (-0.94, 0.34), (-0.34, 0.34),
        ),
    }
)  # fmt: skip
"""Outlines within the unit circle, y upwards, not closed: the same for canvas, SVG and print."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A mark on a map: a key of :data:`SHAPES`, its colour, its size against the ordinary mark."""

    shape: str
    color: str
    scale: float = 1.0


PROGRAMME_SYMBOLS: Mapping[str, Symbol] = MappingProxyType(
    {
        "old_compound": Symbol("circle", BLUE),
        "shanty_area": Symbol("square", ORANGE, 1.1),
        "urban_village": Symbol("pentagon", PURPLE, 1.15),
        "back_alley": Symbol("triangle", GREEN, 0.9),
        "feature_street": Symbol("star", YELLOW, 1.35),
        "dry_toilet": Symbol("triangle_down", SKY, 1.05),
        "stalled_building": Symbol("square", BLACK, 1.1),
        "dead_end_road": Symbol("diamond", VERMILLION, 1.25),
    }
)
_SPARE_SHAPES = ("hexagon", "cross", "diamond", "pentagon", "triangle", "square")
_SPARE_COLORS = (PURPLE, SKY, GREEN, VERMILLION, ORANGE, BLUE, BLACK)


def find_symbol(programme: str, /) -> Symbol:
    """Return the symbol of a programme.

    One that the table does not know gets a mark derived from its id, the same on every run.
    """
    known = PROGRAMME_SYMBOLS.get(programme)
    if known is not None:
        return known
    number = zlib.crc32(programme.encode())
    shape = _SPARE_SHAPES[number % len(_SPARE_SHAPES)]
    return Symbol(shape, _SPARE_COLORS[number // len(_SPARE_SHAPES) % len(_SPARE_COLORS)])


@dataclass(frozen=True, slots=True)
class StageGroup:
    """Stages that look alike.

    ``fill`` is ``hollow`` (rim only), ``dot`` (rim and a spot in the middle), ``half``
    (lower half filled) or ``full``; it carries the meaning in grey print, ``color`` repeats it
    where the symbol's own colour does not speak of the programme.
    """

    id: str
    name: str
    fill: str
    color: str
    stages: tuple[Stage, ...]


_BEFORE_WORKS = (Stage.CONSULTED, Stage.PUBLICISED, Stage.REVIEWED, Stage.PERMITTED)
_FINISHED = (Stage.BASICALLY_BUILT, Stage.WORKS_COMPLETED, Stage.ACCEPTED, Stage.CLEARED, Stage.OPENED)
STAGE_GROUPS: tuple[StageGroup, ...] = (
    StageGroup("not_started", "未启动", "hollow", "#9AA5B1", (Stage.NOT_STARTED,)),
    StageGroup("preparing", "前期", "dot", ORANGE, _BEFORE_WORKS),
    StageGroup("under_way", "施工", "half", SKY, (Stage.STARTED,)),
    StageGroup("done", "完成", "full", GREEN, _FINISHED),
)
_GROUP_OF_STAGE = {stage.value: group for group in STAGE_GROUPS for stage in group.stages}


def find_stage_group(stage: str | None, /) -> StageGroup:
    """Return the group of a stage; none or an unknown one counts as not started."""
    return _GROUP_OF_STAGE.get(stage, STAGE_GROUPS[0]) if isinstance(stage, str) else STAGE_GROUPS[0]


@dataclass(frozen=True, slots=True)
class LightStyle:
    """A light: colour, the sign that stands for it without colour, cell background."""

    name: str
    color: str
    sign: str
    background: str


LIGHTS: Mapping[str, LightStyle] = MappingProxyType(
    {
        Light.GREEN.value: LightStyle(Light.GREEN.zh, GREEN, "●", "#DDF1EA"),
        Light.SLIGHT.value: LightStyle(Light.SLIGHT.zh, "#8A7F00", "◇", "#FBF8D6"),
        Light.YELLOW.value: LightStyle(Light.YELLOW.zh, "#B57D00", "▲", "#FBE9C4"),
        Light.RED.value: LightStyle(Light.RED.zh, VERMILLION, "■", "#F8D9C6"),
    }
)


@dataclass(frozen=True, slots=True)
class CompletionClass:
    """One class of the completion map: ``low`` ≤ rate < ``high``; None is open.

    ``hatch`` is matplotlib's notation; ``hatch_angle_deg``, ``hatch_gap`` and ``hatch_dots`` say the
    same to others (gap in points at print size; 0 = no hatch).
    """

    name: str
    low: Fraction | None
    high: Fraction | None
    color: str
    hatch: str = ""
    hatch_angle_deg: float = 0.0
    hatch_gap: float = 0.0
    hatch_dots: bool = False


COMPLETION_CLASSES: tuple[CompletionClass, ...] = (
    CompletionClass("不足30%", Fraction(0), Fraction(3, 10), "#F3F6FA"),
    CompletionClass("30%—60%", Fraction(3, 10), Fraction(3, 5), "#D5DFEC", "//", 45.0, 9.0),
    CompletionClass("60%—80%", Fraction(3, 5), Fraction(4, 5), "#AEC3DB", "////", 45.0, 5.0),
    CompletionClass("80%—100%", Fraction(4, 5), Fraction(1), "#7FA0C4", "\\\\\\\\", 135.0, 5.0),
    CompletionClass("全部完成", Fraction(1), None, "#4F7BAB"),
)
"""Light to dark in even steps of lightness, so that the order survives grey print."""

NO_TASK_CLASS = CompletionClass("无任务", None, None, "#F1EFEA", "..", 0.0, 6.0, hatch_dots=True)
HATCH_COLOR = "#6D86A3"


def find_completion_class(rate: Number | None, /) -> CompletionClass:
    """Return the class of a completion rate (1 = 全部完成; above 1 as well); None is no task."""
    if not is_present(rate):
        return NO_TASK_CLASS
    return next(known for known in COMPLETION_CLASSES if known.high is None or rate < known.high)


@dataclass(frozen=True, slots=True)
class LineStyle:
    """A line: colour, width in points (CSS pixels on a screen), dashes in the same unit."""

    color: str
    width: float
    dash: tuple[float, ...] = ()


VERDICT_SYMBOLS: Mapping[str, Symbol] = MappingProxyType(
    {
        Verdict.CANDIDATE.value: Symbol("diamond", VERMILLION, 1.2),
        Verdict.CUL_DE_SAC.value: Symbol("circle", "#8894A2", 0.7),
        Verdict.SHEET_EDGE.value: Symbol("square", "#B4BCC6", 0.6),
        Verdict.EXEMPT.value: Symbol("triangle_down", "#8894A2", 0.7),
        Verdict.DEFECT.value: Symbol("cross", PURPLE, 0.9),
    }
)
LINK_STYLES: Mapping[str, LineStyle] = MappingProxyType(
    {
        LinkKind.END_TO_END.value: LineStyle(VERMILLION, 3.0),
        LinkKind.END_TO_STREET.value: LineStyle(VERMILLION, 2.4, (7.0, 3.0)),
        LinkKind.END_TO_JUNCTION.value: LineStyle(VERMILLION, 2.4, (2.0, 3.0)),
    }
)
DEFECT_SYMBOLS: Mapping[str, Symbol] = MappingProxyType(
    {
        DefectKind.UNDERSHOOT.value: Symbol("triangle", PURPLE, 0.9),
        DefectKind.OVERSHOOT.value: Symbol("triangle_down", PURPLE, 0.9),
        DefectKind.UNSNAPPED_CROSSING.value: Symbol("cross", PURPLE, 0.9),
        DefectKind.DUPLICATE.value: Symbol("square", PURPLE, 0.8),
        DefectKind.SPLIT_NODE.value: Symbol("circle", PURPLE, 0.8),
    }
)

FACILITY_SYMBOLS: Mapping[str, Symbol] = MappingProxyType(
    {
        "clinic": Symbol("cross", VERMILLION), "kindergarten": Symbol("hexagon", ORANGE),
        "elderly_care": Symbol("star", PURPLE, 1.3), "park": Symbol("circle", GREEN),
        "public_toilet": Symbol("square", BLUE, 0.9), "bus_stop": Symbol("diamond", SKY),
        "community_service": Symbol("pentagon", BLACK), "school": Symbol("triangle", BLUE),
    }
)  # fmt: skip


def find_facility_symbol(facility: str, /) -> Symbol:
    """Return the symbol of a facility type; unknown ones get a steady mark of their own."""
    return FACILITY_SYMBOLS.get(facility) or find_symbol(f"facility:{facility}")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of the vector backdrop; ``roads`` from the widest class to the narrowest."""

    name: str
    background: str
    land: str
    water: str
    green: str
    rail: LineStyle
    boundary: LineStyle
    city_boundary: LineStyle
    text: str
    halo: str
    residential: str
    reach: str
    roads: Mapping[str, LineStyle]


_ROAD_WIDTHS = {
    "motorway": 3.2, "trunk": 2.8, "primary": 2.4, "secondary": 1.8, "tertiary": 1.3,
    "residential": 0.9, "living_street": 0.8, "service": 0.6, "footway": 0.4,
}  # fmt: skip
_ROAD_ALIASES = {
    "motorway_link": "motorway", "trunk_link": "trunk", "primary_link": "primary",
    "secondary_link": "secondary", "tertiary_link": "tertiary", "unclassified": "residential",
    "road": "residential", "pedestrian": "living_street", "path": "footway", "steps": "footway",
    "cycleway": "footway", "track": "service",
}  # fmt: skip


def _roads(strong: str, middle: str, quiet: str) -> Mapping[str, LineStyle]:
    tones = {"motorway": strong, "trunk": strong, "primary": strong, "secondary": middle, "tertiary": middle}
    styles = {name: LineStyle(tones.get(name, quiet), width) for name, width in _ROAD_WIDTHS.items()}
    return MappingProxyType(styles)


LIGHT_THEME = Theme(
    name="light",
    background="#FFFFFF",
    land="#F7F8FA",
    water="#C9DEEE",
    green="#DFEBD8",
    rail=LineStyle("#7D8794", 1.4, (6.0, 4.0)),
    boundary=LineStyle("#7B8794", 1.0),
    city_boundary=LineStyle("#3B4754", 1.8),
    text=INK,
    halo="#FFFFFF",
    residential="#EFE6DA",
    reach="#56B4E9",
    roads=_roads("#B9A58C", "#C3C8CF", "#D5D9DE"),
)
DARK_THEME = Theme(
    name="dark",
    background="#10161E",
    land="#18212B",
    water="#1F3A52",
    green="#1E3328",
    rail=LineStyle("#77828F", 1.4, (6.0, 4.0)),
    boundary=LineStyle("#5C6A79", 1.0),
    city_boundary=LineStyle("#A7B3C0", 1.8),
    text="#E8EDF3",
    halo="#10161E",
    residential="#332C22",
    reach="#56B4E9",
    roads=_roads("#8B7A60", "#55616E", "#3C4753"),
)
THEMES: Mapping[str, Theme] = MappingProxyType({"light": LIGHT_THEME, "dark": DARK_THEME})
ROAD_CLASSES: tuple[str, ...] = tuple(_ROAD_WIDTHS)
"""Classes of the backdrop from strong to quiet: draw them in the reverse order."""


def find_road_class(highway: str | None, /) -> str:
    """Return the backdrop class of an OSM highway value; what is unknown is drawn as residential."""
    word = _ROAD_ALIASES.get(highway or "", highway or "")
    return word if word in _ROAD_WIDTHS else "residential"


MINUS = "\u2212"
_KILOMETRE_M = 1000
Number = Fraction | float


def is_present(value: Number | None, /) -> TypeGuard[Number]:
    """Return whether there is a number: not None, NaN or pandas' NA (without importing pandas)."""
    absent = value is None or type(value).__name__ in {"NAType", "NaTType"}
    return not absent and not (isinstance(value, float) and math.isnan(value))


def _exact(value: Number) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))


def round_half_up(value: Number, /, *, digits: int = 1) -> Fraction:
    """Return the value rounded away from zero at .5, exactly (0.25 → 0.3), as offices round."""
    exact = _exact(value)
    scale = 10**digits
    steps = math.floor(abs(exact) * scale + Fraction(1, 2))
    return Fraction(steps if exact >= 0 else -steps, scale)


def _write(value: Number, digits: int) -> str:
    rounded = round_half_up(value, digits=digits)
    scaled = abs(rounded) * 10**digits
    whole, rest = divmod(int(scaled), 10**digits)
    text = f"{whole}.{rest:0{digits}d}" if digits else str(whole)
    return f"{MINUS}{text}" if rounded < 0 else text


def format_count(value: Number | None, /) -> str:
    """Return a count as plain digits; nothing as “—”."""
    return str(int(value)) if is_present(value) else NO_TASK


def format_change(change: Number | None, /) -> str:
    """Return a difference of counts with its sign, “+12”, “0”; nothing as “—”."""
    return ("+" if change > 0 else "") + _write(change, 0) if is_present(change) else NO_TASK


def format_percent(rate: Number | None, /, *, digits: int = 1) -> str:
    """Return a share (1 = 100 %) as “43.2%”; above 100 % as it is; nothing as “—”."""
    return f"{_write(_exact(rate) * 100, digits)}%" if is_present(rate) else NO_TASK


def format_fraction(done: int | None, base: int | None, /) -> str:
    """Return “200/465”; without a task “—”."""
    return f"{format_count(done)}/{format_count(base)}" if is_present(base) else NO_TASK


def format_points(pace_pp: Number | None, /) -> str:
    """Return percentage points with their sign, “+3.2”, or “3.2” after a minus sign; nothing as “—”."""
    return (
        ("+" if round_half_up(pace_pp) > 0 else "") + _write(pace_pp, 1) if is_present(pace_pp) else NO_TASK
    )


def tell_pace(pace_pp: Number | None, /) -> str:
    """Return the pace in the words of a notice: 超序时进度…个百分点, 滞后…个百分点, 与序时进度持平."""
    if not is_present(pace_pp):
        return "无序时进度要求"
    rounded = round_half_up(pace_pp)
    if rounded == 0:
        return "与序时进度持平"
    word = "超序时进度" if rounded > 0 else "滞后序时进度"
    return f"{word}{_write(abs(rounded), 1)}个百分点"


def format_length(length_m: float | None, /) -> str:
    """Return metres as “350 m”, from a kilometre on as “1.2 km”."""
    if not is_present(length_m) or math.isinf(length_m):
        return NO_TASK
    if round_half_up(length_m, digits=0) < _KILOMETRE_M:
        return f"{_write(length_m, 0)} m"
    return f"{_write(length_m / _KILOMETRE_M, 1)} km"


def format_day(day: dt.date, /) -> str:
    """Return “2021年9月30日”."""
    return f"{day.year}年{day.month}月{day.day}日"
