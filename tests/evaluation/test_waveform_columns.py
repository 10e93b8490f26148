"""Spectra of answers beside those of records: no bias between equals, and no noise taken for a signal."""

import numpy as np
import pytest
from numpy.typing import NDArray

from seismic_lightning.evaluation.fourier import band_means, centres_hz
from seismic_lightning.evaluation.measure import Records
from seismic_lightning.evaluation.noise import signal_and_noise, stand_out
from seismic_lightning.evaluation.waveform_columns import waveform_measures

RATE_HZ, P_S, BANDS_HZ = 100.0, 6.0, ((2.0, 5.0), (5.0, 10.0))


def records_of_one_law(n_records: int, seed: int) -> Records:
    """Return decaying signals of many sizes, most of them near the level of their noise."""
    rng, time_s = np.random.default_rng(seed), np.arange(2000) / RATE_HZ
    envelope = np.where(time_s > P_S, np.exp(-(time_s - P_S) / 5.0), 0.0)
    size = 10.0 ** rng.normal(0.5, 0.3, (n_records, 1, 1))
    shape = (n_records, 1, len(time_s))
    waveform = rng.normal(size=shape) + size * envelope * rng.normal(size=shape)
    return Records(np.arange(n_records), waveform=waveform, p_s=np.full(n_records, P_S))


def bias_dex(answer: Records, real: Records) -> dict[str, tuple[float, float, int]]:
    """Return value, half of the interval and count of each band."""
    bands = waveform_measures(RATE_HZ, BANDS_HZ)[1]
    found = bands.judge(answer, real, seed=0, n_draws=100)
    return {
        column.name: (cell.value, (cell.high - cell.low) / 2.0, cell.n_records)
        for column, cell in zip(bands.columns, found, strict=True)
    }


def test_two_draws_of_one_law_have_no_bias() -> None:
    first, second = records_of_one_law(800, 0), records_of_one_law(800, 1)
    here, there = bias_dex(first, second), bias_dex(second, first)
    for name, (value, margin, n_records) in here.items():
        assert abs(value) < 1.5 * margin
        assert margin < 0.1
        assert 80 < n_records < 400
        # either may be exchanged for the other
        assert there[name][0] == pytest.approx(-value, abs=1e-12)
        assert there[name][2] == n_records


def test_a_known_factor_comes_out_as_it_went_in() -> None:
    real = records_of_one_law(100, 2)
    assert real.waveform is not None
    halved = real._replace(waveform=0.5 * real.waveform)
    for value, _, n_records in bias_dex(halved, real).values():
        assert value == pytest.approx(np.log10(0.5), abs=1e-12)
        assert n_records > 5


def test_silence_before_p_does_not_make_noise_count() -> None:
    real = records_of_one_law(100, 3)
    assert real.waveform is not None
    before = np.arange(2000) < P_S * RATE_HZ
    silent = real._replace(waveform=np.where(before, 0.0, real.waveform))
    assert bias_dex(silent, real)["FAS 2-5 Hz bias"][2] == bias_dex(real, real)["FAS 2-5 Hz bias"][2]


def counts(waveform: NDArray[np.float64], p_s: float, *, settled_s: float = 1.0) -> NDArray[np.bool_]:
    """Tell at which frequencies of two bands records stand out of their own noise."""
    centre_hz = np.concatenate([centres_hz(2.8, 4.2), centres_hz(10.0, 20.0)])
    parts = signal_and_noise(waveform, RATE_HZ, p_s, centre_hz, settled_s=settled_s)
    return stand_out(parts, parts)


def test_only_where_the_signal_is_spectra_count() -> None:
    time_s = np.arange(4000) / RATE_HZ
    noise = 0.01 * np.random.default_rng(0).normal(size=(2, 1, 4000))
    tone = np.sin(2 * np.pi * 3.0 * time_s) + np.sin(2 * np.pi * 4.0 * time_s)
    noise[0] += np.where(time_s > 10.0, tone, 0.0)
    usable, n_low = counts(noise, 10.0), len(centres_hz(2.8, 4.2))
    assert usable[0, 0, :n_low].mean() > 0.5
    assert not usable[0, 0, n_low:].any()
    assert not usable[1].any()
    assert not counts(noise, np.nan).any()


def test_noise_begins_past_the_taper() -> None:
    rng, n_samples = np.random.default_rng(1), 7000
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(350) / 350)
    noise = rng.normal(size=(100, 1, n_samples))
    tapered = noise.copy()
    tapered[..., :350] *= ramp
    centre_hz = centres_hz(2.0, 20.0)
    levels = {
        settled_s: [
            signal_and_noise(samples, RATE_HZ, 10.0, centre_hz, settled_s=settled_s).noise_dex
            for samples in (tapered, noise)
        ]
        for settled_s in (1.0, 3.5)
    }
    np.testing.assert_array_equal(levels[3.5][0], levels[3.5][1])
    assert (levels[1.0][0] - levels[1.0][1]).mean() < -0.02
    assert not counts(noise, 3.0, settled_s=3.5).any()


def test_means_of_bands_leave_out_what_does_not_count() -> None:
    values = np.arange(9.0)[None, None]
    usable = values > 6.5
    whole = band_means(values, ((2.0, 5.0),))
    assert whole == values.mean()
    assert band_means(values, ((2.0, 5.0),), usable=usable) == 7.5
    assert np.isnan(band_means(values, ((2.0, 5.0),), usable=values > 9.0)).all()
