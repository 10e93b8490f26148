"""Levels are those that records were given, and unknown where a record ends too early."""

import numpy as np
import pytest

from seismic_lightning.records.levels import LEVEL_WINDOWS_S, envelope_levels, filtered

RATE_HZ, P_S, S_S = 100.0, 10.0, 18.0
NOISE, P, S, CODA = 0.01, 0.3, 1.0, 0.2


def record(length_s: float) -> np.ndarray:
    """Return ``(1, N)`` white noise whose level steps at P, at S and 4 s after S."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    level = np.select([time_s < P_S, time_s < S_S, time_s < S_S + 4.0], [NOISE, P, S], CODA)
    return (level * np.random.default_rng(0).normal(size=time_s.size))[None]


def test_the_levels_that_went_in_come_out() -> None:
    levels, ratio = envelope_levels(record(70.0), RATE_HZ, np.array([P_S]), np.array([S_S]))
    expected = [np.log10(P)] * 3 + [np.log10(CODA)] * 5
    # A second of white noise in 19 Hz has 38 degrees of freedom: 0.05 dex.
    np.testing.assert_allclose(levels[0], expected, atol=0.12)
    assert ratio[0] == pytest.approx(S / NOISE, rel=0.2)


def test_a_factor_changes_no_level() -> None:
    onsets = np.array([P_S]), np.array([S_S])
    first, second = (envelope_levels(factor * record(70.0), RATE_HZ, *onsets)[0] for factor in (1.0, 1e-9))
    np.testing.assert_allclose(first, second)


def test_parts_that_a_record_does_not_hold_are_unknown() -> None:
    levels, ratio = envelope_levels(
        np.repeat(record(40.0), 2, axis=0), RATE_HZ, np.array([P_S, P_S]), np.array([S_S, np.nan])
    )
    held = [stop <= 40.0 - S_S for _, _, stop in LEVEL_WINDOWS_S.values()]
    assert np.isfinite(levels[0]).tolist() == held
    assert np.isnan(levels[1]).all()
    assert np.isfinite(ratio).tolist() == [True, False]


def test_a_silent_record_has_no_level() -> None:
    levels, ratio = envelope_levels(np.zeros((1, 7000)), RATE_HZ, np.array([P_S]), np.array([S_S]))
    assert np.isnan(levels).all()
    assert np.isnan(ratio).all()


def test_the_band_ends_below_the_nyquist_frequency_of_slow_records() -> None:
    assert np.isfinite(filtered(record(70.0), 20.0)).all()
