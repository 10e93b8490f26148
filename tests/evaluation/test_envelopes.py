"""Envelopes are those of the analytic signal, and their levels those of real records."""

import numpy as np
import pytest
from scipy.signal import hilbert
from support.truth import RATE_HZ, population

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.envelopes import (
    envelope_correlation,
    foot_before_p,
    level_rows,
    smooth_envelope,
)
from seismic_lightning.records.levels import LEVEL_WINDOWS_S, envelope_levels, filtered
from seismic_lightning.simulation.real_figures import LEVEL_MIN_RATIO, LEVELS


@pytest.mark.parametrize("n_samples", [2000, 2001])
def test_the_envelope_is_scipys(n_samples: int) -> None:
    samples = np.random.default_rng(0).normal(size=(2, 3, n_samples))
    magnitude = np.abs(hilbert(filtered(samples, RATE_HZ), axis=-1))
    window = np.ones(100) / 100
    ours = smooth_envelope(samples, RATE_HZ)
    assert ours.shape == (2, 3, n_samples - 99)
    for row, component in np.ndindex(2, 3):
        theirs = np.convolve(magnitude[row, component], window, mode="valid")
        np.testing.assert_allclose(ours[row, component], theirs, rtol=1e-9)


def test_the_level_of_simulated_records_is_that_of_real_ones() -> None:
    known = population()
    levels, ratio = envelope_levels(known.velocity_m_s[:, 0], RATE_HZ, known.p_s, known.s_s)
    clear = ratio > LEVEL_MIN_RATIO
    rows = level_rows(levels[clear], LEVELS, event=known.event[clear])
    assert [row.part for row in rows] == list(LEVEL_WINDOWS_S)
    # The calibration holds them to 0.15 dex over 4,000 records; here are a few dozen, weak ones among them.
    np.testing.assert_allclose([row.difference_dex.value for row in rows], 0.0, atol=0.25)
    for row in rows:
        assert row.difference_dex.low < row.difference_dex.value < row.difference_dex.high
        assert row.difference_dex.value == pytest.approx(row.median_dex - row.reference_dex)


def test_correlation_is_numpys_along_time() -> None:
    rng = np.random.default_rng(0)
    rise = np.exp(-np.abs(np.arange(3000) - rng.integers(800, 2200, (2, 3, 1))) / 400)
    first, second = (rise * rng.normal(size=rise.shape) for _ in range(2))
    ours = envelope_correlation(first, second, RATE_HZ)
    one, other = smooth_envelope(first, RATE_HZ), smooth_envelope(second, RATE_HZ)
    for row, component in np.ndindex(2, 3):
        theirs = np.corrcoef(one[row, component], other[row, component])[0, 1]
        assert ours[row, component] == pytest.approx(theirs)
    assert (ours > 0.8).all(), "the same shape, whatever the phase"
    turned = envelope_correlation(first, second[::-1], RATE_HZ)
    assert (turned < ours).all(), "another record's shape"


def test_a_record_correlates_with_itself_and_silence_with_nothing() -> None:
    samples = np.random.default_rng(0).normal(size=(2, 3, 2000))
    np.testing.assert_allclose(envelope_correlation(samples, -7.0 * samples, RATE_HZ), 1.0)
    assert np.isnan(envelope_correlation(samples, np.zeros_like(samples), RATE_HZ)).all()


@pytest.mark.parametrize("foot_dex", [0.0, 0.5, 1.0])
def test_the_foot_of_a_wave_is_the_step_of_its_amplitude(foot_dex: float) -> None:
    time_s = np.arange(0.0, 20.0, 1.0 / RATE_HZ)
    amplitude = np.where(time_s < 7.0, 1.0, np.where(time_s < 10.0, 10.0**foot_dex, 100.0))
    wave = np.sin(2.0 * np.pi * 5.0 * time_s) * amplitude
    feet, over_noise = foot_before_p(np.stack([wave, 3.0 * wave]), RATE_HZ, np.array([10.0, 10.0]))
    np.testing.assert_allclose(feet, foot_dex, atol=0.02)
    np.testing.assert_allclose(over_noise, 100.0, rtol=0.1)  # the filter takes its time to rise


def test_a_record_that_begins_too_late_or_silently_has_no_foot() -> None:
    samples = np.random.default_rng(0).normal(size=(2, 2000))
    samples[1] = 0.0
    feet, over_noise = foot_before_p(samples, RATE_HZ, np.array([5.9, 10.0]))
    assert np.isnan(feet).all()
    assert np.isnan(over_noise).all()


def test_refusals_name_what_is_wrong() -> None:
    levels = np.zeros((4, 8))
    with pytest.raises(EvaluationError, match="levels_dex: 8 parts are asked for"):
        level_rows(levels[:, :5], LEVELS)
    levels[:, -1] = np.nan
    with pytest.raises(EvaluationError, match="no record holds '40 s after S'"):
        level_rows(levels, LEVELS)
    with pytest.raises(EvaluationError, match="equal shapes"):
        envelope_correlation(np.zeros((2, 3, 500)), np.zeros((2, 1, 500)), RATE_HZ)
