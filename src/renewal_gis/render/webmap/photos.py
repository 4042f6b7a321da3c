"""Photographs of sites small enough to travel inside a page."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    import pandas as pd

LONGEST_PX = 640
QUALITY = 72
BUDGET_BYTES = 700_000
SLOTS = ("photo_before", "photo_after")


def shrink_photo(path: Path, /) -> bytes | None:
    """Return a picture as a JPEG of at most 640 px, without what the camera wrote; None if it is none."""
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            upright.thumbnail((LONGEST_PX, LONGEST_PX))
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=QUALITY, optimize=True)
            return out.getvalue()
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        return None


def gather_photos(sites: pd.DataFrame, /, *, budget: int = BUDGET_BYTES) -> dict[str, dict[str, str]]:
    """Return the photographs of sites for a page, by id and slot: a ``data:`` address, or a path.

    Parameters
    ----------
    sites
        SITES with ``photo_before`` and ``photo_after``; files that are missing or no pictures are left out.
    budget
        Bytes that may travel inside the page; what comes after is named by its path as written.
    """
    found: dict[str, dict[str, str]] = {}
    for slot in SLOTS:
        if slot not in sites:
            continue
        for site, written in sites.loc[sites[slot].fillna("") != "", slot].items():
            picture = shrink_photo(Path(str(written)))
            if picture is None:
                continue
            inside = len(picture) <= budget
            budget -= len(picture) if inside else 0
            text = base64.b64encode(picture).decode()
            found.setdefault(str(site), {})[slot] = (
                f"data:image/jpeg;base64,{text}" if inside else str(written)
            )
    return found
