"""What a model is told of a record: scaled source parameters and the station's place in the vocabulary.

All figures come from the training split only; a checkpoint carries them, so that a wanted magnitude, place
and station mean the same when waveforms are generated.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from seismic_lightning.batch import Condition

LOCATION_COLUMNS = ("source_latitude_deg", "source_longitude_deg", "source_depth_km")


@dataclass(frozen=True)
class Standardisation:
    """Mean and standard deviation of one quantity on the training split; 1 where it is constant."""

    mean: float
    std: float

    @classmethod
    def fit(cls, values: np.ndarray) -> "Standardisation":
        """Fit to the known values; with none known the quantity is unscaled and always at its mean."""
        known = values[np.isfinite(values)]
        if known.size == 0:
            return cls(0.0, 1.0)
        constant = np.ptp(known) == 0  # its standard deviation may be a rounding error instead of zero
        return cls(float(known.mean()), 1.0 if constant else float(known.std()))

    def scale(self, values: np.ndarray) -> Tensor:
        """Return standardised float32 values; an unknown value takes the training mean, 0."""
        return torch.from_numpy(np.nan_to_num((values - self.mean) / self.std).astype(np.float32))


@dataclass(frozen=True)
class ConditionScaling:
    """Turns metadata into ``Condition``.

    Attributes:
        magnitude: Scale of magnitude.
        location: Scales of latitude (degrees), longitude (degrees) and depth (km).
        stations: ``NET.STA`` of the training split, sorted; a station's place is its index plus 1.
    """

    magnitude: Standardisation
    location: tuple[Standardisation, Standardisation, Standardisation]
    stations: tuple[str, ...]

    @classmethod
    def fit(cls, train: pd.DataFrame) -> "ConditionScaling":
        """Fit scales and vocabulary on the training split's metadata."""
        latitude, longitude, depth = (
            Standardisation.fit(_numbers(train, column)) for column in LOCATION_COLUMNS
        )
        return cls(
            magnitude=Standardisation.fit(_numbers(train, "source_magnitude")),
            location=(latitude, longitude, depth),
            stations=tuple(sorted(set(station_names(train)))),
        )

    @property
    def n_stations(self) -> int:
        """Return the size of the vocabulary, with place 0 for any station unseen in training."""
        return len(self.stations) + 1

    def __call__(self, metadata: pd.DataFrame) -> Condition:
        """Return the conditions of all rows: ``(n,)``, ``(n, 3)`` and ``(n,)``."""
        places = {name: place for place, name in enumerate(self.stations, start=1)}
        station = torch.tensor([places.get(name, 0) for name in station_names(metadata)], dtype=torch.int64)
        location = [
            scale.scale(_numbers(metadata, column))
            for scale, column in zip(self.location, LOCATION_COLUMNS, strict=True)
        ]
        magnitude = self.magnitude.scale(_numbers(metadata, "source_magnitude"))
        return Condition(magnitude, torch.stack(location, dim=1), station)

    def settings(self) -> dict[str, Any]:
        """Return plain numbers, strings and lists for a checkpoint."""
        return {
            "magnitude": [self.magnitude.mean, self.magnitude.std],
            "location": [[scale.mean, scale.std] for scale in self.location],
            "stations": list(self.stations),
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "ConditionScaling":
        """Rebuild from what ``settings`` returned."""
        latitude, longitude, depth = (Standardisation(*pair) for pair in settings["location"])
        return cls(
            Standardisation(*settings["magnitude"]), (latitude, longitude, depth), tuple(settings["stations"])
        )


def station_names(metadata: pd.DataFrame) -> list[str]:
    """Return ``NET.STA`` of each row."""
    network = metadata["station_network_code"].fillna("").astype(str)
    return (network + "." + metadata["station_code"].astype(str)).tolist()


def _numbers(metadata: pd.DataFrame, column: str) -> np.ndarray:
    return metadata[column].to_numpy(dtype=np.float64, na_value=np.nan)
