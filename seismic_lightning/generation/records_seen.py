"""Records of a dataset as a trained model sees them.

Preprocessing, transform, scales and conditions are the checkpoint's; the instruments are the dataset's.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.raw import RawBatch, RawRecords
from seismic_lightning.generation.dataset_records import check_rates, checked_motion
from seismic_lightning.generation.trained import Trained
from seismic_lightning.transforms.front import SpectrogramFront


class RecordsSeen:
    """A dataset seen through a checkpoint.

    Attributes:
        trained: The checkpoint.
        dataset: The dataset, which need not be the one of the training.
        front: The checkpoint's preprocessing, STFT and scaling with the dataset's instruments.
        band: ``(len(dataset),)`` int64 rows of the band table, -1 for records that are not looked at.
    """

    def __init__(
        self, trained: Trained, dataset: CuratedDataset, rows: NDArray[np.int64] | None = None
    ) -> None:
        """Bring both together.

        Args:
            trained: The checkpoint.
            dataset: The dataset.
            rows: ``(n,)`` rows of its metadata that are looked at; None for all.

        Raises:
            BandError: The checkpoint's bands have no row for the family of a record.
            DatasetError: Unit, components or window differ.
        """
        self.trained, self.dataset = trained, dataset
        motion = checked_motion(trained, dataset)
        self.front = SpectrogramFront.from_settings(trained.front.settings(), motion.instruments)
        self.front.to(trained.device)
        rows = np.arange(len(dataset)) if rows is None else rows
        chosen = dataset.metadata.iloc[rows]
        self.band = torch.full((len(dataset),), -1)
        self.band[torch.tensor(rows)] = self.front.preprocess.bands(
            chosen["trace_channel"].astype(str).tolist(), chosen["source_magnitude"].astype(float).tolist()
        )
        conditions = trained.conditions(dataset.metadata)
        self._records = RawRecords(dataset, np.arange(len(dataset)), self.band, motion.instrument, conditions)

    @torch.no_grad()
    def read(self, rows: NDArray[np.int64]) -> Batch:
        """Preprocess and transform records as in the model's training.

        Args:
            rows: ``(B,)`` rows of the dataset's metadata.

        Returns:
            Waveforms in the model's unit, scaled spectrograms and conditions, on the model's device.
        """
        batch = _moved(self._records.__getitems__(rows.tolist()), self.trained.device)
        waveform, spectrogram = self.front(batch.groups, batch.band, batch.instrument)
        return Batch(waveform.float(), spectrogram.float(), batch.condition, batch.index)


def read_records(trained: Trained, dataset: CuratedDataset, rows: NDArray[np.int64]) -> Batch:
    """Read a few records, each of which has to fill the model's band and window.

    Args:
        trained: The model.
        dataset: The dataset, which need not be the one of the training.
        rows: ``(B,)`` rows of its metadata.

    Raises:
        BandError: A record's family or sampling rate has no band in the model's preprocessing.
        DatasetError: Unit, components, window or sampling rate are not those of the model.
    """
    seen = RecordsSeen(trained, dataset, rows)
    check_rates(trained, dataset, rows, seen.band[torch.tensor(rows)])
    return seen.read(rows)


def _moved(batch: RawBatch, device: torch.device) -> RawBatch:
    """Bring a batch to the device."""
    groups = [
        group._replace(positions=group.positions.to(device), waveform=group.waveform.to(device))
        for group in batch.groups
    ]
    condition = Condition(*(part.to(device) for part in batch.condition))
    return RawBatch(
        groups, batch.band.to(device), batch.instrument.to(device), condition, batch.index.to(device)
    )
