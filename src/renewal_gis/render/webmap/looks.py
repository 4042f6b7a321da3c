"""The tables of :mod:`renewal_gis.render.style` in the words of the page's scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renewal_gis.render import style
from renewal_gis.vocab import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renewal_gis.plan import Plan
    from renewal_gis.vocab import Label

Words = dict[str, Any]
_ROAD_ZOOMS = {
    "motorway": 0, "trunk": 0, "primary": 0, "secondary": 9.5, "tertiary": 11, "residential": 12.5,
    "living_street": 13, "service": 14, "footway": 15,
}  # fmt: skip
_NAME_ZOOMS = {"motorway": 11, "trunk": 11.5, "primary": 12, "secondary": 13, "tertiary": 14}
_NEVER = 99


def symbol_words(symbol: style.Symbol, /) -> Words:
    """Return a symbol for the scripts."""
    return {"shape": symbol.shape, "color": symbol.color, "scale": symbol.scale}


def line_words(look: style.LineStyle, /) -> Words:
    """Return a line for the scripts."""
    return {"color": look.color, "width": look.width, **({"dash": list(look.dash)} if look.dash else {})}


def programme_symbols(plan: Plan, /) -> Words:
    """Return the symbol of each programme, by the column ``programme``."""
    table = {programme.id: symbol_words(style.find_symbol(programme.id)) for programme in plan.programmes}
    return {"by": "programme", "table": table, "other": symbol_words(style.find_symbol(""))}


def stage_fills() -> Words:
    """Return the fill of each stage, by the column ``group``."""
    return {"by": "group", "table": {group.id: group.fill for group in style.STAGE_GROUPS}, "other": "hollow"}


def road_lines() -> Words:
    """Return the line of each road class, strong ones first, by the column ``class``."""
    table = {
        name: {
            "color": f"@road.{name}",
            "width": style.LIGHT_THEME.roads[name].width,
            "minZoom": _ROAD_ZOOMS[name],
            "labelZoom": _NAME_ZOOMS.get(name, _NEVER),
        }
        for name in style.ROAD_CLASSES
    }
    return {"by": "class", "table": table, "other": table["residential"]}


def completion_classes() -> tuple[list[Words], int, int]:
    """Return the classes of the completion map, and the places of 无任务 and 未分解 among them."""
    known = [{"name": each.name, "fill": _shade(each.color)} for each in style.COMPLETION_CLASSES]
    dots = {"dots": True, "gap": int(style.NO_TASK_CLASS.hatch_gap), "color": style.HATCH_COLOR}
    no_task = {"name": style.NO_TASK_CLASS.name, "hatch": dots}
    no_task["fill"] = {"light": style.NO_TASK_CLASS.color, "dark": "#1B232C"}
    return [*known, no_task, {"name": "未分解", "fill": "@land"}], len(known), len(known) + 1


def find_class_place(rate: style.Number | None, /) -> int:
    """Return the place of a rate in :func:`completion_classes`."""
    if not style.is_present(rate):
        return len(style.COMPLETION_CLASSES)
    return style.COMPLETION_CLASSES.index(style.find_completion_class(rate))


_DARK_ENDS = ((0x22, 0x30, 0x3E), (0x5A, 0x9B, 0xD3))


def _shade(color: str) -> Words:
    """Return the colour of a class on light and on dark paper; both run in even steps."""
    colors = [each.color for each in style.COMPLETION_CLASSES]
    part = colors.index(color) / max(1, len(colors) - 1)
    tone = [round(low + part * (high - low)) for low, high in zip(*_DARK_ENDS, strict=True)]
    return {"light": color, "dark": "#" + "".join(f"{each:02X}" for each in tone)}


def light_words() -> Words:
    """Return the lights: name, colour, sign, background."""
    return {
        light: {"name": look.name, "color": look.color, "sign": look.sign, "background": look.background}
        for light, look in style.LIGHTS.items()
    }


def group_words() -> list[Words]:
    """Return the groups of stages in order."""
    return [
        {"id": group.id, "name": group.name, "fill": group.fill, "color": group.color}
        for group in style.STAGE_GROUPS
    ]


def verdict_symbols() -> Words:
    """Return the symbol of each verdict on a dead end."""
    table = {word: symbol_words(symbol) for word, symbol in style.VERDICT_SYMBOLS.items()}
    return {"by": "verdict", "table": table, "other": table[Verdict.CUL_DE_SAC.value]}


def defect_symbols() -> Words:
    """Return the symbol of each kind of defect."""
    table = {word: symbol_words(symbol) for word, symbol in style.DEFECT_SYMBOLS.items()}
    return {"by": "kind", "table": table, "other": next(iter(table.values()))}


def link_lines() -> Words:
    """Return the line of each kind of link."""
    table = {word: line_words(look) for word, look in style.LINK_STYLES.items()}
    return {"by": "kind", "table": table, "other": next(iter(table.values()))}


def name_words(members: Iterable[Label], /) -> dict[str, str]:
    """Return the Chinese label of each member by its code."""
    return {member.value: member.zh for member in members}
