"""Where a component stands still: stretches of equal samples, which ground motion seldom leaves for long.

A recorder without a sensor, telemetry that repeats its last value and a sensor at the end of its range all
write one value over and over. Noise of a few counts repeats a value three or four times in a row. The
stretch is *clipped* where it lies at an end of the component's range and far from its mean, otherwise it is
merely flat: quiet noise before a one-sided pulse is near an end of the range too. The end is taken with a
margin, because the last digits of a saturated sensor still drift.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

END_SHARE = 0.01
"""Share of a component's range, from its smallest to its largest sample, that counts as either end."""
FAR_SHARE = 0.05
"""Share of that range by which a clipped stretch lies off the mean; short pulses shift it by less."""


class Standstill(NamedTuple):
    """How long components stand still, from the first to the last of equal samples.

    Attributes:
        flat_s: ``(C,)`` longest stretch, seconds; 0 where no two neighbours are equal.
        clipped_s: ``(C,)`` longest stretch at an end of the range, seconds; never more than ``flat_s``.
    """

    flat_s: NDArray[np.float64]
    clipped_s: NDArray[np.float64]


def standstill(samples: NDArray[Any], missing: NDArray[np.bool_], rate_hz: float) -> Standstill:
    """Find the longest stretches of equal samples.

    Args:
        samples: ``(C, N)`` raw samples.
        missing: ``(C, N)`` True where no sample was recorded; a gap ends a stretch.
        rate_hz: Sampling rate.

    Returns:
        Stretches of each component.

    Example:
        >>> found = standstill(np.array([[9, 4, 4, 4, 0, 9, 9]]), np.zeros((1, 7), dtype=np.bool_), 10.0)
        >>> found.flat_s, found.clipped_s
        (array([0.2]), array([0.1]))
    """
    n_rows, n_samples = samples.shape
    repeats = np.zeros((n_rows, n_samples + 1), dtype=np.bool_)  # neither end repeats: all rows in one go
    np.equal(samples[:, 1:], samples[:, :-1], out=repeats[:, 1:-1])
    lowest, highest, mean = samples.min(axis=1), samples.max(axis=1), samples.mean(axis=1)
    if missing.any():
        repeats[:, 1:-1] &= ~(missing[:, 1:] | missing[:, :-1])
        recorded = np.ma.masked_array(samples, missing)
        ends = recorded.min(axis=1), recorded.max(axis=1), recorded.mean(axis=1)
        lowest, highest, mean = (end.filled(0) for end in ends)
    line = repeats.ravel()
    begin, end = np.flatnonzero(line[1:] != line[:-1]).reshape(-1, 2).T
    row, column = np.divmod(begin, n_samples + 1)
    values, spread = samples[row, column], highest - lowest.astype(np.float64)
    margin = END_SHARE * spread
    at_end = (values <= (lowest + margin)[row]) | (values >= (highest - margin)[row])
    at_end &= np.abs(values - mean[row]) > (FAR_SHARE * spread)[row]
    flat, clipped = np.zeros((2, n_rows), dtype=np.int64)
    np.maximum.at(flat, row, end - begin)
    np.maximum.at(clipped, row, np.where(at_end, end - begin, 0))
    return Standstill(flat / rate_hz, clipped / rate_hz)
