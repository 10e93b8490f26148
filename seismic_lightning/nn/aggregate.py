r"""Where latents lie: densities fitted to training posteriors when encoder and decoder have come to rest.

A model without condition needs a mixture of Gaussians. One with a condition needs a density for each: a
prior that is learnt beside encoder and decoder follows posteriors that keep moving, and takes dimensions for
independent. Here a network of its own turns the condition into mean and variance of every dimension, and one
Gaussian with full covariance holds the deviations in these units. It serves a standard prior as well, whose
latents depend on the condition in spite of it.

The network stops learning where latents of the validation split become less probable: their events are
others, and what is peculiar to an event must stay scatter.

References:
    Dai & Wipf (2019), Diagnosing and enhancing VAE models, ICLR, arXiv:1903.05789 (a second stage).
    Ghosh, Sajjadi, Vergari, Black & Schölkopf (2020), From variational to deterministic autoencoders, ICLR,
    arXiv:1903.12436.
"""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn
from torch.autograd import backward

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.condition import ConditionEncoder
from seismic_lightning.nn.mixture import GaussianMixture
from seismic_lightning.nn.noise import Noise
from seismic_lightning.nn.posterior import DiagonalGaussian
from seismic_lightning.nn.prior import ConditionalPrior

LEARNING_RATE = 3e-3
MIN_SPREAD = 1e-3
"""Of a latent dimension that the encoder leaves constant."""
MAX_STEPS = 1000
"""Of Adam, each on all latents."""
PATIENCE_STEPS = 100
"""Steps without a better validation likelihood after which the best network is taken."""


class Posteriors(NamedTuple):
    """Latents drawn from posteriors, and what their records are told.

    Attributes:
        latent: ``(n, D)``.
        condition: Scaled conditions of the ``n`` records.
    """

    latent: Tensor
    condition: Condition


class Aggregate(Protocol):
    """A density of training posteriors that latents can be drawn from."""

    def draw(self, condition: Condition, generator: Noise | None = None, temperature: float = 1.0) -> Tensor:
        """Draw one latent per condition.

        Args:
            condition: Scaled conditions of ``B`` records.
            generator: Source of the noise, or one for each latent; None takes PyTorch's global one.
            temperature: Factor on the spread about the mean of a condition or component.

        Returns:
            ``(B, D)`` on the condition's device.
        """

    def state(self) -> dict[str, Any]:
        """Return plain tensors and numbers for a checkpoint."""


@dataclass(frozen=True)
class MarginalAggregate:
    """One density for all records.

    Attributes:
        mixture: Of the latents.
    """

    mixture: GaussianMixture

    def draw(self, condition: Condition, generator: Noise | None = None, temperature: float = 1.0) -> Tensor:
        """Draw as many latents as there are conditions; see ``Aggregate.draw``."""
        device = condition.magnitude.device
        return self.mixture.to(device).sample(len(condition.magnitude), generator, temperature)

    def state(self) -> dict[str, Any]:
        """Return the mixture's tensors."""
        return self.mixture.state()

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from what ``state`` returned."""
        return cls(GaussianMixture.from_state(state))


class ConditionNetwork(nn.Module):
    """From a condition to mean and variance of its latents."""

    centre: Tensor
    spread: Tensor

    def __init__(self, latent_size: int, n_stations: int, n_location: int) -> None:
        """Build the layers.

        Args:
            latent_size: Latent dimensions ``D``.
            n_stations: Size of the station vocabulary, place 0 included.
            n_location: Figures that tell where the source is.
        """
        super().__init__()
        self.sizes = (latent_size, n_stations, n_location)
        self.condition = ConditionEncoder(n_stations, n_location)
        self.prior = ConditionalPrior(latent_size)
        self.register_buffer("centre", torch.zeros(latent_size))
        self.register_buffer("spread", torch.ones(latent_size))

    def forward(self, condition: Condition) -> DiagonalGaussian:
        """Return mean and variance of the latents of these conditions, ``(B, D)``."""
        units: DiagonalGaussian = self.prior(self.condition(condition))
        mean = self.centre + self.spread * units.mean
        return DiagonalGaussian(mean, units.log_var + 2.0 * self.spread.log())

    def learn(self, training: Posteriors, validation: Posteriors) -> None:
        """Raise the likelihood of training latents until that of validation latents falls."""
        self.centre.copy_(training.latent.mean(0))
        self.spread.copy_(training.latent.std(0).clamp(min=MIN_SPREAD))
        optimizer = torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)
        best, best_loss, best_step = copy.deepcopy(self.state_dict()), math.inf, 0
        for step in range(MAX_STEPS):
            with torch.no_grad():
                loss = float(self._loss(validation))
            if loss < best_loss:
                best, best_loss, best_step = copy.deepcopy(self.state_dict()), loss, step
            if step - best_step > PATIENCE_STEPS:
                break
            optimizer.zero_grad()
            backward(self._loss(training))
            optimizer.step()
        self.load_state_dict(best)

    def _loss(self, posteriors: Posteriors) -> Tensor:
        """Return the mean negative log density of independent dimensions, up to a constant."""
        units: DiagonalGaussian = self(posteriors.condition)
        return 0.5 * (deviations(posteriors.latent, units).square() + units.log_var).mean()


def deviations(latent: Tensor, units: DiagonalGaussian) -> Tensor:
    """Return latents ``(B, D)`` in the units of mean and standard deviation."""
    return (latent - units.mean) * torch.exp(-0.5 * units.log_var)


@dataclass(frozen=True)
class ConditionalAggregate:
    """A density for every condition.

    Attributes:
        network: Mean and variance of the latents of a condition.
        deviations: Density of latents in these units.
    """

    network: ConditionNetwork
    deviations: GaussianMixture

    @classmethod
    def fit(
        cls, training: Posteriors, validation: Posteriors, sizes: tuple[int, int, int], seed: int
    ) -> Self:
        """Fit the network, then the covariance of what it leaves, on the processor.

        Args:
            training: At least two latents.
            validation: Latents of other events, at least one.
            sizes: Latent dimensions, stations and location figures; see ``ConditionNetwork``.
            seed: Of the first weights.

        Raises:
            ConfigurationError: If there is too little to fit to.
        """
        if len(training.latent) < 2 or not len(validation.latent):
            raise ConfigurationError(
                f"a density of latents needs two training records and one of validation, got "
                f"{len(training.latent)} and {len(validation.latent)}"
            )
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(seed)
            network = ConditionNetwork(*sizes)
            network.learn(training, validation)
        network.requires_grad_(False)
        left = deviations(training.latent, network(training.condition))
        return cls(network, GaussianMixture.fit(left, 1, torch.Generator().manual_seed(seed)))

    def draw(self, condition: Condition, generator: Noise | None = None, temperature: float = 1.0) -> Tensor:
        """Draw one latent per condition; see ``Aggregate.draw``."""
        device = condition.magnitude.device
        units: DiagonalGaussian = self.network.to(device)(condition)
        deviation = self.deviations.to(device).sample(len(units.mean), generator)
        return units.mean + temperature * torch.exp(0.5 * units.log_var) * deviation

    def log_prob(self, posteriors: Posteriors) -> Tensor:
        """Return the log density of latents under their conditions, ``(n,)`` nats."""
        units: DiagonalGaussian = self.network(posteriors.condition)
        left = deviations(posteriors.latent, units)
        return self.deviations.log_prob(left) - 0.5 * units.log_var.sum(1)

    def state(self) -> dict[str, Any]:
        """Return sizes, weights and covariance."""
        return {
            "sizes": list(self.network.sizes),
            "network": self.network.state_dict(),
            "deviations": self.deviations.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from what ``state`` returned, leaving PyTorch's global generator alone."""
        with torch.random.fork_rng(devices=[]):
            network = ConditionNetwork(*state["sizes"])
        network.load_state_dict(state["network"])
        return cls(network.requires_grad_(False), GaussianMixture.from_state(state["deviations"]))


def aggregate_from_state(state: Mapping[str, Any]) -> Aggregate:
    """Rebuild the density that a checkpoint holds.

    Args:
        state: What ``state`` of either density returned.
    """
    if "network" in state:
        return ConditionalAggregate.from_state(state)
    return MarginalAggregate.from_state(state)
