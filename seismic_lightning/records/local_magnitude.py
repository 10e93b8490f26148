"""Local magnitudes read from waveforms, as the Kandilli Observatory scales them.

``ML = log10 A + (-log10 A0)`` with ``A`` the largest displacement, in millimetres, that a Wood-Anderson
seismometer would have written, mean of both horizontals.

References:
    Richter, C. F. (1935), An instrumental earthquake magnitude scale, Bulletin of the Seismological Society
    of America 25(1), 1-32.
    Uhrhammer, R. A., Collins, E. R. (1990), Synthesis of Wood-Anderson seismograms from broadband digital
    records, Bulletin of the Seismological Society of America 80(3), 702-716: gain 2080, damping 0.7.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

WOOD_ANDERSON_GAIN = 2080.0
WOOD_ANDERSON_POLE = complex(-5.49779, 5.60886)
"""In rad/s, and its conjugate."""
MICROSEISM_HZ, FILTER_ORDER = 0.5, 4
"""Analysts read amplitudes of weak events above this, where the microseism does not reach."""
MIN_MAGNITUDE = 2.5
"""Amplitudes of weaker events are raised by the noise they are read from."""
MIN_DISTANCE_KM = 5.0
"""The scale was fitted from 5 to 190 km."""
_TAPER = 0.05
_MM_PER_M = 1e3


def minus_log_a0(distance_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return KOERI's distance correction, fitted on 310 amplitudes of its bulletin (rms 0.15).

    Args:
        distance_km: Epicentral distance; nearer than 5 km counts as 5 km.

    Example:
        >>> minus_log_a0(np.array([100.0]))
        array([2.9813])
    """
    distance_km = np.maximum(distance_km, MIN_DISTANCE_KM)
    return np.asarray(1.8783 * np.log10(distance_km / 100) - 0.0031 * (distance_km - 100) + 2.9813)


def amplitude_mm(velocity_m_s: NDArray[Any], rate_hz: float, onset_s: ArrayLike) -> NDArray[np.float64]:
    """Read the amplitude that a local magnitude is made of.

    Args:
        velocity_m_s: ``(n, 2, N)`` ground velocity of both horizontals, or ``(n, 1, N)`` of one component.
        rate_hz: Sampling rate.
        onset_s: From the first sample to a moment before P, one for all or ``(n,)``.

    Returns:
        ``(n,)`` millimetres, mean over the components, without the microseism.
    """
    trace_mm = np.abs(wood_anderson_mm(velocity_m_s, rate_hz, MICROSEISM_HZ))
    first = np.rint(np.asarray(onset_s, dtype=np.float64) * rate_hz)
    later = np.arange(trace_mm.shape[-1]) >= first[..., None]
    return np.asarray(np.where(later[..., None, :], trace_mm, 0.0).max(axis=2).mean(axis=1))


def wood_anderson_mm(
    velocity_m_s: NDArray[Any], rate_hz: float, corner_hz: float = 0.0
) -> NDArray[np.float64]:
    """Write ground velocity as a Wood-Anderson seismometer would.

    Args:
        velocity_m_s: ``(..., N)``; its mean is removed and its ends are tapered.
        rate_hz: Sampling rate.
        corner_hz: Of a causal Butterworth high-pass, 0 for none.

    Returns:
        ``(..., N)`` millimetres.
    """
    n_samples = velocity_m_s.shape[-1]
    centred = velocity_m_s - velocity_m_s.mean(axis=-1, keepdims=True)
    ramp = np.minimum(np.arange(n_samples) + 0.5, np.arange(n_samples)[::-1] + 0.5) / (_TAPER * n_samples)
    centred = centred * (0.5 - 0.5 * np.cos(np.pi * np.minimum(ramp, 1.0)))
    laplace = 2j * np.pi * np.fft.rfftfreq(n_samples, 1 / rate_hz)
    denominator = (laplace - WOOD_ANDERSON_POLE) * (laplace - WOOD_ANDERSON_POLE.conjugate())
    response = WOOD_ANDERSON_GAIN * _MM_PER_M * laplace / denominator
    for number in range(FILTER_ORDER):
        pole = (
            2 * np.pi * corner_hz * np.exp(1j * np.pi * (2 * number + FILTER_ORDER + 1) / (2 * FILTER_ORDER))
        )
        response[1:] *= laplace[1:] / (laplace[1:] - pole)
    return np.fft.irfft(np.fft.rfft(centred) * response, n=n_samples)
