"""How a figure of records grows with the magnitude of their earthquakes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import Draw, Interval, interval


def slope_interval(
    values: NDArray[np.float64], magnitude: NDArray[np.float64], event: ArrayLike, *, seed: int
) -> Interval:
    """Return the slope of the least-squares line over magnitudes, which are taken for exact.

    Args:
        values: ``(B,)`` finite figures.
        magnitude: ``(B,)`` finite magnitudes.
        event: ``(B,)`` event of each record.
        seed: Of the draws of events that the interval rests on.

    Returns:
        Figures per magnitude; draws of events that are all of one magnitude are counted as lost.

    Raises:
        EvaluationError: Fewer than two magnitudes.
    """
    if np.ptp(magnitude) == 0.0:
        raise EvaluationError(
            f"magnitudes: all {magnitude.size} are {magnitude.flat[0]:g}, a slope needs different ones"
        )

    def slope(draw: Draw) -> float:
        here = magnitude[draw.rows] - magnitude[draw.rows].mean()
        spread = float(here @ here)
        return float(here @ values[draw.rows]) / spread if spread > 0.0 else np.nan

    return interval(slope, event, seed=seed)
