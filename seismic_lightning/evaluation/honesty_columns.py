"""Copies of training records and coverage of real ones, as columns of the error budget."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from seismic_lightning.evaluation.bootstrap import Interval, intervals_between
from seismic_lightning.evaluation.honesty import COPY_QUANTILE, balls_around, neighbour_ratio
from seismic_lightning.evaluation.measure import Array, Column, Described, Measure, Records, SetMeasure
from seismic_lightning.evaluation.neighbours import feature_sets, nearest_distances, standardised

Features = Callable[[Records], Array]
"""From records to ``(B, ...)`` features, such as smoothed Fourier amplitudes in dex."""


def honesty_measures(
    training: ArrayLike, features: Features, needs: tuple[str, ...], *, k: int = 3
) -> list[Measure]:
    """Return copies and coverage, all of them in features that have deviation 1 over the training records.

    Args:
        training: ``(m, ...)`` features of the records that the model was trained on.
        features: Takes the same features of answers and of held-out real records.
        needs: Attributes of ``Records`` that ``features`` reads.
        k: Neighbour that a ball of coverage reaches to.
    """
    learned = standardised(training, training)

    def describe(records: Records) -> Array:
        return standardised(features(records), training)

    def copied(answer: Array, real: Array) -> Array:
        limit = np.quantile(neighbour_ratio(real), COPY_QUANTILE)
        distance = np.median(real[:, 0])
        ratio = np.median(answer[:, 0]) / distance if distance > 0.0 else np.nan
        return np.array([ratio, (neighbour_ratio(answer) < limit).mean()])

    columns = (
        Column("distance to training over held-out", "", "one", of_request=False),
        Column("copies of training records", "", "low", of_request=False),
    )
    return [
        SetMeasure(columns, needs, lambda records: nearest_distances(describe(records), learned, 2), copied),
        CoverageMeasure(describe, needs, k),
    ]


class CoverageMeasure:
    """Precision and recall; balls stay as they are while events are drawn."""

    columns: tuple[Column, ...] = tuple(
        Column(name, "", "high", of_request=False) for name in ("precision", "recall")
    )
    paired = False

    def __init__(self, features: Features, needs: tuple[str, ...], k: int) -> None:
        """Keep how to describe records.

        Args:
            features: Records to ``(B, ...)`` features of one scale.
            needs: Attributes of ``Records`` that ``features`` reads.
            k: Neighbour that a ball reaches to.
        """
        self.needs = needs
        self._features = features
        self._of_real = Described(features)
        self._k = k

    def judge(self, answer: Records, reference: Records, *, seed: int, n_draws: int) -> list[Interval]:
        """Compare two sets.

        Args:
            answer: What is judged, more records than ``k``.
            reference: Real records, likewise.
            seed: Of the draws of events.
            n_draws: How many draws.

        Returns:
            One interval per column.
        """
        made, real = feature_sets(self._features(answer), self._of_real(reference))
        precise = balls_around(made, real, self._k)[0] > 0
        recalled = balls_around(real, made, self._k)[0] > 0
        return intervals_between(
            lambda draw, other: np.array([precise[draw.rows].mean(), recalled[other.rows].mean()]),
            (answer.event, reference.event),
            seed=seed,
            n_draws=n_draws,
        )
