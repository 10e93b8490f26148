"""Spectrogram to feature map: a chain of blocks that each halve both axes."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.nn.blocks import Down, PaddedGrid


class Encoder(nn.Module):
    """Turn a spectrogram into a feature map of ``channels[-1]`` channels.

    Weights and activations are held channels-last, which the convolutions of CPUs and tensor cores read
    fastest.
    """

    def __init__(
        self, grid: PaddedGrid, channels: Sequence[int], n_components: int = len(COMPONENTS)
    ) -> None:
        """Build the blocks.

        Args:
            grid: Size of the spectrogram; as many halvings as there are entries in ``channels``.
            channels: Channels after each block.
            n_components: Components ``C`` of a spectrogram.
        """
        super().__init__()
        self.grid = grid
        self.blocks = nn.Sequential(*(Down(a, b) for a, b in pairwise([n_components, *channels])))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Encode.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled log magnitude.

        Returns:
            ``(B, channels[-1], *grid.latent_shape)`` features, not negative.
        """
        features: Tensor = self.blocks(
            self.grid.pad(spectrogram.contiguous(memory_format=torch.channels_last))
        )
        return features
