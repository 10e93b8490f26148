"""From counts to ground motion: division by a sensitivity, or removal of the whole instrument response.

A seismometer, its digitiser and the filters within turn ground velocity into counts with a response that
depends on frequency. Its removal multiplies a record's spectrum with the inverse, kept finite by a water
level, the most by which weak frequencies may be raised, and confined by a cosine flank at either end. Flanks
and water level are those that ObsPy's users give to ``Trace.remove_response``, the upper flank scaled to the
Nyquist frequency: 40 to 45 Hz at 100 Hz. The transform is twice as long as the record, as in ObsPy, and what
the flanks send beyond the record's ends is cut off there, before any other filter.

The inverse of an accelerometer's response to velocity falls with frequency: removal integrates.

References:
    Havskov, J. and Alguacil, G. (2016), Instrumentation in Earthquake Seismology, 2nd ed., chapter 6,
    doi:10.1007/978-3-319-21314-9.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from torch import Tensor

UNITS = ("counts", "sensitivity", "velocity")
"""Samples as stored; divided by their channel's sensitivity; with the whole response removed, in m/s."""
LOW_FLANK_HZ = (0.05, 0.1)
HIGH_FLANK_SHARES = (0.8, 0.9)
"""Flank of the removal at the upper end, as shares of the record's own Nyquist frequency."""
WATER_LEVEL_DB = 60.0
_FAST_FACTOR = 7
"""Largest prime factor of a length that every library transforms fast."""
_SLOW_LENGTH, _LARGE_FACTOR, _TRIALS = 5000, 500, 10
"""ObsPy lengthens transforms above this length that have this large a prime factor, in so many trials."""


class Instruments(NamedTuple):
    """What turned ground motion into counts, for all records of a dataset.

    Attributes:
        sensitivity: ``(n,)`` counts per m/s or m/s^2.
        frequency_hz: ``(m, K)`` frequencies of each response, ascending to the Nyquist frequency of the
            records that it belongs to.
        counts_per_mps: ``(m, K)`` complex responses to ground velocity.
    """

    sensitivity: NDArray[np.float64]
    frequency_hz: NDArray[np.float64]
    counts_per_mps: NDArray[np.complex128]


class Removal(NamedTuple):
    """Inverse responses for records of one sampling rate and length.

    Attributes:
        n_fft: Length of the transform.
        inverse: ``(r + 1, n_fft // 2 + 1)`` complex; the last row is NaN.
        row_of_response: ``(m,)`` int64 row of each response, the last one for those of other sampling rates.
    """

    n_fft: int
    inverse: Tensor
    row_of_response: Tensor

    def __call__(self, waveform: Tensor, instrument: Tensor) -> Tensor:
        """Remove each component's response.

        Args:
            waveform: ``(B, C, N)`` tapered floating-point counts.
            instrument: ``(B, C)`` int64 response of each component.

        Returns:
            ``(B, C, N)`` ground velocity in m/s.
        """
        rows = self.row_of_response[instrument]
        spectrum = torch.fft.rfft(waveform, self.n_fft)
        spectrum.mul_(self.inverse.index_select(0, rows.flatten()).view_as(spectrum))
        removed: Tensor = torch.fft.irfft(spectrum, self.n_fft)
        return removed[..., : waveform.shape[-1]]


def make_removal(
    instruments: Instruments,
    sampling_rate_hz: float,
    n_samples: int,
    dtype: torch.dtype,
    device: torch.device,
) -> Removal:
    """Invert all responses that belong to a sampling rate.

    Args:
        instruments: Responses of the dataset.
        sampling_rate_hz: Rate of the records.
        n_samples: Their length.
        dtype: Floating-point type of the work.
        device: Where the records are.
    """
    n_fft = transform_length(n_samples, dtype)
    own = np.flatnonzero(np.isclose(instruments.frequency_hz[:, -1], sampling_rate_hz / 2, rtol=1e-9))
    row_of_response = torch.full((len(instruments.frequency_hz),), len(own), dtype=torch.int64)
    row_of_response[torch.from_numpy(own)] = torch.arange(len(own))
    inverse = np.full((len(own) + 1, n_fft // 2 + 1), np.nan, dtype=np.complex128)
    for row, place in enumerate(own):
        inverse[row] = inverse_response(
            instruments.frequency_hz[place], instruments.counts_per_mps[place], sampling_rate_hz, n_fft
        )
    return Removal(
        n_fft, torch.from_numpy(inverse).to(device, dtype.to_complex()), row_of_response.to(device)
    )


def transform_length(n_samples: int, dtype: torch.dtype) -> int:
    """Return the length of the removal's transforms, twice the record's or nearly so.

    The lower flank rings for minutes, so that what wraps around depends on the length, by up to 1e-4 of a
    record between lengths a few percent apart. Double precision, for reference work, takes ObsPy's own
    length, single precision the nearest fast one, which takes a quarter of the time.

    Args:
        n_samples: Length of the records.
        dtype: Floating-point type of the work.

    Example:
        >>> transform_length(7001, torch.float64), transform_length(7001, torch.float32)
        (14004, 14000)
    """
    doubled = 2 * (n_samples + n_samples % 2)
    if dtype != torch.float64:
        shifts = (shift for size in range(doubled) for shift in (-2 * size, 2 * size))
        return next(doubled + shift for shift in shifts if _largest_factor(doubled + shift) <= _FAST_FACTOR)
    if doubled <= _SLOW_LENGTH:
        return doubled
    tried = range(doubled, doubled + 2 * _TRIALS + 1, 2)
    return next((n for n in tried if _largest_factor(n) < _LARGE_FACTOR), 2 ** (doubled - 1).bit_length())


def _largest_factor(number: int) -> int:
    """Return the largest prime factor of a whole number above 1."""
    factor = 2
    while factor * factor <= number:
        if number % factor == 0:
            number //= factor
        else:
            factor += 1
    return number


def inverse_response(
    frequency_hz: NDArray[np.float64],
    counts_per_mps: NDArray[np.complex128],
    sampling_rate_hz: float,
    n_fft: int,
) -> NDArray[np.complex128]:
    """Return the factor that turns a spectrum of counts into one of ground velocity.

    Args:
        frequency_hz: ``(K,)`` frequencies at which the response is known.
        counts_per_mps: ``(K,)`` the response.
        sampling_rate_hz: Rate of the records.
        n_fft: Length of the transform.

    Returns:
        ``(n_fft // 2 + 1,)`` m/s per count; zero outside the flanks.
    """
    bins_hz: NDArray[np.float64] = np.arange(n_fft // 2 + 1, dtype=np.float64) * (sampling_rate_hz / n_fft)
    weight = _flanks(bins_hz, sampling_rate_hz / 2)
    inside = weight > 0
    response = CubicSpline(frequency_hz, counts_per_mps)(bins_hz[inside])
    amplitude = np.abs(response)
    lowest = np.abs(counts_per_mps).max() * 10.0 ** (-WATER_LEVEL_DB / 20.0)
    raised = np.maximum(amplitude, lowest)
    # 1 / (raised * phase), where a response of exactly zero has no phase to keep.
    inverse = np.zeros(len(bins_hz), dtype=np.complex128)
    inverse[inside] = np.where(
        amplitude > 0, weight[inside] * response.conj() / np.maximum(amplitude * raised, 1e-300), 0.0
    )
    return inverse


def _flanks(frequency_hz: NDArray[np.float64], nyquist_hz: float) -> NDArray[np.float64]:
    """Return weights from 0 to 1 and back, with half a cosine between."""
    share = np.interp(frequency_hz, LOW_FLANK_HZ, (0.0, 1.0))
    share *= np.interp(frequency_hz, np.multiply(HIGH_FLANK_SHARES, nyquist_hz), (1.0, 0.0))
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * share))
