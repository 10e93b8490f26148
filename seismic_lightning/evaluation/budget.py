"""The error budget: every answer beside the guesses below it and the ceilings above it, measure by measure.

Rows are answers to real records: the constant mean spectrogram, a random other record, one half of the real
records against the other (the floor of every comparison of sets), the real spectrogram with its phase
recovered (the ceiling of every waveform), the model's encoding and decoding (oracle), and what it generates
from a condition or from the prior. Columns are measures. What cannot be judged stays in the table with its
reason: a paired measure of answers that have no pairs, a waveform where there is none.

Whatever makes the answers (phase recovery, models) stays outside: arrays come in, a table goes out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from seismic_lightning.errors import EvaluationError, TooFewRecordsError
from seismic_lightning.evaluation.baselines import mean_for_each, other_records, split_halves
from seismic_lightning.evaluation.bootstrap import Interval
from seismic_lightning.evaluation.measure import Array, Column, Measure, Records

MEAN_ROW = "constant mean spectrogram"
OTHER_ROW = "random other record"
HALVES_ROW = "split-half of real records"
CEILING_ROW = "inversion ceiling"
ORACLE_ROW = "oracle"
CONDITIONAL_ROW = "conditional generation"
PRIOR_ROW = "prior generation"
AGGREGATE_ROW = "aggregate generation"
NO_PAIRS = "no pairs"
REORDERED = "the same real records in another order"
UNDEFINED = "not defined for these records"
TABLE_COLUMNS = (
    "row",
    "measure",
    "unit",
    "best",
    "value",
    "low",
    "high",
    "n_records",
    "n_events",
    "n_lost",
    "absent",
)


class Answer(NamedTuple):
    """One row of the budget.

    Attributes:
        name: Of the row.
        records: What is judged.
        paired: Whether answer i answers record i of the reference.
        reference: Real records in place of the table's, as the other half has.
        reordered: Whether these are the real records themselves, each where another was asked for. Columns
            that do not look at the request have nothing to tell of them.
    """

    name: str
    records: Records
    paired: bool
    reference: Records | None = None
    reordered: bool = False


def baseline_rows(
    real: Records, mean_level: Array, *, seed: int, mean_waveform: Array | None = None
) -> list[Answer]:
    """Return the rows that need no model.

    Args:
        real: The real records that are answered.
        mean_level: ``(C, F, T)`` mean spectrogram of the training split, in dex.
        seed: Of the choices of records.
        mean_waveform: ``(C, N)`` the mean spectrogram with phases recovered; or ``(B, C, N)``, one recovery a
            record.

    Returns:
        Constant mean spectrogram, random other record, and split-half. The first has no ``intensity`` yet,
        and nobody has read the seismograms of the first two as answers.
    """
    n_records = len(real.event)
    waveform = mean_waveform
    if mean_waveform is not None and mean_waveform.ndim == 2:
        waveform = np.broadcast_to(mean_waveform, (n_records, *mean_waveform.shape))
    constant = real._replace(
        level=mean_for_each(mean_level, n_records), waveform=waveform, intensity=None, seismogram=None
    )
    # The other record answers the request, whose source therefore stays; what was read from it with its own
    # source does not.
    other = real.take(other_records(real.event, seed))
    asked = {name: getattr(real, name) for name in ("event", "magnitude", "distance_km", "p_s")}
    other = other._replace(**asked, seismogram=None)
    first, second = (real.take(rows) for rows in split_halves(real.event, seed))
    return [
        Answer(MEAN_ROW, constant, paired=True),
        Answer(OTHER_ROW, other, paired=True, reordered=True),
        Answer(HALVES_ROW, first, paired=False, reference=second),
    ]


def error_budget(
    answers: Sequence[Answer],
    real: Records,
    measures: Sequence[Measure],
    *,
    seed: int,
    n_draws: int = 200,
    reasons: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Judge all answers by all measures.

    Args:
        answers: Rows of the budget.
        real: Real records that the answers answer, or are compared with as a set.
        measures: Columns of the budget.
        seed: Of the draws of events.
        n_draws: Draws of events for the intervals.
        reasons: Why a measure of this name has no value, where the caller knows better than ``UNDEFINED``.

    Returns:
        One line per row and column with ``TABLE_COLUMNS``. ``value``, ``low`` and ``high`` are null where
        ``absent`` tells why; records and events are those that the value rests on, ``n_lost`` counts draws
        of events that gave none.

    Raises:
        EvaluationError: Nothing to judge, two rows or columns of one name, or what a measure refuses.
    """
    _refuse_repeated("rows", [answer.name for answer in answers])
    _refuse_repeated("measures", [column.name for measure in measures for column in measure.columns])
    lines = [
        (answer.name, *line)
        for answer in answers
        for measure in measures
        for line in _lines(answer, answer.reference or real, measure, (seed, n_draws))
    ]
    table = pd.DataFrame(lines, columns=list(TABLE_COLUMNS))
    known = table["measure"].map(dict(reasons or {})) if reasons else None
    if known is not None:
        unexplained = (table["absent"] == UNDEFINED) & known.notna()
        table.loc[unexplained, "absent"] = known[unexplained]
    return table


def as_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Lay the values out as people read them: rows down, measures across, in the order they came.

    Args:
        table: What ``error_budget`` returned.

    Returns:
        Values by row and measure, null where absent.
    """
    matrix = table.pivot(index="row", columns="measure", values="value")
    return matrix.loc[table["row"].unique(), table["measure"].unique()]


def _lines(
    answer: Answer, reference: Records, measure: Measure, drawn: tuple[int, int]
) -> Iterator[tuple[object, ...]]:
    """Yield one line per column of a measure, without the row's name."""
    reason = _absent(answer, reference, measure)
    judged: list[Interval] = []
    if reason is None:
        seed, n_draws = drawn
        try:
            judged = measure.judge(answer.records, reference, seed=seed, n_draws=n_draws)
        except TooFewRecordsError as error:
            reason = str(error)
        except EvaluationError as error:
            raise EvaluationError(f"{answer.name}, {measure.columns[0].name}: {error}") from error
    for place, column in enumerate(measure.columns):
        if answer.reordered and not column.of_request:
            yield _line(column, None, REORDERED)
        else:
            yield _line(column, judged[place] if judged else None, reason)


def _line(column: Column, cell: Interval | None, reason: str | None) -> tuple[object, ...]:
    """Return a line of the table without the row's name."""
    if cell is None:
        return (*column[:3], np.nan, np.nan, np.nan, 0, 0, 0, reason)
    return (*column[:3], *cell, UNDEFINED if np.isnan(cell.value) else None)


def _absent(answer: Answer, reference: Records, measure: Measure) -> str | None:
    """Tell why a measure does not apply to an answer."""
    if measure.paired and not answer.paired:
        return NO_PAIRS
    if answer.reordered and not any(column.of_request for column in measure.columns):
        return REORDERED
    lacking = answer.records.lacks(measure.needs)
    if lacking is not None:
        return f"no {lacking}"
    lacking = reference.lacks(measure.needs)
    return None if lacking is None else f"no {lacking} of the real records"


def _refuse_repeated(what: str, names: list[str]) -> None:
    if not names:
        raise EvaluationError(f"error budget: there are no {what}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise EvaluationError(f"error budget: {what} of one name: {', '.join(repeated)}")
