"""Files are put in place whole, or what was there stays."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from renewal_gis.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Callable


def write_whole(target: Path, write: Callable[[Path], object], /) -> None:
    """Write a file beside its place, force it to the disk and put it in its place in one step.

    Parameters
    ----------
    target
        Where the file shall be; its folder is made if need be. What is there stays until the new
        file is whole.
    write
        Writes the file to the path that it is given.

    Raises
    ------
    PublishError
        The folder cannot be written to, or the disk is full.
    """
    folder = target.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as scratch:
            draft = Path(scratch) / target.name
            write(draft)
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(target)
        _sync_folder(folder)
    except OSError as error:
        raise PublishError(
            f"写不进去({error.strerror or error})",
            place=str(target),
            remedy="检查文件夹权限、磁盘空间,或关闭正在打开它的程序",
        ) from error


def make_folder(folder: Path, /) -> None:
    """Make a folder if it is not there.

    Raises
    ------
    PublishError
        A file is in the way, or the place cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(
            f"不能建立文件夹({error.strerror or error})",
            place=str(folder),
            remedy="换一个输出位置,或移开同名文件",
        ) from error


def write_bytes(target: Path, content: bytes, /) -> None:
    """Put bytes in place whole; errors as in :func:`write_whole`."""
    write_whole(target, lambda draft: draft.write_bytes(content))


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; there the rename is all that can be asked for
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
