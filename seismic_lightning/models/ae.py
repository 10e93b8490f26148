"""The autoencoder: a spectrogram, squeezed into a small feature map and unfolded again."""

from typing import Unpack

from torch import Tensor

from seismic_lightning.batch import Condition
from seismic_lightning.models.base import ModelOptions, SpectrogramAutoencoder
from seismic_lightning.nn.decoder import Decoder
from seismic_lightning.nn.encoder import Encoder
from seismic_lightning.nn.posterior import PointMass


class AE(SpectrogramAutoencoder):
    """Encode to a spatial latent, ``(256, 9, 7)`` for the default spectrogram, and decode it.

    It tells how well this architecture can reconstruct when nothing asks its latents to follow a prior.

    Example:
        >>> AE(n_freqs=129, n_frames=110).map_shape
        (256, 9, 7)
    """

    def __init__(self, **options: Unpack[ModelOptions]) -> None:
        """Build the layers.

        Args:
            **options: See ``ModelOptions``.
        """
        super().__init__(**options)
        self.encoder = Encoder(self.grid, self.channels, self.n_components)
        self.decoder = Decoder(self.grid, self.channels, self.n_components)

    def encode(self, spectrogram: Tensor, condition: Condition) -> PointMass:
        """Return the feature map as a point mass; the condition is not used."""
        return PointMass(self.encoder(spectrogram))

    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Decode a feature map ``(B, *map_shape)``; the condition is not used."""
        reconstruction: Tensor = self.decoder(latent)
        return reconstruction
