"""Photographs of sites, small enough to travel inside a paper or page."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


def shrink_photo(path: Path, /, *, longest_px: int = 1200, quality: int = 80) -> bytes | None:
    """Return a picture as a small JPEG, upright and without what the camera wrote; None if it is none.

    Parameters
    ----------
    path
        A picture of one of :data:`FORMATS`.
    longest_px
        The longer side is not longer than this.
    quality
        Of the JPEG, 1–95.

    Notes
    -----
    Place and time that a camera writes into its files are left out: a paper goes further than the site.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture that unpacks to too much is none
            with Image.open(path, formats=FORMATS) as picture:
                picture.draft("RGB", (longest_px, longest_px))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Exception:  # noqa: BLE001  # damaged pictures raise kinds of their own
        return None
    upright.thumbnail((longest_px, longest_px))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def measure_photo(content: bytes, /) -> tuple[int, int]:
    """Return width and height of a picture, pixels."""
    with Image.open(io.BytesIO(content)) as picture:
        return picture.size
