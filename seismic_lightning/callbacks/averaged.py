"""Running means of the weights over training, judged and kept in place of the last ones."""

from typing import Any

import lightning as L
from lightning.pytorch.callbacks import EMAWeightAveraging
from lightning.pytorch.trainer.states import TrainerFn


class AveragedWeights(EMAWeightAveraging):
    """Lightning's exponential moving average of the weights.

    Validation, test and checkpoints use the average; a checkpoint also holds the weights themselves, from
    which a resumed training goes on.
    """

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
