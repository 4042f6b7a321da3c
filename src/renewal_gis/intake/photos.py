"""Photographs that a workbook names: found in its own folder, and pictures indeed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from renewal_gis.intake.cells import BLANK_WORDS, fold_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from renewal_gis.intake.records import Fates

PHOTOS = frozenset({"photo_before", "photo_after"})
"""The columns of SITES that name photographs."""
MAX_BYTES = 64 << 20


def find_photo(text: object, folder: Path, /) -> tuple[str, str]:
    """Return the path of a photograph, and what is wrong with it.

    Parameters
    ----------
    text
        What the cell says: a path relative to the workbook's folder.
    folder
        The workbook's folder. A path that leads out of it is never opened.

    Returns
    -------
    str, str
        The resolved path, empty where there is none; the fault, empty where all is well.
    """
    word = fold_text(text).replace("\\", "/")
    if word.lower() in BLANK_WORDS:
        return "", ""
    if "\0" in word or ":" in word or word.startswith(("/", "~")):
        return "", "不是相对路径(path)"
    try:
        place = (folder / word).resolve(strict=True)
        inside = place.is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return "", "文件不存在"
    if not inside:
        return "", "指向文件夹之外(path)"
    if not place.is_file() or not 0 < place.stat().st_size <= MAX_BYTES:
        return "", "不是文件,或大小不对"
    return (str(place), "") if _is_picture(place) else ("", "不是图片")


def _is_picture(path: Path) -> bool:
    from PIL import Image  # noqa: PLC0415  # only workbooks with photographs need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture that unpacks to too much is none
            with Image.open(path, formats=("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")) as picture:
                picture.verify()
    except Exception:  # noqa: BLE001  # damaged pictures raise kinds of their own
        return False
    return True


def take_photos(fates: Fates, label: str, values: Sequence[str | None], folder: Path) -> list[str]:
    """Return the resolved paths of a column; a photograph that cannot be used is told and left blank."""
    found = []
    for row, value in enumerate(values):
        path, fault = find_photo(value, folder)
        if fault:
            fates.note("photo-missing", row, column=label, value=value, new=fault)
        found.append(path)
    return found
