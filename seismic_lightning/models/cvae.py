"""The conditional variational autoencoder: a Gaussian latent beside what is known of a record."""

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from seismic_lightning.batch import Condition
from seismic_lightning.models.base import ModelOptions, SpectrogramAutoencoder
from seismic_lightning.nn.condition import CONDITION_SIZE, ConditionEncoder
from seismic_lightning.nn.decoder import Decoder, ToFeatureMap
from seismic_lightning.nn.encoder import Encoder
from seismic_lightning.nn.posterior import DiagonalGaussian, GaussianHead


class CVAE(SpectrogramAutoencoder):
    """A variational autoencoder whose encoder and decoder both know magnitude, hypocentre and station.

    What the condition tells, the latent need not pay for; a vector drawn from the standard normal decodes to
    a new record of the earthquake and station asked for.

    References:
        Sohn, Lee & Yan (2015), Learning structured output representation using deep conditional generative
        models, NeurIPS 28.
    """

    def __init__(self, *, latent_size: int = 128, beta: float = 1.0, **options: Unpack[ModelOptions]) -> None:
        """Build the layers.

        Args:
            latent_size: Latent dimensions ``D``.
            beta: Weight of the divergence, both terms of the loss being sums over a record.
            **options: See ``ModelOptions``; ``n_stations`` is needed.
        """
        super().__init__(**options)
        self.beta = beta
        self.condition = ConditionEncoder(options.get("n_stations", 0))
        self.encoder = Encoder(self.grid, self.channels, self.n_components)
        self.head = GaussianHead(math.prod(self.map_shape) + CONDITION_SIZE, latent_size)
        self.decoder = nn.Sequential(
            ToFeatureMap(latent_size + CONDITION_SIZE, self.map_shape),
            Decoder(self.grid, self.channels, self.n_components),
        )

    def encode(self, spectrogram: Tensor, condition: Condition) -> DiagonalGaussian:
        """Return a Gaussian over ``(B, D)`` latents, given the condition."""
        features = self.encoder(spectrogram).flatten(1)
        known = self.condition(condition).to(features.dtype)
        posterior: DiagonalGaussian = self.head(torch.cat([features, known], dim=1))
        return posterior

    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Decode latents ``(B, D)``, given the condition."""
        known = self.condition(condition).to(latent.dtype)
        reconstruction: Tensor = self.decoder(torch.cat([latent, known], dim=1))
        return reconstruction
