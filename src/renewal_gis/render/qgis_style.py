"""Looks as QGIS writes them (QML): the same colours and shapes as every other map of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from renewal_gis.render import style
from renewal_gis.vocab import NO_TASK, DefectKind, LinkKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renewal_gis.plan import Plan, Programme

VERSION = "3.22.0"
"""The oldest QGIS that the files are meant for."""
FONT = "Noto Sans CJK SC"
GEOMETRIES = {"点": "marker", "线": "line", "面": "fill"}
_MARKERS = {"triangle_down": ("triangle", "180"), "cross": ("cross_fill", "0")}
_SIZE_MM, _POINT_MM = 3.0, 0.3528
_CORES = {"dot": 0.35, "half": 0.6}
"""Size of the mark within the mark, against the whole."""
_BRUSHES = {"hollow": "no", "dot": "dense6", "half": "b_diagonal", "full": "solid"}
_PENS = {"hollow": "dot", "dot": "dot", "half": "dash", "full": "solid"}
_EDGE = "#7B8794"
Part = tuple[str, dict[str, str]]
"""One layer of a symbol: its class in QGIS, and its options."""


@dataclass(frozen=True)
class Look:
    """How a layer is drawn.

    Parameters
    ----------
    geometry
        ``marker``, ``line`` or ``fill``.
    symbols
        Value to symbol; one symbol under "" where nothing is told apart.
    attribute
        The field whose values are told apart; "" for one symbol.
    label
        The field that is written beside each feature; "" for none.
    """

    geometry: str
    symbols: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    attribute: str = ""
    label: str = ""


def programme_look(plan: Plan, kind: str, /) -> Look:
    """Return the look of sites by programme; ``kind`` is 点, 线 or 面."""
    symbols = {p.short: _draw(style.find_symbol(p.id), kind, "full") for p in plan.programmes}
    return Look(GEOMETRIES[kind], symbols, "专项")


def stage_look(kind: str, programme: Programme | None = None, /) -> Look:
    """Return the look of sites by group of stages, in the programme's own shape and colour if it is given."""
    symbols = {}
    for group in style.STAGE_GROUPS:
        symbol = style.find_symbol(programme.id) if programme else style.Symbol("circle", group.color)
        symbols[group.name] = _draw(symbol, kind, group.fill)
    return Look(GEOMETRIES[kind], symbols, "阶段组")


def light_look() -> Look:
    """Return the look of units by the light of the target that is shown."""
    symbols = {light.name: [_area(light.background)] for light in style.LIGHTS.values()}
    return Look("fill", symbols | {NO_TASK: [_area("#F1EFEA")]}, "亮灯", "名称")


def road_look(classes: Iterable[str], /) -> Look:
    """Return the look of roads of these classes, as quiet as a backdrop."""
    roads = style.LIGHT_THEME.roads
    symbols = {name: [_line(roads[style.find_road_class(name)])] for name in sorted(set(classes))}
    return Look("line", symbols, "道路等级")


def finding_looks() -> dict[str, Look]:
    """Return the looks of dead ends, links and defects, by layer."""
    verdicts = {word.zh: _mark(style.VERDICT_SYMBOLS[str(word)], "full") for word in Verdict}
    links = {word.zh: [_line(style.LINK_STYLES[str(word)])] for word in LinkKind}
    defects = {word.zh: _mark(style.DEFECT_SYMBOLS[str(word)], "full") for word in DefectKind}
    return {
        "dead_ends": Look("marker", verdicts, "判定"),
        "links": Look("line", links, "类型"),
        "defects": Look("marker", defects, "类型"),
    }


def _draw(symbol: style.Symbol, kind: str, fill: str) -> list[Part]:
    if kind == "点":
        return _mark(symbol, fill)
    if kind == "线":
        return [_line(style.LineStyle(symbol.color, 3.2), pen=_PENS[fill])]
    return [_area(symbol.color, brush=_BRUSHES[fill], edge=symbol.color)]


def _mark(symbol: style.Symbol, fill: str) -> list[Part]:
    name, angle = _MARKERS.get(symbol.shape, (symbol.shape, "0"))
    size = _SIZE_MM * symbol.scale

    def part(face: str, share: float, edge: str) -> Part:
        return "SimpleMarker", {
            "name": name,
            "angle": angle,
            "color": _color(face),
            "size": f"{size * share:.2f}",
            "size_unit": "MM",
            "outline_color": _color(edge),
            "outline_style": "solid" if share == 1 else "no",
            "outline_width": "0.2" if fill == "full" else "0.5",
            "outline_width_unit": "MM",
        }

    if fill == "full":
        return [part(symbol.color, 1.0, style.INK)]
    whole = part(style.PAPER, 1.0, symbol.color)
    return [whole, part(symbol.color, _CORES[fill], symbol.color)] if fill in _CORES else [whole]


def _line(look: style.LineStyle, *, pen: str = "solid") -> Part:
    dashes = ";".join(f"{length * _POINT_MM:.2f}" for length in look.dash)
    return "SimpleLine", {
        "line_color": _color(look.color),
        "line_width": f"{look.width * _POINT_MM:.2f}",
        "line_width_unit": "MM",
        "line_style": pen,
        "capstyle": "flat" if look.dash or pen != "solid" else "round",
        "joinstyle": "round",
        "use_custom_dash": "1" if dashes else "0",
        "customdash": dashes or "5;2",
        "customdash_unit": "MM",
    }


def _area(face: str, *, brush: str = "solid", edge: str = _EDGE) -> Part:
    return "SimpleFill", {
        "color": _color(face, alpha=190),
        "style": brush,
        "outline_color": _color(edge),
        "outline_style": "solid",
        "outline_width": "0.3",
        "outline_width_unit": "MM",
    }


def _color(code: str, *, alpha: int = 255) -> str:
    red, green, blue = (int(code[k : k + 2], 16) for k in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


# ------------------------------------------------------------------ XML
def write_qml(look: Look, /, *, fields: Iterable[str]) -> str:
    """Return a layer's style as a QML document.

    Parameters
    ----------
    look
        How it is drawn.
    fields
        The layer's fields; ``建筑面积_平方米`` is shown as 建筑面积(平方米).
    """
    root = ET.Element("qgis", version=VERSION, styleCategories="Symbology|Labeling|Fields")
    dress_layer(root, look, fields=fields)
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ET.tostring(root, encoding="unicode")


def dress_layer(node: ET.Element, look: Look, /, *, fields: Iterable[str]) -> None:
    """Add a look to the element of a style or of a project's layer; arguments as in :func:`write_qml`."""
    kind = "categorizedSymbol" if look.attribute else "singleSymbol"
    renderer = ET.SubElement(
        node, "renderer-v2", type=kind, forceraster="0", symbollevels="0", enableorderby="0"
    )
    if look.attribute:
        renderer.set("attr", look.attribute)
        categories = ET.SubElement(renderer, "categories")
        for number, value in enumerate(look.symbols):
            ET.SubElement(categories, "category", symbol=str(number), value=value, label=value, render="true")
    symbols = ET.SubElement(renderer, "symbols")
    for number, parts in enumerate(look.symbols.values()):
        symbol = ET.SubElement(symbols, "symbol", name=str(number), type=look.geometry, alpha="1")
        symbol.set("clip_to_extent", "1")
        for name, options in parts:
            part = ET.SubElement(symbol, "layer", {"class": name, "enabled": "1", "locked": "0", "pass": "0"})
            _write_map(part, options)
    if look.label:
        node.set("labelsEnabled", "1")
        _write_labels(node, look.label)
    aliases = ET.SubElement(node, "aliases")
    for number, name in enumerate(fields, start=1):  # QGIS counts the feature id as field 0
        ET.SubElement(aliases, "alias", field=name, index=str(number), name=name_alias(name))


def name_alias(name: str, /) -> str:
    """Return how a field is shown: its unit in brackets.

    Examples
    --------
    >>> name_alias("建筑面积_平方米"), name_alias("名称")
    ('建筑面积(平方米)', '名称')
    """
    head, _, unit = name.partition("_")
    return f"{head}({unit})" if unit and not name.isascii() else name


def _write_map(node: ET.Element, options: Mapping[str, str]) -> None:
    table = ET.SubElement(node, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(table, "Option", name=name, type="QString", value=value)


def _write_labels(node: ET.Element, name: str) -> None:
    settings = ET.SubElement(ET.SubElement(node, "labeling", type="simple"), "settings")
    words = {
        "fieldName": name,
        "isExpression": "0",
        "fontFamily": FONT,
        "fontSize": "9",
        "fontSizeUnit": "Point",
    }
    text = ET.SubElement(settings, "text-style", words | {"textColor": _color(style.INK), "textOpacity": "1"})
    halo = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferOpacity": "1"}
    ET.SubElement(text, "text-buffer", halo | {"bufferColor": _color(style.HALO)})
    ET.SubElement(settings, "placement", placement="1", centroidInside="1")
    ET.SubElement(settings, "rendering", obstacle="0", displayAll="0")
