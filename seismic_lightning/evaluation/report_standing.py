"""Where a value lies between the guess below it and the floor that no model can pass.

The badness of a value is its distance from what would be best; the scale of each measure runs from the
badness of the floor to that of the baseline. The baseline is the constant mean spectrogram, or a random other
record where that has no value.

The floor of answers is the real spectrogram with its phase recovered: as many records, of the same requests.
Half of the real records against the other half would be no floor for them. Halves hold other earthquakes and
half as many records, so that distances between them are far larger than those of an honest answer to every
request. They are the floor of records drawn from nothing, and even there a lenient one: distances between
half as many records are larger by √2 where they go with a standard error, twofold where with its square.

An honest draw does not reach the ceiling's values, for it is another record of the same request. Nor is a
scatter of residuals better the lower it is, see ``columns``: it places rebuilt records alone.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import pandas as pd

from seismic_lightning.evaluation.budget import (
    CEILING_ROW,
    HALVES_ROW,
    MEAN_ROW,
    NO_PAIRS,
    ORACLE_ROW,
    OTHER_ROW,
)
from seismic_lightning.evaluation.measure import Best

Standing = Literal["floor", "near", "far", "worse", "unplaced"]
BASELINES = (MEAN_ROW, OTHER_ROW)
FLOORS = (HALVES_ROW, CEILING_ROW)
REBUILT_ROWS = (ORACLE_ROW,)
"""Rows whose answers are made from the real records themselves."""
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
    return value if best in ("low", "rebuilt") else abs(value - _TARGETS[best])


def standing(
    value: float, best: Best, others: Mapping[str, float], row: str, *, from_nothing: bool = False
) -> Standing:
    """Place a value between baseline and floor.

    Args:
        value: What a model reached.
        best: Which values of the measure are good.
        others: Values of the measure by row of the budget, those that are known.
        row: The model's row.
        from_nothing: Whether its records answer no requests.

    Returns:
        ``floor`` (no worse than the floor), ``near`` or ``far`` (the better or the worse half of the way),
        ``worse`` (no better than the baseline), or ``unplaced`` where there is no baseline that is worse than
        a floor, or no value is best.
    """
    floor_row = HALVES_ROW if from_nothing else CEILING_ROW
    known = next((others[guess] for guess in BASELINES if guess in others), None)
    if known is None or floor_row not in others or (best == "rebuilt" and row not in REBUILT_ROWS):
        return "unplaced"
    baseline, floor = badness(known, best), badness(others[floor_row], best)
    if not baseline > floor:
        return "unplaced"
    share = (badness(value, best) - floor) / (baseline - floor)
    if share <= 0.0:
        return "floor"
    if share >= 1.0:
        return "worse"
    return "near" if share < _HALF_WAY else "far"


def worse_than_mean(budget: pd.DataFrame) -> list[str]:
    """Name the model's rows that miss the records by more than the constant mean spectrogram does.

    A model that rebuilds records and falls short of the mean has learned nothing of them; so has one that
    draws, unless its draws are honest and the request says little: two records of one request differ too.

    Args:
        budget: Lines of ``budget.TABLE_COLUMNS``.

    Returns:
        One sentence per row with a skill below 0.
    """
    judged = budget[(budget["measure"] == "skill") & (budget["value"] < 0.0)]
    lines = []
    for row, value in zip(judged["row"], judged["value"], strict=True):
        if row not in BASELINES + FLOORS:
            cause = "the model" if row in REBUILT_ROWS else "the request tells little, or the model"
            lines.append(
                f"{row} is worse than the constant mean spectrogram (skill {value:.2f}): {cause} has learned "
                "too little."
            )
    return lines


def rows_from_nothing(budget: pd.DataFrame) -> set[str]:
    """Return the rows whose records answer no requests.

    Args:
        budget: Lines of ``budget.TABLE_COLUMNS``, of all measures.
    """
    return set(budget.loc[budget["absent"] == NO_PAIRS, "row"]) - {HALVES_ROW}


def standings(lines: pd.DataFrame, row: str, *, from_nothing: bool) -> Iterator[tuple[str, Standing]]:
    """Place all values of a row.

    Args:
        lines: Lines of ``budget.TABLE_COLUMNS``.
        row: The model's row.
        from_nothing: Whether its records answer no requests.

    Yields:
        Measures that have a value, and where it lies.
    """
    known = lines[lines["absent"].isna()]
    for measure, held in known.groupby("measure", sort=False):
        values, best = dict(zip(held["row"], held["value"], strict=True)), held["best"].iloc[0]
        if row in values:
            yield str(measure), standing(values[row], best, values, row, from_nothing=from_nothing)
