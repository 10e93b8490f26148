"""Where a value lies between the guess below it and the floor that no model can pass.

The badness of a value is its distance from what would be best; the scale of each measure runs from the
badness of the floor to that of the baseline. The baseline is the constant mean spectrogram, or a random other
record where that has no value. The floor is one half of the real records against the other, or, where a
measure needs pairs, the real spectrogram with its phase recovered.
"""

from collections.abc import Mapping
from typing import Literal

from seismic_lightning.evaluation.budget import CEILING_ROW, HALVES_ROW, MEAN_ROW, OTHER_ROW
from seismic_lightning.evaluation.measure import Best

Standing = Literal["floor", "near", "far", "worse", "unplaced"]
BASELINES = (MEAN_ROW, OTHER_ROW)
FLOORS = (HALVES_ROW, CEILING_ROW)
_TARGETS = {"zero": 0.0, "one": 1.0, "half": 0.5}
_HALF_WAY = 0.5


def badness(value: float, best: Best) -> float:
    """Return how far a value is from the best one; less is better, whatever the measure.

    Args:
        value: Of a measure.
        best: Which of its values are good.

    Example:
        >>> badness(-0.2, "zero"), badness(0.7, "one"), badness(0.9, "high")
        (0.2, 0.30000000000000004, -0.9)
    """
    if best == "high":
        return -value
    return value if best == "low" else abs(value - _TARGETS[best])


def standing(value: float, best: Best, others: Mapping[str, float]) -> Standing:
    """Place a value between baseline and floor.

    Args:
        value: What a model reached.
        best: Which values of the measure are good.
        others: Values of the measure by row of the budget, those that are known.

    Returns:
        ``floor`` (no worse than the floor), ``near`` or ``far`` (the better or the worse half of the way),
        ``worse`` (no better than the baseline), or ``unplaced`` where there is no baseline that is worse than
        a floor.
    """
    baseline, floor = (
        next((badness(others[row], best) for row in rows if row in others), None)
        for rows in (BASELINES, FLOORS)
    )
    if baseline is None or floor is None or not baseline > floor:
        return "unplaced"
    share = (badness(value, best) - floor) / (baseline - floor)
    if share <= 0.0:
        return "floor"
    if share >= 1.0:
        return "worse"
    return "near" if share < _HALF_WAY else "far"
