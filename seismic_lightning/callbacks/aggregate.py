"""The density of the training posteriors, fitted when training ends and kept in the run's checkpoints."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.callbacks.access import datamodule, is_rehearsal
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.checkpoint_io import AtomicCheckpointIO
from seismic_lightning.models.generative import AGGREGATE_KEY, GenerativeAutoencoder
from seismic_lightning.models.load import load_model
from seismic_lightning.nn.aggregate import Aggregate, Posteriors
from seismic_lightning.nn.noise import keyed_generator


class AggregatePosterior(Callback):
    """Fit a density to the latents of the training split, for ``sampler=aggregate``.

    Each checkpoint of the run gets its own: the best one has other weights than the last. A model without a
    prior has nothing to fit.
    """

    def __init__(self, n_components: int = 10, max_records: int = 20_000, seed: int = 0) -> None:
        """Keep the sizes.

        Args:
            n_components: Most Gaussians of the mixture of a model without condition.
            max_records: Records of a split whose latents are drawn, the first ones of this process's order.
            seed: Of the latents drawn and of the fit.
        """
        self._n_components = n_components
        self._max_records = max_records
        self._seed = seed

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Fit for every checkpoint that this run wrote."""
        wanted = isinstance(pl_module, GenerativeAutoencoder)
        if not wanted or is_rehearsal(trainer) or not trainer.is_global_zero:
            return
        for path in written_checkpoints(trainer):
            model = load_model(path, pl_module.device)
            assert isinstance(model, GenerativeAutoencoder)
            density = self._fit(trainer, model)
            checkpoint = {**read_checkpoint(path), AGGREGATE_KEY: density.state()}
            AtomicCheckpointIO().save_checkpoint(checkpoint, path)

    def _fit(self, trainer: L.Trainer, model: GenerativeAutoencoder) -> Aggregate:
        data = datamodule(trainer)

        def drawn(loader: Iterable[Any], place: int) -> Posteriors:
            noise = keyed_generator(model.device, self._seed, place)
            batches = (trainer.strategy.batch_to_device(raw) for raw in loader)
            return draw_posteriors(model, batches, self._max_records, noise)

        training, validation = drawn(data.train_dataloader(), 0), drawn(data.val_dataloader(), 1)
        return model.fit_aggregate(training, validation, self._n_components, self._seed)


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
def draw_posteriors(
    model: GenerativeAutoencoder,
    batches: Iterable[Any],
    max_records: int,
    generator: torch.Generator,
) -> Posteriors:
    """Draw one latent from the posterior of each record.

    Args:
        model: In evaluation mode.
        batches: Batches on the model's device.
        max_records: Where to stop.
        generator: Source of the noise.

    Returns:
        ``n`` latents and their conditions, on the processor.
    """
    latents: list[Tensor] = []
    conditions: list[Condition] = []
    batch: Batch
    for batch in batches:
        latents.append(model.encode(batch.spectrogram, batch.condition).sample(generator).float().cpu())
        conditions.append(Condition(*(part.cpu() for part in batch.condition)))
        if sum(map(len, latents)) >= max_records:
            break
    told = Condition(*(torch.cat(parts)[:max_records] for parts in zip(*conditions, strict=True)))
    return Posteriors(torch.cat(latents)[:max_records], told)
