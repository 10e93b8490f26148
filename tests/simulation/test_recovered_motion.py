"""What removal recovers from simulated counts is the ground motion that they were made of."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.instruments import instruments
from support.signals import option

from seismic_lightning.simulation.instrument import FAMILIES, FAMILY_CODES
from seismic_lightning.simulation.metadata import _response
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Block, Simulator
from seismic_lightning.simulation.synthesis import N_FFT
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.response import Instruments

RATE_HZ, MAGNITUDE = 100.0, 3.6
FINE_GAIN = 1e9
"""Counts per m/s of an ideal seismometer, whose rounding disappears below everything."""


def recorded(simulator: Simulator, station: str, family: str) -> Block:
    """Return the same earthquake and the same ground at one station, through one of its instruments."""
    return simulator.at(
        magnitude=MAGNITUDE, latitude_deg=40.7, longitude_deg=28.9, depth_km=9.0, station=station,
        family=family, seed=5,
    )  # fmt: skip


def processed(counts: NDArray[np.int32], units: str, own: Instruments) -> NDArray[np.float64]:
    preprocess = Preprocess(option("marmara", units=units, dtype="float64"), own)
    zero = torch.zeros(1, 3, dtype=torch.int64)
    band = preprocess.bands(["HH"], [MAGNITUDE])
    return np.asarray(preprocess(torch.from_numpy(counts), RATE_HZ, band, zero)[0].numpy())


@pytest.mark.parametrize(("family", "tolerance"), [("HH", 2e-3), ("HN", 5e-2)])
def test_removal_recovers_ground_velocity(
    family: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HN records carry a self-noise that the ground does not, hence their tolerance."""
    simulator = Simulator(SimulationSettings(n_records=16, seed=1, artefacts=False))
    row = next(
        i for i, station in enumerate(simulator.network.stations) if {"HH", "HN"} <= set(station.families)
    )
    station = simulator.network.stations[row].code
    gain = float(simulator.network.gain[row, FAMILIES[family].kind])
    counts = recorded(simulator, station, family).counts
    velocity = processed(counts, "velocity", instruments((_response(family, gain), RATE_HZ)))

    # An instrument that is flat to velocity shows the ground itself.
    synthesis = simulator._synthesis
    flat = synthesis._response.copy()
    flat[FAMILY_CODES.index("HH")] = synthesis.n_samples / N_FFT
    monkeypatch.setattr(synthesis, "_response", flat)
    simulator.network.gain[row, 0] = FINE_GAIN
    ideal = Instruments(np.array([FINE_GAIN]), np.empty((0, 2)), np.empty((0, 2), dtype=np.complex128))
    truth = processed(recorded(simulator, station, "HH").counts, "sensitivity", ideal)

    untapered = slice(len(truth[0]) // 10, -(len(truth[0]) // 10))
    difference = np.linalg.norm((velocity - truth)[:, untapered], axis=1)
    assert (difference / np.linalg.norm(truth[:, untapered], axis=1)).max() < tolerance
