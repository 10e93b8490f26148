"""Answers to requests: what is read from them, what they depend on, and what is left out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.judged import untrained

from seismic_lightning.curation.store import open_dataset
from seismic_lightning.evaluation.answers import Making, answer_of, guesses, heard
from seismic_lightning.evaluation.baselines import other_records
from seismic_lightning.evaluation.budget import CONDITIONAL_ROW, HALVES_ROW, MEAN_ROW, OTHER_ROW, Answer
from seismic_lightning.evaluation.chosen import choose
from seismic_lightning.evaluation.examples import example_places, examples_of
from seismic_lightning.evaluation.measure import Records
from seismic_lightning.evaluation.progress import silently
from seismic_lightning.evaluation.reading import JudgedRecords
from seismic_lightning.evaluation.seismogram import COLUMNS
from seismic_lightning.evaluation.subject import Subject, read_subject
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.records.local_magnitude import minus_log_a0
from seismic_lightning.records.travel_time import KOERI

MAKING = Making(n_iterations=2, temperature=1.0, seed=3, progress=silently)


@pytest.fixture(scope="module")
def trained(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a CVAE of random weights."""
    torch.manual_seed(0)
    return untrained(CVAE, dataset_dir, tmp_path_factory.mktemp("answers"), units="sensitivity")


def asked(trained: Trained, dataset_dir: Path, max_records: int) -> Subject:
    """Return records of the training split that are to be answered."""
    dataset = open_dataset(dataset_dir)
    return read_subject(JudgedRecords(trained, dataset), choose(dataset, "train", max_records, 0), silently)


@pytest.fixture(scope="module")
def subject(trained: Trained, dataset_dir: Path) -> Subject:
    """Return some of these records."""
    return asked(trained, dataset_dir, 24)


@pytest.fixture(scope="module")
def guessed(subject: Subject) -> dict[str, Answer]:
    """Return the rows that need no model."""
    assert subject.records.level is not None
    mean_level = subject.records.level.mean(axis=0, dtype=np.float64)
    return {made.answer.name: made.answer for made in guesses(subject, mean_level, MAKING)}


def read(records: Records, name: str) -> np.ndarray:
    """Return one column of what was read from seismograms."""
    assert records.seismogram is not None
    return np.asarray(records.seismogram[:, COLUMNS.index(name)])


def test_another_record_is_read_as_the_answer_to_the_request(
    guessed: dict[str, Answer], subject: Subject
) -> None:
    other = guessed[OTHER_ROW].records
    rows = other_records(subject.records.event, MAKING.seed)
    np.testing.assert_array_equal(other.event, subject.records.event)
    distance_km = np.asarray(subject.known.distance_km)
    # the same amplitude at another distance
    shift = minus_log_a0(distance_km) - minus_log_a0(distance_km[rows])
    assert np.abs(shift).max() > 0.1
    expected = read(subject.records, "magnitude")[rows] + shift
    np.testing.assert_allclose(read(other, "magnitude"), expected, atol=1e-9)
    # the same onsets, where others are to be expected
    arrivals = KOERI.arrivals(distance_km, np.asarray(subject.known.depth_km))
    s_minus_p_s = np.asarray(arrivals.s_s - arrivals.p_s)
    expected = read(subject.records, "s_minus_p_error_s")[rows] + s_minus_p_s[rows] - s_minus_p_s
    np.testing.assert_allclose(read(other, "s_minus_p_error_s"), expected, atol=1e-9)


def test_all_guesses_and_no_half_are_read_anew(guessed: dict[str, Answer], subject: Subject) -> None:
    error_s = {
        name: float(np.nanmedian(np.abs(read(records, "s_minus_p_error_s"))))
        for name, records in (("real", subject.records), ("other", guessed[OTHER_ROW].records))
    }
    assert error_s["other"] > 2.0 * error_s["real"]
    halves = [guessed[HALVES_ROW].records, guessed[HALVES_ROW].reference]
    own = [part.event[0] for part in halves if part is not None]
    for part, event in zip(halves, own, strict=True):
        assert part is not None
        here, there = part.event == event, subject.records.event == event
        np.testing.assert_array_equal(
            read(part, "magnitude")[here], read(subject.records, "magnitude")[there]
        )
    assert guessed[MEAN_ROW].records.seismogram is not None


def test_an_answer_does_not_depend_on_the_others_that_are_judged(
    trained: Trained, subject: Subject, dataset_dir: Path
) -> None:
    more = asked(trained, dataset_dir, 60)
    assert len(subject.rows) < len(more.rows)
    few, many = (answer_of(judged, CONDITIONAL_ROW, MAKING).answer.records for judged in (subject, more))
    assert few.level is not None
    assert many.level is not None
    places = np.searchsorted(more.rows, subject.rows)
    np.testing.assert_array_equal(more.rows[places], subject.rows)
    # batches of other sizes are summed up in another order
    np.testing.assert_allclose(few.level, many.level[places], atol=1e-4)
    assert np.abs(few.level[0] - few.level[1]).max() > 0.1
    other = answer_of(subject, CONDITIONAL_ROW, MAKING._replace(seed=4)).answer.records
    assert other.level is not None
    assert np.abs(few.level - other.level).max() > 0.1


def test_a_silent_answer_takes_its_example_with_it_and_no_other(subject: Subject) -> None:
    waveform = np.array(subject.records.waveform)
    places = example_places(subject, 0)
    silent = int(places[3])
    waveform[silent, 1] = 0.0
    made = heard(subject, Answer(CONDITIONAL_ROW, subject.records._replace(waveform=waveform), True), None)
    assert made.kept is not None
    assert silent not in made.kept
    examples = examples_of(subject, made, places)
    assert len(examples) == len(places) - 1
    for example in examples:
        np.testing.assert_array_equal(example.generated, example.real)
    whole = examples_of(
        subject, made._replace(kept=None, answer=Answer("all", subject.records, True)), places
    )
    assert len(whole) == len(places)
