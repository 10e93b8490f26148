r"""Does a generator make new records, all kinds of them, and how many are there to judge by?

*Memorisation.* Held-out real records tell how near to the training records a record comes by chance. With
``d1`` and ``d2`` the distances to the nearest and the second nearest training record, a copy has a ratio
``d1 / d2`` near 0 wherever it lies, while a record of the population has one near 1 in many dimensions. A
model that makes average records comes near to all training records without copying any: its distances are
short, its ratios are not. Meehan's z compares the distances of generated and held-out records by their ranks:

.. math:: z = \frac{U - nm/2}{\sqrt{nm (n + m + 1) / 12}}, \qquad
          U = \#\{(i, j): d_1(\text{generated}_i) > d_1(\text{held out}_j)\}

Below about -2 generated records are nearer to the training records than chance allows, above 2 farther.

*Coverage.* Around each record of a set lies a ball that reaches to its k-th neighbour in the set. Precision
is the share of generated records within a ball of a real one, recall the share of real records within a ball
of a generated one; density counts the real balls a generated record lies in, over k, and coverage is the
share of real balls with a generated record in them. A mean record repeated has full precision and no recall.
The same figures of two halves of the real records are the values to compare with.

All of it lives in a feature space that the caller chooses, such as log Fourier amplitudes or spectrograms;
see :func:`~seismic_lightning.evaluation.neighbours.standardised` where features differ in scale.

References:
    Meehan, C., Chaudhuri, K., Dasgupta, S. (2020), A non-parametric test to detect data-copying in generative
    models, AISTATS, doi:10.48550/arXiv.2004.05675.
    Kynkaanniemi, T. et al. (2019), Improved precision and recall metric for assessing generative models,
    NeurIPS 32, doi:10.48550/arXiv.1904.06991.
    Naeem, M. F. et al. (2020), Reliable fidelity and diversity metrics for generative models, ICML,
    doi:10.48550/arXiv.2002.09797.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bins import Bins
from seismic_lightning.evaluation.bootstrap import Draw, Interval, interval
from seismic_lightning.evaluation.neighbours import feature_sets, nearest_distances

COPY_QUANTILE = 0.01
"""Share of held-out records whose ratio is called a copy's; as many generated ones are to be expected."""
_BLOCK_VALUES = 2**24


class Memorisation(NamedTuple):
    """How near generated records come to training records, against held-out real ones.

    Attributes:
        distance_ratio: Median distance of generated records to the nearest training record, over that of
            held-out records; below 1 where they are nearer.
        neighbour_ratio: Median over generated records of nearest over second nearest distance.
        held_out_neighbour_ratio: The same of held-out records.
        copies: Share of generated records with a ratio below the 1 % quantile of held-out ones: 0.01 is
            expected where nothing is copied.
        copying_z: Meehan's z.
    """

    distance_ratio: Interval
    neighbour_ratio: float
    held_out_neighbour_ratio: float
    copies: Interval
    copying_z: float


class Coverage(NamedTuple):
    """How the generated records lie among the real ones, shares of 1 but for density.

    Attributes:
        precision: Generated records that could be real.
        recall: Real records that could be generated.
        density: Real balls around a generated record, over k; 1 is expected, more near the middle.
        coverage: Real balls with a generated record in them.
        n_generated: Records judged.
        n_real: Records compared with.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    n_generated: int
    n_real: int


def memorisation(
    generated: ArrayLike,
    training: ArrayLike,
    held_out: ArrayLike,
    *,
    event: ArrayLike | None = None,
    seed: int = 0,
) -> Memorisation:
    """Look for training records among generated ones.

    Args:
        generated: ``(n, ...)`` features of generated records.
        training: ``(m, ...)`` the same features of the records that the model was trained on, two at least.
        held_out: ``(h, ...)`` of real records of other events.
        event: ``(n,)`` event, or request, of each generated record; None where each is one of its own.
        seed: Of the draws of events that the intervals rest on.

    Returns:
        The figures; held-out records are taken for exact in the intervals.

    Raises:
        EvaluationError: Other features, values that are not finite, or training records that the held-out
            ones repeat.
    """
    found, expected = (nearest_distances(records, training, 2) for records in (generated, held_out))
    middle = float(np.median(expected[:, 0]))
    if middle == 0.0:
        raise EvaluationError(
            "memorisation: most held-out records are training records, give records of other events"
        )
    ratio, usual = neighbour_ratio(found), neighbour_ratio(expected)
    limit = float(np.quantile(usual, COPY_QUANTILE))
    copied, events = ratio < limit, np.arange(len(found)) if event is None else event

    def distance_ratio(draw: Draw) -> float:
        return float(np.median(found[draw.rows, 0])) / middle

    return Memorisation(
        distance_ratio=interval(distance_ratio, events, seed=seed),
        neighbour_ratio=float(np.median(ratio)),
        held_out_neighbour_ratio=float(np.median(usual)),
        copies=interval(lambda draw: float(copied[draw.rows].mean()), events, seed=seed),
        copying_z=rank_z(found[:, 0], expected[:, 0]),
    )


def rank_z(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Compare two samples by their ranks.

    Args:
        first: ``(n,)``.
        second: ``(m,)``.

    Returns:
        Standard score of the Mann-Whitney statistic, negative where the first are smaller; ties count half.
    """
    ordered = np.sort(second)
    below = np.searchsorted(ordered, first, side="left")
    u = 0.5 * float((below + np.searchsorted(ordered, first, side="right")).sum())
    n, m = first.size, second.size
    return (u - n * m / 2.0) / float(np.sqrt(n * m * (n + m + 1) / 12.0))


def coverage(generated: ArrayLike, real: ArrayLike, *, k: int = 3) -> Coverage:
    """Tell how much of the real records the generated ones cover, and how many of them lie outside.

    Args:
        generated: ``(n, ...)`` features, more records than ``k``; the figures depend on n and m, so compare
            only what has as many.
        real: ``(m, ...)`` the same features of real records, more than ``k``.
        k: Neighbour that a ball reaches to.

    Returns:
        Precision, recall, density and coverage.

    Raises:
        EvaluationError: Too few records, other features, or values that are not finite.
    """
    made, others = feature_sets(generated, real)
    n_real_balls, reached = balls_around(made, others, k)
    n_made_balls, _ = balls_around(others, made, k)
    return Coverage(
        precision=float((n_real_balls > 0).mean()),
        recall=float((n_made_balls > 0).mean()),
        density=float(n_real_balls.mean()) / k,
        coverage=float(reached.mean()),
        n_generated=len(made),
        n_real=len(others),
    )


def counts_by_bin(magnitude: ArrayLike, distance_km: ArrayLike, bins: Bins) -> pd.DataFrame:
    """Count records by magnitude and distance, so that a figure of few records is seen as such.

    Args:
        magnitude: ``(B,)``.
        distance_km: ``(B,)``.
        bins: Of magnitude and distance.

    Returns:
        One row per bin with ``bin`` and ``n_records``, empty bins too; last a row ``outside``.

    Raises:
        EvaluationError: Figures that are not finite or not as many.
    """
    n_records = (np.size(magnitude), np.size(distance_km))
    if n_records[0] != n_records[1]:
        raise EvaluationError(f"distance_km: {n_records[0]} records need as many, got {n_records[1]}")
    place = bins.place(magnitude, distance_km)
    counts = [int((place == number).sum()) for number in (*range(len(bins.names)), -1)]
    return pd.DataFrame({"bin": [*bins.names, "outside"], "n_records": counts})


def neighbour_ratio(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(n,)`` nearest over second nearest of ``(n, 2)`` distances.

    A copy has 0, even of a record that is there twice.
    """
    return distances[:, 0] / np.where(distances[:, 1] > 0.0, distances[:, 1], 1.0)


def balls_around(
    points: NDArray[np.float64], centres: NDArray[np.float64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Find the balls that points lie in.

    Args:
        points: ``(n, D)``.
        centres: ``(m, D)`` of balls, more than ``k``.
        k: Neighbour among the centres that a ball reaches to.

    Returns:
        ``(n,)`` how many balls hold each point, and ``(m,)`` which balls hold any.

    Raises:
        EvaluationError: Too few centres.
    """
    radius = nearest_distances(centres, centres, k, without_itself=True)[:, -1]
    n_balls, reached = np.zeros(len(points), dtype=np.int64), np.zeros(len(centres), dtype=np.bool_)
    middle = centres.mean(axis=0)
    points, centres = points - middle, centres - middle
    squares = (centres**2).sum(axis=1)
    rows = max(1, _BLOCK_VALUES // len(centres))
    for start in range(0, len(points), rows):
        block = points[start : start + rows]
        squared = (block**2).sum(axis=1)[:, None] + squares - 2.0 * (block @ centres.T)
        inside = squared <= radius**2
        n_balls[start : start + rows] = inside.sum(axis=1)
        reached |= inside.any(axis=0)
    return n_balls, reached
