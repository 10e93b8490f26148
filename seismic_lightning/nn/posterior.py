r"""What an encoder believes about the latent of a record: a point, or a Gaussian with diagonal covariance.

A variational autoencoder pays :math:`\mathrm{KL}(q(z \mid x) \,\|\, p(z))` for what its posterior says beyond
the prior, which is the standard normal or another diagonal Gaussian. In the units of the prior,
:math:`m = (\mu - \mu_p) / \sigma_p` and :math:`v = \sigma^2 / \sigma_p^2`, every dimension pays for itself,

.. math:: \mathrm{KL}_d = \tfrac12 \left(m_d^2 + v_d - 1 - \log v_d\right) \ \text{nats}.

An autoencoder's posterior is a point mass: it has no dimension that pays, so one training step serves all
models.

References:
    Kingma & Welling (2014), Auto-encoding variational Bayes, ICLR, arXiv:1312.6114, appendix B.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.noise import Noise, RecordNoise, normal_like

MIN_LOG_VAR = -12.0
"""A standard deviation of 0.0025: more precision than a decoder can use."""
MAX_LOG_VAR = 8.0
"""A standard deviation of 55: the sample is noise, and its square still far from overflow in half
precision."""


class Posterior(Protocol):
    """A distribution over the latent of each record of a batch."""

    @property
    def mode(self) -> Tensor:
        """Return the most probable latent, ``(B, ...)``."""

    def sample(self, generator: Noise | RecordNoise | None = None) -> Tensor:
        """Draw one latent per record, ``(B, ...)``, through which gradients reach the parameters."""

    def kl(self) -> Tensor:
        """Return the divergence from the prior, ``(B, D)`` nats per latent dimension."""

    def standardised(self) -> tuple[Tensor, Tensor]:
        """Return mean and variance in the units of the prior, ``(B, D)`` each."""


@dataclass(frozen=True)
class PointMass:
    """All probability at one latent: the posterior of an autoencoder.

    Attributes:
        mode: ``(B, ...)`` the latent.
    """

    mode: Tensor

    def sample(self, generator: Noise | RecordNoise | None = None) -> Tensor:
        """Return the latent itself; the generator is left untouched.

        Args:
            generator: Taken for the sake of ``Posterior``.

        Returns:
            ``(B, ...)``, the mode.
        """
        return self.mode

    def kl(self) -> Tensor:
        """Return ``(B, 0)``: there is no prior to diverge from, and sums over no dimension are zero."""
        return self.mode.new_zeros(len(self.mode), 0)

    def standardised(self) -> tuple[Tensor, Tensor]:
        """Return nothing, ``(B, 0)`` twice: there is no prior to give the units."""
        return self.kl(), self.kl()


@dataclass(frozen=True)
class DiagonalGaussian:
    """A Gaussian with independent dimensions.

    Attributes:
        mean: ``(B, D)``.
        log_var: ``(B, D)`` natural logarithm of the variance.
        prior: What the divergence is taken from; None is the standard normal.

    Example:
        >>> prior = DiagonalGaussian(torch.zeros(1, 2), torch.zeros(1, 2))
        >>> prior.kl()
        tensor([[0., 0.]])
    """

    mean: Tensor
    log_var: Tensor
    prior: "DiagonalGaussian | None" = None

    @property
    def mode(self) -> Tensor:
        """Return the mean, ``(B, D)``."""
        return self.mean

    def sample(self, generator: Noise | RecordNoise | None = None, temperature: float = 1.0) -> Tensor:
        """Draw ``mean + temperature * standard deviation * noise``; gradients reach both parameters.

        Args:
            generator: Source of the noise, on any device, or one for each record; None takes PyTorch's
                global one.
            temperature: Factor on the standard deviation.

        Returns:
            ``(B, D)``.
        """
        noise = normal_like(self.mean, generator)
        return self.mean + temperature * torch.exp(0.5 * self.log_var) * noise

    def kl(self) -> Tensor:
        """Return the divergence from the prior in closed form, ``(B, D)`` nats."""
        if self.prior is None:
            return 0.5 * (self.mean.square() + self.log_var.exp() - 1.0 - self.log_var)
        mean, variance = self.standardised()
        return 0.5 * (mean.square() + variance - 1.0 - (self.log_var - self.prior.log_var))

    def standardised(self) -> tuple[Tensor, Tensor]:
        """Return mean and variance in the units of the prior, ``(B, D)`` each."""
        if self.prior is None:
            return self.mean, self.log_var.exp()
        mean = (self.mean - self.prior.mean) * torch.exp(-0.5 * self.prior.log_var)
        return mean, torch.exp(self.log_var - self.prior.log_var)


class SpatialGaussian(DiagonalGaussian):
    """A Gaussian over a map ``(B, C, H, W)`` whose divergence only keeps it bounded.

    Nothing is drawn from the standard normal, so no dimension is told in its units.
    """

    def kl(self) -> Tensor:
        """Return the divergence from the standard normal, ``(B, C * H * W)`` nats."""
        return super().kl().flatten(1)

    def standardised(self) -> tuple[Tensor, Tensor]:
        """Return nothing, ``(B, 0)`` twice."""
        nothing = self.mean.new_zeros(len(self.mean), 0)
        return nothing, nothing


class GaussianHead(nn.Module):
    """Two linear layers from features to a ``DiagonalGaussian``, float32 whatever the precision.

    The log-variance is bounded smoothly: near zero it is the layer's output, and towards the bounds a
    gradient still leads back, where a hard clip would leave a dimension stuck.
    """

    def __init__(self, in_features: int, latent_size: int) -> None:
        """Build the layers.

        Args:
            in_features: Length of the feature vector.
            latent_size: Latent dimensions ``D``.

        Raises:
            ConfigurationError: If there is no latent dimension.
        """
        super().__init__()
        if latent_size < 1:
            raise ConfigurationError(f"model.latent_size={latent_size}: give 1 or more dimensions")
        self.mean = nn.Linear(in_features, latent_size)
        self.log_var = nn.Linear(in_features, latent_size)

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """Read a posterior off the features.

        Args:
            features: ``(B, in_features)``.

        Returns:
            A posterior of ``D`` dimensions with a log-variance within ``[MIN_LOG_VAR, MAX_LOG_VAR]``.
        """
        return DiagonalGaussian(self.mean(features).float(), bound_log_var(self.log_var(features).float()))


def bound_log_var(log_var: Tensor) -> Tensor:
    """Bend values smoothly into ``[MIN_LOG_VAR, MAX_LOG_VAR]``.

    Args:
        log_var: Unbounded values of any shape.

    Returns:
        Bounded values; unchanged within 0.001 for inputs between -5 and 1.

    Example:
        >>> bound_log_var(torch.tensor([-1000.0, 1000.0]))
        tensor([-12.,   8.])
    """
    below = MAX_LOG_VAR - F.softplus(MAX_LOG_VAR - log_var)
    bounded = MIN_LOG_VAR + F.softplus(below - MIN_LOG_VAR)
    # The first bend can carry the second one over the upper bound by a rounding error.
    return bounded.clamp(max=MAX_LOG_VAR)
