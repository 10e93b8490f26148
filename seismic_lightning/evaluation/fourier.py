r"""Fourier amplitude spectra (FAS) of whole records, smoothed on a logarithmic frequency axis.

.. math:: A(f) = \Big|\sum_n x_n e^{-2\pi i f n \Delta t}\Big| \Delta t , \qquad
   w(f; f_c) = \left(\frac{\sin(b \log_{10}(f / f_c))}{b \log_{10}(f / f_c)}\right)^4

The smoothed spectrum at :math:`f_c` is the mean of A weighted with w, whose width is a constant share of
frequency: b = 40 averages over about 6 % to either side. The residual of a record in a band is the mean of
:math:`\log_{10}(\hat A / A)` over smoothed frequencies that are evenly spaced in logarithm.

References:
    Konno, K. and Ohmachi, T. (1998), Bulletin of the Seismological Society of America 88(1), 228-241,
    doi:10.1785/BSSA0880010228.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import finite, pair

SMOOTHING = 40.0
"""Konno and Ohmachi's b; larger is narrower."""
CENTRES_PER_DECADE = 20
Bands = tuple[tuple[float, float], ...]
BANDS_HZ = ((1.0, 2.0), (2.0, 5.0), (5.0, 10.0), (10.0, 20.0))
"""Where records of all families and magnitudes have signal after the recommended band-pass."""
_RECORDS_AT_ONCE = 256


class Smoothed(NamedTuple):
    """Smoothed amplitude spectra.

    Attributes:
        frequency_hz: ``(K,)`` centres.
        log_amplitude: ``(B, C, K)`` decadic logarithm of the amplitude in unit of the waveform times second.
    """

    frequency_hz: NDArray[np.float64]
    log_amplitude: NDArray[np.float64]


def centres_hz(low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Return smoothed frequencies between two others, both included.

    Args:
        low_hz: Above 0.
        high_hz: Above ``low_hz``.

    Returns:
        ``(K,)`` in Hz, evenly spaced in logarithm.

    Raises:
        EvaluationError: The two do not make a band.
    """
    if not 0.0 < low_hz < high_hz:
        raise EvaluationError(f"a band needs 0 < low < high, got {low_hz:g} to {high_hz:g} Hz")
    n_steps = max(round(np.log10(high_hz / low_hz) * CENTRES_PER_DECADE), 1)
    return np.geomspace(low_hz, high_hz, n_steps + 1)


def bands_below(rate_hz: float) -> tuple[tuple[float, float], ...]:
    """Return the bands that a sampling rate allows.

    Args:
        rate_hz: Of the waveforms.

    Raises:
        EvaluationError: It allows none.

    Example:
        >>> bands_below(20.0)
        ((1.0, 2.0), (2.0, 5.0), (5.0, 10.0))
    """
    bands = tuple(band for band in BANDS_HZ if band[1] <= rate_hz / 2.0)
    if not bands:
        raise EvaluationError(
            f"sampling_rate_hz={rate_hz:g} is too low to judge spectra, {2 * BANDS_HZ[0][1]:g} is the least"
        )
    return bands


def konno_ohmachi_weights(
    frequency_hz: NDArray[np.float64], centre_hz: NDArray[np.float64], smoothing: float = SMOOTHING
) -> NDArray[np.float64]:
    """Return the weights that smooth a spectrum at given frequencies.

    Args:
        frequency_hz: ``(F,)`` of the spectrum, from 0.
        centre_hz: ``(K,)`` above 0.
        smoothing: b of the window.

    Returns:
        ``(K, F)``, each row with sum 1; frequency zero has no weight.
    """
    ratio = np.maximum(frequency_hz, np.finfo(np.float64).tiny) / centre_hz[:, None]
    # numpy's sinc has pi within
    weights = np.sinc(smoothing / np.pi * np.log10(ratio)) ** 4 * (frequency_hz > 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def smoothed_spectrum(waveform: ArrayLike, rate_hz: float, centre_hz: NDArray[np.float64]) -> Smoothed:
    """Take smoothed amplitude spectra of whole records.

    Args:
        waveform: ``(B, C, N)`` any unit; taper or filter before, or the ends' difference colours it.
        rate_hz: Sampling rate.
        centre_hz: ``(K,)`` frequencies up to the Nyquist frequency.

    Returns:
        Spectra in decadic logarithm.

    Raises:
        EvaluationError: Values are not finite, a component is silent, or a frequency cannot be resolved.
    """
    samples = finite("waveforms", waveform, 3)
    resolution_hz = rate_hz / samples.shape[-1]
    if centre_hz[-1] > rate_hz / 2 or centre_hz[0] < resolution_hz:
        raise EvaluationError(
            f"spectra at {centre_hz[0]:g} to {centre_hz[-1]:g} Hz: {samples.shape[-1]} samples at "
            f"{rate_hz:g} Hz allow {resolution_hz:.3g} to {rate_hz / 2:g} Hz"
        )
    frequency_hz = np.fft.rfftfreq(samples.shape[-1], 1.0 / rate_hz).astype(np.float64)
    weights = konno_ohmachi_weights(frequency_hz, centre_hz).T
    amplitude = np.empty((*samples.shape[:2], len(centre_hz)))
    for start in range(0, len(samples), _RECORDS_AT_ONCE):
        part = slice(start, start + _RECORDS_AT_ONCE)
        amplitude[part] = np.abs(np.fft.rfft(samples[part])) @ weights / rate_hz
    silent = np.argwhere(amplitude.min(axis=2) <= 0.0)
    if len(silent):
        record, component = silent[0]
        raise EvaluationError(
            f"waveforms: component {component} of record {record} is silent, and {len(silent) - 1} more; "
            "leave such records out and count them"
        )
    return Smoothed(centre_hz, np.log10(amplitude))


def fas_residual_dex(
    waveform: ArrayLike, reference: ArrayLike, rate_hz: float, bands_hz: Bands = BANDS_HZ
) -> NDArray[np.float64]:
    """Return by how much the spectra of records exceed those of others, in bands.

    Args:
        waveform: ``(B, C, N)`` that is judged.
        reference: ``(B, C, N)`` records in the same unit.
        rate_hz: Sampling rate of both.
        bands_hz: Low and high end of each band.

    Returns:
        ``(B, C, len(bands_hz))`` in dex, 0 for equal waveforms.
    """
    both, centre_hz = pair("waveforms", waveform, reference), band_centres_hz(bands_hz)
    first, second = (smoothed_spectrum(values, rate_hz, centre_hz).log_amplitude for values in both)
    return band_means(first - second, bands_hz)


def band_centres_hz(bands_hz: Bands = BANDS_HZ) -> NDArray[np.float64]:
    """Return the smoothed frequencies of all bands, each once.

    Args:
        bands_hz: Low and high end of each band.

    Returns:
        ``(K,)`` in Hz, rising.
    """
    return np.unique(np.concatenate([centres_hz(*band) for band in bands_hz]))


def band_means(
    values: NDArray[np.float64], bands_hz: Bands = BANDS_HZ, *, usable: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Average over the frequencies of bands.

    Args:
        values: ``(B, C, K)`` at the frequencies of ``band_centres_hz``.
        bands_hz: Low and high end of each band.
        usable: ``(B, C, K)`` which of the frequencies count, see ``noise.stand_out``; all without.

    Returns:
        ``(B, C, len(bands_hz))``; NaN where no frequency of a band counts.
    """
    together, chosen = (
        band_centres_hz(bands_hz),
        np.ones(values.shape, np.bool_) if usable is None else usable,
    )
    places = [np.searchsorted(together, centres_hz(*band)) for band in bands_hz]
    return np.stack([_mean_where(values[..., place], chosen[..., place]) for place in places], axis=2)


def _mean_where(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean of the chosen values along the last axis, NaN where none is."""
    count = chosen.sum(axis=-1)
    total = np.where(chosen, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def log_fas_features(
    waveform: ArrayLike, rate_hz: float, low_hz: float, high_hz: float
) -> NDArray[np.float64]:
    """Return what ``diagonal_distance`` compares as the log-FAS Fréchet distance.

    Args:
        waveform: ``(B, C, N)`` any unit.
        rate_hz: Sampling rate.
        low_hz: Lowest frequency.
        high_hz: Highest frequency.

    Returns:
        ``(B, C K)`` smoothed spectra in dex, component after component.
    """
    spectra = smoothed_spectrum(waveform, rate_hz, centres_hz(low_hz, high_hz)).log_amplitude
    return spectra.reshape(len(spectra), -1)


def fas_features(
    waveform: ArrayLike, rate_hz: float, bands_hz: tuple[tuple[float, float], ...] = BANDS_HZ
) -> NDArray[np.float64]:
    """Return the smoothed Fourier amplitudes by which sets of records are compared.

    Args:
        waveform: ``(B, C, N)`` ground motion.
        rate_hz: Sampling rate.
        bands_hz: Bands, all of them together.

    Returns:
        ``(B, C K)`` in dex.
    """
    return log_fas_features(waveform, rate_hz, bands_hz[0][0], bands_hz[-1][1])
