"""Scripts and styles of folium's plugins, from the registry package that carries them by address."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "folium-offline"
_FILE = "offlinefolium/elements.py"
_TABLE = "_res"
# only where it is a line of its own: some scripts hold the words in a string
MAP_COMMENT = re.compile(r"^\s*(?://|/\*)[#@]\s*sourceMappingURL=.*$", re.MULTILINE)
_OUTER_URL = re.compile(r"url\(\s*(?!['\"]?(?:data:|#|%23))[^)]*\)")
_IMPORT = re.compile(r"@import[^;]+;")


@lru_cache(maxsize=1)
def _read_table() -> Mapping[str, str]:
    """Return the package's texts by address; nothing where it is not installed.

    The file is read, never run: its table is made of plain strings.
    """
    try:
        folder = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return MappingProxyType({})
    source = Path(str(folder.locate_file(_FILE))).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in ast.parse(source).body:
        if not (isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)):
            continue
        target = line.targets[0]
        if (
            isinstance(target, ast.Subscript)
            and isinstance(target.value, ast.Name)
            and target.value.id == _TABLE
            and isinstance(target.slice, ast.Constant)
        ):
            found[str(target.slice.value)] = str(line.value.value)
    return MappingProxyType(found)


def find_plugin_asset(url: str, /) -> str | None:
    """Return a plugin's script or style by the address that folium asks for; None where there is none.

    Pictures and fonts of a style stand in it as data; what is left to fetch (old formats of the same
    fonts) is emptied, source maps are dropped.
    """
    text = _read_table().get(url)
    if text is None:
        return None
    text = MAP_COMMENT.sub("", text)
    if url.endswith(".css"):
        text = _OUTER_URL.sub('url("data:,")', _IMPORT.sub("", text))
    return text
