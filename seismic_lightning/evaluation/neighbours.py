"""Nearest neighbours among many records of many features, exactly and in little memory.

Candidates come from ``|a|^2 + |b|^2 - 2 a.b``, which is one matrix product but loses small distances to
cancellation; the distances of the candidates are then taken afresh, so that a copy has a distance of zero.
All features are held in double precision: 6,000 records of 40,000 features take 2 GB.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError, TooFewRecordsError
from seismic_lightning.evaluation.checks import finite

_SPARE = 3
"""Candidates beyond those asked for, lest cancellation exchange the last ones."""
_BLOCK_VALUES = 2**24
"""Numbers held at once."""


def feature_sets(judged: ArrayLike, reference: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two finite sets of records in one feature space.

    Args:
        judged: ``(n, ...)``; everything beyond the first axis is one feature each.
        reference: ``(m, ...)`` of the same features.

    Returns:
        ``(n, D)`` and ``(m, D)``.

    Raises:
        EvaluationError: Other features, or values that are not finite.
    """
    first, second = finite("features", judged), finite("features of the reference", reference)
    if first.ndim < 2 or first.shape[1:] != second.shape[1:]:
        raise EvaluationError(
            f"features: records along the first axis, the same features in both sets, got shapes "
            f"{first.shape} and {second.shape}"
        )
    return first.reshape(len(first), -1), second.reshape(len(second), -1)


def standardised(features: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Give every feature the mean 0 and deviation 1 that it has over the reference.

    Args:
        features: ``(n, ...)``.
        reference: ``(m, ...)`` such as the training records.

    Returns:
        ``(n, D)``; a feature that is constant in the reference keeps its scale.
    """
    first, second = feature_sets(features, reference)
    deviation = second.std(axis=0)
    return np.asarray((first - second.mean(axis=0)) / np.where(deviation > 0.0, deviation, 1.0))


def nearest_distances(
    judged: ArrayLike, reference: ArrayLike, k: int, *, without_itself: bool = False
) -> NDArray[np.float64]:
    """Return the Euclidean distances to the nearest records of a reference.

    Args:
        judged: ``(n, ...)``.
        reference: ``(m, ...)`` of the same features.
        k: How many neighbours.
        without_itself: Whether both are the same records in the same order, and none is its own neighbour.

    Returns:
        ``(n, k)`` ascending.

    Raises:
        EvaluationError: The reference has fewer records than neighbours are asked for, other features, or
            values that are not finite.

    Example:
        >>> nearest_distances([[0.0], [4.0]], [[1.0], [4.0], [9.0]], 2)
        array([[1., 4.],
               [0., 3.]])
    """
    first, second = feature_sets(judged, reference)
    n_others = len(second) - int(without_itself)
    if not 1 <= k <= n_others:
        raise TooFewRecordsError(f"neighbours: give k from 1 to {n_others}, got {k}")
    if without_itself and first.shape != second.shape:
        raise EvaluationError(
            f"neighbours: without_itself is for one set of records, got {len(first)} and {len(second)}"
        )
    n_candidates = min(k + _SPARE, n_others)
    middle = second.mean(axis=0)
    first, second = first - middle, second - middle  # a common offset would be all that cancellation leaves
    squares = (second**2).sum(axis=1)
    rows = max(1, _BLOCK_VALUES // max(len(second), n_candidates * second.shape[1]))
    distances = np.empty((len(first), k))
    for start in range(0, len(first), rows):
        block = first[start : start + rows]
        near = squares - 2.0 * (block @ second.T)
        if without_itself:
            near[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        places = np.argpartition(near, n_candidates - 1, axis=1)[:, :n_candidates]
        exact = np.sqrt(((second[places] - block[:, None]) ** 2).sum(axis=2))
        distances[start : start + rows] = np.sort(exact, axis=1)[:, :k]
    return distances
