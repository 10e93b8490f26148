r"""Envelopes: how energy is spread over a record, from P through S into the coda.

Three looks at it. *Levels* are eight numbers per record, the decadic logarithm of the level of a part over
that of S (see :mod:`seismic_lightning.records.levels`), whose medians any set of records can be compared by.
*Correlation* compares records pair by pair, where pairs exist:

.. math:: r = \frac{\sum_t (e_1 - \bar e_1)(e_2 - \bar e_2)}
          {\sqrt{\sum_t (e_1 - \bar e_1)^2 \sum_t (e_2 - \bar e_2)^2}},
          \qquad e = |x + i\,\mathcal H x| \text{ smoothed over 1 s,}

along time, for each component of each record. It does not see the phase, which spectrograms do not hold. The
*foot* is what a recovered phase leaks to before P: the level of the second before P over that of the noise
before any frame could reach P.

References:
    Kanasewich, E. R. (1981), Time Sequence Analysis in Geophysics, University of Alberta Press, chapter 20:
    the envelope as magnitude of the analytic signal.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import Draw, Interval, interval
from seismic_lightning.evaluation.checks import pair
from seismic_lightning.records.levels import LEVEL_WINDOWS_S, filtered, running_total, window_mean

SMOOTHING_S = 1.0
FOOT_S, EARLIER_S, FIRST_P_S = (-1.0, -0.1), (-6.0, -3.0), (0.0, 1.0)
"""After P: where a foot stands, where no frame of 2.56 s holds anything of P yet, and P itself."""


class LevelRow(NamedTuple):
    """One part of the records, judged against a reference.

    Attributes:
        part: Name in ``LEVEL_WINDOWS_S``.
        median_dex: Of the records, against S.
        reference_dex: Of the reference, against S.
        difference_dex: Median minus the reference's, the reference taken for exact.
    """

    part: str
    median_dex: float
    reference_dex: float
    difference_dex: Interval


def level_rows(
    levels_dex: ArrayLike, reference_dex: ArrayLike, *, event: ArrayLike | None = None, seed: int = 0
) -> list[LevelRow]:
    """Compare the median levels of two sets of records.

    Args:
        levels_dex: ``(B, 8)`` of :func:`~seismic_lightning.records.levels.envelope_levels`; NaN where a
            record does not hold a part, which leaves it out of that part.
        reference_dex: ``(M, 8)`` of the reference, or ``(8,)`` medians such as
            ``simulation.real_figures.LEVELS``.
        event: ``(B,)`` event of each record; None where each record is an event of its own.
        seed: Of the draws of events that the intervals rest on.

    Returns:
        One row per part, with the number of records that hold it.

    Raises:
        EvaluationError: Other numbers of parts, or a part that no record holds.
    """
    parts = list(LEVEL_WINDOWS_S)
    levels, reference = (np.atleast_2d(np.asarray(given, float)) for given in (levels_dex, reference_dex))
    for name, array in (("levels_dex", levels), ("reference_dex", reference)):
        if array.ndim != 2 or array.shape[1] != len(parts):
            raise EvaluationError(f"{name}: {len(parts)} parts are asked for, got shape {array.shape}")
        for part, column in zip(parts, array.T, strict=True):
            if not np.isfinite(column).any():
                raise EvaluationError(f"{name}: no record holds {part!r}, choose a longer window")
    events = np.arange(len(levels)) if event is None else np.asarray(event)
    rows = []
    for part, column, others in zip(parts, levels.T, reference.T, strict=True):
        held, middle = np.isfinite(column), float(np.nanmedian(others))
        values = column[held]

        def difference(draw: Draw, values: NDArray[np.float64] = values, middle: float = middle) -> float:
            return float(np.median(values[draw.rows])) - middle

        judged = interval(difference, events[held], seed=seed)
        rows.append(LevelRow(part, float(np.median(values)), middle, judged))
    return rows


def smooth_envelope(samples: ArrayLike, rate_hz: float) -> NDArray[np.float64]:
    """Return envelopes in 1-20 Hz.

    Args:
        samples: ``(..., N)`` any unit.
        rate_hz: Sampling rate.

    Returns:
        ``(..., N - L + 1)`` means over ``L`` samples, one second, of the magnitude of the analytic signal.
    """
    trace = filtered(np.asarray(samples, dtype=np.float64), rate_hz)
    n_samples, length = trace.shape[-1], round(SMOOTHING_S * rate_hz)
    gain = np.zeros(n_samples)
    gain[0] = 1.0
    gain[1 : (n_samples + 1) // 2] = 2.0
    if n_samples % 2 == 0:
        gain[n_samples // 2] = 1.0
    total = running_total(np.abs(np.fft.ifft(np.fft.fft(trace) * gain)))
    return (total[..., length:] - total[..., :-length]) / length


def envelope_correlation(samples: ArrayLike, reference: ArrayLike, rate_hz: float) -> NDArray[np.float64]:
    """Correlate the envelopes of pairs of records.

    Args:
        samples: ``(B, C, N)``.
        reference: ``(B, C, N)`` the records that these should be.
        rate_hz: Sampling rate.

    Returns:
        ``(B, C)`` from -1 to 1; NaN for a silent component.

    Raises:
        EvaluationError: Shapes differ, or samples are not finite.
    """
    first, second = (smooth_envelope(given, rate_hz) for given in pair("waveform", samples, reference))
    first = first - first.mean(axis=-1, keepdims=True)
    second = second - second.mean(axis=-1, keepdims=True)
    scale = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    product = (first * second).sum(axis=-1)
    return np.asarray(product / np.where(scale > 0.0, scale, np.nan))


def foot_before_p(
    samples: NDArray[np.floating[Any]], rate_hz: float, p_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Measure what rises before P, in 1-20 Hz.

    .. math:: \log_{10} \frac{\mathrm{rms}\,[P - 1\,s,\; P - 0.1\,s]}{\mathrm{rms}\,[P - 6\,s,\; P - 3\,s]}

    is 0 where the noise lasts until P, as in recorded ones. Only a strong P leaks visibly, so that its level
    over the same noise comes along; a ratio to the noise just before P would hide the largest feet.

    Args:
        samples: ``(B, N)`` of one component, any unit.
        rate_hz: Sampling rate.
        p_s: ``(B,)`` from the first sample to P.

    Returns:
        ``(B,)`` foot in dex, and ``(B,)`` level of the second after P over that of the noise; NaN where the
        record does not hold a window, or one is silent.
    """
    total = running_total(filtered(samples, rate_hz) ** 2)
    means = [window_mean(total, rate_hz, p_s, window_s) for window_s in (FOOT_S, EARLIER_S, FIRST_P_S)]
    foot, noise, first_p = (np.sqrt(np.where(mean > 0.0, mean, np.nan)) for mean in means)
    return np.log10(foot / noise), first_p / noise
