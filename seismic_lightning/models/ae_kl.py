r"""The compressing autoencoder: the first stage of latent diffusion, also of use by itself.

It squeezes a spectrogram into a small map of a few channels, an eighth of its size along both axes, and asks
of that map hardly more than to stay bounded: a model that draws such maps is trained afterwards. Beside the
squared error, errors of block means can be charged,

.. math:: L_\mathrm{coarse} = \sum_{k \in \{2, 4, 8\}} k^2 \sum_{c,f,t} \left(P_k(\hat x - x)\right)^2

with :math:`P_k` the means of :math:`k \times k` bins: the fluctuations of a spectrum between neighbouring
bins carry no information and cancel there, levels and onsets do not.

References:
    Rombach et al. (2022), High-resolution image synthesis with latent diffusion models, CVPR,
    doi:10.1109/CVPR52688.2022.01042.
"""

import math
from typing import Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.base import ModelOptions, SpectrogramAutoencoder
from seismic_lightning.models.objective import Objective, objective
from seismic_lightning.nn.compressor import Compressor, Decompressor
from seismic_lightning.nn.posterior import SpatialGaussian, bound_log_var
from seismic_lightning.nn.residual import make_residual

CHANNELS = (32, 64, 128)
"""Channels after each halving, where nothing else is said."""
COARSE_BINS = (2, 4, 8)
"""Sides of the blocks whose means are compared."""


class AEKL(SpectrogramAutoencoder):
    """Encode to a Gaussian over a spatial latent, ``(8, 17, 14)`` for the default spectrogram, and decode it.

    Attributes:
        latent_shape: Channels, frequency size and time size of the latent.
        residual: What the decoder cannot know; whoever draws latents adds it.

    Example:
        >>> AEKL(n_freqs=129, n_frames=110).latent_shape
        (8, 17, 14)
    """

    def __init__(
        self,
        *,
        latent_channels: int = 8,
        kl_weight: float = 1e-6,
        coarse_weight: float = 0.0,
        residual: str = "speckle",
        **options: Unpack[ModelOptions],
    ) -> None:
        """Build the layers.

        Args:
            latent_channels: Channels of the latent.
            kl_weight: Price of a nat, against the summed squared error.
            coarse_weight: Weight of the errors of block means.
            residual: ``none``, ``learned`` or ``speckle``; see ``nn.residual``. It is learnt beside the
                training and does not enter the loss.
            **options: See ``ModelOptions``.

        Raises:
            ConfigurationError: A setting that cannot be used.
        """
        options.setdefault("channels", CHANNELS)
        super().__init__(**options)
        weights = {"kl_weight": kl_weight, "coarse_weight": coarse_weight}
        for name, weight in weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise ConfigurationError(f"model.{name}={weight}: give 0 or more")
        if latent_channels < 1:
            raise ConfigurationError(f"model.latent_channels={latent_channels}: give 1 or more")
        self.beta = kl_weight
        self.coarse_weight = coarse_weight
        self.latent_shape = (latent_channels, *self.grid.latent_shape)
        self.encoder = Compressor(self.grid, self.channels, self.n_components, latent_channels)
        self.decoder = Decompressor(self.grid, self.channels, self.n_components, latent_channels)
        self.residual = make_residual(residual, (self.n_components, self.grid.n_freqs, self.grid.n_frames))

    def encode(self, spectrogram: Tensor, condition: Condition) -> SpatialGaussian:
        """Return a Gaussian over ``(B, *latent_shape)`` latents; the condition is not used."""
        mean, log_var = self.encoder(spectrogram).float().chunk(2, dim=1)
        return SpatialGaussian(mean, bound_log_var(log_var))

    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Decode latents ``(B, *latent_shape)``; the condition is not used."""
        reconstruction: Tensor = self.decoder(latent)
        return reconstruction

    def _objective(self, stage: str, reconstruction: Tensor, spectrogram: Tensor, kl: Tensor) -> Objective:
        parts = objective(reconstruction, spectrogram, kl, self.beta)
        error = reconstruction.float() - spectrogram.float()
        if stage == "train":
            self.residual.observe(error)
        if self.coarse_weight == 0:
            return parts
        return parts._replace(loss=parts.loss + self.coarse_weight * coarse_error(error))


def coarse_error(error: Tensor) -> Tensor:
    """Sum the squares of block means of errors.

    Args:
        error: ``(B, C, F, T)``.

    Returns:
        ``(B,)``, as ``L_coarse`` above.

    Example:
        >>> coarse_error(torch.ones(1, 1, 8, 8)).item()
        192.0
    """
    sums = [
        size**2 * F.avg_pool2d(error, size, ceil_mode=True).square().flatten(1).sum(1) for size in COARSE_BINS
    ]
    return torch.stack(sums).sum(0)
