r"""Schedule, denoiser and sampler of diffusion models over latents of unit variance.

A latent is drowned in noise, :math:`x = a(l)\,z + b(l)\,\epsilon`, at a level :math:`l` that is drawn anew
for each record of a training batch; a network learns to see the latent through it. Records are made by
following :math:`\mathrm{d}x / \mathrm{d}l` from pure noise to level 0. Two processes are offered:

* ``Edm``: :math:`x = z + \sigma \epsilon` with the preconditioned denoiser of Karras et al.;
* ``Flow``: the straight line :math:`x = (1 - t) z + t \epsilon`, along which the network gives the velocity.

References:
    Karras et al. (2022), Elucidating the design space of diffusion-based generative models, NeurIPS 35,
    arXiv:2206.00364.
    Lipman et al. (2023), Flow matching for generative modeling, ICLR, arXiv:2210.02747.
    Esser et al. (2024), Scaling rectified flow transformers for high-resolution image synthesis, ICML,
    arXiv:2403.03206.
"""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError

Network = Callable[[Tensor, Tensor], Tensor]
"""Maps a scaled noisy latent ``(B, ...)`` and what tells its level ``(B,)`` to ``(B, ...)``."""
Slope = Callable[[Tensor, Tensor], Tensor]
"""Maps a noisy latent ``(B, ...)`` and its level ``(B,)`` to the derivative of the latent by the level."""

SIGMA_MIN, SIGMA_MAX, RHO = 0.002, 80.0, 7.0


class Process(Protocol):
    r"""How latents become noise, and what the network learns of it.

    In training the natural logarithm of noise over latent, :math:`\ln(b / a)`, is normally distributed. Its
    mean can be chosen: where neighbours resemble each other, a plan is lost only to stronger noise.

    References:
        Hoogeboom, Heek & Salimans (2023), Simple diffusion: end-to-end diffusion for high resolution images,
        ICML, arXiv:2301.11093.

    Attributes:
        top: Level of pure noise.
        spread_at_top: Standard deviation of a latent at that level.
        bottom: Level that a latent without noise is taken to have.
    """

    top: float
    spread_at_top: float
    bottom: float

    def draw_levels(self, normal: Tensor) -> Tensor:
        """Return the levels of a training batch, ``(B,)``, from standard normal numbers ``(B,)``."""

    def losses(self, network: Network, latent: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """Return the weighted mean squared error of each record, ``(B,)``, about 1 without any knowledge.

        Args:
            network: The network, its condition given.
            latent: ``(B, ...)`` of unit variance.
            noise: ``(B, ...)`` standard normal numbers.
            level: ``(B,)``.
        """

    def slope(self, network: Network, noisy: Tensor, level: Tensor) -> Tensor:
        """Return the derivative of a noisy latent ``(B, ...)`` by its level ``(B,)``."""

    def levels(self, n_steps: int) -> Tensor:
        """Return ``(n_steps + 1,)`` levels from the top to 0."""


class Edm:
    """Noise of growing variance, and a denoiser whose input, output and loss have unit variance."""

    top = SIGMA_MAX
    spread_at_top = SIGMA_MAX
    bottom = SIGMA_MIN

    def __init__(self, mean_log_noise: float = 0.0) -> None:
        """Set the levels of training.

        Args:
            mean_log_noise: Mean of the natural logarithm of noise over latent; -1.2 in the paper.
        """
        self.mean_log_noise = mean_log_noise

    def draw_levels(self, normal: Tensor) -> Tensor:
        """See ``Process.draw_levels``."""
        return torch.exp(self.mean_log_noise + 1.2 * normal)

    def denoised(self, network: Network, noisy: Tensor, level: Tensor) -> Tensor:
        """Return what the network takes the latent for.

        Args:
            network: The network, its condition given.
            noisy: ``(B, ...)``.
            level: ``(B,)``.
        """
        sigma = _beside(level, noisy)
        spread = (1.0 + sigma.square()).sqrt()
        seen = network(noisy / spread, level.log() / 4.0).float()
        return noisy / spread.square() + sigma / spread * seen

    def losses(self, network: Network, latent: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """See ``Process.losses``."""
        sigma = _beside(level, latent)
        error = self.denoised(network, latent + sigma * noise, level) - latent
        weight = (1.0 + sigma.square()) / sigma.square()
        return (weight * error.square()).flatten(1).mean(1)

    def slope(self, network: Network, noisy: Tensor, level: Tensor) -> Tensor:
        """See ``Process.slope``."""
        return (noisy - self.denoised(network, noisy, level)) / _beside(level, noisy)

    def levels(self, n_steps: int) -> Tensor:
        """See ``Process.levels``.

        Example:
            >>> Edm().levels(2)
            tensor([8.0000e+01, 2.0000e-03, 0.0000e+00])
        """
        part = torch.linspace(0.0, 1.0, n_steps) if n_steps > 1 else torch.zeros(1)
        ends = [end ** (1.0 / RHO) for end in (SIGMA_MAX, SIGMA_MIN)]
        return torch.cat([(ends[0] + part * (ends[1] - ends[0])) ** RHO, torch.zeros(1)])


class Flow:
    """A straight line from the latent to the noise; levels of training are the logistic of normal numbers."""

    top = 1.0
    spread_at_top = 1.0
    bottom = 0.0

    def __init__(self, mean_log_noise: float = 0.0) -> None:
        """Set the levels of training.

        Args:
            mean_log_noise: Mean of the natural logarithm of noise over latent.
        """
        self.mean_log_noise = mean_log_noise

    def draw_levels(self, normal: Tensor) -> Tensor:
        """See ``Process.draw_levels``."""
        return torch.sigmoid(self.mean_log_noise + normal)

    def losses(self, network: Network, latent: Tensor, noise: Tensor, level: Tensor) -> Tensor:
        """See ``Process.losses``."""
        noisy = torch.lerp(latent, noise, _beside(level, latent))
        error = self.slope(network, noisy, level) - (noise - latent)
        return error.square().flatten(1).mean(1) / 2.0

    def slope(self, network: Network, noisy: Tensor, level: Tensor) -> Tensor:
        """See ``Process.slope``."""
        return network(noisy, level).float()

    def levels(self, n_steps: int) -> Tensor:
        """See ``Process.levels``."""
        return torch.linspace(1.0, 0.0, n_steps + 1)


PROCESSES: dict[str, type[Edm] | type[Flow]] = {"edm": Edm, "flow": Flow}
"""The words of ``model.process``."""


def make_process(name: str, mean_log_noise: float = 0.0) -> Process:
    """Return the process that settings name.

    Args:
        name: One of ``PROCESSES``.
        mean_log_noise: Mean of the natural logarithm of noise over latent in training.

    Raises:
        ConfigurationError: For any other name, or a mean that is not finite.
    """
    if name not in PROCESSES:
        raise ConfigurationError(f"model.process={name}: choose one of {', '.join(PROCESSES)}")
    if not math.isfinite(mean_log_noise):
        raise ConfigurationError(f"model.mean_log_noise={mean_log_noise}: give a number, such as 0")
    return PROCESSES[name](mean_log_noise)


def integrate(slope: Slope, noisy: Tensor, levels: Tensor, solver: str = "heun") -> Tensor:
    """Follow a slope through levels.

    Args:
        slope: Derivative by the level.
        noisy: ``(B, ...)`` at the first level.
        levels: ``(n + 1,)``, falling to make records, rising to find the noise of a record.
        solver: ``euler``, or ``heun``, which looks at both ends of each step: it asks twice, and once
            where a step ends at level 0.

    Returns:
        ``(B, ...)`` at the last level.

    Example:
        >>> integrate(lambda x, level: 2.0 * level, torch.ones(1), torch.tensor([3.0, 2.0, 1.0]))
        tensor([-7.])
    """
    for here, there in zip(levels[:-1].tolist(), levels[1:].tolist(), strict=True):
        step = there - here
        first = slope(noisy, noisy.new_full((len(noisy),), here))
        ahead = noisy + step * first
        if solver == "heun" and there > 0.0:
            second = slope(ahead, noisy.new_full((len(noisy),), there))
            ahead = noisy + step * 0.5 * (first + second)
        noisy = ahead
    return noisy


def check_sampling(n_steps: int, solver: str, guidance: float) -> None:
    """Refuse settings that no record can be made with.

    Args:
        n_steps: Steps from noise to latent.
        solver: ``heun`` or ``euler``.
        guidance: How far beyond the unconditional slope.

    Raises:
        ConfigurationError: Naming the setting.
    """
    if n_steps < 1:
        raise ConfigurationError(f"n_steps={n_steps}: give 1 or more steps; 25 suit most")
    if solver not in ("heun", "euler"):
        raise ConfigurationError(f"solver={solver}: choose heun or euler")
    if not (math.isfinite(guidance) and guidance >= 0.0):
        raise ConfigurationError(f"guidance={guidance}: give a number of 0 or more; 1 follows the condition")


def _beside(level: Tensor, latent: Tensor) -> Tensor:
    """Return levels ``(B,)`` in a shape that broadcasts against latents."""
    return level.reshape(-1, *(1 for _ in latent.shape[1:]))
