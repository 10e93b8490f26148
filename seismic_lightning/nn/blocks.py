"""The two convolutional blocks, and the padded grid on which they halve and double without a remainder.

A block that halves both axes can only be mirrored by one that doubles them where every intermediate size is
even. A spectrogram is therefore padded to a multiple of ``2 ** halvings`` on the way in and cropped back on
the way out; it is never resized, so that every bin keeps its frequency and every frame its time.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from seismic_lightning.errors import ConfigurationError


@dataclass(frozen=True)
class PaddedGrid:
    """The size of a spectrogram, and of the feature map that is left after some halvings.

    The pads are fixed with the object rather than computed from each input: a compiled model then sees
    constants, and an input of another size is refused instead of reaching layers that were built for this
    one.

    Attributes:
        n_freqs: Frequency bins ``F``.
        n_frames: Frames ``T``.
        halvings: How often both axes are halved.

    Example:
        >>> grid = PaddedGrid(n_freqs=129, n_frames=110, halvings=4)
        >>> grid.padded_shape, grid.latent_shape
        ((144, 112), (9, 7))
    """

    n_freqs: int
    n_frames: int
    halvings: int

    def __post_init__(self) -> None:
        """Refuse an empty grid."""
        if self.n_freqs < 1 or self.n_frames < 1:
            raise ConfigurationError(
                f"a spectrogram of {self.n_freqs} frequency bins x {self.n_frames} frames is empty; "
                "lengthen window.length_s or shorten stft.nperseg"
            )

    @property
    def latent_shape(self) -> tuple[int, int]:
        """Return frequency and time size of the smallest feature map."""
        factor = 2**self.halvings
        return -(-self.n_freqs // factor), -(-self.n_frames // factor)

    @property
    def padded_shape(self) -> tuple[int, int]:
        """Return frequency and time size of the padded spectrogram."""
        factor = 2**self.halvings
        n_freqs, n_frames = self.latent_shape
        return n_freqs * factor, n_frames * factor

    def pad(self, spectrogram: Tensor) -> Tensor:
        """Append zeros, the training mean, above the highest bin and after the last frame.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled log magnitude.

        Returns:
            ``(B, C, F', T')`` with ``(F', T') = padded_shape``, in the input's memory format.

        Raises:
            ValueError: If the input has another size than the grid.
        """
        if spectrogram.shape[-2:] != (self.n_freqs, self.n_frames):
            raise ValueError(
                f"a spectrogram of {tuple(spectrogram.shape)} came to layers built for "
                f"(B, C, {self.n_freqs}, {self.n_frames})"
            )
        padded_freqs, padded_frames = self.padded_shape
        return F.pad(spectrogram, (0, padded_frames - self.n_frames, 0, padded_freqs - self.n_freqs))

    def crop(self, padded: Tensor) -> Tensor:
        """Undo ``pad``: drop what lies beyond the spectrogram.

        Args:
            padded: ``(B, C, F', T')``.

        Returns:
            ``(B, C, F, T)``, a view.
        """
        return padded[..., : self.n_freqs, : self.n_frames]


class Down(nn.Sequential):
    """Halve both axes: convolution (kernel 3, stride 2), batch normalisation, ReLU.

    The convolution has no bias, which the normalisation would subtract again: it would never receive a
    gradient.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        """Build the layers.

        Args:
            in_channels: Channels of the input.
            out_channels: Channels of the output.
        """
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class Up(nn.Sequential):
    """Double both axes: transposed convolution (kernel 4, stride 2), batch normalisation, ReLU.

    A kernel that is a multiple of the stride covers every output equally often and leaves no checkerboard.

    References:
        Odena, Dumoulin & Olah (2016), Deconvolution and checkerboard artifacts, Distill,
        doi:10.23915/distill.00003.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        """Build the layers.

        Args:
            in_channels: Channels of the input.
            out_channels: Channels of the output.
        """
        super().__init__(
            nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )
