"""A folder that is there as a whole or not at all, also with many files in folders below it."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from seismic_lightning.errors import SeismicLightningError
from seismic_lightning.storage import PART, flush_folder, storage_error

FLUSHES_AT_ONCE = 8
"""Flushes that wait together share one turn of the disk: thousands of small files take a second, not ten."""


@contextmanager
def whole_tree(target: Path) -> Iterator[Path]:
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
        flush_tree(part)
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


def flush_tree(folder: Path) -> None:
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
