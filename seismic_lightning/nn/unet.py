"""The network inside a denoiser: a U-Net over a small latent map, modulated by noise level and condition.

References:
    Ronneberger, Fischer & Brox (2015), U-Net: convolutional networks for biomedical image segmentation,
    MICCAI, doi:10.1007/978-3-319-24574-4_28.
    Dhariwal & Nichol (2021), Diffusion models beat GANs on image synthesis, NeurIPS 34, arXiv:2105.05233.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seismic_lightning.nn.blocks import PaddedGrid
from seismic_lightning.nn.residual_block import ResidualBlock, group_norm

LEVEL_FREQUENCIES = 64
"""Cosines and sines that tell the noise level."""
HEAD_CHANNELS = 32
"""Channels of one head of attention."""
SKETCH_FEATURES = 96
"""Width of the way from a condition to its sketch."""


class UNet(nn.Module):
    """Halve a map some times, double it again, and hand features across.

    A learnt map of positions is added at the entrance: convolutions see the place only near the edges, and P
    and S have theirs. The condition modulates every block, which changes channels alike at all places; beside
    that it is spread over a map of its own, a sketch that says where in the record something is wanted. The
    smallest map also gets self-attention. The last convolution starts at zero.
    """

    def __init__(
        self, map_shape: tuple[int, int, int], channels: Sequence[int], n_blocks: int, n_condition: int
    ) -> None:
        """Build the layers.

        Args:
            map_shape: Channels, frequency size and time size of the latent.
            channels: Channels of each size, the first of the whole map, the last of the smallest.
            n_blocks: Residual blocks of each size on the way down; one more on the way up.
            n_condition: Length of the encoded condition.
        """
        super().__init__()
        in_channels, *size = map_shape
        self.grid = PaddedGrid(size[0], size[1], halvings=len(channels) - 1)
        n_features = 4 * channels[0]
        self.level = nn.Sequential(
            nn.Linear(LEVEL_FREQUENCIES, n_features), nn.SiLU(), nn.Linear(n_features, n_features)
        )
        self.told = nn.Linear(n_condition, n_features)
        self.sketch = nn.Sequential(
            nn.Linear(n_condition, SKETCH_FEATURES),
            nn.SiLU(),
            nn.Linear(SKETCH_FEATURES, math.prod(map_shape)),
            nn.Unflatten(1, map_shape),
        )
        self.entrance = nn.Conv2d(2 * in_channels, channels[0], kernel_size=3, padding=1)
        self.position = nn.Parameter(torch.zeros(channels[0], *self.grid.padded_shape))
        self.down, widths = _way_down(channels, n_blocks, n_features)
        last = channels[-1]
        self.middle = nn.ModuleList(
            [ResidualBlock(last, last, n_features), Attention(last), ResidualBlock(last, last, n_features)]
        )
        self.up = _way_up(channels, n_blocks, n_features, widths)
        self.exit = nn.Sequential(
            group_norm(channels[0]), nn.SiLU(), nn.Conv2d(channels[0], in_channels, 3, padding=1)
        )
        for parameter in self.exit[-1].parameters():
            nn.init.zeros_(parameter)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # missing in the stubs

    def forward(self, noisy: Tensor, level: Tensor, condition: Tensor) -> Tensor:
        """Apply the network.

        Args:
            noisy: ``(B, *map_shape)`` of about unit variance.
            level: ``(B,)`` noise level in whatever measure the caller keeps to, of about unit size.
            condition: ``(B, n_condition)`` encoded condition.

        Returns:
            ``(B, *map_shape)``.
        """
        features = F.silu(self.level(waves(level).to(condition.dtype)) + self.told(condition))
        both = torch.cat([noisy, self.sketch(condition).to(noisy.dtype)], dim=1)
        image = self.entrance(self.grid.pad(both.contiguous(memory_format=torch.channels_last)))
        image = image + self.position
        kept = [image]
        for layer in self.down:
            image = _apply(layer, image, features)
            kept.append(image)
        for layer in self.middle:
            image = _apply(layer, image, features)
        for layer in self.up:
            if isinstance(layer, ResidualBlock):
                image = torch.cat([image, kept.pop()], dim=1)
            image = _apply(layer, image, features)
        result: Tensor = self.grid.crop(self.exit(image))
        return result


class Attention(nn.Module):
    """Let every place of a map look at every other.

    References:
        Vaswani et al. (2017), Attention is all you need, NeurIPS 30, arXiv:1706.03762.
    """

    def __init__(self, channels: int) -> None:
        """Build the layers.

        Args:
            channels: Channels of the map.
        """
        super().__init__()
        self.n_heads = max(1, channels // HEAD_CHANNELS)
        self.norm = group_norm(channels)
        self.look = nn.Conv2d(channels, 3 * channels, kernel_size=1)
        self.out = nn.Conv2d(channels, channels, kernel_size=1)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, image: Tensor) -> Tensor:
        """Apply attention, ``(B, channels, H, W)`` in and out."""
        n_records, n_channels, height, width = image.shape
        # (3, B, heads, places, channels of a head)
        parts = self.look(self.norm(image)).view(n_records, 3, self.n_heads, -1, height * width)
        query, key, value = parts.permute(1, 0, 2, 4, 3)
        seen = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = image + self.out(seen.transpose(2, 3).reshape(n_records, n_channels, height, width))
        return result


def waves(level: Tensor) -> Tensor:
    """Return ``(B, LEVEL_FREQUENCIES)`` cosines and sines of noise levels ``(B,)``, in float32."""
    half = LEVEL_FREQUENCIES // 2
    exponent = torch.arange(half, device=level.device, dtype=torch.float32) / (half - 1)
    angle = level.float()[:, None] * (2.0 * math.pi) * 10.0 ** (2.0 * exponent - 1.0)
    return torch.cat([angle.cos(), angle.sin()], dim=1)


def _way_down(channels: Sequence[int], n_blocks: int, n_features: int) -> tuple[nn.ModuleList, list[int]]:
    """Return the layers towards the smallest map, and the channels that each of them leaves."""
    layers, widths, width = nn.ModuleList(), [channels[0]], channels[0]
    for place, wanted in enumerate(channels):
        if place:
            layers.append(nn.Conv2d(width, width, kernel_size=3, stride=2, padding=1))
            widths.append(width)
        for _ in range(n_blocks):
            layers.append(ResidualBlock(width, wanted, n_features))
            width = wanted
            widths.append(width)
    return layers, widths


def _way_up(channels: Sequence[int], n_blocks: int, n_features: int, widths: list[int]) -> nn.ModuleList:
    """Return the layers back to the whole map, each block of which takes one kept map in."""
    layers, widths, width = nn.ModuleList(), list(widths), channels[-1]
    for place in reversed(range(len(channels))):
        for _ in range(n_blocks + 1):
            layers.append(ResidualBlock(width + widths.pop(), channels[place], n_features))
            width = channels[place]
        if place:
            layers.append(nn.ConvTranspose2d(width, width, kernel_size=4, stride=2, padding=1))
    return layers


def _apply(layer: nn.Module, image: Tensor, features: Tensor) -> Tensor:
    result: Tensor = layer(image, features) if isinstance(layer, ResidualBlock) else layer(image)
    return result
