"""One given earthquake at given stations: what a known truth is asked for, in the shape of a simulation.

Nothing is left to chance but the carriers, the noise and what scatters from record to record: the origin time
is fixed, P arrives when the model says, the analyst reads it exactly, and nothing is lost or damaged.
"""

import numpy as np
import pandas as pd

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.travel_time import KOERI, phase_label
from seismic_lightning.simulation import source
from seismic_lightning.simulation.detection import great_circle
from seismic_lightning.simulation.rays import BEFORE_PICK_S, NANOSECONDS_PER_S
from seismic_lightning.simulation.request import Earthquake
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import BLOCK, Block, Simulator, Truth

ORIGIN_S = 1_735_689_600
"""2025-01-01 UTC in seconds since 1970: every station is in operation."""


class GivenEarthquake(Simulator):
    """A simulator whose only earthquake is given; its records are those of the given stations in order."""

    def __init__(self, settings: SimulationSettings, earthquake: Earthquake) -> None:
        """Check that every station is within reach.

        Args:
            settings: Seed, and rate of BH.
            earthquake: Source and stations.

        Raises:
            ConfigurationError: No station, one twice, or one that the simulator does not reach.
        """
        if not earthquake.stations:
            raise ConfigurationError("earthquake.stations=[]: give station codes, such as [ADVT, YLV]")
        repeated = {code for code in earthquake.stations if earthquake.stations.count(code) > 1}
        if repeated:
            raise ConfigurationError(f"earthquake.stations names {', '.join(sorted(repeated))} twice")
        super().__init__(settings)
        self._earthquake = earthquake
        self.n_blocks = -(-len(earthquake.stations) // BLOCK)
        for number in range(self.n_blocks):
            self.block(number)

    def events(self) -> pd.DataFrame:
        """Return the earthquake as ``Simulator.events`` would."""
        given = self._earthquake
        magnitude = source.moment_magnitude(np.array([given.magnitude]))
        moment = source.moment_nm(magnitude)
        stress_drop_pa = np.array([source.STRESS_DROP_PA])
        return pd.DataFrame(
            {
                "event_id": pd.to_datetime([ORIGIN_S], unit="s").strftime("%Y%m%d%H%M%S"),
                "local_magnitude": given.magnitude,
                "latitude_deg": given.latitude_deg,
                "longitude_deg": given.longitude_deg,
                "depth_km": given.depth_km,
                "origin_ns": ORIGIN_S * NANOSECONDS_PER_S,
                "stress_drop_pa": stress_drop_pa,
                "moment_magnitude": magnitude,
                "moment_nm": moment,
                "corner_frequency_hz": source.corner_frequency_hz(moment, stress_drop_pa),
            }
        )

    def records(self) -> pd.DataFrame:
        """Return the records as ``Simulator.records`` would, with readings that are exact."""
        given = self._earthquake
        rows = [self.network.index(code) for code in given.stations]
        epicentre = (np.full(len(rows), given.latitude_deg), np.full(len(rows), given.longitude_deg))
        station = (self.network.latitude_deg[rows], self.network.longitude_deg[rows])
        distance_km, back_azimuth_deg = great_circle(epicentre, station)
        arrivals = KOERI.arrivals(distance_km, np.full(len(rows), given.depth_km))
        origin_ns = ORIGIN_S * NANOSECONDS_PER_S
        p_ns = origin_ns + np.rint(arrivals.p_s * NANOSECONDS_PER_S).astype(np.int64)
        s_ns = origin_ns + np.rint(arrivals.s_s * NANOSECONDS_PER_S).astype(np.int64)
        return pd.DataFrame(
            {
                "event": 0,
                "station": given.stations,
                "family": given.family,
                "sampling_rate_hz": self.rate_hz,
                "start_ns": p_ns - round(BEFORE_PICK_S * NANOSECONDS_PER_S),
                "p_pick_ns": p_ns,
                "p_arrival_ns": p_ns,
                "s_arrival_ns": s_ns,
                "s_pick_ns": pd.array(s_ns, dtype="Int64"),
                "phase": [phase_label(kilometres) for kilometres in distance_km],
                "distance_km": distance_km,
                "back_azimuth_deg": back_azimuth_deg,
                "p_travel_s": arrivals.p_s,
                "s_travel_s": arrivals.s_s,
            }
        )

    def block(self, block: int) -> Block:
        """Synthesise records ``16 block`` to ``16 block + 15``, as far as there are stations."""
        given = self._earthquake
        first = block * BLOCK
        made = [
            self.at(
                magnitude=given.magnitude,
                latitude_deg=given.latitude_deg,
                longitude_deg=given.longitude_deg,
                depth_km=given.depth_km,
                station=code,
                family=given.family,
                seed=int(np.random.SeedSequence([self.settings.seed, number]).generate_state(1)[0]),
            )
            for number, code in enumerate(given.stations[first : first + BLOCK], start=first)
        ]
        numbers = {
            name: np.concatenate([getattr(part.truth, name) for part in made])
            for name in Truth._fields
            if name != "artefacts"
        }
        return Block(
            first,
            self.rate_hz,
            np.concatenate([part.counts for part in made]),
            np.concatenate([part.missing for part in made]),
            Truth(**numbers, artefacts=("",) * len(made)),
        )
