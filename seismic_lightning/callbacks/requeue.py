"""A training longer than SLURM's time limit: saved shortly before it, queued again, resumed where it was.

SLURM sends SIGUSR1 some time before the limit, where the job was submitted with ``--signal=USR1@120``. It
may come in the middle of a step, when weights, moments and counters belong to different steps, and reaches
the nodes at different moments. So it is only noted here; after the next step at which all processes have
asked each other they save together. Lightning's own handler, which saves within the signal, stays out: this
one is there first.
"""

import logging
import os
import signal
import subprocess
from pathlib import Path
from types import FrameType

import lightning as L
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.utilities.types import STEP_OUTPUT

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import is_rehearsal

QUEUED_AGAIN = 0
"""Exit code of a process whose job is queued again."""
_SCONTROL_LIMIT_S = 60.0

log = logging.getLogger(__name__)


class Requeue(Checkpoint):
    """Save ``last.ckpt`` and queue the job again after SIGUSR1; does nothing outside SLURM.

    Attributes:
        path: The file.
    """

    def __init__(self, dirpath: str | Path) -> None:
        """Keep where.

        Args:
            dirpath: Folder of the run's checkpoints.
        """
        self.path = Path(dirpath) / "last.ckpt"
        self._job = _own_job()
        self._was_warned = False
        self._agreed_step = 0

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Listen from now on, also during the test at the end, which the signal would otherwise kill.

        Args:
            trainer: The trainer of the run.
            pl_module: Its model.
            stage: Lightning's name of what is about to run.
        """
        if stage == "fit" and self._job is not None and not is_rehearsal(trainer):
            signal.signal(signal.SIGUSR1, self._note)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin at the step a run resumes from."""
        self._agreed_step = trainer.global_step

    def on_train_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Save right after a step; several processes ask each other as often as they log.

        Later batches of the same step have gradients that no file holds. The last batch of an epoch is left
        to the epoch's end, behind its validation.
        """
        step = trainer.global_step
        rhythm: int = trainer.log_every_n_steps  # type: ignore[attr-defined] # set where mypy cannot see it
        is_due = trainer.world_size == 1 or step % rhythm == 0
        if is_due and step != self._agreed_step and not trainer.is_last_batch:
            self._agreed_step = step
            self._requeue_if_warned(trainer)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the end of an epoch."""
        self._agreed_step = trainer.global_step
        self._requeue_if_warned(trainer)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._was_warned = True

    def _requeue_if_warned(self, trainer: L.Trainer) -> None:
        if self._job is None or not trainer.strategy.reduce_boolean_decision(self._was_warned, all=False):
            return
        self._was_warned = False
        trainer.save_checkpoint(self.path)
        # SLURM ends the job as soon as it is queued again; a SIGTERM here would run Lightning's handler.
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        error = trainer.strategy.broadcast(_requeue(self._job) if trainer.is_global_zero else None)
        if error is None:
            log.info("Near the time limit: saved at step %d, queued again.", trainer.global_step)
            raise SystemExit(QUEUED_AGAIN)
        signal.signal(signal.SIGTERM, before)
        way = f"it trains on until its limit; go on with ckpt_path={self.path}"
        log.error("Job %s could not be queued again (%s): %s", self._job, error, way)


def _own_job() -> str | None:
    """Return the job of this process; one task of an array is named, since its number may mean the array."""
    array, task = (os.environ.get(f"SLURM_ARRAY_{word}_ID") for word in ("JOB", "TASK"))
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def _requeue(job: str) -> str | None:
    """Ask SLURM to run a job again; return what it says against that, None for nothing."""
    command = ["scontrol", "requeue", job]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SCONTROL_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else " ".join(done.stderr.split())
