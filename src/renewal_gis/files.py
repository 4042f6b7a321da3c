"""Files are put in place whole, or what was there stays; what a killed run left behind is cleared."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from renewal_gis.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DRAFTS = ".writing-"
"""How the folders begin in which drafts are written; they stand beside the files that they become."""
_MARK = "writer"
"""A file that its writer keeps locked: once it can be locked by another, the writer is dead."""
_TRIES = 5


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
    place = target.resolve()
    with tell_failure(target), open_drafts(place.parent) as scratch:
        draft = scratch / target.name
        write(draft)
        sync_file(draft)
        draft.replace(place)
        _sync_folder(place.parent)


def write_bytes(target: Path, content: bytes, /) -> None:
    """Put bytes in place whole; errors as in :func:`write_whole`."""
    write_whole(target, lambda draft: draft.write_bytes(content))


def write_set(folder: Path, contents: Mapping[str, bytes], /) -> None:
    """Put several files in place, all drafts on the disk before the first of them is moved.

    A disk that fills up or a failure while writing leaves every old file. Only a crash between
    two renames can leave a mixture; put the file that tells of the others last.

    Parameters
    ----------
    folder
        Made if need be.
    contents
        Bytes by path below the folder, in the order in which they are put in place.

    Raises
    ------
    PublishError
        The folder cannot be written to, or the disk is full.
    """
    with tell_failure(folder), open_drafts(folder) as scratch:
        drafts = [scratch / str(number) for number in range(len(contents))]
        for draft, (name, content) in zip(drafts, contents.items(), strict=True):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            sync_file(draft)
        for draft, name in zip(drafts, contents, strict=True):
            draft.replace(folder / name)
        for place in sorted({(folder / name).parent for name in contents}):
            _sync_folder(place)


@contextlib.contextmanager
def tell_failure(place: Path, /) -> Iterator[None]:
    """Turn what the system says of a failed write into one message.

    Raises
    ------
    PublishError
        In place of any OSError that is not one of ours.
    """
    try:
        yield
    except PublishError:
        raise
    except OSError as error:
        raise PublishError(
            f"写不进去({error.strerror or error})",
            place=str(place),
            remedy="检查文件夹权限、磁盘空间,或关闭正在打开它的程序",
        ) from error


@contextlib.contextmanager
def open_drafts(folder: Path, /) -> Iterator[Path]:
    """Lend an empty folder beside the files to be written; what dead writers left there is removed first.

    Parameters
    ----------
    folder
        Made if need be.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clear_leftovers(folder)
    scratch, mark = _claim_scratch(folder)
    try:
        yield scratch
    finally:
        _remove(scratch, mark)


def clear_leftovers(folder: Path, /) -> int:
    """Remove the draft folders of writers that were killed and return how many they were.

    Parameters
    ----------
    folder
        Where; drafts whose writer lives stay.
    """
    cleared = 0
    for scratch in sorted(folder.glob(f"{DRAFTS}*")):
        mark = None
        with contextlib.suppress(OSError):
            mark = (scratch / _MARK).open("rb+")
        if mark is None:
            # killed before the mark was made: a folder with nothing in it, and rmdir takes no other
            with contextlib.suppress(OSError):
                scratch.rmdir()
                cleared += 1
        elif _lock(mark):
            _remove(scratch, mark)
            cleared += 1
        else:
            mark.close()
    return cleared


def _claim_scratch(folder: Path) -> tuple[Path, BinaryIO]:
    for _ in range(_TRIES):
        scratch = Path(tempfile.mkdtemp(prefix=DRAFTS, dir=folder))
        # another writer may take the new folder for a leftover before it is locked: then try again
        with contextlib.suppress(FileNotFoundError):
            mark = (scratch / _MARK).open("wb+")
            if _lock(mark) and (scratch / _MARK).exists():
                return scratch, mark
            _remove(scratch, mark)
    # a folder without locks, such as some network drives: nobody can clear it either
    scratch = Path(tempfile.mkdtemp(prefix=DRAFTS, dir=folder))
    return scratch, (scratch / _MARK).open("wb+")


def _remove(scratch: Path, mark: BinaryIO) -> None:
    # the mark goes last, so that a removal that is itself killed is finished by the next run
    with contextlib.suppress(OSError):
        for entry in scratch.iterdir():
            if entry.name != _MARK:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if os.name == "nt":  # there an open file cannot be removed
        mark.close()
    shutil.rmtree(scratch, ignore_errors=True)
    mark.close()


def _lock(mark: BinaryIO) -> bool:
    """Take the lock that the system releases when its holder dies, however it dies."""
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415  # each system has its own

            msvcrt.locking(mark.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def stand_in_line(name: str, /, *, wait_s: float) -> Iterator[bool]:
    """Wait until it is one's turn among the processes of this machine, first come, first served.

    This guards nothing: it only keeps the turns fair before a lock whose waiters poll (SQLite's), where
    an unlucky one may starve. Where there are no such locks nobody waits.

    Parameters
    ----------
    name
        Of the line; letters and digits.
    wait_s
        After that time it goes on without its turn.

    Yields
    ------
    bool
        Whether the turn came.
    """
    try:
        line = open(Path(tempfile.gettempdir()) / f"renewal-{name}.line", "ab")  # noqa: PTH123, SIM115  # may fail
    except OSError:
        yield False
        return
    come, gone = threading.Event(), threading.Event()
    threading.Thread(target=_wait_turn, args=(line, come, gone), daemon=True).start()
    try:
        yield come.wait(wait_s)
    finally:
        gone.set()


def _wait_turn(line: BinaryIO, come: threading.Event, gone: threading.Event) -> None:
    """Hold a place in the line, then the turn, until it is given up; a wait for a lock has no other end."""
    with line, contextlib.suppress(OSError, ImportError):
        import fcntl  # noqa: PLC0415  # not on Windows

        fcntl.flock(line, fcntl.LOCK_EX)
        come.set()
        gone.wait()
    come.set()


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


def sync_file(path: Path, /) -> None:
    """Force a file's content to the disk.

    Raises
    ------
    OSError
        The disk did not take it.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; there the rename is all that can be asked for
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
