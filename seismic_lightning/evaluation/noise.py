r"""Where a record stands out of its noise: only there does a spectrum tell of the earthquake.

.. math:: \frac{A_{signal}(f) / \sqrt{T_{signal}}}{A_{noise}(f) / \sqrt{T_{noise}}} > 3

Noise lasts from the record's first second to half a second before P, signal from there to the end; both are
tapered, so that neither end colours the other's spectrum, and smoothed alike. What lies outside the passband
or above the Nyquist frequency of a slower recording holds no more after P than before, and drops out too.

References:
    Konno, K. and Ohmachi, T. (1998), Bulletin of the Seismological Society of America 88(1), 228-241,
    doi:10.1785/BSSA0880010228 (smoothing).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.evaluation.checks import finite
from seismic_lightning.evaluation.fourier import BANDS_HZ, centres_hz, konno_ohmachi_weights
from seismic_lightning.evaluation.waveforms import per_record
from seismic_lightning.records.levels import nearest_sample

MIN_SIGNAL_OVER_NOISE = 3.0
SETTLED_S, BEFORE_P_S = 1.0, 0.5
"""What is left out at the record's begin, and before P lest an early onset count as noise."""
_TAPER = 0.1
"""Share of each part that its cosine ends take."""


def stands_out(
    waveform: ArrayLike,
    rate_hz: float,
    p_s: ArrayLike,
    bands_hz: tuple[tuple[float, float], ...] = BANDS_HZ,
) -> list[NDArray[np.bool_]]:
    """Tell at which smoothed frequencies of bands the signal stands out of the noise before P.

    Args:
        waveform: ``(B, C, N)`` any unit.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.
        bands_hz: Low and high end of each band.

    Returns:
        ``(B, C, K)`` of each band, K frequencies of ``fourier.centres_hz``; False for records without noise
        before P that is long enough to resolve the frequency, or of unknown P.

    Raises:
        EvaluationError: Values are not finite, or other numbers of onsets.
    """
    samples = finite("waveforms", waveform, 3)
    onset = nearest_sample(per_record("p_s", p_s, len(samples)) - BEFORE_P_S, rate_hz)
    centres = [centres_hz(*band) for band in bands_hz]
    together = np.unique(np.concatenate(centres))
    found = np.zeros((*samples.shape[:2], len(together)), dtype=np.bool_)
    start = round(SETTLED_S * rate_hz)
    for place in np.unique(onset):
        if not start < place < samples.shape[-1]:
            continue
        rows = onset == place
        noise = _density(samples[rows, :, start:place], rate_hz, together)
        signal = _density(samples[rows, :, place:], rate_hz, together)
        resolved = together >= 2.0 * rate_hz / (place - start)
        found[rows] = (signal > MIN_SIGNAL_OVER_NOISE * noise) & resolved
    return [found[..., np.searchsorted(together, centre)] for centre in centres]


def _density(
    samples: NDArray[np.float64], rate_hz: float, centre_hz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the smoothed amplitude of a part over the root of its length, ``(B, C, K)``."""
    n_samples = samples.shape[-1]
    n_ramp = max(int(_TAPER * n_samples), 1)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(n_ramp) + 0.5) / n_ramp)
    taper = np.ones(n_samples)
    taper[:n_ramp] = ramp
    taper[-n_ramp:] = ramp[::-1]
    centred = (samples - samples.mean(axis=-1, keepdims=True)) * taper
    frequency_hz = np.fft.rfftfreq(n_samples, 1.0 / rate_hz).astype(np.float64)
    weights = konno_ohmachi_weights(frequency_hz, centre_hz).T
    return np.asarray((np.abs(np.fft.rfft(centred)) @ weights) / np.sqrt(n_samples))
