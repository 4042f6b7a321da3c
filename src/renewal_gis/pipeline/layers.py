"""Any layers to one map that opens by double-click; no plan is needed."""

from __future__ import annotations

import logging
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError
from renewal_gis.files import write_bytes
from renewal_gis.intake.places import list_files, list_layers, read_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renewal_gis.findings import Finding
    from renewal_gis.intake.places import Places

logger = logging.getLogger(__name__)

_NAMED = re.compile(r"^(?P<name>[^=/\\]+)=(?P<path>.+)$", re.DOTALL)


@dataclass(frozen=True)
class LayerCount:
    """One layer of a map: rows read, rows on the map, the system that its file is in."""

    name: str
    file: str
    crs: str
    read: int
    drawn: int

    @property
    def missing(self) -> int:
        """Rows without a geometry that can be drawn; they are in the table."""
        return self.read - self.drawn


@dataclass(frozen=True)
class MapSummary:
    """What :func:`run_map` did."""

    output: str
    bytes: int
    layers: tuple[LayerCount, ...]
    findings: tuple[Finding, ...]

    def to_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def split_name(word: str, /) -> tuple[str, str]:
    r"""Return the name and the path of ``name=file``; the name is empty where only a file is given.

    Examples
    --------
    >>> split_name("道路=roads.shp")
    ('道路', 'roads.shp')
    >>> split_name("C:\\gis\\a=b.shp")
    ('', 'C:\\gis\\a=b.shp')
    """
    found = _NAMED.match(word)
    # a path that is there is a path, whatever signs are in it
    if found is None or Path(word).exists():
        return "", word
    return found["name"].strip(), found["path"]


def run_map(
    layers: Sequence[str],
    out_path: str | Path,
    /,
    *,
    crs: str | None = None,
    label: str | None = None,
    status: str | None = None,
    popup: Sequence[str] = (),
    title: str = "",
    basemaps: Sequence[str] = (),
) -> MapSummary:
    """Read layers of any format and write one map page, whole or not at all.

    Parameters
    ----------
    layers
        Files, ``name=file``, or folders (every vector file in them). Each layer of a GeoPackage
        becomes one of the map.
    out_path
        The page.
    crs
        The system of files that name none, as in :func:`renewal_gis.intake.places.read_places`.
    label, status, popup
        Columns: what is written on the map, what the legend is about, what a click tells (all if
        empty). A column that a layer does not have is left away there.
    title
        The page's title; the output's name if empty.
    basemaps
        Online basemaps that the page offers, as in :mod:`renewal_gis.render.webmap.basemaps`.

    Raises
    ------
    MissingFileError, InputError, CrsError
        A layer that cannot be read, or does not say its system.
    SchemaError
        A named column is in none of the layers.
    PublishError
        The page could not be written.
    """
    # folium takes a second to import: only who draws pays for it
    from renewal_gis.render.webmap.layers import MapLayer, write_layers  # noqa: PLC0415

    target = Path(out_path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"不支持的输出格式“{target.suffix}”", place=str(target), remedy="地图输出为 .html")
    found = _read_all(layers, crs)
    page = write_layers(
        [MapLayer(name, places.frame) for name, places, _ in found],
        title=title or target.stem,
        label=label,
        status=status,
        popup=popup,
        sources=tuple(dict.fromkeys(path.name for _, _, path in found)),
        basemaps=basemaps,
    )
    content = page.encode()
    write_bytes(target, content)
    counts = tuple(_count(name, places, path) for name, places, path in found)
    logger.info("图层 %d 个,%d 个要素,%d 字节", len(counts), sum(c.read for c in counts), len(content))
    findings = tuple(finding for _, places, _ in found for finding in places.findings)
    return MapSummary(str(target), len(content), counts, findings)


def _read_all(words: Sequence[str], crs: str | None) -> list[tuple[str, Places, Path]]:
    found: list[tuple[str, Places, Path]] = []
    taken: dict[str, int] = {}
    for word in words:
        name, path = split_name(word)
        files = list_files(path)
        for file in files:
            inner = list_layers(file)
            for layer in inner:
                own = layer or file.stem
                alone = len(files) == 1 and len(inner) == 1
                full = own if not name else name if alone else f"{name} {own}"
                taken[full] = taken.get(full, 0) + 1
                unique = full if taken[full] == 1 else f"{full} {taken[full]}"
                found.append((unique, read_places(file, crs=crs, layer=layer), file))
    return found


def _count(name: str, places: Places, path: Path) -> LayerCount:
    shapes = places.frame.geometry
    drawn = int((shapes.notna() & ~shapes.is_empty).sum())
    return LayerCount(name, path.name, places.crs, len(places.frame), drawn)
