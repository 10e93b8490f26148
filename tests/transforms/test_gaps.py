"""Gaps against ObsPy's interpolation, and offsets that must not cost precision."""

import numpy as np
import obspy
import pytest
import torch

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.transforms.gaps import (
    fill_gaps,
    find_gaps,
    first_valid,
    gap_mask,
    subtract_exactly,
)


def test_gaps_are_filled_as_obspy_merges_them() -> None:
    rng = np.random.default_rng(0)
    trace = obspy.Trace(rng.normal(size=1000), {"sampling_rate": 100.0})
    start = trace.stats.starttime
    pieces = obspy.Stream(
        [trace.slice(start, start + 2), trace.slice(start + 3.5, start + 5), trace.slice(start + 7)]
    )
    expected = pieces.copy().merge(fill_value="interpolate")[0].data
    masked = pieces.merge()[0].data
    waveform = torch.from_numpy(masked.filled(np.nan))
    result = fill_gaps(waveform, gap_mask(waveform))
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-12)


def test_ends_repeat_the_nearest_sample_and_nothing_becomes_zero() -> None:
    nan = torch.nan
    waveform = torch.tensor([[nan, nan, 3.0, nan, 5.0, nan], [nan] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    expected = torch.tensor([[3.0, 3.0, 3.0, 4.0, 5.0, 5.0], [0.0] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    torch.testing.assert_close(fill_gaps(waveform, gap_mask(waveform)), expected)


@pytest.mark.parametrize("dtype", [torch.int32, torch.float32, torch.float64])
def test_gaps_are_found_by_their_fill_value(dtype: torch.dtype) -> None:
    waveform = torch.arange(12).reshape(2, 6).to(dtype)
    assert find_gaps(waveform) is None
    waveform[1, 2] = torch.nan if dtype.is_floating_point else FILL_COUNTS
    gaps = find_gaps(waveform)
    assert gaps is not None
    assert gaps.nonzero().tolist() == [[1, 2]]


def test_the_first_sample_is_the_first_that_exists() -> None:
    waveform = torch.tensor([[FILL_COUNTS, 7, 8], [5, FILL_COUNTS, 6], [FILL_COUNTS] * 3], dtype=torch.int32)
    assert first_valid(waveform, gap_mask(waveform)).tolist() == [[7], [5], [0]]
    assert first_valid(waveform[1:2], None).tolist() == [[5]]


@pytest.mark.parametrize("offset", [0, 16_777_217, -2_000_000_000])
def test_integers_are_subtracted_as_integers(offset: int) -> None:
    steps = torch.tensor([[0, 1, -1, 3]], dtype=torch.int32)
    waveform = steps + offset
    assert subtract_exactly(waveform, waveform[:, :1], torch.float32).tolist() == steps.tolist()


def test_differences_beyond_32_bits_do_not_wrap_around() -> None:
    waveform = torch.tensor([[-2_000_000_000, 2_000_000_000]], dtype=torch.int32)
    assert subtract_exactly(waveform, waveform[:, :1], torch.float64).tolist() == [[0.0, 4e9]]
