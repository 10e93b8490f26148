"""What a model is told of a record: scaled source parameters and the station's place in the vocabulary.

All figures come from the training split only; a checkpoint carries them, so that a wanted magnitude, place
and station mean the same when waveforms are generated. Where the source is can be said by its own place, or
by the path from it to the station.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.batch import Condition
from seismic_lightning.data.path import path_figures
from seismic_lightning.errors import ConfigurationError

LOCATION_COLUMNS = ("source_latitude_deg", "source_longitude_deg", "source_depth_km")
STATION_COLUMNS = ("station_latitude_deg", "station_longitude_deg", "station_elevation_m")
FEATURES = ("location", "physics")
"""The words of ``condition.features``."""


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


class StationPlace(NamedTuple):
    """Where a station of the vocabulary stands; NaN is unknown."""

    latitude_deg: float
    longitude_deg: float
    elevation_m: float


@dataclass(frozen=True)
class ConditionScaling:
    """Turns metadata into ``Condition``.

    Attributes:
        magnitude: Scale of magnitude.
        location: Scales of latitude (degrees), longitude (degrees) and depth (km).
        stations: ``NET.STA`` of the training split, sorted; a station's place is its index plus 1.
        places: Where those stations stand; empty in checkpoints older than this.
        path: Scales of ``data.path.PATH_FIGURES`` where the condition tells the path; empty where it tells
            the location.
    """

    magnitude: Standardisation
    location: tuple[Standardisation, Standardisation, Standardisation]
    stations: tuple[str, ...]
    places: tuple[StationPlace, ...] = ()
    path: tuple[Standardisation, ...] = ()

    @classmethod
    def fit(cls, train: pd.DataFrame, features: str = "location") -> "ConditionScaling":
        """Fit scales and vocabulary on the training split's metadata.

        Args:
            train: Metadata of the training split.
            features: ``location`` or ``physics``: what tells where the source is.

        Raises:
            ConfigurationError: For other features.
        """
        if features not in FEATURES:
            raise ConfigurationError(f"condition.features={features}: choose one of {', '.join(FEATURES)}")
        latitude, longitude, depth = (
            Standardisation.fit(_numbers(train, column)) for column in LOCATION_COLUMNS
        )
        stations = tuple(sorted(set(station_names(train))))
        fitted = cls(
            magnitude=Standardisation.fit(_numbers(train, "source_magnitude")),
            location=(latitude, longitude, depth),
            stations=stations,
            places=_station_places(train, stations),
        )
        if features == "location":
            return fitted
        path = tuple(Standardisation.fit(figure) for figure in fitted._path_figures(train).T)
        return cls(fitted.magnitude, fitted.location, fitted.stations, fitted.places, path)

    @property
    def n_stations(self) -> int:
        """Return the size of the vocabulary, with place 0 for any station unseen in training."""
        return len(self.stations) + 1

    @property
    def features(self) -> str:
        """Return what tells where the source is: ``location`` or ``physics``."""
        return "physics" if self.path else "location"

    @property
    def n_location(self) -> int:
        """Return the number of figures that tell where the source is."""
        return len(self.path) or len(self.location)

    def __call__(self, metadata: pd.DataFrame) -> Condition:
        """Return the conditions of all rows: ``(n,)``, ``(n, n_location)`` and ``(n,)``.

        Args:
            metadata: Sources and station codes; where the path is told, a station of the vocabulary stands
                where it stood in training unless ``station_latitude_deg`` and its fellows say otherwise.

        Raises:
            ConfigurationError: Where the path is told and a station's place is not known.
        """
        numbers = {name: place for place, name in enumerate(self.stations, start=1)}
        station = torch.tensor([numbers.get(name, 0) for name in station_names(metadata)], dtype=torch.int64)
        magnitude = self.magnitude.scale(_numbers(metadata, "source_magnitude"))
        if self.path:
            scales, figures = self.path, list(self._path_figures(metadata).T)
        else:
            scales, figures = self.location, [_numbers(metadata, column) for column in LOCATION_COLUMNS]
        location = [scale.scale(values) for scale, values in zip(scales, figures, strict=True)]
        return Condition(magnitude, torch.stack(location, dim=1), station)

    def settings(self) -> dict[str, Any]:
        """Return plain numbers, strings and lists for a checkpoint."""
        return {
            "magnitude": [self.magnitude.mean, self.magnitude.std],
            "location": [[scale.mean, scale.std] for scale in self.location],
            "stations": list(self.stations),
            "places": [list(place) for place in self.places],
            "path": [[scale.mean, scale.std] for scale in self.path],
        }

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "ConditionScaling":
        """Rebuild from what ``settings`` returned."""
        latitude, longitude, depth = (Standardisation(*pair) for pair in settings["location"])
        return cls(
            Standardisation(*settings["magnitude"]),
            (latitude, longitude, depth),
            tuple(settings["stations"]),
            tuple(StationPlace(*place) for place in settings.get("places", [])),
            tuple(Standardisation(*pair) for pair in settings.get("path", [])),
        )

    def _path_figures(self, metadata: pd.DataFrame) -> NDArray[np.float64]:
        """Return the figures of each path; an unknown depth is taken for the mean of training."""
        depth = self.location[2].mean
        source = metadata[list(LOCATION_COLUMNS)].astype(float).fillna({"source_depth_km": depth})
        return path_figures(source.assign(**self._station_coordinates(metadata)))

    def _station_coordinates(self, metadata: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
        """Return latitudes and longitudes: those of the rows, or else of the vocabulary."""
        names = station_names(metadata)
        unknown = StationPlace(np.nan, np.nan, np.nan)
        stood = dict(zip(self.stations, self.places, strict=False))
        coordinates = {}
        for axis, column in enumerate(STATION_COLUMNS[:2]):
            own = np.array([stood.get(name, unknown)[axis] for name in names], dtype=np.float64)
            given = _numbers(metadata, column) if column in metadata else np.full(len(names), np.nan)
            coordinates[column] = np.where(np.isfinite(given), given, own)
        lost = ~np.isfinite(sum(coordinates.values()))
        if lost.any():
            raise ConfigurationError(
                f"station {names[int(lost.argmax())]}: condition=physics needs to know where it stands; give "
                f"{' and '.join(STATION_COLUMNS[:2])}, or a station of the training data"
            )
        return coordinates


def station_names(metadata: pd.DataFrame) -> list[str]:
    """Return ``NET.STA`` of each row."""
    network = metadata["station_network_code"].fillna("").astype(str)
    return (network + "." + metadata["station_code"].astype(str)).tolist()


def _station_places(train: pd.DataFrame, stations: tuple[str, ...]) -> tuple[StationPlace, ...]:
    """Return the first known coordinates of each station."""
    known = train.reindex(columns=list(STATION_COLUMNS)).astype(float)
    first = known.groupby(np.array(station_names(train))).first()
    return tuple(StationPlace(*first.loc[name].to_numpy(dtype=np.float64).tolist()) for name in stations)


def _numbers(metadata: pd.DataFrame, column: str) -> np.ndarray:
    return metadata[column].to_numpy(dtype=np.float64, na_value=np.nan)
