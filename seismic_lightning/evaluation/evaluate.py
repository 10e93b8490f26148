"""From a checkpoint and a dataset to everything that can be said of the one by the other."""

from dataclasses import asdict, dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

import seismic_lightning
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.answers import Making, answers, guesses, rows_of
from seismic_lightning.evaluation.chosen import choose
from seismic_lightning.evaluation.curves import CurveMaker
from seismic_lightning.evaluation.examples import example_places, examples_of
from seismic_lightning.evaluation.judging import Judge, bins_table, lost_draws, make_judge, one_table
from seismic_lightning.evaluation.progress import StepProgress, silently
from seismic_lightning.evaluation.reading import JudgedRecords
from seismic_lightning.evaluation.report_standing import worse_than_mean
from seismic_lightning.evaluation.result import REAL, Curves, Evaluation, Example
from seismic_lightning.evaluation.schooling import DEV, TRAIN, learn
from seismic_lightning.evaluation.subject import Subject, read_subject
from seismic_lightning.generation.trained import Trained
from seismic_lightning.transforms.phase import FAST_ITERATIONS

FEW_RECORDS = 100
"""A set below this size is worth a warning: intervals are wide, and distances between sets too large."""
_N_GUESSES, _SHOWN = 3, 12
_SEEN_IN_TRAINING = {
    TRAIN: ["The model was trained on the records it is judged by."],
    DEV: [
        "The dev split is not held out: the best checkpoint was chosen by it, and by it the fit of a density "
        "of latents was ended; subset=test is."
    ],
}


@dataclass(frozen=True)
class EvaluationSettings:
    """How an evaluation is made.

    Attributes:
        subset: Split that is judged: ``train``, ``dev`` or ``test``.
        max_records: At most so many records are judged.
        max_training_records: At most so many of the training split are looked at.
        n_draws: Draws of events that intervals rest on.
        n_iterations: Of the phase recovery.
        temperature: Of generation.
        seed: Of everything that is drawn.
    """

    subset: str = "test"
    max_records: int = 2000
    max_training_records: int = 5000
    n_draws: int = 200
    n_iterations: int = FAST_ITERATIONS
    temperature: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that make no evaluation."""
        for name in ("max_records", "max_training_records", "n_draws", "n_iterations"):
            if getattr(self, name) < 1:
                raise EvaluationError(f"{name}={getattr(self, name)}: give 1 or more")
        if self.seed < 0 or self.temperature < 0:
            raise EvaluationError(
                f"seed={self.seed}, temperature={self.temperature:g}: give numbers of 0 or more"
            )


def evaluate(
    trained: Trained,
    dataset: CuratedDataset,
    settings: EvaluationSettings,
    *,
    training: CuratedDataset | None = None,
    progress: StepProgress = silently,
) -> Evaluation:
    """Judge a trained model by the records of a dataset.

    Args:
        trained: The checkpoint.
        dataset: Whose records are answered.
        settings: How.
        training: The dataset that the model was trained on, where it is another one.
        progress: Told of every step.

    Returns:
        Tables, curves, examples and notes. Equal seeds give equal ones on one machine.

    Raises:
        DatasetError: The dataset does not suit the checkpoint.
        EvaluationError: It has too few records, or the model makes something that cannot be judged.
    """
    seen = JudgedRecords(trained, dataset)
    school = _school(seen, training)
    chosen = choose(dataset, settings.subset, settings.max_records, settings.seed)
    subject = read_subject(seen, chosen, progress)
    schooling = learn(school, subject.ground.unit, settings.max_training_records, settings.seed, progress)
    judge, left_out = make_judge(subject, schooling, settings.seed, settings.n_draws)
    making = Making(settings.n_iterations, settings.temperature, settings.seed, progress)
    findings = _judged(judge, making)
    budget = one_table(findings.tables)
    found = [*findings.notes, *lost_draws(budget, settings.n_draws)]
    return Evaluation(
        budget=budget,
        bins=bins_table(findings.bins),
        examples=findings.examples,
        curves=findings.curves,
        notes=[
            *worse_than_mean(budget),
            *_sizes(judge, settings),
            *_kinship(judge, school, settings),
            *left_out,
            *found,
        ],
        about=_about(subject, settings),
    )


class _Findings(NamedTuple):
    """What the rows left behind when they had been judged."""

    tables: list[pd.DataFrame]
    bins: list[dict[str, object]]
    examples: list[Example]
    curves: Curves
    notes: list[str]


def _judged(judge: Judge, making: Making) -> _Findings:
    """Make and judge row by row, keeping no spectrogram."""
    subject, schooling = judge.subject, judge.schooling
    curves = CurveMaker(subject.rate_hz, subject.ground.unit)
    curves.add(REAL, subject.records)
    places = example_places(subject, making.seed)
    tables, bins, examples, notes = [], list[dict[str, object]](), list[Example](), list[str]()
    own = rows_of(subject)
    rows = chain(guesses(subject, schooling.mean_level, making), answers(subject, making))
    for number, made in enumerate(rows):
        answer, note = made.answer, made.note
        making.progress(f"{answer.name}: judging", number, _N_GUESSES + len(own))
        tables.append(judge.budget(answer))
        bins += judge.bins(answer)
        curves.add(answer.name, answer.records)
        notes += [note] if note else []
        if answer.name == own[-1]:
            examples = examples_of(subject, made, places)
            notes += _without_examples(len(places) - len(examples), len(places))
    making.progress("done", 1, 1)
    return _Findings(tables, bins, examples, curves.curves(), notes)


def _without_examples(n_lacking: int, n_places: int) -> list[str]:
    """Say that records chosen as examples have no answer to be shown."""
    if n_lacking == 0:
        return []
    return [f"{n_lacking} of {n_places} examples are left out: a component of the answer is silent."]


def _school(seen: JudgedRecords, training: CuratedDataset | None) -> JudgedRecords:
    """Return the dataset whose training split is looked at."""
    if training is None or training.dataset_id == seen.dataset.dataset_id:
        return seen
    if training.dataset_id != seen.trained.dataset_id:
        raise EvaluationError(
            f"training_dir={training.root}: is dataset {training.dataset_id[:_SHOWN]}, but "
            f"{seen.trained.path} was trained on {seen.trained.dataset_id[:_SHOWN]}"
        )
    return JudgedRecords(seen.trained, training)


def _sizes(judge: Judge, settings: EvaluationSettings) -> list[str]:
    """Say how many records were judged, and whether that is few."""
    subject = judge.subject
    n_records, n_events = len(subject.rows), len(np.unique(subject.records.event))
    notes = [f"{n_records} records of {n_events} events of the {settings.subset} split were judged."]
    if n_records < FEW_RECORDS:
        notes.append(
            f"Only {n_records} records: intervals are wide, distances between sets too large, and a missing "
            "difference proves nothing."
        )
    return [*notes, *subject.seen.notes, *subject.notes, *judge.schooling.notes]


def _kinship(judge: Judge, school: JudgedRecords, settings: EvaluationSettings) -> list[str]:
    """Say whether the model may have seen what it is judged by."""
    seen = judge.subject.seen
    ours, theirs = seen.dataset.dataset_id, seen.trained.dataset_id
    if ours == theirs:
        return _SEEN_IN_TRAINING.get(settings.subset, [])
    notes = [f"The model was trained on another dataset ({theirs[:_SHOWN]}) than this ({ours[:_SHOWN]})."]
    if school is seen:
        return [
            *notes,
            "Mean spectrogram, classifier and training records are those of this dataset's own training "
            "split, and events in common with the model's training are not known; give training_dir=...",
        ]
    common = len(set(judge.subject.records.event.tolist()) & judge.schooling.events)
    return [*notes, f"{common} of the events judged are among the model's training events, by identifier."]


def _about(subject: Subject, settings: EvaluationSettings) -> dict[str, object]:
    """Return what the figures belong to, as plain values."""
    trained, dataset = subject.seen.trained, subject.seen.dataset
    return {
        "checkpoint": str(trained.path),
        "checkpoint_sha256": trained.sha256(),
        "model": type(trained.model).__name__,
        "conditional": trained.conditional,
        "trained_on": trained.dataset_id,
        "dataset": str(dataset.root),
        "dataset_id": dataset.dataset_id,
        "components": dataset.components,
        "unit": subject.ground.unit,
        "checkpoint_unit": trained.unit,
        "rate_hz": trained.rate_hz,
        "before_p_s": trained.before_p_s,
        "length_s": trained.length_s,
        "n_records": len(subject.rows),
        "n_events": len(np.unique(subject.records.event)),
        "version": seismic_lightning.__version__,
        **asdict(settings),
        **trained.sampling,
    }
