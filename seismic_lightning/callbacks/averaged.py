"""Running means of the weights over training, judged and kept in place of the last ones."""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor

from seismic_lightning.errors import ConfigurationError

WARM_UP = 9.0
"""The mean looks back over about a ninth of the steps so far, until ``decay`` is reached."""


class AveragedWeights(WeightAveraging):
    """Lightning's running mean of the weights, exponential, over few steps at first.

    With one decay from the start, the first weights would weigh as much as everything learnt for the first
    ``1 / (1 - decay)`` steps. Validation, test and checkpoints use the mean; a checkpoint also holds the
    weights themselves, from which a resumed training goes on.

    References:
        Karras et al. (2024), Analyzing and improving the training dynamics of diffusion models, CVPR,
        arXiv:2312.02696 (means over a share of the training so far).
    """

    def __init__(self, decay: float = 0.999) -> None:
        """Set how far the mean looks back.

        Args:
            decay: Share of the mean that stays with each step, in the end.

        Raises:
            ConfigurationError: ``decay`` is not between 0 and 1.
        """
        if not 0.0 <= decay < 1.0:
            raise ConfigurationError(f"callbacks.ema.decay={decay}: give 0 or more, below 1")

        def mean(averaged: Tensor, current: Tensor, n_averaged: Tensor) -> Tensor:
            share = torch.clamp(WARM_UP / (n_averaged + WARM_UP + 1.0), min=1.0 - decay)
            return averaged + share * (current - averaged)

        super().__init__(avg_fn=mean, use_buffers=True)

    def on_load_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Go back to the weights themselves for training only: Lightning would also test with them.

        Args:
            trainer: The trainer of the run.
            pl_module: Its model.
            checkpoint: As Lightning saved it.
        """
        if trainer.state.fn == TrainerFn.FITTING:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)
