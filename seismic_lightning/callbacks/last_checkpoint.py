"""The newest state of a run, from which it can be resumed after it was killed."""

from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.utilities.types import STEP_OUTPUT

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import is_rehearsal
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.storage import require_writable


class LastCheckpoint(Checkpoint):
    """Replace ``last.ckpt`` at the end of every epoch and, where asked for, every so many steps.

    Lightning's own callback writes its last checkpoint only when the best one improves, or only every so
    many steps; neither keeps the end of a run.

    Attributes:
        path: The file.
    """

    def __init__(self, dirpath: str | Path, every_n_train_steps: int | None = None) -> None:
        """Keep where and when.

        Args:
            dirpath: Folder of the run's checkpoints.
            every_n_train_steps: Optimizer steps between two saves within an epoch; None for none.

        Raises:
            ConfigurationError: If the number of steps is not positive.
        """
        if every_n_train_steps is not None and every_n_train_steps < 1:
            raise ConfigurationError(
                f"callbacks.last.every_n_train_steps={every_n_train_steps}; expected a positive number"
            )
        self.path = Path(dirpath) / "last.ckpt"
        self._every_n_train_steps = every_n_train_steps
        self._saved_step = 0

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Refuse a folder that cannot be written to.

        Args:
            trainer: The trainer of the run.
            pl_module: Its model.
            stage: Lightning's name of what is about to run.

        Raises:
            StorageError: Naming the folder.
        """
        if stage == "fit" and trainer.is_global_zero and not is_rehearsal(trainer):
            require_writable(self.path.parent)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Take the state a run resumes from as saved."""
        self._saved_step = trainer.global_step

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Save where the number of steps is due.

        A step is saved once, right after it: later batches of the same step have gradients that no file
        holds. The last batch of an epoch is left to the epoch's end: a run resumed from there would skip the
        validation.
        """
        step = trainer.global_step
        due = self._every_n_train_steps is not None and step % self._every_n_train_steps == 0
        if due and step != self._saved_step and not trainer.is_last_batch:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the end of an epoch."""
        self._save(trainer)

    def _save(self, trainer: L.Trainer) -> None:
        if not is_rehearsal(trainer):
            self._saved_step = trainer.global_step
            trainer.save_checkpoint(self.path)
