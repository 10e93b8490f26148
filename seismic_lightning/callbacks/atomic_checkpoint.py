"""Checkpoints that are there as a whole or not at all, also after a crash, a kill or a full disk.

A file is written beside its place under a temporary name, flushed to the disk and then renamed over the old
one; only a rename within one folder is atomic. What a killed run left unfinished is removed by the next save
into that folder.
"""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

from seismic_lightning.errors import StorageError
from seismic_lightning.models.checkpoint import read_checkpoint

PART = ".part"
"""Last suffix of a file that is not yet whole."""


class AtomicCheckpointIO(TorchCheckpointIO):
    """Save to and load from local files; the file's permissions follow the user's umask."""

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any | None = None,  # noqa: ANN401 - Lightning's signature
    ) -> None:
        """Write a checkpoint.

        Args:
            checkpoint: What Lightning wants saved.
            path: File to write or replace.
            storage_options: None; local files have no options.

        Raises:
            StorageError: If the file cannot be written; a previous file of that name is then still whole.
        """
        if storage_options is not None:
            raise TypeError(f"{type(self).__name__} takes no storage_options, got {storage_options!r}")
        path = Path(path)
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with _storage_errors(path.parent, f"cannot write {path.name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            for leftover in path.parent.glob(f".*{PART}"):
                leftover.unlink(missing_ok=True)
            _write_atomically(path, content.getbuffer())

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any = "cpu",  # noqa: ANN401 - Lightning's signature
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Read a checkpoint, always as plain data, with its checksums compared.

        Args:
            path: Local file.
            map_location: Where tensors go, as in ``torch.load``; onto the CPU by default.
            weights_only: Without effect: nothing but plain data is ever loaded.

        Returns:
            The checkpoint.

        Raises:
            CheckpointError: If the file is missing, damaged or holds more than plain data.
        """
        return read_checkpoint(path, map_location)


def require_writable(folder: str | Path) -> None:
    """Refuse a folder that checkpoints could not be written to, before any time is spent on training.

    Args:
        folder: Made if missing.

    Raises:
        StorageError: If a small file cannot be written there.
    """
    folder = Path(folder)
    with _storage_errors(folder, "checkpoints cannot be written here"):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable{PART}"
        _write_atomically(probe, b"a")
        probe.unlink()


def _write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file beside its place and rename it there, both made durable."""
    part = path.with_name(f".{path.name}{PART}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _storage_errors(folder: Path, what: str) -> Iterator[None]:
    """Turn the system's errors into one that names the folder and how much room it has."""
    try:
        yield
    except OSError as error:
        room = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(room).free
        raise StorageError(
            f"{folder}: {what} ({error.strerror or error}); {free:,} bytes are free. "
            "Free some space or choose another output_dir"
        ) from error
