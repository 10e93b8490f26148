"""What all models share: one training step, logging, optimisation and checkpoints.

A model encodes a spectrogram to a posterior over its latent and decodes a latent to a spectrogram. Training
decodes a sample of the posterior, with noise keyed by seed, epoch and record; validation and test decode the
mode, so that their figures compare between epochs without noise.
"""

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Required, TypedDict, cast

from lightning.pytorch.utilities.types import (
    STEP_OUTPUT,
    LRSchedulerConfigType,
    LRSchedulerTypeUnion,
    OptimizerLRScheduler,
)
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.codes import COMPONENTS
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.checkpoint import SelfNamingModule
from seismic_lightning.models.finite import FiniteWatch, require_finite
from seismic_lightning.models.means import EpochMeans
from seismic_lightning.models.objective import Objective, objective
from seismic_lightning.models.sharded import shard
from seismic_lightning.nn.blocks import PaddedGrid
from seismic_lightning.nn.noise import Noise, RecordNoise
from seismic_lightning.nn.posterior import Posterior

MakeOptimizer = Callable[[Iterable[Parameter]], Optimizer]
MakeScheduler = Callable[[Optimizer], LRScheduler]

PLATEAU_MONITOR = "val/loss"
"""What a scheduler that waits for a plateau watches."""


class ModelOptions(TypedDict, total=False):
    """The arguments every model takes; see ``SpectrogramAutoencoder``."""

    n_freqs: Required[int]
    n_frames: Required[int]
    n_components: int
    n_stations: int
    n_location: int
    channels: Sequence[int]
    seed: int
    optimizer: MakeOptimizer | None
    scheduler: MakeScheduler | None


class SpectrogramAutoencoder(SelfNamingModule):
    """Base of the models; a child says how to encode and decode.

    Attributes:
        beta: Weight of the divergence; a posterior without one leaves it without effect.
        is_conditional: Whether what the model makes depends on the condition.
        draws: Whether it can draw new records.
        n_components: Components ``C`` of a spectrogram.
        grid: Size of the spectrogram and of the encoder's feature map.
        map_shape: Channels, frequency size and time size of that feature map.
    """

    beta: float = 0.0
    is_conditional = False
    draws = False

    def __init__(
        self,
        *,
        n_freqs: int,
        n_frames: int,
        n_components: int = len(COMPONENTS),
        n_stations: int = 1,
        n_location: int = 3,
        channels: Sequence[int] = (32, 64, 128, 256),
        seed: int = 0,
        optimizer: MakeOptimizer | None = None,
        scheduler: MakeScheduler | None = None,
    ) -> None:
        """Keep the plain arguments as hyperparameters, from which a checkpoint rebuilds the model.

        Args:
            n_freqs: Frequency bins ``F`` of a spectrogram.
            n_frames: Frames ``T`` of a spectrogram.
            n_components: Components ``C`` of a spectrogram.
            n_stations: Size of the station vocabulary, place 0 included; conditional models use it.
            n_location: Figures of a condition that tell where the source is; conditional models use it.
            channels: Channels after each halving of the spectrogram.
            seed: First part of the key of all noise, not below zero.
            optimizer: Makes the optimizer from the parameters; None is Adam at a learning rate of 0.001.
            scheduler: Makes a learning-rate schedule from the optimizer, stepped once per epoch.

        Raises:
            ConfigurationError: If the spectrogram is empty or there are no channels.
        """
        super().__init__()
        if not channels or min(channels) < 1:
            raise ConfigurationError(f"model.channels={list(channels)}: give each layer's width, as [32, 64]")
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])
        self.channels = [int(width) for width in channels]
        self.hparams.update(channels=self.channels)
        self.n_components = n_components
        self.grid = PaddedGrid(n_freqs, n_frames, halvings=len(channels))
        self.map_shape = (self.channels[-1], *self.grid.latent_shape)
        self._seed = seed
        self._optimizer = optimizer or Adam
        self._scheduler = scheduler
        self._means: dict[str, EpochMeans] = {}
        self._watch = FiniteWatch()
        self._logged_step = 0

    @abstractmethod
    def encode(self, spectrogram: Tensor, condition: Condition) -> Posterior:
        """Infer the latent of records.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled log magnitude.
            condition: Scaled conditions of the same records.

        Returns:
            The posterior over their latents.
        """

    @abstractmethod
    def decode(self, latent: Tensor, condition: Condition) -> Tensor:
        """Turn latents into spectrograms.

        Args:
            latent: A sample or the mode of a posterior.
            condition: Scaled conditions of the records to make.

        Returns:
            ``(B, C, F, T)`` scaled log magnitude.
        """

    def forward(self, spectrogram: Tensor, condition: Condition) -> Tensor:
        """Reconstruct records from the mode of their posterior.

        Args:
            spectrogram: ``(B, C, F, T)`` scaled log magnitude.
            condition: Scaled conditions of the same records.

        Returns:
            ``(B, C, F, T)``.
        """
        return self.decode(self.encode(spectrogram, condition).mode, condition)

    def generate(
        self,
        condition: Condition,
        *,
        generator: Noise,
        temperature: float = 1.0,
        sampler: str = "prior",
    ) -> Tensor:
        """Draw new records, ``(B, C, F, T)`` scaled; only a model whose latent has a prior can.

        Raises:
            ConfigurationError: Naming this model.
        """
        raise ConfigurationError(
            f"{type(self).__name__} has no prior to draw records from: it can reconstruct only"
        )

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Decode a sample of the posterior; see ``_outcome`` for what is returned."""
        posterior = self.encode(batch.spectrogram, batch.condition)
        noise = RecordNoise((self._seed, self.current_epoch), batch.index)
        return self._outcome("train", batch, posterior, posterior.sample(noise))

    def validation_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Decode the mode of the posterior; see ``_outcome`` for what is returned."""
        posterior = self.encode(batch.spectrogram, batch.condition)
        return self._outcome("val", batch, posterior, posterior.mode)

    def test_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Decode the mode of the posterior; see ``_outcome`` for what is returned."""
        posterior = self.encode(batch.spectrogram, batch.condition)
        return self._outcome("test", batch, posterior, posterior.mode)

    def _outcome(self, stage: str, batch: Batch, posterior: Posterior, latent: Tensor) -> dict[str, Tensor]:
        """Decode, measure and add to the means of the epoch.

        Returns:
            ``loss`` as a scalar; detached ``reconstruction (B, C, F, T)``, ``latent (B, ...)``, the mode,
            ``kl (B, D)``, and mean and variance of the posterior in the prior's units, ``(B, D)`` each.
        """
        reconstruction = self.decode(latent, batch.condition)
        kl = posterior.kl()
        parts = self._objective(stage, reconstruction, batch.spectrogram, kl)
        loss = parts.loss.mean()
        self._watch.add(stage, f"epoch {self.current_epoch}, step {self.global_step}", batch, parts.loss)
        self._means.setdefault(stage, EpochMeans()).add(parts._asdict())
        mean, variance = posterior.standardised()
        return {
            "loss": loss,
            "reconstruction": reconstruction.detach(),
            "latent": posterior.mode.detach(),
            "kl": kl.detach(),
            "standardised_mean": mean.detach(),
            "standardised_variance": variance.detach(),
        }

    def _objective(self, stage: str, reconstruction: Tensor, spectrogram: Tensor, kl: Tensor) -> Objective:
        """Say what the records of a batch cost; a child may charge training otherwise."""
        return objective(reconstruction, spectrogram, kl, self.beta)

    def on_train_batch_end(self, outputs: STEP_OUTPUT, batch: Batch, batch_idx: int) -> None:
        """Log the loss of the steps that loggers write, a mean over processes; other steps cost nothing.

        It is logged as a number on the host: a progress bar would wait for the device after *every* batch.
        """
        every_n_steps = cast(Any, self.trainer).log_every_n_steps  # set by Lightning behind its type's back
        step = self.global_step  # counted already, and shared by batches whose gradients are accumulated
        if step % every_n_steps == 0 and step > self._logged_step:
            self._logged_step = step
            own = cast(dict[str, Tensor], outputs)["loss"].detach()
            self._watch.look()
            loss = cast(Tensor, self.trainer.strategy.reduce(own, reduce_op="mean"))
            self.log("train/loss_step", loss.cpu(), on_step=True, on_epoch=False, prog_bar=True)

    def on_train_epoch_end(self) -> None:
        """Log the epoch's means, then let a schedule that waits for a plateau see the validation loss."""
        self._log_means("train")
        self._step_plateau()

    def on_validation_epoch_end(self) -> None:
        """Log the epoch's means."""
        self._log_means("val")

    def on_test_epoch_end(self) -> None:
        """Log the epoch's means."""
        self._log_means("test")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Let no spoilt weights be written.

        Raises:
            TrainingError: A loss so far, or a weight, is not a finite number.
        """
        self._watch.look()
        require_finite(checkpoint["state_dict"])
        super().on_save_checkpoint(checkpoint)

    def _log_means(self, stage: str) -> None:
        self._watch.look()
        means = self._means.pop(stage, EpochMeans())
        named = means.named(stage, functools.partial(self.trainer.strategy.reduce, reduce_op="sum"))
        self.log_dict(named, batch_size=means.n_records)

    def configure_model(self) -> None:
        """Share the layers between processes where the strategy asks for it; a second call does nothing."""
        if self.device_mesh is not None:
            shard(self, self.device_mesh["data_parallel"])

    def compile_layers(self) -> None:
        """Let PyTorch compile each layer at its first call; what the model is and saves stays the same."""
        for layer in self.children():
            layer.compile()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Make the optimizer and, where one is asked for, the schedule."""
        optimizer = self._optimizer(part for part in self.parameters() if part.requires_grad)
        if self._scheduler is None:
            return optimizer
        schedule: LRSchedulerConfigType = {
            "scheduler": self._scheduler(optimizer),
            "interval": "epoch",
            "monitor": PLATEAU_MONITOR,
        }
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def lr_scheduler_step(self, scheduler: LRSchedulerTypeUnion, metric: float | None) -> None:
        """Step a schedule, except those that wait for a plateau: see ``_step_plateau``."""
        if metric is None:
            scheduler.step()  # type: ignore[call-arg] # none that wants a metric comes here

    def _step_plateau(self) -> None:
        """Show the validation loss to a schedule that waits for a plateau.

        This runs before checkpoints are saved, and also in an epoch that was resumed; Lightning's own place
        for it comes after the saving and is skipped on resume: the run would end with other weights.

        Raises:
            ConfigurationError: If there was no validation to wait for.
        """
        for config in self.trainer.lr_scheduler_configs:
            if not config.reduce_on_plateau:
                continue
            if PLATEAU_MONITOR not in self.trainer.callback_metrics:
                raise ConfigurationError(f"scheduler=plateau waits for {PLATEAU_MONITOR}: let validation run")
            loss = float(self.trainer.callback_metrics[PLATEAU_MONITOR])
            config.scheduler.step(loss)  # type: ignore[arg-type] # this kind takes the metric
