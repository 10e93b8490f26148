"""The one DataModule: raw counts in, scaled spectrograms on the training device out.

Preprocessing and STFT run on the fly and batched in ``on_after_batch_transfer``, in float32 and without
gradients, whatever the precision of the model; nothing filtered or transformed is ever stored.
"""

import logging
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from seismic_lightning.batch import Batch
from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.data.condition import ConditionScaling, station_names
from seismic_lightning.data.ground_motion import GroundMotion, ground_motion
from seismic_lightning.data.hull import TrainingHull
from seismic_lightning.data.order import KeyedBatches, ResumableLoader, deal
from seismic_lightning.data.raw import RawBatch, RawRecords, keep_whole
from seismic_lightning.data.resident import PlaceBatch, Residency, ResidentRecords, gathered
from seismic_lightning.data.statistics import training_statistics
from seismic_lightning.data.trained_on import differing
from seismic_lightning.errors import CheckpointError, ConfigurationError, DatasetError
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.settings import PreprocessSettings, RepresentationSettings, StftSettings

log = logging.getLogger(__name__)

FEW_RECORDS = 20
"""A training split below this size is worth a warning."""

_COLUMN_VALUE = {"train": "train", "val": "dev", "test": "test"}
"""Lightning's names of the splits in the words of the dataset's ``split`` column."""


class SpectrogramDataModule(L.LightningDataModule):
    """Batches of one curated dataset.

    Args:
        dataset_dir: Folder that curation wrote.
        preprocess: Preprocessing on the device.
        stft: Short-time Fourier transform on the device.
        representation: What of the spectrogram the model sees; None is the log magnitude.
        batch_size: Records per batch and process.
        seed: Seed of the training order.
        cache_dir: Folder for figures fitted on the training split; None fits anew each time.
        condition: ``location`` or ``physics``: what a condition tells of where the source is.
        resident: ``auto``, ``true`` or ``false``: whether raw samples live on the training device.
    """

    dataset: CuratedDataset
    front: SpectrogramFront
    conditions: ConditionScaling
    mean_spectrogram: Tensor
    motion: GroundMotion
    _hull: TrainingHull

    def __init__(
        self,
        dataset_dir: Path,
        preprocess: PreprocessSettings,
        stft: StftSettings,
        *,
        representation: RepresentationSettings | None = None,
        batch_size: int = 64,
        seed: int = 0,
        cache_dir: Path | None = None,
        condition: str = "location",
        resident: str = "auto",
    ) -> None:
        """Keep the settings; files are opened by ``setup``."""
        super().__init__()
        self.dataset_dir = Path(dataset_dir)
        self.preprocess = preprocess
        self.stft = stft
        self.representation = representation or RepresentationSettings()
        self.batch_size = batch_size
        self.seed = seed
        self.cache_dir = cache_dir
        self.condition = condition
        self.residency = Residency(resident)
        self._splits: dict[str, RawRecords] = {}

    def setup(self, stage: str | None = None) -> None:
        """Open the dataset and fit what its training split decides; a second call does nothing.

        Raises:
            DatasetError: A split has no record, or records lack what ``preprocess.units`` needs.
            BandError: Records of a family that the band table does not know, counted by family.
        """
        if self._splits:
            return
        self.dataset = open_dataset(self.dataset_dir)
        self.motion = ground_motion(self.dataset, self.preprocess.units)
        front = SpectrogramFront(self.preprocess, self.stft, None, self.motion.instruments)
        rows = {name: self._rows(name) for name in _COLUMN_VALUE}
        metadata = self.dataset.metadata
        band = front.preprocess.bands(
            metadata["trace_channel"].astype(str).tolist(),
            metadata["source_magnitude"].astype(float).tolist(),
        )
        self._check_rates(front, band)
        self._check_sizes(front, len(rows["train"]))
        train = metadata.iloc[rows["train"]]
        self.conditions, self._hull = ConditionScaling.fit(train, self.condition), TrainingHull.fit(train)
        if unknown := int(metadata["source_depth_km"].isna().sum()):
            log.info("%d records of unknown depth: the condition takes the training mean.", unknown)
        condition = self.conditions(metadata)
        splits = {
            name: RawRecords(self.dataset, rows[name], band, self.motion.instrument, condition)
            for name in _COLUMN_VALUE
        }
        statistics = training_statistics(splits["train"], front, self.representation, self.cache_dir)
        self.front = SpectrogramFront(
            self.preprocess,
            self.stft,
            statistics.scaling,
            self.motion.instruments,
            companding=statistics.companding,
        )
        self.mean_spectrogram = statistics.mean_spectrogram
        self._splits = splits

    @property
    def unit(self) -> str:
        """Return the unit of waveforms and spectrograms: ``counts``, ``mps`` or ``mps2``."""
        return self.motion.unit

    @property
    def n_freqs(self) -> int:
        """Return the number of frequency bins, ``F``."""
        return self.front.stft.n_freqs

    @property
    def n_frames(self) -> int:
        """Return the number of frames, ``T``, of every record."""
        return self.front.stft.n_frames(self.front.preprocess.n_samples(self.dataset.window.length_s))

    @property
    def n_components(self) -> int:
        """Return the number of components, ``C``, of every record."""
        return len(self.dataset.components)

    @property
    def n_channels(self) -> int:
        """Return the number of channels that a model sees: one or two per component."""
        return self.n_components * self.front.channels_per_component

    @property
    def n_stations(self) -> int:
        """Return the size of the station vocabulary, the unseen station included."""
        return self.conditions.n_stations

    @property
    def n_location(self) -> int:
        """Return how many figures of a condition tell where the source is."""
        return self.conditions.n_location

    @property
    def station_names(self) -> list[str]:
        """Return ``NET.STA`` of every record of the dataset."""
        return station_names(self.dataset.metadata)

    def records(self, split: str) -> RawRecords:
        """Return the records of ``train``, ``val`` or ``test``."""
        return self._splits[split]

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the training loader in keyed order, or in the dataset's where a batch is overfitted."""
        if getattr(self.trainer, "overfit_batches", 0):
            return self._loader_in_order("train")
        records = self._feed("train")
        rank, world_size = self._rank()
        accumulate = 1 if self.trainer is None else self.trainer.accumulate_grad_batches
        shares = {"rank": rank, "world_size": world_size, "accumulate": accumulate}
        batches = KeyedBatches(len(records), self.batch_size, self.seed, **shares)
        return ResumableLoader(records, batches, self, self._pin_memory())

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation loader, in the dataset's order."""
        return self._loader_in_order("val")

    def test_dataloader(self) -> DataLoader[Any]:
        """Return the test loader, in the dataset's order."""
        return self._loader_in_order("test")

    def on_after_batch_transfer(self, batch: RawBatch | PlaceBatch, dataloader_idx: int) -> Batch:
        """Preprocess, transform and scale a batch that has arrived on the device."""
        raw = gathered(batch)
        if not raw.groups:  # a model that has gathered what it needs of the samples
            nothing = raw.condition.magnitude.new_empty(len(raw.index), 0)
            return Batch(nothing, nothing, raw.condition, raw.index)
        self.front.to(raw.index.device)
        with torch.no_grad():
            waveform, spectrogram = self.front(raw.groups, raw.band, raw.instrument)
        return Batch(waveform.float(), spectrogram.float(), raw.condition, raw.index)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs to understand its model: plain numbers, strings and lists."""
        return {
            "dataset_id": self.dataset.dataset_id,
            "unit": self.unit,
            "components": self.dataset.components,
            "window": {
                "before_p_s": self.dataset.window.before_p_s,
                "length_s": self.dataset.window.length_s,
            },
            "front": self.front.settings(),
            "conditions": self.conditions.settings(),
            "hull": self._hull.settings(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the checkpoint's scales, and refuse one from other data or another preprocessing.

        Scales fitted again on another machine may differ in the last digit; the model has learnt with its
        own.

        Raises:
            CheckpointError: Naming what differs.
        """
        different = differing(self.state_dict(), state_dict)
        if different:
            raise CheckpointError(
                f"The checkpoint was made with another {', '.join(different)} than this run asks for; resume "
                "it with the data, preprocess, stft, representation and condition settings of its own run."
            )
        fitted = self.front.scaling
        self.front = SpectrogramFront.from_settings(state_dict["front"], self.motion.instruments)
        self.conditions = ConditionScaling.from_settings(state_dict["conditions"])
        condition = self.conditions(self.dataset.metadata)
        for records in self._splits.values():
            records.condition = condition
        if fitted is not None and self.front.scaling is not None:
            self.mean_spectrogram = self.front.scaling(fitted.inverse(self.mean_spectrogram))

    def _rows(self, split: str) -> np.ndarray:
        rows = np.flatnonzero(self.dataset.metadata["split"] == _COLUMN_VALUE[split])
        if rows.size == 0:
            raise DatasetError(
                f"The {split} split of {self.dataset_dir} has no record; curate again with more events or "
                "another selection, so that each split has at least one event."
            )
        return rows

    def _check_sizes(self, front: SpectrogramFront, n_train: int) -> None:
        n_samples = front.preprocess.n_samples(self.dataset.window.length_s)
        if self.stft.nperseg > n_samples:
            raise ConfigurationError(
                f"stft.nperseg={self.stft.nperseg} is more than a record's {n_samples} samples; give less."
            )
        if n_train < FEW_RECORDS:
            log.warning("Only %d training records: expect no model worth keeping.", n_train)

    def _check_rates(self, front: SpectrogramFront, band: Tensor) -> None:
        """Refuse what a sampling rate of the dataset does not allow; say how many passbands it narrows."""
        length_s = self.dataset.window.length_s
        rates_hz = self.dataset.metadata["trace_sampling_rate_hz"].to_numpy(dtype=float)
        for rate_hz in np.unique(rates_hz).tolist():
            n_samples, used = round(length_s * rate_hz) + 1, band[torch.from_numpy(rates_hz == rate_hz)]
            front.preprocess.check(rate_hz, n_samples, used)
            resampled = front.preprocess.resampled_length(n_samples, rate_hz)
            if resampled != front.preprocess.n_samples(length_s):
                raise DatasetError(
                    f"records of {length_s:g} s at {rate_hz:g} Hz become {resampled} samples long, not "
                    f"{front.preprocess.n_samples(length_s)}: curate with a window.length_s of whole samples."
                )
            narrowed = int(front.preprocess.clipped(rate_hz)[used].sum())
            if narrowed:
                log.info("%d records at %g Hz: high corner clipped to 0.8 Nyquist.", narrowed, rate_hz)

    def _feed(self, split: str) -> RawRecords | ResidentRecords:
        own = self._splits[split]
        return own if own.labels_only else self.residency.feed(split, own, self._device())

    def _loader_in_order(self, split: str) -> DataLoader[Any]:
        rank, world_size = self._rank()
        batches = deal(torch.arange(len(self._splits[split])), self.batch_size, world_size)
        return DataLoader(
            self._feed(split),
            batch_sampler=[batch.tolist() for batch in batches[rank::world_size]],
            collate_fn=keep_whole,
            pin_memory=self._pin_memory(),
        )

    def _rank(self) -> tuple[int, int]:
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)

    def _device(self) -> torch.device:
        return torch.device("cpu") if self.trainer is None else self.trainer.strategy.root_device

    def _pin_memory(self) -> bool:
        return self._device().type == "cuda"
