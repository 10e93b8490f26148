"""The latents of the training split, gathered once before a diffusion model trains on them."""

import logging

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import datamodule
from seismic_lightning.models.latent_cache import LatentCache
from seismic_lightning.models.latent_diffusion import LatentDiffusion
from seismic_lightning.nn.posterior import DiagonalGaussian

log = logging.getLogger(__name__)

BATCH_RECORDS = 64


class CachedLatents(Callback):
    """Encode every training record once; from then on training reads conditions alone.

    They stay on the training device: 15 kB a record for the default first stage. With any other model than
    latent diffusion this callback has nothing to do.
    """

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Gather the posteriors of the training split, in the dataset's order."""
        if not isinstance(pl_module, LatentDiffusion):
            return
        records = datamodule(trainer).records("train")
        log.info("Encoding %d records for diffusion.", len(records))
        rows, means, log_vars = [], [], []
        with torch.no_grad():
            for start in range(0, len(records), BATCH_RECORDS):
                places = list(range(start, min(start + BATCH_RECORDS, len(records))))
                batch: Batch = trainer.strategy.batch_to_device(records.__getitems__(places))
                posterior = pl_module.encode(batch.spectrogram, batch.condition)
                rows.append(batch.index)
                means.append(posterior.mode.float())
                if isinstance(posterior, DiagonalGaussian):
                    log_vars.append(posterior.log_var)
        kept: Tensor | None = torch.cat(log_vars) if log_vars else None
        pl_module.keep_latents(LatentCache(torch.cat(rows), torch.cat(means), kept))
        records.labels_only = True

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Let others read samples of training records again."""
        if isinstance(pl_module, LatentDiffusion):
            datamodule(trainer).records("train").labels_only = False
