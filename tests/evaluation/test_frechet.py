"""Fréchet distance: identities, closed forms, and SciPy's matrix root."""

import numpy as np
import pytest
from scipy import linalg

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.frechet import diagonal_distance, frechet_distance


def test_a_set_is_at_no_distance_from_itself_in_any_order() -> None:
    features = np.random.default_rng(0).normal(size=(50, 8))
    assert frechet_distance(features, features[::-1]) == pytest.approx(0.0, abs=1e-9)
    assert diagonal_distance(features, features[::-1]) == pytest.approx(0.0, abs=1e-15)


def test_a_shift_and_a_stretch_have_known_distances() -> None:
    features = np.random.default_rng(1).normal(size=(200, 5))
    shift = np.array([1.0, 0.0, -2.0, 0.0, 0.5])
    assert frechet_distance(features + shift, features) == pytest.approx(shift @ shift)
    assert diagonal_distance(features + shift, features) == pytest.approx(shift @ shift / 5)
    centred = features - features.mean(axis=0)
    # (3 - 1)² times the variances
    expected = 4.0 * centred.var(axis=0, ddof=1)
    assert frechet_distance(3.0 * centred, centred) == pytest.approx(expected.sum())
    assert diagonal_distance(3.0 * centred, centred) == pytest.approx(expected.mean())


def test_the_distance_is_that_of_scipys_matrix_root_and_symmetric() -> None:
    rng = np.random.default_rng(2)
    first, second = (rng.normal(size=(n, 6)) @ rng.normal(size=(6, 6)) for n in (80, 120))
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    shift = first.mean(axis=0) - second.mean(axis=0)
    expected = shift @ shift + np.trace(one + other - 2.0 * linalg.sqrtm(one @ other).real)
    assert frechet_distance(first, second) == pytest.approx(expected)
    assert frechet_distance(second, first) == pytest.approx(expected)


def test_more_noise_is_farther_and_fewer_records_than_features_are_no_obstacle() -> None:
    rng = np.random.default_rng(3)
    reference, noise = rng.normal(size=(300, 10)), rng.normal(size=(300, 10))
    for distance in (frechet_distance, diagonal_distance):
        near, middle, far = (distance(reference + amount * noise, reference) for amount in (0.2, 0.8, 2.0))
        assert near < middle < far
    assert np.isfinite(frechet_distance(rng.normal(size=(5, 40)), rng.normal(size=(7, 40))))
    assert frechet_distance(reference[:, :1], reference[:, :1] + 2.0) == pytest.approx(4.0)


def test_what_has_no_distance_is_refused_by_name() -> None:
    features = np.zeros((4, 3))
    with pytest.raises(EvaluationError, match="both sets need the same, got 3 and 2"):
        frechet_distance(features, features[:, :2])
    with pytest.raises(EvaluationError, match="two records at least, got 4 and 1"):
        diagonal_distance(features, features[:1])
    with pytest.raises(EvaluationError, match="features of the reference: 12 of 12 values are NaN"):
        frechet_distance(features, features + np.nan)
    with pytest.raises(EvaluationError, match=r"2 axes are asked for, got shape \(3,\)"):
        frechet_distance(features[0], features)
