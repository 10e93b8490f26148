"""Stretches of equal samples agree with a loop over runs, and are told apart by where they lie."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from seismic_lightning.codes import SeedId
from seismic_lightning.records.inventory import Epoch
from seismic_lightning.records.standstill import standstill
from seismic_lightning.records.waveform import Segment
from seismic_lightning.records.window import Request, cut_window

RATE_HZ = 100.0
WHOLE = np.zeros((1, 1000), dtype=np.bool_)


def noise(seed: int = 0, sd_counts: float = 300.0) -> NDArray[np.int32]:
    return np.rint(np.random.default_rng(seed).normal(-8500.0, sd_counts, (1, 1000))).astype(np.int32)


@pytest.mark.parametrize("sd_counts", [0.2, 1.0, 30.0])
@pytest.mark.parametrize("lost", [0.0, 0.02])
def test_the_longest_stretch_is_that_of_a_loop_over_runs(sd_counts: float, lost: float) -> None:
    samples = np.concatenate([noise(seed, sd_counts) for seed in range(3)])
    missing = np.random.default_rng(9).random(samples.shape) < lost
    runs = [
        max(len(list(run)) for (gone, _), run in itertools.groupby(zip(absent, row, strict=True)) if not gone)
        for absent, row in zip(missing, samples, strict=True)
    ]
    expected = [(run - 1) / RATE_HZ for run in runs]
    assert standstill(samples, missing, RATE_HZ).flat_s == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "clipped"), [(-8500, False), (-10500, True), (-10490, True), (-6500, True)]
)
def test_a_stretch_is_clipped_where_it_lies_at_an_end_of_the_range(value: int, clipped: bool) -> None:
    samples = np.clip(noise(), -10499, -6501)
    samples[0, 0], samples[0, 1] = -10500, -6500
    samples[0, 400:501] = value
    found = standstill(samples, WHOLE, RATE_HZ)
    assert found.flat_s == pytest.approx([1.0])
    assert bool(found.clipped_s[0] == found.flat_s[0]) is clipped


def test_quiet_noise_beside_a_one_sided_pulse_and_a_constant_component_are_flat_but_not_clipped() -> None:
    quiet = np.zeros((2, 1000), dtype=np.int32)
    quiet[0, 500:520] = 100_000
    found = standstill(quiet, np.zeros_like(quiet, dtype=np.bool_), RATE_HZ)
    assert found.flat_s == pytest.approx([4.99, 9.99])
    assert found.clipped_s == pytest.approx([0.19, 0.0])


def test_a_gap_ends_a_stretch_and_its_fill_is_none() -> None:
    samples, missing = noise(), WHOLE.copy()
    samples[0, 400:501] = -8500
    missing[0, 450] = True
    samples[0, 600:900] = 0
    missing[0, 600:900] = True
    found = standstill(samples, missing, RATE_HZ)
    assert found.flat_s == pytest.approx([0.49])
    assert found.clipped_s[0] < 0.05


def test_an_absent_component_and_one_without_equal_neighbours_stand_still_for_no_time() -> None:
    samples = np.stack([np.arange(1000), np.zeros(1000)]).astype(np.float32)
    found = standstill(samples, np.stack([WHOLE[0], ~WHOLE[0]]), RATE_HZ)
    assert found.flat_s.tolist() == found.clipped_s.tolist() == [0.0, 0.0]


def test_a_rotated_component_stands_still_as_long_as_a_channel_that_it_is_made_of() -> None:
    rows = {letter: noise(seed)[0] for seed, letter in enumerate("Z12")}
    rows["2"][300:501] = -8500
    codes = SeedId("XX", "TEST", "", "HH")
    epochs = {
        letter: Epoch(codes, None, None, 40.0, 29.0, 0.0, azimuth_deg, dip_deg, None, None)
        for letter, azimuth_deg, dip_deg in (("Z", 0.0, -90.0), ("1", 30.0, 0.0), ("2", 120.0, 0.0))
    }
    segments = [
        Segment(codes._replace(channel=f"HH{letter}"), 0, RATE_HZ, row) for letter, row in rows.items()
    ]
    window = cut_window(segments, epochs, Request(2_000_000_000, 2.0, 9.0, "strict"))
    assert window.still.flat_s[0] < 0.1
    assert window.still.flat_s[1:] == pytest.approx([2.0, 2.0])
