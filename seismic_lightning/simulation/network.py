"""The stations: coordinates and channels from the Kandilli network, and what a station does to a record.

What is not known of a station is drawn: near-site amplification and loss, the gain and offset of its
digitiser, the level of its noise. Draws are shuffled normal scores rather than independent numbers, so that
the network as a whole has the same spread whatever the seed, and only who is noisy differs.

References:
    Akyol, N. et al. (2002), Pure and Applied Geophysics 159, 1253: in Bursa kappa is 0.004 s on rock and
    0.018 s on sediment.
    KOERI, network KO, doi:10.7914/SN/KO.
"""

import csv
import importlib.resources
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation.noise import station_noise_db

NETWORK = "KO"
_STREAM = 2
"""Key that keeps the generator of the network apart from those of events and records."""
SITE_SD_DEX = 0.2
"""Of stations whose gain is not known from amplitudes: those gains hold the amplification of the site."""
KAPPA_S, KAPPA_SD_S = 0.025, 0.010
KAPPA_RANGE_S = (0.008, 0.07)
VELOCITY_GAIN, VELOCITY_GAIN_SD_DEX = 10**8.95, 0.22
"""Counts per m/s, median and spread over stations whose Wood-Anderson amplitudes the bulletin gives."""
ACCELERATION_GAIN = 4.3e5
"""Counts per m/s^2: +-2 g on 24 bits."""
OFFSET_COUNTS, OFFSET_SD_COUNTS = -8500.0, 2500.0
"""Of velocity channels: 21 stations have a median of -8.6e3."""
ACCELERATION_OFFSET_SD_COUNTS = 2e4
"""Of acceleration channels, whose offset has no preferred sign (KRTL: 20.4e3, -2.0e3, -27.8e3)."""
NEW_ACCELEROMETER_START = datetime(2018, 1, 1, tzinfo=UTC)
"""Stations with an accelerometer alone that are younger than this were no part of the real archive."""


class Station(NamedTuple):
    """Facts about one station.

    Attributes:
        code: Station code.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        elevation_m: Above sea level.
        site: Name of the place.
        start_ns: First day of operation, nanoseconds since 1970 (UTC).
        families: Channel families, such as ``("HH", "HN")``.
    """

    code: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    site: str
    start_ns: int
    families: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """Stations with what was drawn for them; arrays have one row per station.

    Attributes:
        stations: Facts, in the order of all arrays.
        latitude_deg: ``(S,)``.
        longitude_deg: ``(S,)``.
        start_ns: ``(S,)``.
        site_factor: ``(S,)`` amplification relative to the generic site, 1 where ``gain`` was measured.
        kappa_s: ``(S,)`` near-site loss of S.
        gain: ``(S, 2)`` counts per m/s of velocity channels, counts per m/s^2 of acceleration channels.
        offset_counts: ``(S, 2, 3)`` of velocity and acceleration channels Z, N, E.
        noise_db: ``(S, K)`` acceleration noise at ``noise.FREQUENCY_HZ``, dB re 1 (m/s^2)^2/Hz.
    """

    stations: tuple[Station, ...]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    start_ns: NDArray[np.int64]
    site_factor: NDArray[np.float64]
    kappa_s: NDArray[np.float64]
    gain: NDArray[np.float64]
    offset_counts: NDArray[np.float64]
    noise_db: NDArray[np.float64]

    def index(self, code: str) -> int:
        """Return the row of a station.

        Raises:
            ConfigurationError: No station of that code; the known ones are listed.
        """
        codes = [station.code for station in self.stations]
        if code not in codes:
            raise ConfigurationError(f"station={code!r}: give one of {', '.join(codes)}")
        return codes.index(code)


def make_network(seed: int) -> Network:
    """Read the stations and draw what is not known of them.

    Args:
        seed: Seed of the simulation.

    Returns:
        The network.
    """
    stations = read_stations()
    rng = np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(_STREAM,)))
    n_stations = len(stations)
    kappa_s = np.clip(KAPPA_S + KAPPA_SD_S * normal_scores(rng, n_stations), *KAPPA_RANGE_S)
    noise_db = station_noise_db(normal_scores(rng, n_stations, 3))
    gain, offset_counts, measured = _digitisers(stations, rng)
    site_factor = np.ones(n_stations)
    site_factor[~measured] = 10 ** (SITE_SD_DEX * normal_scores(rng, int((~measured).sum())))
    return Network(
        stations=stations,
        latitude_deg=np.array([station.latitude_deg for station in stations]),
        longitude_deg=np.array([station.longitude_deg for station in stations]),
        start_ns=np.array([station.start_ns for station in stations]),
        site_factor=site_factor,
        kappa_s=kappa_s,
        gain=gain,
        offset_counts=offset_counts,
        noise_db=noise_db,
    )


def normal_scores(rng: np.random.Generator, n_rows: int, *shape: int) -> NDArray[np.float64]:
    """Return the quantiles of a normal distribution in random order, one column per entry of ``shape``.

    Example:
        >>> normal_scores(np.random.default_rng(0), 3).round(2)
        array([ 0.97, -0.97,  0.  ])
    """
    quantiles = ndtri((np.arange(n_rows) + 0.5) / n_rows)
    columns = np.broadcast_to(quantiles.reshape(-1, *[1] * len(shape)), (n_rows, *shape))
    return rng.permuted(columns, axis=0)


def signed_scores(rng: np.random.Generator, n_rows: int, *shape: int) -> NDArray[np.float64]:
    """Return normal scores whose sizes, not values, are spread evenly: none of them is 0, signs are random.

    An offset of exactly 0 would fill a station's quiet records with zeros.
    """
    sizes = ndtri(0.5 + (np.arange(n_rows) + 0.5) / (2 * n_rows))
    columns = np.broadcast_to(sizes.reshape(-1, *[1] * len(shape)), (n_rows, *shape))
    return np.asarray(rng.permuted(columns, axis=0) * rng.choice([-1.0, 1.0], (n_rows, *shape)))


def read_stations() -> tuple[Station, ...]:
    """Read the stations that were part of the real archive from the package's data."""
    stations = [
        Station(
            code=row["code"],
            latitude_deg=float(row["latitude"]),
            longitude_deg=float(row["longitude"]),
            elevation_m=float(row["elevation_m"]),
            site=row["site"],
            start_ns=_day_ns(row["start"]),
            families=tuple(row["bands"].split()),
        )
        for row in _read("ko_stations.csv")
    ]
    newest_ns = int(NEW_ACCELEROMETER_START.timestamp()) * 1_000_000_000
    return tuple(
        station for station in stations if station.families != ("HN",) or station.start_ns < newest_ns
    )


def _digitisers(
    stations: tuple[Station, ...], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Draw gains and offsets, put the measured ones in their places, and tell whose gain was measured."""
    n_stations = len(stations)
    velocity_gain = VELOCITY_GAIN * 10 ** (VELOCITY_GAIN_SD_DEX * normal_scores(rng, n_stations))
    gain = np.stack([velocity_gain, np.full(n_stations, ACCELERATION_GAIN)], axis=1)
    velocity_counts = OFFSET_COUNTS + OFFSET_SD_COUNTS * normal_scores(rng, n_stations, 3)
    acceleration_counts = ACCELERATION_OFFSET_SD_COUNTS * signed_scores(rng, n_stations, 3)
    offset_counts = np.stack([velocity_counts, acceleration_counts], axis=1)
    rows = {station.code: row for row, station in enumerate(stations)}
    measured = np.zeros(n_stations, dtype=np.bool_)
    for facts in _read("ko_station_noise.csv"):
        row = rows[facts["station"]]
        offset_counts[row, 0, 0] = float(facts["offset_counts"])
        if facts["est_gain_counts_per_mps"]:
            gain[row, 0] = float(facts["est_gain_counts_per_mps"])
            measured[row] = True
    return gain, offset_counts, measured


def _read(name: str) -> list[dict[str, str]]:
    resource = importlib.resources.files("seismic_lightning.simulation") / "data" / name
    return list(csv.DictReader(resource.read_text(encoding="utf-8").splitlines()))


def _day_ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
