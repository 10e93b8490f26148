"""Records on demand: any block of sixteen, or any earthquake at any station.

A block's generator is that of ``SeedSequence([seed, block])``, so a record is the same whoever asks for it,
in whatever order, and however many there are. Sixteen at a time keep the working set within the processor's
cache.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.travel_time import KOERI, phase_label
from seismic_lightning.simulation import source
from seismic_lightning.simulation.artefacts import Frame, add_artefacts
from seismic_lightning.simulation.detection import make_population
from seismic_lightning.simulation.instrument import FAMILY_CODES, SYNTHESIS_RATE_HZ, digitise
from seismic_lightning.simulation.network import make_network
from seismic_lightning.simulation.rays import BEFORE_PICK_S, NANOSECONDS_PER_S, Rays, arrivals, given_ray
from seismic_lightning.simulation.seismicity import Events
from seismic_lightning.simulation.settings import BH_RATES_HZ, SimulationSettings, check_magnitude
from seismic_lightning.simulation.synthesis import Synthesis

BLOCK = 16
"""Records synthesised together."""
WINDOW_BEFORE_PICK_S, WINDOW_S = 10.0, 70.0
"""Part of a record that was archived originally; gaps and short files refer to it."""
MAX_DEPTH_KM = KOERI.tops_km[-1]
_REQUEST_STREAM, _NOISE_STREAM = 4, 5
"""Keys that keep the generators of single requests and of noise apart from the others."""


class Truth(NamedTuple):
    """What a record was made of, one array ``(n,)`` per quantity.

    Attributes:
        moment_magnitude: Mw.
        moment_nm: Seismic moment, newton metres.
        stress_drop_pa: Of Brune's source.
        corner_frequency_hz: Of S.
        kappa_s: Near-site loss of S.
        site_factor: Amplification of this record, that of the generic site included.
        noise_level_db: Noise of this record relative to its station's.
        p_arrival_s: From the first sample to P.
        s_arrival_s: From the first sample to S.
        slant_km: Hypocentral distance.
        artefacts: Names joined by ``+``, empty for a sound record.
    """

    moment_magnitude: NDArray[np.float64]
    moment_nm: NDArray[np.float64]
    stress_drop_pa: NDArray[np.float64]
    corner_frequency_hz: NDArray[np.float64]
    kappa_s: NDArray[np.float64]
    site_factor: NDArray[np.float64]
    noise_level_db: NDArray[np.float64]
    p_arrival_s: NDArray[np.float64]
    s_arrival_s: NDArray[np.float64]
    slant_km: NDArray[np.float64]
    artefacts: tuple[str, ...]


class Block(NamedTuple):
    """Up to sixteen records.

    Attributes:
        first: Number of the first record; those of a request start at 0.
        sampling_rate_hz: Of all of them.
        counts: ``(n, 3, N)`` int32, components Z, N, E; the first sample lies ``BEFORE_PICK_S`` before the
            reading of P; lost samples hold ``codes.FILL_COUNTS``.
        missing: ``(n, 3, N)`` True where a sample was lost.
        truth: What they were made of.
    """

    first: int
    sampling_rate_hz: float
    counts: NDArray[np.int32]
    missing: NDArray[np.bool_]
    truth: Truth


class Simulator:
    """A network, its earthquakes, and their records."""

    def __init__(self, settings: SimulationSettings) -> None:
        """Draw the network and decide which records there are.

        Args:
            settings: What to simulate.
        """
        self.settings = settings
        self.rate_hz = settings.bh_rate_hz or SYNTHESIS_RATE_HZ
        self.network = make_network(settings.seed)
        self.n_blocks = -(-settings.n_records // BLOCK)
        self._population = make_population(settings, self.network, self.n_blocks * BLOCK)
        self._arrivals = arrivals(self._population)
        self._synthesis = Synthesis(self.network, settings.seed, self.rate_hz)

    def events(self) -> pd.DataFrame:
        """Return the earthquakes that have records, with their truth; the index is ``records().event``."""
        n_events = int(self._population.readings.event[self.settings.n_records - 1]) + 1
        events = Events._make(values[:n_events] for values in self._population.events)
        magnitude = source.moment_magnitude(events.local_magnitude)
        moment = source.moment_nm(magnitude)
        table = pd.DataFrame(events._asdict()).drop(columns="number")
        seconds = pd.to_datetime(events.origin_ns // NANOSECONDS_PER_S, unit="s")
        table.insert(0, "event_id", seconds.strftime("%Y%m%d%H%M%S"))
        return table.assign(
            moment_magnitude=magnitude,
            moment_nm=moment,
            corner_frequency_hz=source.corner_frequency_hz(moment, events.stress_drop_pa),
        )

    def records(self) -> pd.DataFrame:
        """Return the records that are asked for, without waveforms.

        Returns:
            One row per record: ``event`` (row of ``events()``), ``station``, ``family``,
            ``sampling_rate_hz``, ``start_ns``, ``p_pick_ns``, ``p_arrival_ns``, ``s_arrival_ns``,
            ``s_pick_ns`` (missing where S was not read), ``phase`` (Pg or Pn), ``distance_km``,
            ``back_azimuth_deg``, ``p_travel_s`` and ``s_travel_s`` of the model. Records of one event and
            station share their readings.
        """
        rays, p_pick_ns, p_ns, s_ns, s_pick_ns = self._arrivals
        codes = np.array([station.code for station in self.network.stations])
        distance_km = self._population.readings.distance_km
        table = pd.DataFrame(
            {
                "event": self._population.readings.event,
                "station": codes[rays.station],
                "family": np.array(FAMILY_CODES)[rays.family],
                "sampling_rate_hz": self.rate_hz,
                "start_ns": p_pick_ns - round(BEFORE_PICK_S * NANOSECONDS_PER_S),
                "p_pick_ns": p_pick_ns,
                "p_arrival_ns": p_ns,
                "s_arrival_ns": s_ns,
                "s_pick_ns": pd.Series(s_pick_ns, dtype="Int64").where(pd.Series(s_pick_ns) > 0),
                "phase": [phase_label(kilometres) for kilometres in distance_km],
                "distance_km": distance_km,
                "back_azimuth_deg": rays.back_azimuth_deg,
                "p_travel_s": rays.p_travel_s,
                "s_travel_s": rays.s_travel_s,
            }
        )
        return table.iloc[: self.settings.n_records]

    def block(self, block: int) -> Block:
        """Synthesise records ``16 block`` to ``16 block + 15``, as far as they are asked for.

        Args:
            block: Number from 0 to ``n_blocks - 1``.

        Raises:
            ConfigurationError: There is no such block.
        """
        rays = self._rays(block)
        first = block * BLOCK
        stress_drop_pa = self._population.events.stress_drop_pa[self._population.readings.event]
        rng = np.random.default_rng(np.random.SeedSequence([self.settings.seed, block]))
        made = self._make(rays, stress_drop_pa[first : first + BLOCK], rng, self.settings.artefacts)
        return _clipped(made._replace(first=first), self.settings.n_records - first)

    def _rays(self, block: int) -> Rays:
        if not 0 <= block < self.n_blocks:
            raise ConfigurationError(f"block={block}: give 0 to {self.n_blocks - 1}")
        return Rays._make(values[block * BLOCK : (block + 1) * BLOCK] for values in self._arrivals.rays)

    def noise(self, block: int) -> Block:
        """Synthesise the stations of a block without their earthquakes, and without artefacts.

        Args:
            block: Number from 0 to ``n_blocks - 1``.
        """
        rays = self._rays(block)
        silent = rays._replace(moment_nm=np.zeros(rays.moment_nm.size))
        entropy = [self.settings.seed, block]
        rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(_NOISE_STREAM,)))
        return self._make(silent, np.zeros(rays.moment_nm.size), rng, artefacts=False)

    def repeat(self, record: int, seed: int) -> Block:
        """Synthesise a record's earthquake at its station once more, all that is random in it drawn anew.

        Args:
            record: Number of the record.
            seed: Seed of the new one, which has no artefacts.

        Raises:
            ConfigurationError: There is no such record.
        """
        if not 0 <= record < self.settings.n_records:
            raise ConfigurationError(f"record={record}: give 0 to {self.settings.n_records - 1}")
        rays = Rays._make(values[record : record + 1] for values in self._arrivals.rays)
        event = self._population.readings.event[record]
        stress_drop_pa = self._population.events.stress_drop_pa[event : event + 1]
        return self._make(rays, stress_drop_pa, _request_generator(seed), artefacts=False)

    def at(
        self,
        *,
        magnitude: float,
        latitude_deg: float,
        longitude_deg: float,
        depth_km: float,
        station: str,
        family: str = "HH",
        seed: int = 0,
        stress_drop_pa: float = source.STRESS_DROP_PA,
    ) -> Block:
        """Synthesise a given earthquake at a given station: one sound record, read when P arrives.

        Args:
            magnitude: ML.
            latitude_deg: Degrees north.
            longitude_deg: Degrees east.
            depth_km: Below sea level.
            station: Station code.
            family: Channel family that the station has; BH wherever it has HH and the settings give a rate.
            seed: Seed of what is random in it.
            stress_drop_pa: Of Brune's source.

        Raises:
            ConfigurationError: The simulator does not reach there; the culprit is named.
        """
        check_magnitude("magnitude", magnitude)
        if not 0.0 <= depth_km < MAX_DEPTH_KM:
            raise ConfigurationError(f"depth_km={depth_km}: give 0 up to {MAX_DEPTH_KM:g}")
        row = self.network.index(station)
        self._check_family(row, family)
        values = (magnitude, latitude_deg, longitude_deg, depth_km, 0, stress_drop_pa)
        event = Events(np.zeros(1, dtype=np.int64), *(np.array([value]) for value in values))
        rays = given_ray(event, self.network, row, FAMILY_CODES.index(family))
        return self._make(rays, event.stress_drop_pa, _request_generator(seed), artefacts=False)

    def _check_family(self, row: int, family: str) -> None:
        """Refuse a family that a station does not have."""
        station = self.network.stations[row]
        families = station.families
        if self.settings.bh_rate_hz is not None:
            families = ("BH",) if "HH" in families else ()
        if family not in families:
            known = ", ".join(families) or "none at this rate"
            hint = "" if family != "BH" else f"; BH needs HH and bh_rate_hz of {BH_RATES_HZ}"
            raise ConfigurationError(f"family={family!r}: station {station.code} has {known}{hint}")

    def _make(
        self, rays: Rays, stress_drop_pa: NDArray[np.float64], rng: np.random.Generator, artefacts: bool
    ) -> Block:
        """Synthesise, digitise and damage the records of some rays."""
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


def _clipped(block: Block, n_records: int) -> Block:
    """Keep the first records of a block."""
    truth = Truth._make(values[:n_records] for values in block.truth)
    return block._replace(counts=block.counts[:n_records], missing=block.missing[:n_records], truth=truth)


def _request_generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(_REQUEST_STREAM,)))
