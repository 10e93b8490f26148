"""Sensors of a network: rays in, digitised records with their truth out.

What a recorder knows follows from the network's seed alone. The same event and station with another generator
is therefore another record at the same station: its loss, its amplification, its gain and its noise stay.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.travel_time import KOERI
from seismic_lightning.simulation import source
from seismic_lightning.simulation.artefacts import Frame, add_artefacts
from seismic_lightning.simulation.block import WINDOW_BEFORE_PICK_S, WINDOW_S, Block, Truth
from seismic_lightning.simulation.detection import Population
from seismic_lightning.simulation.instrument import FAMILY_CODES, SYNTHESIS_RATE_HZ, digitise
from seismic_lightning.simulation.network import make_network
from seismic_lightning.simulation.rays import BEFORE_PICK_S, Rays, given_readings
from seismic_lightning.simulation.seismicity import Events
from seismic_lightning.simulation.settings import BH_RATES_HZ, check_magnitude
from seismic_lightning.simulation.synthesis import Synthesis

MAX_DEPTH_KM = KOERI.tops_km[-1]


class PointSource(NamedTuple):
    """A given earthquake.

    Attributes:
        magnitude: ML.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Below sea level.
        stress_drop_pa: Of Brune's source.
    """

    magnitude: float
    latitude_deg: float
    longitude_deg: float
    depth_km: float
    stress_drop_pa: float = source.STRESS_DROP_PA


class Recorder:
    """The stations of one network and how they turn waves into counts."""

    def __init__(self, network_seed: int, bh_rate_hz: float | None = None) -> None:
        """Draw the network.

        Args:
            network_seed: Seed of what is not known of the stations.
            bh_rate_hz: None for the network as it is; 20 or 50 for its broadband sensors alone, as BH.
        """
        self.bh_rate_hz = bh_rate_hz
        self.rate_hz = bh_rate_hz or SYNTHESIS_RATE_HZ
        self.network = make_network(network_seed)
        self._synthesis = Synthesis(self.network, network_seed, self.rate_hz)

    def read(
        self, point: PointSource, stations: Sequence[str], family: str, origin_ns: int = 0
    ) -> Population:
        """Let given stations read a given earthquake, without error.

        Args:
            point: The earthquake.
            stations: Station codes.
            family: Channel family that all have; BH wherever there is HH, and a rate of BH.
            origin_ns: Origin time, nanoseconds since 1970 (UTC).

        Returns:
            One event and a reading per station.

        Raises:
            ConfigurationError: The simulator does not reach there; the culprit is named.
        """
        check_magnitude("magnitude", point.magnitude)
        if not 0.0 <= point.depth_km < MAX_DEPTH_KM:
            raise ConfigurationError(f"depth_km={point.depth_km}: give 0 up to {MAX_DEPTH_KM:g}")
        rows = np.array([self.network.index(code) for code in stations], dtype=np.int64)
        for row in rows:
            self._check_family(row, family)
        values = (*point[:4], origin_ns, point.stress_drop_pa)
        event = Events(np.zeros(1, dtype=np.int64), *(np.array([value]) for value in values))
        readings = given_readings(event, self.network, rows, FAMILY_CODES.index(family))
        return Population(event, readings, np.array([len(stations)]))

    def _check_family(self, row: int, family: str) -> None:
        """Refuse a family that a station does not have."""
        station = self.network.stations[row]
        families = station.families
        if self.bh_rate_hz is not None:
            families = ("BH",) if "HH" in families else ()
        if family not in families:
            known = ", ".join(families) or "none at this rate"
            hint = "" if family != "BH" else f"; BH needs HH and bh_rate_hz of {BH_RATES_HZ}"
            raise ConfigurationError(f"family={family!r}: station {station.code} has {known}{hint}")

    def record(
        self,
        rays: Rays,
        stress_drop_pa: NDArray[np.float64],
        rng: np.random.Generator,
        *,
        artefacts: bool = False,
    ) -> Block:
        """Synthesise, digitise and damage the records of some rays.

        Args:
            rays: What arrives; ``B`` records.
            stress_drop_pa: ``(B,)`` of their sources.
            rng: Generator of all that is random in them.
            artefacts: Whether gaps, spikes and the like occur.

        Returns:
            The records, numbered from 0.
        """
        motion = self._synthesis.motion(rays, rng)
        kind = self._synthesis.kind(rays.family)
        counts = digitise(motion.counts, self.network.offset_counts[rays.station, kind])
        missing = np.zeros(counts.shape, dtype=np.bool_)
        tags: tuple[str, ...] = ("",) * len(counts)
        if artefacts:
            start = round((BEFORE_PICK_S - WINDOW_BEFORE_PICK_S) * self.rate_hz)
            frame = Frame(self.rate_hz, start, start + round(WINDOW_S * self.rate_hz) + 1)
            tags = add_artefacts(counts, missing, frame, rng)
        truth = Truth(
            moment_magnitude=source.magnitude_of_moment(rays.moment_nm),
            moment_nm=rays.moment_nm,
            stress_drop_pa=stress_drop_pa,
            corner_frequency_hz=rays.corner_hz,
            kappa_s=self.network.kappa_s[rays.station],
            site_factor=motion.site_factor,
            noise_level_db=motion.noise_level_db,
            p_arrival_s=rays.onset_s,
            s_arrival_s=rays.onset_s + rays.s_travel_s - rays.p_travel_s,
            slant_km=rays.slant_km,
            artefacts=tags,
        )
        return Block(0, self.rate_hz, counts, missing, truth)
