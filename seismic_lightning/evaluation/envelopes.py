r"""Envelopes: how energy is spread over a record, from P through S into the coda.

Two looks at it. *Levels* are eight numbers per record, the decadic logarithm of the level of a part over that
of S (see :mod:`seismic_lightning.records.levels`), whose medians any set of records can be compared by.
*Correlation* compares records pair by pair, where pairs exist:

.. math:: r = \frac{\sum_t (e_1 - \bar e_1)(e_2 - \bar e_2)}
          {\sqrt{\sum_t (e_1 - \bar e_1)^2 \sum_t (e_2 - \bar e_2)^2}},
          \qquad e = |x + i\,\mathcal H x| \text{ smoothed over 1 s,}

along time, for each component of each record. It does not see the phase, which spectrograms do not hold.

References:
    Kanasewich, E. R. (1981), Time Sequence Analysis in Geophysics, University of Alberta Press, chapter 20:
    the envelope as magnitude of the analytic signal.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import Draw, Interval, interval
from seismic_lightning.evaluation.checks import pair
from seismic_lightning.records.levels import LEVEL_WINDOWS_S, filtered, running_total

SMOOTHING_S = 1.0


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
