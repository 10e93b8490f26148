"""Checkpoints of small models that have seen one batch of a dataset: enough to load, encode and draw."""

from pathlib import Path
from typing import Any

import torch
from support.signals import option
from support.training import quiet_trainer

from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.transforms.settings import RepresentationSettings, StftSettings

SMALL = StftSettings(nperseg=128, noverlap=64, nfft=128)


def write_checkpoint(
    dataset_dir: Path,
    path: Path,
    model_class: type[SpectrogramAutoencoder],
    *,
    stft: StftSettings = SMALL,
    condition: str = "location",
    representation: str = "log_magnitude",
    preprocess: dict[str, Any] | str = "fixed_band",
    **options: Any,  # noqa: ANN401 - any argument of a model
) -> Path:
    """Train for one step and save, as training does.

    Args:
        dataset_dir: Dataset to train on.
        path: File to write.
        model_class: Model to train.
        stft: Its transform.
        condition: ``location`` or ``physics``.
        representation: What of the spectrogram it sees.
        preprocess: An option of preprocessing, or what differs from ``fixed_band``.
        **options: Arguments of the model.

    Returns:
        The file.
    """
    changes = {} if isinstance(preprocess, str) else preprocess
    module = SpectrogramDataModule(
        dataset_dir,
        option(preprocess if isinstance(preprocess, str) else "fixed_band", **changes),
        stft,
        condition=condition,
        representation=RepresentationSettings(representation),
        batch_size=8,
    )
    module.setup()
    torch.manual_seed(0)  # weights come from the global source; each test of a kind shall see the same
    model = model_class(
        n_freqs=module.n_freqs,
        n_frames=module.n_frames,
        n_components=module.n_channels,
        n_stations=module.n_stations,
        n_location=module.n_location,
        channels=[4, 8],
        **options,
    )
    trainer = quiet_trainer(path.parent, limit_train_batches=1, limit_val_batches=0)
    trainer.fit(model, module)
    trainer.save_checkpoint(path)
    return path
