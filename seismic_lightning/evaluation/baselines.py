"""Guesses that know little of a record, and choices of real records, beside which every figure stands."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import event_codes, finite


def mean_for_each(mean_level: ArrayLike, n_records: int) -> NDArray[np.float64]:
    """Answer every record with the mean training spectrogram.

    Args:
        mean_level: ``(C, F, T)`` mean of the training split.
        n_records: B.

    Returns:
        ``(B, C, F, T)``, a view without copies.
    """
    mean = finite("mean training spectrogram", mean_level, 3)
    return np.broadcast_to(mean, (n_records, *mean.shape))


def other_records(event: ArrayLike, seed: int) -> NDArray[np.int64]:
    """Choose for each record another one, of another event, at random.

    Args:
        event: ``(B,)`` event of each record.
        seed: Equal seeds give equal choices.

    Returns:
        ``(B,)`` int64 rows.

    Raises:
        EvaluationError: There is one event only.
    """
    codes = event_codes(event, np.size(event))
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        raise EvaluationError(f"random other record: {len(codes)} records of one event; two are needed")
    ends = np.cumsum(sizes)
    first_after, own = ends[codes], sizes[codes]
    # In order of event, around in a circle: past the last record of the own event, before its first.
    steps = np.random.default_rng(seed).integers(0, len(codes) - own)
    return np.asarray(order[(first_after + steps) % len(codes)], dtype=np.int64)


def split_halves(event: ArrayLike, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Part records by event at random into two halves: what real records differ by among themselves.

    Args:
        event: ``(B,)`` event of each record.
        seed: Equal seeds give equal halves.

    Returns:
        Rows of either half; the events differ by one at most.

    Raises:
        EvaluationError: There is one event only.
    """
    codes = event_codes(event, np.size(event))
    n_events = int(codes.max()) + 1
    if n_events < 2:
        raise EvaluationError(f"split-half: {len(codes)} records of one event; two are needed")
    first = np.random.default_rng(seed).permutation(n_events)[: n_events // 2]
    chosen = np.isin(codes, first)
    return np.flatnonzero(chosen), np.flatnonzero(~chosen)
