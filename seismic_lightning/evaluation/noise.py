r"""Where two records stand out of their noise: only there do their spectra tell of the earthquake.

With amplitudes per root of time of signal and noise, :math:`S = A_{signal} / \sqrt{T_{signal}}` and
:math:`N = A_{noise} / \sqrt{T_{noise}}`, of an answer and of the real record that it answers, a frequency
counts where

.. math:: \tfrac12 (\log_{10} S_1 + \log_{10} S_2) > \log_{10} 3 + \max(\log_{10} N_1, \log_{10} N_2)

Either record may be exchanged for the other. A choice by the real record alone would keep the frequencies
where chance made it strong, and an honest answer, drawn from the same law, would seem too weak: this one
has no bias for two draws of one law. The louder noise of the two is taken lest an answer that is silent
before P make all frequencies count.

Noise lasts from where the record has settled, past its taper, to half a second before P, signal from there to
the end; both are tapered, so that neither end colours the other's spectrum, and smoothed alike. What lies
outside the passband or above the Nyquist frequency of a slower recording holds no more after P than before,
and drops out too.

References:
    Konno, K. and Ohmachi, T. (1998), Bulletin of the Seismological Society of America 88(1), 228-241,
    doi:10.1785/BSSA0880010228 (smoothing).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.evaluation.checks import finite
from seismic_lightning.evaluation.fourier import konno_ohmachi_weights
from seismic_lightning.evaluation.waveforms import per_record
from seismic_lightning.records.levels import nearest_sample

MIN_SIGNAL_OVER_NOISE = 3.0
SETTLED_S, BEFORE_P_S = 1.0, 0.5
"""What is left out at the record's begin at least, and before P lest an early onset count as noise."""
_TAPER = 0.1
"""Share of each part that its cosine ends take."""
_TINY = float(np.finfo(np.float64).tiny)


class SignalAndNoise(NamedTuple):
    """Smoothed amplitudes per root of time, in decadic logarithm; NaN where a record does not tell.

    Attributes:
        signal_dex: ``(B, C, K)`` from P on.
        noise_dex: ``(B, C, K)`` before P.
    """

    signal_dex: NDArray[np.float64]
    noise_dex: NDArray[np.float64]


def signal_and_noise(
    waveform: ArrayLike,
    rate_hz: float,
    p_s: ArrayLike,
    centre_hz: NDArray[np.float64],
    *,
    settled_s: float = SETTLED_S,
) -> SignalAndNoise:
    """Take the spectra of records before and after P.

    Args:
        waveform: ``(B, C, N)`` any unit.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.
        centre_hz: ``(K,)`` smoothed frequencies.
        settled_s: Where noise begins: past the taper that the record was given.

    Returns:
        Both parts; NaN for records without noise before P that is long enough to resolve the frequency, or of
        unknown P.

    Raises:
        EvaluationError: Values are not finite, or other numbers of onsets.
    """
    samples = finite("waveforms", waveform, 3)
    onset = nearest_sample(per_record("p_s", p_s, len(samples)) - BEFORE_P_S, rate_hz)
    parts = np.full((2, *samples.shape[:2], len(centre_hz)), np.nan)
    start = round(settled_s * rate_hz)
    for place in np.unique(onset):
        if not start < place < samples.shape[-1]:
            continue
        rows = onset == place
        resolved = centre_hz >= 2.0 * rate_hz / (place - start)
        for part, stretch in zip(parts, (slice(place, None), slice(start, place)), strict=True):
            part[rows] = np.where(
                resolved, _density_dex(samples[rows, :, stretch], rate_hz, centre_hz), np.nan
            )
    return SignalAndNoise(*parts)


def stand_out(first: SignalAndNoise, second: SignalAndNoise) -> NDArray[np.bool_]:
    """Tell at which frequencies two records stand out of the louder noise of the two.

    Args:
        first: ``(B, C, K)`` of answers.
        second: ``(B, C, K)`` of the records that they answer; both may be exchanged.

    Returns:
        ``(B, C, K)``; False where one of the two does not tell.
    """
    signal_dex = (first.signal_dex + second.signal_dex) / 2.0
    noise_dex = np.maximum(first.noise_dex, second.noise_dex)
    return np.asarray(signal_dex > np.log10(MIN_SIGNAL_OVER_NOISE) + noise_dex)


def _density_dex(
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
    amplitude = (np.abs(np.fft.rfft(centred)) @ weights) / np.sqrt(n_samples)
    return np.asarray(np.log10(np.maximum(amplitude, _TINY)))
