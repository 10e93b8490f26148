"""Checkpoints of small models that have seen one batch of a dataset: enough to load, encode and draw."""

from pathlib import Path
from typing import Any

import torch
from support.signals import option
from support.training import quiet_trainer

from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.transforms.settings import StftSettings


def brief_checkpoint(
    dataset_dir: Path,
    folder: Path,
    model_class: type[SpectrogramAutoencoder],
    *,
    condition: str = "location",
    units: str = "counts",
    **options: Any,  # noqa: ANN401 - any argument of a model
) -> Path:
    """Train for one step.

    Args:
        dataset_dir: Dataset to train on.
        folder: Where the checkpoint goes.
        model_class: Model to train.
        condition: ``location`` or ``physics``.
        units: Word of ``preprocess.units``.
        **options: Arguments of the model.

    Returns:
        The checkpoint file.
    """
    preprocess = option("fixed_band", units=units)
    module = SpectrogramDataModule(dataset_dir, preprocess, StftSettings(), condition=condition, batch_size=8)
    module.setup()
    torch.manual_seed(0)  # weights come from the global source; each test of a kind shall see the same
    model = model_class(
        n_freqs=module.n_freqs,
        n_frames=module.n_frames,
        n_components=module.n_channels,
        n_stations=module.n_stations,
        n_location=module.n_location,
        channels=[4, 8, 8, 8],
        **options,
    )
    trainer = quiet_trainer(folder, limit_train_batches=1, limit_val_batches=0)
    trainer.fit(model, module)
    path = folder / f"{model_class.__name__}_{condition}.ckpt"
    trainer.save_checkpoint(path)
    return path
