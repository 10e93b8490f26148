"""What callbacks ask of a trainer: the TensorBoard writers and the DataModule."""

from typing import TYPE_CHECKING, cast

import lightning as L
from lightning.pytorch.loggers import TensorBoardLogger

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
