"""Smoothed Fourier amplitude spectra, against ObsPy's smoothing and known spectra."""

import numpy as np
import pytest
from numpy.typing import NDArray
from obspy.signal.konnoohmachismoothing import konno_ohmachi_smoothing_window

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.fourier import (
    BANDS_HZ,
    centres_hz,
    fas_residual_dex,
    konno_ohmachi_weights,
    log_fas_features,
    smoothed_spectrum,
)
from seismic_lightning.evaluation.frechet import diagonal_distance

RATE_HZ = 100.0


def noise(n_records: int, seed: int = 0) -> NDArray[np.float64]:
    """Return white noise of three components."""
    return np.random.default_rng(seed).normal(size=(n_records, 3, 3001))


@pytest.mark.parametrize("smoothing", [20.0, 40.0])
def test_weights_are_those_of_obspy(smoothing: float) -> None:
    frequency_hz = np.arange(1501) * RATE_HZ / 3000
    centres = np.array([frequency_hz[40], 1.2345, 7.7, 20.0])
    weights = konno_ohmachi_weights(frequency_hz, centres, smoothing)
    for row, centre in zip(weights, centres, strict=True):
        expected = konno_ohmachi_smoothing_window(frequency_hz, centre, smoothing, normalize=True)
        np.testing.assert_allclose(row, expected, atol=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


def test_the_spectrum_of_an_impulse_is_flat_at_its_area() -> None:
    waveform = np.zeros((1, 1, 3001))
    waveform[0, 0, 100] = 4.0 * RATE_HZ
    spectrum = smoothed_spectrum(waveform, RATE_HZ, centres_hz(1.0, 20.0))
    np.testing.assert_allclose(spectrum.log_amplitude, np.log10(4.0))


def test_equal_records_leave_no_residual_and_a_gain_is_found_in_its_band() -> None:
    record = noise(4)
    assert np.abs(fas_residual_dex(record, record, RATE_HZ)).max() == 0.0
    spectrum = np.fft.rfft(record)
    frequency_hz = np.fft.rfftfreq(3001, 1 / RATE_HZ)
    louder = np.fft.irfft(spectrum * np.where(frequency_hz < 3.2, 1.0, 10**0.5), 3001)
    residual = fas_residual_dex(louder, record, RATE_HZ)
    assert residual.shape == (4, 3, len(BANDS_HZ))
    np.testing.assert_allclose(residual[..., 0], 0.0, atol=0.01)
    np.testing.assert_allclose(residual[..., 2:], 0.5, atol=0.01)


def test_weaker_high_frequencies_move_two_sets_apart() -> None:
    def distance(waveform: NDArray[np.float64]) -> float:
        reference = log_fas_features(noise(40, 1), RATE_HZ, 1.0, 20.0)
        return diagonal_distance(log_fas_features(waveform, RATE_HZ, 1.0, 20.0), reference)

    smooth = np.apply_along_axis(np.convolve, -1, noise(40, 2), np.full(3, 1 / 3), mode="same")
    smoother = np.apply_along_axis(np.convolve, -1, smooth, np.full(3, 1 / 3), mode="same")
    assert distance(noise(40, 1)) == 0.0
    assert distance(noise(40, 2)) < distance(smooth) < distance(smoother)
    # half the amplitude is a shift of all features
    assert distance(0.5 * noise(40, 1)) == pytest.approx(np.log10(2.0) ** 2)


def test_a_batch_is_its_records_one_by_one() -> None:
    records = noise(300)[:, :1, :500]  # more than are transformed at once
    centres = centres_hz(1.0, 20.0)
    single = [smoothed_spectrum(record[None], RATE_HZ, centres).log_amplitude[0] for record in records]
    np.testing.assert_allclose(smoothed_spectrum(records, RATE_HZ, centres).log_amplitude, single)


def test_silence_and_frequencies_beyond_reach_are_refused_by_name() -> None:
    record = noise(2)
    record[1, 2] = 0.0
    with pytest.raises(EvaluationError, match="component 2 of record 1 is silent"):
        fas_residual_dex(noise(2), record, RATE_HZ)
    with pytest.raises(EvaluationError, match=r"allow 0\.0333 to 50 Hz"):
        fas_residual_dex(noise(1), noise(1), RATE_HZ, ((30.0, 60.0),))
    with pytest.raises(EvaluationError, match="got 5 to 2 Hz"):
        fas_residual_dex(noise(1), noise(1), RATE_HZ, ((5.0, 2.0),))
