import pytest
import torch
from torch.autograd import backward
from torch.distributions import Normal, kl_divergence

from seismic_lightning.nn.posterior import (
    MAX_LOG_VAR,
    MIN_LOG_VAR,
    DiagonalGaussian,
    GaussianHead,
    PointMass,
    bound_log_var,
)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_kl_equals_torch_distributions() -> None:
    mean, log_var = torch.randn(5, 7, dtype=torch.float64), torch.randn(5, 7, dtype=torch.float64)
    expected = kl_divergence(Normal(mean, torch.exp(0.5 * log_var)), Normal(torch.zeros(()), torch.ones(())))
    torch.testing.assert_close(DiagonalGaussian(mean, log_var).kl(), expected)


def test_the_prior_is_free() -> None:
    zeros = torch.zeros(2, 3)
    assert torch.equal(DiagonalGaussian(zeros, zeros).kl(), zeros)


def test_samples_have_mean_and_variance_of_the_posterior() -> None:
    n_samples = 200_000
    mean, log_var = torch.tensor([-2.0, 0.5]), torch.tensor([-1.0, 1.0])
    posterior = DiagonalGaussian(mean.expand(n_samples, 2), log_var.expand(n_samples, 2))
    samples = posterior.sample(torch.Generator().manual_seed(0))
    # Five standard errors of a mean and of a variance over this many samples.
    torch.testing.assert_close(samples.mean(0), mean, atol=5 * 1.65 / n_samples**0.5, rtol=0)
    torch.testing.assert_close(samples.var(0), log_var.exp(), atol=0, rtol=5 * (2 / n_samples) ** 0.5)


def test_samples_follow_their_generator_and_leave_the_global_one_alone() -> None:
    posterior = DiagonalGaussian(torch.zeros(2, 3), torch.zeros(2, 3))
    before = torch.get_rng_state()
    first, second, other = (posterior.sample(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_sample_passes_gradients_to_both_parameters() -> None:
    mean, log_var = torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    backward(DiagonalGaussian(mean, log_var).sample(torch.Generator().manual_seed(0)).sum())
    assert mean.grad is not None
    assert log_var.grad is not None
    assert (mean.grad == 1).all()
    assert (log_var.grad != 0).all()


def test_a_point_mass_is_where_it_is_and_costs_nothing() -> None:
    latent = torch.randn(4, 8, 3, 2)
    posterior = PointMass(latent)
    assert posterior.mode is posterior.sample() is latent
    assert posterior.kl().shape == (4, 0)
    assert torch.equal(posterior.kl().sum(1), torch.zeros(4))


def test_log_variance_is_bounded_and_free_in_between() -> None:
    wide = torch.linspace(-1e4, 1e4, 20_001)
    bounded = bound_log_var(wide)
    assert bounded.min() >= MIN_LOG_VAR
    assert bounded.max() <= MAX_LOG_VAR
    assert (bounded.diff() >= 0).all()
    inner = torch.linspace(-5, 1, 100)
    torch.testing.assert_close(bound_log_var(inner), inner, atol=1e-3, rtol=0)


def test_a_gradient_leads_back_from_the_bounds() -> None:
    outside = torch.tensor([MIN_LOG_VAR - 5, MAX_LOG_VAR + 5], requires_grad=True)
    backward(bound_log_var(outside).sum())
    assert outside.grad is not None
    assert (outside.grad > 1e-3).all()


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_the_head_stays_finite_for_any_features(scale: float) -> None:
    posterior = GaussianHead(6, 4)(scale * torch.randn(3, 6))
    assert posterior.log_var.min() >= MIN_LOG_VAR
    assert posterior.log_var.max() <= MAX_LOG_VAR
    assert torch.isfinite(posterior.kl()).all()


def test_the_head_answers_in_float32_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        posterior = GaussianHead(6, 4)(torch.randn(3, 6))
    assert posterior.mean.dtype == posterior.log_var.dtype == torch.float32
