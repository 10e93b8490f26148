"""Ratios and gaps agree with what ObsPy and SciPy make of the same samples."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from obspy import Trace
from obspy.signal.konnoohmachismoothing import konno_ohmachi_smoothing

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.records.quality import (
    gap_fraction,
    gap_legacy,
    snr_legacy,
    snr_rms,
)
from seismic_lightning.records.waveform import gap_intervals

BEFORE_P_S, LENGTH_S = 10.0, 70.0


def record(rate_hz: float, seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    generator = np.random.default_rng(seed)
    n_samples = round(LENGTH_S * rate_hz) + 1
    samples = generator.normal(0.0, 30.0, (3, n_samples))
    samples[:, round(BEFORE_P_S * rate_hz) :] *= 2.0
    return np.rint(samples - 8500.0).astype(np.int32), np.zeros((3, n_samples), dtype=np.bool_)


@pytest.mark.parametrize("rate_hz", [20.0, 40.0, 50.0, 100.0, 200.0, 250.0])
def test_legacy_ratio_is_that_of_obspys_smoothed_spectra(rate_hz: float) -> None:
    samples, missing = record(rate_hz)
    expected = []
    for row in samples.astype(np.float64):
        onset, length = round(BEFORE_P_S * rate_hz), round(rate_hz)
        frequency_hz = np.fft.rfftfreq(length, 1 / rate_hz)
        noise, signal = (
            konno_ohmachi_smoothing(np.abs(np.fft.rfft(part)), frequency_hz, bandwidth=20)
            for part in (row[onset - length : onset], row[onset : onset + length])
        )
        band = (frequency_hz >= 2.0) & (frequency_hz <= 15.0)
        expected.append(np.mean(signal[band] / (noise[band] + 1e-20)))
    assert snr_legacy(samples, missing, rate_hz, BEFORE_P_S) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rate_hz", [20.0, 50.0, 100.0])
def test_rms_ratio_is_that_of_an_obspy_trace(rate_hz: float) -> None:
    samples, missing = record(rate_hz)
    expected = []
    for row in samples:
        trace = Trace(row.astype(np.float64), {"sampling_rate": rate_hz})
        trace.detrend("demean").detrend("linear")
        trace.filter("bandpass", freqmin=2.0, freqmax=min(15.0, 0.4 * rate_hz), corners=4)
        noise = trace.data[round(5.0 * rate_hz) : round(9.5 * rate_hz)]
        signal = trace.data[round(10.0 * rate_hz) : round(15.0 * rate_hz)]
        expected.append(np.sqrt(np.mean(signal**2) / np.mean(noise**2)))
    assert snr_rms(samples, missing, rate_hz, BEFORE_P_S) == pytest.approx(expected, rel=1e-6)


def test_a_gap_does_not_raise_the_rms_ratio() -> None:
    samples, missing = record(100.0)
    whole = snr_rms(samples, missing, 100.0, BEFORE_P_S)
    missing[:, 1200:1300] = True
    cut = snr_rms(np.where(missing, FILL_COUNTS, samples), missing, 100.0, BEFORE_P_S)
    assert cut == pytest.approx(whole, rel=0.1)


def test_ratios_without_noise_are_unknown() -> None:
    samples, missing = record(100.0)
    missing[0, 600:1000] = True
    samples[1, :1000] = 0
    legacy = snr_legacy(samples, missing, 100.0, BEFORE_P_S)
    assert np.isnan(legacy[:2]).all()
    assert legacy[2] < 10.0
    assert np.isnan(snr_rms(samples, missing, 100.0, BEFORE_P_S)[0])


@pytest.mark.parametrize("ratio", [snr_legacy, snr_rms])
def test_noise_that_stands_still_has_no_ratio_whatever_its_value(
    ratio: Callable[..., NDArray[np.float64]],
) -> None:
    samples, missing = record(100.0)
    samples[:2, 300:1000] = -11198
    missing[1, 950:980] = True
    found = ratio(np.where(missing, FILL_COUNTS, samples), missing, 100.0, BEFORE_P_S)
    assert np.isnan(found[:2]).all()
    assert found[2] < 10.0


@pytest.mark.parametrize("ratio", [snr_legacy, snr_rms])
def test_ratios_that_no_band_or_window_allows_are_unknown(ratio: Callable[..., NDArray[np.float64]]) -> None:
    samples, missing = record(100.0)
    assert np.isnan(ratio(samples, missing, 2.0, BEFORE_P_S)).all()
    assert np.isnan(ratio(samples, missing, 100.0, 0.0)).all()


def test_gaps_are_listed_and_counted() -> None:
    missing = np.zeros((3, 100), dtype=np.bool_)
    missing[0, 10:20] = missing[0, 98:] = missing[1, 97:] = missing[2] = True
    assert gap_intervals(missing[0]) == [(10, 20), (98, 100)]
    assert gap_intervals(missing[2]) == [(0, 100)]
    assert gap_fraction(missing) == pytest.approx([0.1, 0.03, 1.0])


@pytest.mark.parametrize(("start", "stop", "expected"), [(2, 7001, 0.0), (0, 6999, 0.0), (3, 7001, 3 / 7001)])
def test_two_samples_are_tolerated_at_either_end(start: int, stop: int, expected: float) -> None:
    missing = np.ones((1, 7001), dtype=np.bool_)
    missing[:, start:stop] = False
    assert gap_fraction(missing)[0] == pytest.approx(expected)


def test_the_legacy_gap_counts_zeros_and_a_single_lacking_sample() -> None:
    samples, missing = record(100.0)
    missing[1, -1] = True
    samples[2, :70] = 0
    assert gap_legacy(samples, missing, 100.0, LENGTH_S) == pytest.approx([0.0, 1 / 7000, 0.01])
    missing[0] = True
    assert gap_legacy(samples, missing, 100.0, LENGTH_S)[0] == 1.0
