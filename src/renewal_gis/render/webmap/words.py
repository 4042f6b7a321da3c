"""The words of the pages in other languages: one dictionary for markup and scripts."""

from __future__ import annotations

import json
from functools import lru_cache

from renewal_gis.errors import InputError
from renewal_gis.render.webmap.assets import read_asset
from renewal_gis.render.webmap.escape import write_json

LANGUAGES = {"zh": "zh-CN", "en": "en"}


@lru_cache(maxsize=4)
def read_words(lang: str, /) -> dict[str, str]:
    """Return the dictionary of a language by the Chinese words; empty for Chinese itself.

    Raises
    ------
    InputError
        There is no such language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"没有语言“{lang}”", remedy=f"可用:{'、'.join(LANGUAGES)}")
    if lang == "zh":
        return {}
    words: dict[str, str] = json.loads(read_asset(f"words_{lang}.json"))
    return words


def say(text: str, lang: str, /) -> str:
    """Return a text of ours in a language; as it is where the dictionary has none."""
    return read_words(lang).get(text, text)


def words_script(lang: str, /) -> str:
    """Return the script that gives the dictionary to the others; they are loaded after it."""
    return f"RG.words = {write_json(read_words(lang))};"
