"""Transform lengths that fit two rates, and spectrum resizing against SciPy."""

import numpy as np
import pytest
import torch
from scipy import signal

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms.resample import FftLengths, fft_lengths, resampled_length, resize_spectrum


@pytest.mark.parametrize("target_hz", [50.0, 100.0])
@pytest.mark.parametrize("rate_hz", [20.0, 40.0, 50.0, 62.5, 80.0, 100.0, 125.0, 200.0, 250.0])
def test_lengths_last_equally_long_and_are_fast(rate_hz: float, target_hz: float) -> None:
    native, target = fft_lengths(143.0, rate_hz, target_hz)
    assert native * target_hz == target * rate_hz
    assert 143.0 <= native / rate_hz <= 160.0
    for length in (native, target):
        for prime in (2, 3, 5):
            while length % prime == 0:
                length //= prime
        assert length == 1


def test_equal_rates_may_be_odd() -> None:
    native, target = fft_lengths(100.0, 99.9998, 99.9998)
    assert native == target >= 9999


@pytest.mark.parametrize("rate_hz", [99.9998, 1e-9, 0.0, -50.0])
def test_rates_without_a_common_duration_are_named(rate_hz: float) -> None:
    with pytest.raises(ConfigurationError, match=f"{rate_hz:.10g} Hz"):
        fft_lengths(143.0, rate_hz, 100.0)


@pytest.mark.parametrize(
    ("native", "target"), [(400, 400), (400, 600), (600, 400), (300, 401), (401, 300), (401, 777), (777, 401)]
)
def test_resizing_is_that_of_scipy(native: int, target: int) -> None:
    samples = np.random.default_rng(0).normal(size=(2, native))
    spectrum = torch.fft.rfft(torch.from_numpy(samples), norm="forward")
    resized = resize_spectrum(spectrum, FftLengths(native, target))
    result = torch.fft.irfft(resized, target, norm="forward").numpy()
    np.testing.assert_allclose(result, signal.resample(samples, target, axis=-1), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("n_samples", "rate_hz", "expected"),
    [(7001, 100.0, 7001), (1401, 20.0, 7001), (17501, 250.0, 7001), (1, 50.0, 1)],
)
def test_both_ends_stay_where_they_are(n_samples: int, rate_hz: float, expected: int) -> None:
    assert resampled_length(n_samples, rate_hz, 100.0) == expected
