"""Corner frequencies that records were made with are fitted, and fall with magnitude as Brune's do."""

import numpy as np
import pytest
from support.truth import RATE_HZ, KnownRecords, given, joined

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.source import corner_frequencies_hz, corner_slope


@pytest.fixture(scope="module")
def known() -> KnownRecords:
    return joined([given(magnitude, 0.3, 12) for magnitude in (3.0, 3.5, 4.0, 4.5)])


def fitted(known: KnownRecords) -> np.ndarray:
    slant_km = np.hypot(known.distance_km, known.depth_km)
    return corner_frequencies_hz(
        known.velocity_m_s, RATE_HZ, p_s=known.p_s, s_s=known.s_s, distance_km=slant_km, kappa_s=known.kappa_s
    )


def test_corners_are_found_and_fall_by_a_half_per_magnitude(known: KnownRecords) -> None:
    corners_hz = fitted(known)
    for magnitude in np.unique(known.magnitude):
        here = known.magnitude == magnitude
        assert np.median(corners_hz[here] / known.corner_hz[here]) == pytest.approx(1.0, abs=0.35)
    slope = corner_slope(corners_hz, known.magnitude)
    assert slope.value == pytest.approx(-0.5, abs=0.1)
    assert slope.low < slope.value < slope.high < 0.0


def test_a_scale_changes_no_corner(known: KnownRecords) -> None:
    few = known.take(np.arange(len(known.magnitude)) < 4)
    np.testing.assert_array_equal(fitted(few), fitted(few._replace(velocity_m_s=1e9 * few.velocity_m_s)))


def test_what_a_record_does_not_hold_has_no_corner(known: KnownRecords) -> None:
    few = known.take(np.arange(len(known.magnitude)) < 2)
    late, cut = few.velocity_m_s[..., 500:], few.velocity_m_s[..., :2000]
    noise = np.random.default_rng(0).normal(size=few.velocity_m_s.shape)

    def corners(samples: np.ndarray, later_s: float = 0.0) -> np.ndarray:
        onsets = {"p_s": few.p_s + later_s, "s_s": few.s_s + later_s}
        return corner_frequencies_hz(samples, RATE_HZ, distance_km=30.0, **onsets)

    assert np.isnan(corners(late, -5.0)).all()
    assert np.isnan(corners(cut)).all()
    assert np.isnan(corners(noise)).all()
    assert np.isfinite(corners(few.velocity_m_s[:, :1])).all()


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(EvaluationError, match="all 3 are 3, a slope needs different ones"):
        corner_slope([1.0, 2.0, 3.0], [3.0, 3.0, 3.0])
    with pytest.raises(EvaluationError, match="kappa_s: 4 records need one or as many"):
        corner_frequencies_hz(
            np.zeros((4, 3, 100)), RATE_HZ, p_s=0.1, s_s=0.2, distance_km=9.0, kappa_s=[0.1, 0.2]
        )
