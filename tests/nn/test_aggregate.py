"""A density fitted to latents: known dependences are found, what is peculiar to events is not learnt."""

import math

import pytest
import torch
from torch import Tensor

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.aggregate import (
    ConditionalAggregate,
    MarginalAggregate,
    Posteriors,
    aggregate_from_state,
)
from seismic_lightning.nn.mixture import GaussianMixture

SIZES = (3, 2, 2)
COVARIANCE = torch.tensor([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 0.25]])


def conditions(n_records: int, seed: int) -> Condition:
    generator = torch.Generator().manual_seed(seed)
    told = torch.randn(n_records, 3, generator=generator)
    return Condition(told[:, 0], told[:, 1:], torch.ones(n_records, dtype=torch.int64))


def mean_of(condition: Condition) -> Tensor:
    return torch.stack(
        [
            5.0 + 2.0 * condition.magnitude,
            -condition.location[:, 0].square(),
            torch.zeros_like(condition.magnitude),
        ],
        dim=1,
    )


def posteriors(n_records: int, seed: int) -> Posteriors:
    """Latents whose mean depends on the condition, with correlated scatter."""
    condition = conditions(n_records, seed)
    noise = torch.randn(n_records, 3, generator=torch.Generator().manual_seed(seed + 1))
    scatter = noise @ torch.linalg.cholesky(COVARIANCE).T
    return Posteriors(mean_of(condition) + scatter, condition)


@pytest.fixture(scope="module")
def fitted() -> ConditionalAggregate:
    return ConditionalAggregate.fit(posteriors(2000, 0), posteriors(500, 10), SIZES, seed=0)


def test_latents_follow_their_condition_with_the_scatter_and_correlation_of_the_posteriors(
    fitted: ConditionalAggregate,
) -> None:
    condition = conditions(4000, 20)
    left = fitted.draw(condition, torch.Generator().manual_seed(3)) - mean_of(condition)
    assert left.mean(0).abs().max() < 0.15
    torch.testing.assert_close(torch.cov(left.T), COVARIANCE, atol=0.15, rtol=0.0)


def test_the_density_of_unseen_latents_is_nearly_that_of_the_law_that_made_them(
    fitted: ConditionalAggregate,
) -> None:
    unseen = posteriors(1000, 30)
    law = torch.distributions.MultivariateNormal(mean_of(unseen.condition), COVARIANCE)
    true: Tensor = law.log_prob(unseen.latent)  # type: ignore[no-untyped-call]
    lost_nats = (true - fitted.log_prob(unseen)).mean()
    assert 0.0 < lost_nats < 0.1


def test_events_that_are_only_in_the_training_split_are_not_learnt_by_heart() -> None:
    told, other = conditions(60, 40), conditions(60, 41)
    noise = torch.Generator().manual_seed(42)
    training = Posteriors(torch.randn(60, 3, generator=noise), told)
    validation = Posteriors(torch.randn(60, 3, generator=noise), other)
    left = ConditionalAggregate.fit(training, validation, SIZES, seed=0)
    drawn = left.draw(conditions(4000, 43), torch.Generator().manual_seed(44))
    assert drawn.std(0).min() > 0.8


def test_a_temperature_of_zero_gives_the_mean_of_the_condition(fitted: ConditionalAggregate) -> None:
    condition = conditions(50, 50)
    still = fitted.draw(condition, torch.Generator().manual_seed(0), temperature=0.0)
    torch.testing.assert_close(still, fitted.network(condition).mean)


def test_a_state_rebuilds_the_same_density_and_touches_no_global_generator(
    fitted: ConditionalAggregate,
) -> None:
    before = torch.get_rng_state()
    rebuilt = aggregate_from_state(fitted.state())
    condition = conditions(5, 60)
    drawn = [one.draw(condition, torch.Generator().manual_seed(1)) for one in (fitted, rebuilt)]
    torch.testing.assert_close(drawn[0], drawn[1], rtol=0.0, atol=0.0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_density_without_condition_looks_at_nothing_but_the_number_of_conditions() -> None:
    samples = torch.randn(500, 2, generator=torch.Generator().manual_seed(0)) * 3.0 + 7.0
    marginal = MarginalAggregate(GaussianMixture.fit(samples, 2, torch.Generator().manual_seed(0)))
    rebuilt = aggregate_from_state(marginal.state())
    draws = [
        one.draw(conditions(2000, seed), torch.Generator().manual_seed(1))
        for one, seed in ((marginal, 1), (rebuilt, 2))
    ]
    assert torch.equal(*draws)
    assert math.isclose(float(draws[0].mean()), 7.0, abs_tol=0.3)


def test_too_few_latents_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="two training records and one of validation, got 1 and 5"):
        ConditionalAggregate.fit(posteriors(1, 0), posteriors(5, 0), SIZES, seed=0)
