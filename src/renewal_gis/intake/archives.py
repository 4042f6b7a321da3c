"""Archives: what may be unpacked, how much of it, and under which names."""

from __future__ import annotations

import contextlib
import re
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_UNPACKED_BYTES = 2 << 30
MAX_RATIO = 200
"""A zip that unpacks to more than this many times its size, and to more than 32 MB, is refused."""
MAX_ENTRIES = 20_000
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def check_zip(path: Path, /) -> None:
    """Refuse an archive that is damaged, locked, leads out of its folder or unpacks to too much.

    Raises
    ------
    InputError
        See above; the message names the entry.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"zip 损坏或不完整:{error}", place=path.name, remedy="请重新打包") from error
    if len(entries) > MAX_ENTRIES:
        raise InputError(
            f"zip 内有 {len(entries)} 个文件,超过 {MAX_ENTRIES}", place=path.name, remedy="请分批报送"
        )
    for entry in entries:
        check_entry_name(entry.filename, place=path.name)
        if entry.flag_bits & 0x1:
            raise InputError("zip 有密码(password,加密)", place=path.name, remedy="请去掉密码后再报")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise InputError(
                f"zip 内“{entry.filename[:60]}”是链接(unsafe),路径不可信",
                place=path.name,
                remedy="请重新打包",
            )
    name, count = Counter(entry.filename for entry in entries).most_common(1)[0] if entries else ("", 0)
    if count > 1:
        raise InputError(f"zip 内有同名文件(duplicate)“{name[:60]}”", place=path.name, remedy="请重新打包")
    _check_ratio(path, entries)


def check_entry_name(name: str, *, place: str) -> None:
    """Refuse an archive entry whose name leads out of the folder it is unpacked to."""
    parts = re.split(r"[\\/]", name)
    if not name:
        raise InputError("zip 内有没有名称的文件(corrupt)", place=place, remedy="请重新打包")
    if name.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:", name) or ".." in parts or "\0" in name:
        raise InputError(
            f"zip 内路径“{name[:60]}”不安全(unsafe,含 .. 或绝对路径)",
            place=place,
            remedy="请重新打包,不要包含路径",
        )


def _check_ratio(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    size = max(path.stat().st_size, 1)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > 32 << 20 and unpacked / size > MAX_RATIO):
        raise InputError(
            f"zip 解压后大小(size)为 {unpacked} 字节,压缩比(ratio)为 {unpacked / size:.0f},拒绝打开",
            place=path.name,
            remedy="请重新导出;确为大文件时分批报送",
        )


def check_contents(path: Path, /) -> None:
    """Inflate every entry once and count: a directory may lie about the sizes of its entries.

    Raises
    ------
    InputError
        Damaged, or larger than is told.
    """
    left = max(MAX_RATIO * path.stat().st_size, 64 << 20)
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                left = _inflate(archive, entry, left, name=path.name)
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, ValueError) as error:
        raise InputError(
            f"zip/xlsx 损坏(corrupt):{error}", place=path.name, remedy="请重新导出或重新传送"
        ) from error
    if left < 0:
        raise InputError(
            "zip 解压后大小(size)远超所声明,压缩比(ratio)异常,拒绝打开", place=path.name, remedy="请重新导出"
        )


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, *, name: str) -> int:
    """Return how many bytes may still come after this entry; its XML must declare no entities."""
    marked = entry.filename.lower().endswith((".xml", ".rels"))
    tail = b""
    with archive.open(entry) as source:
        while left >= 0 and (block := source.read(1 << 20)):
            left -= len(block)
            if marked and _DOCTYPE.search((tail + block).replace(b"\0", b"")):
                raise InputError(
                    f"“{entry.filename}”含 DOCTYPE/ENTITY 实体声明(XML)",
                    place=name,
                    remedy="请用 WPS 或 Excel 重新另存",
                )
            tail = block[-32:]
    return left


@contextlib.contextmanager
def unpack(path: Path, /, *, name: str) -> Iterator[Path]:
    """Lend a folder with the archive's files; their bytes are counted while they are written."""
    with tempfile.TemporaryDirectory(prefix="intake-") as folder, zipfile.ZipFile(path) as archive:
        left = MAX_UNPACKED_BYTES
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            target = Path(folder).joinpath(*re.split(r"[\\/]", read_entry_name(entry)))
            target.parent.mkdir(parents=True, exist_ok=True)
            left = _copy_entry(archive, entry, target, left, name=name)
        yield Path(folder)


def read_entry_name(entry: zipfile.ZipInfo, /) -> str:
    """Return an entry's name; names that were not marked UTF-8 are GB18030 in these offices."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return entry.filename


def _copy_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int, *, name: str
) -> int:
    try:
        with archive.open(entry) as source, target.open("wb") as sink:
            while block := source.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise InputError("zip 解压后大小(size)超过上限", place=name, remedy="请分批报送")
                sink.write(block)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"zip 损坏:{error}", place=name, remedy="请重新打包") from error
    return left
