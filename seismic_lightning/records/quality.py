"""How good a record is: signal-to-noise ratios and gaps, in two definitions each.

``legacy`` reproduces the original practice: one second of raw samples on either side of P, Konno-Ohmachi
smoothed amplitude spectra, the mean of their ratio over 2-15 Hz; and a gap that counts every exact zero. Its
short windows let most pure noise pass a threshold of 1.5. ``rms`` is the ratio of root-mean-square amplitudes
after a causal band-pass, which pure noise seldom exceeds; its gap counts samples that were not recorded. All
ratios are of amplitudes, not dB.

References:
    Konno, K., Ohmachi, T. (1998), Ground-motion characteristics estimated from spectral ratio between
    horizontal and vertical components of microtremor, Bulletin of the Seismological Society of America 88(1),
    228-241.
"""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import USABLE_SHARE_OF_NYQUIST
from seismic_lightning.records.snr_windows import LEGACY_LENGTH_S, SNR_WINDOWS

BAND_HZ = (2.0, 15.0)
"""Band in which signal and noise are compared."""
KONNO_OHMACHI_BANDWIDTH = 20.0
FILTER_ORDER = 4
END_TOLERANCE_SAMPLES = 2
"""Missing samples at either end of a window that do not count as a gap."""
_WATER = 1e-20


def snr_legacy(
    samples: NDArray[Any], missing: NDArray[np.bool_], rate_hz: float, before_p_s: float
) -> NDArray[Any]:
    """Compare one second after P with one second before it, as spectra.

    Args:
        samples: ``(C, N)`` raw samples.
        missing: ``(C, N)`` True where no sample was recorded; these enter as zeros.
        rate_hz: Sampling rate.
        before_p_s: Seconds from the first sample to P.

    Returns:
        ``(C,)`` mean amplitude ratio over 2-15 Hz; NaN where the noise stands still, or does not fit.
    """
    onset, length = round(before_p_s * rate_hz), round(LEGACY_LENGTH_S * rate_hz)
    smoothing = _smoothing(rate_hz, length)
    if onset < length or onset + length > samples.shape[1] or smoothing.shape[0] == 0:
        return np.full(samples.shape[0], np.nan)
    around = slice(onset - length, onset + length)
    pair = np.where(missing[:, around], 0.0, samples[:, around]).astype(np.float64)
    noise, signal = pair[:, :length], pair[:, length:]
    spectra = np.abs(np.fft.rfft(np.concatenate([noise, signal]), axis=1))
    smooth = np.einsum("kf,cf->ck", smoothing, spectra)
    smooth_noise, smooth_signal = np.split(smooth, 2)
    ratio = (smooth_signal / (smooth_noise + _WATER)).mean(axis=1)
    still = _stands_still(samples[:, onset - length : onset], missing[:, onset - length : onset])
    usable = ~still & np.isfinite(ratio)
    return np.where(usable, ratio, np.nan)


def snr_rms(
    samples: NDArray[Any], missing: NDArray[np.bool_], rate_hz: float, before_p_s: float
) -> NDArray[Any]:
    """Compare root-mean-square amplitudes after and before P in a band.

    The trend is fitted on recorded samples only, gaps are filled with its value, and only recorded samples
    enter the two means. The filter is causal, so what follows the signal window needs no filtering.

    Args:
        samples: ``(C, N)`` raw samples.
        missing: ``(C, N)`` True where no sample was recorded.
        rate_hz: Sampling rate.
        before_p_s: Seconds from the first sample to P.

    Returns:
        ``(C,)`` amplitude ratio; NaN where either window holds less than half of its samples, or the noise
        stands still.
    """
    sos = _band_pass(rate_hz)
    if sos is None:
        return np.full(samples.shape[0], np.nan)
    from scipy.signal import sosfilt  # here: scipy.signal takes a second to import

    noise, signal = (
        slice(max(round((before_p_s + start) * rate_hz), 0), max(round((before_p_s + stop) * rate_hz), 0))
        for start, stop in SNR_WINDOWS["rms"]
    )
    detrended = _without_trend(samples, missing, min(signal.stop, samples.shape[1]))
    filtered = sosfilt(sos, detrended, axis=1)
    levels = [
        _rms(filtered, missing, part, rate_hz * (stop - start))
        for part, (start, stop) in zip((noise, signal), SNR_WINDOWS["rms"], strict=True)
    ]
    usable = (levels[0] > 0.0) & ~_stands_still(samples[:, noise], missing[:, noise])
    return np.where(usable, levels[1] / np.where(usable, levels[0], 1.0), np.nan)


def gap_fraction(missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of samples that were not recorded.

    Up to two missing samples at either end are tolerated: they come from rounding the start to a sample.

    Args:
        missing: ``(C, N)`` True where no sample was recorded.

    Returns:
        ``(C,)`` share between 0 and 1.
    """
    gaps = np.zeros(missing.shape[0])
    for component, row in enumerate(missing):
        recorded = np.flatnonzero(~row)
        if recorded.size == 0:
            gaps[component] = 1.0
            continue
        ends = recorded[0], row.size - 1 - recorded[-1]
        tolerated = sum(int(end) for end in ends if end <= END_TOLERANCE_SAMPLES)
        gaps[component] = (row.sum() - tolerated) / row.size
    return gaps


def gap_legacy(
    samples: NDArray[Any], missing: NDArray[np.bool_], rate_hz: float, length_s: float
) -> NDArray[Any]:
    """Return the share of samples that are missing or exactly zero, as the original practice counts it.

    Per component: (zeros + length * rate - samples + 1) / (length * rate), with gaps inside the record filled
    by zeros beforehand; a component that is absent has 1.

    Args:
        samples: ``(C, N)`` raw samples.
        missing: ``(C, N)`` True where no sample was recorded.
        rate_hz: Sampling rate.
        length_s: Seconds from the first to the last sample.

    Returns:
        ``(C,)`` share; 0 for a complete window without an exact zero.
    """
    lost = (missing | (samples == 0)).sum(axis=1)
    return np.where(missing.all(axis=1), 1.0, lost / (length_s * rate_hz))


def _without_trend(samples: NDArray[Any], missing: NDArray[np.bool_], stop: int) -> NDArray[np.float64]:
    """Subtract each component's least-squares line, fitted on all recorded samples, from its start."""
    present = (~missing).astype(np.float64)
    time = np.arange(samples.shape[1], dtype=np.float64)
    count = np.maximum(present.sum(axis=1), 1.0)
    values = np.where(missing, 0.0, samples).astype(np.float64)
    mean_time = (present * time).sum(axis=1) / count
    mean = values.sum(axis=1) / count
    centred = (time - mean_time[:, None]) * present
    spread = np.maximum((centred**2).sum(axis=1), 1.0)
    slope = (centred * (values - mean[:, None])).sum(axis=1) / spread
    line = mean[:, None] + slope[:, None] * (time[:stop] - mean_time[:, None])
    detrended: NDArray[np.float64] = (values[:, :stop] - line) * present[:, :stop]
    return detrended


def _stands_still(samples: NDArray[Any], missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which components have one value at most: noise of no amplitude, which nothing compares with."""
    if not missing.any():
        return np.asarray((samples == samples[:, :1]).all(axis=1))
    first = np.take_along_axis(samples, np.argmin(missing, axis=1)[:, None], axis=1)
    return np.asarray(((samples == first) | missing).all(axis=1))


def _rms(
    filtered: NDArray[np.float64], missing: NDArray[np.bool_], part: slice, expected: float
) -> NDArray[np.float64]:
    """Return the root mean square of recorded samples, NaN where fewer than half are there."""
    present = ~missing[:, : filtered.shape[1]][:, part]
    count = present.sum(axis=1)
    power = np.where(present, filtered[:, part] ** 2, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count >= expected / 2, np.sqrt(power), np.nan)


@functools.lru_cache(maxsize=64)
def _band_pass(rate_hz: float) -> NDArray[np.float64] | None:
    """Design the band-pass once per rate; None where the rate leaves no band."""
    from scipy.signal import iirfilter

    nyquist_hz = rate_hz / 2
    low_hz, high_hz = BAND_HZ[0], min(BAND_HZ[1], USABLE_SHARE_OF_NYQUIST * nyquist_hz)
    if low_hz >= high_hz:
        return None
    corners = [low_hz / nyquist_hz, high_hz / nyquist_hz]
    return np.asarray(iirfilter(FILTER_ORDER, corners, btype="band", ftype="butter", output="sos"))


@functools.lru_cache(maxsize=64)
def _smoothing(rate_hz: float, n_samples: int) -> NDArray[np.float64]:
    """Return the rows of the Konno-Ohmachi matrix whose centres lie in the band: ``(centres, F)``.

    The window is (sin(b x) / (b x))^4 with x = log10(f / centre); its scale cancels in the ratio of spectra.
    """
    frequency_hz = np.fft.rfftfreq(n_samples, 1.0 / rate_hz)
    centre_hz = frequency_hz[(frequency_hz >= BAND_HZ[0]) & (frequency_hz <= BAND_HZ[1])]
    weights = np.zeros((centre_hz.size, frequency_hz.size))
    ratio = KONNO_OHMACHI_BANDWIDTH * np.log10(frequency_hz[None, 1:] / centre_hz[:, None])
    weights[:, 1:] = np.sinc(ratio / np.pi) ** 4
    return weights
