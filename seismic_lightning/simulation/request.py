"""What can be asked of a simulation; plain dataclasses without heavy imports."""

from dataclasses import dataclass
from typing import NamedTuple

from seismic_lightning.simulation.settings import SimulationSettings


@dataclass(frozen=True)
class Earthquake:
    """A given source and who records it.

    Attributes:
        magnitude: ML.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Below sea level.
        stations: Station codes.
        family: Channel family of all records.
    """

    magnitude: float
    latitude_deg: float
    longitude_deg: float
    depth_km: float
    stations: tuple[str, ...]
    family: str = "HH"


class Request(NamedTuple):
    """Everything that decides what an archive contains.

    Attributes:
        settings: What is simulated.
        earthquake: The only earthquake, None for the region's seismicity.
    """

    settings: SimulationSettings
    earthquake: Earthquake | None = None
