r"""How far records drawn from a model are from the records of the validation split, as one number.

.. math:: E = \left(2\,\overline{|x - y|} - \overline{|x - x'|} - \overline{|y - y'|}\right) / \sqrt{n}

with :math:`x` drawn and :math:`y` validation spectrograms of :math:`n` values. It is 0 only where both have
the same distribution, and so punishes opposite mistakes: latents that the decoder has never seen (a small
beta), and draws that are all alike (a large one). The total validation loss cannot be used to choose beta: it
holds beta itself as a factor.

References:
    Székely & Rizzo (2013), Energy statistics: a class of statistics based on distances, Journal of
    Statistical Planning and Inference, doi:10.1016/j.jspi.2013.03.018.
"""

import math
from typing import cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.nn.noise import keyed_generator

_CPU = torch.device("cpu")
"""Where noise is drawn, a source for each record: neither device nor batch size changes a draw."""


class PriorDraws(Callback):
    """Log ``val/energy_distance`` between records drawn from the prior and those of the validation split."""

    def __init__(self, max_records: int = 256, seed: int = 0) -> None:
        """Keep the sizes.

        Args:
            max_records: Most records of the split that are compared, the first ones; 2 or more.
            seed: Of the draws, which are the same in every epoch.

        Raises:
            ConfigurationError: Too few records.
        """
        if max_records < 2:
            raise ConfigurationError(f"callbacks.draws.max_records={max_records}: give 2 or more")
        self._max_records = max_records
        self._seed = seed
        self._kept: list[Tensor] = []
        self._drawn: list[Tensor] = []

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Refuse a model that draws nothing.

        Args:
            trainer: The trainer of the run.
            pl_module: Its model.
            stage: Lightning's name of what is about to run.

        Raises:
            ConfigurationError: Naming what to do instead.
        """
        if not getattr(pl_module, "draws", False):
            raise ConfigurationError(
                f"{type(pl_module).__name__} draws no records, so val/energy_distance is not defined: leave "
                "out callbacks.draws and set monitor=val/reconstruction, or choose model=vae or model=cvae."
            )

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._kept, self._drawn = [], []

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw a record for each condition of the batch, as long as there is room."""
        assert isinstance(pl_module, SpectrogramAutoencoder)
        if sum(map(len, self._kept)) >= self._max_records:
            return
        noise = [keyed_generator(_CPU, self._seed, row) for row in batch.index.tolist()]
        self._kept.append(batch.spectrogram.float())
        self._drawn.append(pl_module.generate(batch.condition, generator=noise).float())

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the distance; with several processes the mean of theirs."""
        kept, drawn = (torch.cat(parts)[: self._max_records] for parts in (self._kept, self._drawn))
        self._kept, self._drawn = [], []
        if len(kept) < 2:
            raise ConfigurationError(
                f"val/energy_distance needs 2 or more validation records in each process, not {len(kept)}: "
                "leave out callbacks.draws, or use fewer devices"
            )
        own = energy_distance(drawn, kept)
        pl_module.log("val/energy_distance", cast(Tensor, trainer.strategy.reduce(own, reduce_op="mean")))


def energy_distance(first: Tensor, second: Tensor) -> Tensor:
    """Return the energy distance between two samples, in the unit of their values.

    Args:
        first: ``(n, ...)``, n of 2 or more.
        second: ``(m, ...)`` of the same shape but for the first dimension.

    Returns:
        A scalar; its expectation is 0 for samples of one distribution, of which it may fall short by chance.

    Example:
        >>> sample = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
        >>> bool(energy_distance(sample, sample + 5.0) > 10 * energy_distance(sample, sample).abs())
        True
    """
    x, y = first.flatten(1), second.flatten(1)

    def within(sample: Tensor) -> Tensor:
        total: Tensor = torch.cdist(sample, sample).sum()
        return total / (len(sample) * (len(sample) - 1))

    distance: Tensor = 2.0 * torch.cdist(x, y).mean() - within(x) - within(y)
    return distance / math.sqrt(x.shape[1])
