"""A DataModule without files: earthquake-like spectrograms whose shape follows from magnitude and station.

It has what models and callbacks use of the real one: sizes, splits, metadata, the front that names seconds,
hertz and decibels, keyed batches that can start within an epoch, and the mean training spectrogram.
"""

from types import SimpleNamespace
from typing import Any, cast

import lightning as L
import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from seismic_lightning.batch import Batch, Condition
from seismic_lightning.codes import COMPONENTS
from seismic_lightning.data.order import KeyedBatches, ResumableLoader
from seismic_lightning.data.raw import keep_whole
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

N_COMPONENTS = len(COMPONENTS)
N_STATIONS = 4  # places of the vocabulary, the unseen station included
RECORDS_PER_EVENT = 2
SPLITS = {"train": 8, "dev": 4, "test": 2}  # events


def earthquake_like(
    n_freqs: int, n_frames: int, magnitude: Tensor, station: Tensor, n_components: int = N_COMPONENTS
) -> Tensor:
    """Make scaled spectrograms with an onset, a decaying coda and a little noise, ``(B, C, F, T)``."""
    generator = torch.Generator().manual_seed(1)
    frequency = torch.linspace(0, 1, n_freqs)[:, None]
    time = torch.linspace(0, 1, n_frames)[None, :]
    onset = torch.sigmoid((time - 0.2) * 40)
    records = []
    for m, s in zip(magnitude.tolist(), station.tolist(), strict=True):
        coda = onset * torch.exp(-(time - 0.2).clamp(min=0) * (3 + s)) * (2 + m)
        bump = torch.exp(-((frequency - 0.1 * (1 + s)) ** 2) / 0.05)
        records.append((coda * bump - 0.5 + 0.2 * m).expand(n_components, n_freqs, n_frames))
    clean = torch.stack(records)
    return clean + 0.1 * torch.randn(clean.shape, generator=generator)


def fake_batch(n_freqs: int, n_frames: int, n_records: int = 4, n_components: int = N_COMPONENTS) -> Batch:
    """Make one batch."""
    generator = torch.Generator().manual_seed(2)
    magnitude = torch.randn(n_records, generator=generator)
    station = torch.arange(n_records) % (N_STATIONS - 1) + 1
    condition = Condition(magnitude, torch.randn(n_records, 3, generator=generator), station)
    spectrogram = earthquake_like(n_freqs, n_frames, magnitude, station, n_components)
    return Batch(
        torch.zeros(n_records, n_components, 8), spectrogram, condition, torch.arange(n_records) + 100
    )


class FakeRecords(Dataset[Batch]):
    """Some rows of one big batch, fetched a batch at a time."""

    def __init__(self, everything: Batch, rows: np.ndarray) -> None:
        """Keep batch and rows."""
        self.everything, self.rows = everything, torch.from_numpy(rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __getitems__(self, places: list[int]) -> Batch:
        """Fetch a batch."""
        rows = self.rows[torch.tensor(places)]
        waveform, spectrogram, condition, index = self.everything
        return Batch(
            waveform[rows], spectrogram[rows], Condition(*(part[rows] for part in condition)), index[rows]
        )


class FakeDataModule(L.LightningDataModule):
    """Stand in for ``SpectrogramDataModule``."""

    def __init__(
        self, n_freqs: int = 33, n_frames: int = 17, batch_size: int = 4, n_components: int = N_COMPONENTS
    ) -> None:
        """Make all records at once."""
        super().__init__()
        self.unit = "counts"
        self.n_freqs, self.n_frames, self.n_stations = n_freqs, n_frames, N_STATIONS
        self.batch_size, self.n_components = batch_size, n_components
        events = [f"event{number:02d}" for number in range(sum(SPLITS.values()))]
        splits = [split for split, n_events in SPLITS.items() for _ in range(n_events)]
        n_records = RECORDS_PER_EVENT * len(events)
        place = torch.arange(n_records) % (N_STATIONS - 1) + 1
        magnitudes = np.linspace(1.6, 4.4, len(events)).repeat(RECORDS_PER_EVENT)
        metadata = pd.DataFrame(
            {
                "source_id": np.repeat(events, RECORDS_PER_EVENT),
                "source_magnitude": magnitudes,
                "split": np.repeat(splits, RECORDS_PER_EVENT),
            }
        )
        self.dataset = SimpleNamespace(metadata=metadata, unit="counts", components=COMPONENTS[:n_components])
        self.station_names = [f"KO.STA{station}" for station in place.tolist()]
        nfft = 2 * (n_freqs - 1)
        stft = StftSettings(nperseg=nfft, noverlap=nfft * 3 // 4, nfft=nfft)
        self.front = SpectrogramFront(PreprocessSettings(), stft, LogScaling(floor=0.1, mean=1.5, std=0.6))
        magnitude = torch.from_numpy((magnitudes - 3.0).astype(np.float32))
        location = torch.randn(n_records, 3, generator=torch.Generator().manual_seed(0))
        self.everything = Batch(
            torch.zeros(n_records, n_components, 8),
            earthquake_like(n_freqs, n_frames, magnitude, place, n_components),
            Condition(magnitude, location, place),
            torch.arange(n_records),
        )
        self.mean_spectrogram = self.everything.spectrogram[self.rows("train")].mean(0)

    def rows(self, split: str) -> np.ndarray:
        """Return the rows of a split."""
        return np.flatnonzero(self.dataset.metadata["split"] == split)

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return batches shuffled by epoch."""
        records: Any = FakeRecords(self.everything, self.rows("train"))
        loader: Any = ResumableLoader(
            records, KeyedBatches(len(records), self.batch_size, seed=0), module=self, pin_memory=False
        )
        return cast(DataLoader[Batch], loader)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return batches in order."""
        return self._ordered("dev")

    def test_dataloader(self) -> DataLoader[Batch]:
        """Return batches in order."""
        return self._ordered("test")

    def _ordered(self, split: str) -> DataLoader[Batch]:
        records = FakeRecords(self.everything, self.rows(split))
        return DataLoader(records, batch_size=self.batch_size, collate_fn=keep_whole)
