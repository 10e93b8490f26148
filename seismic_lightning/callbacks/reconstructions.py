"""Inputs and reconstructions of a few fixed validation records, side by side in TensorBoard."""

from typing import TYPE_CHECKING, cast

import lightning as L
import pandas as pd
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import datamodule, new_events, writers
from seismic_lightning.callbacks.figure import Comparison, draw, to_pixels

if TYPE_CHECKING:
    from seismic_lightning.data.datamodule import SpectrogramDataModule


class Reconstructions(Callback):
    """Draw the first validation record of each of the first events, always the same ones.

    Under several devices the events are those of the first. With other loggers than TensorBoard this
    callback has nothing to do.
    """

    def __init__(self, n_events: int = 4, every_n_epochs: int = 1) -> None:
        """Keep how much to draw and how often.

        Args:
            n_events: Records to draw, each of another event.
            every_n_epochs: Epochs between two drawings; the end of training is always drawn.
        """
        self._n_events = n_events
        self._every_n_epochs = every_n_epochs
        self._shown: dict[str, tuple[int, Tensor, Tensor]] = {}
        self._drawn_step = -1

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._shown = {}

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep the records that are to be drawn."""
        if trainer.sanity_checking or not writers(trainer):
            return
        reconstruction = cast(dict[str, Tensor], outputs)["reconstruction"]
        chosen = new_events(datamodule(trainer), batch, self._shown, self._n_events)
        for event, place in chosen.items():
            self._shown[event] = (
                int(batch.index[place]),
                batch.spectrogram[place].cpu(),
                reconstruction[place].float().cpu(),
            )

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw where the epoch is due."""
        if (trainer.current_epoch + 1) % self._every_n_epochs == 0:
            self._draw(trainer)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw the last validation, unless it was due anyway."""
        if self._drawn_step != trainer.global_step:
            self._draw(trainer)

    def _draw(self, trainer: L.Trainer) -> None:
        self._drawn_step = trainer.global_step
        for writer in writers(trainer):
            for number, (row, spectrogram, reconstruction) in enumerate(self._shown.values(), start=1):
                comparison = compare(datamodule(trainer), row, spectrogram, reconstruction)
                pixels = to_pixels(draw(comparison))
                writer.add_image(f"reconstruction/{number}", pixels, trainer.global_step, dataformats="HWC")


def compare(
    module: "SpectrogramDataModule", row: int, spectrogram: Tensor, reconstruction: Tensor
) -> Comparison:
    """Bring a record and its reconstruction back to decibels, seconds and hertz.

    Args:
        module: The DataModule, whose front made the spectrogram.
        row: The record in the dataset.
        spectrogram: ``(C, F, T)`` or whatever the front's representation is.
        reconstruction: The same.

    Returns:
        What ``draw`` needs.

    Raises:
        ConfigurationError: If the front has no scaling yet.
    """
    front = module.front
    rate_hz = front.preprocess.settings.sampling_rate_hz
    record = module.dataset.metadata.iloc[row]
    known = pd.notna(record["source_magnitude"])
    magnitude = f"M {record['source_magnitude']:.1f}" if known else "M unknown"
    return Comparison(
        title=f"{module.station_names[row]}   {magnitude}   event {record['source_id']}",
        input_db=front.to_db(spectrogram).numpy(),
        reconstruction_db=front.to_db(reconstruction).numpy(),
        times_s=front.stft.times_s(rate_hz, spectrogram.shape[-1]).numpy(),
        frequencies_hz=front.stft.frequencies_hz(rate_hz).numpy(),
        unit=module.unit,
        components=module.dataset.components,
    )
