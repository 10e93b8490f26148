"""Kept posteriors are found by row, and their moments are those of what is drawn from them."""

import torch

from seismic_lightning.models.latent_cache import LatentCache
from seismic_lightning.nn.noise import keyed_generator

N_RECORDS = 400


def cache(log_var: float | None) -> LatentCache:
    draw = torch.Generator().manual_seed(0)
    mean = torch.randn(N_RECORDS, 2, 3, 4, generator=draw) * torch.tensor([1.0, 5.0])[:, None, None] + 2.0
    rows = torch.arange(N_RECORDS) * 3
    return LatentCache(rows, mean, None if log_var is None else torch.full_like(mean, log_var))


def test_moments_are_those_of_the_draws() -> None:
    kept = cache(log_var=1.0)
    rows = (torch.arange(N_RECORDS) * 3).repeat(20)
    drawn = kept.sample(rows, keyed_generator(torch.device("cpu"), 0)).double()
    mean, std = kept.moments()
    assert mean.shape == std.shape == (2, 1, 1)
    torch.testing.assert_close(mean[:, 0, 0].double(), drawn.mean((0, 2, 3)), rtol=0.01, atol=0.0)
    torch.testing.assert_close(std[:, 0, 0].double(), drawn.std((0, 2, 3)), rtol=0.01, atol=0.0)


def test_points_are_found_by_their_row() -> None:
    kept = cache(log_var=None)
    assert torch.equal(kept.sample(torch.tensor([9, 0]), torch.Generator()), kept.mean[[3, 0]])
    torch.testing.assert_close(kept.moments()[1][:, 0, 0], kept.mean.std((0, 2, 3), correction=0))
