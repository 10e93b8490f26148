"""A training as one trial of a search: it tells how it fares, and is ended where the others fare better."""

import logging
from collections.abc import Callable

import lightning as L
from lightning.pytorch.callbacks import Callback

from seismic_lightning.errors import PrunedError

log = logging.getLogger(__name__)


class TrialReport(Callback):
    """Report the monitored metric after each validation, and end the training when told to.

    Who decides is the caller's affair: this callback knows no search library. With several processes the
    first one reports, and all of them end together.
    """

    def __init__(self, monitor: str, report: Callable[[int, float], bool]) -> None:
        """Keep what is reported and to whom.

        Args:
            monitor: Name of a logged metric.
            report: Takes (epoch, value) and returns whether the trial shall end.
        """
        self._monitor = monitor
        self._report = report

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Report an epoch; a metric that nothing logged is left for the end of the run to refuse.

        Args:
            trainer: The trainer of the run.
            pl_module: Its model.

        Raises:
            PrunedError: If the trial shall end.
        """
        value = trainer.callback_metrics.get(self._monitor)
        if trainer.sanity_checking or value is None:
            return
        epoch = trainer.current_epoch
        ends = trainer.is_global_zero and self._report(epoch, float(value))
        if trainer.strategy.broadcast(ends):
            raise PrunedError(
                f"{self._monitor} = {float(value):.6g} in epoch {epoch} falls behind other trials"
            )
