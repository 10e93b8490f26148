"""A quiet Trainer and a small model, for tests that train for some steps."""

from pathlib import Path
from typing import Any

import lightning as L
from support.fake_datamodule import N_STATIONS

from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.checkpoint_io import AtomicCheckpointIO
from seismic_lightning.models.vae import VAE


def small(model_class: type[SpectrogramAutoencoder] = VAE, **options: Any) -> SpectrogramAutoencoder:  # noqa: ANN401
    """Build a model of two layers for the fake DataModule's default size."""
    return model_class(n_freqs=33, n_frames=17, n_stations=N_STATIONS, channels=[4, 8], **options)


def quiet_trainer(folder: Path, *callbacks: L.Callback, **options: Any) -> L.Trainer:  # noqa: ANN401
    """Build a Trainer that shows nothing and writes only what its callbacks write."""
    defaults = {
        "accelerator": "cpu",
        "max_epochs": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "default_root_dir": folder,
        "plugins": [AtomicCheckpointIO()],
        "callbacks": list(callbacks),
    }
    if any(isinstance(callback, L.pytorch.callbacks.Checkpoint) for callback in callbacks):
        defaults["enable_checkpointing"] = True
    return L.Trainer(**{**defaults, **options})
