"""Motion along a line is told from motion in a ball, and points to where it comes from."""

import numpy as np
import pytest
from obspy.signal.polarization import eigval

from seismic_lightning.records.polarisation import (
    POLARISATION_S,
    back_azimuth_deg,
    p_covariance,
    rectilinearity,
)

RATE_HZ, P_S = 100.0, 2.0


def moving(azimuth_deg: float, noise: float) -> np.ndarray:
    """Return ``(1, 3, N)`` of a P that comes from an azimuth, with noise of a share of it."""
    rng = np.random.default_rng(1)
    pulse = np.zeros(600)
    pulse[200:300] = np.hanning(100) * rng.normal(size=100)
    away = np.deg2rad(azimuth_deg + 180.0)
    ray = np.array([1.0, 0.6 * np.cos(away), 0.6 * np.sin(away)])
    return np.asarray(ray[:, None] * pulse + noise * pulse.std() * rng.normal(size=(3, 600)))[None]


@pytest.mark.parametrize("azimuth_deg", [0.0, 47.0, 120.0, 200.0, 315.0])
def test_p_points_to_its_source(azimuth_deg: float) -> None:
    for sign in (1.0, -1.0):
        found = back_azimuth_deg(sign * moving(azimuth_deg, 0.0), RATE_HZ, np.array([P_S]))
        assert (found - azimuth_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-6)


def test_the_rectilinearity_is_obspys() -> None:
    samples = moving(30.0, 0.5)
    part = samples[0, :, 200 : 200 + round(POLARISATION_S * RATE_HZ)]
    theirs = eigval(part[2], part[1], part[0], np.array([1.0, 0.0, 0.0, 0.0, 0.0]), 1.0)[3]
    assert rectilinearity(samples, RATE_HZ, np.array([P_S]))[0] == pytest.approx(theirs[0], rel=1e-9)


def test_a_line_is_1_and_noise_takes_from_it() -> None:
    values = [
        rectilinearity(moving(30.0, noise), RATE_HZ, np.array([P_S]))[0] for noise in (0.0, 0.2, 1.0, 5.0)
    ]
    assert values[0] == pytest.approx(1.0)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.4


def test_a_p_that_the_record_does_not_hold_has_no_motion() -> None:
    samples = np.repeat(moving(30.0, 0.1), 3, axis=0)
    p_s = np.array([-0.5, 5.5, np.nan])
    assert np.isnan(rectilinearity(samples, RATE_HZ, p_s)).all()
    assert np.isnan(back_azimuth_deg(samples, RATE_HZ, p_s)).all()
    assert np.isnan(p_covariance(samples, RATE_HZ, p_s)).all()
    assert np.isnan(rectilinearity(np.zeros((1, 3, 600)), RATE_HZ, np.array([P_S]))).all()
