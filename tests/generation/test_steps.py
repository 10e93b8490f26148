"""Steps between records and between draws: their ends, what they share, and which model can."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from support.checkpoints import write_checkpoint

from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.interpolate import (
    ends_of_records,
    ends_of_requests,
    steps_between,
    waveforms_of,
)
from seismic_lightning.generation.interpolation import even_weights, linear, spherical
from seismic_lightning.generation.records_seen import read_records
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.ae import AE
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.generative import GenerativeAutoencoder
from seismic_lightning.models.vae import VAE

ROWS = (3, 41)
MODELS: dict[str, tuple[type[SpectrogramAutoencoder], dict[str, Any]]] = {
    "ae": (AE, {}),
    "vae": (VAE, {"residual": "learned"}),
    "cvae": (CVAE, {"residual": "speckle", "prior": "conditional", "condition": "physics"}),
}


@pytest.fixture(scope="module")
def dataset(dataset_dir: Path) -> CuratedDataset:
    return open_dataset(dataset_dir)


@pytest.fixture(scope="module")
def models(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    folder = tmp_path_factory.mktemp("trained")
    return {
        name: Trained.read(write_checkpoint(dataset_dir, folder / f"{name}.ckpt", model_class, **options))
        for name, (model_class, options) in MODELS.items()
    }


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def generative(trained: Trained) -> GenerativeAutoencoder:
    assert isinstance(trained.model, GenerativeAutoencoder)
    return trained.model


@pytest.mark.parametrize("name", MODELS)
def test_the_ends_are_the_reconstructions_of_the_records(
    name: str, models: dict[str, Trained], dataset: CuratedDataset
) -> None:
    trained = models[name]
    batch = read_records(trained, dataset, dataset.metadata.index[list(ROWS)].to_numpy())
    reconstructions = trained.reconstruct(batch.spectrogram, batch.condition)
    ends = ends_of_records(trained, dataset, ROWS)
    steps = steps_between(trained, ends, 5, seeded())
    assert torch.equal(steps.latents[[0, -1]], ends.latents)
    shared = (steps.spectrograms[0] - reconstructions[0]).float()
    # Batches of two and of five records round differently.
    torch.testing.assert_close(steps.spectrograms[-1] - reconstructions[1], shared, atol=1e-4, rtol=0)
    assert (shared.abs().max() > 0.1) == (name != "ae")


def test_an_autoencoder_goes_straight_and_a_standard_prior_round(
    models: dict[str, Trained], dataset: CuratedDataset
) -> None:
    weights = even_weights(5)
    for name, way in (("ae", linear), ("vae", spherical)):
        ends = ends_of_records(models[name], dataset, ROWS)
        steps = steps_between(models[name], ends, 5, seeded())
        torch.testing.assert_close(steps.latents, way(ends.latents, weights))


def test_with_a_conditional_prior_the_way_is_round_in_the_units_of_each_steps_prior(
    models: dict[str, Trained], dataset: CuratedDataset
) -> None:
    trained = models["cvae"]
    steps = steps_between(trained, ends_of_records(trained, dataset, ROWS), 5, seeded())
    with torch.no_grad():
        prior = generative(trained).prior_of(trained.condition(steps.metadata))
    standardised = (steps.latents - prior.mean) * torch.exp(-0.5 * prior.log_var)
    expected = spherical(standardised[[0, -1]], even_weights(5))
    torch.testing.assert_close(standardised, expected, atol=1e-4, rtol=1e-4)


def test_the_residual_is_that_of_the_seed_and_the_same_in_all_steps(
    models: dict[str, Trained], dataset: CuratedDataset
) -> None:
    trained = models["cvae"]
    ends = ends_of_records(trained, dataset, ROWS)
    one, again, other = (steps_between(trained, ends, 5, seeded(seed)).spectrograms for seed in (1, 1, 2))
    assert torch.equal(one, again)
    difference = other - one
    torch.testing.assert_close(difference, difference[:1].expand_as(difference), atol=1e-4, rtol=0)
    assert difference.abs().max() > 0.1


def requests(dataset: CuratedDataset) -> pd.DataFrame:
    return dataset.metadata.iloc[list(ROWS)].reset_index(drop=True)


def test_requests_with_one_seed_differ_by_their_conditions_alone(
    models: dict[str, Trained], dataset: CuratedDataset
) -> None:
    trained = models["cvae"]
    ends = ends_of_requests(trained, requests(dataset), (7, 7))
    with torch.no_grad():
        prior = generative(trained).prior_of(trained.condition(ends.metadata))
    standardised = (ends.latents - prior.mean) * torch.exp(-0.5 * prior.log_var)
    torch.testing.assert_close(standardised[0], standardised[1], atol=1e-5, rtol=0)
    drawn = generative(trained).draw(trained.condition(ends.metadata.iloc[[0]]), generator=seeded(7))
    torch.testing.assert_close(ends.latents[:1], drawn)


def test_a_vae_joins_two_draws_by_their_seeds(models: dict[str, Trained], dataset: CuratedDataset) -> None:
    ends = ends_of_requests(models["vae"], requests(dataset), (7, 8))
    assert not torch.equal(ends.latents[0], ends.latents[1])
    steps = steps_between(models["vae"], ends, 3, seeded())
    torch.testing.assert_close(steps.latents, spherical(ends.latents, even_weights(3)))


def test_an_autoencoder_refuses_requests(models: dict[str, Trained], dataset: CuratedDataset) -> None:
    with pytest.raises(ConfigurationError, match=r"AE has no prior .* between two records"):
        ends_of_requests(models["ae"], requests(dataset), (0, 1))


def test_one_step_is_none(models: dict[str, Trained], dataset: CuratedDataset) -> None:
    ends = ends_of_records(models["ae"], dataset, ROWS)
    with pytest.raises(ConfigurationError, match="steps=1: give 2 or more"):
        steps_between(models["ae"], ends, 1, seeded())


def test_waveforms_of_neighbours_resemble_each_other(
    models: dict[str, Trained], dataset: CuratedDataset
) -> None:
    trained = models["cvae"]
    steps = steps_between(trained, ends_of_records(trained, dataset, ROWS), 9, seeded())
    chained = waveforms_of(trained, steps, seeded(3), n_iterations=8)
    alone = trained.front.inverse(steps.spectrograms, trained.n_samples, n_iterations=8, generator=seeded(3))
    assert chained.shape == (9, 3, trained.n_samples)
    assert resemblance(chained) > resemblance(alone) + 0.3


def resemblance(waveforms: torch.Tensor) -> float:
    """Return the mean correlation of neighbours."""
    return float(torch.nn.functional.cosine_similarity(waveforms[1:], waveforms[:-1], dim=-1).mean())
