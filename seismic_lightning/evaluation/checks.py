"""Refusals that all measures share: what cannot be judged is named, not averaged away."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError


def finite(name: str, values: ArrayLike, n_dims: int | None = None) -> NDArray[np.float64]:
    """Return values in double precision, all of them finite.

    Args:
        name: What the values are, for the message.
        values: Any shape, records along the first axis.
        n_dims: Number of axes asked for.

    Returns:
        The same values.

    Raises:
        EvaluationError: No values, another number of axes, or a value that is NaN or infinite.
    """
    array = np.asarray(values, dtype=np.float64)
    if n_dims is not None and array.ndim != n_dims:
        raise EvaluationError(f"{name}: {n_dims} axes are asked for, got shape {array.shape}")
    if array.size == 0:
        raise EvaluationError(f"{name}: there is nothing to judge, got shape {array.shape}")
    wrong = ~np.isfinite(array)
    if wrong.any():
        place = np.argwhere(wrong)[0]
        record = f"record {place[0]}" if array.ndim else "the value"
        raise EvaluationError(
            f"{name}: {wrong.sum()} of {array.size} values are NaN or infinite, the first in {record}; "
            "leave such records out and count them"
        )
    return array


def pair(name: str, first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two finite arrays of equal shape, records along the first axis.

    Args:
        name: What the values are, for the message.
        first: What is judged.
        second: What it is compared with, record by record.

    Returns:
        Both, in double precision.

    Raises:
        EvaluationError: Shapes differ, or a value is not finite.
    """
    judged, reference = finite(name, first), finite(f"{name} of the reference", second)
    if judged.shape != reference.shape:
        raise EvaluationError(
            f"{name}: a paired measure needs equal shapes, got {judged.shape} and {reference.shape}"
        )
    return judged, reference


def event_codes(event: ArrayLike, n_records: int) -> NDArray[np.int64]:
    """Number the events of records from 0.

    Args:
        event: ``(B,)`` identifiers, text or numbers.
        n_records: B.

    Returns:
        ``(B,)`` int64, one number per event.

    Raises:
        EvaluationError: Not one identifier per record, or an identifier that is missing.
    """
    identifiers: NDArray[Any] = np.asarray(event)
    if identifiers.shape != (n_records,):
        raise EvaluationError(f"events: {n_records} records need as many, got shape {identifiers.shape}")
    missing = np.array([value is None or value != value for value in identifiers.tolist()])
    if missing.any():
        raise EvaluationError(f"events: record {int(np.flatnonzero(missing)[0])} has no event identifier")
    return np.unique(identifiers, return_inverse=True)[1].astype(np.int64)
