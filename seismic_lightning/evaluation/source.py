r"""The source in the spectrum of S: corner frequencies, and how they fall with magnitude.

A larger fault radiates lower frequencies. Brune's corner is fitted to each record's S after its losses on the
way are restored with the simulator's quality factor for Marmara and a kappa of its stations. At constant
stress drop

.. math:: f_c \propto M_0^{-1/3} \propto 10^{-M_w / 2},

so the logarithm of the corner falls by a half per magnitude where ML equals Mw, from ML 3 on.

References:
    Brune, J. N. (1970), Journal of Geophysical Research 75, 4997-5009, doi:10.1029/JB075i026p04997.
    Aki, K. (1967), Scaling law of seismic spectrum, Journal of Geophysical Research 72, 1217-1231,
    doi:10.1029/JZ072i004p01217.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.evaluation.bootstrap import Interval
from seismic_lightning.evaluation.checks import pair
from seismic_lightning.evaluation.slope import slope_interval
from seismic_lightning.evaluation.waveforms import ONE_OR_THREE, horizontals, per_record, waveforms
from seismic_lightning.records.brune import SPECTRUM_S, fitted_corner_hz, source_spectrum
from seismic_lightning.simulation.source import t_star_s

KAPPA_S = 0.025
"""Median near-site loss of S at the stations around Marmara."""
MIN_FREQUENCIES = 40
"""Of S above the noise, an eighth of a hertz apart: less of a spectrum has no corner."""
_EDGE_S = 0.5
"""Spectra start, and noise ends, this long before an onset."""


def corner_frequencies_hz(
    velocity: ArrayLike,
    rate_hz: float,
    *,
    p_s: ArrayLike,
    s_s: ArrayLike,
    distance_km: ArrayLike,
    kappa_s: ArrayLike = KAPPA_S,
) -> NDArray[np.float64]:
    """Fit the corner frequency of each record.

    Args:
        velocity: ``(B, 3, N)`` ground velocity Z, N, E in any unit, or ``(B, 1, N)`` of Z alone.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.
        s_s: From the first sample to S, one for all or ``(B,)``.
        distance_km: Hypocentral distance, one for all or ``(B,)``.
        kappa_s: Near-site loss of S, one for all or ``(B,)``.

    Returns:
        ``(B,)``; NaN where the record does not hold eight seconds of noise before P and of S, or S stands
        out of the noise at fewer than ``MIN_FREQUENCIES`` frequencies.

    Raises:
        EvaluationError: Other components, samples that are not finite, or other numbers of figures.
    """
    samples = waveforms("velocity", velocity, ONE_OR_THREE)
    n_records, used = len(samples), horizontals(samples)
    figures = [
        per_record(name, values, n_records)
        for name, values in (
            ("p_s", p_s), ("s_s", s_s), ("distance_km", distance_km), ("kappa_s", kappa_s),
        )
    ]  # fmt: skip
    corners_hz = np.full(n_records, np.nan)
    for row, (p, s, kilometres, kappa) in enumerate(zip(*figures, strict=True)):
        early = p - _EDGE_S - SPECTRUM_S
        if not (early >= 0.0 and s - _EDGE_S + SPECTRUM_S <= samples.shape[-1] / rate_hz):
            continue
        loss = functools.partial(t_star_s, distance_km=kilometres, kappa_s=kappa)
        frequency_hz, spectrum = source_spectrum(used[row], rate_hz, (p, s), loss)
        if np.isfinite(spectrum).sum() >= MIN_FREQUENCIES:
            corners_hz[row] = fitted_corner_hz(frequency_hz, spectrum)
    return corners_hz


def corner_slope(
    corner_hz: ArrayLike, magnitude: ArrayLike, *, event: ArrayLike | None = None, seed: int = 0
) -> Interval:
    """Return by how much the decadic logarithm of the corner changes per magnitude.

    Args:
        corner_hz: ``(B,)``.
        magnitude: ``(B,)`` of the earthquakes; from ML 3 on, -0.5 is expected.
        event: ``(B,)`` event of each record; None where each record is an event of its own.
        seed: Of the draws of events that the interval rests on.

    Raises:
        EvaluationError: Values that are not finite, or one magnitude alone.
    """
    corners, magnitudes = pair("corner_hz", corner_hz, magnitude)
    events = np.arange(corners.size) if event is None else event
    return slope_interval(np.log10(corners), magnitudes, events, seed=seed)
