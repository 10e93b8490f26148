"""Spectrogram to a small spatial latent and back, through residual blocks: the first stage of diffusion.

References:
    Rombach et al. (2022), High-resolution image synthesis with latent diffusion models, CVPR,
    doi:10.1109/CVPR52688.2022.01042.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from seismic_lightning.nn.blocks import PaddedGrid
from seismic_lightning.nn.residual_block import ResidualBlock, group_norm


class Compressor(nn.Module):
    """Turn a spectrogram into mean and log-variance of a spatial latent."""

    def __init__(
        self, grid: PaddedGrid, channels: Sequence[int], n_components: int, latent_channels: int
    ) -> None:
        """Build the layers.

        Args:
            grid: Size of the spectrogram; as many halvings as there are entries in ``channels``.
            channels: Channels after each halving.
            n_components: Components ``C`` of a spectrogram.
            latent_channels: Channels of the latent.
        """
        super().__init__()
        self.grid = grid
        halvings = [
            nn.Sequential(nn.Conv2d(a, b, kernel_size=3, stride=2, padding=1), ResidualBlock(b, b))
            for a, b in pairwise([n_components, *channels])
        ]
        last = channels[-1]
        self.blocks = nn.Sequential(
            *halvings,
            ResidualBlock(last, last),
            group_norm(last),
            nn.SiLU(),
            nn.Conv2d(last, 2 * latent_channels, kernel_size=1),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compress.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled log magnitude.

        Returns:
            ``(B, 2 * latent_channels, *grid.latent_shape)``: means, then log-variances.
        """
        padded = self.grid.pad(spectrogram.contiguous(memory_format=torch.channels_last))
        moments: Tensor = self.blocks(padded)
        return moments


class Decompressor(nn.Module):
    """Turn a spatial latent into a spectrogram."""

    def __init__(
        self, grid: PaddedGrid, channels: Sequence[int], n_components: int, latent_channels: int
    ) -> None:
        """Build the layers.

        Args:
            grid: Size of the spectrogram; as many halvings as there are entries in ``channels``.
            channels: The compressor's channels, in its order.
            n_components: Components ``C`` of a spectrogram.
            latent_channels: Channels of the latent.
        """
        super().__init__()
        self.grid = grid
        first = channels[-1]
        doublings = [
            nn.Sequential(ResidualBlock(a, a), nn.ConvTranspose2d(a, b, kernel_size=4, stride=2, padding=1))
            for a, b in pairwise(reversed(channels))
        ]
        self.blocks = nn.Sequential(
            nn.Conv2d(latent_channels, first, kernel_size=3, padding=1),
            ResidualBlock(first, first),
            *doublings,
            ResidualBlock(channels[0], channels[0]),
            group_norm(channels[0]),
            nn.SiLU(),
            nn.ConvTranspose2d(channels[0], n_components, kernel_size=4, stride=2, padding=1),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs

    def forward(self, latent: Tensor) -> Tensor:
        """Decompress.

        Args:
            latent: ``(B, latent_channels, *grid.latent_shape)``.

        Returns:
            ``(B, C, F, T)`` scaled log magnitude, cropped to the spectrogram's size.
        """
        return self.grid.crop(self.blocks(latent.contiguous(memory_format=torch.channels_last)))
