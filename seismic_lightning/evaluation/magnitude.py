r"""Magnitude closure: is a record as strong as the earthquake that was asked for?

The local magnitude is read back from the waveform as an observatory reads it, and compared with the one that
was requested:

.. math:: M_L = \log_{10} A + (-\log_{10} A_0)(\Delta), \qquad A = \tfrac12 (A_N + A_E)

where ``A_N`` and ``A_E`` are the largest zero-to-peak deflections, in millimetres, that Wood-Anderson
seismographs of gain 2080 would have written. A record of Z alone has its amplitude multiplied by 1.8, the
ratio of horizontal to vertical S. The scale scatters by 0.33 to 0.5 from station to station, hence a single
record proves little; slope, bias and sigma over many do.

Noise raises the amplitudes of weak events: 3,357 simulated HH records of all magnitudes, which are right by
construction, have a slope of 0.67 and a bias of 0.32; those of ML 2.5 and above have a slope of 0.98. Hence
only requests from 2.5 on are judged, and the same figures of real records belong beside those of generated
ones.

References:
    Richter, C. F. (1935), Bulletin of the Seismological Society of America 25(1), 1-32.
    Uhrhammer, R. A., Collins, E. R. (1990), Bulletin of the Seismological Society of America 80(3), 702-716:
    gain and damping.
    Kilic, T. et al. (2017), Journal of Seismology 21, 35: horizontal over vertical S about 1.8.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import Interval, interval
from seismic_lightning.evaluation.checks import pair
from seismic_lightning.evaluation.slope import slope_interval
from seismic_lightning.evaluation.waveforms import ONE_OR_THREE, horizontals, per_record, waveforms
from seismic_lightning.records.local_magnitude import MIN_MAGNITUDE, amplitude_mm, minus_log_a0

HORIZONTAL_OVER_VERTICAL = 1.8
BEFORE_P_S = 0.5
"""Amplitudes are read from here on, lest an early reading of P cut its start off."""


class Closure(NamedTuple):
    """Recovered against requested magnitudes.

    Attributes:
        slope: Of the line of recovered over requested magnitudes; 1 is asked for, 0 means that the request
            has no effect on the amplitude.
        bias: Mean of recovered minus requested.
        sigma: Standard deviation of recovered minus requested.
    """

    slope: Interval
    bias: Interval
    sigma: Interval


def local_magnitude(
    velocity_m_s: ArrayLike, rate_hz: float, *, p_s: ArrayLike, distance_km: ArrayLike
) -> NDArray[np.float64]:
    """Read the local magnitude of records.

    Args:
        velocity_m_s: ``(B, 3, N)`` ground velocity Z, N, E, or ``(B, 1, N)`` of Z alone; a band-pass from
            1 Hz on leaves magnitudes to 4.5 as they are, a higher corner takes from strong ones.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.
        distance_km: Epicentral distance, one for all or ``(B,)``.

    Returns:
        ``(B,)`` ML; NaN for a silent record, an unknown P or an unknown distance.

    Raises:
        EvaluationError: Other components, samples that are not finite, or other numbers of figures.
    """
    samples = waveforms("velocity_m_s", velocity_m_s, ONE_OR_THREE)
    onset_s = per_record("p_s", p_s, len(samples)) - BEFORE_P_S
    distance = per_record("distance_km", distance_km, len(samples))
    factor = HORIZONTAL_OVER_VERTICAL if samples.shape[1] == 1 else 1.0
    amplitude = factor * amplitude_mm(horizontals(samples), rate_hz, onset_s)
    return np.log10(np.where(amplitude > 0.0, amplitude, np.nan)) + minus_log_a0(distance)


def closure(
    recovered: ArrayLike,
    requested: ArrayLike,
    *,
    event: ArrayLike | None = None,
    min_magnitude: float = MIN_MAGNITUDE,
    seed: int = 0,
) -> Closure:
    """Compare recovered with requested magnitudes.

    Args:
        recovered: ``(B,)`` magnitudes read from the records.
        requested: ``(B,)`` magnitudes asked for.
        event: ``(B,)`` event of each record; None where each record is an event of its own.
        min_magnitude: Requests below are left out; the intervals tell how many records they rest on.
        seed: Of the draws of events that the intervals rest on.

    Returns:
        Slope, bias and sigma; of few events some draws are of one magnitude and have no slope, which its
        interval counts as lost.

    Raises:
        EvaluationError: Values that are not finite, or fewer than two magnitudes from ``min_magnitude`` on.

    Example:
        >>> round(closure([3.1, 3.6, 4.1], [3.0, 3.5, 4.0]).slope.value, 6)
        1.0
    """
    found, asked = pair("recovered magnitudes", recovered, requested)
    events = np.arange(asked.size) if event is None else np.asarray(event)
    if events.shape != asked.shape:
        raise EvaluationError(f"events: {asked.size} records need as many, got shape {events.shape}")
    used = asked >= min_magnitude
    if np.unique(asked[used]).size < 2:
        raise EvaluationError(
            f"requested magnitudes: {used.sum()} of {asked.size} are {min_magnitude:g} or above, a slope "
            "needs two different ones"
        )
    found, asked, events = found[used], asked[used], events[used]
    error = found - asked
    return Closure(
        slope=slope_interval(found, asked, events, seed=seed),
        bias=interval(lambda draw: float(error[draw.rows].mean()), events, seed=seed),
        sigma=interval(lambda draw: float(error[draw.rows].std(ddof=1)), events, seed=seed),
    )
