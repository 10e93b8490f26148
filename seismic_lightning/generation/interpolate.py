"""Steps from one record to another through the latent space of a trained model.

The ends are records of a dataset, of which the model takes the mode of the posterior, or requests, for which
it draws. A latent with a prior goes along a great circle, in the units of the prior that each step's
condition has; an autoencoder's feature map, which has no prior, goes straight. The residual that the model
learnt is drawn once and is the same in all steps: only latent and condition change from step to step.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.between import metadata_between
from seismic_lightning.generation.interpolation import (
    even_weights,
    linear,
    spherical,
    spherical_between_priors,
)
from seismic_lightning.generation.records_seen import read_records
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.generative import GenerativeAutoencoder
from seismic_lightning.models.latent_diffusion import LatentDiffusion
from seismic_lightning.transforms.phase import FAST_ITERATIONS


class Ends(NamedTuple):
    """Source and target.

    Attributes:
        metadata: Two rows in the dataset's columns.
        latents: ``(2, D)``, or ``(2, *map_shape)`` of an autoencoder.
    """

    metadata: pd.DataFrame
    latents: Tensor


class Steps(NamedTuple):
    """What lies between two ends, ends included.

    Attributes:
        metadata: ``S`` rows, with the place of each step between the ends.
        latents: ``(S, D)``, or ``(S, *map_shape)``; of a diffusion model the noise it begins with.
        spectrograms: ``(S, C, F, T)`` scaled, residual included.
    """

    metadata: pd.DataFrame
    latents: Tensor
    spectrograms: Tensor


@torch.no_grad()
def ends_of_records(trained: Trained, dataset: CuratedDataset, rows: tuple[int, int]) -> Ends:
    """Encode two records.

    Args:
        trained: The model.
        dataset: Where they lie.
        rows: Source and target in its metadata.

    Raises:
        DatasetError: The records are not of the model's kind.
    """
    places: NDArray[np.int64] = np.array(rows, dtype=np.int64)
    batch = read_records(trained, dataset, places)
    model = trained.model
    latents = model.encode(batch.spectrogram, batch.condition).mode
    if isinstance(model, LatentDiffusion):
        latents = model.to_noise(latents, batch.condition)
    return Ends(dataset.metadata.iloc[places].reset_index(drop=True), latents)


@torch.no_grad()
def ends_of_requests(
    trained: Trained,
    requests: pd.DataFrame,
    seeds: tuple[int, int],
    *,
    temperature: float = 1.0,
    sampler: str = "prior",
) -> Ends:
    """Draw two latents.

    Args:
        trained: The model.
        requests: Two rows in the dataset's columns.
        seeds: Of source and target; the same twice leaves nothing to change but the condition.
        temperature: Factor on the spread of latents.
        sampler: ``prior`` or ``aggregate``.

    Raises:
        ConfigurationError: The model has no prior to draw from.
    """
    model = trained.model
    if not isinstance(model, GenerativeAutoencoder | LatentDiffusion):
        raise ConfigurationError(
            f"{type(model).__name__} has no prior to draw requests from, it can only reconstruct: "
            "interpolate between two records, dataset_dir=... source=ROW target=ROW"
        )
    latents = model.draw(
        trained.condition(requests),
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        temperature=temperature,
        sampler=sampler,
    )
    return Ends(requests.reset_index(drop=True), latents)


@torch.no_grad()
def steps_between(trained: Trained, ends: Ends, n_steps: int, generator: torch.Generator) -> Steps:
    """Walk from source to target.

    Args:
        trained: The model.
        ends: Source and target.
        n_steps: Steps ``S``, both ends among them.
        generator: Draws the residual that all steps share.

    Returns:
        The steps; those of the ends are decoded from the very latents and conditions that were given.

    Raises:
        ConfigurationError: Fewer than two steps.
    """
    weights = even_weights(n_steps)
    metadata = metadata_between(ends.metadata, weights, trained.conditions.location[2].mean)
    condition, model = trained.condition(metadata), trained.model
    if isinstance(model, LatentDiffusion):
        latents = spherical(ends.latents.flatten(1), weights).reshape(-1, *model.latent_shape)
        spectrograms = model.from_noise(latents, condition)
        return Steps(metadata, latents, spectrograms + model.draw_residual(spectrograms[:1], generator))
    if not isinstance(model, GenerativeAutoencoder):
        latents = linear(ends.latents, weights)
        return Steps(metadata, latents, model.decode(latents, condition).float())
    latents = spherical_between_priors(ends.latents, weights, model.prior_of(condition))
    spectrograms = model.decode(latents, condition).float()
    residual = model.residual.add_to(torch.zeros_like(spectrograms[:1]), generator)
    return Steps(metadata, latents, spectrograms + residual)


def waveforms_of(
    trained: Trained, steps: Steps, generator: torch.Generator, *, n_iterations: int = FAST_ITERATIONS
) -> Tensor:
    """Turn steps into waveforms, each beginning with the phases of the one before.

    Phases that every step found for itself would make the wiggles of neighbours strangers to each other.

    Args:
        trained: The model.
        steps: The steps.
        generator: Draws the first phases of the source.
        n_iterations: Iterations of the phase recovery, for each step.

    Returns:
        ``(S, C, N)`` samples in the model's unit.
    """
    waveforms: list[Tensor] = []
    for spectrogram in steps.spectrograms:
        before = waveforms[-1] if waveforms else None
        waveforms.append(
            trained.front.inverse(
                spectrogram, trained.n_samples, n_iterations=n_iterations, generator=generator, like=before
            )
        )
    return torch.stack(waveforms)
