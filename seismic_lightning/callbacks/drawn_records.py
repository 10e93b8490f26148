"""Records drawn at fixed conditions and from fixed noise, beside the real ones, in TensorBoard."""

import logging
from typing import TYPE_CHECKING, NamedTuple

import lightning as L
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.callbacks.access import datamodule, new_events, writers
from seismic_lightning.callbacks.drawn_figure import Pair, Panel, Seen, draw_panel
from seismic_lightning.callbacks.figure import to_pixels
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.nn.noise import keyed_generator

if TYPE_CHECKING:
    from seismic_lightning.data.datamodule import SpectrogramDataModule

log = logging.getLogger(__name__)

TAG = "drawn_records"
_ONSETS = {"P": "trace_p_arrival_sample", "S": "trace_s_arrival_sample"}
_CPU = torch.device("cpu")
"""Where noise is drawn, so that devices agree."""


class Shown(NamedTuple):
    """A record and the answer to its condition.

    Attributes:
        waveform: ``(C, N)`` samples of the record.
        spectrogram: ``(C, F, T)``, or whatever the front's representation is.
        drawn: The same of the answer.
    """

    waveform: Tensor
    spectrogram: Tensor
    drawn: Tensor


class DrawnRecords(Callback):
    """Answer the conditions of the first validation record of each of the first events, always the same ones.

    The noise is the same at every drawing, so that what changes from picture to picture is the model alone.
    Records are drawn while validation runs: averaged weights stand in the model's place only then. With
    several devices the first one draws. With other loggers than TensorBoard, with a model that cannot draw
    and with one whose layers are shared between processes this callback has nothing to do.
    """

    def __init__(self, n_events: int = 4, every_n_epochs: int = 1, seed: int = 0) -> None:
        """Keep how much to draw and how often.

        Args:
            n_events: Records to draw, each of another event.
            every_n_epochs: Epochs between two drawings; the last epoch is always drawn.
            seed: First part of the key of each record's noise.

        Raises:
            ConfigurationError: Nothing would ever be drawn.
        """
        for name, value in (("n_events", n_events), ("every_n_epochs", every_n_epochs)):
            if value < 1:
                raise ConfigurationError(f"callbacks.drawn_records.{name}={value}: give 1 or more")
        self._n_events = n_events
        self._every_n_epochs = every_n_epochs
        self._seed = seed
        self._shown: dict[str, tuple[int, Shown]] = {}

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Say where nothing will be drawn."""
        name = type(pl_module).__name__
        if not getattr(pl_module, "draws", False):
            log.info("%s draws no records: none are shown.", name)
        elif pl_module.device_mesh is not None:
            log.info("The layers of %s are shared between processes: no drawn records are shown.", name)

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
        """Draw for the records of the batch that are to be shown."""
        if not self._is_due(trainer, pl_module):
            return
        chosen = new_events(datamodule(trainer), batch, self._shown, self._n_events)
        if not chosen:
            return
        assert isinstance(pl_module, SpectrogramAutoencoder)
        places = torch.tensor(list(chosen.values()), device=batch.index.device)
        rows = batch.index[places].tolist()
        noise = [keyed_generator(_CPU, self._seed, row) for row in rows]
        condition = Condition(*(part[places] for part in batch.condition))
        drawn = pl_module.generate(condition, generator=noise).float()
        parts = zip(batch.waveform[places], batch.spectrogram[places], drawn, strict=True)
        for event, row, part in zip(chosen, rows, parts, strict=True):
            self._shown[event] = (row, Shown(*part))

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the picture."""
        if self._shown:
            pixels = to_pixels(draw_panel(panel_of(datamodule(trainer), list(self._shown.values()))))
            for writer in writers(trainer):
                writer.add_image(TAG, pixels, trainer.global_step, dataformats="HWC")
        self._shown = {}

    def _is_due(self, trainer: L.Trainer, pl_module: L.LightningModule) -> bool:
        n_epochs = trainer.current_epoch + 1
        return (
            (n_epochs % self._every_n_epochs == 0 or n_epochs == trainer.max_epochs)
            and getattr(pl_module, "draws", False)
            and pl_module.device_mesh is None
            and not trainer.sanity_checking
            and bool(writers(trainer))
        )


def panel_of(module: "SpectrogramDataModule", shown: list[tuple[int, Shown]]) -> Panel:
    """Bring records and answers back to waveforms, decibels, seconds and hertz.

    The last component is shown: of three a horizontal one, where S is strong.

    Args:
        module: The DataModule, whose front made the spectrograms.
        shown: Rows of the dataset, with records and answers.

    Returns:
        What ``draw_panel`` needs.

    Raises:
        ConfigurationError: If the front has no scaling yet.
    """
    front = module.front
    rate_hz = front.preprocess.settings.sampling_rate_hz
    records, n_samples = [record for _, record in shown], shown[0][1].waveform.shape[-1]
    recovered = front.inverse(torch.stack([record.drawn for record in records]), n_samples)
    pairs = [
        Pair(
            title_of(module, row),
            onsets_s(module.dataset.metadata.iloc[row]),
            _seen(module, record.waveform, record.spectrogram),
            _seen(module, waveform, record.drawn),
        )
        for (row, record), waveform in zip(shown, recovered, strict=True)
    ]
    return Panel(
        pairs=pairs,
        component=module.dataset.components[-1],
        unit=module.unit,
        rate_hz=rate_hz,
        times_s=front.stft.times_s(rate_hz, records[0].drawn.shape[-1]).numpy(),
        frequencies_hz=front.stft.frequencies_hz(rate_hz).numpy(),
    )


def title_of(module: "SpectrogramDataModule", row: int) -> str:
    """Name what a record is an answer to: magnitude, distance and station.

    Args:
        module: The DataModule.
        row: The record in the dataset.
    """
    record = module.dataset.metadata.iloc[row]
    magnitude, distance_km = record["source_magnitude"], record["path_hyp_distance_km"]
    known = f"M {magnitude:.1f}" if pd.notna(magnitude) else "M unknown"
    far = f"{distance_km:.0f} km" if pd.notna(distance_km) else "distance unknown"
    return f"{known}, {far}, {module.station_names[row]}"


def onsets_s(record: "pd.Series[float]") -> dict[str, float]:
    """Return the onsets that were read, in seconds after the first sample.

    Args:
        record: Row of the dataset's metadata.
    """
    rate_hz = record["trace_sampling_rate_hz"]
    return {phase: record[name] / rate_hz for phase, name in _ONSETS.items() if pd.notna(record[name])}


def _seen(module: "SpectrogramDataModule", waveform: Tensor, representation: Tensor) -> Seen:
    level_db = module.front.to_db(representation)[-1]
    return Seen(waveform[-1].float().cpu().numpy(), level_db.float().cpu().numpy())
