"""Channels of any naming become Z, N and E, or are refused."""

import numpy as np
import pytest

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.inventory import Epoch
from seismic_lightning.records.orientation import arrange, rotate


def pointing(azimuth_deg: float | None, dip_deg: float | None) -> Epoch:
    return Epoch(SeedId("", "", "", ""), None, None, 0.0, 0.0, None, azimuth_deg, dip_deg, None, None)


def direction(azimuth_deg: float, dip_deg: float) -> list[float]:
    """Return the sensor's axis in Z (up), N, E."""
    azimuth, dip = np.radians([azimuth_deg, dip_deg])
    return [-np.sin(dip), np.cos(azimuth) * np.cos(dip), np.sin(azimuth) * np.cos(dip)]


@pytest.mark.parametrize("letters", ["ZNE", "ENZ", "NZE"])
def test_zne_is_taken_as_it_is(letters: str) -> None:
    assert arrange(letters, {}, "strict") == (("Z", "N", "E"), None)


@pytest.mark.parametrize(
    ("letters", "angles"),
    [
        ("Z12", [(0.0, -90.0), (30.0, 0.0), (120.0, 0.0)]),
        ("Z12", [(0.0, -90.0), (200.0, 0.0), (110.0, 0.0)]),
        ("123", [(10.0, 5.0), (95.0, -10.0), (300.0, 80.0)]),
        ("Z23", [(0.0, -90.0), (45.0, 0.0), (315.0, 0.0)]),
    ],
)
def test_rotation_recovers_the_ground_motion(letters: str, angles: list[tuple[float, float]]) -> None:
    motion = np.random.default_rng(0).normal(size=(3, 50))
    recorded = np.array([direction(*angle) for angle in angles]) @ motion
    epochs = {letter: pointing(*angle) for letter, angle in zip(letters, angles, strict=True)}
    arrangement = arrange(letters, epochs, "strict")
    assert arrangement.matrix is not None
    stack = np.stack([recorded[letters.index(letter)] for letter in arrangement.channels])
    assert rotate(stack, arrangement.matrix) == pytest.approx(motion, abs=1e-9)


def test_horizontals_without_a_dip_are_level_beside_a_vertical() -> None:
    epochs = {"Z": None, "1": pointing(0.0, None), "2": pointing(90.0, None)}
    arrangement = arrange("Z12", epochs, "strict")
    assert arrangement.matrix == pytest.approx(np.eye(3), abs=1e-12)


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("Z12", ("Z", "1", "2")),
        ("123", ("3", "1", "2")),
        ("23Z", ("Z", "2", "3")),
        ("Z2", ("Z", "", "2")),
        ("Z1", ("Z", "1", "")),
        ("12", ("", "1", "2")),
    ],
)
def test_as_is_takes_horizontals_in_order(letters: str, expected: tuple[str, str, str]) -> None:
    assert arrange(letters, {}, "as_is") == (expected, None)


@pytest.mark.parametrize(
    ("letters", "orientation", "reason"),
    [
        ("Z12", "strict", "no_orientation"),
        ("Z1", "strict", "no_orientation"),
        ("UVW", "as_is", "no_orientation"),
        ("ZNE1", "as_is", "extra_channels"),
    ],
)
def test_what_cannot_be_arranged_is_refused(letters: str, orientation: str, reason: str) -> None:
    with pytest.raises(WaveformError) as refused:
        arrange(letters, {}, orientation)
    assert refused.value.reason == reason


def test_directions_that_do_not_span_space_are_refused() -> None:
    epochs = {"Z": pointing(0.0, -90.0), "1": pointing(30.0, 0.0), "2": pointing(30.0, 0.0)}
    with pytest.raises(WaveformError, match="linearly independent"):
        arrange("Z12", epochs, "strict")
