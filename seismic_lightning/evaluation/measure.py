"""What a measure is: a few columns of a table, taken from answers and the records they answer.

``PairedMeasure`` compares answer i with record i. ``SetMeasure`` compares two sets as wholes, and serves
where there are no pairs. Both first reduce each record to a few numbers, once, and take their columns from
these numbers for any draw of events: that is what makes intervals affordable. Some columns leave records out,
such as those too weak to be read; ``used`` tells which remain, so that no figure boasts of records that it
does not rest on.
"""

from collections.abc import Callable
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bootstrap import Draw, Interval, intervals, intervals_between

T = TypeVar("T")
Array = NDArray[np.float64]
Samples = NDArray[np.floating[Any]]
"""Spectrograms and waveforms, which may be kept in single precision to save memory."""
Used = Callable[[Array], NDArray[np.bool_]]
"""From the ``(B, K)`` numbers of records to ``(B, columns)``: which records a column rests on."""
Best = Literal["high", "low", "zero", "one", "half", "rebuilt"]
"""``rebuilt`` is low where a record is rebuilt; of a draw no value is best."""


class Records(NamedTuple):
    """Records, real or generated, and what they belong to.

    Attributes:
        event: ``(B,)`` identifiers; of a generated record, of the request's event, or one of its own.
        level: ``(B, C, F, T)`` ``log10(magnitude + floor)`` in dex, None where there are no spectrograms.
        waveform: ``(B, C, N)`` ground motion, None where there are no waveforms.
        magnitude: ``(B,)`` magnitude, of a generated record the requested one; None where unknown.
        distance_km: ``(B,)`` hypocentral distance, likewise.
        p_s: ``(B,)`` from the first sample to P; None where no frequency is left out for noise.
        intensity: ``(B, 7)`` decadic logarithms of intensity measures, see ``columns.with_intensity``.
        seismogram: ``(B, K)`` what a seismologist reads, see ``seismogram_columns.with_seismogram``.
    """

    event: NDArray[np.generic]
    level: Samples | None = None
    waveform: Samples | None = None
    magnitude: Array | None = None
    distance_km: Array | None = None
    p_s: Array | None = None
    intensity: Array | None = None
    seismogram: Array | None = None

    def take(self, rows: NDArray[np.int64]) -> "Records":
        """Return some of the records.

        Args:
            rows: ``(M,)`` which of them.
        """
        kept = {name: part[rows] for name, part in self._asdict().items() if part is not None}
        return Records(**kept)

    def lacks(self, parts: tuple[str, ...]) -> str | None:
        """Name the first part that is asked for and not there.

        Args:
            parts: Names of attributes.
        """
        return next((name for name in parts if getattr(self, name) is None), None)


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        name: What is measured.
        unit: Its unit, empty for a pure number.
        best: Which values are good: high, low, near zero, near one, near one half, or low of records that are
            rebuilt.
        of_request: Whether it tells answers from the same answers in another order.
    """

    name: str
    unit: str
    best: Best
    of_request: bool = True


class Measure(Protocol):
    """A family of columns.

    Attributes:
        columns: What ``judge`` returns, in its order.
        needs: Attributes of ``Records`` that it reads.
        paired: Whether answer i must answer record i.
    """

    columns: tuple[Column, ...]
    needs: tuple[str, ...]
    paired: bool

    def judge(self, answer: Records, reference: Records, *, seed: int, n_draws: int) -> list[Interval]:
        """Return one interval per column.

        Args:
            answer: What is judged.
            reference: Real records.
            seed: Of the draws of events.
            n_draws: How many draws.
        """
        ...


class PairedMeasure:
    """Columns from numbers that compare each answer with its record."""

    paired = True

    def __init__(
        self,
        columns: tuple[Column, ...],
        needs: tuple[str, ...],
        compare: Callable[[Records, Records], Array],
        reduce: Callable[[Array, Draw], Array],
        used: Used | None = None,
    ) -> None:
        """Keep how to compare and reduce.

        Args:
            columns: One per number that ``reduce`` returns.
            needs: Attributes of ``Records`` that ``compare`` reads.
            compare: Answers and records to ``(B, K)`` numbers.
            reduce: ``(M, K)`` numbers of drawn records, and the draw, to ``(len(columns),)``.
            used: Which pairs a column rests on, all without.
        """
        self.columns = columns
        self.needs = needs
        self._compare = compare
        self._reduce = reduce
        self._used = used

    def judge(self, answer: Records, reference: Records, *, seed: int, n_draws: int) -> list[Interval]:
        """Compare record by record.

        Args:
            answer: What is judged, B of them.
            reference: The B records that are answered, in the same order; events are theirs.
            seed: Of the draws of events.
            n_draws: How many draws.

        Returns:
            One interval per column.

        Raises:
            EvaluationError: Answers and records are not equally many.
        """
        if len(answer.event) != len(reference.event):
            raise EvaluationError(
                f"{self.columns[0].name}: {len(answer.event)} answers and {len(reference.event)} records "
                "make no pairs"
            )
        numbers = self._compare(answer, reference)
        found = intervals(
            lambda draw: self._reduce(numbers[draw.rows], draw), reference.event, seed=seed, n_draws=n_draws
        )
        return _counted(found, numbers, reference.event, self._used)


class Described(Generic[T]):
    """Describes real records once for all rows; of answers it would keep samples in memory."""

    def __init__(self, describe: Callable[[Records], T]) -> None:
        """Keep how to describe.

        Args:
            describe: Records to whatever a measure needs of them.
        """
        self._describe = describe
        self._last: tuple[Records, T] | None = None

    def __call__(self, records: Records) -> T:
        """Return what was found, at once if these records were described last.

        Args:
            records: Real ones.
        """
        if self._last is None or self._last[0] is not records:
            self._last = (records, self._describe(records))
        return self._last[1]


class SetMeasure:
    """Columns from numbers that describe each record of two sets."""

    paired = False

    def __init__(
        self,
        columns: tuple[Column, ...],
        needs: tuple[str, ...],
        describe: Callable[[Records], Array],
        reduce: Callable[[Array, Array], Array],
        used: Used | None = None,
    ) -> None:
        """Keep how to describe and compare.

        Args:
            columns: One per number that ``reduce`` returns.
            needs: Attributes of ``Records`` that ``describe`` reads.
            describe: Records to ``(B, K)`` numbers.
            reduce: Numbers of drawn answers and of drawn real records to ``(len(columns),)``.
            used: Which answers a column rests on, all without.
        """
        self.columns = columns
        self.needs = needs
        self._describe = describe
        self._reduce = reduce
        self._used = used
        # Once for all answers that are compared with the same records.
        self._of_reference = Described(describe)

    def judge(self, answer: Records, reference: Records, *, seed: int, n_draws: int) -> list[Interval]:
        """Compare two sets.

        Args:
            answer: What is judged.
            reference: Real records, any number.
            seed: Of the draws of events.
            n_draws: How many draws.

        Returns:
            One interval per column, which counts answers.
        """
        first, second = self._describe(answer), self._of_reference(reference)
        found = intervals_between(
            lambda draw, other: self._reduce(first[draw.rows], second[other.rows]),
            (answer.event, reference.event),
            seed=seed,
            n_draws=n_draws,
        )
        return _counted(found, first, answer.event, self._used)


def _counted(
    found: list[Interval], numbers: Array, event: NDArray[np.generic], used: Used | None
) -> list[Interval]:
    """Let intervals count the records that they rest on."""
    if used is None:
        return found
    return [cell.resting_on(kept, event) for cell, kept in zip(found, used(numbers).T, strict=True)]
