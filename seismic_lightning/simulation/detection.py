"""Which earthquakes an analyst finds, at which stations, and which of those readings become records.

A station is read with a probability that grows with the ratio of P to noise in 2-15 Hz, predicted from the
spectra, and vanishes where P is buried; an event stays in the catalogue with four readings. Not every reading
has a record: accelerometers are seldom archived. Records are counted in the order of events, stations and
families, so record ``i`` is the same however many are asked for.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.sphere import great_circle
from seismic_lightning.records.travel_time import PG_LIMIT_KM
from seismic_lightning.simulation import noise, source
from seismic_lightning.simulation.instrument import FAMILY_CODES
from seismic_lightning.simulation.network import Network
from seismic_lightning.simulation.seismicity import CHUNK, Events, chunk_generator, draw_events
from seismic_lightning.simulation.settings import SimulationSettings

MIN_PICKS = 4
DISTANCE_RANGE_KM = (1.0, PG_LIMIT_KM)
"""The archive holds records with a Pg pick only."""
PROBE_HZ = np.array([2.5, 4.0, 6.0, 9.0, 13.0])
"""Frequencies at which P and noise are compared."""
SMEARING_S, SMEARING_S_PER_KM = 0.6, 0.02
"""Duration over which P's energy is spread at a distance."""
PICK_LIMIT, PICK_RATIO, PICK_WIDTH_DEX = 0.93, 2.0, 0.19
"""Probability of a reading of P that is ``x`` times the noise: 0.93 / (1 + exp(-log10(x / x0) / 0.19)), where
``x0`` is that of a second with P twice as large as one without."""
PICK_SCATTER_DEX = 0.10
MIN_EXCESS = 1e-6
"""Nobody reads this; keeps logarithms finite."""
MAX_IDLE_CHUNKS = 64
"""Chunks of earthquakes in a row that may pass without a record."""
ACCELEROMETER_SHARE = 0.31
"""Readings whose HN channels are in the archive; otherwise today's accelerometers would dominate it."""
PICK_BIAS_S, PICK_SD_S, PICK_LIMIT_S = -0.05, 0.10, 0.5
"""Analysts read P early; errors beyond the limit are corrected."""
RESIDUAL_SD_S, CLEAR_RESIDUAL_SD_S = 0.27, 0.146
"""Scatter of P and S about the model, common to both; the second where P is clear enough for S to be read.
With the reading error, P scatters by 0.285 and 0.177 s, as Pg of KOERI's bulletin without and with Sg."""
S_PICK_BIAS_S, S_PICK_SD_S = -0.13, 0.165
"""Reading of S minus the model: S - P is read 0.08 s short, and P 0.05 s early. It does not follow the
residual of P (correlation -0.13 in the bulletin), because hypocentres are fitted to both."""
S_PICK_SHARE, S_PICK_KNEE_KM, S_PICK_WIDTH_KM = 0.65, 36.0, 6.0
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
        n_read: Stations that read P of each event, whether they have a record or not.
    """

    events: Events
    readings: Readings
    n_read: NDArray[np.int64]


def make_population(settings: SimulationSettings, network: Network, n_records: int) -> Population:
    """Draw chunks of events until there are enough records.

    Args:
        settings: Magnitudes and seed.
        network: Stations.
        n_records: Records to return.

    Returns:
        Exactly that many records and the events they belong to.

    Raises:
        ConfigurationError: Earthquakes of these magnitudes are not read.
    """
    chunks: list[Population] = []
    n_found = n_events = n_drawn = n_idle = 0
    while n_found < n_records:
        population = _chunk(settings, network, n_drawn)
        n_drawn += 1
        n_idle = 0 if population.n_read.size else n_idle + 1
        if n_idle == MAX_IDLE_CHUNKS:
            raise ConfigurationError(
                f"min_magnitude={settings.min_magnitude:g}, max_magnitude={settings.max_magnitude:g}: "
                f"none of {MAX_IDLE_CHUNKS * CHUNK} such earthquakes in a row was recorded, because "
                f"{MIN_PICKS} stations must read them; raise max_magnitude"
            )
        readings = population.readings
        chunks.append(population._replace(readings=readings._replace(event=readings.event + n_events)))
        n_found, n_events = n_found + readings.event.size, n_events + population.n_read.size
    readings = Readings(
        *(np.concatenate(parts)[:n_records] for parts in zip(*(c.readings for c in chunks), strict=True))
    )
    n_used = int(readings.event[-1]) + 1
    events = Events(
        *(np.concatenate(parts)[:n_used] for parts in zip(*(c.events for c in chunks), strict=True))
    )
    return Population(events, readings, np.concatenate([c.n_read for c in chunks])[:n_used])


def _chunk(settings: SimulationSettings, network: Network, chunk: int) -> Population:
    """Draw one chunk of events, their readings, and which of these have records."""
    rng = chunk_generator(settings.seed, chunk)
    events = draw_events(settings, chunk, rng)
    read, distance_km, back_azimuth_deg = _read(events, network, rng)
    event, station = np.nonzero(read)
    distance_km, back_azimuth_deg = distance_km[read], back_azimuth_deg[read]
    residual_s, pick_error_s, s_pick_error_s = _errors(distance_km, rng)
    kept = rng.random(event.size) < ACCELEROMETER_SHARE
    reading, family = _recorded(network, station, kept, settings)
    used, rows = np.unique(event[reading], return_inverse=True)
    return Population(
        Events._make(values[used] for values in events),
        Readings(
            rows,
            station[reading],
            family,
            distance_km[reading],
            back_azimuth_deg[reading],
            residual_s[reading],
            pick_error_s[reading],
            s_pick_error_s[reading],
        ),
        read.sum(axis=1)[used],
    )


def _read(
    events: Events, network: Network, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Decide which stations read which events; all of it is ``(E, S)``, then distance and back-azimuth."""
    here = (events.latitude_deg[:, None], events.longitude_deg[:, None])
    there = (network.latitude_deg[None, :], network.longitude_deg[None, :])
    distance_km, back_azimuth_deg = great_circle(here, there)
    near = (distance_km > DISTANCE_RANGE_KM[0]) & (distance_km < DISTANCE_RANGE_KM[1])
    near &= network.start_ns <= events.origin_ns[:, None]
    event, station = np.nonzero(near)
    excess = predicted_excess(events, network, (event, station), distance_km[event, station])
    excess *= 10 ** rng.normal(0.0, PICK_SCATTER_DEX, event.size)
    near[event, station] = rng.random(event.size) < pick_probability(excess)
    near &= near.sum(axis=1, keepdims=True) >= MIN_PICKS
    return near, distance_km, back_azimuth_deg


def _errors(
    distance_km: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw how arrivals differ from the model, and readings of P and of S from arrivals."""
    n_read = distance_km.size
    s_share = S_PICK_SHARE / (1 + np.exp((distance_km - S_PICK_KNEE_KM) / S_PICK_WIDTH_KM))
    s_read = rng.random(n_read) < s_share
    residual_s = rng.normal(size=n_read) * np.where(s_read, CLEAR_RESIDUAL_SD_S, RESIDUAL_SD_S)
    pick_error_s = np.clip(rng.normal(PICK_BIAS_S, PICK_SD_S, n_read), -PICK_LIMIT_S, PICK_LIMIT_S)
    s_residual_s = rng.normal(S_PICK_BIAS_S, S_PICK_SD_S, n_read)
    return residual_s, pick_error_s, np.where(s_read, s_residual_s - residual_s, np.nan)


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


def pick_probability(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how probably an analyst reads P.

    Args:
        excess: ``(n,)`` amplitude of P over that of the noise, 0 where there is no P.

    Example:
        >>> pick_probability(np.array([1e-3, 3.0**0.5, 1e3])).round(3)
        array([0.   , 0.465, 0.93 ])
    """
    middle = np.sqrt(PICK_RATIO**2 - 1)
    return np.asarray(PICK_LIMIT / (1 + (middle / excess) ** (1 / (PICK_WIDTH_DEX * np.log(10)))))


def predicted_excess(
    events: Events,
    network: Network,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    distance_km: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Predict the amplitude of P over that of the noise.

    A second with P holds both, so its amplitude over that of one without is ``sqrt(1 + excess^2)``; this is
    averaged over the probed frequencies, as the archive's ratio is.

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
    ratio = np.sqrt(1 + (signal / background) ** 2).mean(axis=1)
    return np.asarray(np.sqrt(np.maximum(ratio**2 - 1, MIN_EXCESS**2)))
