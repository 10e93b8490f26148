r"""When P and S arrive in a record, read without being told: detection of P, and S - P against the model.

P is looked for on the vertical in 1-20 Hz, where the ratio of a short to a long average of energy

.. math:: R(t) = \frac{\overline{x^2}_{[t - 0.3\,s,\, t]}}{\overline{x^2}_{[t - 4\,s,\, t]}}

first reaches 0.7 of its maximum in the record, if that exceeds 4; and there, from 2 s before to 1 s after, at
the split of least Akaike criterion. On real records of Kandilli and of Northern California as on simulated
ones it finds P within half a second in one to two of ten records of a legacy ratio below 1.5, and in nine of
ten above 10.

S is looked for on the horizontals between P and their strongest half second, by the same criterion: on 38
analyst's readings of Northern California (RMS ratio above 3) the median error is 0.03 s, 97 % lie within half
a second; on simulated records it is late by 0.07 s.

References:
    Allen, R. V. (1978), Automatic earthquake recognition and timing from single traces, Bulletin of the
    Seismological Society of America 68(5), 1521-1532, doi:10.1785/BSSA0680051521.
    Withers, M. et al. (1998), A comparison of select trigger algorithms for automated global seismic phase
    and event detection, Bulletin of the Seismological Society of America 88(1), 95-106,
    doi:10.1785/BSSA0880010095.
    Maeda, N. (1985), Zisin 38, 365-379, doi:10.4294/zisin1948.38.3_365: the criterion.
"""

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import Draw, Interval, interval
from seismic_lightning.evaluation.checks import finite
from seismic_lightning.evaluation.waveforms import THREE, per_record, waveforms
from seismic_lightning.records.akaike import onset_sample
from seismic_lightning.records.levels import filtered, nearest_sample, running_total
from seismic_lightning.records.travel_time import KOERI, LayeredModel

SHORT_S, LONG_S = 0.3, 4.0
THRESHOLD, SHARE_OF_MAXIMUM = 4.0, 0.7
SETTLED_S = 0.5
"""The filter needs this long to forget that the record began."""
BEFORE_TRIGGER_S, AFTER_TRIGGER_S = 2.0, 1.0
S_AFTER_P_S, STRONGEST_S = 0.3, 0.5
TOLERANCE_S = 0.5
SNR_EDGES = (0.0, 1.5, 3.0, 10.0, np.inf)
"""Classes of the legacy ratio of the vertical."""
KANDILLI_RATES = (0.15, 0.40, 0.81, 0.92)
"""Share of P found within half a second in these classes, real HHZ records of 21 stations."""


class ClassRate(NamedTuple):
    """Detection in one class of signal-to-noise ratio.

    Attributes:
        above: Lower edge of the class, part of it.
        below: Upper edge, no part of it.
        rate: Share of records whose P is found within ``TOLERANCE_S``; None in an empty class.
    """

    above: float
    below: float
    rate: Interval | None


def sta_lta(samples: ArrayLike, rate_hz: float) -> NDArray[np.float64]:
    """Return the ratio of short to long averages of energy, both ending at the sample.

    Args:
        samples: ``(..., N)`` any unit.
        rate_hz: Sampling rate.

    Returns:
        ``(..., N)``; 0 before the first whole long average, and where all is silent.

    Raises:
        EvaluationError: A record shorter than the long average.
    """
    values = finite("samples", samples)
    short, long = round(SHORT_S * rate_hz), round(LONG_S * rate_hz)
    if values.shape[-1] < long:
        raise EvaluationError(
            f"samples: STA/LTA needs {LONG_S:g} s, got {values.shape[-1] / rate_hz:g} s at {rate_hz:g} Hz"
        )
    total = running_total(values**2)
    average = (total[..., long:] - total[..., :-long]) / long
    recent = (total[..., long:] - total[..., long - short : -short]) / short
    ratio = np.zeros(values.shape)
    np.divide(recent, average, out=ratio[..., long - 1 :], where=average > 0.0)
    return ratio


def p_onset_s(samples: ArrayLike, rate_hz: float) -> NDArray[np.float64]:
    """Find P.

    Args:
        samples: ``(B, C, N)``, the vertical first; raw, without a filter that acts backwards in time.
        rate_hz: Sampling rate.

    Returns:
        ``(B,)`` seconds from the first sample; NaN where nothing exceeds the threshold.

    Raises:
        EvaluationError: Other components, samples that are not finite, or records that are too short.
    """
    trace = filtered(waveforms("samples", samples, (1, 3))[:, 0], rate_hz)
    settled = round(SETTLED_S * rate_hz)
    ratio = sta_lta(trace[:, settled:], rate_hz)
    top = ratio.max(axis=1)
    trigger = settled + np.argmax(ratio >= SHARE_OF_MAXIMUM * top[:, None], axis=1)
    first = np.maximum(trigger - round(BEFORE_TRIGGER_S * rate_hz), settled)
    found = onset_sample(trace**2, first, trigger + round(AFTER_TRIGGER_S * rate_hz))
    return np.where(top > THRESHOLD, found, np.nan) / rate_hz


def s_onset_s(samples: ArrayLike, rate_hz: float, p_s: ArrayLike) -> NDArray[np.float64]:
    """Find S.

    Args:
        samples: ``(B, 3, N)`` Z, N, E.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, found or known; one for all or ``(B,)``.

    Returns:
        ``(B,)`` seconds from the first sample; NaN where P is not known, or is the end of the record.

    Raises:
        EvaluationError: Other components, or samples that are not finite.
    """
    checked = waveforms("samples", samples, THREE)
    first = nearest_sample(per_record("p_s", p_s, len(checked)) + S_AFTER_P_S, rate_hz)
    energy = (filtered(checked[:, 1:], rate_hz) ** 2).sum(axis=1)
    length = round(STRONGEST_S * rate_hz)
    total = running_total(energy)
    strength = total[:, length:] - total[:, :-length]
    later = np.arange(strength.shape[1]) >= first[:, None]
    last = np.argmax(np.where(later, strength, -1.0), axis=1) + length
    found = onset_sample(energy, first, last)
    return np.where(first >= 0, found, np.nan) / rate_hz


def s_minus_p_error_s(
    p_s: ArrayLike, s_s: ArrayLike, distance_km: ArrayLike, depth_km: ArrayLike, model: LayeredModel = KOERI
) -> NDArray[np.float64]:
    """Compare S - P with that of a layered Earth.

    Real readings of Kandilli differ from its model by -0.08 s in the mean, with a deviation of 0.26 s.

    Args:
        p_s: ``(B,)`` P found.
        s_s: ``(B,)`` S found, from the same first sample.
        distance_km: ``(B,)`` epicentral.
        depth_km: ``(B,)`` below sea level.
        model: Of the Earth.

    Returns:
        ``(B,)`` seconds, positive where S is late; NaN where an onset was not found.
    """
    found = np.asarray(s_s, dtype=np.float64) - np.asarray(p_s, dtype=np.float64)
    shape = np.broadcast_shapes(found.shape, np.shape(distance_km), np.shape(depth_km))
    place = finite("distance_km", distance_km), finite("depth_km", depth_km)
    expected = model.arrivals(*place)
    return np.broadcast_to(found - (expected.s_s - expected.p_s), shape)


def detection_rates(
    error_s: ArrayLike, snr: ArrayLike, *, event: ArrayLike | None = None, seed: int = 0
) -> list[ClassRate]:
    """Tell how often P is found, by signal-to-noise ratio.

    Args:
        error_s: ``(B,)`` P found minus P true; NaN where none was found, which counts as missed.
        snr: ``(B,)`` legacy ratio of the vertical, see :func:`seismic_lightning.records.quality.snr_legacy`.
        event: ``(B,)`` event of each record; None where each record is an event of its own.
        seed: Of the draws of events that the intervals rest on.

    Returns:
        One row per class of ``SNR_EDGES``.

    Raises:
        EvaluationError: Ratios that are not finite, or other numbers of errors than ratios.
    """
    ratio = finite("snr", snr, 1)
    found = np.abs(per_record("error_s", error_s, ratio.size)) <= TOLERANCE_S
    events = np.arange(ratio.size) if event is None else np.asarray(event)

    def rate(above: float, below: float) -> ClassRate:
        rows = np.flatnonzero((ratio >= above) & (ratio < below))
        if rows.size == 0:
            return ClassRate(above, below, None)

        def share(draw: Draw) -> float:
            return float(found[rows[draw.rows]].mean())

        return ClassRate(above, below, interval(share, events[rows], seed=seed))

    return [rate(*edges) for edges in itertools.pairwise(SNR_EDGES)]
