"""A network that sees latents through noise, told the condition or not, and latents made with it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.condition import CONDITION_SIZE, ConditionEncoder
from seismic_lightning.nn.diffusion import Network, Process, Slope, check_sampling, integrate
from seismic_lightning.nn.unet import UNet

MIN_STEPS_BACK = 25
"""Steps from a latent to its noise, at least: with few of them noise comes out too weak."""


class Denoiser(nn.Module):
    """A U-Net with the encoder of its conditions, and a token that stands for a condition not told.

    References:
        Ho & Salimans (2021), Classifier-free diffusion guidance, NeurIPS workshop, arXiv:2207.12598.

    Attributes:
        is_conditional: Whether conditions are heard.
        process: How latents become noise.
        n_steps: Steps from noise to latent.
        solver: ``heun`` or ``euler``.
        guidance: Factor on what the condition changes; 1 follows it, more exaggerates it.
    """

    def __init__(
        self,
        latent_shape: tuple[int, int, int],
        channels: Sequence[int],
        *,
        process: Process,
        n_blocks: int,
        vocabulary: tuple[int, int] | None,
    ) -> None:
        """Build the layers.

        Args:
            latent_shape: Channels, frequency size and time size of a latent.
            channels: Channels of the U-Net, from the whole map to the smallest.
            process: How latents become noise.
            n_blocks: Residual blocks of each size.
            vocabulary: Sizes of the station vocabulary and of a location; None for a deaf network.

        Raises:
            ConfigurationError: A setting that cannot be used.
        """
        super().__init__()
        if n_blocks < 1:
            raise ConfigurationError(f"model.n_blocks={n_blocks}: give 1 or more")
        self.is_conditional = vocabulary is not None
        self.condition = None if vocabulary is None else ConditionEncoder(*vocabulary)
        self.untold = nn.Parameter(torch.zeros(CONDITION_SIZE))
        self.unet = UNet(latent_shape, channels, n_blocks, CONDITION_SIZE)
        self.process = process
        self.n_steps, self.solver, self.guidance = 25, "heun", 1.0

    def set_sampling(self, n_steps: int, solver: str, guidance: float) -> None:
        """Choose how latents are made.

        Args:
            n_steps: Steps from noise to latent.
            solver: ``heun`` or ``euler``.
            guidance: Factor on what the condition changes.

        Raises:
            ConfigurationError: A setting that cannot be used.
        """
        check_sampling(n_steps, solver, guidance)
        if guidance != 1.0 and not self.is_conditional:
            raise ConfigurationError(
                f"guidance={guidance}: this model hears no condition to be guided by; use 1"
            )
        self.n_steps, self.solver, self.guidance = n_steps, solver, guidance

    def network(self, condition: Condition, hidden: Tensor | None = None) -> Network:
        """Return the U-Net with its condition told.

        Args:
            condition: Scaled conditions of ``B`` records.
            hidden: ``(B,)`` bool, whose condition is not told; None for nobody's.
        """
        features = self._features(condition, hidden)
        return lambda noisy, level: self.unet(noisy, level, features)

    @torch.no_grad()
    def from_noise(self, noise: Tensor, condition: Condition) -> Tensor:
        """Make latents.

        Args:
            noise: ``(B, *latent_shape)`` standard normal numbers.
            condition: Scaled conditions.

        Returns:
            ``(B, *latent_shape)`` standardised.
        """
        start, levels = noise * self.process.spread_at_top, self.process.levels(self.n_steps)
        return integrate(self._slope(condition), start, levels, self.solver)

    @torch.no_grad()
    def to_noise(self, latent: Tensor, condition: Condition) -> Tensor:
        """Return the noise that latents would begin with: the way of ``from_noise`` back.

        Args:
            latent: ``(B, *latent_shape)`` standardised.
            condition: Scaled conditions.

        Returns:
            ``(B, *latent_shape)`` of about unit variance.
        """
        levels = self.process.levels(max(self.n_steps, MIN_STEPS_BACK)).flip(0)
        rising = levels[1:] if self.process.bottom > 0.0 else levels
        noisy = integrate(self._slope(condition), latent, rising, self.solver)
        return noisy / self.process.spread_at_top

    def _features(self, condition: Condition, hidden: Tensor | None) -> Tensor:
        """Encode conditions, ``(B, K)``."""
        untold = self.untold.expand(len(condition.magnitude), -1)
        if self.condition is None:
            return untold
        told: Tensor = self.condition(condition)
        return told if hidden is None else torch.where(hidden[:, None], untold.to(told.dtype), told)

    def _slope(self, condition: Condition) -> Slope:
        told = self.network(condition)
        if self.guidance == 1.0:
            return lambda noisy, level: self.process.slope(told, noisy, level)
        everyone = torch.ones_like(condition.magnitude, dtype=torch.bool)
        untold = self.network(condition, everyone)

        def guided(noisy: Tensor, level: Tensor) -> Tensor:
            with_condition = self.process.slope(told, noisy, level)
            without = self.process.slope(untold, noisy, level)
            return torch.lerp(without, with_condition, self.guidance)

        return guided
