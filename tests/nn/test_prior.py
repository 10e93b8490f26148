import pytest
import torch
from torch.autograd import backward
from torch.distributions import Normal, kl_divergence

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.condition import CONDITION_SIZE
from seismic_lightning.nn.posterior import DiagonalGaussian
from seismic_lightning.nn.prior import PRIORS, ConditionalPrior, make_prior, standard_normal


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def gaussian(prior: DiagonalGaussian | None = None) -> DiagonalGaussian:
    mean, log_var = torch.randn(5, 7, dtype=torch.float64), torch.randn(5, 7, dtype=torch.float64)
    return DiagonalGaussian(mean, log_var, prior)


def normal(of: DiagonalGaussian) -> Normal:
    return Normal(of.mean, torch.exp(0.5 * of.log_var))


def test_the_divergence_from_a_prior_equals_torch_distributions() -> None:
    posterior = gaussian(prior=gaussian())
    assert posterior.prior is not None
    torch.testing.assert_close(posterior.kl(), kl_divergence(normal(posterior), normal(posterior.prior)))


def test_a_posterior_that_is_its_prior_is_free() -> None:
    prior = gaussian()
    assert torch.equal(DiagonalGaussian(prior.mean, prior.log_var, prior).kl(), torch.zeros(5, 7).double())


def test_a_standard_prior_gives_the_standard_divergence() -> None:
    alone = gaussian()
    beside = DiagonalGaussian(alone.mean, alone.log_var, standard_normal(5, 7, alone.mean))
    torch.testing.assert_close(beside.kl(), alone.kl())
    for ours, theirs in zip(beside.standardised(), alone.standardised(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_standardised_moments_pay_what_the_posterior_pays() -> None:
    posterior = gaussian(prior=gaussian())
    mean, variance = posterior.standardised()
    torch.testing.assert_close(DiagonalGaussian(mean, variance.log()).kl(), posterior.kl())


def test_a_learnt_prior_differs_between_conditions_and_learns_from_the_divergence() -> None:
    prior = ConditionalPrior(latent_size=4)
    features = torch.randn(3, CONDITION_SIZE)
    posterior = prior.beside(DiagonalGaussian(torch.randn(3, 4), torch.zeros(3, 4)), features)
    backward(posterior.kl().sum())
    for name, parameter in prior.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
    means = prior(features).mean
    assert not torch.allclose(means[0], means[1])


def test_temperature_scales_the_distance_from_the_mean() -> None:
    some = gaussian()
    cold, warm, hot = (some.sample(torch.Generator().manual_seed(0), t) for t in (0.0, 1.0, 2.0))
    assert torch.equal(cold, some.mean)
    torch.testing.assert_close(hot - some.mean, 2 * (warm - some.mean))


def test_an_unknown_prior_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=rf"model\.prior=flow: choose one of {', '.join(PRIORS)}"):
        make_prior("flow", 4)
