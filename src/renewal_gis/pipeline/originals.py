"""The files that a ledger was filled from, kept as they came, under the hash of their content."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.errors import InputError
from renewal_gis.files import write_whole
from renewal_gis.intake.gate import admit, find_sidecars

if TYPE_CHECKING:
    from collections.abc import Iterable


def find_archive(ledger: str | Path, /) -> Path | None:
    """Return the folder beside a ledger that keeps its originals; None for a ledger on a server."""
    if isinstance(ledger, str) and "://" in ledger:
        return None
    place = Path(ledger)
    return place.with_name(f"{place.name}.originals")


def keep_originals(paths: Iterable[Path], folder: Path, /) -> dict[str, str]:
    """Keep files as they are, each once, and return their hashes.

    Parameters
    ----------
    paths
        Files that pass the gate; what belongs to them (``.dbf``, ``.prj`` …) is kept too.
    folder
        Where: ``ab/<sha256>-<name>``. What is there already stays as it is.

    Returns
    -------
    dict
        File name → SHA-256 of its content.

    Raises
    ------
    InputError
        A file does not pass the gate, or changed while it was copied.
    PublishError
        The folder cannot be written to.
    """
    hashes = {}
    for path in paths:
        admitted = admit(path)
        hashes[path.name] = admitted.sha256
        parts = sorted(admitted.path.iterdir()) if admitted.path.is_dir() else [admitted.path]
        beside = [] if admitted.path.is_dir() else find_sidecars(admitted.path)
        for part in [*parts, *beside]:
            if not part.name.endswith(".lock"):
                _keep(part, folder)
    return hashes


def _keep(part: Path, folder: Path) -> None:
    digest = _hash(part)
    target = folder / digest[:2] / f"{digest}-{part.name}"
    if target.is_file():
        return
    write_whole(target, lambda draft: shutil.copyfile(part, draft))
    if _hash(target) != digest:
        target.unlink()
        raise InputError("文件在读取时被改动", place=part.name, remedy="请关闭正在编辑它的软件后重试")
    target.chmod(0o444)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
