"""How fast a run trains, and how much of the time it waits for its data."""

import time
from typing import cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch


class Throughput(Callback):
    """Log ``train/records_per_s`` and ``train/data_wait_share`` once per epoch, validation not counted.

    Waiting is the time from the end of one batch to the start of the next: reading, transfer, preprocessing
    and STFT. On an accelerator work runs on after the call that asked for it; what is measured there is the
    host's time.
    """

    def __init__(self) -> None:
        """Start with stopped clocks."""
        self._mark_s = self._wait_s = self._work_s = 0.0
        self._n_records = 0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clocks."""
        self._wait_s = self._work_s = 0.0
        self._n_records = 0
        self._mark_s = time.perf_counter()

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Count the time since the last batch as waiting."""
        self._wait_s += self._lap_s()

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Count the time since the batch arrived as work."""
        self._work_s += self._lap_s()
        self._n_records += len(batch.index)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Leave out a validation within an epoch."""
        self._mark_s = time.perf_counter()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log rate, summed over devices, and share, averaged over them."""
        total_s = self._wait_s + self._work_s
        if total_s == 0.0:  # resumed at the very end of an epoch: no batch was trained
            return
        own = torch.tensor([self._n_records / total_s, self._wait_s / total_s], device=pl_module.device)
        records_per_s, shares = cast(Tensor, trainer.strategy.reduce(own, reduce_op="sum"))
        pl_module.log("train/records_per_s", records_per_s)
        pl_module.log("train/data_wait_share", shares / trainer.world_size)

    def _lap_s(self) -> float:
        now_s = time.perf_counter()
        lap_s, self._mark_s = now_s - self._mark_s, now_s
        return lap_s
