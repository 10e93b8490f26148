"""What callbacks ask of a trainer: the TensorBoard writers and the DataModule."""

from collections.abc import Collection
from typing import TYPE_CHECKING, cast

import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger

from seismic_lightning.batch import Batch
from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from seismic_lightning.data.datamodule import SpectrogramDataModule


def writers(trainer: L.Trainer) -> "list[SummaryWriter]":
    """Return the TensorBoard writers of a run; other loggers take scalars only and get no images.

    Args:
        trainer: The trainer of the run.

    Returns:
        One writer per TensorBoard logger; none on processes that do not write.
    """
    if not trainer.is_global_zero:
        return []
    return [logger.experiment for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]


def is_rehearsal(trainer: L.Trainer) -> bool:
    """Tell whether a run only tries its code on a batch (``fast_dev_run``) and shall leave no files.

    Args:
        trainer: The trainer of the run.

    Returns:
        True for a rehearsal.
    """
    return bool(getattr(trainer, "fast_dev_run", False))


def datamodule(trainer: L.Trainer) -> "SpectrogramDataModule":
    """Return the DataModule that feeds a run.

    Args:
        trainer: The trainer of the run.

    Returns:
        The DataModule, set up.

    Raises:
        ConfigurationError: If the run is fed by bare loaders.
    """
    found = getattr(trainer, "datamodule", None)
    if found is None:
        raise ConfigurationError(
            "these callbacks need a SpectrogramDataModule: pass datamodule=... to the trainer"
        )
    return cast("SpectrogramDataModule", found)


def new_events(
    module: "SpectrogramDataModule", batch: Batch, seen: Collection[str], n_events: int
) -> dict[str, int]:
    """Find the first record of each event that has not been seen yet.

    Args:
        module: The DataModule that made the batch.
        batch: Records.
        seen: Identifiers of events that have their record.
        n_events: Most events in all.

    Returns:
        Places in the batch by identifier; no more than are still wanted.
    """
    events = module.dataset.metadata["source_id"]
    found: dict[str, int] = {}
    for place, row in enumerate(batch.index.tolist() if len(seen) < n_events else []):
        event = str(events.iloc[row])
        if event not in seen and len(seen) + len(found) < n_events:
            found.setdefault(event, place)
    return found
