"""How offices and map exports write a road's class, name and level, and what we call it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STREETS = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "living_street",
    "pedestrian",
    "service",
    "track",
    "road",
    "motorway_link",
    "trunk_link",
    "primary_link",
    "secondary_link",
    "tertiary_link",
    "busway",
)
"""Classes of the network, the weightier first where a street carries several."""
PLANNED = frozenset({"construction", "proposed", "planned"})
_ASIDE_WORDS = (
    "footway steps path cycleway bridleway corridor platform elevator escalator crossing bus_stop raceway"
    " rest_area services abandoned razed disused no bus_guideway via_ferrata ladder dummy emergency_bay"
)
ASIDE = frozenset(_ASIDE_WORDS.split())
"""Ways on which no car drives: a missing link of theirs is not a dead-end road."""
UNKNOWN_CLASS = "unclassified"

CLASS_WORDS: Mapping[str, str] = {
    "高速公路": "motorway",
    "高速": "motorway",
    "城市快速路": "trunk",
    "快速路": "trunk",
    "国道": "trunk",
    "一级公路": "trunk",
    "省道": "primary",
    "主干路": "primary",
    "主干道": "primary",
    "城市主干路": "primary",
    "城市主干道": "primary",
    "二级公路": "primary",
    "县道": "secondary",
    "次干路": "secondary",
    "次干道": "secondary",
    "城市次干路": "secondary",
    "城市次干道": "secondary",
    "三级公路": "secondary",
    "支路": "tertiary",
    "城市支路": "tertiary",
    "乡道": "tertiary",
    "四级公路": "tertiary",
    "街巷": "residential",
    "街坊路": "residential",
    "背街小巷": "residential",
    "巷道": "residential",
    "村道": "unclassified",
    "其他": "unclassified",
    "其他道路": "unclassified",
    "小区路": "service",
    "小区道路": "service",
    "内部道路": "service",
    "匝道": "primary_link",
    "步行街": "pedestrian",
    "机耕路": "track",
    "人行道": "footway",
    "人行天桥": "footway",
    "非机动车道": "cycleway",
    "规划": "proposed",
    "规划道路": "proposed",
    "在建": "construction",
    "在建道路": "construction",
}

_HEADER_WORDS = {
    "highway": "highway fclass road_class class 道路等级 道路类型 道路类别 等级 类别 技术等级 道路等 道路类",
    "name": "name road_name street_name 道路名称 路名 街道名称 名称 道路名 nm",
    "bridge": "bridge 桥梁 是否桥梁 桥",
    "tunnel": "tunnel 隧道 是否隧道",
    "layer": "layer level 层 层级 层次",
    "oneway": "oneway one_way 单行 是否单行 单向",
    "noexit": "noexit 尽头 尽头路 是否尽头",
    "junction": "junction",
    "turning": "turning turning_circle",
    "service": "service",
    "width_m": "width width_m 宽度 路宽 红线宽度 宽度(米) 红线宽度(米)",
    "status": "status 状态 建设状态 现状",
}
HEADERS: Mapping[str, tuple[str, ...]] = {field: tuple(text.split()) for field, text in _HEADER_WORDS.items()}
"""Our columns, each with the headers under which it is known (compared without case or blanks)."""

WIDEST_M = 200.0
"""A street wider than this is a slip of the pen."""
_FALSE = frozenset({"", "false", "no", "0", "n", "b", "否", "无", "none", "nan", "<na>"})
_UNSET = frozenset({"", "nan", "none", "null", "<na>", "nat"})


def match_headers(
    columns: Iterable[object], own: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, str]:
    """Which source column holds which of ours.

    Parameters
    ----------
    columns
        Headers of the file.
    own
        Further headers per column of ours, tried before :data:`HEADERS`.

    Returns
    -------
    dict
        Our column → the file's header; the first match counts, columns without one are absent.
    """
    by_key = {_squeeze(column): str(column) for column in reversed(list(columns))}
    found: dict[str, str] = {}
    for field, known in HEADERS.items():
        tried = (*(own or {}).get(field, ()), *known)
        hit = next((by_key[_squeeze(word)] for word in tried if _squeeze(word) in by_key), None)
        if hit is not None:
            found[field] = hit
    return found


def _squeeze(word: object) -> str:
    return str(word).replace(" ", "").replace("(", "(").replace(")", ")").strip().lower()


def read_classes(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Road classes in the words of OpenStreetMap, and where the source's word was not known.

    Parameters
    ----------
    values
        Classes as written: OSM values, Chinese classes, lists as osmnx writes them.

    Returns
    -------
    tuple of Series
        Class per row (:data:`UNKNOWN_CLASS` where there is none), and bool: the word was unknown.
    """
    codes, words = _number_words(values)
    taken = [_read_class(word) for word in words]
    named = np.array([word or UNKNOWN_CLASS for word, _ in taken], dtype=object)
    strange = np.array([odd for _, odd in taken], dtype=bool)
    return (
        pd.Series(named[codes] if len(words) else [], index=values.index, dtype=object),
        pd.Series(strange[codes] if len(words) else [], index=values.index, dtype=bool),
    )


def _read_class(word: str) -> tuple[str, bool]:
    parts = split_list(word)
    if not parts:
        return "", False
    known = [CLASS_WORDS.get(part, part.lower()) for part in parts]
    streets = [part for part in known if part in STREETS]
    if streets:
        return min(streets, key=STREETS.index), False
    rest = next((part for part in known if part in PLANNED | ASIDE), None)
    return (rest, False) if rest else (UNKNOWN_CLASS, True)


def split_list(word: str) -> list[str]:
    """Parts of a value that may be a list in Python's or OSM's spelling (``['a', 'b']``, ``a;b``)."""
    if word.startswith("[") and word.endswith("]"):
        try:
            items = ast.literal_eval(word)
        except (ValueError, SyntaxError):
            items = [word]
        return [str(item).strip() for item in items if str(item).strip()]
    return [part.strip() for part in word.split(";") if part.strip().lower() not in _UNSET]


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple, np.ndarray)):
        return ";".join(str(item) for item in value)
    word = str(value).strip() if value is not None else ""
    return "" if word.lower() in _UNSET else word


def _number_words(values: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Number the rows by their text, so that each spelling is read once."""
    try:
        codes, found = pd.factorize(values, use_na_sentinel=False)
    except TypeError:  # lists do not hash
        codes, found = pd.factorize(values.map(_as_text))
    return codes, [_as_text(word) for word in found]


def read_names(values: pd.Series) -> pd.Series:
    """Names without blanks around them; empty where there is none; several joined by “、”."""
    codes, words = _number_words(values)
    tidy = np.array(["、".join(split_list(word)) for word in words], dtype=object)
    return pd.Series(tidy[codes] if len(words) else [], index=values.index, dtype=object)


def read_flags(values: pd.Series, *, oneway: bool = False) -> pd.Series:
    """Yes or no per row; a word that is neither (``viaduct``) counts as yes.

    ``oneway`` reads F, T and B as the shapefiles of OpenStreetMap extracts mean them: forwards,
    backwards, both. Elsewhere F is no.
    """
    if values.dtype == bool:
        return values.copy()
    codes, words = _number_words(values)
    flags = np.array([_read_flag(word, oneway=oneway) for word in words], dtype=bool)
    return pd.Series(flags[codes] if len(words) else [], index=values.index, dtype=bool)


def _read_flag(word: str, *, oneway: bool) -> bool:
    parts = [part.lower() for part in split_list(word)]
    if oneway:
        return any(part not in _FALSE and part not in {"reversible", "alternating"} for part in parts)
    return any(part not in _FALSE and part != "f" for part in parts)


def read_layers(values: pd.Series) -> pd.Series:
    """Level of the road as a whole number; 0 where none is written."""
    first = values.map(_as_text).str.split(";").str[0].str.strip("[]'\" ")
    return pd.to_numeric(first, errors="coerce").fillna(0).clip(-9, 9).astype("int64")


def read_widths(values: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Widths in metres, and which of them were mended or could not be read.

    Returns
    -------
    tuple of Series
        Width (NaN where unknown); bool: a number with its unit (``12m``); bool: no usable width
        though something is written (text, ≤ 0, or above :data:`WIDEST_M`).
    """
    words = values.map(_as_text).str.strip("\"'").astype("object")
    plain = pd.to_numeric(words, errors="coerce")
    with_unit = pd.to_numeric(words.str.extract(r"^([\d.]+)\s*(?:m|M|米|公尺)$")[0], errors="coerce")
    mended = plain.isna() & with_unit.notna()
    width = plain.where(~mended, with_unit).astype(float)
    usable = (width > 0) & (width <= WIDEST_M)
    refused = (words != "") & ~usable
    return width.where(usable), mended & usable, refused
