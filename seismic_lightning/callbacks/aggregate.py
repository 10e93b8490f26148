"""The density of the training posteriors, fitted when training ends and kept in the run's checkpoints."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import datamodule, is_rehearsal
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.checkpoint_io import AtomicCheckpointIO
from seismic_lightning.models.generative import AGGREGATE_KEY, GenerativeAutoencoder
from seismic_lightning.models.load import load_model
from seismic_lightning.nn.mixture import GaussianMixture
from seismic_lightning.nn.noise import keyed_generator


class AggregatePosterior(Callback):
    """Fit a mixture of Gaussians to the latents of the training split, for ``sampler=aggregate``.

    Each checkpoint of the run gets its own: the best one has other weights than the last. Models without a
    prior, and conditional ones, whose latents belong to their conditions, have nothing to fit.
    """

    def __init__(self, n_components: int = 10, max_records: int = 20_000, seed: int = 0) -> None:
        """Keep the sizes.

        Args:
            n_components: Most Gaussians of the mixture.
            max_records: Training records whose latents are drawn, the first ones of this process's order.
            seed: Of the latents drawn and of the fit.
        """
        self._n_components = n_components
        self._max_records = max_records
        self._seed = seed

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Fit for every checkpoint that this run wrote."""
        wanted = isinstance(pl_module, GenerativeAutoencoder) and not pl_module.is_conditional
        if not wanted or is_rehearsal(trainer) or not trainer.is_global_zero:
            return
        for path in written_checkpoints(trainer):
            model = load_model(path, pl_module.device)
            assert isinstance(model, GenerativeAutoencoder)
            mixture = self._fit(trainer, model)
            checkpoint = {**read_checkpoint(path), AGGREGATE_KEY: mixture.state()}
            AtomicCheckpointIO().save_checkpoint(checkpoint, path)

    def _fit(self, trainer: L.Trainer, model: GenerativeAutoencoder) -> GaussianMixture:
        noise = keyed_generator(model.device, self._seed, 0)
        batches = (trainer.strategy.batch_to_device(raw) for raw in datamodule(trainer).train_dataloader())
        latents = training_latents(model, batches, self._max_records, noise)
        first = keyed_generator(torch.device("cpu"), self._seed, 1)
        return GaussianMixture.fit(latents, self._n_components, first)


def written_checkpoints(trainer: L.Trainer) -> list[Path]:
    """Return the files of models that a run's checkpoint callbacks have left: its best and its last.

    Args:
        trainer: The trainer of the run.
    """
    named = [
        getattr(callback, name, None)
        for callback in trainer.checkpoint_callbacks
        for name in ("best_model_path", "path")
    ]
    return sorted({Path(name) for name in named if name and Path(name).is_file()})


@torch.no_grad()
def training_latents(
    model: GenerativeAutoencoder,
    batches: Iterable[Any],
    max_records: int,
    generator: torch.Generator,
) -> Tensor:
    """Draw one latent from the posterior of each record.

    Args:
        model: In evaluation mode.
        batches: Batches on the model's device.
        max_records: Where to stop.
        generator: Source of the noise.

    Returns:
        ``(n, D)`` latents on the processor.
    """
    latents: list[Tensor] = []
    batch: Batch
    for batch in batches:
        latents.append(model.encode(batch.spectrogram, batch.condition).sample(generator).float().cpu())
        if sum(map(len, latents)) >= max_records:
            break
    return torch.cat(latents)[:max_records]
