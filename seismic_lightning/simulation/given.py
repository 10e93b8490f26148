"""One given earthquake at given stations: what a known truth is asked for.

Nothing is left to chance but the carriers, the noise and what scatters from record to record: the origin time
is fixed, P arrives when the model says, the analyst reads it without error, to a tenth of a second as always,
and nothing is lost or damaged.
"""

import numpy as np
import pandas as pd

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation.block import BLOCK, Block, Truth
from seismic_lightning.simulation.rays import Rays, arrivals
from seismic_lightning.simulation.recorder import PointSource, Recorder
from seismic_lightning.simulation.request import Earthquake
from seismic_lightning.simulation.tables import event_table, record_table

ORIGIN_S = 1_735_689_600
"""2025-01-01 UTC in seconds since 1970: every station is in operation."""
_GIVEN_STREAM = 6
"""Key that keeps the generators of these records apart from the others."""


class GivenEarthquake:
    """The records of one earthquake at the given stations, in their order.

    A record follows from the earthquake, its station and the two seeds; not from the other stations.
    """

    def __init__(self, earthquake: Earthquake) -> None:
        """Let the stations read the earthquake.

        Args:
            earthquake: Source, stations and seeds.

        Raises:
            ConfigurationError: The simulator does not reach there; the culprit is named.
        """
        self.recorder = Recorder(earthquake.network_seed, earthquake.bh_rate_hz)
        self.n_blocks = -(-len(earthquake.stations) // BLOCK)
        self._seed = earthquake.seed
        point = PointSource(
            earthquake.magnitude, earthquake.latitude_deg, earthquake.longitude_deg, earthquake.depth_km
        )
        self._population = self.recorder.read(
            point, earthquake.stations, earthquake.family, ORIGIN_S * NANOSECONDS_PER_S
        )
        self._arrivals = arrivals(self._population)

    def events(self) -> pd.DataFrame:
        """Return the earthquake, see :func:`event_table`."""
        return event_table(self._population.events)

    def records(self) -> pd.DataFrame:
        """Return the records without waveforms, see :func:`record_table`."""
        return record_table(self._population.readings, self._arrivals, self.recorder)

    def block(self, block: int) -> Block:
        """Synthesise records ``16 block`` to ``16 block + 15``, as far as there are stations.

        Args:
            block: Number from 0 to ``n_blocks - 1``.

        Raises:
            ConfigurationError: There is no such block.
        """
        if not 0 <= block < self.n_blocks:
            raise ConfigurationError(f"block={block}: give 0 to {self.n_blocks - 1}")
        first, rays = block * BLOCK, self._arrivals.rays
        last = min(first + BLOCK, rays.station.size)
        made = [
            self._record(Rays._make(values[place : place + 1] for values in rays))
            for place in range(first, last)
        ]
        numbers = {
            name: np.concatenate([getattr(part.truth, name) for part in made])
            for name in Truth._fields
            if name != "artefacts"
        }
        return Block(
            first,
            self.recorder.rate_hz,
            np.concatenate([part.counts for part in made]),
            np.concatenate([part.missing for part in made]),
            Truth(**numbers, artefacts=("",) * len(made)),
        )

    def _record(self, ray: Rays) -> Block:
        entropy = [self._seed, int(ray.station[0])]
        rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(_GIVEN_STREAM,)))
        return self.recorder.record(ray, self._population.events.stress_drop_pa, rng)
