"""Resampling by resizing a spectrum, inside the same pair of Fourier transforms that filters.

A transform of duration ``T`` has its bins at multiples of ``1 / T`` whatever the sampling rate. Keeping the
bins that both rates share and transforming back at the other length is exact band-limited interpolation,
provided that ``T`` is a whole number of samples at both rates.
"""

import math
from fractions import Fraction
from typing import NamedTuple

from scipy import fft
from torch import Tensor
from torch.nn import functional as F

from seismic_lightning.errors import ConfigurationError

_MAX_EXCESS = 1.5
"""A transform more than this much longer than needed means rates without a usable common duration."""

_FACTOR, _LONGER = 32, 1.08
"""Lengths with this factor are preferred unless longer than by that much: powers of 3 and 5 cost a processor
up to half more than twos do."""


class FftLengths(NamedTuple):
    """Lengths of the forward and the inverse transform, both of the same duration.

    Attributes:
        native: Samples at the record's own rate.
        target: Samples at the common rate.
    """

    native: int
    target: int


def fft_lengths(duration_s: float, native_rate_hz: float, target_rate_hz: float) -> FftLengths:
    """Find fast transforms, nearly the shortest, that last at least a duration.

    With the rates' ratio in lowest terms ``p / q``, durations of ``k`` times ``p`` samples at the native rate
    hold ``k`` times ``q`` at the target rate; ``k`` is chosen without prime factors above 5.

    Args:
        duration_s: Records and padding together.
        native_rate_hz: Rate of the records.
        target_rate_hz: Common rate.

    Returns:
        Both lengths.

    Raises:
        ConfigurationError: The ratio of the rates is not simple enough; the rate is named.

    Example:
        >>> fft_lengths(143.0, 62.5, 100.0)
        FftLengths(native=9600, target=15360)
    """
    if native_rate_hz <= 0:
        raise ConfigurationError(
            f"a sampling rate of {native_rate_hz:g} Hz cannot be processed: it must be positive"
        )
    # A millionth resolves any rate that a data logger is set to and forgives the last bits of its float.
    ratio = Fraction(native_rate_hz / target_rate_hz).limit_denominator(1_000_000)
    needed = math.ceil(duration_s * native_rate_hz - 1e-6)
    multiple = _fast_length(math.ceil(needed / ratio.numerator)) if ratio > 0 else 0
    if multiple * ratio.numerator > _MAX_EXCESS * needed or multiple == 0:
        raise ConfigurationError(
            f"records of {native_rate_hz:.10g} Hz cannot be resampled to {target_rate_hz:g} Hz: no duration "
            f"near {duration_s:.0f} s is a whole number of samples at both; "
            "set preprocess.sampling_rate_hz to their rate or leave them out"
        )
    return FftLengths(multiple * ratio.numerator, multiple * ratio.denominator)


def _fast_length(needed: int) -> int:
    """Return a length without prime factors above 5, with many factors of 2 unless that is much longer."""
    shortest = int(fft.next_fast_len(needed, real=True))
    even = _FACTOR * int(fft.next_fast_len(-(-needed // _FACTOR), real=True))
    return even if even <= _LONGER * shortest else shortest


def resize_spectrum(spectrum: Tensor, lengths: FftLengths) -> Tensor:
    """Keep or append bins so that the inverse transform comes out at the target rate.

    Args:
        spectrum: ``(..., native // 2 + 1)`` real Fourier transform, ``norm="forward"``; may be changed.
        lengths: Lengths of both transforms.

    Returns:
        ``(..., target // 2 + 1)`` transform; as the other one it is the sum over samples divided by their
        number, ``norm="forward"``.
    """
    native, target = lengths
    if native == target:
        return spectrum
    shorter = min(native, target)
    kept = spectrum[..., : shorter // 2 + 1]
    if shorter % 2 == 0:
        # The bin at the lower Nyquist frequency stands for both signs of frequency in one transform, for
        # one in the other.
        kept[..., -1] *= 2.0 if target < native else 0.5
    return F.pad(kept, (0, target // 2 - shorter // 2))


def resampled_length(n_samples: int, native_rate_hz: float, target_rate_hz: float) -> int:
    """Return the length of a record at the target rate, both ends where they were to the nearest sample.

    Args:
        n_samples: Length at the native rate.
        native_rate_hz: Rate of the record.
        target_rate_hz: Common rate.

    Example:
        >>> resampled_length(1401, 20.0, 100.0)
        7001
    """
    return round((n_samples - 1) * target_rate_hz / native_rate_hz) + 1
