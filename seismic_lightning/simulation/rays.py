"""What arrives at the stations, and when: from events and readings to the input of the synthesis."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.sphere import great_circle
from seismic_lightning.records.travel_time import KOERI
from seismic_lightning.simulation import source
from seismic_lightning.simulation.detection import Population, Readings
from seismic_lightning.simulation.envelope import PATH_KM
from seismic_lightning.simulation.network import Network
from seismic_lightning.simulation.seismicity import Events

BEFORE_PICK_S = 11.0
"""Seconds from the first sample to the reading of P: a second more than a window of the original practice."""
PICK_STEP_NS = 100_000_000
"""Bulletins give times to 0.1 s."""
MAX_DISTANCE_KM = float(PATH_KM[-1])
"""Farthest station that durations are known for."""


class Rays(NamedTuple):
    """What arrives at the stations, one array ``(B,)`` per quantity.

    Attributes:
        moment_nm: Seismic moment.
        corner_hz: Corner frequency of S.
        slant_km: Hypocentral distance.
        p_travel_s: Travel time of P.
        s_travel_s: Travel time of S.
        ray_parameter_s_per_km: Of P.
        back_azimuth_deg: From the station to the source.
        onset_s: From the first sample to P.
        station: Row of the network.
        family: Place in ``FAMILY_CODES``.
    """

    moment_nm: NDArray[np.float64]
    corner_hz: NDArray[np.float64]
    slant_km: NDArray[np.float64]
    p_travel_s: NDArray[np.float64]
    s_travel_s: NDArray[np.float64]
    ray_parameter_s_per_km: NDArray[np.float64]
    back_azimuth_deg: NDArray[np.float64]
    onset_s: NDArray[np.float64]
    station: NDArray[np.int64]
    family: NDArray[np.int64]


class Arrivals(NamedTuple):
    """Rays with the times that belong to them, nanoseconds since 1970 (UTC).

    Attributes:
        rays: ``B`` of them.
        p_pick_ns: ``(B,)`` reading of P.
        p_ns: ``(B,)`` arrival of P.
        s_ns: ``(B,)`` arrival of S.
        s_pick_ns: ``(B,)`` reading of S, or 0 where S was not read.
    """

    rays: Rays
    p_pick_ns: NDArray[np.int64]
    p_ns: NDArray[np.int64]
    s_ns: NDArray[np.int64]
    s_pick_ns: NDArray[np.int64]


def arrivals(population: Population) -> Arrivals:
    """Let the waves of a population arrive.

    Args:
        population: Events and readings.

    Returns:
        One ray per reading; readings are rounded as in a bulletin.
    """
    events, readings = population.events, population.readings
    depth_km = events.depth_km[readings.event]
    model = KOERI.arrivals(readings.distance_km, depth_km)
    p_ns = events.origin_ns[readings.event] + nanoseconds(model.p_s + readings.residual_s)
    p_pick_ns = _rounded(p_ns + nanoseconds(readings.pick_error_s))
    s_ns = p_ns + nanoseconds(model.s_s - model.p_s)
    s_read = np.isfinite(readings.s_pick_error_s)
    s_pick_ns = _rounded(s_ns + nanoseconds(np.where(s_read, readings.s_pick_error_s, 0.0)))
    s_read &= s_pick_ns > p_pick_ns  # next to the source, errors could exchange them
    moment = source.moment_nm(source.moment_magnitude(events.local_magnitude))
    corner_hz = source.corner_frequency_hz(moment, events.stress_drop_pa)
    rays = Rays(
        moment_nm=moment[readings.event],
        corner_hz=corner_hz[readings.event],
        slant_km=np.hypot(readings.distance_km, depth_km),
        p_travel_s=model.p_s,
        s_travel_s=model.s_s,
        ray_parameter_s_per_km=model.ray_parameter_s_per_km,
        back_azimuth_deg=readings.back_azimuth_deg,
        onset_s=BEFORE_PICK_S + (p_ns - p_pick_ns) / NANOSECONDS_PER_S,
        station=readings.station,
        family=readings.family,
    )
    return Arrivals(rays, p_pick_ns, p_ns, s_ns, np.where(s_read, s_pick_ns, 0))


def given_readings(event: Events, network: Network, rows: NDArray[np.int64], family: int) -> Readings:
    """Let some stations read one earthquake: both phases, without error and where the model expects them.

    Args:
        event: One event.
        network: Stations.
        rows: ``(B,)`` of the stations.
        family: Place in ``FAMILY_CODES``.

    Returns:
        ``B`` readings.

    Raises:
        ConfigurationError: A station lies beyond the simulator's reach.
    """
    here = (event.latitude_deg, event.longitude_deg)
    distance_km, back_azimuth_deg = great_circle(
        here, (network.latitude_deg[rows], network.longitude_deg[rows])
    )
    for row, kilometres in zip(rows, distance_km, strict=True):
        if not kilometres <= MAX_DISTANCE_KM:
            raise ConfigurationError(
                f"station={network.stations[row].code} lies {kilometres:.0f} km from {here[0][0]:g}, "
                f"{here[1][0]:g}: the simulator reaches {MAX_DISTANCE_KM:g} km"
            )
    first, none = np.zeros(rows.size, dtype=np.int64), np.zeros(rows.size)
    return Readings(first, rows, first + family, distance_km, back_azimuth_deg, none, none, none)


def nanoseconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round seconds to nanoseconds."""
    return np.rint(seconds * NANOSECONDS_PER_S).astype(np.int64)


def _rounded(time_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    return (time_ns + PICK_STEP_NS // 2) // PICK_STEP_NS * PICK_STEP_NS
