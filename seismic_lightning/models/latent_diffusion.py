"""Latent diffusion: records drawn by removing noise, step by step, from the small map of an autoencoder.

The autoencoder is trained first and stays as it is; its weights become part of the checkpoint. The U-Net
learns from latents that are drawn anew from the first stage's posteriors in every epoch, standardised per
channel on the training split. A part of the conditions is hidden in training, so that records can also be
drawn without one, and the difference between both be exaggerated.

References:
    Rombach et al. (2022), High-resolution image synthesis with latent diffusion models, CVPR,
    doi:10.1109/CVPR52688.2022.01042.
    Ho & Salimans (2021), Classifier-free diffusion guidance, NeurIPS workshop, arXiv:2207.12598.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, Unpack

import torch
from torch import Tensor

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.errors import ConfigurationError, TrainingError
from seismic_lightning.models.base import ModelOptions, SpectrogramAutoencoder
from seismic_lightning.models.first_stage import build_first_stage, describe_first_stage, latent_shape
from seismic_lightning.models.latent_cache import LatentCache
from seismic_lightning.models.load import load_model
from seismic_lightning.models.means import EpochMeans
from seismic_lightning.nn.denoiser import Denoiser
from seismic_lightning.nn.diffusion import make_process
from seismic_lightning.nn.noise import Noise, RecordNoise, normal_like
from seismic_lightning.nn.posterior import Posterior

VALIDATION_LEVELS = {"low_noise": -1.5, "medium_noise": 0.0, "high_noise": 1.5}
"""Where validation looks, in standard deviations of the levels of training."""


class LatentDiffusion(SpectrogramAutoencoder):
    """Draw the latent of another autoencoder by diffusion.

    Attributes:
        first_stage: The autoencoder, whose weights do not change.
        latent_shape: Channels, frequency size and time size of its latent.
        cache: Posteriors of the training split, once they have been gathered.
        denoiser: What is trained.
    """

    draws = True
    latent_mean: Tensor
    latent_std: Tensor

    def __init__(
        self,
        *,
        first_stage: str | Mapping[str, Any],
        process: str = "flow",
        mean_log_noise: float = 0.0,
        n_blocks: int = 2,
        conditional: bool = True,
        hidden_conditions: float = 0.1,
        n_steps: int = 25,
        solver: str = "heun",
        guidance: float = 1.0,
        **options: Unpack[ModelOptions],
    ) -> None:
        """Build the layers.

        Args:
            first_stage: Checkpoint of an autoencoder; or what an earlier model has written of its own.
            process: ``flow`` or ``edm``; see ``nn.diffusion``.
            mean_log_noise: Mean of the natural logarithm of noise over latent in training.
            n_blocks: Residual blocks of each size of the U-Net.
            conditional: Whether the condition is told.
            hidden_conditions: Share of training records whose condition is not told.
            n_steps: Steps from noise to latent.
            solver: ``heun`` or ``euler``.
            guidance: Factor on what the condition changes.
            **options: See ``ModelOptions``; ``channels`` are those of the U-Net from the whole map to the
                smallest.

        Raises:
            CheckpointError: The first stage cannot be read.
            ConfigurationError: It cannot serve, or a setting cannot be used.
        """
        super().__init__(**options)
        self.first_stage = (
            load_model(Path(first_stage)) if isinstance(first_stage, str) else build_first_stage(first_stage)
        ).requires_grad_(False)
        self.latent_shape = latent_shape(self.first_stage, self.grid, self.n_components)
        self.hparams.update(first_stage=describe_first_stage(self.first_stage))
        if not 0.0 <= hidden_conditions < 1.0:
            raise ConfigurationError(f"model.hidden_conditions={hidden_conditions}: give 0 or more, below 1")
        self.is_conditional = conditional
        self.hidden_conditions = hidden_conditions
        sizes = (options.get("n_stations", 1), options.get("n_location", 3))
        self.denoiser = Denoiser(
            self.latent_shape,
            self.channels,
            process=make_process(process, mean_log_noise),
            n_blocks=n_blocks,
            vocabulary=sizes if conditional else None,
        )
        self.denoiser.set_sampling(n_steps, solver, guidance)
        self.register_buffer("latent_mean", torch.zeros(self.latent_shape[0], 1, 1))
        self.register_buffer("latent_std", torch.ones(self.latent_shape[0], 1, 1))
        self.cache: LatentCache | None = None

    def train(self, mode: bool = True) -> Self:
        """Switch training on or off; the first stage always runs as in evaluation."""
        super().train(mode)
        self.first_stage.eval()
        return self

    def compile_layers(self) -> None:
        """Let PyTorch compile what is called: the parts of the denoiser, and the first stage's layers."""
        for layer in self.denoiser.children():
            layer.compile()
        self.first_stage.compile_layers()

    def encode(self, spectrogram: Tensor, condition: Condition) -> Posterior:
        """Return the first stage's posterior."""
        return self.first_stage.encode(spectrogram, condition)

    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Decode latents of the first stage, ``(B, *latent_shape)``."""
        return self.first_stage.decode(latent, condition)

    def keep_latents(self, cache: LatentCache) -> None:
        """Train on kept posteriors, whose moments become those of standardised latents.

        Args:
            cache: Posteriors of the training split.
        """
        self.cache = cache
        mean, std = cache.moments()
        self.latent_mean.copy_(mean)
        self.latent_std.copy_(std.clamp(min=1e-6))

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Look at each record's latent through noise of a level drawn for it."""
        if self.cache is None:
            raise TrainingError("latents were not gathered: leave callbacks.latents in")
        drawn = [RecordNoise((self._seed, self.current_epoch, part), batch.index) for part in range(4)]
        latent = self._standardised(self.cache.sample(batch.index, drawn[0]))
        one = latent.new_empty(len(latent), 1)
        hidden = torch.special.ndtr(drawn[1].normal_like(one))[:, 0] < self.hidden_conditions
        process, network = self.denoiser.process, self.denoiser.network(batch.condition, hidden)
        level = process.draw_levels(drawn[2].normal_like(one)[:, 0])
        losses = process.losses(network, latent, drawn[3].normal_like(latent), level)
        return {"loss": self._mean_loss("train", batch, {"loss": losses})}

    def validation_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Look at records through noise of the same few levels in every epoch; see ``_judged``."""
        return self._judged("val", batch, batch_idx)

    def test_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Look at records through noise of the same few levels in every epoch; see ``_judged``."""
        return self._judged("test", batch, batch_idx)

    def _judged(self, stage: str, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Measure the loss at fixed levels.

        Returns:
            What ``SpectrogramAutoencoder._outcome`` returns; reconstruction and latent are the first stage's.
        """
        mode = self.encode(batch.spectrogram, batch.condition).mode
        latent, network = self._standardised(mode), self.denoiser.network(batch.condition)
        process = self.denoiser.process
        losses = {}
        for place, (name, normal) in enumerate(VALIDATION_LEVELS.items()):
            noise = RecordNoise((self._seed, place), batch.index).normal_like(latent)
            level = process.draw_levels(torch.full((len(latent),), normal, device=latent.device))
            losses[f"loss_{name}"] = process.losses(network, latent, noise, level)
        losses = {"loss": torch.stack(list(losses.values())).mean(0), **losses}
        nothing = mode.new_zeros(len(mode), 0)
        return {
            "loss": self._mean_loss(stage, batch, losses),
            "reconstruction": self.decode(mode, batch.condition),
            "latent": mode,
            "kl": nothing,
            "standardised_mean": nothing,
            "standardised_variance": nothing,
        }

    def _mean_loss(self, stage: str, batch: Batch, losses: dict[str, Tensor]) -> Tensor:
        """Add losses ``(B,)`` to the means of the epoch and return the mean."""
        self._watch.add(stage, f"epoch {self.current_epoch}, step {self.global_step}", batch, losses["loss"])
        self._means.setdefault(stage, EpochMeans()).add(losses)
        return losses["loss"].mean()

    def generate(
        self,
        condition: Condition,
        *,
        generator: Noise,
        temperature: float = 1.0,
        sampler: str = "prior",
    ) -> Tensor:
        """Draw one new record per condition; see ``GenerativeAutoencoder.generate``.

        Raises:
            ConfigurationError: A temperature other than 1, or a sampler other than ``prior``.
        """
        was_training = self.training
        self.eval()
        try:
            noise = self.draw(condition, generator=generator, temperature=temperature, sampler=sampler)
            spectrogram = self.from_noise(noise, condition)
            return spectrogram + self.draw_residual(spectrogram, generator)
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
        """Draw the noise that one record per condition begins with, ``(B, *latent_shape)``.

        Raises:
            ConfigurationError: A temperature other than 1, or a sampler other than ``prior``.
        """
        if temperature != 1.0:
            raise ConfigurationError(
                f"temperature={temperature}: diffusion starts from noise of one strength; use 1, and "
                "guidance for records that keep nearer to their condition"
            )
        if sampler != "prior":
            raise ConfigurationError(f"sampler={sampler}: diffusion draws from noise alone; use prior")
        start = torch.zeros(len(condition.magnitude), *self.latent_shape, device=self.device)
        return normal_like(start, generator)

    @torch.no_grad()
    def from_noise(self, noise: Tensor, condition: Condition) -> Tensor:
        """Make records of noise, without the residual.

        Args:
            noise: ``(B, *latent_shape)`` standard normal numbers.
            condition: Scaled conditions of the records.

        Returns:
            ``(B, C, F, T)`` scaled spectrograms.
        """
        latent = self.denoiser.from_noise(noise, condition) * self.latent_std + self.latent_mean
        return self.decode(latent, condition).float()

    def draw_residual(self, spectrogram: Tensor, generator: Noise) -> Tensor:
        """Draw what the first stage's decoder cannot know; nothing where it has learnt no residual.

        Args:
            spectrogram: ``(B, C, F, T)``, for its shape and device.
            generator: Source of the noise, or one for each record.
        """
        nothing = torch.zeros_like(spectrogram)
        residual = getattr(self.first_stage, "residual", None)
        drawn: Tensor = nothing if residual is None else residual.add_to(nothing, generator)
        return drawn

    @torch.no_grad()
    def to_noise(self, latent: Tensor, condition: Condition) -> Tensor:
        """Return the noise that a record would begin with: the way of ``from_noise`` back.

        Args:
            latent: ``(B, *latent_shape)`` of the first stage.
            condition: Scaled conditions of the records.

        Returns:
            ``(B, *latent_shape)`` of about unit variance.
        """
        return self.denoiser.to_noise(self._standardised(latent), condition)

    def _standardised(self, latent: Tensor) -> Tensor:
        return (latent.float() - self.latent_mean) / self.latent_std
