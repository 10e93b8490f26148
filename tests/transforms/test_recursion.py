"""The recursion over blocks against SciPy's over samples, and what it promises besides."""

import numpy as np
import pytest
import torch
from scipy import signal
from support.signals import counts, option

from seismic_lightning.transforms.bands import BandTable
from seismic_lightning.transforms.plan import make_plan
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.recursion import BLOCK, BlockRecursion

BANDS_HZ = np.array([[0.1, 20.0], [2.0, 25.0], [30.0, 30.0], [0.5, 8.0]])
"""The third is none: its corners leave nothing between them."""


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("n_samples", [1, BLOCK - 1, BLOCK, 7001])
def test_forwards_is_the_recursion_of_scipy(order: int, n_samples: int) -> None:
    samples = np.random.default_rng(0).normal(size=(3, 2, n_samples))
    band = [3, 0, 1]
    recursion = BlockRecursion(BANDS_HZ, order, 100.0, torch.float64)
    result = recursion.forwards(torch.from_numpy(samples), torch.tensor(band)).numpy()
    for record, row in enumerate(band):
        sections = signal.butter(order, BANDS_HZ[row], btype="bandpass", fs=100.0, output="sos")
        expected = signal.sosfilt(sections, samples[record])
        np.testing.assert_allclose(result[record], expected, rtol=0, atol=1e-10)


def test_both_ways_cuts_the_record_in_between() -> None:
    samples = np.random.default_rng(0).normal(size=(1, 1, 500))
    recursion = BlockRecursion(BANDS_HZ, 4, 100.0, torch.float64)
    result = recursion.both_ways(torch.from_numpy(samples), torch.tensor([3])).numpy()
    sections = signal.butter(4, BANDS_HZ[3], btype="bandpass", fs=100.0, output="sos")
    expected = signal.sosfilt(sections, signal.sosfilt(sections, samples)[..., ::-1])[..., ::-1]
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-10)


def test_single_precision_is_that_of_transforms() -> None:
    samples = np.random.default_rng(0).normal(size=(1, 1, 7001))
    result = BlockRecursion(BANDS_HZ, 4, 100.0, torch.float32).forwards(
        torch.from_numpy(samples).float(), torch.tensor([0])
    )
    sections = signal.butter(4, BANDS_HZ[0], btype="bandpass", fs=100.0, output="sos")
    expected = signal.sosfilt(sections, samples)
    assert np.linalg.norm(result.numpy() - expected) <= 2e-7 * np.linalg.norm(expected)


def test_a_band_without_room_filters_to_nan() -> None:
    recursion = BlockRecursion(BANDS_HZ, 4, 100.0, torch.float32)
    result = recursion.forwards(torch.ones(2, 1, 100), torch.tensor([2, 0]))
    assert result[0].isnan().all()
    assert result[1].isfinite().all()


def test_gradients_pass() -> None:
    samples = torch.randn(2, 1, BLOCK + 3, dtype=torch.float64, requires_grad=True)
    recursion = BlockRecursion(BANDS_HZ, 2, 100.0, torch.float64)
    assert torch.autograd.gradcheck(lambda x: recursion.forwards(x, torch.tensor([0, 3])), samples)


@pytest.mark.parametrize("corners", [3, 4])
def test_odd_orders_take_the_transforms(corners: int) -> None:
    settings = option("marmara", corners=corners)
    plan = make_plan(settings, BandTable(settings), 100.0, 7001, torch.device("cpu"))
    assert (plan.filter.recursion is not None) == (corners == 4)
    record = torch.from_numpy(counts(1, 100.0))
    assert Preprocess(settings)(record, 100.0, torch.tensor([0])).isfinite().all()
