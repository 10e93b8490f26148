"""What can be asked of a simulation; plain dataclasses without heavy imports."""

from dataclasses import dataclass

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation.settings import (
    SimulationSettings,
    check_bh_rate,
    check_magnitude,
    check_seed,
)


@dataclass(frozen=True)
class Earthquake:
    """One given earthquake and who records it.

    Attributes:
        magnitude: ML.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Below sea level.
        stations: Station codes.
        family: Channel family of all records.
        seed: Seed of what is random in the records; the stations do not depend on it.
        network_seed: Seed of what is not known of the stations: that of the archive whose network this is.
        bh_rate_hz: Sampling rate of the family BH, 20 or 50.
    """

    magnitude: float
    latitude_deg: float
    longitude_deg: float
    depth_km: float
    stations: tuple[str, ...]
    family: str = "HH"
    seed: int = 0
    network_seed: int = 0
    bh_rate_hz: float | None = None

    def __post_init__(self) -> None:
        """Refuse what can be told without the network."""
        check_magnitude("magnitude", self.magnitude)
        check_seed("seed", self.seed)
        check_seed("network_seed", self.network_seed)
        check_bh_rate(self.bh_rate_hz)
        if not self.stations:
            raise ConfigurationError("earthquake.stations=[]: give station codes, such as [ADVT, YLV]")
        repeated = {code for code in self.stations if self.stations.count(code) > 1}
        if repeated:
            raise ConfigurationError(f"earthquake.stations names {', '.join(sorted(repeated))} twice")


Request = SimulationSettings | Earthquake
"""Everything that decides what an archive contains: the region's seismicity, or one given earthquake."""
