"""The learning rate of each epoch, for every kind of logger and for none."""

import lightning as L
from lightning.pytorch.callbacks import Callback


class LearningRate(Callback):
    """Log ``train/learning_rate``, the rate the epoch was trained with.

    Lightning's own monitor refuses to run without a logger; this one logs as models do.
    """

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the rate before the schedule moves on."""
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        pl_module.log("train/learning_rate", rate)
