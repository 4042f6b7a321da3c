"""Paper, ink and marks: the few things a printed map is drawn with, in millimetres."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib import font_manager
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.ft2font import LoadFlags
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import Stroke
from matplotlib.transforms import IdentityTransform

from renewal_gis.errors import PublishError
from renewal_gis.render import style
from renewal_gis.render.fonts import FIGURE_FAMILY, find_font
from renewal_gis.render.typeset import set_punctuation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from renewal_gis.render.style import LineStyle, Symbol

Box = tuple[float, float, float, float]
MM_PER_INCH = 25.4
MM_PER_POINT = MM_PER_INCH / 72
_LINE_SPACING = 1.25
FORMATS = ("png", "pdf", "svg")
_SETTINGS = {
    "font.family": FIGURE_FAMILY,
    "axes.unicode_minus": True,
    "hatch.linewidth": 0.45,
    "text.hinting": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "renewal_gis",
    "pdf.fonttype": 42,
    "path.simplify": False,
}
# what would change from run to run is left out of the files
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": "renewal_gis"},
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": "renewal_gis", "Creator": "renewal_gis"},
    "svg": {"Date": None, "Creator": "renewal_gis"},
}


TEXT_WIDTH_MM = 156.0
"""Width of the type area of an official document (GB/T 9704)."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a figure is drawn on, and how it is saved.

    Parameters
    ----------
    width_mm
        Width of the paper. Text keeps its size in points: do not go much below 120 mm.
    height_mm
        Height of the paper; 0 cuts it to what stands on it.
    margin_mm
        What stays white at each side.
    zoom
        How much larger than on a page in the hand text, marks and lines are drawn: for the wall.
    dpi
        Pixels per inch of a PNG.
    file_format
        ``png``, ``pdf`` (fonts embedded) or ``svg`` (text as text).
    """

    width_mm: float = TEXT_WIDTH_MM
    height_mm: float = 0.0
    margin_mm: float = 0.0
    zoom: float = 1.0
    dpi: int = 300
    file_format: str = "png"

    @property
    def room_mm(self) -> tuple[float, float]:
        """Width and height to draw in, in millimetres before zoom; height 0 where it is cut to fit."""
        room = (side - 2 * self.margin_mm if side else 0.0 for side in (self.width_mm, self.height_mm))
        width, height = (side / self.zoom for side in room)
        return width, height


PAPER = Paper()
PAPERS: Mapping[str, Paper] = MappingProxyType(
    {"156mm": PAPER, "A4": Paper(210.0, 297.0, 10.0), "A3": Paper(297.0, 420.0, 12.0, zoom=1.2)}
)
"""The papers by name: the type area of an official document, and whole pages."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper with something on it; ``height_mm`` is what the drawing takes, before zoom."""

    figure: Figure
    paper: Paper
    height_mm: float

    @property
    def width_mm(self) -> float:
        """Width to draw in, before zoom."""
        return self.paper.room_mm[0]


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the sheet: its axes, its size, and how many map metres a millimetre stands for.

    Sizes are before the paper's ``zoom``.
    """

    axes: Axes
    width_mm: float
    height_mm: float
    scale: float = 1.0
    zoom: float = 1.0

    def to_map(self, size_mm: float) -> float:
        """Return a length on paper as a length on the map."""
        return size_mm * self.scale

    @property
    def box(self) -> Box:
        """West, south, east, north of what the panel shows."""
        (west, east), (south, north) = self.axes.get_xlim(), self.axes.get_ylim()
        return (west, south, east, north)


def mix_colors(first: str, second: str, /, *, share: float) -> str:
    """Return a colour with ``share`` of the second in it."""
    pairs = [(int(first[k : k + 2], 16), int(second[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def find_ink(ground: str, /) -> str:
    """Return the colour of text that reads on a ground: paper on dark, ink on light."""
    red, green, blue = (int(ground[k : k + 2], 16) for k in (1, 3, 5))
    return style.PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else style.INK


@contextmanager
def use_house_style() -> Iterator[None]:
    """Draw with the bundled font and steady settings; the caller's settings come back afterwards."""
    path = str(find_font())
    if all(entry.fname != path for entry in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    with mpl.rc_context(_SETTINGS):
        yield


def make_sheet(paper: Paper, /, *, height_mm: float) -> Sheet:
    """Return an empty sheet for a drawing of that height; the drawing stands at the paper's top."""
    high = max(height_mm * paper.zoom + 2 * paper.margin_mm, paper.height_mm)
    size = (paper.width_mm / MM_PER_INCH, high / MM_PER_INCH)
    return Sheet(Figure(figsize=size, facecolor=style.PAPER), paper, height_mm)


def fit_view(view: Box, ratio: float, /) -> Box:
    """Return the view (west, south, east, north) widened about its middle to width / height = ``ratio``."""
    west, south, east, north = view
    width = max(east - west, (north - south) * ratio)
    x, y, height = (west + east) / 2, (south + north) / 2, width / ratio
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def add_panel(
    sheet: Sheet,
    box_mm: Box,
    *,
    view: Box | None = None,
    frame: str = "",
    ground: str = "none",
) -> Panel:
    """Return a panel at (left, bottom, width, height) on the sheet.

    ``view`` is the part of the map it must show (west, south, east, north); it is widened to the
    panel's shape. Without it the panel counts in millimetres.
    """
    left, bottom, width, height = box_mm
    sheet_w, sheet_h = sheet.figure.get_size_inches() * MM_PER_INCH
    zoom, margin = sheet.paper.zoom, sheet.paper.margin_mm
    low = sheet_h - margin - (sheet.height_mm - bottom) * zoom
    place = ((left * zoom + margin) / sheet_w, low / sheet_h, width * zoom / sheet_w, height * zoom / sheet_h)
    axes = sheet.figure.add_axes(place, facecolor=ground)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(bool(frame))
        spine.set_color(frame or style.INK)
        spine.set_linewidth(0.8 * zoom)
    west, south, east, north = fit_view(view or (0.0, 0.0, width, height), width / height)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    return Panel(axes, width, height, (east - west) / width, zoom)


def draw_area(
    panel: Panel,
    area: BaseGeometry,
    *,
    face: str = "none",
    edge: str = "none",
    width: float = 0.0,
    hatch: str = "",
    order: float = 1.0,
    within: BaseGeometry | None = None,
) -> None:
    """Draw a polygon or several; the hatch in its own ink below the rim; only what lies ``within``."""
    path, window = _outline(area), _outline(within)
    if path is None or (within is not None and window is None):
        return
    patches = [PathPatch(path, facecolor=face, edgecolor="none", linewidth=0, zorder=order)]
    if hatch:
        ink: dict[str, Any] = {"facecolor": "none", "edgecolor": style.HATCH_COLOR, "linewidth": 0.0}
        patches.append(PathPatch(path, hatch=hatch, zorder=order + 0.1, **ink))
    if width:
        rim: dict[str, Any] = {
            "facecolor": "none",
            "edgecolor": edge,
            "linewidth": width * panel.zoom,
            "joinstyle": "round",
        }
        patches.append(PathPatch(path, zorder=order + 0.2, **rim))
    for patch in patches:
        panel.axes.add_artist(patch)
        if window is not None:
            patch.set_clip_path(window, panel.axes.transData)


def _outline(area: BaseGeometry | None) -> Path | None:
    if area is None:
        return None
    parts = [
        part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon) and not part.is_empty
    ]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    paths = [Path(shapely.get_coordinates(ring), closed=True) for ring in rings]
    return Path.make_compound_path(*paths) if paths else None


def draw_lines(
    panel: Panel, lines: Sequence[BaseGeometry], look: LineStyle, *, casing: float = 0.0, order: float = 2.0
) -> None:
    """Draw lines in one style; ``casing`` is the white rim on either side, points."""
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    paths = [shapely.get_coordinates(part) for part in parts if part is not None and part.length > 0]
    if not paths:
        return
    if casing:
        wide = (look.width + 2 * casing) * panel.zoom
        white = LineCollection(paths, colors=style.HALO, linewidths=wide, zorder=order)
        panel.axes.add_collection(white, autolim=False)
    dashes = (0.0, look.dash) if look.dash else "solid"
    ink = LineCollection(
        paths, colors=look.color, linewidths=look.width * panel.zoom, linestyles=[dashes], zorder=order + 0.1
    )
    panel.axes.add_collection(ink, autolim=False)


def draw_marks(
    panel: Panel,
    points: NDArray[np.float64],
    symbol: Symbol,
    *,
    fill: str,
    size_mm: float = 1.6,
    order: float = 5.0,
) -> None:
    """Draw one symbol at many points, filled as the stage group says, with a white rim."""
    if len(points) == 0:
        return
    radius = size_mm * symbol.scale / 2 / MM_PER_POINT
    outline = Path([*style.SHAPES[symbol.shape], style.SHAPES[symbol.shape][0]], closed=True)
    pen = min(max(0.55, radius * 0.26), 0.9)
    _stamp(panel, outline, points, radius, face="none", edge=style.HALO, pen=pen + 1.0, order=order)
    face = symbol.color if fill == "full" else style.PAPER
    edge = style.INK if fill == "full" else mix_colors(symbol.color, style.INK, share=0.35)
    _stamp(
        panel,
        outline,
        points,
        radius,
        face=face,
        edge=edge,
        pen=pen * (0.6 if fill == "full" else 1),
        order=order,
    )
    if fill == "half":
        whole = shapely.Polygon(style.SHAPES[symbol.shape])
        lower = _outline(shapely.intersection(whole, shapely.box(-2, -2, 2, 0)))
        _stamp(panel, lower, points, radius, face=symbol.color, edge="none", pen=0.0, order=order)
    if fill == "dot":
        _stamp(
            panel,
            Path.unit_circle(),
            points,
            radius * 0.4,
            face=symbol.color,
            edge="none",
            pen=0.0,
            order=order,
        )


def _stamp(
    panel: Panel, path: Path | None, points: NDArray[np.float64], radius: float, *,
    face: str, edge: str, pen: float, order: float,
) -> None:  # fmt: skip
    if path is None:
        return
    marks = PathCollection(
        [path], sizes=[(radius * panel.zoom) ** 2], offsets=points, offset_transform=panel.axes.transData,
        facecolors=face, edgecolors=edge, linewidths=pen * panel.zoom, zorder=order,
    )  # fmt: skip
    marks.set_transform(IdentityTransform())
    panel.axes.add_collection(marks, autolim=False)


def put_text(
    panel: Panel,
    place: tuple[float, float],
    text: str,
    *,
    size: float,
    color: str = style.INK,
    anchor: str = "left center",
    halo: float = 0.0,
    bold: bool = False,
) -> None:
    """Write text at a place; ``halo`` is the white rim, points; ``bold`` thickens the one weight we carry.

    ``anchor`` is the point of the text that lies on the place, across and up. Rim and thickening
    are texts of their own below the ink, so that the ink stays text in SVG and PDF.
    """
    across, up = anchor.split()
    look: dict[str, Any] = {
        "fontsize": size * panel.zoom,
        "ha": across,
        "va": up,
        "linespacing": _LINE_SPACING,
    }
    text = set_punctuation(text)
    rims = [(style.HALO, 2 * halo)] if halo else []
    rims += [(color, size * 0.035)] if bold else []
    for ink, pen in rims:
        rim = panel.axes.text(*place, text, color=ink, zorder=9.9, **look)
        rim.set_path_effects([Stroke(linewidth=pen * panel.zoom, foreground=ink, joinstyle="round")])
    panel.axes.text(*place, text, color=color, zorder=10.0, **look)


def measure_text(text: str, size: float, /) -> tuple[float, float]:
    """Return width and height in millimetres of a text of several lines."""
    lines = set_punctuation(text).split("\n")
    widest = max(sum(_measure_letter(letter) for letter in line) for line in lines)
    return widest * size * MM_PER_POINT, len(lines) * size * _LINE_SPACING * MM_PER_POINT


@lru_cache(maxsize=4096)
def _measure_letter(letter: str) -> float:
    """Return the advance of a letter, in ems."""
    face = font_manager.get_font(find_font())
    face.set_size(1000.0, 72.0)
    return float(face.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 / 1000)


def draw_box(
    panel: Panel, box: Box, *,
    face: str = "none", edge: str = "none", width: float = 0.5, hatch: str = "", order: float = 8.0,
) -> None:  # fmt: skip
    """Draw a rectangle (west, south, east, north)."""
    draw_area(panel, shapely.box(*box), face=face, edge=edge, width=width, hatch=hatch, order=order)


def save_sheet(sheet: Sheet, /) -> bytes:
    """Return the sheet as the bytes of a file, the same on every run.

    Raises
    ------
    PublishError
        A format that is not one of :data:`FORMATS`.
    """
    paper = sheet.paper
    check_format(paper.file_format)
    buffer = io.BytesIO()
    sheet.figure.savefig(
        buffer, format=paper.file_format, dpi=paper.dpi, metadata=_METADATA[paper.file_format]
    )
    return buffer.getvalue()


def check_format(file_format: str, /) -> None:
    """Refuse a format before anything is drawn.

    Raises
    ------
    PublishError
        A format that is not one of :data:`FORMATS`.
    """
    if file_format not in FORMATS:
        raise PublishError(f"不支持的图件格式“{file_format}”", remedy=f"可用:{'、'.join(FORMATS)}")
