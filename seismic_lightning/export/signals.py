"""Samples of a dataset on their way out: raw as they were recorded, or preprocessed as an analyst would.

The engine is the one that training uses, in double precision and at each record's own rate, so that a file
holds what ObsPy's chain of ``detrend``, ``taper`` and ``filter`` would have made of the same window. What was
never recorded stays missing: a filter needs gaps bridged, but a file must not hold what was not measured.
"""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.curation.store import CuratedDataset, RateGroup
from seismic_lightning.data.ground_motion import ground_motion
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.settings import PreprocessSettings

BATCH_SIZE = 64
"""Records in memory at once."""


class Block(NamedTuple):
    """Some records of one sampling rate.

    Attributes:
        rows: ``(n,)`` int64 rows of the dataset's metadata.
        sampling_rate_hz: Rate of the samples, after resampling where there was one.
        waveform: ``(n, C, N)`` int32 counts or float32 SI units as recorded, or float64 preprocessed, in the
            unit that the settings ask for; what is missing holds ``FILL_COUNTS`` or NaN.
    """

    rows: NDArray[np.int64]
    sampling_rate_hz: float
    waveform: NDArray[Any]


def missing(samples: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which samples are missing.

    Example:
        >>> missing(np.array([1.0, np.nan])).tolist()
        [False, True]
    """
    return np.asarray(np.isnan(samples) if samples.dtype.kind == "f" else samples == FILL_COUNTS)


class Signals:
    """Records of a dataset, a batch at a time.

    Attributes:
        raw: Whether samples leave as they were recorded.
        unit: ``counts``, ``mps`` or ``mps2``, as the samples leave.
        restituted: Whether they are ground motion by more than a division by the sensitivity.
    """

    def __init__(
        self, dataset: CuratedDataset, settings: PreprocessSettings, sampling_rate_hz: float | None = None
    ) -> None:
        """Check what the whole dataset asks for before anything is written.

        Args:
            dataset: The dataset.
            settings: Preprocessing; its rate and its precision are not used.
            sampling_rate_hz: Common rate to resample to; None keeps each record's own.

        Raises:
            BandError: A family has no band, or a sampling rate does not allow it.
            ConfigurationError: A setting or a rate cannot be used.
            DatasetError: Records lack what the units need.
        """
        if sampling_rate_hz is not None and not sampling_rate_hz > 0:
            raise ConfigurationError(f"sampling_rate_hz={sampling_rate_hz:g}: give a positive rate, or null")
        self._dataset = dataset
        self._settings = settings
        self._target_hz = sampling_rate_hz
        self.raw = sampling_rate_hz is None and not (
            settings.detrend or settings.taper_fraction or settings.bands_hz or settings.units != "counts"
        )
        self._motion = ground_motion(dataset, settings.units)
        self.unit = self._motion.unit
        self.restituted = "counts" not in (self.unit, dataset.unit) or settings.units == "velocity"
        metadata = dataset.metadata
        self._engines = {
            float(rate_hz): self._engine(float(rate_hz))
            for rate_hz in metadata["trace_sampling_rate_hz"].unique()
        }
        any_engine = next(iter(self._engines.values()))
        families = metadata["trace_channel"].astype(str).tolist()
        self._band = any_engine.bands(families, metadata["source_magnitude"].astype(float).tolist())

    def check(self, rows: NDArray[np.int64]) -> int:
        """Refuse what a sampling rate does not allow, before any record is processed.

        Args:
            rows: ``(n,)`` records that are to be read.

        Returns:
            Number of records whose high corner is clipped to 0.8 of the Nyquist frequency.
        """
        if self.raw:
            return 0
        clipped = 0
        chosen = self._dataset.metadata.iloc[rows]
        rates_hz, lengths = (chosen[name].to_numpy() for name in ("trace_sampling_rate_hz", "trace_npts"))
        for rate_hz, n_samples in sorted(set(zip(rates_hz.tolist(), lengths.tolist(), strict=True))):
            alike = (rates_hz == rate_hz) & (lengths == n_samples)
            band = self._band[torch.from_numpy(rows[alike])]
            self._engines[rate_hz].check(rate_hz, n_samples, band)
            clipped += int(self._engines[rate_hz].clipped(rate_hz)[band].sum())
        return clipped

    def n_samples(self, row: int) -> int:
        """Return the length of a record as it leaves."""
        record = self._dataset.metadata.iloc[row]
        rate_hz, n_samples = float(record["trace_sampling_rate_hz"]), int(record["trace_npts"])
        return n_samples if self.raw else self._engines[rate_hz].resampled_length(n_samples, rate_hz)

    def missing_after(self, row: int, intervals: list[tuple[int, int]]) -> NDArray[np.bool_]:
        """Return where a record misses samples as it leaves, given its gaps as recorded."""
        record = self._dataset.metadata.iloc[row]
        gaps = np.zeros(int(record["trace_npts"]), dtype=np.bool_)
        for start, stop in intervals:
            gaps[start:stop] = True
        native_hz = float(record["trace_sampling_rate_hz"])
        return _carried(gaps, native_hz, self.rate_hz(native_hz), self.n_samples(row))

    def rate_hz(self, native_rate_hz: float) -> float:
        """Return the rate at which a record leaves."""
        return native_rate_hz if self._target_hz is None else self._target_hz

    def blocks(self, rows: NDArray[np.int64]) -> Iterator[Block]:
        """Yield records in batches of one sampling rate.

        Args:
            rows: ``(n,)`` records; within a rate their order is kept.

        Yields:
            Blocks that together hold each record once.
        """
        for start in range(0, len(rows), BATCH_SIZE):
            chosen = rows[start : start + BATCH_SIZE]
            for group in self._dataset.fetch(chosen):
                yield self._block(chosen[group.positions], group)
            self._dataset.release()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the samples: that of the shards, or double precision."""
        if not self.raw:
            return np.dtype(np.float64)
        return self._dataset.fetch(np.zeros(1, dtype=np.int64))[0].waveform.dtype

    def description(self) -> dict[str, Any]:
        """Return the settings as plain values, empty where samples leave as they were recorded."""
        used = {"dtype": "float64", "sampling_rate_hz": self._target_hz}
        return {} if self.raw else {**asdict(self._settings), **used}

    def _engine(self, rate_hz: float) -> Preprocess:
        settings = replace(self._settings, dtype="float64", sampling_rate_hz=self.rate_hz(rate_hz))
        return Preprocess(settings, self._motion.instruments)

    def _block(self, rows: NDArray[np.int64], group: RateGroup) -> Block:
        rate_hz = group.sampling_rate_hz
        if self.raw:
            return Block(rows, rate_hz, group.waveform)
        place = torch.from_numpy(rows)
        own = self._band[place], self._motion.instrument[place]
        with torch.no_grad():
            waveform = self._engines[rate_hz](torch.from_numpy(group.waveform), rate_hz, *own).numpy()
        target_hz = self.rate_hz(rate_hz)
        gaps = missing(group.waveform)
        if gaps.any():
            waveform[_carried(gaps, rate_hz, target_hz, waveform.shape[-1])] = np.nan
        return Block(rows, target_hz, waveform)


def _carried(gaps: NDArray[np.bool_], rate_hz: float, target_hz: float, n_samples: int) -> NDArray[np.bool_]:
    """Bring gaps to another rate: a sample is missing where the nearest recorded one is."""
    nearest = np.rint(np.arange(n_samples) * rate_hz / target_hz).astype(np.int64)
    return gaps[..., np.minimum(nearest, gaps.shape[-1] - 1)]
