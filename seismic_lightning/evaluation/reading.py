"""The records of a dataset as a trained model sees them, batch by batch, and their levels.

A dataset that the checkpoint cannot have an opinion on is refused with the one thing that differs.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.errors import DatasetError, EvaluationError
from seismic_lightning.generation.records_seen import RecordsSeen
from seismic_lightning.generation.trained import Trained

BATCH_RECORDS = 64


class JudgedRecords(RecordsSeen):
    """A dataset that is judged through a checkpoint.

    Attributes:
        notes: What is worth knowing of the two together.
    """

    def __init__(self, trained: Trained, dataset: CuratedDataset) -> None:
        """Bring both together.

        Args:
            trained: The checkpoint.
            dataset: The dataset.

        Raises:
            DatasetError: Unit, components, window or sampling rate differ.
            BandError: The checkpoint's bands have no row for a family, or do not suit a sampling rate.
        """
        super().__init__(trained, dataset)
        self.notes = self._rates()

    def batches(self, rows: NDArray[np.int64]) -> Iterator[Batch]:
        """Yield records in the order of their rows.

        Args:
            rows: ``(n,)`` rows of the dataset's metadata.

        Yields:
            Batches of ``BATCH_RECORDS`` on the model's device.
        """
        for start in range(0, len(rows), BATCH_RECORDS):
            yield self.read(rows[start : start + BATCH_RECORDS])
        self.dataset.release()

    def level(self, representation: Tensor) -> NDArray[np.float32]:
        """Return what spectrograms are judged by, of either representation.

        Args:
            representation: ``(B, C, F, T)`` scaled, or ``(B, 2C, F, T)`` parts.

        Returns:
            ``(B, C, F, T)`` ``log10(magnitude + floor)`` in dex.
        """
        scaling = self.front.scaling
        if scaling is None:
            raise EvaluationError(f"{self.trained.path}: has no scale of spectrograms")
        scaled = self.front.log_magnitude(representation).float()
        level = scaled.mul(scaling.constants.std).add_(scaling.constants.mean)
        return np.asarray(level.cpu().numpy(), dtype=np.float32)

    @torch.no_grad()
    def level_of_waveform(self, waveform: Tensor) -> NDArray[np.float32]:
        """Return the level of waveforms as preprocessing leaves them.

        Args:
            waveform: ``(B, C, N)`` in the checkpoint's unit.
        """
        return self.level(self.front.spectrogram(waveform.to(self.front.preprocess.dtype)))

    def _rates(self) -> list[str]:
        """Refuse rates that a record cannot have, and tell of those too low for what the checkpoint sees."""
        dataset, trained = self.dataset, self.trained
        rates_hz = dataset.metadata["trace_sampling_rate_hz"].to_numpy(dtype=float)
        for rate_hz in np.unique(rates_hz).tolist():
            used = self.band[torch.from_numpy(rates_hz == rate_hz)]
            self.front.preprocess.check(rate_hz, round(trained.length_s * rate_hz) + 1, used)
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
