"""The autoencoder inside a diffusion model: what of it is written down, and whether it can serve."""

from collections.abc import Mapping
from typing import Any

import torch

from seismic_lightning.batch import Condition
from seismic_lightning.errors import CheckpointError, ConfigurationError
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.load import class_of
from seismic_lightning.nn.blocks import PaddedGrid

MODEL, OPTIONS = "model", "options"


def describe_first_stage(model: SpectrogramAutoencoder) -> dict[str, Any]:
    """Return what an autoencoder can be built from again: plain numbers, strings and lists.

    Args:
        model: The autoencoder.
    """
    kind = type(model)
    return {MODEL: f"{kind.__module__}.{kind.__qualname__}", OPTIONS: dict(model.hparams)}


def build_first_stage(described: Mapping[str, Any]) -> SpectrogramAutoencoder:
    """Build an autoencoder without its weights.

    Args:
        described: By ``describe_first_stage``.

    Raises:
        CheckpointError: It names no model of this package.
    """
    name = str(described.get(MODEL))
    found = class_of(name)
    if found is None:
        raise CheckpointError(f"first_stage: names {name}; expected a model of seismic_lightning.models")
    return found(**described[OPTIONS]).eval()


@torch.no_grad()
def latent_shape(model: SpectrogramAutoencoder, grid: PaddedGrid, n_components: int) -> tuple[int, int, int]:
    """Return the shape of an autoencoder's latent, and refuse one that a diffusion model cannot stand on.

    Args:
        model: The autoencoder.
        grid: Size of the spectrograms that are asked for.
        n_components: Their components.

    Raises:
        ConfigurationError: Naming the model and what an autoencoder is needed for.
    """
    name = type(model).__name__
    if model.draws:
        raise ConfigurationError(
            f"model.first_stage holds a {name}, whose latent has a prior of its own or is drawn already; "
            "give an autoencoder: model=ae_kl or model=ae"
        )
    theirs = (model.n_components, model.grid.n_freqs, model.grid.n_frames)
    ours = (n_components, grid.n_freqs, grid.n_frames)
    if theirs != ours:
        raise ConfigurationError(
            f"model.first_stage was trained on spectrograms of {theirs} (components, frequencies, frames), "
            f"this run makes {ours}: use its representation, stft and window"
        )
    nothing = torch.zeros(1)
    no_condition = Condition(nothing, torch.zeros(1, 1), nothing.long())
    mode = model.encode(torch.zeros(1, *ours), no_condition).mode
    _, channels, height, width = mode.shape
    return channels, height, width
