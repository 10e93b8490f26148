"""What the training split reached: magnitudes, distances, depths, channel families and sensitivities.

A model asked for what lies outside has nothing but extrapolation to offer. The reach of each quantity is kept
by itself: a magnitude and a distance that both occur may never have occurred together.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.data.condition import station_names

REACHES = {
    "magnitude": "source_magnitude",
    "hypocentral_distance_km": "path_hyp_distance_km",
    "depth_km": "source_depth_km",
}
"""Quantities with a reach, and their columns."""
_SENSITIVITIES = {
    "mps": "trace_sensitivity_counts_per_mps",
    "mps2": "trace_sensitivity_counts_per_mps2",
}


class Reach(NamedTuple):
    """The least and the greatest value of a quantity on the training split; None where none is known."""

    lowest: float | None
    highest: float | None

    @classmethod
    def of(cls, values: ArrayLike) -> Self:
        """Return the reach of the known ones among some values."""
        known = np.asarray(values, dtype=np.float64)
        known = known[np.isfinite(known)]
        return cls(None, None) if known.size == 0 else cls(float(known.min()), float(known.max()))

    def holds(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Tell which values lie within; an unknown one never does.

        Example:
            >>> Reach(1.0, 4.0).holds([0.9, 1.0, float("nan")]).tolist()
            [False, True, False]
        """
        values = np.asarray(values, dtype=np.float64)
        if self.lowest is None or self.highest is None:
            return np.zeros(values.shape, dtype=np.bool_)
        return np.asarray((values >= self.lowest) & (values <= self.highest))


class Sensitivity(NamedTuple):
    """How many counts a station's channels of one family made of one unit of ground motion.

    Attributes:
        station: ``NET.STA``.
        family: Channel family.
        counts_per_unit: The figure that most of its training records share.
        unit: ``mps`` or ``mps2``.
    """

    station: str
    family: str
    counts_per_unit: float
    unit: str


@dataclass(frozen=True)
class TrainingHull:
    """The reach of a training split.

    Attributes:
        n_records: Its records.
        magnitude: Reach of the magnitude.
        hypocentral_distance_km: Reach of the hypocentral distance.
        depth_km: Reach of the depth.
        families: Channel families, the most frequent first.
        sensitivities: Those of its stations, as far as the dataset knows them.
        station_families: Each ``NET.STA`` with its channel families, the most frequent first; None in
            checkpoints that do not say it.
        magnitude_type: The most frequent type of its magnitudes, such as ``ML``; None where it is not known.
    """

    n_records: int
    magnitude: Reach
    hypocentral_distance_km: Reach
    depth_km: Reach
    families: tuple[str, ...]
    sensitivities: tuple[Sensitivity, ...]
    station_families: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    magnitude_type: str | None = None

    @classmethod
    def fit(cls, train: pd.DataFrame) -> Self:
        """Find the reach.

        Args:
            train: Metadata of the training split.
        """
        reaches = {
            name: Reach.of(train[column].to_numpy(dtype=np.float64, na_value=np.nan))
            for name, column in REACHES.items()
        }
        families = train["trace_channel"].astype(str)
        types = train["source_magnitude_type"].dropna().astype(str).mode()
        of_stations = families.groupby(np.array(station_names(train), dtype=object))
        return cls(
            n_records=len(train),
            families=_by_frequency(families),
            sensitivities=_sensitivities(train),
            station_families=tuple((str(name), _by_frequency(own)) for name, own in of_stations),
            magnitude_type=None if types.empty else str(types.iloc[0]),
            **reaches,
        )

    def families_of(self, station: str) -> tuple[str, ...]:
        """Return the channel families that a station is known to have had, the most frequent first.

        Args:
            station: ``NET.STA``.
        """
        if self.station_families is not None:
            return dict(self.station_families).get(station, ())
        sensed = {found.family for found in self.sensitivities if found.station == station}
        return tuple(family for family in self.families if family in sensed)

    def settings(self) -> dict[str, Any]:
        """Return plain numbers, strings and lists for a checkpoint."""
        plain = asdict(self)
        return {
            **plain,
            **{name: list(plain[name]) for name in REACHES},
            "families": list(self.families),
            "sensitivities": [list(sensitivity) for sensitivity in self.sensitivities],
            "station_families": None
            if self.station_families is None
            else [[station, list(families)] for station, families in self.station_families],
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Rebuild from what ``settings`` returned."""
        of_stations = settings.get("station_families")
        return cls(
            n_records=int(settings["n_records"]),
            families=tuple(settings["families"]),
            sensitivities=tuple(Sensitivity(*values) for values in settings["sensitivities"]),
            station_families=None
            if of_stations is None
            else tuple((station, tuple(families)) for station, families in of_stations),
            magnitude_type=settings.get("magnitude_type"),
            **{name: Reach(*settings[name]) for name in REACHES},
        )


def _by_frequency(families: "pd.Series[str]") -> tuple[str, ...]:
    """Return the channel families among some, the most frequent first."""
    counts = families.value_counts()
    return tuple(sorted(counts.index, key=lambda family: (-counts[family], family)))


def _sensitivities(train: pd.DataFrame) -> tuple[Sensitivity, ...]:
    """Return the most frequent sensitivity of each station and family, in either unit."""
    found = []
    names = np.array(station_names(train))
    for unit, column in _SENSITIVITIES.items():
        known = pd.DataFrame(
            {
                "station": names,
                "family": train["trace_channel"].astype(str).to_numpy(),
                "value": train[column].to_numpy(dtype=np.float64, na_value=np.nan),
            }
        ).dropna()
        for (station, family), values in known.groupby(["station", "family"])["value"]:
            found.append(Sensitivity(str(station), str(family), float(values.mode().iloc[0]), unit))
    return tuple(sorted(found))
