"""Feature map to spectrogram: the encoder's mirror image, and the layer from a vector to a map."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.nn.blocks import PaddedGrid, Up


class Decoder(nn.Module):
    """Turn a feature map into a spectrogram through blocks that each double both axes.

    The last layer is a bare transposed convolution: a scaled log magnitude is unbounded on both sides.
    """

    def __init__(
        self, grid: PaddedGrid, channels: Sequence[int], n_components: int = len(COMPONENTS)
    ) -> None:
        """Build the blocks.

        Args:
            grid: Size of the spectrogram; as many halvings as there are entries in ``channels``.
            channels: The encoder's channels, in the encoder's order.
            n_components: Components ``C`` of a spectrogram.
        """
        super().__init__()
        self.grid = grid
        self.blocks = nn.Sequential(
            *(Up(a, b) for a, b in pairwise(reversed(channels))),
            nn.ConvTranspose2d(channels[0], n_components, kernel_size=4, stride=2, padding=1),
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs

    def forward(self, features: Tensor) -> Tensor:
        """Decode.

        Args:
            features: ``(B, channels[-1], *grid.latent_shape)``.

        Returns:
            ``(B, C, F, T)`` scaled log magnitude, cropped to the spectrogram's size.
        """
        return self.grid.crop(self.blocks(features.contiguous(memory_format=torch.channels_last)))


class ToFeatureMap(nn.Sequential):
    """Lead a vector to a feature map with one linear layer."""

    def __init__(self, in_features: int, map_shape: tuple[int, int, int]) -> None:
        """Build the layers.

        Args:
            in_features: Length of the vector.
            map_shape: Channels, frequency size and time size of the map.
        """
        super().__init__(nn.Linear(in_features, math.prod(map_shape)), nn.Unflatten(1, map_shape))
