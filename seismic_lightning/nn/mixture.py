r"""A mixture of Gaussians, fitted to latents where an encoder has put them.

Posteriors never fill the prior of a variational autoencoder exactly; between them the decoder has learnt
nothing. A density fitted after training to samples of all training posteriors draws from where they lie.

The fit is expectation-maximisation with full covariances. Each covariance is that of greatest posterior
probability under an inverse Wishart prior worth one sample per dimension, of the data's own variances along
the axes: a component of few samples stays round instead of singular.

References:
    Ghosh, Sajjadi, Vergari, Black & Schölkopf (2020), From variational to deterministic autoencoders, ICLR,
    arXiv:1903.12436.
    Fraley & Raftery (2007), Bayesian regularization for normal mixture estimation and model-based clustering,
    Journal of Classification 24, 155-181, doi:10.1007/s00357-007-0004-5.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.noise import Noise, normal_like

N_ITERATIONS = 40
"""Of expectation-maximisation; the likelihood of hundreds of samples a component has settled by then."""


@dataclass(frozen=True)
class GaussianMixture:
    """Components with full covariance.

    Attributes:
        weights: ``(M,)`` shares of the components, which sum to 1.
        means: ``(M, D)``.
        factors: ``(M, D, D)`` lower Cholesky factors of the covariances.
    """

    weights: Tensor
    means: Tensor
    factors: Tensor

    @classmethod
    def fit(cls, samples: Tensor, n_components: int, generator: torch.Generator) -> "GaussianMixture":
        """Fit to samples, in float64 on the processor.

        Args:
            samples: ``(n, D)`` latents.
            n_components: Most components ``M``; those left without samples are dropped.
            generator: Picks the first means among the samples; on the processor.

        Raises:
            ConfigurationError: If there is no component or there are not two samples.
        """
        n_samples = len(samples)
        if n_components < 1 or n_samples < 2:
            raise ConfigurationError(
                f"a mixture needs a component and two samples, got {n_components=} and {n_samples} samples"
            )
        samples = samples.detach().double().cpu()
        n_components = min(n_components, n_samples // 2)
        spread = samples.var(0).clamp(min=1e-6)
        first = torch.randperm(n_samples, generator=generator)[:n_components]
        mixture = cls(
            torch.full((n_components,), 1.0 / n_components, dtype=torch.float64),
            samples[first],
            spread.sqrt().diag().expand(n_components, -1, -1),
        )
        for _ in range(N_ITERATIONS):
            mixture = mixture._improved(samples, spread)
        kept = mixture.weights >= 1.0 / n_samples  # a component that lost all its samples is never drawn
        weights = mixture.weights[kept] / mixture.weights[kept].sum()
        return cls(weights.float(), mixture.means[kept].float(), mixture.factors[kept].float())

    def log_prob(self, samples: Tensor) -> Tensor:
        """Return the log density of ``(n, D)`` samples, ``(n,)`` nats."""
        return self._log_joint(samples).logsumexp(1)

    def sample(self, n_samples: int, generator: Noise | None = None, temperature: float = 1.0) -> Tensor:
        """Draw latents.

        Args:
            n_samples: How many.
            generator: Source of the noise, or one for each latent; None takes PyTorch's global one.
            temperature: Factor on the distance from a component's mean.

        Returns:
            ``(n, D)`` on the mixture's device.
        """
        if isinstance(generator, Sequence):
            return torch.cat([self.sample(1, own, temperature) for own in generator])
        device = self.means.device
        drawn_on = device if generator is None else generator.device
        chosen = torch.multinomial(
            self.weights.to(drawn_on), n_samples, replacement=True, generator=generator
        ).to(device)
        noise = normal_like(self.means[chosen], generator)
        return self.means[chosen] + temperature * (self.factors[chosen] @ noise[..., None])[..., 0]

    def state(self) -> dict[str, Tensor]:
        """Return plain tensors for a checkpoint."""
        return {"weights": self.weights, "means": self.means, "factors": self.factors}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "GaussianMixture":
        """Rebuild from what ``state`` returned."""
        return cls(state["weights"], state["means"], state["factors"])

    def to(self, device: torch.device) -> "GaussianMixture":
        """Return the mixture on a device."""
        return GaussianMixture(self.weights.to(device), self.means.to(device), self.factors.to(device))

    def _log_joint(self, samples: Tensor) -> Tensor:
        """Return the log density of each sample with each component, ``(n, M)``."""
        columns = []
        for weight, mean, factor in zip(self.weights, self.means, self.factors, strict=True):
            whitened = torch.linalg.solve_triangular(factor, (samples - mean).T, upper=False)
            log_volume = factor.diagonal().log().sum() + 0.5 * len(mean) * math.log(2 * math.pi)
            columns.append(weight.log() - 0.5 * whitened.square().sum(0) - log_volume)
        return torch.stack(columns, dim=1)

    def _improved(self, samples: Tensor, spread: Tensor) -> "GaussianMixture":
        """Take one step of expectation-maximisation."""
        share = self._log_joint(samples).softmax(1)
        counts = share.sum(0).clamp(min=1e-9)
        means = share.T @ samples / counts[:, None]
        n_prior = samples.shape[1]
        factors = []
        for column, count, mean in zip(share.T, counts, means, strict=True):
            centred = samples - mean
            scatter = (column[:, None] * centred).T @ centred + n_prior * spread.diag()
            factors.append(torch.linalg.cholesky(scatter / (count + n_prior)))
        return GaussianMixture(counts / counts.sum(), means, torch.stack(factors))
