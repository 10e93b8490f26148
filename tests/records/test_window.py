"""Segments on one grid: shifts, gaps, units and refusals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seismic_lightning.codes import FILL_COUNTS, SeedId
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.inventory import Epoch
from seismic_lightning.records.waveform import Segment
from seismic_lightning.records.window import Request, Window, cut_window

S = 1_000_000_000
P_NS = 1_700_000_000 * S
REQUEST = Request(P_NS, before_p_s=10.0, length_s=20.0, orientation="strict")
START_NS = P_NS - 10 * S


def segment(letter: str, start_s: float = -5.0, n_samples: int = 4000, **changes: Any) -> Segment:  # noqa: ANN401
    """Return a segment that begins some seconds from the window's start and counts its own samples."""
    samples: NDArray[Any] = changes.get("samples", np.arange(1, n_samples + 1, dtype=np.int32))
    family = changes.get("family", "HH")
    start_ns = START_NS + round(start_s * S)
    return Segment(
        SeedId("KO", "ADVT", "", family + letter), start_ns, changes.get("rate_hz", 100.0), samples
    )


def cut(segments: Sequence[Segment], epochs: dict[str, Epoch | None] | None = None) -> Window:
    return cut_window(sorted(segments, key=lambda part: (part.seed_id, part.start_ns)), epochs or {}, REQUEST)


def test_a_whole_file_is_cut_at_the_sample_before_p() -> None:
    window = cut([segment(letter) for letter in "ENZ"])
    assert window.samples.dtype == np.int32
    assert window.samples.shape == (3, 2001)
    assert (window.start_ns, window.unit, window.sampling_rate_hz) == (START_NS, "counts", 100.0)
    assert not window.missing.any()
    assert np.array_equal(window.samples[0], np.arange(501, 2502))
    assert window.remainder_s.tolist() == [0.0, 0.0, 0.0]


def test_components_that_start_apart_are_shifted_and_the_rest_is_kept() -> None:
    window = cut([segment("Z", -5.002), segment("N", -5.014), segment("E", -4.996)])
    assert window.start_ns == START_NS - 2_000_000
    assert window.samples[:, 0].tolist() == [501, 502, 500]
    assert window.remainder_s == pytest.approx([0.0, -0.002, -0.004])
    true_start_s = -0.002 + window.remainder_s
    assert true_start_s == pytest.approx([-0.002, -0.014 + 0.01, -5.006 + 5.0])


def test_gaps_and_what_lies_outside_the_file_hold_the_fill_value() -> None:
    parts = [segment("Z", -5.0, 1000), segment("Z", 7.0, 200), segment("N"), segment("E", 1.0)]
    window = cut(parts)
    assert np.flatnonzero(window.missing[0]).tolist() == [*range(500, 700), *range(900, 2001)]
    assert window.missing[2, :100].all()
    assert not window.missing[2, 100:].any()
    assert (window.samples[window.missing] == FILL_COUNTS).all()
    assert (window.samples[~window.missing] > 0).all()


def test_an_absent_component_is_missing_throughout() -> None:
    window = cut([segment("Z"), segment("E")])
    assert window.missing.all(axis=1).tolist() == [False, True, False]
    assert np.isnan(window.remainder_s[1])


def test_overlaps_of_equal_samples_merge_and_others_are_refused() -> None:
    same = [segment("Z", -5.0, 1000), segment("Z", 0.0, samples=np.arange(501, 4001, dtype=np.int32))]
    assert not cut([*same, segment("N"), segment("E")]).missing.any()
    with pytest.raises(WaveformError) as refused:
        cut([segment("Z", -5.0, 1000), segment("Z", 0.0), segment("N"), segment("E")])
    assert refused.value.reason == "overlap"


def test_rotated_counts_are_whole_and_miss_what_either_channel_misses() -> None:
    angles = {"Z": (0.0, -90.0), "1": (45.0, 0.0), "2": (135.0, 0.0)}
    epochs: dict[str, Epoch | None] = {
        letter: Epoch(SeedId("", "", "", ""), None, None, 0.0, 0.0, None, azimuth, dip, None, None)
        for letter, (azimuth, dip) in angles.items()
    }
    window = cut([segment("Z"), segment("1", -5.0, 1000), segment("2")], epochs)
    assert window.unit == "counts"
    assert window.samples.dtype == np.int32
    assert not window.missing[0].any()
    assert np.array_equal(window.missing[1], window.missing[2])
    assert np.flatnonzero(window.missing[1])[0] == 500
    first = np.array([501.0, 501.0])
    north, east = np.cos(np.pi / 4) * (first[0] - first[1]), np.cos(np.pi / 4) * first.sum()
    assert window.samples[:, 0].tolist() == [501, round(north), round(east)]


@pytest.mark.parametrize(
    ("family", "scale", "unit", "dtype"),
    [("HH", 1.0, "counts", np.int32), ("HH", 1e-9, "mps", np.float32), ("HN", 1e-9, "mps2", np.float32)],
)
def test_fractions_are_ground_motion_and_whole_numbers_are_counts(
    family: str, scale: float, unit: str, dtype: type[np.generic]
) -> None:
    samples = (np.arange(1, 4001) * scale).astype(np.float32)
    window = cut([segment(letter, samples=samples, family=family) for letter in "ZN"])
    assert window.unit == unit
    assert window.samples.dtype == np.dtype(dtype)
    expected = FILL_COUNTS if unit == "counts" else np.float32(np.nan)
    assert np.array_equal(window.samples[2], np.full(2001, expected), equal_nan=unit != "counts")


def test_rates_that_hardly_drift_are_snapped() -> None:
    window = cut([segment("Z", rate_hz=100.00001), segment("N", rate_hz=99.9999), segment("E")])
    assert window.sampling_rate_hz == 100.0


def flat(letter: str) -> Segment:
    return segment(letter, samples=np.full(4000, 7, dtype=np.int32))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([segment("Z", rate_hz=50.0), segment("N")], "mixed_rates"),
        ([segment("Z", rate_hz=99.95)], "odd_rate"),
        ([segment("Z", rate_hz=0.01)], "odd_rate"),
        ([segment("Z", 100.0)], "too_short"),
        ([segment("Z", 3.0, 99)], "too_short"),
        ([segment("Z"), flat("N"), segment("E")], "dead_component"),
        ([segment("Z", samples=np.full(4000, np.nan, dtype=np.float32))], "not_finite"),
        ([segment("Z", samples=np.geomspace(1, 1e18, 4000).round())], "overflow"),
    ],
)
def test_what_is_no_record_is_refused_by_name(parts: list[Segment], reason: str) -> None:
    with pytest.raises(WaveformError) as refused:
        cut(parts)
    assert refused.value.reason == reason


def test_where_the_vertical_is_enough_nothing_else_can_spoil_it() -> None:
    spoilt = [segment("N", rate_hz=50.0), segment("1"), segment("2"), segment("Z", -4.996)]
    window = cut_window(spoilt, {}, REQUEST._replace(components="Z"))
    assert window.samples.shape == window.missing.shape == (1, 2001)
    assert window.samples[0, 0] == 501
    assert window.remainder_s.tolist() == [0.0]


def test_the_vertical_of_a_tilted_sensor_is_rotated_out_of_all_three() -> None:
    dips_deg = {"1": -90.0, "2": 0.0, "3": 0.0}
    epochs: dict[str, Epoch | None] = {
        letter: Epoch(
            SeedId("KO", "ADVT", "", "HH" + letter),
            None,
            None,
            40.0,
            29.0,
            0.0,
            azimuth_deg,
            dip_deg,
            None,
            None,
        )
        for azimuth_deg, (letter, dip_deg) in zip((0.0, 0.0, 90.0), dips_deg.items(), strict=True)
    }
    parts = [segment("1", samples=np.arange(7, 4007, dtype=np.int32)), segment("2"), segment("3")]
    window = cut_window(parts, epochs, REQUEST._replace(components="Z"))
    assert window.samples.shape == (1, 2001)
    assert window.samples[0, 0] == 507


def test_without_a_vertical_its_record_is_refused() -> None:
    with pytest.raises(WaveformError, match="no vertical channel, only E, N") as caught:
        cut_window([segment("N"), segment("E")], {}, REQUEST._replace(components="Z"))
    assert caught.value.reason == "missing_component"
