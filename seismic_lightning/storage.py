"""Durable writing: a file is there as a whole or not at all, also after a crash, a kill or a full disk.

A file is written beside its place under a temporary name, flushed to the disk and then renamed over the old
one; only a rename within one folder is atomic. The folder is flushed last, as it holds the name.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from filelock import FileLock

from seismic_lightning.errors import SeismicLightningError, StorageError

PART = ".part"
"""Last suffix of what is not yet whole."""
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
FLUSHES_AT_ONCE = 8
"""Flushes that wait together share one turn of the disk: thousands of small files take a second, not ten."""


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file, so that its place holds the old content or the new one at any time.

    Args:
        path: File to write or replace; its folder is made if missing. Its permissions follow the umask.
        content: The whole content.

    Raises:
        StorageError: The file cannot be written; a previous file of that name is then still whole.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        described = storage_error(path, error)  # before the removal, which makes room again
        _discard(part)
        raise described from error
    except BaseException:
        _discard(part)
        raise


def _discard(part: Path) -> None:
    """Remove what was begun; the error that is under way tells more than one of this removal would."""
    with suppress(OSError):
        part.unlink()


def remove_unfinished(folder: Path) -> None:
    """Remove what killed runs left unfinished in a folder that nobody else is writing to.

    Args:
        folder: Folder of files that ``write_atomically`` made.

    Raises:
        StorageError: Something cannot be removed.
    """
    try:
        for part in folder.glob(f".*{PART}"):
            part.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(folder, error) from error


def require_writable(folder: Path) -> None:
    """Refuse a folder that could not be written to, before any time is spent on what is to go there.

    Args:
        folder: Made if missing.

    Raises:
        StorageError: A small file cannot be written there.
    """
    probe = folder / ".writable"
    write_atomically(probe, b"a")
    probe.unlink()


def is_vacant(folder: Path) -> bool:
    """Return whether a folder is empty or not there; a file in its place is neither."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def flush_folder(folder: Path) -> None:
    """Bring the names within a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(path: Path, error: OSError) -> StorageError:
    """Describe a failed write by its place, the cause and the room that is left there.

    Args:
        path: File or folder that was to be written.
        error: What the system said.

    Returns:
        The error to raise.
    """
    folder = next(place for place in (path, *path.absolute().parents) if place.is_dir())
    if error.errno in _FORBIDDEN:
        return StorageError(
            f"{path} cannot be written ({error.strerror}): no permission to write in {folder}; give another "
            "folder, or ask its owner"
        )
    free = shutil.disk_usage(folder).free
    return StorageError(
        f"{path} cannot be written ({error.strerror or error}); {free:,} bytes are free in {folder}. "
        "Make room, or give another dataset_dir or output_dir."
    )


@contextmanager
def locked(folder: Path, *, leaves_file: bool = True) -> Iterator[None]:
    """Let one process at a time write a folder; the empty lock file stays, as removing it could admit two.

    It could on a network disk, whose machines may not see at once that a file is gone. On one machine whoever
    waits notices that the file it has locked is no longer there, and tries again.

    Args:
        folder: Folder that is about to be made or replaced.
        leaves_file: Whether the lock file stays; else it goes, for folders that two processes hardly ever ask
            for at once.

    Raises:
        StorageError: The place cannot be written to.
    """
    lock = FileLock(folder.with_name(folder.name + ".lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder.parent):
            pass  # where no file can be made, the lock would be waited for in vain
        lock.acquire()
    except OSError as error:
        raise storage_error(folder, error) from error
    try:
        yield
    finally:
        if not leaves_file:
            Path(lock.lock_file).unlink(missing_ok=True)  # while it is held: afterwards it may be another's
        lock.release()


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Provide a folder that becomes ``target`` when the block ends well, and vanishes otherwise.

    What a killed run left under the working name is removed first. A target that exists is replaced; whether
    it may be is for the caller to decide.

    Args:
        target: Folder to make.

    Yields:
        The working folder, ``<target>.part``.

    Raises:
        StorageError: The disk is full or the place cannot be written to.
    """
    part, old = target.with_name(target.name + PART), target.with_name(f".{target.name}.replaced")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir()
        yield part
        _flush_tree(part)
        if target.is_dir() and any(target.iterdir()):
            target.rename(old)  # folders cannot be exchanged in one step
        part.rename(target)
        flush_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except SeismicLightningError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    except OSError as error:
        described = storage_error(target, error)  # before the removal, which makes room again
        shutil.rmtree(part, ignore_errors=True)
        raise described from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _flush_tree(folder: Path) -> None:
    """Bring every file of a folder, and of those below it, to the disk."""
    places = [Path(root) for root, _, _ in os.walk(folder)]
    files = (file for place in places for file in place.iterdir() if file.is_file())
    with ThreadPoolExecutor(FLUSHES_AT_ONCE) as pool:
        for _ in pool.map(_flush, files):
            pass
    for place in places:
        flush_folder(place)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
