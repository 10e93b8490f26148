"""What removal recovers from simulated counts is the ground motion that they were made of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.instruments import instruments
from support.signals import option

from seismic_lightning.codes import SeedId
from seismic_lightning.records.response import ChannelEpoch, evaluate, frequencies_hz
from seismic_lightning.simulation.block import Block
from seismic_lightning.simulation.instrument import ANTI_ALIAS_START, FAMILIES, FAMILY_CODES, response
from seismic_lightning.simulation.metadata import _response, stationxml_bytes
from seismic_lightning.simulation.network import NETWORK, make_network
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator
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


@pytest.mark.parametrize(("family", "tolerance"), [("HH", 1e-4), ("HN", 2e-3)])
def test_removal_recovers_ground_velocity(
    family: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accelerometer is made quiet; what remains is that its counts are 2 um/s^2 wide."""
    monkeypatch.setattr("seismic_lightning.simulation.synthesis.SELF_NOISE_DB", -300.0)
    simulator = Simulator(SimulationSettings(n_records=16, seed=1, artefacts=False))
    row = next(
        i for i, station in enumerate(simulator.network.stations) if {"HH", "HN"} <= set(station.families)
    )
    station = simulator.network.stations[row].code
    gain = float(simulator.network.gain[row, FAMILIES[family].kind])
    counts = recorded(simulator, station, family).counts
    velocity = processed(counts, "velocity", instruments((_response(family, gain), RATE_HZ)))

    # An instrument that is flat to velocity shows the ground itself.
    synthesis = simulator.recorder._synthesis
    flat = synthesis._response.copy()
    flat[FAMILY_CODES.index("HH")] = synthesis.n_samples / N_FFT
    monkeypatch.setattr(synthesis, "_response", flat)
    simulator.network.gain[row, 0] = FINE_GAIN
    ideal = Instruments(np.array([FINE_GAIN]), np.empty((0, 2)), np.empty((0, 2), dtype=np.complex128))
    truth = processed(recorded(simulator, station, "HH").counts, "sensitivity", ideal)

    untapered = slice(len(truth[0]) // 10, -(len(truth[0]) // 10))
    difference = np.linalg.norm((velocity - truth)[:, untapered], axis=1)
    assert (difference / np.linalg.norm(truth[:, untapered], axis=1)).max() < tolerance


def test_the_archives_metadata_hold_the_responses_that_counts_were_made_with(tmp_path: Path) -> None:
    network = make_network(seed=1)
    path = tmp_path / "stations.xml"
    path.write_bytes(stationxml_bytes(network))
    row = next(i for i, station in enumerate(network.stations) if {"HH", "HN"} <= set(station.families))
    station = network.stations[row]
    families = ("HH", "HN")
    curves = evaluate(
        [path],
        [
            ChannelEpoch(SeedId(NETWORK, station.code, "", f"{family}Z"), station.start_ns, None, RATE_HZ)
            for family in families
        ],
    )
    frequency_hz = frequencies_hz(RATE_HZ)
    passed = frequency_hz < ANTI_ALIAS_START * RATE_HZ / 2
    for family, curve in zip(families, curves, strict=True):
        expected = response(family, frequency_hz, RATE_HZ) * network.gain[row, FAMILIES[family].kind]
        assert curve.counts_per_mps is not None
        np.testing.assert_allclose(curve.counts_per_mps[passed], expected[passed], rtol=2e-4)
