"""The split of least Akaike criterion is the one that another implementation finds, record by record."""

import numpy as np
import pytest
from obspy.signal.trigger import aic_simple

from seismic_lightning.records.akaike import MARGIN, criterion, onset_sample

N_SAMPLES, ONSETS = 600, (150, 333, 420)


@pytest.fixture
def traces() -> np.ndarray:
    samples = np.random.default_rng(0).normal(size=(len(ONSETS), N_SAMPLES))
    for row, onset in enumerate(ONSETS):
        samples[row, onset:] *= 4.0
    return samples


def test_the_split_is_obspys(traces: np.ndarray) -> None:
    whole = np.zeros(3, dtype=np.int64), np.full(3, N_SAMPLES)
    ours = onset_sample(traces**2, *whole)
    # ObsPy takes the mean of either part away, a hundredth of its variance.
    theirs = [int(np.argmin(aic_simple(trace)[MARGIN : N_SAMPLES - MARGIN])) + MARGIN for trace in traces]
    np.testing.assert_allclose(ours, theirs, atol=2)
    np.testing.assert_allclose(ours, ONSETS, atol=5)


def test_the_criterion_is_obspys_up_to_a_constant_and_a_sample(traces: np.ndarray) -> None:
    ours = criterion(traces[:1] ** 2, np.array([0]), np.array([N_SAMPLES]))[0, 50:550]
    difference = ours - aic_simple(traces[0] - traces[0].mean())[49:549]
    assert difference.std() < 0.02 * ours.std()


def test_each_record_has_a_window_of_its_own(traces: np.ndarray) -> None:
    same = np.repeat(traces[:1], 2, axis=0) ** 2
    found = onset_sample(same, np.array([0, 300]), np.array([N_SAMPLES, N_SAMPLES]))
    assert abs(found[0] - ONSETS[0]) < 5
    assert 300 + MARGIN <= found[1] < N_SAMPLES - MARGIN


def test_what_cannot_be_split_has_no_onset(traces: np.ndarray) -> None:
    energy = np.stack([traces[0] ** 2, np.zeros(N_SAMPLES)])
    assert np.isnan(onset_sample(energy, np.array([0, 0]), np.array([2 * MARGIN, N_SAMPLES]))).all()
    assert np.isnan(onset_sample(energy, np.array([-900, 700]), np.array([5, 900]))).all()
