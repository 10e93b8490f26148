"""Butterworth band-pass as a frequency response, applied by multiplication between two Fourier transforms.

A recursive filter on a zero-padded record equals a product of spectra, as long as the padding outlasts the
filter's response: what remains of it after the padding wraps around to the record's beginning. The slowest
pole decides. For the low corner ``f`` of order ``n`` it decays with ``τ = 1 / (2 π f sin(π / 2n))``, 4.2 s
for 0.1 Hz and order 4.

Zero phase means forwards and backwards, with the record cut to its length in between. The single product with
``|H|²`` would keep what the first pass sends beyond the record's end and differs by up to 7 % near the edges.

References:
    Oppenheim, A. V. and Schafer, R. W. (2010), Discrete-Time Signal Processing, 3rd ed., sections 7.1
    and 8.7.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor


def response(
    corners_hz: NDArray[np.float64], order: int, sampling_rate_hz: float, n_fft: int
) -> NDArray[np.complex128]:
    """Return the digital filters' responses at the frequencies of a real Fourier transform.

    Evaluated from poles and zeros: near zero frequency the polynomial form loses digits to cancellation.

    Args:
        corners_hz: ``(rows, 2)`` low and high corners, below the Nyquist frequency.
        order: Order of the filter at each corner.
        sampling_rate_hz: Rate of the records.
        n_fft: Length of the transform.

    Returns:
        ``(rows, n_fft // 2 + 1)`` complex responses.
    """
    circle = np.exp(2j * np.pi * np.arange(n_fft // 2 + 1) / n_fft)[:, None]
    responses = np.empty((len(corners_hz), len(circle)), dtype=np.complex128)
    for row, (low_hz, high_hz) in enumerate(corners_hz):
        zeros, poles, gain = design(low_hz, high_hz, order, sampling_rate_hz)
        responses[row] = gain * np.prod((circle - zeros) / (circle - poles), axis=1)
    return responses


def decay_s(low_hz: float, high_hz: float, order: int, sampling_rate_hz: float) -> float:
    """Return the time in which a filter's response decays by a factor e.

    Args:
        low_hz: Low corner.
        high_hz: High corner, below the Nyquist frequency.
        order: Order of the filter at each corner.
        sampling_rate_hz: Rate of the records.

    Returns:
        Time constant of the pole nearest to the unit circle, in seconds.
    """
    _, poles, _ = design(low_hz, high_hz, order, sampling_rate_hz)
    return float(-1.0 / (np.log(np.abs(poles).max()) * sampling_rate_hz))


def design(
    low_hz: float, high_hz: float, order: int, sampling_rate_hz: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], float]:
    """Return zeros, poles and gain of one Butterworth band-pass.

    Args:
        low_hz: Low corner.
        high_hz: High corner, below the Nyquist frequency.
        order: Order of the filter at each corner.
        sampling_rate_hz: Rate of the records.
    """
    zeros, poles, gain = signal.butter(
        order, [low_hz, high_hz], btype="bandpass", fs=sampling_rate_hz, output="zpk"
    )
    return np.asarray(zeros), np.asarray(poles), float(gain)


def filter_causally_(spectrum: Tensor, filters: Tensor) -> Tensor:
    """Filter forwards: multiply with the response, in place.

    Args:
        spectrum: ``(B, C, n_fft // 2 + 1)`` transform of zero-padded records; changed.
        filters: ``(B, 1, n_fft // 2 + 1)`` response of each record.

    Returns:
        The same spectrum.
    """
    return spectrum.mul_(filters)


def filter_both_ways(spectrum: Tensor, filters: Tensor, n_fft: int, n_samples: int) -> Tensor:
    """Filter forwards, cut to the record's length, filter backwards.

    The backward pass multiplies with the conjugate response: its tail, which precedes the record, wraps into
    the padding. This equals reversing, filtering and reversing again.

    Args:
        spectrum: ``(B, C, n_fft // 2 + 1)`` transform of zero-padded records; changed.
        filters: ``(B, 1, n_fft // 2 + 1)`` response of each record.
        n_fft: Length of the transform.
        n_samples: Length of the records.

    Returns:
        A new spectrum of the same shape.
    """
    forwards = torch.fft.irfft(filter_causally_(spectrum, filters), n_fft)[..., :n_samples]
    spectrum = torch.fft.rfft(forwards, n_fft)
    return spectrum.mul_(filters.conj())
