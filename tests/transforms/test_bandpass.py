"""Filter responses against SciPy's, and padding against the time the filter takes to forget."""

import math

import numpy as np
import pytest
import torch
from scipy import signal
from support.signals import option

from seismic_lightning.transforms import bandpass
from seismic_lightning.transforms.bands import BandTable
from seismic_lightning.transforms.plan import make_plan


@pytest.mark.parametrize("order", [1, 2, 4, 5])
@pytest.mark.parametrize("corners_hz", [(0.5, 8.0), (2.0, 25.0)])
def test_the_response_is_that_of_the_sections(order: int, corners_hz: tuple[float, float]) -> None:
    n_fft = 2401
    result = bandpass.response(np.array([corners_hz]), order, 100.0, n_fft)
    sections = signal.butter(order, corners_hz, btype="bandpass", fs=100.0, output="sos")
    _, expected = signal.freqz_sos(sections, worN=np.fft.rfftfreq(n_fft), fs=1.0)
    np.testing.assert_allclose(result[0], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("low_hz", [0.1, 0.5])
def test_the_slowest_pole_is_the_low_corners(order: int, low_hz: float) -> None:
    expected_s = 1 / (2 * math.pi * low_hz * math.sin(math.pi / (2 * order)))
    assert bandpass.decay_s(low_hz, 20.0, order, 100.0) == pytest.approx(expected_s, rel=0.05)


@pytest.mark.parametrize("rate_hz", [20.0, 40.0, 50.0, 62.5, 80.0, 100.0, 125.0, 200.0, 250.0])
def test_a_tenth_of_a_hertz_is_padded_to_143_seconds(rate_hz: float) -> None:
    settings = option("marmara")
    table = BandTable(settings)
    plan = make_plan(settings, table, rate_hz, round(70 * rate_hz) + 1, torch.device("meta"))
    lengths = plan.filter.lengths
    assert lengths is not None
    assert lengths.native / rate_hz >= 143.0
    assert lengths.native / rate_hz == lengths.target / 100.0


def test_zero_phase_is_two_passes_with_the_cut_between() -> None:
    rng = np.random.default_rng(0)
    record = rng.normal(size=(1, 1, 500))
    sections = signal.butter(4, [1.0, 20.0], btype="bandpass", fs=100.0, output="sos")
    expected = signal.sosfilt(sections, signal.sosfilt(sections, record)[..., ::-1])[..., ::-1]
    n_fft = 4000
    filters = torch.from_numpy(bandpass.response(np.array([[1.0, 20.0]]), 4, 100.0, n_fft))[None]
    spectrum = torch.fft.rfft(torch.from_numpy(record), n_fft)
    result = torch.fft.irfft(bandpass.filter_both_ways(spectrum, filters, n_fft, 500), n_fft)[..., :500]
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-10)
