"""Lightning's door to the disk: checkpoints that are there as a whole or not at all, and hold only data.

What a killed run left unfinished is removed by the next save into that folder.
"""

import io
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.storage import remove_unfinished, write_atomically


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
        remove_unfinished(path.parent)
        write_atomically(path, content.getbuffer())

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
