"""The conditional variational autoencoder: a Gaussian latent beside what is known of a record."""

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from seismic_lightning.batch import Condition
from seismic_lightning.models.generative import GenerativeAutoencoder, GenerativeOptions
from seismic_lightning.nn.aggregate import ConditionalAggregate, Posteriors
from seismic_lightning.nn.condition import CONDITION_SIZE, ConditionEncoder
from seismic_lightning.nn.decoder import Decoder, ToFeatureMap
from seismic_lightning.nn.encoder import Encoder
from seismic_lightning.nn.posterior import DiagonalGaussian, GaussianHead
from seismic_lightning.nn.prior import make_prior


class CVAE(GenerativeAutoencoder):
    """A variational autoencoder whose encoder and decoder both know magnitude, source and station.

    What the condition tells, the latent need not pay for; a vector drawn from the prior decodes to a new
    record of the earthquake and station asked for.

    References:
        Sohn, Lee & Yan (2015), Learning structured output representation using deep conditional generative
        models, NeurIPS 28.
    """

    is_conditional = True

    def __init__(self, *, prior: str = "standard", **options: Unpack[GenerativeOptions]) -> None:
        """Build the layers.

        Args:
            prior: ``standard`` or ``conditional``: whether the prior of the latent is learnt from the
                condition.
            **options: See ``GenerativeAutoencoder`` and ``ModelOptions``; ``n_stations`` is needed.
        """
        super().__init__(**options)
        self._told = (options.get("n_stations", 0), options.get("n_location", 3))
        self.condition = ConditionEncoder(*self._told)
        self.encoder = Encoder(self.grid, self.channels, self.n_components)
        self.head = GaussianHead(math.prod(self.map_shape) + CONDITION_SIZE, self.latent_size)
        self.decoder = nn.Sequential(
            ToFeatureMap(self.latent_size + CONDITION_SIZE, self.map_shape),
            Decoder(self.grid, self.channels, self.n_components),
        )
        self.prior = make_prior(prior, self.latent_size)

    def prior_of(self, condition: Condition) -> DiagonalGaussian:
        """Return the prior of records of these conditions."""
        prior: DiagonalGaussian = self.prior(self.condition(condition))
        return prior

    def fit_aggregate(
        self, training: Posteriors, validation: Posteriors, n_components: int, seed: int
    ) -> ConditionalAggregate:
        """Fit a density for every condition; see ``GenerativeAutoencoder.fit_aggregate``."""
        return ConditionalAggregate.fit(training, validation, (self.latent_size, *self._told), seed)

    def encode(self, spectrogram: Tensor, condition: Condition) -> DiagonalGaussian:
        """Return a Gaussian over ``(B, D)`` latents, given the condition."""
        features = self.encoder(spectrogram).flatten(1)
        known = self.condition(condition)
        posterior: DiagonalGaussian = self.head(torch.cat([features, known.to(features.dtype)], dim=1))
        return self.prior.beside(posterior, known)

    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Decode latents ``(B, D)``, given the condition."""
        known = self.condition(condition).to(latent.dtype)
        reconstruction: Tensor = self.decoder(torch.cat([latent, known], dim=1))
        return reconstruction
