"""Can a small classifier tell generated records from real ones that it has not seen?

Half of the events teach it, the other half examine it. A generated record goes with the event it was asked
for, so that neither an earthquake nor a request is on both sides: a classifier that has merely learnt the
earthquakes of one side by heart stays at chance. Accuracy is balanced: the mean of that on real and that on
generated records. 0.5 is chance, 1 is always found out.

References:
    Lopez-Paz, D. and Oquab, M. (2017), ICLR, doi:10.48550/arXiv.1610.06545.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError, TooFewRecordsError
from seismic_lightning.evaluation.checks import event_codes
from seismic_lightning.evaluation.classifier import Teaching, coarse, correct_on_grid, fit_on_grid


class Examination(NamedTuple):
    """What the discriminator said of records it had not seen.

    Attributes:
        correct: ``(M,)`` 1 for right, 0 for wrong.
        generated: ``(M,)`` whether the record was generated.
        event: ``(M,)`` event number of each record, for intervals.
    """

    correct: NDArray[np.float64]
    generated: NDArray[np.bool_]
    event: NDArray[np.int64]

    def accuracy(self, rows: NDArray[np.int64] | slice = slice(None)) -> float:
        """Return the balanced accuracy over records examined.

        Args:
            rows: Which of them, all without.

        Returns:
            0 to 1; NaN where real or generated records are lacking.
        """
        right, generated = self.correct[rows], self.generated[rows]
        if generated.all() or not generated.any():
            return float("nan")
        return float((right[generated].mean() + right[~generated].mean()) / 2.0)


def discriminate(
    real: tuple[ArrayLike, ArrayLike],
    generated: tuple[ArrayLike, ArrayLike],
    *,
    seed: int,
    teaching: Teaching | None = None,
) -> Examination:
    """Teach a discriminator on half of the events and examine it on the others.

    Args:
        real: ``(B, C, F, T)`` spectrograms and ``(B,)`` events of real records.
        generated: ``(G, C, F, T)`` spectrograms and ``(G,)`` events of generated ones: the events their
            requests came from, or identifiers of their own where nothing was asked for.
        seed: Equal seeds give equal splits and classifiers.
        teaching: Length and size, the defaults without.

    Returns:
        What it said of the held-out half.

    Raises:
        EvaluationError: Values are not finite, shapes do not fit, or too few events for two halves.
    """
    shapes = [np.shape(part[0])[1:] for part in (real, generated)]
    if shapes[0] != shapes[1]:
        raise EvaluationError(
            f"discriminator: real and generated spectrograms differ in shape, {shapes[0]} and {shapes[1]}"
        )
    grids = [coarse(part[0]) for part in (real, generated)]
    grid = torch.cat(grids)
    label = np.repeat([0, 1], [len(part) for part in grids])
    identifiers = [str(event) for part in (real, generated) for event in np.asarray(part[1]).tolist()]
    event = event_codes(identifiers, len(grid))
    teaches = _halves(event, label, seed)
    # Weighing classes by repetition keeps chance at one half where one set is larger.
    rows = _balanced(np.flatnonzero(teaches), label, seed)
    classifier = fit_on_grid(grid[rows], label[rows], 2, seed=seed, teaching=teaching)
    examined = ~teaches
    return Examination(
        correct_on_grid(classifier, grid[examined], label[examined]), label[examined] == 1, event[examined]
    )


def _halves(event: NDArray[np.int64], label: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Choose the records that teach: half of the events that have real records, half of the others."""
    real_events = np.unique(event[label == 0])
    others = np.setdiff1d(event, real_events)
    generator = np.random.default_rng(seed)
    chosen = [generator.permutation(events)[: len(events) // 2] for events in (real_events, others)]
    teaches = np.isin(event, np.concatenate(chosen))
    for name, number in (("real", 0), ("generated", 1)):
        if len(np.unique(teaches[label == number])) < 2:
            raise TooFewRecordsError(
                f"discriminator: too few events of {name} records for one half that teaches and one that "
                f"examines, {len(np.unique(event[label == number]))} in all"
            )
    return teaches


def _balanced(rows: NDArray[np.int64], label: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Repeat records of the smaller set until both are of equal size."""
    sets = [rows[label[rows] == number] for number in (0, 1)]
    size = max(len(part) for part in sets)
    generator = np.random.default_rng(seed)
    return np.concatenate([np.resize(generator.permutation(part), size) for part in sets])
