"""A residual block of two convolutions, which features may modulate, and the norm that it uses.

Group normalisation knows no running statistics: a block does the same in training and in use, with batches of
any size.

References:
    Wu & He (2018), Group normalization, ECCV, doi:10.1007/978-3-030-01261-8_1.
    Perez et al. (2018), FiLM: visual reasoning with a general conditioning layer, AAAI,
    doi:10.1609/aaai.v32i1.11671.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHANNELS_PER_GROUP = 8
"""Channels that are normalised together."""


def group_norm(n_channels: int) -> nn.GroupNorm:
    """Return a normalisation of groups of about ``CHANNELS_PER_GROUP`` channels.

    Args:
        n_channels: Channels of the input.

    Example:
        >>> group_norm(64).num_groups, group_norm(12).num_groups
        (8, 1)
    """
    fits = n_channels % CHANNELS_PER_GROUP == 0
    return nn.GroupNorm(n_channels // CHANNELS_PER_GROUP if fits else 1, n_channels)


class ResidualBlock(nn.Module):
    """Normalise, bend and convolve twice, and add the result to the input.

    With features the second normalisation is scaled and shifted by them, and the last convolution starts at
    zero, so that a new block hands its input on.
    """

    def __init__(self, in_channels: int, out_channels: int, n_features: int = 0) -> None:
        """Build the layers.

        Args:
            in_channels: Channels of the input.
            out_channels: Channels of the output.
            n_features: Length of the vector that modulates the block, 0 for none.
        """
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        if n_features:
            for parameter in self.conv2.parameters():
                nn.init.zeros_(parameter)
        same = in_channels == out_channels
        self.skip = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, kernel_size=1)
        self.modulation = nn.Linear(n_features, 2 * out_channels) if n_features else None

    def forward(self, image: Tensor, features: Tensor | None = None) -> Tensor:
        """Apply the block.

        Args:
            image: ``(B, in_channels, H, W)``.
            features: ``(B, n_features)`` where the block was built with some.

        Returns:
            ``(B, out_channels, H, W)``.
        """
        hidden = self.norm2(self.conv1(F.silu(self.norm1(image))))
        if self.modulation is not None:
            assert features is not None, "this block is modulated by features"
            scale, shift = self.modulation(features)[..., None, None].chunk(2, dim=1)
            hidden = torch.addcmul(shift, hidden, 1.0 + scale)
        result: Tensor = self.skip(image) + self.conv2(F.silu(hidden))
        return result
