"""Which typefaces the products use, and where the bundled one lies."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from renewal_gis.errors import MissingFileError

FIGURE_FAMILY = "Noto Sans SC"
"""Family of the bundled face (SIL Open Font License)."""
_PACKAGE, _FACE = "zhplot", "fonts/NotoSansSC-Regular.ttf"


@dataclass(frozen=True, slots=True)
class Typeface:
    """A face of the office's papers and the free ones that may stand in for it."""

    name: str
    substitutes: tuple[str, ...]


TITLE_FACE = Typeface("方正小标宋简体", ("华文中宋", "Source Han Serif SC", "Noto Serif CJK SC"))
BODY_FACE = Typeface("仿宋", ("仿宋_GB2312", "FangSong", "华文仿宋", "FandolFang", "Noto Serif CJK SC"))
HEADING_FACE = Typeface("黑体", ("SimHei", "Source Han Sans SC", "Noto Sans CJK SC"))
KAITI_FACE = Typeface("楷体", ("楷体_GB2312", "KaiTi", "LXGW WenKai", "Noto Serif CJK SC"))
LATIN_FACE = Typeface("Times New Roman", ("Liberation Serif", "Noto Serif"))
FACES = (TITLE_FACE, BODY_FACE, HEADING_FACE, KAITI_FACE, LATIN_FACE)


def find_font() -> Path:
    """Return the file of the bundled Chinese font.

    The package that carries it is located, never imported: importing it would change
    matplotlib's settings for the whole process.

    Raises
    ------
    MissingFileError
        The package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        path = Path(place, _FACE)
        if path.is_file():
            return path
    raise MissingFileError(
        f"找不到随包字体 {FIGURE_FAMILY}", place=_PACKAGE, remedy=f"安装依赖:pip install {_PACKAGE}"
    )
