"""Detrending and tapering, each on its own, against SciPy and ObsPy."""

import numpy as np
import obspy
import pytest
import torch
from scipy import signal

from seismic_lightning.transforms.detrend import detrend_
from seismic_lightning.transforms.taper import cosine_ramp, taper_


@pytest.mark.parametrize("n_samples", [2, 3, 100, 7001])
def test_the_line_is_that_of_scipy(n_samples: int) -> None:
    samples = np.random.default_rng(0).normal(size=(2, 3, n_samples)) + np.linspace(5, 90, n_samples)
    result = detrend_(torch.from_numpy(samples.copy())).numpy()
    np.testing.assert_allclose(result, signal.detrend(samples), rtol=0, atol=1e-10)


def test_a_line_disappears() -> None:
    line = torch.linspace(-3.0, 8.0, 500, dtype=torch.float64).expand(2, 3, 500).clone()
    assert detrend_(line).abs().max() < 1e-13
    assert detrend_(torch.ones(1, 3, 1)).tolist() == [[[0.0], [0.0], [0.0]]]


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.3, 0.5])
@pytest.mark.parametrize("n_samples", [10, 39, 40, 1401, 7001])
def test_the_taper_is_that_of_obspy(n_samples: int, fraction: float) -> None:
    trace = obspy.Trace(np.ones(n_samples))
    trace.taper(fraction, "cosine")
    ramp = torch.from_numpy(cosine_ramp(n_samples, fraction))
    result = taper_(torch.ones(1, n_samples, dtype=torch.float64), ramp)
    np.testing.assert_allclose(result[0].numpy(), trace.data, rtol=0, atol=1e-14)
