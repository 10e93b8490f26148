"""The band-pass in transforms without padding against SciPy's recursion on a record with room around it."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import signal

from seismic_lightning.transforms.circular import CircularBandpass
from seismic_lightning.transforms.resample import fft_lengths

BANDS_HZ = np.array([[0.1, 5.0], [2.0, 8.0], [8.0, 8.0]])
"""The last is none: its corners leave nothing between them."""
LENGTH_S, ROOM_S = 40.0, 160.0


def tapered(rate_hz: float) -> NDArray[np.float64]:
    """Return noise between tapers, ``(2, 3, N)``."""
    n_samples = round(LENGTH_S * rate_hz) + 1
    noise = np.random.default_rng(0).normal(size=(2, 3, n_samples))
    return np.asarray(noise * signal.windows.tukey(n_samples, 0.1))


def circular(
    rate_hz: float, target_hz: float = 100.0, order: int = 4, *, both_ways: bool = False
) -> CircularBandpass:
    lengths = fft_lengths(LENGTH_S + 130 / min(rate_hz, target_hz), rate_hz, target_hz)
    n_samples = round(LENGTH_S * rate_hz) + 1
    return CircularBandpass(
        BANDS_HZ, order, rate_hz, lengths, torch.float64, n_samples=n_samples, both_ways=both_ways
    )


@pytest.mark.parametrize("both_ways", [False, True], ids=["causal", "zero_phase"])
@pytest.mark.parametrize(
    ("rate_hz", "target_hz", "order", "bound"),
    [
        (20.0, 100.0, 2, 2e-6),
        (20.0, 100.0, 4, 1e-8),
        (40.0, 100.0, 4, 1e-10),
        (62.5, 100.0, 4, 1e-10),
        (200.0, 100.0, 4, 1e-5),
    ],
)
def test_it_is_what_infinite_padding_would_give(
    rate_hz: float, target_hz: float, order: int, bound: float, both_ways: bool
) -> None:
    samples, band = tapered(rate_hz), [1, 0]
    result = circular(rate_hz, target_hz, order, both_ways=both_ways)(
        torch.from_numpy(samples), torch.tensor(band)
    ).numpy()
    n_room, n_results = round(ROOM_S * rate_hz), round(LENGTH_S * target_hz) + 1
    room = ((0, 0), (n_room, n_room - 1))  # a whole number of seconds with the record
    for record, row in enumerate(band):
        sections = signal.butter(order, BANDS_HZ[row], btype="bandpass", fs=rate_hz, output="sos")
        if both_ways:
            padded = np.pad(signal.sosfilt(sections, samples[record]), room)
            filtered = signal.sosfilt(sections, padded[:, ::-1])[:, ::-1]
        else:
            filtered = signal.sosfilt(sections, np.pad(samples[record], room))
        n_target = round((2 * ROOM_S + LENGTH_S) * target_hz)
        start = round(ROOM_S * target_hz)
        expected = signal.resample(filtered, n_target, axis=-1)[:, start : start + n_results]
        error = np.linalg.norm(result[record, :, :n_results] - expected) / np.linalg.norm(expected)
        # Where an interpolation is cut depends on the room: the less, the less the filter has left at the
        # lower of both Nyquist frequencies.
        assert error < bound, (row, error)


def test_a_band_without_room_filters_to_nan() -> None:
    result = circular(20.0)(torch.from_numpy(tapered(20.0)), torch.tensor([2, 0]))
    assert result[0].isnan().all()
    assert result[1].isfinite().all()


@pytest.mark.parametrize("both_ways", [False, True], ids=["causal", "zero_phase"])
def test_gradients_pass(both_ways: bool) -> None:
    way = circular(20.0, both_ways=both_ways)
    samples = torch.from_numpy(tapered(20.0)[:1, :1]).requires_grad_()
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=4000))
    band = torch.tensor([0])
    (gradient,) = torch.autograd.grad(way(samples, band)[0, 0, :4000] @ weights, samples)
    # Linear: the gradient along a direction is the result for it.
    direction = torch.from_numpy(tapered(20.0)[1:, :1])
    expected = way(direction, band)[0, 0, :4000] @ weights
    torch.testing.assert_close((gradient * direction).sum(), expected)
