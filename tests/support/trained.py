"""Checkpoints of tiny models that saw one batch, as training writes them."""

from pathlib import Path
from typing import Any

from support.signals import option
from support.training import quiet_trainer

from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.transforms.settings import StftSettings


def write_checkpoint(
    dataset_dir: Path,
    path: Path,
    model_class: type[SpectrogramAutoencoder],
    units: str = "counts",
    preprocess: str = "fixed_band",
    **options: Any,  # noqa: ANN401 - any argument of a model
) -> Path:
    """Train on one batch of a dataset and save."""
    stft = StftSettings(nperseg=128, noverlap=64, nfft=128)
    data = SpectrogramDataModule(dataset_dir, option(preprocess, units=units), stft, batch_size=4)
    data.setup()
    sizes: dict[str, Any] = {
        "n_freqs": data.n_freqs,
        "n_frames": data.n_frames,
        "n_stations": data.n_stations,
    }
    model = model_class(**sizes, n_components=data.n_components, channels=[4, 8], **options)
    trainer = quiet_trainer(path.parent, limit_train_batches=1, limit_val_batches=0)
    trainer.fit(model, data)
    trainer.save_checkpoint(path)
    return path
