"""Where latents are drawn from when nothing but the condition is known.

With a standard normal prior a conditional model has to make its latent independent of the condition. Where it
does not, which a low price of information allows, condition and latent contradict each other in every sample
drawn from that prior. A prior that is learnt from the condition moves to where the posteriors of such records
lie.

References:
    Sohn, Lee & Yan (2015), Learning structured output representation using deep conditional generative
    models, NeurIPS 28.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.condition import CONDITION_SIZE
from seismic_lightning.nn.posterior import DiagonalGaussian, GaussianHead

PRIOR_SIZE = 128
"""Features between an encoded condition and its prior."""


def standard_normal(n_records: int, latent_size: int, like: Tensor) -> DiagonalGaussian:
    """Return the prior that knows nothing.

    Args:
        n_records: Records ``B``.
        latent_size: Latent dimensions ``D``.
        like: Gives device and type.

    Returns:
        Mean 0 and variance 1, ``(B, D)``.
    """
    zeros = torch.zeros(n_records, latent_size, device=like.device, dtype=torch.float32)
    return DiagonalGaussian(zeros, zeros)


class StandardPrior(nn.Module):
    """The standard normal, whatever the condition."""

    def __init__(self, latent_size: int) -> None:
        """Keep the size.

        Args:
            latent_size: Latent dimensions ``D``.
        """
        super().__init__()
        self.latent_size = latent_size

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """Return mean 0 and variance 1 for ``(B, K)`` features."""
        return standard_normal(len(features), self.latent_size, features)

    def beside(self, posterior: DiagonalGaussian, features: Tensor) -> DiagonalGaussian:
        """Return the posterior as it is: the standard normal is what it diverges from anyway."""
        return posterior


class ConditionalPrior(nn.Module):
    """A diagonal Gaussian that a small network reads off the encoded condition."""

    def __init__(self, latent_size: int) -> None:
        """Build the layers.

        Args:
            latent_size: Latent dimensions ``D``.
        """
        super().__init__()
        self.mix = nn.Sequential(nn.ReLU(), nn.Linear(CONDITION_SIZE, PRIOR_SIZE), nn.ReLU())
        self.head = GaussianHead(PRIOR_SIZE, latent_size)

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """Read the prior off ``(B, K)`` features of a condition."""
        prior: DiagonalGaussian = self.head(self.mix(features))
        return prior

    def beside(self, posterior: DiagonalGaussian, features: Tensor) -> DiagonalGaussian:
        """Let a posterior diverge from the prior of its own condition.

        Args:
            posterior: ``(B, D)``.
            features: ``(B, K)`` of the encoded condition.
        """
        return replace(posterior, prior=self(features))


PRIORS: dict[str, type[StandardPrior] | type[ConditionalPrior]] = {
    "standard": StandardPrior,
    "conditional": ConditionalPrior,
}
"""The words of ``model.prior``."""


def make_prior(name: str, latent_size: int) -> StandardPrior | ConditionalPrior:
    """Build the prior that a setting names.

    Args:
        name: One of ``PRIORS``.
        latent_size: Latent dimensions ``D``.

    Raises:
        ConfigurationError: For any other name.
    """
    if name not in PRIORS:
        raise ConfigurationError(f"model.prior={name}: choose one of {', '.join(PRIORS)}")
    return PRIORS[name](latent_size)
