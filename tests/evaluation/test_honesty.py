"""Copies are found, averages are not called copies, and missing kinds are seen."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.bins import Bins
from seismic_lightning.evaluation.honesty import counts_by_bin, coverage, memorisation, rank_z
from seismic_lightning.evaluation.neighbours import nearest_distances, standardised

N, D = 400, 12


def drawn(seed: int, n_records: int = N, scale: float = 1.0) -> np.ndarray:
    return scale * np.random.default_rng(seed).normal(size=(n_records, D)) + 5.0


def test_distances_are_scipys() -> None:
    first, second = drawn(0, 50), drawn(1, 70)
    theirs = np.sort(cdist(first, second), axis=1)[:, :3]
    np.testing.assert_allclose(nearest_distances(first, second, 3), theirs, rtol=1e-9)
    np.testing.assert_allclose(
        nearest_distances(first.reshape(50, 3, 4), second.reshape(70, 3, 4), 3), theirs, rtol=1e-9
    )
    alone = np.sort(cdist(first, first), axis=1)[:, 1:3]
    np.testing.assert_allclose(nearest_distances(first, first, 2, without_itself=True), alone, rtol=1e-9)


def test_a_copy_is_at_no_distance_however_far_from_zero() -> None:
    training = drawn(0) + 1e7
    assert (nearest_distances(training[:5], training, 1) == 0.0).all()
    near = training[:5] + 1e-4
    np.testing.assert_allclose(nearest_distances(near, training, 1), 1e-4 * np.sqrt(D), rtol=1e-3)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = drawn(0, 50), drawn(1, 70)
    whole = nearest_distances(first, second, 2), coverage(first, second)
    for room in ("neighbours", "honesty"):
        monkeypatch.setattr(f"seismic_lightning.evaluation.{room}._BLOCK_VALUES", 1000)
    np.testing.assert_allclose(nearest_distances(first, second, 2), whole[0])
    assert coverage(first, second) == whole[1]


def test_new_records_of_the_same_kind_are_no_copies() -> None:
    result = memorisation(drawn(1), drawn(0), drawn(2))
    assert result.distance_ratio.value == pytest.approx(1.0, abs=0.05)
    assert result.distance_ratio.low < 1.0 < result.distance_ratio.high
    assert result.copies.value < 0.05
    assert abs(result.copying_z) < 3.0


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_copies_are_counted(share: float) -> None:
    training, generated = drawn(0), drawn(1)
    n_copies = round(share * N)
    generated[:n_copies] = training[:n_copies] + 0.01 * drawn(3)[:n_copies]
    result = memorisation(generated, training, drawn(2))
    assert result.copies.value == pytest.approx(share, abs=0.03)
    assert result.copies.low <= result.copies.value <= result.copies.high
    if share == 1.0:
        assert result.copying_z < -10.0
        assert result.neighbour_ratio < 0.1 < result.held_out_neighbour_ratio


def test_copies_of_a_record_that_is_there_twice_are_counted() -> None:
    training = np.concatenate([drawn(0), drawn(0)])
    assert memorisation(drawn(0), training, drawn(2)).copies.value == 1.0


def test_averages_are_near_to_all_and_copies_of_none() -> None:
    result = memorisation(drawn(1, scale=0.0), drawn(0), drawn(2))
    assert result.distance_ratio.value < 1.0
    assert result.copies.value == 0.0
    assert result.copying_z < -3.0


def test_the_rank_score_is_scipys() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.3, 1.0, 80), rng.normal(0.0, 1.0, 60)
    theirs = mannwhitneyu(first, second, alternative="two-sided", use_continuity=False, method="asymptotic")
    u = float(theirs.statistic)
    expected = (u - 80 * 60 / 2) / np.sqrt(80 * 60 * 141 / 12)
    assert rank_z(first, second) == pytest.approx(expected)
    assert rank_z(second, first) == pytest.approx(-expected)
    assert rank_z(np.ones(5), np.ones(7)) == 0.0


def test_precision_and_recall_are_those_of_their_definition() -> None:
    generated, real = drawn(0, 90, 0.8), drawn(1, 60)
    result = coverage(generated, real, k=3)
    radius = np.sort(cdist(real, real), axis=1)[:, 3]
    inside = cdist(generated, real) <= radius
    other = cdist(real, generated) <= np.sort(cdist(generated, generated), axis=1)[:, 3]
    assert result.precision == pytest.approx(inside.any(axis=1).mean())
    assert result.recall == pytest.approx(other.any(axis=1).mean())
    assert result.density == pytest.approx(inside.sum() / (3 * 90))
    assert result.coverage == pytest.approx(inside.any(axis=0).mean())
    assert (result.n_generated, result.n_real) == (90, 60)


def test_the_narrower_a_generator_the_less_it_recalls() -> None:
    real = drawn(0)
    results = [coverage(drawn(1, scale=scale), real) for scale in (1.0, 0.7, 0.4)]
    assert [result.recall for result in results] == sorted((r.recall for r in results), reverse=True)
    assert [result.precision for result in results] == sorted(result.precision for result in results)
    assert results[0].recall > 0.8
    assert results[-1].recall < 0.1
    far = coverage(drawn(1) + 50.0, real)
    assert far[:4] == (0.0, 0.0, 0.0, 0.0)


def test_features_of_one_scale_count_alike() -> None:
    training = drawn(0) * np.logspace(-3, 3, D)
    scaled = standardised(training, training)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0)
    assert np.isfinite(standardised(drawn(1), np.ones((4, D)))).all()


def test_all_records_are_counted() -> None:
    table = counts_by_bin(
        [1.0, 1.5, 2.0, 9.0], [10.0, 60.0, 99.9, 10.0], Bins((1.0, 2.0, 3.0), (0.0, 50.0, 100.0))
    )
    assert dict(table.itertuples(index=False)) == {
        "M1-2 0-50km": 1, "M1-2 50-100km": 1, "M2-3 0-50km": 0, "M2-3 50-100km": 1, "outside": 1,
    }  # fmt: skip


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(EvaluationError, match="give k from 1 to 3, got 4"):
        nearest_distances(drawn(0, 9), drawn(1, 3), 4)
    with pytest.raises(EvaluationError, match="same features in both sets"):
        memorisation(drawn(0), drawn(1)[:, :5], drawn(2))
    with pytest.raises(EvaluationError, match="records of other events"):
        memorisation(drawn(1), drawn(0), drawn(0))
    with pytest.raises(EvaluationError, match="without_itself is for one set"):
        nearest_distances(drawn(0, 9), drawn(1, 8), 1, without_itself=True)
    with pytest.raises(EvaluationError, match="distance_km: 2 records need as many, got 1"):
        counts_by_bin([1.0, 2.0], [3.0], Bins())
