"""Where a model puts each validation record in its latent space, for TensorBoard's projector."""

import math
from typing import cast

import lightning as L
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import datamodule, writers

COLUMNS = ["magnitude", "magnitude_class", "station", "event"]
"""What points can be coloured and labelled by."""


class LatentEmbedding(Callback):
    """Write the latents of validation records with magnitude, station and event when training ends.

    A spatial latent is averaged over its map to one value per channel. Under several devices the records are
    those of the first. With other loggers than TensorBoard this callback has nothing to do.
    """

    def __init__(self, max_records: int = 2000) -> None:
        """Keep the limit.

        Args:
            max_records: The first so many validation records are shown; the projector grows slow beyond
                thousands.
        """
        self._max_records = max_records
        self._latents: list[Tensor] = []
        self._rows: list[Tensor] = []

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._latents, self._rows = [], []

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the batch's latents."""
        if sum(map(len, self._rows)) < self._max_records and writers(trainer):
            latent = cast(dict[str, Tensor], outputs)["latent"].float()
            self._latents.append(latent.reshape(*latent.shape[:2], -1).mean(2).cpu())
            self._rows.append(batch.index.cpu())

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the latents of the last validation."""
        if not self._rows:
            return
        rows = torch.cat(self._rows)[: self._max_records]
        latents = torch.cat(self._latents)[: self._max_records]
        module = datamodule(trainer)
        labels = describe(module.dataset.metadata, module.station_names, rows.tolist())
        for writer in writers(trainer):
            writer.add_embedding(
                latents,
                metadata=labels.to_numpy().tolist(),
                metadata_header=COLUMNS,
                global_step=trainer.global_step,
                tag="latent",
            )


def describe(metadata: pd.DataFrame, station_names: list[str], rows: list[int]) -> pd.DataFrame:
    """Label records for the projector.

    Args:
        metadata: One row per record of the dataset.
        station_names: Station of every record of the dataset.
        rows: Records to label.

    Returns:
        One row per record with ``COLUMNS``; an unknown magnitude is ``unknown``.
    """
    magnitude = metadata["source_magnitude"].iloc[rows]
    return pd.DataFrame(
        {
            "magnitude": [_text(value) for value in magnitude],
            "magnitude_class": [_half_unit(value) for value in magnitude],
            "station": [station_names[row] for row in rows],
            "event": metadata["source_id"].iloc[rows].astype(str).to_numpy(),
        },
        columns=COLUMNS,
    )


def _text(magnitude: float) -> str:
    return "unknown" if pd.isna(magnitude) else f"{magnitude:.1f}"


def _half_unit(magnitude: float) -> str:
    """Return the half unit of magnitude a value lies in, such as ``2.5-3.0``."""
    if pd.isna(magnitude):
        return "unknown"
    low = math.floor(magnitude * 2) / 2
    return f"{low:.1f}-{low + 0.5:.1f}"
