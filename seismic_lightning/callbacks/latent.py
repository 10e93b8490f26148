"""How many latent dimensions a model uses, and what each of them pays.

References:
    Burda, Grosse & Salakhutdinov (2016), Importance weighted autoencoders, ICLR, arXiv:1509.00519, section
    5.2.
"""

from typing import cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import writers

ACTIVE_KL_NATS = 0.01
"""A dimension whose mean divergence is below this tells the decoder nothing."""


class LatentUse(Callback):
    """Log the divergence of each latent dimension over the validation split.

    ``val/active_units`` counts the dimensions in use; TensorBoard also gets the histogram
    ``val/kl_per_dimension``. A model without a prior has no such dimension and logs nothing here.
    """

    def __init__(self) -> None:
        """Start without data."""
        self._kl_nats: Tensor | None = None
        self._n_records = 0

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._kl_nats = None
        self._n_records = 0

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Add a batch."""
        kl_nats = cast(dict[str, Tensor], outputs)["kl"].float().sum(0)
        self._kl_nats = kl_nats if self._kl_nats is None else self._kl_nats + kl_nats
        self._n_records += len(batch.index)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the count and the histogram."""
        if self._kl_nats is None or not len(self._kl_nats):
            return
        n_records = torch.tensor(float(self._n_records), device=self._kl_nats.device)
        total = cast(Tensor, trainer.strategy.reduce(self._kl_nats, reduce_op="sum"))
        mean_kl_nats = total / cast(Tensor, trainer.strategy.reduce(n_records, reduce_op="sum"))
        pl_module.log("val/active_units", (mean_kl_nats > ACTIVE_KL_NATS).float().sum(), sync_dist=True)
        if trainer.sanity_checking:
            return
        for writer in writers(trainer):
            writer.add_histogram("val/kl_per_dimension", mean_kl_nats.cpu(), trainer.global_step)
