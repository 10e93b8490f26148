from typing import Any

import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.mixture import GaussianMixture


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_clouds(n_each: int = 1000) -> torch.Tensor:
    near = torch.randn(n_each, 2, generator=seeded(1)) * torch.tensor([1.0, 0.2])
    far = torch.randn(3 * n_each, 2, generator=seeded(2)) * 0.5 + torch.tensor([6.0, -3.0])
    return torch.cat([near, far])


def test_the_fit_finds_two_clouds() -> None:
    mixture = GaussianMixture.fit(two_clouds(), 2, seeded())
    order = mixture.means[:, 0].argsort()
    torch.testing.assert_close(mixture.weights[order], torch.tensor([0.25, 0.75]), atol=0.01, rtol=0)
    torch.testing.assert_close(
        mixture.means[order], torch.tensor([[0.0, 0.0], [6.0, -3.0]]), atol=0.1, rtol=0
    )


def test_the_density_equals_torch_distributions() -> None:
    mixture = GaussianMixture.fit(two_clouds(50), 3, seeded())
    theirs: Any = MixtureSameFamily(
        Categorical(mixture.weights), MultivariateNormal(mixture.means, scale_tril=mixture.factors)
    )
    samples = torch.randn(20, 2, generator=seeded(3))
    torch.testing.assert_close(mixture.log_prob(samples), theirs.log_prob(samples), atol=1e-3, rtol=1e-4)


def test_samples_have_the_moments_of_what_was_fitted() -> None:
    data = two_clouds()
    drawn = GaussianMixture.fit(data, 4, seeded()).sample(20_000, seeded(4))
    torch.testing.assert_close(drawn.mean(0), data.mean(0), atol=0.1, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), data.T.cov(), atol=0.3, rtol=0)


def test_more_dimensions_than_samples_stay_regular() -> None:
    data = torch.randn(30, 64, generator=seeded())
    mixture = GaussianMixture.fit(data, 10, seeded())
    assert torch.isfinite(mixture.sample(5, seeded())).all()
    assert mixture.factors.diagonal(dim1=1, dim2=2).min() > 0.1


def test_samples_follow_their_seed_and_the_state_makes_the_same_mixture() -> None:
    mixture = GaussianMixture.fit(two_clouds(50), 3, seeded())
    again = GaussianMixture.from_state(mixture.state())
    assert torch.equal(mixture.sample(8, seeded(5)), again.sample(8, seeded(5)))
    assert not torch.equal(mixture.sample(8, seeded(5)), mixture.sample(8, seeded(6)))
    cold = mixture.sample(8, seeded(5), temperature=0.0)
    assert (cold[:, None] == mixture.means).all(2).any(1).all()


@pytest.mark.parametrize(("n_samples", "n_components"), [(1, 2), (5, 0)])
def test_nothing_to_fit_is_refused(n_samples: int, n_components: int) -> None:
    with pytest.raises(ConfigurationError, match="a component and two samples"):
        GaussianMixture.fit(torch.zeros(n_samples, 2), n_components, seeded())
