"""Simulated records with everything that is known of them, for measures to recover."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

RATE_HZ = 100.0
GIVEN_DEPTH_KM = 10.0


class KnownRecords(NamedTuple):
    """Records of HH channels, and one array ``(B,)`` per quantity.

    Attributes:
        velocity_m_s: ``(B, 3, N)``.
        event: Number of the earthquake.
        magnitude: ML.
        distance_km: Epicentral.
        depth_km: Of the source.
        back_azimuth_deg: From the station to the source.
        p_s: From the first sample to P.
        s_s: From the first sample to S.
        corner_hz: Of S.
        kappa_s: Of the station.
    """

    velocity_m_s: NDArray[np.float64]
    event: NDArray[np.int64]
    magnitude: NDArray[np.float64]
    distance_km: NDArray[np.float64]
    depth_km: NDArray[np.float64]
    back_azimuth_deg: NDArray[np.float64]
    p_s: NDArray[np.float64]
    s_s: NDArray[np.float64]
    corner_hz: NDArray[np.float64]
    kappa_s: NDArray[np.float64]

    def take(self, rows: NDArray[np.bool_]) -> "KnownRecords":
        """Return some of the records."""
        return KnownRecords._make(values[rows] for values in self)


@functools.lru_cache(maxsize=1)
def population(n_records: int = 320, seed: int = 3) -> KnownRecords:
    """Simulate what a network records, strong and weak, and keep its HH records."""
    simulator = Simulator(SimulationSettings(n_records=n_records, seed=seed, artefacts=False))
    blocks = [simulator.block(number) for number in range(simulator.n_blocks)]
    table = simulator.records().join(simulator.events()[["local_magnitude", "depth_km"]], on="event")
    rows = [simulator.network.index(code) for code in table["station"]]
    truth = {
        name: np.concatenate([getattr(block.truth, name) for block in blocks])
        for name in ("p_arrival_s", "s_arrival_s", "corner_frequency_hz", "kappa_s")
    }
    counts = np.concatenate([block.counts for block in blocks])
    known = KnownRecords(
        counts / simulator.network.gain[rows, 0][:, None, None],
        table["event"].to_numpy(),
        table["local_magnitude"].to_numpy(),
        table["distance_km"].to_numpy(),
        table["depth_km"].to_numpy(),
        table["back_azimuth_deg"].to_numpy(),
        *truth.values(),
    )
    return known.take((table["family"] == "HH").to_numpy())


@functools.lru_cache(maxsize=1)
def _network() -> Simulator:
    return Simulator(SimulationSettings(n_records=16))


@functools.lru_cache(maxsize=16)
def given(magnitude: float, north_deg: float, n_records: int) -> KnownRecords:
    """Simulate an earthquake north of the quietest broadband station, as many times as asked for."""
    network = _network().network
    broadband = [row for row, station in enumerate(network.stations) if "HH" in station.families]
    row = broadband[int(np.argmin(network.noise_db[broadband].mean(axis=1)))]
    blocks = [
        _network().at(
            magnitude=magnitude, latitude_deg=float(network.latitude_deg[row]) + north_deg,
            longitude_deg=float(network.longitude_deg[row]), depth_km=GIVEN_DEPTH_KM,
            station=network.stations[row].code, seed=seed,
        )
        for seed in range(n_records)
    ]  # fmt: skip
    truth = blocks[0].truth
    distance_km = float(np.sqrt(truth.slant_km[0] ** 2 - GIVEN_DEPTH_KM**2))
    figures = (
        magnitude, distance_km, GIVEN_DEPTH_KM, 0.0, truth.p_arrival_s[0], truth.s_arrival_s[0],
        truth.corner_frequency_hz[0], truth.kappa_s[0],
    )  # fmt: skip
    return KnownRecords(
        np.concatenate([block.counts for block in blocks]) / float(network.gain[row, 0]),
        np.arange(n_records),
        *(np.full(n_records, figure, dtype=np.float64) for figure in figures),
    )


def joined(parts: list[KnownRecords]) -> KnownRecords:
    """Put records one after the other."""
    return KnownRecords._make(np.concatenate(values) for values in zip(*parts, strict=True))
