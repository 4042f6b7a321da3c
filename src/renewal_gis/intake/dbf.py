"""The attribute table of a shapefile, read byte by byte.

GDAL refuses a table whose field names were cut inside a Chinese character, which is how many
programs write them, and decides on an encoding without evidence. Here the evidence is weighed.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renewal_gis.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_LDID = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5", 0x78: "big5", 0x03: "cp1252"}
_CPG = {
    "936": "gb18030",
    "cp936": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "65001": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "950": "big5",
    "big5": "big5",
    "oem": "",
    "ansi 936": "gb18030",
}


@dataclass(frozen=True, slots=True)
class Attributes:
    """Names and rows of a table; ``evidence`` says how the encoding is known (empty if declared)."""

    names: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    alive: tuple[bool, ...]
    encoding: str
    evidence: str
    mended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    raw: bytes
    kind: str
    start: int
    width: int


def read_dbf(path: Path, /, *, name: str) -> Attributes:
    """Return the attribute table.

    Parameters
    ----------
    path
        The ``.dbf``; a ``.cpg`` beside it is taken as the declared encoding.
    name
        What the file is called, for messages.

    Raises
    ------
    InputError
        Damaged, or no encoding fits.
    """
    body = path.read_bytes()
    if len(body) < 33:
        raise InputError(".dbf 损坏或不完整", place=name, remedy="请重新导出整套 shapefile")
    count, head, width = struct.unpack("<xxxxIHH", body[:12])
    fields = _read_fields(body, head)
    if not fields or width < 2 or head + count * width > len(body) + width:
        raise InputError(
            f".dbf 损坏或不完整:应有 {count} 条记录", place=name, remedy="请重新导出整套 shapefile"
        )
    records = [body[head + k * width : head + (k + 1) * width] for k in range(count)]
    strange = next((k for k, record in enumerate(records) if record[:1] not in (b" ", b"*", b"\0")), None)
    if strange is not None:
        raise InputError(
            f".dbf 损坏(corrupt):第 {strange + 1} 条记录没有行标记",
            place=name,
            remedy="请重新导出整套 shapefile",
        )
    encoding, evidence = _choose_encoding(path, body[29], fields, records, name)
    names, mended = _name_fields(fields, encoding)
    rows = tuple(
        {
            n: _read_value(r[f.start : f.start + f.width], f.kind, encoding)
            for n, f in zip(names, fields, strict=True)
        }
        for r in records
    )
    return Attributes(names, rows, tuple(r[:1] != b"*" for r in records), encoding, evidence, mended)


def _read_fields(body: bytes, head: int) -> list[_Field]:
    fields: list[_Field] = []
    start = 1
    for place in range(32, min(head, len(body)) - 31, 32):
        if body[place] == 0x0D:
            break
        raw = body[place : place + 11].split(b"\0")[0].rstrip()
        width = body[place + 16]
        fields.append(_Field(raw, chr(body[place + 11]), start, width))
        start += width
    return fields


def _choose_encoding(
    path: Path, ldid: int, fields: list[_Field], records: list[bytes], name: str
) -> tuple[str, str]:
    cpg = next((p for p in path.parent.iterdir() if p.suffix.lower() == ".cpg" and p.stem == path.stem), None)
    declared = cpg.read_text("latin1").strip().lower() if cpg else ""
    declared = _CPG.get(declared, _CPG.get(declared.removeprefix("windows-"), ""))
    texts = [field.raw for field in fields] + [
        r[f.start : f.start + f.width].rstrip(b" \0")
        for r in records[:20_000]
        for f in fields
        if f.kind == "C"
    ]
    if declared in ("gb18030", "big5") and _is_chinese_utf8(texts):
        return "utf-8", f".cpg 声明为 {declared},内容却是 UTF-8"
    if declared and _fits(texts, declared):
        return declared, ""
    if _LDID.get(ldid) and _fits(texts, _LDID[ldid]) and not declared:
        return _LDID[ldid], ""
    for encoding in ("utf-8", "gb18030", "big5"):
        if _fits(texts, encoding):
            why = f".cpg 声明为 {declared},与内容不符" if declared else "没有声明编码(.cpg)"
            return encoding, "" if all(
                text.isascii() for text in texts
            ) else f"{why},按内容判断为 {encoding.upper()}"
    raise InputError("编码(encoding)无法识别", place=name, remedy="请附 .cpg 文件,写明 UTF-8 或 GBK")


def _fits(texts: list[bytes], encoding: str) -> bool:
    return all(_decode(text, encoding)[1] for text in texts if not text.isascii())


def _is_chinese_utf8(texts: list[bytes]) -> bool:
    """Tell whether all text is UTF-8 and mostly Chinese: GBK text hardly ever is by accident."""
    foreign = [text for text in texts if not text.isascii()]
    if not foreign or not _fits(foreign, "utf-8"):
        return False
    chars = [char for text in foreign for char in _decode(text, "utf-8")[0] if not char.isascii()]
    return bool(chars) and sum("\u4e00" <= char <= "\u9fff" for char in chars) > 0.8 * len(chars)


def _decode(raw: bytes, encoding: str) -> tuple[str, bool]:
    """Return text and whether it is sound; a character cut at the very end is left away."""
    for cut in range(4):
        with contextlib.suppress(UnicodeDecodeError):
            text = raw[: len(raw) - cut].decode(encoding)
            return text, not any("\ue000" <= char <= "\uf8ff" for char in text)
    return raw.decode(encoding, "replace"), False


def _name_fields(fields: list[_Field], encoding: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names: list[str] = []
    mended: list[str] = []
    for field in fields:
        text = _decode(field.raw, encoding)[0]
        if text.encode(encoding, "ignore") != field.raw:
            mended.append(text)
        unique = text or "字段"
        while unique in names:
            unique += "_"
        if unique != text:
            mended.append(unique)
        names.append(unique)
    return tuple(names), tuple(mended)


def _read_value(raw: bytes, kind: str, encoding: str) -> Any:
    if kind in "NF":
        text = raw.decode("ascii", "replace").strip().strip("\0*")
        try:
            return (float(text) if "." in text or "e" in text.lower() else int(text)) if text else None
        except ValueError:
            return text
    if kind == "D":
        text = raw.decode("ascii", "replace").strip().strip("\0")
        return None if not text or text == "00000000" else text
    if kind == "L":
        return {"T": True, "Y": True, "F": False, "N": False}.get(raw.decode("ascii", "replace").upper())
    return _decode(raw.rstrip(b" \0"), encoding)[0]
