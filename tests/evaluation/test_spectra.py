"""Measures of spectrograms: what is equal, what is worse, and what others compute."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import signal, stats

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation import spectra

Array = NDArray[np.float64]
SHAPE = (6, 3, 17, 11)


@pytest.fixture(scope="module")
def level() -> Array:
    """Return levels of six records around a shared spectrogram."""
    rng = np.random.default_rng(0)
    shared = np.linspace(3.0, 0.0, SHAPE[2])[:, None] + np.zeros(SHAPE[1:])
    return shared + rng.normal(0.0, 0.5, (6, 1, 1, 1)) + rng.normal(0.0, 0.4, SHAPE)


@pytest.fixture(scope="module")
def waveform() -> Array:
    """Return decaying noise, one record a hundred times as strong as the first."""
    rng = np.random.default_rng(1)
    strength = np.geomspace(1.0, 100.0, 5)[:, None, None]
    return strength * rng.normal(size=(5, 3, 2000)) * np.exp(-np.arange(2000) / 500.0)


def test_a_record_answers_itself_perfectly(level: Array, waveform: Array) -> None:
    mean = level.mean(axis=0)
    assert spectra.skill(level, level, mean) == 1.0
    np.testing.assert_allclose(spectra.anomaly_correlation(level, level, mean), 1.0)
    np.testing.assert_allclose(spectra.spectral_correlation(level, level), 1.0)
    assert spectra.log_spectral_distance_dex(level, level).max() == 0.0
    assert spectra.multi_resolution_distance_dex(waveform, waveform).max() == 0.0


def test_the_mean_has_neither_skill_nor_anomaly_but_a_high_plain_correlation(level: Array) -> None:
    mean = level.mean(axis=0)
    answer = np.broadcast_to(mean, SHAPE)
    assert spectra.skill(answer, level, mean) == pytest.approx(0.0, abs=1e-12)
    assert np.abs(spectra.anomaly_correlation(answer, level, mean)).max() == 0.0
    assert spectra.spectral_correlation(answer, level).min() > 0.85


def test_skill_and_anomaly_do_not_depend_on_how_levels_are_scaled(level: Array) -> None:
    mean, answer = level.mean(axis=0), level + np.random.default_rng(2).normal(0, 0.3, SHAPE)
    scaled = [4.0 * values - 7.0 for values in (answer, level, mean)]
    assert spectra.skill(*scaled) == pytest.approx(spectra.skill(answer, level, mean))
    np.testing.assert_allclose(
        spectra.anomaly_correlation(*scaled), spectra.anomaly_correlation(answer, level, mean)
    )


def test_plain_correlation_is_that_of_scipy(level: Array) -> None:
    answer = level + np.random.default_rng(3).normal(0, 1.0, SHAPE)
    expected = [stats.pearsonr(a.ravel(), b.ravel())[0] for a, b in zip(answer, level, strict=True)]
    np.testing.assert_allclose(spectra.spectral_correlation(answer, level), expected)


def test_log_spectral_distance_is_what_its_formula_says(level: Array) -> None:
    answer = level[::-1]
    by_frame = [
        np.sqrt(np.mean((answer[0, c, :, t] - level[0, c, :, t]) ** 2)) for c in range(3) for t in range(11)
    ]
    assert spectra.log_spectral_distance_dex(answer, level)[0] == pytest.approx(np.mean(by_frame))
    np.testing.assert_allclose(spectra.log_spectral_distance_dex(level + 0.3, level), 0.3)


def test_the_distance_at_one_resolution_is_that_of_scipys_spectrograms(
    waveform: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectra, "RESOLUTIONS", (128,))
    first, second = (np.abs(signal.stft(part, nperseg=128, noverlap=96)[2]) for part in waveform[:2])
    n_frames = waveform.shape[-1] // 32 + 1
    floor = 1e-4 * second[..., :n_frames].max()
    dex = np.log10((first[..., :n_frames] + floor) / (second[..., :n_frames] + floor))
    expected = np.sqrt((dex**2).mean(axis=1)).mean()
    assert spectra.multi_resolution_distance_dex(waveform[:1], waveform[1:2])[0] == pytest.approx(expected)


def test_ten_times_the_amplitude_is_one_decade_away(waveform: Array) -> None:
    distance = spectra.multi_resolution_distance_dex(10.0 * waveform, waveform)
    # a little less, for the floor that both amplitudes have added
    assert np.all((distance > 0.9) & (distance <= 1.0))
    scaled = spectra.multi_resolution_distance_dex(1e-9 * waveform[::-1], 1e-9 * waveform)
    np.testing.assert_allclose(scaled, spectra.multi_resolution_distance_dex(waveform[::-1], waveform))


def test_more_noise_is_worse_by_every_measure(level: Array, waveform: Array) -> None:
    mean = level.mean(axis=0)
    noise = np.random.default_rng(4).normal(size=SHAPE)
    answers = [level + amount * noise for amount in (0.05, 0.2, 0.8)]
    tables = [
        [spectra.skill(answer, level, mean) for answer in answers],
        [spectra.anomaly_correlation(answer, level, mean).mean() for answer in answers],
        [spectra.spectral_correlation(answer, level).mean() for answer in answers],
        [-spectra.log_spectral_distance_dex(answer, level).mean() for answer in answers],
    ]
    rustle = np.random.default_rng(5).normal(size=waveform.shape)
    noisy = [waveform + amount * rustle for amount in (0.01, 0.1, 1.0)]
    tables.append([-spectra.multi_resolution_distance_dex(answer, waveform).mean() for answer in noisy])
    for values in tables:
        assert values[0] > values[1] > values[2]


def test_a_batch_is_its_records_one_by_one(level: Array, waveform: Array) -> None:
    mean, answer = level.mean(axis=0), level[::-1]
    for measure in (spectra.log_spectral_distance_dex, spectra.spectral_correlation):
        single = [measure(answer[i : i + 1], level[i : i + 1])[0] for i in range(6)]
        np.testing.assert_allclose(measure(answer, level), single)
    single = [spectra.anomaly_correlation(answer[i : i + 1], level[i : i + 1], mean)[0] for i in range(6)]
    np.testing.assert_allclose(spectra.anomaly_correlation(answer, level, mean), single)
    many = np.concatenate([waveform] * 8)  # more than are transformed at once
    single = [
        spectra.multi_resolution_distance_dex(waveform[-1 - i : 5 - i], waveform[i : i + 1])[0]
        for i in range(5)
    ]
    both = spectra.multi_resolution_distance_dex(np.concatenate([waveform[::-1]] * 8), many)
    np.testing.assert_allclose(both, np.tile(single, 8))


def test_tensors_serve_as_well(level: Array) -> None:
    answer = torch.from_numpy(level[::-1].copy())
    expected = spectra.log_spectral_distance_dex(level[::-1], level)
    np.testing.assert_array_equal(
        spectra.log_spectral_distance_dex(answer, torch.from_numpy(level)), expected
    )


def test_what_cannot_be_compared_is_refused_by_name(level: Array, waveform: Array) -> None:
    mean, broken = level.mean(axis=0), level.copy()
    broken[3, 0, 0, 0] = np.nan
    with pytest.raises(EvaluationError, match=r"spectrograms: 1 of 3366 values are NaN .* record 3"):
        spectra.skill(broken, level, mean)
    with pytest.raises(EvaluationError, match="spectrograms of the reference: 1 of"):
        spectra.spectral_correlation(level, broken)
    with pytest.raises(EvaluationError, match=r"equal shapes, got \(5, 3, 17, 11\) and \(6, 3, 17, 11\)"):
        spectra.log_spectral_distance_dex(level[:5], level)
    with pytest.raises(EvaluationError, match=r"mean training spectrogram of shape \(3, 17, 10\)"):
        spectra.skill(level, level, mean[..., :10])
    with pytest.raises(EvaluationError, match="every record equals the mean"):
        spectra.skill(level[:1], level[:1], level[0])
    with pytest.raises(EvaluationError, match="nothing to judge"):
        spectra.log_spectral_distance_dex(level[:0], level[:0])
    with pytest.raises(EvaluationError, match="record 1 is silent"):
        spectra.multi_resolution_distance_dex(waveform, waveform * (np.arange(5) != 1)[:, None, None])
