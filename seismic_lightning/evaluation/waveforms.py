"""What every measure of waveforms asks for: finite samples, known components, one figure per record."""

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import finite

THREE, ONE_OR_THREE = (3,), (1, 3)


def waveforms(name: str, samples: ArrayLike, components: Collection[int]) -> NDArray[np.float64]:
    """Return waveforms in double precision.

    Args:
        name: The measure, for the message.
        samples: ``(B, C, N)``.
        components: Numbers of components that will do.

    Returns:
        The same samples.

    Raises:
        EvaluationError: Another shape, or samples that are not finite.
    """
    array = finite(name, samples, 3)
    if array.shape[1] not in components:
        wanted = " or ".join(str(number) for number in components)
        raise EvaluationError(f"{name}: {wanted} components are asked for, got shape {array.shape}")
    return array


def horizontals(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(B, 2, N)`` N and E of records in the order Z, N, E; or ``(B, 1, N)`` Z where it is alone."""
    return samples[:, -2:]


def per_record(name: str, values: ArrayLike, n_records: int) -> NDArray[np.float64]:
    """Return one figure per record, NaN where it is not known.

    Args:
        name: What the figures are, for the message.
        values: One for all, or ``(B,)``.
        n_records: B.

    Returns:
        ``(B,)`` in double precision.

    Raises:
        EvaluationError: Another number of figures than records.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in {(), (n_records,)}:
        raise EvaluationError(f"{name}: {n_records} records need one or as many, got shape {array.shape}")
    return np.broadcast_to(array, (n_records,))
