"""Models nobody has trained, ready to be judged by a dataset: what they make is poor, and made at once."""

from pathlib import Path
from typing import Any

from support.signals import option

from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.data.hull import TrainingHull
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.transforms.settings import RepresentationSettings, StftSettings


def untrained(
    model_class: type[SpectrogramAutoencoder],
    dataset_dir: Path,
    folder: Path,
    *,
    representation: str = "log_magnitude",
    **preprocess: Any,  # noqa: ANN401 - settings of preprocessing
) -> Trained:
    """Build a small model with random weights, and scales fitted to a dataset.

    Args:
        model_class: The model.
        dataset_dir: The dataset.
        folder: Where a file stands for the checkpoint.
        representation: What of the spectrogram it sees.
        **preprocess: What differs from ``fixed_band``.
    """
    module = SpectrogramDataModule(
        dataset_dir,
        option("fixed_band", **preprocess),
        StftSettings(),
        representation=RepresentationSettings(representation),
    )
    module.setup()
    model = model_class(
        n_freqs=module.n_freqs,
        n_frames=module.n_frames,
        n_components=module.n_channels,
        n_stations=module.n_stations,
        channels=[4, 8],
    )
    path = folder / "model.ckpt"
    path.write_bytes(b"weights")
    window = module.dataset.window
    return Trained(
        path=path,
        model=model.eval(),
        front=module.front,
        conditions=module.conditions,
        conditional=model.is_conditional,
        unit=module.unit,
        components=module.dataset.components,
        before_p_s=window.before_p_s,
        length_s=window.length_s,
        dataset_id=module.dataset.dataset_id,
        hull=TrainingHull.fit(module.dataset.metadata),
    )
