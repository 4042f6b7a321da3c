"""Photographs of sites: within the page as long as there is room, beside it after that."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.render.photos import shrink_photo

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

LONGEST_PX = 640
QUALITY = 72
BUDGET_BYTES = 700_000
SLOTS = ("photo_before", "photo_after")
BESIDE = "photos"
"""The folder beside the page for what does not travel inside it."""


def gather_photos(sites: pd.DataFrame, /, *, budget: int = BUDGET_BYTES) -> dict[str, dict[str, str]]:
    """Return the photographs of sites for a page, by id and slot: a ``data:`` address, or a link.

    Parameters
    ----------
    sites
        SITES with ``photo_before`` and ``photo_after``; files that are missing or no pictures are left out.
    budget
        Bytes that may travel inside the page; what comes after is linked (:func:`list_beside`).
    """
    found: dict[str, dict[str, str]] = {}
    for site, slot, picture, inside in _share_room(sites, budget):
        text = base64.b64encode(picture).decode()
        found.setdefault(site, {})[slot] = f"data:image/jpeg;base64,{text}" if inside else _name(picture)
    return found


def list_beside(sites: pd.DataFrame, /, *, budget: int = BUDGET_BYTES) -> dict[str, bytes]:
    """Return the photographs for which the page has no room, by their path from the page's folder."""
    return {_name(picture): picture for _, _, picture, inside in _share_room(sites, budget) if not inside}


def _share_room(sites: pd.DataFrame, budget: int) -> Iterator[tuple[str, str, bytes, bool]]:
    for slot in SLOTS:
        if slot not in sites:
            continue
        for site, written in sites.loc[sites[slot].fillna("") != "", slot].items():
            picture = shrink_photo(Path(str(written)), longest_px=LONGEST_PX, quality=QUALITY)
            if picture is None:
                continue
            inside = len(picture) <= budget
            budget -= len(picture) if inside else 0
            yield str(site), slot, picture, inside


def _name(picture: bytes) -> str:
    return f"{BESIDE}/{hashlib.sha256(picture).hexdigest()[:16]}.jpg"
