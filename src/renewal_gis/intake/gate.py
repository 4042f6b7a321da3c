"""The gate: what may be opened at all, decided before any reader sees the file.

A path is taken for what it is on the disk, never for what a driver might make of its text, and a
file for what its first bytes are, never for what its name claims.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
import shutil
import sqlite3
import stat
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.errors import InputError, MissingFileError
from renewal_gis.intake.archives import check_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 4 << 30
MAX_PARTS = 20_000

FORMATS = {
    ".xlsx": ("xlsx",),
    ".xlsm": ("xlsx",),
    ".et": ("xls", "xlsx"),
    ".xls": ("xls", "xlsx"),
    ".csv": ("text",),
    ".txt": ("text",),
    ".tsv": ("text",),
    ".shp": ("shp",),
    ".zip": ("zip",),
    ".gpkg": ("sqlite",),
    ".geojson": ("json",),
    ".json": ("json",),
    ".topojson": ("json",),
    ".kml": ("xml",),
    ".kmz": ("zip",),
    ".gml": ("xml",),
    ".osm": ("xml",),
    ".pbf": ("pbf",),
    ".graphml": ("xml",),
    ".fgb": ("fgb",),
    ".parquet": ("parquet",),
    ".dxf": ("text",),
    ".tab": ("text",),
    ".mif": ("text",),
}
"""Suffix → kinds of content that may stand behind it."""

SIDECARS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".gpkg": (),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A file that passed the gate: where it really is, what it is, and proof of its content."""

    path: Path
    name: str
    kind: str
    size: int
    sha256: str
    modified: dt.date


def admit(path: str | Path, /, *, within: Path | None = None) -> Admitted:
    """Return a file that may be read.

    Parameters
    ----------
    path
        Path of a regular file.
    within
        Folder that the file must lie in; for paths that come out of other files.

    Raises
    ------
    MissingFileError
        Nothing is there.
    InputError
        The path is not a plain path, the file is not a regular file, its content is not what its
        name says, or it is too large or unpacks to too much.
    """
    real = _resolve(path, within)
    info = real.stat()
    if stat.S_ISDIR(info.st_mode) and real.suffix.lower() == ".gdb":
        return _admit_folder(real)
    if not stat.S_ISREG(info.st_mode):
        raise InputError("不是普通文件", place=str(path), remedy="请给出一个文件,不是文件夹或设备")
    if info.st_size == 0:
        raise InputError("文件是空的(0 字节)", place=real.name, remedy="请重新导出后再报")
    if info.st_size > MAX_BYTES:
        raise InputError(
            f"文件大小 {info.st_size} 字节,超过上限 {MAX_BYTES}", place=real.name, remedy="请分批报送"
        )
    _check_known(real)
    kind = sniff(real)
    _check_suffix(real, kind)
    {
        "zip": check_zip,
        "xlsx": check_zip,
        "sqlite": _check_sqlite_header,
        "xml": _check_xml,
        "text": _check_references,
    }.get(kind, _pass)(real)
    modified = dt.datetime.fromtimestamp(info.st_mtime, tz=dt.UTC).date()
    return Admitted(real, real.name, kind, info.st_size, _hash(real), modified)


def _admit_folder(folder: Path) -> Admitted:
    """Admit a file geodatabase: a flat folder of plain files, its content hashed in the order of their names."""
    parts = sorted(folder.iterdir())
    odd = next((part for part in parts if part.is_symlink() or not part.is_file()), None)
    size = sum(part.stat().st_size for part in parts if part.is_file())
    if odd is not None or not any(part.suffix.lower() == ".gdbtable" for part in parts):
        raise InputError(
            "不是 FileGDB 文件夹(格式 format)" if odd is None else f"文件夹里的“{odd.name}”不是普通文件",
            place=folder.name,
            remedy="请整个重新复制 .gdb 文件夹",
        )
    if size > MAX_BYTES or len(parts) > MAX_PARTS:
        raise InputError(f"文件大小(size){size} 字节,超过上限", place=folder.name, remedy="请分批报送")
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.name}\0{_hash(part)}\n".encode())
    newest = max(part.stat().st_mtime for part in parts)
    modified = dt.datetime.fromtimestamp(newest, tz=dt.UTC).date()
    return Admitted(folder, folder.name, "gdb", size, digest.hexdigest(), modified)


def _pass(path: Path) -> None:
    """Nothing more to check for this kind."""


def _resolve(path: str | Path, within: Path | None) -> Path:
    text = str(path)
    if not text.strip() or "\0" in text or "\n" in text:
        raise InputError(f"不支持的路径“{text[:80]}”", remedy="请给出本机上一个文件的路径")
    if (
        "://" in text
        or text.lstrip().startswith(("/vsi", "<", "{", "["))
        or re.match(r"^[A-Za-z][A-Za-z0-9_+]+:", text)
    ):
        raise InputError(
            f"不支持的路径“{text[:80]}”", remedy="只接受本机文件的路径,不接受网址、驱动前缀和内嵌内容"
        )
    if re.search(r"/vsi[a-z0-9_]+/", text):
        raise InputError(f"不支持的路径“{text[:80]}”", remedy="只接受本机文件的路径")
    plain = Path(text) if within is None else Path(within) / text
    try:
        real = plain.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise MissingFileError("找不到文件", place=text[:200], remedy="请核对路径") from error
    if within is not None and not real.is_relative_to(Path(within).resolve()):
        raise InputError(f"路径“{text[:80]}”指向文件夹之外", remedy="只接受同一文件夹内的文件")
    return real


def sniff(path: Path, /) -> str:
    """Return the kind of a file by its first bytes.

    Returns
    -------
    str
        ``xlsx``, ``xls``, ``zip``, ``sqlite``, ``shp``, ``fgb``, ``parquet``, ``pbf``, ``xml``, ``vrt``,
        ``json`` or ``text``; ``unknown`` for binary that we do not read.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(path)
    for magic, kind in (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"SQLite format 3\0", "sqlite"),
        (b"\x00\x00\x27\x0a", "shp"),
        (b"fgb\x03", "fgb"),
        (b"PAR1", "parquet"),
    ):
        if head.startswith(magic):
            return kind
    return "pbf" if b"OSMHeader" in head[4:32] else _sniff_text(head)


def _sniff_text(head: bytes) -> str:
    wide = find_wide_encoding(head)
    if wide:
        head = head[: len(head) // 2 * 2].decode(wide, "ignore").lstrip("\ufeff").encode("utf-8", "ignore")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"<OGRVRT" in head or b"<VRTDataset" in head:
        return "vrt"
    if text.startswith(b"<"):
        return "xml"
    if text.startswith((b"{", b"[")):
        return "json"
    return "unknown" if b"\0" in head else "text"


def find_wide_encoding(head: bytes, /) -> str:
    """Return ``utf-16``, ``utf-16-le`` or ``utf-16-be`` if bytes look like it, else an empty text.

    Without a mark the evidence is in the line ends: a line feed of two bytes, on an even place.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" not in head:
        return ""
    for encoding, feed in (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n")):
        place = head.find(feed)
        text = head[: len(head) // 2 * 2].decode(encoding, "ignore")
        if place >= 0 and place % 2 == 0 and "\0" not in text:
            return encoding
    return ""


def _sniff_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"文件损坏或不完整(zip/xlsx 目录无法读取:{error})", place=path.name, remedy="请重新导出或重新传送"
        ) from error
    return "xlsx" if "[Content_Types].xml" in names and any(n.startswith("xl/") for n in names) else "zip"


def is_encrypted(path: Path, /) -> bool:
    """Tell whether an OLE container holds a workbook under a password."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
    return any(word.encode("utf-16-le") in head for word in ("EncryptedPackage", "EncryptionInfo"))


def _check_known(path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        known = " ".join(sorted(FORMATS))
        raise InputError(
            f"不支持的文件格式(format)“{suffix or '无后缀'}”", place=path.name, remedy=f"可用:{known}"
        )


def _check_suffix(path: Path, kind: str) -> None:
    suffix = path.suffix.lower()
    if kind == "vrt":
        raise InputError(
            "内容是 GDAL 虚拟格式(VRT driver),会读取别处的数据",
            place=path.name,
            remedy="请报送数据本身,格式(format)如 GeoPackage、GeoJSON",
        )
    if kind == "xls" and is_encrypted(path):
        raise InputError("工作簿有密码(password,加密)", place=path.name, remedy="请去掉密码后再报")
    if kind in FORMATS[suffix]:
        return
    if kind == "unknown":
        raise InputError(
            f"文件损坏或无法识别:内容(corrupt)不是 {suffix}", place=path.name, remedy="请重新导出后再报"
        )
    raise InputError(
        f"内容是 {kind} 格式(format),与后缀 {suffix} 不符",
        place=path.name,
        remedy="请按真实格式改后缀或重新导出",
    )


def _check_sqlite_header(path: Path) -> None:
    """Prove that the database is whole, on a copy, before GDAL sees it."""
    with private_copy(path) as copy:
        check_sqlite(copy, name=path.name)


def check_sqlite(copy: Path, *, name: str) -> None:
    """Refuse a database that is damaged or that would run code or read other files when opened.

    Parameters
    ----------
    copy
        A private copy; SQLite may write into its folder (journals).
    name
        The name to tell.
    """
    try:
        with contextlib.closing(sqlite3.connect(copy, timeout=5)) as base:
            base.execute("PRAGMA trusted_schema=OFF")
            pages = (
                base.execute("PRAGMA page_count").fetchone()[0]
                * base.execute("PRAGMA page_size").fetchone()[0]
            )
            if pages > copy.stat().st_size:
                raise InputError("数据库损坏或不完整(truncated)", place=name, remedy="请重新传送")
            sound = base.execute("PRAGMA integrity_check(1)").fetchone()[0]
            foreign = base.execute(
                "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%' AND sql NOT LIKE '%rtree%' AND sql NOT LIKE '%fts%'"
            ).fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise InputError(f"数据库损坏(corrupt):{error}", place=name, remedy="请重新导出或重新传送") from error
    if sound != "ok" and "ST_" not in str(sound):
        raise InputError(
            f"数据库损坏(corrupt),完整性检查 integrity:{str(sound)[:80]}", place=name, remedy="请重新导出"
        )
    if foreign:
        raise InputError(
            f"数据库含虚拟表“{foreign[0][0]}”,会读取别处的数据", place=name, remedy="请另存为普通 GeoPackage"
        )


_XML_DANGER = re.compile(
    rb"<!\s*(DOCTYPE|ENTITY)|<\s*xi:include|xlink:href\s*=\s*[\"'](?:https?|ftp|file):", re.IGNORECASE
)


def _check_xml(path: Path) -> None:
    for text in _read_blocks(path):
        found = _XML_DANGER.search(text)
        if found:
            word = found[0].decode("latin1")[:30]
            raise InputError(
                f"XML 含“{word}”(DOCTYPE/ENTITY 实体声明或外部引用)",
                place=path.name,
                remedy="请重新导出,不带 DTD",
            )
        if b"NetworkLink" in text:
            raise InputError(
                "KML 含网络链接(NetworkLink),数据不在文件里", place=path.name, remedy="请在原软件中展开后另存"
            )


def _check_references(path: Path) -> None:
    """Refuse a MapInfo table that is only a pointer to tables elsewhere."""
    if path.suffix.lower() not in (".tab", ".mif"):
        return
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if re.search(
        rb"Seamless|Open\s+Table|File\s+\"[^\"]*[\\/:]|Type\s+\"?(?:LINKED|ODBC|WMS|WFS|VIEW)",
        head,
        re.IGNORECASE,
    ):
        raise InputError(
            "MapInfo 表指向别处的数据(path)", place=path.name, remedy="请另存为独立的表,整套报送"
        )


def _read_blocks(path: Path, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield overlapping blocks; UTF-16 is read as its low bytes, so that a word cannot hide in it."""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(size):
            text = tail + block
            yield text.replace(b"\0", b"") if b"\0" in text else text
            tail = text[-256:]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def private_copy(path: Path, /) -> Iterator[Path]:
    """Lend a copy of a file with the files that belong to it, in a folder of its own.

    The office's folder stays as it was: readers leave locks, journals and indexes behind.
    """
    with tempfile.TemporaryDirectory(prefix="intake-") as folder:
        copy = Path(folder) / f"data{path.suffix.lower()}"
        if path.is_dir():
            shutil.copytree(path, copy, ignore=shutil.ignore_patterns("*.lock"))
            yield copy
            return
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
        for other in find_sidecars(path):
            target = Path(folder) / (
                f"data{path.suffix.lower()}{other.name[len(path.name) :]}"
                if other.name.startswith(path.name)
                else f"data{other.suffix.lower()}"
            )
            shutil.copyfile(other, target)
            target.chmod(0o600)
        yield copy


def find_sidecars(path: Path, /) -> list[Path]:
    """Return the files beside a file that carry part of its data."""
    wanted = SIDECARS.get(path.suffix.lower(), ())
    found = [
        other
        for other in path.parent.iterdir()
        if other.stem == path.stem
        and other.suffix.lower() in wanted
        and other.is_file()
        and not other.is_symlink()
    ]
    if path.suffix.lower() == ".gpkg":  # what was not yet written back, or is still to be rolled back
        logs = [path.with_name(path.name + tail) for tail in ("-wal", "-journal")]
        found += [log for log in logs if log.is_file() and not log.is_symlink()]
    return sorted(found)
