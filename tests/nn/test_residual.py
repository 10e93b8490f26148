"""A drawn residual has the variance, the neighbourhood and the energy of the residuals it was learnt from."""

import math

import pytest
import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.residual import (
    EULER_GAMMA,
    MIN_VARIANCE,
    LearnedResidual,
    SpeckleResidual,
    make_residual,
)

SHAPE = (3, 33, 40)
SPECKLE_SD = math.pi / math.sqrt(6.0) / 2.0
"""Of the natural logarithm of a Rayleigh magnitude."""


def noise(n_records: int, seed: int = 0) -> Tensor:
    return torch.randn(n_records, *SHAPE, generator=torch.Generator().manual_seed(seed))


def neighbours(field: Tensor) -> Tensor:
    """Return the correlation of neighbouring frames and of neighbouring bins."""
    power = field.square().mean()
    frames = (field[..., 1:] * field[..., :-1]).mean()
    bins = (field[..., 1:, :] * field[..., :-1, :]).mean()
    return torch.stack([frames, bins]) / power


def test_the_variance_is_that_of_each_component_and_frequency() -> None:
    scale = torch.linspace(0.5, 2.0, SHAPE[0] * SHAPE[1]).reshape(SHAPE[0], SHAPE[1], 1)
    residual = LearnedResidual(SHAPE)
    batch = scale * noise(64)
    of_all = residual.observe(batch)
    variance = residual.variance.clone()  # the first batch replaces the start
    torch.testing.assert_close(variance[..., 0], batch.square().mean((0, 3)))
    torch.testing.assert_close(of_all, batch.square().mean())
    residual.observe(batch)
    torch.testing.assert_close(residual.variance, variance)
    torch.testing.assert_close(residual.known(), of_all)
    drawn = residual.add_to(torch.zeros(64, *SHAPE), torch.Generator().manual_seed(1))
    # Four standard errors of a variance over 64 x 40 white values.
    ratio = drawn.square().mean((0, 3)) / variance[..., 0]
    torch.testing.assert_close(ratio, torch.ones(SHAPE[:2]), atol=0, rtol=4 * math.sqrt(2 / 2560) + 0.02)


def test_neighbours_fluctuate_together_as_they_did_in_training() -> None:
    white = noise(32)
    smooth = white + 0.8 * white.roll(1, -1) + 0.5 * white.roll(1, -2)
    residual = LearnedResidual(SHAPE)
    for _ in range(12):
        residual.observe(smooth)
    drawn = residual.add_to(torch.zeros(64, *SHAPE), torch.Generator().manual_seed(1))
    assert neighbours(smooth).min() > 0.2
    torch.testing.assert_close(neighbours(drawn), neighbours(smooth), atol=0.03, rtol=0)


def test_speckle_gives_back_the_energy_that_a_mean_logarithm_lacks() -> None:
    """The energy of Rayleigh magnitudes is e^gamma times that of their mean logarithm."""
    energies = {}
    for residual in (LearnedResidual(SHAPE), SpeckleResidual(SHAPE)):
        residual.observe(SPECKLE_SD * noise(64))
        log_magnitude = residual.add_to(torch.zeros(256, *SHAPE), torch.Generator().manual_seed(1))
        energies[type(residual)] = float(torch.exp(2 * log_magnitude).mean().log10())
    assert energies[SpeckleResidual] == pytest.approx(EULER_GAMMA / math.log(10), abs=0.01)
    assert energies[LearnedResidual] == pytest.approx(2 * SPECKLE_SD**2 / math.log(10), abs=0.02)


def test_speckle_has_mean_zero_and_variance_one_far_into_the_tails() -> None:
    field = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))
    bent = SpeckleResidual(SHAPE).distribute(field)
    assert bent.mean().item() == pytest.approx(0.0, abs=0.005)
    assert bent.var().item() == pytest.approx(1.0, abs=0.02)
    tails = SpeckleResidual(SHAPE).distribute(torch.tensor([-9.0, 9.0]))
    assert torch.isfinite(tails).all()


def test_a_perfect_reconstruction_keeps_a_finite_likelihood() -> None:
    residual = LearnedResidual(SHAPE)
    assert residual.observe(torch.zeros(2, *SHAPE)).min() == pytest.approx(MIN_VARIANCE)


def test_spoilt_values_do_not_enter_the_running_figures() -> None:
    residual = LearnedResidual(SHAPE)
    residual.observe(torch.full((2, *SHAPE), math.nan))
    assert torch.equal(residual.variance, torch.ones(SHAPE[0], SHAPE[1], 1))
    assert residual.n_batches == 0


def test_without_residual_a_spectrogram_stays_as_it_is() -> None:
    spectrogram = noise(2)
    residual = make_residual("none", SHAPE)
    assert residual.add_to(spectrogram) is spectrogram
    assert not residual.state_dict()


def test_an_unknown_residual_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"model\.residual=global: choose one of none, learned"):
        make_residual("global", SHAPE)
