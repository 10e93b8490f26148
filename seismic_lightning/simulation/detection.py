"""Which earthquakes an analyst finds, at which stations, and which of those readings become records.

A station is read with a probability that grows with the ratio of P to noise in 2-15 Hz, predicted from the
spectra; an event stays in the catalogue with four readings. Records are counted in the order of events,
stations and families, so record ``i`` is the same however many are asked for.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.records.travel_time import PG_LIMIT_KM
from seismic_lightning.simulation import noise, source
from seismic_lightning.simulation.instrument import FAMILY_CODES
from seismic_lightning.simulation.network import Network
from seismic_lightning.simulation.seismicity import Events, chunk_generator, draw_events
from seismic_lightning.simulation.settings import SimulationSettings

EARTH_RADIUS_KM = 6371.0
MIN_PICKS = 4
DISTANCE_RANGE_KM = (1.0, PG_LIMIT_KM)
"""The archive holds records with a Pg pick only."""
PROBE_HZ = np.array([2.5, 4.0, 6.0, 9.0, 13.0])
"""Frequencies at which P and noise are compared."""
SMEARING_S, SMEARING_S_PER_KM = 0.6, 0.02
"""Duration over which P's energy is spread at a distance."""
PICK_LIMIT, PICK_RATIO, PICK_WIDTH_DEX = 0.93, 1.65, 0.19
"""Probability of a reading: 0.93 / (1 + exp(-(log10 ratio - log10 2) / 0.19))."""
PICK_SCATTER_DEX = 0.10
ACCELEROMETER_SHARE = 0.27
"""Readings whose HN channels are in the archive; otherwise today's accelerometers would dominate it."""
PICK_BIAS_S, PICK_SD_S, PICK_LIMIT_S = -0.05, 0.10, 0.5
"""Analysts read P early; errors beyond the limit are corrected."""
PATH_RESIDUAL_SD_S = 0.27
"""Scatter of P about the model, common to P and S (KOERI's Pg residuals)."""
S_PICK_SD_S = 0.17
"""Scatter of Sg residuals."""
S_PICK_SHARE, S_PICK_KNEE_KM, S_PICK_WIDTH_KM = 0.54, 40.0, 10.0
"""Share of readings with S near the source, and where it falls to half: 14 % in all, most within 60 km."""


class Readings(NamedTuple):
    """Records before their waveforms, one array per quantity.

    Attributes:
        event: Row of the event among the events of the same chunk, or of a whole population.
        station: Row of the network.
        family: Place in ``FAMILY_CODES``.
        distance_km: Epicentral distance.
        back_azimuth_deg: Direction from the station to the epicentre, clockwise from north.
        residual_s: Arrival of P and of S minus the model's.
        pick_error_s: Reading of P minus its arrival.
        s_pick_error_s: Reading of S minus its arrival, NaN where S was not read.
    """

    event: NDArray[np.int64]
    station: NDArray[np.int64]
    family: NDArray[np.int64]
    distance_km: NDArray[np.float64]
    back_azimuth_deg: NDArray[np.float64]
    residual_s: NDArray[np.float64]
    pick_error_s: NDArray[np.float64]
    s_pick_error_s: NDArray[np.float64]


class Population(NamedTuple):
    """Events with at least one record, and records.

    Attributes:
        events: Catalogue.
        readings: Records; their ``event`` is a row of ``events``.
    """

    events: Events
    readings: Readings


def make_population(settings: SimulationSettings, network: Network, n_records: int) -> Population:
    """Draw chunks of events until there are enough records.

    Args:
        settings: Magnitudes and seed.
        network: Stations.
        n_records: Records to return.

    Returns:
        Exactly that many records and the events they belong to.
    """
    chunks: list[Population] = []
    n_found = n_events = 0
    while n_found < n_records:
        rng = chunk_generator(settings.seed, len(chunks))
        events = draw_events(settings, len(chunks), rng)
        readings = _read(events, network, settings, rng)
        used, rows = np.unique(readings.event, return_inverse=True)
        events = Events._make(values[used] for values in events)
        chunks.append(Population(events, readings._replace(event=rows + n_events)))
        n_found, n_events = n_found + rows.size, n_events + used.size
    readings = Readings(
        *(np.concatenate(parts)[:n_records] for parts in zip(*(c.readings for c in chunks), strict=True))
    )
    n_used = int(readings.event[-1]) + 1
    events = Events(
        *(np.concatenate(parts)[:n_used] for parts in zip(*(c.events for c in chunks), strict=True))
    )
    return Population(events, readings)


def _read(
    events: Events, network: Network, settings: SimulationSettings, rng: np.random.Generator
) -> Readings:
    """Decide which stations read the events of one chunk and which of their families are recorded."""
    here = (events.latitude_deg[:, None], events.longitude_deg[:, None])
    there = (network.latitude_deg[None, :], network.longitude_deg[None, :])
    distance_km, back_azimuth_deg = great_circle(here, there)
    near = (distance_km > DISTANCE_RANGE_KM[0]) & (distance_km < DISTANCE_RANGE_KM[1])
    event, station = np.nonzero(near & (network.start_ns <= events.origin_ns[:, None]))
    ratio = predicted_ratio(events, network, (event, station), distance_km[event, station])
    ratio *= 10 ** rng.normal(0.0, PICK_SCATTER_DEX, event.size)
    probability = PICK_LIMIT / (1 + np.exp(-np.log10(ratio / PICK_RATIO) / PICK_WIDTH_DEX))
    read = rng.random(event.size) < probability
    read &= (np.bincount(event[read], minlength=events.number.size) >= MIN_PICKS)[event]
    event, station = event[read], station[read]
    n_read = event.size
    pick_error_s = np.clip(rng.normal(PICK_BIAS_S, PICK_SD_S, n_read), -PICK_LIMIT_S, PICK_LIMIT_S)
    residual_s = rng.normal(0.0, PATH_RESIDUAL_SD_S, n_read)
    distance_km = distance_km[event, station]
    s_share = S_PICK_SHARE / (1 + np.exp((distance_km - S_PICK_KNEE_KM) / S_PICK_WIDTH_KM))
    s_read = rng.random(n_read) < s_share
    s_pick_error_s = np.where(s_read, rng.normal(0.0, S_PICK_SD_S, n_read), np.nan)
    kept = rng.random(n_read) < ACCELEROMETER_SHARE
    reading, family = _recorded(network, station, kept, settings)
    return Readings(
        event[reading],
        station[reading],
        family,
        distance_km[reading],
        back_azimuth_deg[event, station][reading],
        residual_s[reading],
        pick_error_s[reading],
        s_pick_error_s[reading],
    )


def _recorded(
    network: Network, station: NDArray[np.int64], kept: NDArray[np.bool_], settings: SimulationSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the families of each reading: places of readings, and places in ``FAMILY_CODES``."""
    table = np.zeros((len(network.stations), len(FAMILY_CODES)), dtype=np.bool_)
    for row, facts in enumerate(network.stations):
        for family in facts.families:
            table[row, FAMILY_CODES.index(family)] = True
    hh, hn, bh = (FAMILY_CODES.index(family) for family in ("HH", "HN", "BH"))
    if settings.bh_rate_hz is not None:
        table[:, bh] = table[:, hh]
        table[:, :bh] = False
    recorded = table[station]
    recorded[:, hn] &= kept
    places = np.nonzero(recorded)
    return places[0], places[1]


def predicted_ratio(
    events: Events,
    network: Network,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    distance_km: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Predict the amplitude ratio of a second with P to one without, mean over the probed frequencies.

    Args:
        events: Sources.
        network: Stations.
        pairs: ``(n,)`` rows of events and ``(n,)`` rows of stations.
        distance_km: ``(n,)`` epicentral distance.
    """
    event, station = pairs
    slant_km = np.hypot(distance_km, events.depth_km[event])
    moment = source.moment_nm(source.moment_magnitude(events.local_magnitude[event]))
    corner_hz = source.corner_frequency_hz(moment, events.stress_drop_pa[event])
    path = (slant_km, network.kappa_s[station])
    signal = source.velocity_spectrum_m(source.P, PROBE_HZ, moment, corner_hz, path)
    signal *= (network.site_factor[station] / np.sqrt(SMEARING_S + SMEARING_S_PER_KM * slant_km))[:, None]
    background = noise.velocity_amplitude(network.noise_db, PROBE_HZ)[station]
    return np.asarray(np.sqrt(1 + (signal / background) ** 2).mean(axis=1))


def great_circle(
    event_deg: tuple[NDArray[np.float64], NDArray[np.float64]],
    station_deg: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distance and back-azimuth on a sphere.

    Args:
        event_deg: Latitude and longitude of sources; broadcast with those of stations.
        station_deg: Latitude and longitude of stations.

    Returns:
        Epicentral distance in km, and direction from station to source in degrees.
    """
    (lat1, lon1), (lat2, lon2) = np.deg2rad(event_deg), np.deg2rad(station_deg)
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    east = np.sin(lon1 - lon2) * np.cos(lat1)
    north = np.cos(lat2) * np.sin(lat1) - np.sin(lat2) * np.cos(lat1) * np.cos(lon1 - lon2)
    distance_km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))
    return distance_km, np.rad2deg(np.arctan2(east, north)) % 360.0
