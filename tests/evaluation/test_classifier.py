"""The classifier, what it sees, and the discriminator, on made spectrograms."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.classifier import (
    SpectrogramClassifier,
    Teaching,
    correct,
    embed,
    fit_classifier,
)
from seismic_lightning.evaluation.discriminator import discriminate
from seismic_lightning.evaluation.frechet import frechet_distance

Array = NDArray[np.float64]
BRIEF = Teaching(n_epochs=10, batch_size=32, learning_rate=5e-3, channels=4)


def made(n_records: int, seed: int, noise: float = 1.0) -> tuple[Array, NDArray[np.int64]]:
    """Return spectrograms of three classes, which differ in where they are loud, and their classes."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n_records)
    level = rng.normal(0.0, noise, (n_records, 1, 33, 30))
    for number in range(3):
        level[label == number, :, 10 * number : 10 * number + 10] += 1.5
    return level, label


@pytest.fixture(scope="module")
def classifier() -> SpectrogramClassifier:
    """Return a classifier taught on three classes."""
    return fit_classifier(*made(400, 0), 3, seed=0, teaching=BRIEF)


def test_unseen_records_are_named_and_noise_makes_it_harder(classifier: SpectrogramClassifier) -> None:
    accuracy = [correct(classifier, *made(150, 1, noise)).mean() for noise in (1.0, 10.0, 100.0)]
    assert accuracy[0] > 0.95
    assert accuracy[0] > accuracy[1] > accuracy[2]
    assert accuracy[2] < 0.55


def test_its_embedding_tells_sets_apart(classifier: SpectrogramClassifier) -> None:
    real, label = made(200, 2)
    reference = embed(classifier, made(200, 3)[0])
    floor = frechet_distance(embed(classifier, real), reference)
    narrow = frechet_distance(embed(classifier, real[label == 0]), reference)
    noisy = frechet_distance(embed(classifier, made(200, 2, 3.0)[0]), reference)
    assert frechet_distance(reference, reference) == pytest.approx(0.0, abs=1e-9)
    assert floor < 0.2 * narrow
    assert floor < 0.2 * noisy


def test_equal_seeds_teach_equally_and_leave_the_generator_alone() -> None:
    level, label = made(60, 4)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (
        embed(fit_classifier(level, label, 3, seed=seed, teaching=BRIEF), level) for seed in (0, 0, 1)
    )
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_a_batch_is_its_records_one_by_one(classifier: SpectrogramClassifier) -> None:
    level = made(5, 6)[0]
    single = np.concatenate([embed(classifier, record[None]) for record in level])
    np.testing.assert_allclose(embed(classifier, level), single, atol=1e-5)


def test_records_without_a_class_neither_teach_nor_count(classifier: SpectrogramClassifier) -> None:
    level, label = made(60, 7)
    label[::3] = -1
    right = correct(classifier, level, label)
    np.testing.assert_array_equal(np.isnan(right), label < 0)
    taught = fit_classifier(level, label, 3, seed=0, teaching=BRIEF)
    alone = fit_classifier(level[label >= 0], label[label >= 0], 3, seed=0, teaching=BRIEF)
    np.testing.assert_array_equal(embed(taught, level), embed(alone, level))


def test_what_it_cannot_be_taught_is_refused_by_name(classifier: SpectrogramClassifier) -> None:
    level, label = made(20, 8)
    with pytest.raises(EvaluationError, match="the 20 records with a class are of 1 class"):
        fit_classifier(level, np.zeros(20), 3, seed=0)
    with pytest.raises(EvaluationError, match="2 classes do not fit labels"):
        fit_classifier(level, label, 2, seed=0)
    with pytest.raises(EvaluationError, match="none of 20 records lies in a class"):
        correct(classifier, level, np.full(20, -1))
    with pytest.raises(EvaluationError, match="spectrograms: 990 of 19800 values are NaN"):
        embed(classifier, np.where(np.arange(20)[:, None, None, None] == 3, np.nan, level))


def examined(real: tuple[Array, Any], generated: tuple[Array, Any]) -> float:
    """Return the balanced accuracy of a brief discriminator."""
    return discriminate(real, generated, seed=0, teaching=BRIEF).accuracy()


def test_records_of_one_kind_are_at_chance_and_another_kind_is_found_out() -> None:
    event = np.arange(200) // 4
    real = (made(200, 9)[0], event)
    assert examined(real, (made(200, 10)[0], event)) == pytest.approx(0.5, abs=0.15)
    assert examined(real, (made(200, 10, noise=2.0)[0], event)) > 0.95
    assert examined(real, (made(60, 10, noise=2.0)[0], [f"sample {i}" for i in range(60)])) > 0.95


def test_events_learnt_by_heart_do_not_help() -> None:
    rng = np.random.default_rng(11)
    event = np.arange(200) // 10
    # Every event has a mark of its own, on real and on generated records another one.
    real, generated = (
        rng.normal(0, 3.0, (20, 1, 33, 30)).repeat(10, axis=0) + rng.normal(0, 0.1, (200, 1, 33, 30))
        for _ in range(2)
    )
    assert examined((real, event), (generated, event)) == pytest.approx(0.5, abs=0.25)
    examination = discriminate((real, event), (generated, event), seed=0, teaching=BRIEF)
    assert len(np.unique(examination.event)) == 10
    assert examination.generated.mean() == 0.5


def test_sets_that_cannot_be_halved_are_refused_by_name() -> None:
    level = made(8, 12)[0]
    with pytest.raises(EvaluationError, match=r"too few events of real records .* 1 in all"):
        discriminate((level, [0] * 8), (level, np.arange(8)), seed=0)
    with pytest.raises(EvaluationError, match=r"differ in shape, \(1, 33, 30\) and \(1, 33, 29\)"):
        discriminate((level, np.arange(8)), (level[..., :29], np.arange(8)), seed=0)
