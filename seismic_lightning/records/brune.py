"""The corner frequency of a source, from the spectrum of its S.

Brune's source radiates velocity of amplitude ``f / (1 + (f / fc)^2)``.

References:
    Brune, J. N. (1970), Tectonic stress and the spectra of seismic shear waves from earthquakes, Journal of
    Geophysical Research 75, 4997-5009, doi:10.1029/JB075i026p04997.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPECTRUM_S = 8.0
"""Length of S, and of the noise before P, whose spectra are taken."""
FIT_BAND_HZ = (0.4, 40.0)
MIN_SPECTRAL_RATIO = 3.0

TravelLoss = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From frequencies in hertz to t* in seconds: travel time over quality factor, and kappa."""


def source_spectrum(
    horizontal: NDArray[Any], rate_hz: float, onsets_s: tuple[float, float], t_star_s: TravelLoss
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spectrum of S as it left the source, from a record with known losses.

    Args:
        horizontal: ``(2, N)`` ground velocity, any unit.
        rate_hz: Sampling rate.
        onsets_s: From the first sample to P and to S.
        t_star_s: Losses on the way, as seconds by frequency: amplitudes have shrunk by ``exp(-pi f t*(f))``.

    Returns:
        Frequencies ``(F,)`` within ``FIT_BAND_HZ`` and velocity amplitudes ``(F,)``, NaN where noise is near.
    """
    p_s, s_s = onsets_s
    length = round(SPECTRUM_S * rate_hz)
    window = np.hanning(length)
    starts = (round((p_s - 0.5) * rate_hz) - length, round((s_s - 0.5) * rate_hz))
    noise, signal = (
        np.sqrt((np.abs(np.fft.rfft((part - part.mean(axis=1, keepdims=True)) * window)) ** 2).mean(axis=0))
        for part in (horizontal[:, start : start + length] for start in starts)
    )
    frequency_hz = np.fft.rfftfreq(length, 1 / rate_hz).astype(np.float64)
    band = (frequency_hz >= FIT_BAND_HZ[0]) & (frequency_hz <= FIT_BAND_HZ[1])
    frequency_hz, noise, signal = frequency_hz[band], noise[band], signal[band]
    restored = signal * np.exp(np.pi * frequency_hz * t_star_s(frequency_hz))
    return frequency_hz, np.where(signal > MIN_SPECTRAL_RATIO * noise, restored, np.nan)


def fitted_corner_hz(frequency_hz: NDArray[np.float64], spectrum: NDArray[np.float64]) -> float:
    """Fit Brune's source to a velocity spectrum, in logarithms, level free.

    Args:
        frequency_hz: ``(F,)``.
        spectrum: ``(F,)``; NaN is left out.

    Returns:
        Corner frequency, from a grid of 2 % steps.
    """
    use = np.isfinite(spectrum)
    frequency_hz, observed = frequency_hz[use], np.log(spectrum[use])
    weight = 1 / frequency_hz  # every octave counts the same
    corners_hz = np.exp(np.arange(np.log(0.2), np.log(60.0), 0.02))
    shape = np.log(frequency_hz / (1 + (frequency_hz / corners_hz[:, None]) ** 2))
    misfit = observed - shape
    misfit -= np.average(misfit, axis=1, weights=weight)[:, None]
    return float(corners_hz[np.argmin((misfit**2 * weight).sum(axis=1))])
