"""The variational autoencoder: a Gaussian latent vector whose information has a price."""

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from seismic_lightning.batch import Condition
from seismic_lightning.models.generative import GenerativeAutoencoder, GenerativeOptions
from seismic_lightning.nn.aggregate import MarginalAggregate, Posteriors
from seismic_lightning.nn.decoder import Decoder, ToFeatureMap
from seismic_lightning.nn.encoder import Encoder
from seismic_lightning.nn.mixture import GaussianMixture
from seismic_lightning.nn.posterior import DiagonalGaussian, GaussianHead
from seismic_lightning.nn.prior import standard_normal


class VAE(GenerativeAutoencoder):
    """Encode to a diagonal Gaussian over a latent vector, and decode a vector.

    A vector drawn from the standard normal decodes to a new record, the better the more ``beta`` made
    posteriors agree with that prior; one drawn from the density fitted to the training posteriors needs less
    of that.

    References:
        Kingma & Welling (2014), Auto-encoding variational Bayes, ICLR, arXiv:1312.6114.
        Higgins et al. (2017), beta-VAE, ICLR, https://openreview.net/forum?id=Sy2fzU9gl.
    """

    def __init__(self, **options: Unpack[GenerativeOptions]) -> None:
        """Build the layers.

        Args:
            **options: See ``GenerativeAutoencoder`` and ``ModelOptions``.
        """
        super().__init__(**options)
        self.encoder = Encoder(self.grid, self.channels, self.n_components)
        self.head = GaussianHead(math.prod(self.map_shape), self.latent_size)
        self.decoder = nn.Sequential(
            ToFeatureMap(self.latent_size, self.map_shape),
            Decoder(self.grid, self.channels, self.n_components),
        )

    def prior_of(self, condition: Condition) -> DiagonalGaussian:
        """Return the standard normal, for as many records as there are conditions."""
        return standard_normal(len(condition.magnitude), self.latent_size, condition.magnitude)

    def fit_aggregate(
        self, training: Posteriors, validation: Posteriors, n_components: int, seed: int
    ) -> MarginalAggregate:
        """Fit one mixture to all training latents; see ``GenerativeAutoencoder.fit_aggregate``."""
        first = torch.Generator().manual_seed(seed)
        return MarginalAggregate(GaussianMixture.fit(training.latent, n_components, first))

    def encode(self, spectrogram: Tensor, condition: Condition) -> DiagonalGaussian:
        """Return a Gaussian over ``(B, D)`` latents; the condition is not used."""
        posterior: DiagonalGaussian = self.head(self.encoder(spectrogram).flatten(1))
        return posterior

    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Decode latents ``(B, D)``; the condition is not used."""
        reconstruction: Tensor = self.decoder(latent)
        return reconstruction
