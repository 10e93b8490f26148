"""Records on demand: any block of sixteen, or any earthquake at any station.

A block's generator is that of ``SeedSequence([seed, block])``, so a record is the same whoever asks for it,
in whatever order, and however many there are. Sixteen at a time keep the working set within the processor's
cache.
"""

import numpy as np
import pandas as pd

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation import source
from seismic_lightning.simulation.block import BLOCK, Block, Truth
from seismic_lightning.simulation.detection import make_population
from seismic_lightning.simulation.rays import BEFORE_PICK_S, Rays, arrivals
from seismic_lightning.simulation.recorder import PointSource, Recorder
from seismic_lightning.simulation.seismicity import Events
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.tables import event_table, record_table

_REQUEST_STREAM, _NOISE_STREAM = 4, 5
"""Keys that keep the generators of single requests and of noise apart from the others."""


class Simulator:
    """A network, its earthquakes, and their records."""

    def __init__(self, settings: SimulationSettings) -> None:
        """Draw the network and decide which records there are.

        Args:
            settings: What to simulate.
        """
        self.settings = settings
        self.recorder = Recorder(settings.seed, settings.bh_rate_hz)
        self.network, self.rate_hz = self.recorder.network, self.recorder.rate_hz
        self.n_blocks = -(-settings.n_records // BLOCK)
        self._population = make_population(settings, self.network, self.n_blocks * BLOCK)
        self._arrivals = arrivals(self._population)

    def events(self) -> pd.DataFrame:
        """Return the earthquakes that have records, see :func:`event_table`."""
        n_events = int(self._population.readings.event[self.settings.n_records - 1]) + 1
        return event_table(Events._make(values[:n_events] for values in self._population.events))

    def records(self) -> pd.DataFrame:
        """Return the records that are asked for, without waveforms, see :func:`record_table`."""
        table = record_table(self._population.readings, self._arrivals, self.recorder)
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
        drops_pa = stress_drop_pa[first : first + BLOCK]
        made = self.recorder.record(rays, drops_pa, rng, artefacts=self.settings.artefacts)
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
        return self.recorder.record(silent, np.zeros(rays.moment_nm.size), rng)

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
        return self.recorder.record(rays, stress_drop_pa, _request_generator(seed))

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
            seed: Seed of what is random in it; the station stays as it is.
            stress_drop_pa: Of Brune's source.

        Raises:
            ConfigurationError: The simulator does not reach there; the culprit is named.
        """
        point = PointSource(magnitude, latitude_deg, longitude_deg, depth_km, stress_drop_pa)
        rays = arrivals(self.recorder.read(point, [station], family)).rays
        rays = rays._replace(onset_s=np.array([BEFORE_PICK_S]))
        return self.recorder.record(rays, np.array([stress_drop_pa]), _request_generator(seed))


def _clipped(block: Block, n_records: int) -> Block:
    """Keep the first records of a block."""
    truth = Truth._make(values[:n_records] for values in block.truth)
    return block._replace(counts=block.counts[:n_records], missing=block.missing[:n_records], truth=truth)


def _request_generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(_REQUEST_STREAM,)))
