"""What a user may set about a simulation; plain dataclass without heavy imports, readable by any command."""

import math
from dataclasses import dataclass

from seismic_lightning.errors import ConfigurationError

MAGNITUDE_LIMITS = (-1.0, 7.0)
"""Local magnitudes that a point source of this kind can stand for."""
MAX_SEED = 2**32 - 1
"""As far as seeds of the training framework go."""
BH_RATES_HZ = (20.0, 50.0)
"""Sampling rates of broadband channels of the family BH."""


@dataclass(frozen=True)
class SimulationSettings:
    """Everything that decides what is simulated.

    Attributes:
        n_records: Three-component records to write.
        seed: Seed of the network, the earthquakes and the records; record ``i`` does not depend on
            ``n_records``.
        min_magnitude: Smallest local magnitude that is generated.
        max_magnitude: Largest local magnitude that is generated.
        artefacts: Whether gaps, spikes, drifts and dead components occur, at the rates of the real archive.
        bh_rate_hz: None for the network as it is; 20 or 50 for a network whose broadband sensors alone are
            recorded, as family BH at that rate.
    """

    n_records: int = 4000
    seed: int = 0
    min_magnitude: float = 0.8
    max_magnitude: float = 4.9
    artefacts: bool = True
    bh_rate_hz: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        if self.n_records <= 0:
            raise ConfigurationError(f"n_records={self.n_records}: give at least 1")
        check_seed("seed", self.seed)
        for name in ("min_magnitude", "max_magnitude"):
            check_magnitude(name, getattr(self, name))
        if self.min_magnitude >= self.max_magnitude:
            raise ConfigurationError(
                f"min_magnitude={self.min_magnitude:g}, max_magnitude={self.max_magnitude:g}: "
                "the first must be below the second"
            )
        check_bh_rate(self.bh_rate_hz)


def check_magnitude(name: str, magnitude: float) -> None:
    """Refuse a local magnitude outside the simulator's range, naming it."""
    low, high = MAGNITUDE_LIMITS
    if not (math.isfinite(magnitude) and low <= magnitude <= high):
        raise ConfigurationError(f"{name}={magnitude}: give a local magnitude from {low:g} to {high:g}")


def check_seed(name: str, seed: int) -> None:
    """Refuse a seed that no generator takes, naming it."""
    if not 0 <= seed <= MAX_SEED:
        raise ConfigurationError(f"{name}={seed}: give a whole number from 0 to {MAX_SEED}")


def check_bh_rate(bh_rate_hz: float | None) -> None:
    """Refuse a sampling rate that the family BH does not have."""
    if bh_rate_hz is not None and bh_rate_hz not in BH_RATES_HZ:
        raise ConfigurationError(f"bh_rate_hz={bh_rate_hz:g}: give 20 or 50, or null for none")
