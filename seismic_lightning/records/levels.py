"""How strong the parts of a record are against its S: the shape of its envelope in eight numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import USABLE_SHARE_OF_NYQUIST

LEVEL_BAND_HZ = (1.0, 20.0)
FILTER_ORDER = 4
LEVEL_WINDOWS_S = {
    "0-1 s after P": ("P", 0.0, 1.0),
    "1-3 s after P": ("P", 1.0, 3.0),
    "just before S": ("S", -1.5, -0.5),
    "5 s after S": ("S", 5.0, 7.0),
    "10 s after S": ("S", 10.0, 12.0),
    "20 s after S": ("S", 20.0, 22.0),
    "30 s after S": ("S", 30.0, 32.0),
    "40 s after S": ("S", 40.0, 42.0),
}
"""Parts of a record whose level is compared with that of S: phase, start and stop in seconds after it."""
S_WINDOW_S = (0.0, 2.0)
NOISE_WINDOW_S = (-6.0, -0.5)
"""Before P."""
_NOWHERE = -(2**31)


def filtered(samples: NDArray[Any], rate_hz: float) -> NDArray[np.float64]:
    """Return ``(..., N)`` samples without their mean, in ``LEVEL_BAND_HZ``, filtered forwards."""
    from scipy.signal import iirfilter, sosfilt  # here: scipy.signal takes a second to import

    nyquist_hz = rate_hz / 2
    high_hz = min(LEVEL_BAND_HZ[1], USABLE_SHARE_OF_NYQUIST * nyquist_hz)
    corners = [LEVEL_BAND_HZ[0] / nyquist_hz, high_hz / nyquist_hz]
    sos = iirfilter(FILTER_ORDER, corners, btype="band", ftype="butter", output="sos")
    return np.asarray(sosfilt(sos, samples - samples.mean(axis=-1, keepdims=True), axis=-1))


def nearest_sample(seconds: NDArray[np.float64], rate_hz: float) -> NDArray[np.int64]:
    """Return the samples nearest to moments; an unknown moment lies before any record."""
    known = np.isfinite(seconds)
    return np.where(known, np.rint(np.where(known, seconds, 0.0) * rate_hz), _NOWHERE).astype(np.int64)


def running_total(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(..., N + 1)`` sums of the first samples of ``(..., N)``, from none to all of them."""
    return np.concatenate([np.zeros((*energy.shape[:-1], 1)), np.cumsum(energy, axis=-1)], axis=-1)


def window_mean(
    total: NDArray[np.float64],
    rate_hz: float,
    onset_s: NDArray[np.float64],
    window_s: tuple[float, float],
) -> NDArray[np.float64]:
    """Return the mean over a window around an onset of each record.

    Args:
        total: ``(n, N + 1)``, see :func:`running_total`.
        rate_hz: Sampling rate.
        onset_s: ``(n,)`` from the first sample to the onset, NaN where it is unknown.
        window_s: Start and stop in seconds after the onset.

    Returns:
        ``(n,)``, NaN where the record does not hold the whole window.
    """
    start, stop = (nearest_sample(onset_s + edge_s, rate_hz) for edge_s in window_s)
    fits = (start >= 0) & (stop < total.shape[1]) & (stop > start)
    row, first, last = np.arange(len(total)), np.where(fits, start, 0), np.where(fits, stop, 1)
    return np.where(fits, (total[row, last] - total[row, first]) / (last - first), np.nan)


def envelope_levels(
    samples: NDArray[Any], rate_hz: float, p_s: NDArray[np.float64], s_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare the level of parts of a record with that of S, in 1-20 Hz.

    Args:
        samples: ``(n, N)`` of one component, any unit.
        rate_hz: Sampling rate.
        p_s: ``(n,)`` from the first sample to P.
        s_s: ``(n,)`` from the first sample to S.

    Returns:
        ``(n, 8)`` decadic logarithm of level over that of S for ``LEVEL_WINDOWS_S``, and ``(n,)`` level of S
        over that of the noise before P; NaN where the record does not hold a window, or S is silent.
    """
    total = running_total(filtered(samples, rate_hz) ** 2)
    onset_s = {"P": p_s, "S": s_s}

    def level(phase: str, start_s: float, stop_s: float) -> NDArray[np.float64]:
        mean = window_mean(total, rate_hz, onset_s[phase], (start_s, stop_s))
        return np.sqrt(np.where(mean > 0.0, mean, np.nan))

    of_s = level("S", *S_WINDOW_S)
    levels = np.stack([np.log10(level(*window) / of_s) for window in LEVEL_WINDOWS_S.values()], axis=1)
    return levels, of_s / level("P", *NOISE_WINDOW_S)
