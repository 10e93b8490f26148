"""What tells one recording from all others, however it is cut, scaled, filtered or sampled.

The amplitude spectrum of a record consists of a smooth part, made by source, path and instrument, and of fine
speckle, which is as good as random between two records. A shift in time leaves amplitudes alone, a gain or a
filter only changes the smooth part. So the speckle alone, ``log|X|`` less its running mean over frequency,
correlates strongly between copies and by chance not at all: with ``n`` frequencies the correlation of two
independent records scatters by about ``1/sqrt(n)``, and all pairs of a dataset are one matrix product.

Candidates found so are compared once more with their phases, by the largest value of the whitened
cross-correlation, which also yields the shift.

References:
    Bensen, G. D., et al. (2007), Processing seismic ambient noise data to obtain reliable broad-band surface
    wave dispersion measurements, Geophysical Journal International 169(3), 1239-1260,
    doi:10.1111/j.1365-246X.2007.03374.x (whitening by a running mean over frequency).
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.curation.store import CuratedDataset

HIGH_HZ = 8.0
"""End of the compared band where the sampling rates allow it."""
OCTAVES = 3
"""Width of the compared band."""
SMOOTHING_BINS = 20
"""Frequencies on either side over which the smooth part is the mean."""
_TAPER_FRACTION = 0.05
_RECORDS_AT_ONCE = 128
_NYQUIST_SHARE = 0.8


class Band(NamedTuple):
    """Frequencies that are compared: ``first`` to ``last`` bin, of ``1 / length_s`` Hz each."""

    first: int
    last: int
    length_s: float

    @property
    def n_bins(self) -> int:
        """Return the number of frequencies."""
        return self.last - self.first + 1


class Fingerprints(NamedTuple):
    """What is kept of every record.

    Attributes:
        digests: ``(n, C)`` digest of each component's samples; empty bytes where they are all alike.
        speckle: ``(C, n, K)`` float32 of zero mean and unit length along the last axis; zero where the
            samples are all alike.
    """

    digests: NDArray[np.object_]
    speckle: NDArray[np.float32]


def common_band(dataset: CuratedDataset) -> Band:
    """Return the band that all records of a dataset hold.

    Args:
        dataset: The records; the lowest of their sampling rates decides.
    """
    lowest_rate_hz = float(dataset.metadata["trace_sampling_rate_hz"].min())
    high_hz = min(HIGH_HZ, _NYQUIST_SHARE * lowest_rate_hz / 2.0)
    length_s = dataset.window.length_s
    margin = SMOOTHING_BINS + 1
    return Band(max(margin, round(high_hz / 2**OCTAVES * length_s)), round(high_hz * length_s), length_s)


def fingerprints(dataset: CuratedDataset) -> Fingerprints:
    """Read a dataset once.

    Args:
        dataset: Records of any sampling rates.
    """
    n_records, n_components, band = len(dataset), len(dataset.components), common_band(dataset)
    digests = np.full((n_records, n_components), b"", dtype=object)
    speckle = np.zeros((n_components, n_records, band.n_bins), dtype=np.float32)
    for rows, waveform, rate_hz in _in_parts(dataset, np.arange(n_records)):
        digests[rows] = _digests(waveform)
        speckle[:, rows] = _speckle(spectra(waveform, rate_hz, band)[1]).transpose(1, 0, 2)
    dataset.release()
    return Fingerprints(digests, speckle)


def spectra(
    waveform: NDArray[Any], sampling_rate_hz: float, band: Band
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Return whitened spectra within a band.

    Args:
        waveform: ``(n, C, N)`` samples as they are stored.
        sampling_rate_hz: Their rate.
        band: Frequencies to return.

    Returns:
        ``(n, C, K)`` complex spectra divided by their running mean, and ``(n, C, K)`` the logarithms of their
        amplitudes; both zero where the samples are all alike.
    """
    from scipy import fft, ndimage  # here: commands without an audit start without it

    n_samples = round(sampling_rate_hz * band.length_s)
    samples = _without_gaps(waveform[..., :n_samples])
    # Differences, as the strong long periods would leak through the taper into the band.
    steps = np.diff(samples, axis=-1, prepend=samples[..., :1]) * _taper(n_samples)
    edge = SMOOTHING_BINS
    wide = fft.rfft(steps, axis=-1)[..., band.first - edge : band.last + edge + 1]
    alive = np.abs(wide).max(-1, keepdims=True) > 0.0
    level = np.log(np.abs(wide) + np.finfo(np.float32).tiny)
    smooth = ndimage.uniform_filter1d(level, 2 * edge + 1, axis=-1)
    inner = slice(edge, edge + band.n_bins)
    log_ratio = np.where(alive, level - smooth, 0.0)[..., inner].astype(np.float32)
    whitened = np.where(alive, wide * np.exp(-smooth), 0.0)[..., inner]
    return whitened.astype(np.complex64), log_ratio


class Likeness(NamedTuple):
    """How alike two records are.

    Attributes:
        record: Magnitude of the whitened cross-correlation, mean of all components at the shift where that is
            largest, 0 to 1.
        component: The same of the most similar component at its own best shift.
        shift_s: By how much the second record begins later in the recording that both show.
    """

    record: float
    component: float
    shift_s: float


def compare(dataset: CuratedDataset, pairs: NDArray[np.int64]) -> list[Likeness]:
    """Compare pairs of records with their phases.

    Args:
        dataset: The records.
        pairs: ``(n, 2)`` record numbers.
    """
    band = common_band(dataset)
    likenesses = []
    for start in range(0, len(pairs), _RECORDS_AT_ONCE):
        part = pairs[start : start + _RECORDS_AT_ONCE]
        first, second = (_whitened_of(dataset, part[:, side], band) for side in (0, 1))
        likenesses += _likenesses(first, second, band)
    return likenesses


def _likenesses(first: NDArray[np.complex64], second: NDArray[np.complex64], band: Band) -> list[Likeness]:
    """Cross-correlate whitened spectra ``(n, C, K)`` pair by pair."""
    from scipy import fft  # here: commands without an audit start without it

    n_lags = fft.next_fast_len(4 * band.last)
    cross = np.zeros((*first.shape[:2], n_lags // 2 + 1), dtype=np.complex64)
    cross[..., band.first : band.last + 1] = first * second.conj()
    energy = np.sqrt((np.abs(first) ** 2).sum(-1) * (np.abs(second) ** 2).sum(-1))
    correlation = np.abs(fft.irfft(cross, n_lags, axis=-1)) * (n_lags / 2.0)
    correlation /= np.maximum(energy, np.finfo(np.float32).tiny)[..., None]
    n_live = np.maximum((energy > 0.0).sum(-1, keepdims=True), 1)
    of_record = correlation.sum(1) / n_live
    lag = of_record.argmax(-1)
    shift_s = np.where(lag > n_lags // 2, lag - n_lags, lag) * band.length_s / n_lags
    columns = (of_record.max(-1), correlation.max((-2, -1)), shift_s)
    return [Likeness(*(float(value) for value in row)) for row in zip(*columns, strict=True)]


def _whitened_of(dataset: CuratedDataset, rows: NDArray[np.int64], band: Band) -> NDArray[np.complex64]:
    whitened = np.zeros((len(rows), len(dataset.components), band.n_bins), dtype=np.complex64)
    for group in dataset.fetch(rows):
        whitened[group.positions] = spectra(group.waveform, group.sampling_rate_hz, band)[0]
    return whitened


def _in_parts(
    dataset: CuratedDataset, rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[Any], float]]:
    for start in range(0, len(rows), _RECORDS_AT_ONCE):
        part = rows[start : start + _RECORDS_AT_ONCE]
        for group in dataset.fetch(part):
            yield part[group.positions], group.waveform, group.sampling_rate_hz


def _digests(waveform: NDArray[Any]) -> NDArray[np.object_]:
    """Return ``(n, C)`` digests; samples that are all alike, as of a dead channel, have none."""
    digests = np.full(waveform.shape[:2], b"", dtype=object)
    for place in np.ndindex(*waveform.shape[:2]):
        samples = waveform[place]
        if (samples != samples[0]).any() and samples[0] == samples[0]:
            digests[place] = hashlib.blake2b(samples.tobytes(), digest_size=16).digest()
    return digests


def _speckle(log_ratio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``(n, C, K)`` logarithms of zero mean and unit length."""
    centred = log_ratio - log_ratio.mean(-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(length, np.finfo(np.float32).tiny), dtype=np.float32)


def _without_gaps(waveform: NDArray[Any]) -> NDArray[np.float32]:
    """Return samples about their mean, zero inside gaps."""
    gaps = np.isnan(waveform) if waveform.dtype.kind == "f" else waveform == FILL_COUNTS
    present = np.where(gaps, 0, waveform).astype(np.float64)
    n_present = np.maximum((~gaps).sum(-1, keepdims=True), 1)
    centred = present - present.sum(-1, keepdims=True) / n_present
    return np.where(gaps, 0.0, centred).astype(np.float32)


def _taper(n_samples: int) -> NDArray[np.float32]:
    """Return a cosine taper."""
    taper = np.ones(n_samples, dtype=np.float32)
    ramp = max(1, round(_TAPER_FRACTION * n_samples))
    taper[:ramp] = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
    taper[-ramp:] = taper[:ramp][::-1]
    return taper
