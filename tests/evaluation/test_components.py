"""Components that belong together are told from components whose phases are unrelated."""

import numpy as np
import pytest
from scipy.signal import coherence as scipy_coherence
from support.truth import RATE_HZ, KnownRecords, given

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.components import (
    COHERENCE_S,
    PAIRS,
    SEGMENT_S,
    coherence,
    horizontal_to_vertical,
    p_rectilinearity,
    polarisation_error_deg,
)


@pytest.fixture(scope="module")
def known() -> KnownRecords:
    return given(3.5, 0.3, 24)


@pytest.fixture(scope="module")
def scattered(known: KnownRecords) -> np.ndarray:
    """Return the records with phases of their own for each component, as separate phase recovery gives."""
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(24), (3, 1)), axis=1)
    return np.stack([known.velocity_m_s[order[row], row] for row in range(3)], axis=1)


def test_p_moves_along_a_line_from_the_source(known: KnownRecords, scattered: np.ndarray) -> None:
    error_deg = polarisation_error_deg(known.velocity_m_s, RATE_HZ, known.p_s, known.back_azimuth_deg)
    assert abs(np.rad2deg(np.angle(np.exp(1j * np.deg2rad(error_deg)).mean()))) < 8.0
    assert np.median(np.abs(error_deg)) < 25.0
    lost_deg = polarisation_error_deg(scattered, RATE_HZ, known.p_s, known.back_azimuth_deg)
    assert np.median(np.abs(lost_deg)) > 45.0
    line, ball = (
        p_rectilinearity(samples, RATE_HZ, known.p_s) for samples in (known.velocity_m_s, scattered)
    )
    assert np.median(line) > 0.9
    assert np.median(line) > np.median(ball) + 0.05


def test_a_turned_sensor_is_seen(known: KnownRecords) -> None:
    turned = known.velocity_m_s.copy()
    turned[:, 1], turned[:, 2] = -known.velocity_m_s[:, 2], known.velocity_m_s[:, 1]
    true, found = (
        polarisation_error_deg(samples, RATE_HZ, known.p_s, known.back_azimuth_deg)
        for samples in (known.velocity_m_s, turned)
    )
    np.testing.assert_allclose((found - true) % 360.0, 90.0, atol=1e-6)


def test_coherence_is_scipys(known: KnownRecords) -> None:
    ours = coherence(known.velocity_m_s, RATE_HZ, known.p_s)
    segment, first = round(SEGMENT_S * RATE_HZ), round(float(known.p_s[0]) * RATE_HZ)
    part = known.velocity_m_s[0, :, first : first + round(COHERENCE_S * RATE_HZ)]
    for column, (one, other) in enumerate(PAIRS.values()):
        frequency_hz, values = scipy_coherence(
            part[one], part[other], RATE_HZ, nperseg=segment, noverlap=segment - segment // 2
        )
        band = (frequency_hz >= 1.0) & (frequency_hz <= 20.0)
        assert ours[0, column] == pytest.approx(values[band].mean(), rel=1e-6)


def test_unrelated_phases_lose_coherence(known: KnownRecords, scattered: np.ndarray) -> None:
    together = coherence(known.velocity_m_s, RATE_HZ, known.p_s)
    apart = coherence(scattered, RATE_HZ, known.p_s)
    assert np.median(together[:, 0]) > 2.0 * np.median(apart[:, 0])  # the source lies north: Z with N
    same = np.repeat(known.velocity_m_s[:, :1], 3, axis=1)
    np.testing.assert_allclose(coherence(same, RATE_HZ, known.p_s), 1.0)


def test_the_horizontals_are_stronger_in_s(known: KnownRecords) -> None:
    far = given(3.5, 0.9, 24)  # nearer, the coda of P adds to both alike
    assert np.median(horizontal_to_vertical(far.velocity_m_s, RATE_HZ, far.s_s)) == pytest.approx(
        1.8, abs=0.2
    )
    ratio = horizontal_to_vertical(known.velocity_m_s, RATE_HZ, known.s_s)
    louder = known.velocity_m_s * np.array([1.0, 3.0, 3.0])[:, None]
    np.testing.assert_allclose(horizontal_to_vertical(louder, RATE_HZ, known.s_s), 3.0 * ratio)


def test_what_a_record_does_not_hold_is_unknown(known: KnownRecords) -> None:
    short, silent = known.velocity_m_s[:2, :, :1250], np.zeros((2, 3, 3000))
    assert np.isnan(horizontal_to_vertical(short, RATE_HZ, known.s_s[:2])).all()
    assert np.isnan(horizontal_to_vertical(silent, RATE_HZ, 12.0)).all()
    assert np.isnan(coherence(short, RATE_HZ, known.p_s[:2])).all()
    assert np.isnan(coherence(silent, RATE_HZ, 12.0)).all()
    assert np.isnan(p_rectilinearity(short, RATE_HZ, 12.0)).all()
    assert np.isnan(p_rectilinearity(silent, RATE_HZ, 12.0)).all()


@pytest.mark.parametrize("measure", [horizontal_to_vertical, p_rectilinearity, coherence])
def test_the_vertical_alone_is_refused(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(EvaluationError, match="3 components are asked for, got shape"):
        measure(np.zeros((2, 1, 3000)), RATE_HZ, 10.0)
