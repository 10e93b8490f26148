"""Answers to real records, row by row of the error budget: guesses, ceilings, and what the model makes.

Each row is made when it is asked for and may be dropped when it has been judged: the spectrograms of two
thousand records take a gigabyte. The level of an answer is the spectrogram that it was made from, except for
the inversion ceiling, which is judged by the spectrogram of the waveform that came out.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.evaluation.budget import (
    AGGREGATE_ROW,
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    ORACLE_ROW,
    PRIOR_ROW,
    Answer,
    baseline_rows,
)
from seismic_lightning.evaluation.measure import Records
from seismic_lightning.evaluation.progress import StepProgress
from seismic_lightning.evaluation.reading import BATCH_RECORDS
from seismic_lightning.evaluation.seismogram import Known
from seismic_lightning.evaluation.subject import Subject
from seismic_lightning.nn.noise import keyed_generator
from seismic_lightning.transforms.phase import recover_waveform

_CPU = torch.device("cpu")
"""Where noise is drawn, so that devices agree."""
Make = Callable[[Batch], Tensor]
"""From records as the model sees them to ``(B, C, F, T)`` answers in the model's representation."""


class Making(NamedTuple):
    """How answers are made.

    Attributes:
        n_iterations: Of the phase recovery.
        temperature: Of generation.
        seed: Of choices and of generation.
        progress: Told of every batch.
    """

    n_iterations: int
    temperature: float
    seed: int
    progress: StepProgress


class Made(NamedTuple):
    """One row.

    Attributes:
        answer: The row.
        note: A sentence where answers had to be left out.
        kept: ``(M,)`` places of the records that are answered; None for all.
    """

    answer: Answer
    note: str | None = None
    kept: NDArray[np.int64] | None = None


def rows_of(subject: Subject) -> list[str]:
    """Return the names of the rows that a model can answer, in the order of the budget.

    Args:
        subject: Real records, and the model.
    """
    trained = subject.seen.trained
    names = [CEILING_ROW, ORACLE_ROW]
    if not trained.model.draws:
        return names
    drawn = CONDITIONAL_ROW if trained.conditional else PRIOR_ROW
    return [*names, drawn, *([AGGREGATE_ROW] if trained.sampler == "aggregate" else [])]


def guesses(subject: Subject, mean_level: NDArray[np.float64], making: Making) -> Iterator[Made]:
    """Yield the rows that need no model.

    Args:
        subject: Real records.
        mean_level: ``(C, F, T)`` of the training split, in dex.
        making: How.
    """
    waveform = _mean_waveform(subject, mean_level, making)
    for answer in baseline_rows(subject.records, mean_level, seed=making.seed, mean_waveform=waveform):
        # Both halves were read with what is known of them; the others answer requests of other records.
        yield Made(answer) if answer.name == HALVES_ROW else heard(subject, answer, None)


def answers(subject: Subject, making: Making) -> Iterator[Made]:
    """Yield the rows that the model answers.

    Args:
        subject: Real records, and the model.
        making: How.

    Raises:
        EvaluationError: The model makes something that is not finite.
    """
    for name in rows_of(subject):
        yield answer_of(subject, name, making)


def answer_of(subject: Subject, name: str, making: Making) -> Made:
    """Make one row that the model answers.

    Args:
        subject: Real records, and the model.
        name: Of the row, one of ``rows_of``.
        making: How.

    Raises:
        EvaluationError: The model makes something that is not finite.
    """
    trained = subject.seen.trained
    if name == CEILING_ROW:
        records = _made(subject, name, lambda batch: batch.spectrogram, making)
    elif name == ORACLE_ROW:
        records = _made(
            subject, name, lambda batch: trained.reconstruct(batch.spectrogram, batch.condition), making
        )
    else:
        records = _made(subject, name, _drawing(subject, name, making), making)
    making.progress(f"{name}: reading seismograms", 0, 1)
    if name in (PRIOR_ROW, AGGREGATE_ROW) and not trained.conditional:
        drawn = Answer(name, _of_nothing(records, making.seed), paired=False)
        return heard(subject, drawn, _nowhere(subject))
    return heard(subject, Answer(name, records, paired=True), None)


def heard(subject: Subject, answer: Answer, known: Known | None) -> Made:
    """Leave silent answers out, together with the records they answer, and measure the others.

    Args:
        subject: Real records.
        answer: With waveforms.
        known: What is known of the answers; that of the real records without.
    """
    waveform = answer.records.waveform
    whole = known or subject.known
    if waveform is None:
        return Made(answer)
    silent = (np.abs(waveform).max(axis=-1) <= 0.0).any(axis=1)
    if not silent.any():
        return Made(answer._replace(records=subject.measured(answer.records, whole)))
    note = f"{answer.name}: {silent.sum()} of {len(silent)} answers have a silent component and are left out."
    kept = np.flatnonzero(~silent)
    if kept.size == 0:
        bare = answer.records._replace(waveform=None)
        return Made(answer._replace(records=bare), note, kept)
    records = subject.measured(answer.records.take(kept), _some(whole, kept, len(silent)))
    reference = subject.records.take(kept) if answer.paired else None
    return Made(answer._replace(records=records, reference=reference), note, kept)


def _drawing(subject: Subject, name: str, making: Making) -> Make:
    """Return what draws records for a batch.

    The noise of an answer follows from the seed and the record's row in the dataset: it does not depend on
    which other records are judged, nor on their number.
    """
    trained, sampler = subject.seen.trained, "aggregate" if name == AGGREGATE_ROW else "prior"

    def draw(batch: Batch) -> Tensor:
        noise = [keyed_generator(_CPU, making.seed, row) for row in batch.index.tolist()]
        return trained.model.generate(
            batch.condition, generator=noise, temperature=making.temperature, sampler=sampler
        )

    return draw


def _made(subject: Subject, name: str, make: Make, making: Making) -> Records:
    """Answer all records, and recover waveforms."""
    seen, real = subject.seen, subject.records
    levels, waveforms, n_records = [], [], len(subject.rows)
    for number, batch in enumerate(seen.batches(subject.rows)):
        place = slice(number * BATCH_RECORDS, number * BATCH_RECORDS + len(batch.index))
        representation = make(batch)
        waveform = seen.trained.waveform(representation, n_iterations=making.n_iterations)
        of_waveform = name == CEILING_ROW
        levels.append(seen.level_of_waveform(waveform) if of_waveform else seen.level(representation))
        waveforms.append(subject.ground.of(waveform.float().cpu().numpy(), place, subject.rate_hz))
        making.progress(f"{name}: making records", min(place.stop, n_records), n_records)
    return real._replace(
        level=np.concatenate(levels), waveform=np.concatenate(waveforms), intensity=None, seismogram=None
    )


def _mean_waveform(subject: Subject, mean_level: NDArray[np.float64], making: Making) -> NDArray[np.float64]:
    """Return the waveform of the mean spectrogram, ``(B, C, N)`` in the unit that records are judged in."""
    making.progress("constant mean spectrogram", 0, 1)
    trained = subject.seen.trained
    front = trained.front
    floor = 0.0 if front.scaling is None else front.scaling.constants.floor
    magnitude = torch.from_numpy((10.0**mean_level - floor).clip(min=0.0)).to(front.preprocess.dtype)
    waveform = recover_waveform(
        magnitude.to(trained.device), front.stft, trained.n_samples, n_iterations=making.n_iterations
    )
    each = np.broadcast_to(waveform.cpu().numpy(), (len(subject.rows), *waveform.shape))
    return np.asarray(subject.ground.of(each, slice(None), subject.rate_hz))


def _of_nothing(records: Records, seed: int) -> Records:
    """Return records drawn without a request: each is an event of its own."""
    event = np.array([f"drawn {seed} {number}" for number in range(len(records.event))])
    return records._replace(event=event, magnitude=None, distance_km=None, p_s=None)


def _nowhere(subject: Subject) -> Known:
    """Return what is known of records drawn without a request: where P lies in the window."""
    return Known(subject.seen.trained.before_p_s, np.nan, np.nan, np.nan)


def _some(known: Known, kept: NDArray[np.int64], n_records: int) -> Known:
    """Return what is known of some of the records."""
    return Known(*(np.broadcast_to(np.asarray(part), (n_records,))[kept] for part in known))
