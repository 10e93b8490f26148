"""The records of a dataset as a trained model sees them, batch by batch.

Preprocessing, transform, scales and conditions are the checkpoint's; the instruments are the dataset's. A
dataset that the checkpoint cannot have an opinion on is refused with the one thing that differs.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.ground_motion import GroundMotion, ground_motion
from seismic_lightning.data.raw import RawBatch, RawGroup, RawRecords
from seismic_lightning.errors import DatasetError, EvaluationError
from seismic_lightning.generation.dataset_records import check_dataset
from seismic_lightning.generation.trained import Trained
from seismic_lightning.transforms.front import SpectrogramFront

BATCH_RECORDS = 64


class RecordsSeen:
    """A dataset seen through a checkpoint.

    Attributes:
        dataset: The dataset.
        trained: The checkpoint.
        notes: What is worth knowing of the two together.
    """

    def __init__(self, dataset: CuratedDataset, trained: Trained) -> None:
        """Bring both together.

        Args:
            dataset: The dataset.
            trained: The checkpoint.

        Raises:
            DatasetError: Unit, components, window or sampling rate differ.
            BandError: The checkpoint's bands have no row for a family, or do not suit a sampling rate.
        """
        self.dataset, self.trained = dataset, trained
        motion = _motion(dataset, trained)
        self._front = SpectrogramFront.from_settings(trained.front.settings(), motion.instruments)
        self._front.to(trained.device)
        metadata = dataset.metadata
        band = self._front.preprocess.bands(
            metadata["trace_channel"].astype(str).tolist(),
            metadata["source_magnitude"].astype(float).tolist(),
        )
        self.notes = self._rates(band)
        self._records = RawRecords(
            dataset, np.arange(len(dataset)), band, motion.instrument, trained.conditions(metadata)
        )

    def batches(self, rows: NDArray[np.int64]) -> Iterator[Batch]:
        """Yield records in the order of their rows.

        Args:
            rows: ``(n,)`` rows of the dataset's metadata.

        Yields:
            Batches of ``BATCH_RECORDS`` on the model's device.
        """
        for start in range(0, len(rows), BATCH_RECORDS):
            batch = self._records.__getitems__(rows[start : start + BATCH_RECORDS].tolist())
            yield self._seen(_moved(batch, self.trained.device))
        self.dataset.release()

    def level(self, representation: Tensor) -> NDArray[np.float32]:
        """Return what spectrograms are judged by, of either representation.

        Args:
            representation: ``(B, C, F, T)`` scaled, or ``(B, 2C, F, T)`` parts.

        Returns:
            ``(B, C, F, T)`` ``log10(magnitude + floor)`` in dex.
        """
        scaling = self._front.scaling
        if scaling is None:
            raise EvaluationError(f"{self.trained.path}: has no scale of spectrograms")
        scaled = self._front.log_magnitude(representation).float()
        level = scaled.mul(scaling.constants.std).add_(scaling.constants.mean)
        return np.asarray(level.cpu().numpy(), dtype=np.float32)

    @torch.no_grad()
    def level_of_waveform(self, waveform: Tensor) -> NDArray[np.float32]:
        """Return the level of waveforms as preprocessing leaves them.

        Args:
            waveform: ``(B, C, N)`` in the checkpoint's unit.
        """
        return self.level(self._front.spectrogram(waveform.to(self._front.preprocess.dtype)))

    def _seen(self, batch: RawBatch) -> Batch:
        with torch.no_grad():
            waveform, spectrogram = self._front(batch.groups, batch.band, batch.instrument)
        return Batch(waveform.float(), spectrogram.float(), batch.condition, batch.index)

    def _rates(self, band: Tensor) -> list[str]:
        """Refuse rates that a record cannot have, and tell of those too low for what the checkpoint sees."""
        dataset, trained = self.dataset, self.trained
        rates_hz = dataset.metadata["trace_sampling_rate_hz"].to_numpy(dtype=float)
        for rate_hz in np.unique(rates_hz).tolist():
            used = band[torch.from_numpy(rates_hz == rate_hz)]
            self._front.preprocess.check(rate_hz, round(trained.length_s * rate_hz) + 1, used)
        slow = rates_hz < trained.rate_hz
        if slow.all() and dataset.dataset_id != trained.dataset_id:
            raise DatasetError(
                f"{dataset.root}: its records have at most {rates_hz.max():g} Hz, {trained.path} works at "
                f"{trained.rate_hz:g} Hz and would see nothing above {rates_hz.max() / 2:g} Hz; give a "
                "dataset of that sampling rate"
            )
        if not slow.any():
            return []
        return [
            f"{slow.sum()} of {len(slow)} records of the dataset were recorded at less than the "
            f"checkpoint's {trained.rate_hz:g} Hz and hold nothing above half of their own rate."
        ]


def _motion(dataset: CuratedDataset, trained: Trained) -> GroundMotion:
    """Find the instruments, and refuse a dataset of another kind."""
    try:
        motion = ground_motion(dataset, trained.units)
    except DatasetError as error:
        raise DatasetError(
            f"{dataset.root}: cannot be brought to {trained.unit}, the unit of {trained.path}: {error}"
        ) from error
    check_dataset(trained, dataset, motion.unit)
    return motion


def _moved(batch: RawBatch, device: torch.device) -> RawBatch:
    """Bring a batch to the device."""
    groups = [
        RawGroup(group.sampling_rate_hz, group.positions.to(device), group.waveform.to(device))
        for group in batch.groups
    ]
    condition = Condition(*(part.to(device) for part in batch.condition))
    return RawBatch(
        groups, batch.band.to(device), batch.instrument.to(device), condition, batch.index.to(device)
    )
