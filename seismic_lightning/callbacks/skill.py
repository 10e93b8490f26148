r"""How much better a reconstruction is than two guesses that know nothing of the record, or only its level.

.. math:: \mathrm{skill} = 1 - \frac{\sum (\hat x - x)^2}{\sum (g - x)^2}

``skill`` guesses the mean training spectrogram; ``skill_level`` guesses that mean shifted to the mean of
each record, which takes away the credit for getting only the strength of a record right. 1 is perfect, 0 no
better than the guess. Compared are scaled log magnitudes, whatever representation a model works on.

References:
    Murphy (1988), Skill scores based on the mean square error, Monthly Weather Review,
    doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2.
"""

from collections.abc import Callable
from typing import cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import datamodule
from seismic_lightning.errors import ConfigurationError


def squared_errors(reconstruction: Tensor, spectrogram: Tensor, mean_spectrogram: Tensor) -> Tensor:
    """Sum the squared errors of a reconstruction and of both guesses over a batch.

    Args:
        reconstruction: ``(B, C, F, T)``.
        spectrogram: ``(B, C, F, T)``.
        mean_spectrogram: ``(C, F, T)`` mean of the training split.

    Returns:
        ``(3,)`` float32: reconstruction, mean, mean shifted to each record's level.
    """
    spectrogram = spectrogram.float()
    level = spectrogram.mean((1, 2, 3), keepdim=True) - mean_spectrogram.mean()
    guesses = (reconstruction.float(), mean_spectrogram, mean_spectrogram + level)
    return torch.stack([(guess - spectrogram).square().sum() for guess in guesses])


class Skill(Callback):
    """Log ``skill`` and ``skill_level`` over the whole validation or test split."""

    def __init__(self) -> None:
        """Start without data."""
        self._errors = torch.zeros(3)
        self._mean = torch.zeros(())
        self._log_magnitude: Callable[[Tensor], Tensor] = torch.Tensor.float

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Refuse to keep the checkpoint with the *lowest* skill as the best.

        Args:
            trainer: The trainer of the run.
            pl_module: Its model.
            stage: Lightning's name of what is about to run.

        Raises:
            ConfigurationError: If a checkpoint callback minimises a skill.
        """
        for callback in trainer.checkpoint_callbacks:
            if not isinstance(callback, ModelCheckpoint):
                continue
            if "/skill" in (callback.monitor or "") and callback.mode == "min":
                raise ConfigurationError(
                    f"monitor={callback.monitor} is better when higher; add callbacks.best.mode=max"
                )

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._start(trainer, pl_module)

    def on_test_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._start(trainer, pl_module)

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
        self._add(outputs, batch)

    def on_test_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Add a batch."""
        self._add(outputs, batch)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log both skills."""
        self._log(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log both skills."""
        self._log(trainer, pl_module, "test")

    def _start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._errors = torch.zeros(3, device=pl_module.device)
        module = datamodule(trainer)
        self._mean = module.mean_spectrogram.to(pl_module.device, torch.float32)
        self._log_magnitude = module.front.log_magnitude

    def _add(self, outputs: STEP_OUTPUT, batch: Batch) -> None:
        reconstruction = cast(dict[str, Tensor], outputs)["reconstruction"]
        shown, wanted = self._log_magnitude(reconstruction.float()), self._log_magnitude(batch.spectrogram)
        self._errors += squared_errors(shown, wanted, self._mean)

    def _log(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        errors = cast(Tensor, trainer.strategy.reduce(self._errors, reduce_op="sum"))
        skill, skill_level = 1.0 - errors[0] / errors[1:]
        pl_module.log_dict({f"{stage}/skill": skill, f"{stage}/skill_level": skill_level})
