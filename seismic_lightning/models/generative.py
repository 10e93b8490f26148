"""What the variational models share: a latent vector with a prior, its price, and records drawn anew.

The price of information can rise over the first epochs, or leave every dimension some nats for nothing: both
keep a decoder from learning to do without its latent before it has found a use for it. Neither touches the
figures of validation and test, which always count the whole divergence at its full weight, so that the best
checkpoint is not one of the cheap epochs.
"""

import math
from abc import abstractmethod
from typing import Any, Unpack

import torch
from torch import Tensor

from seismic_lightning.batch import Condition
from seismic_lightning.errors import CheckpointError, ConfigurationError
from seismic_lightning.models.base import ModelOptions, SpectrogramAutoencoder
from seismic_lightning.models.objective import Objective, objective
from seismic_lightning.nn.aggregate import Aggregate, Posteriors, aggregate_from_state
from seismic_lightning.nn.noise import Noise
from seismic_lightning.nn.posterior import DiagonalGaussian
from seismic_lightning.nn.residual import make_residual

AGGREGATE_KEY = "aggregate_posterior"
"""Where a checkpoint keeps the density fitted to its training posteriors."""
SAMPLERS = ("prior", "aggregate")
"""What latents can be drawn from."""


class GenerativeOptions(ModelOptions, total=False):
    """The arguments every variational model takes; see ``GenerativeAutoencoder``."""

    latent_size: int
    beta: float
    kl_warmup_epochs: int
    free_bits: float
    residual: str


class GenerativeAutoencoder(SpectrogramAutoencoder):
    """Base of the models that draw new records; a child says what its prior is.

    Attributes:
        latent_size: Latent dimensions ``D``.
        free_bits: Nats that every dimension pays at least.
        residual: What the decoder cannot know.
        aggregate: Density of the training posteriors, where one was fitted.
    """

    draws = True

    def __init__(
        self,
        *,
        latent_size: int = 128,
        beta: float = 1.0,
        kl_warmup_epochs: int = 0,
        free_bits: float = 0.0,
        residual: str = "none",
        **options: Unpack[ModelOptions],
    ) -> None:
        """Keep what concerns the latent.

        Args:
            latent_size: Latent dimensions ``D``.
            beta: Weight of the divergence, both terms of the loss being sums over a record.
            kl_warmup_epochs: Epochs with less than the full ``beta``: of ``n``, epoch ``i`` has the share
                ``(i + 1) / (n + 1)``.
            free_bits: Nats that every latent dimension pays at least, on the mean of a batch.
            residual: ``none``, ``learned`` or ``speckle``; see ``nn.residual``.
            **options: See ``ModelOptions``.

        Raises:
            ConfigurationError: A setting that cannot be used.
        """
        super().__init__(**options)
        if kl_warmup_epochs < 0 or not (math.isfinite(free_bits) and free_bits >= 0):
            raise ConfigurationError(
                f"model.kl_warmup_epochs={kl_warmup_epochs}, model.free_bits={free_bits}: give 0 or more"
            )
        self.latent_size = latent_size
        self.beta = beta
        self.kl_warmup_epochs = kl_warmup_epochs
        self.free_bits = free_bits
        self.residual = make_residual(residual, (self.n_components, self.grid.n_freqs, self.grid.n_frames))
        self.aggregate: Aggregate | None = None

    @abstractmethod
    def prior_of(self, condition: Condition) -> DiagonalGaussian:
        """Return what latents of records of these conditions are drawn from, ``(B, D)``."""

    @abstractmethod
    def fit_aggregate(
        self, training: Posteriors, validation: Posteriors, n_components: int, seed: int
    ) -> Aggregate:
        """Fit the density of ``sampler=aggregate``.

        Args:
            training: Latents drawn from posteriors of the training split.
            validation: Those of the validation split.
            n_components: Most Gaussians of a density without condition.
            seed: Of the fit.
        """

    @property
    def training_beta(self) -> float:
        """Return the weight of the divergence in the current epoch."""
        return self.beta * min(1.0, (self.current_epoch + 1) / (self.kl_warmup_epochs + 1))

    @torch.no_grad()
    def generate(
        self,
        condition: Condition,
        *,
        generator: Noise,
        temperature: float = 1.0,
        sampler: str = "prior",
    ) -> Tensor:
        """Draw one new record per condition, its residual included.

        The layers run as in evaluation. A model without condition makes as many records as there are
        conditions and looks at nothing else of them.

        Args:
            condition: Scaled conditions of the ``B`` records to make, on the model's device.
            generator: Source of all noise, or one for each record; on the CPU they give the same noise to
                models on any device.
            temperature: Factor on the spread of latents about the prior's mean; residuals keep theirs.
            sampler: ``prior``, or ``aggregate`` for the density fitted to the training posteriors.

        Returns:
            ``(B, C, F, T)`` scaled spectrograms.

        Raises:
            ConfigurationError: A temperature below 0 or an unknown sampler.
            CheckpointError: If ``aggregate`` was asked for and none was fitted.
        """
        was_training = self.training
        self.eval()
        try:
            latent = self.draw(condition, generator=generator, temperature=temperature, sampler=sampler)
            return self.residual.add_to(self.decode(latent, condition).float(), generator)
        finally:
            self.train(was_training)

    @torch.no_grad()
    def draw(
        self,
        condition: Condition,
        *,
        generator: Noise,
        temperature: float = 1.0,
        sampler: str = "prior",
    ) -> Tensor:
        """Draw one latent per condition.

        Args:
            condition: Scaled conditions of the ``B`` records, on the model's device.
            generator: Source of the noise, or one for each latent.
            temperature: Factor on the spread about the prior's mean.
            sampler: ``prior`` or ``aggregate``, as in ``generate``.

        Returns:
            ``(B, D)``.

        Raises:
            ConfigurationError: A temperature below 0 or an unknown sampler.
            CheckpointError: If ``aggregate`` was asked for and none was fitted.
        """
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ConfigurationError(f"temperature={temperature}: give a number of 0 or more")
        self.require_sampler(sampler)
        if sampler == "prior" or self.aggregate is None:
            return self.prior_of(condition).sample(generator, temperature)
        return self.aggregate.draw(condition, generator, temperature)

    def require_sampler(self, sampler: str, where: str = "") -> None:
        """Refuse what latents cannot be drawn from.

        Args:
            sampler: ``prior`` or ``aggregate``.
            where: What to put before an error, such as the file of the model.

        Raises:
            ConfigurationError: An unknown sampler.
            CheckpointError: ``aggregate`` was asked for and none was fitted.
        """
        if sampler not in SAMPLERS:
            raise ConfigurationError(f"sampler={sampler}: choose one of {', '.join(SAMPLERS)}")
        if sampler == "aggregate" and self.aggregate is None:
            raise CheckpointError(
                f"{where}sampler=aggregate: this {type(self).__name__} holds no density of its training "
                "posteriors, which callbacks.aggregate fits when training ends: use sampler=prior, or resume "
                "a training that did not end, train.py ckpt_path=<this file> with its settings"
            )

    def _objective(self, stage: str, reconstruction: Tensor, spectrogram: Tensor, kl: Tensor) -> Objective:
        if stage != "train":
            variance = self.residual.known()
            return objective(reconstruction, spectrogram, kl, self.beta, variance=variance)
        variance = self.residual.observe(spectrogram.float() - reconstruction.float())
        return objective(
            reconstruction,
            spectrogram,
            kl,
            self.training_beta,
            variance=variance,
            free_bits=self.free_bits,
        )

    def on_train_epoch_end(self) -> None:
        """Log the epoch's weight of the divergence beside its means."""
        self.log("train/beta", self.training_beta)
        super().on_train_epoch_end()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the density of the training posteriors, where one was fitted."""
        super().on_save_checkpoint(checkpoint)
        if self.aggregate is not None:
            checkpoint[AGGREGATE_KEY] = self.aggregate.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take over the density of the training posteriors.

        A run that goes on from a checkpoint leaves it behind: the encoder is about to change.

        Args:
            checkpoint: As Lightning saved it.
        """
        super().on_load_checkpoint(checkpoint)
        stored = checkpoint.get(AGGREGATE_KEY)
        if stored is not None and self._trainer is None:
            self.aggregate = aggregate_from_state(stored)
