"""Where noise ends and a wave begins: the split of a trace into two stationary parts that fits best.

If the samples before ``k`` are noise of one variance and those from ``k`` on of another, the Akaike criterion
of the pair is, but for a constant,

    AIC(k) = (k - a) ln(sigma2[a:k]) + (b - k) ln(sigma2[k:b])

over the window ``[a, b)``, and its least value marks the onset.

References:
    Maeda, N. (1985), A method for reading and checking phase times in auto-processing system of seismic wave
    data, Zisin 38, 365-379, doi:10.4294/zisin1948.38.3_365.
    Akaike, H. (1974), A new look at the statistical model identification, IEEE Transactions on Automatic
    Control 19(6), 716-723, doi:10.1109/TAC.1974.1100705.
"""

import numpy as np
from numpy.typing import NDArray

MARGIN = 10
"""Samples on either side of a split, fewer of which have no variance worth the name."""
_FLOOR = 1e-300


def criterion(
    energy: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the Akaike criterion of every split of a window of each record.

    Args:
        energy: ``(n, N)`` squares of samples without offset, or their sum over components.
        first: ``(n,)`` first sample of the window.
        last: ``(n,)`` sample after the window.

    Returns:
        ``(n, N)``; infinite where a split leaves fewer than ``MARGIN`` samples of the window on a side.
    """
    n_records, n_samples = energy.shape
    total = np.concatenate([np.zeros((n_records, 1)), np.cumsum(energy, axis=1)], axis=1)
    first, last = (np.clip(edge, 0, n_samples)[:, None] for edge in (first, last))
    split = np.arange(n_samples)[None, :]
    inside = (split >= first + MARGIN) & (split < last - MARGIN)
    here, start, end = total[:, :-1], *(np.take_along_axis(total, edge, axis=1) for edge in (first, last))
    n_before, n_after = np.where(inside, split - first, 1), np.where(inside, last - split, 1)
    before, after = (here - start) / n_before, (end - here) / n_after
    value = n_before * np.log(np.maximum(before, _FLOOR)) + n_after * np.log(np.maximum(after, _FLOOR))
    return np.where(inside, value, np.inf)


def onset_sample(
    energy: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the best split of a window of each record.

    Args:
        energy: ``(n, N)``, see :func:`criterion`.
        first: ``(n,)`` first sample of the window.
        last: ``(n,)`` sample after the window.

    Returns:
        ``(n,)`` sample numbers; NaN where the window is too short to be split, or holds no energy.

    Example:
        >>> energy = np.repeat([[1.0, 9.0]], 50, axis=1)
        >>> onset_sample(energy, np.array([0]), np.array([100]))
        array([50.])
    """
    value = criterion(energy, first, last)
    best = np.argmin(value, axis=1)
    least = np.take_along_axis(value, best[:, None], axis=1)[:, 0]
    sound = np.isfinite(least) & (energy.max(axis=1) > 0.0)
    return np.where(sound, best.astype(np.float64), np.nan)
