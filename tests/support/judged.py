"""Models that have hardly been trained, ready to be judged by a dataset: what they make is poor."""

from pathlib import Path
from typing import Any

from support.checkpoints import write_checkpoint

from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.transforms.settings import StftSettings


def untrained(
    model_class: type[SpectrogramAutoencoder],
    dataset_dir: Path,
    folder: Path,
    *,
    representation: str = "log_magnitude",
    **preprocess: Any,  # noqa: ANN401 - settings of preprocessing
) -> Trained:
    """Return a small model after one step, with scales fitted to a dataset.

    Args:
        model_class: The model.
        dataset_dir: The dataset.
        folder: Where its checkpoint goes.
        representation: What of the spectrogram it sees.
        **preprocess: What differs from ``fixed_band``.
    """
    path = folder / "model.ckpt"
    return Trained.read(
        write_checkpoint(
            dataset_dir,
            path,
            model_class,
            stft=StftSettings(),
            representation=representation,
            preprocess=preprocess,
        )
    )
